"""A query with all that lies below it, once more."""

from __future__ import annotations

from burndown_store.contract import Backend, Query

__all__ = ["copy_query"]


def copy_query(backend: Backend, source: tuple[str, str], profile_id: str, query: Query) -> None:
    """Save `query` in the profile, and below it everything that lies below `source`, a profile's id and a query's."""
    place = (profile_id, query.id)
    backend.save_query(profile_id, query)
    backend.save_issues(*place, backend.get_issues(*source))
    backend.save_histories(*place, backend.get_histories(*source))
    backend.save_statistics(*place, backend.get_statistics(*source))
    backend.save_metrics(*place, backend.get_metrics(*source))
    info, scope = backend.get_cache_info(*source), backend.get_scope(*source)
    if info is not None:
        backend.save_cache_info(*place, info)
    if scope is not None:
        backend.save_scope(*place, scope)
