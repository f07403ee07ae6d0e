"""A store in its folder: where each file lies, reading one, writing under the lock, opening and closing.

location/
    task_progress.json                      tasks
    profiles/
        profiles.json                       the registry, and the application's state
        json_files.lock                     locked while somebody writes
        NAME/profile.json                   a profile
        NAME/queries/NAME/query.json        a query; below it lie
            jira_cache.json                 issues and cache info
            jira_changelog_cache.json       histories
            project_data.json               statistics and scope
            metrics_snapshots.json          metrics
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from burndown_store.contract import (
    ClosedError,
    CorruptionError,
    PersistenceError,
    ProfileNotFoundError,
    QueryNotFoundError,
    SchemaVersionError,
    StorageError,
    StorageLostError,
    ValidationError,
)
from burndown_store.files import (
    TEMPORARY,
    Save,
    exclusive,
    exists,
    folders_in,
    make_folder,
    saving,
    stored,
)
from burndown_store.json_files.documents import Document, encoded
from burndown_store.json_files.names import folder_name
from burndown_store.json_files.profiles import SCHEMA_VERSION, empty_registry, registry_from

__all__ = ["PROFILE", "QUERY", "Store"]

T = TypeVar("T")

PROFILE: Final = "profile.json"
QUERY: Final = "query.json"

# What a document of another shape makes of the code that reads it; a `ValidationError` is a `ValueError`.
_OTHER_SHAPE: Final = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError)


class Store:
    """The store in the folder `location`, created where missing; it keeps no file open between two calls.

    Raises `ValidationError` for arguments that break a rule, `StorageError` where the location cannot be used,
    `CorruptionError` for the files of another application, `SchemaVersionError` for a newer store, `BusyError`.
    """

    def __init__(self, location: object, timeout: object) -> None:
        folder = _folder(location)
        self._timeout = _seconds(timeout)
        self.profiles: Final = folder / "profiles"
        self.registry: Final = self.profiles / "profiles.json"
        self.tasks: Final = folder / "task_progress.json"
        self._lock = self.profiles / "json_files.lock"
        self._closed = False
        self._identity: tuple[int, int] | None = None
        with self._files():
            make_folder(self.profiles)
            self._identity = self._found()
            if not exists(self.registry):
                self._create()
        self.read_registry()

    # Where things lie

    def profile_folder(self, profile_id: str) -> Path:
        """The folder of a profile."""
        return self.profiles / folder_name(profile_id)

    def query_folder(self, profile_id: str, query_id: str) -> Path:
        """The folder of a query."""
        return self.profile_folder(profile_id) / "queries" / folder_name(query_id)

    def profile_folders(self) -> list[Path]:
        """The folders of all profiles that are there. Raises `StorageError`."""
        with self._files():
            return [folder for folder in folders_in(self.profiles) if exists(folder / PROFILE)]

    def query_folders(self, profile: Path) -> list[Path]:
        """The folders of all queries that are there, of a profile's folder. Raises `StorageError`."""
        with self._files():
            if not exists(profile / PROFILE):
                return []
            return [folder for folder in folders_in(profile / "queries") if exists(folder / QUERY)]

    def has_profile(self, profile_id: str) -> bool:
        """Raises `StorageError`."""
        with self._files():
            return exists(self.profile_folder(profile_id) / PROFILE)

    def has_query(self, profile_id: str, query_id: str) -> bool:
        """Raises `StorageError`."""
        with self._files():
            return self.has_profile(profile_id) and exists(self.query_folder(profile_id, query_id) / QUERY)

    def expect_profile(self, profile_id: str) -> None:
        """Raises `ProfileNotFoundError`."""
        if not self.has_profile(profile_id):
            raise ProfileNotFoundError("there is no such profile; save it first, or see list_profiles()")

    def expect_query(self, profile_id: str, query_id: str) -> None:
        """Raises `ProfileNotFoundError`, `QueryNotFoundError`."""
        self.expect_profile(profile_id)
        if not self.has_query(profile_id, query_id):
            raise QueryNotFoundError("there is no such query in the profile; save it first, or see list_queries()")

    # Reading and writing

    def read(self, path: Path, understood: Callable[[bytes], T]) -> T | None:
        """What `understood` makes of the file, or None where there is none.

        Raises `StorageError`, and `CorruptionError` for a file that it cannot make anything of.
        """
        with self._files():
            data = stored(path)
        if data is None:
            return None
        try:
            return understood(data)
        except _OTHER_SHAPE:
            pass
        # Raised out here, because what a parser raises may hold the text that it was given.
        raise CorruptionError(f"{path}: {_fault(data)}")

    def read_registry(self) -> Document:
        """The registry. Raises `StorageError`, `CorruptionError`, `StorageLostError`, `SchemaVersionError`."""
        found = self.read(self.registry, registry_from)
        if found is None:
            raise StorageLostError(f"{self.registry}: the file is gone; put it back from a copy")
        version, registry = found
        if version > SCHEMA_VERSION:
            raise SchemaVersionError(
                f"{self.registry}: the store has version {version}, this software knows {SCHEMA_VERSION};"
                " use a newer one"
            )
        return registry

    @contextmanager
    def writing(self) -> Iterator[Save]:
        """Be the only writer; what the body saves is put in place at its end, in its order. Raises `BusyError`."""
        with self._files(), exclusive(self._lock, self._timeout):
            # Both may have come to pass while this one waited.
            self.require_open()
            self.expect_present()
            with saving() as save:
                yield save

    def size_bytes(self) -> int:
        """The bytes of all files of the store, those included that are just being saved."""
        own = [self.registry, self.tasks, self._lock]
        with self._files():
            below = [
                Path(folder, name)
                for profile in folders_in(self.profiles)
                for folder, _, names in os.walk(profile)
                for name in names
            ]
            return sum(_size(path) for path in (*own, *(path.with_name(path.name + TEMPORARY) for path in own), *below))

    # Open, closed, lost

    def require_open(self) -> None:
        """Raises `ClosedError`."""
        if self._closed:
            raise ClosedError("the store was closed; open it again")

    def expect_present(self) -> None:
        """Raises `StorageLostError` where the folder that was opened is gone, or another is in its place."""
        if self._identity is not None and self._found() != self._identity:
            raise StorageLostError(
                f"{self.profiles}: the folder was deleted or replaced while it was open;"
                " close this handle and open the store"
            )

    def close(self) -> None:
        """No call is answered from now on; there is nothing else to release."""
        self._closed = True

    def _create(self) -> None:
        with self.writing() as save:
            # Another may have been faster.
            if exists(self.registry):
                return
            if any(exists(folder / PROFILE) for folder in folders_in(self.profiles)):
                raise CorruptionError(f"{self.registry}: the file is missing beside profiles; put it back from a copy")
            save(self.registry, encoded(empty_registry()))

    def _found(self) -> tuple[int, int] | None:
        try:
            status = self.profiles.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    @contextmanager
    def _files(self) -> Iterator[None]:
        """Around all that looks at files: they are those that were opened, and only errors of the contract escape."""
        self.expect_present()
        try:
            yield
        except PersistenceError:
            raise
        except OSError as error:
            self.expect_present()
            place = error.filename or self.profiles
            raise StorageError(
                f"{place}: {error.strerror or type(error).__name__}; see to the medium, its space and its permissions"
            ) from None


def _fault(data: bytes) -> str:
    if not data.strip():
        found = "the file is empty"
    elif b"\x00" in data:
        found = "the file holds NUL bytes, as a power cut leaves them"
    elif not data.rstrip().endswith(b"}"):
        found = "the file is cut off, or is no JSON object"
    else:
        found = "the file is damaged, or was written by another application"
    return f"{found}; put it back from a copy, or migrate the folder into a new store"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _folder(location: object) -> Path:
    path = os.fspath(location) if isinstance(location, os.PathLike) else location
    if not isinstance(path, str):
        raise ValidationError(f"location: expected str or a path of text, got {type(location).__name__}")
    if not path or "\x00" in path:
        raise ValidationError("location: expected the name of a folder; it is empty or holds a NUL")
    # Absolute, because the process may change its folder while the store is open.
    return Path(path).absolute()


def _seconds(timeout: object) -> float:
    if type(timeout) is not float and type(timeout) is not int:
        raise ValidationError(f"timeout: expected seconds as float or int, got {type(timeout).__name__}")
    if not 0 <= timeout < math.inf:
        raise ValidationError("timeout: expected a finite number of seconds, 0 or more")
    return timeout
