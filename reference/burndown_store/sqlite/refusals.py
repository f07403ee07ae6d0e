"""What SQLite refuses, in the words of the contract."""

from __future__ import annotations

import sqlite3
from typing import Final

from burndown_store.contract import BusyError, CorruptionError, PersistenceError, StorageError
from burndown_store.sqlite.second_look import is_damaged

__all__ = ["RECOVER", "refusal_of"]

RECOVER: Final = "save what can be read with: burndown-store recover ROOT"
"""What to do about damage; ROOT is the location."""

_BUSY: Final = (BusyError, "another writer held the store for as long as this one may wait; try again")
_DAMAGED: Final = (CorruptionError, f"the file is damaged, or is no store; {RECOVER}")
_FAILED: Final = (StorageError, "the medium failed to read or write; see that it works")
_NOT_OPENED: Final = (StorageError, "the file cannot be opened; see that its folder is there and may be written")
_READ_ONLY: Final = (StorageError, "the file may not be written; see to its permissions and its medium")

_BY_PRIMARY_CODE: Final[dict[int, tuple[type[PersistenceError], str]]] = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CANTOPEN: _NOT_OPENED,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_FULL: (StorageError, "the medium is full; free some space and try again"),
    sqlite3.SQLITE_IOERR: _FAILED,
}
_OTHER: Final = (StorageError, "SQLite refused; check() says whether the store is sound")


def refusal_of(error: sqlite3.Error, path: str) -> PersistenceError:
    """The contract's error for `error` on the store at `path`. Quotes SQLite's name of the error, never its text.

    Where SQLite speaks of damage, the whole file is read once more (`is_damaged`).
    """
    # What the driver raises by itself carries no code.
    code = getattr(error, "sqlite_errorcode", None)
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    kind, advice = _OTHER if code is None else _BY_PRIMARY_CODE.get(code & 0xFF, _OTHER)
    if kind is CorruptionError and not is_damaged(path):
        kind, advice = _FAILED
    return kind(f"{path}: {advice} ({name})")
