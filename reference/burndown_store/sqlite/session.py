"""What one thread does on its connection: reads, writes, and the transactions and snapshots that it has open."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import starmap
from typing import Final, TypeVar

from burndown_store.contract import BusyError, ClosedError, CorruptionError, PersistenceError, StorageError
from burndown_store.sqlite.columns import UNREADABLE
from burndown_store.sqlite.location import StoreFile
from burndown_store.sqlite.refusals import RECOVER, refusal_of

__all__ = ["Session"]

T = TypeVar("T")

# Free pages are given back when they are more than this many and more than a quarter of the file.
_FREE_PAGES_KEPT: Final = 64
_PATIENCE: Final = 0.01


class Session:
    """One connection. Used by its own thread; only `shut` may be called by another.

    Errors of SQLite leave as errors of the contract. One that strikes inside a transaction undoes the whole of it at
    once, and the transaction is *doomed*: whatever is called until its end, and the end, raises an error of its kind.
    """

    def __init__(self, connection: sqlite3.Connection, file: StoreFile, busy_timeout: int) -> None:
        self._connection = connection
        self._file = file
        self._busy_timeout = busy_timeout
        # Held while a statement runs, so that `shut` never closes the connection under it.
        self._lock = threading.RLock()
        self._depth = 0
        self._snapshots = 0
        self._doom: PersistenceError | None = None
        self._shut = False
        # A thread that ends drops its session, and with it the connection.
        weakref.finalize(self, _close, connection, self._lock)

    @property
    def is_shut(self) -> bool:
        """Whether the connection is closed, or is just being closed."""
        return self._shut

    @property
    def in_snapshot(self) -> bool:
        """Whether a snapshot is open, inside a transaction or not."""
        return self._snapshots > 0

    @property
    def is_idle(self) -> bool:
        """Whether neither a transaction nor a snapshot is open."""
        return not (self._depth or self._snapshots)

    def rows(self, statement: str, parameters: Sequence[object], build: Callable[..., T]) -> list[T]:
        """What `build(*row)` makes of each row that the statement gives."""
        with self._lock:
            self.expect_usable()
            try:
                found = self._connection.execute(statement, parameters).fetchall()
                return list(starmap(build, found))
            except sqlite3.Error as error:
                # The driver raises an error without a code for text that is no UTF-8.
                is_text = type(error) is sqlite3.OperationalError and not hasattr(error, "sqlite_errorcode")
                refusal = self._unreadable() if is_text else refusal_of(error, self._file.path)
            except UNREADABLE:
                refusal = self._unreadable()
            # Raised out here, so that no error that quotes what was read hangs on it as its context.
            raise self._refused(refusal)

    def first(self, statement: str, parameters: Sequence[object], build: Callable[..., T]) -> T | None:
        """As `rows`: the first one, or None."""
        found = self.rows(statement, parameters, build)
        return found[0] if found else None

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> int:
        """How many rows the statement changed."""
        with self._lock:
            self.expect_usable()
            return self._run(statement, parameters)

    def execute_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run the statement for each row."""
        with self._lock:
            self.expect_usable()
            try:
                self._connection.executemany(statement, rows)
            except sqlite3.Error as error:
                raise self._refused(refusal_of(error, self._file.path)) from None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One write call: a transaction of its own, or a part of the open one that is undone alone."""
        with self._lock:
            self.begin()
            try:
                yield
            except BaseException:
                self.undo()
                raise
            self.commit()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Several reads of one moment."""
        with self._lock:
            self.open_snapshot()
            try:
                yield
            finally:
                self.close_snapshot()

    @contextmanager
    def inspecting(self) -> Iterator[sqlite3.Connection]:
        """The bare connection at one moment, for looks that expect to find damage."""
        with self.reading():
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise self._refused(refusal_of(error, self._file.path)) from None

    def begin(self) -> None:
        """Begin a transaction, or a savepoint inside one. Raises `BusyError` after the timeout."""
        with self._lock:
            self.expect_usable()
            self._depth += 1
            try:
                self._run(f"SAVEPOINT level_{self._depth}" if self._depth > 1 else "BEGIN IMMEDIATE")
            except BaseException:
                self.undo()
                raise

    def commit(self) -> None:
        """End the innermost transaction; what cannot be kept is undone, and the reason raised."""
        with self._lock:
            try:
                # Without this a COMMIT of nothing would pass for success where SQLite had already rolled back.
                self.expect_usable()
                self._run(f"RELEASE level_{self._depth}" if self._depth > 1 else "COMMIT")
            except BaseException:
                self.undo()
                raise
            self._depth -= 1
            if not self._depth:
                self._give_back_free_pages()

    def undo(self) -> None:
        """End the innermost transaction and take back what it wrote. Raises nothing."""
        with self._lock:
            level, self._depth = self._depth, self._depth - 1
            try:
                if self._connection.in_transaction:
                    self._connection.execute(f"ROLLBACK TO level_{level}" if level > 1 else "ROLLBACK")
                    if level > 1:
                        self._connection.execute(f"RELEASE level_{level}")
            except sqlite3.Error as error:
                self._refused(refusal_of(error, self._file.path))
            if not self._depth:
                self._doom = None

    def open_snapshot(self) -> None:
        """Hold on to the present moment, or to that which is held already."""
        with self._lock:
            self.expect_usable()
            if self.is_idle:
                try:
                    self._run("BEGIN")
                    # SQLite fixes the moment at the first read.
                    self._run("PRAGMA user_version")
                except BaseException:
                    self._roll_back()
                    raise
            self._snapshots += 1

    def close_snapshot(self) -> None:
        """Let the moment go. Raises nothing."""
        with self._lock:
            self._snapshots -= 1
            if self.is_idle:
                self._roll_back()

    def expect_open(self) -> None:
        """Raises `ClosedError` after `shut`."""
        if self._shut:
            raise ClosedError(f"{self._file.path}: this handle was closed; open the store again")

    def expect_usable(self) -> None:
        """Raises what keeps every call from being answered: closed, doomed, lost."""
        self.expect_open()
        if self._doom is not None:
            raise type(self._doom)(f"this transaction was undone when a call in it failed; leave it. {self._doom}")
        try:
            self._file.expect_present()
        except StorageError as lost:
            raise self._refused(lost) from None
        if self._connection.in_transaction == self.is_idle:
            if self.is_idle:
                # A KeyboardInterrupt between two steps left it open.
                self._roll_back()
            else:
                raise self._refused(StorageError(f"{self._file.path}: SQLite has undone the transaction; repeat it"))

    def shut(self) -> None:
        """Close the connection for good, undoing what is open; a statement that runs is interrupted. For any thread."""
        self._shut = True
        while not self._lock.acquire(timeout=_PATIENCE):
            with contextlib.suppress(sqlite3.Error):
                self._connection.interrupt()
        try:
            self._connection.close()
        finally:
            self._lock.release()

    def _run(self, statement: str, parameters: Sequence[object] = ()) -> int:
        try:
            cursor = self._connection.execute(statement, parameters)
            cursor.fetchall()
            return cursor.rowcount
        except sqlite3.Error as error:
            raise self._refused(refusal_of(error, self._file.path)) from None

    def _unreadable(self) -> PersistenceError:
        return CorruptionError(f"{self._file.path}: a row cannot be read; check() says more, and {RECOVER}")

    def _refused(self, refusal: PersistenceError) -> PersistenceError:
        """The error to raise. Inside a transaction it dooms it, and the store is released for others at once."""
        if self._shut:
            return ClosedError(f"{self._file.path}: this handle was closed during the call; open the store again")
        if self._depth and isinstance(refusal, (BusyError, StorageError)):
            self._doom = refusal
            self._roll_back()
        return refusal

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _give_back_free_pages(self) -> None:
        """Shorten the file after deletes. What was committed stands, so nothing that fails here is an error."""
        try:
            (free,) = self._connection.execute("PRAGMA freelist_count").fetchone()
            (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
            if free <= max(_FREE_PAGES_KEPT, pages // 4):
                return
            # Neither a reader nor another writer is waited for; the next write tries again.
            self._connection.execute("PRAGMA busy_timeout = 0")
            try:
                # As a script, because execute() of Python 3.11 frees one page and stops.
                self._connection.executescript("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);")
            finally:
                self._connection.execute(f"PRAGMA busy_timeout = {self._busy_timeout}")
        except sqlite3.Error:
            self._roll_back()


def _close(connection: sqlite3.Connection, lock: threading.RLock) -> None:
    # The interpreter ends too while a thread waits in here for another's write; it is not waited for.
    if lock.acquire(blocking=False):
        with contextlib.suppress(sqlite3.Error):
            connection.close()
        lock.release()
