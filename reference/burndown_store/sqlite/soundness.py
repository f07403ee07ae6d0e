"""What may be wrong with a store: its pages, its layout, and rows that are no records of the contract."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import Any, Final, TypeAlias

from burndown_store.contract import StorageError, ValidationError, check, check_identifier, check_text
from burndown_store.sqlite.columns import UNREADABLE, instant_text, read_instant
from burndown_store.sqlite.figures import METRICS, SCOPES, STATISTICS, metric_of, scope_of, statistic_of
from burndown_store.sqlite.histories import CHANGES, HISTORIES, entry_of, history_of
from burndown_store.sqlite.issues import CACHE_INFO, ISSUES, cache_info_of, issue_of
from burndown_store.sqlite.profiles import PROFILES, QUERIES, profile_of, query_of
from burndown_store.sqlite.refusals import RECOVER
from burndown_store.sqlite.schema import APPLICATION_ID, SCHEMA_VERSION, scripts
from burndown_store.sqlite.second_look import is_damaged
from burndown_store.sqlite.state import APP_STATE, TASKS, task_of

__all__ = ["INSTANTS", "looks", "problems"]

# Raises for the row of a table that is no record of the contract, given the names of its columns.
Judge: TypeAlias = Callable[[Sequence[str], Sequence[Any]], None]

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
_CHANGES_OF_NOTHING: Final = (
    "SELECT count(*) FROM changes WHERE NOT EXISTS (SELECT 1 FROM histories"
    " WHERE histories.query = changes.query AND histories.issue_key = changes.issue_key)"
)
INSTANTS: Final = frozenset(
    {
        *("created_at", "last_used_at", "updated_at", "fetched_at", "expires_at", "calculated_at"),
        *("created", "updated", "resolved"),
    }
)
"""The columns that hold an instant as text, by name."""
# Further lines would say the same of further rows.
_SHOWN: Final = 5
_DAMAGE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


def problems(connection: sqlite3.Connection) -> Iterator[str]:
    """A sentence for each thing that is wrong; none quotes what is stored. Raises `sqlite3.Error` of other kinds."""
    for name, look in (("the pages", _pages), ("the layout", _layout), ("references", _references), ("changes", _gaps)):
        yield from _survived(connection, name, look(connection))
    for table, (select, judge) in looks().items():
        yield from _survived(connection, table, _unsound(connection, table, select, judge))


def looks() -> dict[str, tuple[str, Judge]]:
    """By table: how its rows are read, and what raises `ValidationError` or `UNREADABLE` for one that is no record."""
    records = {table: (select, partial(_check_record, build)) for table, (select, build) in _RECORDS.items()}
    return {"app_state": (APP_STATE, _check_state), **records}


def _survived(connection: sqlite3.Connection, name: str, found: Iterator[str]) -> Iterator[str]:
    """What a look found, and that it was cut short by damage."""
    try:
        yield from found
    except sqlite3.Error as error:
        # The driver raises an error without a code for text that is no UTF-8.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if code & 0xFF not in _DAMAGE:
            raise
        if code & 0xFF != sqlite3.SQLITE_ERROR:
            _expect_read(connection)
        yield f"{name}: damage keeps this from being read to the end; {RECOVER}."


def _pages(connection: sqlite3.Connection) -> Iterator[str]:
    told = [message for (message,) in connection.execute("PRAGMA integrity_check") if message != "ok"]
    # One message may be a hundred lines, of which the first names the database.
    found = [line for message in told for line in message.splitlines() if not line.startswith("***")] or told
    if told:
        _expect_read(connection)
    for line in found[:_SHOWN]:
        yield f"SQLite finds: {line.removesuffix('.')}."
    if len(found) > _SHOWN:
        yield f"SQLite finds {len(found) - _SHOWN} things more in the pages."


def _expect_read(connection: sqlite3.Connection) -> None:
    """Raises `StorageError` where what looks like damage was a medium that failed to read."""
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    if path and not is_damaged(path):
        raise StorageError(f"{path}: the medium failed to read; see that it works")


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
    (orphans["changes", "histories"],) = connection.execute(_CHANGES_OF_NOTHING).fetchone()
    for (table, parent), count in sorted(orphans.items()):
        if count:
            yield f"{table}: {count} rows belong to no row of {parent}."


def _gaps(connection: sqlite3.Connection) -> Iterator[str]:
    (count,) = connection.execute(_GAPS).fetchone()
    if count:
        yield f"changes: {count} histories have gaps in the positions of their changes."


def _unsound(connection: sqlite3.Connection, table: str, select: str, judge: Judge) -> Iterator[str]:
    count = 0
    rows = connection.execute(select)
    names = [name for name, *_ in rows.description]
    for row in rows:
        try:
            judge(names, row)
        except (ValidationError, *UNREADABLE):
            count += 1
    if count:
        yield f"{table}: {count} rows are no records of the contract."


def _check_record(build: Callable[..., Any], names: Sequence[str], row: Sequence[Any]) -> None:
    check(build(*row))
    for name, text in zip(names, row, strict=True):
        # Instants are compared as texts, so that one spelled otherwise comes in the wrong place.
        if name in INSTANTS and text is not None and instant_text(read_instant(text)) != text:
            raise ValueError("an instant is not spelled as instants are")


def _check_state(_names: Sequence[str], row: Sequence[Any]) -> None:
    key, value = row
    check_identifier(key, "key")
    check_text(value, "value")
