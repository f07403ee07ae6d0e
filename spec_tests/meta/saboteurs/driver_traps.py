"""Backends that fall into the traps of the sqlite3 driver and of SQLite's transactions; each has a real file.

Their sessions are the reference's with something wrong, put over those that its connections hand out.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import SimpleNamespace
from typing import ClassVar, Self

from burndown_store.contract import BusyError, Expired, PersistenceError, Query, StorageError
from burndown_store.sqlite import SqliteBackend
from burndown_store.sqlite.session import Session
from saboteurs import saboteur

Location = str | os.PathLike[str]


class OnAnotherSession(SqliteBackend):
    """Works on sessions of the class `session_class`."""

    session_class: ClassVar[type[Session]]

    @property
    def _session(self) -> Session:
        session = super()._session
        # The connections of the reference know of one class alone.
        session.__class__ = self.session_class
        return session


class SaysNothing(Session):
    """Ends transactions by the driver's `commit()` and `rollback()`, which do nothing where none is open."""

    def expect_usable(self) -> None:
        self.expect_open()

    def commit(self) -> None:
        with self._lock:
            try:
                self.expect_usable()
            except PersistenceError:
                self.undo()
                raise
            if self._depth > 1:
                with contextlib.suppress(sqlite3.OperationalError):
                    self._connection.execute(f"RELEASE level_{self._depth}")
            else:
                self._connection.commit()
            self._depth -= 1

    def undo(self) -> None:
        with self._lock:
            with contextlib.suppress(sqlite3.Error):
                if self._depth > 1:
                    self._connection.execute(f"ROLLBACK TO level_{self._depth}")
                    self._connection.execute(f"RELEASE level_{self._depth}")
                else:
                    self._connection.rollback()
            self._depth -= 1
            if not self._depth:
                self._doom = None


@saboteur("a-caught-refusal-does-no-harm", says=("backend.save_query('nobody'", "length: expected 1, got 0"))
class CommitsWhatIsNoMore(OnAnotherSession):
    """Leaves it to a foreign key to refuse a query without its profile, under `INSERT OR ROLLBACK`.

    SQLite undoes the whole transaction with it, what comes after is written by itself, and the commit, which finds
    nothing to commit, says nothing.
    """

    session_class = SaysNothing

    def save_query(self, profile_id: str, query: Query) -> None:
        try:
            super().save_query(profile_id, query)
        except PersistenceError:
            in_use = self._connections.session_in_use()
            if in_use is not None and not in_use.in_snapshot:
                in_use._connection.rollback()
            raise


class Deferred(Session):
    """Begins without a lock, where it is asked for a transaction; a single write takes the lock at once."""

    _is_single_write = False

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        with self._lock:
            self._is_single_write = self.is_idle
            with super().writing():
                self._is_single_write = False
                yield

    def begin(self) -> None:
        if self._is_single_write:
            super().begin()
            return
        with self._lock:
            self.expect_usable()
            self._depth += 1
            try:
                self._run(f"SAVEPOINT level_{self._depth}" if self._depth > 1 else "BEGIN")
            except BaseException:
                self.undo()
                raise


class DeferredAndLocked(Deferred):
    """Begins without a lock, and takes for broken what is locked when it comes to write."""

    def _refused(self, refusal: PersistenceError) -> PersistenceError:
        if isinstance(refusal, BusyError) and self._depth > 1:
            refusal = StorageError("database is locked")
        return super()._refused(refusal)


@saboteur(
    "no-dirty-write",
    "a-refused-transaction-is-doomed",
    "no-circular-information-flow",
    "no-dirty-read",
    "no-lost-update",
    "no-phantom",
    "no-phantom-deleted",
    "no-update-lost-to-a-single-call",
    "no-write-skew",
    says=("raised StorageError", "database is locked"),
)
class FindsItLocked(OnAnotherSession):
    """Begins with a deferred BEGIN, and reports the lock that a later statement meets as a broken store."""

    session_class = DeferredAndLocked


class BeginsAgain(Deferred):
    """Begins again where the moment that it has read is over."""

    def _run(self, statement: str, parameters: Sequence[object] = ()) -> int:
        try:
            return self._connection.execute(statement, parameters).rowcount
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY_SNAPSHOT:
                levels = range(2, self._depth + 1)
                self._connection.execute("ROLLBACK")
                self._connection.execute("BEGIN IMMEDIATE")
                for level in levels:
                    self._connection.execute(f"SAVEPOINT level_{level}")
        return super()._run(statement, parameters)


@saboteur("no-update-lost-to-a-single-call", says=("0+A",))
class BeginsAgainWhenTheMomentIsOver(OnAnotherSession):
    """Begins with a deferred BEGIN; where what it has read is over at its first write, it begins again by itself."""

    session_class = BeginsAgain


class Implicit(SaysNothing):
    """Leaves it to the driver to begin: before the first statement that changes something."""

    def expect_usable(self) -> None:
        super().expect_usable()
        if self._doom is not None:
            raise self._doom

    def begin(self) -> None:
        with self._lock:
            self.expect_usable()
            self._depth += 1
            if self._connection.in_transaction and self._depth > 1:
                self._connection.execute(f"SAVEPOINT level_{self._depth}")

    def _run(self, statement: str, parameters: Sequence[object] = ()) -> int:
        self._begin_before(statement)
        return super()._run(statement, parameters)

    def execute_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        self._begin_before(statement)
        super().execute_many(statement, rows)

    def _begin_before(self, statement: str) -> None:
        if statement.startswith(("INSERT", "DELETE", "UPDATE")) and not self._connection.in_transaction:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                raise self._refused(BusyError("another writer held the store; try again")) from None
            for level in range(2, self._depth + 1):
                self._connection.execute(f"SAVEPOINT level_{level}")


@saboteur(
    "no-read-skew",
    "no-fractured-batch",
    "no-intermediate-read",
    "no-update-lost-to-a-single-call",
    says=("'get_app_state', ['y'], '1'",),
)
class BeginsAtTheFirstWrite(OnAnotherSession):
    """Relies on the driver to begin a transaction, which it does before the first write: the reads are in none."""

    session_class = Implicit


class WithConnection(SaysNothing):
    """Has `with connection:` for every block, which commits or rolls back all there is."""

    def begin(self) -> None:
        with self._lock:
            self.expect_open()
            if not self._connection.in_transaction:
                self._run("BEGIN IMMEDIATE")
            self._depth += 1

    def commit(self) -> None:
        with self._lock:
            self.expect_open()
            self._connection.commit()
            self._depth -= 1

    def undo(self) -> None:
        with self._lock:
            with contextlib.suppress(sqlite3.Error):
                self._connection.rollback()
            self._depth -= 1


class WithConnectionInside(WithConnection):
    """Begins nothing for a call inside a transaction."""

    @contextmanager
    def writing(self) -> Iterator[None]:
        if self._depth:
            with self._lock:
                self.expect_open()
                if not self._connection.in_transaction:
                    self._run("BEGIN IMMEDIATE")
                yield
        else:
            with super().writing():
                yield


@saboteur(
    "the-outer-end-decides", "an-inner-transaction-that-raises-undoes-itself", says=("'inner', 'undone'", "['inner']")
)
class CommitsAtInnerBlocks(OnAnotherSession):
    """Enters `with connection:` for every block, and its inner end commits the outer transaction."""

    session_class = WithConnectionInside


class RowByRow(SaysNothing):
    """Begins nothing for a single call."""

    @contextmanager
    def writing(self) -> Iterator[None]:
        if self._depth:
            with super().writing():
                yield
        else:
            yield

    def execute_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        for row in rows:
            self._run(statement, row)


@saboteur("a-call-is-seen-whole", says=("seen_meanwhile(contents_of, other, backend.save_issues",))
class CommitsRowByRow(OnAnotherSession):
    """Has `isolation_level=None` and no BEGIN for a single call: each row of a batch is committed by itself."""

    session_class = RowByRow


@saboteur(
    "a-transaction-that-raises-leaves-nothing",
    "a-snapshot-in-a-transaction-shows-its-state",
    "a-transaction-appears-at-its-end",
    "other-threads-see-the-committed-state",
    says=("backend.delete_expired(",),
)
class CleansUpByAScript(OnAnotherSession):
    """Cleans up with `executescript`, which first commits what is open."""

    session_class = SaysNothing

    def delete_expired(self, now: datetime) -> Expired:
        gone = super().delete_expired(now)
        in_use = self._connections.session_in_use()
        if in_use is not None:
            in_use._connection.executescript("PRAGMA optimize;")
        return gone


@saboteur(
    "other-threads-see-the-committed-state",
    "closing-ends-snapshots-of-other-threads",
    "closing-undoes-transactions-of-other-threads",
    "no-aborted-read",
    "no-circular-information-flow",
    "no-dirty-read",
    "no-dirty-write",
    "no-fractured-batch",
    "no-intermediate-read",
    "no-lost-update",
    "no-phantom",
    "no-phantom-deleted",
    "no-read-skew",
    "no-update-lost-to-a-single-call",
    "no-write-skew",
    "other-threads-are-not-in-the-snapshot",
    says=("in_thread(contents_of, backend)",),
)
class HasOneConnection(SqliteBackend):
    """Shares one connection, opened with `check_same_thread=False`, among all threads of the handle."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        # In place of one for each thread.
        of_all = SimpleNamespace(session=self._connections.session(), end=self._connections._of_thread.end)
        self._connections._of_thread = of_all  # type: ignore[assignment]


@saboteur(
    "a-transaction-appears-at-its-end",
    "a-snapshot-in-a-transaction-shows-its-state",
    "no-aborted-read",
    "no-circular-information-flow",
    "no-dirty-read",
    "no-dirty-write",
    "no-fractured-batch",
    "no-intermediate-read",
    "no-lost-update",
    "no-phantom",
    "no-phantom-deleted",
    "no-read-skew",
    "no-update-lost-to-a-single-call",
    "no-write-skew",
    says=("contents_of(other)",),
)
class HasAnAmbientTransaction(SqliteBackend):
    """Keeps the open transaction for the location and the thread: a second handle there joins it."""

    _ambient: ClassVar[dict[tuple[str, int], Session]] = {}

    @property
    def _place(self) -> tuple[str, int]:
        return self._file.path, threading.get_ident()

    @property
    def _session(self) -> Session:
        return self._ambient.get(self._place) or super()._session

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        session = self._session
        is_first = session.is_idle
        with super()._transaction():
            self._ambient.setdefault(self._place, session)
            try:
                yield self
            finally:
                if is_first:
                    del self._ambient[self._place]


class OneName(Session):
    """Has one name for all savepoints, and does not release the one that it has rolled back to."""

    def begin(self) -> None:
        with self._lock:
            self.expect_usable()
            self._depth += 1
            try:
                self._run("SAVEPOINT inner" if self._depth > 1 else "BEGIN IMMEDIATE")
            except BaseException:
                self.undo()
                raise

    def commit(self) -> None:
        with self._lock:
            if self._depth > 1:
                self.expect_usable()
                self._run("RELEASE inner")
                self._depth -= 1
            else:
                super().commit()

    def undo(self) -> None:
        with self._lock:
            if self._depth > 1:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK TO inner")
                self._depth -= 1
            else:
                super().undo()


@saboteur("savepoints-nest-three-deep", says=("raised in the body",))
class RollsBackToAndReleasesNothing(OnAnotherSession):
    """Gives every savepoint one name and leaves it open when it has rolled back to it: the next one finds that."""

    session_class = OneName


class ReleasesInstead(Session):
    """Releases the savepoint of a block that failed."""

    def undo(self) -> None:
        with self._lock:
            if self._depth > 1:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute(f"RELEASE level_{self._depth}")
                self._depth -= 1
            else:
                super().undo()


@saboteur("an-inner-transaction-that-raises-undoes-itself", says=("raised in the inner body",))
class ReleasesWhatFailed(OnAnotherSession):
    """Has RELEASE where ROLLBACK TO should be: the inner work stays."""

    session_class = ReleasesInstead
