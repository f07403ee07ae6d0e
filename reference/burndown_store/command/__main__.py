"""The command `burndown-store`: what it is asked for is done, told in one piece, and every error in one sentence."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from burndown_store.command.arguments import PROGRAM, parsed, wants_json
from burndown_store.command.documents import error_document, text_of
from burndown_store.command.exits import Exit, exit_of
from burndown_store.command.running import run
from burndown_store.command.tables import error_text, text_for_people

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with `argv`, or the process's own arguments, and return its exit code."""
    _prepare_streams()
    if argv is None:
        # Whoever ends the command ends it in the way of Ctrl-C, so that what was begun is undone.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    given = list(sys.argv[1:] if argv is None else argv)
    as_json = wants_json(given)
    try:
        status, document = run(parsed(given))
        text = f"{text_of(document)}\n" if as_json else text_for_people(document)
    except SystemExit as ended:
        # The help, or the version, has been written.
        return _say("", int(ended.code or 0))
    except (Exception, KeyboardInterrupt) as error:
        told = error_document(error)
        if as_json:
            return _say(f"{text_of(told)}\n", exit_of(error))
        print(error_text(told), file=sys.stderr)
        return exit_of(error)
    return _say(text, status)


def _prepare_streams() -> None:
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open until the process ends
    for stream in (sys.stdout, sys.stderr):
        # What files are called must be shown on any console, whatever it can encode.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _say(text: str, status: int) -> int:
    """Write the text, and give the exit status, which tells what was done even where nobody listens any more."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer has nowhere to go, and the interpreter would try once more.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # Windows has another error for a reader that has gone away.
        if isinstance(error, BrokenPipeError) or sys.platform == "win32":
            return status
        print(f"{PROGRAM}: what there is to say cannot be written: {error.strerror}", file=sys.stderr)
        return status or Exit.MEDIUM
    return status


if __name__ == "__main__":
    sys.exit(main())
