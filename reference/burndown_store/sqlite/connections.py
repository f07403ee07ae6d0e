"""The connections of one handle: one for each thread, opened when the thread first calls, closed when it ends."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from typing import Final, Literal

from burndown_store.contract import ClosedError, StorageError, StorageLostError, UsageError
from burndown_store.sqlite.location import StoreFile, is_there
from burndown_store.sqlite.placing import expect_no_recovery_under_way
from burndown_store.sqlite.refusals import refusal_of
from burndown_store.sqlite.schema import examine
from burndown_store.sqlite.session import Session
from burndown_store.sqlite.upgrading import prepare

__all__ = ["Connections", "Durability", "is_open_here"]

Durability = Literal["full", "normal"]

OLDEST_SQLITE: Final = (3, 37, 0)
_STATEMENTS_KEPT: Final = 256
# The write-ahead log is cut back to this after a write that needed more.
_LOG_BYTES_KEPT: Final = 4 * 1024 * 1024
# Whoever works on the files themselves has to know, for the system's locks keep processes apart, and not handles.
_OPEN: Final[weakref.WeakSet[Connections]] = weakref.WeakSet()


def is_open_here(path: str) -> bool:
    """Whether a handle of this process has the store's file open."""
    place = os.path.realpath(path)
    return any(os.path.realpath(each.path) == place and not each.is_closed for each in list(_OPEN))


class _End:
    """Lives as long as its thread."""


class _OfThread(threading.local):
    session: Session | None = None
    end: _End | None = None


class Connections:
    """Opens the store's file and hands each thread its session."""

    def __init__(self, file: StoreFile, timeout: float, durability: Durability) -> None:
        """Create or upgrade the store where needed. Raises `StorageError`, `SchemaVersionError`, `BusyError`."""
        self._file = file
        self._timeout = timeout
        self._durability = durability
        self._process = os.getpid()
        self._closed = False
        self._lock = threading.Lock()
        self._of_thread = _OfThread()
        self._sessions: weakref.WeakSet[Session] = weakref.WeakSet()
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise StorageError(f"SQLite {sqlite3.sqlite_version} is too old; this backend needs 3.37 or newer")
        self._open_store()
        _OPEN.add(self)

    @property
    def path(self) -> str:
        """The store's file."""
        return self._file.path

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def expect_open(self) -> None:
        """Raises `ClosedError` after `close`, `UsageError` in a forked process."""
        if self._closed:
            raise ClosedError(f"{self._file.path}: this handle was closed; open the store again")
        if os.getpid() != self._process:
            raise UsageError(f"{self._file.path}: a handle does not cross a fork; open the store in this process")

    def session(self) -> Session:
        """The calling thread's session."""
        session = self._of_thread.session
        if session is None:
            self._expect_present()
            try:
                session = self._keep(self._connected_again())
            except sqlite3.Error as error:
                raise refusal_of(error, self._file.path) from None
        return session

    def _expect_present(self) -> None:
        """As the file's own, but what became of the log counts only while a connection of this handle holds it."""
        try:
            self._file.expect_present()
        except StorageLostError:
            with self._lock:
                is_held = any(not session.is_shut for session in self._sessions)
            if not is_held:
                self._file.forget_log()
            # Looked at once more in any case: another thread may have begun the next log meanwhile.
            self._file.expect_present()

    def _connected_again(self) -> sqlite3.Connection:
        connection = self._connect("mode=rw")
        try:
            # SQLite opens the log at the first look, and from then on it has to stay.
            connection.execute("PRAGMA user_version").fetchone()
            self._file.remember_log()
        except BaseException:
            connection.close()
            raise
        return connection

    def session_in_use(self) -> Session | None:
        """The calling thread's session while it has a transaction or a snapshot open."""
        session = self._of_thread.session
        return None if session is None or session.is_idle else session

    def close(self) -> None:
        """Close every thread's connection. What other threads have open is undone."""
        if os.getpid() != self._process:
            # SQLite must not be touched here: the files belong to the parent.
            return
        with self._lock:
            self._closed = True
            sessions = list(self._sessions)
        for session in sessions:
            session.shut()

    def _open_store(self) -> None:
        path = self._file.path
        try:
            self._examine_untouched()
            connection = self._connect("mode=rwc")
            try:
                prepare(connection, path, self._timeout)
                self._end_creation(connection)
                self._file.remember()
            except BaseException:
                connection.close()
                raise
            self._keep(connection)
        except sqlite3.Error as error:
            raise refusal_of(error, path) from None

    def _examine_untouched(self) -> None:
        """Look at what lies there in a way that leaves it as it is, also where it is no store or a newer one."""
        expect_no_recovery_under_way(self._file.path)
        self._file.expect_not_emptied()
        if not is_there(self._file.path):
            self._file.begin_creation()
        # Another opener may end the creation between the two looks.
        elif not (self._version() or self._file.is_being_created() or self._version()):
            raise self._file.emptied()

    def _version(self) -> int:
        # A log that is not empty has the last word on the version. Otherwise nothing needs to be put beside the file.
        parameters = "mode=ro" if self._file.log_bytes() else "mode=ro&immutable=1"
        if self._file.has_journal():
            # A power cut during the creation leaves the file torn, and how it was is in there: SQLite puts that back.
            parameters = "mode=rw"
        probe = sqlite3.connect(self._file.uri(parameters), uri=True, timeout=self._timeout, isolation_level=None)
        try:
            return examine(probe, self._file.path)
        finally:
            probe.close()

    def _end_creation(self, connection: sqlite3.Connection) -> None:
        if self._file.is_being_created():
            (busy, in_log, moved) = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if not busy and in_log == moved:
                self._file.end_creation()

    def _connect(self, mode: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._file.uri(mode),
            uri=True,
            timeout=self._timeout,
            isolation_level=None,
            # Each thread has its own; only closing may come from another, and Session locks that out.
            check_same_thread=False,
            cached_statements=_STATEMENTS_KEPT,
        )
        try:
            connection.execute(f"PRAGMA synchronous = {self._durability}")
            connection.execute(f"PRAGMA fullfsync = {self._durability == 'full'}")
            connection.execute(f"PRAGMA checkpoint_fullfsync = {self._durability == 'full'}")
            connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES_KEPT}")
            connection.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            connection.close()
            raise
        return connection

    def _shut_with_the_thread(self, session: Session) -> None:
        """Undo what the thread leaves open when it ends, though somebody may still hold the block."""
        self._of_thread.end = _End()
        weakref.finalize(self._of_thread.end, session.shut).atexit = False

    def _keep(self, connection: sqlite3.Connection) -> Session:
        session = Session(connection, self._file, round(self._timeout * 1000))
        with self._lock:
            if not self._closed:
                self._sessions.add(session)
                self._of_thread.session = session
                self._shut_with_the_thread(session)
                return session
        session.shut()
        raise ClosedError(f"{self._file.path}: this handle was closed; open the store again")
