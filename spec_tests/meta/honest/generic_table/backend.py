"""The operations of the contract. Each is admitted, then validates its arguments, and only then opens a session."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Final, Self, TypeVar

import msgspec
from sqlalchemy import Connection

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
    ProfileNotFoundError,
    Query,
    QueryNotFoundError,
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
from honest.generic_table.database import bytes_below, open_engine, open_location
from honest.generic_table.sessions import Sessions
from honest.generic_table.soundness import faults
from honest.generic_table.table import (
    APP_STATE,
    CACHE_INFOS,
    HISTORIES,
    ISSUES,
    METRICS,
    PROFILES,
    QUERIES,
    SCOPES,
    STATISTICS,
    TASKS,
    AppState,
    Kind,
    names,
    read,
    remove,
    remove_below,
    remove_expired,
    write,
)

__all__ = ["GenericTableBackend", "open_backend"]

R = TypeVar("R", bound=msgspec.Struct)
C = TypeVar("C", bound=Record)
V = TypeVar("V")

LAYOUT: Final = 1


class GenericTableBackend(Backend):
    """A handle on the store in a directory.

    It claims nothing of power cuts, of damaged or moved files, nor of older layouts: it has not looked after them.
    """

    def __init__(self, location: str | os.PathLike[str], *, timeout: float = 5.0) -> None:
        self._folder = open_location(location)
        self._sessions = Sessions(open_engine(self._folder, timeout))

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset(
            {
                Capability.ATOMIC,
                Capability.TRANSACTIONS,
                Capability.SAVEPOINTS,
                Capability.SNAPSHOTS,
                Capability.SHARED,
                Capability.DURABLE,
            }
        )

    @property
    def schema_version(self) -> int:
        return LAYOUT

    # Profiles and queries

    def get_profile(self, profile_id: str) -> Profile | None:
        self._admit(profile_id=profile_id)
        return self._one(PROFILES, name=profile_id)

    def save_profile(self, profile: Profile) -> None:
        self._admit(writes=True)
        self._save(PROFILES, [_checked(profile, Profile)])

    def list_profiles(self) -> list[Profile]:
        return self._all(PROFILES)

    def delete_profile(self, profile_id: str) -> None:
        self._admit(writes=True, profile_id=profile_id)
        with self._writing_below(profile_id) as connection:
            remove_below(connection, profile_id)
            remove(connection, PROFILES, name=profile_id)

    def get_query(self, profile_id: str, query_id: str) -> Query | None:
        self._admit(profile_id=profile_id, query_id=query_id)
        return self._one(QUERIES, profile_id, name=query_id)

    def save_query(self, profile_id: str, query: Query) -> None:
        self._admit(writes=True, profile_id=profile_id)
        self._save(QUERIES, [_checked(query, Query)], profile_id)

    def list_queries(self, profile_id: str) -> list[Query]:
        self._admit(profile_id=profile_id)
        return self._all(QUERIES, profile_id)

    def delete_query(self, profile_id: str, query_id: str) -> None:
        self._admit(writes=True, profile_id=profile_id, query_id=query_id)
        with self._writing_below(profile_id, query_id) as connection:
            remove_below(connection, profile_id, query_id)
            remove(connection, QUERIES, profile_id, name=query_id)

    # Application state and tasks

    def get_app_state(self, key: str) -> str | None:
        self._admit(key=key)
        found = self._one(APP_STATE, name=key)
        return found.value if found else None

    def set_app_state(self, key: str, value: str) -> None:
        self._admit(writes=True, key=key)
        self._save(APP_STATE, [AppState(key, check_text(value, "value"))])

    def delete_app_state(self, key: str) -> None:
        self._admit(writes=True, key=key)
        self._remove(APP_STATE, key)

    def list_app_state(self) -> dict[str, str]:
        return {state.key: state.value for state in self._all(APP_STATE)}

    def get_task(self, name: str) -> Task | None:
        self._admit(name=name)
        return self._one(TASKS, name=name)

    def save_task(self, task: Task) -> None:
        self._admit(writes=True)
        self._save(TASKS, [_checked(task, Task)])

    def clear_task(self, name: str) -> None:
        self._admit(writes=True, name=name)
        self._remove(TASKS, name)

    def list_tasks(self) -> list[Task]:
        return self._all(TASKS)

    # Issues and histories

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        self._save_batch(ISSUES, profile_id, query_id, issues)

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        self._save_batch(ISSUES, profile_id, query_id, issues, instead=True)

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
        self._admit(profile_id=profile_id, query_id=query_id)
        name = _filter(check_identifier, key, "key")
        wanted = {"status": status, "assignee": assignee, "issue_type": issue_type, "project_key": project_key}
        wanted = {field: check_text(text, field) for field, text in wanted.items() if text is not None}
        at = _filter(check_instant, valid_at, "valid_at")
        check_limit(limit, "limit")
        issues = self._all(ISSUES, profile_id, query_id, name=name, valid_at=at)
        found = [issue for issue in issues if all(getattr(issue, field) == text for field, text in wanted.items())]
        return found[:limit]

    def save_cache_info(self, profile_id: str, query_id: str, info: CacheInfo) -> None:
        self._save_only(CACHE_INFOS, profile_id, query_id, info)

    def get_cache_info(self, profile_id: str, query_id: str) -> CacheInfo | None:
        self._admit(profile_id=profile_id, query_id=query_id)
        return self._one(CACHE_INFOS, profile_id, query_id)

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        self._save_batch(HISTORIES, profile_id, query_id, histories)

    def get_histories(
        self, profile_id: str, query_id: str, *, issue_key: str | None = None, valid_at: datetime | None = None
    ) -> list[History]:
        self._admit(profile_id=profile_id, query_id=query_id)
        name, at = _filter(check_identifier, issue_key, "issue_key"), _filter(check_instant, valid_at, "valid_at")
        return self._all(HISTORIES, profile_id, query_id, name=name, valid_at=at)

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
        self._admit(profile_id=profile_id, query_id=query_id)
        name, at = _filter(check_identifier, issue_key, "issue_key"), _filter(check_instant, valid_at, "valid_at")
        _filter(check_text, field, "field")
        first, last = _filter(check_instant, start, "start"), _filter(check_instant, end, "end")
        check_limit(limit, "limit")
        found = [
            ChangeEntry(issue_key=history.issue_key, change=change)
            for history in self._all(HISTORIES, profile_id, query_id, name=name, valid_at=at)
            for change in history.changes
            if (field is None or change.field == field) and _within(first, change.changed_at, last)
        ]
        # Sorting is stable, so that changes of one instant and issue keep their positions.
        found.sort(key=lambda entry: (entry.change.changed_at, entry.issue_key))
        return found[:limit]

    def list_history_keys(self, profile_id: str, query_id: str) -> list[str]:
        self._admit(profile_id=profile_id, query_id=query_id)
        with self._sessions.reading() as connection:
            return names(connection, HISTORIES, profile_id, query_id)

    # Statistics, scope, metrics

    def save_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        self._save_batch(STATISTICS, profile_id, query_id, statistics)

    def replace_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        self._save_batch(STATISTICS, profile_id, query_id, statistics, instead=True)

    def get_statistics(
        self,
        profile_id: str,
        query_id: str,
        *,
        start: date | None = None,
        end: date | None = None,
        limit: int | None = None,
    ) -> list[Statistic]:
        self._admit(profile_id=profile_id, query_id=query_id)
        first, last = _filter(check_date, start, "start"), _filter(check_date, end, "end")
        check_limit(limit, "limit")
        rows = self._all(STATISTICS, profile_id, query_id)
        return _last([row for row in rows if _within(first, row.date, last)], limit)

    def save_scope(self, profile_id: str, query_id: str, scope: Scope) -> None:
        self._save_only(SCOPES, profile_id, query_id, scope)

    def get_scope(self, profile_id: str, query_id: str) -> Scope | None:
        self._admit(profile_id=profile_id, query_id=query_id)
        return self._one(SCOPES, profile_id, query_id)

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        self._save_batch(METRICS, profile_id, query_id, metrics)

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
        self._admit(profile_id=profile_id, query_id=query_id)
        _filter(check_identifier, name, "name")
        _filter(check_text, category, "category")
        first, last = _filter(check_week, start, "start"), _filter(check_week, end, "end")
        check_limit(limit, "limit")
        found = [
            metric
            for metric in self._all(METRICS, profile_id, query_id)
            if (name is None or metric.name == name)
            and (category is None or metric.category == category)
            and _within(first, metric.week, last)
        ]
        return _last(found, limit)

    # The store as a whole

    def delete_expired(self, now: datetime) -> Expired:
        self._admit(writes=True)
        instant = check_instant(now, "now")
        with self._sessions.writing() as connection:
            return Expired(
                issues=remove_expired(connection, ISSUES, instant),
                histories=remove_expired(connection, HISTORIES, instant),
            )

    def check(self) -> list[str]:
        with self._sessions.reading() as connection:
            return faults(connection)

    def size_bytes(self) -> int:
        with self._sessions.reading():
            return bytes_below(self._folder)

    @contextmanager
    def transaction(self) -> Iterator[Self]:
        with self._sessions.transaction():
            yield self

    @contextmanager
    def snapshot(self) -> Iterator[Self]:
        with self._sessions.snapshot():
            yield self

    def close(self) -> None:
        self._sessions.close()

    # What the operations are made of

    def _admit(self, *, writes: bool = False, **identifiers: str) -> None:
        """Refuse what comes before all else: a closed handle, a write in a snapshot, then a bad identifier."""
        self._sessions.admit(writes=writes)
        for name, identifier in identifiers.items():
            check_identifier(identifier, name)

    def _all(
        self,
        kind: Kind[R],
        profile_id: str = "",
        query_id: str = "",
        *,
        name: str | None = None,
        valid_at: datetime | None = None,
    ) -> list[R]:
        with self._sessions.reading() as connection:
            return read(connection, kind, profile_id, query_id, name=name, valid_at=valid_at)

    def _one(self, kind: Kind[R], profile_id: str = "", query_id: str = "", *, name: str = "") -> R | None:
        found = self._all(kind, profile_id, query_id, name=name)
        return found[0] if found else None

    def _save(self, kind: Kind[R], records: list[R], profile_id: str = "", query_id: str = "") -> None:
        with self._writing_below(profile_id, query_id) as connection:
            write(connection, kind, records, profile_id, query_id)

    def _remove(self, kind: Kind[R], name: str) -> None:
        with self._sessions.writing() as connection:
            remove(connection, kind, name=name)

    def _save_only(self, kind: Kind[C], profile_id: str, query_id: str, record: C) -> None:
        self._admit(writes=True, profile_id=profile_id, query_id=query_id)
        self._save(kind, [_checked(record, kind.type)], profile_id, query_id)

    def _save_batch(
        self, kind: Kind[C], profile_id: str, query_id: str, records: Iterable[C], *, instead: bool = False
    ) -> None:
        """Save a batch, `instead` of what was there or beside it. The caller's iterator ends before a session opens."""
        self._admit(writes=True, profile_id=profile_id, query_id=query_id)
        batch = check_batch(records, kind.type)
        with self._writing_below(profile_id, query_id) as connection:
            if instead:
                remove(connection, kind, profile_id, query_id)
            write(connection, kind, batch, profile_id, query_id)

    @contextmanager
    def _writing_below(self, profile_id: str, query_id: str = "") -> Iterator[Connection]:
        """A session that writes below what is there; empty ids name nothing that must be there.

        It is looked for before the lock too, because a call that must be refused must not wait for another writer.
        """
        if profile_id:
            with self._sessions.reading() as connection:
                _require(connection, profile_id, query_id)
        with self._sessions.writing() as connection:
            if profile_id:
                _require(connection, profile_id, query_id)
            yield connection


def open_backend(location: str | os.PathLike[str], *, timeout: float = 5.0) -> GenericTableBackend:
    """Open the store in a directory and create what is missing; a writer waits `timeout` seconds for another."""
    return GenericTableBackend(location, timeout=timeout)


def _require(connection: Connection, profile_id: str, query_id: str) -> None:
    if not read(connection, PROFILES, name=profile_id):
        raise ProfileNotFoundError("the profile is not there; save it first")
    if query_id and not read(connection, QUERIES, profile_id, name=query_id):
        raise QueryNotFoundError("the query is not in its profile; save it first")


def _checked(record: C, kind: type[C]) -> C:
    if type(record) is not kind:
        raise ValidationError(f"expected {kind.__name__}, got {type(record).__name__}")
    return check(record)


def _filter(rule: Callable[[object, str], V], value: object, where: str) -> V | None:
    return None if value is None else rule(value, where)


def _within(first: Any, value: Any, last: Any) -> bool:
    return (first is None or first <= value) and (last is None or value <= last)


def _last(rows: list[R], limit: int | None) -> list[R]:
    return rows if limit is None else rows[max(0, len(rows) - limit) :]
