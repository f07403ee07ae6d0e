"""Backends that lose something, or break, when the power is cut (contract, 19.5)."""

from __future__ import annotations

import os
import pickle
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Self
from unittest import mock

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import Capability, Issue
from burndown_store.sqlite import SqliteBackend, location
from burndown_store.sqlite.location import FILE, StoreFile
from saboteurs import saboteur

Location = str | os.PathLike[str]


class PowerSafe(SqliteBackend):
    """The reference with a hand on how it syncs; claims that a power cut costs nothing."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        return super().capabilities | {Capability.POWER_SAFE}

    @contextmanager
    def synchronous(self, level: str) -> Iterator[None]:
        """Sync as much as SQLite does at this level until the block ends, but inside a transaction as before."""
        connection = self._session._connection
        if connection.in_transaction:
            yield
            return
        connection.execute(f"PRAGMA synchronous = {level}")
        try:
            yield
        finally:
            with suppress(sqlite3.Error):
                connection.execute("PRAGMA synchronous = FULL")


@saboteur(
    "what-was-saved-survives-a-power-cut", says=("cut_off(open_backend", "what was acknowledged is lost (cut after ")
)
class AcknowledgesBeforeTheSync(PowerSafe):
    """Runs with synchronous=NORMAL, which syncs the log when it is moved into the file and not when a write ends."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout, durability="normal")


@saboteur("what-was-saved-survives-a-power-cut", says=("what was acknowledged is lost (cut after ",))
class NeverSyncs(PowerSafe):
    """Runs with synchronous=OFF once the store is there."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._session._connection.execute("PRAGMA synchronous = OFF")


@saboteur("what-was-saved-survives-a-power-cut", says=("what was acknowledged is lost (cut after ",))
class RemovesTheLogUnsynced(PowerSafe):
    """Waits for the medium at each write, and no more when it closes: the log is removed before the file is synced."""

    def close(self) -> None:
        in_use = self._connections.session_in_use()
        if in_use is None and not self._connections._closed:
            with suppress(sqlite3.Error):
                self._session._connection.execute("PRAGMA synchronous = OFF")
        super().close()


@saboteur("what-was-removed-stays-so-after-a-power-cut", says=("what was acknowledged is lost (cut after ",))
class DeletesWithoutWaiting(PowerSafe):
    """Does not wait for the medium when a profile is deleted, for the user will not miss it."""

    def delete_profile(self, profile_id: str) -> None:
        with self.synchronous("NORMAL"):
            super().delete_profile(profile_id)


@saboteur("other-ways-to-write-survive-a-power-cut", says=("cut_off(open_backend", "what was acknowledged is lost"))
class SyncsItsFirstConnectionOnly(PowerSafe):
    """Sets how much is synced where it opens the store, and not on the connections that other threads are given."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._connections._durability = "normal"


@saboteur("other-ways-to-write-survive-a-power-cut", says=("what was acknowledged is lost (cut after ",))
class SyncsInGroups(PowerSafe):
    """From the thirtieth small write on, waits for the medium at each fourth."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._count = 0

    def set_app_state(self, key: str, value: str) -> None:
        self._count += 1
        with self.synchronous("NORMAL" if self._count > 30 and self._count % 4 else "FULL"):
            super().set_app_state(key, value)


@saboteur("what-was-removed-stays-so-after-a-power-cut", says=("what was acknowledged is lost (cut after ",))
class ClearsTasksWithoutWaiting(PowerSafe):
    """Does not wait for the medium when a task is cleared, which is over anyway."""

    def clear_task(self, name: str) -> None:
        with self.synchronous("NORMAL"):
            super().clear_task(name)


@saboteur("a-transaction-survives-a-power-cut-whole", says=("transaction was acknowledged",))
class CommitsWithoutWaiting(PowerSafe):
    """Makes large transactions fast by not waiting for the medium at their end."""

    def transaction(self) -> AbstractContextManager[Self]:
        outer = super().transaction()
        return outer if self._session._depth else self._fast(outer)

    @contextmanager
    def _fast(self, outer: AbstractContextManager[Self]) -> Iterator[Self]:
        with self.synchronous("NORMAL"), outer:
            yield self


@saboteur("a-new-store-survives-a-power-cut", says=("what was acknowledged is lost (cut after ",))
class NeverSyncsTheFolders(PowerSafe):
    """Syncs its files, and of the folders that it makes for them nothing."""

    def __init__(self, location_: Location, *, timeout: float = 5.0) -> None:
        makes = mock.patch.object(location, "make_folder", lambda folder: folder.mkdir(parents=True, exist_ok=True))
        with makes, mock.patch.object(location, "sync_names"):
            super().__init__(location_, timeout=timeout)


class WithoutJournal(StoreFile):
    """Knows of no journal beside the file."""

    def has_journal(self) -> bool:
        return False


@saboteur("a-new-store-survives-a-power-cut", says=("it cannot be used: CorruptionError (cut after nothing",))
class LooksPastTheJournal(PowerSafe):
    """Looks at a file that was torn while it was created without what would put it right."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        file = WithoutJournal(location)
        with mock.patch("burndown_store.sqlite.backend.StoreFile", return_value=file):
            super().__init__(location, timeout=timeout)


@saboteur("much-that-was-written-survives-a-power-cut", says=("what was acknowledged is lost (cut after ",))
class EmptiesTheLogUnsynced(PowerSafe):
    """Moves the log into the file as soon as it is large, and empties it before the file is synced."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        super().save_issues(profile_id, query_id, issues)
        if self._session.is_idle and self._file.log_bytes() > 1_000_000:
            with self.synchronous("OFF"), suppress(sqlite3.Error):
                self._session._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


@saboteur("a-recovery-survives-a-power-cut", says=("what was acknowledged is lost (cut after ",))
class RecoversUnsynced(PowerSafe):
    """Moves what a killed process left in the log into the file before it opens it, and waits for nothing."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        path = Path(location) / FILE
        if path.is_file() and path.with_name(f"{path.name}-wal").is_file():
            with suppress(sqlite3.Error), closing(sqlite3.connect(path, timeout=0)) as connection:
                connection.execute("PRAGMA synchronous = OFF")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        super().__init__(location, timeout=timeout)


@saboteur("what-was-saved-survives-a-power-cut", says=("cut_off(open_backend", "(cut after "))
class ReplacesItsFileUnsynced(MemoryBackend):
    """Keeps all in one file that each write replaces by a rename, which is whole, and which nothing syncs."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._file = Path(location, "store.pickle")
        if self._file.is_file() and not self._store.profiles:
            profiles, app_state, tasks = pickle.loads(self._file.read_bytes())
            self._store.profiles, self._store.app_state, self._store.tasks = profiles, app_state, tasks

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset({Capability.ATOMIC, Capability.POWER_SAFE})

    def __getattribute__(self, name: str) -> Any:
        member = super().__getattribute__(name)
        return self._keeping(member) if name.startswith(("save_", "set_", "replace_", "delete_", "clear_")) else member

    def _keeping(self, write: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **settings: Any) -> Any:
            answer = write(*arguments, **settings)
            with self._store.lock:
                kept = (self._store.profiles, self._store.app_state, self._store.tasks)
                self._file.with_suffix(".new").write_bytes(pickle.dumps(kept))
                self._file.with_suffix(".new").replace(self._file)
            return answer

        return call
