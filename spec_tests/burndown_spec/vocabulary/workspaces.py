"""What a store tells of a migrated workspace, without what migrations keep beside it."""

from __future__ import annotations

from typing import Any

__all__ = ["told_by"]


def told_by(backend: Any) -> dict[str, Any]:
    """What a store holds, as plain values by id, key or order, without the remarks of the migration."""
    below: dict[str, Any] = {
        "Profile": ("name", "description", "created_at", "last_used_at", "show_milestone", "show_points"),
        "Query": ("name", "jql", "created_at", "last_used_at"),
        "Issue": ("summary", "status", "assignee", "project_key", "created", "resolved", "points", "expires_at"),
        "CacheInfo": ("fetched_at", "expires_at", "jql"),
        "Statistic": ("date", "completed_items", "created_items", "completed_points", "created_points"),
        "Scope": ("values", "updated_at"),
        "Metric": ("week", "name", "value", "calculated_at"),
        "Task": ("name", "status", "percent", "updated_at"),
    }

    def told(record: Any, *more: str) -> Any:
        names = (*below[type(record).__name__], *more) if record is not None else ()
        return None if record is None else {name: getattr(record, name) for name in names}

    found: dict[str, Any] = {
        "state": {name: backend.get_app_state(name) for name in ("active_profile_id", "active_query_id")},
        "tasks": [told(task) for task in backend.list_tasks()],
        "profiles": {},
        "queries": {},
    }
    for profile in backend.list_profiles():
        extra = {name: value for name, value in profile.extra.items() if name != "legacy"}
        settings = told(profile, "jira_config", "field_mappings", "forecast_settings")
        found["profiles"][profile.id] = {**settings, "extra": extra}
        queries = found["queries"][profile.id] = {}
        for query in backend.list_queries(profile.id):
            place = (profile.id, query.id)
            issues = backend.get_issues(*place)
            queries[query.id] = {
                **told(query),
                "issues": {issue.key: {**told(issue), "document": issue.document.value()} for issue in issues},
                "cache_info": told(backend.get_cache_info(*place)),
                "histories": {
                    history.issue_key: {
                        "fetched_at": history.fetched_at,
                        "changes": [
                            [each.changed_at, each.field, each.from_text, each.to_text] for each in history.changes
                        ],
                    }
                    for history in backend.get_histories(*place)
                },
                "statistics": sorted(map(told, backend.get_statistics(*place)), key=lambda row: row["date"]),
                "scope": told(backend.get_scope(*place)),
                "metrics": sorted(
                    map(told, backend.get_metrics(*place)), key=lambda metric: (metric["week"], metric["name"])
                ),
            }
    return found
