"""What a persistence backend is: the operations of the contract, with what each takes, gives and refuses.

For the author of a backend. The suite never asks for this class, only for the behaviour: subclass it for the
docstrings, the type checks and the defaults, or write a class of your own with the same operations.

Shapes and rules that hold everywhere:

- Identifiers (`profile_id`, `query_id`, `issue_key`, state keys, task and metric names) are opaque text of 1–200 code
  points, compared exactly. Text sorts by code point.
- Instants are aware datetimes, returned in UTC with microseconds. A backend never reads the clock to decide anything.
- Batches are any iterable of records, read to their end before anything is locked. Of two records with one identity the
  last one counts.
- Filters are keyword-only and combine; None is no filter. `limit` is applied last; 0 gives an empty list.
- Every argument is validated before anything is read or written (`check`, `check_batch`, `check_identifier` …).
- Reading what is not there gives None or an empty list; writing below what is not there raises.
- Errors, the first that applies: `ClosedError`, `UsageError`, `ValidationError`, `NotFoundError`,
  then `BusyError` or `StorageError`. A call that raises has changed nothing. Nothing but the contract's errors escapes,
  save what the caller's own code raised.

Source: the storage contract, version 1 (docs/contract.md), whose numbers stand in brackets.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import date, datetime
from types import TracebackType
from typing import Self

from burndown_store.contract.capabilities import Capability
from burndown_store.contract.errors import UnsupportedError
from burndown_store.contract.records import (
    CacheInfo,
    ChangeEntry,
    Expired,
    History,
    Issue,
    Metric,
    Profile,
    Query,
    Scope,
    Statistic,
    Task,
)

__all__ = ["Backend"]


class Backend(ABC):
    """A handle on one store. `Backend(location, timeout=5.0)` opens it and creates what is missing.

    `location` is a directory; a remote backend maps it to a namespace of its own. `timeout` is how many seconds a
    writer waits for another before `BusyError`. A handle may be used by many threads; two handles of one location in
    one process see each other's work; a handle does not cross a fork.
    """

    @property
    @abstractmethod
    def capabilities(self) -> frozenset[Capability]:
        """What this backend promises beyond the core."""

    @property
    @abstractmethod
    def schema_version(self) -> int:
        """The version of the layout that the store is written in, 1 or more."""

    # Profiles and queries

    @abstractmethod
    def get_profile(self, profile_id: str) -> Profile | None:
        """The profile, or None."""

    @abstractmethod
    def save_profile(self, profile: Profile) -> None:
        """Create the profile, or replace its record; all that lies below it stays."""

    @abstractmethod
    def list_profiles(self) -> list[Profile]:
        """All profiles, `last_used_at` latest first, then by id."""

    @abstractmethod
    def delete_profile(self, profile_id: str) -> None:
        """Delete the profile and everything below it. Raises `ProfileNotFoundError`."""

    @abstractmethod
    def get_query(self, profile_id: str, query_id: str) -> Query | None:
        """The query, or None; None too where the profile is not there."""

    @abstractmethod
    def save_query(self, profile_id: str, query: Query) -> None:
        """Create the query, or replace its record; all that lies below it stays. Raises `ProfileNotFoundError`."""

    @abstractmethod
    def list_queries(self, profile_id: str) -> list[Query]:
        """The profile's queries, `last_used_at` latest first, then by id; empty where the profile is not there."""

    @abstractmethod
    def delete_query(self, profile_id: str, query_id: str) -> None:
        """Delete the query and all below it. Raises `ProfileNotFoundError`, `QueryNotFoundError`."""

    # Application state and tasks

    @abstractmethod
    def get_app_state(self, key: str) -> str | None:
        """The text kept under `key`, or None."""

    @abstractmethod
    def set_app_state(self, key: str, value: str) -> None:
        """Keep `value`, any text, under `key`."""

    @abstractmethod
    def delete_app_state(self, key: str) -> None:
        """Forget `key`; nothing happens where it is not there."""

    @abstractmethod
    def list_app_state(self) -> dict[str, str]:
        """All keys and values, in the order of the keys."""

    @abstractmethod
    def get_task(self, name: str) -> Task | None:
        """The task's progress, or None."""

    @abstractmethod
    def save_task(self, task: Task) -> None:
        """Create or replace the progress of one task."""

    @abstractmethod
    def clear_task(self, name: str) -> None:
        """Forget the task; nothing happens where it is not there."""

    @abstractmethod
    def list_tasks(self) -> list[Task]:
        """All tasks, by name."""

    # Issues. Every write below raises `ProfileNotFoundError` or `QueryNotFoundError`, with an empty batch too.

    @abstractmethod
    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        """Insert or wholly replace each issue by its key; issues that are not named stay."""

    @abstractmethod
    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        """Make the query's issues exactly these. Histories stay."""

    @abstractmethod
    def get_issues(
        self,
        profile_id: str,
        query_id: str,
        *,
        key: str | None = None,
        status: str | None = None,
        assignee: str | None = None,
        issue_type: str | None = None,
        project_key: str | None = None,
        valid_at: datetime | None = None,
        limit: int | None = None,
    ) -> list[Issue]:
        """The issues that equal every filter and have `expires_at > valid_at`; the first `limit` of them.

        Order: `updated` latest first, None last, then key. Budget: 10,000 issues < 2 s, a filter < 100 ms.
        """

    @abstractmethod
    def save_cache_info(self, profile_id: str, query_id: str, info: CacheInfo) -> None:
        """Create or replace what is known of the query's last fetch."""

    @abstractmethod
    def get_cache_info(self, profile_id: str, query_id: str) -> CacheInfo | None:
        """What is known of the query's last fetch, or None. It has no part in expiry."""

    # Histories

    @abstractmethod
    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        """Make the history of each issue named exactly this one, an empty one included; others stay.

        The issue need not be there: a history may outlive or precede it.
        """

    @abstractmethod
    def get_histories(
        self,
        profile_id: str,
        query_id: str,
        *,
        issue_key: str | None = None,
        valid_at: datetime | None = None,
    ) -> list[History]:
        """The histories by issue key, each with its changes in the order saved; those with `expires_at > valid_at`."""

    @abstractmethod
    def get_changes(
        self,
        profile_id: str,
        query_id: str,
        *,
        issue_key: str | None = None,
        field: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        valid_at: datetime | None = None,
        limit: int | None = None,
    ) -> list[ChangeEntry]:
        """The changes with `start <= changed_at <= end` that match, of histories with `expires_at > valid_at`.

        Order: `changed_at`, then issue key, then position in the history; the first `limit` of them. `start > end`
        gives an empty list.
        """

    @abstractmethod
    def list_history_keys(self, profile_id: str, query_id: str) -> list[str]:
        """The issue keys that have a history, empty ones included, in their order."""

    # Statistics, scope, metrics

    @abstractmethod
    def save_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        """Insert or wholly replace each row by its date; other dates stay."""

    @abstractmethod
    def replace_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        """Make the query's statistics exactly these."""

    @abstractmethod
    def get_statistics(
        self,
        profile_id: str,
        query_id: str,
        *,
        start: date | None = None,
        end: date | None = None,
        limit: int | None = None,
    ) -> list[Statistic]:
        """The rows with `start <= date <= end` in ascending order; the *last* `limit` of them, still ascending."""

    @abstractmethod
    def save_scope(self, profile_id: str, query_id: str, scope: Scope) -> None:
        """Create or replace the query's scope."""

    @abstractmethod
    def get_scope(self, profile_id: str, query_id: str) -> Scope | None:
        """The query's scope, or None."""

    @abstractmethod
    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        """Insert or wholly replace each metric by its week and name; others stay."""

    @abstractmethod
    def get_metrics(
        self,
        profile_id: str,
        query_id: str,
        *,
        name: str | None = None,
        category: str | None = None,
        start: str | None = None,
        end: str | None = None,
        limit: int | None = None,
    ) -> list[Metric]:
        """The metrics with `start <= week <= end` (ISO weeks) that match, by week, then name; the *last* `limit`."""

    # The store as a whole

    @abstractmethod
    def delete_expired(self, now: datetime) -> Expired:
        """Remove exactly the issues and histories with `expires_at <= now`, in every query; cache info stays."""

    @abstractmethod
    def check(self) -> list[str]:
        """What is wrong with the store, a sentence each; empty when it is sound. It really looks."""

    @abstractmethod
    def size_bytes(self) -> int:
        """Every byte that the store occupies."""

    @abstractmethod
    def close(self) -> None:
        """Release everything; calling it again does nothing.

        Raises `UsageError` inside the calling thread's own transaction or snapshot; those of other threads are undone,
        and their next call raises `ClosedError`.
        """

    def transaction(self) -> AbstractContextManager[Self]:
        """`with backend.transaction():` — all writes of the body appear at its end, or none when it raises.

        It belongs to the opening thread; reads inside see its own writes; nested, it is a savepoint. Serialisable
        over the whole location: a backend that keeps this by refusing raises `BusyError` at the start, at a call or
        at the end, and nothing was written (`retry` tries again). After `BusyError` or `StorageError` it is doomed.
        Needs `Capability.TRANSACTIONS`, nested `Capability.SAVEPOINTS`; otherwise raises `UnsupportedError`.
        """
        raise UnsupportedError(f"{type(self).__name__} has no transactions; ask `capabilities` before")

    def snapshot(self) -> AbstractContextManager[Self]:
        """`with backend.snapshot():` — every read of the body sees the moment of entry.

        A write or a `transaction()` inside is a `UsageError`. Inside a transaction it shows that transaction's state.
        Needs `Capability.SNAPSHOTS`; otherwise raises `UnsupportedError`.
        """
        raise UnsupportedError(f"{type(self).__name__} has no snapshots; ask `capabilities` before")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
