"""Simulated databases that each do one thing wrong, as real ones do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulated_databases import Attempt, Change, Database, Refused

__all__ = [
    "AppliedTwice",
    "DirtyWrites",
    "ForgottenCommits",
    "ForgottenOwnWrites",
    "InventedValues",
    "KeptThoughRefused",
    "LateSnapshots",
    "LostUpdates",
    "MovingSnapshots",
    "ReadCommitted",
    "ReadUncommitted",
    "ReorderedLists",
    "SnapshotIsolation",
    "StaleReplica",
    "TornCommits",
]


class SnapshotIsolation(Database):
    """What was only read may change."""

    def must_be_unchanged(self, attempt: Attempt) -> set[Any]:
        return set(attempt.changes)


class ReadCommitted(Database):
    """Each read is of its own moment, and nothing is compared."""

    def read(self, attempt: Attempt, key: Any) -> Any:
        attempt.moment = self.now
        return super().read(attempt, key)

    def must_be_unchanged(self, attempt: Attempt) -> set[Any]:
        return set()


class DirtyWrites(Database):
    """Every write is there at once, for all, and nobody has to wait for another."""

    def read(self, attempt: Attempt, key: Any) -> Any:
        return self.at(key, self.now)

    def change(self, attempt: Attempt, key: Any, change: Change) -> None:
        self.now += 1
        self.put(key, change(self.at(key, self.now)))


class ReadUncommitted(DirtyWrites):
    """Every write is there at once, for all; who writes what another has under way is refused, and undone."""

    def __init__(self, random: Any) -> None:
        super().__init__(random)
        self._owner: dict[Any, Attempt] = {}
        self._before: dict[Any, Any] = {}

    def change(self, attempt: Attempt, key: Any, change: Change) -> None:
        if self._owner.get(key, attempt) is not attempt:
            raise Refused
        if key not in self._owner:
            self._owner[key], self._before[key] = attempt, self.at(key, self.now)
        super().change(attempt, key, change)

    def commit(self, attempt: Attempt) -> Iterator[None]:
        if self.random.random() < 0.1:
            raise Refused
        self._release(attempt)
        yield from ()

    def undo(self, attempt: Attempt) -> None:
        self.now += 1
        for key in self._release(attempt):
            self.put(key, self._before[key])

    def _release(self, attempt: Attempt) -> list[Any]:
        mine = [key for key, owner in self._owner.items() if owner is attempt]
        for key in mine:
            del self._owner[key]
        return mine


class LostUpdates(Database):
    """What a transaction both reads and writes may change in between, and is overwritten."""

    def must_be_unchanged(self, attempt: Attempt) -> set[Any]:
        return super().must_be_unchanged(attempt) - (attempt.reads & attempt.changes.keys())

    def apply(self, attempt: Attempt) -> Iterator[None]:
        values = {key: super(LostUpdates, self).read(attempt, key) for key in attempt.changes}
        self.now += 1
        for key, value in values.items():
            self.put(key, value)
        yield from ()


class StaleReplica(Database):
    """Whoever only reads is shown a copy that lags behind: here, every snapshot."""

    def begin(self, is_snapshot: bool) -> Attempt:
        return Attempt(max(0, self.now - 5) if is_snapshot else self.now, is_snapshot)


class LateSnapshots(Database):
    """A snapshot is of the moment of its first read, not of its entry."""

    def read(self, attempt: Attempt, key: Any) -> Any:
        if attempt.is_snapshot and not attempt.reads:
            attempt.moment = self.now
        return super().read(attempt, key)


class MovingSnapshots(Database):
    """A snapshot shows what is there when it is asked."""

    def read(self, attempt: Attempt, key: Any) -> Any:
        if attempt.is_snapshot:
            attempt.moment = self.now
        return super().read(attempt, key)


class TornCommits(Database):
    """The changes to one key after another are there for all."""

    def apply(self, attempt: Attempt) -> Iterator[None]:
        for key, changes in attempt.changes.items():
            yield from super().apply(Attempt(self.now, is_snapshot=False, changes={key: changes}))
            yield


class KeptThoughRefused(Database):
    """Who is refused finds his work kept sometimes."""

    def undo(self, attempt: Attempt) -> None:
        list(self.apply(attempt))


class AppliedTwice(Database):
    """A commit is tried again sometimes, though it had gone well."""

    def apply(self, attempt: Attempt) -> Iterator[None]:
        yield from super().apply(attempt)
        if self.random.random() < 0.05:
            yield from super().apply(attempt)


class ForgottenCommits(Database):
    """A commit is acknowledged sometimes, and not done."""

    def apply(self, attempt: Attempt) -> Iterator[None]:
        if self.random.random() < 0.95:
            yield from super().apply(attempt)


class ForgottenOwnWrites(Database):
    """A transaction does not read what it wrote itself."""

    def read(self, attempt: Attempt, key: Any) -> Any:
        return super().read(Attempt(attempt.moment, attempt.is_snapshot, reads=attempt.reads), key)


class ReorderedLists(Database):
    """The last two of a list change places sometimes when it is read."""

    def read(self, attempt: Attempt, key: Any) -> Any:
        value = super().read(attempt, key)
        if isinstance(value, tuple) and not attempt.changes and self.random.random() < 0.05:
            return (*value[:-2], *reversed(value[-2:]))
        return value


class InventedValues(Database):
    """What is read was never written, sometimes."""

    def read(self, attempt: Attempt, key: Any) -> Any:
        value = super().read(attempt, key)
        if value is None or attempt.changes or self.random.random() < 0.95:
            return value
        return (*value, -1) if isinstance(value, tuple) else -1
