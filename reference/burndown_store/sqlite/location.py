"""Where a store lies: the folder, the database file in it, and whether that is still the file that was opened."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final
from urllib.parse import quote

from burndown_store.contract import StorageError, StorageLostError, ValidationError

__all__ = ["StoreFile", "exists"]

FILE: Final = Path("profiles", "burndown.db")


def exists(location: str | os.PathLike[str]) -> bool:
    """Whether a store lies at `location`, of whatever state; nothing is opened or made. Raises `ValidationError`.

    A file of 0 bytes without a log is none: that is what a creation leaves behind that was killed.
    """
    path = _folder(location) / FILE
    return os.path.lexists(path) and not (path.is_file() and _size(str(path)) == 0 == _size(f"{path}-wal"))


class StoreFile:
    """The database file of one location, which is created with its folders when it is first opened."""

    def __init__(self, location: object) -> None:
        """Raises `ValidationError` for what is no path, `StorageError` where nothing can be written."""
        self.path: Final = str(_folder(location) / FILE)
        self._identity: tuple[int, int] | None = None
        _make_folder(Path(self.path).parent)
        if Path(self.path).exists() and not Path(self.path).is_file():
            raise StorageError(f"{self.path}: something that is no file lies in its place; choose another location")
        if Path(self.path).exists() and not os.access(self.path, os.W_OK):
            raise StorageError(f"{self.path}: the file may not be written; see to its permissions and its medium")

    def uri(self, parameters: str) -> str:
        """The file as SQLite's URI; a drive and a network share keep their meaning, `?`, `#` and `%` have none."""
        path = Path(self.path).as_posix()
        return f"file://{'' if path.startswith('/') else '/'}{quote(os.fsencode(path))}?{parameters}"

    def remember(self) -> None:
        """Take the file as it is now for the one that was opened."""
        self._identity = self._found()

    def expect_present(self) -> None:
        """Raises `StorageLostError` when the file that was opened is gone, or another is in its place."""
        if self._found() != self._identity:
            raise StorageLostError(
                f"{self.path}: the file was deleted or replaced while it was open; close this handle and open the store"
            )

    def size_bytes(self) -> int:
        """The bytes of the database and of what SQLite keeps beside it."""
        return sum(_size(self.path + ending) for ending in ("", "-wal", "-shm", "-journal"))

    def log_bytes(self) -> int:
        """The bytes that SQLite has written and not yet moved into the database."""
        return _size(self.path + "-wal")

    def is_emptied(self) -> bool:
        """Whether nothing is left of a database whose log is still there. SQLite would take it for a new one."""
        return _size(self.path) == 0 and self.log_bytes() > 0

    def _found(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self.path)  # noqa: PTH116 - done at every call, and Path.stat() takes twice as long
        except OSError:
            return None
        return status.st_dev, status.st_ino


def _folder(location: object) -> Path:
    path = os.fspath(location) if isinstance(location, os.PathLike) else location
    if not isinstance(path, str):
        raise ValidationError(f"location: expected str or a path of text, got {type(location).__name__}")
    if not path or "\x00" in path:
        raise ValidationError("location: expected the name of a folder; it is empty or holds a NUL")
    # Absolute, because the process may change its folder while the store is open.
    return Path(path).absolute()


def _make_folder(folder: Path) -> None:
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder}: the folder cannot be created ({error.strerror}); choose another") from None
    if not os.access(folder, os.W_OK):
        raise StorageError(f"{folder}: the folder may not be written; see to its permissions")
    for made in missing:
        _sync_entries(made.parent)


def _sync_entries(folder: Path) -> None:
    """Make the names in a folder survive a power cut, where the system lets a folder be opened for that."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except FileNotFoundError:
        return 0
