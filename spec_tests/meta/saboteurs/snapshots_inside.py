"""Backends that go wrong at what is asked for in a snapshot, or at one in a transaction (contract, chapter 17)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from typing import Any, Self

from burndown_spec.oracle.transactions import View
from burndown_store.contract import (
    Issue,
    Profile,
    StorageError,
    Task,
    UsageError,
    check,
)
from saboteurs import saboteur
from saboteurs.snapshots import SteppingOutside


@saboteur("a-snapshot-only-reads", says=("backend.save_task", "raises UsageError"))
class WritesAroundTheSnapshot(SteppingOutside):
    """Has one operation that writes on a connection of its own, whatever is open."""

    def save_task(self, task: Task) -> None:
        with self.outside():
            super().save_task(task)


@saboteur("a-snapshot-only-reads", says=("backend.save_issues('p', 'q', [])", "raises UsageError"))
class ReturnsEarlyWhereNothingIsToBeWritten(SteppingOutside):
    """Is done with an empty batch before it asks whether it may write."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        with self.outside() if issues == [] else nullcontext():
            super().save_issues(profile_id, query_id, issues)


@saboteur("a-snapshot-only-reads", says=("backend.save_profile(Profile(id=''", "raised ValidationError"))
class ValidatesFirst(SteppingOutside):
    """Validates before it asks whether it may write."""

    def save_profile(self, profile: Profile) -> None:
        if self.moments:
            check(profile)
        super().save_profile(profile)


@saboteur("a-snapshot-only-reads", says=("backend.delete_query('nobody', 'nowhere')", "raised ProfileNotFoundError"))
class LooksUpFirst(SteppingOutside):
    """Looks for what it is to delete before it asks whether it may write."""

    def delete_query(self, profile_id: str, query_id: str) -> None:
        if self.moments:
            self._store.existing_contents(profile_id, query_id)
        super().delete_query(profile_id, query_id)


@saboteur("a-snapshot-only-reads", says=("backend.save_profile(", "raised StorageError"))
class LetsTheEngineRefuse(SteppingOutside):
    """Leaves it to the engine to refuse a write in a read-only transaction, and passes on what that says."""

    def save_profile(self, profile: Profile) -> None:
        if self.moments:
            raise StorageError("attempt to write a readonly database")
        super().save_profile(profile)


@saboteur("a-snapshot-only-reads", says=("other.delete_profile('p')", "contents_of(backend)"))
class EndsTheSnapshotWhenItRefuses(SteppingOutside):
    """Rolls back when it refuses a write, and with that lets the moment go."""

    def save_profile(self, profile: Profile) -> None:
        try:
            super().save_profile(profile)
        except UsageError:
            for view in self.moments:
                view.store = self._shared
            raise


@saboteur("a-snapshot-only-reads", says=("contents_of(other)",))
class WritesAndThenRefuses(SteppingOutside):
    """Finds out that it was in a snapshot when it has written."""

    def delete_expired(self, now: datetime) -> Any:
        if self.moments:
            with self.outside():
                super().delete_expired(now)
        return super().delete_expired(now)


@saboteur("no-transaction-in-a-snapshot", says=("begin(backend.transaction)", "raises UsageError"))
class BeginsATransactionInASnapshot(SteppingOutside):
    """Takes a transaction in a snapshot for a nested one."""

    def transaction(self) -> AbstractContextManager[Self]:
        return nullcontext(self) if self.moments else super().transaction()


@saboteur("no-transaction-in-a-snapshot", says=("begin(backend.transaction)", "raised OperationalError"))
class BeginsATransactionTwice(SteppingOutside):
    """Says `BEGIN` on the connection on which the snapshot is open, and lets the driver refuse it."""

    def transaction(self) -> AbstractContextManager[Self]:
        if self.moments:
            raise sqlite3.OperationalError("cannot start a transaction within a transaction")
        return super().transaction()


@saboteur("no-transaction-in-a-snapshot", says=("other.set_app_state", "expected 'before', got 'meanwhile'"))
class EndsTheSnapshotForATransaction(SteppingOutside):
    """Rolls back when a transaction is refused, and with that lets the moment go."""

    def transaction(self) -> AbstractContextManager[Self]:
        try:
            return super().transaction()
        except UsageError:
            for view in self.moments:
                view.store = self._shared
            raise


@saboteur("a-nested-snapshot-shows-the-outer-moment", says=("backend.list_app_state()", "expected '1', got '2'"))
class BeginsTheInnerOneAnew(SteppingOutside):
    """Takes a moment of its own for each snapshot."""

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        with super()._snapshot():
            if len(self.moments) > 1:
                with self._shared.lock:
                    self._of_thread.views[-1].store = self._shared.copy()
            yield self


@saboteur("a-nested-snapshot-shows-the-outer-moment", says=("finish(snapshot_2)", "expected '1', got '3'"))
class EndsTheOuterOneWithTheInner(SteppingOutside):
    """Ends the read transaction at the end of whichever snapshot."""

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        with super()._snapshot():
            try:
                yield self
            finally:
                for view in self.moments:
                    view.store = self._shared


@saboteur("a-nested-snapshot-shows-the-outer-moment", says=("set_app_state('key', '4')", "raises UsageError"))
class ForgetsTheOuterOneAfterTheInner(SteppingOutside):
    """Remembers only whether a snapshot is open, and not how many."""

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        with super()._snapshot():
            try:
                yield self
            finally:
                for view in self.moments:
                    view.reads_only = False


@saboteur("a-nested-snapshot-shows-the-outer-moment", says=("begin(backend.snapshot)", "raised UsageError"))
class RefusesToNest(SteppingOutside):
    """Has no snapshot in a snapshot."""

    def snapshot(self) -> AbstractContextManager[Self]:
        if self.moments:
            raise UsageError("a snapshot is open already")
        return super().snapshot()


@saboteur(
    "a-snapshot-in-a-transaction-shows-its-state", says=("begin(backend.snapshot)", "expected 'value', got nothing")
)
class ShowsWhatIsCommitted(SteppingOutside):
    """Takes the moment of the committed state also inside a transaction."""

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        with super()._snapshot():
            if len(self._of_thread.views) > len(self.moments) == 1:
                with self._shared.lock:
                    self._of_thread.views[-1].store = self._shared.copy()
            yield self


@saboteur("a-snapshot-in-a-transaction-shows-its-state", says=("begin(backend.snapshot)", "raised UsageError"))
class RefusesASnapshotInATransaction(SteppingOutside):
    """Takes a snapshot and a transaction for two things that exclude each other."""

    def snapshot(self) -> AbstractContextManager[Self]:
        if len(self._of_thread.views) > len(self.moments):
            raise UsageError("a transaction is open; end it first")
        return super().snapshot()


class EndingTheTransaction(SteppingOutside):
    """Is told when a snapshot ends inside a transaction, whose view is then the last."""

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        with super()._snapshot():
            yield self
        if self._of_thread.views and not self.moments:
            with self._shared.lock:
                self.end(self._of_thread.views[-1])

    def end(self, view: View) -> None:
        raise NotImplementedError


@saboteur("a-snapshot-in-a-transaction-shows-its-state", says=("finish(snapshot_1)", "expected"))
class UndoesTheTransactionWithTheSnapshot(EndingTheTransaction):
    """Says `ROLLBACK` at the end of a snapshot, whatever is open around it."""

    def end(self, view: View) -> None:
        view.store = self._shared.copy()


@saboteur("a-snapshot-in-a-transaction-shows-its-state", says=("backend.set_app_state('last'", "contents_of(other)"))
class CommitsTheTransactionWithTheSnapshot(EndingTheTransaction):
    """Says `COMMIT` at the end of a snapshot, whatever is open around it."""

    def end(self, view: View) -> None:
        self._shared.become(view.store.copy())


@saboteur("a-snapshot-in-a-transaction-shows-its-state", says=("backend.set_app_state('last'", "raised UsageError"))
class DoomsTheTransactionForARefusal(SteppingOutside):
    """Takes a write refused in a snapshot for a reason to give up the transaction around it."""

    def set_app_state(self, key: str, value: str) -> None:
        try:
            super().set_app_state(key, value)
        except UsageError:
            for view in self._of_thread.views:
                view.reads_only = True
            raise
