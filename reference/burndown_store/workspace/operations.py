"""What all operations of a workspace share: the store, the clock, and being done wholly or not at all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TypeVar

from burndown_store.contract import (
    Backend,
    Capability,
    Profile,
    ProfileNotFoundError,
    Query,
    QueryNotFoundError,
    check_instant,
    retry,
)

__all__ = ["Clock", "Operations"]

T = TypeVar("T")
Clock = Callable[[], datetime]
"""Gives the present instant, an aware `datetime`."""


class Operations:
    """The base of the families of operations.

    Each operation that writes is one transaction, tried again while another writer wins a conflict; `BusyError` is
    raised when it lost every time. Inside a transaction of the caller's own it is a part of that one.
    """

    def __init__(self, backend: Backend, clock: Clock) -> None:
        self.backend = backend
        self._clock = clock

    def _now(self) -> datetime:
        return check_instant(self._clock(), "clock")

    def _whole(self, work: Callable[[], T]) -> T:
        """What `work()` returns, done in one transaction. It may be called several times."""

        def attempt() -> T:
            with self.backend.transaction():
                return work()

        return retry(attempt)

    def _one_moment(self) -> AbstractContextManager[Backend]:
        """Around several reads that have to fit together."""
        backend = self.backend
        return backend.snapshot() if Capability.SNAPSHOTS in backend.capabilities else backend.transaction()

    def _profile(self, profile_id: str) -> Profile:
        profile = self.backend.get_profile(profile_id)
        if profile is None:
            raise ProfileNotFoundError(f"profile {profile_id!r}: not found; list_profiles() names those that are there")
        return profile

    def _query(self, profile_id: str, query_id: str) -> Query:
        query = self.backend.get_query(profile_id, query_id)
        if query is None:
            self._profile(profile_id)
            raise QueryNotFoundError(
                f"query {query_id!r} of profile {profile_id!r}: not found; list_queries() names those that are there"
            )
        return query
