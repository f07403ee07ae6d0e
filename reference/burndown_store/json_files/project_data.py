"""`project_data.json`: the statistics and the scope of a query, in the layout's unified shape.

Its `metadata` must say version 2.0, or the old application takes the file for an older one and sets everything to zero.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final, NamedTuple

from burndown_store.contract import Json, Scope, Statistic, check
from burndown_store.json_files.documents import (
    OURS,
    Document,
    decoded,
    document_of,
    encoded,
    extra_of,
    instant_text,
    local_text,
    optional_instant_from,
)

__all__ = ["ProjectData", "project_data_from", "project_data_text"]

# A `version` beside the metadata is the mark of the older shape.
_RESERVED: Final = frozenset({"project_scope", "statistics", "metadata", "version"})
_ROW: Final = frozenset(Statistic.__struct_fields__) - {"extra"}


class ProjectData(NamedTuple):
    """What a `project_data.json` holds: the statistics by date, and the scope."""

    statistics: dict[date, Statistic]
    scope: Scope | None


def project_data_text(data: ProjectData) -> bytes:
    """The text of the file."""
    scope = data.scope
    rows = [_row(statistic) for _, statistic in sorted(data.statistics.items())]
    known = {
        "project_scope": {} if scope is None else scope.values,
        "statistics": rows,
        "metadata": _metadata(scope),
    }
    if scope is None:
        return encoded(known)
    updated_at = None if scope.updated_at is None else instant_text(scope.updated_at)
    return encoded(document_of(known, scope.extra, reserved=_RESERVED, ours={"scope": {"updated_at": updated_at}}))


def project_data_from(data: bytes) -> ProjectData:
    """What the file holds. Raises `ValueError`, `KeyError`, `TypeError`, `AttributeError`."""
    document = decoded(data)
    rows = [_statistic_of(row) for row in document["statistics"]]
    statistics = {row.date: row for row in rows}
    if len(statistics) != len(rows):
        raise ValueError("a date stands twice")
    return ProjectData(statistics, _scope_of(document))


def _metadata(scope: Scope | None) -> Json:
    made: Json = {"source": "jira_calculated", "jira_query": ""}
    if scope is not None and scope.updated_at is not None:
        made["last_updated"] = local_text(scope.updated_at)
    given = None if scope is None else scope.extra.get("metadata")
    return {**made, **(given if isinstance(given, dict) else {}), "version": "2.0"}


def _scope_of(document: Document) -> Scope | None:
    own = document.get(OURS, {}).get("scope")
    if own is None:
        if document["project_scope"]:
            raise ValueError("the scope is of another writer")
        return None
    return check(
        Scope(
            values=document["project_scope"],
            updated_at=optional_instant_from(own["updated_at"]),
            extra=extra_of(document, reserved=_RESERVED),
        )
    )


def _row(statistic: Statistic) -> Document:
    fields: dict[str, Any] = {name: getattr(statistic, name) for name in _ROW}
    known = {name: value for name, value in fields.items() if value is not None}
    return document_of({**known, "date": statistic.date.isoformat()}, statistic.extra, reserved=_ROW)


def _statistic_of(row: Document) -> Statistic:
    known = {name: row[name] for name in _ROW if name in row}
    known["date"] = date.fromisoformat(row["date"])
    return check(Statistic(**known, extra=extra_of(row, reserved=_ROW)))
