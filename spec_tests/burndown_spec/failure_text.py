"""A failure as text, in the order in which a reader needs it; for the terminal, for JUnit and for Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from burndown_spec.results import Failure, Outcome, Result

__all__ = ["clipped", "failure_sections", "failure_text", "quoted", "told_calls", "ways_to_reproduce"]

CALLS_SHOWN = 30
TEXT_SHOWN = 4000


def failure_sections(result: Result, reproduce: Sequence[str]) -> list[tuple[str, str]]:
    """Title and text of each section of a failure; `reproduce` are the commands that show it again.

    There are no likely causes where a call is not there at all: the clause's are faults of a call that is.
    """
    failure = result.failure
    if failure is None:
        return [("Reproduce", "\n".join(reproduce))]
    numbers = ", ".join(failure.sentences)
    actual = clipped(failure.actual)
    if failure.difference:
        actual += f"\nDifference: {clipped(failure.difference)}"
    sections = [
        ("Requirement", f"{failure.requirement} (contract {numbers})" if numbers else failure.requirement),
        ("What was done", "\n".join(told_calls(failure.done)) or "nothing but opening the store"),
        ("Expected", clipped(failure.expected)),
        ("Actual", actual),
    ]
    if not _is_not_there(failure):
        causes = "\n".join(f"- {cause}" for cause in failure.likely_causes)
        sections.append(("Likely causes", causes or "none are known"))
    return [*sections, ("Reproduce", "\n".join(reproduce))]


def _is_not_there(failure: Failure) -> bool:
    """Whether a call was refused because the backend does not have it (yet), which is no fault that can be guessed."""
    if failure.actual.startswith("raised NotImplementedError"):
        return failure.expected != "raises UnsupportedError"
    return failure.actual.startswith("raised UnsupportedError")


def failure_text(result: Result, reproduce: Sequence[str], *, width: int = 80) -> str:
    """A failed result as plain text: prose wrapped to `width`, calls left as they are. One line where it is blocked."""
    if result.outcome is not Outcome.FAILS:
        return f"{result.clause} on {result.backend} {result.outcome}: {result.reason}"
    lines = [f"{result.clause} on {result.backend} fails"]
    for title, text in failure_sections(result, reproduce):
        lines.append(title)
        for line in text.splitlines():
            wrap = title in ("Requirement", "Likely causes")
            hanging = "  " if line.startswith("- ") else ""
            pieces = textwrap.wrap(line, width - 4, subsequent_indent=hanging) if wrap else [line]
            lines.extend(f"    {piece}" for piece in pieces)
    return "\n".join(lines)


def ways_to_reproduce(
    clause: str, backend: str, seed: int, script: str | None = None, *, thorough: bool = False
) -> list[str]:
    """The commands that show a failure again: its script, where there is one, and the clause alone."""
    command = f"burndown-spec run {quoted(backend)} --clause {clause} --seed {seed}{' --thorough' if thorough else ''}"
    return [f"python {quoted(script)}", command] if script else [command]


def quoted(word: str) -> str:
    """A word as the shells of all systems take it."""
    return f'"{word}"' if " " in word else word


def told_calls(done: Sequence[str]) -> list[str]:
    """The calls, the middle of a long story left to the repro script."""
    shown = [clipped(line, 400) for line in done]
    if len(shown) <= CALLS_SHOWN:
        return shown
    first, last = shown[:5], shown[5 - CALLS_SHOWN :]
    return [*first, f"# ... {len(shown) - CALLS_SHOWN} more calls, all of them in the repro script ...", *last]


def clipped(text: str, length: int = TEXT_SHOWN) -> str:
    """`text`, or its beginning and how much more there is."""
    return text if len(text) <= length else f"{text[:length]} ... ({len(text) - length} more characters)"
