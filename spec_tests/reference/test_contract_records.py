"""The records: what they hold, that they are values, and that a profile keeps its secret."""

import io
import logging
import pprint
import time
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from rich.console import Console
from rich.pretty import pretty_repr

from burndown_store import contract
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
    fields,
    replace,
    same,
    to_json,
)

NOON = datetime(2025, 11, 2, 12, 0, tzinfo=UTC)
DAY = date(2025, 11, 2)

# What must be given, and what the rest is then.
REQUIRED: dict[type[Record], dict[str, Any]] = {
    Profile: {"id": "p", "name": "Team Blue", "created_at": NOON, "last_used_at": NOON},
    Query: {"id": "q", "name": "Open", "jql": "project = AB", "created_at": NOON, "last_used_at": NOON},
    Issue: {"key": "AB-12", "document": JsonText("{}"), "expires_at": NOON},
    CacheInfo: {"fetched_at": NOON, "expires_at": NOON},
    Change: {"changed_at": NOON, "field": "status"},
    History: {"issue_key": "AB-12", "expires_at": NOON},
    ChangeEntry: {"issue_key": "AB-12", "change": Change(changed_at=NOON, field="status")},
    Statistic: {"date": DAY},
    Scope: {"values": {"total_items": 3}},
    Metric: {"week": "2025-W44", "name": "flow_time", "category": "flow", "value": 1.5},
    Task: {"name": "fetch", "status": "running", "updated_at": NOON},
    Expired: {"issues": 1, "histories": 2},
}
DEFAULTS: dict[type[Record], dict[str, Any]] = {
    Profile: {
        "description": "",
        "jira_config": {},
        "field_mappings": {},
        "forecast_settings": {},
        "project_classification": {},
        "flow_type_mappings": {},
        "show_milestone": False,
        "show_points": False,
        "extra": {},
    },
    Query: {"description": "", "extra": {}},
    Issue: {
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
    },
    CacheInfo: {"jql": None, "details": {}},
    Change: {
        "field_id": None,
        "field_type": None,
        "author": None,
        "history_id": None,
        "from_value": None,
        "from_text": None,
        "to_value": None,
        "to_text": None,
    },
    History: {"changes": [], "fetched_at": None, "details": {}},
    ChangeEntry: {},
    Statistic: {
        "completed_items": 0,
        "created_items": 0,
        "completed_points": 0.0,
        "created_points": 0.0,
        "velocity_items": None,
        "velocity_points": None,
        "remaining_items": None,
        "remaining_points": None,
        "extra": {},
    },
    Scope: {"updated_at": None, "extra": {}},
    Metric: {"unit": None, "calculated_at": None, "details": {}},
    Task: {"percent": None, "message": "", "state": {}},
    Expired: {},
}
KINDS = list(REQUIRED)


def test_these_are_all_records_of_the_contract() -> None:
    offered = {value for value in vars(contract).values() if isinstance(value, type) and issubclass(value, Record)}
    assert offered - {Record} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_holds_what_was_given_and_the_defaults_and_nothing_else(kind: type[Record]) -> None:
    held = fields(kind(**REQUIRED[kind]))
    assert same(held, {**REQUIRED[kind], **DEFAULTS[kind]})


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_without_a_required_field_is_a_type_error(kind: type[Record]) -> None:
    for name in REQUIRED[kind]:
        given = {other: value for other, value in REQUIRED[kind].items() if other != name}
        with pytest.raises(TypeError, match=name):
            kind(**given)


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_with_an_unknown_or_a_positional_field_is_a_type_error(kind: type[Record]) -> None:
    with pytest.raises(TypeError, match="unheard_of"):
        kind(**REQUIRED[kind], unheard_of=1)
    with pytest.raises(TypeError):
        kind(*REQUIRED[kind].values())


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_is_frozen(kind: type[Record]) -> None:
    record = kind(**REQUIRED[kind])
    for name in fields(record):
        with pytest.raises(AttributeError):
            setattr(record, name, None)
        with pytest.raises(AttributeError):
            delattr(record, name)


@pytest.mark.parametrize("kind", KINDS)
def test_the_objects_and_lists_of_two_records_are_their_own(kind: type[Record]) -> None:
    one, other = kind(**REQUIRED[kind]), kind(**REQUIRED[kind])
    fresh = [name for name, value in DEFAULTS[kind].items() if isinstance(value, (dict, list))]
    assert all(getattr(one, name) is not getattr(other, name) for name in fresh)


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_judges_nothing_when_it_is_built(kind: type[Record]) -> None:
    nonsense = dict.fromkeys({**REQUIRED[kind], **DEFAULTS[kind]}, object)
    assert fields(kind(**nonsense)) == nonsense


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (Change, "changed_at field field_id field_type author history_id from_value from_text to_value to_text"),
        (Metric, "week name category value unit calculated_at details"),
        (Expired, "issues histories"),
    ],
)
def test_fields_are_in_the_order_of_the_contract(kind: type[Record], names: str) -> None:
    assert list(fields(kind(**REQUIRED[kind]))) == names.split()


@pytest.mark.parametrize("kind", KINDS)
def test_fields_without_defaults_are_those_that_must_be_given(kind: type[Record]) -> None:
    assert fields(kind(**REQUIRED[kind]), defaults=False) == REQUIRED[kind]


def test_fields_without_defaults_are_those_that_differ_in_value_or_type_too() -> None:
    changes: dict[str, Any] = {"completed_items": 1, "completed_points": 0, "remaining_items": 0, "extra": {"a": 1}}
    assert fields(Statistic(date=DAY, **changes), defaults=False) == {"date": DAY, **changes}


def test_replace_gives_another_record_and_leaves_the_first() -> None:
    first = Metric(week="2025-W44", name="flow_time", category="flow", value=1.5, details={"a": 1})
    second = replace(first, value=None, unit="days")

    assert same(fields(second), {**fields(first), "value": None, "unit": "days"})
    assert (first.value, first.unit) == (1.5, None)


def test_replace_of_a_field_that_is_not_there_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="unheard_of"):
        replace(Expired(issues=1, histories=2), unheard_of=1)


def test_to_json_spells_instants_dates_documents_and_records_inside() -> None:
    east = NOON.astimezone(timezone(timedelta(hours=2)))
    issue = Issue(key="AB-12", document=JsonText('{"a": [1, 1.0, null]}'), created=east, points=5.0, expires_at=NOON)
    change = Change(changed_at=NOON + timedelta(microseconds=1), field="status")
    history = History(issue_key="AB-12", changes=[change], expires_at=NOON, details={"a": {"b": [True]}})

    assert same(
        to_json(issue),
        {
            "key": "AB-12",
            "document": {"a": [1, 1.0, None]},
            **DEFAULTS[Issue],
            "created": "2025-11-02T12:00:00+00:00",
            "points": 5.0,
            "expires_at": "2025-11-02T12:00:00+00:00",
        },
    )
    assert same(
        to_json(history),
        {
            "issue_key": "AB-12",
            "changes": [{"changed_at": "2025-11-02T12:00:00.000001+00:00", "field": "status", **DEFAULTS[Change]}],
            "fetched_at": None,
            "expires_at": "2025-11-02T12:00:00+00:00",
            "details": {"a": {"b": [True]}},
        },
    )
    assert to_json(Statistic(date=DAY))["date"] == "2025-11-02"
    assert to_json(ChangeEntry(issue_key="AB-12", change=change))["change"] == to_json(change)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system does not let a process choose its time zone")
def test_to_json_does_not_ask_the_machine_for_its_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as machine:
        machine.setenv("TZ", "EAST-09:00")
        time.tzset()
        plain = to_json(Scope(values={}, updated_at=NOON))
    time.tzset()
    assert plain["updated_at"] == "2025-11-02T12:00:00+00:00"


@pytest.mark.parametrize("kind", KINDS)
def test_to_json_of_every_record_is_a_json_object_that_shares_nothing_with_it(kind: type[Record]) -> None:
    record = kind(**REQUIRED[kind])
    plain = to_json(record)

    assert list(plain) == list(fields(record))
    assert same(JsonText.of(plain).value(), plain)
    for name, value in fields(record).items():
        assert plain[name] is not value or not isinstance(value, (dict, list))


def test_to_json_of_a_document_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError):
        to_json(Issue(key="AB-12", document=JsonText("SENTINEL"), expires_at=NOON))


SECRET = Profile(
    id="p-1",
    name="SENTINEL",
    description="SENTINEL",
    created_at=NOON,
    last_used_at=NOON,
    jira_config={"token": "SENTINEL", "SENTINEL": 1},
    field_mappings={"SENTINEL": "SENTINEL"},
    extra={"token": "SENTINEL"},
)


def shown_by_logging(value: Any) -> str:
    stream = io.StringIO()
    record = logging.makeLogRecord({"msg": "%s %r", "args": (value, value)})
    logging.StreamHandler(stream).handle(record)
    return stream.getvalue()


def shown_by_rich(value: Any) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(value)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def shown_by_rich_in_a_traceback(value: Any) -> str:
    console = Console(file=io.StringIO(), width=200)
    try:
        raise LookupError(type(value).__name__)
    except LookupError:
        console.print_exception(show_locals=True)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    "shown",
    [
        repr,
        str,
        ascii,
        format,
        pprint.pformat,
        pretty_repr,
        shown_by_logging,
        shown_by_rich,
        shown_by_rich_in_a_traceback,
    ],
)
@pytest.mark.parametrize(
    "held",
    [lambda profile: profile, lambda profile: [profile], lambda profile: {"profile": (profile,)}],
    ids=["bare", "in a list", "in a dict"],
)
def test_a_profile_shows_its_id_alone_whoever_prints_it(shown: Any, held: Any) -> None:
    printed = shown(held(SECRET)) if shown is not format else f"{held(SECRET)}"
    assert "p-1" in printed
    assert "SENTINEL" not in printed


def test_a_profile_is_told_by_its_id() -> None:
    assert repr(SECRET) == "Profile(id='p-1')"
    assert pretty_repr(SECRET) == "Profile(id='p-1')"


def test_the_errors_of_building_and_replacing_do_not_quote_a_secret() -> None:
    with pytest.raises(TypeError) as built:
        Profile(**{**fields(SECRET), "unheard_of": "SENTINEL"})
    with pytest.raises(TypeError) as replaced:
        replace(SECRET, unheard_of="SENTINEL")
    with pytest.raises(TypeError) as hashed:
        hash(SECRET)
    with pytest.raises(AttributeError) as frozen:
        SECRET.name = "SENTINEL"  # type: ignore[misc]
    for error in (built, replaced, hashed, frozen):
        assert "SENTINEL" not in str(error.value)
