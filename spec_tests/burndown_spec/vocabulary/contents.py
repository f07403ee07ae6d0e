"""A whole store at one look."""

from __future__ import annotations

from typing import Any

__all__ = ["contents_of", "first_and_last_of"]


def contents_of(backend: Any) -> dict[str, Any]:
    """All that a store holds, by what it is; what lies below profiles and queries, by `profile` or `profile/query`."""
    profiles = backend.list_profiles()
    found: dict[str, Any] = {
        "app state": backend.list_app_state(),
        "tasks": backend.list_tasks(),
        "profiles": profiles,
    }
    for profile in profiles:
        queries = backend.list_queries(profile.id)
        found[profile.id] = queries
        for query in queries:
            place = (profile.id, query.id)
            found["/".join(place)] = {
                "issues": backend.get_issues(*place),
                "cache info": backend.get_cache_info(*place),
                "histories": backend.get_histories(*place),
                "statistics": backend.get_statistics(*place),
                "scope": backend.get_scope(*place),
                "metrics": backend.get_metrics(*place),
            }
    return found


def first_and_last_of(backend: Any) -> list[list[str]]:
    """Of two thousand issues by `many_issues` and of one before them: the keys that are there of three."""
    keys = ("AB-1", "AB-000000", "AB-001999")
    return [[issue.key for issue in backend.get_issues("p", "q", key=key)] for key in keys]
