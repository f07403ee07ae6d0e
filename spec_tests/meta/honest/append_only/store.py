"""A handle on the log: what is committed, the calling thread's transaction, committing, closing.

There is no lock within the handle. What was seen of the log is one immutable value, replaced as a whole; two threads
that replace it at once have both read the same log, and at worst one of them reads a few entries again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from burndown_store.contract import (
    BusyError,
    ClosedError,
    CorruptionError,
    NotFoundError,
    StorageError,
    UsageError,
    ValidationError,
    check,
)
from honest.append_only.log import START, End, Log
from honest.append_only.operations import Operation
from honest.append_only.state import State
from honest.append_only.transactions import Transaction

__all__ = ["Store"]


class _Seen(NamedTuple):
    """How far the log was read, and the state that it leads to."""

    state: State
    end: End


class _Own(threading.local):
    """What each thread has for itself."""

    transaction: Transaction | None = None


class Store:
    """The store in a directory, read to its end. Raises `StorageError`, `CorruptionError`."""

    def __init__(self, location: Path, timeout: float) -> None:
        self._timeout = timeout
        self._log = Log(location)
        self._seen = _Seen(State(), START)
        self._own = _Own()
        self._closed = False
        self._newest()

    def require_open(self) -> None:
        """Raises `ClosedError`."""
        if self._closed:
            raise ClosedError("the store was closed; open it again")

    def read(self) -> State:
        """What the calling thread sees: its transaction's state, or all that is committed by now."""
        self.require_open()
        transaction = self._own.transaction
        if transaction is None:
            return self._newest().state
        transaction.require_sound()
        return transaction.state

    def write(self, operation: Operation) -> tuple[State, State]:
        """Do it in the thread's transaction, or commit it at once; gives the states before and after.

        Raises `NotFoundError`, `BusyError`, `StorageError`.
        """
        self.require_open()
        if self._own.transaction is not None:
            return self._own.transaction.write(operation)
        # What is refused anyway is refused before it waits for anybody.
        operation.applied(self._newest().state)
        with self._writing():
            before, end = self._newest()
            after = operation.applied(before)
            self._seen = _Seen(after, self._log.append([operation], end))
        return before, after

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What the calling thread writes in the body is committed at its end, or undone when the body raises."""
        self.require_open()
        outer = self._own.transaction
        if outer is not None:
            outer.require_sound()
            with outer.savepoint():
                yield
                self.require_open()
                outer.require_sound()
            return
        started = self._newest()
        transaction = self._own.transaction = Transaction(base=started.end, state=started.state)
        try:
            yield
        finally:
            self._own.transaction = None
        self.require_open()
        transaction.require_sound()
        if transaction.operations:
            self._commit(transaction)

    def check(self) -> list[str]:
        """What is wrong, found by reading the whole log again."""
        with self._dooming():
            try:
                entries = self._log.entries()
            except CorruptionError as damage:
                return [str(damage)]
        state, faults = State(), []
        for number, entry in enumerate(entries, start=1):
            try:
                for operation in entry.operations:
                    for record in operation.records():
                        check(record)
                    state = operation.applied(state)
            except (ValidationError, NotFoundError) as fault:
                faults.append(f"entry {number} of the log: {fault}")
        return faults

    def size_bytes(self) -> int:
        """Every byte of the store's files."""
        with self._dooming():
            return self._log.size_bytes()

    def close(self) -> None:
        """No call is answered from now on; there is nothing else to release. Raises `UsageError`."""
        if not self._closed and self._own.transaction is not None:
            raise UsageError("close() inside of one's own transaction; end it first")
        self._closed = True

    def _newest(self) -> _Seen:
        """All that is committed by now. Raises `StorageError`, `CorruptionError`."""
        state, end = self._seen
        try:
            entries = self._log.entries(end)
        except CorruptionError:
            # A writer whose device refused took its line back, maybe after it was read here: only the log knows.
            state, end = State(), START
            entries = self._log.entries(end)
        try:
            for entry in entries:
                for operation in entry.operations:
                    state = operation.applied(state)
                end = entry.end
        except NotFoundError as fault:
            raise CorruptionError(f"the log contradicts itself: {fault}; restore it from a copy") from fault
        self._seen = _Seen(state, end)
        return self._seen

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Be the only one to append, unless the store was closed while waiting for that. Raises `BusyError`."""
        with self._log.writing(self._timeout):
            self.require_open()
            yield

    def _commit(self, transaction: Transaction) -> None:
        with self._writing():
            end = self._newest().end
            if end != transaction.base:
                raise BusyError("another writer has committed since this transaction began; try the whole again")
            self._seen = _Seen(transaction.state, self._log.append(transaction.operations, end))

    @contextmanager
    def _dooming(self) -> Iterator[None]:
        """For what looks at the files themselves: a failure there dooms the thread's transaction."""
        self.require_open()
        transaction = self._own.transaction
        if transaction is not None:
            transaction.require_sound()
        try:
            yield
        except StorageError as error:
            if transaction is not None:
                transaction.doomed_by = error
            raise
