"""`task_progress.json`: the progress of running tasks.

The layout knows one task. It shows the one that was updated last; all of them stand in our own member.
"""

from __future__ import annotations

from collections.abc import Mapping

from burndown_store.contract import Task, check, to_json
from burndown_store.json_files.documents import OURS, Document, decoded, encoded, instant_from, local_text

__all__ = ["tasks_from", "tasks_text"]


def tasks_text(tasks: Mapping[str, Task]) -> bytes:
    """The text of the file, for one task or more."""
    latest = max(tasks.values(), key=lambda task: (task.updated_at, task.name))
    ours = {"tasks": [to_json(task) for _, task in sorted(tasks.items())]}
    return encoded({**_shown(latest), OURS: ours})


def tasks_from(data: bytes) -> dict[str, Task]:
    """The tasks by name. Raises `ValueError`, `KeyError`, `TypeError`, `AttributeError`."""
    tasks = [
        check(Task(**{**fields, "updated_at": instant_from(fields["updated_at"])}))
        for fields in decoded(data)[OURS]["tasks"]
    ]
    return {task.name: task for task in tasks}


def _shown(task: Task) -> Document:
    return {
        "task_name": task.name,
        "start_time": local_text(task.updated_at),
        "metadata": {},
        **task.state,
        "task_id": task.name,
        "status": task.status,
        "message": task.message,
        **({} if task.percent is None else {"percent": task.percent}),
    }
