"""The model: every operation of the contract in plain Python, obviously right rather than fast.

It is the oracle that other backends are compared with. It claims no capability: a store lives as long as a handle on
it is open in this process; `oracle.transactions` adds what the backend `memory` claims. Records are copied into normal
form when they are saved (`validity.valid`) and again when they are handed out.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from typing import Self

from burndown_spec.oracle import validity as v
from burndown_spec.oracle.answers import (
    copied,
    first,
    issue_order,
    last,
    latest_first,
    matches,
    text_size,
    valid_at_instant,
    within,
)
from burndown_spec.oracle.store import ProfileStore, QueryStore, Store, close_store, open_store
from burndown_store.contract import (
    Backend,
    CacheInfo,
    Capability,
    ChangeEntry,
    ClosedError,
    Expired,
    History,
    Issue,
    Metric,
    Profile,
    Query,
    Scope,
    Statistic,
    StorageError,
    Task,
    UnsupportedError,
)

__all__ = ["MemoryBackend"]


class MemoryBackend(Backend):
    """A handle on the store of a location, which all handles on that location in this process share.

    `timeout` is taken and not needed: no call waits for longer than another one's look into a dict.
    """

    def __init__(self, location: str | os.PathLike[str], *, timeout: float = 5.0) -> None:
        del timeout
        try:
            Path(location).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"cannot create the location ({error.strerror}); name a directory that may be written"
            ) from None
        self._shared = open_store(location)
        self._closed = False

    @property
    def _store(self) -> Store:
        """What the calling thread reads and changes."""
        return self._shared

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset()

    @property
    def schema_version(self) -> int:
        return 1

    # Profiles and queries

    def get_profile(self, profile_id: str) -> Profile | None:
        self._check_open()
        v.argument("profile_id", v.identifier, profile_id)
        with self._store.lock:
            found = self._store.profiles.get(profile_id)
            return copied(found.profile) if found else None

    def save_profile(self, profile: Profile) -> None:
        self._check_writable()
        valid = v.valid(profile, Profile)
        with self._locked():
            found = self._store.profiles.get(valid.id)
            if found:
                found.profile = valid
            else:
                self._store.profiles[valid.id] = ProfileStore(valid)

    def list_profiles(self) -> list[Profile]:
        self._check_open()
        with self._store.lock:
            profiles = [at.profile for at in self._store.profiles.values()]
            return [copied(profile) for profile in sorted(profiles, key=latest_first)]

    def delete_profile(self, profile_id: str) -> None:
        self._check_writable()
        v.argument("profile_id", v.identifier, profile_id)
        with self._locked():
            self._store.existing_profile(profile_id)
            del self._store.profiles[profile_id]

    def get_query(self, profile_id: str, query_id: str) -> Query | None:
        self._check_below(profile_id, query_id)
        with self._store.lock:
            profile = self._store.profiles.get(profile_id)
            found = profile.queries.get(query_id) if profile else None
            return copied(found.query) if found else None

    def save_query(self, profile_id: str, query: Query) -> None:
        self._check_writable()
        v.argument("profile_id", v.identifier, profile_id)
        valid = v.valid(query, Query)
        with self._locked():
            queries = self._store.existing_profile(profile_id).queries
            if valid.id in queries:
                queries[valid.id].query = valid
            else:
                queries[valid.id] = QueryStore(valid)

    def list_queries(self, profile_id: str) -> list[Query]:
        self._check_open()
        v.argument("profile_id", v.identifier, profile_id)
        with self._store.lock:
            profile = self._store.profiles.get(profile_id)
            queries = [at.query for at in profile.queries.values()] if profile else []
            return [copied(query) for query in sorted(queries, key=latest_first)]

    def delete_query(self, profile_id: str, query_id: str) -> None:
        self._check_written_below(profile_id, query_id)
        with self._locked():
            self._store.existing_contents(profile_id, query_id)
            del self._store.profiles[profile_id].queries[query_id]

    # Application state and tasks

    def get_app_state(self, key: str) -> str | None:
        self._check_open()
        v.argument("key", v.identifier, key)
        with self._store.lock:
            return self._store.app_state.get(key)

    def set_app_state(self, key: str, value: str) -> None:
        self._check_writable()
        v.argument("key", v.identifier, key)
        v.argument("value", v.text, value)
        with self._locked():
            self._store.app_state[key] = value

    def delete_app_state(self, key: str) -> None:
        self._check_writable()
        v.argument("key", v.identifier, key)
        with self._locked():
            self._store.app_state.pop(key, None)

    def list_app_state(self) -> dict[str, str]:
        self._check_open()
        with self._store.lock:
            return dict(sorted(self._store.app_state.items()))

    def get_task(self, name: str) -> Task | None:
        self._check_open()
        v.argument("name", v.identifier, name)
        with self._store.lock:
            found = self._store.tasks.get(name)
            return copied(found) if found else None

    def save_task(self, task: Task) -> None:
        self._check_writable()
        valid = v.valid(task, Task)
        with self._locked():
            self._store.tasks[valid.name] = valid

    def clear_task(self, name: str) -> None:
        self._check_writable()
        v.argument("name", v.identifier, name)
        with self._locked():
            self._store.tasks.pop(name, None)

    def list_tasks(self) -> list[Task]:
        self._check_open()
        with self._store.lock:
            return [copied(task) for _, task in sorted(self._store.tasks.items())]

    # Issues

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        self._check_written_below(profile_id, query_id)
        batch = v.batch(issues, Issue)
        with self._locked():
            self._store.existing_contents(profile_id, query_id).issues.update({issue.key: issue for issue in batch})

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        self._check_written_below(profile_id, query_id)
        batch = v.batch(issues, Issue)
        with self._locked():
            self._store.existing_contents(profile_id, query_id).issues = {issue.key: issue for issue in batch}

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
        self._check_below(profile_id, query_id)
        v.argument("key", v.or_none(v.identifier), key)
        wanted = {"status": status, "assignee": assignee, "issue_type": issue_type, "project_key": project_key}
        for name, text in wanted.items():
            v.argument(name, v.or_none(v.text), text)
        moment = v.argument("valid_at", v.or_none(v.instant), valid_at)
        v.argument("limit", v.limit, limit)
        with self._store.lock:
            issues = list(self._store.contents_of(profile_id, query_id).issues.values())
        wanted["key"] = key
        found = [issue for issue in issues if matches(issue, wanted) and valid_at_instant(issue, moment)]
        # Handed out as they are: nothing in an issue can change, its document is text.
        return first(sorted(found, key=issue_order), limit)

    def save_cache_info(self, profile_id: str, query_id: str, info: CacheInfo) -> None:
        self._check_written_below(profile_id, query_id)
        valid = v.valid(info, CacheInfo)
        with self._locked():
            self._store.existing_contents(profile_id, query_id).cache_info = valid

    def get_cache_info(self, profile_id: str, query_id: str) -> CacheInfo | None:
        self._check_below(profile_id, query_id)
        with self._store.lock:
            info = self._store.contents_of(profile_id, query_id).cache_info
            return copied(info) if info else None

    # Histories

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        self._check_written_below(profile_id, query_id)
        batch = v.batch(histories, History)
        with self._locked():
            kept = self._store.existing_contents(profile_id, query_id).histories
            kept.update({history.issue_key: history for history in batch})

    def get_histories(
        self, profile_id: str, query_id: str, *, issue_key: str | None = None, valid_at: datetime | None = None
    ) -> list[History]:
        self._check_below(profile_id, query_id)
        v.argument("issue_key", v.or_none(v.identifier), issue_key)
        moment = v.argument("valid_at", v.or_none(v.instant), valid_at)
        found = self._histories(profile_id, query_id, issue_key, moment)
        return [copied(history) for history in found]

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
        self._check_below(profile_id, query_id)
        v.argument("issue_key", v.or_none(v.identifier), issue_key)
        v.argument("field", v.or_none(v.text), field)
        start = v.argument("start", v.or_none(v.instant), start)
        end = v.argument("end", v.or_none(v.instant), end)
        moment = v.argument("valid_at", v.or_none(v.instant), valid_at)
        v.argument("limit", v.limit, limit)
        entries = [
            ChangeEntry(issue_key=history.issue_key, change=change)
            for history in self._histories(profile_id, query_id, issue_key, moment)
            for change in history.changes
            if matches(change, {"field": field}) and within(start, change.changed_at, end)
        ]
        # Histories come by issue key and their changes by position; sorting leaves that to changes of one instant.
        return [copied(entry) for entry in first(sorted(entries, key=lambda entry: entry.change.changed_at), limit)]

    def list_history_keys(self, profile_id: str, query_id: str) -> list[str]:
        self._check_below(profile_id, query_id)
        with self._store.lock:
            return sorted(self._store.contents_of(profile_id, query_id).histories)

    # Statistics, scope, metrics

    def save_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        self._check_written_below(profile_id, query_id)
        batch = v.batch(statistics, Statistic)
        with self._locked():
            kept = self._store.existing_contents(profile_id, query_id).statistics
            kept.update({statistic.date: statistic for statistic in batch})

    def replace_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        self._check_written_below(profile_id, query_id)
        batch = v.batch(statistics, Statistic)
        with self._locked():
            contents = self._store.existing_contents(profile_id, query_id)
            contents.statistics = {statistic.date: statistic for statistic in batch}

    def get_statistics(
        self,
        profile_id: str,
        query_id: str,
        *,
        start: date | None = None,
        end: date | None = None,
        limit: int | None = None,
    ) -> list[Statistic]:
        self._check_below(profile_id, query_id)
        v.argument("start", v.or_none(v.day), start)
        v.argument("end", v.or_none(v.day), end)
        v.argument("limit", v.limit, limit)
        with self._store.lock:
            rows = sorted(self._store.contents_of(profile_id, query_id).statistics.items())
        found = [statistic for day, statistic in rows if within(start, day, end)]
        return [copied(statistic) for statistic in last(found, limit)]

    def save_scope(self, profile_id: str, query_id: str, scope: Scope) -> None:
        self._check_written_below(profile_id, query_id)
        valid = v.valid(scope, Scope)
        with self._locked():
            self._store.existing_contents(profile_id, query_id).scope = valid

    def get_scope(self, profile_id: str, query_id: str) -> Scope | None:
        self._check_below(profile_id, query_id)
        with self._store.lock:
            scope = self._store.contents_of(profile_id, query_id).scope
            return copied(scope) if scope else None

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        self._check_written_below(profile_id, query_id)
        batch = v.batch(metrics, Metric)
        with self._locked():
            kept = self._store.existing_contents(profile_id, query_id).metrics
            kept.update({(metric.week, metric.name): metric for metric in batch})

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
        self._check_below(profile_id, query_id)
        v.argument("name", v.or_none(v.identifier), name)
        v.argument("category", v.or_none(v.text), category)
        v.argument("start", v.or_none(v.week), start)
        v.argument("end", v.or_none(v.week), end)
        v.argument("limit", v.limit, limit)
        with self._store.lock:
            rows = sorted(self._store.contents_of(profile_id, query_id).metrics.items())
        wanted = {"name": name, "category": category}
        # Weeks are padded with zeros, so their texts have the order of the calendar.
        found = [metric for _, metric in rows if matches(metric, wanted) and within(start, metric.week, end)]
        return [copied(metric) for metric in last(found, limit)]

    # The store as a whole

    def delete_expired(self, now: datetime) -> Expired:
        self._check_writable()
        moment = v.argument("now", v.instant, now)
        issues = histories = 0
        with self._locked():
            for below in self._store.all_contents():
                expired_issues = [key for key, issue in below.issues.items() if issue.expires_at <= moment]
                expired_histories = [key for key, history in below.histories.items() if history.expires_at <= moment]
                for key in expired_issues:
                    del below.issues[key]
                for key in expired_histories:
                    del below.histories[key]
                issues += len(expired_issues)
                histories += len(expired_histories)
        return Expired(issues=issues, histories=histories)

    def check(self) -> list[str]:
        self._check_open()
        with self._store.lock:
            return self._store.faults()

    def size_bytes(self) -> int:
        self._check_open()
        with self._store.lock:
            held = sum(text_size(record) for _, _, record in self._store.records())
            # Never 0: even an empty store is something.
            return 1 + held + sum(len(key) + len(value) for key, value in self._store.app_state.items())

    def close(self) -> None:
        with self._shared.lock:
            if not self._closed:
                self._closed = True
                close_store(self._shared)

    def transaction(self) -> AbstractContextManager[Self]:
        self._check_open()
        raise UnsupportedError("the backend in memory has no transactions; ask `capabilities` before")

    def snapshot(self) -> AbstractContextManager[Self]:
        self._check_open()
        raise UnsupportedError("the backend in memory has no snapshots; ask `capabilities` before")

    # Inside

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError("this handle is closed; open another one")

    def _check_writable(self) -> None:
        """What every write begins with."""
        self._check_open()

    def _check_below(self, profile_id: str, query_id: str) -> None:
        """What every read below a query begins with."""
        self._check_open()
        v.argument("profile_id", v.identifier, profile_id)
        v.argument("query_id", v.identifier, query_id)

    def _check_written_below(self, profile_id: str, query_id: str) -> None:
        """What every write below a query begins with."""
        self._check_writable()
        self._check_below(profile_id, query_id)

    def _locked(self) -> AbstractContextManager[object]:
        """The lock, for a write. The caller's iterator, which ran before, may have closed the handle."""
        self._check_open()
        return self._store.lock

    def _histories(
        self, profile_id: str, query_id: str, issue_key: str | None, moment: datetime | None
    ) -> list[History]:
        with self._store.lock:
            kept = sorted(self._store.contents_of(profile_id, query_id).histories.items())
        return [history for key, history in kept if issue_key in (None, key) and valid_at_instant(history, moment)]
