"""Older stores become present ones: whole, after a backup, by one of several, or not at all."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from burndown_fixtures.stores import backed_up, newer_stores, old_stores
from burndown_spec.vocabulary import contents_of
from burndown_store import workspace
from burndown_store.contract import Backend, BusyError, CorruptionError, SchemaVersionError, StorageError
from burndown_store.sqlite import open_backend, open_backend_normal
from burndown_store.sqlite.backups import backups_in
from burndown_store.sqlite.columns import microseconds, read_microseconds
from burndown_store.sqlite.schema import APPLICATION_ID, SCHEMA_VERSION, scripts
from sqlite_samples import an_issue

OPEN_IN_LITTLE_ROOM = """
import resource, signal, sys
from burndown_store.contract import StorageError
from burndown_store.sqlite import open_backend
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
room = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
try:
    open_backend(sys.argv[1]).close()
    told = "opened"
except StorageError as error:
    told = type(error).__name__
sys.stdout.write(told)
"""
FILE = Path("profiles", "burndown.db")
OLD = {name: (write, fill) for name, write, fill in old_stores()}
NEWER = dict(newer_stores())
EVERY_KIND = "version 1, every-kind"

each_old_store = pytest.mark.parametrize("name", OLD)


@pytest.fixture
def old(location: Path) -> Path:
    """The location of a store of version 1."""
    OLD[EVERY_KIND][0](location)
    return location


def in_file(location: Path, statement: str) -> list[object]:
    with closing(sqlite3.connect(location / FILE, isolation_level=None)) as connection:
        return [value for (value,) in connection.execute(statement)]


def filled(location: Path, fill: Callable[[Backend], None]) -> dict[str, object]:
    """What a fresh store holds that is filled so."""
    with open_backend_normal(location) as backend:
        fill(backend)
        return contents_of(backend)


@each_old_store
def test_the_old_stores_are_of_version_1(location: Path, name: str) -> None:
    OLD[name][0](location)

    assert in_file(location, "PRAGMA user_version") == [1]
    assert in_file(location, "PRAGMA application_id") == [APPLICATION_ID]
    with closing(sqlite3.connect(":memory:")) as pattern:
        pattern.executescript(scripts()[0])
        expected = [sql for (sql,) in pattern.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
    assert in_file(location, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL") == expected


@each_old_store
def test_an_old_store_is_upgraded_and_holds_what_it_held(location: Path, tmp_path: Path, name: str) -> None:
    write, fill = OLD[name]
    write(location)

    for _ in range(2):
        with open_backend(location) as backend:
            assert contents_of(backend) == filled(tmp_path / "fresh", fill)
            assert backend.check() == []
            assert backend._session.rows("PRAGMA user_version", (), int) == [SCHEMA_VERSION]
            assert backend._session.rows("PRAGMA freelist_count", (), int) == [0]
    assert len(backups_in(location)) == 1


@each_old_store
def test_the_backup_is_the_old_store(location: Path, tmp_path: Path, name: str) -> None:
    write, fill = OLD[name]
    write(location)
    open_backend(location).close()

    assert backed_up(location, tmp_path / "other")
    assert in_file(tmp_path / "other", "PRAGMA user_version") == [1]
    with open_backend(tmp_path / "other") as backend:
        assert contents_of(backend) == filled(tmp_path / "fresh", fill)


def test_an_upgraded_store_is_laid_out_as_a_fresh_one(old: Path, tmp_path: Path) -> None:
    open_backend(old).close()
    open_backend(tmp_path / "fresh").close()
    layout = "SELECT rootpage || ' ' || name || ' ' || ifnull(sql, '') FROM sqlite_master"

    assert in_file(old, layout) == in_file(tmp_path / "fresh", layout)


def test_every_instant_that_was_text_is_the_same_number_as_now() -> None:
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    days = (first + timedelta(days=day, microseconds=day * 23_456_789) for day in range(0, 3_652_000, 997))
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(scripts()[0])
        for position, instant in enumerate([first, last, *days]):
            text = f"{instant:%Y-%m-%dT%H:%M:%S.%fZ}".rjust(27, "0")
            connection.execute("INSERT INTO changes VALUES (1, 'k', ?, ?, 'f'" + ", NULL" * 8 + ")", (position, text))
        connection.executescript(scripts()[1])
        told = [count for (count,) in connection.execute("SELECT changed_at FROM changes ORDER BY position")]

    days = (first + timedelta(days=day, microseconds=day * 23_456_789) for day in range(0, 3_652_000, 997))
    assert told == [microseconds(instant) for instant in [first, last, *days]]
    assert [read_microseconds(count) for count in told[:2]] == [first, last]


def test_an_upgrade_that_fails_leaves_the_old_store(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [scripts()[0], scripts()[1] + "CREATE TABLE tasks (name TEXT);\n"]
    with monkeypatch.context() as patch:
        patch.setattr("burndown_store.sqlite.upgrading.scripts", lambda: broken)
        with pytest.raises(StorageError):
            open_backend(old)

    assert in_file(old, "PRAGMA user_version") == [1]
    assert in_file(old, "SELECT count(*) FROM changes WHERE typeof(changed_at) = 'text'") == [192]
    with open_backend(old) as backend:
        assert backend.check() == []


def test_a_row_that_cannot_be_brought_over_is_damage_and_stays(old: Path) -> None:
    with closing(sqlite3.connect(old / FILE, isolation_level=None)) as connection:
        connection.execute("UPDATE changes SET changed_at = 'yesterday' WHERE position = 3")

    with pytest.raises(CorruptionError, match="recover"):
        open_backend(old)
    assert in_file(old, "PRAGMA user_version") == [1]
    assert in_file(old, "SELECT DISTINCT changed_at FROM changes WHERE position = 3") == ["yesterday"]


def test_without_a_backup_nothing_is_upgraded(old: Path) -> None:
    (old / "backups").write_bytes(b"a file in the way")
    before = (old / FILE).read_bytes()

    with pytest.raises(StorageError, match="backups"):
        open_backend(old)
    assert (old / FILE).read_bytes() == before
    (old / "backups").unlink()
    with open_backend(old) as backend:
        assert backend.check() == []


def test_a_backup_of_an_upgraded_store_can_be_put_in_its_place(old: Path) -> None:
    with open_backend(old) as backend:
        held = contents_of(backend)
    (old / FILE).write_bytes(backups_in(old)[0].read_bytes())

    with open_backend(old) as backend:
        assert contents_of(backend) == held
    assert len(backups_in(old)) == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit to the size of a file")
@pytest.mark.parametrize(
    ("name", "room", "backups"), [("every-kind", 0, 0), ("every-kind", 65_536, 0), ("in-the-log", 262_144, 1)]
)
def test_on_a_full_medium_the_old_store_stays(
    location: Path, tmp_path: Path, name: str, room: int, backups: int
) -> None:
    """No file may become larger than the room: none at all, not the whole backup, or the backup and not the log."""
    write, fill = OLD[f"version 1, {name}"]
    write(location)
    ran = subprocess.run(
        [sys.executable, "-c", OPEN_IN_LITTLE_ROOM, str(location), str(room)],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )

    assert ran.stdout == "StorageError"
    assert len(backups_in(location)) == backups
    assert in_file(location, "PRAGMA user_version") == [1]
    with open_backend(location) as backend:
        assert contents_of(backend) == filled(tmp_path / "fresh", fill)
        assert backend.check() == []


def test_a_writer_of_the_old_version_is_waited_for(old: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(old / FILE, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO app_state VALUES ('last', 'word')")
        with pytest.raises(BusyError):
            open_backend(old, timeout=0)
        connection.execute("COMMIT")

    with open_backend(old) as backend:
        assert backend.get_app_state("last") == "word"
    assert backed_up(old, tmp_path / "other")
    assert in_file(tmp_path / "other", "SELECT value FROM app_state WHERE key = 'last'") == ["word"]


def test_of_several_threads_one_upgrades(old: Path) -> None:
    start, failures = threading.Barrier(4), []

    def open_it() -> None:
        try:
            start.wait(30)
            with open_backend(old, timeout=30) as backend:
                backend.save_issues("kafka", "main", [an_issue("AB-1")])
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert len(backups_in(old)) == 1


@pytest.mark.parametrize("name", NEWER)
def test_a_newer_store_is_refused_at_the_start_of_the_application_too(location: Path, name: str) -> None:
    NEWER[name](location)
    before = {path: path.read_bytes() for path in location.rglob("*") if path.is_file()}

    with pytest.raises(SchemaVersionError):
        open_backend(location)
    with pytest.raises(SchemaVersionError):
        workspace.open_workspace(location)
    assert {path: path.read_bytes() for path in location.rglob("*") if path.is_file()} == before
