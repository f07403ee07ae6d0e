"""What JIRA answers takes the place of the query's issues, and counts for a day; metrics are read week by week."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from burndown_fixtures import jira_answer
from burndown_spec.oracle import open_backend as open_memory
from burndown_store.contract import StorageError, ValidationError, replace, same
from burndown_store.jira import histories_from_jira, issues_from_jira
from burndown_store.sqlite import open_backend_normal
from burndown_store.workspace import LIFETIME, Workspace, week_of
from sqlite_samples import a_cache_info, a_history, a_metric, an_issue
from workspace_samples import POINTS, Clock, everything_below, raw_issue, started, with_jira

JQL = "project = AB"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=[open_backend_normal, open_memory], ids=["sqlite", "memory"])
def workspace(tmp_path: Path, clock: Clock, request: pytest.FixtureRequest) -> Iterator[Workspace]:
    """With the query `open` of the profile `blue`."""
    with started(tmp_path, clock, request.param) as workspace:
        workspace.create_profile("Blue", jira_config={"points_field": POINTS})
        workspace.create_query("blue", "Open", JQL)
        yield workspace


def keys(workspace: Workspace) -> set[str]:
    return {issue.key for issue in workspace.backend.get_issues("blue", "open")}


def test_an_answer_replaces_the_issues_and_counts_for_a_day(workspace: Workspace, clock: Clock) -> None:
    workspace.backend.save_issues("blue", "open", [an_issue("OLD-1")])
    answer = jira_answer()

    info = workspace.refresh_issues("blue", "open", answer, jql=JQL)

    end = clock.now + timedelta(hours=24)
    assert same(info, a_cache_info(fetched_at=clock.now, expires_at=end, jql=JQL))
    found = everything_below(workspace.backend, "blue", "open")
    issues = issues_from_jira(answer, points_field=POINTS, expires_at=end)
    histories = histories_from_jira(answer, fetched_at=clock.now, expires_at=end)
    assert same(sorted(found["issues"], key=lambda issue: issue.key), sorted(issues, key=lambda issue: issue.key))
    assert same(found["histories"], sorted(histories, key=lambda history: history.issue_key))
    assert same(found["cache info"], info)


def test_points_come_from_the_field_that_the_profile_names(workspace: Workspace) -> None:
    workspace.refresh_issues("blue", "open", [raw_issue("AB-1", **{POINTS: 5}), raw_issue("AB-2", other=8)], jql=JQL)

    points = {issue.key: issue.points for issue in workspace.backend.get_issues("blue", "open")}
    assert points == {"AB-1": 5.0, "AB-2": None}


def test_a_field_that_changes_while_the_answer_is_read_counts(workspace: Workspace, monkeypatch: Any) -> None:
    profile = workspace.backend.get_profile("blue")
    transaction = workspace.backend.transaction

    def after_the_change() -> Any:
        monkeypatch.setattr(workspace.backend, "transaction", transaction)
        workspace.save_settings(with_jira(profile, points_field="other"))
        return transaction()

    monkeypatch.setattr(workspace.backend, "transaction", after_the_change)
    workspace.refresh_issues("blue", "open", [raw_issue("AB-1", **{POINTS: 5, "other": 8})], jql=JQL)

    assert [issue.points for issue in workspace.backend.get_issues("blue", "open")] == [8.0]


def test_histories_of_issues_without_a_changelog_stay(workspace: Workspace, clock: Clock) -> None:
    kept = a_history("GONE-1", expires_at=clock.now + timedelta(days=1))
    workspace.backend.save_histories("blue", "open", [kept])
    bare = {name: value for name, value in raw_issue("AB-2").items() if name != "changelog"}

    workspace.refresh_issues("blue", "open", {"issues": [raw_issue("AB-1"), bare]}, jql=JQL)

    assert workspace.backend.list_history_keys("blue", "open") == ["AB-1", "GONE-1"]
    assert same(workspace.backend.get_histories("blue", "open", issue_key="GONE-1"), [kept])


@pytest.mark.parametrize(
    ("answer", "how"),
    [
        ({"errorMessages": ["no"]}, {}),
        ([raw_issue("AB-1"), {"fields": {}}], {}),
        ([], {"lifetime": timedelta(0)}),
        ([], {"lifetime": timedelta.max}),
        ([], {"lifetime": 24}),
        ([], {"jql": "a\x00b"}),
    ],
)
def test_what_cannot_be_taken_is_refused_and_changes_nothing(
    workspace: Workspace, answer: Any, how: dict[str, Any]
) -> None:
    workspace.refresh_issues("blue", "open", [raw_issue("AB-7")], jql=JQL)
    before = everything_below(workspace.backend, "blue", "open")

    with pytest.raises(ValidationError):
        workspace.refresh_issues("blue", "open", answer, **{"jql": JQL, **how})

    assert same(everything_below(workspace.backend, "blue", "open"), before)


def test_a_refresh_that_fails_in_the_middle_changes_nothing(workspace: Workspace, monkeypatch: Any) -> None:
    workspace.refresh_issues("blue", "open", [raw_issue("AB-7")], jql=JQL)
    before = everything_below(workspace.backend, "blue", "open")

    def fail(*_: object) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(workspace.backend, "save_cache_info", fail)
        with pytest.raises(StorageError, match="the disk is full"):
            workspace.refresh_issues("blue", "open", [raw_issue("AB-8")], jql=JQL)

    assert same(everything_below(workspace.backend, "blue", "open"), before)


def test_issues_are_fresh_until_the_end_of_their_life(workspace: Workspace, clock: Clock) -> None:
    assert not workspace.is_fresh("blue", "open")
    workspace.refresh_issues("blue", "open", [], jql=JQL)

    assert workspace.is_fresh("blue", "open")
    clock.now += LIFETIME - timedelta(microseconds=1)
    assert workspace.is_fresh("blue", "open")
    clock.now += timedelta(microseconds=1)
    assert not workspace.is_fresh("blue", "open")


def test_issues_that_came_by_another_jql_are_not_fresh(workspace: Workspace) -> None:
    workspace.refresh_issues("blue", "open", [], jql="project = CD")
    assert not workspace.is_fresh("blue", "open")

    query = workspace.backend.get_query("blue", "open")
    assert query is not None
    workspace.backend.save_query("blue", replace(query, jql="project = CD"))

    assert workspace.is_fresh("blue", "open")


def test_a_query_that_is_not_there_is_not_fresh(workspace: Workspace) -> None:
    assert not workspace.is_fresh("blue", "gone")
    assert not workspace.is_fresh("gone", "open")


def test_another_lifetime_may_be_said(workspace: Workspace, clock: Clock) -> None:
    workspace.refresh_issues("blue", "open", [raw_issue("AB-1")], jql=JQL, lifetime=timedelta(minutes=5))

    clock.pass_by(minutes=5)

    assert not workspace.is_fresh("blue", "open")
    assert workspace.backend.delete_expired(clock.now).issues == 1


def test_metrics_of_a_week_are_saved_as_calculated_now(workspace: Workspace, clock: Clock) -> None:
    week = week_of(clock.now)
    earlier = clock.now - timedelta(days=1)
    workspace.backend.save_metrics("blue", "open", [a_metric(week, "kept")])

    workspace.save_week("blue", "open", week, [a_metric(week, "a"), a_metric(week, "b", calculated_at=earlier)])

    saved = {metric.name: metric.calculated_at for metric in workspace.backend.get_metrics("blue", "open")}
    assert saved == {"a": clock.now, "b": earlier, "kept": None}


def test_metrics_of_another_week_are_refused(workspace: Workspace) -> None:
    with pytest.raises(ValidationError, match=r"metrics\[1\].week"):
        workspace.save_week("blue", "open", "2026-W01", [a_metric("2026-W01"), a_metric("2025-W52")])

    assert workspace.backend.get_metrics("blue", "open") == []


def test_the_history_of_a_metric_covers_the_last_weeks_of_the_calendar(workspace: Workspace) -> None:
    weeks = ["2025-W50", "2025-W51", "2026-W01", "2026-W02", "2026-W03"]
    metrics = [a_metric(week, value=None if week == "2026-W01" else 1.0) for week in weeks]
    workspace.backend.save_metrics("blue", "open", [*metrics, a_metric("2026-W01", "other")])

    def found(count: int, until: str | None = None) -> list[str]:
        history = workspace.metric_history("blue", "open", "lead_time", weeks=count, until=until)
        return [metric.week for metric in history]

    assert found(4) == ["2025-W51", "2026-W01", "2026-W02"]
    assert found(1) == ["2026-W02"]
    assert found(0) == []
    assert found(10**12) == weeks[:4]
    assert found(3, until="2026-W01") == ["2025-W51", "2026-W01"]


@pytest.mark.parametrize("how", [{"weeks": -1}, {"weeks": None}, {"weeks": 1, "until": "2025-W53"}])
def test_weeks_that_make_no_sense_are_refused(workspace: Workspace, how: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        workspace.metric_history("blue", "open", "lead_time", **how)
