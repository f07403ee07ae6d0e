"""Arguments of reads, validated, and what they choose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeVar

from burndown_store.contract import (
    Change,
    History,
    Issue,
    Metric,
    Profile,
    Query,
    Record,
    check_identifier,
    check_instant,
    check_text,
)

__all__ = [
    "identifiers",
    "instant",
    "is_valid_at",
    "issue_order",
    "last",
    "latest_first",
    "matches",
    "texts",
    "within",
]

R = TypeVar("R", bound=Record)
Point = TypeVar("Point", date, datetime, str)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def identifiers(**filters: str | None) -> dict[str, str]:
    """The filters that are given, each an identifier. Raises `ValidationError`."""
    return {name: check_identifier(value, name) for name, value in filters.items() if value is not None}


def texts(**filters: str | None) -> dict[str, str]:
    """The filters that are given, each any text. Raises `ValidationError`."""
    return {name: check_text(value, name) for name, value in filters.items() if value is not None}


def instant(value: datetime | None, where: str) -> datetime | None:
    """The instant, if one is given. Raises `ValidationError`."""
    return None if value is None else check_instant(value, where)


def matches(record: Issue | History | Change | Metric, wanted: Mapping[str, str]) -> bool:
    """Whether the record equals every filter."""
    return all(getattr(record, name) == value for name, value in wanted.items())


def is_valid_at(record: Issue | History, moment: datetime | None) -> bool:
    """Whether the record has not expired by then; any has not where no moment is given."""
    return moment is None or record.expires_at > moment


def within(start: Point | None, point: Point, end: Point | None) -> bool:
    """Whether the point lies between both, inclusively."""
    return (start is None or start <= point) and (end is None or point <= end)


def last(limit: int | None, rows: list[R]) -> list[R]:
    """The last `limit` of the rows, or all."""
    return rows if limit is None else rows[max(0, len(rows) - limit) :]


def latest_first(record: Profile | Query) -> tuple[timedelta, str]:
    """The order of profiles and queries."""
    return _EPOCH - record.last_used_at, record.id


def issue_order(issue: Issue) -> tuple[bool, timedelta, str]:
    """The order of issues."""
    return issue.updated is None, _EPOCH - (issue.updated or _EPOCH), issue.key
