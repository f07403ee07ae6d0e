"""What a handle says when its files are taken away, emptied or cut short under it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from burndown_store.contract import CorruptionError, StorageLostError
from burndown_store.sqlite import SqliteBackend, open_backend, open_backend_normal
from sqlite_samples import a_profile, a_query, an_issue

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows keeps an open file as it is")

CALLS: list[Callable[[SqliteBackend], object]] = [
    lambda store: store.get_profile("p"),
    lambda store: store.save_issues("p", "q", []),
    lambda store: store.transaction().__enter__(),
    lambda store: store.snapshot().__enter__(),
    lambda store: store.check(),
    lambda store: store.size_bytes(),
]


@pytest.mark.parametrize("ending", ["-wal", "-shm"])
def test_a_log_that_is_deleted_under_a_handle_is_a_lost_store(store: SqliteBackend, ending: str) -> None:
    Path(store._file.path + ending).unlink()

    for call in CALLS:
        with pytest.raises(StorageLostError, match=rf"burndown\.db{ending} beside it was deleted or replaced"):
            call(store)


def test_an_emptied_file_is_a_lost_store(store: SqliteBackend) -> None:
    Path(store._file.path).write_bytes(b"")

    for call in CALLS:
        with pytest.raises(StorageLostError, match="was emptied while it was open"):
            call(store)


def test_a_file_that_was_cut_short_is_damaged(store: SqliteBackend, location: Path) -> None:
    store.close()
    with open_backend_normal(location) as again:
        again.list_profiles()
        file = Path(again._file.path)
        os.truncate(file, file.stat().st_size // 2)

        [problem] = again.check()
        assert "burndown-store recover ROOT" in problem
        for call in (CALLS[0], CALLS[1], CALLS[2], CALLS[3], CALLS[5]):
            with pytest.raises(CorruptionError, match="burndown-store recover ROOT"):
                call(again)


def test_a_file_that_gave_back_its_free_pages_is_no_damage(location: Path) -> None:
    with open_backend_normal(location) as store, open_backend_normal(location) as other:
        store.save_profile(a_profile())
        store.save_query("p", a_query())
        store.save_issues("p", "q", [an_issue(f"AB-{n}", summary="s" * 3000) for n in range(500)])
        store._session.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert len(other.list_profiles()) == 1
        before = Path(store._file.path).stat().st_size
        store.replace_issues("p", "q", [])

        assert Path(store._file.path).stat().st_size < before // 2
        assert len(other.list_profiles()) == len(store.list_profiles()) == 1
        assert other.check() == []


def test_a_log_without_its_file_is_left_as_it_is(location: Path) -> None:
    log = location / "profiles" / "burndown.db-wal"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"what was written last")

    with pytest.raises(CorruptionError, match="emptied, or is gone"):
        open_backend(location)
    assert [path.name for path in log.parent.iterdir()] == [log.name]


def test_a_store_whose_layout_is_gone_is_not_begun_anew(location: Path) -> None:
    file = location / "profiles" / "burndown.db"
    file.parent.mkdir(parents=True)
    # As it is left where a log is lost that had not been moved into the file.
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
    before = file.read_bytes()

    with pytest.raises(CorruptionError, match="emptied"):
        open_backend(location)
    assert file.read_bytes() == before


def test_no_mark_of_its_creation_stays_beside_a_store(store: SqliteBackend) -> None:
    store.list_profiles()
    assert not Path(store._file.path + "-creating").exists()
