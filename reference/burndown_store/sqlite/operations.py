"""What every family of operations stands on: the order of refusals, transactions, snapshots and closing."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, Self, TypeVar

from burndown_store.contract import (
    Backend,
    ProfileNotFoundError,
    QueryNotFoundError,
    Record,
    UsageError,
    ValidationError,
    check,
    check_identifier,
)
from burndown_store.sqlite.connections import Connections
from burndown_store.sqlite.session import Session

__all__ = ["Operations", "check_place", "checked", "expect_profile"]

R = TypeVar("R", bound=Record)

_LOG: Final = logging.getLogger("burndown_store.sqlite")


class Operations(Backend):
    """A handle without its operations.

    Each operation first calls `_admit` or `_admit_write`, then validates its arguments, then asks for the `_session`:
    that is the contract's order of refusals (6.4).
    """

    _connections: Connections

    def _admit(self, operation: str) -> None:
        """Raises `ClosedError`. The log names the operation, never what it is about."""
        self._connections.expect_open()
        if _LOG.isEnabledFor(logging.DEBUG):
            _LOG.debug("%s", operation)

    def _admit_write(self, operation: str) -> None:
        """As `_admit`; inside a snapshot raises `UsageError`."""
        self._admit(operation)
        self._refuse_in_snapshot(operation)

    def _refuse_in_snapshot(self, operation: str) -> None:
        in_use = self._connections.session_in_use()
        if in_use is not None and in_use.in_snapshot:
            raise UsageError(f"{operation}: a snapshot only reads; write before it or after it")

    @property
    def _session(self) -> Session:
        return self._connections.session()

    @contextmanager
    def _writing_below(self, profile_id: str, query_id: str) -> Iterator[tuple[Session, int]]:
        """One write below a query, which is handed over as its number. Raises `NotFoundError` of either kind."""
        session = self._session
        # Looked up before as well, because what is not there is to be said before the store is found busy.
        _query_number(session, profile_id, query_id)
        with session.writing():
            yield session, _query_number(session, profile_id, query_id)

    def transaction(self) -> AbstractContextManager[Self]:
        self._admit_write("transaction")
        return self._transaction()

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        # A snapshot may have been opened between the call and the entry.
        self._refuse_in_snapshot("transaction")
        session = self._session
        session.begin()
        try:
            yield self
        except BaseException:
            session.undo()
            raise
        session.commit()

    def snapshot(self) -> AbstractContextManager[Self]:
        self._admit("snapshot")
        return self._snapshot()

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        session = self._session
        session.open_snapshot()
        try:
            yield self
        finally:
            session.close_snapshot()
        session.expect_open()

    def close(self) -> None:
        if self._connections.session_in_use() is not None:
            raise UsageError("close: this thread has a transaction or a snapshot open; leave it first")
        self._connections.close()


def checked(record: object, kind: type[R]) -> R:
    """The record in its normal form. Raises `ValidationError`, also for a record of another kind."""
    if type(record) is not kind:
        raise ValidationError(f"expected {kind.__name__}, got {type(record).__name__}")
    return check(record)


def check_place(profile_id: object, query_id: object) -> None:
    """Raises `ValidationError` where a query is named by what is no identifier."""
    check_identifier(profile_id, "profile_id")
    check_identifier(query_id, "query_id")


def expect_profile(session: Session, profile_id: str) -> None:
    """Raises `ProfileNotFoundError`."""
    if not session.rows("SELECT 1 FROM profiles WHERE id = ?", (profile_id,), int):
        raise ProfileNotFoundError("there is no such profile; save it first, or see list_profiles()")


def _query_number(session: Session, profile_id: str, query_id: str) -> int:
    number = session.first("SELECT number FROM queries WHERE profile_id = ? AND id = ?", (profile_id, query_id), int)
    if number is None:
        expect_profile(session, profile_id)
        raise QueryNotFoundError("there is no such query in the profile; save it first, or see list_queries()")
    return number
