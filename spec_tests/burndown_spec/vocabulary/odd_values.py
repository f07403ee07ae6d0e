"""Values that are almost of a type, and values that no literal can hold."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from burndown_store.contract import (
    CacheInfo,
    Change,
    History,
    Issue,
    JsonText,
    Metric,
    Profile,
    Query,
    Scope,
    Statistic,
    Task,
)

__all__ = [
    "FoldingZone",
    "OwnCacheInfo",
    "OwnChange",
    "OwnDate",
    "OwnDatetime",
    "OwnDict",
    "OwnFloat",
    "OwnHistory",
    "OwnInt",
    "OwnIssue",
    "OwnJsonText",
    "OwnList",
    "OwnMetric",
    "OwnProfile",
    "OwnQuery",
    "OwnScope",
    "OwnStatistic",
    "OwnTask",
    "OwnText",
    "OwnZone",
    "issue_nested",
    "keep_noise",
    "list_holding_itself",
    "nested",
    "noise",
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


class FoldingZone(tzinfo):
    """A time zone whose clocks were just set back: two hours east of UTC, and one where `fold` is 1."""

    def utcoffset(self, when: datetime | None) -> timedelta:
        return timedelta(hours=1 if when is not None and when.fold else 2)

    def dst(self, _when: datetime | None) -> timedelta | None:
        return None

    def tzname(self, _when: datetime | None) -> str | None:
        return None

    def __repr__(self) -> str:
        return "FoldingZone()"


class OwnJsonText(JsonText, frozen=True):
    """A document of a caller's own class."""


class OwnProfile(Profile, frozen=True):
    """A profile of a caller's own class."""


class OwnQuery(Query, frozen=True):
    """A query of a caller's own class."""


class OwnTask(Task, frozen=True):
    """A task of a caller's own class."""


class OwnIssue(Issue, frozen=True):
    """An issue of a caller's own class."""


class OwnCacheInfo(CacheInfo, frozen=True):
    """What is known of a fetch, in a record of a caller's own class."""


class OwnChange(Change, frozen=True):
    """A change of a caller's own class."""


class OwnHistory(History, frozen=True):
    """A history of a caller's own class."""


class OwnStatistic(Statistic, frozen=True):
    """A statistic of a caller's own class."""


class OwnScope(Scope, frozen=True):
    """A scope of a caller's own class."""


class OwnMetric(Metric, frozen=True):
    """A metric of a caller's own class."""


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


def noise(size: int, seed: int) -> dict[str, Any]:
    """A JSON object that needs `size` bytes, however it is packed; each seed gives another."""
    return {"noise": random.Random(seed).randbytes(size).hex()}


def keep_noise(backend: Any, size: int, seed: int) -> None:
    """Keep a text that needs `size` bytes as application state."""
    backend.set_app_state("noise", noise(size, seed)["noise"])
