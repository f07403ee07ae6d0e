"""What is compared of an answer, and what is asked of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from burndown_store.contract import Capability

__all__ = [
    "by_identity",
    "by_moment",
    "capability_set",
    "changed_fields",
    "changes_of_all",
    "completed_items",
    "days",
    "document_values",
    "history_ids",
    "ids",
    "issue_keys",
    "keys",
    "metric_values",
    "names",
    "sorted_days",
    "sorted_fields",
    "sorted_ids",
    "sorted_issue_keys",
    "sorted_keys",
    "sorted_metrics",
    "summaries",
    "weeks_and_names",
    "whole_number_from",
]


def keys(records: Any) -> list[str]:
    """The issues' keys, in their order."""
    return [record.key for record in records]


def names(records: Any) -> list[str]:
    """The names of tasks or metrics, in their order."""
    return [record.name for record in records]


def ids(records: Any) -> list[str]:
    """The ids of profiles or queries, in their order."""
    return [record.id for record in records]


def history_ids(entries: Any) -> list[str]:
    """The history ids of the changes, in their order."""
    return [entry.change.history_id for entry in entries]


def document_values(issues: Any) -> dict[str, Any]:
    """The values of the issues' documents, by key."""
    return {issue.key: issue.document.value() for issue in issues}


def sorted_ids(records: Any) -> list[str]:
    """The ids of profiles or queries, whatever order they came in."""
    return sorted(record.id for record in records)


def issue_keys(records: Any) -> list[str]:
    """The issue keys of histories, or of the entries of `get_changes`, in their order."""
    return [record.issue_key for record in records]


def by_identity(records: Any) -> list[Any]:
    """The records sorted by what identifies them, whatever order they came in."""
    identifying = ("id", "key", "issue_key", "week", "date", "name")
    return sorted(records, key=lambda record: [str(getattr(record, name, "")) for name in identifying])


def by_moment(entries: Any) -> list[Any]:
    """The entries of `get_changes` sorted by issue and moment, whatever order they came in."""
    return sorted(entries, key=lambda entry: (entry.issue_key, entry.change.changed_at))


def sorted_keys(issues: Any) -> list[str]:
    """The issues' keys, whatever order they came in."""
    return sorted(issue.key for issue in issues)


def sorted_issue_keys(records: Any) -> list[str]:
    """The issue keys of histories or changes, whatever order they came in."""
    return sorted(record.issue_key for record in records)


def changed_fields(entries: Any) -> list[str]:
    """The fields that the entries of `get_changes` name, in their order."""
    return [entry.change.field for entry in entries]


def sorted_fields(entries: Any) -> list[str]:
    """The fields that the entries of `get_changes` name, whatever order they came in."""
    return sorted(entry.change.field for entry in entries)


def days(statistics: Any) -> list[date]:
    """The statistics' dates, in their order."""
    return [statistic.date for statistic in statistics]


def sorted_days(statistics: Any) -> list[date]:
    """The statistics' dates, whatever order they came in."""
    return sorted(statistic.date for statistic in statistics)


def weeks_and_names(metrics: Any) -> list[str]:
    """Each metric's week and name, in their order."""
    return [f"{metric.week} {metric.name}" for metric in metrics]


def sorted_metrics(metrics: Any) -> list[str]:
    """Each metric's week and name, whatever order they came in."""
    return sorted(f"{metric.week} {metric.name}" for metric in metrics)


def whole_number_from(value: Any, least: int) -> bool:
    """is an int, and at least"""
    return type(value) is int and value >= least


def capability_set(value: Any) -> bool:
    """is a frozenset of members of Capability"""
    return type(value) is frozenset and all(type(member) is Capability for member in value)


def summaries(issues: Any) -> list[str]:
    """The issues' summaries, in their order."""
    return [issue.summary for issue in issues]


def changes_of_all(histories: Any) -> list[Any]:
    """The changes of all histories, one after another, in their order."""
    return [change for history in histories for change in history.changes]


def completed_items(statistics: Any) -> list[int]:
    """How many items each statistic counts as completed, in their order."""
    return [statistic.completed_items for statistic in statistics]


def metric_values(metrics: Any) -> list[Any]:
    """The metrics' values, in their order."""
    return [metric.value for metric in metrics]
