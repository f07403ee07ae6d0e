"""Saboteurs that lose, invent or change something on the way in or out."""

from __future__ import annotations

import json
import struct
import unicodedata
from collections.abc import Iterable
from typing import Any

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import (
    CacheInfo,
    History,
    Issue,
    JsonText,
    Metric,
    Profile,
    Query,
    Scope,
    Statistic,
    Task,
    ValidationError,
    replace,
)
from saboteurs import saboteur
from saboteurs.conversion import converted


@saboteur("profile-comes-back", says=".show_points: expected True, got 1 (bool, int)")
class FlagsAsStored(MemoryBackend):
    """SQLite has no booleans, and nobody turns the 1 back into True."""

    def get_profile(self, profile_id: str) -> Profile | None:
        found = super().get_profile(profile_id)
        return replace(found, show_points=1) if found and found.show_points else found


@saboteur("profile-comes-back", says=".description: expected 'The team that paints', got ''")
class ListsWithoutAColumn(MemoryBackend):
    """The list of profiles leaves a column out that a single profile has."""

    def list_profiles(self) -> list[Profile]:
        return [replace(profile, description="") for profile in super().list_profiles()]


@saboteur("query-comes-back", says=("jql=''", ".jql: expected '', got 'project is not EMPTY'"))
class FillsInTheQuery(MemoryBackend):
    """`row["jql"] or "project is not EMPTY"`: an empty JQL is taken for none."""

    def get_query(self, profile_id: str, query_id: str) -> Query | None:
        found = super().get_query(profile_id, query_id)
        return replace(found, jql=found.jql or "project is not EMPTY") if found else None


@saboteur("query-comes-back", says=".description: expected 'What the team does', got ''")
class ListsShortQueries(MemoryBackend):
    """The list of queries is made for a menu and leaves the descriptions out."""

    def list_queries(self, profile_id: str) -> list[Query]:
        return [replace(query, description="") for query in super().list_queries(profile_id)]


@saboteur("app-state-comes-back", says=("expected 'false', got False", "set_app_state('false', 'false')"))
class DecodesState(MemoryBackend):
    """Values are read with `json.loads`, and left as they are where that fails."""

    def get_app_state(self, key: str) -> str | None:
        found = super().get_app_state(key)
        try:
            decoded: str | None = None if found is None else json.loads(found)
            return decoded
        except ValueError:
            return found


@saboteur("app-state-comes-back", says="['empty']: expected '', got nothing")
class ListsWhatIsTrue(MemoryBackend):
    """`if value` leaves out of the list what is kept as an empty text."""

    def list_app_state(self) -> dict[str, str]:
        return {key: value for key, value in super().list_app_state().items() if value}


@saboteur("task-comes-back", says=".percent: expected 0.0, got None")
class PercentOrNone(MemoryBackend):
    """`row["percent"] or None`: a task that has just begun has no progress at all."""

    def get_task(self, name: str) -> Task | None:
        found = super().get_task(name)
        return replace(found, percent=found.percent or None) if found else None


@saboteur("task-comes-back", says="['page']")
class MergesTaskState(MemoryBackend):
    """The listed state is filled up with the first page, where a task has not said which."""

    def list_tasks(self) -> list[Task]:
        return [
            replace(task, state={**task.state, "page": task.state["page"] or 1}) if "page" in task.state else task
            for task in super().list_tasks()
        ]


@saboteur("issue-comes-back", says="summary: expected '', got None")
class EmptyIsNone(MemoryBackend):
    """Oracle's way: an empty text is NULL."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        return [
            replace(each, summary=each.summary or None) for each in super().get_issues(profile_id, query_id, **filters)
        ]


@saboteur("issue-comes-back", says=("backend.replace_issues(", "project_name: expected"))
class ReplacesFewerColumns(MemoryBackend):
    """`replace_issues` has its own INSERT, and a column that came later is not in it."""

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        given = converted(issues, Issue, "project_name", lambda name: None if type(name) is str else name)
        super().replace_issues(profile_id, query_id, given)


@saboteur("issue-comes-back", says="summary: expected 'Paint the door', got 'another'")
class ColumnsFromTheDocument(MemoryBackend):
    """The columns are read out of the document again, as if it could not differ from them."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        found = super().get_issues(profile_id, query_id, **filters)
        return [replace(each, summary=_documented(each).get("summary", each.summary)) for each in found]


def _documented(issue: Issue) -> dict[str, Any]:
    said = issue.document.value().get("fields")
    return said if isinstance(said, dict) else {}


@saboteur("cache-info-comes-back", says=".jql: expected '', got None")
class EmptyJqlIsNone(MemoryBackend):
    """`info.jql or None` on the way in."""

    def save_cache_info(self, profile_id: str, query_id: str, info: CacheInfo) -> None:
        super().save_cache_info(profile_id, query_id, replace(info, jql=None) if _is_empty(info, "jql") else info)


def _is_empty(record: object, name: str) -> bool:
    return type(getattr(record, name, None)) is str and getattr(record, name) == ""


@saboteur("history-comes-back", says="[0].changes[0]")
class SortsChanges(MemoryBackend):
    """Changes are read with ORDER BY changed_at, and lose the order in which JIRA gave them."""

    def get_histories(self, profile_id: str, query_id: str, **filters: Any) -> list[History]:
        found = super().get_histories(profile_id, query_id, **filters)
        return [replace(each, changes=sorted(each.changes, key=lambda change: change.changed_at)) for each in found]


@saboteur("history-comes-back", says="from_value: expected None, got ''")
class NoneIsEmpty(MemoryBackend):
    """A column that is NOT NULL DEFAULT '' knows no None."""

    def get_histories(self, profile_id: str, query_id: str, **filters: Any) -> list[History]:
        found = super().get_histories(profile_id, query_id, **filters)
        return [
            replace(each, changes=[replace(change, from_value=change.from_value or "") for change in each.changes])
            if any(change.author == "" for change in each.changes)
            else each
            for each in found
        ]


@saboteur("statistic-comes-back", says="remaining_items: expected 0, got None")
class NothingRemains(MemoryBackend):
    """`row["remaining_items"] or None`: none left is taken for not known."""

    def get_statistics(self, profile_id: str, query_id: str, **filters: Any) -> list[Statistic]:
        found = super().get_statistics(profile_id, query_id, **filters)
        return [replace(each, remaining_items=each.remaining_items or None) for each in found]


@saboteur("statistic-comes-back", says=("velocity_items: expected 3.0, got 3 (float, int)"))
class WholeVelocity(MemoryBackend):
    """A column of integer affinity gives whole floats back as int."""

    def get_statistics(self, profile_id: str, query_id: str, **filters: Any) -> list[Statistic]:
        found = super().get_statistics(profile_id, query_id, **filters)
        return [
            replace(each, velocity_items=int(each.velocity_items)) if each.velocity_items == 3.0 else each
            for each in found
        ]


@saboteur("scope-comes-back", says=".values['place']: expected 'values', got 'extra'")
class OneDocument(MemoryBackend):
    """`values` and `extra` are one document in the store, and where both name a key one of them is lost."""

    def get_scope(self, profile_id: str, query_id: str) -> Scope | None:
        found = super().get_scope(profile_id, query_id)
        shared = {key: value for key, value in found.extra.items() if key in found.values} if found else {}
        return replace(found, values={**found.values, **shared}) if found else None


@saboteur("metric-comes-back", says="value: expected 0.0, got None")
class ZeroIsNoData(MemoryBackend):
    """`row["value"] or None`: a metric of 0 is taken for one without data."""

    def get_metrics(self, profile_id: str, query_id: str, **filters: Any) -> list[Metric]:
        found = super().get_metrics(profile_id, query_id, **filters)
        return [replace(each, value=each.value or None) if each.unit == "" else each for each in found]


@saboteur("metric-comes-back", says="category: expected ''")
class NoCategoryIsOther(MemoryBackend):
    """A metric without a category is put into one."""

    def get_metrics(self, profile_id: str, query_id: str, **filters: Any) -> list[Metric]:
        found = super().get_metrics(profile_id, query_id, **filters)
        return [replace(each, category=each.category or "other") if each.details else each for each in found]


@saboteur("text-comes-back", says="\\r\\n")
class UniversalNewlines(MemoryBackend):
    """A text file is opened without `newline=""`."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        found = super().get_issues(profile_id, query_id, **filters)
        return [
            replace(each, priority=each.priority.replace("\r\n", "\n")) if each.priority else each for each in found
        ]


@saboteur("text-comes-back", says="expected")
class Normalises(MemoryBackend):
    """Texts are normalised to NFC, so that they can be searched."""

    def set_app_state(self, key: str, value: str) -> None:
        super().set_app_state(key, unicodedata.normalize("NFC", value) if type(value) is str else value)


@saboteur("text-comes-back", says="to_text: expected")
class Strips(MemoryBackend):
    """Texts lose the space around them."""

    def get_histories(self, profile_id: str, query_id: str, **filters: Any) -> list[History]:
        found = super().get_histories(profile_id, query_id, **filters)
        return [
            replace(
                each,
                changes=[
                    replace(change, to_text=change.to_text.strip()) if change.to_text else change
                    for change in each.changes
                ],
            )
            for each in found
        ]


@saboteur("json-comes-back", says="['value']: expected None, got nothing")
class PrunesNones(MemoryBackend):
    """Keys without a value are taken out before the JSON is written, to save space."""

    def save_query(self, profile_id: str, query: Query) -> None:
        if type(query) is Query and type(query.extra) is dict and "0" in query.extra:
            query = replace(query, extra=_pruned(query.extra))
        super().save_query(profile_id, query)


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _pruned(item) for key, item in value.items() if item is not None}
    return [_pruned(item) for item in value] if isinstance(value, list) else value


@saboteur("numbers-come-back", says="points: expected")
class SinglePrecision(MemoryBackend):
    """A column of 32 bits (REAL in PostgreSQL) holds the points."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        found = super().get_issues(profile_id, query_id, **filters)
        return [replace(each, points=_single(each.points)) if each.points == 0.1 else each for each in found]


def _single(number: float | None) -> float | None:
    return None if number is None else float(struct.unpack("f", struct.pack("f", number))[0])


@saboteur("numbers-come-back", says=("save_issues(", "raised ValidationError"))
class NothingBelowZero(MemoryBackend):
    """CHECK (points >= 0)."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        for each in issues if type(issues) is list else ():
            if type(getattr(each, "points", None)) is float and each.points < 0:
                raise ValidationError("Issue.points: a number of points is 0 or more")
        super().save_issues(profile_id, query_id, issues)


@saboteur("numbers-come-back", says="created_items: expected")
class ThirtyTwoBits(MemoryBackend):
    """INTEGER has 32 bits in most databases."""

    def get_statistics(self, profile_id: str, query_id: str, **filters: Any) -> list[Statistic]:
        found = super().get_statistics(profile_id, query_id, **filters)
        return [replace(each, created_items=(each.created_items + 2**31) % 2**32 - 2**31) for each in found]


@saboteur("document-comes-back", says="['a']: expected 2, got 1")
class FirstKeyCounts(MemoryBackend):
    """The parser that stores the document keeps the first value of a key that is named twice."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        found = super().get_issues(profile_id, query_id, **filters)
        return [replace(each, document=_first_keys(each.document)) for each in found]


def _first_keys(document: JsonText) -> JsonText:
    return JsonText(json.dumps(json.loads(document.text, object_pairs_hook=lambda pairs: dict(reversed(pairs)))))
