"""Whatever JIRA sends: every record made passes the contract's check, nothing fails, and nothing of it is lost."""

import copy
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from burndown_fixtures import jira_answer
from burndown_store.contract import Change, History, ValidationError, check, same
from burndown_store.contract.json_values import check_json
from burndown_store.jira import (
    histories_from_jira,
    history_from_jira,
    instant_from_jira,
    issue_from_jira,
    points_from,
)

EXPIRES = datetime(2025, 11, 2, 12, 0, tzinfo=UTC)
REPAIRS = "repaired_by_burndown_store"
POINTS_FIELD = "customfield_10016"
SEEDED = settings(derandomize=True, database=None, deadline=None, max_examples=150)


def changelog_told_by(history: History) -> dict[str, Any]:
    """The raw changelog, told from the history alone."""
    changelog: dict[str, Any] = dict(history.details["changelog"])
    if isinstance(changelog.get("histories"), list):
        changes = iter(history.changes)
        changelog["histories"] = [
            entry_told_by(history, f"changelog.histories[{position}]", entry, changes)
            for position, entry in enumerate(changelog["histories"])
        ]
        assert list(changes) == [], "more changes than the changelog has items"
    return changelog


def entry_told_by(history: History, place: str, entry: Any, changes: Iterator[Change]) -> Any:
    unreadable = history.details.get("unreadable", [])
    if place in unreadable:
        return entry
    told = dict(entry)
    if "author" in told:
        told["author"] = history.details["authors"][told["author"]]
    items = told.get("items")
    if type(items) is int and f"{place}.items" not in unreadable:
        told["items"] = [item_told_by(next(changes)) for _ in range(items)]
    elif isinstance(items, list) and f"{place}.created" not in unreadable:
        for position in range(len(items)):
            if f"{place}.items[{position}]" not in unreadable:
                next(changes)
    return told


def item_told_by(change: Change) -> dict[str, Any]:
    item = {
        "field": change.field,
        "fieldtype": change.field_type,
        "from": change.from_value,
        "fromString": change.from_text,
        "to": change.to_value,
        "toString": change.to_text,
    }
    if change.field_id is not None:
        item["fieldId"] = change.field_id
    return item


def test_every_history_of_the_real_answer_is_sound_and_tells_the_whole_changelog() -> None:
    answer = jira_answer()
    histories = histories_from_jira(answer, expires_at=EXPIRES)

    assert len(histories) == 25
    for history, raw in zip(histories, answer["issues"], strict=True):
        assert same(check(history), history)
        assert same(changelog_told_by(history), raw["changelog"])
        assert set(history.details) == {"changelog", "authors"}


def test_a_changelog_with_every_oddity_is_told_wholly_by_its_history() -> None:
    moved = {"field": "status", "fieldtype": "jira", "from": "1", "fromString": "To Do", "to": "5", "toString": "Done"}
    usual = {"id": "77", "author": {"name": "ada"}, "created": "2025-10-04T09:00:00.000+0200", "items": [moved, moved]}
    changelog = {
        "total": 9,
        "histories": [
            usual,
            {**usual, "created": None},
            None,
            {**usual, "items": [{**moved, "fieldId": "status"}, {}, {"field": "x", "from": 1}]},
            {"items": 2},
            {**usual, "author": 0, "more": None},
            {},
        ],
    }
    history = history_from_jira({"key": "AB-12", "changelog": copy.deepcopy(changelog)}, expires_at=EXPIRES)

    assert history is not None
    assert len(history.changes) == 6
    assert same(changelog_told_by(history), changelog)


# Anything at all that a JSON parser of Python's may hand over, and values that mean something at the places above.
any_text = st.text(st.characters(exclude_categories=()), max_size=6)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**63, -(2**63) - 1, 2**53 + 1])
    | st.floats()
    | any_text
    | st.sampled_from(
        ["5", "nan", "1_000", "2025-10-03T14:22:31.000+0000", "2025-10-03T14:22:31", "9999-12-31T23:59:59-0500"]
    )
)
names = st.sampled_from(["name", "key", "value", "votes", "displayName"]) | any_text
any_json = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=6
)
COLUMNS = ["summary", "status", "assignee", "issuetype", "priority", "project", "created", "updated", POINTS_FIELD]
raw_fields = st.fixed_dictionaries({}, optional=dict.fromkeys(COLUMNS, any_json)) | any_json
ITEM_KEYS = ["field", "fieldtype", "fieldId", "from", "fromString", "to", "toString"]
items = st.fixed_dictionaries({"field": st.just("status")}, optional=dict.fromkeys(ITEM_KEYS[1:], scalars)) | any_json
created = st.just("2025-10-03T14:22:31.000+0000") | scalars
entries = st.fixed_dictionaries(
    {},
    optional={"id": scalars, "author": any_json, "created": created, "items": st.lists(items, max_size=3) | any_json},
)
changelogs = st.fixed_dictionaries({"histories": st.lists(entries | any_json, max_size=3)}) | any_json


@SEEDED
@given(raw_fields, any_json)
def test_any_issue_with_a_key_becomes_a_record_that_the_contract_takes(fields: Any, more: Any) -> None:
    raw = {"key": "AB-12", "fields": fields, "more": more}
    issue = issue_from_jira(raw, points_field=POINTS_FIELD, expires_at=EXPIRES)

    assert same(check(issue), issue)
    if obeys_the_rules(raw):
        assert same(issue.document.value(), raw)
    else:
        assert issue.document.value()[REPAIRS] != []


@SEEDED
@given(changelogs)
def test_any_changelog_becomes_a_history_that_the_contract_takes_and_that_tells_it_wholly(changelog: Any) -> None:
    history = history_from_jira({"key": "AB-12", "changelog": changelog}, expires_at=EXPIRES)

    if not isinstance(changelog, dict):
        assert history is None
        return
    assert history is not None
    assert same(check(history), history)
    if obeys_the_rules(changelog):
        assert same(changelog_told_by(history), changelog)
    else:
        assert history.details["repaired"] != []


@SEEDED
@given(any_json)
def test_any_value_is_points_or_none_and_an_instant_or_none(value: Any) -> None:
    assert type(points_from(value)) in (float, type(None))
    assert type(instant_from_jira(value)) in (datetime, type(None))


def obeys_the_rules(value: dict[str, Any]) -> bool:
    try:
        check_json(value, "value")
    except ValidationError:
        return False
    return True
