"""The one table, the kinds of records that it holds, and how they are read and written.

A record is an entry: the ids of the profile and the query that it lies below (empty text where there is none; no
identifier is empty), its kind, its identity within them, and a body of JSON text. SQLite compares text by its bytes in
UTF-8, which is the order by code point that the contract wants. Two more columns repeat what SQL must know of a record:
`latest`, by which it is ordered, and `expires_at`. They are instants in UTC as ISO 8601 with all six digits of the
microsecond: that text has one width, so it sorts as the instants do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import Column, Connection, MetaData, Table, Text, delete, insert, select

from burndown_store.contract import (
    CacheInfo,
    CorruptionError,
    History,
    Issue,
    Metric,
    Profile,
    Query,
    Scope,
    Statistic,
    Task,
)

__all__ = [
    "APP_STATE",
    "CACHE_INFOS",
    "HISTORIES",
    "ISSUES",
    "KINDS",
    "METRICS",
    "PROFILES",
    "QUERIES",
    "SCOPES",
    "STATISTICS",
    "TASKS",
    "AppState",
    "Kind",
    "decoded",
    "entries",
    "entry_of",
    "names",
    "read",
    "remove",
    "remove_below",
    "remove_expired",
    "write",
]

R = TypeVar("R", bound=msgspec.Struct)

entries = Table(
    "entries",
    MetaData(),
    Column("profile", Text, primary_key=True),
    Column("query", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("latest", Text),
    Column("expires_at", Text),
    Column("body", Text, nullable=False),
)


class AppState(msgspec.Struct, frozen=True):
    """One key of the application state and its value: the contract has no record for them."""

    key: str
    value: str


def _never(record: Any) -> datetime | None:
    return None


@dataclass(frozen=True)
class Kind(Generic[R]):
    """One kind of record: its name in the table, and what of a record goes into columns.

    Records are ordered by `latest`, the latest first and None last, and then by `identity`.
    """

    name: str
    type: type[R]
    identity: Callable[[R], str]
    latest: Callable[[R], datetime | None] = _never
    expires_at: Callable[[R], datetime | None] = _never


PROFILES = Kind("profile", Profile, lambda profile: profile.id, latest=lambda profile: profile.last_used_at)
QUERIES = Kind("query", Query, lambda query: query.id, latest=lambda query: query.last_used_at)
APP_STATE = Kind("app state", AppState, lambda state: state.key)
TASKS = Kind("task", Task, lambda task: task.name)
ISSUES = Kind(
    "issue",
    Issue,
    lambda issue: issue.key,
    latest=lambda issue: issue.updated,
    expires_at=lambda issue: issue.expires_at,
)
HISTORIES = Kind("history", History, lambda history: history.issue_key, expires_at=lambda history: history.expires_at)
STATISTICS = Kind("statistic", Statistic, lambda statistic: statistic.date.isoformat())
# A week has one width, so that the text of both sorts by week and then by name, and no two pairs have the same text.
METRICS = Kind("metric", Metric, lambda metric: metric.week + metric.name)
CACHE_INFOS = Kind("cache info", CacheInfo, lambda _: "")
SCOPES = Kind("scope", Scope, lambda _: "")

KINDS: dict[str, Kind[Any]] = {
    kind.name: kind
    for kind in (
        PROFILES, QUERIES, APP_STATE, TASKS, ISSUES, HISTORIES, STATISTICS, METRICS, CACHE_INFOS, SCOPES
    )
}  # fmt: skip


def entry_of(kind: Kind[R], record: R, profile_id: str = "", query_id: str = "") -> dict[str, str | None]:
    """The row that keeps a record."""
    return {
        "profile": profile_id,
        "query": query_id,
        "kind": kind.name,
        "name": kind.identity(record),
        "latest": _column(kind.latest(record)),
        "expires_at": _column(kind.expires_at(record)),
        "body": msgspec.json.encode(record).decode("utf-8"),
    }


def decoded(kind: Kind[R], body: str) -> R:
    """The record that a body holds. Raises `CorruptionError`, which quotes nothing of it."""
    try:
        return msgspec.json.decode(body, type=kind.type)
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):
        raise CorruptionError(f"an entry has a body that is no {kind.name}; restore the store from a copy") from None


def read(
    connection: Connection,
    kind: Kind[R],
    profile_id: str = "",
    query_id: str = "",
    *,
    name: str | None = None,
    valid_at: datetime | None = None,
) -> list[R]:
    """The records of one kind below a profile and a query, in their order; only those that match every filter."""
    found = select(entries.c.body).where(*_below(kind, profile_id, query_id))
    if name is not None:
        found = found.where(entries.c.name == name)
    if valid_at is not None:
        found = found.where(entries.c.expires_at > _column(valid_at))
    # SQLite takes NULL for less than all else, so it comes last where the latest come first.
    bodies = connection.scalars(found.order_by(entries.c.latest.desc(), entries.c.name))
    return [decoded(kind, body) for body in bodies]


def names(connection: Connection, kind: Kind[R], profile_id: str = "", query_id: str = "") -> list[str]:
    """The identities of the records of one kind, in their order."""
    found = select(entries.c.name).where(*_below(kind, profile_id, query_id)).order_by(entries.c.name)
    return list(connection.scalars(found))


def write(
    connection: Connection, kind: Kind[R], records: Iterable[R], profile_id: str = "", query_id: str = ""
) -> None:
    """Insert or replace records; of two with one identity the last stays."""
    rows = [entry_of(kind, record, profile_id, query_id) for record in records]
    # SQLAlchemy takes an empty list for one row of nothing.
    if rows:
        connection.execute(insert(entries).prefix_with("OR REPLACE", dialect="sqlite"), rows)


def remove(
    connection: Connection, kind: Kind[R], profile_id: str = "", query_id: str = "", *, name: str | None = None
) -> None:
    """Remove the records of one kind, or the one of that name; those that are not there are no matter."""
    gone = delete(entries).where(*_below(kind, profile_id, query_id))
    connection.execute(gone if name is None else gone.where(entries.c.name == name))


def remove_below(connection: Connection, profile_id: str, query_id: str | None = None) -> None:
    """Remove all that lies below a query, or below a profile; the query's or profile's own record stays."""
    gone = delete(entries).where(entries.c.profile == profile_id)
    connection.execute(gone if query_id is None else gone.where(entries.c.query == query_id))


def remove_expired(connection: Connection, kind: Kind[R], now: datetime) -> int:
    """Remove the records of one kind that are valid no more, wherever they lie, and count them."""
    gone = delete(entries).where(entries.c.kind == kind.name, entries.c.expires_at <= _column(now))
    return connection.execute(gone).rowcount


def _below(kind: Kind[R], profile_id: str, query_id: str) -> tuple[Any, ...]:
    return entries.c.profile == profile_id, entries.c.query == query_id, entries.c.kind == kind.name


def _column(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat(timespec="microseconds")
