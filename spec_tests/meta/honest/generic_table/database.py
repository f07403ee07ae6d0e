"""How SQLAlchemy opens SQLite here, and what its errors are for the contract.

Left to itself, Python's driver begins transactions when it thinks fit: not for a read, and not before a savepoint.
Then neither snapshots nor savepoints work. So the driver is told to begin nothing (`isolation_level=None`), and
SQLAlchemy's event says BEGIN at each start of a transaction. A transaction that will write begins IMMEDIATE: it takes
the one write lock before it reads anything, hence transactions run one after another and can never find at their first
write that what they read is old. In WAL mode readers neither wait for that lock nor hold it up.
"""

from __future__ import annotations

import logging
import math
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, inspect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from burndown_store.contract import (
    BusyError,
    CorruptionError,
    PersistenceError,
    StorageError,
    ValidationError,
    check_text,
    retry,
)
from honest.generic_table.table import entries

__all__ = ["bytes_below", "open_engine", "open_location", "storage_errors", "writers_of"]

FILE_NAME: Final = "entries.sqlite"
# SQLite counts the milliseconds of a wait in 32 bits.
LONGEST_WAIT: Final = 2_000_000.0
LOG_LIMIT: Final = 1_000_000
LOGGING_NAME: Final = "generic_table"

# SQLAlchemy hides parameters where it is told to, but at DEBUG it logs every row that it reads, tokens included.
logging.getLogger(f"sqlalchemy.engine.Engine.{LOGGING_NAME}").addFilter(lambda line: line.levelno > logging.DEBUG)


def open_location(location: str | os.PathLike[str]) -> Path:
    """The directory, made where it is missing, as an absolute path. Raises `ValidationError`, `StorageError`."""
    folder = Path(check_text(os.fspath(location), "location")).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot create the location ({error.strerror}); name a directory to write in") from None
    return folder


def bytes_below(folder: Path) -> int:
    """The bytes of all files of the store, SQLite's log and its index included. Raises `StorageError`."""
    size = 0
    try:
        for path in folder.iterdir():
            # The log goes when another process closes the last connection but ours, between two lines of this.
            with suppress(FileNotFoundError):
                size += path.stat().st_size
    except OSError as error:
        raise StorageError(f"cannot look at the store's files ({error.strerror}); see to their permissions") from None
    return size


def open_engine(folder: Path, timeout: float) -> Engine:
    """An engine on the store in `folder`, whose table is created where it is missing.

    A writer waits `timeout` seconds for another. Raises `ValidationError`, `BusyError`, `StorageError`.
    """
    if type(timeout) not in (int, float) or not (math.isfinite(timeout) and timeout >= 0):
        raise ValidationError("timeout: expected a number of seconds, 0 or more")
    engine = create_engine(
        URL.create("sqlite", database=str(folder / FILE_NAME)),
        connect_args={"timeout": min(timeout, LONGEST_WAIT), "isolation_level": None},
        hide_parameters=True,
        logging_name=LOGGING_NAME,
        # A pool that never makes a thread wait: each open transaction, snapshot or call has a connection of its own.
        poolclass=QueuePool,
        max_overflow=-1,
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    try:
        # SQLite does not wait when two handles turn one new file into WAL mode at once; one of them is told to retry.
        retry(lambda: _prepare(engine))
    except BaseException:
        engine.dispose()
        raise
    return engine


def writers_of(engine: Engine) -> Engine:
    """An engine on the same connections whose transactions take the write lock when they begin."""
    return engine.execution_options(begin="BEGIN IMMEDIATE")


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn what SQLAlchemy and the driver raise into the contract's errors.

    They are replaced, not chained, because theirs name statements and values. No code of the caller may run inside: its
    errors are its own.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise _in_the_contracts_words(error) from None


def _configure(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    with closing(connection.cursor()) as cursor:
        # Commits survive a killed process without waiting for the disk; a power cut may undo the latest ones.
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute(f"PRAGMA journal_size_limit = {LOG_LIMIT}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _prepare(engine: Engine) -> None:
    with storage_errors():
        # On the driver's connection: neither mode can be changed inside a transaction, and SQLAlchemy begins one.
        with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute("PRAGMA journal_mode")
            if cursor.fetchone() != ("wal",):
                # Before anything is written: only then does what is deleted give its space back to the file system.
                cursor.execute("PRAGMA auto_vacuum = FULL")
                cursor.execute("PRAGMA journal_mode = WAL")
        # Looked up first, because opening a store that is there must not wait for a writer.
        if not inspect(engine).has_table(entries.name):
            with writers_of(engine).begin() as writing:
                entries.metadata.create_all(writing)


def _in_the_contracts_words(error: Exception) -> PersistenceError:
    cause = error.orig if isinstance(error, DBAPIError) else error
    # Extended codes keep the primary one in their lowest byte.
    code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return BusyError("another writer held the store for longer than the timeout; try the whole again")
    said = getattr(cause, "sqlite_errorname", type(cause).__name__)
    # Without a code of SQLite's it is the driver that could not turn what is stored into text.
    no_text = isinstance(cause, sqlite3.OperationalError) and not hasattr(cause, "sqlite_errorcode")
    if no_text or code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return CorruptionError(f"SQLite cannot understand its file ({said}); restore the store from a copy")
    return StorageError(f"SQLite could not do it ({said}); see to the disk and its permissions, then try again")
