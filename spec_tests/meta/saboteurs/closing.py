"""Backends that close wrongly while a transaction or a snapshot is open (contract, 18.2 and 18.3)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import ClassVar, Self

from burndown_spec.oracle import TransactionalBackend
from burndown_store.contract import UsageError
from saboteurs import saboteur

Location = str | os.PathLike[str]


class ClosingAnyway(TransactionalBackend):
    """Closes with a transaction or a snapshot of the calling thread open."""

    @property
    def is_in_snapshot(self) -> bool:
        return bool(self._of_thread.views) and self._of_thread.views[-1].reads_only

    @property
    def is_in_transaction(self) -> bool:
        return bool(self._of_thread.views) and not self._of_thread.views[-1].reads_only

    def close_anyway(self) -> None:
        views, self._of_thread.views = self._of_thread.views, []
        try:
            TransactionalBackend.close(self)
        finally:
            self._of_thread.views = views


@saboteur("closing-inside-a-transaction-is-refused", says=("backend.close()", "raises UsageError"))
class CommitsWhenItCloses(ClosingAnyway):
    """Commits what the calling thread has open, and closes."""

    def close(self) -> None:
        if self.is_in_transaction:
            self._shared.become(self._store.copy())
            self.close_anyway()
        else:
            super().close()


@saboteur("closing-inside-a-transaction-is-refused", says=("backend.close()", "raises UsageError"))
class UndoesWhenItCloses(ClosingAnyway):
    """Undoes what the calling thread has open, as SQLite does, and closes."""

    def close(self) -> None:
        if self.is_in_transaction:
            self.close_anyway()
        else:
            super().close()


@saboteur("closing-inside-a-transaction-is-refused", says=("backend.close()", "raises UsageError"))
class DoesNotCloseAndSaysNothing(ClosingAnyway):
    """Leaves the handle open, and lets the caller believe that it is closed."""

    def close(self) -> None:
        if not self.is_in_transaction:
            super().close()


@saboteur("closing-inside-a-transaction-is-refused", says=("backend.list_app_state()", "'before'"))
class UndoesWhenItRefusesToClose(ClosingAnyway):
    """Rolls back before it refuses."""

    def close(self) -> None:
        if self.is_in_transaction:
            self._store.become(self._shared.copy())
        super().close()


@saboteur("closing-inside-a-transaction-is-refused", says=("set_app_state('afterwards'", "raised UsageError"))
class DoomsTheTransactionThatItRefusesToClose(ClosingAnyway):
    """Takes the refusal for a reason to give up the transaction."""

    def close(self) -> None:
        if self.is_in_transaction:
            self._of_thread.views[-1].reads_only = True
        super().close()


@saboteur(
    "closing-inside-a-transaction-is-refused",
    "closing-inside-a-snapshot-is-refused",
    says=("set_app_state('afterwards'", "raised ClosedError"),
)
class IsClosedAllTheSame(ClosingAnyway):
    """Notes that it is closed before it looks whether it may be."""

    def close(self) -> None:
        if self._of_thread.views:
            self.close_anyway()
        super().close()
        if self._of_thread.views:
            raise UsageError("this thread has a transaction or a snapshot open; leave it first")


@saboteur("closing-inside-a-transaction-is-refused", says=("backend.close()", "raised OperationalError"))
class LetsTheDriverRefuseToClose(ClosingAnyway):
    """Lets the driver say that something is open still."""

    def close(self) -> None:
        if self.is_in_transaction:
            raise sqlite3.OperationalError("unable to close due to unfinalized statements")
        super().close()


@saboteur("closing-inside-a-transaction-is-refused", says=("backend.list_app_state()", "raises ClosedError"))
class StaysOpenOnceItRefused(ClosingAnyway):
    """Remembers that it could not be closed, and never is."""

    _refused = False

    def close(self) -> None:
        if self.is_in_transaction:
            self._refused = True
        if self._refused and not self._of_thread.views:
            return
        super().close()


class ForgettingTheOuter(ClosingAnyway):
    """Keeps a mark that a transaction is open, which its end takes away: that of an inner one as well."""

    _is_marked = False

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        with super()._transaction():
            self._is_marked = True
            yield self

    def close(self) -> None:
        if self.is_in_transaction and not self._is_marked:
            self.close_anyway()
        else:
            super().close()


@saboteur(
    "closing-inside-a-savepoint-is-refused", says=("finish(transaction_2)", "backend.close()", "raises UsageError")
)
class ForgetsTheOuterAfterTheInner(ForgettingTheOuter):
    """Takes the mark away at whatever end."""

    @contextmanager
    def _savepoint(self) -> Iterator[Self]:
        try:
            with super()._savepoint():
                yield self
        finally:
            self._is_marked = False


@saboteur(
    "closing-inside-a-savepoint-is-refused", says=("raise_in(transaction_3", "backend.close()", "raises UsageError")
)
class ForgetsTheOuterAfterAnInnerThatRaised(ForgettingTheOuter):
    """Takes the mark away when it undoes, whatever it undoes."""

    @contextmanager
    def _savepoint(self) -> Iterator[Self]:
        try:
            with super()._savepoint():
                yield self
        except BaseException:
            self._is_marked = False
            raise


@saboteur("closing-inside-a-snapshot-is-refused", says=("backend.close()", "raises UsageError"))
class ThinksOfTransactionsOnly(ClosingAnyway):
    """Closes with a snapshot open."""

    def close(self) -> None:
        if self.is_in_snapshot:
            self.close_anyway()
        else:
            super().close()


@saboteur(
    "closing-inside-a-snapshot-is-refused", says=("backend.list_app_state()", "expected 'before', got 'afterwards'")
)
class EndsTheSnapshotThatItRefusesToClose(ClosingAnyway):
    """Lets the moment go before it refuses."""

    def close(self) -> None:
        if self.is_in_snapshot:
            self._of_thread.views[-1].store = self._shared
        super().close()


@saboteur("closing-inside-a-snapshot-is-refused", says=("backend.close()", "raises UsageError"))
class ForgetsTheSnapshotAfterAnInnerOne(ClosingAnyway):
    """Remembers whether a snapshot is open, and not how many."""

    _has_ended = False

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        self._has_ended = False
        with super()._snapshot():
            yield self
        self._has_ended = True

    def close(self) -> None:
        if self.is_in_snapshot and self._has_ended:
            self.close_anyway()
        else:
            super().close()


class KnowingTheOthers(TransactionalBackend):
    """Knows all handles of the process."""

    _handles: ClassVar[list[KnowingTheOthers]] = []

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._handles.append(self)

    def close(self) -> None:
        super().close()
        if self in self._handles:
            self._handles.remove(self)
            self.end_others([other for other in self._handles if other._shared is self._shared])

    def end_others(self, others: list[KnowingTheOthers]) -> None:
        raise NotImplementedError


@saboteur("closing-touches-no-other-handle", says=("other.close()", "backend.list_app_state()"))
class UndoesForAll(KnowingTheOthers):
    """Shares one connection among the handles of a location, and undoes what is open on it when one is closed."""

    def end_others(self, others: list[KnowingTheOthers]) -> None:
        for other in others:
            if other._writing is not None:
                other._writing.store.become(self._shared.copy())


@saboteur("closing-touches-no-other-handle", says=("raised ClosedError",))
class ClosesWhoeverHasATransaction(KnowingTheOthers):
    """Ends the transactions of the location, and with them the handles that have them open."""

    def end_others(self, others: list[KnowingTheOthers]) -> None:
        for other in others:
            if other._writing is not None:
                other._closed = True


@saboteur("closing-touches-no-other-handle", says=("other.close()", "raised UsageError"))
class TakesAnothersForItsOwn(KnowingTheOthers):
    """Refuses to close because the thread has a transaction open, though on another handle."""

    def end_others(self, others: list[KnowingTheOthers]) -> None:
        if any(other._of_thread.views for other in others):
            raise UsageError("this thread has a transaction open; leave it first")


@saboteur("a-closed-handle-opens-nothing", says=("begin(backend.transaction)", "raises ClosedError"))
class DoesNotAskWhetherItIsClosed(TransactionalBackend):
    """Opens a transaction on a closed handle, and finds out at the first call in it."""

    def transaction(self) -> AbstractContextManager[Self]:
        return nullcontext(self) if self._closed else super().transaction()


@saboteur("a-closed-handle-opens-nothing", says=("begin(backend.transaction)", "raised ProgrammingError"))
class LetsTheDriverRefuseToBegin(TransactionalBackend):
    """Says `BEGIN` on a closed connection, and lets the driver refuse it."""

    def transaction(self) -> AbstractContextManager[Self]:
        if self._closed:
            raise sqlite3.ProgrammingError("Cannot operate on a closed database.")
        return super().transaction()


@saboteur("a-closed-handle-opens-nothing", says=("begin(backend.transaction)", "raised UsageError"))
class TakesClosedForMisused(TransactionalBackend):
    """Has one error for all that may be wrong with the moment."""

    def transaction(self) -> AbstractContextManager[Self]:
        if self._closed:
            raise UsageError("there is nothing open here")
        return super().transaction()


@saboteur("a-closed-handle-shows-nothing", says=("begin(backend.snapshot)", "raises ClosedError"))
class ShowsWhenItIsClosed(TransactionalBackend):
    """Opens a snapshot on a closed handle, and finds out at the first call in it."""

    def snapshot(self) -> AbstractContextManager[Self]:
        return nullcontext(self) if self._closed else super().snapshot()


@saboteur("a-closed-handle-shows-nothing", says=("begin(backend.snapshot)", "raised ProgrammingError"))
class LetsTheDriverRefuseToShow(TransactionalBackend):
    """Says `BEGIN` on a closed connection, and lets the driver refuse it."""

    def snapshot(self) -> AbstractContextManager[Self]:
        if self._closed:
            raise sqlite3.ProgrammingError("Cannot operate on a closed database.")
        return super().snapshot()
