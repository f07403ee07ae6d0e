"""Transactions, snapshots and single calls: which thread they belong to, what dooms them, how closing ends them.

All three are sessions: one connection with one transaction of SQLite. A transaction or a snapshot belongs to the thread
that opened it, and that thread's calls are steps of it; any other call opens a session for itself alone. A step holds
its session's lock, so that `close()`, called by another thread, undoes a session only between two steps.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from burndown_store.contract import BusyError, ClosedError, PersistenceError, StorageError, UsageError
from honest.generic_table.database import storage_errors, writers_of
from honest.generic_table.table import entries

__all__ = ["Sessions"]


class _Session:
    """One connection and its transaction. `failure` is what doomed it, `snapshots` how many it is read through."""

    def __init__(self, *, writes: bool) -> None:
        self.writes = writes
        self.lock = threading.Lock()
        self.failure: BusyError | StorageError | None = None
        self.snapshots = 0
        self._connection: Connection | None = None

    @property
    def connection(self) -> Connection:
        """The connection. Raises `StorageError` once it was given back."""
        if self._connection is None:
            raise StorageError("the transaction has ended; open another")
        return self._connection

    def begin(self, engine: Engine) -> None:
        """Take a connection and begin its transaction; waits for the lock if the engine is one of writers."""
        with storage_errors():
            self._connection = engine.connect()
            self._connection.begin()

    def end(self) -> None:
        """Undo what was not committed and give the connection back; done twice it does nothing."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.close()
        except SQLAlchemyError:
            # What cannot be rolled back is closed for good, and SQLite undoes it.
            connection.invalidate()
            connection.close()


class _Own(threading.local):
    """The transaction or snapshot that the current thread has open."""

    session: _Session | None = None


class Sessions:
    """The open sessions of one handle."""

    def __init__(self, engine: Engine) -> None:
        self._readers, self._writers = engine, writers_of(engine)
        self._own = _Own()
        self._open: set[_Session] = set()
        self._changed = threading.Condition()
        self._closed = False

    def admit(self, *, writes: bool = False) -> None:
        """Raise `ClosedError` on a closed handle, and `UsageError` for a write where a snapshot is read."""
        if self._closed:
            raise ClosedError("the handle is closed; open another")
        if writes and self._own.session and self._own.session.snapshots:
            raise UsageError("a snapshot only reads; leave its block before you write or begin a transaction")

    def reading(self) -> AbstractContextManager[Connection]:
        """For a call that reads: it sees one moment, its thread's transaction or snapshot if there is one."""
        return self._call(writes=False)

    def writing(self) -> AbstractContextManager[Connection]:
        """For a call that writes: all of it at once, or nothing when its body raises."""
        return self._call(writes=True)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """The block of a transaction, or of a savepoint where this thread is in a transaction."""
        self.admit(writes=True)
        session = self._own.session
        if session is None:
            with self._owned(writes=True) as session:
                yield
                with self._step(session) as connection:
                    connection.commit()
            return
        with self._step(session) as connection:
            savepoint = connection.begin_nested()
        try:
            yield
        except BaseException:
            # A failure in here dooms the transaction, which says so at its end; the body's error passes unchanged.
            with suppress(PersistenceError), self._step(session):
                savepoint.rollback()
            raise
        with self._step(session):
            savepoint.commit()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """The block of a snapshot: of its thread's transaction or snapshot, or of the store as it is now."""
        self.admit()
        own = self._own.session
        with self._owned(writes=False) if own is None else _as_it_is(own) as session:
            with self._step(session) as connection:
                # BEGIN alone sees nothing yet: SQLite takes the moment of the first read.
                connection.execute(select(entries.c.kind).limit(1))
            session.snapshots += 1
            try:
                yield
            finally:
                session.snapshots -= 1
            self._refuse_lost(session)

    def close(self) -> None:
        """End every session of every thread and close every connection; done twice it does nothing.

        Waits for the calls that are running, which wait for a lock no longer than the timeout. Raises `UsageError`
        inside the calling thread's own transaction or snapshot.
        """
        with self._changed:
            if self._closed:
                return
            if self._own.session:
                raise UsageError("this thread's transaction or snapshot is open; leave its block before you close")
            self._closed = True
            sessions = list(self._open)
        for session in sessions:
            # Where the lock is taken a step is running, and ends its session when it finds the handle closed.
            if session.lock.acquire(blocking=False):
                session.lock.release()
                self._end(session)
        with self._changed:
            self._changed.wait_for(lambda: not self._open)
        self._readers.dispose()

    @contextmanager
    def _call(self, *, writes: bool) -> Iterator[Connection]:
        self.admit(writes=writes)
        session = self._own.session
        if session is None:
            with self._opened(writes=writes) as single, self._step(single) as connection:
                yield connection
                if writes:
                    connection.commit()
        elif writes:
            # A savepoint of its own, so that a call which is refused or interrupted has written nothing.
            with self._step(session) as connection, connection.begin_nested():
                yield connection
        else:
            with self._step(session) as connection:
                yield connection

    @contextmanager
    def _owned(self, *, writes: bool) -> Iterator[_Session]:
        with self._opened(writes=writes) as session:
            self._own.session = session
            try:
                yield session
            finally:
                self._own.session = None

    @contextmanager
    def _opened(self, *, writes: bool) -> Iterator[_Session]:
        session = _Session(writes=writes)
        with self._changed:
            self.admit()
            self._open.add(session)
        try:
            with session.lock:
                session.begin(self._writers if writes else self._readers)
            self.admit()
            yield session
        finally:
            self._end(session)

    @contextmanager
    def _step(self, session: _Session) -> Iterator[Connection]:
        try:
            with session.lock:
                self._refuse_lost(session)
                try:
                    with storage_errors():
                        yield session.connection
                except (BusyError, StorageError) as failure:
                    if session.writes:
                        session.failure = failure
                        session.end()
                    raise
        finally:
            if self._closed:
                self._end(session)

    def _refuse_lost(self, session: _Session) -> None:
        self.admit()
        if session.failure:
            raise type(session.failure)("an earlier call failed and undid the transaction; leave it and try the whole")

    def _end(self, session: _Session) -> None:
        with session.lock:
            session.end()
        with self._changed:
            self._open.discard(session)
            self._changed.notify_all()


@contextmanager
def _as_it_is(session: _Session) -> Iterator[_Session]:
    yield session
