"""The SQL that is alike for every table, built from the names of its columns; values are always parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["insert", "narrowed", "of_query", "upsert"]

_QUERY_NUMBER: Final = "(SELECT number FROM queries WHERE profile_id = ? AND id = ?)"


def insert(table: str, columns: str) -> str:
    """Insert one row; `columns` are separated by commas."""
    marks = ", ".join("?" * len(columns.split(",")))
    return f"INSERT INTO {table} ({columns}) VALUES ({marks})"


def upsert(table: str, columns: str, *, identity: str) -> str:
    """Insert one row, or replace every column of the row that has the same `identity`."""
    keys = identity.split(", ")
    replaced = ", ".join(f"{name} = excluded.{name}" for name in columns.split(", ") if name not in keys)
    return f"{insert(table, columns)} ON CONFLICT ({identity}) DO UPDATE SET {replaced}"


def of_query(table: str, columns: str, *, index: str = "") -> str:
    """Select the rows of one query, named by two parameters: its profile and itself.

    `index` is for where SQLite, which knows nothing of how many rows there are, would choose another.
    """
    indexed = f" INDEXED BY {index}" if index else ""
    return f"SELECT {columns} FROM {table}{indexed} WHERE query = {_QUERY_NUMBER}"


def narrowed(
    select: str, parameters: tuple[object, ...], conditions: Mapping[str, object], *, order: str, limit: int | None
) -> tuple[str, list[object]]:
    """`select` with those `conditions` (an expression with one parameter each) whose value is not None.

    Gives the statement and all of its parameters. The first `limit` rows in `order`.
    """
    statement, values = [select], [*parameters]
    for condition, value in conditions.items():
        if value is not None:
            statement.append(f"AND {condition}")
            values.append(value)
    statement.append(f"ORDER BY {order}")
    # Only where it is asked for: SQLite sorts a whole answer slower when there is a LIMIT.
    if limit is not None:
        statement.append("LIMIT ?")
        values.append(limit)
    return " ".join(statement), values
