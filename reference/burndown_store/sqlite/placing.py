"""How a recovered store comes into the place of a damaged one, so that being killed at any moment loses nothing.

backups/.recovering/                    what a recovery works on; made anew by the next one, as long as it is not ready
    new/profiles/burndown.db            the recovered store
    ready                               from here on the recovery is only to be ended: no store is opened before it is
backups/damaged-0001/                   the damaged files, as they were

Once `ready` is there, the damaged files are moved away, the recovered one is moved into its place, and the folder goes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from burndown_store.contract import BusyError, CorruptionError, StorageError
from burndown_store.files import exists, make_folder, put_in_place, remove, remove_tree, saving, stored
from burndown_store.sqlite.backups import BACKUPS
from burndown_store.sqlite.location import BESIDE, FILE, is_there

__all__ = [
    "discard_work",
    "end_recovery",
    "expect_no_recovery_under_way",
    "file_errors",
    "is_ready",
    "make_ready",
    "work_folder",
]

_WORK: Final = ".recovering"
_READY: Final = "ready"
_ASIDE: Final = re.compile(r"damaged-([0-9]{4,})")


def work_folder(root: Path) -> Path:
    """Where a recovery of the store at `root` does its work."""
    return root / BACKUPS / _WORK


def expect_no_recovery_under_way(path: str) -> None:
    """Raises `CorruptionError` where the store's file is just being exchanged, or was when somebody was killed."""
    if is_ready(Path(path).parents[1]):
        raise CorruptionError(
            f"{path}: a recovery was begun and has not ended; wait for it, or end it with: burndown-store recover ROOT"
        )


def is_ready(root: Path) -> bool:
    """Whether a recovery is only to be ended."""
    return is_there(str(work_folder(root) / _READY))


def discard_work(root: Path) -> None:
    """Remove what an earlier recovery left that never became ready."""
    with file_errors(root):
        remove_tree(work_folder(root))


def make_ready(root: Path, told: dict[str, Any]) -> None:
    """Say that the recovered store is whole and verified; `told`, of JSON, is for whoever ends the recovery."""
    with file_errors(root), saving() as save:
        told = {**told, "aside": _next_aside(root)}
        save(work_folder(root) / _READY, json.dumps(told, indent=2).encode("utf-8"))


def end_recovery(root: Path) -> tuple[dict[str, Any], Path] | None:
    """Put the recovered store in place, if one is ready: what was told of it, and where the damaged files are now.

    Raises `BusyError` where a file cannot be moved because another has it open: nothing has changed then.
    """
    work, place = work_folder(root), root / FILE
    with file_errors(root):
        text = stored(work / _READY)
        if text is None:
            return None
        told = json.loads(text)
        aside = root / BACKUPS / told.pop("aside")
        made = work / "new" / FILE
        if exists(made):
            # The database first: where another has it open and that cannot be done, all is still as it was.
            for name in (FILE.name, *(FILE.name + ending for ending in BESIDE)):
                if exists(place.with_name(name)):
                    make_folder(aside)
                    try:
                        put_in_place(place.with_name(name), aside / name)
                    except PermissionError:
                        if name == FILE.name:
                            remove(work / _READY)
                            aside.rmdir()
                            raise BusyError(f"{place}: another has the store open; close it and try again") from None
                        raise
            put_in_place(made, place)
        remove(work / _READY)
        remove_tree(work)
    return told, aside


@contextmanager
def file_errors(root: Path) -> Iterator[None]:
    """Errors of the system leave as `StorageError`."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(
            f"{error.filename or root}: {error.strerror or type(error).__name__};"
            " see to the medium, its space and its permissions, and recover again: nothing was lost"
        ) from None


def _next_aside(root: Path) -> str:
    taken = [int(match[1]) for path in (root / BACKUPS).iterdir() if (match := _ASIDE.fullmatch(path.name))]
    return f"damaged-{1 + max(taken, default=0):04}"
