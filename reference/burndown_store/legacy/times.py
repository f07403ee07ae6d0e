"""The instants, dates and weeks of the old files, in all their spellings."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo
from typing import Final

from burndown_store.contract import ValidationError, check_instant, check_week

__all__ = ["NEVER", "UNKNOWN_TIME", "date_from", "instant_from", "week_from"]

# Stands where a record needs an instant and the files have none: nothing is fresh because of it.
UNKNOWN_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)

# Where the application never let go of something.
NEVER: Final = datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)

_DAY: Final = r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
_CLOCK: Final = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
_INSTANT: Final = re.compile(rf"{_DAY}(?:[T ]{_CLOCK}(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})?)?")
_DATE: Final = re.compile(rf"{_DAY}(?:[T ]{_CLOCK}(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})?|-[0-9]{{6}})?")
_WEEK: Final = re.compile(r"([0-9]{4})-W?([0-9]{2})")


def instant_from(text: str, zone: tzinfo) -> tuple[datetime, bool] | None:
    """The instant in UTC, and whether `text` named no offset and so was read in `zone`. None when it is no time."""
    if _INSTANT.fullmatch(text) is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        naive = found.tzinfo is None
        return check_instant(found.replace(tzinfo=zone) if naive else found, "time"), naive
    except (ValueError, OverflowError, ValidationError):
        return None


def date_from(text: str) -> date | None:
    """The day that `text` names, a time or a `-HHMMSS` behind it disregarded. None when it names none."""
    match = _DATE.fullmatch(text)
    try:
        return None if match is None else date.fromisoformat(match[1])
    except ValueError:
        return None


def week_from(label: str) -> str | None:
    """`2025-W44` for `2025-44` and `2025-W44`. None for a label that names no week of the ISO calendar."""
    match = _WEEK.fullmatch(label)
    try:
        return None if match is None else check_week(f"{match[1]}-W{match[2]}", "week")
    except ValidationError:
        return None
