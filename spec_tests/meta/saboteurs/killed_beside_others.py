"""Backends that lose their head when another process is killed beside them (contract, 18.5 and 19.3)."""

from __future__ import annotations

import itertools
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Self

from burndown_store.contract import BusyError
from burndown_store.sqlite import SqliteBackend
from honest.append_only.locking import exclusive
from saboteurs import saboteur

Location = str | os.PathLike[str]


@saboteur("others-go-on-after-a-kill", says=("beside_a_killed_one(", "StorageLostError"))
class RebuildsAfterACrash(SqliteBackend):
    """Has a file for each handle, locked while it is open, and where it finds one that is not, copies the database.

    The copy takes the database's place, under those who have it open.
    """

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        handles, database = Path(location) / "handles", Path(location) / "profiles" / "burndown.db"
        handles.mkdir(parents=True, exist_ok=True)
        left = [each for each in handles.iterdir() if _is_free(each)]
        if left and database.exists():
            rebuilt = database.with_name("rebuilt.db")
            with closing(sqlite3.connect(database)) as old, closing(sqlite3.connect(rebuilt)) as new:
                old.backup(new)
            rebuilt.replace(database)
            for ending in ("-wal", "-shm"):
                Path(f"{database}{ending}").unlink(missing_ok=True)
        for each in left:
            each.unlink(missing_ok=True)
        super().__init__(location, timeout=timeout)
        self._own = next(
            path for number in itertools.count() if not (path := handles / f"{os.getpid()}-{number}").exists()
        )
        self._own.write_bytes(b" ")
        self._held = ExitStack()
        self._held.enter_context(exclusive(self._own, 0.0))

    def close(self) -> None:
        super().close()
        self._held.close()
        self._own.unlink(missing_ok=True)


def _is_free(path: Path) -> bool:
    with suppress(BusyError, FileNotFoundError), exclusive(path, 0.0):
        return True
    return False


@saboteur("a-killed-writer-holds-nobody-up", says=("freed_by_a_kill(", "BusyError"))
class LocksByAFile(SqliteBackend):
    """Lets those who begin a transaction wait for a file, which is there as long as another one lasts."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._lock_file, self._patience = Path(location) / "transaction.lock", timeout
        self._depth = threading.local()

    def transaction(self) -> AbstractContextManager[Self]:
        opened = super().transaction()
        return opened if getattr(self._depth, "inside", False) else self._locked_by_file(opened)

    @contextmanager
    def _locked_by_file(self, opened: AbstractContextManager[Self]) -> Iterator[Self]:
        deadline = time.monotonic() + self._patience
        while True:
            try:
                os.close(os.open(self._lock_file, os.O_CREAT | os.O_EXCL))
                break
            except FileExistsError:
                if time.monotonic() >= deadline:
                    raise BusyError("another transaction holds the lock file; try again") from None
        self._depth.inside = True
        try:
            with opened as entered:
                yield entered
        finally:
            self._depth.inside = False
            self._lock_file.unlink(missing_ok=True)
