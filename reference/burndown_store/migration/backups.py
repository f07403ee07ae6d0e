"""Backups of the old files: made and verified before anything is converted, put in place by one rename.

backups/lock                              held while a migration or a restoration is under way
backups/migration-20261123T193122123456Z/
    files/…                               the copies, under their paths below the root
    manifest.json                         generation, and per file its size in bytes and its SHA-256
    report.json                           what the migration told, rejects with their text included
    finished                              the store holds it all: from now on the store has to be there
    restored                              the old files were put back: the store need not be there
"""

from __future__ import annotations

import hashlib
import math
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from burndown_store.contract import (
    BusyError,
    MigrationError,
    PersistenceError,
    StorageError,
    StorageLostError,
    ValidationError,
)
from burndown_store.files import (
    exclusive,
    exists,
    folders_in,
    make_folder,
    put_in_place,
    remove,
    remove_tree,
    saving,
    stored,
)

__all__ = [
    "BACKUPS",
    "Backup",
    "FileEntry",
    "Manifest",
    "alone",
    "backups_in",
    "check_timeout",
    "entry_of",
    "expect_no_store_lost",
    "make_backup",
    "medium",
]

BACKUPS: Final = "backups"
"""The folder below the root that holds all backups."""

_PREFIX: Final = "migration-"
_PART: Final = ".migration.part"
_CHUNK: Final = 1 << 20
_ADVICE: Final = "the old files are as they were: see to the medium, its space and its permissions, and start again"


class FileEntry(msgspec.Struct, frozen=True):
    """Size in bytes and SHA-256, in hexadecimal digits, of one file."""

    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds; `files` by their paths below the root, with `/`."""

    version: int = 1
    created_at: datetime
    generation: str
    files: dict[str, FileEntry]


@dataclass(frozen=True, slots=True)
class Backup:
    """The folder of one backup."""

    path: Path

    @property
    def finished(self) -> bool:
        """Whether the migration that made it was committed."""
        return exists(self.path / "finished")

    @property
    def restored(self) -> bool:
        """Whether its files were put back since."""
        return exists(self.path / "restored")

    def manifest(self) -> Manifest:
        """Raises `MigrationError` where it is missing or damaged, or names a file that lies elsewhere."""
        place = self.path / "manifest.json"
        data = stored(place)
        if data is None:
            raise MigrationError(f"{place}: the manifest is missing, so this is no backup of a migration")
        try:
            manifest = msgspec.json.decode(data, type=Manifest)
        except msgspec.MsgspecError:
            raise MigrationError(f"{place}: the manifest is damaged; use another backup") from None
        if any(not _is_safe(name) for name in manifest.files):
            raise MigrationError(f"{place}: the manifest names a file outside of the backup; use another backup")
        return manifest

    def file(self, name: str) -> Path:
        """Where the copy of the file `name` lies."""
        return self.path.joinpath("files", *name.split("/"))

    def problems(self, manifest: Manifest) -> list[str]:
        """A sentence for each copy that is missing or is not what the manifest says."""
        found: list[str] = []
        for name, entry in manifest.files.items():
            path = self.file(name)
            if not exists(path):
                found.append(f"{path}: the copy is missing")
            elif entry_of(path) != entry:
                found.append(f"{path}: the copy is damaged, its SHA-256 is not that of the manifest")
        kept = self.path / "files"
        copies = {path.relative_to(kept).as_posix() for path in kept.rglob("*") if path.is_file()}
        untold = sorted(copies - manifest.files.keys())
        return found + [f"{self.file(name)}: the manifest does not tell of this copy" for name in untold]

    def keep(self, name: str, data: bytes) -> None:
        """Save a file of the backup's own, `report.json` or a mark."""
        with saving() as save:
            save(self.path / name, data)

    def settle(self) -> None:
        """Make the marks say that the store holds it all; nothing where the folder is gone."""
        if exists(self.path):
            if not self.finished:
                self.keep("finished", b"")
            if self.restored:
                remove(self.path / "restored")


def backups_in(root: Path) -> list[Backup]:
    """All backups that were put in place, oldest first."""
    return [Backup(path) for path in folders_in(root / BACKUPS) if path.name.startswith(_PREFIX)]


def expect_no_store_lost(root: Path) -> None:
    """Asked where there is no store: raises `StorageLostError` if a finished migration says that there is to be one."""
    finished = [backup for backup in backups_in(root) if backup.finished and not backup.restored]
    if finished:
        raise StorageLostError(
            f"{root}: the store is gone, although a migration was finished into it; put the store back from a copy, or "
            f"begin again from the old files as they were then: "
            f'`burndown-store restore "{root}" {finished[-1].path.name}`'
        )


def make_backup(
    root: Path, generation: str, sources: Mapping[str, Path], now: datetime, tell: Callable[[int, str], None]
) -> tuple[Backup, Manifest]:
    """A verified backup of the files, which is one that an interrupted migration left if that still equals them.

    `tell` is called with how many files are done, and the next. Raises `StorageError`, and `MigrationError` where a
    copy cannot be read back as it was written.
    """
    with medium(root / BACKUPS):
        for backup in reversed(backups_in(root)):
            if not backup.finished and _equals(backup, sources):
                return backup, backup.manifest()
        part = Backup(root / BACKUPS / _PART)
        remove_tree(part.path)
        make_folder(part.path)
    entries: dict[str, FileEntry] = {}
    for done, (name, path) in enumerate(sources.items()):
        tell(done, name)
        with medium(part.path):
            entries[name] = _copy(path, part.file(name))
    tell(len(entries), "")
    manifest = Manifest(created_at=now.astimezone(UTC), generation=generation, files=entries)
    with medium(part.path):
        part.keep("manifest.json", msgspec.json.format(msgspec.json.encode(manifest)))
        if problems := part.problems(manifest):
            raise MigrationError(f"{part.path}: nothing was migrated, because the backup cannot be read back", problems)
        place = _free(root / BACKUPS / f"{_PREFIX}{now.astimezone(UTC):%Y%m%dT%H%M%S%fZ}")
        put_in_place(part.path, place)
    return Backup(place), manifest


def check_timeout(seconds: object) -> None:
    """Raises `ValidationError` for what is no finite number of seconds, 0 or more."""
    if not isinstance(seconds, (int, float)) or not 0 <= seconds < math.inf:
        raise ValidationError("timeout: expected a finite number of seconds, 0 or more")


def entry_of(path: Path) -> FileEntry:
    """Size and sum of a file as it is now."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return FileEntry(file.tell(), digest.hexdigest())


@contextmanager
def alone(root: Path, timeout: float) -> Iterator[None]:
    """Keep every other migration and restoration of this folder out. Raises `BusyError`, `StorageError`."""
    with ExitStack() as held:
        with medium(root / BACKUPS):
            make_folder(root / BACKUPS)
            try:
                held.enter_context(exclusive(root / BACKUPS / "lock", timeout))
            except BusyError:
                raise BusyError(
                    f"{root}: another start has been migrating or restoring this folder for more than {timeout} "
                    "seconds; wait until it is done, and start again"
                ) from None
        yield


@contextmanager
def medium(place: Path, advice: str = _ADVICE) -> Iterator[None]:
    """Around all that touches files: what the system refuses is a `StorageError` that says where and what to do."""
    try:
        yield
    except PersistenceError:
        raise
    except OSError as error:
        raise StorageError(f"{error.filename or place}: {error.strerror or type(error).__name__}; {advice}") from None


def _equals(backup: Backup, sources: Mapping[str, Path]) -> bool:
    try:
        manifest = backup.manifest()
    except MigrationError:
        return False
    return (
        manifest.files.keys() == sources.keys()
        and all(entry_of(path) == manifest.files[name] for name, path in sources.items())
        and not backup.problems(manifest)
    )


def _copy(source: Path, target: Path) -> FileEntry:
    """Copy a file, with its times and permissions, onto the medium; the entry is of what was read."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as original, target.open("xb") as copy:
        while chunk := original.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    # Who may not read the file, which may hold a token, may not read its copy either.
    shutil.copystat(source, target)
    return FileEntry(size, digest.hexdigest())


def _free(place: Path) -> Path:
    count, free = 1, place
    while exists(free):
        count += 1
        free = place.with_name(f"{place.name}-{count}")
    return free


def _is_safe(name: str) -> bool:
    if {"", ".", ".."} & {*name.split("/")}:
        return False
    # Where "\\" and ":" mean something, no file that was backed up has them in its name.
    return os.sep == "/" or not {"\\", ":"} & {*name}
