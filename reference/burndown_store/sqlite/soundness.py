"""What may be wrong with a store: its pages, its layout, and rows that are no records of the contract."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, Final

from burndown_store.contract import ValidationError, check, check_identifier, check_text
from burndown_store.sqlite.columns import UNREADABLE
from burndown_store.sqlite.figures import METRICS, SCOPES, STATISTICS, metric_of, scope_of, statistic_of
from burndown_store.sqlite.histories import CHANGES, HISTORIES, entry_of, history_of
from burndown_store.sqlite.issues import CACHE_INFO, ISSUES, cache_info_of, issue_of
from burndown_store.sqlite.profiles import PROFILES, QUERIES, profile_of, query_of
from burndown_store.sqlite.schema import APPLICATION_ID, SCHEMA_VERSION, scripts
from burndown_store.sqlite.state import APP_STATE, TASKS, task_of

__all__ = ["problems"]

# Every table, how its rows are read, and the record that one of them is.
_RECORDS: Final[dict[str, tuple[str, Callable[..., Any]]]] = {
    "tasks": (TASKS, task_of),
    "profiles": (PROFILES, profile_of),
    "queries": (QUERIES, query_of),
    "issues": (ISSUES, issue_of),
    "cache_info": (CACHE_INFO, cache_info_of),
    "histories": (HISTORIES, history_of),
    "changes": (CHANGES, entry_of),
    "statistics": (STATISTICS, statistic_of),
    "scopes": (SCOPES, scope_of),
    "metrics": (METRICS, metric_of),
}
_LAYOUT: Final = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
_GAPS: Final = (
    "SELECT count(*) FROM (SELECT 1 FROM changes GROUP BY query, issue_key"
    " HAVING min(position) != 0 OR max(position) != count(*) - 1)"
)
_DAMAGE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


def problems(connection: sqlite3.Connection) -> Iterator[str]:
    """A sentence for each thing that is wrong; none quotes what is stored. Raises `sqlite3.Error` of other kinds."""
    for name, look in (("the pages", _pages), ("the layout", _layout), ("references", _references), ("changes", _gaps)):
        yield from _survived(name, look(connection))
    yield from _survived("app_state", _unsound(connection, "app_state", APP_STATE, _check_state))
    for table, (select, build) in _RECORDS.items():
        yield from _survived(table, _unsound(connection, table, select, lambda *row, of=build: check(of(*row))))


def _survived(name: str, found: Iterator[str]) -> Iterator[str]:
    """What a look found, and that it was cut short by damage."""
    try:
        yield from found
    except sqlite3.Error as error:
        # The driver raises an error without a code for text that is no UTF-8.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
        if code & 0xFF not in _DAMAGE:
            raise
        yield f"{name}: damage keeps this from being read to the end; put a backup in its place."


def _pages(connection: sqlite3.Connection) -> Iterator[str]:
    for (message,) in connection.execute("PRAGMA integrity_check"):
        if message != "ok":
            yield f"SQLite finds: {message}."


def _layout(connection: sqlite3.Connection) -> Iterator[str]:
    for pragma, expected in (("application_id", APPLICATION_ID), ("user_version", SCHEMA_VERSION)):
        if connection.execute(f"PRAGMA {pragma}").fetchone() != (expected,):
            yield f"The file's {pragma} is not that of this version."
    with closing(sqlite3.connect(":memory:")) as pattern:
        for script in scripts():
            pattern.executescript(script)
        expected_layout = dict(pattern.execute(_LAYOUT).fetchall())
    layout = dict(connection.execute(_LAYOUT).fetchall())
    for name in sorted(expected_layout.keys() - layout.keys()):
        yield f"{name} is missing."
    for name in sorted(expected_layout.keys() & layout.keys()):
        if layout[name] != expected_layout[name]:
            yield f"{name} is not as this version creates it."


def _references(connection: sqlite3.Connection) -> Iterator[str]:
    orphans: dict[tuple[str, str], int] = {}
    for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        orphans[table, parent] = orphans.get((table, parent), 0) + 1
    for (table, parent), count in orphans.items():
        yield f"{table}: {count} rows belong to no row of {parent}."


def _gaps(connection: sqlite3.Connection) -> Iterator[str]:
    (count,) = connection.execute(_GAPS).fetchone()
    if count:
        yield f"changes: {count} histories have gaps in the positions of their changes."


def _unsound(connection: sqlite3.Connection, table: str, select: str, judge: Callable[..., object]) -> Iterator[str]:
    count = 0
    for row in connection.execute(select):
        try:
            judge(*row)
        except (ValidationError, *UNREADABLE):
            count += 1
    if count:
        yield f"{table}: {count} rows are no records of the contract."


def _check_state(key: str, value: str) -> None:
    check_identifier(key, "key")
    check_text(value, "value")
