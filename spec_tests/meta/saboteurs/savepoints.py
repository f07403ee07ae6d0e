"""Backends whose nested transactions go wrong (contract, 16.5)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from burndown_spec.oracle import TransactionalBackend
from burndown_spec.oracle.store import Store
from burndown_store.contract import NotFoundError, Scope, check
from saboteurs import saboteur

Location = str | os.PathLike[str]


class Nesting(TransactionalBackend):
    """Counts the levels of the open transaction: 1 is the outermost; `before[n]` is how level n found things."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._level = 0
        self._before: dict[int, Store] = {}

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        with super()._transaction(), self._counted():
            yield self

    @contextmanager
    def _savepoint(self) -> Iterator[Self]:
        with super()._savepoint(), self._counted():
            yield self

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._level += 1
        self._before[self._level] = self._store.copy()
        try:
            yield
        finally:
            self._level -= 1


@saboteur("an-inner-transaction-stays", says=("given_by(backend, backend.transaction)", "expected True, got False"))
class YieldsTheInnerStore(TransactionalBackend):
    """Yields what it undoes with, in place of the backend."""

    @contextmanager
    def _savepoint(self) -> Iterator[Any]:
        with super()._savepoint():
            yield self._store


@saboteur("an-inner-transaction-stays", says=("backend.delete_app_state('key')", "['app state']['key']"))
class AddsInnerWorkToTheOuter(TransactionalBackend):
    """Adds what the inner transaction has to what the outer one has, where what it deleted still stands."""

    @contextmanager
    def _savepoint(self) -> Iterator[Self]:
        before = self._store.copy()
        with super()._savepoint():
            yield self
            self._store.app_state = {**before.app_state, **self._store.app_state}


@saboteur(
    "an-inner-transaction-that-raises-undoes-itself",
    says=("raised in the inner body", "['profiles'][0].id: expected 'other', got 'new'"),
)
class CountsOnly(TransactionalBackend):
    """Does nothing in a nested block but count, and leaves it to the outermost to undo everything."""

    @contextmanager
    def _savepoint(self) -> Iterator[Self]:
        self._check_writable()
        yield self
        self._check_open()


@saboteur(
    "an-inner-transaction-that-raises-undoes-itself",
    "closing-inside-a-savepoint-is-refused",
    says=("raised in the inner body", "['app state']['outer']: expected 'before', got nothing"),
)
class UndoesTheOuterToo(TransactionalBackend):
    """Rolls back where it should roll back to the savepoint."""

    @contextmanager
    def _savepoint(self) -> Iterator[Self]:
        try:
            with super()._savepoint():
                yield self
        except BaseException:
            self._store.become(self._shared.copy())
            raise


@saboteur(
    "an-inner-transaction-that-raises-undoes-itself",
    says=("raised in the inner body", "['p/q']['scope'].extra"),
)
class KeepsItInTheCache(Nesting):
    """Has a cache of what a transaction saved, which is emptied at the outermost end only."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._saved: dict[tuple[str, str], Scope] = {}

    def save_scope(self, profile_id: str, query_id: str, scope: Scope) -> None:
        super().save_scope(profile_id, query_id, scope)
        if self._of_thread.views:
            self._saved[profile_id, query_id] = check(scope)

    def get_scope(self, profile_id: str, query_id: str) -> Scope | None:
        found = super().get_scope(profile_id, query_id)
        saved = self._saved.get((profile_id, query_id)) if self._of_thread.views else None
        return check(saved) if found and saved else found

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with super()._counted():
            yield
        self._saved.clear()

    @contextmanager
    def _savepoint(self) -> Iterator[Self]:
        with TransactionalBackend._savepoint(self):
            yield self


@saboteur("the-outer-end-decides", says=("'inner', 'undone'", "other.list_app_state()", "['inner']: expected nothing"))
class CommitsAtAnInnerEnd(TransactionalBackend):
    """Commits at the end of every block."""

    @contextmanager
    def _savepoint(self) -> Iterator[Self]:
        with super()._savepoint():
            yield self
        with self._shared.lock:
            self._shared.become(self._store.copy())


@saboteur("the-outer-end-decides", says=("raised in the outer body", "backend.list_app_state()", "['inner']"))
class ForgetsHowToUndoWhatWasReleased(TransactionalBackend):
    """Drops what it needs to undo an inner transaction at the good end of that, as if nothing could come after."""

    _released: Store | None = None

    @contextmanager
    def _savepoint(self) -> Iterator[Self]:
        with super()._savepoint():
            yield self
        self._released = self._store.copy()

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        with super()._transaction():
            try:
                yield self
            except BaseException:
                if self._released is not None:
                    self._shared.become(self._released)
                raise
            finally:
                self._released = None


@saboteur("savepoints-nest-three-deep", says=("'2 afterwards'", "['2']: expected nothing, got 'written'"))
class HasOneSavepoint(Nesting):
    """Remembers one savepoint, the newest, and rolls back to that."""

    @contextmanager
    def _savepoint(self) -> Iterator[Self]:
        failure = None
        with super()._savepoint():
            try:
                yield self
            except BaseException as error:
                failure = error
                self._store.become(self._before[max(self._before)].copy())
        if failure:
            raise failure

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        self._before.clear()
        with super()._transaction():
            yield self


@saboteur("savepoints-nest-three-deep", says=("'2 afterwards'", "['3']: expected nothing, got 'written'"))
class KnowsTwoLevels(Nesting):
    """Takes whatever is inside an inner transaction for a part of that, which has nothing of its own to undo."""

    @contextmanager
    def _savepoint(self) -> Iterator[Self]:
        if self._level == 1:
            with super()._savepoint():
                yield self
        else:
            with self._counted():
                yield self


@saboteur(
    "savepoints-follow-one-another",
    "a-refusal-inside-a-savepoint-does-no-harm",
    "closing-inside-a-savepoint-is-refused",
    says=("raised in the inner body", "expected 'kept', got nothing"),
)
class RemembersTheFirstSavepoint(Nesting):
    """Sets the savepoint of a level once in a transaction, and rolls every later failure back to it."""

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        self._before.clear()
        with super()._transaction():
            yield self

    @contextmanager
    def _savepoint(self) -> Iterator[Self]:
        first = self._before.get(self._level + 1)
        try:
            with super()._savepoint():
                yield self
        except BaseException:
            if first is not None:
                self._store.become(first.copy())
            raise
        finally:
            if first is not None:
                self._before[self._level + 1] = first


@saboteur("savepoints-follow-one-another", says=("raised in the inner body", "expected 'kept', got nothing"))
class StaysFailed(Nesting):
    """Marks the level of a nested transaction that failed, and takes the mark for that of the next one there."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._failed: set[int] = set()

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        self._failed.clear()
        with super()._transaction():
            yield self

    @contextmanager
    def _savepoint(self) -> Iterator[Self]:
        level = self._level + 1
        before = self._store.copy()
        try:
            with super()._savepoint():
                yield self
        except BaseException:
            self._failed.add(level)
            raise
        if level in self._failed:
            self._store.become(before)


@saboteur("a-refusal-inside-a-savepoint-does-no-harm", says=("'nowhere'", "expected 'inner', got 'outer'"))
class RollsBackToTheNewestSavepoint(Nesting):
    """Rolls a refused call back to the newest savepoint, which is not always its own."""

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            with super()._locked():
                yield
        except NotFoundError:
            if self._level > 1:
                self._store.become(self._before[self._level].copy())
            raise


@saboteur(
    "an-inner-transaction-lets-every-error-through", says=("passes, transaction_2", "KeyboardInterrupt()", "'inner'")
)
class RollsBackToItAfterExceptionsOnly(TransactionalBackend):
    """Rolls back to the savepoint under `except Exception`, and releases it whatever else comes."""

    @contextmanager
    def _savepoint(self) -> Iterator[Self]:
        failure = None
        with super()._savepoint():
            try:
                yield self
            except Exception:
                raise
            except BaseException as error:
                failure = error
        if failure:
            raise failure


@saboteur("an-inner-transaction-lets-every-error-through", says=("GeneratorExit()", "expected True, got False"))
class TakesItForAnInnerReturn(TransactionalBackend):
    """Takes `GeneratorExit` for an inner block that was left early, undoes it and says nothing."""

    @contextmanager
    def _savepoint(self) -> Iterator[Self]:
        try:
            with super()._savepoint():
                yield self
        except GeneratorExit:
            return
