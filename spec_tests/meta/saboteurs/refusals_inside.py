"""Backends whose transactions go wrong where a call in them is refused or interrupted (contract, 16.2 and 16.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Self

from burndown_spec.oracle import TransactionalBackend
from burndown_spec.oracle.store import Store
from burndown_spec.oracle.transactions import View
from burndown_store.contract import (
    Issue,
    NotFoundError,
    PersistenceError,
    Statistic,
    StorageError,
    ValidationError,
)
from saboteurs import saboteur
from saboteurs.transactions import WritingOrNot


@saboteur("a-caught-refusal-does-no-harm", says=("backend.save_query('nobody'", "length: expected 1, got 0"))
class UndoesAllAtARefusal(WritingOrNot):
    """Rolls back where a call finds that something is not there, and that is the whole transaction."""

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            with super()._locked():
                yield
        except NotFoundError:
            if self._is_writing:
                self._forget()
            raise


@saboteur("a-caught-refusal-does-no-harm", says=("backend.save_issues('p', 'nowhere'", "raised StorageError"))
class IsAbortedByARefusal(WritingOrNot):
    """Answers nothing more in a transaction after a failed statement, as PostgreSQL does."""

    _aborted: View | None = None

    @property
    def _store(self) -> Store:
        if self._is_writing and self._of_thread.views[-1] is self._aborted:
            raise StorageError("the transaction is aborted; commands are ignored until its end")
        return super()._store

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            with super()._locked():
                yield
        except NotFoundError:
            if self._is_writing:
                self._aborted = self._of_thread.views[-1]
            raise


@saboteur(
    "a-refusal-that-nobody-catches-undoes-all",
    "a-transaction-lets-every-error-through",
    says=("backend.delete_profile('nobody')", "contents_of(backend)"),
)
class OutlivesRefusals(TransactionalBackend):
    """Takes a refusal for something that the caller has dealt with, and commits what came before it."""

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        failure = None
        with super()._transaction():
            try:
                yield self
            except (ValidationError, NotFoundError) as error:
                failure = error
        if failure:
            raise failure


@saboteur("a-refusal-that-nobody-catches-undoes-all", says=("ProfileNotFoundError", "raised StorageError"))
class RollsBackTwice(WritingOrNot):
    """Is told after a refusal that there is nothing to roll back any more, and says that instead."""

    _refusal: NotFoundError | None = None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            with super()._locked():
                yield
        except NotFoundError as error:
            self._refusal = error
            raise

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        try:
            with super()._transaction():
                yield self
        except NotFoundError as error:
            if error is self._refusal:
                raise StorageError("cannot rollback - no transaction is active") from None
            raise


@saboteur(
    "a-call-interrupted-in-a-transaction-undoes-itself",
    says=("CallersOwnError('raised by the iterator')", "expected 'AB-3', got 'AB-2'"),
)
class WritesWhileItReads(WritingOrNot):
    """Inside a transaction writes each issue as it comes, and takes them back only where one is refused."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        if not self._is_writing or not isinstance(issues, Iterator):
            super().save_issues(profile_id, query_id, issues)
            return
        before = self._store.copy()
        try:
            for issue in issues:
                super().save_issues(profile_id, query_id, [issue])
        except PersistenceError:
            self._store.become(before)
            raise


@saboteur(
    "a-call-interrupted-in-a-transaction-undoes-itself",
    says=("replace_statistics", "KeyboardInterrupt()", "raised StorageError"),
)
class IsDoomedByAnInterruption(WritingOrNot):
    """Gives the transaction up when a call in it ends with anything but the contract's own errors."""

    _given_up: View | None = None

    def replace_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        try:
            super().replace_statistics(profile_id, query_id, statistics)
        except PersistenceError:
            raise
        except BaseException:
            if self._is_writing:
                self._given_up = self._of_thread.views[-1]
            raise

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        if self._is_writing and self._of_thread.views[-1] is self._given_up:
            raise StorageError("the transaction was given up; leave it")
        super().save_issues(profile_id, query_id, issues)
