"""The command `burndown-spec`, and what it does where it cannot do its work: it never says *fails* for that."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

__all__ = ["main"]

USAGE, NO_VERDICT = 4, 6


def main() -> int:
    """Run the command with the process's own arguments and return its exit code."""
    if sys.flags.optimize > 1:
        print("burndown-spec: -OO drops the sentences of the clauses; run Python without it", file=sys.stderr)
        return USAGE
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open until the process ends
    # Whoever ends the command ends what it has started, in the way of Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        from burndown_spec.cli import main as command

        status = command()
        sys.stdout.flush()
    except Exception as error:
        print(f"burndown-spec: no verdict: {type(error).__name__}: {error}", file=sys.stderr)
        # What is left in the buffer has nowhere to go, and the interpreter would try once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return NO_VERDICT
    return status


if __name__ == "__main__":
    sys.exit(main())
