"""A tiny alphabet for random operations: so few names, instants and values that they meet all the time.

Valid values come first in each tuple and the commonest are repeated, because a strategy draws all places alike and
shrinks towards the first; the `NO_…` are refused by every operation.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from burndown_spec.values.records import EXPIRY, MICROSECOND, NOW
from burndown_store.contract import Json, JsonText

__all__ = [
    "CATEGORIES",
    "DAYS",
    "DOCUMENTS",
    "EXPIRIES",
    "FIELDS",
    "ISSUE_KEYS",
    "LIMITS",
    "METRIC_NAMES",
    "MOMENTS",
    "NO_DAYS",
    "NO_DOCUMENTS",
    "NO_IDENTIFIERS",
    "NO_JSON",
    "NO_LIMITS",
    "NO_MOMENTS",
    "NO_NUMBERS",
    "NO_TEXTS",
    "NO_WEEKS",
    "NUMBERS",
    "OBJECTS",
    "OFTEN_PROFILE_IDS",
    "OFTEN_QUERY_IDS",
    "PLACES",
    "PROFILE_IDS",
    "QUERY_IDS",
    "STATE_KEYS",
    "TASK_NAMES",
    "WEEK_NAMES",
    "WORDS",
]

PROFILE_IDS = ("a", "A", "a ")
QUERY_IDS = ("a", "A")
OFTEN_PROFILE_IDS = ("a", "a", "a", "A", "A", "a ")
OFTEN_QUERY_IDS = ("a", "a", "A")
PLACES = (("a", "a"), ("a", "a"), ("a", "A"), ("A", "a"), ("A", "A"), ("a ", "a"))
"""Profile and query: the same query id lies in several profiles, and is a profile's own id too."""

ISSUE_KEYS = ("AB-1", "ab-1", "AB-10", "AB-2")
STATE_KEYS = ("k", "K", "k%")
TASK_NAMES = ("t", "T", "t_")
METRIC_NAMES = ("m", "M", "m ")
CATEGORIES = ("dora", "Dora", "")
FIELDS = ("status", "Status", "")
WORDS = ("Done", "done", "", "%", "None")

MOMENTS = (
    NOW,
    NOW + MICROSECOND,
    NOW - MICROSECOND,
    NOW.astimezone(timezone(timedelta(hours=5, minutes=45))),
    datetime(2025, 11, 3, 23, 30, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
)
EXPIRIES = (EXPIRY, EXPIRY + MICROSECOND, EXPIRY - MICROSECOND, EXPIRY.astimezone(timezone(timedelta(hours=-1))))

DAYS = (date(2025, 12, 31), date(2026, 1, 1), date(2025, 2, 28), date(2025, 11, 3))
WEEK_NAMES = ("2025-W09", "2025-W10", "2025-W52", "2026-W01")
NUMBERS = (0.0, 1.0, 1, 2.5, -1.5, 0.1 + 0.2)
LIMITS = (1, 2, 0)

OBJECTS: tuple[Json, ...] = ({}, {"v": 1}, {"v": 1.0}, {"v": True}, {"v": None}, {"V": 1, "v": [1, 2]})
DOCUMENTS = (
    JsonText("{}"),
    JsonText('{"v":1}'),
    JsonText('{"v": 1.0}'),
    JsonText('{"v": true, "w": null}'),
    JsonText('{"w": null, "v": true}'),
    JsonText('{"v":1, "v": {"": []}}'),
)

NO_IDENTIFIERS: tuple[Any, ...] = ("", "a\x00", 1)
NO_TEXTS: tuple[Any, ...] = ("\ud800", "a\x00", b"Done", 1)
NO_MOMENTS: tuple[Any, ...] = (datetime(2025, 11, 3, 12), date(2025, 11, 3), "2025-11-03T12:00:00Z")  # noqa: DTZ001
NO_DAYS: tuple[Any, ...] = (NOW, "2025-11-03")
NO_WEEKS: tuple[Any, ...] = ("2025-W53", "2025-W9", "")
NO_NUMBERS: tuple[Any, ...] = (True, float("nan"), 2**53 + 1, "1")
NO_JSON: tuple[Any, ...] = ({"v": float("inf")}, {1: 1}, [], "{}")
NO_DOCUMENTS: tuple[Any, ...] = (JsonText("[]"), JsonText('{"v": NaN}'), "{}")
NO_LIMITS: tuple[Any, ...] = (-1, True, 1.0)
