"""Connections: one for each thread, none for each call, and every one closed."""

from __future__ import annotations

import gc
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from burndown_store.contract import ClosedError, CorruptionError, StorageError, StorageLostError, UsageError
from burndown_store.sqlite import SqliteBackend, open_backend
from sqlite_samples import a_profile, a_query, an_issue


class Counted(sqlite3.Connection):
    """A connection that is counted while it is open."""

    opened = 0
    still_open: set[int] = set()  # noqa: RUF012 - counted for all of them

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        Counted.opened += 1
        Counted.still_open.add(id(self))

    def close(self) -> None:
        super().close()
        Counted.still_open.discard(id(self))


@pytest.fixture(autouse=True)
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **options: connect(*given, factory=Counted, **options))
    Counted.opened = 0
    Counted.still_open.clear()
    yield
    assert not Counted.still_open


@pytest.fixture
def backend(location: Path) -> Iterator[SqliteBackend]:
    with open_backend(location, timeout=0) as backend:
        yield backend


def test_calls_share_one_connection(backend: SqliteBackend) -> None:
    opened = Counted.opened
    for number in range(20):
        backend.save_profile(a_profile(f"p{number}"))
        backend.get_profile(f"p{number}")
    with backend.transaction(), backend.snapshot():
        backend.list_profiles()

    assert Counted.opened == opened
    assert len(Counted.still_open) == 1


def test_each_thread_has_its_own_and_closes_it_when_it_ends(backend: SqliteBackend) -> None:
    both_have_read, go_on = threading.Barrier(3), threading.Event()

    def read() -> None:
        backend.list_profiles()
        backend.list_profiles()
        both_have_read.wait(30)
        go_on.wait(30)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    both_have_read.wait(30)
    assert len(Counted.still_open) == 3
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert len(Counted.still_open) == 1


def test_a_thread_that_dies_of_an_error_leaves_no_connection_and_no_transaction(
    backend: SqliteBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    def die() -> None:
        with backend.transaction():
            backend.save_profile(a_profile())
            raise RuntimeError("raised by the caller")

    thread = threading.Thread(target=die)
    thread.start()
    thread.join(30)

    assert len(Counted.still_open) == 1
    assert backend.get_profile("p") is None
    backend.save_profile(a_profile())


def test_a_thread_that_ends_in_a_transaction_undoes_it_though_its_block_is_held(location: Path) -> None:
    blocks = []

    def begin(backend: SqliteBackend) -> None:
        block = backend.transaction()
        block.__enter__()
        backend.set_app_state("key", "lost")
        blocks.append(block)

    with open_backend(location) as backend, open_backend(location, timeout=0.05) as other:
        thread = threading.Thread(target=begin, args=(backend,))
        thread.start()
        thread.join(30)
        other.set_app_state("other", "kept")
        with pytest.raises(ClosedError):
            blocks[0].__exit__(None, None, None)
        assert backend.list_app_state() == {"other": "kept"}


def test_the_log_goes_with_the_last_thread_and_the_next_one_begins_another(location: Path) -> None:
    handles = []

    def run(work: Callable[[], object]) -> None:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(30)

    log = location / "profiles" / "burndown.db-wal"
    run(lambda: handles.append(open_backend(location)))
    (backend,) = handles
    for number in range(3):
        assert not log.exists()
        run(partial(backend.set_app_state, f"{number}", "kept"))
    # Held from here on, it may not go any more.
    assert len(backend.list_app_state()) == 3
    log.unlink()
    with pytest.raises(StorageLostError):
        backend.list_app_state()
    told: list[object] = []

    def look() -> None:
        with pytest.raises(StorageLostError) as raised:
            backend.list_app_state()
        told.append(raised.value)

    run(look)
    assert len(told) == 1
    backend.close()


def test_an_interpreter_ends_while_a_thread_waits_for_another_writer(location: Path) -> None:
    program = f"""
import threading
from burndown_store.sqlite import open_backend
backend = open_backend({str(location)!r}, timeout=3600)
reached = threading.Event()
def wait():
    session = backend._connections.session()
    session._connection.set_trace_callback(lambda _: reached.set())
    backend.set_app_state("key", "never")
threading.Thread(target=wait, daemon=True).start()
reached.wait()
"""
    with open_backend(location) as backend, backend.transaction():
        backend.set_app_state("key", "first")
        subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_closing_closes_the_connections_of_every_thread(backend: SqliteBackend) -> None:
    has_read, go_on = threading.Event(), threading.Event()
    outcome: list[object] = []

    def read() -> None:
        backend.list_profiles()
        has_read.set()
        go_on.wait(30)
        outcome.append(error_of(backend.list_profiles))

    thread = threading.Thread(target=read)
    thread.start()
    has_read.wait(30)
    backend.close()
    assert not Counted.still_open
    go_on.set()
    thread.join(30)

    assert outcome == [ClosedError]


def test_a_handle_that_is_dropped_closes_its_connections(location: Path) -> None:
    backend = open_backend(location)
    backend.save_profile(a_profile())
    del backend
    gc.collect()

    assert not Counted.still_open


def test_an_opening_that_fails_closes_its_connection(location: Path) -> None:
    (location / "profiles").mkdir(parents=True)
    (location / "profiles" / "burndown.db").write_bytes(b"no database")
    with pytest.raises(CorruptionError):
        open_backend(location)

    assert Counted.opened
    assert not Counted.still_open


def test_closing_undoes_the_open_transaction_and_snapshot_of_another_thread(backend: SqliteBackend) -> None:
    inside, go_on = threading.Barrier(3), threading.Event()
    outcome: dict[str, list[object]] = {"transaction": [], "snapshot": []}

    def hold(name: str) -> None:
        try:
            with getattr(backend, name)():
                if name == "transaction":
                    backend.save_profile(a_profile("never"))
                inside.wait(30)
                go_on.wait(30)
                outcome[name].append(error_of(backend.list_profiles))
        except ClosedError as error:
            outcome[name].append(type(error))

    threads = [threading.Thread(target=hold, args=(name,)) for name in outcome]
    for thread in threads:
        thread.start()
    inside.wait(30)
    backend.close()
    go_on.set()
    for thread in threads:
        thread.join(30)

    assert outcome == {"transaction": [ClosedError] * 2, "snapshot": [ClosedError] * 2}
    with open_backend(Path(backend._file.path).parents[1]) as again:
        assert again.list_profiles() == []


def test_closing_does_not_wait_for_a_long_statement_of_another_thread(backend: SqliteBackend) -> None:
    backend.list_profiles()
    running = threading.Event()
    outcome: list[object] = []

    def count_forever() -> None:
        session = backend._session
        session._connection.set_progress_handler(running.set, 1000)
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
        with pytest.raises(ClosedError, match=r"burndown\.db: this handle was closed during the call; "):
            session.rows(endless, (), int)
        outcome.append("interrupted")

    thread = threading.Thread(target=count_forever)
    thread.start()
    assert running.wait(30)
    backend.close()
    thread.join(30)

    assert outcome == ["interrupted"]


def test_threads_that_call_while_the_handle_is_closed_get_an_answer_or_a_closed_error(location: Path) -> None:
    for _ in range(5):
        backend = open_backend(location)
        backend.save_profile(a_profile())
        backend.save_query("p", a_query())
        working = threading.Barrier(4)
        outcome: set[object] = set()

        def work(backend: SqliteBackend = backend, working: threading.Barrier = working) -> None:
            working.wait(30)
            error = None
            while error is None:
                error = error_of(lambda: backend.save_issues("p", "q", [an_issue("AB-1")]))
                error = error or error_of(lambda: backend.get_issues("p", "q"))
            outcome.add(error)  # noqa: B023 - joined before the next round

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        working.wait(30)
        backend.close()
        for thread in threads:
            thread.join(30)
        assert outcome == {ClosedError}
        assert not Counted.still_open


def test_close_inside_ones_own_transaction_or_snapshot_is_refused(backend: SqliteBackend) -> None:
    for scope in (backend.transaction, backend.snapshot):
        with scope():
            with pytest.raises(UsageError, match="close"):
                backend.close()
            assert backend.list_profiles() == []


def test_a_forked_handle_is_refused(backend: SqliteBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "getpid", lambda: -1)
        for call in (backend.list_profiles, backend.transaction, lambda: backend.save_profile(a_profile())):
            with pytest.raises(UsageError, match="fork"):
                call()
        backend.close()
    assert backend.list_profiles() == []


def error_of(call: Callable[[], object]) -> type[BaseException] | None:
    try:
        call()
    except Exception as error:
        return type(error)
    return None


@pytest.mark.parametrize(("version", "is_enough"), [((3, 36, 9), False), ((3, 37, 0), True), ((3, 100, 0), True)])
def test_sqlite_has_to_be_new_enough(
    location: Path, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int], is_enough: bool
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    if is_enough:
        open_backend(location).close()
    else:
        with pytest.raises(StorageError, match=r"^SQLite .* is too old; this backend needs 3\.37 or newer$"):
            open_backend(location)


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("/stores/a b?.db", "file:///stores/a%20b%3F.db?mode=rw"),
        ("C:/stores/a.db", "file:///C%3A/stores/a.db?mode=rw"),
    ],
)
def test_a_path_becomes_a_uri_with_and_without_a_drive(
    backend: SqliteBackend, monkeypatch: pytest.MonkeyPatch, path: str, uri: str
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(backend._file, "path", path)
        assert backend._file.uri("mode=rw") == uri
