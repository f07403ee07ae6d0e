"""Instants: from any zone or class an exact datetime in UTC with its microseconds; what names no moment is none."""

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

import pytest

from burndown_store.contract import Task, ValidationError, check, check_instant, same

NOON = datetime(2025, 11, 2, 12, 0, tzinfo=UTC)


def record_at(moment: datetime) -> Task:
    return Task(name="fetch", status="running", updated_at=moment)


class Moment(datetime):
    pass


class OffsetOfNone(tzinfo):
    def utcoffset(self, _: datetime | None) -> None:
        return None

    def dst(self, _: datetime | None) -> None:
        return None

    def tzname(self, _: datetime | None) -> str:
        return "SENTINEL"


class Autumn(tzinfo):
    """A zone in the night when its clocks go back, from two hours ahead of UTC to one: each moment is spelled twice."""

    def utcoffset(self, moment: datetime | None) -> timedelta:
        return timedelta(hours=1 if moment is not None and moment.fold else 2)

    def dst(self, moment: datetime | None) -> timedelta:
        return self.utcoffset(moment) - timedelta(hours=1)

    def tzname(self, _: datetime | None) -> str:
        return "Autumn"


@pytest.mark.parametrize(
    ("given", "instant"),
    [
        (datetime(2025, 11, 2, 14, tzinfo=timezone(timedelta(hours=2))), NOON),
        (datetime(2025, 11, 2, 6, 30, tzinfo=timezone(timedelta(hours=-5, minutes=-30))), NOON),
        (datetime(2025, 11, 2, 12, 0, 0, 1, tzinfo=timezone(timedelta(microseconds=1))), NOON),
        (datetime(2025, 11, 2, 12, tzinfo=timezone(timedelta(0), "Zulu")), NOON),
        (Moment(2025, 11, 2, 12, tzinfo=UTC), NOON),
        (Moment(2025, 11, 2, 14, 0, 0, 7, tzinfo=timezone(timedelta(hours=2))), NOON.replace(microsecond=7)),
        (datetime(2025, 10, 26, 2, 30, tzinfo=Autumn(), fold=0), datetime(2025, 10, 26, 0, 30, tzinfo=UTC)),
        (datetime(2025, 10, 26, 2, 30, tzinfo=Autumn(), fold=1), datetime(2025, 10, 26, 1, 30, tzinfo=UTC)),
        (datetime(2025, 11, 2, 12, tzinfo=UTC, fold=1), NOON),
    ],
)
def test_an_instant_comes_back_as_an_exact_datetime_in_utc(given: datetime, instant: datetime) -> None:
    for value in (check_instant(given, "valid_at"), check(record_at(given)).updated_at):
        assert type(value) is datetime
        assert value.tzinfo is UTC
        assert same(value, instant)


def test_a_zone_that_knows_no_offset_makes_no_instant() -> None:
    with pytest.raises(ValidationError, match=r"^Task\.updated_at: a naive datetime") as refusal:
        check(record_at(datetime(2025, 11, 2, tzinfo=OffsetOfNone())))
    assert "SENTINEL" not in str(refusal.value)


@pytest.mark.parametrize(
    "edge",
    [
        datetime(1, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=1))),
        datetime(9999, 12, 31, 22, 59, 59, 999999, tzinfo=timezone(timedelta(hours=-1))),
    ],
    ids=str,
)
def test_an_offset_may_reach_the_edge_of_what_utc_can_express_and_no_further(edge: datetime) -> None:
    assert check(record_at(edge)).updated_at == edge
    beyond = timedelta(microseconds=1) if edge.year > 1 else timedelta(microseconds=-1)
    with pytest.raises(ValidationError, match=r"^Task\.updated_at: UTC cannot express"):
        check(record_at(edge + beyond))


def test_an_instant_is_taken_in_utc_and_a_naive_datetime_is_none() -> None:
    east = datetime(2025, 11, 2, 14, tzinfo=timezone(timedelta(hours=2)))
    assert same(check_instant(east, "valid_at"), datetime(2025, 11, 2, 12, tzinfo=UTC))
    for value in (east.replace(tzinfo=None), date(2025, 11, 2), "2025-11-02", None, 0):
        with pytest.raises(ValidationError, match=r"^valid_at: "):
            check_instant(value, "valid_at")
