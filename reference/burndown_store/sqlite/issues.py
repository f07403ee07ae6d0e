"""Issues and what is known of their last fetch."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from burndown_store.contract import (
    CacheInfo,
    Issue,
    JsonText,
    check_batch,
    check_identifier,
    check_instant,
    check_limit,
    check_text,
)
from burndown_store.sqlite.columns import (
    instant_text,
    json_text,
    optional_instant_text,
    read_instant,
    read_json,
    read_optional_instant,
)
from burndown_store.sqlite.operations import Operations, check_place, checked
from burndown_store.sqlite.statements import narrowed, of_query, upsert

__all__ = ["CACHE_INFO", "ISSUES", "IssueOperations", "cache_info_of", "issue_of"]

_ISSUE_COLUMNS: Final = (
    "key, summary, status, assignee, issue_type, priority, resolution, project_key, project_name, "
    "created, updated, resolved, points, expires_at, document"
)
_CACHE_INFO_COLUMNS: Final = "fetched_at, expires_at, jql, details"

ISSUES: Final = f"SELECT {_ISSUE_COLUMNS} FROM issues"
CACHE_INFO: Final = f"SELECT {_CACHE_INFO_COLUMNS} FROM cache_info"
_ISSUES_OF_QUERY: Final = of_query("issues", _ISSUE_COLUMNS)
_CACHE_INFO_OF_QUERY: Final = of_query("cache_info", _CACHE_INFO_COLUMNS)
_SAVE_ISSUE: Final = upsert("issues", f"query, {_ISSUE_COLUMNS}", identity="query, key")
_SAVE_CACHE_INFO: Final = upsert("cache_info", f"query, {_CACHE_INFO_COLUMNS}", identity="query")


class IssueOperations(Operations):
    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        self._admit_write("save_issues")
        check_place(profile_id, query_id)
        batch = check_batch(issues, Issue)
        with self._writing_below(profile_id, query_id) as (session, query):
            session.execute_many(_SAVE_ISSUE, (_issue_row(query, issue) for issue in batch))

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        self._admit_write("replace_issues")
        check_place(profile_id, query_id)
        batch = check_batch(issues, Issue)
        with self._writing_below(profile_id, query_id) as (session, query):
            session.execute("DELETE FROM issues WHERE query = ?", (query,))
            session.execute_many(_SAVE_ISSUE, (_issue_row(query, issue) for issue in batch))

    def get_issues(
        self,
        profile_id: str,
        query_id: str,
        *,
        key: str | None = None,
        status: str | None = None,
        assignee: str | None = None,
        issue_type: str | None = None,
        project_key: str | None = None,
        valid_at: datetime | None = None,
        limit: int | None = None,
    ) -> list[Issue]:
        self._admit("get_issues")
        check_place(profile_id, query_id)
        statement, parameters = narrowed(
            _ISSUES_OF_QUERY,
            (profile_id, query_id),
            {
                "key = ?": None if key is None else check_identifier(key, "key"),
                "status = ?": None if status is None else check_text(status, "status"),
                "assignee = ?": None if assignee is None else check_text(assignee, "assignee"),
                "issue_type = ?": None if issue_type is None else check_text(issue_type, "issue_type"),
                "project_key = ?": None if project_key is None else check_text(project_key, "project_key"),
                "expires_at > ?": None if valid_at is None else instant_text(check_instant(valid_at, "valid_at")),
            },
            # SQLite sorts NULL below every value, so that downwards it comes last.
            order="updated DESC, key",
            limit=check_limit(limit, "limit"),
        )
        return self._session.rows(statement, parameters, issue_of)

    def save_cache_info(self, profile_id: str, query_id: str, info: CacheInfo) -> None:
        self._admit_write("save_cache_info")
        check_place(profile_id, query_id)
        row = _cache_info_row(checked(info, CacheInfo))
        with self._writing_below(profile_id, query_id) as (session, query):
            session.execute(_SAVE_CACHE_INFO, (query, *row))

    def get_cache_info(self, profile_id: str, query_id: str) -> CacheInfo | None:
        self._admit("get_cache_info")
        check_place(profile_id, query_id)
        return self._session.first(_CACHE_INFO_OF_QUERY, (profile_id, query_id), cache_info_of)


def issue_of(
    key: str,
    summary: str | None,
    status: str | None,
    assignee: str | None,
    issue_type: str | None,
    priority: str | None,
    resolution: str | None,
    project_key: str | None,
    project_name: str | None,
    created: str | None,
    updated: str | None,
    resolved: str | None,
    points: float | None,
    expires_at: str,
    document: str,
) -> Issue:
    """The record of one row of `ISSUES`."""
    return Issue(
        key=key,
        document=JsonText(document),
        summary=summary,
        status=status,
        assignee=assignee,
        issue_type=issue_type,
        priority=priority,
        resolution=resolution,
        project_key=project_key,
        project_name=project_name,
        created=read_optional_instant(created),
        updated=read_optional_instant(updated),
        resolved=read_optional_instant(resolved),
        points=points,
        expires_at=read_instant(expires_at),
    )


def cache_info_of(fetched_at: str, expires_at: str, jql: str | None, details: str) -> CacheInfo:
    """The record of one row of `CACHE_INFO`."""
    return CacheInfo(
        fetched_at=read_instant(fetched_at),
        expires_at=read_instant(expires_at),
        jql=jql,
        details=read_json(details),
    )


def _issue_row(query: int, issue: Issue) -> tuple[object, ...]:
    return (
        query,
        issue.key,
        issue.summary,
        issue.status,
        issue.assignee,
        issue.issue_type,
        issue.priority,
        issue.resolution,
        issue.project_key,
        issue.project_name,
        optional_instant_text(issue.created),
        optional_instant_text(issue.updated),
        optional_instant_text(issue.resolved),
        issue.points,
        instant_text(issue.expires_at),
        issue.document.text,
    )


def _cache_info_row(info: CacheInfo) -> tuple[object, ...]:
    return instant_text(info.fetched_at), instant_text(info.expires_at), info.jql, json_text(info.details)
