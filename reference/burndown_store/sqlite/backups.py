"""Copies of the whole database, beside it: made while it is open, verified, and put in place by one rename.

backups/store-0001.db     the oldest; the highest number is the newest
backups/store.lock        held while one is made
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from burndown_store.contract import BusyError, CorruptionError, StorageError
from burndown_store.files import exclusive, make_folder, put_in_place, sync_file
from burndown_store.sqlite.refusals import refusal_of

__all__ = ["BACKUPS", "back_up", "backups_in"]

BACKUPS: Final = "backups"
"""The folder below the location that holds the backups."""

_NAME: Final = re.compile(r"store-([0-9]{4,})\.db")
_PART: Final = ".store.part"
_LOCK: Final = "store.lock"
_BESIDE: Final = ("", "-journal", "-wal", "-shm")
_BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_PAUSE: Final = 0.01


def backups_in(location: str | os.PathLike[str]) -> list[Path]:
    """The backups of the store at `location`, newest first; none where there is none. Raises `StorageError`."""
    numbered = _numbered(Path(location).absolute() / BACKUPS)
    return [numbered[number] for number in sorted(numbered, reverse=True)]


def back_up(connection: sqlite3.Connection, location: str | os.PathLike[str], *, timeout: float = 5.0) -> Path:
    """A verified copy of the database of `connection`, in the folder `backups` of the location.

    It holds what the connection sees: what was committed, or the moment that an open read transaction holds on to.
    The connection must not have begun to write; another may have. The copy is one file, without a log. Killed at
    any moment, there is either a whole backup more or none.

    Raises `CorruptionError` where the database is damaged, `StorageError` where the copy cannot be written, and
    `BusyError` where another makes a backup, or keeps the database to itself, for longer than `timeout` seconds.
    """
    folder = Path(location).absolute() / BACKUPS
    try:
        make_folder(folder)
        with exclusive(folder / _LOCK, timeout):
            place = folder / f"store-{1 + max(_numbered(folder), default=0):04}.db"
            part = folder / _PART
            try:
                _discard(part)
                _copy(connection, part, timeout)
                sync_file(part)
                put_in_place(part, place)
            except BaseException:
                with suppress(OSError):
                    _discard(part)
                raise
    except sqlite3.Error as error:
        raise refusal_of(error, str(folder)) from None
    except StorageError:
        raise
    except OSError as error:
        raise _failed(folder, error) from None
    return place


def _numbered(folder: Path) -> dict[int, Path]:
    try:
        paths = list(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise _failed(folder, error) from None
    return {int(match[1]): path for path in paths if (match := _NAME.fullmatch(path.name))}


def _copy(connection: sqlite3.Connection, part: Path, timeout: float) -> None:
    with closing(sqlite3.connect(part, isolation_level=None)) as copy:
        connection.backup(copy, progress=_giving_up(timeout, part), sleep=_PAUSE)
        # So that the copy is complete without a log, and can be read from a medium that cannot be written.
        copy.execute("PRAGMA journal_mode = DELETE")
        if copy.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
            raise CorruptionError(f"{part.parent}: the store is damaged, so no backup was made; recover it first")


def _giving_up(timeout: float, part: Path) -> Callable[[int, int, int], None]:
    """What keeps the driver from trying for ever where another keeps the database to itself."""
    tries = 0

    def look(status: int, _remaining: int, _total: int) -> None:
        nonlocal tries
        tries += status in _BUSY
        if tries * _PAUSE > timeout:
            raise BusyError(f"{part.parent}: another keeps the store to itself, so no backup was made; try again")

    return look


def _discard(part: Path) -> None:
    for ending in _BESIDE:
        part.with_name(part.name + ending).unlink(missing_ok=True)


def _failed(folder: Path, error: OSError) -> StorageError:
    return StorageError(f"{folder}: no backup can be made or found there ({error.strerror}); see to the medium")
