"""Simulated databases, each with one fault or none, and clients that make histories of them: seeded, in one thread.

A client goes on by one step whenever the scheduler draws it; between two steps of a transaction the others may do
anything. A database keeps all versions of each key, and refuses at its end a transaction that rests on what has
changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from functools import reduce
from itertools import count
from random import Random
from typing import Any

from burndown_spec.checkers import Operation

__all__ = ["Database", "Plan", "Refused", "Workload", "simulate"]

Change = Callable[[Any], Any]
# Yields steps and is sent the answer to each.
Plan = Generator[tuple[Any, ...], Any, None]
Workload = Callable[[Random, Iterator[int]], Plan]


class Refused(Exception):
    """The database has undone the transaction."""


@dataclass(eq=False)
class Attempt:
    """A transaction under way: when it began, what it has read and what it wants to change."""

    moment: int
    is_snapshot: bool
    reads: set[Any] = field(default_factory=set)
    changes: dict[Any, list[Change]] = field(default_factory=lambda: defaultdict(list))


class Database:
    """Serializable in real time: it reads as of the beginning, and refuses where what was read has changed since."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.now = 0
        self._versions: dict[Any, list[tuple[int, Any]]] = defaultdict(lambda: [(0, None)])

    def at(self, key: Any, moment: int) -> Any:
        """The value that the key had at the moment."""
        return next(value for written, value in reversed(self._versions[key]) if written <= moment)

    def put(self, key: Any, value: Any) -> None:
        self._versions[key].append((self.now, value))

    def is_changed(self, key: Any, since: int) -> bool:
        return self._versions[key][-1][0] > since

    def begin(self, is_snapshot: bool) -> Attempt:
        return Attempt(self.now, is_snapshot)

    def read(self, attempt: Attempt, key: Any) -> Any:
        attempt.reads.add(key)
        return reduce(lambda value, change: change(value), attempt.changes.get(key, ()), self.at(key, attempt.moment))

    def change(self, attempt: Attempt, key: Any, change: Change) -> None:
        attempt.changes[key].append(change)

    def must_be_unchanged(self, attempt: Attempt) -> set[Any]:
        """The keys whose change by others since the beginning refuses the attempt."""
        return attempt.reads | attempt.changes.keys() if attempt.changes else set()

    def commit(self, attempt: Attempt) -> Iterator[None]:
        """Keep the changes, or raise `Refused`; others may go on at each yield."""
        if any(self.is_changed(key, attempt.moment) for key in self.must_be_unchanged(attempt)):
            raise Refused
        yield from self.apply(attempt)

    def apply(self, attempt: Attempt) -> Iterator[None]:
        self.now += 1
        for key, changes in attempt.changes.items():
            self.put(key, reduce(lambda value, change: change(value), changes, self.at(key, self.now)))
        yield from ()

    def undo(self, attempt: Attempt) -> None:
        """Undo what a refused attempt has left."""


class _Simulation:
    def __init__(self, database: Database, workload: Workload, random: Random, operations: int, unknown: float) -> None:
        self._database, self._workload, self._random = database, workload, random
        self._left, self._unknown = operations, unknown
        self._clock = 0
        self._numbers = count(1)
        self._threads = count(0)
        self._late: list[Iterator[None]] = []
        self.history: list[Operation] = []

    def run(self, clients: int) -> None:
        first = self._client(0)
        while not self.history:
            self._clock += 1
            next(first)
        tasks = [first, *(self._client(process) for process in range(1, clients))]
        while tasks:
            task = self._random.choice(tasks)
            self._clock += self._random.randint(1, 3)
            if next(task, tasks) is tasks:
                tasks.remove(task)
            tasks += self._late
            self._late.clear()

    def _client(self, process: int) -> Iterator[None]:
        thread = next(self._threads)
        while self._left > 0:
            self._left -= 1
            start, steps, answers = self._clock, list[tuple[Any, ...]](), list[Any]()
            yield
            outcome = yield from self._transaction(steps, answers)
            yield
            self.history.append(
                Operation(
                    process=process,
                    thread=thread,
                    call="snapshot" if steps and steps[0] == ("enter",) else "transaction",
                    arguments=tuple(steps),
                    outcome=outcome,
                    answer=tuple(answers) if outcome == "ok" else None,
                    start=start,
                    end=self._clock,
                )
            )
            if outcome == "unknown":
                # The caller was killed, and another takes his place.
                thread = next(self._threads)

    def _transaction(self, steps: list[tuple[Any, ...]], answers: list[Any]) -> Generator[None, None, Any]:
        plan = self._workload(self._random, self._numbers)
        step = next(plan)
        attempt = self._database.begin(is_snapshot=step == ("enter",))
        try:
            while step:
                yield
                steps.append(step)
                answers.append(self._answer(attempt, step))
                try:
                    step = plan.send(answers[-1])
                except StopIteration:
                    break
            if self._random.random() < self._unknown:
                if self._random.random() < 0.5:
                    self._late.append(self._some_time_later(attempt))
                return "unknown"
            yield from self._database.commit(attempt)
        except Refused:
            self._database.undo(attempt)
            return "refused"
        return "ok"

    def _answer(self, attempt: Attempt, step: tuple[Any, ...]) -> Any:
        if step[0] == "enter":
            return self._clock
        if step[0] == "read":
            return self._database.read(attempt, step[1])
        value = step[2]
        appends = step[0] == "append"
        self._database.change(attempt, step[1], lambda old: (*(old or ()), value) if appends else value)
        return None

    def _some_time_later(self, attempt: Attempt) -> Iterator[None]:
        for _ in range(self._random.randint(0, 40)):
            yield
        try:
            yield from self._database.commit(attempt)
        except Refused:
            self._database.undo(attempt)


def simulate(
    database: type[Database],
    workload: Workload,
    seed: int,
    *,
    clients: int = 5,
    operations: int = 250,
    unknown: float = 0.0,
) -> list[Operation]:
    """The history of so many clients with the database, in the shape of the transactional checkers.

    The first transaction is over when the others begin.
    Of the transactions, the share `unknown` ends so: half of them are kept later, or never.
    """
    random = Random(seed)
    simulation = _Simulation(database(random), workload, random, operations, unknown)
    simulation.run(clients)
    return simulation.history
