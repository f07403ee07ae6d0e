"""Files that are read whole and saved whole, so that a crash leaves the old one or the new one.

A file is saved under a temporary name beside its own, made to reach the medium, and put in place by one `os.replace`;
then its folder is made to reach the medium too, where the system can do that (Windows cannot). The temporary name
is fixed: there is one writer at a time, and what a killed one left behind is overwritten by the next.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

__all__ = [
    "TEMPORARY",
    "Save",
    "exists",
    "folders_in",
    "make_folder",
    "put_in_place",
    "remove",
    "remove_tree",
    "saving",
    "stored",
    "sync_file",
    "sync_names",
]

T = TypeVar("T")
Save: TypeAlias = Callable[[Path, bytes], None]

TEMPORARY: Final = ".new"
"""What the name of a file ends in while it is being saved."""

_ABSENT: Final = (FileNotFoundError, NotADirectoryError)


@contextmanager
def saving() -> Iterator[Save]:
    """Save several files: all are written out within the body, and put in place, in their order, at its end.

    So what most often fails, a full disk, fails before anything has changed. When the body raises, nothing is put in
    place; no temporary file stays behind but that of a killed process.
    """
    prepared: list[Path] = []

    def save(path: Path, data: bytes) -> None:
        prepared.append(path)
        with _temporary(path).open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    try:
        yield save
        for path in prepared:
            _patiently(partial(_temporary(path).replace, path))
    except BaseException:
        for path in prepared:
            with suppress(OSError):
                _temporary(path).unlink()
        raise
    for folder in dict.fromkeys(path.parent for path in prepared):
        sync_names(folder)


def stored(path: Path) -> bytes | None:
    """What the file holds, or None where it is not there. Raises `OSError`."""
    try:
        return _patiently(path.read_bytes)
    except _ABSENT:
        return None


def exists(path: Path) -> bool:
    """Whether there is such a file. Raises `OSError` where that cannot be told."""
    try:
        path.stat()
    except _ABSENT:
        return False
    return True


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, by name; none where it is not there. Raises `OSError`."""
    try:
        with os.scandir(folder) as entries:
            return sorted(folder / entry.name for entry in entries if entry.is_dir())
    except _ABSENT:
        return []


def make_folder(folder: Path) -> None:
    """Make the folder and those above it that are missing. Raises `OSError`."""
    missing = [each for each in (folder, *folder.parents) if not exists(each)]
    folder.mkdir(parents=True, exist_ok=True)
    for made in missing:
        sync_names(made.parent)


def sync_file(path: Path) -> None:
    """Make what was written to the file survive a power cut. Raises `OSError`."""
    # Windows syncs only what may be written.
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def put_in_place(made: Path, place: Path) -> None:
    """Give a file or a folder its final name, where nothing lies yet. Raises `OSError`."""
    _patiently(partial(made.rename, place))
    sync_names(place.parent)


def remove(path: Path) -> None:
    """Remove the file, if it is there. Raises `OSError`."""
    _patiently(lambda: path.unlink(missing_ok=True))
    sync_names(path.parent)


def remove_tree(folder: Path) -> None:
    """Remove the folder with all that lies in it, if it is there. Raises `OSError`."""
    with suppress(*_ABSENT):
        shutil.rmtree(folder)
        sync_names(folder.parent)


def _temporary(path: Path) -> Path:
    return path.with_name(path.name + TEMPORARY)


def sync_names(folder: Path) -> None:
    """Make the names in a folder survive a power cut, where the system lets a folder be opened for that."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        # What is to be synced has been put in place already: it cannot be taken back.
        pass
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    # Windows refuses to replace a file that somebody reads, and to open one that is just being replaced.
    _PATIENCE: Final = 2.0
    _PAUSE: Final = 0.002

    def _patiently(work: Callable[[], T]) -> T:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                return work()
            except PermissionError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_PAUSE)

else:

    def _patiently(work: Callable[[], T]) -> T:
        return work()
