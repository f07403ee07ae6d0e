"""A few clauses of no content, and results of them, for tests of what is made of results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from burndown_spec.levels import Level
from burndown_spec.registry import Catalogue, Clause, clause
from burndown_spec.results import Outcome, Result
from burndown_store.contract import Capability

__all__ = ["CATALOGUE", "CORE", "a_clause", "result"]


def a_clause(
    id: str, *, level: Level = Level.CORE, needs: Iterable[Capability] = (), after: Sequence[str] = ()
) -> Clause:
    def judged(backend: object) -> None:
        """A sentence."""

    return clause(id, sentences="1.1", likely_causes=["a cause"], level=level, needs=needs, depends_on=after)(judged)


CATALOGUE = Catalogue(
    [
        a_clause("first"),
        a_clause("second", after=["first"]),
        a_clause("third", after=["second"]),
        a_clause("in-a-file", needs=[Capability.FILE]),
        a_clause("all-or-nothing", level=Level.TRANSACTIONAL, needs=Level.TRANSACTIONAL.about),
    ]
)
CORE = ("first", "second", "third")


def result(id: str, outcome: Outcome = Outcome.HOLDS, *, backend: str = "blue", reason: str = "") -> Result:
    return Result(clause=id, backend=backend, outcome=outcome, reason=reason)
