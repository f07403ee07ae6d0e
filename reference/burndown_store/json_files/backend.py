"""The operations of the contract: each validates its arguments, then reads a file or saves one under the lock.

Nothing is kept in the handle between two calls: every answer is read from the files. A file's time and size do not
tell two versions of it apart that were saved within one tick of the file system's clock, so no cache could be trusted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Final, Self, TypeVar

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
from burndown_store.files import Save, remove
from burndown_store.json_files import lifecycle
from burndown_store.json_files.contents import (
    CACHE,
    HISTORIES,
    METRICS,
    PROJECT_DATA,
    Kind,
    change_below,
    read_below,
)
from burndown_store.json_files.documents import encoded
from burndown_store.json_files.filters import (
    identifiers,
    instant,
    is_valid_at,
    issue_order,
    last,
    latest_first,
    matches,
    texts,
    within,
)
from burndown_store.json_files.issues import Cache
from burndown_store.json_files.profiles import SCHEMA_VERSION, app_state_of, profile_from, query_from, with_app_state
from burndown_store.json_files.project_data import ProjectData
from burndown_store.json_files.soundness import problems
from burndown_store.json_files.store import PROFILE, QUERY, Store
from burndown_store.json_files.tasks import tasks_from, tasks_text

__all__ = ["JsonFilesBackend", "open_backend"]

R = TypeVar("R", bound=Record)
T = TypeVar("T")

_CLAIMED: Final = frozenset({Capability.SHARED, Capability.DURABLE, Capability.FILE})


class JsonFilesBackend(Backend):
    """A handle on the store in the directory `location`; it holds no file and no lock between two calls."""

    def __init__(self, location: str | os.PathLike[str], *, timeout: float = 5.0) -> None:
        """Open the store and create what is missing; `timeout` is in seconds. Raises what `Store` does."""
        self._store = Store(location, timeout)

    def __repr__(self) -> str:
        return f"JsonFilesBackend({str(self._store.profiles.parent)!r})"

    @property
    def capabilities(self) -> frozenset[Capability]:
        return _CLAIMED

    @property
    def schema_version(self) -> int:
        return SCHEMA_VERSION

    # Profiles and queries

    def get_profile(self, profile_id: str) -> Profile | None:
        self._begin(profile_id=profile_id)
        return self._profile_in(self._store.profile_folder(profile_id))

    def save_profile(self, profile: Profile) -> None:
        self._begin()
        lifecycle.save_profile(self._store, _checked(profile, Profile))

    def list_profiles(self) -> list[Profile]:
        self._begin()
        found = map(self._profile_in, self._store.profile_folders())
        return sorted((profile for profile in found if profile is not None), key=latest_first)

    def delete_profile(self, profile_id: str) -> None:
        self._begin(profile_id=profile_id)
        lifecycle.delete_profile(self._store, profile_id)

    def get_query(self, profile_id: str, query_id: str) -> Query | None:
        self._begin(profile_id=profile_id, query_id=query_id)
        if not self._store.has_query(profile_id, query_id):
            return None
        return self._query_in(self._store.query_folder(profile_id, query_id))

    def save_query(self, profile_id: str, query: Query) -> None:
        self._begin(profile_id=profile_id)
        lifecycle.save_query(self._store, profile_id, _checked(query, Query))

    def list_queries(self, profile_id: str) -> list[Query]:
        self._begin(profile_id=profile_id)
        found = map(self._query_in, self._store.query_folders(self._store.profile_folder(profile_id)))
        return sorted((query for query in found if query is not None), key=latest_first)

    def delete_query(self, profile_id: str, query_id: str) -> None:
        self._begin(profile_id=profile_id, query_id=query_id)
        lifecycle.delete_query(self._store, profile_id, query_id)

    # Application state and tasks

    def get_app_state(self, key: str) -> str | None:
        self._begin(key=key)
        return self._app_state().get(key)

    def set_app_state(self, key: str, value: str) -> None:
        self._begin(key=key)
        text = check_text(value, "value")
        with self._store.writing() as save:
            self._save_app_state(save, {**self._app_state(), key: text})

    def delete_app_state(self, key: str) -> None:
        self._begin(key=key)
        with self._store.writing() as save:
            state = self._app_state()
            if state.pop(key, None) is not None:
                self._save_app_state(save, state)

    def list_app_state(self) -> dict[str, str]:
        self._begin()
        return self._app_state()

    def get_task(self, name: str) -> Task | None:
        self._begin(name=name)
        return self._tasks().get(name)

    def save_task(self, task: Task) -> None:
        self._begin()
        checked = _checked(task, Task)
        with self._store.writing() as save:
            save(self._store.tasks, tasks_text({**self._tasks(), checked.name: checked}))

    def clear_task(self, name: str) -> None:
        self._begin(name=name)
        with self._store.writing() as save:
            tasks = self._tasks()
            if tasks.pop(name, None) is None:
                return
            if tasks:
                save(self._store.tasks, tasks_text(tasks))
            else:
                remove(self._store.tasks)

    def list_tasks(self) -> list[Task]:
        self._begin()
        return [task for _, task in sorted(self._tasks().items())]

    # Issues

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        self._begin(profile_id=profile_id, query_id=query_id)
        batch = {issue.key: issue for issue in check_batch(issues, Issue)}
        self._change(profile_id, query_id, CACHE, lambda cache: Cache({**cache.issues, **batch}, cache.info))

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        self._begin(profile_id=profile_id, query_id=query_id)
        batch = {issue.key: issue for issue in check_batch(issues, Issue)}
        self._change(profile_id, query_id, CACHE, lambda cache: Cache(batch, cache.info))

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
        columns = texts(status=status, assignee=assignee, issue_type=issue_type, project_key=project_key)
        wanted = identifiers(key=key) | columns
        moment = instant(valid_at, "valid_at")
        check_limit(limit, "limit")
        issues = self._read(profile_id, query_id, CACHE).issues.values()
        found = [issue for issue in issues if matches(issue, wanted) and is_valid_at(issue, moment)]
        return sorted(found, key=issue_order)[:limit]

    def save_cache_info(self, profile_id: str, query_id: str, info: CacheInfo) -> None:
        self._begin(profile_id=profile_id, query_id=query_id)
        checked = _checked(info, CacheInfo)
        self._change(profile_id, query_id, CACHE, lambda cache: Cache(cache.issues, checked))

    def get_cache_info(self, profile_id: str, query_id: str) -> CacheInfo | None:
        self._begin(profile_id=profile_id, query_id=query_id)
        return self._read(profile_id, query_id, CACHE).info

    # Histories

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        self._begin(profile_id=profile_id, query_id=query_id)
        batch = {history.issue_key: history for history in check_batch(histories, History)}
        self._change(profile_id, query_id, HISTORIES, lambda kept: {**kept, **batch})

    def get_histories(
        self,
        profile_id: str,
        query_id: str,
        *,
        issue_key: str | None = None,
        valid_at: datetime | None = None,
    ) -> list[History]:
        self._begin(profile_id=profile_id, query_id=query_id)
        wanted = identifiers(issue_key=issue_key)
        moment = instant(valid_at, "valid_at")
        histories = self._histories(profile_id, query_id)
        return [history for history in histories if matches(history, wanted) and is_valid_at(history, moment)]

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
        wanted, wanted_change = identifiers(issue_key=issue_key), texts(field=field)
        earliest, latest, moment = instant(start, "start"), instant(end, "end"), instant(valid_at, "valid_at")
        check_limit(limit, "limit")
        histories = self._histories(profile_id, query_id)
        found = [
            ChangeEntry(issue_key=history.issue_key, change=change)
            for history in histories
            if matches(history, wanted) and is_valid_at(history, moment)
            for change in history.changes
            if matches(change, wanted_change) and within(earliest, change.changed_at, latest)
        ]
        # The sort keeps the order of equal instants: by issue key, then by position.
        return sorted(found, key=lambda entry: entry.change.changed_at)[:limit]

    def list_history_keys(self, profile_id: str, query_id: str) -> list[str]:
        self._begin(profile_id=profile_id, query_id=query_id)
        return [history.issue_key for history in self._histories(profile_id, query_id)]

    # Statistics, scope, metrics

    def save_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        self._begin(profile_id=profile_id, query_id=query_id)
        batch = {statistic.date: statistic for statistic in check_batch(statistics, Statistic)}
        self._change(
            profile_id, query_id, PROJECT_DATA, lambda data: ProjectData({**data.statistics, **batch}, data.scope)
        )

    def replace_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        self._begin(profile_id=profile_id, query_id=query_id)
        batch = {statistic.date: statistic for statistic in check_batch(statistics, Statistic)}
        self._change(profile_id, query_id, PROJECT_DATA, lambda data: ProjectData(batch, data.scope))

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
        earliest = None if start is None else check_date(start, "start")
        latest = None if end is None else check_date(end, "end")
        check_limit(limit, "limit")
        statistics = self._read(profile_id, query_id, PROJECT_DATA).statistics
        return last(limit, [row for day, row in sorted(statistics.items()) if within(earliest, day, latest)])

    def save_scope(self, profile_id: str, query_id: str, scope: Scope) -> None:
        self._begin(profile_id=profile_id, query_id=query_id)
        checked = _checked(scope, Scope)
        self._change(profile_id, query_id, PROJECT_DATA, lambda data: ProjectData(data.statistics, checked))

    def get_scope(self, profile_id: str, query_id: str) -> Scope | None:
        self._begin(profile_id=profile_id, query_id=query_id)
        return self._read(profile_id, query_id, PROJECT_DATA).scope

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        self._begin(profile_id=profile_id, query_id=query_id)
        batch = {(metric.week, metric.name): metric for metric in check_batch(metrics, Metric)}
        self._change(profile_id, query_id, METRICS, lambda kept: {**kept, **batch})

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
        wanted = identifiers(name=name) | texts(category=category)
        earliest = None if start is None else check_week(start, "start")
        latest = None if end is None else check_week(end, "end")
        check_limit(limit, "limit")
        metrics = self._read(profile_id, query_id, METRICS)
        in_order = [metric for _, metric in sorted(metrics.items())]
        return last(limit, [each for each in in_order if matches(each, wanted) and within(earliest, each.week, latest)])

    # The store as a whole

    def delete_expired(self, now: datetime) -> Expired:
        self._begin()
        return lifecycle.delete_expired(self._store, check_instant(now, "now"))

    def check(self) -> list[str]:
        self._begin()
        if not problems(self._store):
            return []
        # Between two of a writer's files, one seems to contradict the other.
        with self._store.writing():
            return problems(self._store)

    def size_bytes(self) -> int:
        self._begin()
        return self._store.size_bytes()

    def transaction(self) -> AbstractContextManager[Self]:
        self._begin()
        return super().transaction()

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

    def _profile_in(self, folder: Path) -> Profile | None:
        return self._store.read(folder / PROFILE, partial(profile_from, folder=folder.name))

    def _query_in(self, folder: Path) -> Query | None:
        return self._store.read(folder / QUERY, partial(query_from, folder=folder.name))

    def _app_state(self) -> dict[str, str]:
        return app_state_of(self._store.read_registry())

    def _save_app_state(self, save: Save, state: dict[str, str]) -> None:
        save(self._store.registry, encoded(with_app_state(self._store.read_registry(), state)))

    def _tasks(self) -> dict[str, Task]:
        return self._store.read(self._store.tasks, tasks_from) or {}

    def _read(self, profile_id: str, query_id: str, kind: Kind[T]) -> T:
        return read_below(self._store, profile_id, query_id, kind)

    def _change(self, profile_id: str, query_id: str, kind: Kind[T], change: Callable[[T], T]) -> None:
        change_below(self._store, profile_id, query_id, kind, change)

    def _histories(self, profile_id: str, query_id: str) -> list[History]:
        return [history for _, history in sorted(self._read(profile_id, query_id, HISTORIES).items())]


def open_backend(location: str | os.PathLike[str], *, timeout: float = 5.0) -> JsonFilesBackend:
    """The store in the folder `location`; a write waits at most `timeout` seconds for another."""
    return JsonFilesBackend(location, timeout=timeout)


def _checked(record: object, kind: type[R]) -> R:
    if type(record) is not kind:
        raise ValidationError(f"expected {kind.__name__}, got {type(record).__name__}")
    return check(record)
