"""Stores that do not notice that they are gone, or take what is damaged for something else (contract, 23.1 to 23.3)."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import mock

from burndown_store.contract import BusyError, CorruptionError, StorageLostError
from burndown_store.sqlite import SqliteBackend
from saboteurs import saboteur
from saboteurs.among_processes import is_one_of_several

Location = str | os.PathLike[str]


def never_looks() -> None:
    """Whether the store is still there."""


@saboteur("a-deleted-store-is-lost", says=("delete_store(location)", "raises StorageLostError"))
class WritesToTheUnlinkedFile(SqliteBackend):
    """Reads and writes whatever its handle has open, named or not."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._file.expect_present = never_looks  # type: ignore[method-assign]


@saboteur("a-deleted-store-is-lost", says=("delete_store(location)", "raises StorageLostError"))
class MakesItselfAnew(SqliteBackend):
    """Opens the store again when it is gone, and goes on in an empty one."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._again = location, timeout

    def _admit(self, operation: str) -> None:
        super()._admit(operation)
        if not Path(self._file.path).exists():
            location, timeout = self._again
            self._connections.close()
            super().__init__(location, timeout=timeout)


class Looking(SqliteBackend):
    """Looks whether the store is still there at some of the calls."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._look: Callable[[], None] = self._file.expect_present
        self._file.expect_present = never_looks  # type: ignore[method-assign]


@saboteur("a-deleted-store-is-lost", says=("delete_store(location)", "raises StorageLostError"))
class LooksOnlyBeforeItWrites(Looking):
    """Takes reading to be harmless."""

    def _admit_write(self, operation: str) -> None:
        super()._admit_write(operation)
        self._look()


@saboteur("a-deleted-store-is-lost", says=("delete_store(location)", "raises StorageLostError"))
class LooksOnlyBeforeItReads(Looking):
    """Takes SQLite to notice when it writes."""

    def _admit(self, operation: str) -> None:
        super()._admit(operation)
        if operation.startswith(("get_", "list_", "check", "size_bytes", "snapshot")):
            self._look()


@saboteur("a-deleted-store-is-lost", says=("backend.check()", "raises StorageLostError"))
class ChecksWhatIsGone(SqliteBackend):
    """Looks at every call but `check()`, which reads the pages of a file without a name, and finds them sound."""

    def check(self) -> list[str]:
        with mock.patch.object(self._file, "expect_present", never_looks):
            return super().check()


@saboteur("a-deleted-store-is-lost", says=("backend.size_bytes()", "raises StorageLostError"))
class SumsUpWhatIsGone(SqliteBackend):
    """Counts the bytes of files without a look at whether they are the store's."""

    def size_bytes(self) -> int:
        self._admit("size_bytes")
        return self._file.size_bytes()


@saboteur("a-replaced-store-is-lost", says=("replace_store(location", "raises StorageLostError"))
class TakesTheNameForTheFile(SqliteBackend):
    """Is content with a file of that name."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._file.expect_present = self._look_for_the_name  # type: ignore[method-assign]

    def _look_for_the_name(self) -> None:
        if not Path(self._file.path).exists():
            raise StorageLostError(f"{self._file.path}: the file is gone; close this handle and open the store")


@saboteur("a-store-lost-in-a-transaction-dooms-it", says=("begin(backend.transaction)", "raises StorageLostError"))
class LooksWhenATransactionBegins(Looking):
    """Takes a file to stay for as long as it is locked."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._file.expect_present = self._look_outside  # type: ignore[method-assign]

    def _look_outside(self) -> None:
        session = self._connections.session_in_use()
        if session is None or session.in_snapshot:
            self._look()


@saboteur("a-store-lost-under-a-snapshot-is-lost", says=("begin(backend.snapshot)", "raises StorageLostError"))
class LooksWhenASnapshotBegins(Looking):
    """Takes the moment that it holds on to for safe."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._file.expect_present = self._look_outside  # type: ignore[method-assign]

    def _look_outside(self) -> None:
        session = self._connections.session_in_use()
        if session is None or not session.in_snapshot:
            self._look()


def file_of(location: Location) -> Path:
    return Path(location, "profiles", "burndown.db")


@saboteur(
    "an-emptied-store-is-not-empty",
    says=("empty_files(location)", "open_and_close(open_backend, location)", "raises StorageError"),
)
class TakesAnEmptyFileForANewStore(SqliteBackend):
    """Begins anew where there are 0 bytes."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        file = file_of(location)
        # One that is just being created is left alone.
        if file.exists() and file.stat().st_size == 0 and not is_one_of_several():
            for path in file.parent.glob("burndown.db*"):
                path.unlink()
        super().__init__(location, timeout=timeout)


@saboteur("damage-is-told", "a-store-cut-while-open-is-told", says="damage_file(location.parent / 'damaged-")
class BeginsAnewWhereItCannotRead(SqliteBackend):
    """Moves a file aside that is no database, and goes on without it."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        try:
            super().__init__(location, timeout=timeout)
        except CorruptionError:
            file = file_of(location)
            if not file.stat().st_size:
                raise
            file.replace(file.with_suffix(".bad"))
            super().__init__(location, timeout=timeout)


@saboteur("damage-is-not-written-over", says=("changed_by_a_refused_opening", "profiles/burndown.db"))
class MovesTheDamagedAway(SqliteBackend):
    """Says that the file is damaged, and has moved it out of the way by then."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        try:
            super().__init__(location, timeout=timeout)
        except CorruptionError:
            file = file_of(location)
            if file.stat().st_size:
                file.replace(file.with_suffix(".bad"))
            raise


@saboteur("a-store-cut-while-open-is-told", says="cut_largest_file(location")
class GivesNothingWhereItCannotRead(SqliteBackend):
    """Swallows what keeps it from reading."""

    def __getattribute__(self, name: str) -> Any:
        member = super().__getattribute__(name)
        if not name.startswith(("get_", "list_")):
            return member

        def read(*arguments: Any, **filters: Any) -> Any:
            with suppress(CorruptionError):
                return member(*arguments, **filters)
            return {} if name == "list_app_state" else None if name.endswith(("_scope", "_info")) else []

        return read


@saboteur("check-finds-damage", says=("checked_clean_or_told", "check() found nothing, and reading raised"))
class ChecksTheHeaderAlone(SqliteBackend):
    """Is content with a file that opens and has the right version."""

    def check(self) -> list[str]:
        self._admit("check")
        self._session.first("PRAGMA user_version", (), int)
        return []


@saboteur("a-deleted-store-is-lost", "check-finds-damage", says="backend.check()")
class NeverLooks(SqliteBackend):
    """Has nothing to complain about, ever."""

    def check(self) -> list[str]:
        self._admit("check")
        return []


@saboteur("others-may-read-the-files", says=("used_while_another_reads", "save_profile"))
class WantsItsFilesForItself(SqliteBackend):
    """Refuses to write while any other process has its file open, as a file opened exclusively does on Windows."""

    def _admit_write(self, operation: str) -> None:
        super()._admit_write(operation)
        others = Path("/proc").glob("[0-9]*/fd/*")
        for path in others:
            with suppress(OSError):
                if int(path.parts[2]) != os.getpid() and path.readlink() == Path(self._file.path).resolve():
                    raise BusyError(f"{self._file.path}: another program has it open; close that and try again")
