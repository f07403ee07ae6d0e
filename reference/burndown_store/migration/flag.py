"""What a store itself knows of its migration: one entry of the application's state, set together with the data."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias

from burndown_store.contract import Backend

__all__ = ["FLAG", "Exists", "OpenBackend", "State", "backup_named_by", "flag_text", "look_at", "mark_as_new"]

FLAG: Final = "migration"
"""The key of the application's state whose presence says that the old files have been dealt with."""

State: TypeAlias = Literal["absent", "empty", "migrated", "other data"]
Exists: TypeAlias = Callable[[Path], bool]


class OpenBackend(Protocol):
    """A backend's factory: opens the store in a folder, creating what is missing."""

    def __call__(self, location: Path, /, *, timeout: float) -> Backend: ...


def look_at(backend: Backend) -> State:
    """What the store holds, as far as a migration is concerned."""
    if backend.get_app_state(FLAG) is not None:
        return "migrated"
    if backend.list_profiles() or backend.list_app_state() or backend.list_tasks():
        return "other data"
    return "empty"


def mark_as_new(backend: Backend, now: datetime) -> None:
    """Say in a store that began without old files that no old files are to be migrated into it later."""
    backend.set_app_state(FLAG, flag_text("nothing to migrate", now))


def flag_text(outcome: str, now: datetime, **more: Any) -> str:
    """The value of the flag: a JSON object with the outcome, the instant in UTC, and what else is to be known."""
    return json.dumps({"outcome": outcome, "at": now.astimezone(UTC).isoformat(), **more})


def backup_named_by(backend: Backend, root: str | PathLike[str]) -> Path | None:
    """The folder of the backup that the flag tells of, whether it is still there or not."""
    try:
        name = json.loads(backend.get_app_state(FLAG) or "{}").get("backup")
    except (ValueError, AttributeError):
        return None
    return Path(root) / name if type(name) is str else None
