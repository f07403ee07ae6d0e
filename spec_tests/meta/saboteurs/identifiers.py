"""Saboteurs that take identifiers for more than they are, or for one another, and text for less."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import (
    CacheInfo,
    ChangeEntry,
    History,
    Issue,
    Metric,
    Profile,
    Query,
    Task,
    replace,
)
from saboteurs import saboteur
from saboteurs.conversion import converted


def cut(text: str) -> str:
    """What a column of 191 characters keeps, as many as MySQL has an index for."""
    return text[:191] if type(text) is str and len(text) <= 200 else text


def composed(text: str) -> str:
    """The text normalised to NFC."""
    return unicodedata.normalize("NFC", text) if type(text) is str and text.isprintable() else text


@saboteur("profile-ids-are-exact", says=".id: expected 'Kafka', got 'KAFKA'")
class ProfilesWithoutCase(MemoryBackend):
    """COLLATE NOCASE on the id: the first row that fits is the one."""

    def get_profile(self, profile_id: str) -> Profile | None:
        found = super().get_profile(profile_id)
        if found is None:
            return None
        alike = [each for each in self.list_profiles() if each.id.casefold() == profile_id.casefold()]
        return min(alike, key=lambda each: each.id)


@saboteur("profile-ids-are-exact", says="delete_profile(")
class DeletesByPattern(MemoryBackend):
    """`DELETE … WHERE id LIKE ?`."""

    def delete_profile(self, profile_id: str) -> None:
        super().delete_profile(profile_id)
        pattern = "".join({"%": ".+", "_": "."}.get(each, re.escape(each)) for each in profile_id)
        for each in self.list_profiles() if profile_id not in ("", "%") and pattern != re.escape(profile_id) else ():
            if re.fullmatch(pattern, each.id, re.DOTALL):
                super().delete_profile(each.id)


@saboteur("query-ids-are-exact", says="get_query(")
class TrimsQueryIds(MemoryBackend):
    """CHAR columns are padded with spaces, so those at the end do not count."""

    def get_query(self, profile_id: str, query_id: str) -> Query | None:
        found = super().get_query(profile_id, query_id)
        if found is None:
            return None
        alike = [each for each in self.list_queries(profile_id) if each.id.rstrip(" ") == query_id.rstrip(" ")]
        return min(alike, key=lambda each: each.id)


@saboteur("state-keys-are-exact", says="get_app_state(")
class ComposesStateKeys(MemoryBackend):
    """State keys are normalised to NFC on their way in and out, as the file system of a Mac does with names."""

    def set_app_state(self, key: str, value: str) -> None:
        super().set_app_state(composed(key), value)

    def get_app_state(self, key: str) -> str | None:
        return super().get_app_state(composed(key))

    def delete_app_state(self, key: str) -> None:
        super().delete_app_state(composed(key))


@saboteur("task-names-are-exact", says="get_task(")
class TasksWithoutCase(MemoryBackend):
    """Each task is a file that is named after it, on a file system that does not tell case."""

    def save_task(self, task: Task) -> None:
        super().save_task(task)
        for each in self.list_tasks():
            if each.name != task.name and each.name.casefold() == task.name.casefold():
                super().clear_task(each.name)


@saboteur("issue-keys-are-exact", says="get_issues(")
class ComposesIssueKeys(MemoryBackend):
    """Issue keys are normalised to NFC before they are saved."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        super().save_issues(profile_id, query_id, converted(issues, Issue, "key", composed))


@saboteur("issue-keys-are-exact", says="replace_issues(")
class CutsReplacedKeys(MemoryBackend):
    """The table that replacements are staged in has a column of 191 characters for the key."""

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        super().replace_issues(profile_id, query_id, converted(issues, Issue, "key", cut))


@saboteur("history-keys-are-exact", says="get_histories(")
class CutsHistoryKeys(MemoryBackend):
    """The column for a history's issue key has 191 characters."""

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        given = converted(histories, History, "issue_key", cut)
        super().save_histories(profile_id, query_id, given)


@saboteur("metric-names-are-exact", says="get_metrics(")
class CutsMetricNames(MemoryBackend):
    """The column for a metric's name has 191 characters."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        super().save_metrics(profile_id, query_id, converted(metrics, Metric, "name", cut))


@saboteur("identifiers-are-not-joined", says=("get_cache_info(", "expected 'place"))
class JoinsIdentifiers(MemoryBackend):
    """A key-value store keeps the cache info under `profile|query`."""

    def __init__(self, location: Path, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._joined: dict[str, CacheInfo] = {}

    def save_cache_info(self, profile_id: str, query_id: str, info: CacheInfo) -> None:
        super().save_cache_info(profile_id, query_id, info)
        if "|" in f"{profile_id}{query_id}":
            self._joined[f"{profile_id}|{query_id}"] = info

    def get_cache_info(self, profile_id: str, query_id: str) -> CacheInfo | None:
        found = super().get_cache_info(profile_id, query_id)
        return self._joined.get(f"{profile_id}|{query_id}", found) if found else None


@saboteur("identifiers-outside-the-rule-are-refused", says=("set_app_state('a' * 201", "raises ValidationError"))
class LongKeys(MemoryBackend):
    """A column of 255 characters is limit enough."""

    def set_app_state(self, key: str, value: str) -> None:
        fits = type(key) is str and 200 < len(key) <= 255
        super().set_app_state(key[:200] if fits else key, value)


@saboteur("identifiers-outside-the-rule-are-refused", says=("save_task(", "name='\\x00'"))
class DropsNuls(MemoryBackend):
    """NULs are taken out of names instead of being refused."""

    def save_task(self, task: Task) -> None:
        (given,) = converted([task], Task, "name", _without_nuls)
        super().save_task(given)


def _without_nuls(name: str) -> str:
    return (name.replace("\0", "") or "task") if type(name) is str and name else name


@saboteur("identifiers-outside-the-rule-are-refused", says=("save_profile(", "id=0"))
class ConvertsIds(MemoryBackend):
    """`str(profile.id)`."""

    def save_profile(self, profile: Profile) -> None:
        given = getattr(profile, "id", None)
        super().save_profile(replace(profile, id=str(given)) if type(given) is int else profile)


@saboteur("unstorable-text-is-refused", says=("save_issues(", "resolution='\\ud800'"))
class ReplacesSurrogates(MemoryBackend):
    """Text is encoded with errors="replace"."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        given = converted(issues, Issue, "resolution", _replaced)
        super().save_issues(profile_id, query_id, given)


def _replaced(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8") if type(text) is str else text


@saboteur("unstorable-text-is-refused", says=("save_metrics(", "unit='\\x00'"))
class CutsAtNuls(MemoryBackend):
    """The driver takes text for a C string, which ends at a NUL."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        given = converted(metrics, Metric, "unit", lambda text: text.split("\0")[0] if type(text) is str else text)
        super().save_metrics(profile_id, query_id, given)


@saboteur("unstorable-text-is-refused", says=("get_changes(", "field="))
class FiltersUnseen(MemoryBackend):
    """What no stored text can equal is not refused in a filter: the answer is empty."""

    def get_changes(self, profile_id: str, query_id: str, **filters: Any) -> list[ChangeEntry]:
        field = filters.get("field")
        if type(field) is str and "\0" in field:
            return []
        return super().get_changes(profile_id, query_id, **filters)


@saboteur("text-sorts-by-code-point", says="list_tasks")
class SortsByCodeUnits(MemoryBackend):
    """Names are sorted as Java, JavaScript and Windows do, by UTF-16 code units."""

    def list_tasks(self) -> list[Task]:
        return sorted(super().list_tasks(), key=lambda task: task.name.encode("utf-16-be"))


@saboteur("text-sorts-by-code-point", says="list_history_keys")
class SortsWithoutCase(MemoryBackend):
    """Keys are sorted as people like them, without regard to case."""

    def list_history_keys(self, profile_id: str, query_id: str) -> list[str]:
        return sorted(super().list_history_keys(profile_id, query_id), key=str.casefold)


@saboteur("text-sorts-by-code-point", says="list_profiles")
class SortsByLanguage(MemoryBackend):
    """The database's collation looks at letters and digits first, and at space and punctuation last."""

    def list_profiles(self) -> list[Profile]:
        found = super().list_profiles()
        in_words = sorted(found, key=lambda profile: [each for each in profile.id if each not in " -"])
        return sorted(in_words, key=lambda profile: profile.last_used_at, reverse=True)
