"""Backends in which profiles and queries meet (contract, chapter 9)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import CacheInfo, Issue, NotFoundError, Profile, Query, Scope, Statistic, replace
from saboteurs import saboteur


@saboteur("profiles-are-apart", says=("get_scope('a', 'b/c')", "expected 'a | b/c', got 'a/b | c'"))
class JoinsPaths(MemoryBackend):
    """Keeps scopes under a path that does not tell where the profile ends and the query begins."""

    def save_scope(self, profile_id: str, query_id: str, scope: Scope) -> None:
        super().save_scope(profile_id, query_id, scope)
        for profile in self.list_profiles():
            for query in self.list_queries(profile.id):
                if f"{profile.id}/{query.id}" == f"{profile_id}/{query_id}":
                    super().save_scope(profile.id, query.id, scope)


@saboteur("profiles-are-apart", says=("get_issues('a/b', 'c')", "length: expected 2, got 0"))
class ForgetsTheProfile(MemoryBackend):
    """Replaces the issues of every query of that name, whatever its profile."""

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        super().replace_issues(profile_id, query_id, issues)
        for profile in self.list_profiles():
            if profile.id != profile_id and self.get_query(profile.id, query_id):
                super().replace_issues(profile.id, query_id, [])


@saboteur("queries-are-apart", says=("get_issues('p', 'a', key='AB-1')", "expected 'p | a', got"))
class LooksUpByTheKeyAlone(MemoryBackend):
    """Takes the key of an issue for unique in the whole profile."""

    def get_issues(self, profile_id: str, query_id: str, *, key: Any = None, **filters: Any) -> list[Issue]:
        found = super().get_issues(profile_id, query_id, key=key, **filters)
        for query in self.list_queries(profile_id) if found and key is not None else []:
            found = super().get_issues(profile_id, query.id, key=key, **filters) or found
        return found


@saboteur("queries-are-apart", says=("get_statistics('p', 'a')", "length: expected 1, got 0"))
class ForgetsTheQuery(MemoryBackend):
    """Replaces the statistics of the whole profile."""

    def replace_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        super().replace_statistics(profile_id, query_id, statistics)
        for query in self.list_queries(profile_id):
            if query.id != query_id:
                super().replace_statistics(profile_id, query.id, [])


@saboteur("deleting-a-profile", says=("delete_profile('a')", "a/b"))
class DeletesByPrefix(MemoryBackend):
    """Deletes every query whose path begins with the profile's name."""

    def delete_profile(self, profile_id: str) -> None:
        super().delete_profile(profile_id)
        for profile in self.list_profiles():
            for query in self.list_queries(profile.id) if profile.id.startswith(profile_id) else []:
                super().delete_query(profile.id, query.id)


@saboteur("deleting-a-profile", says=("list_app_state()", "'a'"))
class ForgetsTheState(MemoryBackend):
    """Deletes the state that is called like the profile."""

    def delete_profile(self, profile_id: str) -> None:
        super().delete_profile(profile_id)
        self.delete_app_state(profile_id)


@saboteur("deleting-a-profile", says=("get_cache_info('a', 'b/c')", "expected None"))
class LeavesATable(MemoryBackend):
    """Forgets one of the tables when it deletes a profile."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._left: dict[tuple[str, str], CacheInfo | None] = {}

    def delete_profile(self, profile_id: str) -> None:
        queries = [query.id for query in self.list_queries(profile_id)]
        self._left |= {(profile_id, query_id): self.get_cache_info(profile_id, query_id) for query_id in queries}
        super().delete_profile(profile_id)

    def get_cache_info(self, profile_id: str, query_id: str) -> CacheInfo | None:
        return super().get_cache_info(profile_id, query_id) or self._left.get((profile_id, query_id))


@saboteur("deleting-a-query", says=("get_query('another', 'a')", "got None"))
class DeletesByTheQueryAlone(MemoryBackend):
    """Deletes the queries of that name in every profile."""

    def delete_query(self, profile_id: str, query_id: str) -> None:
        super().delete_query(profile_id, query_id)
        for profile in self.list_profiles():
            with contextlib.suppress(NotFoundError):
                super().delete_query(profile.id, query_id)


@saboteur("deleting-a-query", says=("get_scope('p', 'a')", "expected None"))
class LeavesTheScope(MemoryBackend):
    """Forgets the scope when it deletes a query."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._left: dict[tuple[str, str], Scope | None] = {}

    def delete_query(self, profile_id: str, query_id: str) -> None:
        scope = self.get_scope(profile_id, query_id)
        super().delete_query(profile_id, query_id)
        self._left[profile_id, query_id] = scope

    def get_scope(self, profile_id: str, query_id: str) -> Scope | None:
        return super().get_scope(profile_id, query_id) or self._left.get((profile_id, query_id))


class Reviving(MemoryBackend):
    """Keeps what lies below a deleted query for the next one of its name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._left: dict[tuple[str, str], list[Statistic]] = {}

    def save_query(self, profile_id: str, query: Query) -> None:
        super().save_query(profile_id, query)
        if (profile_id, query.id) in self._left:
            super().save_statistics(profile_id, query.id, self._left.pop((profile_id, query.id)))


@saboteur("a-name-used-again", says=("get_statistics('p', 'q')", "expected 0, got 1", "p | q"))
class LeavesOrphansOfAQuery(Reviving):
    """Leaves the rows of a deleted query where the next one of its name finds them."""

    def delete_query(self, profile_id: str, query_id: str) -> None:
        left = self.get_statistics(profile_id, query_id)
        super().delete_query(profile_id, query_id)
        self._left[profile_id, query_id] = left


@saboteur("a-name-used-again", says=("get_statistics('p', 'q')", "expected 0, got 1", "second"))
class LeavesOrphansOfAProfile(Reviving):
    """Leaves the rows of a deleted profile where the next one of its name finds them."""

    def delete_profile(self, profile_id: str) -> None:
        left = {query.id: self.get_statistics(profile_id, query.id) for query in self.list_queries(profile_id)}
        super().delete_profile(profile_id)
        self._left |= {(profile_id, query_id): rows for query_id, rows in left.items()}


@saboteur("saving-again-keeps-what-is-below", says=("get_issues('p', 'q')", "length: expected 2, got 0"))
class ReplacesTheQuerysRow(MemoryBackend):
    """Uses INSERT OR REPLACE for a query, which deletes the old row and all below it."""

    def save_query(self, profile_id: str, query: Any) -> None:
        there = isinstance(query, Query) and super().get_query(profile_id, query.id) is not None
        super().save_query(profile_id, query)
        if there:
            super().delete_query(profile_id, query.id)
            super().save_query(profile_id, query)


@saboteur("saving-again-keeps-what-is-below", says=("list_queries('p')", "length: expected 2, got 0"))
class ReplacesTheProfilesRow(MemoryBackend):
    """Uses INSERT OR REPLACE for a profile, which deletes the old row and all below it."""

    def save_profile(self, profile: Profile) -> None:
        super().save_profile(profile)
        super().delete_profile(profile.id)
        super().save_profile(profile)


@saboteur("saving-again-keeps-what-is-below", says=("get_profile('p')", "description: expected '', got 'described'"))
class KeepsOldFields(MemoryBackend):
    """Leaves out empty fields when it updates a row, so that the old values stay."""

    def save_profile(self, profile: Any) -> None:
        old = self.get_profile(profile.id) if isinstance(profile, Profile) and profile.id else None
        super().save_profile(profile)
        if old and not profile.description:
            super().save_profile(replace(profile, description=old.description))
