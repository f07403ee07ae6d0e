"""Transactions, savepoints and snapshots on SQLite."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from burndown_store.contract import (
    BusyError,
    CorruptionError,
    Issue,
    PersistenceError,
    ProfileNotFoundError,
    QueryNotFoundError,
    StorageError,
    UsageError,
    ValidationError,
)
from burndown_store.sqlite import SqliteBackend, open_backend
from sqlite_samples import a_change, a_history, a_profile, a_query, an_issue

T = TypeVar("T")

# The action code of SQLite's authorizer, which the driver does not name.
SQLITE_SAVEPOINT = 32


class CallersOwnError(Exception):
    pass


@pytest.fixture
def other(store: SqliteBackend) -> Iterator[SqliteBackend]:
    """A second handle on the same location."""
    with open_backend(Path(store._file.path).parents[1], timeout=0) as backend:
        yield backend


def test_all_writes_appear_at_the_end(store: SqliteBackend, other: SqliteBackend) -> None:
    with store.transaction() as given:
        store.save_issues("p", "q", [an_issue("AB-1")])
        store.set_app_state("key", "new")

        assert given is store
        assert keys(store) == ["AB-1"]
        assert keys(other) == in_thread(lambda: keys(store)) == []
    assert keys(other) == in_thread(lambda: keys(store)) == ["AB-1"]
    assert other.get_app_state("key") == "new"


@pytest.mark.parametrize("error", [CallersOwnError, KeyboardInterrupt, GeneratorExit, StopIteration])
def test_nothing_is_written_when_the_body_raises(store: SqliteBackend, error: type[BaseException]) -> None:
    raised = error("own")

    def raise_inside() -> None:
        with store.transaction():
            store.save_issues("p", "q", [an_issue("AB-1")])
            raise raised

    with pytest.raises(error) as caught:
        raise_inside()
    assert caught.value is raised
    assert keys(store) == []


def test_an_inner_failure_undoes_the_inner_part(store: SqliteBackend) -> None:
    def fail_inside() -> None:
        with store.transaction():
            store.save_issues("p", "q", [an_issue("AB-2")])
            with store.transaction():
                store.save_issues("p", "q", [an_issue("AB-3")])
            raise CallersOwnError

    with store.transaction():
        store.save_issues("p", "q", [an_issue("AB-1")])
        with pytest.raises(CallersOwnError):
            fail_inside()
        with store.transaction():
            store.save_issues("p", "q", [an_issue("AB-4")])

    assert keys(store) == ["AB-1", "AB-4"]


def test_an_outer_failure_undoes_the_inner_part_too(store: SqliteBackend) -> None:
    def fail_afterwards() -> None:
        with store.transaction():
            with store.transaction():
                store.save_issues("p", "q", [an_issue("AB-1")])
            raise CallersOwnError

    with pytest.raises(CallersOwnError):
        fail_afterwards()
    assert keys(store) == []


def test_a_refusal_that_the_body_catches_harms_nothing(store: SqliteBackend) -> None:
    with store.transaction():
        store.save_issues("p", "q", [an_issue("AB-1")])
        with pytest.raises(ValidationError):
            store.save_issues("p", "q", [an_issue("AB-2"), an_issue("")])
        with pytest.raises(QueryNotFoundError):
            store.save_issues("p", "nowhere", [])
        with pytest.raises(ProfileNotFoundError):
            store.delete_profile("nobody")
        store.save_issues("p", "q", [an_issue("AB-3")])

    assert keys(store) == ["AB-1", "AB-3"]


def test_a_call_that_is_interrupted_in_a_transaction_writes_nothing_of_its_own(store: SqliteBackend) -> None:
    with store.transaction():
        store.save_histories("p", "q", [a_history("AB-1", a_change())])
        with interrupted_at(store, "INSERT INTO changes"), pytest.raises(KeyboardInterrupt):
            store.save_histories("p", "q", [a_history("AB-1"), a_history("AB-2", a_change())])

    assert store.list_history_keys("p", "q") == ["AB-1"]
    assert len(store.get_changes("p", "q")) == 1


def test_a_call_that_is_interrupted_writes_nothing(store: SqliteBackend) -> None:
    with interrupted_at(store, "INSERT INTO changes"), pytest.raises(KeyboardInterrupt):
        store.save_histories("p", "q", [a_history("AB-1", a_change())])

    assert store.list_history_keys("p", "q") == []
    assert not store._session._connection.in_transaction


def test_an_interruption_between_two_steps_leaves_no_transaction_open(
    store: SqliteBackend, other: SqliteBackend
) -> None:
    # As if it had struck after BEGIN, before the session took note.
    store._session._connection.execute("BEGIN IMMEDIATE")

    store.set_app_state("key", "value")
    assert other.get_app_state("key") == "value"


def test_a_full_medium_dooms_the_transaction(store: SqliteBackend, other: SqliteBackend) -> None:
    def go_on_regardless() -> None:
        with store.transaction():
            store.set_app_state("key", "value")
            with full_medium(store), pytest.raises(StorageError, match="full"):
                store.save_issues("p", "q", large_issues())
            with pytest.raises(StorageError, match="undone"):
                store.get_app_state("key")
            with pytest.raises(StorageError, match="undone"):
                store.set_app_state("key", "again")
            for call in (store.transaction().__enter__, store.snapshot().__enter__, store.size_bytes, store.check):
                with pytest.raises(StorageError, match="undone"):
                    call()
            # Others need not wait for the end.
            other.set_app_state("other", "value")

    with pytest.raises(StorageError, match="undone"):
        go_on_regardless()
    assert store.list_app_state() == {"other": "value"}
    store.set_app_state("key", "at last")


def test_a_full_medium_dooms_the_whole_not_the_inner_part(store: SqliteBackend) -> None:
    def fail_inside() -> None:
        with store.transaction(), full_medium(store), pytest.raises(StorageError, match="full"):
            store.save_issues("p", "q", large_issues())

    def catch_it_outside() -> None:
        with store.transaction():
            store.set_app_state("key", "value")
            with pytest.raises(StorageError, match="undone"):
                fail_inside()

    with pytest.raises(StorageError, match="undone"):
        catch_it_outside()
    assert store.list_app_state() == {}


def test_a_callers_own_error_passes_unchanged_out_of_a_doomed_transaction(store: SqliteBackend) -> None:
    def raise_inside() -> None:
        with store.transaction(), full_medium(store):
            with pytest.raises(StorageError):
                store.save_issues("p", "q", large_issues())
            raise CallersOwnError

    with pytest.raises(CallersOwnError):
        raise_inside()
    assert keys(store) == []


def test_a_full_medium_refuses_a_single_call_and_leaves_the_store_usable(store: SqliteBackend) -> None:
    with full_medium(store), pytest.raises(StorageError, match=rf"^{re.escape(store._file.path)}: .*SQLITE_FULL"):
        store.save_issues("p", "q", large_issues())

    assert keys(store) == []
    store.save_issues("p", "q", large_issues())
    assert store.check() == []


def test_a_doomed_transaction_raises_the_kind_of_what_doomed_it_and_says_so(store: SqliteBackend) -> None:
    store._session._connection.execute("UPDATE profiles SET extra = 'no JSON'")
    undone = r"^this transaction was undone .*a row cannot be read"

    def go_on_regardless() -> None:
        with store.transaction():
            with pytest.raises(CorruptionError, match="a row cannot be read"):
                store.get_profile("p")
            with pytest.raises(CorruptionError, match=undone):
                store.get_app_state("key")

    with pytest.raises(CorruptionError, match=undone):
        go_on_regardless()


def test_an_inner_part_that_cannot_be_undone_dooms_the_whole(store: SqliteBackend) -> None:
    def deny_undoing(action: int, argument: str | None, *_: str | None) -> int:
        return sqlite3.SQLITE_DENY if (action, argument) == (SQLITE_SAVEPOINT, "ROLLBACK") else sqlite3.SQLITE_OK

    def fail_inside() -> None:
        with store.transaction():
            store.set_app_state("inner", "value")
            store._session._connection.set_authorizer(deny_undoing)
            raise CallersOwnError

    def catch_it_outside() -> None:
        with store.transaction():
            store.set_app_state("outer", "value")
            with pytest.raises(CallersOwnError):
                fail_inside()
            store._session._connection.set_authorizer(None)

    with pytest.raises(StorageError, match=rf"^this transaction was undone .*{re.escape(store._file.path)}: .*_AUTH"):
        catch_it_outside()
    assert store.list_app_state() == {}


@pytest.mark.parametrize("end", ["ROLLBACK", "COMMIT"])
def test_a_transaction_that_sqlite_ended_by_itself_is_no_success(store: SqliteBackend, end: str) -> None:
    with pytest.raises(StorageError, match="undone"), store.transaction():
        store._session._connection.execute(end)


def test_a_second_writer_is_busy_and_may_try_again(store: SqliteBackend, other: SqliteBackend) -> None:
    with store.transaction():
        for call in (lambda: other.set_app_state("key", "value"), lambda: other.transaction().__enter__()):
            with pytest.raises(BusyError, match=rf"^{re.escape(store._file.path)}: .*try again"):
                call()
        assert other.get_app_state("key") is None
        assert in_thread(lambda: error_of(lambda: store.set_app_state("key", "value"))) is BusyError
    other.set_app_state("key", "value")

    assert store.get_app_state("key") == "value"


def test_what_is_not_there_is_said_before_the_store_is_found_busy(store: SqliteBackend, other: SqliteBackend) -> None:
    with store.transaction():
        for call, error in (
            (lambda: other.save_issues("p", "nowhere", []), QueryNotFoundError),
            (lambda: other.save_query("nobody", a_query()), ProfileNotFoundError),
            (lambda: other.delete_profile("nobody"), ProfileNotFoundError),
            (lambda: other.save_profile(a_profile("")), ValidationError),
        ):
            assert error_of(call) is error


def test_a_writer_waits_for_another_as_long_as_it_may(store: SqliteBackend) -> None:
    waiting = threading.Event()
    outcome: list[object] = []

    def write() -> None:
        with open_backend(Path(store._file.path).parents[1], timeout=30) as patient:
            patient._session._connection.set_trace_callback(
                lambda statement: waiting.set() if statement.startswith("BEGIN") else None
            )
            outcome.append(error_of(lambda: patient.set_app_state("key", "value")))

    thread = threading.Thread(target=write)
    with store.transaction():
        thread.start()
        assert waiting.wait(30)
    thread.join(60)

    assert outcome == [None]
    assert store.get_app_state("key") == "value"


def test_the_callers_iterator_may_use_the_store(store: SqliteBackend, other: SqliteBackend) -> None:
    def issues() -> Iterator[Issue]:
        other.set_app_state("key", "from inside")
        yield an_issue(f"AB-{len(store.list_profiles())}")
        store.save_issues("p", "q", [an_issue("AB-2")])

    store.save_issues("p", "q", issues())
    assert keys(store) == ["AB-1", "AB-2"]


def test_a_snapshot_shows_the_moment_of_entry(store: SqliteBackend, other: SqliteBackend) -> None:
    with store.snapshot() as given:
        assert given is store
        other.save_issues("p", "q", [an_issue("AB-1")])
        assert keys(store) == []
        with store.snapshot():
            assert keys(store) == []
        assert keys(store) == []
        assert in_thread(lambda: keys(store)) == ["AB-1"]
    assert keys(store) == ["AB-1"]


def test_nothing_is_written_inside_a_snapshot(store: SqliteBackend) -> None:
    with store.snapshot():
        for call in (
            lambda: store.save_issues("p", "q", []),
            lambda: store.save_profile(a_profile("")),
            lambda: store.delete_profile("nobody"),
            store.transaction,
        ):
            with pytest.raises(UsageError, match="snapshot"):
                call()
        in_thread(lambda: store.set_app_state("key", "written by another thread"))
    assert store.list_app_state() == {"key": "written by another thread"}


def test_a_transaction_that_was_asked_for_before_a_snapshot_is_refused_inside_it(store: SqliteBackend) -> None:
    transaction = store.transaction()
    with store.snapshot(), pytest.raises(UsageError, match="snapshot"):
        transaction.__enter__()


def test_a_snapshot_inside_a_transaction_shows_its_state(store: SqliteBackend) -> None:
    with store.transaction():
        store.save_issues("p", "q", [an_issue("AB-1")])
        with store.snapshot():
            assert keys(store) == ["AB-1"]
            with pytest.raises(UsageError):
                store.save_issues("p", "q", [an_issue("AB-2")])
        store.save_issues("p", "q", [an_issue("AB-3")])
    assert keys(store) == ["AB-1", "AB-3"]


def test_a_snapshot_that_the_body_leaves_by_an_error_is_let_go(store: SqliteBackend, other: SqliteBackend) -> None:
    with pytest.raises(CallersOwnError), store.snapshot():
        raise CallersOwnError
    other.set_app_state("key", "value")

    assert store.get_app_state("key") == "value"
    assert not store._session._connection.in_transaction


def keys(backend: SqliteBackend) -> list[str]:
    return [issue.key for issue in backend.get_issues("p", "q")]


def large_issues() -> list[Issue]:
    return [an_issue(f"AB-{number}", summary="x" * 4000) for number in range(20)]


@contextmanager
def full_medium(store: SqliteBackend) -> Iterator[None]:
    """The database cannot grow by a page."""
    connection = store._session._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (most,) = connection.execute("PRAGMA max_page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA max_page_count = {most}")


@contextmanager
def interrupted_at(store: SqliteBackend, statement: str) -> Iterator[None]:
    """A KeyboardInterrupt strikes when the session comes to the statement."""
    session = store._session

    class Interrupting:
        def __getattr__(self, name: str) -> object:
            return getattr(connection, name)

        def executemany(self, sql: str, rows: object) -> None:
            if sql.startswith(statement):
                raise KeyboardInterrupt
            connection.executemany(sql, rows)  # type: ignore[arg-type]

    connection: sqlite3.Connection = session._connection
    session._connection = Interrupting()  # type: ignore[assignment]
    try:
        yield
    finally:
        session._connection = connection


def error_of(call: Callable[[], object]) -> type[PersistenceError] | None:
    try:
        call()
    except PersistenceError as error:
        return type(error)
    return None


def in_thread(call: Callable[[], T]) -> T:
    answers: list[T] = []
    thread = threading.Thread(target=lambda: answers.append(call()))
    thread.start()
    thread.join(30)
    return answers[0]
