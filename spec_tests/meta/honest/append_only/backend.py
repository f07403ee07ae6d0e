"""The operations of the contract: each validates its arguments, then reads a state or hands an operation to the store.

What is stored shares nothing with the caller: `check` makes a private copy of each record that comes in, and so it does
of each that goes out. Issues and changes are handed out as they are, for nothing in them can change.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Self, TypeVar

from burndown_store.contract import (
    Backend,
    CacheInfo,
    Capability,
    ChangeEntry,
    Expired,
    History,
    Issue,
    Metric,
    Profile,
    Query,
    Record,
    Scope,
    Statistic,
    Task,
    ValidationError,
    check,
    check_batch,
    check_date,
    check_identifier,
    check_instant,
    check_limit,
    check_text,
    check_week,
)
from honest.append_only import operations as write
from honest.append_only.store import Store

__all__ = ["AppendOnlyBackend", "open_backend"]

R = TypeVar("R", bound=Record)
Point = TypeVar("Point", date, datetime, str)

_CLAIMED = frozenset(
    {Capability.ATOMIC, Capability.TRANSACTIONS, Capability.SAVEPOINTS, Capability.SHARED, Capability.DURABLE}
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class AppendOnlyBackend(Backend):
    """A handle on the store in the directory `location`; it holds no file and no lock between two calls."""

    def __init__(self, location: str | os.PathLike[str], *, timeout: float = 5.0) -> None:
        if type(timeout) not in (int, float) or not math.isfinite(timeout) or timeout < 0:
            raise ValidationError("timeout: expected a finite number of seconds, 0 or more")
        self._store = Store(Path(location), timeout)

    @property
    def capabilities(self) -> frozenset[Capability]:
        return _CLAIMED

    @property
    def schema_version(self) -> int:
        return 1

    # Profiles and queries

    def get_profile(self, profile_id: str) -> Profile | None:
        self._begin(profile_id=profile_id)
        return _handed_out(self._store.read().profiles.get(profile_id))

    def save_profile(self, profile: Profile) -> None:
        self._begin()
        self._store.write(write.SaveProfile(_checked(profile, Profile)))

    def list_profiles(self) -> list[Profile]:
        self._begin()
        return sorted(map(check, self._store.read().profiles.values()), key=_latest_first)

    def delete_profile(self, profile_id: str) -> None:
        self._begin(profile_id=profile_id)
        self._store.write(write.DeleteProfile(profile_id))

    def get_query(self, profile_id: str, query_id: str) -> Query | None:
        self._begin(profile_id=profile_id, query_id=query_id)
        return _handed_out(self._store.read().queries.get((profile_id, query_id)))

    def save_query(self, profile_id: str, query: Query) -> None:
        self._begin(profile_id=profile_id)
        self._store.write(write.SaveQuery(profile_id, _checked(query, Query)))

    def list_queries(self, profile_id: str) -> list[Query]:
        self._begin(profile_id=profile_id)
        queries = self._store.read().queries
        return sorted((check(query) for key, query in queries.items() if key[0] == profile_id), key=_latest_first)

    def delete_query(self, profile_id: str, query_id: str) -> None:
        self._begin(profile_id=profile_id, query_id=query_id)
        self._store.write(write.DeleteQuery(profile_id, query_id))

    # Application state and tasks

    def get_app_state(self, key: str) -> str | None:
        self._begin(key=key)
        return self._store.read().app_state.get(key)

    def set_app_state(self, key: str, value: str) -> None:
        self._begin(key=key)
        self._store.write(write.SetAppState(key, check_text(value, "value")))

    def delete_app_state(self, key: str) -> None:
        self._begin(key=key)
        self._store.write(write.DeleteAppState(key))

    def list_app_state(self) -> dict[str, str]:
        self._begin()
        return dict(sorted(self._store.read().app_state.items()))

    def get_task(self, name: str) -> Task | None:
        self._begin(name=name)
        return _handed_out(self._store.read().tasks.get(name))

    def save_task(self, task: Task) -> None:
        self._begin()
        self._store.write(write.SaveTask(_checked(task, Task)))

    def clear_task(self, name: str) -> None:
        self._begin(name=name)
        self._store.write(write.ClearTask(name))

    def list_tasks(self) -> list[Task]:
        self._begin()
        return [check(task) for _, task in sorted(self._store.read().tasks.items())]

    # Issues

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        self._begin(profile_id=profile_id, query_id=query_id)
        self._store.write(write.SaveIssues(profile_id, query_id, check_batch(issues, Issue), replacing=False))

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        self._begin(profile_id=profile_id, query_id=query_id)
        self._store.write(write.SaveIssues(profile_id, query_id, check_batch(issues, Issue), replacing=True))

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
        self._begin(profile_id=profile_id, query_id=query_id)
        texts = _texts(status=status, assignee=assignee, issue_type=issue_type, project_key=project_key)
        wanted = _identifiers(key=key) | texts
        moment = _instant(valid_at, "valid_at")
        check_limit(limit, "limit")
        issues = self._store.read().below(profile_id, query_id).issues.values()
        found = [issue for issue in issues if _matches(issue, wanted) and _valid_at(issue, moment)]
        return sorted(found, key=_issue_order)[:limit]

    def save_cache_info(self, profile_id: str, query_id: str, info: CacheInfo) -> None:
        self._begin(profile_id=profile_id, query_id=query_id)
        self._store.write(write.SaveCacheInfo(profile_id, query_id, _checked(info, CacheInfo)))

    def get_cache_info(self, profile_id: str, query_id: str) -> CacheInfo | None:
        self._begin(profile_id=profile_id, query_id=query_id)
        return _handed_out(self._store.read().below(profile_id, query_id).cache_info)

    # Histories

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        self._begin(profile_id=profile_id, query_id=query_id)
        self._store.write(write.SaveHistories(profile_id, query_id, check_batch(histories, History)))

    def get_histories(
        self,
        profile_id: str,
        query_id: str,
        *,
        issue_key: str | None = None,
        valid_at: datetime | None = None,
    ) -> list[History]:
        self._begin(profile_id=profile_id, query_id=query_id)
        wanted = _identifiers(issue_key=issue_key)
        moment = _instant(valid_at, "valid_at")
        histories = sorted(self._store.read().below(profile_id, query_id).histories.items())
        return [check(history) for _, history in histories if _matches(history, wanted) and _valid_at(history, moment)]

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
        self._begin(profile_id=profile_id, query_id=query_id)
        wanted, wanted_change = _identifiers(issue_key=issue_key), _texts(field=field)
        first, last, moment = _instant(start, "start"), _instant(end, "end"), _instant(valid_at, "valid_at")
        check_limit(limit, "limit")
        histories = sorted(self._store.read().below(profile_id, query_id).histories.items())
        found = [
            ChangeEntry(issue_key=key, change=change)
            for key, history in histories
            if _matches(history, wanted) and _valid_at(history, moment)
            for change in history.changes
            if _matches(change, wanted_change) and _within(first, change.changed_at, last)
        ]
        # The sort keeps the order of equal instants: by issue key, then by position.
        return sorted(found, key=lambda entry: entry.change.changed_at)[:limit]

    def list_history_keys(self, profile_id: str, query_id: str) -> list[str]:
        self._begin(profile_id=profile_id, query_id=query_id)
        return sorted(self._store.read().below(profile_id, query_id).histories)

    # Statistics, scope, metrics

    def save_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        self._begin(profile_id=profile_id, query_id=query_id)
        batch = check_batch(statistics, Statistic)
        self._store.write(write.SaveStatistics(profile_id, query_id, batch, replacing=False))

    def replace_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        self._begin(profile_id=profile_id, query_id=query_id)
        batch = check_batch(statistics, Statistic)
        self._store.write(write.SaveStatistics(profile_id, query_id, batch, replacing=True))

    def get_statistics(
        self,
        profile_id: str,
        query_id: str,
        *,
        start: date | None = None,
        end: date | None = None,
        limit: int | None = None,
    ) -> list[Statistic]:
        self._begin(profile_id=profile_id, query_id=query_id)
        first = None if start is None else check_date(start, "start")
        last = None if end is None else check_date(end, "end")
        check_limit(limit, "limit")
        statistics = sorted(self._store.read().below(profile_id, query_id).statistics.items())
        return _last(limit, [check(statistic) for day, statistic in statistics if _within(first, day, last)])

    def save_scope(self, profile_id: str, query_id: str, scope: Scope) -> None:
        self._begin(profile_id=profile_id, query_id=query_id)
        self._store.write(write.SaveScope(profile_id, query_id, _checked(scope, Scope)))

    def get_scope(self, profile_id: str, query_id: str) -> Scope | None:
        self._begin(profile_id=profile_id, query_id=query_id)
        return _handed_out(self._store.read().below(profile_id, query_id).scope)

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        self._begin(profile_id=profile_id, query_id=query_id)
        self._store.write(write.SaveMetrics(profile_id, query_id, check_batch(metrics, Metric)))

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
        self._begin(profile_id=profile_id, query_id=query_id)
        wanted = _identifiers(name=name) | _texts(category=category)
        first = None if start is None else check_week(start, "start")
        last = None if end is None else check_week(end, "end")
        check_limit(limit, "limit")
        metrics = sorted(self._store.read().below(profile_id, query_id).metrics.items())
        found = [metric for _, metric in metrics if _matches(metric, wanted) and _within(first, metric.week, last)]
        return [check(metric) for metric in _last(limit, found)]

    # The store as a whole

    def delete_expired(self, now: datetime) -> Expired:
        self._begin()
        before, after = self._store.write(write.DeleteExpired(check_instant(now, "now")))
        (issues, histories), (issues_left, histories_left) = before.expiring(), after.expiring()
        return Expired(issues=issues - issues_left, histories=histories - histories_left)

    def check(self) -> list[str]:
        return self._store.check()

    def size_bytes(self) -> int:
        return self._store.size_bytes()

    def transaction(self) -> AbstractContextManager[Self]:
        # Outside of the generator, so that a closed store refuses the call itself, and not its `with` alone.
        self._begin()
        return self._transaction()

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        with self._store.transaction():
            yield self

    def snapshot(self) -> AbstractContextManager[Self]:
        self._begin()
        return super().snapshot()

    def close(self) -> None:
        self._store.close()

    def _begin(self, **identifiers: object) -> None:
        """What every call does first: refuse on a closed store, then refuse what is no identifier."""
        self._store.require_open()
        for where, value in identifiers.items():
            check_identifier(value, where)


def open_backend(location: str | os.PathLike[str], *, timeout: float = 5.0) -> AppendOnlyBackend:
    """Open the store in the directory `location`, creating what is missing.

    `timeout` is how many seconds a write, or the end of a transaction, waits for another one. Raises `ValidationError`
    for a bad `timeout`, `StorageError` where the directory cannot be used, `CorruptionError` where the log is damaged.
    """
    return AppendOnlyBackend(location, timeout=timeout)


def _checked(record: R, kind: type[R]) -> R:
    if type(record) is not kind:
        raise ValidationError(f"expected a {kind.__name__}, got {type(record).__name__}")
    return check(record)


def _handed_out(record: R | None) -> R | None:
    return None if record is None else check(record)


def _identifiers(**filters: str | None) -> dict[str, str]:
    """The filters that are given, each an identifier."""
    return {name: check_identifier(value, name) for name, value in filters.items() if value is not None}


def _texts(**filters: str | None) -> dict[str, str]:
    """The filters that are given, each any text."""
    return {name: check_text(value, name) for name, value in filters.items() if value is not None}


def _instant(value: datetime | None, where: str) -> datetime | None:
    return None if value is None else check_instant(value, where)


def _matches(record: Record, wanted: dict[str, str]) -> bool:
    return all(getattr(record, name) == value for name, value in wanted.items())


def _valid_at(record: Issue | History, moment: datetime | None) -> bool:
    return moment is None or record.expires_at > moment


def _within(start: Point | None, point: Point, end: Point | None) -> bool:
    return (start is None or start <= point) and (end is None or point <= end)


def _last(limit: int | None, rows: list[R]) -> list[R]:
    return rows if limit is None else rows[max(0, len(rows) - limit) :]


def _latest_first(record: Profile | Query) -> tuple[timedelta, str]:
    return _EPOCH - record.last_used_at, record.id


def _issue_order(issue: Issue) -> tuple[bool, timedelta, str]:
    return issue.updated is None, _EPOCH - (issue.updated or _EPOCH), issue.key
