"""What a store with one of everything in it answers, told in full or in numbers."""

from __future__ import annotations

from typing import Any

from burndown_spec.vocabulary.contents import contents_of

__all__ = ["answers_of_every_read", "numbers_of"]


def answers_of_every_read(backend: Any) -> dict[str, Any]:
    """All that the store holds, as `contents_of` tells it, and what the reads give that look for one thing.

    These look for profiles and queries, app state and tasks by the names that a furnished store has or comes to have.
    """
    found = contents_of(backend)
    for profile in ("p", "other", "new"):
        found[f"profile {profile}"] = backend.get_profile(profile)
        for query in ("q", "other", "new"):
            found[f"query {profile}/{query}"] = backend.get_query(profile, query)
    for key in ("key", "new"):
        found[f"app state {key}"] = backend.get_app_state(key)
    for name in ("fetch", "new", "one", "two"):
        found[f"task {name}"] = backend.get_task(name)
    return found | {
        "issue": backend.get_issues("p", "q", key="AB-1"),
        "issues": backend.get_issues("p", "q"),
        "cache info": backend.get_cache_info("p", "q"),
        "histories": backend.get_histories("p", "q"),
        "changes": backend.get_changes("p", "q"),
        "history keys": backend.list_history_keys("p", "q"),
        "statistics": backend.get_statistics("p", "q"),
        "scope": backend.get_scope("p", "q"),
        "metrics": backend.get_metrics("p", "q"),
    }


def numbers_of(backend: Any) -> list[int]:
    """How many issues, histories, statistics, metrics, cache infos and scopes the query `p/q` has; then how many
    queries `p` has, and how many profiles there are."""
    place = ("p", "q")
    lists = (backend.get_issues, backend.get_histories, backend.get_statistics, backend.get_metrics)
    singles = (backend.get_cache_info, backend.get_scope)
    return [
        *(len(read(*place)) for read in lists),
        *(int(read(*place) is not None) for read in singles),
        *(len(backend.list_queries("p")), len(backend.list_profiles())),
    ]
