"""A whole answer, above all the real one of 25 issues: each is a record, and nothing of it is lost."""

from datetime import UTC, datetime
from typing import Any

import pytest

from burndown_fixtures import jira_answer, path_of
from burndown_store.contract import ValidationError, check, same
from burndown_store.jira import histories_from_jira, history_from_jira, issue_from_jira, issues_from_jira

FETCHED = datetime(2025, 11, 1, 12, 0, tzinfo=UTC)
EXPIRES = datetime(2025, 11, 2, 12, 0, tzinfo=UTC)
KEYS = [f"UT-{number}" for number in range(26, 51)]


def utc(year: int, month: int, day: int, hour: int, minute: int, second: int, microsecond: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, microsecond, UTC)


def test_every_issue_of_the_real_answer_becomes_a_sound_record_in_its_order() -> None:
    issues = issues_from_jira(jira_answer(), points_field="votes", expires_at=EXPIRES)

    assert [issue.key for issue in issues] == KEYS
    assert same([check(issue) for issue in issues], issues)


def test_every_document_of_the_real_answer_is_the_whole_issue_but_its_changelog() -> None:
    answer = jira_answer()
    issues = issues_from_jira(answer, points_field=None, expires_at=EXPIRES)

    for issue, raw in zip(issues, answer["issues"], strict=True):
        del raw["changelog"]
        assert same(issue.document.value(), raw)


# Read from the file by eye.
@pytest.mark.parametrize(
    ("key", "columns"),
    [
        (
            "UT-26",
            {
                "summary": "Sample Item 26",
                "status": "Test",
                "issue_type": "Bug",
                "resolution": None,
                "created": utc(2015, 11, 21, 12, 3, 2),
                "updated": utc(2016, 3, 29, 11, 19, 29),
                "resolved": None,
            },
        ),
        (
            "UT-33",
            {
                "summary": "Sample Item 33",
                "status": "Done",
                "issue_type": "Story",
                "resolution": "Done",
                "created": utc(2015, 11, 21, 12, 3, 2),
                "updated": utc(2015, 11, 21, 12, 14, 39),
                "resolved": utc(2015, 11, 21, 12, 14, 39),
            },
        ),
        (
            "UT-50",
            {
                "summary": "Sample Item 50",
                "status": "Dev Active",
                "issue_type": "Story",
                "resolution": None,
                "created": utc(2015, 11, 21, 12, 3, 3),
                "updated": utc(2016, 3, 29, 11, 20, 13),
                "resolved": None,
            },
        ),
    ],
)
def test_the_columns_of_real_issues_are_what_the_file_says(key: str, columns: dict[str, Any]) -> None:
    issues = issues_from_jira(jira_answer(), points_field="customfield_10020", expires_at=EXPIRES)
    issue = issues[KEYS.index(key)]

    assert same({name: getattr(issue, name) for name in columns}, columns)
    assert (issue.project_key, issue.project_name) == ("UT", "Upload Test")
    assert (issue.assignee, issue.priority, issue.points) == (None, None, None)


@pytest.mark.parametrize(
    ("points_field", "points"),
    [
        ("votes", 0.0),
        ("workratio", -1.0),
        ("customfield_10020", None),
        ("customfield_10023", None),
        ("watches", None),
        ("components", None),
    ],
)
def test_points_of_the_real_answer_come_from_the_field_named(points_field: str, points: float | None) -> None:
    issues = issues_from_jira(jira_answer(), points_field=points_field, expires_at=EXPIRES)
    assert same([issue.points for issue in issues], [points] * 25)


def test_every_changelog_item_of_the_real_answer_is_a_change_at_its_place() -> None:
    answer = jira_answer()
    histories = histories_from_jira(answer, expires_at=EXPIRES)

    sent = [
        (raw["key"], entry["id"], entry["author"]["displayName"], item["field"], item["from"], item["to"])
        for raw in answer["issues"]
        for entry in raw["changelog"]["histories"]
        for item in entry["items"]
    ]
    kept = [
        (history.issue_key, change.history_id, change.author, change.field, change.from_value, change.to_value)
        for history in histories
        for change in history.changes
    ]
    assert len(sent) == 93
    assert kept == sent


# Read from the file by eye: UT-33 was resolved and moved in one step, then given another workflow.
def test_the_changes_of_a_real_issue_are_what_the_file_says() -> None:
    [history] = [h for h in histories_from_jira(jira_answer(), expires_at=EXPIRES) if h.issue_key == "UT-33"]

    done, moved = utc(2015, 11, 21, 12, 14, 39, 68_000), utc(2015, 11, 22, 11, 34, 5, 19_000)
    assert same([change.changed_at for change in history.changes], [done, done, moved])
    assert [(change.field, change.from_text, change.to_text) for change in history.changes] == [
        ("resolution", None, "Done"),
        ("status", "Backlog", "Done"),
        (
            "Workflow",
            "Copy of Software Simplified Workflow for Project UT",
            "Software Simplified Workflow for Project UT",
        ),
    ]


def test_a_whole_answer_gives_what_its_issues_give_one_by_one() -> None:
    raws = jira_answer()["issues"]
    expected_issues = [issue_from_jira(raw, points_field="votes", expires_at=EXPIRES) for raw in raws]
    expected_histories = [history_from_jira(raw, fetched_at=FETCHED, expires_at=EXPIRES) for raw in raws]

    for answer in (raws, {"issues": raws}):
        assert same(issues_from_jira(answer, points_field="votes", expires_at=EXPIRES), expected_issues)
        assert same(histories_from_jira(answer, fetched_at=FETCHED, expires_at=EXPIRES), expected_histories)


def test_an_issue_that_is_there_twice_is_given_twice() -> None:
    answer = [{"key": "AB-1", "fields": {"summary": text}} for text in ("first", "last")]
    issues = issues_from_jira(answer, points_field=None, expires_at=EXPIRES)
    assert [issue.summary for issue in issues] == ["first", "last"]


def test_only_issues_that_carry_a_changelog_have_a_history() -> None:
    answer: list[Any] = [{"key": "AB-1"}, {"key": "AB-2", "changelog": {}}, {"key": "AB-3", "changelog": None}]
    assert [history.issue_key for history in histories_from_jira(answer, expires_at=EXPIRES)] == ["AB-2"]


def test_an_answer_without_hits_gives_no_records() -> None:
    answers: list[Any] = [[], {"issues": [], "total": 0}]
    for answer in answers:
        assert issues_from_jira(answer, points_field=None, expires_at=EXPIRES) == []
        assert histories_from_jira(answer, expires_at=EXPIRES) == []


@pytest.mark.parametrize(
    "answer", [None, {}, {"issues": None}, {"errorMessages": ["SENTINEL"]}, "[]", {"issues": {"AB-1": {}}}]
)
def test_what_holds_no_list_of_issues_is_refused_and_never_taken_for_none(answer: Any) -> None:
    for made in (
        lambda: issues_from_jira(answer, points_field=None, expires_at=EXPIRES),
        lambda: histories_from_jira(answer, expires_at=EXPIRES),
    ):
        with pytest.raises(ValidationError, match=r"^answer: expected a list of issues") as refusal:
            made()
        assert "SENTINEL" not in str(refusal.value)


@pytest.mark.parametrize(("bad", "place"), [({"key": ""}, r"issues\[1\]\.key"), (None, r"issues\[1\]")])
def test_an_issue_without_a_key_is_refused_by_its_position(bad: Any, place: str) -> None:
    answer: list[Any] = [{"key": "AB-1"}, bad]
    with pytest.raises(ValidationError, match=f"^{place}: "):
        issues_from_jira(answer, points_field=None, expires_at=EXPIRES)
    with pytest.raises(ValidationError, match=f"^{place}: "):
        histories_from_jira(answer, expires_at=EXPIRES)


def test_the_fixture_is_fresh_at_each_call_and_names_what_it_has_not() -> None:
    altered = jira_answer()
    altered["issues"].clear()
    assert len(jira_answer()["issues"]) == 25
    with pytest.raises(FileNotFoundError, match="no-such-file"):
        path_of("jira/no-such-file.json")
