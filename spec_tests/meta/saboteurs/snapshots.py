"""Backends whose snapshots go wrong (contract, chapter 17)."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, ClassVar, Self

from burndown_spec.oracle import TransactionalBackend
from burndown_spec.oracle.store import Store
from burndown_spec.oracle.transactions import View
from burndown_store.contract import (
    Backend,
    BusyError,
    CacheInfo,
    ChangeEntry,
    Issue,
    Scope,
    StorageError,
    UsageError,
)
from burndown_store.sqlite import SqliteBackend
from burndown_store.sqlite.connections import Connections
from burndown_store.sqlite.location import StoreFile
from saboteurs import saboteur

Location = str | os.PathLike[str]


class SteppingOutside(TransactionalBackend):
    """Knows which snapshots are open, and how to read and write around them."""

    @property
    def moments(self) -> list[View]:
        """The snapshots that the calling thread has open, the outermost first."""
        return [view for view in self._of_thread.views if view.reads_only]

    @contextmanager
    def outside(self) -> Iterator[None]:
        """The calling thread is in no snapshot meanwhile."""
        views = self._of_thread.views
        self._of_thread.views = [view for view in views if not view.reads_only]
        try:
            yield
        finally:
            self._of_thread.views = views


class ReaderBehindTheBackend:
    """What a snapshot may be taken to be: an object that reads."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


@saboteur("a-snapshot-yields-the-backend", says=("given_by(backend, backend.snapshot)", "expected True, got False"))
class YieldsNothing(TransactionalBackend):
    """Forgets what `as` is for."""

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        with super()._snapshot():
            yield None  # type: ignore[misc]


@saboteur("a-snapshot-yields-the-backend", says=("given_by(backend, backend.snapshot)", "expected True, got False"))
class YieldsAReader(TransactionalBackend):
    """Makes an object of its own for each snapshot, and yields that."""

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        with super()._snapshot():
            yield ReaderBehindTheBackend(self)  # type: ignore[misc]


@saboteur("a-snapshot-shows-the-moment-of-entry", says=("contents_of(backend)", "expected 'other', got 'new'"))
class PinsTheMomentAtTheFirstRead(SqliteBackend):
    """Opens a snapshot with a plain `BEGIN`, which fixes nothing before the first read."""

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        session = self._session
        if session.is_idle:
            session.execute("BEGIN")
            session._snapshots += 1
        else:
            session.open_snapshot()
        try:
            yield self
        finally:
            session.close_snapshot()
        session.expect_open()


@saboteur("a-snapshot-shows-the-moment-of-entry", says="contents_of(backend)")
class ReadsEachByItself(TransactionalBackend):
    """Refuses writes in a snapshot, and leaves each read to itself."""

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        with super()._snapshot():
            if len(self._of_thread.views) == 1:
                self._of_thread.views[-1].store = self._shared
            yield self


@saboteur("a-snapshot-shows-the-moment-of-entry", says=("save_profile", "contents_of(backend)"))
class CopiesTheOutermostOnly(TransactionalBackend):
    """Copies the dict of profiles for a snapshot, and shares what the profiles hold."""

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        with super()._snapshot():
            if len(self._of_thread.views) == 1:
                with self._shared.lock:
                    now = self._shared
                    self._of_thread.views[-1].store = Store(dict(now.profiles), dict(now.app_state), dict(now.tasks))
            yield self


@saboteur("a-snapshot-shows-the-moment-of-entry", says=("save_scope", "contents_of(backend)", "scope"))
class ReadsTheScopeAround(SteppingOutside):
    """Keeps scopes in a file of their own, which no snapshot covers."""

    def get_scope(self, profile_id: str, query_id: str) -> Scope | None:
        with self.outside():
            return super().get_scope(profile_id, query_id)


@saboteur("a-snapshot-shows-the-moment-of-entry", says=("contents_of(backend)", "cache info"))
class ForgetsTheMomentOfTheCacheInfo(SteppingOutside):
    """Reads the cache info on the connection that writes."""

    def get_cache_info(self, profile_id: str, query_id: str) -> CacheInfo | None:
        with self.outside():
            return super().get_cache_info(profile_id, query_id)


@saboteur("every-read-keeps-to-the-snapshot", says=("backend.list_history_keys('p', 'q')", "expected 2, got 0"))
class ListsHistoryKeysAround(SteppingOutside):
    """Has one operation that looks into an index beside the store."""

    def list_history_keys(self, profile_id: str, query_id: str) -> list[str]:
        with self.outside():
            return super().list_history_keys(profile_id, query_id)


@saboteur("every-read-keeps-to-the-snapshot", says=("backend.get_changes('p', 'q')", "expected"))
class AsksTheLatestChanges(SteppingOutside):
    """Reads changes from a table of their own, on a connection of its own."""

    def get_changes(self, profile_id: str, query_id: str, **filters: Any) -> list[ChangeEntry]:
        with self.outside():
            return super().get_changes(profile_id, query_id, **filters)


@saboteur("every-read-keeps-to-the-snapshot", says=("backend.get_issues('p', 'q', key='AB-1')", "expected"))
class LooksUpOneIssueAround(SteppingOutside):
    """Has a shortcut for one issue that is asked for by its key."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        with self.outside() if filters.get("key") is not None else nullcontext():
            return super().get_issues(profile_id, query_id, **filters)


@saboteur("every-read-keeps-to-the-snapshot", says=("backend.get_app_state('key')", "got None"))
class AsksTheCacheFirst(SteppingOutside):
    """Keeps the application state in memory for the whole process, where every write puts it at once."""

    def get_app_state(self, key: str) -> str | None:
        with self.outside():
            return super().get_app_state(key)


@saboteur("other-threads-are-not-in-the-snapshot", says=("in_thread(backend.list_app_state)", "'before'"))
class OneMomentForTheHandle(SteppingOutside):
    """Keeps the moment for the handle, so that all of its threads read there."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._moments_of_all: list[View] = []

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        with super()._snapshot():
            self._moments_of_all.append(self._of_thread.views[-1])
            try:
                yield self
            finally:
                self._moments_of_all.pop()

    def list_app_state(self) -> dict[str, str]:
        if self._of_thread.views or not self._moments_of_all:
            return super().list_app_state()
        return dict(self._moments_of_all[-1].store.app_state)


@saboteur("other-threads-are-not-in-the-snapshot", says=("in_thread(backend.set_app_state", "raised UsageError"))
class RefusesWritesOfAllThreads(TransactionalBackend):
    """Counts the snapshots of the handle to know whether the calling thread has one."""

    _open_snapshots = 0

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        with super()._snapshot():
            self._open_snapshots += 1
            try:
                yield self
            finally:
                self._open_snapshots -= 1

    def _check_writable(self) -> None:
        super()._check_writable()
        if self._open_snapshots and not self._of_thread.views:
            raise UsageError("a snapshot is open on this handle")


@saboteur("a-snapshot-lets-every-error-through", says=("call(passes, snapshot_1", "expected True, got False"))
class SwallowsTheError(TransactionalBackend):
    """Is left with `return` in a `finally`, which swallows whatever the body raises."""

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        with super()._snapshot():
            try:
                yield self
            except BaseException:
                return


@saboteur("a-snapshot-lets-every-error-through", says=("call(passes, snapshot_1", "expected True, got False"))
class WrapsTheError(TransactionalBackend):
    """Takes every error in the body for one of the store's."""

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        with super()._snapshot():
            try:
                yield self
            except Exception as error:
                raise StorageError("reading failed") from error


@saboteur("a-snapshot-lets-every-error-through", says=("worker_1.call(backend.list_app_state)", "'theirs'"))
class LetsGoAtAGoodEndOnly(TransactionalBackend):
    """Has no `finally`: when the body raises, its thread stays in the snapshot."""

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        self._check_open()
        with self._shared.lock:
            view = View(self._store.copy(), reads_only=True)
        views = self._of_thread.views
        views.append(view)
        yield self
        views.remove(view)
        self._check_open()


@saboteur("a-snapshot-lets-every-error-through", says=("KeyboardInterrupt()", "worker_2.call(backend.list_app_state)"))
class LetsGoAfterExceptionsOnly(TransactionalBackend):
    """Says `except Exception`, which Ctrl-C is not."""

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        self._check_open()
        with self._shared.lock:
            view = View(self._store.copy(), reads_only=True)
        views = self._of_thread.views
        views.append(view)
        try:
            yield self
        except Exception:
            views.remove(view)
            raise
        views.remove(view)
        self._check_open()


@saboteur("snapshots-of-two-handles-are-two-moments", says=("other.list_app_state()", "expected '2', got '1'"))
class OneMomentForTheLocation(TransactionalBackend):
    """Keeps one moment for the location, and gives it to whoever asks while it is held."""

    _held: ClassVar[dict[int, list[Store]]] = {}

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        held = self._held.setdefault(id(self._shared), [])
        with super()._snapshot():
            view = self._of_thread.views[-1]
            if held and len(self._of_thread.views) == 1:
                view.store = held[-1]
            held.append(view.store)
            try:
                yield self
            finally:
                held.pop()


class SnapshotsOfThread(threading.local):
    """How many snapshots the thread has open, of whatever handle."""

    count = 0


@saboteur("a-reader-makes-no-writer-wait", says=("set_app_state('key', 'value')", "raised UsageError"))
class OneSnapshotForAllHandlesOfTheThread(TransactionalBackend):
    """Keeps for the thread alone, and not for the handle in it, that a snapshot is open."""

    _open = SnapshotsOfThread()

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        self._open.count += 1
        try:
            with super()._snapshot():
                yield self
        finally:
            self._open.count -= 1

    def _check_writable(self) -> None:
        super()._check_writable()
        if self._open.count:
            raise UsageError("a snapshot only reads; write before it or after it")


class ConnectionsWithoutALog(Connections):
    """Opens the file with a rollback journal in place of the write-ahead log."""

    def _open_store(self) -> None:
        if Path(self._file.path).exists():
            self._file.remember()
            self._keep(self._connect("mode=rw"))
        else:
            super()._open_store()
            self.session().execute("PRAGMA journal_mode = DELETE")
            # The log is gone with that, and is not to be missed.
            self._file.remember()


@saboteur("a-reader-makes-no-writer-wait", says=("set_app_state('key', 'value')", "raised BusyError"))
class KeepsARollbackJournal(SqliteBackend):
    """Has no write-ahead log, so that a commit waits until nobody reads."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        self._file = StoreFile(location)
        self._durability = "full"
        self._connections = ConnectionsWithoutALog(self._file, timeout, self._durability)


@saboteur("a-reader-makes-no-writer-wait", says=("save_issues('p', 'q', result_", "raised BusyError"))
class TidiesUpAfterALargeWrite(TransactionalBackend):
    """Copies the log back after a large write, for which it waits until nobody reads."""

    _readers: ClassVar[dict[int, int]] = {}

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        store = id(self._shared)
        self._readers[store] = self._readers.get(store, 0) + 1
        try:
            with super()._snapshot():
                yield self
        finally:
            self._readers[store] -= 1

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        super().save_issues(profile_id, query_id, issues)
        if isinstance(issues, list) and len(issues) > 100 and self._readers.get(id(self._shared)):
            raise BusyError("database is locked")
