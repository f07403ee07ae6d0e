"""Instants that lose microseconds, offsets or years on their way through storage; what is no instant (rules 4, 7)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

from burndown_spec.vocabulary import OwnDatetime, OwnZone

__all__ = ["INSTANTS", "INVALID_INSTANTS"]

_EAST = timezone(timedelta(hours=5, minutes=45))
_WEST = timezone(timedelta(hours=-9, minutes=-30))
_FAR_EAST = timezone(timedelta(hours=23, minutes=59))
_FAR_WEST = timezone(timedelta(hours=-23, minutes=-59))
_SECONDS = timezone(timedelta(hours=1, seconds=30))


_IN_UTC = (
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2025, 11, 3, 12, tzinfo=UTC),
    datetime(2025, 11, 3, 12, 30, 45, tzinfo=UTC),
    datetime(2025, 11, 3, 12, 30, 45, 1, tzinfo=UTC),
    datetime(2025, 11, 3, 12, 30, 45, 100_000, tzinfo=UTC),
    datetime(2025, 11, 3, 12, 30, 45, 123_456, tzinfo=UTC),
    datetime(2025, 11, 3, 12, 30, 45, 999_999, tzinfo=UTC),
    datetime(2025, 11, 3, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2024, 2, 29, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1900, 2, 28, tzinfo=UTC),
    datetime(1582, 10, 10, tzinfo=UTC),
    datetime(999, 12, 31, 23, 59, 59, 1, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime(2262, 4, 12, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_998, tzinfo=UTC),
)

INSTANTS: tuple[tuple[datetime, datetime], ...] = (
    *((instant, instant) for instant in _IN_UTC),
    # Offsets
    (datetime(2025, 11, 3, 12, tzinfo=timezone(timedelta(0))), datetime(2025, 11, 3, 12, tzinfo=UTC)),
    (datetime(2025, 11, 3, 12, tzinfo=_EAST), datetime(2025, 11, 3, 6, 15, tzinfo=UTC)),
    (datetime(2025, 11, 3, 12, 0, 0, 1, tzinfo=_WEST), datetime(2025, 11, 3, 21, 30, 0, 1, tzinfo=UTC)),
    (datetime(2025, 1, 1, 3, tzinfo=_EAST), datetime(2024, 12, 31, 21, 15, tzinfo=UTC)),
    (datetime(2025, 11, 3, 12, tzinfo=_FAR_EAST), datetime(2025, 11, 2, 12, 1, tzinfo=UTC)),
    (datetime(2025, 11, 3, 12, tzinfo=_FAR_WEST), datetime(2025, 11, 4, 11, 59, tzinfo=UTC)),
    (datetime(2025, 11, 3, 12, tzinfo=_SECONDS), datetime(2025, 11, 3, 10, 59, 30, tzinfo=UTC)),
    (datetime(1, 1, 1, 5, 45, tzinfo=_EAST), datetime(1, 1, 1, tzinfo=UTC)),
    (datetime(1, 1, 1, tzinfo=_WEST), datetime(1, 1, 1, 9, 30, tzinfo=UTC)),
    (
        datetime(9999, 12, 31, 14, 29, 59, 999_999, tzinfo=_WEST),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ),
    (datetime(9999, 12, 31, 23, 59, 59, tzinfo=_EAST), datetime(9999, 12, 31, 18, 14, 59, tzinfo=UTC)),
    # Zones and classes of the caller's own
    (datetime(2025, 11, 3, 12, tzinfo=OwnZone(0)), datetime(2025, 11, 3, 12, tzinfo=UTC)),
    (datetime(2025, 11, 3, 12, tzinfo=OwnZone(-90)), datetime(2025, 11, 3, 13, 30, tzinfo=UTC)),
    (datetime(2025, 11, 3, 12, fold=1, tzinfo=UTC), datetime(2025, 11, 3, 12, tzinfo=UTC)),
    (datetime(2025, 10, 26, 2, 30, fold=1, tzinfo=OwnZone(60)), datetime(2025, 10, 26, 1, 30, tzinfo=UTC)),
    (OwnDatetime(2025, 11, 3, 12, 0, 0, 7, tzinfo=UTC), datetime(2025, 11, 3, 12, 0, 0, 7, tzinfo=UTC)),
    (OwnDatetime(2025, 11, 3, 12, tzinfo=OwnZone(60)), datetime(2025, 11, 3, 11, tzinfo=UTC)),
)
"""Pairs of an instant as given and as it comes back: an exact `datetime` in UTC, not folded."""

INVALID_INSTANTS: tuple[Any, ...] = (
    datetime(2025, 11, 3, 12),  # noqa: DTZ001 - naive
    datetime(1, 1, 1),  # noqa: DTZ001 - naive
    OwnDatetime(2025, 11, 3, 12),
    datetime(2025, 11, 3, 12, tzinfo=OwnZone(None)),
    datetime(1, 1, 1, 5, 44, 59, 999_999, tzinfo=_EAST),
    datetime(9999, 12, 31, 14, 30, tzinfo=_WEST),
    datetime(1, 1, 1, tzinfo=OwnZone(1)),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=OwnZone(-1)),
    date(2025, 11, 3),
    time(12, 0, tzinfo=UTC),
    timedelta(days=1),
    "2025-11-03T12:00:00+00:00",
    b"2025-11-03T12:00:00+00:00",
    1762171200,
    1762171200.0,
    0,
    False,
)
"""What is no instant: naive, without an offset, outside of what UTC can express, another type."""
