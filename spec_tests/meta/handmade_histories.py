"""Histories written by hand, a line for each operation, in the order of their starts or any other."""

from __future__ import annotations

import re
from typing import Any

from burndown_spec.checkers import Operation, Verdict

__all__ = ["calls", "lists", "names", "values"]


def lists(*lines: str) -> list[Operation]:
    """Transactions on lists, as `1 0-10: read x = 1 2; append x 3`, or `1 0-10 refused: append x 3`.

    What stands before the colon is the process, perhaps with a thread (`1.2`), the start and the end, and the outcome
    where it is not *ok*. `enter 4` is the entry of a snapshot at 4.
    """
    return [_transaction(line, lambda text: tuple(int(each) for each in text.split())) for line in lines]


def values(*lines: str) -> list[Operation]:
    """Transactions on values, as `1 0-10: read x = 1; write x 2`, where nothing after the `=` is None."""
    return [_transaction(line, lambda text: int(text) if text else None) for line in lines]


def calls(*lines: str) -> list[Operation]:
    """Single calls, as `1 0-10: set x 1`, `1 0-10: get x = 1` and `1 0-10 unknown: delete x`."""
    return [_call(line) for line in lines]


def names(verdict: Verdict) -> list[str]:
    """The names of what was found, each once; a verdict that is not decided has none, and says so."""
    found = dict.fromkeys(each.name for each in verdict.anomalies)
    return [f"undecided: {verdict.undecided}"] if verdict.undecided else list(found)


def _heading(line: str) -> tuple[dict[str, Any], str]:
    match = re.fullmatch(r"(\d+)(?:\.(\d+))? (\d+)-(\d+)(?: (refused|unknown))?: (.*)", line)
    assert match, line
    process, thread, start, end, outcome, rest = match.groups()
    common = {
        "process": int(process),
        "thread": int(thread or 0),
        "outcome": outcome or "ok",
        "start": int(start),
        "end": int(end),
    }
    return common, rest


def _transaction(line: str, answer_of: Any) -> Operation:
    common, rest = _heading(line)
    steps: list[tuple[Any, ...]] = []
    answers: list[Any] = []
    for text in rest.split(";"):
        step, _, answer = (part.strip() for part in text.partition("="))
        kind, *arguments = step.split()
        if kind == "enter":
            steps.append((kind,))
            answers.append(int(arguments[0]))
        elif kind == "read":
            steps.append((kind, arguments[0]))
            answers.append(answer_of(answer))
        else:
            steps.append((kind, arguments[0], int(arguments[1])))
            answers.append(None)
    is_ok = common["outcome"] == "ok"
    return Operation(call="transaction", arguments=tuple(steps), answer=tuple(answers) if is_ok else None, **common)


def _call(line: str) -> Operation:
    common, rest = _heading(line)
    step, _, answer = (part.strip() for part in rest.partition("="))
    call, key, *value = step.split()
    return Operation(
        call=call, arguments=(key, *(int(each) for each in value)), answer=int(answer) if answer else None, **common
    )
