"""Backends that are wrong about the store as a whole, or only after some history (contract, chapter 15)."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import Capability, Expired, Issue, Metric, Profile, Query
from burndown_store.sqlite import SqliteBackend
from saboteurs import saboteur

Location = str | os.PathLike[str]


@saboteur("a-sound-store-checks-clean", "answered-lists-are-copies", says=("backend.check()", "['ok']"))
class HandsOnTheDriversOk(MemoryBackend):
    """Hands on what PRAGMA integrity_check says of a sound file."""

    def check(self) -> list[str]:
        return super().check() or ["ok"]


@saboteur("a-sound-store-checks-clean", says=("backend.check()", "a history has no issue"))
class MissesTheIssueOfAHistory(MemoryBackend):
    """Takes a history that outlives its issue for a mistake."""

    def check(self) -> list[str]:
        wrong = super().check()
        for profile in self.list_profiles():
            for query in self.list_queries(profile.id):
                known = {issue.key for issue in self.get_issues(profile.id, query.id)}
                lonely = set(self.list_history_keys(profile.id, query.id)) - known
                wrong += ["a history has no issue"] * len(lonely)
        return wrong


@saboteur("size-is-every-byte", says=("backend.size_bytes()", "is an int, and at least [500000]"))
class CountsTheMainFileAlone(SqliteBackend):
    """Counts the database file and forgets the write-ahead log beside it."""

    def __init__(self, location: Location, **settings: Any) -> None:
        super().__init__(location, **settings)
        self._main = Path(location, "profiles", "burndown.db")

    def size_bytes(self) -> int:
        super().size_bytes()
        return self._main.stat().st_size


@saboteur("size-is-every-byte", says=("backend.size_bytes()", "is an int, and at least [500000]"))
class CountsKilobytes(MemoryBackend):
    """Gives kilobytes."""

    def size_bytes(self) -> int:
        return super().size_bytes() // 1024


@saboteur("size-is-every-byte", says=("backend.size_bytes()", "is an int, and at least [0]"))
class CountsInFractions(MemoryBackend):
    """Gives pages times a page size that is a float."""

    def size_bytes(self) -> int:
        size: Any = super().size_bytes() / 1.0
        return size  # type: ignore[no-any-return]


@saboteur("schema-version-is-a-number", says=("getattr(backend, 'schema_version')", "is an int, and at least [1]"))
class HasNoVersionYet(MemoryBackend):
    """Gives a `user_version` that nobody has set."""

    @property
    def schema_version(self) -> int:
        return 0


@saboteur("schema-version-is-a-number", says=("getattr(backend, 'schema_version')", "'1'"))
class KeepsTheVersionAsText(MemoryBackend):
    """Keeps the version in a table of texts."""

    @property
    def schema_version(self) -> int:
        version: Any = "1"
        return version  # type: ignore[no-any-return]


@saboteur("capabilities-are-a-frozenset", says=("is a frozenset of members of Capability", "{'power_safe'}"))
class NamesItsCapabilities(MemoryBackend):
    """Gives the names of its capabilities, which compare equal to members of the enumeration."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        names: Any = frozenset({"power_safe"})
        return names  # type: ignore[no-any-return]


@saboteur("capabilities-are-a-frozenset", says=("is a frozenset of members of Capability", "[]"))
class ListsItsCapabilities(MemoryBackend):
    """Gives a list."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        capabilities: Any = []
        return capabilities  # type: ignore[no-any-return]


# What only some history brings about, so that no example but a drawn one meets it.


@saboteur("model-agreement", says=("delete_expired(", "expected 1, got 0"))
class NeverForgetsThatAnIssueExpired(MemoryBackend):
    """Marks expired issues as deleted, and does not take the mark away when one of them is saved again."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._marks: set[tuple[str, str, str]] = set()

    def delete_expired(self, now: datetime) -> Expired:
        before = self._identities()
        expired = super().delete_expired(now)
        self._marks |= before - self._identities()
        return expired

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        found = super().get_issues(profile_id, query_id, **filters)
        return [issue for issue in found if (profile_id, query_id, issue.key) not in self._marks]

    def _identities(self) -> set[tuple[str, str, str]]:
        return {
            (profile.id, query.id, issue.key)
            for profile in self.list_profiles()
            for query in self.list_queries(profile.id)
            for issue in self.get_issues(profile.id, query.id)
        }


@saboteur("model-agreement", says=("delete_query(", "length: expected 0, got"))
class DeletesNothingBelowAQuietQuery(MemoryBackend):
    """Takes a query without histories for an empty one, deletes nothing below it, and finds its metrics again later."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._left: dict[tuple[str, str], list[Metric]] = {}

    def delete_query(self, profile_id: str, query_id: str) -> None:
        metrics = self.get_metrics(profile_id, query_id)
        is_quiet = not self.list_history_keys(profile_id, query_id)
        super().delete_query(profile_id, query_id)
        if is_quiet:
            self._left[profile_id, query_id] = metrics

    def save_query(self, profile_id: str, query: Query) -> None:
        super().save_query(profile_id, query)
        super().save_metrics(profile_id, query.id, self._left.pop((profile_id, query.id), []))


@saboteur("model-agreement", says=("delete_query(", "save_profile("))
class WritesBackTheQueriesItListed(MemoryBackend):
    """Keeps a profile and its queries in one document, and saves the profile with the queries that it read last."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._listed: dict[str, list[Query]] = {}

    def list_queries(self, profile_id: str) -> list[Query]:
        queries = super().list_queries(profile_id)
        self._listed[profile_id] = queries
        return list(queries)

    def save_profile(self, profile: Profile) -> None:
        super().save_profile(profile)
        there = {query.id for query in super().list_queries(profile.id)}
        for query in self._listed.pop(profile.id, []):
            if query.id not in there:
                super().save_query(profile.id, query)

    def save_query(self, profile_id: str, query: Query) -> None:
        super().save_query(profile_id, query)
        self._listed.pop(profile_id, None)

    def delete_profile(self, profile_id: str) -> None:
        super().delete_profile(profile_id)
        self._listed.pop(profile_id, None)
