"""What a column holds: instants as text or as a number, JSON objects as text, and back.

What goes in was checked by the contract. What cannot be read back raises a `ValueError` (`UNREADABLE` names all kinds),
which may quote it, so it must not escape: `Session.rows` sees to that.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from burndown_store.contract import Json

__all__ = [
    "UNREADABLE",
    "instant_text",
    "json_text",
    "microseconds",
    "optional_instant_text",
    "read_instant",
    "read_json",
    "read_microseconds",
    "read_optional_instant",
]

UNREADABLE: Final = (ValueError, TypeError, OverflowError, msgspec.DecodeError)

_ENCODE: Final = msgspec.json.Encoder().encode
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LENGTH_OF_WHOLE_SECONDS: Final = len('"2025-11-03T08:15:30Z"')

read_instant = datetime.fromisoformat
read_json = msgspec.json.Decoder(dict[str, Any]).decode


def instant_text(instant: datetime) -> str:
    """Such as `2025-11-03T08:15:30.000000Z`; `instant` is in UTC."""
    # msgspec is many times faster than isoformat(), and leaves out a fraction that is zero.
    text = _ENCODE(instant).decode("ascii")
    return f"{text[1:-2]}.000000Z" if len(text) == _LENGTH_OF_WHOLE_SECONDS else text[1:-1]


def microseconds(instant: datetime) -> int:
    """Whole microseconds since 1970, negative before; `instant` is in UTC."""
    return (instant - _EPOCH) // _MICROSECOND


def read_microseconds(count: int) -> datetime:
    """The instant of which `microseconds` gives that number."""
    return _EPOCH + timedelta(0, 0, count)


def optional_instant_text(instant: datetime | None) -> str | None:
    """As `instant_text`, None for None."""
    return None if instant is None else instant_text(instant)


def read_optional_instant(text: str | None) -> datetime | None:
    """As `read_instant`, None for None."""
    return None if text is None else read_instant(text)


def json_text(value: Json) -> str:
    """The object as compact JSON, in which `1`, `1.0` and `true` stay apart."""
    return _ENCODE(value).decode("utf-8")
