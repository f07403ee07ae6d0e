"""task_progress.json: the job that was running, or ran last."""

from __future__ import annotations

from typing import Final

from burndown_store.contract import Task
from burndown_store.legacy.fields import with_remarks
from burndown_store.legacy.sources import Source, name_of_type
from burndown_store.legacy.times import UNKNOWN_TIME

__all__ = ["tasks_from"]

_TIMES: Final = ("start_time", "cancel_time", "error_time", "complete_time")
_PROGRESS: Final = ("fetch_progress", "calculate_progress", "report_progress")


def tasks_from(source: Source) -> list[Task]:
    """The one task, or none.

    `state` holds the whole object as found; `updated_at` is the latest of its times, `percent` and `message` are those
    of the phase it was in. A job left `in_progress` is read as such: whether it still runs, the application has to say.
    """
    raw = source.valid_object("the progress of a task")
    if not raw:
        return []
    name, status = raw.get("task_id"), raw.get("status")
    if type(name) is not str or not name:
        source.reject("task_id", f"expected the name of the task, got {name_of_type(name)}", raw)
        return []
    times = [source.instant(raw[key]) for key in _TIMES if type(raw.get(key)) is str]
    phases = [raw[key] for key in (f"{raw.get('phase')}_progress", *_PROGRESS) if type(raw.get(key)) is dict]
    telling = [raw, *phases]
    percent = next((p["percent"] for p in telling if type(p.get("percent")) in (int, float)), None)
    if percent is not None and not 0 <= percent <= 100:
        source.note("percent", "not within 0 and 100; read as unknown")
        percent = None
    task = Task(
        name=name,
        status=status if type(status) is str else "",
        percent=percent,
        message=next((p["message"] for p in telling if type(p.get("message")) is str), ""),
        updated_at=max((time[0] for time in times if time is not None), default=UNKNOWN_TIME),
        state=with_remarks(raw, {"absent": [] if any(times) else ["updated_at"]}),
    )
    accepted = source.accepted(task, "", raw)
    return [] if accepted is None else [accepted]
