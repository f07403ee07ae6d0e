"""Backends that are right within one process, and keep several processes apart wrongly (contract, 19.3).

What a process has for itself, a lock, a cache, a counter, is as good as any other while nobody else comes. So these
go wrong in the processes that the suite starts, where another process uses the store as well.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

from burndown_store.contract import BusyError, History, Issue, Metric, Task, check_batch
from burndown_store.sqlite import SqliteBackend
from burndown_store.sqlite.session import Session
from saboteurs import saboteur

Location = str | os.PathLike[str]
State = dict[str, str]


def is_one_of_several() -> bool:
    """Whether this process was started by another to use the store beside it; who judges is not."""
    return sys.argv[0] == "-c" and "burndown_spec.judging" not in sys.modules


@dataclass
class Work:
    """A transaction that has not begun in the store: what the app state was, and what is written."""

    base: State
    written: dict[str, str | None] = field(default_factory=dict)
    begun: bool = False
    looking: bool = False

    def over(self, state: State) -> State:
        return {key: value for key, value in {**state, **self.written}.items() if value is not None}


class LockingWithinTheProcess(SqliteBackend):
    """Keeps the transactions of one process apart; they read as they please, and write at their end.

    Only those on a store with an `x` are so, until they come to anything but the app state.
    """

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._works = threading.local()

    def visible(self, work: Work) -> State:
        """The app state that a transaction sees below its own work."""
        return work.base

    def may_commit(self, work: Work, now: State) -> bool:
        return True

    @property
    def _work(self) -> Work | None:
        work: Work | None = getattr(self._works, "work", None)
        return work if work is not None and not work.begun and not work.looking else None

    @property
    def _session(self) -> Session:
        session = super()._session
        if self._work is not None:
            self._work.begun = True
            session.begin()
        return session

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        if not self._is_apart():
            with super()._transaction():
                yield self
            return
        work = self._works.work = Work(super().list_app_state())
        try:
            yield self
        except BaseException:
            self._works.work = None
            if work.begun:
                super()._session.undo()
            raise
        self._works.work = None
        if work.begun:
            super()._session.commit()
            return
        with super()._transaction():
            if not self.may_commit(work, super().list_app_state()):
                raise BusyError("another transaction was faster; try again")
            for key, value in work.written.items():
                self._write(key, value)

    def _is_apart(self) -> bool:
        if not is_one_of_several() or self._connections.session_in_use() or getattr(self._works, "work", None):
            return False
        return "x" in super().list_app_state()

    def _write(self, key: str, value: str | None) -> None:
        if value is None:
            super().delete_app_state(key)
        else:
            super().set_app_state(key, value)

    def stored(self) -> State:
        """The app state as it is now."""
        work = self._works.work
        work.looking = True
        try:
            return super().list_app_state()
        finally:
            work.looking = False

    def get_app_state(self, key: str) -> str | None:
        work = self._work
        return super().get_app_state(key) if work is None else work.over(self.visible(work)).get(key)

    def list_app_state(self) -> State:
        work = self._work
        return super().list_app_state() if work is None else dict(sorted(work.over(self.visible(work)).items()))

    def set_app_state(self, key: str, value: str) -> None:
        work = self._work
        if work is None:
            super().set_app_state(key, value)
        else:
            work.written[key] = value

    def delete_app_state(self, key: str) -> None:
        work = self._work
        if work is None:
            super().delete_app_state(key)
        else:
            work.written[key] = None


# What every anomaly is told as; what was read and written stands beside it.
SEEN = "All answers are as if those whose transactions ended well had come one after another"


@saboteur(
    "no-lost-update-among-processes",
    "no-update-lost-to-a-single-call-among-processes",
    "no-dirty-read-among-processes",
    "no-circular-information-flow-among-processes",
    "no-write-skew-among-processes",
    "no-phantom-among-processes",
    "no-phantom-deleted-among-processes",
    says=(SEEN, "play_among_processes"),
)
class HasALockInTheProcess(LockingWithinTheProcess):
    """Locks with a `threading.Lock`: of two processes, the last writes over what the other has written."""


@saboteur(
    "no-write-skew-among-processes",
    "no-dirty-read-among-processes",
    "no-circular-information-flow-among-processes",
    "no-phantom-among-processes",
    "no-phantom-deleted-among-processes",
    says=(SEEN, "play_among_processes"),
)
class ComparesWhatOthersWrote(LockingWithinTheProcess):
    """Compares at the commit what was written, and not what was only read."""

    def may_commit(self, work: Work, now: State) -> bool:
        return all(now.get(key) == work.base.get(key) for key in work.written)


@saboteur(
    "no-read-skew-among-processes",
    "no-update-lost-to-a-single-call-among-processes",
    "no-intermediate-read-among-processes",
    "no-circular-information-flow-among-processes",
    "no-lost-update-among-processes",
    "no-write-skew-among-processes",
    "no-phantom-among-processes",
    "no-phantom-deleted-among-processes",
    "no-fractured-batch-among-processes",
    says=(SEEN, "play_among_processes"),
)
class ReadsWhatOthersCommit(LockingWithinTheProcess):
    """Reads, inside a transaction, what other processes have committed by then."""

    def visible(self, work: Work) -> State:
        return self.stored()


@saboteur(
    "no-dirty-read-among-processes",
    "no-dirty-write-among-processes",
    "no-update-lost-to-a-single-call-among-processes",
    "no-aborted-read-among-processes",
    "no-intermediate-read-among-processes",
    "no-circular-information-flow-among-processes",
    "no-lost-update-among-processes",
    "no-read-skew-among-processes",
    "no-write-skew-among-processes",
    "no-phantom-among-processes",
    "no-phantom-deleted-among-processes",
    "no-fractured-batch-among-processes",
    says=(SEEN, "play_among_processes"),
)
class WritesAtOnce(ReadsWhatOthersCommit):
    """Writes at once what a transaction writes, and takes it back when that fails; its process sees nothing of it."""

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        if not self._is_apart():
            with super()._transaction():
                yield self
            return
        work = self._works.work = Work({})
        before = self.stored()
        try:
            yield self
        except BaseException:
            for key in work.written:
                self._write_through(key, before.get(key))
            raise
        finally:
            self._works.work = None

    def set_app_state(self, key: str, value: str) -> None:
        super().set_app_state(key, value)
        self._flush(key)

    def delete_app_state(self, key: str) -> None:
        super().delete_app_state(key)
        self._flush(key)

    def _flush(self, key: str) -> None:
        work = self._work
        if work is not None:
            self._write_through(key, work.written[key])

    def _write_through(self, key: str, value: str | None) -> None:
        work = self._works.work
        work.looking = True
        try:
            self._write(key, value)
        finally:
            work.looking = False

    def _write(self, key: str, value: str | None) -> None:
        if value is None:
            SqliteBackend.delete_app_state(self, key)
        else:
            SqliteBackend.set_app_state(self, key, value)


@saboteur("processes-see-each-other", says=("play_among_processes", "tasks"))
class RemembersTasks(SqliteBackend):
    """Reads the tasks once, and again only after a write of its own process."""

    _tasks: list[Task] | None = None

    def list_tasks(self) -> list[Task]:
        if self._tasks is None or not is_one_of_several():
            self._tasks = super().list_tasks()
        return list(self._tasks)

    def save_task(self, task: Task) -> None:
        super().save_task(task)
        self._tasks = None

    def clear_task(self, name: str) -> None:
        super().clear_task(name)
        self._tasks = None


@saboteur("processes-see-each-other", says=("play_among_processes", "tasks"))
class NumbersRowsItself(SqliteBackend):
    """Gives a new task the number after the highest that its process knows, and so the place of another's."""

    _known: frozenset[str] | None = None

    def list_tasks(self) -> list[Task]:
        found = super().list_tasks()
        if self._known is None:
            self._known = frozenset(task.name for task in found)
        return found

    def save_task(self, task: Task) -> None:
        if is_one_of_several() and self._known is not None and task.name not in self._known:
            for other in super().list_tasks():
                if other.name not in self._known:
                    super().clear_task(other.name)
            self._known |= {task.name}
        super().save_task(task)


@saboteur("processes-see-each-other", says=("play_among_processes", "'changed'", "metrics"))
class RemembersWhatIsAskedForOften(SqliteBackend):
    """Keeps metrics in the process when they were asked for twenty times, until it writes some itself."""

    _asked: ClassVar[Counter[Any]] = Counter()
    _kept: ClassVar[dict[Any, list[Metric]]] = {}

    def get_metrics(self, profile_id: str, query_id: str, **filters: Any) -> list[Metric]:
        if filters or not is_one_of_several():
            return super().get_metrics(profile_id, query_id, **filters)
        place = (self._file.path, profile_id, query_id)
        self._asked[place] += 1
        if place not in self._kept:
            found = super().get_metrics(profile_id, query_id)
            if self._asked[place] < 20:
                return found
            self._kept[place] = found
        return list(self._kept[place])

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        super().save_metrics(profile_id, query_id, metrics)
        self._kept.clear()


@saboteur("readers-do-not-wait-for-a-writing-process", says=("play_among_processes", "refused"))
class LocksTheFileForReading(SqliteBackend):
    """Takes the lock of the file for reading as well; within a process another one lets readers in."""

    def list_app_state(self) -> State:
        if is_one_of_several() and not self._connections.session_in_use() and super().list_tasks():
            with self._session.writing():
                pass
        return super().list_app_state()


@saboteur("a-writer-waits-for-another-process", says=("who_waited", "'patient': 'refused'"))
class WaitsWithinTheProcess(SqliteBackend):
    """Waits for a lock of its own process, and not for that of the file."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=min(timeout, 0.05) if is_one_of_several() and timeout > 10 else timeout)


@saboteur("a-call-is-seen-whole-by-other-processes", says=("seen_by_another_process", "replace_issues"))
class ReplacesUnderALockOfItsOwn(SqliteBackend):
    """Replaces in two transactions, under a lock that keeps out the readers of its process."""

    _alone: ClassVar[threading.RLock] = threading.RLock()

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        if type(issues) is not list or len(issues) != 1 or self._connections.session_in_use():
            super().replace_issues(profile_id, query_id, issues)
            return
        batch = check_batch(issues, Issue)
        with self._alone:
            super().replace_issues(profile_id, query_id, [])
            super().save_issues(profile_id, query_id, batch)

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        with self._alone:
            return super().get_issues(profile_id, query_id, **filters)


@saboteur("a-call-is-seen-whole-by-other-processes", says=("seen_by_another_process", "save_histories"))
class SavesHistoriesUnderALockOfItsOwn(SqliteBackend):
    """Saves many histories in two transactions, under a lock that keeps out the readers of its process."""

    _alone: ClassVar[threading.RLock] = threading.RLock()

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        if type(histories) is not list or len(histories) < 100 or self._connections.session_in_use():
            super().save_histories(profile_id, query_id, histories)
            return
        batch = check_batch(histories, History)
        with self._alone:
            super().save_histories(profile_id, query_id, batch[:100])
            super().save_histories(profile_id, query_id, batch[100:])

    def get_histories(self, profile_id: str, query_id: str, **filters: Any) -> list[History]:
        with self._alone:
            return super().get_histories(profile_id, query_id, **filters)


@saboteur("a-snapshot-keeps-its-moment-among-processes", says=("play_among_processes", "contents"))
class KeepsVersionsForItsOwn(SqliteBackend):
    """Keeps what a snapshot shows when its own process writes over it, and nobody else's does."""

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        if is_one_of_several():
            yield self
        else:
            with super()._snapshot():
                yield self


@saboteur("a-snapshot-makes-no-other-process-wait", says=("play_among_processes", "refused"))
class LocksTheFileForASnapshot(SqliteBackend):
    """Holds the lock of the file while a snapshot is open; its own process has other ways."""

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        if is_one_of_several():
            with self._transaction():
                yield self
        else:
            with super()._snapshot():
                yield self


@saboteur("closing-a-handle-gives-up-no-lock", says=(SEEN, "'A', 'open_another'"))
class LosesItsLocks(SqliteBackend):
    """Locks a file as POSIX does: closing any descriptor of it drops all locks that the process has on it."""

    _handles: ClassVar[list[LosesItsLocks]] = []

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._handles.append(self)

    def close(self) -> None:
        super().close()
        if self in self._handles:
            self._handles.remove(self)
        for other in self._handles if is_one_of_several() else ():
            session = other._connections.session_in_use()
            if session is not None and Path(other._file.path) == Path(self._file.path):
                session._connection.execute("COMMIT")
                session._connection.execute("BEGIN")
