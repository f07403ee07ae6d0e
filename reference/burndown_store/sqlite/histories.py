"""Histories and their changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from burndown_store.contract import (
    Change,
    ChangeEntry,
    History,
    check_batch,
    check_identifier,
    check_instant,
    check_limit,
    check_text,
)
from burndown_store.sqlite.columns import (
    instant_text,
    json_text,
    microseconds,
    optional_instant_text,
    read_instant,
    read_json,
    read_microseconds,
    read_optional_instant,
)
from burndown_store.sqlite.operations import Operations, check_place
from burndown_store.sqlite.statements import insert, narrowed, of_query, upsert

__all__ = ["CHANGES", "DELETE_CHANGES", "HISTORIES", "HistoryOperations", "entry_of", "history_of"]

_HISTORY_COLUMNS: Final = "issue_key, fetched_at, expires_at, details"
_CHANGE_COLUMNS: Final = (
    "issue_key, changed_at, field, field_id, field_type, author, history_id, from_value, from_text, to_value, to_text"
)

HISTORIES: Final = f"SELECT {_HISTORY_COLUMNS} FROM histories"
CHANGES: Final = f"SELECT {_CHANGE_COLUMNS} FROM changes"
_HISTORIES_OF_QUERY: Final = of_query("histories", _HISTORY_COLUMNS)
_CHANGES_OF_QUERY: Final = of_query("changes", _CHANGE_COLUMNS)
_KEYS_OF_QUERY: Final = of_query("histories", "issue_key")
_SAVE_HISTORY: Final = upsert("histories", f"query, {_HISTORY_COLUMNS}", identity="query, issue_key")
DELETE_CHANGES: Final = "DELETE FROM changes WHERE query = ? AND issue_key = ?"
_SAVE_CHANGE: Final = insert("changes", f"query, position, {_CHANGE_COLUMNS}")
_HISTORY_IS_VALID: Final = (
    "(SELECT expires_at FROM histories"
    " WHERE histories.query = changes.query AND histories.issue_key = changes.issue_key) > ?"
)


class HistoryOperations(Operations):
    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        self._admit_write("save_histories")
        check_place(profile_id, query_id)
        # Of two histories of one issue the last one counts, whole.
        batch = {history.issue_key: history for history in check_batch(histories, History)}
        with self._writing_below(profile_id, query_id) as (session, query):
            session.execute_many(DELETE_CHANGES, ((query, issue_key) for issue_key in batch))
            session.execute_many(_SAVE_HISTORY, (_history_row(query, history) for history in batch.values()))
            session.execute_many(
                _SAVE_CHANGE,
                (
                    _change_row(query, position, issue_key, change)
                    for issue_key, history in batch.items()
                    for position, change in enumerate(history.changes)
                ),
            )

    def get_histories(
        self,
        profile_id: str,
        query_id: str,
        *,
        issue_key: str | None = None,
        valid_at: datetime | None = None,
    ) -> list[History]:
        self._admit("get_histories")
        check_place(profile_id, query_id)
        if issue_key is not None:
            check_identifier(issue_key, "issue_key")
        valid = None if valid_at is None else instant_text(check_instant(valid_at, "valid_at"))
        place = (profile_id, query_id)
        found = narrowed(
            _HISTORIES_OF_QUERY,
            place,
            {"issue_key = ?": issue_key, "expires_at > ?": valid},
            order="issue_key",
            limit=None,
        )
        changes = narrowed(
            _CHANGES_OF_QUERY,
            place,
            {"issue_key = ?": issue_key, _HISTORY_IS_VALID: valid},
            order="issue_key, position",
            limit=None,
        )
        session = self._session
        with session.reading():
            histories = session.rows(*found, history_of)
            entries = session.rows(*changes, entry_of)
        # The lists were made for these records a moment ago, so filling them changes nothing of anybody's.
        changes_of = {history.issue_key: history.changes for history in histories}
        for entry in entries:
            changes_of[entry.issue_key].append(entry.change)
        return histories

    def get_changes(
        self,
        profile_id: str,
        query_id: str,
        *,
        issue_key: str | None = None,
        field: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        valid_at: datetime | None = None,
        limit: int | None = None,
    ) -> list[ChangeEntry]:
        self._admit("get_changes")
        check_place(profile_id, query_id)
        # The key of one issue narrows most; the plus keeps SQLite from taking the index of another column instead.
        other = "" if issue_key is None else "+"
        statement, parameters = narrowed(
            _CHANGES_OF_QUERY,
            (profile_id, query_id),
            {
                "issue_key = ?": None if issue_key is None else check_identifier(issue_key, "issue_key"),
                f"{other}field = ?": None if field is None else check_text(field, "field"),
                f"{other}changed_at >= ?": None if start is None else microseconds(check_instant(start, "start")),
                f"{other}changed_at <= ?": None if end is None else microseconds(check_instant(end, "end")),
                _HISTORY_IS_VALID: None if valid_at is None else instant_text(check_instant(valid_at, "valid_at")),
            },
            order=f"{other}changed_at, issue_key, position",
            limit=check_limit(limit, "limit"),
        )
        return self._session.rows(statement, parameters, entry_of)

    def list_history_keys(self, profile_id: str, query_id: str) -> list[str]:
        self._admit("list_history_keys")
        check_place(profile_id, query_id)
        return self._session.rows(f"{_KEYS_OF_QUERY} ORDER BY issue_key", (profile_id, query_id), str)


def history_of(issue_key: str, fetched_at: str | None, expires_at: str, details: str) -> History:
    """The record of one row of `HISTORIES`, without its changes."""
    return History(
        issue_key=issue_key,
        fetched_at=read_optional_instant(fetched_at),
        expires_at=read_instant(expires_at),
        details=read_json(details),
    )


def entry_of(
    issue_key: str,
    changed_at: int,
    field: str,
    field_id: str | None,
    field_type: str | None,
    author: str | None,
    history_id: str | None,
    from_value: str | None,
    from_text: str | None,
    to_value: str | None,
    to_text: str | None,
) -> ChangeEntry:
    """The record of one row of `CHANGES`."""
    return ChangeEntry(
        issue_key=issue_key,
        change=Change(
            changed_at=read_microseconds(changed_at),
            field=field,
            field_id=field_id,
            field_type=field_type,
            author=author,
            history_id=history_id,
            from_value=from_value,
            from_text=from_text,
            to_value=to_value,
            to_text=to_text,
        ),
    )


def _history_row(query: int, history: History) -> tuple[object, ...]:
    return (
        query,
        history.issue_key,
        optional_instant_text(history.fetched_at),
        instant_text(history.expires_at),
        json_text(history.details),
    )


def _change_row(query: int, position: int, issue_key: str, change: Change) -> tuple[object, ...]:
    return (
        query,
        position,
        issue_key,
        microseconds(change.changed_at),
        change.field,
        change.field_id,
        change.field_type,
        change.author,
        change.history_id,
        change.from_value,
        change.from_text,
        change.to_value,
        change.to_text,
    )
