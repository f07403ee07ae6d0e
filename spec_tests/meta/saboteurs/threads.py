"""Backends that go wrong where several threads use one handle (contract, chapter 11)."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import BusyError, Issue, Metric, Query, Statistic, StorageError, Task, check, check_batch
from saboteurs import saboteur

Location = str | os.PathLike[str]


class Meeting(MemoryBackend):
    """Lets eight threads meet where they would seldom do so by chance: what happens now and then happens always."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._opener = threading.get_ident()
        self._place = threading.Barrier(8, timeout=1.0)

    def is_alone(self) -> bool:
        return threading.get_ident() == self._opener

    def meet(self) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            self._place.wait()

    def write_last(self, is_last: bool, write: Callable[[], None]) -> None:
        """Once all have come, `write`: first all the others, then the last."""
        self.meet()
        if is_last:
            self.meet()
            write()
        else:
            write()
            self.meet()


@saboteur("threads-write-at-once", says=("together((backend.save_task", "list_tasks()"))
class WritesBackAllTasks(Meeting):
    """Keeps all tasks in one document, which it reads, changes and writes back without a lock."""

    def save_task(self, task: Task) -> None:
        if self.is_alone() or not task.name.startswith("task "):
            super().save_task(task)
            return
        after = {**self._store.tasks, task.name: check(task)}

        def write() -> None:
            self._store.tasks = after

        self.write_last(task.name.endswith("7"), write)


@saboteur("threads-write-at-once", says=("together((backend.save_metrics", "get_metrics('p', 'q')"))
class WritesBackAllMetrics(Meeting):
    """The same, for the metrics of a query."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        if self.is_alone():
            super().save_metrics(profile_id, query_id, metrics)
            return
        batch = check_batch(metrics, Metric)
        contents = self._store.existing_contents(profile_id, query_id)
        after = {**contents.metrics, **{(each.week, each.name): each for each in batch}}

        def write() -> None:
            contents.metrics = after

        self.write_last(any(each.week.endswith("7") for each in batch), write)


@saboteur("threads-write-at-once", says=("together((backend.save_statistics", "get_statistics('p', 'q')"))
class WritesBackAllStatistics(Meeting):
    """The same, for the statistics of a query."""

    def save_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        if self.is_alone():
            super().save_statistics(profile_id, query_id, statistics)
            return
        batch = check_batch(statistics, Statistic)
        contents = self._store.existing_contents(profile_id, query_id)
        after = {**contents.statistics, **{each.date: each for each in batch}}

        def write() -> None:
            contents.statistics = after

        self.write_last(any(each.date.day == 8 for each in batch), write)


@saboteur("threads-read-at-once", says=("together((backend.get_issues", ".key: expected"))
class FetchesIntoOneBuffer(Meeting):
    """Collects the rows of every answer in one buffer of the handle."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        found = super().get_issues(profile_id, query_id, **filters)
        if self.is_alone():
            return found

        def fetch() -> None:
            self._rows = found

        self.write_last(query_id == "two", fetch)
        self.meet()
        return list(self._rows)


@saboteur("forty-threads-share-a-handle", says=("in_many_threads(40", "raised StorageError"))
class HasAPoolOfTwenty(MemoryBackend):
    """Lends each thread a connection until the thread ends, and has twenty of them."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._lent: set[threading.Thread] = set()
        self._lending = threading.Lock()

    def _check_open(self) -> None:
        super()._check_open()
        with self._lending:
            self._lent = {thread for thread in self._lent if thread.is_alive()} | {threading.current_thread()}
            if len(self._lent) > 20:
                raise StorageError("the pool has no connection left; close some")


class Locking(MemoryBackend):
    """Has a lock of its own, which it takes for `timeout` seconds at most."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._writing = threading.RLock()

    def take(self) -> None:
        if not self._writing.acquire(timeout=0.1):
            raise BusyError("another thread writes; try again")


@saboteur("a-refusal-leaves-nothing-locked", says=("in_thread(backend.save_query", "raised BusyError"))
class LocksAndDoesNotFind(Locking):
    """Lets go of its lock at the end of the write, which it does not reach where the profile is not there."""

    def save_query(self, profile_id: str, query: Query) -> None:
        self.take()
        super().save_query(profile_id, query)
        self._writing.release()


@saboteur("a-refusal-leaves-nothing-locked", says=("in_thread(backend.set_app_state", "raised BusyError"))
class LocksAndThenChecks(Locking):
    """Takes its lock before it looks at the text, and keeps it where the text is refused."""

    def set_app_state(self, key: str, value: str) -> None:
        self.take()
        super().set_app_state(key, value)
        self._writing.release()


@saboteur("a-refusal-leaves-nothing-locked", says=("interrupted_by(KeyboardInterrupt", "raised BusyError"))
class LocksForExceptionsOnly(Locking):
    """Gives its lock back after any `Exception`, which `KeyboardInterrupt` is not."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        self.take()
        try:
            super().save_metrics(profile_id, query_id, metrics)
        except Exception:
            self._writing.release()
            raise
        self._writing.release()
