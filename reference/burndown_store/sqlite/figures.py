"""Statistics by date, metrics by week, and the scope."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from burndown_store.contract import (
    Metric,
    Scope,
    Statistic,
    check_batch,
    check_date,
    check_identifier,
    check_limit,
    check_text,
    check_week,
)
from burndown_store.sqlite.columns import json_text, optional_instant_text, read_json, read_optional_instant
from burndown_store.sqlite.operations import Operations, check_place, checked
from burndown_store.sqlite.statements import narrowed, of_query, upsert

__all__ = ["METRICS", "SCOPES", "STATISTICS", "FigureOperations", "metric_of", "scope_of", "statistic_of"]

_STATISTIC_COLUMNS: Final = (
    "date, completed_items, created_items, completed_points, created_points, "
    "velocity_items, velocity_points, remaining_items, remaining_points, extra"
)
_METRIC_COLUMNS: Final = "week, name, category, value, unit, calculated_at, details"
_SCOPE_COLUMNS: Final = '"values", updated_at, extra'

STATISTICS: Final = f"SELECT {_STATISTIC_COLUMNS} FROM statistics"
METRICS: Final = f"SELECT {_METRIC_COLUMNS} FROM metrics"
SCOPES: Final = f"SELECT {_SCOPE_COLUMNS} FROM scopes"
_STATISTICS_OF_QUERY: Final = of_query("statistics", _STATISTIC_COLUMNS)
_METRICS_OF_QUERY: Final = of_query("metrics", _METRIC_COLUMNS)
_METRICS_BY_NAME: Final = of_query("metrics", _METRIC_COLUMNS, index="metrics_by_name")
_METRICS_BY_CATEGORY: Final = of_query("metrics", _METRIC_COLUMNS, index="metrics_by_category")
_SCOPE_OF_QUERY: Final = of_query("scopes", _SCOPE_COLUMNS)
_SAVE_STATISTIC: Final = upsert("statistics", f"query, {_STATISTIC_COLUMNS}", identity="query, date")
_SAVE_METRIC: Final = upsert("metrics", f"query, {_METRIC_COLUMNS}", identity="query, week, name")
_SAVE_SCOPE: Final = upsert("scopes", f"query, {_SCOPE_COLUMNS}", identity="query")


class FigureOperations(Operations):
    def save_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        self._admit_write("save_statistics")
        check_place(profile_id, query_id)
        batch = check_batch(statistics, Statistic)
        with self._writing_below(profile_id, query_id) as (session, query):
            session.execute_many(_SAVE_STATISTIC, (_statistic_row(query, statistic) for statistic in batch))

    def replace_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        self._admit_write("replace_statistics")
        check_place(profile_id, query_id)
        batch = check_batch(statistics, Statistic)
        with self._writing_below(profile_id, query_id) as (session, query):
            session.execute("DELETE FROM statistics WHERE query = ?", (query,))
            session.execute_many(_SAVE_STATISTIC, (_statistic_row(query, statistic) for statistic in batch))

    def get_statistics(
        self,
        profile_id: str,
        query_id: str,
        *,
        start: date | None = None,
        end: date | None = None,
        limit: int | None = None,
    ) -> list[Statistic]:
        self._admit("get_statistics")
        check_place(profile_id, query_id)
        statement, parameters = narrowed(
            _STATISTICS_OF_QUERY,
            (profile_id, query_id),
            {
                "date >= ?": None if start is None else check_date(start, "start").isoformat(),
                "date <= ?": None if end is None else check_date(end, "end").isoformat(),
            },
            order="date DESC",
            limit=check_limit(limit, "limit"),
        )
        # A limit keeps the last rows, so they are read from the end.
        return self._session.rows(statement, parameters, statistic_of)[::-1]

    def save_scope(self, profile_id: str, query_id: str, scope: Scope) -> None:
        self._admit_write("save_scope")
        check_place(profile_id, query_id)
        row = _scope_row(checked(scope, Scope))
        with self._writing_below(profile_id, query_id) as (session, query):
            session.execute(_SAVE_SCOPE, (query, *row))

    def get_scope(self, profile_id: str, query_id: str) -> Scope | None:
        self._admit("get_scope")
        check_place(profile_id, query_id)
        return self._session.first(_SCOPE_OF_QUERY, (profile_id, query_id), scope_of)

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        self._admit_write("save_metrics")
        check_place(profile_id, query_id)
        batch = check_batch(metrics, Metric)
        with self._writing_below(profile_id, query_id) as (session, query):
            session.execute_many(_SAVE_METRIC, (_metric_row(query, metric) for metric in batch))

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
        self._admit("get_metrics")
        check_place(profile_id, query_id)
        if name is not None:
            select = _METRICS_BY_NAME
        else:
            select = _METRICS_OF_QUERY if category is None else _METRICS_BY_CATEGORY
        statement, parameters = narrowed(
            select,
            (profile_id, query_id),
            {
                "name = ?": None if name is None else check_identifier(name, "name"),
                "category = ?": None if category is None else check_text(category, "category"),
                "week >= ?": None if start is None else check_week(start, "start"),
                "week <= ?": None if end is None else check_week(end, "end"),
            },
            order="week DESC, name DESC",
            limit=check_limit(limit, "limit"),
        )
        return self._session.rows(statement, parameters, metric_of)[::-1]


def statistic_of(
    date_text: str,
    completed_items: int,
    created_items: int,
    completed_points: float,
    created_points: float,
    velocity_items: float | None,
    velocity_points: float | None,
    remaining_items: int | None,
    remaining_points: float | None,
    extra: str,
) -> Statistic:
    """The record of one row of `STATISTICS`."""
    return Statistic(
        date=date.fromisoformat(date_text),
        completed_items=completed_items,
        created_items=created_items,
        completed_points=completed_points,
        created_points=created_points,
        velocity_items=velocity_items,
        velocity_points=velocity_points,
        remaining_items=remaining_items,
        remaining_points=remaining_points,
        extra=read_json(extra),
    )


def scope_of(values: str, updated_at: str | None, extra: str) -> Scope:
    """The record of one row of `SCOPES`."""
    return Scope(values=read_json(values), updated_at=read_optional_instant(updated_at), extra=read_json(extra))


def metric_of(
    week: str,
    name: str,
    category: str,
    value: float | None,
    unit: str | None,
    calculated_at: str | None,
    details: str,
) -> Metric:
    """The record of one row of `METRICS`."""
    return Metric(
        week=week,
        name=name,
        category=category,
        value=value,
        unit=unit,
        calculated_at=read_optional_instant(calculated_at),
        details=read_json(details),
    )


def _statistic_row(query: int, statistic: Statistic) -> tuple[object, ...]:
    return (
        query,
        statistic.date.isoformat(),
        statistic.completed_items,
        statistic.created_items,
        statistic.completed_points,
        statistic.created_points,
        statistic.velocity_items,
        statistic.velocity_points,
        statistic.remaining_items,
        statistic.remaining_points,
        json_text(statistic.extra),
    )


def _scope_row(scope: Scope) -> tuple[object, ...]:
    return json_text(scope.values), optional_instant_text(scope.updated_at), json_text(scope.extra)


def _metric_row(query: int, metric: Metric) -> tuple[object, ...]:
    return (
        query,
        metric.week,
        metric.name,
        metric.category,
        metric.value,
        metric.unit,
        optional_instant_text(metric.calculated_at),
        json_text(metric.details),
    )
