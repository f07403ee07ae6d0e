"""A store with one of everything in it, and a call of each write operation that shows there."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from burndown_spec.values.records import (
    a_cache_info,
    a_change,
    a_history,
    a_metric,
    a_profile,
    a_query,
    a_scope,
    a_statistic,
    a_task,
    an_issue,
)
from burndown_store.contract import Backend

__all__ = ["EVERY_READ", "EVERY_WRITE", "furnish", "make"]

Call = tuple[Any, ...]

LONG_AFTER = datetime(2200, 1, 1, tzinfo=UTC)

EVERY_WRITE: tuple[Call, ...] = (
    ("save_profile", a_profile("new")),
    ("save_profile", a_profile(name="changed")),
    ("save_query", "p", a_query("new")),
    ("save_query", "p", a_query(name="changed")),
    ("set_app_state", "new", "value"),
    ("set_app_state", "key", "changed"),
    ("delete_app_state", "key"),
    ("save_task", a_task("new")),
    ("save_task", a_task(message="changed")),
    ("clear_task", "fetch"),
    ("save_issues", "p", "q", [an_issue("AB-1", status="changed"), an_issue("AB-3")]),
    ("replace_issues", "p", "q", [an_issue("AB-4"), an_issue("AB-5")]),
    ("save_cache_info", "p", "q", a_cache_info(jql="changed")),
    ("save_histories", "p", "q", [a_history("AB-1", changes=[a_change(field="changed")]), a_history("AB-3")]),
    ("save_statistics", "p", "q", [a_statistic(completed_items=9), a_statistic(date(2025, 11, 5))]),
    ("replace_statistics", "p", "q", [a_statistic(date(2025, 11, 6)), a_statistic(date(2025, 11, 7))]),
    ("save_scope", "p", "q", a_scope(extra={"changed": True})),
    ("save_metrics", "p", "q", [a_metric(unit="changed"), a_metric(name="new")]),
    ("delete_query", "p", "other"),
    ("delete_profile", "other"),
    ("delete_expired", LONG_AFTER),
    ("delete_query", "p", "q"),
    ("delete_profile", "p"),
)
"""Each changes what is there, also when all are made in this order."""

EVERY_READ: tuple[Call, ...] = (
    *(("get_profile", "p"), ("list_profiles",), ("get_query", "p", "q"), ("list_queries", "p")),
    *(("get_app_state", "key"), ("list_app_state",), ("get_task", "fetch"), ("list_tasks",)),
    *(("get_issues", "p", "q"), ("get_cache_info", "p", "q"), ("get_histories", "p", "q"), ("get_changes", "p", "q")),
    *(
        ("list_history_keys", "p", "q"),
        ("get_statistics", "p", "q"),
        ("get_scope", "p", "q"),
        ("get_metrics", "p", "q"),
    ),
)
"""Each finds something."""


def furnish(backend: Backend) -> None:
    """Save one of everything, and something beside it that is deleted or stays."""
    backend.save_profile(a_profile())
    backend.save_profile(a_profile("other"))
    backend.save_query("p", a_query())
    backend.save_query("p", a_query("other"))
    backend.set_app_state("key", "value")
    backend.save_task(a_task())
    backend.save_issues("p", "q", [an_issue("AB-1"), an_issue("AB-2")])
    backend.save_cache_info("p", "q", a_cache_info())
    backend.save_histories("p", "q", [a_history("AB-1", changes=[a_change()]), a_history("AB-2")])
    backend.save_statistics("p", "q", [a_statistic(), a_statistic(date(2025, 11, 4))])
    backend.save_scope("p", "q", a_scope())
    backend.save_metrics("p", "q", [a_metric(), a_metric(name="velocity")])


def make(backend: Backend, call: Call) -> Any:
    """Make the call, such as `("get_profile", "p")`, on the backend."""
    operation, *arguments = call
    return getattr(backend, operation)(*arguments)
