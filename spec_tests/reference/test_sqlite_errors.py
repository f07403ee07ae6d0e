"""What escapes from the reference: the contract's errors alone, with nothing in them that is stored."""

from __future__ import annotations

import logging
import math
import os
import re
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from burndown_store.contract import (
    BusyError,
    Capability,
    CorruptionError,
    PersistenceError,
    ProfileNotFoundError,
    StorageError,
    StorageLostError,
    ValidationError,
)
from burndown_store.sqlite import SqliteBackend, open_backend, open_backend_normal
from burndown_store.sqlite.refusals import refusal_of
from sqlite_samples import SECRET, a_profile, an_issue

WHERE_OPEN_FILES_MOVE = pytest.mark.skipif(os.name == "nt", reason="Windows keeps an open file where it is")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("SQLITE_BUSY", BusyError),
        ("SQLITE_BUSY_SNAPSHOT", BusyError),
        ("SQLITE_LOCKED", BusyError),
        ("SQLITE_CORRUPT", CorruptionError),
        ("SQLITE_NOTADB", CorruptionError),
        ("SQLITE_FULL", StorageError),
        ("SQLITE_IOERR_FSYNC", StorageError),
        ("SQLITE_READONLY", StorageError),
        ("SQLITE_CANTOPEN", StorageError),
        ("SQLITE_ERROR", StorageError),
    ],
)
def test_errors_of_sqlite_become_errors_of_the_contract(code: str, kind: type[PersistenceError]) -> None:
    error = sqlite3.OperationalError(SECRET)
    error.sqlite_errorcode, error.sqlite_errorname = getattr(sqlite3, code), code
    refusal = refusal_of(error, "burndown.db")

    assert type(refusal) is kind
    assert str(refusal).startswith("burndown.db: ")
    assert code in str(refusal)
    assert SECRET not in str(refusal)


def test_an_error_of_the_driver_itself_is_a_storage_error() -> None:
    refusal = refusal_of(sqlite3.ProgrammingError(SECRET), "burndown.db")

    assert type(refusal) is StorageError
    assert str(refusal).startswith("burndown.db: ")
    assert str(refusal).endswith("(ProgrammingError)")


def test_a_read_that_sqlite_refuses_says_where_and_why(store: SqliteBackend) -> None:
    with store.snapshot():
        store._session._connection.set_progress_handler(lambda: 1, 1)
        with pytest.raises(StorageError, match=rf"^{re.escape(store._file.path)}: .*\(SQLITE_INTERRUPT\)$"):
            store.list_profiles()
        store._session._connection.set_progress_handler(None, 1)


@pytest.mark.parametrize("timeout", [True, None, "5", -1, -0.1, math.nan, math.inf, b"5"])
def test_a_timeout_is_seconds(location: Path, timeout: object) -> None:
    with pytest.raises(ValidationError) as refusal:
        open_backend(location, timeout=timeout)  # type: ignore[arg-type]  # that is what must be refused
    assert str(refusal.value) in (
        f"timeout: expected seconds as float or int, got {type(timeout).__name__}",
        "timeout: expected a finite number of seconds, 0 or more",
    )
    assert ("got" in str(refusal.value)) == (type(timeout) not in (int, float))
    assert not location.exists()


def test_a_durability_is_full_or_normal(location: Path) -> None:
    with pytest.raises(ValidationError, match=r'^durability: expected "full" or "normal"$'):
        SqliteBackend(location, durability="slow")  # type: ignore[arg-type]  # that is what must be refused


@pytest.mark.parametrize("timeout", [0, 0.5, 1e300, 10**400], ids=["0", "0.5", "1e300", "a huge int"])
def test_any_number_of_seconds_will_do(location: Path, timeout: float) -> None:
    with open_backend(location, timeout=timeout) as backend:
        backend.set_app_state("key", "value")


@pytest.mark.parametrize("opener", [SqliteBackend, open_backend, open_backend_normal])
def test_a_writer_waits_five_seconds_unless_said_otherwise(
    location: Path, opener: Callable[[Path], SqliteBackend]
) -> None:
    with opener(location) as backend:
        assert backend._session.rows("PRAGMA busy_timeout", (), int) == [5000]


@pytest.mark.parametrize("bad", [None, 7, b"store", "", "a\x00b"])
def test_a_location_is_a_path(bad: object) -> None:
    expected = (
        "the name of a folder; it is empty or holds a NUL"
        if isinstance(bad, str)
        else f"str or a path of text, got {type(bad).__name__}"
    )
    with pytest.raises(ValidationError, match=f"^location: expected {expected}$"):
        open_backend(bad)  # type: ignore[arg-type]  # that is what must be refused


def test_a_location_may_be_text_or_a_path_and_does_not_follow_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with open_backend("store") as backend:
        backend.set_app_state("key", "value")
        monkeypatch.chdir("/")
        assert backend.get_app_state("key") == "value"
    with open_backend(tmp_path / "store") as backend:
        assert backend.get_app_state("key") == "value"


@pytest.mark.parametrize("below", [".", "a folder", "profiles"])
def test_a_location_that_cannot_be_made_is_one_clear_sentence(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("a file, not a folder", encoding="utf-8")

    with pytest.raises(StorageError, match="cannot be created") as caught:
        open_backend(tmp_path / "file" / below)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("unwritable", ["profiles", "profiles/burndown.db"])
def test_a_place_that_may_not_be_written_is_said_at_opening(
    location: Path, monkeypatch: pytest.MonkeyPatch, unwritable: str
) -> None:
    open_backend(location).close()
    place = location / unwritable

    monkeypatch.setattr(os, "access", lambda path, mode: not (Path(path) == place and mode == os.W_OK))
    with pytest.raises(StorageError, match=rf"^{re.escape(str(place))}: the (folder|file) may not be written"):
        open_backend(location)


def test_a_folder_in_place_of_the_file_is_refused(location: Path) -> None:
    (location / "profiles" / "burndown.db").mkdir(parents=True)
    with pytest.raises(StorageError, match="no file"):
        open_backend(location)


@WHERE_OPEN_FILES_MOVE
@pytest.mark.parametrize("replaced", [False, True])
def test_a_store_that_is_gone_is_lost_and_not_made_again(store: SqliteBackend, replaced: bool) -> None:
    file = Path(store._file.path)
    file.rename(file.with_name("moved.db"))
    if replaced:
        file.write_bytes(file.with_name("moved.db").read_bytes())

    calls = (
        lambda: store.get_profile("p"),
        lambda: store.save_issues("p", "q", []),
        lambda: store.transaction().__enter__(),
        lambda: store.snapshot().__enter__(),
        store.check,
        store.size_bytes,
    )
    for call in calls:
        with pytest.raises(StorageLostError, match="open the store"):
            call()
    in_a_thread: list[PersistenceError] = []

    def read() -> None:
        try:
            store.list_profiles()
        except PersistenceError as error:
            in_a_thread.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join(30)
    assert [type(error) for error in in_a_thread] == [StorageLostError]
    assert file.exists() is replaced


@WHERE_OPEN_FILES_MOVE
def test_a_store_that_goes_while_a_thread_connects_is_not_made_again(
    store: SqliteBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Path(store._file.path)
    file.rename(file.with_name("moved.db"))
    # The look before has just found it.
    monkeypatch.setattr(store._file, "expect_present", lambda: None)
    told: list[str] = []

    def read() -> None:
        with pytest.raises(StorageError) as refusal:
            store.get_profile("p")
        told.append(str(refusal.value))

    thread = threading.Thread(target=read)
    thread.start()
    thread.join(30)
    [said] = told
    assert said.startswith(f"{file}: the file cannot be opened")
    assert said.endswith("(SQLITE_CANTOPEN)")
    assert not file.exists()


@WHERE_OPEN_FILES_MOVE
def test_a_store_that_is_lost_in_a_transaction_dooms_it(store: SqliteBackend) -> None:
    file = Path(store._file.path)

    def lose_it_inside() -> None:
        with store.transaction():
            store.set_app_state("key", "value")
            file.rename(file.with_name("moved.db"))

    with pytest.raises(StorageLostError):
        lose_it_inside()
    file.with_name("moved.db").rename(file)

    assert store.get_app_state("key") is None


@pytest.mark.parametrize(
    "damage",
    [
        f'jira_config = \'{{"token": "{SECRET}\'',
        f"jira_config = '[\"{SECRET}\"]'",
        f"jira_config = CAST(x'ff' || '{SECRET}' AS TEXT)",
        f"created_at = '{SECRET}'",
    ],
)
def test_a_row_that_cannot_be_read_is_corruption_and_is_not_quoted(store: SqliteBackend, damage: str) -> None:
    store._session._connection.execute(f"UPDATE profiles SET {damage}")

    for call in (lambda: store.get_profile("p"), store.list_profiles):
        with pytest.raises(StorageError) as caught:
            call()
        assert all(SECRET not in text for text in everything_in(caught.value))
    assert SECRET not in " ".join(store.check())
    assert "profiles" in " ".join(store.check())


def test_nothing_that_is_stored_is_logged(store: SqliteBackend, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        store.save_profile(a_profile(SECRET, name=SECRET))
        store.save_issues("p", "q", [an_issue(SECRET, summary=SECRET)])
        store.get_profile(SECRET)
        with pytest.raises(ProfileNotFoundError) as caught:
            store.delete_profile(f"{SECRET} of nobody")

    assert all(SECRET not in text for text in everything_in(caught.value))
    assert [record.name for record in caplog.records] == ["burndown_store.sqlite"] * 4
    assert [record.getMessage() for record in caplog.records] == [
        *("save_profile", "save_issues", "get_profile", "delete_profile")
    ]
    assert SECRET not in repr(store)


@pytest.mark.parametrize(
    ("opener", "unclaimed"), [(open_backend, set()), (open_backend_normal, {Capability.POWER_SAFE})]
)
def test_only_full_durability_promises_to_survive_a_power_cut(
    location: Path, opener: Callable[[Path], SqliteBackend], unclaimed: set[Capability]
) -> None:
    with opener(location) as backend:
        assert backend.capabilities == frozenset(Capability) - unclaimed


def everything_in(error: BaseException) -> list[str]:
    """The texts of an error and of all that hangs on it."""
    texts, waiting = [], [error]
    while waiting:
        one = waiting.pop()
        texts += [str(one), repr(one)]
        waiting += [linked for linked in (one.__cause__, one.__context__) if linked is not None]
    return texts
