"""Saboteurs whose JSON is wider or narrower than the contract's."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import accumulate
from typing import Any

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import (
    History,
    Issue,
    JsonText,
    Metric,
    Query,
    Scope,
    Statistic,
    Task,
    ValidationError,
    replace,
)
from saboteurs import saboteur
from saboteurs.conversion import converted


def levels(value: Any) -> int:
    """How deep a value is nested, as far as the interpreter can tell."""
    deep, inside = 0, [value]
    while inside and deep < 1_000:
        deep += any(isinstance(each, (dict, list)) for each in inside)
        inside = [
            item
            for each in inside
            if isinstance(each, (dict, list))
            for item in (each.values() if isinstance(each, dict) else each)
        ]
    return deep


@saboteur("json-nests-100-levels", says=("save_task(", "raised ValidationError"))
class CountsTheRecord(MemoryBackend):
    """The record that holds the JSON is counted as its first level."""

    def save_task(self, task: Task) -> None:
        if levels(getattr(task, "state", None)) == 100:
            raise ValidationError("Task.state: nested deeper than 100 levels")
        super().save_task(task)


@saboteur("json-nests-100-levels", says=("save_scope(", "raises ValidationError"))
class CountsObjectsAlone(MemoryBackend):
    """Lists are not counted as levels."""

    def save_scope(self, profile_id: str, query_id: str, scope: Scope) -> None:
        super().save_scope(
            profile_id, query_id, replace(scope, values={}) if levels(getattr(scope, "values", None)) == 101 else scope
        )


@saboteur("what-is-no-json-is-refused", says=("save_query(", "datetime(2025, 11, 3"))
class WritesAnything(MemoryBackend):
    """`json.dumps(extra, default=str)` has a way for everything."""

    def save_query(self, profile_id: str, query: Query) -> None:
        extra = getattr(query, "extra", None)
        if type(extra) is dict and "bad" in extra and not isinstance(extra["bad"], (str, int, float, list, dict)):
            query = replace(query, extra={"a": 1, "bad": str(extra["bad"])})
        super().save_query(profile_id, query)


@saboteur("what-is-no-json-is-refused", says=("save_histories(", "float('nan')"))
class WritesNan(MemoryBackend):
    """`json.dumps` writes NaN unless it is told not to."""

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        def written(details: Any) -> Any:
            return {} if type(details) is dict and type(details.get("bad")) is float else details

        super().save_histories(profile_id, query_id, converted(histories, History, "details", written))


@saboteur("what-is-no-json-is-refused", says=("save_statistics(", "1: 2"))
class WritesKeysAsText(MemoryBackend):
    """Keys become text, as `json.dumps` makes them."""

    def save_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        def written(extra: Any) -> Any:
            numbered = type(extra) is dict and any(type(key) is int for key in extra)
            return {str(key): value for key, value in extra.items()} if numbered else extra

        super().save_statistics(profile_id, query_id, converted(statistics, Statistic, "extra", written))


@saboteur("json-without-end-is-refused", says=("save_metrics(", "raised RecursionError"))
class Recurses(MemoryBackend):
    """A recursive walk through the JSON runs into the interpreter's limit."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        super().save_metrics(profile_id, query_id, converted(metrics, Metric, "details", _walked))


def _walked(value: Any) -> Any:
    for item in value.values() if type(value) is dict else value if type(value) is list else ():
        _walked(item)
    return value


@saboteur("documents-are-checked", says=("replace_issues(", "NaN"))
class LenientParser(MemoryBackend):
    """Python's own parser takes NaN and Infinity."""

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        super().replace_issues(
            profile_id, query_id, [_respelt(each) for each in issues] if _lenient(issues) else issues
        )


def _lenient(issues: object) -> bool:
    return type(issues) is list and any(_text(each).endswith(": NaN}") for each in issues)


def _text(issue: Any) -> str:
    text = getattr(getattr(issue, "document", None), "text", "")
    return text if type(text) is str else ""


def _respelt(issue: Any) -> Any:
    if not _text(issue).endswith(": NaN}"):
        return issue
    return replace(issue, document=JsonText(json.dumps({"a": repr(json.loads(_text(issue)))})))


@saboteur("documents-are-checked", says=("save_issues(", "\\ufeff"))
class TakesAByteOrderMark(MemoryBackend):
    """`decode("utf-8-sig")` swallows the mark at the beginning."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        given = issues
        if type(issues) is list and any(_text(each).startswith("\ufeff") for each in issues):
            given = [replace(each, document=JsonText(_text(each).removeprefix("\ufeff"))) for each in issues]
        super().save_issues(profile_id, query_id, given)


@saboteur("deep-documents-are-refused", says=("save_issues(", "raised RecursionError"))
class RecursiveParser(MemoryBackend):
    """The depth of a document is left to a parser in Python."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        if type(issues) is list and any(_text(each).count("[") > 1_000 for each in issues):
            for each in issues:
                _parse(_text(each), 0)
        super().save_issues(profile_id, query_id, issues)


def _parse(text: str, at: int) -> int:
    return _parse(text, at + 1) if at < len(text) else at


@saboteur("deep-documents-are-refused", says=("result_", "raises ValidationError"))
class AnyDepth(MemoryBackend):
    """A text is checked for its syntax alone."""

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        given = issues
        if type(issues) is list and any(_depth(_text(each)) == 101 for each in issues):
            given = [replace(each, document=JsonText("{}")) for each in issues]
        super().replace_issues(profile_id, query_id, given)


def _depth(text: str) -> int:
    """How many levels are open at once, for a text without brackets in its strings."""
    return max(accumulate((each in "{[") - (each in "]}") for each in text), default=0)
