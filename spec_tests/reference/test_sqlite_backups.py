"""Backups of the database: whole, verified, numbered, and never half there."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from burndown_store.contract import BusyError, CorruptionError, StorageError
from burndown_store.files import exclusive
from burndown_store.sqlite import SqliteBackend, open_backend_normal
from burndown_store.sqlite.backups import back_up, backups_in
from sqlite_samples import an_issue

pytestmark = pytest.mark.usefixtures("store")

FILE = Path("profiles", "burndown.db")


def backed_up(location: Path, timeout: float = 0.0) -> Path:
    with closing(sqlite3.connect(location / FILE, timeout=0)) as connection:
        return back_up(connection, location, timeout=timeout)


def files_in(folder: Path) -> list[str]:
    """What lies there beside the lock, which some systems keep and others remove."""
    return sorted(path.name for path in folder.iterdir() if path.name != "store.lock")


def laid_out(backup: Path, place: Path) -> Path:
    """The backup as a store of its own."""
    (place / FILE).parent.mkdir(parents=True)
    (place / FILE).write_bytes(backup.read_bytes())
    return place


def test_a_backup_holds_what_the_open_store_holds(store: SqliteBackend, location: Path, tmp_path: Path) -> None:
    store.save_issues("p", "q", [an_issue("AB-1")])
    backup = backed_up(location)
    store.save_issues("p", "q", [an_issue("AB-2")])

    with open_backend_normal(laid_out(backup, tmp_path / "other")) as other:
        assert other.get_issues("p", "q") == [an_issue("AB-1")]
        assert other.check() == []


def test_a_backup_is_one_file_of_its_own(location: Path) -> None:
    backup = backed_up(location)

    assert files_in(backup.parent) == ["store-0001.db"]
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_backups_are_numbered_and_listed_newest_first(location: Path) -> None:
    assert backups_in(location) == []
    folder = location / "backups"
    made = [backed_up(location), backed_up(location)]
    assert made == [folder / "store-0001.db", folder / "store-0002.db"]
    (folder / "store-10000.db").write_bytes(b"")
    (folder / "migration-1").mkdir()
    made[0].unlink()

    assert backed_up(location).name == "store-10001.db"
    assert [path.name for path in backups_in(location)] == ["store-10001.db", "store-10000.db", "store-0002.db"]


def test_a_writer_meanwhile_is_no_hindrance_and_not_in_the_backup(
    store: SqliteBackend, location: Path, tmp_path: Path
) -> None:
    with store.transaction():
        store.save_issues("p", "q", [an_issue("AB-1")])
        backup = backed_up(location)

    with open_backend_normal(laid_out(backup, tmp_path / "other")) as other:
        assert other.get_issues("p", "q") == []


def test_a_connection_that_has_begun_to_write_is_no_endless_wait(location: Path) -> None:
    with closing(sqlite3.connect(location / FILE, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM tasks")
        with pytest.raises(BusyError):
            back_up(connection, location, timeout=0.02)
    assert backups_in(location) == []


def test_two_at_once_wait_for_each_other(location: Path) -> None:
    (location / "backups").mkdir()
    with exclusive(location / "backups" / "store.lock", 0), pytest.raises(BusyError):
        backed_up(location)
    assert backed_up(location).name == "store-0001.db"


def test_what_a_killed_one_left_behind_is_replaced(location: Path) -> None:
    folder = location / "backups"
    folder.mkdir()
    for ending in ("", "-journal", "-wal"):
        (folder / f".store.part{ending}").write_bytes(b"half of it")

    assert backups_in(location) == []
    backed_up(location)
    assert files_in(folder) == ["store-0001.db"]


def test_a_damaged_store_gets_no_backup(store: SqliteBackend, location: Path) -> None:
    store.save_issues("p", "q", [an_issue(f"AB-{number}") for number in range(500)])
    store.close()
    data = bytearray((location / FILE).read_bytes())
    data[4096 * 30 : 4096 * 31] = b"\xff" * 4096
    (location / FILE).write_bytes(data)

    with pytest.raises(CorruptionError, match="recover"):
        backed_up(location)
    assert files_in(location / "backups") == []


def test_where_no_backup_can_be_written_it_is_a_storage_error(location: Path) -> None:
    (location / "backups").write_bytes(b"a file in the way")

    with pytest.raises(StorageError, match="backups"):
        backed_up(location)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
def test_a_full_medium_leaves_nothing_behind(location: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("burndown_store.sqlite.backups.os.fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        backed_up(location)
    assert files_in(location / "backups") == []
