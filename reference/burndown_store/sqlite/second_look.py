"""Whether what SQLite calls damage is damage.

SQLite also says "malformed" of a page that the medium failed to read (SQLITE_IOERR_CORRUPTFS, which it tells as
SQLITE_CORRUPT), and whoever believes that gives up data that is as good as ever. Only while it copies a database does
it tell the two apart.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

__all__ = ["is_damaged", "uri_of"]

_DAMAGE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_damaged(path: str) -> bool:
    """Read all of the database once more, with its log: whether it is damaged, rather than failed to be read before.

    Where no file is at `path`, SQLite is believed. Files of the store are opened by SQLite alone, for whoever else
    closes one drops all locks that SQLite has on it in this process.
    """
    try:
        if not Path(path).is_file():
            return True
        parameters = "mode=ro" if Path(f"{path}-wal").stat().st_size else "mode=ro&immutable=1"
    except FileNotFoundError:
        parameters = "mode=ro&immutable=1"
    except OSError:
        return False
    try:
        # An unnamed database is a temporary file that only its connection knows.
        with (
            closing(sqlite3.connect(uri_of(path, parameters), uri=True)) as store,
            closing(sqlite3.connect("")) as copy,
        ):
            store.backup(copy)
            return bool(copy.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",))
    except sqlite3.Error as error:
        return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _DAMAGE


def uri_of(path: str, parameters: str) -> str:
    """The file as SQLite's URI; a drive and a network share keep their meaning, `?`, `#` and `%` have none."""
    place = Path(path).as_posix()
    return f"file://{'' if place.startswith('/') else '/'}{quote(os.fsencode(place))}?{parameters}"
