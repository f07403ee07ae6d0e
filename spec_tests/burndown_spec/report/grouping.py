"""Clauses that are told together: those that fail of one cause, and those that have one reason for their state."""

from __future__ import annotations

import re
from collections.abc import Iterable

from burndown_spec.recording import OPERATIONS
from burndown_spec.report.document import BackendReport, ClauseReport
from burndown_spec.verdict import State

__all__ = ["by_cause", "by_reason", "names", "shortened"]

BLOCKED_BY = "blocked by "


def by_cause(failures: Iterable[ClauseReport]) -> list[list[ClauseReport]]:
    """The failures in groups, each in its order, the first first.

    Those are one group in which the same operation raised the same error. Answers that look the same may have many
    causes, so a failure that shows an answer stands by itself.
    """
    groups: dict[tuple[str, ...], list[ClauseReport]] = {}
    for clause in failures:
        groups.setdefault(_cause(clause), []).append(clause)
    return list(groups.values())


def by_reason(backend: BackendReport, state: State) -> dict[str, list[ClauseReport]]:
    """The clauses in a state by their reasons, in few words.

    What is blocked by an operation that is missing is left out: those are listed by themselves.
    """
    reasons: dict[str, list[ClauseReport]] = {}
    for clause in backend.clauses:
        told = state is State.BLOCKED and not clause.failure and backend.missing_operations
        if clause.state is state and not told:
            reasons.setdefault(shortened(clause.reason), []).append(clause)
    return reasons


def shortened(reason: str) -> str:
    """A reason that names two clauses at most, and says how many more there are."""
    if not reason.startswith(BLOCKED_BY):
        return reason
    return BLOCKED_BY + names(reason.removeprefix(BLOCKED_BY).split(", "), shown=2)


def names(of: list[str], *, shown: int) -> str:
    """The first few names, and how many more there are."""
    more = len(of) - shown
    return ", ".join(of[:shown]) + (f" and {more} more" if more > 0 else "")


def _cause(clause: ClauseReport) -> tuple[str, ...]:
    failure = clause.failure
    if failure is None or not failure.actual.startswith("raised "):
        return (clause.clause,)
    last = failure.done[-1] if failure.done else ""
    called = (name for name in re.findall(r"\.(\w+)", last) if name in OPERATIONS)
    return next(called, last.partition("(")[0]), failure.actual
