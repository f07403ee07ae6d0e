"""Folders of files: looked through before anything of them is read, then read as what they are."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import tzinfo
from pathlib import Path
from typing import Final

import msgspec

from burndown_store import json_files
from burndown_store.contract import CorruptionError
from burndown_store.files import exists, stored
from burndown_store.json_files.documents import OURS, decoded
from burndown_store.json_files.soundness import problems
from burndown_store.json_files.store import Store
from burndown_store.legacy import read_workspace
from burndown_store.legacy.documents import MAX_BYTES
from burndown_store.transfer.archives import MAX_FILES
from burndown_store.transfer.bundles import Bundle, bundle_of, bundle_of_legacy
from burndown_store.transfer.errors import ImportRefusedError

__all__ = ["bundle_of_folder"]

# What is read of the folder itself; the old application kept these beside its own program.
_READ_IN_ROOT: Final = (".json", ".tmp", ".csv")
# What Windows calls a link to a folder.
_JUNCTION: Final = 0xA0000003


def bundle_of_folder(folder: Path, zone: tzinfo, stack: ExitStack, label: str) -> tuple[Bundle, bool]:
    """What the folder holds, and whether it is an export of this library, which is open until `stack` is closed.

    Nothing in it is changed. Raises `ImportRefusedError`, which calls the folder `label`, `SchemaVersionError`,
    `StorageError`, and `OSError`.
    """
    _expect_sound(folder, label)
    if _is_export(folder):
        found = _problems_of(folder)
        if found:
            raise ImportRefusedError(
                "\n  - ".join((f"{label}: an export that is damaged or was changed since", *found))
            )
        return bundle_of(stack.enter_context(json_files.open_backend(folder))), True
    workspace = read_workspace(folder, zone=zone)
    if workspace.generation is None:
        raise ImportRefusedError(
            f"{label}: neither an export nor files of the old application; name the folder that holds profiles/"
        )
    return bundle_of_legacy(workspace), False


def _is_export(folder: Path) -> bool:
    data = stored(folder / "profiles" / "profiles.json")
    try:
        return data is not None and OURS in decoded(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False


def _problems_of(folder: Path) -> list[str]:
    # The backend's own check would take the lock, and so leave a file behind.
    try:
        return problems(Store(folder, 0.0))
    except CorruptionError as damage:
        return [str(damage)]


def _expect_sound(folder: Path, label: str) -> None:
    for number, path in enumerate(_all_that_is_read(folder), start=1):
        found = path.lstat()
        name = path.relative_to(folder).as_posix().encode("utf-8", "backslashreplace").decode("utf-8")
        if stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) == _JUNCTION:
            raise ImportRefusedError(f"{label}: {name} is a link; put in its place what it leads to")
        if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
            raise ImportRefusedError(f"{label}: {name} is neither a file nor a folder; remove it")
        if stat.S_ISREG(found.st_mode) and found.st_size > MAX_BYTES:
            raise ImportRefusedError(f"{label}: {name} has more than {MAX_BYTES} bytes; no file of the application has")
        if number > MAX_FILES:
            raise ImportRefusedError(f"{label}: more than {MAX_FILES} files; import parts of it")


def _all_that_is_read(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name == "profiles" or path.suffix in _READ_IN_ROOT:
            yield path
    profiles = folder / "profiles"
    # A link is refused before anybody looks behind it.
    if exists(profiles):
        for place, folders, files in os.walk(profiles):
            yield from (Path(place, name) for name in (*folders, *files))
