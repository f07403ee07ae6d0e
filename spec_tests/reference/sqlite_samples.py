"""Records for the tests of the reference, each as small as its kind allows."""

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
    replace,
)

NOON = datetime(2025, 11, 3, 12, tzinfo=UTC)
SECRET = "s3cret-t0ken"


def minutes(count: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=count)


def a_profile(profile_id: str = "p", **changes: Any) -> Profile:
    profile = Profile(
        id=profile_id, name="Team Blue", created_at=NOON, last_used_at=NOON, jira_config={"token": SECRET}
    )
    return replace(profile, **changes)


def a_query(query_id: str = "q", **changes: Any) -> Query:
    return replace(Query(id=query_id, name="Open", jql="project = AB", created_at=NOON, last_used_at=NOON), **changes)


def an_issue(key: str, **changes: Any) -> Issue:
    return replace(Issue(key=key, document=JsonText('{"id": 1}'), expires_at=minutes(60)), **changes)


def a_change(minute: float = 0, **changes: Any) -> Change:
    return replace(Change(changed_at=minutes(minute), field="status"), **changes)


def a_history(issue_key: str, *changes: Change, **others: Any) -> History:
    return replace(History(issue_key=issue_key, changes=list(changes), expires_at=minutes(60)), **others)


def a_statistic(day: int = 3, **changes: Any) -> Statistic:
    return replace(Statistic(date=date(2025, 11, day)), **changes)


def a_scope(**changes: Any) -> Scope:
    return replace(Scope(values={"total": 1}), **changes)


def a_metric(week: str = "2025-W44", name: str = "lead_time", **changes: Any) -> Metric:
    return replace(Metric(week=week, name=name, category="dora", value=1.5), **changes)


def a_task(name: str = "fetch", **changes: Any) -> Task:
    return replace(Task(name=name, status="running", updated_at=NOON), **changes)


def a_cache_info(**changes: Any) -> CacheInfo:
    return replace(CacheInfo(fetched_at=NOON, expires_at=minutes(60)), **changes)
