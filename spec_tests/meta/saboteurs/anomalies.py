"""Backends with weaker isolation than the contract's, each as databases have it (contract, 16.8 and 16.9).

The sets of clauses are the rows of a table of anomalies by level of isolation, such as Hermitage's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import ClassVar, Self

from burndown_spec.oracle import TransactionalBackend
from burndown_spec.oracle.store import Store
from burndown_spec.oracle.transactions import View
from burndown_store.contract import BusyError
from saboteurs import saboteur

State = dict[str, str]

_TICKS = count()


@dataclass(eq=False)
class Work(View):
    """An open transaction: what the app state was, what was read of it first, and what is written, with its time."""

    shared: Store
    base: State
    read: dict[str, str | None] = field(default_factory=dict)
    listed: State | None = None
    written: dict[str, str | None] = field(default_factory=dict)
    written_at: dict[str, int] = field(default_factory=dict)
    read_from: list[Work] = field(default_factory=list)
    wrote_elsewhere: bool = False
    is_open: bool = True

    def seen_over(self, state: State) -> State:
        """The state as it is with this transaction's own work."""
        return _changed(state, self.written)


def _changed(state: State, written: dict[str, str | None]) -> State:
    return {key: value for key, value in {**state, **written}.items() if value is not None}


class Optimistic(TransactionalBackend):
    """Locks nothing: a transaction sees the moment of its beginning, and is refused where that is over at its end.

    It does so for app state only, and does it right; what is below is one thing wrong with it each.
    """

    _works: ClassVar[list[Work]] = []

    def _visible(self, work: Work) -> State:
        """The app state that a transaction sees below its own work."""
        return work.base

    def _may_commit(self, work: Work) -> bool:
        now = work.shared.app_state
        return work.listed in (None, now) and all(now.get(key) == value for key, value in work.read.items())

    def _commit(self, work: Work) -> None:
        self._shared.app_state = work.seen_over(self._shared.app_state)

    def get_app_state(self, key: str) -> str | None:
        value = super().get_app_state(key)
        work = self._work
        if work is None or key in work.written:
            return value
        value = self._visible(work).get(key)
        work.read.setdefault(key, value)
        return value

    def list_app_state(self) -> State:
        found = super().list_app_state()
        work = self._work
        if work is None:
            return found
        visible = self._visible(work)
        if work.listed is None:
            work.listed = dict(visible)
        return dict(sorted(work.seen_over(visible).items()))

    def set_app_state(self, key: str, value: str) -> None:
        self._write(key, value, lambda: super(Optimistic, self).set_app_state(key, value))

    def delete_app_state(self, key: str) -> None:
        self._write(key, None, lambda: super(Optimistic, self).delete_app_state(key))

    def _write(self, key: str, value: str | None, call: Callable[[], None]) -> None:
        work = self._work
        wrote_elsewhere = work is not None and work.wrote_elsewhere
        call()
        if work is not None:
            work.wrote_elsewhere = wrote_elsewhere
            work.written[key] = value
            work.written_at[key] = next(_TICKS)

    @property
    def _work(self) -> Work | None:
        views = self._of_thread.views
        return views[-1] if views and isinstance(views[-1], Work) else None

    def _others(self, work: Work) -> list[Work]:
        return [other for other in self._works if other is not work and other.shared is work.shared]

    def _locked(self) -> AbstractContextManager[object]:
        if self._work:
            self._work.wrote_elsewhere = True
        return super()._locked()

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        self._check_writable()
        with self._shared.lock:
            work = Work(self._shared.copy(), False, self._shared, dict(self._shared.app_state))
        self._of_thread.views.append(work)
        self._works.append(work)
        try:
            yield self
            with self._shared.lock:
                self._check_open()
                if not self._may_commit(work):
                    raise BusyError("another transaction was faster; try again")
                self._commit(work)
                if work.wrote_elsewhere:
                    self._shared.profiles, self._shared.tasks = work.store.profiles, work.store.tasks
        finally:
            work.is_open = False
            self._works.remove(work)
            self._of_thread.views.remove(work)

    @contextmanager
    def _savepoint(self) -> Iterator[Self]:
        work = self._work
        written = dict(work.written) if work else {}
        try:
            with super()._savepoint():
                yield self
        except BaseException:
            if work:
                work.written = written
            raise


# What every anomaly is told as; what was read and written stands beside it.
SEEN = "All answers are as if those whose transactions ended well had come one after another"


@saboteur(
    "no-write-skew", "no-phantom", "no-phantom-deleted", "no-circular-information-flow", "no-dirty-read", says=SEEN
)
class SnapshotIsolation(Optimistic):
    """Compares at the commit what was written, and not what was only read."""

    def _may_commit(self, work: Work) -> bool:
        return all(work.shared.app_state.get(key) == work.base.get(key) for key in work.written)


@saboteur(
    "no-lost-update",
    "no-update-lost-to-a-single-call",
    "no-write-skew",
    "no-phantom",
    "no-phantom-deleted",
    "no-circular-information-flow",
    "a-refused-transaction-is-doomed",
    "no-dirty-read",
    says=(SEEN, "0+A"),
)
class LastWriterWins(Optimistic):
    """Compares nothing at the commit: whoever comes last writes over what came between."""

    def _may_commit(self, work: Work) -> bool:
        return True


@saboteur(
    "no-lost-update",
    "no-update-lost-to-a-single-call",
    "no-write-skew",
    "no-phantom",
    "no-phantom-deleted",
    "no-circular-information-flow",
    "no-dirty-read",
    "a-refused-transaction-is-doomed",
    says=(SEEN, "0+A"),
)
class WritesTheWholeDocument(LastWriterWins):
    """Writes the app state that it has read back as a whole at the commit, also what others changed meanwhile."""

    def _commit(self, work: Work) -> None:
        if not work.written or not (work.read or work.listed):
            super()._commit(work)
        else:
            self._shared.app_state = work.seen_over(work.base)


@saboteur("no-phantom", "no-phantom-deleted", says=(SEEN, "'list_app_state'"))
class DoesNotCountListsAsReads(Optimistic):
    """Compares at the commit each value that was read, and no list."""

    def _may_commit(self, work: Work) -> bool:
        work.listed = None
        return super()._may_commit(work)


@saboteur("no-phantom", says=(SEEN, "'list_app_state'"))
class LocksRowsAndNoRanges(Optimistic):
    """Is repeatable read: what a list has shown may not change, but more may come."""

    def _may_commit(self, work: Work) -> bool:
        work.read = {**(work.listed or {}), **work.read}
        work.listed = None
        return super()._may_commit(work)


@saboteur("no-phantom-deleted", says=(SEEN, "'delete_app_state'"))
class ComparesWhatIsStillThere(Optimistic):
    """Compares the versions of what was read; what was deleted meanwhile has none."""

    def _may_commit(self, work: Work) -> bool:
        now = work.shared.app_state
        listed = work.listed if work.listed is not None else now
        return all(now[key] == value for key, value in work.read.items() if key in now) and all(
            listed.get(key) == value for key, value in now.items()
        )


@saboteur(
    "no-read-skew",
    "no-circular-information-flow",
    "no-fractured-batch",
    "no-intermediate-read",
    "no-lost-update",
    "no-phantom",
    "no-phantom-deleted",
    "no-update-lost-to-a-single-call",
    "no-write-skew",
    "a-refused-transaction-is-doomed",
    says=(SEEN, "'get_app_state', ['y'], '1'"),
)
class ReadCommitted(Optimistic):
    """Shows each read what is committed by then, and compares nothing."""

    def _visible(self, work: Work) -> State:
        return dict(work.shared.app_state)

    def _may_commit(self, work: Work) -> bool:
        return True


@saboteur(
    "no-dirty-read",
    "no-aborted-read",
    "no-circular-information-flow",
    "no-intermediate-read",
    "no-lost-update",
    "no-phantom",
    "no-phantom-deleted",
    "no-read-skew",
    "no-update-lost-to-a-single-call",
    "no-write-skew",
    "a-refused-transaction-is-doomed",
    "no-fractured-batch",
    says=SEEN,
)
class ReadUncommitted(Optimistic):
    """Shows the reads of a transaction what others have written so far, committed or not."""

    def _visible(self, work: Work) -> State:
        state = dict(work.shared.app_state)
        for other in self._others(work):
            state = other.seen_over(state)
        return state

    def _may_commit(self, work: Work) -> bool:
        return True


@saboteur("no-read-skew", "no-fractured-batch", "no-intermediate-read", says=(SEEN, "'get_app_state', ['y'], '1'"))
class TakesReadersForHarmless(ReadCommitted):
    """Shows each read what is committed by then, and compares it only where something was written."""

    def _may_commit(self, work: Work) -> bool:
        return not work.written or Optimistic._may_commit(self, work)


@saboteur("no-dirty-write", "a-refused-transaction-is-doomed", says=(SEEN, "{'x': 'B', 'y': 'A'}"))
class StampsEachWrite(Optimistic):
    """Keeps of each key the write that was called last, whenever it was committed."""

    def _commit(self, work: Work) -> None:
        for key, at in work.written_at.items():
            for other in self._others(work):
                # Whoever is still open loses what he wrote before.
                if other.written_at.get(key, at) < at:
                    del other.written[key], other.written_at[key]
        super()._commit(work)


@saboteur("no-lost-update", "no-update-lost-to-a-single-call", "a-refused-transaction-is-doomed", says=(SEEN, "0+A"))
class TakesAWriteForACheck(Optimistic):
    """Drops what was read from what is compared as soon as it is written."""

    def _may_commit(self, work: Work) -> bool:
        work.read = {key: value for key, value in work.read.items() if key not in work.written}
        return super()._may_commit(work)


@saboteur("no-update-lost-to-a-single-call", says=(SEEN, "0+A"))
class CountsVersionsInTransactions(Optimistic):
    """Counts the version of what a transaction writes, and not of what a single call writes."""

    def set_app_state(self, key: str, value: str) -> None:
        super().set_app_state(key, value)
        if not self._of_thread.views:
            for work in self._works:
                if work.shared is self._shared and key in work.read:
                    work.read[key] = value


@saboteur("no-circular-information-flow", "no-dirty-read", says=SEEN)
class ComparesWithTheBuffer(ReadUncommitted):
    """Reads from a buffer that all transactions write into, and compares with that at the commit."""

    def _may_commit(self, work: Work) -> bool:
        now = self._visible(work)
        return work.listed in (None, now) and all(now.get(key) == value for key, value in work.read.items())


@saboteur("no-aborted-read", "no-circular-information-flow", says=SEEN)
class WaitsForWhomItReadFrom(Optimistic):
    """Reads what is not committed, and is refused while its writer is open; how he ended is not asked."""

    def get_app_state(self, key: str) -> str | None:
        value = super().get_app_state(key)
        work = self._work
        if work is not None and key not in work.written:
            for other in self._others(work):
                if key in other.written:
                    work.read_from.append(other)
                    work.read.pop(key)
                    return other.written[key]
        return value

    def _may_commit(self, work: Work) -> bool:
        return not any(other.is_open for other in work.read_from) and super()._may_commit(work)


@saboteur(
    "no-lost-update",
    "no-circular-information-flow",
    "no-dirty-read",
    "no-fractured-batch",
    "no-intermediate-read",
    "no-phantom",
    "no-phantom-deleted",
    "no-read-skew",
    "no-update-lost-to-a-single-call",
    "no-write-skew",
    says=(SEEN, "in_threads=False"),
)
class LetsItsOwnThreadIn(TransactionalBackend):
    """Keeps the lock for the location and the thread, so that a second handle there joins the first one's turn."""

    _holders: ClassVar[dict[int, int]] = {}

    @property
    def _is_mine(self) -> bool:
        return self._holders.get(id(self._shared)) == threading.get_ident()

    def _begin_writing(self) -> View:
        if self._is_mine:
            with self._shared.lock:
                return View(self._shared.copy(), reads_only=False)
        view = super()._begin_writing()
        self._holders[id(self._shared)] = threading.get_ident()
        return view

    def _end_writing(self, view: View | None) -> None:
        if view is not None and self._writing is view:
            self._holders.pop(id(self._shared))
        super()._end_writing(view)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._is_mine:
            with self._shared.lock:
                yield
        else:
            with super()._alone():
                yield
