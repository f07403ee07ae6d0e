"""Values that are almost of a type, and values that no literal can hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from burndown_store.contract import Issue, JsonText

__all__ = [
    "OwnDate",
    "OwnDatetime",
    "OwnDict",
    "OwnFloat",
    "OwnInt",
    "OwnJsonText",
    "OwnList",
    "OwnText",
    "OwnZone",
    "issue_nested",
    "list_holding_itself",
    "nested",
    "object_holding_itself",
]


class OwnText(str):
    """Text of a caller's own class."""


class OwnInt(int):
    """A whole number of a caller's own class."""


class OwnFloat(float):
    """A number of a caller's own class."""


class OwnList(list[Any]):
    """A list of a caller's own class."""


class OwnDict(dict[Any, Any]):
    """A dict of a caller's own class, as `defaultdict` and `OrderedDict` are."""


class OwnDate(date):
    """A date of a caller's own class."""


class OwnDatetime(datetime):
    """A datetime of a caller's own class, as pandas and pendulum have them."""


class OwnZone(tzinfo):
    """A time zone of a caller's own class, `minutes` east of UTC; with None it does not know how far."""

    def __init__(self, minutes: int | None) -> None:
        self.minutes = minutes

    def utcoffset(self, _when: datetime | None) -> timedelta | None:
        return None if self.minutes is None else timedelta(minutes=self.minutes)

    def dst(self, _when: datetime | None) -> timedelta | None:
        return None

    def tzname(self, _when: datetime | None) -> str | None:
        return None


class OwnJsonText(JsonText, frozen=True):
    """A document of a caller's own class."""


def nested(levels: int) -> dict[str, Any]:
    """A JSON object of so many levels, objects and lists by turns."""
    value: Any = [] if levels % 2 == 0 else {}
    for level in range(levels - 1, 0, -1):
        value = [value] if level % 2 == 0 else {"in": value}
    return dict(value)


def issue_nested(levels: int) -> Issue:
    """An issue whose document is a JSON object of so many levels, objects and lists by turns."""
    opening = "".join('{"in":' if level % 2 == 0 else "[" for level in range(levels - 1))
    closing = "".join("}" if level % 2 == 0 else "]" for level in reversed(range(levels - 1)))
    innermost = "{}" if levels % 2 else "[]"
    expires_at = datetime(2025, 11, 4, tzinfo=UTC)
    return Issue(key="AB-1", document=JsonText(opening + innermost + closing), expires_at=expires_at)


def object_holding_itself() -> dict[str, Any]:
    """A JSON object whose one value is the object."""
    value: dict[str, Any] = {}
    value["self"] = value
    return value


def list_holding_itself() -> dict[str, Any]:
    """A JSON object with a list whose one item is the list."""
    value: list[Any] = []
    value.append(value)
    return {"list": value}
