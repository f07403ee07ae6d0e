"""What goes from one store to another, whatever holds it: profiles, their queries, state and tasks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from burndown_store.contract import Backend, Profile, ProfileNotFoundError, Query, Task
from burndown_store.legacy import Ignored, LegacyWorkspace, Note, QueryContents, Reject

__all__ = ["KINDS", "Bundle", "BundledProfile", "BundledQuery", "Taken", "bundle_of", "bundle_of_legacy", "put"]

KINDS: Final = (
    *("app_state", "tasks", "profiles", "queries", "issues", "cache_infos"),
    *("histories", "changes", "statistics", "scopes", "metrics"),
)
"""What is counted."""

_OF_THE_STORE: Final = "migration"
"""The key under which a store says that old files became it: no other store may say so of itself."""


@dataclass(frozen=True, slots=True)
class BundledQuery:
    """A query, and how to read what lies below it, so that one query at a time is in memory."""

    record: Query
    read: Callable[[], QueryContents]


@dataclass(frozen=True, slots=True)
class BundledProfile:
    """A profile with its queries."""

    record: Profile
    queries: tuple[BundledQuery, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A workspace on its way. Findings are those of all but what lies below queries."""

    profiles: tuple[BundledProfile, ...] = ()
    app_state: dict[str, str] = field(default_factory=dict, repr=False)
    tasks: tuple[Task, ...] = ()
    rejects: tuple[Reject, ...] = ()
    notes: tuple[Note, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    naive_times: int = 0


@dataclass(slots=True)
class Taken:
    """What `put` has put: how many of each of `KINDS`, and what was found below the queries."""

    counts: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(KINDS, 0)))
    rejects: list[Reject] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    naive_times: int = 0


def bundle_of(backend: Backend, profile_id: str | None = None) -> Bundle:
    """All that the store holds, or one of its profiles, without state and tasks. Raises `ProfileNotFoundError`.

    Profiles and queries are in the order of their ids.
    """
    if profile_id is None:
        state = {key: value for key, value in backend.list_app_state().items() if key != _OF_THE_STORE}
        profiles, tasks = backend.list_profiles(), tuple(backend.list_tasks())
    else:
        profile = backend.get_profile(profile_id)
        if profile is None:
            raise ProfileNotFoundError("there is no such profile; see list_profiles()")
        state, profiles, tasks = {}, [profile], ()
    bundled = []
    for profile in sorted(profiles, key=lambda profile: profile.id):
        queries = sorted(backend.list_queries(profile.id), key=lambda query: query.id)
        below = [BundledQuery(query, partial(_contents, backend, profile.id, query.id)) for query in queries]
        bundled.append(BundledProfile(profile, tuple(below)))
    return Bundle(profiles=tuple(bundled), app_state=state, tasks=tasks)


def bundle_of_legacy(workspace: LegacyWorkspace) -> Bundle:
    """What was read from the files of the old application."""
    return Bundle(
        profiles=tuple(
            BundledProfile(profile.record, tuple(BundledQuery(query.record, query.read) for query in profile.queries))
            for profile in workspace.profiles
        ),
        app_state={key: value for key, value in workspace.app_state.items() if key != _OF_THE_STORE},
        tasks=workspace.tasks,
        rejects=workspace.rejects,
        notes=workspace.notes,
        ignored=workspace.ignored,
        naive_times=workspace.naive_times,
    )


def put(bundle: Bundle, backend: Backend) -> Taken:
    """Write the bundle into a store that has none of its profiles; the state comes last."""
    taken = Taken()
    for profile in bundle.profiles:
        backend.save_profile(profile.record)
        for query in profile.queries:
            backend.save_query(profile.record.id, query.record)
            contents = query.read()
            _put_below(contents, backend, profile.record.id, query.record.id)
            taken.counts.update(_counted(contents))
            taken.rejects += contents.rejects
            taken.notes += contents.notes
            taken.naive_times += contents.naive_times
    for task in bundle.tasks:
        backend.save_task(task)
    for key, value in bundle.app_state.items():
        backend.set_app_state(key, value)
    taken.counts.update(
        profiles=len(bundle.profiles),
        queries=sum(len(profile.queries) for profile in bundle.profiles),
        tasks=len(bundle.tasks),
        app_state=len(bundle.app_state),
    )
    return taken


def _contents(backend: Backend, profile_id: str, query_id: str) -> QueryContents:
    here = profile_id, query_id
    return QueryContents(
        issues=tuple(backend.get_issues(*here)),
        cache_info=backend.get_cache_info(*here),
        histories=tuple(backend.get_histories(*here)),
        statistics=tuple(backend.get_statistics(*here)),
        scope=backend.get_scope(*here),
        metrics=tuple(backend.get_metrics(*here)),
    )


def _put_below(contents: QueryContents, backend: Backend, profile_id: str, query_id: str) -> None:
    here = profile_id, query_id
    # Issues come first, because the old layout repeats some of their fields beside their histories.
    backend.save_issues(*here, contents.issues)
    if contents.cache_info is not None:
        backend.save_cache_info(*here, contents.cache_info)
    backend.save_histories(*here, contents.histories)
    backend.save_statistics(*here, contents.statistics)
    if contents.scope is not None:
        backend.save_scope(*here, contents.scope)
    backend.save_metrics(*here, contents.metrics)


def _counted(contents: QueryContents) -> dict[str, int]:
    return {
        "issues": len(contents.issues),
        "cache_infos": int(contents.cache_info is not None),
        "histories": len(contents.histories),
        "changes": sum(len(history.changes) for history in contents.histories),
        "statistics": len(contents.statistics),
        "scopes": int(contents.scope is not None),
        "metrics": len(contents.metrics),
    }
