"""Backends that go wrong when a handle is closed under what another thread has open (contract, 18.3)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from burndown_spec.oracle import TransactionalBackend
from burndown_spec.oracle.transactions import View
from burndown_store.contract import ClosedError, StorageError, UsageError
from saboteurs import saboteur


class EndingItsOwnWay(TransactionalBackend):
    """Ends a transaction in steps that its saboteurs change."""

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        self._check_writable()
        view = self._begin_writing()
        views = self._of_thread.views
        views.append(view)
        try:
            yield self
            with self._shared.lock:
                self.keep(view)
        finally:
            views.remove(view)
            with self._shared.lock:
                self._end_writing(view)

    def keep(self, view: View) -> None:
        """Let the work take the store's place. The store's lock is held."""
        self._check_open()
        self._shared.become(view.store)


@saboteur("closing-undoes-transactions-of-other-threads", says=("call(finish, transaction_1)", "raises ClosedError"))
class CommitsAfterClosing(EndingItsOwnWay):
    """Closes the connection of the calling thread, and does not reach the others, which commit at their end."""

    def keep(self, view: View) -> None:
        self._shared.become(view.store)


@saboteur("closing-undoes-transactions-of-other-threads", says=("call(finish, transaction_1)", "raises ClosedError"))
class SaysNothingAtTheEnd(EndingItsOwnWay):
    """Has nothing left to commit at the end of the block, and takes that for success."""

    def keep(self, view: View) -> None:
        if not self._closed:
            super().keep(view)


@saboteur("closing-undoes-transactions-of-other-threads", says=("call(finish, transaction_1)", "contents_of(other)"))
class CommitsAndThenRefuses(EndingItsOwnWay):
    """Asks whether the handle is closed when it has committed."""

    def keep(self, view: View) -> None:
        self._shared.become(view.store)
        self._check_open()


@saboteur("closing-undoes-transactions-of-other-threads", says=("third.close()", "raised BusyError"))
class KeepsTheLockUntilTheEnd(TransactionalBackend):
    """Leaves it to the end of the block to give the lock back."""

    def close(self) -> None:
        writing, self._writing = self._writing, None
        try:
            super().close()
        finally:
            self._writing = writing


@saboteur("closing-undoes-transactions-of-other-threads", says=("other.save_task", "raised BusyError"))
class LosesTheLock(TransactionalBackend):
    """Forgets with its transaction that it has the lock, which nobody gives back any more."""

    def close(self) -> None:
        if not self._of_thread.views:
            self._writing = None
        super().close()


@saboteur("closing-undoes-transactions-of-other-threads", says=("third.close()", "contents_of(other)"))
class CommitsForOtherThreads(TransactionalBackend):
    """Commits what other threads have open when it is closed."""

    def close(self) -> None:
        writing = self._writing
        super().close()
        if writing is not None:
            self._shared.become(writing.store.copy())


@saboteur("closing-undoes-transactions-of-other-threads", says=("raises ClosedError",))
class AnswersUntilTheEnd(TransactionalBackend):
    """Asks whether the handle is closed at the end of a transaction only, whose connection is open still."""

    _is_ending = False

    def _check_open(self) -> None:
        views = self._of_thread.views
        if views and not views[-1].reads_only and not self._is_ending:
            return
        super()._check_open()

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        with super()._transaction():
            yield self
            self._is_ending = True
        self._is_ending = False


@saboteur("closing-undoes-transactions-of-other-threads", says=("raised ProgrammingError",))
class LetsTheDriverSayThatItIsClosed(EndingItsOwnWay):
    """Lets the driver's own error escape at the end of a transaction whose connection was closed."""

    def keep(self, view: View) -> None:
        if self._closed:
            raise sqlite3.ProgrammingError("Cannot operate on a closed database.")
        super().keep(view)


@saboteur("closing-undoes-transactions-of-other-threads", says=("third.close()", "raised UsageError"))
class WantsAllThreadsToHaveEnded(TransactionalBackend):
    """Refuses to close while any thread has a transaction open."""

    def close(self) -> None:
        if self._writing is not None:
            raise UsageError("a transaction is open on this handle; end it first")
        super().close()


class HearingOfErrors(TransactionalBackend):
    """Is told when the body of a transaction raised on a handle that was closed meanwhile."""

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        with super()._transaction():
            try:
                yield self
            except Exception as error:
                if self._closed:
                    self.undo(error)
                raise

    def undo(self, error: Exception) -> None:
        raise NotImplementedError


@saboteur("closing-lets-the-bodys-own-error-through", says=("call(passes, transaction_1", "expected True, got False"))
class CannotUndoWhatIsUndone(HearingOfErrors):
    """Says `ROLLBACK` on a closed connection, and with the refusal hides the body's error."""

    def undo(self, error: Exception) -> None:
        raise ClosedError("this handle is closed; open another one")


@saboteur("closing-lets-the-bodys-own-error-through", says=("call(passes, transaction_1", "expected True, got False"))
class TakesTheErrorForItsOwn(HearingOfErrors):
    """Wraps what the body raised, as if it came of the closing."""

    def undo(self, error: Exception) -> None:
        raise StorageError("the transaction was undone when the handle was closed") from error


class WatchingSnapshots(TransactionalBackend):
    """Asks in steps of its own whether a handle with a snapshot is closed."""

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        self._check_open()
        with self._shared.lock:
            view = View(self._store.copy(), reads_only=True)
        views = self._of_thread.views
        views.append(view)
        try:
            yield self
            self.end()
        finally:
            views.remove(view)

    def end(self) -> None:
        self._check_open()


@saboteur("closing-ends-snapshots-of-other-threads", says=("call(finish, snapshot_1)", "raises ClosedError"))
class SaysNothingAtTheEndOfASnapshot(WatchingSnapshots):
    """Has nothing to do at the end of a snapshot, and does not look whether the handle is open."""

    def end(self) -> None:
        pass


@saboteur("closing-ends-snapshots-of-other-threads", says=("call(backend.list_app_state)", "raises ClosedError"))
class KeepsAConnectionForTheSnapshot(WatchingSnapshots):
    """Reads in a snapshot on a connection of its own, which closing does not reach."""

    def list_app_state(self) -> dict[str, str]:
        if self._closed and self._of_thread.views:
            return dict(self._store.app_state)
        return super().list_app_state()


@saboteur("closing-ends-snapshots-of-other-threads", says=("raised ProgrammingError",))
class LetsTheDriverEndTheSnapshot(WatchingSnapshots):
    """Lets the driver's own error escape at the end of a snapshot whose connection was closed."""

    def end(self) -> None:
        if self._closed:
            raise sqlite3.ProgrammingError("Cannot operate on a closed database.")


@saboteur("closing-ends-snapshots-of-other-threads", says=("backend.close()", "raised UsageError"))
class WantsAllSnapshotsToHaveEnded(WatchingSnapshots):
    """Refuses to close while any thread has a snapshot open."""

    _open_snapshots = 0

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        self._open_snapshots += 1
        try:
            with super()._snapshot():
                yield self
        finally:
            self._open_snapshots -= 1

    def close(self) -> None:
        if self._open_snapshots:
            raise UsageError("a snapshot is open on this handle; end it first")
        super().close()
