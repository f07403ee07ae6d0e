"""A sound store made of what a damaged one still gave and of a backup."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from burndown_store.contract import ValidationError
from burndown_store.sqlite.backend import open_backend
from burndown_store.sqlite.columns import UNREADABLE, instant_text, read_instant
from burndown_store.sqlite.location import FILE
from burndown_store.sqlite.salvaging import Key, Lost, Salvaged, TableShape, shapes_of
from burndown_store.sqlite.schema import APPLICATION_ID, SCHEMA_VERSION, scripts
from burndown_store.sqlite.soundness import INSTANTS, looks

__all__ = ["Mended", "mend"]

# In version 1 that of a change was text as well.
_INSTANTS: Final = INSTANTS | {"changed_at"}
# What a row may refer to, and by what: table, its columns, the other table, that one's columns.
_REFERENCES: Final = (
    ("queries", ("profile_id",), "profiles", ("id",)),
    *(
        (table, ("query",), "queries", ("number",))
        for table in ("issues", "cache_info", "histories", "changes", "statistics", "scopes", "metrics")
    ),
    ("changes", ("query", "issue_key"), "histories", ("query", "issue_key")),
)


@dataclass(frozen=True)
class Mended:
    """By table, how many rows each source gave; and what is missing, in sentences."""

    saved: dict[str, int]
    from_backup: dict[str, int]
    missing: tuple[str, ...]


def mend(salvaged: Salvaged, location: Path, backup: Path | None, timeout: float) -> Mended:
    """Make a store at `location`, a folder that is not there yet, of the rows and of what is lost from the backup.

    `backup` is a sound database of the present version. Raises `sqlite3.Error` and the contract's errors.
    """
    path = location / FILE
    path.parent.mkdir(parents=True)
    refused = _fill(path, salvaged)
    # Brings it to the present version.
    open_backend(location, timeout=timeout).close()
    lost = {shape.name: salvaged.lost.get(shape.name, Lost()) for shape in shapes_of(SCHEMA_VERSION)}
    for table, keys in refused.items():
        if table in lost:
            lost[table].keys |= keys
    with closing(sqlite3.connect(path, isolation_level=None)) as connection, _transaction(connection):
        shapes = _shapes()
        for table, keys in _no_records(connection, shapes):
            lost[table].keys |= keys
        before = {name: _count(connection, name) for name in shapes}
        from_backup = dict.fromkeys(shapes, 0)
        if backup is not None:
            with closing(sqlite3.connect(backup)) as source:
                from_backup = _take_over(connection, source, shapes, lost)
        missing = [
            *_still_lost(connection, shapes, lost, backup is not None),
            *_drop_orphans(connection),
            *_close_gaps(connection),
        ]
        after = {name: _count(connection, name) for name in shapes}
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    saved = {name: min(before[name], after[name]) for name in shapes}
    return Mended(saved, from_backup, tuple(missing))


def _shapes() -> dict[str, TableShape]:
    return {shape.name: shape for shape in shapes_of(SCHEMA_VERSION)}


def _fill(path: Path, salvaged: Salvaged) -> dict[str, set[Key]]:
    """Make the database of the version that the rows have; the keys of those that its rules refuse."""
    refused: dict[str, set[Key]] = {}
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        for script in scripts()[: salvaged.version]:
            connection.executescript(script)
        with _transaction(connection):
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {salvaged.version}")
            for shape in shapes_of(salvaged.version):
                insert = _insert(shape)
                for key, row in salvaged.rows[shape.name].items():
                    try:
                        _check_instants(shape, row)
                        connection.execute(insert, row)
                    except (sqlite3.IntegrityError, *UNREADABLE):
                        refused.setdefault(shape.name, set()).add(key)
    return refused


def _check_instants(shape: TableShape, row: tuple[Any, ...]) -> None:
    """Upgrades take them for what they should be. Raises one of `UNREADABLE`."""
    for name, value in zip(shape.columns, row, strict=True):
        if name in _INSTANTS and isinstance(value, str) and instant_text(read_instant(value)) != value:
            raise ValueError("an instant is not spelled as instants are")


def _no_records(connection: sqlite3.Connection, shapes: dict[str, TableShape]) -> Iterator[tuple[str, set[Key]]]:
    """Take out the rows that are no records of the contract, and give their keys."""
    for table, (select, judge) in looks().items():
        shape = shapes[table]
        key, count = ", ".join(shape.key), len(shape.key)
        bad: set[Key] = set()
        rows = connection.execute(select.replace("SELECT ", f"SELECT {key}, ", 1))
        names = [name for name, *_ in rows.description[count:]]
        for row in rows:
            try:
                judge(names, row[count:])
            except (ValidationError, *UNREADABLE):
                bad.add(tuple(row[:count]))
        marks = ", ".join("?" * count)
        connection.executemany(f"DELETE FROM {table} WHERE ({key}) = ({marks})", sorted(bad))
        if bad:
            yield table, bad


def _take_over(
    connection: sqlite3.Connection, backup: sqlite3.Connection, shapes: dict[str, TableShape], lost: dict[str, Lost]
) -> dict[str, int]:
    """Insert from the backup what may have been lost, and nothing that was deleted since; how many, by table."""
    taken: Counter[str] = Counter()
    numbers: dict[int, int] = {}
    for name, shape in shapes.items():
        insert = _insert(shape).replace("INSERT ", "INSERT OR IGNORE ", 1)
        columns = ", ".join(f'"{column}"' for column in shape.columns)
        for row_there in backup.execute(f"SELECT {columns} FROM {name}"):
            row = row_there
            if name == "queries":
                found = connection.execute(
                    "SELECT number FROM queries WHERE profile_id = ? AND id = ?", (row[1], row[2])
                ).fetchone()
                if found is not None:
                    numbers[row[0]] = found[0]
                    continue
            elif shape.columns[0] == "query":
                if row[0] not in numbers:
                    continue
                row = (numbers[row[0]], *row[1:])
            if lost[name].may_hold(shape.key_of(row)):
                done = connection.execute(insert, row).rowcount
                taken[name] += done
                if name == "queries" and done:
                    numbers[row[0]] = row[0]
    return {name: taken[name] for name in shapes}


def _still_lost(
    connection: sqlite3.Connection, shapes: dict[str, TableShape], lost: dict[str, Lost], has_backup: bool
) -> Iterator[str]:
    for name, shape in shapes.items():
        key = ", ".join(shape.key)
        there = {tuple(row) for row in connection.execute(f"SELECT {key} FROM {name}")}
        if count := len(lost[name].keys - there):
            yield f"{name}: {_rows(count)} could not be read, and no backup has them."
        if lost[name].ranges:
            known = "what the backup does not have of it is lost" if has_backup else "and there is no backup of it"
            yield f"{name}: a part could not be read, {known}; how many rows that are is not known."


def _drop_orphans(connection: sqlite3.Connection) -> Iterator[str]:
    for table, columns, other, others in _REFERENCES:
        found = connection.execute(
            f"DELETE FROM {table} WHERE ({', '.join(columns)}) NOT IN (SELECT {', '.join(others)} FROM {other})"
        )
        if found.rowcount:
            yield (
                f"{table}: {_rows(found.rowcount)} were left out, because what they belong to in {other} is missing;"
                " they are in the files that were set aside."
            )


def _close_gaps(connection: sqlite3.Connection) -> Iterator[str]:
    """Number the changes anew of histories that lost some."""
    gaps = connection.execute(
        "SELECT query, issue_key FROM changes GROUP BY query, issue_key"
        " HAVING min(position) != 0 OR max(position) != count(*) - 1"
    ).fetchall()
    for place in gaps:
        positions = connection.execute(
            "SELECT position FROM changes WHERE query = ? AND issue_key = ? ORDER BY position", place
        ).fetchall()
        connection.executemany(
            "UPDATE changes SET position = ? WHERE query = ? AND issue_key = ? AND position = ?",
            [(new, *place, old) for new, (old,) in enumerate(positions) if new != old],
        )
    if gaps:
        yield f"changes: of {len(gaps)} histories some changes are missing between others."


def _insert(shape: TableShape) -> str:
    columns = ", ".join(f'"{name}"' for name in shape.columns)
    return f"INSERT INTO {shape.name} ({columns}) VALUES ({', '.join('?' * len(shape.columns))})"


def _count(connection: sqlite3.Connection, table: str) -> int:
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(count)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[Any]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
