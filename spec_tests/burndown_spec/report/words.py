"""What the terminal and the Markdown report say in the same words."""

from __future__ import annotations

from burndown_spec.preflight import Found
from burndown_spec.report.document import BackendReport, ClauseReport
from burndown_spec.results import Outcome, Result
from burndown_spec.verdict import Judgement

__all__ = [
    "SHOWN_IN_FULL",
    "conforming_without",
    "facts_of",
    "measurements",
    "result_of",
    "verdict_line",
    "without_clauses",
]

# More failures than a reader works through at once are told in one line each.
SHOWN_IN_FULL = 5


def verdict_line(backend: BackendReport) -> str:
    """The one line that a reader who reads one line reads."""
    return f"{backend.name}: {backend.verdict}: {backend.reason}"


def conforming_without(backend: BackendReport) -> dict[str, str]:
    """What is not claimed of a level that conforms in the rest, by the level."""
    return {
        level.level: level.reason for level in backend.levels if level.verdict is Judgement.CONFORMS and level.reason
    }


def without_clauses(backend: BackendReport) -> str:
    """The levels of which this version of the suite has no clause, in a line; "" where there are none."""
    empty = [level.level for level in backend.levels if level.verdict is Judgement.NO_CLAUSES]
    return f"No clauses yet: {', '.join(empty)}" if empty else ""


def measurements(backend: BackendReport) -> list[str]:
    """What clauses measured beside their state, a line each; what the isolation table shows is not in it."""
    shown = {row.clause for row in backend.isolation}
    return [
        f"{clause.clause}: {what}: {found}"
        for clause in backend.clauses
        if clause.clause not in shown
        for what, found in clause.measured.items()
    ]


def facts_of(backend: BackendReport | Found) -> str:
    """What the backend claims and what stands under it, in a line."""
    facts = [f"{name.replace('_', ' ')} {value}" for name, value in backend.facts.items()]
    return "; ".join([f"claims {', '.join(sorted(backend.capabilities)) or 'nothing'}", *facts])


def result_of(clause: ClauseReport, backend: BackendReport) -> Result:
    """The failure of a clause as the result that it was."""
    return Result(clause=clause.clause, backend=backend.name, outcome=Outcome.FAILS, failure=clause.failure)
