"""Backends that wait wrongly for another writer, or go wrong when they are refused (contract, 16.7, 16.9, 18.1)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ClassVar, Self, TypeVar

from burndown_spec.oracle import TransactionalBackend
from burndown_spec.oracle.transactions import View
from burndown_store.contract import (
    BusyError,
    ChangeEntry,
    Issue,
    PersistenceError,
    Profile,
    Query,
    Scope,
    StorageError,
    check,
)
from burndown_store.sqlite import SqliteBackend
from burndown_store.sqlite.session import Session
from saboteurs import saboteur

T = TypeVar("T")
Location = str | os.PathLike[str]


class MeetingAnother(TransactionalBackend):
    """Knows whether a transaction is open that the calling thread has to wait for.

    Single calls wait for one another as they should: threads that write at once are another clause's.
    """

    _held: ClassVar[set[int]] = set()

    def is_kept_waiting(self) -> bool:
        return id(self._shared) in self._held and not self._of_thread.views

    def _begin_writing(self) -> View:
        view = super()._begin_writing()
        self._held.add(id(self._shared))
        return view

    def _end_writing(self, view: View | None) -> None:
        if view is not None and self._writing is view:
            self._held.discard(id(self._shared))
        super()._end_writing(view)


class Impatient(MeetingAnother):
    """Waits for a transaction as long as it pleases."""

    @property
    def _timeout(self) -> float:
        return self.patience(self._given) if self.is_kept_waiting() else self._given

    @_timeout.setter
    def _timeout(self, given: float) -> None:
        self._given = given

    def patience(self, given: float) -> float:
        raise NotImplementedError


@saboteur("readers-do-not-wait-for-a-writer", says=("open_backend(location, timeout=0.05)", "raised BusyError"))
class LocksTheStoreWhenItOpens(MeetingAnother):
    """Takes the write lock at every opening, to create what may be missing."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        try:
            with self._alone():
                pass
        except BusyError:
            self.close()
            raise


@saboteur("readers-do-not-wait-for-a-writer", says=("other.get_changes('p', 'q')", "raised BusyError"))
class LocksForOneRead(MeetingAnother):
    """Builds an answer in a temporary table, for which it begins a write transaction."""

    def get_changes(self, profile_id: str, query_id: str, **filters: Any) -> list[ChangeEntry]:
        if self.is_kept_waiting():
            raise self._busy()
        return super().get_changes(profile_id, query_id, **filters)


@saboteur("readers-do-not-wait-for-a-writer", says=("other.get_query('p', 'q')", "raised BusyError"))
class CountsAReadAsAUse(MeetingAnother):
    """Notes that a query was used whenever one is read."""

    def get_query(self, profile_id: str, query_id: str) -> Query | None:
        found = super().get_query(profile_id, query_id)
        if found is not None and not self._of_thread.views:
            with self._alone():
                pass
        return found


@saboteur("a-writer-waits-no-longer-than-it-may", says=("within(0.3, fourth.set_app_state", "raised BusyError"))
class NeverWaits(Impatient):
    """Does not hand `timeout` on, and the driver does not wait by itself."""

    def patience(self, given: float) -> float:
        return 0.0


@saboteur("a-writer-waits-no-longer-than-it-may", says=("within(0.3, fourth.set_app_state", "raised BusyError"))
class TakesSecondsForMilliseconds(Impatient):
    """Hands its seconds to what takes milliseconds."""

    def patience(self, given: float) -> float:
        return given / 1000


@saboteur("a-writer-waits-no-longer-than-it-may", says=("worker_2.outcome()", "raised BusyError"))
class HasALimitOfItsOwn(Impatient):
    """Does not hand `timeout` on, and waits as long as the driver does by itself."""

    def patience(self, given: float) -> float:
        return 0.45


@saboteur(
    "a-writer-waits-no-longer-than-it-may",
    "no-update-lost-to-a-single-call",
    says=("third.set_app_state", "raised OperationalError"),
)
class LetsTheDriverSayThatItIsBusy(TransactionalBackend):
    """Lets the driver's own error escape when the store is locked."""

    def set_app_state(self, key: str, value: str) -> None:
        try:
            super().set_app_state(key, value)
        except BusyError:
            raise sqlite3.OperationalError("database is locked") from None


@saboteur(
    "a-writer-waits-no-longer-than-it-may",
    "no-update-lost-to-a-single-call",
    says=("third.set_app_state", "raised StorageError"),
)
class TakesALockForDamage(TransactionalBackend):
    """Makes one error of all that the driver raises."""

    def set_app_state(self, key: str, value: str) -> None:
        try:
            super().set_app_state(key, value)
        except BusyError:
            raise StorageError("SQLite refused") from None


@saboteur("busy-writes-nothing", says=("other.save_scope", "raised OperationalError"))
class LetsTheDriverSayItOnce(TransactionalBackend):
    """Has one operation that goes around what makes the contract's errors of the driver's."""

    def save_scope(self, profile_id: str, query_id: str, scope: Scope) -> None:
        try:
            super().save_scope(profile_id, query_id, scope)
        except BusyError:
            raise sqlite3.OperationalError("database is locked") from None


class Queueing(TransactionalBackend):
    """Keeps what was refused, to write it later."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self.refused: list[Callable[[], None]] = []

    def save_scope(self, profile_id: str, query_id: str, scope: Scope) -> None:
        try:
            super().save_scope(profile_id, query_id, scope)
        except BusyError:
            kept = check(scope)
            self.refused.append(lambda: super(Queueing, self).save_scope(profile_id, query_id, kept))
            raise

    def write_what_was_refused(self) -> None:
        while self.refused:
            self.refused.pop(0)()


@saboteur("busy-writes-nothing", says=("other.set_app_state('hasty', 'wrote')", "scope"))
class WritesLaterWhatWasRefused(Queueing):
    """Writes what was refused before, when it next may write."""

    def set_app_state(self, key: str, value: str) -> None:
        super().set_app_state(key, value)
        if not self._of_thread.views:
            self.write_what_was_refused()


@saboteur("busy-writes-nothing", says=("call(finish, transaction_1)", "scope"))
class WritesWhenTheOtherHasEnded(Queueing):
    """Queues what is refused with the one that is in the way, whose end writes it."""

    _handles: ClassVar[list[WritesWhenTheOtherHasEnded]] = []

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._handles.append(self)

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        with super()._transaction():
            yield self
        for handle in self._handles:
            handle.write_what_was_refused()

    def close(self) -> None:
        super().close()
        self.refused.clear()
        if self in self._handles:
            self._handles.remove(self)


@saboteur("busy-writes-nothing", says=("other.replace_issues", "contents_of(third)"))
class WritesAPartFirst(MeetingAnother):
    """Keeps documents in files of their own, which it removes before it has the lock."""

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        if isinstance(issues, list) and self.is_kept_waiting():
            self._shared.existing_contents(profile_id, query_id).issues.clear()
        super().replace_issues(profile_id, query_id, issues)


@saboteur("busy-writes-nothing", says=("other.delete_expired", "contents_of(third)"))
class DeletesInTwoSteps(MeetingAnother):
    """Deletes the issues that expired under a lock that nobody else asks for."""

    def delete_expired(self, now: datetime) -> Any:
        if self.is_kept_waiting():
            for below in self._shared.all_contents():
                below.issues.clear()
        return super().delete_expired(now)


@saboteur("busy-writes-nothing", says=("other.set_app_state('hasty', 'wrote')", "raised StorageError"))
class GivesUpForGood(TransactionalBackend):
    """Is left in a failed transaction when a call of it was refused."""

    _failed = False

    def save_scope(self, profile_id: str, query_id: str, scope: Scope) -> None:
        try:
            super().save_scope(profile_id, query_id, scope)
        except BusyError:
            self._failed = True
            raise

    def set_app_state(self, key: str, value: str) -> None:
        if self._failed:
            raise StorageError("current transaction is aborted, commands are ignored until end of transaction block")
        super().set_app_state(key, value)


@saboteur("refusals-come-before-busy", says=("other.save_query('nobody'", "raised BusyError"))
class LocksBeforeItLooks(TransactionalBackend):
    """Takes the write lock before it looks for what the call writes below."""

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._shared.writer.acquire(timeout=self._timeout):
            raise self._busy()
        try:
            with self._shared.lock:
                yield
        finally:
            self._shared.writer.release()


@saboteur("refusals-come-before-busy", says=("other.delete_query('p', 'nowhere')", "raised BusyError"))
class LocksBeforeItLooksForAQuery(MeetingAnother):
    """Has one operation that finds out how many rows it deleted, and only then that there was nothing."""

    def delete_query(self, profile_id: str, query_id: str) -> None:
        self._check_written_below(profile_id, query_id)
        if self.is_kept_waiting():
            raise self._busy()
        super().delete_query(profile_id, query_id)


@saboteur("refusals-come-before-busy", says=("other.save_profile(Profile(id=''", "raised BusyError"))
class LocksBeforeItValidates(MeetingAnother):
    """Takes the write lock before it validates."""

    def save_profile(self, profile: Profile) -> None:
        self._check_writable()
        if self.is_kept_waiting():
            raise self._busy()
        super().save_profile(profile)


@saboteur("refusals-come-before-busy", says=("other.save_issues('p', 'q', ['no issue'])", "raised BusyError"))
class ValidatesWhileItWrites(MeetingAnother):
    """Validates each record of a batch when its turn comes to be written."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        self._check_written_below(profile_id, query_id)
        if isinstance(issues, list) and issues and self.is_kept_waiting():
            raise self._busy()
        super().save_issues(profile_id, query_id, issues)


class LateSession(Session):
    """Begins a transaction without the write lock, which the first write takes: that one may be refused."""

    def begin_late(self) -> None:
        with self._lock:
            self.expect_usable()
            self._depth += 1
            try:
                self._run("BEGIN")
            except BaseException:
                self.undo()
                raise


class Late(SqliteBackend):
    """Does as the reference does, but for transactions that take the write lock at their first write."""

    kind: ClassVar[type[LateSession]] = LateSession

    @property
    def _session(self) -> Session:
        session = super()._session
        session.__class__ = self.kind
        return session

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        self._refuse_in_snapshot("transaction")
        session = self._session
        assert isinstance(session, LateSession)
        if session.is_idle:
            session.begin_late()
        else:
            session.begin()
        try:
            yield self
        except BaseException:
            session.undo()
            raise
        session.commit()


class CommittingTheRest(LateSession):
    def _refused(self, refusal: PersistenceError) -> PersistenceError:
        return refusal


@saboteur("a-refused-transaction-is-doomed", says=("play(", "'B', 'get_app_state', ['y']"))
class CommitsTheRest(Late):
    """Goes on with the transaction when a statement of it was refused, and commits the others."""

    kind = CommittingTheRest


class OutsideOfAny(LateSession):
    def _refused(self, refusal: PersistenceError) -> PersistenceError:
        if isinstance(refusal, BusyError):
            self._roll_back()
        return refusal

    def expect_usable(self) -> None:
        self.expect_open()

    def _run(self, statement: str, parameters: Sequence[object] = ()) -> int:
        if statement.startswith(("SAVEPOINT", "RELEASE", "COMMIT")) and not self._connection.in_transaction:
            return 0
        return super()._run(statement, parameters)


@saboteur("a-refused-transaction-is-doomed", says=("play(", "'B'"))
class GoesOnOutsideOfAny(Late):
    """Has an engine that undoes the transaction by itself; what follows runs outside of any, and each stays."""

    kind = OutsideOfAny


class EndingWell(LateSession):
    def commit(self) -> None:
        if self._depth == 1 and self._doom is not None:
            self.undo()
        else:
            super().commit()


@saboteur("a-refused-transaction-is-doomed", says=("play(", "'B', 'end', [], None"))
class SaysNothingAtTheEnd(Late):
    """Commits nothing at the end of a transaction that was undone before, and takes that for success."""

    kind = EndingWell


class StillReading(LateSession):
    def rows(self, statement: str, parameters: Sequence[object], build: Callable[..., T]) -> list[T]:
        doom, self._doom = self._doom, None
        try:
            return [build(*row) for row in self._connection.execute(statement, parameters)]
        finally:
            self._doom = doom


@saboteur("a-refused-transaction-is-doomed", says=("play(", "'B', 'get_app_state', ['y']"))
class StillReads(Late):
    """Asks only before writes whether the transaction was refused."""

    kind = StillReading
