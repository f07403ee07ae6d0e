"""What a call is given, record or not: batches, identifiers, limits, weeks, dates, and what is no record at all."""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from burndown_store.contract import (
    JsonText,
    Metric,
    Record,
    Statistic,
    ValidationError,
    check,
    check_batch,
    check_date,
    check_identifier,
    check_limit,
    check_text,
    check_week,
    same,
)

ONE = Metric(week="2025-W44", name="one", category="c", value=1.0)
TWO = Metric(week="2025-W44", name="two", category="c", value=None)
BAD = Metric(week="2025-W44", name="SENTINEL\x00", category="c", value=None)


class Metrics(Metric, frozen=True, kw_only=True):
    pass


class Iterating:
    def __iter__(self) -> Iterator[Metric]:
        return iter((ONE, TWO))


# Made anew for each run: an iterator is used up by the first.
BATCHES: dict[str, Callable[[], Any]] = {
    "list": lambda: [ONE, TWO],
    "tuple": lambda: (ONE, TWO),
    "deque": lambda: deque([ONE, TWO]),
    "values of a dict": lambda: dict(enumerate((ONE, TWO))).values(),
    "list iterator": lambda: iter([ONE, TWO]),
    "generator": lambda: (metric for metric in (ONE, TWO)),
    "filter": lambda: filter(None, (ONE, TWO)),
    "Iterating": Iterating,
}


@pytest.mark.parametrize("made", BATCHES.values(), ids=BATCHES)
def test_any_iterable_of_records_is_a_batch_in_its_order(made: Callable[[], Any]) -> None:
    assert same(check_batch(made(), Metric), [ONE, TWO])


@pytest.mark.parametrize("batch", [[], (), iter(()), set()], ids=lambda batch: type(batch).__name__)
def test_an_empty_batch_is_a_batch(batch: Any) -> None:
    assert check_batch(batch, Metric) == []


def test_records_of_one_identity_are_all_kept_for_the_store_to_decide() -> None:
    assert same(check_batch([ONE, ONE, TWO, ONE], Metric), [ONE, ONE, TWO, ONE])


@pytest.mark.parametrize(
    "batch",
    [None, "", "SENTINEL", b"", b"SENTINEL", bytearray(b"SENTINEL"), {}, {"SENTINEL": ONE}, ONE, 1, object(), Metric],
    ids=lambda batch: type(batch).__name__,
)
def test_text_bytes_a_mapping_a_single_record_and_no_iterable_are_no_batch(batch: Any) -> None:
    with pytest.raises(ValidationError, match=r"^expected an iterable of Metric, got ") as refusal:
        check_batch(batch, Metric)
    assert "SENTINEL" not in str(refusal.value)


@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize(
    "bad", [BAD, None, "SENTINEL", {}, Statistic(date=date(2025, 11, 2)), Metric], ids=lambda bad: type(bad).__name__
)
def test_a_bad_record_is_refused_by_its_position(position: int, bad: Any) -> None:
    batch: list[Any] = [ONE, TWO]
    batch.insert(position, bad)
    with pytest.raises(ValidationError, match=rf"^record {position}: Metric\b") as refusal:
        check_batch(batch, Metric)
    assert "SENTINEL" not in str(refusal.value)


def test_the_first_of_several_bad_records_is_named() -> None:
    with pytest.raises(ValidationError, match=r"^record 1: Metric\.name: "):
        check_batch([ONE, BAD, None, BAD], Metric)


def test_a_batch_is_read_to_its_end_before_it_is_judged() -> None:
    source = iter([BAD, ONE, TWO])
    with pytest.raises(ValidationError, match=r"^record 0: "):
        check_batch(source, Metric)
    assert list(source) == []


def test_what_the_callers_own_iterator_raises_passes_unchanged() -> None:
    error = ValueError("the caller's own")

    def failing() -> Iterator[Metric]:
        yield BAD
        raise error

    with pytest.raises(ValueError, match=r"^the caller's own$") as raised:
        check_batch(failing(), Metric)
    assert raised.value is error


@pytest.mark.parametrize("text", ["a", " ", "a" * 200, "💥" * 200, "../../x", "CON", "'; DROP", "\u0301", "e\u0301"])
def test_an_identifier_is_1_to_200_code_points_of_any_text_and_comes_back_as_it_is(text: str) -> None:
    assert same(check_identifier(text, "profile_id"), text)


@pytest.mark.parametrize(
    "value",
    ["", "x" * 201, "💥" * 201, "a\x00", "\ud83d", None, 1, b"a", True, ["a"]],
    ids=lambda value: ascii(value)[:20],
)
def test_no_other_value_is_an_identifier(value: Any) -> None:
    with pytest.raises(ValidationError, match=r"^profile_id: "):
        check_identifier(value, "profile_id")


@pytest.mark.parametrize("text", ["", "\x01", "a\n", "💥", "\ufffe"])
def test_text_comes_back_as_it_is(text: str) -> None:
    assert same(check_text(text, "value"), text)


@pytest.mark.parametrize("value", [None, 1, b"a", "\x00", "\ud800", "\udc00\ud800"], ids=ascii)
def test_no_other_value_is_text(value: Any) -> None:
    with pytest.raises(ValidationError, match=r"^value: "):
        check_text(value, "value")


@pytest.mark.parametrize("value", [None, 0, 1, 10_000, 2**63 - 1])
def test_a_limit_is_none_or_0_or_more(value: int | None) -> None:
    assert same(check_limit(value, "limit"), value)


@pytest.mark.parametrize("value", [-1, -(2**63), True, False, 1.0, "1", [1], float("inf")], ids=repr)
def test_no_other_value_is_a_limit(value: Any) -> None:
    with pytest.raises(ValidationError, match=r"^limit: "):
        check_limit(value, "limit")


# The years between 1995 and 2030 whose last ISO week is the 53rd, from a calendar.
LONG_YEARS = {1998, 2004, 2009, 2015, 2020, 2026}


@pytest.mark.parametrize("year", range(1995, 2031))
def test_a_week_is_one_that_the_iso_calendar_has(year: int) -> None:
    for week in range(1, 53):
        assert check_week(f"{year}-W{week:02}", "start") == f"{year}-W{week:02}"
    if year in LONG_YEARS:
        assert check_week(f"{year}-W53", "start") == f"{year}-W53"
    for week in [0, 54, *([] if year in LONG_YEARS else [53])]:
        with pytest.raises(ValidationError, match=r"^start: expected an ISO week"):
            check_week(f"{year}-W{week:02}", "start")


def test_a_date_is_a_date_and_no_instant() -> None:
    assert same(check_date(date(2025, 11, 2), "start"), date(2025, 11, 2))
    for value in (datetime(2025, 11, 2, tzinfo=UTC), "2025-11-02", None, 20251102):
        with pytest.raises(ValidationError, match=r"^start: expected date, got "):
            check_date(value, "start")


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        "SENTINEL",
        ["SENTINEL"],
        object(),
        Metric,
        {"week": "2025-W44", "name": "SENTINEL"},
        Record(),
        Metrics(week="2025-W44", name="SENTINEL", category="flow", value=1.0),
        JsonText("SENTINEL"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_record_of_the_contract_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError, match=r"^expected a record of the contract") as refusal:
        check(value)
    assert "SENTINEL" not in str(refusal.value)
