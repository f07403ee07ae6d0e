"""A whole JIRA search answer as lists of records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from burndown_store.contract import History, Issue, ValidationError
from burndown_store.jira.histories import history_from_jira
from burndown_store.jira.issues import issue_from_jira

__all__ = ["histories_from_jira", "issues_from_jira"]


def issues_from_jira(
    answer: Mapping[str, Any] | list[Any], *, points_field: str | None, expires_at: datetime
) -> list[Issue]:
    """`issue_from_jira` of every issue of `answer`, in its order, an issue that is there twice included.

    `answer` is a search answer (`{"issues": […], …}`) or a bare list of raw issues. Raises `ValidationError` for the
    first issue that has no usable key, naming its position from 0; and for an answer that holds no list of issues,
    because an error page taken for "no issues" would empty a query.
    """
    return [
        issue_from_jira(raw, points_field=points_field, expires_at=expires_at, where=f"issues[{position}]")
        for position, raw in enumerate(_raw_issues(answer))
    ]


def histories_from_jira(
    answer: Mapping[str, Any] | list[Any], *, fetched_at: datetime | None = None, expires_at: datetime
) -> list[History]:
    """`history_from_jira` of every issue of `answer` that carries a changelog; errors as in `issues_from_jira`."""
    histories = (
        history_from_jira(raw, fetched_at=fetched_at, expires_at=expires_at, where=f"issues[{position}]")
        for position, raw in enumerate(_raw_issues(answer))
    )
    return [history for history in histories if history is not None]


def _raw_issues(answer: object) -> list[Any]:
    issues = answer.get("issues") if isinstance(answer, Mapping) else answer
    if not isinstance(issues, list):
        raise ValidationError('answer: expected a list of issues, or an object with one under "issues"')
    return issues
