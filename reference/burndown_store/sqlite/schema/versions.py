"""Which version a file has, and how it comes to the present one.

The version stands in `PRAGMA user_version`. `PRAGMA application_id` tells a store from any other SQLite database.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from importlib import resources
from typing import Final

from burndown_store.contract import CorruptionError, PersistenceError, SchemaVersionError, StorageError

__all__ = ["APPLICATION_ID", "SCHEMA_VERSION", "examine", "prepare", "scripts"]

APPLICATION_ID: Final = int.from_bytes(b"bdns", "big")
SCHEMA_VERSION: Final = 1
_PAUSE: Final = 0.01


def scripts() -> list[str]:
    """The statements of each version, in order: the first creates version 1."""
    folder = resources.files(__name__.rpartition(".")[0])
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [folder.joinpath(name).read_text(encoding="utf-8") for name in names]


def examine(connection: sqlite3.Connection, path: str) -> int:
    """The version of the layout, 0 for a database that holds nothing yet. Only reads.

    Raises `SchemaVersionError` for a newer store and `CorruptionError` for what is no store.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application == APPLICATION_ID and version > SCHEMA_VERSION:
        raise SchemaVersionError(
            f"{path}: the store has schema version {version}, this software knows up to {SCHEMA_VERSION}; "
            "it was left as it is: use the software that wrote it, or newer"
        )
    if application not in (0, APPLICATION_ID) or (application == 0) != (version == 0) or version < 0:
        raise _no_store(path)
    if application == 0 and _holds_tables(connection):
        raise _no_store(path)
    return int(version)


def prepare(connection: sqlite3.Connection, path: str, timeout: float) -> None:
    """Create the layout, or bring it to the present version, in one transaction; does not write where it is present.

    Any number of handles and processes may do this at once. Raises as `examine`, and `sqlite3.Error`.
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
        for script in scripts()[examine(connection, path) :]:
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


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


def _holds_tables(connection: sqlite3.Connection) -> bool:
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
        return False
    # They may have been created since the first look, together with the application's id.
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    return bool(application == 0)


def _no_store(path: str) -> PersistenceError:
    return CorruptionError(f"{path}: the file is no burndown store, and was left as it is; choose another location")
