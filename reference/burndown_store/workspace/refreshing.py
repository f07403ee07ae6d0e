"""The cache of issues: what JIRA answered, and whether it still counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from burndown_store.contract import CacheInfo, ValidationError, check, check_instant
from burndown_store.jira import histories_from_jira, issues_from_jira
from burndown_store.workspace.operations import Operations
from burndown_store.workspace.points import points_field_of, with_points

__all__ = ["LIFETIME", "RefreshOperations"]

LIFETIME: Final = timedelta(hours=24)
"""How long an answer of JIRA counts, unless said otherwise."""


class RefreshOperations(Operations):
    def refresh_issues(
        self,
        profile_id: str,
        query_id: str,
        answer: Mapping[str, Any] | list[Any],
        *,
        jql: str,
        lifetime: timedelta = LIFETIME,
    ) -> CacheInfo:
        """Make the query's issues exactly those of `answer`; what is known of the fetch from now on.

        `answer` is a search answer of JIRA or a list of raw issues, all pages together; `jql` is what was asked. Points
        come from the profile's `points_field`. Issues that carry a changelog get it as their history; other histories
        stay. Everything expires after `lifetime` from now.

        Raises `ValidationError` for an answer without a list of issues, an issue without a key, and a lifetime that is
        not positive; `NotFoundError`. The issues then are what they were.
        """
        now = self._now()
        expires_at = _end_of(now, lifetime)
        info = check(CacheInfo(fetched_at=now, expires_at=expires_at, jql=jql))
        profile = self.backend.get_profile(profile_id)
        field = None if profile is None else points_field_of(profile)
        # Made before the transaction, so that it is short.
        issues = issues_from_jira(answer, points_field=field, expires_at=expires_at)
        histories = histories_from_jira(answer, fetched_at=now, expires_at=expires_at)

        def work() -> CacheInfo:
            field_now = points_field_of(self._profile(profile_id))
            fitting = issues if field_now == field else with_points(issues, field_now)
            self.backend.replace_issues(profile_id, query_id, fitting)
            self.backend.save_histories(profile_id, query_id, histories)
            self.backend.save_cache_info(profile_id, query_id, info)
            return info

        return self._whole(work)

    def is_fresh(self, profile_id: str, query_id: str) -> bool:
        """Whether the issues need not be fetched: they have not expired, and came by the JQL that the query has now."""
        now = self._now()
        with self._one_moment() as backend:
            query, info = backend.get_query(profile_id, query_id), backend.get_cache_info(profile_id, query_id)
        return query is not None and info is not None and info.jql == query.jql and info.expires_at > now


def _end_of(now: datetime, lifetime: object) -> datetime:
    if not isinstance(lifetime, timedelta) or lifetime <= timedelta(0):
        raise ValidationError("lifetime: expected a timedelta of more than 0")
    try:
        return check_instant(now + lifetime, "lifetime")
    except OverflowError:
        raise ValidationError("lifetime: it ends after the year 9999; choose a shorter one") from None
