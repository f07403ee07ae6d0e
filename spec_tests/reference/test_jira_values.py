"""Points and instants, as JIRA and the people who type into it spell them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from burndown_store.contract import same
from burndown_store.jira import instant_from_jira, points_from

NAN, INFINITY = float("nan"), float("inf")

POINTS: list[tuple[Any, float]] = [
    (5, 5.0),
    (5.5, 5.5),
    (0, 0.0),
    (0.0, 0.0),
    (-3, -3.0),
    (2**53, 2.0**53),
    (-(2**63), -(2.0**63)),
    (1e300, 1e300),
    ("5", 5.0),
    ("5.0", 5.0),
    ("0", 0.0),
    (" 3 ", 3.0),
    ("\t8\r\n", 8.0),
    ("+2", 2.0),
    ("-0.5", -0.5),
    ("007", 7.0),
    ("1e2", 100.0),
    ("1.5E-1", 0.15),
    ({"value": 5}, 5.0),
    ({"value": "5.0", "id": "10100"}, 5.0),
    ({"votes": 3, "hasVoted": False}, 3.0),
    ({"votes": 0}, 0.0),
    ({"value": 2, "votes": 3}, 2.0),
]

NO_POINTS: list[Any] = [
    None,
    True,
    False,
    "",
    " ",
    "true",
    "nan",
    "NaN",
    "inf",
    "-Infinity",
    "1_000",
    "1,000",
    "1,5",
    "1 000",
    "0x10",
    "5 points",
    "5.",
    ".5",
    "--5",
    "1e",
    "1e999",
    "٣",
    "\uff15",
    "5\u00a0",
    "5\x00",
    "9" * 5000,
    "9007199254740993",
    "12345678901234567890.5",
    "9223372036854775808",
    NAN,
    INFINITY,
    -INFINITY,
    2**53 + 1,
    2**63,
    10**5000,
    [],
    [5],
    {},
    {"value": None},
    {"value": True},
    {"value": "nan"},
    {"value": [5]},
    {"value": {"value": 5}},
    {"value": "PROD", "votes": 3},
    {"votes": "1_000"},
    {"name": "5"},
    b"5",
]

INSTANTS = [
    ("2025-10-03T14:22:31.000+0000", datetime(2025, 10, 3, 14, 22, 31, tzinfo=UTC)),
    ("2025-10-03T14:22:31.123+0200", datetime(2025, 10, 3, 12, 22, 31, 123000, tzinfo=UTC)),
    ("2025-10-03T14:22:31.123456-0530", datetime(2025, 10, 3, 19, 52, 31, 123456, tzinfo=UTC)),
    ("2025-10-03T14:22:31.1234569+0000", datetime(2025, 10, 3, 14, 22, 31, 123456, tzinfo=UTC)),
    ("2025-10-03T14:22:31+02:00", datetime(2025, 10, 3, 12, 22, 31, tzinfo=UTC)),
    ("2025-10-03T14:22:31Z", datetime(2025, 10, 3, 14, 22, 31, tzinfo=UTC)),
    ("2025-10-03T14:22:31.5Z", datetime(2025, 10, 3, 14, 22, 31, 500000, tzinfo=UTC)),
    ("2025-10-03T14:22+0000", datetime(2025, 10, 3, 14, 22, tzinfo=UTC)),
    ("2024-02-29T00:00:00.000+0000", datetime(2024, 2, 29, tzinfo=UTC)),
    ("2025-12-31T23:30:00.000-0100", datetime(2026, 1, 1, 0, 30, tzinfo=UTC)),
    ("0001-01-01T00:00:00.000+0000", datetime(1, 1, 1, tzinfo=UTC)),
    ("9999-12-31T23:59:59.999999+0000", datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
]

NO_INSTANTS: list[Any] = [
    None,
    "",
    "yesterday",
    1759501351000,
    True,
    [],
    {},
    datetime(2025, 10, 3, tzinfo=UTC),
    "2025-10-03",
    "2025-10-03T14:22:31.000",
    "2025-10-03 14:22:31.000+0000",
    "20251003T142231Z",
    "2025-W40-5T14:22:31Z",
    "2025-10-03T14:22:31,5Z",
    "2025-10-03T14:22:31.Z",
    "2025-10-03T24:00:00Z",
    "2025-10-03T23:59:60Z",
    "2025-10-03T14:60:00Z",
    "2025-13-01T00:00:00Z",
    "2025-02-29T00:00:00Z",
    "2025-10-03T14:22:31+2400",
    "2025-10-03T14:22:31+02",
    "2025-10-03T14:22:31.000+0000 ",
    "2025-10-03T14:22:31.000+0000\n",
    "٢025-10-03T14:22:31Z",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00.000+0001",
    "9999-12-31T23:59:59.999-0001",
]


@pytest.mark.parametrize(("value", "points"), POINTS, ids=lambda value: ascii(value)[:40])
def test_a_number_is_points_whichever_way_it_is_spelled(value: Any, points: float) -> None:
    assert same(points_from(value), points)


@pytest.mark.parametrize("value", NO_POINTS, ids=lambda value: ascii(value)[:40] if value != 10**5000 else "10**5000")
def test_anything_else_is_no_points(value: Any) -> None:
    assert points_from(value) is None


@pytest.mark.parametrize(("text", "instant"), INSTANTS)
def test_an_instant_with_an_offset_is_read_exactly_into_utc(text: str, instant: datetime) -> None:
    assert same(instant_from_jira(text), instant)


def test_an_offset_changes_the_instant_and_not_only_its_spelling() -> None:
    east, west = instant_from_jira("2025-10-03T14:22:31+0500"), instant_from_jira("2025-10-03T14:22:31-0500")
    assert east is not None
    assert west is not None
    assert west - east == timedelta(hours=10)


@pytest.mark.parametrize("value", NO_INSTANTS, ids=ascii)
def test_what_does_not_name_one_moment_is_no_instant(value: Any) -> None:
    assert instant_from_jira(value) is None
