"""Single values as JIRA spells them. What cannot be read is None, never an error and never a guess."""

from __future__ import annotations

import json
import math
import re
from datetime import datetime
from typing import Any, Final

from burndown_store.contract import ValidationError, check_instant

__all__ = ["instant_from_jira", "json_spelling", "name_of_user", "points_from", "text_at"]

# Decimal digits as JSON or a person writes them: `float` alone would also take "1_000", "nan" and Arabic digits.
# No whole part of more than 19 digits fits into 64 bits.
_NUMBER: Final = re.compile(r"([+-]?[0-9]{1,19})((?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)")
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})"
)
_INT_LIMIT: Final = 2**63


def points_from(value: object) -> float | None:
    """The estimate that a points field holds, or None for "no points", which is not 0.

    Takes a finite number; a number as decimal text, spaces around it allowed; and `{"value": …}` or `{"votes": …}`
    around one of these. A bool is no number, nor is a whole number that a float or 64 bits cannot hold exactly.
    """
    if type(value) is dict:
        for key in ("value", "votes"):
            if key in value:
                return _number(value[key])
    return _number(value)


def _number(value: object) -> float | None:
    if type(value) is str:
        match = _NUMBER.fullmatch(value.strip(" \t\r\n"))
        if match is None:
            return None
        value = float(match[0]) if match[2] else int(match[1])
    if type(value) is int and -_INT_LIMIT <= value < _INT_LIMIT and float(value) == value:
        return float(value)
    return value if type(value) is float and math.isfinite(value) else None


def instant_from_jira(value: object) -> datetime | None:
    """The instant in UTC of text such as `2025-10-03T14:22:31.000+0000`, or None.

    The offset is `Z`, `+0200` or `+02:00`; digits beyond microseconds are cut off. JIRA always sends an offset, so text
    without one did not come from it as an instant, and to place it in a zone would be a guess: None.
    """
    if type(value) is not str or _INSTANT.fullmatch(value) is None:
        return None
    try:
        return check_instant(datetime.fromisoformat(value), "instant")
    except (ValueError, ValidationError):
        return None


def text_at(value: object, *path: str) -> str | None:
    """The text under `path` in nested objects; None where any part of the way is missing or of another shape."""
    for name in path:
        value = value.get(name) if type(value) is dict else None
    return value if type(value) is str else None


def name_of_user(user: object) -> str | None:
    """What a user is called: `displayName`, else the server's `name`, else the cloud's `accountId`."""
    return text_at(user, "displayName") or text_at(user, "name") or text_at(user, "accountId") or None


def json_spelling(value: Any) -> str | None:
    """Text as it is, a number or bool as JSON spells it; None for null, objects and lists."""
    if type(value) is str:
        return value
    return json.dumps(value) if type(value) in (bool, int, float) else None
