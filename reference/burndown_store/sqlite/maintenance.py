"""What concerns the store as a whole: expiry, soundness, size."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from burndown_store.contract import CorruptionError, Expired, check_instant
from burndown_store.sqlite.columns import instant_text
from burndown_store.sqlite.histories import DELETE_CHANGES
from burndown_store.sqlite.location import StoreFile
from burndown_store.sqlite.operations import Operations
from burndown_store.sqlite.soundness import problems

__all__ = ["MaintenanceOperations"]

_DELETE_ISSUES: Final = "DELETE FROM issues WHERE expires_at <= ?"
_DELETE_HISTORIES: Final = "DELETE FROM histories WHERE expires_at <= ?"
_EXPIRED_HISTORIES: Final = "SELECT query, issue_key FROM histories WHERE expires_at <= ?"


class MaintenanceOperations(Operations):
    _file: StoreFile

    def delete_expired(self, now: datetime) -> Expired:
        self._admit_write("delete_expired")
        until = (instant_text(check_instant(now, "now")),)
        session = self._session
        with session.writing():
            issues = session.execute(_DELETE_ISSUES, until)
            session.execute_many(DELETE_CHANGES, session.rows(_EXPIRED_HISTORIES, until, _place))
            histories = session.execute(_DELETE_HISTORIES, until)
        return Expired(issues=issues, histories=histories)

    def check(self) -> list[str]:
        self._admit("check")
        session = self._session
        try:
            with session.inspecting() as connection:
                return list(problems(connection))
        except CorruptionError as damage:
            return [str(damage)]

    def size_bytes(self) -> int:
        self._admit("size_bytes")
        self._session.expect_usable()
        return self._file.size_bytes()


def _place(query: int, issue_key: str) -> tuple[int, str]:
    return query, issue_key
