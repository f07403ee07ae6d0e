"""What `check()` looks at: SQLite's own file, and every record with its place in the table."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Row, select

from burndown_store.contract import (
    CorruptionError,
    ValidationError,
    check,
    check_identifier,
    check_text,
)
from honest.generic_table.database import storage_errors
from honest.generic_table.table import KINDS, PROFILES, QUERIES, AppState, decoded, entries, entry_of

__all__ = ["faults"]

AT_THE_TOP = frozenset({"profile", "app state", "task"})


def faults(connection: Connection) -> list[str]:
    """A sentence for each thing that is wrong, none of which quotes what is stored; empty when all is sound."""
    found: list[str] = []
    try:
        # What SQLite cannot read at all ends the search, and is the last fault found.
        with storage_errors():
            found += _of_the_file(connection)
            found += _of_the_records(connection)
    except CorruptionError as error:
        found.append(str(error))
    return found


def _of_the_file(connection: Connection) -> Iterator[str]:
    for said in connection.exec_driver_sql("PRAGMA integrity_check").scalars():
        if said != "ok":
            yield f"SQLite finds its file damaged ({said}); restore the store from a copy"


def _of_the_records(connection: Connection) -> Iterator[str]:
    of_profiles, of_queries = entries.c.kind == PROFILES.name, entries.c.kind == QUERIES.name
    profiles = set(connection.scalars(select(entries.c.name).where(of_profiles)))
    queries = {tuple(row) for row in connection.execute(select(entries.c.profile, entries.c.name).where(of_queries))}
    for number, row in enumerate(connection.execute(select(entries)), start=1):
        fault = _fault(row)
        if fault is None and row.profile and row.profile not in profiles:
            fault = "lies below a profile that is not there"
        if fault is None and row.query and (row.profile, row.query) not in queries:
            fault = "lies below a query that is not there"
        if fault:
            yield f"entry {number} {fault}; restore the store from a copy, or save the record again"


def _fault(row: Row[tuple[str, ...]]) -> str | None:
    kind = KINDS.get(row.kind)
    if kind is None:
        return "is of a kind that does not exist"
    try:
        record = decoded(kind, row.body)
        if isinstance(record, AppState):
            check_identifier(record.key, "key")
            check_text(record.value, "value")
        else:
            check(record)
        kept = entry_of(kind, record, row.profile, row.query)
    except ValidationError as error:
        return f"breaks a rule: {error}"
    except CorruptionError:
        return f"has a body that is no {kind.name}"
    if any(kept[column] != getattr(row, column) for column in ("name", "latest", "expires_at")):
        return f"has columns that differ from its body, the {kind.name}"
    levels = 0 if kind.name in AT_THE_TOP else 1 if kind is QUERIES else 2
    if [bool(row.profile), bool(row.query)] != [levels > 0, levels > 1]:
        return f"lies where no {kind.name} can be"
    return None
