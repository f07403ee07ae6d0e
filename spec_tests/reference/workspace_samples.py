"""Workspaces for the tests: a clock that is set by hand, and a start of the application with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from burndown_store.contract import Backend, Record, fields, replace
from burndown_store.sqlite import open_backend_normal
from burndown_store.workspace import Workspace, open_workspace

POINTS = "customfield_10016"


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 5, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


def started(
    root: Path, clock: Callable[[], datetime], open_backend: Callable[..., Backend] = open_backend_normal, **how: Any
) -> Workspace:
    """The application's start; the reference does not wait for the medium, which no test here is about."""
    return open_workspace(root, open_backend=open_backend, clock=clock, **how)


def raw_issue(key: str, **its: Any) -> dict[str, Any]:
    """An issue as JIRA sends it, with one change of its status."""
    moved = {"field": "status", "fieldtype": "jira", "from": "1", "fromString": "To Do", "to": "3", "toString": "Done"}
    changelog = {"histories": [{"id": "7", "created": "2025-12-01T08:00:00.000+0000", "items": [moved]}]}
    return {"key": key, "fields": {"status": {"name": "Done"}, **its}, "changelog": changelog}


def everything_below(backend: Backend, profile_id: str, query_id: str) -> dict[str, Any]:
    """All that lies below a query, by kind."""
    here = (profile_id, query_id)
    return {
        "issues": backend.get_issues(*here),
        "histories": backend.get_histories(*here),
        "cache info": backend.get_cache_info(*here),
        "statistics": backend.get_statistics(*here),
        "scope": backend.get_scope(*here),
        "metrics": backend.get_metrics(*here),
    }


def settings_of(record: Record) -> dict[str, Any]:
    """The fields of a profile or a query, but for what makes it another than its copy."""
    own = {"id", "name", "created_at", "last_used_at"}
    return {name: value for name, value in fields(record).items() if name not in own}


def with_jira(record: Any, **changes: Any) -> Any:
    """The profile with these keys of its `jira_config` changed."""
    return replace(record, jira_config={**record.jira_config, **changes})
