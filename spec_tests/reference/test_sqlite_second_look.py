"""What SQLite calls damage is believed only after a second look."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from burndown_store.contract import CorruptionError, StorageError
from burndown_store.sqlite import SqliteBackend
from burndown_store.sqlite.refusals import refusal_of
from burndown_store.sqlite.second_look import is_damaged, uri_of


@pytest.fixture
def file(location: Path, store: SqliteBackend) -> Path:
    """The file of a closed store."""
    for number in range(100):
        store.set_app_state(f"key {number}", "x" * 500)
    store.close()
    return location / "profiles" / "burndown.db"


def malformed() -> sqlite3.Error:
    error = sqlite3.DatabaseError("database disk image is malformed")
    error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_CORRUPT, "SQLITE_CORRUPT"
    return error


def damage(file: Path) -> None:
    data = file.read_bytes()
    middle = len(data) // 2
    file.write_bytes(data[:middle] + b"\x55" * 8192 + data[middle + 8192 :])


def test_a_sound_store_was_only_not_read(file: Path) -> None:
    before = sorted(path.name for path in file.parent.iterdir())
    assert not is_damaged(str(file))
    assert type(refusal_of(malformed(), str(file))) is StorageError
    assert sorted(path.name for path in file.parent.iterdir()) == before


def test_a_store_that_is_open_and_has_a_log_is_read_with_it(location: Path, store: SqliteBackend) -> None:
    file = location / "profiles" / "burndown.db"
    assert file.with_name("burndown.db-wal").stat().st_size > 0
    assert not is_damaged(str(file))
    store.set_app_state("still", "works")
    assert store.get_app_state("still") == "works"


def test_a_damaged_store_is_damaged(file: Path) -> None:
    damage(file)
    assert is_damaged(str(file))
    assert type(refusal_of(malformed(), str(file))) is CorruptionError


def test_what_is_no_database_is_damaged(file: Path) -> None:
    file.write_bytes(b"no database at all" * 500)
    assert is_damaged(str(file))


def test_where_no_file_is_sqlite_is_believed(tmp_path: Path) -> None:
    assert is_damaged(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a # %.db", "a b.db", "ü.db"])
def test_a_uri_means_its_file(name: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(uri_of(str(tmp_path / name), "mode=rwc"), uri=True)) as connection:
        connection.execute("CREATE TABLE t (x)")
    assert [path.name for path in tmp_path.iterdir()] == [name]
