"""Records with one value in every place where it may stand, and how to save whichever it is."""

from __future__ import annotations

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
from burndown_store.contract import (
    Backend,
    CacheInfo,
    History,
    Issue,
    Metric,
    Profile,
    Query,
    Record,
    Scope,
    Statistic,
    Task,
    replace,
)

__all__ = [
    "CHANGE_TEXTS",
    "ISSUE_TEXTS",
    "counts_with",
    "flags_with",
    "json_with",
    "numbers_with",
    "save",
    "texts_with",
]

ISSUE_TEXTS = ("summary", "status", "assignee", "issue_type", "priority", "resolution", "project_key", "project_name")
CHANGE_TEXTS = (
    *("field", "field_id", "field_type", "author", "history_id"),
    *("from_value", "from_text", "to_value", "to_text"),
)

_OPERATIONS: dict[type[Record], str] = {
    Profile: "save_profile",
    Query: "save_query",
    Task: "save_task",
    Issue: "save_issues",
    CacheInfo: "save_cache_info",
    History: "save_histories",
    Statistic: "save_statistics",
    Scope: "save_scope",
    Metric: "save_metrics",
}


def save(backend: Backend, record: Record) -> None:
    """Save `record` by the operation for its kind, below the profile "p" and its query "q" as it needs."""
    operation: Any = getattr(backend, _OPERATIONS[type(record)])
    if isinstance(record, (Profile, Task)):
        operation(record)
    elif isinstance(record, Query):
        operation("p", record)
    elif isinstance(record, (CacheInfo, Scope)):
        operation("p", "q", record)
    else:
        operation("p", "q", [record])


def texts_with(value: Any) -> list[Record]:
    """A record for each field of text that is no identifier, with `value` there."""
    return [
        *(a_profile("p", name=value), a_profile("p", description=value)),
        *(a_query("q", name=value), a_query("q", jql=value), a_query("q", description=value)),
        *(a_task(status=value), a_task(message=value), a_cache_info(jql=value)),
        *(replace(an_issue(), **{field: value}) for field in ISSUE_TEXTS),
        *(a_metric(category=value), a_metric(unit=value)),
        *(a_history(changes=[replace(a_change(), **{field: value})]) for field in CHANGE_TEXTS),
    ]


def counts_with(value: Any) -> list[Record]:
    """A record for each field of whole numbers, with `value` there."""
    return [
        replace(a_statistic(), **{field: value}) for field in ("completed_items", "created_items", "remaining_items")
    ]


def numbers_with(value: Any) -> list[Record]:
    """A record for each field of floats, with `value` there."""
    floats = ("completed_points", "created_points", "velocity_items", "velocity_points", "remaining_points")
    statistics = [replace(a_statistic(), **{field: value}) for field in floats]
    return [an_issue(points=value), *statistics, a_metric(value=value), a_task(percent=value)]


def flags_with(value: Any) -> list[Record]:
    """A record for each field of truth values, with `value` there."""
    return [a_profile("p", show_milestone=value), a_profile("p", show_points=value)]


def json_with(value: Any) -> list[Record]:
    """A record for each field of JSON, with `value` there."""
    settings = ("jira_config", "field_mappings", "forecast_settings", "project_classification", "flow_type_mappings")
    return [
        *(replace(a_profile("p"), **{field: value}) for field in (*settings, "extra")),
        *(a_query("q", extra=value), a_task(state=value), a_cache_info(details=value)),
        *(a_history(details=value), a_statistic(extra=value), a_metric(details=value)),
        *(a_scope(values=value), a_scope(values={}, extra=value)),
    ]
