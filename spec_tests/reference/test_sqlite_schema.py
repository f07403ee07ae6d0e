"""The file: how it is created, which files are refused, and that a refused file is left as it was."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from burndown_store.contract import CorruptionError, SchemaVersionError, StorageError
from burndown_store.sqlite import SqliteBackend, open_backend, open_backend_normal
from burndown_store.sqlite.schema import APPLICATION_ID, SCHEMA_VERSION, scripts
from sqlite_samples import a_profile, a_query

# What means something in a URI; Windows allows no "?" in a name.
AWKWARD = "a # % é" if os.name == "nt" else "a ? # % é"

OPEN_AND_SAVE = """
import sys
from burndown_store.sqlite import open_backend
sys.stdin.readline()
with open_backend(sys.argv[1], timeout=30) as backend:
    backend.set_app_state(sys.argv[2], "saved")
"""


def test_a_fresh_location_becomes_a_store_of_the_present_version(location: Path) -> None:
    with open_backend(location / AWKWARD / "b") as backend:
        assert backend.schema_version == SCHEMA_VERSION == len(scripts())
        assert backend.check() == []
    file = location / AWKWARD / "b" / "profiles" / "burndown.db"
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)


def test_about_ten_tables(store: SqliteBackend) -> None:
    tables = store._session.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", (), str)
    expected = "app_state cache_info changes histories issues metrics profiles queries scopes statistics tasks"

    assert tables == expected.split()


def test_closing_leaves_one_file(location: Path) -> None:
    with open_backend(location) as backend:
        backend.set_app_state("key", "value")

    assert [path.name for path in (location / "profiles").iterdir()] == ["burndown.db"]


def test_opening_again_writes_nothing(location: Path) -> None:
    file = saved_store(location)
    before = file.read_bytes()
    open_backend(location).close()

    assert file.read_bytes() == before


def test_many_threads_open_a_fresh_location_at_once(location: Path) -> None:
    start = threading.Barrier(8)
    failures: list[BaseException] = []

    def open_and_save(name: str) -> None:
        try:
            start.wait(30)
            with open_backend(location, timeout=30) as backend:
                backend.set_app_state(name, "saved")
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=open_and_save, args=(f"thread {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert failures == []
    with open_backend(location) as backend:
        assert list(backend.list_app_state()) == [f"thread {number}" for number in range(8)]
        assert backend.check() == []


def test_several_processes_open_a_fresh_location_at_once(location: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN_AND_SAVE, str(location), f"process {number}"],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        for number in range(3)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    errors = [process.communicate(timeout=60)[1] for process in processes]

    assert errors == ["", "", ""]
    with open_backend(location) as backend:
        assert list(backend.list_app_state()) == ["process 0", "process 1", "process 2"]


def test_a_creation_that_was_cut_short_is_completed(location: Path) -> None:
    file = location / "profiles" / "burndown.db"
    file.parent.mkdir(parents=True)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
    file.with_name("burndown.db-creating").touch()

    with open_backend(location) as backend:
        assert backend.check() == []


@pytest.mark.parametrize("journal", ["WAL", "DELETE"])
def test_a_newer_store_is_refused_and_left_as_it_is(location: Path, journal: str) -> None:
    file = saved_store(location)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = contents(location)

    said = rf"schema version {SCHEMA_VERSION + 1}, .*; it was left as it is: use the software that wrote it, or newer$"
    with pytest.raises(SchemaVersionError, match=said):
        open_backend(location)
    assert contents(location) == before


def test_a_newer_version_that_only_the_log_knows_is_refused_too(location: Path) -> None:
    file = saved_store(location)
    # As long as it is open, what it wrote stays in the log.
    with closing(sqlite3.connect(file, isolation_level=None)) as newer:
        newer.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        before = {name: data for name, data in contents(location).items() if not name.endswith("-shm")}
        assert before["burndown.db-wal"]

        with pytest.raises(SchemaVersionError):
            open_backend(location)
        assert {name: data for name, data in contents(location).items() if not name.endswith("-shm")} == before


def test_a_newer_version_in_a_log_that_was_left_behind_is_refused_and_stays_there(
    location: Path, tmp_path: Path
) -> None:
    file = saved_store(location)
    left = tmp_path / "left" / "profiles"
    left.mkdir(parents=True)
    with closing(sqlite3.connect(file, isolation_level=None)) as newer:
        newer.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        for name in ("burndown.db", "burndown.db-wal"):
            shutil.copy(file.with_name(name), left)
    before = contents(left.parent)

    with pytest.raises(SchemaVersionError):
        open_backend(left.parent)
    assert {name: data for name, data in contents(left.parent).items() if not name.endswith("-shm")} == before


@pytest.mark.parametrize(
    "data", [b"{}", b"{}" * 5000, b"\x00" * 8192, b"SQLite format 3\x00" + b"\xff" * 4080], ids=len
)
def test_what_is_no_database_is_refused_and_left_as_it_is(location: Path, data: bytes) -> None:
    file = location / "profiles" / "burndown.db"
    file.parent.mkdir(parents=True)
    file.write_bytes(data)

    with pytest.raises(CorruptionError, match=r"burndown\.db"):
        open_backend(location)
    assert contents(location) == {"burndown.db": data}


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE notes (text)",
        "PRAGMA user_version = 1",
        "PRAGMA application_id = 7",
        f"PRAGMA application_id = {APPLICATION_ID}",
    ],
)
def test_another_programs_database_is_refused_and_left_as_it_is(location: Path, statement: str) -> None:
    file = location / "profiles" / "burndown.db"
    file.parent.mkdir(parents=True)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(statement)
    before = contents(location)

    with pytest.raises(CorruptionError, match=rf"^{re.escape(str(file))}: the file is no burndown store"):
        open_backend(location)
    assert contents(location) == before


@pytest.mark.parametrize("last", [b"what was written last", b"w"])
def test_a_file_that_was_emptied_is_not_taken_for_a_new_one(location: Path, last: bytes) -> None:
    file = saved_store(location)
    file.write_bytes(b"")
    log = file.with_name("burndown.db-wal")
    log.write_bytes(last)

    with pytest.raises(CorruptionError, match="emptied"):
        open_backend(location)
    assert log.read_bytes() == last


@pytest.mark.parametrize("log", [None, b""])
def test_a_creation_that_was_cut_short_before_its_first_byte_is_completed(location: Path, log: bytes | None) -> None:
    file = location / "profiles" / "burndown.db"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"")
    file.with_name("burndown.db-creating").touch()
    if log is not None:
        file.with_name("burndown.db-wal").write_bytes(log)

    with open_backend(location) as backend:
        assert backend.check() == []


def test_a_creation_that_fails_leaves_no_half_of_it(location: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [scripts()[0] + "CREATE TABLE tasks (name TEXT);\n"]
    with monkeypatch.context() as patch:
        patch.setattr("burndown_store.sqlite.upgrading.scripts", lambda: broken)
        with pytest.raises(StorageError):
            open_backend(location)

    with open_backend(location) as backend:
        assert backend.check() == []


def test_an_interruption_of_the_creation_passes_unchanged(location: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> list[str]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("burndown_store.sqlite.upgrading.scripts", interrupted)
        with pytest.raises(KeyboardInterrupt):
            open_backend(location)

    with open_backend(location) as backend:
        assert backend.check() == []


@pytest.mark.parametrize(("opener", "synchronous"), [(open_backend, 2), (open_backend_normal, 1)])
def test_durability_is_set_on_every_connection(location: Path, opener: type[SqliteBackend], synchronous: int) -> None:
    found: list[object] = []

    def look() -> None:
        for pragma in ("synchronous", "fullfsync", "checkpoint_fullfsync", "foreign_keys", "busy_timeout"):
            found.extend(backend._session.rows(f"PRAGMA {pragma}", (), int))

    with opener(location, timeout=1.5) as backend:
        look()
        other = threading.Thread(target=look)
        other.start()
        other.join(30)

    full = int(opener is open_backend)
    assert found == [synchronous, full, full, 1, 1500] * 2


@pytest.mark.parametrize("version", [0, -1, SCHEMA_VERSION + 1])
def test_a_version_that_no_store_has_is_refused(location: Path, version: int) -> None:
    file = saved_store(location)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")

    with pytest.raises(CorruptionError if version < 1 else SchemaVersionError, match=f"^{re.escape(str(file))}: "):
        open_backend(location)


def saved_store(location: Path) -> Path:
    """The file of a store that was closed."""
    with open_backend(location) as backend:
        backend.save_profile(a_profile())
        backend.save_query("p", a_query())
    return location / "profiles" / "burndown.db"


def contents(location: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((location / "profiles").iterdir())}
