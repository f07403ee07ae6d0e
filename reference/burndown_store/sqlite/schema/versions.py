"""Which version a file has, and the statements that bring it to each.

The version stands in `PRAGMA user_version`. `PRAGMA application_id` tells a store from any other SQLite database.
"""

from __future__ import annotations

import sqlite3
from importlib import resources
from typing import Final

from burndown_store.contract import CorruptionError, PersistenceError, SchemaVersionError

__all__ = ["APPLICATION_ID", "SCHEMA_VERSION", "examine", "scripts"]

APPLICATION_ID: Final = int.from_bytes(b"bdns", "big")
SCHEMA_VERSION: Final = 2


def scripts() -> list[str]:
    """The statements of each version, in order: the first creates version 1."""
    folder = resources.files(__name__.rpartition(".")[0])
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [folder.joinpath(name).read_text(encoding="utf-8") for name in names]


def examine(connection: sqlite3.Connection, path: str) -> int:
    """The version of the layout, 0 for a database that holds nothing yet. Only reads.

    Raises `SchemaVersionError` for a newer store and `CorruptionError` for what is no store.
    """
    # In one statement, so that another opener's creation does not come in between.
    application, version = connection.execute("SELECT * FROM pragma_application_id, pragma_user_version").fetchone()
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


def _holds_tables(connection: sqlite3.Connection) -> bool:
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
        return False
    # They may have been created since the first look, together with the application's id.
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    return bool(application == 0)


def _no_store(path: str) -> PersistenceError:
    return CorruptionError(f"{path}: the file is no burndown store, and was left as it is; choose another location")
