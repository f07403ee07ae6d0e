"""Dates and ISO weeks: the calendar's edges, and what only looks like one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from burndown_spec.values.texts import INVALID_TEXTS
from burndown_spec.vocabulary import OwnDate, OwnDatetime, OwnText

__all__ = ["DATES", "INVALID_DATES", "INVALID_WEEKS", "WEEKS"]

DATES: tuple[date, ...] = (
    date(1, 1, 1),
    date(999, 12, 31),
    date(1582, 10, 10),
    date(1900, 2, 28),
    date(1969, 12, 31),
    date(1970, 1, 1),
    date(2000, 2, 29),
    date(2024, 2, 29),
    date(2025, 11, 3),
    date(2025, 12, 31),
    date(2026, 1, 1),
    date(9999, 12, 31),
)
"""Valid dates, ascending."""

INVALID_DATES: tuple[Any, ...] = (
    datetime(2025, 11, 3),  # noqa: DTZ001 - a date with a time is none
    datetime(2025, 11, 3, tzinfo=UTC),
    OwnDatetime(2025, 11, 3, tzinfo=UTC),
    OwnDate(2025, 11, 3),
    "2025-11-03",
    "",
    b"2025-11-03",
    20251103,
    1762128000.0,
    (2025, 11, 3),
    False,
)
"""What is no date: a datetime, a subclass, a spelling."""

WEEKS: tuple[str, ...] = (
    "0001-W01",
    "0999-W52",
    "1970-W01",
    "1976-W53",
    "2004-W53",
    "2020-W53",
    "2021-W01",
    "2024-W09",
    "2024-W10",
    "2025-W01",
    "2025-W44",
    "2025-W52",
    "2026-W53",
    "9999-W52",
)
"""Valid weeks, ascending."""

INVALID_WEEKS: tuple[Any, ...] = (
    # Weeks that the calendar does not have
    "2021-W53",
    "2025-W53",
    "2025-W00",
    "2025-W54",
    "2025-W99",
    "0000-W01",
    "9999-W53",
    # Spellings
    "",
    "2025-w44",
    "2025-W4",
    "2025-W044",
    "25-W44",
    "02025-W44",
    "12025-W44",
    "2025W44",
    "2025-44",
    "2025-W44-1",
    "2025-W-1",
    "2025-W+4",
    "+025-W44",
    "-025-W44",
    " 2025-W44",
    "2025-W44 ",
    "2025-W44\n",
    "2025-W 4",
    "2025/W44",
    "2025\u2010W44",
    "2_25-W44",
    "\u0662\u0660\u0662\u0665-W\u0664\u0664",
    "\uff12\uff10\uff12\uff15-W\uff14\uff14",
    "2025-\uff3744",
    "2025-11-03",
    "latest",
    # Types
    OwnText("2025-W44"),
    202544,
    date(2025, 11, 3),
    *INVALID_TEXTS,
)
"""What is no ISO week, written as one or not."""
