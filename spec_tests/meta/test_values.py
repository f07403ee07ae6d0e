"""The catalogues hold what they say, and the oracle's own validity agrees on them with the contract's `check`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from burndown_spec import values
from burndown_spec.oracle import validity
from burndown_spec.values import alphabets
from burndown_spec.vocabulary import OwnDatetime, OwnDict, OwnFloat, OwnInt, OwnJsonText, OwnList, OwnText, OwnZone
from burndown_store.contract import (
    JsonText,
    Record,
    ValidationError,
    check,
    check_date,
    check_identifier,
    check_instant,
    check_limit,
    check_text,
    check_week,
    fields,
    replace,
    same,
)

ABSENT = object()
"""Stands for "refused" where normal forms are compared."""

Rule = Callable[[Any], Any]

FULL: tuple[Callable[..., Record], ...] = (
    values.full_profile,
    values.full_query,
    values.full_issue,
    values.full_cache_info,
    values.full_change,
    values.full_history,
    values.full_statistic,
    values.full_scope,
    values.full_metric,
    values.full_task,
)
PLAIN: tuple[Callable[..., Record], ...] = (
    values.a_profile,
    values.a_query,
    values.an_issue,
    values.a_cache_info,
    values.a_change,
    values.a_history,
    values.a_statistic,
    values.a_scope,
    values.a_metric,
    values.a_task,
)


def normal_form(rule: Rule, value: Any) -> Any:
    try:
        return rule(value)
    except ValidationError:
        return ABSENT


def of_field(build: Callable[..., Record], field: str) -> tuple[Rule, Rule]:
    """What the oracle and the contract make of a value in this field of a record."""
    kind = type(build())
    return (
        lambda value: getattr(validity.valid(build(**{field: value}), kind), field),
        lambda value: getattr(check(build(**{field: value})), field),
    )


def contract_limit(value: Any) -> Any:
    return check_limit(value, "limit")


RULES: dict[str, tuple[Rule, Rule]] = {
    "text": (validity.text, lambda value: check_text(value, "text")),
    "identifier": (validity.identifier, lambda value: check_identifier(value, "identifier")),
    "instant": (validity.instant, lambda value: check_instant(value, "instant")),
    "date": (validity.day, lambda value: check_date(value, "date")),
    "week": (validity.week, lambda value: check_week(value, "week")),
    "limit": (validity.limit, contract_limit),
    "json": of_field(values.a_scope, "values"),
    "document": of_field(values.an_issue, "document"),
    "float": of_field(values.an_issue, "points"),
    "integer": of_field(values.a_statistic, "completed_items"),
    "percent": of_field(values.a_task, "percent"),
    "flag": of_field(values.a_profile, "show_points"),
}

VALID: dict[str, Iterable[tuple[Any, Any]]] = {
    "text": [(text, text) for text in values.TEXTS],
    "identifier": [(identifier, identifier) for identifier in values.IDENTIFIERS],
    "instant": values.INSTANTS,
    "date": [(day, day) for day in values.DATES],
    "week": [(week, week) for week in values.WEEKS],
    "limit": [(None, None), (0, 0), (2**63 - 1, 2**63 - 1)],
    "json": [(value, value) for value in values.JSON_OBJECTS],
    "document": [(JsonText(text), JsonText.of(value)) for text, value in values.DOCUMENT_TEXTS],
    "float": [*((number, number) for number in values.FLOATS), *values.WIDENED],
    "integer": [(number, number) for number in values.INTEGERS],
    "percent": values.PERCENTS,
    "flag": [(True, True), (False, False)],
}

INVALID: dict[str, Iterable[Any]] = {
    "text": values.INVALID_TEXTS,
    "identifier": values.INVALID_IDENTIFIERS,
    "instant": values.INVALID_INSTANTS,
    "date": values.INVALID_DATES,
    "week": values.INVALID_WEEKS,
    "limit": values.INVALID_LIMITS,
    "json": (*values.INVALID_JSON, *values.CYCLIC_JSON),
    "document": (*map(JsonText, values.INVALID_DOCUMENTS), "{}", {}, OwnJsonText("{}")),
    "float": values.INVALID_FLOATS,
    "integer": values.INVALID_INTEGERS,
    "percent": values.INVALID_PERCENTS,
    "flag": values.INVALID_FLAGS,
}


@pytest.mark.parametrize("place", VALID)
def test_oracle_and_contract_take_what_is_valid_and_give_the_same_normal_form(place: str) -> None:
    for rule in RULES[place]:
        for given, expected in VALID[place]:
            assert same(normal_form(rule, given), expected), ascii(given)[:200]


@pytest.mark.parametrize("place", INVALID)
def test_oracle_and_contract_refuse_what_is_invalid(place: str) -> None:
    for rule in RULES[place]:
        for position, given in enumerate(INVALID[place]):
            assert normal_form(rule, given) is ABSENT, f"{type(given).__name__} at {position}"


ANYTHING: tuple[Any, ...] = (
    None,
    True,
    0,
    1,
    -1,
    2**63,
    2**53 + 1,
    0.0,
    1.5,
    100.5,
    float("nan"),
    "",
    "text",
    "a\x00",
    "x" * 201,
    "2025-W45",
    "2025-W53",
    b"bytes",
    [],
    [1],
    {},
    {"key": 1},
    {1: "key"},
    (),
    datetime(2025, 11, 3, tzinfo=UTC),
    datetime(2025, 11, 3),  # noqa: DTZ001 - naive on purpose
    datetime(2025, 11, 3, tzinfo=OwnZone(60)),
    OwnDatetime(2025, 11, 3, tzinfo=UTC),
    date(2025, 11, 3),
    JsonText("{}"),
    JsonText("[]"),
    OwnText("text"),
    OwnInt(1),
    OwnFloat(1.5),
    OwnList(),
    OwnDict(),
    [values.full_change()],
    [values.a_change(author=1)],
    (values.full_change(),),
    values.full_change(),
)


@pytest.mark.parametrize("build", PLAIN, ids=lambda build: build.__name__)
def test_oracle_and_contract_judge_anything_in_any_field_alike(build: Callable[..., Record]) -> None:
    for field in fields(build()):
        by_oracle, by_contract = of_field(build, field)
        for value in ANYTHING:
            ours, theirs = normal_form(by_oracle, value), normal_form(by_contract, value)
            assert same(ours, theirs) or ours is theirs, f"{field}: {value!a}"


def test_oracle_and_contract_know_the_same_fields() -> None:
    for build in PLAIN:
        record = build()
        assert list(validity.TABLE[type(record)]) == list(fields(record))


@pytest.mark.parametrize("build", [*PLAIN, *FULL], ids=lambda build: build.__name__)
def test_a_builder_gives_a_valid_record_in_normal_form_that_shares_nothing(build: Callable[..., Record]) -> None:
    record, other = build(), build()
    assert same(check(record), record)
    for name, value in fields(record).items():
        if isinstance(value, (dict, list)):
            assert value is not getattr(other, name)


@pytest.mark.parametrize("build", FULL, ids=lambda build: build.__name__)
def test_every_field_of_a_full_record_differs_from_its_default_and_from_the_others(
    build: Callable[..., Record],
) -> None:
    record = build()
    # A field at its default need not be named.
    assert list(fields(record, defaults=False)) == list(fields(record))
    kept = [value for value in fields(record).values() if value is not True]
    assert not any(same(one, other) for at, one in enumerate(kept) for other in kept[:at])


@pytest.mark.parametrize("name", ["TEXTS", "IDENTIFIERS", "JSON_OBJECTS", "DOCUMENT_TEXTS", "DATES", "WEEKS"])
def test_no_value_stands_twice_in_a_catalogue(name: str) -> None:
    catalogue = getattr(values, name)
    assert not any(same(one, other) for at, one in enumerate(catalogue) for other in catalogue[:at])


def test_the_identifiers_collide() -> None:
    folded = {identifier.casefold().strip() for identifier in values.IDENTIFIERS}
    assert len(folded) < len(values.IDENTIFIERS) - 10
    by_code_units = sorted(values.IDENTIFIERS, key=lambda identifier: identifier.encode("utf-16-be"))
    assert by_code_units != sorted(values.IDENTIFIERS)


@pytest.mark.parametrize(
    ("words", "rule", "no_words"),
    [
        (alphabets.PROFILE_IDS + alphabets.QUERY_IDS, validity.identifier, alphabets.NO_IDENTIFIERS),
        (alphabets.ISSUE_KEYS + alphabets.STATE_KEYS, validity.identifier, alphabets.NO_IDENTIFIERS),
        (alphabets.TASK_NAMES + alphabets.METRIC_NAMES, validity.identifier, alphabets.NO_IDENTIFIERS),
        (alphabets.WORDS + alphabets.CATEGORIES + alphabets.FIELDS, validity.text, alphabets.NO_TEXTS),
        (alphabets.MOMENTS + alphabets.EXPIRIES, validity.instant, alphabets.NO_MOMENTS),
        (alphabets.DAYS, validity.day, alphabets.NO_DAYS),
        (alphabets.WEEK_NAMES, validity.week, alphabets.NO_WEEKS),
        (alphabets.NUMBERS, validity.number, alphabets.NO_NUMBERS),
        (alphabets.OBJECTS, validity.json_object, alphabets.NO_JSON),
        (alphabets.DOCUMENTS, validity.document, alphabets.NO_DOCUMENTS),
        (alphabets.LIMITS, validity.limit, alphabets.NO_LIMITS),
    ],
)
def test_the_alphabet_says_truly_what_is_valid(words: Iterable[Any], rule: Rule, no_words: Iterable[Any]) -> None:
    for word in words:
        assert normal_form(rule, word) is not ABSENT
    for word in no_words:
        assert normal_form(rule, word) is ABSENT


def test_builders_let_invalid_values_through() -> None:
    with pytest.raises(ValidationError):
        check(values.a_profile(name=None))
    with pytest.raises(ValidationError):
        check(replace(values.a_history(), changes=None))
