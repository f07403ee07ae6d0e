"""Migrations that make something else of statistics, scopes and metrics (contract, 21.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from burndown_store.contract import Json, replace
from burndown_store.sqlite import SqliteBackend
from deviating import Deviating
from saboteurs import saboteur
from saboteurs.migration_contents import BELOW, made_otherwise

STATISTICS = "burndown_store.legacy.statistics"
METRICS = "burndown_store.legacy.metrics"


def of_rows(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A change of one statistic, made in all that project_data.json gives."""
    return lambda answer: ([change(row) for row in answer[0]], answer[1])


def of_scope(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A change of the scope, made in all that project_data.json gives."""
    return lambda answer: (answer[0], answer[1] and change(answer[1]))


@saboteur("migration-keeps-null-zero-and-absent-apart", says=("get_statistics", "extra", "found"))
class MakesAllOfThemZero(SqliteBackend):
    """Reads null, an empty text, 0 and nothing as 0, and keeps the columns that it does not know."""

    migration = Deviating(
        {
            f"{BELOW}:project_data_from": made_otherwise(
                of_rows(lambda row: replace(row, extra={key: row.extra[key] for key in row.extra if key != "legacy"}))
            )
        }
    )


@saboteur("migration-keeps-null-zero-and-absent-apart", says=("get_statistics", "a holiday"))
class KnowsTheColumns(SqliteBackend):
    """Drops the columns that somebody added."""

    migration = Deviating(
        {
            f"{BELOW}:project_data_from": made_otherwise(
                of_rows(lambda row: replace(row, extra={key: row.extra[key] for key in row.extra if key == "legacy"}))
            )
        }
    )


@saboteur("migration-keeps-the-scope", says=("estimated_items", "expected None, got 0"))
class ScopesNothingAsZero(SqliteBackend):
    """Turns the null of an empty input into 0."""

    migration = Deviating(
        {
            f"{BELOW}:project_data_from": made_otherwise(
                of_scope(
                    lambda scope: replace(
                        scope, values={key: 0 if value is None else value for key, value in scope.values.items()}
                    )
                )
            )
        }
    )


@saboteur("migration-keeps-the-scope", says=("get_scope", "bug_analysis"))
class KeepsTheScopeAlone(SqliteBackend):
    """Drops what lies beside the scope, but for the metadata."""

    migration = Deviating(
        {
            f"{BELOW}:project_data_from": made_otherwise(
                of_scope(lambda scope: replace(scope, extra={"metadata": scope.extra.get("metadata")}))
            )
        }
    )


@saboteur("migration-keeps-metrics-without-data", says=("get_metrics", "value", "expected None, got 0.0"))
class MeasuresNothingAsZero(SqliteBackend):
    """Gives 0 hours to a week in which nothing had to be restored."""

    migration = Deviating(
        {
            f"{BELOW}:metrics_from": made_otherwise(
                lambda metrics: [replace(metric, value=metric.value or 0.0) for metric in metrics]
            )
        }
    )


def _compared_as_texts(right: Callable[..., None]) -> Callable[..., None]:
    def put(found: dict[Any, Any], place: str, raw: Json, metric: Any, source: Any) -> None:
        other = found.get((metric.week, metric.name))
        if other is None or str(raw.get("timestamp")) >= str(other[1].get("timestamp")):
            if other is not None:
                source.reject(other[0], "an older metric of the same week", other[1], kind="superseded")
            found[metric.week, metric.name] = place, raw, metric
        else:
            source.reject(place, "an older metric of the same week", raw, kind="superseded")

    return put


@saboteur("migration-takes-the-newest-of-two-spellings", says=("9.0",))
class ComparesTimesAsTexts(SqliteBackend):
    """Takes the metric whose timestamp comes last in the alphabet."""

    migration = Deviating({f"{METRICS}:_put": _compared_as_texts})


def _the_later_counts(right: Callable[..., None]) -> Callable[..., None]:
    def put(found: dict[Any, Any], place: str, raw: Json, metric: Any, source: Any) -> None:
        other = found.get((metric.week, metric.name))
        if other is not None:
            source.reject(other[0], "the week stands here twice", other[1], kind="superseded")
        found[metric.week, metric.name] = place, raw, metric

    return put


@saboteur("migration-takes-the-newest-of-two-spellings", says=("9.0",))
class TakesTheLaterInTheFile(SqliteBackend):
    """Lets the spelling count that comes last in the file."""

    migration = Deviating({f"{METRICS}:_put": _the_later_counts})


@saboteur(
    "migration-takes-the-newest-of-two-spellings",
    "migration-survives-damage-in-unread-files",
    says=("raised MigrationError", "2025-45"),
)
class KnowsOneSpelling(SqliteBackend):
    """Takes `2025-44` for no week, and reports it so."""

    migration = Deviating({f"{METRICS}:week_from": lambda right: lambda label: right(label) if "W" in label else None})


@saboteur("migration-takes-the-last-of-duplicates", says=("get_issues", "'first'", "'last'"))
class TakesTheFirstIssue(SqliteBackend):
    """Lets the first of two issues with one key count."""

    migration = Deviating(
        {
            "burndown_store.legacy.issues:_add": lambda right: (
                lambda cached, raw, place, source, points, places: (
                    right(cached, raw, place, source, points, places)
                    if type(raw) is not dict or raw.get("key") not in places
                    else source.reject(place, "the issue stands twice; the first counts", raw, kind="superseded")
                )
            )
        }
    )


@saboteur("migration-takes-the-last-of-duplicates", says=("get_statistics", "expected 2, got 1"))
class TakesTheFirstRow(SqliteBackend):
    """Lets the first of two rows for one date count."""

    migration = Deviating(
        {f"{STATISTICS}:_by_date": lambda right: lambda rows, source: right(reversed(list(rows)), source)}
    )


def _unless_superseded(right: Callable[..., None]) -> Callable[..., None]:
    def reject(source: Any, place: str, reason: str, raw: object, *, kind: Any = "unreadable") -> None:
        if kind != "superseded":
            right(source, place, reason, raw, kind=kind)

    return reject


@saboteur(
    "migration-takes-the-last-of-duplicates",
    "migration-takes-the-newest-of-two-spellings",
    "migration-takes-the-last-of-two-at-one-key",
    says=("superseded", "expected 2, got 0"),
)
class DropsDuplicatesInSilence(SqliteBackend):
    """Says nothing of what does not count, because something else does."""

    migration = Deviating({"burndown_store.legacy.sources:Source.reject": _unless_superseded})
