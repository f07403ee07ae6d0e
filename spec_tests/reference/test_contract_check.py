"""`check` and its rules: every field of every record against every kind of wrong value, by tables written by hand."""

import copy
from collections import OrderedDict
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from burndown_store.contract import (
    CacheInfo,
    Change,
    ChangeEntry,
    Expired,
    History,
    Issue,
    JsonText,
    Metric,
    Profile,
    Query,
    Record,
    Scope,
    Statistic,
    Task,
    ValidationError,
    check,
    fields,
    replace,
    same,
)

NOON = datetime(2025, 11, 2, 12, 0, tzinfo=UTC)
DAY = date(2025, 11, 2)
NAN, INFINITY = float("nan"), float("inf")


class Text(str):
    pass


class Whole(int):
    pass


class Fraction(float):
    pass


class Moment(datetime):
    pass


class Day(date):
    pass


SOUND: dict[type[Record], Record] = {
    Profile: Profile(id="p", name="Team Blue", created_at=NOON, last_used_at=NOON, jira_config={"token": "x"}),
    Query: Query(id="q", name="Open", jql="project = AB", created_at=NOON, last_used_at=NOON),
    Issue: Issue(key="AB-12", document=JsonText("{}"), summary="a", created=NOON, points=5.0, expires_at=NOON),
    CacheInfo: CacheInfo(fetched_at=NOON, expires_at=NOON, jql="project = AB"),
    Change: Change(changed_at=NOON, field="status", author="Ada"),
    History: History(issue_key="AB-12", changes=[Change(changed_at=NOON, field="status")], expires_at=NOON),
    ChangeEntry: ChangeEntry(issue_key="AB-12", change=Change(changed_at=NOON, field="status")),
    Statistic: Statistic(date=DAY, completed_items=3, velocity_points=1.5),
    Scope: Scope(values={"total_items": 3}, updated_at=NOON),
    Metric: Metric(week="2025-W44", name="flow_time", category="flow", value=1.5),
    Task: Task(name="fetch", status="running", percent=50.0, updated_at=NOON),
    Expired: Expired(issues=1, histories=2),
}

# What each field is, in words; "?" stands for "or None".
KINDS: dict[type[Record], dict[str, str]] = {
    Profile: {
        "id": "identifier",
        "name": "text",
        "description": "text",
        "created_at": "instant",
        "last_used_at": "instant",
        "jira_config": "json",
        "field_mappings": "json",
        "forecast_settings": "json",
        "project_classification": "json",
        "flow_type_mappings": "json",
        "show_milestone": "flag",
        "show_points": "flag",
        "extra": "json",
    },
    Query: {
        "id": "identifier",
        "name": "text",
        "jql": "text",
        "description": "text",
        "created_at": "instant",
        "last_used_at": "instant",
        "extra": "json",
    },
    Issue: {
        "key": "identifier",
        "document": "document",
        "summary": "text?",
        "status": "text?",
        "assignee": "text?",
        "issue_type": "text?",
        "priority": "text?",
        "resolution": "text?",
        "project_key": "text?",
        "project_name": "text?",
        "created": "instant?",
        "updated": "instant?",
        "resolved": "instant?",
        "points": "number?",
        "expires_at": "instant",
    },
    CacheInfo: {"fetched_at": "instant", "expires_at": "instant", "jql": "text?", "details": "json"},
    Change: {
        "changed_at": "instant",
        "field": "text",
        "field_id": "text?",
        "field_type": "text?",
        "author": "text?",
        "history_id": "text?",
        "from_value": "text?",
        "from_text": "text?",
        "to_value": "text?",
        "to_text": "text?",
    },
    History: {
        "issue_key": "identifier",
        "changes": "changes",
        "fetched_at": "instant?",
        "expires_at": "instant",
        "details": "json",
    },
    ChangeEntry: {"issue_key": "identifier", "change": "change"},
    Statistic: {
        "date": "date",
        "completed_items": "integer",
        "created_items": "integer",
        "completed_points": "number",
        "created_points": "number",
        "velocity_items": "number?",
        "velocity_points": "number?",
        "remaining_items": "integer?",
        "remaining_points": "number?",
        "extra": "json",
    },
    Scope: {"values": "json", "updated_at": "instant?", "extra": "json"},
    Metric: {
        "week": "week",
        "name": "identifier",
        "category": "text",
        "value": "number?",
        "unit": "text?",
        "calculated_at": "instant?",
        "details": "json",
    },
    Task: {
        "name": "identifier",
        "status": "text",
        "percent": "percentage?",
        "message": "text",
        "updated_at": "instant",
        "state": "json",
    },
    Expired: {"issues": "integer", "histories": "integer"},
}

CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)
NO_TEXT: list[Any] = [
    1,
    1.0,
    True,
    b"SENTINEL",
    ["SENTINEL"],
    {"SENTINEL": "SENTINEL"},
    NOON,
    JsonText('"SENTINEL"'),
    Text("SENTINEL"),
    "SENTINEL\x00",
    "\ud800SENTINEL",
    "SENTINEL\udfff",
]
NO_NUMBER: list[Any] = [
    True,
    False,
    "1SENTINEL",
    "1.0",
    b"1",
    [1],
    Decimal(1),
    1j,
    Whole(1),
    2**63,
    -(2**63) - 1,
    10**400,
    JsonText("1"),
]
WRONG: dict[str, list[Any]] = {
    "text": NO_TEXT,
    "identifier": [*NO_TEXT, "", "SENTINEL" + "x" * 193, "é" * 201],
    "instant": [
        "2025-11-02T12:00:00+00:00 SENTINEL",
        1762084800,
        1762084800.0,
        True,
        DAY,
        time(12, tzinfo=UTC),
        timedelta(0),
        datetime(2025, 11, 2, 12, 0),  # noqa: DTZ001
        Moment(2025, 11, 2, 12, 0),
        datetime.min.replace(tzinfo=timezone(timedelta(minutes=1))),
        datetime.max.replace(tzinfo=timezone(timedelta(minutes=-1))),
    ],
    "json": [
        [],
        "{}",
        1,
        True,
        JsonText("{}"),
        OrderedDict(a=1),
        MappingProxyType({"a": 1}),
        {1: "SENTINEL"},
        {Text("SENTINEL"): 1},
        {"SENTINEL\x00": 1},
        {"a": "SENTINEL\ud800"},
        {"a": [NAN]},
        {"a": [INFINITY]},
        {"a": 2**63},
        {"a": b"SENTINEL"},
        {"a": ("SENTINEL",)},
        {"a": {"SENTINEL"}},
        {"a": NOON},
        {"a": Whole(1)},
        {"a": CIRCLE},
    ],
    "document": [
        "{}",
        {},
        b"{}",
        1,
        JsonText("[]"),
        JsonText("SENTINEL"),
        JsonText('{"a":2e999}'),
        JsonText('{"a":"SENTINEL\ud800"}'),
    ],
    "flag": [0, 1, 1.0, "true", "", [], "SENTINEL"],
    "integer": [*NO_NUMBER, 1.0, -0.0, NAN],
    "number": [*NO_NUMBER, NAN, INFINITY, -INFINITY, Fraction(1.0), 2**53 + 1, 2**63 - 1, -(2**53) - 1],
    "percentage": [*NO_NUMBER, NAN, INFINITY, -1, 101, -5e-324, 100.00000000000001, -50.0],
    "week": [
        *NO_TEXT,
        "",
        "SENTINEL",
        "2025-44",
        "2025-W4",
        "2025-W044",
        "2025-w44",
        "2025W44",
        " 2025-W44",
        "2025-W44 ",
        "2025-W44\n",
        "2025-W44-1",
        "25-W44",
        "02025-W44",
        "2025-W00",
        "2025-W53",
        "2021-W53",
        "2026-W54",
        "2025-W99",
        "0000-W01",
        "-001-W01",
        "2025-W٤٤",
        "２０２５-W44",
        "2025–W44",
    ],
    "date": ["2025-11-02", 20251102, True, NOON, Moment(2025, 11, 2, tzinfo=UTC), Day(2025, 11, 2), time(12)],
    "changes": [
        (),
        {},
        "SENTINEL",
        iter(()),
        [None],
        [{"changed_at": NOON, "field": "SENTINEL"}],
        [SOUND[History]],
        [SOUND[Change], Change(changed_at=NOON, field="SENTINEL\x00")],
    ],
    "change": [{}, [], "SENTINEL", SOUND[History], Change(changed_at=NOON, field="status", author="SENTINEL\ud800")],
}

RIGHT: dict[str, list[Any]] = {
    "text": ["", " ", "\n", "a\u0301", "ﷺ" * 1000, "\x01\x7f\ufffe\uffff\U0010ffff", "'; DROP TABLE issue; --", "%_"],
    "identifier": [" ", "a" * 200, "💥" * 200, "../../x", "CON", "a/b", "a\\b", "%", "\n", "'; DROP", "Kafka"],
    "instant": [
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        NOON.replace(microsecond=1),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
    "json": [{}, {"": None}, {"a": [1, 1.0, True, "", [], {}, -0.0, 2**63 - 1, -(2**63)]}],
    "document": [JsonText("{}"), JsonText(' {"a": [1, 1.0, true, "", -0.0]} ')],
    "flag": [True, False],
    "integer": [0, -1, 2**63 - 1, -(2**63)],
    "number": [0.0, -0.0, -1.5, 5e-324, 1.7976931348623157e308],
    "percentage": [0.0, -0.0, 100.0, 33.3, 5e-324],
    "week": ["2025-W01", "2025-W52", "2026-W53", "2020-W53", "0001-W01", "9999-W52"],
    "date": [date.min, date.max, date(2024, 2, 29)],
    "changes": [[], [SOUND[Change]], [SOUND[Change]] * 3],
    "change": [SOUND[Change]],
}

EVERY_FIELD = [(record, name, kind) for record, kinds in KINDS.items() for name, kind in kinds.items()]
NAMES_OF_FIELDS = [f"{record.__name__}.{name}" for record, name, _ in EVERY_FIELD]


def with_field(record: type[Record], name: str, value: Any) -> Record:
    return replace(SOUND[record], **{name: value})


def said_by(error: BaseException) -> str:
    """All that an error says, with its cause and context, in every spelling that a log may choose."""
    texts: list[str] = []
    said: BaseException | None = error
    while said is not None:
        texts += [str(said), repr(said), repr(vars(said))]
        said = said.__cause__ or said.__context__
    return "\n".join(texts)


def test_the_tables_name_every_field_of_every_record() -> None:
    assert {record: list(kinds) for record, kinds in KINDS.items()} == {
        record: list(fields(sound)) for record, sound in SOUND.items()
    }


@pytest.mark.parametrize("record", SOUND, ids=lambda record: record.__name__)
def test_a_sound_record_comes_back_the_same(record: type[Record]) -> None:
    assert same(check(SOUND[record]), SOUND[record])


@pytest.mark.parametrize(("record", "name", "kind"), EVERY_FIELD, ids=NAMES_OF_FIELDS)
def test_a_field_takes_every_right_value_as_it_is(record: type[Record], name: str, kind: str) -> None:
    for value in [*RIGHT[kind.rstrip("?")], *([None] if kind.endswith("?") else [])]:
        checked = check(with_field(record, name, value))
        assert same(getattr(checked, name), value)
        assert same(replace(checked, **{name: getattr(SOUND[record], name)}), SOUND[record])


@pytest.mark.parametrize(("record", "name", "kind"), EVERY_FIELD, ids=NAMES_OF_FIELDS)
def test_a_field_refuses_every_wrong_value_by_its_place_and_quotes_none(
    record: type[Record], name: str, kind: str
) -> None:
    for value in [*WRONG[kind.rstrip("?")], object(), *([] if kind.endswith("?") else [None])]:
        with pytest.raises(ValidationError, match=rf"^{record.__name__}\.{name}\b") as refusal:
            check(with_field(record, name, value))
        assert "SENTINEL" not in str(refusal.value)
        place, _, said = str(refusal.value).partition(": ")
        if ", got " in said and place == f"{record.__name__}.{name}" and (kind, type(value)) != ("document", JsonText):
            assert said.endswith(f", got {type(value).__name__}")


@pytest.mark.parametrize(("record", "name", "kind"), EVERY_FIELD, ids=NAMES_OF_FIELDS)
def test_no_wrong_value_is_kept_in_the_cause_of_its_refusal(record: type[Record], name: str, kind: str) -> None:
    for value in WRONG[kind.rstrip("?")]:
        with pytest.raises(ValidationError) as refusal:
            check(with_field(record, name, value))
        assert "SENTINEL" not in said_by(refusal.value)


@pytest.mark.parametrize(("record", "name", "kind"), EVERY_FIELD, ids=NAMES_OF_FIELDS)
def test_an_int_in_a_float_field_is_widened(record: type[Record], name: str, kind: str) -> None:
    for value, widened in [(0, 0.0), (100, 100.0), (7, 7.0)]:
        checked = with_field(record, name, value)
        if kind.rstrip("?") in ("number", "percentage"):
            assert same(getattr(check(checked), name), widened)
        elif kind.rstrip("?") == "integer":
            assert same(getattr(check(checked), name), value)
        else:
            with pytest.raises(ValidationError):
                check(checked)


@pytest.mark.parametrize("value", [2**53, -(2**53), 2**62, -(2**63)])
def test_a_large_int_that_a_float_holds_exactly_is_widened(value: int) -> None:
    checked = check(Metric(week="2025-W44", name="m", category="c", value=value))
    assert type(checked.value) is float
    assert int(checked.value) == value


@pytest.mark.parametrize("record", SOUND, ids=lambda record: record.__name__)
def test_what_check_gives_shares_nothing_that_can_change(record: type[Record]) -> None:
    given = replace(
        copy.deepcopy(SOUND[record]),
        **{name: {"a": {"b": [1]}} for name, kind in KINDS[record].items() if kind == "json"},
    )
    checked = check(given)
    before = copy.deepcopy(checked)

    for name in KINDS[record]:
        value = getattr(given, name)
        if type(value) is dict:
            value["a"]["b"].append(2)
            value["c"] = 3
        elif type(value) is list:
            value.append(None)
    assert same(checked, before)
    for name in KINDS[record]:
        value = getattr(checked, name)
        if type(value) is dict:
            assert value["a"]["b"] is not getattr(given, name)["a"]["b"]


def test_check_changes_nothing_in_what_it_is_given() -> None:
    east = NOON.astimezone(timezone(timedelta(hours=2)))
    change = Change(changed_at=east, field="status")
    history = History(issue_key="AB-12", changes=[change], expires_at=east, details={"a": [1]})
    before = copy.deepcopy(history)

    checked = check(history)
    assert same(history, before)
    assert history.changes[0] is change
    assert same(checked.changes[0].changed_at, NOON)


def test_an_error_inside_a_history_names_the_change_by_its_position() -> None:
    changes = [Change(changed_at=NOON, field="status"), Change(changed_at=NOON, field="status", author="SENTINEL\x00")]
    with pytest.raises(ValidationError, match=r"^History\.changes\[1\]\.author: "):
        check(History(issue_key="AB-12", changes=changes, expires_at=NOON))
