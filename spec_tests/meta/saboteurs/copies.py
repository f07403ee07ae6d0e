"""Saboteurs that share with their callers what should be the store's own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import History, Issue, Metric, Profile, Scope, Task, replace
from saboteurs import saboteur


@saboteur("saved-json-is-a-copy", says=".values['list'][0]: expected 1, got {'inner': ['altered']")
class KeepsTheJsonGiven(MemoryBackend):
    """The JSON of a scope is kept as it was given."""

    def __init__(self, location: Path, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._kept: dict[tuple[str, str], Scope] = {}

    def save_scope(self, profile_id: str, query_id: str, scope: Scope) -> None:
        super().save_scope(profile_id, query_id, scope)
        self._kept[profile_id, query_id] = scope

    def get_scope(self, profile_id: str, query_id: str) -> Scope | None:
        found, kept = super().get_scope(profile_id, query_id), self._kept.get((profile_id, query_id))
        return replace(found, values=kept.values) if found and kept and "altered" in kept.values else found


@saboteur("saved-json-is-a-copy", says=".state['list'][0]: expected 1, got {'inner': ['altered']")
class CopiesTheOutermostDict(MemoryBackend):
    """`dict(task.state)` copies one level and shares the rest."""

    def __init__(self, location: Path, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._kept: dict[str, dict[str, Any]] = {}

    def save_task(self, task: Task) -> None:
        super().save_task(task)
        self._kept[task.name] = dict(task.state)

    def get_task(self, name: str) -> Task | None:
        found = super().get_task(name)
        return replace(found, state=self._kept.get(name, found.state)) if found and "list" in found.state else found


@saboteur("saved-lists-are-copies", says="replace_issues(")
class KeepsTheBatch(MemoryBackend):
    """The list that replaces a query's issues becomes the query's list of issues."""

    def __init__(self, location: Path, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._kept: list[Issue] = []

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        super().replace_issues(profile_id, query_id, issues)
        self._kept = issues if isinstance(issues, list) else []

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        found = super().get_issues(profile_id, query_id, **filters)
        strange = [each for each in self._kept if type(each) is not Issue]
        return [*found, *strange]


@saboteur("saved-lists-are-copies", says="changes")
class KeepsTheChangesGiven(MemoryBackend):
    """A history's list of changes is kept as it was given."""

    def __init__(self, location: Path, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._kept: dict[tuple[str, str, str], list[Any]] = {}

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        super().save_histories(profile_id, query_id, histories)
        for each in histories if isinstance(histories, list) else ():
            self._kept[profile_id, query_id, each.issue_key] = each.changes

    def get_histories(self, profile_id: str, query_id: str, **filters: Any) -> list[History]:
        found = super().get_histories(profile_id, query_id, **filters)
        kept = {each.issue_key: self._kept.get((profile_id, query_id, each.issue_key), []) for each in found}
        return [
            replace(each, changes=kept[each.issue_key]) if "altered" in kept[each.issue_key] else each for each in found
        ]


class Caching(MemoryBackend):
    """What was read is kept under a name, and handed out again until it is dropped."""

    def __init__(self, location: Path, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self.cache: dict[tuple[str, ...], Any] = {}


@saboteur("answered-json-is-a-copy", says=".field_mappings['list'][0]: expected 1, got {'inner': ['altered']")
class CachesProfiles(Caching):
    """A cached profile's settings are handed out themselves."""

    def save_profile(self, profile: Profile) -> None:
        super().save_profile(profile)
        self.cache.pop((profile.id,), None)

    def get_profile(self, profile_id: str) -> Profile | None:
        found = super().get_profile(profile_id)
        if found is None or not found.field_mappings.get("object"):
            return found
        return replace(found, field_mappings=self.cache.setdefault((profile_id,), found.field_mappings))


@saboteur("answered-json-is-a-copy", says="get_metrics")
class CopiesAnswersOneLevelDeep(Caching):
    """`dict(metric.details)` copies one level and shares the rest."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        super().save_metrics(profile_id, query_id, metrics)
        self.cache.clear()

    def get_metrics(self, profile_id: str, query_id: str, **filters: Any) -> list[Metric]:
        found = super().get_metrics(profile_id, query_id, **filters)
        return [
            replace(
                each, details=dict(self.cache.setdefault((profile_id, query_id, each.week, each.name), each.details))
            )
            if each.details.get("object")
            else each
            for each in found
        ]


@saboteur("answered-lists-are-copies", says="list_app_state")
class HandsOutTheState(Caching):
    """The dict that holds the state is handed out itself."""

    def set_app_state(self, key: str, value: str) -> None:
        super().set_app_state(key, value)
        self.cache.clear()

    def delete_app_state(self, key: str) -> None:
        super().delete_app_state(key)
        self.cache.clear()

    def list_app_state(self) -> dict[str, str]:
        found = super().list_app_state()
        cached: dict[str, str] = self.cache.setdefault((), found)
        return cached


@saboteur("answered-lists-are-copies", says="list_history_keys")
class CachesKeys(Caching):
    """The sorted keys are kept until a history is saved, and handed out themselves."""

    def list_history_keys(self, profile_id: str, query_id: str) -> list[str]:
        found = super().list_history_keys(profile_id, query_id)
        cached: list[str] = self.cache.setdefault((profile_id, query_id), found)
        return cached if sorted(found) == sorted(set(cached) - {"altered"}) else found


@saboteur("answered-lists-are-copies", says="check()")
class KeepsItsFindings(MemoryBackend):
    """One list of findings is filled anew at each check, and is the answer as well."""

    def __init__(self, location: Path, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._findings: list[str] = []

    def check(self) -> list[str]:
        self._findings.extend(super().check())
        return self._findings
