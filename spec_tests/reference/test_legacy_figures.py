"""project_data.json, its CSV before it, and metrics_snapshots.json."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from burndown_fixtures.legacy import write_tree
from legacy_samples import DATA, METRICS, PROFILE, QUERY, Everything, instant, read, read_all, reasons

AT = "2025-11-09T20:00:00.000001+00:00"


def read_data(root: Path, data: Any) -> Everything:
    return read(root, {PROFILE: {}, QUERY: {}, DATA: data})


def read_row(root: Path, **cells: Any) -> Everything:
    return read_data(root, {"statistics": [{"date": "2025-11-03", **cells}]})


def read_metrics(root: Path, metrics: Any) -> Everything:
    return read(root, {PROFILE: {}, QUERY: {}, METRICS: metrics})


def read_csv(root: Path, text: str) -> Everything:
    return read(root, {"forecast_settings.json": {}, "statistics.csv": text.encode("utf-8")})


@pytest.mark.parametrize(
    "found", ["2025-11-03", "2025-11-03T00:00:00", "2025-11-03 10:11:12", "2025-11-03-142233", " 2025-11-03"]
)
def test_a_date_with_a_time_behind_it_means_the_day(tmp_path: Path, found: str) -> None:
    (row,) = read_row(tmp_path, date=found).below.statistics

    assert row.date == date(2025, 11, 3)
    assert row.extra["legacy"].get("found", {}).get("date", "2025-11-03") == found


@pytest.mark.parametrize("found", ["", "yesterday", "03.11.2025", "2025-02-30", None, 20251103])
def test_a_row_without_a_date_is_rejected_whole_and_ends_no_neighbour(tmp_path: Path, found: Any) -> None:
    rows = [{"date": found, "completed_items": 5}, {"date": "2025-11-10"}]
    everything = read_data(tmp_path, {"statistics": rows})

    assert [row.date.day for row in everything.below.statistics] == [10]
    (reject,) = everything.rejects
    assert (reject.place, json.loads(reject.raw), reject.refetchable) == ("statistics[0].date", rows[0], False)


@pytest.mark.parametrize(("found", "meant"), [(5, 5), ("5", 5), (5.0, 5), (0, 0), (None, 0), ("", 0), (-2, -2)])
def test_a_count_is_read_from_every_form_and_the_form_is_kept(tmp_path: Path, found: Any, meant: int) -> None:
    (row,) = read_row(tmp_path, completed_items=found).below.statistics

    assert row.completed_items == meant
    told = row.extra["legacy"].get("found", {}).get("completed_items", row.completed_items)
    assert (type(told), told) == (type(found), found)


@pytest.mark.parametrize("found", [2.5, "many", True, [5], float("nan"), 2**63])
def test_a_row_with_a_count_that_is_none_is_rejected_and_never_zero(tmp_path: Path, found: Any) -> None:
    everything = read_row(tmp_path, completed_items=found)

    assert everything.below.statistics == ()
    assert len([reject for reject in everything.rejects if reject.kind == "unreadable"]) == 1


def test_a_row_with_an_endless_number_says_so(tmp_path: Path) -> None:
    everything = read_row(tmp_path, completed_points=float("nan"))

    assert reasons(everything) == [("unreadable", "project_data.json", "statistics[0].completed_points")]
    assert "NaN" in everything.rejects[0].reason


def test_points_are_whole_or_decimal(tmp_path: Path) -> None:
    (row,) = read_row(tmp_path, completed_points=8, created_points="2.5", velocity_points=None).below.statistics

    assert (row.completed_points, row.created_points, row.velocity_points) == (8.0, 2.5, None)
    assert row.extra["legacy"]["found"] == {"created_points": "2.5", "velocity_points": None}


def test_columns_that_were_missing_are_told_from_zeros(tmp_path: Path) -> None:
    (row,) = read_row(tmp_path, completed_items=0, completed_points=0).below.statistics

    assert row.extra["legacy"]["absent"] == ["created_items", "created_points"]


def test_a_usual_row_needs_no_remark(tmp_path: Path) -> None:
    cells = {"completed_items": 5, "completed_points": 13, "created_items": 2, "created_points": 3.5}

    assert read_row(tmp_path, **cells).below.statistics[0].extra == {}


def test_unknown_columns_are_kept(tmp_path: Path) -> None:
    assert read_row(tmp_path, note="a holiday").below.statistics[0].extra["note"] == "a holiday"


def test_statistics_are_in_the_order_of_their_dates_and_the_last_row_of_a_date_counts(tmp_path: Path) -> None:
    rows = [{"date": day, "completed_items": at} for at, day in enumerate(["2025-11-10", "2025-11-03", "2025-11-10"])]
    everything = read_data(tmp_path, {"statistics": rows})

    assert [(row.date.day, row.completed_items) for row in everything.below.statistics] == [(3, 1), (10, 2)]
    assert reasons(everything) == [("superseded", "project_data.json", "statistics[0]")]


def test_the_flat_first_shape_is_all_scope(tmp_path: Path) -> None:
    flat = {"total_items": 34, "total_points": 0, "estimated_items": 34, "estimated_points": 0}
    scope = read_data(tmp_path, {**flat, "metadata": {}}).below.scope

    assert scope is not None
    assert (scope.values, scope.updated_at) == (flat, None)
    assert scope.extra == {"metadata": {}, "legacy": {"shape": "flat"}}


def test_the_empty_file_of_a_new_query_keeps_its_scope_and_version(tmp_path: Path) -> None:
    raw = {"statistics": [], "project_scope": {"total_items": 0}, "last_updated": AT, "version": "1.0"}
    scope = read_data(tmp_path, raw).below.scope

    assert scope is not None
    assert (scope.values, scope.updated_at) == ({"total_items": 0}, instant(AT))
    assert scope.extra == {"last_updated": AT, "version": "1.0"}


def test_the_unified_shape_keeps_nulls_and_everything_beside_its_scope(tmp_path: Path) -> None:
    beside = {
        "metadata": {"source": "manual", "last_updated": "2025-11-20T09:15:30"},
        "bug_analysis": {"enabled": True},
        "metrics_history": {"dora_metrics": []},
    }
    everything = read_data(tmp_path, {"project_scope": {"total_items": None, "total_points": 0}, **beside})
    scope = everything.below.scope

    assert scope is not None
    assert scope.values == {"total_items": None, "total_points": 0}
    assert scope.extra == beside
    assert (scope.updated_at, everything.naive_times) == (instant("2025-11-20T09:15:30+00:00"), 1)


def test_the_old_name_of_the_scope_is_read(tmp_path: Path) -> None:
    scope = read_data(tmp_path, {"scope": {"total_items": 3}, "statistics": []}).below.scope

    assert scope is not None
    assert (scope.values, scope.extra) == ({"total_items": 3}, {"legacy": {"shape": "old name"}})


@pytest.mark.parametrize(
    ("rows", "told"), [({"statistics": None}, {"statistics": None}), ({"statistics": []}, {}), ({}, {})]
)
def test_rows_that_are_null_are_told_from_none(tmp_path: Path, rows: dict[str, Any], told: dict[str, Any]) -> None:
    scope = read_data(tmp_path, {"project_scope": {}, **rows}).below.scope

    assert scope is not None
    assert scope.extra == told


def test_a_bare_list_is_one_of_rows(tmp_path: Path) -> None:
    assert len(read_data(tmp_path, [{"date": "2025-11-03"}]).below.statistics) == 1


def test_a_remark_by_hand_among_the_weeks_has_no_place_and_is_no_damage(tmp_path: Path) -> None:
    everything = read_metrics(tmp_path, {"_comment": "look", "2025-W44": {"trends": {}}})

    assert reasons(everything) == [("unplaced", "metrics_snapshots.json", "_comment")]


def test_a_file_of_rows_alone_has_no_scope(tmp_path: Path) -> None:
    assert read_row(tmp_path).below.scope is None


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_table_of_the_oldest_generation_is_read(tmp_path: Path, separator: str) -> None:
    lines = ["date,no_items,no_points,note", '2025-06-09,3,8.5,"a, b; c"', "", "2025-06-02,,,"]
    text = "\r\n".join(lines).replace(",", separator) if separator == ";" else "\r\n".join(lines)
    rows = read_csv(tmp_path, text).below.statistics

    assert [(row.date.day, row.completed_items, row.completed_points) for row in rows] == [(2, 0, 0.0), (9, 3, 8.5)]
    assert rows[0].extra["legacy"]["found"] == {"completed_items": "", "completed_points": ""}


def test_bad_lines_of_a_table_are_rejected_each_for_itself(tmp_path: Path) -> None:
    everything = read_csv(tmp_path, "date,no_items\n2025-06-02,1\n2025-06-09\nnever,2\n2025-06-16,x\n")

    assert [row.date.day for row in everything.below.statistics] == [2]
    assert [place for _, _, place in reasons(everything)] == ["line 3", "line 4.date", "line 5"]


@pytest.mark.parametrize("text", ["items,points\n1,2\n", "date,a,a\n2025-06-02,1,2\n", "\n"])
def test_a_table_without_a_column_of_dates_is_rejected_with_its_text(tmp_path: Path, text: str) -> None:
    everything = read_csv(tmp_path, text)

    assert everything.rejects[0].raw == text


@pytest.mark.parametrize("label", ["2025-44", "2025-W44"])
def test_both_spellings_of_a_week_mean_the_week(tmp_path: Path, label: str) -> None:
    (metric,) = read_metrics(tmp_path, {label: {"flow_time": {"median_days": 4, "timestamp": AT}}}).below.metrics

    assert (metric.week, metric.calculated_at) == ("2025-W44", instant(AT))
    assert metric.details.get("legacy", {}).get("week", "2025-W44") == label


@pytest.mark.parametrize("older_first", [True, False])
def test_on_a_clash_of_spellings_the_newest_instant_counts(tmp_path: Path, older_first: bool) -> None:
    # As text the older one is the greater.
    older = {"flow_time": {"median_days": 9, "timestamp": "2025-11-06T09:30:00+02:00"}}
    newer = {"flow_time": {"median_days": 2, "timestamp": "2025-11-06T08:00:00+00:00"}}
    weeks = {"2025-44": older, "2025-W44": newer} if older_first else {"2025-44": newer, "2025-W44": older}
    everything = read_metrics(tmp_path, weeks)

    assert [metric.value for metric in everything.below.metrics] == [2.0]
    assert [kind for kind, _, _ in reasons(everything)] == ["superseded"]


@pytest.mark.parametrize("at", [{"timestamp": AT}, {}])
def test_on_a_clash_without_a_newest_the_later_in_the_file_counts(tmp_path: Path, at: dict[str, str]) -> None:
    weeks = {label: {"flow_time": {"median_days": days, **at}} for days, label in enumerate(["2025-W44", "2025-44"])}

    assert [metric.value for metric in read_metrics(tmp_path, weeks).below.metrics] == [1.0]


@pytest.mark.parametrize("label", ["0000-W00", "2025-W53", "2025-W4", "latest", ""])
def test_a_week_that_the_calendar_has_not_is_rejected(tmp_path: Path, label: str) -> None:
    everything = read_metrics(tmp_path, {label: {"flow_time": {"median_days": 4}}, "2026-W53": {"trends": {}}})

    assert [(metric.week, metric.name) for metric in everything.below.metrics] == [("2026-W53", "trends")]
    assert [place for _, _, place in reasons(everything)] == [label]


@pytest.mark.parametrize(
    ("name", "raw", "category", "value", "unit"),
    [
        ("flow_time", {"median_days": 4.5, "avg_days": 5}, "flow", 4.5, "days"),
        ("flow_efficiency", {"overall_pct": 40, "median_pct": 30}, "flow", 40.0, "%"),
        ("flow_load", {"wip_count": 0}, "flow", 0.0, "items"),
        ("flow_load", {"by_status": {}}, "flow", None, "items"),
        ("flow_velocity", {"completed_count": 4}, "flow", 4.0, "items"),
        ("dora_lead_time", {"median_hours": None}, "dora", None, "hours"),
        ("dora_deployment_frequency", {"deployment_count": 2}, "dora", 2.0, "deployments"),
        ("dora_change_failure_rate", {"change_failure_rate_percent": 12.5}, "dora", 12.5, "%"),
        ("dora_mttr", {"median_hours": None, "value": 3, "unit": "days"}, "dora", None, "hours"),
        ("trends", {"flow_time_trend": "↗"}, "trend", None, None),
        ("team_mood", {"value": 3, "unit": "points"}, "other", 3.0, "points"),
        ("dora_something_new", {"anything": [1]}, "dora", None, None),
    ],
)
def test_a_metric_has_the_value_of_its_main_key_and_keeps_all_the_rest(
    tmp_path: Path, name: str, raw: dict[str, Any], category: str, value: float | None, unit: str | None
) -> None:
    (metric,) = read_metrics(tmp_path, {"2025-W44": {name: raw}}).below.metrics

    assert (metric.name, metric.category, metric.value, metric.unit) == (name, category, value, unit)
    assert metric.details == raw


@pytest.mark.parametrize("value", ["4", True, float("nan"), float("-inf"), [4], 2**64])
def test_a_metric_whose_value_is_no_number_is_rejected_and_never_no_data(tmp_path: Path, value: Any) -> None:
    everything = read_metrics(tmp_path, {"2025-W44": {"flow_time": {"median_days": value}, "trends": {}}})

    assert [metric.name for metric in everything.below.metrics] == ["trends"]
    assert "unreadable" in [kind for kind, _, _ in reasons(everything)]


def test_an_endless_number_beside_the_value_is_kept_as_text_and_reported(tmp_path: Path) -> None:
    everything = read_metrics(tmp_path, {"2025-W44": {"flow_time": {"median_days": 4, "p85_days": float("inf")}}})

    assert everything.below.metrics[0].details["p85_days"] == "Infinity"
    assert reasons(everything) == [("repaired", "metrics_snapshots.json", "2025-W44.flow_time")]


def test_metrics_of_all_names_survive_one_that_is_not_a_number(tmp_path: Path) -> None:
    everything = read_all(write_tree(tmp_path, "g3-nan-metric"))

    names = [metric.name for metric in everything.contents["p_0a1b2c3d4e5f", "q_112233445566"].metrics]
    assert names == ["flow_load", "dora_mttr", "team_mood", "trends"]
    assert "NaN" in everything.rejects[0].reason
