"""Start-up: the old files brought over where needed, the store opened, and what a crash left behind found."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from burndown_store import sqlite
from burndown_store.contract import (
    Backend,
    BusyError,
    Capability,
    Expired,
    StorageLostError,
    Task,
    UnsupportedError,
    check_instant,
    retry,
)
from burndown_store.migration import FLAG, Damage, Exists, OpenBackend, Progress, Report, mark_as_new, migrate
from burndown_store.workspace.metrics import MetricOperations
from burndown_store.workspace.operations import Clock
from burndown_store.workspace.profiles import ProfileOperations
from burndown_store.workspace.queries import QueryOperations
from burndown_store.workspace.refreshing import RefreshOperations
from burndown_store.workspace.tasks import TaskOperations

__all__ = ["Workspace", "open_workspace"]

_SQLITE: Final = (sqlite.open_backend, sqlite.open_backend_normal)


def _now() -> datetime:
    return datetime.now(UTC)


class Workspace(ProfileOperations, QueryOperations, RefreshOperations, MetricOperations, TaskOperations):
    """An open store and what an application does with it. `open_workspace` makes it; closing it closes the store.

    - `backend`: the handle, for everything that the contract offers;
    - `migration`: what was done about old files at this start;
    - `expired`: how many issues and histories were removed at this start because their time was over;
    - `stale_tasks`: what a crash left in progress, as found at this start, by name. They are kept as they are: the
      application starts them anew, or ends them with `fail_task`.

    Its operations may be called from many threads, and raise what `backend` raises.
    """

    def __init__(self, backend: Backend, clock: Clock, migration: Report) -> None:
        super().__init__(backend, clock)
        self.migration = migration
        # Old issues have mostly expired when they are migrated: they stay for one start, so that the user finds what
        # the report counts, and may fetch before they go.
        self.expired = Expired(issues=0, histories=0) if migration.outcome == "migrated" else self._swept()
        self.stale_tasks: tuple[Task, ...] = tuple(task for task in backend.list_tasks() if self.is_stale(task))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the store; calling it again does nothing."""
        self.backend.close()

    def _swept(self) -> Expired:
        try:
            return self.backend.delete_expired(self._now())
        except BusyError:
            # Another is writing at length; what has expired can go at the next start, the user need not wait for it.
            return Expired(issues=0, histories=0)


def open_workspace(
    root: str | os.PathLike[str],
    *,
    open_backend: OpenBackend = sqlite.open_backend,
    exists: Exists | None = None,
    zone: tzinfo = UTC,
    clock: Clock = _now,
    timeout: float = 5.0,
    progress: Callable[[Progress], None] | None = None,
    damage: Damage = "caches",
) -> Workspace:
    """The workspace in the folder `root`, which is made where it is missing.

    - `open_backend` is a backend's factory. `exists` tells whether its store is there, without making one; that of the
      reference is known, any other store is opened to see.
    - `zone`, `progress` and `damage` are as for `burndown_store.migration.migrate`.
    - `clock` gives the present instant, at start-up and for every operation.
    - `timeout`, in seconds, is how long a writer waits for another; a migration that another start has under way is
      waited for longer, a minute.

    Steps: migrate old files if there are any that were not; open; mark a new store, so that old files which turn up
    later keep nobody out; remove what has expired, but for the start that migrates; find the tasks that were left.
    The store is looked at as far as opening it does, and not read through: `backend.check()` does that, and takes as
    long as the store is large.

    Raises `MigrationError` and `StorageLostError` as the migration does, `UnsupportedError` for a backend without
    transactions, and what opening the store raises. Nothing stays open then.
    """
    place, moment = Path(root).absolute(), check_instant(clock(), "clock")
    if exists is None and open_backend in _SQLITE:
        exists = sqlite.exists
    report = migrate(place, open_backend, zone=zone, damage=damage, progress=progress, now=moment, exists=exists)
    backend = open_backend(place, timeout=timeout)
    try:
        if Capability.TRANSACTIONS not in backend.capabilities:
            raise UnsupportedError(f"{place}: a workspace needs a backend with transactions, and this one claims none")
        if report.outcome == "nothing to migrate":
            retry(lambda: _mark_as_new(backend, moment))
        elif backend.get_app_state(FLAG) is None:
            raise StorageLostError(f"{place}: the store was lost between its migration and its opening; start again")
        return Workspace(backend, clock, report)
    except BaseException:
        backend.close()
        raise


def _mark_as_new(backend: Backend, now: datetime) -> None:
    with backend.transaction():
        # Another start may have said so meanwhile, or migrated.
        if backend.get_app_state(FLAG) is None:
            mark_as_new(backend, now)
