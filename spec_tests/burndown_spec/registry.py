"""What a clause is, and the catalogue of them all: the one source of what is judged.

A clause is a plain function under `@clause` whose docstring is the sentence that it judges:

    @clause("profile-comes-back", sentences="1.1 1.2", likely_causes=("booleans stored as 0 and 1",))
    def a_profile_comes_back_the_same(backend: Backend) -> None:
        '''A saved profile comes back with every field the same, type for type.'''
        backend.save_profile(full_profile())
        expect_same(backend.get_profile("p"), full_profile())

It takes `backend`, a handle on a fresh store, and, where it needs more than that, `stage`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from types import ModuleType
from typing import Any

from burndown_spec.levels import Level
from burndown_store.contract import Capability

__all__ = ["Catalogue", "Clause", "clause"]

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Clause:
    """One promise of the contract and the function that judges it; built by `@clause`."""

    id: str
    level: Level
    sentences: tuple[str, ...]
    needs: frozenset[Capability]
    unless: frozenset[Capability]
    depends_on: tuple[str, ...]
    likely_causes: tuple[str, ...]
    since: int
    slow: bool
    requirement: str
    function: Callable[..., None]
    wants_stage: bool

    @property
    def family(self) -> str:
        """The name of the file that holds the clause."""
        return self.function.__module__.rpartition(".")[2]

    def not_claimed(self, claims: frozenset[Capability]) -> str:
        """Why it is not judged on a backend that claims `claims`; "" where it is."""
        if missing := sorted(self.needs - claims):
            return f"needs {', '.join(missing)}"
        if present := sorted(self.unless & claims):
            return f"is for backends without {', '.join(present)}"
        return ""

    @property
    def path(self) -> Path:
        """The file that holds the clause."""
        return Path(inspect.getfile(self.function))

    @property
    def line(self) -> int:
        """The line of that file on which the function starts, from 1."""
        return self.function.__code__.co_firstlineno


def clause(
    id: str,
    *,
    sentences: str,
    likely_causes: Iterable[str],
    level: Level = Level.CORE,
    needs: Iterable[Capability] = (),
    unless: Iterable[Capability] = (),
    depends_on: Iterable[str] = (),
    since: int = 1,
    slow: bool = False,
) -> Callable[[Callable[..., None]], Clause]:
    """Make a clause of a function.

    `sentences` are the numbers in docs/contract.md that it judges, separated by spaces; `likely_causes` what a
    backend's author should look at first; `needs` the capabilities without which it is not judged, `unless` those with
    which it is not, because it says what becomes of who asks for them; `depends_on` the clauses whose failure explains
    this one's; `since` the contract version that brought it; `slow` that it takes a second or more, and comes after the
    others, so that who stops at the first failure waits for less. Raises `ValueError` for what could not be a clause.
    """

    def made(function: Callable[..., None]) -> Clause:
        where = f"clause {id!r}"
        requirement = " ".join((function.__doc__ or "").split())
        parameters = list(inspect.signature(function).parameters)
        if not _ID.fullmatch(id):
            raise ValueError(f"{where}: an id is written like profile-comes-back")
        if not requirement:
            raise ValueError(f"{where}: its docstring is the sentence it judges, and it has none")
        if parameters not in (["backend"], ["backend", "stage"]):
            raise ValueError(f"{where}: it takes (backend) or (backend, stage)")
        if level.about and not level.about & set(needs):
            raise ValueError(f"{where}: at level {level} it needs one or more of {', '.join(sorted(level.about))}")
        return Clause(
            id=id,
            level=level,
            sentences=tuple(sentences.split()),
            needs=frozenset(needs),
            unless=frozenset(unless),
            depends_on=tuple(depends_on),
            likely_causes=tuple(likely_causes),
            since=since,
            slow=slow,
            requirement=requirement,
            function=function,
            wants_stage=len(parameters) == 2,
        )

    return made


class Catalogue:
    """Clauses by their ids, in the order of the contract.

    Raises `ValueError` for two of one id, a dependency that is no clause, and dependencies in a circle.
    """

    def __init__(self, clauses: Iterable[Clause]) -> None:
        self._clauses: dict[str, Clause] = {}
        for each in clauses:
            if each.id in self._clauses:
                raise ValueError(f"two clauses are called {each.id!r}")
            self._clauses[each.id] = each
        for each in self:
            for dependency in each.depends_on:
                if dependency not in self._clauses:
                    raise ValueError(f"clause {each.id!r} depends on {dependency!r}, which is no clause")
        # Of clauses that blocked each other in a circle, none would be told.
        TopologicalSorter({each.id: each.depends_on for each in self}).prepare()

    @classmethod
    def of(cls, families: Iterable[ModuleType]) -> Catalogue:
        """The clauses of some modules, module by module, in the order in which they are written."""
        found: list[Clause] = []
        for family in families:
            name = family.__name__.rpartition(".")[2]
            values: Iterable[Any] = vars(family).values()
            found.extend(value for value in values if isinstance(value, Clause) and value.family == name)
        return cls(found)

    def in_order_of_judging(self) -> list[Clause]:
        """All clauses in the order of the contract, but each after those that it depends on, and slow ones last."""
        ordered: dict[str, Clause] = {}

        def place(clause: Clause) -> None:
            if clause.id not in ordered:
                for dependency in clause.depends_on:
                    place(self[dependency])
                ordered[clause.id] = clause

        for each in sorted(self, key=lambda each: each.slow):
            place(each)
        return list(ordered.values())

    def __iter__(self) -> Iterator[Clause]:
        return iter(self._clauses.values())

    def __len__(self) -> int:
        return len(self._clauses)

    def __contains__(self, id: object) -> bool:
        return id in self._clauses

    def __getitem__(self, id: str) -> Clause:
        return self._clauses[id]
