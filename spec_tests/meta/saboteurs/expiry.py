"""Backends that mistake what expires, and when (contract, chapter 14)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import (
    CacheInfo,
    ChangeEntry,
    Expired,
    History,
    Issue,
    Scope,
    ValidationError,
    check_instant,
    replace,
)
from saboteurs import saboteur

Location = str | os.PathLike[str]
MICROSECOND = timedelta(microseconds=1)


@saboteur("valid-until-it-expires", says=("get_issues('p', 'q', valid_at=", "length: expected 1, got 2"))
class ValidAtItsEnd(MemoryBackend):
    """Uses `>=` where `>` is meant."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        found = super().get_issues(profile_id, query_id, **filters)
        valid_at = filters.get("valid_at")
        if valid_at is None or valid_at.year == 1:
            return found
        return super().get_issues(profile_id, query_id, **{**filters, "valid_at": valid_at - MICROSECOND})


@saboteur(
    "valid-until-it-expires",
    "filters-compare-instants",
    says=("get_histories('p', 'q', valid_at=", "length: expected 1, got 0"),
)
class DropsMicroseconds(MemoryBackend):
    """Keeps the expiry of a history to the second."""

    def get_histories(self, profile_id: str, query_id: str, **filters: Any) -> list[History]:
        found = super().get_histories(profile_id, query_id, **filters)
        valid_at = filters.get("valid_at")
        return [history for history in found if not valid_at or history.expires_at.replace(microsecond=0) > valid_at]


@saboteur("a-change-is-as-valid-as-its-history", says=("valid_at=", "[0]: expected 'valid', got 'expired'"))
class ValidAtTheEndOfItsHistory(MemoryBackend):
    """Joins with the histories on `expires_at >= valid_at`."""

    def get_changes(self, profile_id: str, query_id: str, **filters: Any) -> list[ChangeEntry]:
        found = super().get_changes(profile_id, query_id, **filters)
        valid_at = filters.get("valid_at")
        if valid_at is None or valid_at.year == 1:
            return found
        return super().get_changes(profile_id, query_id, **{**filters, "valid_at": valid_at - MICROSECOND})


@saboteur(
    "a-change-is-as-valid-as-its-history", "filters-compare-instants", says=("valid_at=", "length: expected 2, got 1")
)
class HidesChangesMadeLater(MemoryBackend):
    """Leaves out the changes that were made after the instant asked for."""

    def get_changes(self, profile_id: str, query_id: str, **filters: Any) -> list[ChangeEntry]:
        found = super().get_changes(profile_id, query_id, **filters)
        valid_at = filters.get("valid_at")
        return [entry for entry in found if not valid_at or entry.change.changed_at <= valid_at]


@saboteur("expired-is-removed-to-the-microsecond", says=("delete_expired", "length: expected 1, got 2"))
class SparesWhatExpiresNow(MemoryBackend):
    """Uses `<` where `<=` is meant."""

    def delete_expired(self, now: datetime) -> Expired:
        with suppress(ValidationError, OverflowError):
            now = check_instant(now, "now") - MICROSECOND
        return super().delete_expired(now)


@saboteur("expired-is-removed-to-the-microsecond", says=("delete_expired", "length: expected 0, got 1"))
class CountsWholeSeconds(MemoryBackend):
    """Compares instants to the second."""

    def delete_expired(self, now: datetime) -> Expired:
        given: object = now
        return super().delete_expired(now.replace(microsecond=0) if isinstance(given, datetime) else now)


def places(backend: MemoryBackend) -> list[tuple[str, str]]:
    """The profile's and the query's id of every query of the store."""
    return [(profile.id, query.id) for profile in backend.list_profiles() for query in backend.list_queries(profile.id)]


@saboteur("expiry-reaches-every-query", says=("get_issues('a', 'q')", "length: expected 1, got 0"))
class MatchesByTheKeyAlone(MemoryBackend):
    """Deletes by the issue keys that it has found, in every query."""

    def delete_expired(self, now: datetime) -> Expired:
        keys = {place: {issue.key for issue in self.get_issues(*place)} for place in places(self)}
        expired = super().delete_expired(now)
        gone: set[str] = set()
        for place, there in keys.items():
            gone |= there - {issue.key for issue in self.get_issues(*place)}
        for place in keys if gone else ():
            super().replace_issues(*place, [issue for issue in self.get_issues(*place) if issue.key not in gone])
        return expired


@saboteur(
    "expiry-reaches-every-query", "clock-is-not-read", says=("get_histories('a', 'q')", "length: expected 1, got 2")
)
class CleansOneProfile(MemoryBackend):
    """Cleans the histories of the profile that was used last, and no other's."""

    def delete_expired(self, now: datetime) -> Expired:
        others = [place for place in places(self) if place[0] != max(profile.id for profile in self.list_profiles())]
        before = {place: self.get_histories(*place) for place in others}
        expired = super().delete_expired(now)
        for place, histories in before.items():
            super().save_histories(*place, histories)
        return expired


@saboteur(
    "expired-is-counted", "datetime-subclasses-are-instants", says=("delete_expired", ".histories: expected 1, got 0")
)
class CountsIssuesTwice(MemoryBackend):
    """Gives the driver's count of one statement for both."""

    def delete_expired(self, now: datetime) -> Expired:
        expired = super().delete_expired(now)
        return Expired(issues=expired.issues, histories=expired.issues)


@saboteur("expired-is-counted", says=("delete_expired", ".histories: expected 2, got 4"))
class CountsChanges(MemoryBackend):
    """Counts the rows of the histories joined with their changes."""

    def delete_expired(self, now: datetime) -> Expired:
        before = self._rows()
        expired = super().delete_expired(now)
        return replace(expired, histories=before - self._rows())

    def _rows(self) -> int:
        """The rows of an outer join: a history without changes is one too."""
        return sum(max(1, len(history.changes)) for place in places(self) for history in self.get_histories(*place))


@saboteur("expiry-touches-nothing-else", "clock-is-not-read", says=("get_cache_info('p', 'q')", "got None"))
class CleansEveryTableThatExpires(MemoryBackend):
    """Cleans every table that has a column `expires_at`."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._cleaned: datetime | None = None

    def delete_expired(self, now: datetime) -> Expired:
        expired = super().delete_expired(now)
        self._cleaned = now
        return expired

    def get_cache_info(self, profile_id: str, query_id: str) -> CacheInfo | None:
        info = super().get_cache_info(profile_id, query_id)
        return None if info and self._cleaned and info.expires_at <= self._cleaned else info


@saboteur(
    "expiry-touches-nothing-else",
    "clock-is-not-read",
    says=("get_issues('p', 'q', valid_at=", "length: expected 1, got 0"),
)
class TakesTheCacheForStale(MemoryBackend):
    """Gives no issues where the cache info of their query has expired."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        found = super().get_issues(profile_id, query_id, **filters)
        info, valid_at = self.get_cache_info(profile_id, query_id), filters.get("valid_at")
        return [] if info and valid_at and info.expires_at <= valid_at else found


@saboteur("expiry-touches-nothing-else", says=("get_scope('p', 'q')", "got None"))
class ResetsTheScopeOfEmptiedQueries(MemoryBackend):
    """Starts a query afresh when all of its issues have expired."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._emptied: set[tuple[str, str]] = set()

    def delete_expired(self, now: datetime) -> Expired:
        before = [place for place in places(self) if self.get_issues(*place)]
        expired = super().delete_expired(now)
        self._emptied |= {place for place in before if not self.get_issues(*place)}
        return expired

    def get_scope(self, profile_id: str, query_id: str) -> Scope | None:
        scope = super().get_scope(profile_id, query_id)
        return None if (profile_id, query_id) in self._emptied else scope


@saboteur("a-history-stands-by-itself", says=("replace_issues('p', 'q', [", "get_histories"))
class ReplacesHistoriesToo(MemoryBackend):
    """Deletes the histories of the issues that a replacement no longer names."""

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        before = {issue.key for issue in self.get_issues(profile_id, query_id)}
        super().replace_issues(profile_id, query_id, issues)
        gone = before - {issue.key for issue in self.get_issues(profile_id, query_id)}
        self._forget(profile_id, query_id, gone)

    def _forget(self, profile_id: str, query_id: str, keys: set[str]) -> None:
        query, histories = self.get_query(profile_id, query_id), self.get_histories(profile_id, query_id)
        if query is None or not keys & {history.issue_key for history in histories}:
            return
        long_ago = datetime.min.replace(tzinfo=UTC)
        lost = [replace(history, expires_at=long_ago) for history in histories if history.issue_key in keys]
        super().save_histories(profile_id, query_id, lost)
        super().delete_expired(long_ago)


@saboteur(
    "a-history-stands-by-itself",
    "datetime-subclasses-are-instants",
    says=("get_histories('p', 'q', valid_at=", "length: expected 1, got 0"),
)
class JoinsWithTheIssues(MemoryBackend):
    """Joins the histories with the valid issues where it reads what is valid."""

    def get_histories(self, profile_id: str, query_id: str, **filters: Any) -> list[History]:
        found = super().get_histories(profile_id, query_id, **filters)
        if filters.get("valid_at") is None:
            return found
        expired = {issue.key for issue in self.get_issues(profile_id, query_id)}
        expired -= {issue.key for issue in self.get_issues(profile_id, query_id, valid_at=filters["valid_at"])}
        return [history for history in found if history.issue_key not in expired]
