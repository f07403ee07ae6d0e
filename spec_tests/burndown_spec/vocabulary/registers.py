"""Single calls on records of every kind, each of which is a register: what was saved last is what is found."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from typing import Any

from burndown_spec.vocabulary.loads import Load
from burndown_store.contract import (
    CacheInfo,
    Change,
    History,
    Issue,
    JsonText,
    Metric,
    Profile,
    Query,
    Scope,
    Statistic,
    Task,
)

__all__ = ["Registers"]


class Registers(Load):
    """Single calls on one record for each operation by which records are found; its name is the record's key.

    Of the app state, which callers write most, there are three. What cannot be deleted by itself is not deleted.
    """

    checker = "check_registers"
    pause = 0.001

    def keys(self) -> list[str]:
        """The operations; what follows in brackets tells two keys apart."""
        return [
            *("get_app_state", "get_app_state (2)", "list_app_state", "get_task", "list_tasks"),
            *("get_profile", "list_profiles", "get_query", "list_queries", "get_scope", "get_cache_info"),
            *("get_issues", "get_histories", "get_changes", "get_statistics", "get_metrics"),
        ]

    def furnish(self, backend: Any) -> None:
        now = datetime(2025, 11, 3, tzinfo=UTC)
        backend.save_profile(Profile(id="p", name="Team Blue", created_at=now, last_used_at=now))
        for key in self.keys():
            if "quer" not in key:
                backend.save_query("p", Query(id=key, name="All work", jql="", created_at=now, last_used_at=now))

    def draw(self, chance: random.Random, mark: int) -> Any:
        keys = self.keys()
        key = chance.choices(keys, [3 if "app_state" in key else 2 for key in keys])[0]
        deletions = 1 if "app_state" in key or "task" in key else 0
        call = chance.choices(["get", "set", "delete"], [6, 4, deletions])[0]
        return (call, key, f"{mark}") if call == "set" else (call, key)

    def last(self) -> list[Any]:
        return [("get", key) for key in self.keys()]

    def kind(self, call: str, *arguments: Any) -> str:
        return f"{call} of what {arguments[0]} finds"

    def make(self, backend: Any, call: str, *arguments: Any) -> tuple[Any, Any]:
        operation: Any = {"get": self.find, "set": self.save, "delete": self.delete}[call]
        return arguments, operation(backend, *arguments)

    def find(self, backend: Any, key: str) -> str | None:
        """The value that is found by the operation."""
        finding: dict[str, Any] = {
            "get_app_state": lambda: [backend.get_app_state(key)],
            "list_app_state": lambda: [backend.list_app_state().get(key)],
            "get_task": lambda: [task.message for task in [backend.get_task(key)] if task],
            "list_tasks": lambda: [task.message for task in backend.list_tasks() if task.name == key],
            "get_profile": lambda: [profile.name for profile in [backend.get_profile(key)] if profile],
            "list_profiles": lambda: [profile.name for profile in backend.list_profiles() if profile.id == key],
            "get_query": lambda: [query.jql for query in [backend.get_query("p", key)] if query],
            "list_queries": lambda: [query.jql for query in backend.list_queries("p") if query.id == key],
            "get_scope": lambda: [scope.values["total"] for scope in [backend.get_scope("p", key)] if scope],
            "get_cache_info": lambda: [info.jql for info in [backend.get_cache_info("p", key)] if info],
            "get_issues": lambda: [issue.summary for issue in backend.get_issues("p", key)],
            "get_histories": lambda: [each.changes[0].to_value for each in backend.get_histories("p", key)],
            "get_changes": lambda: [entry.change.to_value for entry in backend.get_changes("p", key)],
            "get_statistics": lambda: [f"{row.completed_items}" for row in backend.get_statistics("p", key)],
            "get_metrics": lambda: [f"{metric.value:.0f}" for metric in backend.get_metrics("p", key)],
        }
        found = finding[key.partition(" ")[0]]()
        # Several are what nobody saved.
        return found[0] if len(found) == 1 else " and ".join(found) or None

    def save(self, backend: Any, key: str, value: str) -> None:
        """Save the record with this value."""
        now = datetime(2025, 11, 3, tzinfo=UTC)
        change = Change(changed_at=now, field="status", to_value=value)
        query = Query(id=key, name="All work", jql=value, created_at=now, last_used_at=now)
        saving: dict[str, Any] = {
            "app_state": lambda: backend.set_app_state(key, value),
            "task": lambda: backend.save_task(Task(name=key, status="running", message=value, updated_at=now)),
            "profile": lambda: backend.save_profile(Profile(id=key, name=value, created_at=now, last_used_at=now)),
            "quer": lambda: backend.save_query("p", query),
            "scope": lambda: backend.save_scope("p", key, Scope(values={"total": value})),
            "cache": lambda: backend.save_cache_info("p", key, CacheInfo(fetched_at=now, expires_at=now, jql=value)),
            "issues": lambda: backend.save_issues(
                "p", key, [Issue(key="AB-1", document=JsonText("{}"), summary=value, expires_at=now)]
            ),
            "statistics": lambda: backend.save_statistics(
                "p", key, [Statistic(date=date(2025, 11, 3), completed_items=int(value))]
            ),
            "metrics": lambda: backend.save_metrics(
                "p", key, [Metric(week="2025-W44", name="velocity", category="scrum", value=float(value))]
            ),
            # Both are histories: whole ones, and their changes.
            "histories": lambda: backend.save_histories(
                "p", key, [History(issue_key="AB-1", changes=[change], expires_at=now)]
            ),
        }
        saving[next((kind for kind in saving if kind in key), "histories")]()

    def delete(self, backend: Any, key: str) -> None:
        """Delete the record."""
        (backend.delete_app_state if "app_state" in key else backend.clear_task)(key)
