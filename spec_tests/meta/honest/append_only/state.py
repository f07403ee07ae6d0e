"""What a store contains at one moment: an immutable value.

A write makes a new state that shares with the old one all that it leaves as it was. So whoever holds a state may read
it without a lock for as long as he likes, a transaction's private copy costs nothing, and undoing is forgetting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from burndown_store.contract import (
    CacheInfo,
    History,
    Issue,
    Metric,
    Profile,
    ProfileNotFoundError,
    Query,
    QueryNotFoundError,
    Scope,
    Statistic,
    Task,
)

__all__ = ["Contents", "State"]


@dataclass(frozen=True, slots=True)
class Contents:
    """What lies below one query, each record under its identity."""

    issues: Mapping[str, Issue] = field(default_factory=dict)
    histories: Mapping[str, History] = field(default_factory=dict)
    statistics: Mapping[date, Statistic] = field(default_factory=dict)
    metrics: Mapping[tuple[str, str], Metric] = field(default_factory=dict)
    cache_info: CacheInfo | None = None
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class State:
    """All that is stored. Queries and contents are kept by profile id and query id; a query without any has none."""

    profiles: Mapping[str, Profile] = field(default_factory=dict)
    queries: Mapping[tuple[str, str], Query] = field(default_factory=dict)
    contents: Mapping[tuple[str, str], Contents] = field(default_factory=dict)
    app_state: Mapping[str, str] = field(default_factory=dict)
    tasks: Mapping[str, Task] = field(default_factory=dict)

    def below(self, profile_id: str, query_id: str) -> Contents:
        """What lies below a query: nothing where the query is not there."""
        return self.contents.get((profile_id, query_id)) or Contents()

    def expiring(self) -> tuple[int, int]:
        """How many issues and histories there are in all queries together."""
        contents = self.contents.values()
        return sum(len(below.issues) for below in contents), sum(len(below.histories) for below in contents)

    def require_profile(self, profile_id: str) -> None:
        """Raises `ProfileNotFoundError`."""
        if profile_id not in self.profiles:
            raise ProfileNotFoundError("there is no profile of this id; save it first")

    def require_query(self, profile_id: str, query_id: str) -> None:
        """Raises `ProfileNotFoundError`, `QueryNotFoundError`."""
        self.require_profile(profile_id)
        if (profile_id, query_id) not in self.queries:
            raise QueryNotFoundError("there is no query of this id in the profile; save it first")

    def with_below(self, profile_id: str, query_id: str, **changes: Any) -> State:
        """This state with some of what lies below a query changed. Raises what `require_query` does."""
        self.require_query(profile_id, query_id)
        changed = replace(self.below(profile_id, query_id), **changes)
        return replace(self, contents={**self.contents, (profile_id, query_id): changed})
