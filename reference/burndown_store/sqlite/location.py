"""Where a store lies: the folder, the database file in it, and whether that is still the file that was opened.

profiles/burndown.db             the database; SQLite keeps its log and an index of it beside it, as -wal and -shm
profiles/burndown.db-creating    there from before the file is made until its layout is in it: an empty file without
                                 this beside it is a store that was emptied
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from burndown_store.contract import CorruptionError, StorageError, StorageLostError, ValidationError
from burndown_store.files import make_folder, sync_names
from burndown_store.sqlite.refusals import RECOVER, refusal_of
from burndown_store.sqlite.second_look import uri_of

__all__ = ["BESIDE", "FILE", "StoreFile", "exists", "folder_of", "is_there"]

FILE: Final = Path("profiles", "burndown.db")
BESIDE: Final = ("-wal", "-shm", "-journal")
"""What the names of the files end in that SQLite keeps beside the database."""

_ABSENT: Final = (FileNotFoundError, NotADirectoryError)
_CREATING: Final = "-creating"
_OPENED: Final = ("", "-wal", "-shm")
# Another process may just be lengthening the file, whose first page is written before the last.
_LOOKS: Final = 20
_PAUSE: Final = 0.005


def exists(location: str | os.PathLike[str]) -> bool:
    """Whether a store lies at `location`, of whatever state; nothing is opened or made. Raises `ValidationError`.

    What a creation left behind that was killed is none.
    """
    path = folder_of(location) / FILE
    if not os.path.lexists(path):
        return False
    unfinished = path.is_file() and _size(str(path)) == 0 and os.path.lexists(f"{path}{_CREATING}")
    return not (unfinished and _size(f"{path}-wal") == 0)


class StoreFile:
    """The database file of one location, which is created with its folders when it is first opened."""

    def __init__(self, location: object) -> None:
        """Raises `ValidationError` for what is no path, `StorageError` where nothing can be written."""
        self.path: Final = str(folder_of(location) / FILE)
        # Of the database, its log and the index of that; None for what is not there.
        self._identities: list[tuple[int, int] | None] = [None, None, None]
        self._bytes = 0
        _make_folder(Path(self.path).parent)
        found = _status(self.path)
        if found is not None and not stat.S_ISREG(found.st_mode):
            raise StorageError(f"{self.path}: something that is no file lies in its place; choose another location")
        if found is not None and not os.access(self.path, os.W_OK):
            raise StorageError(f"{self.path}: the file may not be written; see to its permissions and its medium")

    def uri(self, parameters: str) -> str:
        """The file as SQLite's URI."""
        return uri_of(self.path, parameters)

    def begin_creation(self) -> None:
        """Say that the file is about to be made, in a way that outlasts whatever ends this process."""
        creating = Path(self.path + _CREATING)
        try:
            creating.open("ab").close()
        except OSError as error:
            raise StorageError(f"{creating}: {error.strerror}; see to the medium and its permissions") from None
        sync_names(creating.parent)

    def is_being_created(self) -> bool:
        """Whether the file may still be without its layout."""
        return is_there(self.path + _CREATING)

    def end_creation(self) -> None:
        """Say that the layout is in the file itself, and not in the log alone. Raises nothing."""
        try:
            Path(self.path + _CREATING).unlink(missing_ok=True)
        except OSError:
            # The next to open the store does it.
            return

    def remember(self) -> None:
        """Take the files as they are now for those that were opened."""
        database = _status(self.path)
        self._identities[0] = _identity(database)
        self._bytes = 0 if database is None else database.st_size
        self.remember_log()

    def remember_log(self) -> None:
        """Take the log as it is now, and the index of it, for those that were opened."""
        self._identities[1:] = [_identity(_status(self.path + ending)) for ending in _OPENED[1:]]

    def forget_log(self) -> None:
        """Expect no log: SQLite removes it with the last connection, and the next one begins another."""
        self._identities[1:] = [None, None]

    def expect_present(self) -> None:
        """Raises `StorageLostError` when a file that was opened is gone, replaced or emptied.

        Raises `CorruptionError` when the database was cut short.
        """
        found = _status(self.path)
        if found is None or _identity(found) != self._identities[0]:
            raise self._lost("the file was deleted or replaced")
        for ending, opened in zip(_OPENED[1:], self._identities[1:], strict=True):
            if opened is not None and _identity(_status(self.path + ending)) != opened:
                raise self._lost(f"the file {Path(self.path).name}{ending} beside it was deleted or replaced")
        if found.st_size < self._bytes:
            self._expect_whole()
        self._bytes = found.st_size

    def _expect_whole(self) -> None:
        """A file may become shorter, because free pages are given back; then its first page says so."""
        for look in range(_LOOKS):
            if _size(self.path) == 0:
                raise self._lost("the file was emptied")
            # By SQLite, for whoever else closes a file drops the locks that SQLite has on it in this process.
            with closing(sqlite3.connect(self.uri("mode=ro&immutable=1"), uri=True)) as probe:
                try:
                    probe.execute("SELECT count(*) FROM sqlite_master").fetchone()
                except sqlite3.Error as error:
                    if look == _LOOKS - 1:
                        raise refusal_of(error, self.path) from None
                else:
                    return
            time.sleep(_PAUSE)

    def _lost(self, what: str) -> StorageLostError:
        return StorageLostError(f"{self.path}: {what} while it was open; close this handle and open the store")

    def size_bytes(self) -> int:
        """The bytes of the database and of what SQLite keeps beside it."""
        return sum(_size(self.path + ending) for ending in ("", *BESIDE))

    def log_bytes(self) -> int:
        """The bytes that SQLite has written and not yet moved into the database."""
        return _size(self.path + "-wal")

    def has_journal(self) -> bool:
        """Whether a change was under way that SQLite makes without the log, which it does while it creates the file."""
        return _size(self.path + "-journal") > 0

    def expect_not_emptied(self) -> None:
        """Raises `CorruptionError` where the log of a database is there and nothing else: SQLite would delete it."""
        if _size(self.path) == 0 and self.log_bytes() > 0:
            raise self.emptied()

    def emptied(self) -> CorruptionError:
        """The error for a file that holds nothing, and is not just being created."""
        return CorruptionError(f"{self.path}: the file was emptied, or is gone; {RECOVER}")


def folder_of(location: object) -> Path:
    """The location as an absolute path. Raises `ValidationError` for what is none."""
    path = os.fspath(location) if isinstance(location, os.PathLike) else location
    if not isinstance(path, str):
        raise ValidationError(f"location: expected str or a path of text, got {type(location).__name__}")
    if not path or "\x00" in path:
        raise ValidationError("location: expected the name of a folder; it is empty or holds a NUL")
    # Absolute, because the process may change its folder while the store is open.
    return Path(path).absolute()


def _make_folder(folder: Path) -> None:
    try:
        make_folder(folder)
    except OSError as error:
        raise StorageError(f"{folder}: the folder cannot be created ({error.strerror}); choose another") from None
    if not os.access(folder, os.W_OK):
        raise StorageError(f"{folder}: the folder may not be written; see to its permissions")


def is_there(path: str) -> bool:
    """Whether something has this name. Raises `StorageError` where the medium does not tell."""
    try:
        os.lstat(path)
    except _ABSENT:
        return False
    except OSError as error:
        raise _untold(path, error) from None
    return True


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116 - done at every call, and Path.stat() takes twice as long
    except _ABSENT:
        return None
    except OSError as error:
        raise _untold(path, error) from None


def _untold(path: str, error: OSError) -> StorageError:
    """A medium that does not answer has lost nothing."""
    return StorageError(f"{path}: the medium failed to tell of it ({error.strerror}); see that it works")


def _identity(status: os.stat_result | None) -> tuple[int, int] | None:
    return None if status is None else (status.st_dev, status.st_ino)


def _size(path: str) -> int:
    status = _status(path)
    return 0 if status is None else status.st_size
