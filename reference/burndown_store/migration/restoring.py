"""Back to the old files as they were when they were migrated."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from burndown_store.contract import MigrationError, check_instant
from burndown_store.files import exists, make_folder, remove, saving
from burndown_store.legacy import files_of
from burndown_store.migration.backups import BACKUPS, Backup, alone, check_timeout, entry_of, medium

__all__ = ["Restored", "restore"]

_ADVICE = "see to the medium, its space and its permissions, and restore again: nothing was lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restoration did.

    `files` were put back, by their paths below the root; those that differed, or that the backup does not have, lie in
    the folder `replaced` under the same paths, None where there were none.
    """

    backup: Path
    files: tuple[str, ...]
    replaced: Path | None = None


def restore(
    root: str | os.PathLike[str],
    backup: str | os.PathLike[str],
    *,
    now: datetime | None = None,
    timeout: float = 60.0,
) -> Restored:
    """Make the old files below `root` exactly those of `backup`: its path, or its name in `backups/`.

    The backup is verified first. Old files that are there and differ are set aside, not lost. The store is not touched:
    where it is still there it stays in use, where it is gone the next start migrates the files again. Interrupted, it
    can be done again. Raises `MigrationError` with all problems, `BusyError`, `StorageError`.
    """
    base = Path(root).absolute()
    check_timeout(timeout)
    moment = datetime.now(UTC) if now is None else check_instant(now, "now")
    chosen = _found(base, Path(backup))
    with medium(chosen.path):
        manifest = chosen.manifest()
        if problems := chosen.problems(manifest):
            raise MigrationError(f"{chosen.path}: nothing was restored, because the backup is damaged", problems)
    with alone(base, timeout), medium(base, _ADVICE):
        present = files_of(base)
        replaced = {
            name: path
            for name in present.keys() | manifest.files.keys()
            if exists(path := base.joinpath(*name.split("/")))
            and (name not in manifest.files or entry_of(path) != manifest.files[name])
        }
        aside = _set_aside(base, replaced, moment)
        with saving() as save:
            for name in manifest.files:
                target = base.joinpath(*name.split("/"))
                make_folder(target.parent)
                save(target, chosen.file(name).read_bytes())
        for name in manifest.files:
            # Times, because of several temporary files the latest counts; and permissions.
            shutil.copystat(chosen.file(name), base.joinpath(*name.split("/")))
        for name in sorted(replaced.keys() - manifest.files.keys()):
            remove(replaced[name])
        if chosen.path.parent == base / BACKUPS:
            # A backup of another folder says nothing of this one's store.
            chosen.keep("restored", b"")
    return Restored(backup=chosen.path, files=tuple(manifest.files), replaced=aside)


def _found(root: Path, backup: Path) -> Backup:
    for place in (backup.absolute(), root / backup, root / BACKUPS / backup):
        if place.is_dir():
            return Backup(place)
    raise MigrationError(f"{backup}: there is no such backup; those of this folder lie in {root / BACKUPS}")


def _set_aside(root: Path, files: dict[str, Path], now: datetime) -> Path | None:
    """Copy the files to a folder of their own."""
    if not files:
        return None
    place = root / BACKUPS / f"replaced-{now.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"
    for name, path in sorted(files.items()):
        target = place.joinpath(*name.split("/"))
        make_folder(target.parent)
        shutil.copy2(path, target)
    return place
