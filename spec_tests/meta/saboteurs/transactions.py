"""Backends whose transactions go wrong (contract, 16.1 to 16.6)."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Self

from burndown_spec.oracle import TransactionalBackend
from burndown_spec.oracle.store import Store
from burndown_spec.oracle.transactions import View
from burndown_store.contract import (
    ChangeEntry,
    PersistenceError,
    Scope,
    StorageError,
    Task,
    check,
)
from saboteurs import saboteur

Location = str | os.PathLike[str]


class WritingOrNot(TransactionalBackend):
    """Knows whether the calling thread has a transaction open, and can look around it."""

    @property
    def _is_writing(self) -> bool:
        views = self._of_thread.views
        return bool(views) and not views[-1].reads_only

    @contextmanager
    def _outside(self) -> Iterator[None]:
        views, self._of_thread.views = self._of_thread.views, []
        try:
            yield
        finally:
            self._of_thread.views = views

    def _forget(self) -> None:
        """Take back all that the transaction has written."""
        self._of_thread.views[-1].store.become(self._shared.copy())


@saboteur(
    "a-transaction-yields-the-backend", says=("given_by(backend, backend.transaction)", "expected True, got False")
)
class YieldsNothing(TransactionalBackend):
    """Forgets to yield itself to the block."""

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with super()._transaction():
            yield

    @contextmanager
    def _savepoint(self) -> Iterator[Any]:
        with super()._savepoint():
            yield


@saboteur("a-transaction-stays", says=("backend.clear_task('fetch')", "contents_of(backend)", "Task("))
class WritesBackWhatItFinds(TransactionalBackend):
    """Writes the tasks that it has at the end over those of the store, where those that it cleared stay."""

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        with super()._transaction():
            yield self
            self._store.tasks = {**self._shared.tasks, **self._store.tasks}


@saboteur(
    "a-transaction-appears-at-its-end",
    "other-threads-see-the-committed-state",
    "a-transaction-that-raises-leaves-nothing",
    "a-snapshot-in-a-transaction-shows-its-state",
    says=("backend.save_task(", "contents_of(other)", "['tasks']"),
)
class ProgressIsNoPartOfIt(TransactionalBackend):
    """Saves the progress of tasks at once, transaction or not, so that others can watch it."""

    def save_task(self, task: Task) -> None:
        super().save_task(task)
        with self._shared.lock:
            self._shared.tasks[task.name] = check(task)


@saboteur(
    "a-transaction-appears-at-its-end",
    "other-threads-see-the-committed-state",
    "a-snapshot-in-a-transaction-shows-its-state",
    says=("backend.save_task(", "contents_of(other)", "['tasks']"),
)
class CachesForAllHandles(TransactionalBackend):
    """Keeps the tasks in a cache of the location, which takes in what is written before it is committed."""

    _cached: ClassVar[dict[int, dict[str, Task]]] = {}

    def save_task(self, task: Task) -> None:
        super().save_task(task)
        self._cached[id(self._shared)] = dict(self._store.tasks)

    def clear_task(self, name: str) -> None:
        super().clear_task(name)
        self._cached[id(self._shared)] = dict(self._store.tasks)

    def list_tasks(self) -> list[Task]:
        found = super().list_tasks()
        cached = None if self._of_thread.views else self._cached.get(id(self._shared))
        return found if cached is None else [check(task) for _, task in sorted(cached.items())]

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        try:
            with super()._transaction():
                yield self
        finally:
            self._cached.pop(id(self._shared), None)

    def close(self) -> None:
        super().close()
        self._cached.pop(id(self._shared), None)


@saboteur(
    "other-threads-see-the-committed-state",
    "no-aborted-read",
    "no-intermediate-read",
    says=("in_thread(contents_of, backend)", "['profiles'][0].id: expected 'other', got 'new'"),
)
class ShowsItToAllThreads(TransactionalBackend):
    """Keeps for the handle, not for the thread, what reads are to look at."""

    @property
    def _store(self) -> Store:
        writing = self._writing
        return writing.store if writing and not self._of_thread.views else super()._store


@saboteur("reads-in-a-transaction-see-its-writes", says=("backend.save_scope(", "['scope']"))
class ReadsFromTheStore(WritingOrNot):
    """Collects what is written until the end, and reads from the store."""

    def get_scope(self, profile_id: str, query_id: str) -> Scope | None:
        if not self._is_writing:
            return super().get_scope(profile_id, query_id)
        with self._outside():
            return super().get_scope(profile_id, query_id)


@saboteur("reads-in-a-transaction-see-its-writes", says=("backend.get_changes('p', 'q')",))
class SearchesInTheStore(WritingOrNot):
    """Has one read, the one with the many filters, that searches what is committed."""

    def get_changes(self, profile_id: str, query_id: str, **filters: Any) -> list[ChangeEntry]:
        if not self._is_writing:
            return super().get_changes(profile_id, query_id, **filters)
        with self._outside():
            return super().get_changes(profile_id, query_id, **filters)


@saboteur(
    "a-transaction-that-raises-leaves-nothing",
    says=("backend.save_scope(", "['scope']", "CallersOwnError('raised in the body')"),
)
class UndoesWhatItKnowsOf(TransactionalBackend):
    """Undoes a transaction from a list of what to undo, on which nobody has put the scope."""

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        view = None
        try:
            with super()._transaction():
                view = self._of_thread.views[-1]
                yield self
        except BaseException:
            if view is not None:
                for profile_id, profile in self._shared.profiles.items():
                    for query_id, query in profile.queries.items():
                        query.contents.scope = view.store.contents_of(profile_id, query_id).scope
            raise


@saboteur(
    "a-transaction-that-raises-leaves-nothing",
    says=("backend.save_profile(", "raise_in(transaction_1", "['profiles'][0].id: expected 'other', got 'new'"),
)
class CommitsHoweverItEnds(TransactionalBackend):
    """Commits in `finally`."""

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        failure = None
        with super()._transaction():
            try:
                yield self
            except BaseException as error:
                failure = error
        if failure:
            raise failure


@saboteur(
    "a-transaction-lets-every-error-through",
    says=("passes, transaction_2, KeyboardInterrupt()", "contents_of(backend)"),
)
class RollsBackAfterExceptionsOnly(TransactionalBackend):
    """Rolls back under `except Exception`, and commits under `else` and whatever else comes."""

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        failure = None
        with super()._transaction():
            try:
                yield self
            except Exception:
                raise
            except BaseException as error:
                failure = error
        if failure:
            raise failure


@saboteur("a-transaction-lets-every-error-through", says=("OSError('raised in the body')", "expected True, got False"))
class TakesItForTheDisks(TransactionalBackend):
    """Takes an `OSError` of the body for one of its own, and wraps it."""

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        try:
            with super()._transaction():
                yield self
        except PersistenceError:
            raise
        except OSError:
            raise StorageError("the store could not be written; look at the disk") from None


@saboteur("a-transaction-lets-every-error-through", says=("GeneratorExit()", "expected True, got False"))
class TakesItForAnEarlyReturn(TransactionalBackend):
    """Takes `GeneratorExit` for a block that was left early, undoes it and says nothing."""

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        try:
            with super()._transaction():
                yield self
        except GeneratorExit:
            return


@saboteur("transactions-come-one-after-another", says=("'after a failed one'", "raised BusyError"))
class KeepsTheLockOfWhatFailed(TransactionalBackend):
    """Leaves the lock of a transaction that raised as it is; the handle itself does not need to ask for it again."""

    _failed = False

    def _end_writing(self, view: View | None) -> None:
        if view is None or not self._failed:
            super()._end_writing(view)

    def _begin_writing(self) -> View:
        if self._failed:
            self._shared.writer.release()
            self._failed = False
        return super()._begin_writing()

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        with super()._transaction():
            try:
                yield self
            except BaseException:
                self._failed = not self._closed
                raise

    def close(self) -> None:
        super().close()
        if self._failed and self._writing:
            self._failed = False
            self._end_writing(self._writing)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._failed:
            with self._shared.lock:
                yield
        else:
            with super()._alone():
                yield


@saboteur("transactions-come-one-after-another", says=("other.transaction", "raised BusyError"))
class KeepsTheLockOfWhatWroteNothing(TransactionalBackend):
    """Gives the lock back where it commits, and has nothing to commit in a transaction that wrote nothing."""

    _kept = False

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        with super()._transaction():
            before = self._store.records(), self._store.app_state.copy()
            yield self
            self._kept = before == (self._store.records(), self._store.app_state)

    def _end_writing(self, view: View | None) -> None:
        kept, self._kept = self._kept, False
        if not kept or self._closed:
            super()._end_writing(view)


@saboteur("transactions-come-one-after-another", says=("raised in the body", "'kept': '1'"))
class KeepsTheUndoLog(TransactionalBackend):
    """Empties the list of what to undo when it undoes, and not when it commits."""

    _before: Store | None = None

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        with super()._transaction():
            if self._before is None:
                self._before = self._shared.copy()
            try:
                yield self
            except BaseException:
                self._shared.become(self._before)
                self._before = None
                raise


@saboteur(
    "calls-of-other-threads-are-no-part-of-it",
    "transactions-come-one-after-another",
    says=("raised in the body", "backend.list_app_state()", "['ours']: expected 'kept', got nothing"),
)
class UndoesToWhatTheThreadKnew(TransactionalBackend):
    """Undoes to a copy that a handle keeps of the store for each thread, and renews with that thread's writes."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._known = threading.local()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with super()._alone():
            yield
            self._known.store = self._shared.copy()

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        known = self._known.__dict__
        try:
            with super()._transaction():
                known.setdefault("store", self._shared.copy())
                yield self
            known["store"] = self._shared.copy()
        except BaseException:
            if "store" in known and not self._closed:
                self._shared.become(known["store"].copy())
            raise
