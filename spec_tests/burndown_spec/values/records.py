"""Valid records, built with as little said as a clause needs.

`a_…` builds a record from its identity and gives every field without a default a fixed, valid value; `changes` sets any
other field. `full_…` gives every field a value that differs from its default and from every other field of the record,
so that a field that is lost, or swapped with its neighbour, shows. Every call builds fresh values: nothing is shared
between two records. Nothing is validated, so an invalid record is built the same way.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

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

__all__ = [
    "EXPIRY",
    "MICROSECOND",
    "NOW",
    "a_cache_info",
    "a_change",
    "a_history",
    "a_metric",
    "a_profile",
    "a_query",
    "a_scope",
    "a_statistic",
    "a_task",
    "an_issue",
    "full_cache_info",
    "full_change",
    "full_history",
    "full_issue",
    "full_metric",
    "full_profile",
    "full_query",
    "full_scope",
    "full_statistic",
    "full_task",
]

NOW = datetime(2025, 11, 3, 12, 0, 0, tzinfo=UTC)
"""The instant at which all invented things happen."""

EXPIRY = datetime(2025, 11, 4, 12, 0, 0, tzinfo=UTC)
"""When invented issues, histories and cache infos expire: a day after `NOW`."""

MICROSECOND = timedelta(microseconds=1)
"""The smallest step between two instants."""


def a_profile(id: str = "p", **changes: Any) -> Profile:
    """A profile of Team Blue with every default."""
    return Profile(**{"id": id, "name": "Team Blue", "created_at": NOW, "last_used_at": NOW, **changes})


def a_query(id: str = "q", **changes: Any) -> Query:
    """A saved query with every default."""
    return Query(
        **{"id": id, "name": "All work", "jql": "project = AB", "created_at": NOW, "last_used_at": NOW, **changes}
    )


def an_issue(key: str = "AB-1", **changes: Any) -> Issue:
    """An issue with an empty document and no columns."""
    return Issue(**{"key": key, "document": JsonText("{}"), "expires_at": EXPIRY, **changes})


def a_cache_info(**changes: Any) -> CacheInfo:
    """What is known of a fetch at `NOW`."""
    return CacheInfo(**{"fetched_at": NOW, "expires_at": EXPIRY, **changes})


def a_change(changed_at: datetime = NOW, field: str = "status", **changes: Any) -> Change:
    """One change that says nothing but when and of what."""
    return Change(**{"changed_at": changed_at, "field": field, **changes})


def a_history(issue_key: str = "AB-1", **changes: Any) -> History:
    """The history of one issue, empty unless `changes=[…]` is given."""
    return History(**{"issue_key": issue_key, "expires_at": EXPIRY, **changes})


def a_statistic(date: date = date(2025, 11, 3), **changes: Any) -> Statistic:
    """A day on which nothing happened."""
    return Statistic(**{"date": date, **changes})


def a_scope(**changes: Any) -> Scope:
    """A scope without values."""
    return Scope(**{"values": {}, **changes})


def a_metric(week: str = "2025-W45", name: str = "lead_time", **changes: Any) -> Metric:
    """A metric without data."""
    return Metric(**{"week": week, "name": name, "category": "dora", "value": None, **changes})


def a_task(name: str = "fetch", **changes: Any) -> Task:
    """A task of unknown progress."""
    return Task(**{"name": name, "status": "running", "updated_at": NOW, **changes})


def _json(place: str) -> dict[str, Any]:
    """A small object with every kind of JSON value, marked with its place."""
    return {"place": place, "list": [1, 1.0, True, "1", None], "nested": {"": {}, "none": []}, "ratio": -0.5}


def full_profile(id: str = "p", **changes: Any) -> Profile:
    """A profile whose every field differs from its default and from the others, but that both flags are True."""
    full: dict[str, Any] = {
        "id": id,
        "name": "Team Blue",
        "description": "The team that paints",
        "created_at": NOW + timedelta(seconds=1, microseconds=1),
        "last_used_at": NOW + timedelta(seconds=2, microseconds=2),
        "jira_config": {**_json("jira_config"), "base_url": "https://jira.example.com", "token": "not-a-real-token"},
        "field_mappings": _json("field_mappings"),
        "forecast_settings": _json("forecast_settings"),
        "project_classification": _json("project_classification"),
        "flow_type_mappings": _json("flow_type_mappings"),
        "show_milestone": True,
        "show_points": True,
        "extra": _json("extra"),
    }
    return Profile(**{**full, **changes})


def full_query(id: str = "q", **changes: Any) -> Query:
    """A query whose every field differs from its default and from the others."""
    full: dict[str, Any] = {
        "id": id,
        "name": "All work",
        "jql": 'project = AB AND status != "Done" ORDER BY updated',
        "description": "What the team does",
        "created_at": NOW + timedelta(seconds=1, microseconds=1),
        "last_used_at": NOW + timedelta(seconds=2, microseconds=2),
        "extra": _json("extra"),
    }
    return Query(**{**full, **changes})


def full_issue(key: str = "AB-1", **changes: Any) -> Issue:
    """An issue whose every field differs from its default and from the others."""
    full: dict[str, Any] = {
        "key": key,
        "document": JsonText.of({"key": key, "fields": _json("document")}),
        "summary": "Paint the door",
        "status": "In Progress",
        "assignee": "Robin Example",
        "issue_type": "Story",
        "priority": "High",
        "resolution": "Fixed",
        "project_key": "AB",
        "project_name": "All Blue",
        "created": NOW + timedelta(seconds=1, microseconds=1),
        "updated": NOW + timedelta(seconds=2, microseconds=2),
        "resolved": NOW + timedelta(seconds=3, microseconds=3),
        "points": 2.5,
        "expires_at": EXPIRY + timedelta(seconds=4, microseconds=4),
    }
    return Issue(**{**full, **changes})


def full_cache_info(**changes: Any) -> CacheInfo:
    """A cache info whose every field differs from its default and from the others."""
    full: dict[str, Any] = {
        "fetched_at": NOW + timedelta(seconds=1, microseconds=1),
        "expires_at": EXPIRY + timedelta(seconds=2, microseconds=2),
        "jql": "project = AB",
        "details": _json("details"),
    }
    return CacheInfo(**{**full, **changes})


def full_change(changed_at: datetime = NOW, field: str = "status", **changes: Any) -> Change:
    """A change whose every field differs from its default and from the others."""
    full: dict[str, Any] = {
        "changed_at": changed_at,
        "field": field,
        "field_id": "customfield_1",
        "field_type": "jira",
        "author": "Robin Example",
        "history_id": "10001",
        "from_value": "1",
        "from_text": "To Do",
        "to_value": "3",
        "to_text": "In Progress",
    }
    return Change(**{**full, **changes})


def full_history(issue_key: str = "AB-1", **changes: Any) -> History:
    """A history of two changes, whose every field differs from its default and from the others."""
    full: dict[str, Any] = {
        "issue_key": issue_key,
        "changes": [
            full_change(NOW + timedelta(seconds=1, microseconds=1)),
            full_change(NOW + timedelta(seconds=2, microseconds=2), "Story Points", from_value=None, from_text=""),
        ],
        "fetched_at": NOW + timedelta(seconds=3, microseconds=3),
        "expires_at": EXPIRY + timedelta(seconds=4, microseconds=4),
        "details": _json("details"),
    }
    return History(**{**full, **changes})


def full_statistic(date: date = date(2025, 11, 3), **changes: Any) -> Statistic:
    """A statistic whose every field differs from its default and from the others."""
    full: dict[str, Any] = {
        "date": date,
        "completed_items": 3,
        "created_items": 5,
        "completed_points": 8.5,
        "created_points": 13.25,
        "velocity_items": 1.75,
        "velocity_points": 6.125,
        "remaining_items": 21,
        "remaining_points": 34.5,
        "extra": _json("extra"),
    }
    return Statistic(**{**full, **changes})


def full_scope(**changes: Any) -> Scope:
    """A scope whose every field differs from its default and from the others."""
    full: dict[str, Any] = {
        "values": _json("values"),
        "updated_at": NOW + timedelta(seconds=1, microseconds=1),
        "extra": _json("extra"),
    }
    return Scope(**{**full, **changes})


def full_metric(week: str = "2025-W45", name: str = "lead_time", **changes: Any) -> Metric:
    """A metric whose every field differs from its default and from the others."""
    full: dict[str, Any] = {
        "week": week,
        "name": name,
        "category": "dora",
        "value": 4.75,
        "unit": "days",
        "calculated_at": NOW + timedelta(seconds=1, microseconds=1),
        "details": _json("details"),
    }
    return Metric(**{**full, **changes})


def full_task(name: str = "fetch", **changes: Any) -> Task:
    """A task whose every field differs from its default and from the others."""
    full: dict[str, Any] = {
        "name": name,
        "status": "running",
        "percent": 62.5,
        "message": "Fetching page 5 of 8",
        "updated_at": NOW + timedelta(seconds=1, microseconds=1),
        "state": _json("state"),
    }
    return Task(**{**full, **changes})
