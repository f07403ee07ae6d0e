"""Restorations that do not give back what was backed up, or give back what is damaged (contract, 21.8)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from burndown_store.contract import MigrationError
from burndown_store.migration import Restored
from burndown_store.migration.backups import Backup, entry_of
from burndown_store.sqlite import SqliteBackend
from deviating import Deviating
from saboteurs import saboteur
from saboteurs.migration_checks import BACKUPS


def _what_is_missing(root: Path, place: Path) -> Restored:
    backup, written = Backup(place), []
    for name in backup.manifest().files:
        target = root.joinpath(*name.split("/"))
        if not target.exists():
            target.write_bytes(backup.file(name).read_bytes())
        written.append(name)
    return Restored(backup=place, files=tuple(written))


def _verified(restore: Callable[[Path, Path], Restored]) -> Callable[[Path, Path], Restored]:
    def restored(root: Path, place: Path) -> Restored:
        backup = Backup(place)
        if problems := backup.problems(backup.manifest()):
            raise MigrationError("the backup is damaged", problems)
        return restore(root, place)

    return restored


@saboteur(
    "restore-gives-the-files-back",
    "a-lost-store-is-not-migrated-anew",
    says=("restore(open_backend, location", "files_below", "profile.json"),
)
class RestoresWhatIsMissing(SqliteBackend):
    """Puts the files back that are gone, and leaves those that are there as they are."""

    migration = Deviating(restore=_verified(_what_is_missing))


def _what_is_there(root: Path, place: Path) -> Restored:
    backup, written = Backup(place), []
    for name in backup.manifest().files:
        target = root.joinpath(*name.split("/"))
        if target.exists():
            target.write_bytes(backup.file(name).read_bytes())
            written.append(name)
    return Restored(backup=place, files=tuple(written))


@saboteur(
    "restore-gives-the-files-back",
    "a-lost-store-is-not-migrated-anew",
    says=("restore(open_backend, location", "project_data.json"),
)
class OverwritesWhatIsThere(SqliteBackend):
    """Overwrites the files that are there, and misses those that were deleted."""

    migration = Deviating(restore=_verified(_what_is_there))


def _one_by_one(root: Path, place: Path) -> Restored:
    backup = Backup(place)
    for name, entry in backup.manifest().files.items():
        copy = backup.file(name)
        if not copy.exists() or entry_of(copy) != entry:
            raise MigrationError(f"{name}: the copy is damaged")
        root.joinpath(*name.split("/")).write_bytes(copy.read_bytes())
    return Restored(backup=place, files=tuple(backup.manifest().files))


@saboteur(
    "restore-refuses-a-damaged-backup",
    "a-lost-store-is-not-migrated-anew",
    says=("files_below", "profiles/p/profile.json"),
)
class VerifiesOneByOne(SqliteBackend):
    """Verifies each copy when its turn comes, and has written others by then."""

    migration = Deviating(restore=_one_by_one)


@saboteur("restore-refuses-a-damaged-backup", says=("raises MigrationError", "query.json"))
class NeverVerifies(SqliteBackend):
    """Writes sums into its manifest, and never compares them."""

    migration = Deviating({f"{BACKUPS}:Backup.problems": lambda _: lambda *_: []})
