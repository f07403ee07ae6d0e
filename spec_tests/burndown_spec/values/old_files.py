"""Files of the old application with one profile `p` and one query `q`, with as little in them as a clause needs."""

from __future__ import annotations

from typing import Any

__all__ = ["CHANGES", "FIGURES", "ISSUES", "METRICS", "PROFILE", "QUERY", "REGISTRY", "TASK", "old_files", "old_issue"]

REGISTRY = "profiles/profiles.json"
PROFILE = "profiles/p/profile.json"
QUERY = "profiles/p/queries/q/query.json"
ISSUES = "profiles/p/queries/q/jira_cache.json"
CHANGES = "profiles/p/queries/q/jira_changelog_cache.json"
FIGURES = "profiles/p/queries/q/project_data.json"
METRICS = "profiles/p/queries/q/metrics_snapshots.json"
TASK = "task_progress.json"


def old_files(more: dict[str, Any] | None = None) -> dict[str, Any]:
    """The registry, the profile and the query, and `more` files, or these with other contents; fresh for each call."""
    created = "2025-11-03T12:00:00+00:00"
    profile = {"id": "p", "name": "Team Blue", "created_at": created, "last_used": created}
    return {
        REGISTRY: {
            "version": "3.0",
            "active_profile_id": "p",
            "active_query_id": "q",
            "profiles": {"p": dict(profile)},
        },
        PROFILE: dict(profile),
        QUERY: {"name": "All work", "jql": "project = AB", "created_at": created, "last_used": created},
        **(more or {}),
    }


def old_issue(key: str, **fields: Any) -> dict[str, Any]:
    """A raw issue as JIRA sent it, with these fields."""
    return {"id": key.replace("AB-", "100"), "key": key, "fields": fields}
