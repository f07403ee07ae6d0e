"""How the model makes an answer of what it keeps: copies, orders, filters, limits (contract, chapters 1, 8, 13, 14)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from burndown_store.contract import History, Issue, JsonText, Profile, Query, Record, fields

__all__ = [
    "copied",
    "first",
    "issue_order",
    "last",
    "latest_first",
    "matches",
    "text_size",
    "valid_at_instant",
    "within",
]

R = TypeVar("R", bound=Record)
T = TypeVar("T")
Point = TypeVar("Point", date, datetime, str)

_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


def copied(record: R) -> R:
    """The record, sharing nothing with the one given that can change."""
    values = fields(record)
    if not any(isinstance(value, (dict, list, Record)) for value in values.values()):
        return record
    return type(record)(**{name: _copied(value) for name, value in values.items()})


def _copied(value: Any) -> Any:
    if isinstance(value, Record):
        return copied(value)
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value


def latest_first(record: Profile | Query) -> tuple[timedelta, str]:
    """Sorts profiles and queries: the latest use first, then by id."""
    return _backwards(record.last_used_at), record.id


def issue_order(issue: Issue) -> tuple[bool, timedelta, str]:
    """Sorts issues: the latest update first, those without one last, then by key."""
    return issue.updated is None, _backwards(issue.updated or _BEGINNING), issue.key


def _backwards(instant: datetime) -> timedelta:
    """The later the instant, the less."""
    return _BEGINNING - instant


def matches(record: Record, wanted: Mapping[str, str | None]) -> bool:
    """Whether each field named has exactly the text wanted; None wants nothing."""
    return all(text is None or getattr(record, name) == text for name, text in wanted.items())


def valid_at_instant(record: Issue | History, moment: datetime | None) -> bool:
    """Whether the record has not expired at `moment`; at None it has not."""
    return moment is None or record.expires_at > moment


def within(start: Point | None, point: Point, end: Point | None) -> bool:
    """Whether `point` lies between `start` and `end`, both included; None is no bound."""
    return (start is None or start <= point) and (end is None or point <= end)


def first(rows: list[T], limit: int | None) -> list[T]:
    """The first `limit` rows."""
    return rows if limit is None else rows[:limit]


def last(rows: list[T], limit: int | None) -> list[T]:
    """The last `limit` rows, in their order."""
    return rows if limit is None else rows[max(0, len(rows) - limit) :]


def text_size(record: Record) -> int:
    """How long the record is when it is written out, documents included."""
    values = fields(record).values()
    return sum(len(value.text) if isinstance(value, JsonText) else len(repr(value)) for value in values)
