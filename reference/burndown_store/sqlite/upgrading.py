"""How a file comes to the present version: created, or upgraded after a backup, in one transaction."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from burndown_store.contract import CorruptionError, StorageError
from burndown_store.sqlite.backups import back_up
from burndown_store.sqlite.refusals import RECOVER
from burndown_store.sqlite.schema import APPLICATION_ID, SCHEMA_VERSION, examine, scripts

__all__ = ["prepare"]

_PAUSE: Final = 0.01


def prepare(connection: sqlite3.Connection, path: str, timeout: float) -> None:
    """Create the layout, or bring it to the present version; does not write where it is present.

    Any number of handles and processes may do this at once: one does it, and the others wait. Killed at any moment,
    the store is as it was, or done. Of an older store there is a backup before it is changed. Raises as `examine` and
    `back_up`, `CorruptionError` where what is stored cannot be brought over, and `sqlite3.Error`.
    """
    if examine(connection, path) == 0:
        # Counts only as long as the file is empty: with it, what deletes leave behind can be given back.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    _use_write_ahead_log(connection, path, timeout)
    if examine(connection, path) == SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Read again: another opener may have done it meanwhile.
        version = examine(connection, path)
        if 0 < version < SCHEMA_VERSION:
            _back_up(path, timeout)
        for script in scripts()[version:]:
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except sqlite3.IntegrityError:
        connection.execute("ROLLBACK")
        raise CorruptionError(f"{path}: a row of the older version cannot be read; {RECOVER}") from None
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    if version:
        _give_back_free_pages(connection)


def _back_up(path: str, timeout: float) -> None:
    """Nobody can write meanwhile, so what another connection reads is the store that is about to be changed."""
    with contextlib.closing(sqlite3.connect(path, timeout=timeout, isolation_level=None)) as reader:
        back_up(reader, Path(path).parents[1], timeout=timeout)


def _use_write_ahead_log(connection: sqlite3.Connection, path: str, timeout: float) -> None:
    # The first switch needs the file for itself, and SQLite does not wait for that by its own timeout.
    give_up = time.monotonic() + timeout
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= give_up:
                raise
        time.sleep(_PAUSE)
    if mode != "wal":
        raise StorageError(f"{path}: a write-ahead log cannot be kept here; choose a folder on a local disk")


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _give_back_free_pages(connection: sqlite3.Connection) -> None:
    # The upgrade stands, so nothing that fails here is an error. As a script, because execute() of Python 3.11 frees
    # one page and stops.
    with contextlib.suppress(sqlite3.Error):
        connection.executescript("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);")
