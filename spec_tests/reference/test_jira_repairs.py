"""No value that JIRA may send, however broken, costs an issue: it is repaired, and the repair is noted."""

import json
from collections import OrderedDict
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

import pytest

from burndown_store.contract import Issue, check, same
from burndown_store.jira import history_from_jira, issue_from_jira

EXPIRES = datetime(2025, 11, 2, 12, 0, tzinfo=UTC)
REPAIRS = "repaired_by_burndown_store"
POINTS_FIELD = "customfield_10016"


class Shouted(str):
    def __str__(self) -> str:
        return self.upper()


class Size(IntEnum):
    SMALL = 1


def issue_with(value: Any) -> Issue:
    return check(issue_from_jira(raw_with(value), points_field=None, expires_at=EXPIRES))


def raw_with(value: Any) -> dict[str, Any]:
    return {"key": "AB-12", "fields": {"summary": "Paint the shed", "odd": value}}


def nested(levels: int) -> Any:
    value: Any = "deep"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("sent", "kept", "reason"),
    [
        ("a\x00b", "a\ufffdb", "a NUL or lone surrogate was replaced by U+FFFD"),
        ("a\ud800", "a\ufffd", "a NUL or lone surrogate was replaced by U+FFFD"),
        ("\udfffa", "\ufffda", "a NUL or lone surrogate was replaced by U+FFFD"),
        (2**63, "9223372036854775808", "an integer beyond 64 bits; it became its JSON text"),
        (-(2**63) - 1, "-9223372036854775809", "an integer beyond 64 bits; it became its JSON text"),
        (10**5000, None, "an integer beyond 64 bits; it became null"),
        (float("nan"), "NaN", "a number that is not finite; it became its JSON text"),
        (float("-inf"), "-Infinity", "a number that is not finite; it became its JSON text"),
        (b"bytes", None, "a bytes is no JSON value; it became null"),
    ],
    ids=["NUL", "high surrogate", "low surrogate", "2**63", "-2**63-1", "10**5000", "NaN", "-Infinity", "bytes"],
)
def test_a_value_that_cannot_be_stored_is_repaired_and_noted(sent: Any, kept: Any, reason: str) -> None:
    issue = issue_with(sent)

    assert issue.summary == "Paint the shed"
    assert same(issue.document.value(), {**raw_with(kept), REPAIRS: [f"fields.odd: {reason}"]})


@pytest.mark.parametrize(
    "value", [2**63 - 1, -(2**63), 1e308, -0.0, True, "\ufffd", "\U0010ffff", nested(98)], ids=lambda v: ascii(v)[:20]
)
def test_a_value_at_the_edge_of_the_rules_is_not_touched(value: Any) -> None:
    assert same(issue_with(value).document.value(), raw_with(value))


def test_what_lies_deeper_than_100_levels_is_kept_as_its_json_text() -> None:
    issue = issue_with([nested(97), nested(98)])

    [untouched, cut] = issue.document.value()["fields"]["odd"]
    assert untouched == nested(97)
    for _ in range(97):
        [cut] = cut
    assert cut == '["deep"]'
    [note] = issue.document.value()[REPAIRS]
    assert note.startswith("fields.odd[1][0][0]")
    assert note.endswith(": nested deeper than 100 levels; it became its JSON text")


def test_what_is_nested_beyond_all_measure_is_cut_off() -> None:
    assert issue_with(nested(100_000)).document.value()[REPAIRS][0].endswith("levels; it became null")


def test_a_value_that_holds_itself_is_cut_off_where_it_does() -> None:
    circle: list[Any] = ["kept"]
    circle += [circle, circle]

    assert same(
        issue_with(circle).document.value(),
        {
            **raw_with(["kept", None, None]),
            REPAIRS: [
                "fields.odd[1]: holds itself; it became null",
                "fields.odd[2]: holds itself; it became null",
            ],
        },
    )


def test_two_values_that_hold_each_other_are_cut_off_where_the_first_comes_again() -> None:
    outer: dict[str, Any] = {}
    outer["inner"] = [outer]

    assert issue_with(outer).document.value()["fields"]["odd"] == {"inner": [None]}


def test_what_obeys_the_rules_is_not_touched_beside_what_does_not() -> None:
    sound = [None, True, False, -(2**63), 2**63 - 1, 1.5, ""]
    document = issue_with(["\x00", *sound]).document.value()

    assert same(document["fields"]["odd"], ["\ufffd", *sound])
    assert len(document[REPAIRS]) == 1


def test_one_value_at_two_places_does_not_hold_itself() -> None:
    shared = {"shared": float("inf")}
    assert issue_with([shared, shared]).document.value()["fields"]["odd"] == [{"shared": "Infinity"}] * 2


def test_keys_are_repaired_without_taking_the_place_of_a_sound_key() -> None:
    keys: list[Any] = ["a\x00", "a\ud800", "a\ufffd", 7, "7", None, ("x",), object]
    issue = issue_with({key: position for position, key in enumerate(keys, start=1)})

    assert same(
        issue.document.value()["fields"]["odd"],
        {
            "a\ufffd": 3,
            "7": 5,
            "a\ufffd\ufffd": 1,
            "a\ufffd\ufffd\ufffd": 2,
            "7\ufffd": 4,
            "null": 6,
            '["x"]': 7,
            "type": 8,
        },
    )
    notes = issue.document.value()[REPAIRS]
    assert len(notes) == 6
    assert notes[0] == "fields.odd.a\ufffd\ufffd: the key was not plain text and was respelled"


def test_what_python_counts_as_json_is_taken_as_such() -> None:
    sent = [OrderedDict(a=1), (1, 2), Shouted("red"), Size.SMALL]
    assert same(issue_with(sent).document.value()["fields"]["odd"], [{"a": 1}, [1, 2], "red", 1])


def test_a_column_says_what_the_repaired_document_says() -> None:
    raw = {
        "key": "AB-12",
        "fields": {"summary": "a\x00b", "status": {"name": "Done\udc00"}, "priority": {"name": 2**64}},
    }
    issue = check(issue_from_jira(raw, points_field=None, expires_at=EXPIRES))

    assert (issue.summary, issue.status, issue.priority) == ("a\ufffdb", "Done\ufffd", str(2**64))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**63, -(2**64), 10**400, {"value": float("nan")}])
def test_a_repaired_number_is_no_points(value: Any) -> None:
    raw = {"key": "AB-12", "fields": {POINTS_FIELD: value}}
    assert check(issue_from_jira(raw, points_field=POINTS_FIELD, expires_at=EXPIRES)).points is None


def test_earlier_notes_stay_where_a_repaired_document_is_repaired_again() -> None:
    first = issue_with(float("nan")).document.value()
    first["fields"]["more"] = float("inf")
    second = check(issue_from_jira(first, points_field=None, expires_at=EXPIRES)).document.value()

    assert second[REPAIRS] == first[REPAIRS]
    assert second[f"{REPAIRS}_again"] == ["fields.more: a number that is not finite; it became its JSON text"]


def test_a_note_never_quotes_the_value() -> None:
    notes = json.dumps(issue_with(["SENTINEL\x00", {"a": "SENTINEL\ud800"}]).document.value()[REPAIRS])
    assert "SENTINEL" not in notes


def test_a_changelog_is_repaired_and_noted_in_the_details() -> None:
    item = {
        "field": "sta\x00tus",
        "fieldtype": "jira",
        "from": 2**70,
        "fromString": "a\ud800",
        "to": "5",
        "toString": "b",
    }
    raw = {
        "key": "AB-12",
        "changelog": {"histories": [{"id": "7", "created": "2025-10-04T09:00:00Z", "items": [item]}]},
    }
    history = history_from_jira(raw, expires_at=EXPIRES)

    assert history is not None
    [change] = check(history).changes
    assert (change.field, change.from_value, change.from_text) == ("sta\ufffdtus", str(2**70), "a\ufffd")
    assert history.details["repaired"] == [
        "changelog.histories[0].items[0].field: a NUL or lone surrogate was replaced by U+FFFD",
        "changelog.histories[0].items[0].from: an integer beyond 64 bits; it became its JSON text",
        "changelog.histories[0].items[0].fromString: a NUL or lone surrogate was replaced by U+FFFD",
    ]
