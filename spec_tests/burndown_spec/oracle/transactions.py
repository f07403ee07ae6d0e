"""The model with transactions, savepoints and snapshots: a copy of the store for each, and one writer at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Self

from burndown_spec.oracle.memory import MemoryBackend
from burndown_spec.oracle.store import Store
from burndown_store.contract import BusyError, Capability, UsageError

__all__ = ["TransactionalBackend", "open_backend"]


@dataclass(eq=False)
class View:
    """What one thread sees in place of the store: the work of its transaction, or the moment of its snapshot."""

    store: Store
    reads_only: bool


class _OfThread(threading.local):
    def __init__(self) -> None:
        self.views: list[View] = []


class TransactionalBackend(MemoryBackend):
    """The backend `memory`. A transaction works on a copy, which takes the store's place at its end."""

    def __init__(self, location: str | os.PathLike[str], *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._timeout = min(max(timeout, 0.0), threading.TIMEOUT_MAX)
        self._of_thread = _OfThread()
        # The view of the transaction that is open on this handle, in whatever thread.
        self._writing: View | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset(
            {Capability.ATOMIC, Capability.TRANSACTIONS, Capability.SAVEPOINTS, Capability.SNAPSHOTS},
        )

    def transaction(self) -> AbstractContextManager[Self]:
        self._check_writable()
        return self._savepoint() if self._of_thread.views else self._transaction()

    def snapshot(self) -> AbstractContextManager[Self]:
        self._check_open()
        return self._snapshot()

    def close(self) -> None:
        if self._of_thread.views and not self._closed:
            raise UsageError("close: this thread has a transaction or a snapshot open; leave it first")
        super().close()
        with self._shared.lock:
            self._end_writing(self._writing)

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        self._check_writable()
        view, views = self._begin_writing(), self._of_thread.views
        views.append(view)
        try:
            yield self
            with self._shared.lock:
                self._check_open()
                self._shared.become(view.store)
        finally:
            # Where nobody leaves the block, another thread collects it.
            views.remove(view)
            with self._shared.lock:
                self._end_writing(view)

    @contextmanager
    def _savepoint(self) -> Iterator[Self]:
        self._check_writable()
        before = self._store.copy()
        try:
            yield self
            self._check_open()
        except BaseException:
            self._store.become(before)
            raise

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        self._check_open()
        with self._shared.lock:
            view, views = View(self._store.copy(), reads_only=True), self._of_thread.views
        views.append(view)
        try:
            yield self
            self._check_open()
        finally:
            views.remove(view)

    @property
    def _store(self) -> Store:
        views = self._of_thread.views
        return views[-1].store if views else self._shared

    def _check_writable(self) -> None:
        super()._check_writable()
        if any(view.reads_only for view in self._of_thread.views):
            raise UsageError("a snapshot only reads; write before it or after it")

    def _locked(self) -> AbstractContextManager[object]:
        self._check_writable()
        return self._store.lock if self._of_thread.views else self._alone()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """A write outside of any transaction is one of its own."""
        if self._shared.writer.acquire(timeout=self._timeout):
            try:
                with self._shared.lock:
                    yield
            finally:
                self._shared.writer.release()
        else:
            # What is not there is said before the store is found busy: tried on a copy that nobody sees.
            with self._shared.lock:
                view, views = View(self._shared.copy(), reads_only=False), self._of_thread.views
            views.append(view)
            try:
                yield
            finally:
                views.remove(view)
            raise self._busy()

    def _begin_writing(self) -> View:
        if not self._shared.writer.acquire(timeout=self._timeout):
            raise self._busy()
        with self._shared.lock:
            self._writing = View(self._shared.copy(), reads_only=False)
            return self._writing

    def _end_writing(self, view: View | None) -> None:
        """Let others write, unless `close` did that before. The store's lock is held."""
        if view is not None and self._writing is view:
            self._writing = None
            self._shared.writer.release()

    def _busy(self) -> BusyError:
        return BusyError(f"another transaction held the store for {self._timeout} s; try again")


def open_backend(location: str | os.PathLike[str], *, timeout: float = 5.0) -> TransactionalBackend:
    """A handle on the store in memory of a location. Raises `StorageError` where the directory cannot be made."""
    return TransactionalBackend(location, timeout=timeout)
