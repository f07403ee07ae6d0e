"""Application state and the progress of tasks."""

from __future__ import annotations

from typing import Final

from burndown_store.contract import Task, check_identifier, check_text
from burndown_store.sqlite.columns import instant_text, json_text, read_instant, read_json
from burndown_store.sqlite.operations import Operations, checked
from burndown_store.sqlite.statements import upsert

__all__ = ["APP_STATE", "TASKS", "StateOperations", "task_of"]

_TASK_COLUMNS: Final = "name, status, percent, message, updated_at, state"

APP_STATE: Final = "SELECT key, value FROM app_state"
TASKS: Final = f"SELECT {_TASK_COLUMNS} FROM tasks"
_SET_APP_STATE: Final = upsert("app_state", "key, value", identity="key")
_SAVE_TASK: Final = upsert("tasks", _TASK_COLUMNS, identity="name")


class StateOperations(Operations):
    def get_app_state(self, key: str) -> str | None:
        self._admit("get_app_state")
        check_identifier(key, "key")
        return self._session.first("SELECT value FROM app_state WHERE key = ?", (key,), str)

    def set_app_state(self, key: str, value: str) -> None:
        self._admit_write("set_app_state")
        row = (check_identifier(key, "key"), check_text(value, "value"))
        session = self._session
        with session.writing():
            session.execute(_SET_APP_STATE, row)

    def delete_app_state(self, key: str) -> None:
        self._admit_write("delete_app_state")
        check_identifier(key, "key")
        session = self._session
        with session.writing():
            session.execute("DELETE FROM app_state WHERE key = ?", (key,))

    def list_app_state(self) -> dict[str, str]:
        self._admit("list_app_state")
        return dict(self._session.rows(f"{APP_STATE} ORDER BY key", (), _entry_of))

    def get_task(self, name: str) -> Task | None:
        self._admit("get_task")
        check_identifier(name, "name")
        return self._session.first(f"{TASKS} WHERE name = ?", (name,), task_of)

    def save_task(self, task: Task) -> None:
        self._admit_write("save_task")
        row = _task_row(checked(task, Task))
        session = self._session
        with session.writing():
            session.execute(_SAVE_TASK, row)

    def clear_task(self, name: str) -> None:
        self._admit_write("clear_task")
        check_identifier(name, "name")
        session = self._session
        with session.writing():
            session.execute("DELETE FROM tasks WHERE name = ?", (name,))

    def list_tasks(self) -> list[Task]:
        self._admit("list_tasks")
        return self._session.rows(f"{TASKS} ORDER BY name", (), task_of)


def task_of(name: str, status: str, percent: float | None, message: str, updated_at: str, state: str) -> Task:
    """The record of one row of `TASKS`."""
    return Task(
        name=name,
        status=status,
        percent=percent,
        message=message,
        updated_at=read_instant(updated_at),
        state=read_json(state),
    )


def _entry_of(key: str, value: str) -> tuple[str, str]:
    return key, value


def _task_row(task: Task) -> tuple[object, ...]:
    return task.name, task.status, task.percent, task.message, instant_text(task.updated_at), json_text(task.state)
