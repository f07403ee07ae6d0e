"""The progress of long-running jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from burndown_store.contract import Json, NotFoundError, PersistenceError, Task, check, replace
from burndown_store.workspace.operations import Operations

__all__ = [
    "COMPLETE",
    "ERROR",
    "IN_PROGRESS",
    "STALE_AFTER",
    "TaskNotRunningError",
    "TaskOperations",
    "TaskRunningError",
]

IN_PROGRESS: Final = "in_progress"
COMPLETE: Final = "complete"
ERROR: Final = "error"
"""What the status of a task is; the old application used the same words."""

STALE_AFTER: Final = timedelta(minutes=30)
"""A task in progress that told nothing for longer counts as left behind."""


class TaskRunningError(PersistenceError, RuntimeError):
    """The task is in progress and told so lately; nothing was written."""


class TaskNotRunningError(NotFoundError):
    """The task is not in progress: never started, or ended, perhaps by another; nothing was written."""


class TaskOperations(Operations):
    def start_task(self, name: str, *, message: str = "", state: Json | None = None) -> Task:
        """The task, in progress from now on, at 0 percent. One that is stale is taken over.

        Raises `TaskRunningError` while it is in progress already, so that of two who start it one does it.
        """
        now = self._now()
        started = check(
            Task(name=name, status=IN_PROGRESS, percent=0.0, message=message, updated_at=now, state=state or {})
        )

        def work() -> Task:
            there = self.backend.get_task(name)
            if there is not None and there.status == IN_PROGRESS and not self.is_stale(there):
                raise TaskRunningError(
                    f"task {name!r}: it is in progress already; wait for its end, or for {STALE_AFTER} without a word"
                )
            self.backend.save_task(started)
            return started

        return self._whole(work)

    def report_progress(
        self, name: str, percent: float | None = None, *, message: str | None = None, state: Json | None = None
    ) -> Task:
        """The task as it is now; what is None stays as it was. Raises `TaskNotRunningError`."""
        return self._tell(name, IN_PROGRESS, percent, message, state)

    def finish_task(self, name: str, *, message: str | None = None, state: Json | None = None) -> Task:
        """The task, complete at 100 percent. Raises `TaskNotRunningError`."""
        return self._tell(name, COMPLETE, 100.0, message, state)

    def fail_task(self, name: str, message: str, *, state: Json | None = None) -> Task:
        """The task, ended by an error or cancelled, or given up as stale. Raises `TaskNotRunningError`."""
        return self._tell(name, ERROR, None, message, state)

    def is_stale(self, task: Task) -> bool:
        """Whether the task is in progress and told nothing for more than `STALE_AFTER`.

        An instant as far in the future counts as well: a clock was set back, or a time was read in another zone.
        """
        return task.status == IN_PROGRESS and abs(self._now() - task.updated_at) > STALE_AFTER

    def _tell(self, name: str, status: str, percent: float | None, message: str | None, state: Json | None) -> Task:
        now = self._now()
        news = {"percent": percent, "message": message, "state": state}
        changes = {field: value for field, value in news.items() if value is not None}

        def work() -> Task:
            there = self.backend.get_task(name)
            if there is None or there.status != IN_PROGRESS:
                raise TaskNotRunningError(f"task {name!r}: it is not in progress; start it first")
            told = check(replace(there, status=status, updated_at=now, **changes))
            self.backend.save_task(told)
            return told

        return self._whole(work)
