"""One raw issue as an `Issue`: its columns, its document, and what is refused."""

import copy
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest

from burndown_store.contract import Issue, ValidationError, check, fields, same
from burndown_store.jira import issue_from_jira

EXPIRES = datetime(2025, 11, 2, 12, 0, tzinfo=UTC)

# What an issue's fields are where JIRA says nothing at all of them.
NOTHING_KNOWN: dict[str, Any] = {
    "summary": None,
    "status": None,
    "assignee": None,
    "issue_type": None,
    "priority": None,
    "resolution": None,
    "project_key": None,
    "project_name": None,
    "created": None,
    "updated": None,
    "resolved": None,
    "points": None,
}

# The place in the raw fields that each column is read from.
SOURCES = {
    "summary": "summary",
    "status": "status",
    "assignee": "assignee",
    "issue_type": "issuetype",
    "priority": "priority",
    "resolution": "resolution",
    "project_key": "project",
    "project_name": "project",
    "created": "created",
    "updated": "updated",
    "resolved": "resolutiondate",
    "points": "customfield_10016",
}


def raw_issue(**changed_fields: Any) -> dict[str, Any]:
    return {
        "id": "10001",
        "key": "AB-12",
        "fields": {
            "summary": "Paint the shed",
            "status": {"name": "In Review", "statusCategory": {"name": "In Progress"}},
            "assignee": {"displayName": "Ada Example", "name": "ada", "accountId": "a-1"},
            "issuetype": {"name": "Story"},
            "priority": {"name": "High"},
            "resolution": {"name": "Done"},
            "project": {"key": "AB", "name": "Team Blue"},
            "created": "2025-10-01T08:00:00.000+0200",
            "updated": "2025-10-02T08:00:00.000+0200",
            "resolutiondate": "2025-10-03T08:00:00.000+0200",
            "customfield_10016": 5,
            "customfield_10100": {"nobody": ["knows", 1, 1.0, True, None]},
            **changed_fields,
        },
    }


def issue_of(raw: Any, points_field: str | None = "customfield_10016") -> Issue:
    return issue_from_jira(raw, points_field=points_field, expires_at=EXPIRES)


def columns(issue: Issue) -> dict[str, Any]:
    return {name: value for name, value in fields(issue).items() if name in NOTHING_KNOWN}


def test_every_column_is_read_from_its_field() -> None:
    issue = issue_of(raw_issue())

    assert issue.key == "AB-12"
    assert same(issue.expires_at, EXPIRES)
    assert same(
        columns(issue),
        {
            "summary": "Paint the shed",
            "status": "In Review",
            "assignee": "Ada Example",
            "issue_type": "Story",
            "priority": "High",
            "resolution": "Done",
            "project_key": "AB",
            "project_name": "Team Blue",
            "created": datetime(2025, 10, 1, 6, tzinfo=UTC),
            "updated": datetime(2025, 10, 2, 6, tzinfo=UTC),
            "resolved": datetime(2025, 10, 3, 6, tzinfo=UTC),
            "points": 5.0,
        },
    )


@pytest.mark.parametrize(
    "raw",
    [
        {"key": "AB-12"},
        {"key": "AB-12", "fields": None},
        {"key": "AB-12", "fields": {}},
        {"key": "AB-12", "fields": []},
        {"key": "AB-12", "fields": "text"},
        {"key": "AB-12", "fields": dict.fromkeys(SOURCES.values())},
        {"key": "AB-12", "fields": {name: {} for name in SOURCES.values()}},
        {"key": "AB-12", "fields": {name: [] for name in SOURCES.values()}},
    ],
    ids=["absent", "null", "empty", "a list", "text", "all null", "all empty objects", "all empty lists"],
)
def test_an_issue_of_which_jira_says_nothing_has_only_its_key_and_document(raw: dict[str, Any]) -> None:
    issue = check(issue_of(raw))

    assert columns(issue) == NOTHING_KNOWN
    assert same(issue.document.value(), raw)


@pytest.mark.parametrize(("column", "source"), SOURCES.items())
@pytest.mark.parametrize("unexpected", [None, True, [{"name": "x"}], {"name": 7, "key": 7, "displayName": 7}])
def test_a_field_of_another_shape_costs_its_own_column_and_nothing_else(
    column: str, source: str, unexpected: Any
) -> None:
    usual, odd = columns(issue_of(raw_issue())), columns(issue_of(raw_issue(**{source: unexpected})))

    lost = {name for name in usual if not same(usual[name], odd[name])}
    assert lost == {name for name, place in SOURCES.items() if place == source}
    assert odd[column] is None


def test_no_document_of_a_field_of_another_shape_is_lost() -> None:
    raw = raw_issue(status="Done", summary={"type": "doc", "content": []}, created=1759501351000)
    assert same(issue_of(raw).document.value(), raw)


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ({"displayName": "Ada Example", "name": "ada", "accountId": "a-1"}, "Ada Example"),
        ({"name": "ada", "accountId": "a-1"}, "ada"),
        ({"displayName": None, "name": "", "accountId": "a-1"}, "a-1"),
        ({"displayName": "", "name": "", "accountId": ""}, None),
        ({"emailAddress": "ada@example.com", "key": "ada"}, None),
        ("ada", None),
    ],
)
def test_an_assignee_is_called_by_the_first_name_that_there_is(user: Any, name: str | None) -> None:
    assert issue_of(raw_issue(assignee=user)).assignee == name


@pytest.mark.parametrize(
    ("points_field", "points"),
    [
        ("customfield_10016", 5.0),
        ("votes", 3.0),
        ("timeoriginalestimate", 7200.0),
        ("customfield_99999", None),
        ("status", None),
        ("", None),
        (None, None),
    ],
)
def test_points_come_from_the_field_that_the_profile_names(points_field: str | None, points: float | None) -> None:
    raw = raw_issue(votes={"votes": 3, "hasVoted": False}, timeoriginalestimate=7200)
    assert same(issue_of(raw, points_field).points, points)


def test_the_document_is_the_whole_issue_but_its_changelog() -> None:
    raw = raw_issue()
    document = issue_of({**raw, "changelog": {"histories": []}, "unheard_of": [1, 1.0, True]}).document

    assert same(document.value(), {**raw, "unheard_of": [1, 1.0, True]})


@pytest.mark.parametrize("changelog", [None, [], "text", 0])
def test_a_changelog_that_makes_no_history_stays_in_the_document(changelog: Any) -> None:
    raw = {**raw_issue(), "changelog": changelog}
    assert same(issue_of(raw).document.value(), raw)


def test_what_was_passed_in_is_neither_changed_nor_shared() -> None:
    raw = {**raw_issue(summary="a\x00b"), "changelog": {"histories": []}}
    before = copy.deepcopy(raw)
    issue = issue_of(raw)
    assert same(raw, before)

    raw["fields"]["summary"] = "Altered"
    assert issue.document.value()["fields"]["summary"] == "a\N{REPLACEMENT CHARACTER}b"


def test_any_mapping_is_an_issue() -> None:
    assert same(issue_of(MappingProxyType(raw_issue())), issue_of(raw_issue()))


def test_expiry_is_taken_as_its_instant_in_utc() -> None:
    moved = EXPIRES.astimezone(timezone(timedelta(hours=5)))
    assert same(issue_from_jira(raw_issue(), points_field=None, expires_at=moved).expires_at, EXPIRES)


@pytest.mark.parametrize(
    "key", [None, "", 12, True, ["AB-12"], "SENTINEL\x00", "SENTINEL\ud800", "SENTINEL" + "x" * 200], ids=ascii
)
def test_an_issue_without_a_usable_key_is_refused_by_its_place(key: Any) -> None:
    with pytest.raises(ValidationError, match=r"^issue\.key: ") as refusal:
        issue_of({**raw_issue(), "key": key})
    assert "SENTINEL" not in str(refusal.value)


def test_an_issue_without_a_key_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"^issue\.key: "):
        issue_of({"fields": {}})


@pytest.mark.parametrize("raw", [None, [], "AB-12", 5])
def test_what_is_no_object_is_no_issue(raw: Any) -> None:
    with pytest.raises(ValidationError, match=r"^issue: expected a JIRA issue"):
        issue_of(raw)


@pytest.mark.parametrize("expires_at", [None, datetime(2025, 11, 2), "2025-11-02T12:00:00Z"])  # noqa: DTZ001
def test_an_expiry_that_is_no_instant_is_refused(expires_at: Any) -> None:
    with pytest.raises(ValidationError, match=r"^expires_at: "):
        issue_from_jira(raw_issue(), points_field=None, expires_at=expires_at)
