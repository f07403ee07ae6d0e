"""What the model keeps: plain dicts by identity, one store for each location of this process."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field, replace
from datetime import date

from burndown_spec.oracle import validity
from burndown_store.contract import (
    CacheInfo,
    History,
    Issue,
    Metric,
    Profile,
    ProfileNotFoundError,
    Query,
    QueryNotFoundError,
    Record,
    Scope,
    Statistic,
    Task,
    ValidationError,
)

__all__ = ["Contents", "ProfileStore", "QueryStore", "Store", "close_store", "destroy", "open_store"]


@dataclass
class Contents:
    """What lies below one query."""

    issues: dict[str, Issue] = field(default_factory=dict)
    histories: dict[str, History] = field(default_factory=dict)
    statistics: dict[date, Statistic] = field(default_factory=dict)
    metrics: dict[tuple[str, str], Metric] = field(default_factory=dict)
    cache_info: CacheInfo | None = None
    scope: Scope | None = None

    def copy(self) -> Contents:
        """The same records in dicts of their own."""
        return replace(
            self,
            issues=dict(self.issues),
            histories=dict(self.histories),
            statistics=dict(self.statistics),
            metrics=dict(self.metrics),
        )


@dataclass
class QueryStore:
    """A query and what lies below it."""

    query: Query
    contents: Contents = field(default_factory=Contents)


@dataclass
class ProfileStore:
    """A profile and its queries by id."""

    profile: Profile
    queries: dict[str, QueryStore] = field(default_factory=dict)

    def copy(self) -> ProfileStore:
        """The same records in dicts of their own."""
        queries = {name: QueryStore(at.query, at.contents.copy()) for name, at in self.queries.items()}
        return ProfileStore(self.profile, queries)


@dataclass
class Store:
    """All that is kept at one location. Whoever reads or changes it holds `lock`."""

    profiles: dict[str, ProfileStore] = field(default_factory=dict)
    app_state: dict[str, str] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    # Held from the first moment of a transaction to its last, and by each write outside of one.
    writer: threading.Lock = field(default_factory=threading.Lock)
    handles: int = 0

    def copy(self) -> Store:
        """A store with the same records; nothing that is done to one shows in the other."""
        return Store(
            profiles={name: profile.copy() for name, profile in self.profiles.items()},
            app_state=dict(self.app_state),
            tasks=dict(self.tasks),
        )

    def become(self, other: Store) -> None:
        """Hold from now on what `other` holds, which is not used again."""
        self.profiles, self.app_state, self.tasks = other.profiles, other.app_state, other.tasks

    def existing_profile(self, profile_id: str) -> ProfileStore:
        """The profile. Raises `ProfileNotFoundError`."""
        if profile_id not in self.profiles:
            raise ProfileNotFoundError("the profile is not there; save it first")
        return self.profiles[profile_id]

    def existing_contents(self, profile_id: str, query_id: str) -> Contents:
        """What lies below a query. Raises `ProfileNotFoundError`, `QueryNotFoundError`."""
        queries = self.existing_profile(profile_id).queries
        if query_id not in queries:
            raise QueryNotFoundError("the query is not in its profile; save it first")
        return queries[query_id].contents

    def contents_of(self, profile_id: str, query_id: str) -> Contents:
        """What lies below a query, for a read: nothing where the query is not there."""
        profile = self.profiles.get(profile_id)
        found = profile.queries.get(query_id) if profile else None
        return found.contents if found else Contents()

    def all_contents(self) -> list[Contents]:
        """What lies below each query of each profile."""
        return [at.contents for profile in self.profiles.values() for at in profile.queries.values()]

    def records(self) -> list[tuple[object, object, Record]]:
        """Every record, after the identity under which it is kept and the one that it names itself."""
        found: list[tuple[object, object, Record]] = []
        for profile_id, profile in self.profiles.items():
            found.append((profile_id, profile.profile.id, profile.profile))
            found += [(query_id, at.query.id, at.query) for query_id, at in profile.queries.items()]
        found += [(name, task.name, task) for name, task in self.tasks.items()]
        for below in self.all_contents():
            found += [(key, issue.key, issue) for key, issue in below.issues.items()]
            found += [(key, history.issue_key, history) for key, history in below.histories.items()]
            found += [(day, statistic.date, statistic) for day, statistic in below.statistics.items()]
            found += [(key, (metric.week, metric.name), metric) for key, metric in below.metrics.items()]
            found += [(None, None, record) for record in (below.cache_info, below.scope) if record is not None]
        return found

    def faults(self) -> list[str]:
        """A sentence for each record that breaks a rule or is kept under the identity of another."""
        found = []
        for kept_as, named, record in self.records():
            kind = type(record).__name__
            if kept_as != named:
                found.append(f"a {kind} is kept under the identity of another one; save it again")
            try:
                validity.valid(record, type(record))
            except ValidationError as error:
                found.append(f"a {kind} breaks a rule: {error}")
        return found


_STORES: dict[str, Store] = {}
_STORES_LOCK = threading.Lock()


def open_store(location: str | os.PathLike[str]) -> Store:
    """The store of a location, with one handle more; a new one where no handle is open."""
    with _STORES_LOCK:
        store = _STORES.setdefault(os.path.realpath(location), Store())
        store.handles += 1
        return store


def close_store(store: Store) -> None:
    """Take one handle away; a store without any is forgotten."""
    with _STORES_LOCK:
        store.handles -= 1
        if not store.handles:
            for location in [at for at, kept in _STORES.items() if kept is store]:
                del _STORES[location]


def destroy(location: str | os.PathLike[str]) -> None:
    """Forget the store of a location: the next handle starts empty, open ones keep what they have."""
    with _STORES_LOCK:
        _STORES.pop(os.path.realpath(location), None)
