"""A damaged store recovered: what can be read is kept, the rest comes from a backup, and nothing is deleted."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from burndown_store.contract import (
    BusyError,
    CorruptionError,
    JsonText,
    NotFoundError,
    SchemaVersionError,
    StorageError,
)
from burndown_store.files import exists as file_exists
from burndown_store.files import put_in_place
from burndown_store.sqlite import SqliteBackend, back_up_store, open_backend, open_backend_normal, placing, recover
from burndown_store.sqlite.salvaging import _PAGE
from sqlite_samples import (
    a_cache_info,
    a_change,
    a_history,
    a_metric,
    a_profile,
    a_query,
    a_scope,
    a_statistic,
    a_task,
    an_issue,
)

FILE = Path("profiles", "burndown.db")
COUNT = 200


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed store with some of everything, whose issues take most of the room."""
    location = tmp_path_factory.mktemp("made")
    with open_backend_normal(location) as store:
        fill(store)
    return location


@pytest.fixture
def damaged(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to damage."""
    shutil.copytree(made, tmp_path / "store")
    return tmp_path / "store"


def fill(store: SqliteBackend) -> None:
    store.set_app_state("key", "value")
    store.save_task(a_task())
    store.save_profile(a_profile())
    store.save_query("p", a_query())
    text = json.dumps({"text": "d" * 1500})
    store.save_issues("p", "q", [an_issue(f"AB-{number:03}", document=JsonText(text)) for number in range(COUNT)])
    store.save_histories("p", "q", [a_history(f"AB-{n:03}", a_change(1), a_change(2)) for n in range(COUNT)])
    store.save_statistics("p", "q", [a_statistic(day) for day in range(1, 20)])
    store.save_metrics("p", "q", [a_metric(f"2025-W{week:02}") for week in range(1, 40)])
    store.save_cache_info("p", "q", a_cache_info())
    store.save_scope("p", "q", a_scope())


def overwrite(location: Path, page: int, pages: int = 1) -> None:
    """Noise over pages, counted from 1."""
    with (location / FILE).open("r+b") as file:
        file.seek((page - 1) * _PAGE)
        file.write(random.Random(page).randbytes(pages * _PAGE))


def pages_of(location: Path, table: str) -> list[int]:
    """The pages of a table's own tree: its root, and the pages to which that refers."""
    with closing(sqlite3.connect(location / FILE)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    data = (location / FILE).read_bytes()[(root - 1) * _PAGE : root * _PAGE]
    if data[0] not in (2, 5):
        return [root]
    cells = int.from_bytes(data[3:5], "big")
    places = [int.from_bytes(data[12 + 2 * each : 14 + 2 * each], "big") for each in range(cells)]
    return [root, *(int.from_bytes(data[place : place + 4], "big") for place in places)]


def keys(location: Path) -> list[str]:
    with open_backend_normal(location) as store:
        assert store.check() == []
        return sorted(issue.key for issue in store.get_issues("p", "q"))


def test_a_sound_store_stays_as_it_is(damaged: Path) -> None:
    before = {path: path.read_bytes() for path in damaged.rglob("*") if path.is_file()}

    done = recover(damaged)

    assert done.sound
    assert (done.saved, done.from_backup, done.missing, done.set_aside) == ({}, {}, (), None)
    assert {path: path.read_bytes() for path in damaged.rglob("*") if path.is_file()} == before


def test_a_damaged_page_costs_the_rows_in_it_and_no_others(damaged: Path) -> None:
    overwrite(damaged, pages_of(damaged, "issues")[20])
    harmed = (damaged / FILE).read_bytes()

    done = recover(damaged)

    kept = keys(damaged)
    assert COUNT - 4 <= len(kept) < COUNT
    assert done.saved["issues"] == len(kept)
    assert done.saved["changes"] == 2 * COUNT
    lost = "1 row" if COUNT - len(kept) == 1 else f"{COUNT - len(kept)} rows"
    assert done.missing == (f"issues: {lost} could not be read, and no backup has them.",)
    assert done.set_aside == damaged / "backups" / "damaged-0001"
    assert (done.set_aside / FILE.name).read_bytes() == harmed
    assert recover(damaged).sound


def test_what_is_missing_comes_from_the_newest_backup_and_what_was_deleted_stays_away(damaged: Path) -> None:
    backup = back_up_store(damaged)
    with open_backend_normal(damaged) as store:
        store.delete_app_state("key")
        store.save_task(a_task("later"))
    overwrite(damaged, pages_of(damaged, "issues")[20])

    done = recover(damaged)

    assert keys(damaged) == [f"AB-{number:03}" for number in range(COUNT)]
    assert done.backup == backup
    assert done.from_backup["issues"] == COUNT - done.saved["issues"] > 0
    assert done.missing == ()
    with open_backend_normal(damaged) as store:
        assert store.list_app_state() == {}
        assert [task.name for task in store.list_tasks()] == ["fetch", "later"]


def test_a_backup_that_is_damaged_itself_is_passed_over(damaged: Path) -> None:
    good, bad = back_up_store(damaged), back_up_store(damaged)
    bad.write_bytes(b"no database" * 1000)
    overwrite(damaged, pages_of(damaged, "issues")[20])

    assert recover(damaged).backup == good
    assert len(keys(damaged)) == COUNT


def test_queries_come_back_with_all_below_them_where_a_backup_has_them(damaged: Path) -> None:
    back_up_store(damaged)
    overwrite(damaged, pages_of(damaged, "queries")[0])

    done = recover(damaged)

    assert len(keys(damaged)) == COUNT
    assert (done.from_backup["queries"], done.saved["issues"]) == (1, COUNT)


def test_what_belongs_to_nothing_any_more_is_told_and_left_out(damaged: Path) -> None:
    overwrite(damaged, pages_of(damaged, "queries")[0])

    done = recover(damaged)

    with open_backend_normal(damaged) as store:
        assert store.check() == []
        assert [profile.id for profile in store.list_profiles()] == ["p"]
        assert store.list_queries("p") == []
    assert any(each.startswith(f"issues: {COUNT} rows were left out") for each in done.missing)


def test_a_row_that_is_no_record_counts_as_missing(damaged: Path) -> None:
    with closing(sqlite3.connect(damaged / FILE, isolation_level=None)) as connection:
        connection.execute("UPDATE issues SET expires_at = '2025-11-03T13:00:00.00Z' WHERE key = 'AB-007'")

    with open_backend_normal(damaged) as store:
        assert store.check() == ["issues: 1 rows are no records of the contract."]
    done = recover(damaged)

    assert "AB-007" not in keys(damaged)
    assert done.missing == ("issues: 1 row could not be read, and no backup has them.",)


@pytest.mark.parametrize("pages", [0, 1], ids=["the header", "the first page"])
def test_without_its_first_page_everything_else_is_found(damaged: Path, pages: int) -> None:
    if pages:
        overwrite(damaged, 1)
    else:
        with (damaged / FILE).open("r+b") as file:
            file.write(bytes(100))

    done = recover(damaged)

    assert len(keys(damaged)) == COUNT
    assert done.missing == ()


@pytest.mark.parametrize("has_backup", [False, True])
def test_an_emptied_store_is_recovered_from_its_backup_or_says_that_all_is_missing(
    damaged: Path, has_backup: bool
) -> None:
    if has_backup:
        back_up_store(damaged)
    (damaged / FILE).write_bytes(b"")

    with pytest.raises(CorruptionError, match=r"emptied, or is gone; .* burndown-store recover ROOT"):
        open_backend(damaged)
    done = recover(damaged)

    with open_backend_normal(damaged) as store:
        assert store.check() == []
        assert [profile.id for profile in store.list_profiles()] == (["p"] if has_backup else [])
    assert len(done.missing) == len(done.saved)


def test_a_deleted_store_is_recovered_from_its_backup(damaged: Path) -> None:
    back_up_store(damaged)
    (damaged / FILE).unlink()

    done = recover(damaged)

    assert len(keys(damaged)) == COUNT
    assert done.set_aside is None


def test_the_log_of_a_killed_process_is_used(damaged: Path, tmp_path: Path) -> None:
    with open_backend_normal(damaged) as store:
        store.set_app_state("late", "in the log alone")
        shutil.copytree(damaged, tmp_path / "killed")
    killed = tmp_path / "killed"
    assert (killed / "profiles" / "burndown.db-wal").stat().st_size > 0
    overwrite(killed, pages_of(damaged, "issues")[20])

    done = recover(killed)

    with open_backend_normal(killed) as store:
        assert store.get_app_state("late") == "in the log alone"
    assert done.set_aside is not None
    assert (done.set_aside / "burndown.db-wal").exists()


def test_where_there_is_no_store_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no store to recover, nor a backup"):
        recover(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_newer_store_is_refused_and_left_as_it_is(damaged: Path) -> None:
    with closing(sqlite3.connect(damaged / FILE, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = {path: path.read_bytes() for path in damaged.rglob("*") if path.is_file()}

    with pytest.raises(SchemaVersionError):
        recover(damaged)
    assert {path: path.read_bytes() for path in damaged.rglob("*") if path.is_file()} == before


def test_a_store_that_this_process_has_open_is_refused(damaged: Path) -> None:
    with open_backend_normal(damaged), pytest.raises(BusyError, match="this process has the store open"):
        recover(damaged)
    assert recover(damaged).sound


@pytest.mark.skipif(os.name == "nt", reason="on Windows it is refused when the files are to be moved")
def test_a_store_that_another_process_has_open_is_refused(damaged: Path) -> None:
    program = (
        "import sys; from burndown_store.sqlite import open_backend; store = open_backend(sys.argv[1]);"
        "store.list_profiles(); print('open', flush=True); sys.stdin.readline()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(damaged)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "open\n"
            before = sorted(path.name for path in damaged.rglob("*"))
            with pytest.raises(BusyError, match="another process has the store open"):
                recover(damaged)
            assert sorted(path.name for path in damaged.rglob("*")) == before
        finally:
            other.kill()


@pytest.mark.parametrize("moves", range(3))
def test_killed_between_two_moves_no_store_opens_and_the_next_recovery_ends_it(
    damaged: Path, moves: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    overwrite(damaged, pages_of(damaged, "issues")[20])
    done: list[Path] = []
    move = put_in_place

    def moved(made: Path, place: Path) -> None:
        if len(done) == moves:
            raise KeyboardInterrupt
        done.append(place)
        move(made, place)

    def removed(_: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(placing, "put_in_place", moved)
        patch.setattr(placing, "remove", removed)
        with pytest.raises(KeyboardInterrupt):
            recover(damaged)

    with pytest.raises(CorruptionError, match=r"a recovery was begun .* end it with: burndown-store recover ROOT"):
        open_backend(damaged)
    ended = recover(damaged)

    assert not ended.sound
    assert COUNT - 4 <= len(keys(damaged)) < COUNT
    assert not file_exists(damaged / "backups" / ".recovering")
    assert (damaged / "backups" / "damaged-0001" / "burndown.db").exists()
    assert recover(damaged).sound


def test_a_medium_that_refuses_changes_nothing(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    overwrite(damaged, pages_of(damaged, "issues")[20])
    harmed = (damaged / FILE).read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full)
        with pytest.raises(StorageError, match="No space left on device; see to the medium"):
            recover(damaged)
    assert (damaged / FILE).read_bytes() == harmed
    assert recover(damaged).saved["issues"] == len(keys(damaged))
