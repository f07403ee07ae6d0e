"""What a migration makes of statistics, scopes and metrics, and of what the old files say twice (contract, 21.5)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from burndown_spec.expectations import expect_same
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
from burndown_spec.values.old_files import (
    FIGURES,
    ISSUES,
    METRICS,
    old_files,
    old_issue,
)
from burndown_spec.vocabulary import (
    completed_items,
    document_values,
    kept_values,
    metric_values,
    rejected,
    sorted_keys,
    weeks_and_names,
    write_files,
)
from burndown_store.contract import (
    Backend,
    Capability,
    Metric,
    Scope,
    Statistic,
)

LEVEL = Level.MIGRATABLE
NEEDS = (Capability.TRANSACTIONS, Capability.DURABLE)

NOON = datetime(2025, 11, 3, 12, tzinfo=UTC)


@clause(
    "migration-keeps-null-zero-and-absent-apart",
    sentences="21.5",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=(
        "`value or 0` makes one of them all",
        "what a row has beside the known columns is dropped",
        "numbers that are text are not read",
    ),
)
def null_zero_and_absent_are_kept_apart(backend: Backend, stage: Stage) -> None:
    """In a row of statistics null, an empty text, 0 and what is absent stay four things, and other columns are kept."""
    rows = [
        {"date": "2025-11-03", "completed_items": 0, "completed_points": 0, "created_items": 0, "created_points": 0},
        {"date": "2025-11-04", "completed_items": None, "completed_points": None, "velocity_points": None},
        {"date": "2025-11-05", "completed_items": "", "completed_points": "2.5", "velocity_points": 0},
        {"date": "2025-11-06", "note": "a holiday", "remaining_items": 7},
    ]
    stage.do(write_files, stage.location, old_files({FIGURES: {"statistics": rows}}))
    stage.migrate()
    zero: dict[str, Any] = {"completed_items": 0, "created_items": 0, "completed_points": 0.0, "created_points": 0.0}
    nulls = {"completed_items": None, "completed_points": None, "velocity_points": None}
    texts = {"completed_items": "", "completed_points": "2.5"}
    created, all_four = ["created_items", "created_points"], list(zero)
    expected = [
        Statistic(date=date(2025, 11, 3), **zero),
        Statistic(date=date(2025, 11, 4), **zero, extra={"legacy": {"found": nulls, "absent": created}}),
        Statistic(
            date=date(2025, 11, 5),
            completed_points=2.5,
            velocity_points=0.0,
            extra={"legacy": {"found": texts, "absent": created}},
        ),
        Statistic(
            date=date(2025, 11, 6),
            remaining_items=7,
            extra={"note": "a holiday", "legacy": {"absent": all_four}},
        ),
    ]
    expect_same(backend.get_statistics("p", "q"), expected)


@clause(
    "migration-keeps-the-scope",
    sentences="21.5",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=("`value or 0` turns null into 0", "only known keys are taken over", "numbers become floats"),
)
def the_scope_is_kept(backend: Backend, stage: Stage) -> None:
    """The scope has every value that the file has, type for type, and keeps what lies beside it."""
    said = {
        "total_items": 34,
        "total_points": 0,
        "estimated_items": None,
        "remaining_total_points": 80.0,
        "points_field_available": True,
        "status_breakdown": {"In Review": {"items": 3, "points": 8, "classification": "IN_PROGRESS"}},
    }
    beside = {
        "metadata": {"source": "jira_calculated", "last_updated": "2025-11-03T12:00:00.000001+00:00"},
        "bug_analysis": {"enabled": False, "bug_issues": []},
    }
    stage.do(write_files, stage.location, old_files({FIGURES: {"project_scope": said, "statistics": [], **beside}}))
    stage.migrate()
    expect_same(backend.get_scope("p", "q"), Scope(values=said, updated_at=NOON.replace(microsecond=1), extra=beside))


@clause(
    "migration-keeps-metrics-without-data",
    sentences="21.5",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=("`value or 0` turns null into 0", "what a metric has beside its value is dropped"),
)
def metrics_without_data_are_kept(backend: Backend, stage: Stage) -> None:
    """A metric whose value is null has none, one whose value is 0 has 0; both keep all that the file says of them."""
    mttr = {"median_hours": None, "unit": "hours", "bugs_with_mttr": 0, "timestamp": "2025-11-03T12:00:00+00:00"}
    load = {"wip_count": 0, "by_status": {"In Review": 3}, "timestamp": "2025-11-03T12:00:00+00:00"}
    stage.do(write_files, stage.location, old_files({METRICS: {"2025-W44": {"dora_mttr": mttr, "flow_load": load}}}))
    stage.migrate()
    known: dict[str, Any] = {"week": "2025-W44", "calculated_at": NOON}
    expected = [
        Metric(**known, name="dora_mttr", category="dora", value=None, unit="hours", details=mttr),
        Metric(**known, name="flow_load", category="flow", value=0.0, unit="items", details=load),
    ]
    expect_same(backend.get_metrics("p", "q"), expected)


@clause(
    "migration-takes-the-newest-of-two-spellings",
    sentences="21.5",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=(
        "times are compared as texts",
        "the later in the file counts",
        "the older one is dropped",
    ),
)
def the_newest_of_two_spellings_counts(backend: Backend, stage: Stage) -> None:
    """`2025-44` and `2025-W44` are one week; where both have a metric the newest instant counts, the other is kept."""
    # As a text, the older instant of the first is the greater one.
    older, newer = "2025-11-06T09:30:00+02:00", "2025-11-06T08:00:00+00:00"
    weeks = {
        "2025-W44": {"flow_time": {"value": 1, "median_days": 2, "timestamp": newer}},
        "2025-44": {"flow_time": {"median_days": 9, "timestamp": older}},
        "2025-45": {"flow_time": {"median_days": 3, "timestamp": newer}},
        "2025-W45": {"flow_load": {"wip_count": 3, "timestamp": newer}},
    }
    stage.do(write_files, stage.location, old_files({METRICS: weeks}))
    report = stage.migrate()
    names = ["2025-W44 flow_time", "2025-W45 flow_load", "2025-W45 flow_time"]
    expect_same(backend.get_metrics("p", "q"), names, view=weeks_and_names)
    expect_same(backend.get_metrics("p", "q"), [2.0, 3.0, 3.0], view=metric_values)
    expect_same(report, [f'{{"median_days": 9, "timestamp": "{older}"}}'], view=kept_values)


@clause(
    "migration-takes-the-last-of-duplicates",
    sentences="21.5",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("migration-keeps-issues",),
    likely_causes=("the first counts", "the one that does not count is dropped in silence"),
)
def the_last_of_duplicates_counts(backend: Backend, stage: Stage) -> None:
    """Of two issues with one key, and of two rows for one date, the last counts, and the other one is in a reject."""
    issues = [old_issue("AB-1", summary="first"), old_issue("AB-2"), old_issue("AB-1", summary="last")]
    rows = [{"date": "2025-11-03", "completed_items": 1}, {"date": "2025-11-03T00:00:00", "completed_items": 2}]
    cache = {"timestamp": "2025-11-03T12:00:00+00:00", "issues": issues}
    stage.do(write_files, stage.location, old_files({ISSUES: cache, FIGURES: {"statistics": rows}}))
    report = stage.migrate()
    expect_same(backend.get_issues("p", "q", key="AB-1"), {"AB-1": issues[2]}, view=document_values)
    expect_same(backend.get_issues("p", "q"), ["AB-1", "AB-2"], view=sorted_keys)
    expect_same(backend.get_statistics("p", "q"), [2], view=completed_items)
    expect_same(report, [f"superseded: {ISSUES}: issues[0]", f"superseded: {FIGURES}: statistics[0]"], view=rejected)
