"""Which profile and query the user is looking at."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from burndown_store.contract import Profile, Query, ValidationError, replace
from burndown_store.workspace.operations import Operations

__all__ = ["ACTIVE_PROFILE", "ACTIVE_QUERY", "Switching"]

R = TypeVar("R", Profile, Query)

ACTIVE_PROFILE: Final = "active_profile_id"
ACTIVE_QUERY: Final = "active_query_id"
"""The keys of the application's state under which the ids are kept; absent where nothing is active."""


class Switching(Operations):
    def active(self) -> tuple[Profile | None, Query | None]:
        """The active profile and its active query.

        An id that names nothing reads as None. It is not corrected: reading writes nothing, and the next switch
        replaces it.
        """
        with self._one_moment() as backend:
            profile = _found(backend.get_profile, backend.get_app_state(ACTIVE_PROFILE))
            if profile is None:
                return None, None
            return profile, _found(partial(backend.get_query, profile.id), backend.get_app_state(ACTIVE_QUERY))

    def switch(self, profile_id: str, query_id: str | None = None) -> tuple[Profile, Query | None]:
        """Make the profile and its query active, used last now; without `query_id` that query which was used last.

        Where the profile has no query, none is active. Raises `ProfileNotFoundError`, `QueryNotFoundError`.
        """
        now = self._now()

        def work() -> tuple[Profile, Query | None]:
            profile = replace(self._profile(profile_id), last_used_at=now)
            query = self._latest_query(profile_id) if query_id is None else self._query(profile_id, query_id)
            self.backend.save_profile(profile)
            if query is not None:
                query = replace(query, last_used_at=now)
                self.backend.save_query(profile_id, query)
            self._activate(profile, query)
            return profile, query

        return self._whole(work)

    def _activate(self, profile: Profile | None, query: Query | None) -> None:
        for key, record in ((ACTIVE_PROFILE, profile), (ACTIVE_QUERY, query)):
            if record is None:
                self.backend.delete_app_state(key)
            else:
                self.backend.set_app_state(key, record.id)

    def _latest_profile(self) -> Profile | None:
        return next(iter(self.backend.list_profiles()), None)

    def _latest_query(self, profile_id: str) -> Query | None:
        return next(iter(self.backend.list_queries(profile_id)), None)


def _found(read: Callable[[str], R | None], record_id: str | None) -> R | None:
    if record_id is None:
        return None
    try:
        return read(record_id)
    except ValidationError:
        # Any text may be kept in the state, also one that cannot be an id.
        return None
