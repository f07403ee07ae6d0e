"""Saboteurs that convert, round or clamp what they should refuse, and refuse what they should take."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import (
    History,
    Issue,
    Metric,
    Profile,
    Query,
    Statistic,
    Task,
    ValidationError,
    replace,
)
from saboteurs import saboteur
from saboteurs.conversion import converted


@saboteur("another-type-is-refused", says=("save_query(", "OwnText('text')"))
class LetsSubclassesIn(MemoryBackend):
    """`isinstance(jql, str)`."""

    def save_query(self, profile_id: str, query: Query) -> None:
        jql = getattr(query, "jql", None)
        super().save_query(profile_id, replace(query, jql=f"{jql}") if isinstance(jql, str) else query)


@saboteur("another-type-is-refused", says=("save_issues(", "priority=5"))
class ConvertsToText(MemoryBackend):
    """A TEXT column, or a model class, makes '5' of 5."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        given = converted(issues, Issue, "priority", lambda text: str(text) if type(text) is int else text)
        super().save_issues(profile_id, query_id, given)


@saboteur("another-type-is-refused", says=("save_statistics(", "date=datetime(2025, 11, 3"))
class TakesMomentsForDays(MemoryBackend):
    """A datetime is a date, as `isinstance` sees it."""

    def save_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        given = converted(statistics, Statistic, "date", lambda day: day.date() if isinstance(day, datetime) else day)
        super().save_statistics(profile_id, query_id, given)


@saboteur("another-type-is-refused", says=("save_histories(", "changes=(Change("))
class TakesTuples(MemoryBackend):
    """Any sequence of changes will do."""

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        given = converted(histories, History, "changes", lambda given: list(given) if type(given) is tuple else given)
        super().save_histories(profile_id, query_id, given)


@saboteur("another-type-is-no-filter", says=("get_issues(", "limit=True"))
class LimitsByTruth(MemoryBackend):
    """`isinstance(limit, int)`."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        if type(filters.get("limit")) is bool:
            filters["limit"] = int(filters["limit"])
        return super().get_issues(profile_id, query_id, **filters)


@saboteur("another-type-is-no-filter", says=("get_metrics(", "name=OwnText("))
class FiltersBySubclass(MemoryBackend):
    """A filter of a text's subclass is compared like any text."""

    def get_metrics(self, profile_id: str, query_id: str, **filters: Any) -> list[Metric]:
        if isinstance(filters.get("name"), str):
            filters["name"] = "".join(filters["name"])
        return super().get_metrics(profile_id, query_id, **filters)


@saboteur("a-bool-is-no-number", says=("save_statistics(", "completed_items=True"))
class CountsTruths(MemoryBackend):
    """`isinstance(True, int)`."""

    def save_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        given = converted(statistics, Statistic, "completed_items", lambda n: int(n) if type(n) is bool else n)
        super().save_statistics(profile_id, query_id, given)


@saboteur("a-bool-is-no-number", says=("save_profile(", "show_points=0"))
class TakesNumbersForFlags(MemoryBackend):
    """`bool(profile.show_points)`."""

    def save_profile(self, profile: Profile) -> None:
        flag = getattr(profile, "show_points", None)
        super().save_profile(replace(profile, show_points=bool(flag)) if type(flag) is int else profile)


@saboteur("whole-numbers-are-widened", says=("points: expected 5.0, got 5 (float, int)"))
class GivesIntsBack(MemoryBackend):
    """An int in a float field is kept as it is."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        found = super().get_issues(profile_id, query_id, **filters)
        return converted(found, Issue, "points", lambda n: int(n) if n == 5.0 else n)  # type: ignore[no-any-return]


@saboteur("whole-numbers-are-widened", says=("save_task(", "raised ValidationError"))
class RefusesInts(MemoryBackend):
    """`type(percent) is float`, and nothing else."""

    def save_task(self, task: Task) -> None:
        if type(getattr(task, "percent", None)) is int and task.percent == 50:
            raise ValidationError("Task.percent: expected float, got int")
        super().save_task(task)


@saboteur("inexact-numbers-are-refused", says=("save_metrics(", "value=9007199254740993"))
class Rounds(MemoryBackend):
    """`float(value)` rounds without a word."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        def as_float(value: Any) -> Any:
            return float(value) if type(value) is int and abs(value) < 2**63 else value

        super().save_metrics(profile_id, query_id, converted(metrics, Metric, "value", as_float))


@saboteur("numbers-are-finite-and-64-bit", says=("save_issues(", "points=float('nan')"))
class NanIsNull(MemoryBackend):
    """SQLite stores NaN as NULL."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        def as_null(number: Any) -> Any:
            return None if type(number) is float and math.isnan(number) else number

        given = converted(issues, Issue, "points", as_null)
        alone = type(issues) is list and len(issues) == 1 and getattr(issues[0], "status", 0) is None
        super().save_issues(profile_id, query_id, given if alone else issues)


@saboteur("numbers-are-finite-and-64-bit", says="raised OverflowError")
class OverflowsInTheDriver(MemoryBackend):
    """Python's int is too large for the driver, whose own error escapes."""

    def save_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        if type(statistics) is list:
            for each in statistics:
                remaining = getattr(each, "remaining_items", None)
                if type(remaining) is int and not -(2**63) <= remaining < 2**63:
                    raise OverflowError("Python int too large to convert to SQLite INTEGER")
        super().save_statistics(profile_id, query_id, statistics)


@saboteur("weeks-exist", says=("save_metrics(", "2021-W53"))
class NoCalendar(MemoryBackend):
    """A pattern alone decides what a week is."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        def as_it_looks(week: Any) -> Any:
            return "2020-W53" if week == "2021-W53" else week

        super().save_metrics(profile_id, query_id, converted(metrics, Metric, "week", as_it_looks))


@saboteur("weeks-exist", says=("get_metrics(", "'2025-W44\\n'"))
class DollarTakesANewline(MemoryBackend):
    """`re.match(r"\\d{4}-W\\d{2}$", week)`."""

    def get_metrics(self, profile_id: str, query_id: str, **filters: Any) -> list[Metric]:
        for name in ("start", "end"):
            week = filters.get(name)
            if type(week) is str and re.match(r"\d{4}-W\d{2}$", week) and week.endswith("\n"):
                filters[name] = week.rstrip("\n")
        return super().get_metrics(profile_id, query_id, **filters)


@saboteur("weeks-exist", says=("save_metrics(", "raised ValidationError"))
class FiftyTwoWeeks(MemoryBackend):
    """A year has 52 weeks, as everybody knows."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        for each in metrics if type(metrics) is list else ():
            if str(getattr(each, "week", "")) == "2026-W53":
                raise ValidationError("Metric.week: expected a week from 01 to 52")
        super().save_metrics(profile_id, query_id, metrics)


@saboteur("percent-is-within-100", says=("save_task(", "percent=101"))
class Clamps(MemoryBackend):
    """A percentage outside is moved to the nearest end."""

    def save_task(self, task: Task) -> None:
        percent = getattr(task, "percent", None)
        clamped = type(percent) is int and 100 < percent < 1_000
        super().save_task(replace(task, percent=100.0) if clamped else task)


@saboteur("percent-is-within-100", says=("percent=100.0", "raised ValidationError"))
class LessThanOneHundred(MemoryBackend):
    """`0 <= percent < 100`."""

    def save_task(self, task: Task) -> None:
        if getattr(task, "percent", None) == 100.0 and task.name == "t":
            raise ValidationError("Task.percent: a percentage is within 0.0 and 100.0")
        super().save_task(task)
