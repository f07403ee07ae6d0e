"""A damaged store made sound again: what can be read is kept, the rest comes from a backup, nothing is deleted."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from burndown_store.contract import BusyError, NotFoundError, PersistenceError, StorageError
from burndown_store.files import exclusive, exists, make_folder, remove_tree, sync_file
from burndown_store.sqlite.backend import open_backend
from burndown_store.sqlite.backups import BACKUPS, backups_in
from burndown_store.sqlite.connections import is_open_here
from burndown_store.sqlite.location import FILE, folder_of
from burndown_store.sqlite.mending import Mended, mend
from burndown_store.sqlite.placing import discard_work, end_recovery, file_errors, is_ready, make_ready, work_folder
from burndown_store.sqlite.refusals import refusal_of
from burndown_store.sqlite.salvaging import Key, Salvaged, keys_in, nothing, salvage
from burndown_store.sqlite.schema import examine

__all__ = ["Recovered", "recover"]

_LOCK: Final = "recovery.lock"
_LOOKED_AT: Final = ".recovering"
_COPIED: Final = ("", "-wal")
# Where SQLite keeps its locks in a file: whoever has it open holds one of these bytes.
_FIRST_LOCKED, _LOCKED = 0x40000000, 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What a recovery did.

    `sound` tells that the store was sound already, and that nothing was changed: then all else is empty. `saved` are
    the rows of each table that the damaged store still gave, `from_backup` those that were taken from `backup`, None
    where none was needed or good. `missing` says in sentences what is lost. The damaged files lie in `set_aside`.
    """

    sound: bool
    saved: dict[str, int]
    from_backup: dict[str, int]
    backup: Path | None
    missing: tuple[str, ...]
    set_aside: Path | None


def recover(location: str | os.PathLike[str], *, timeout: float = 5.0) -> Recovered:
    """Make the store at `location` sound.

    The damaged files are set aside, in `backups/damaged-0001`. Every row that can be read is kept, and what is missing
    is taken from the newest good backup in `backups`, of this version or an older one. The new store is built beside
    the old one, verified, and put in its place; killed at any moment, the next recovery goes on. A sound store stays
    as it is. Takes up to three times the space of the store while it runs. `timeout` is in seconds.

    Raises `NotFoundError` where there is neither a store nor a backup, `SchemaVersionError` for a newer store,
    `BusyError` where another has the store open or recovers it, `StorageError` where the medium refuses; nothing has
    changed then.
    """
    root = folder_of(location)
    path = root / FILE
    if is_open_here(str(path)):
        raise BusyError(f"{path}: this process has the store open; close its handles and try again")
    is_there = any(exists(path.with_name(path.name + each)) for each in _COPIED) or is_ready(root)
    if not is_there and not backups_in(root):
        raise NotFoundError(f"{root}: there is no store to recover, nor a backup of one; name the store's folder")
    with _alone(path):
        if not is_ready(root) and _is_sound(root, timeout):
            return _SOUND
        with file_errors(root):
            make_folder(root / BACKUPS)
        with _locked(root, timeout):
            if not is_ready(root):
                discard_work(root)
                _build(root, timeout)
            ended = end_recovery(root)
    assert ended is not None
    told, aside = ended
    backup = told["backup"]
    return Recovered(
        sound=False,
        saved=told["saved"],
        from_backup=told["from_backup"],
        backup=None if backup is None else root / BACKUPS / backup,
        missing=tuple(told["missing"]),
        set_aside=aside if exists(aside) else None,
    )


_SOUND: Final = Recovered(sound=True, saved={}, from_backup={}, backup=None, missing=(), set_aside=None)


def _is_sound(root: Path, timeout: float) -> bool:
    """Looked at in a copy, for who opens a store may write. Raises `SchemaVersionError`."""
    copy = root / _LOOKED_AT
    with file_errors(root):
        remove_tree(copy)
        try:
            _copy(root, copy)
            return _checks_clean(copy, timeout)
        finally:
            remove_tree(copy)


def _checks_clean(location: Path, timeout: float) -> bool:
    if not exists(location / FILE):
        return False
    try:
        _version(location / FILE)
        with open_backend(location, timeout=timeout) as backend:
            return not backend.check()
    except StorageError:
        return False


def _build(root: Path, timeout: float) -> None:
    """Make the recovered store in the work folder, and say that it is ready."""
    work = work_folder(root)
    with file_errors(root):
        _copy(root, work / "old")
        backup = _good_backup(root, timeout)
        try:
            mended = _mended(work, backup, timeout)
        except sqlite3.Error as error:
            raise refusal_of(error, str(work / FILE)) from None
        told = {
            "saved": mended.saved,
            "from_backup": mended.from_backup,
            "backup": backup.name if backup is not None and any(mended.from_backup.values()) else None,
            "missing": list(mended.missing),
        }
        make_ready(root, told)


def _mended(work: Path, backup: Path | None, timeout: float) -> Mended:
    old, upgraded = work / "old" / FILE, work / "backup"
    known: dict[str, set[Key]] = {}
    if backup is not None:
        known = keys_in(upgraded / FILE)
    mended = mend(_salvaged(old, known), work / "new", upgraded / FILE if backup else None, timeout)
    with open_backend(work / "new", timeout=timeout) as backend:
        if problems := backend.check():
            raise StorageError(f"{old}: no sound store could be made of it, and nothing was changed: {problems[0]}")
    sync_file(work / "new" / FILE)
    return mended


def _salvaged(old: Path, known: dict[str, set[Key]]) -> Salvaged:
    if not exists(old):
        return nothing()
    try:
        version = _version(old) or None
    except StorageError:
        version = None
    return salvage(old, version, known)


def _good_backup(root: Path, timeout: float) -> Path | None:
    """The newest backup that is sound, and a copy of it of the present version in the work folder."""
    place = work_folder(root) / "backup"
    for backup in backups_in(root):
        shutil.rmtree(place, ignore_errors=True)
        (place / FILE).parent.mkdir(parents=True)
        shutil.copyfile(backup, place / FILE)
        with suppress(PersistenceError):
            if _checks_clean(place, timeout):
                return backup
    return None


def _version(path: Path) -> int:
    """Raises `SchemaVersionError` for a newer store, `CorruptionError` and `StorageError` for what is none."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            return examine(connection, str(path))
    except sqlite3.Error:
        raise StorageError(f"{path}: the file cannot be read as a database; recover it") from None


def _copy(root: Path, to: Path) -> None:
    (to / FILE).parent.mkdir(parents=True)
    for ending in _COPIED:
        name = FILE.with_name(FILE.name + ending)
        if exists(root / name):
            shutil.copyfile(root / name, to / name)
    # A log alone is nothing that SQLite reads; and an empty file is a store that is still to be made.
    if exists(to / FILE) and (to / FILE).stat().st_size == 0:
        (to / FILE).unlink()


@contextmanager
def _locked(root: Path, timeout: float) -> Iterator[None]:
    with file_errors(root):
        lock = exclusive(root / BACKUPS / _LOCK, timeout)
        lock.__enter__()
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


if sys.platform == "win32":

    @contextmanager
    def _alone(_path: Path) -> Iterator[None]:
        # A file that another has open cannot be moved away, and nothing has changed until then.
        yield

else:
    import fcntl

    @contextmanager
    def _alone(path: Path) -> Iterator[None]:
        """Hold the locks that SQLite takes on a file, so that no other process has it open. Raises `BusyError`."""
        with file_errors(path):
            if not exists(path):
                yield
                return
            with path.open("r+b") as file:
                try:
                    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCKED, _FIRST_LOCKED)
                except OSError:
                    raise BusyError(f"{path}: another process has the store open; close it and try again") from None
                yield
