"""The estimate of an issue, which lies in that field of its document that the profile names."""

from __future__ import annotations

from collections.abc import Iterable

from burndown_store.contract import Issue, replace
from burndown_store.jira import points_from
from burndown_store.legacy.profiles import points_field_of

__all__ = ["points_field_of", "with_points"]


def with_points(issues: Iterable[Issue], field: str | None) -> list[Issue]:
    """The issues, in their order, with the points that `field` of their documents holds; None, no points at all."""
    return [replace(issue, points=None if field is None else _points_of(issue, field)) for issue in issues]


def _points_of(issue: Issue, field: str) -> float | None:
    fields = issue.document.value().get("fields")
    return points_from(fields.get(field)) if type(fields) is dict else None
