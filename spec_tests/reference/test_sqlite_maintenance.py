"""Soundness and size of the file."""

from __future__ import annotations

import random
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from burndown_store.contract import CorruptionError, Issue, JsonText, StorageError
from burndown_store.sqlite import SqliteBackend, open_backend
from burndown_store.sqlite.refusals import RECOVER
from burndown_store.sqlite.soundness import problems
from sqlite_samples import a_change, a_history, a_profile, a_query, an_issue, minutes

PAGE = 4096


@pytest.fixture
def filled(store: SqliteBackend) -> SqliteBackend:
    store.save_issues("p", "q", some_issues(200))
    store.save_histories("p", "q", [a_history(f"AB-{number}", a_change(1), a_change(2)) for number in range(50)])
    return store


def test_a_sound_store_has_nothing_wrong(filled: SqliteBackend) -> None:
    assert filled.check() == []
    with filled.transaction():
        filled.set_app_state("key", "value")
        assert filled.check() == []


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("DELETE FROM queries", "issues: 200 rows belong to no row of queries"),
        ("DELETE FROM histories WHERE issue_key = 'AB-1'", "changes: 2 rows belong to no row of histories"),
        ("DELETE FROM changes WHERE position = 0", "changes: 50 histories have gaps"),
        ("UPDATE changes SET position = 7 WHERE issue_key = 'AB-1' AND position = 1", "changes: 1 histories have gaps"),
        ("UPDATE issues SET document = '[]' WHERE key = 'AB-1'", "issues: 1 rows are no records"),
        ("UPDATE issues SET expires_at = 'soon' WHERE key < 'AB-12'", "issues: 24 rows are no records"),
        ("UPDATE issues SET expires_at = '2025-11-03' WHERE key = 'AB-1'", "issues: 1 rows are no records"),
        ("UPDATE profiles SET extra = '{\"n\": 1e999}'", "profiles: 1 rows are no records"),
        ("UPDATE app_state SET key = ''", "app_state: 1 rows are no records"),
        ("UPDATE issues SET summary = CAST(x'ff' AS TEXT) WHERE key = 'AB-1'", "issues: damage keeps this"),
        ("DROP INDEX issues_by_status", "issues_by_status is missing"),
        ("ALTER TABLE metrics RENAME COLUMN unit TO units", "metrics is not as this version creates it"),
        ("PRAGMA user_version = 7", "user_version is not that of this version"),
        ("PRAGMA application_id = 7", "application_id is not that of this version"),
    ],
)
def test_what_is_wrong_is_found(filled: SqliteBackend, damage: str, found: str) -> None:
    filled.set_app_state("key", "value")
    connection = filled._session._connection
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute(damage)

    assert any(found in sentence for sentence in filled.check())


def test_an_index_that_does_not_match_its_table_is_found(filled: SqliteBackend) -> None:
    location, file = Path(filled._file.path).parents[1], Path(filled._file.path)
    (root,) = filled._session.rows("SELECT rootpage FROM sqlite_master WHERE name = 'issues_by_assignee'", (), int)
    filled.close()
    data = bytearray(file.read_bytes())
    # A page of an index says in these two bytes how many entries it has.
    count = slice((root - 1) * PAGE + 3, (root - 1) * PAGE + 5)
    data[count] = (int.from_bytes(data[count], "big") // 2).to_bytes(2, "big")
    file.write_bytes(data)

    with open_backend(location) as again:
        assert any(sentence.startswith("SQLite finds: ") for sentence in again.check())


@pytest.mark.parametrize("seed", range(8))
def test_overwritten_pages_are_found_and_nothing_but_the_contracts_errors_escapes(
    filled: SqliteBackend, seed: int
) -> None:
    location, file = Path(filled._file.path).parents[1], Path(filled._file.path)
    filled.close()
    data = bytearray(file.read_bytes())
    chance = random.Random(seed)
    for page in chance.sample(range(1, len(data) // PAGE), 8):
        data[page * PAGE : (page + 1) * PAGE] = chance.randbytes(PAGE)
    file.write_bytes(data)

    try:
        with open_backend(location) as again:
            assert again.check() != []
            for read in (lambda: again.get_issues("p", "q"), lambda: again.get_histories("p", "q")):
                try:
                    read()
                except StorageError:
                    continue
    except CorruptionError:
        return


def test_a_store_that_was_cut_short_is_not_sound(filled: SqliteBackend) -> None:
    location, file = Path(filled._file.path).parents[1], Path(filled._file.path)
    filled.close()
    file.write_bytes(file.read_bytes()[: 10 * PAGE])

    try:
        with open_backend(location) as again:
            assert again.check() != []
    except CorruptionError:
        return


def test_what_is_damaged_through_and_through_is_told_look_by_look(tmp_path: Path) -> None:
    file = tmp_path / "burndown.db"
    file.write_bytes(b"no database at all" * 500)
    looks = ["the pages", "the layout", "references", "changes", "app_state", "tasks", "profiles", "queries", "issues"]
    looks += ["cache_info", "histories", "changes", "statistics", "scopes", "metrics"]

    with closing(sqlite3.connect(file)) as connection:
        assert list(problems(connection)) == [
            f"{look}: damage keeps this from being read to the end; {RECOVER}." for look in looks
        ]


def test_damage_that_keeps_check_from_looking_is_its_answer(
    filled: SqliteBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(_: sqlite3.Connection) -> Iterator[str]:
        raise CorruptionError("the file is damaged")

    monkeypatch.setattr("burndown_store.sqlite.maintenance.problems", damaged)
    assert filled.check() == ["the file is damaged"]


def test_a_look_that_is_interrupted_is_an_error_and_no_damage(filled: SqliteBackend) -> None:
    connection = filled._session._connection
    with filled.snapshot():
        connection.set_progress_handler(lambda: 1, 1)
        with pytest.raises(StorageError, match=rf"^{re.escape(filled._file.path)}: .*\(SQLITE_INTERRUPT\)$") as refusal:
            filled.check()
        connection.set_progress_handler(None, 1)
    assert not isinstance(refusal.value, CorruptionError)


def test_the_size_is_that_of_all_files(filled: SqliteBackend) -> None:
    folder = Path(filled._file.path).parent

    assert len(list(folder.iterdir())) == 3
    # What a crash in another journal mode leaves behind.
    Path(filled._file.path + "-journal").write_bytes(bytes(100))
    assert filled.size_bytes() == sum(path.stat().st_size for path in folder.iterdir())


@pytest.mark.parametrize(
    "delete",
    [
        lambda store: store.delete_profile("p"),
        lambda store: store.delete_query("p", "q"),
        lambda store: store.replace_issues("p", "q", []),
        lambda store: store.delete_expired(minutes(60)),
    ],
    ids=["delete_profile", "delete_query", "replace_issues", "delete_expired"],
)
def test_the_file_shrinks_after_deletes(store: SqliteBackend, delete: Callable[[SqliteBackend], object]) -> None:
    empty = store.size_bytes()
    store.save_issues("p", "q", some_issues(2000))
    full = store.size_bytes()
    delete(store)

    assert full > 2000 * 1500
    assert store.size_bytes() < empty + 40 * PAGE
    assert store.check() == []


def test_the_file_shrinks_after_a_transaction_that_deletes(store: SqliteBackend) -> None:
    store.save_issues("p", "q", some_issues(2000))
    full = store.size_bytes()
    with store.transaction():
        store.delete_query("p", "q")
        store.save_query("p", a_query())

    assert store.size_bytes() < full / 5


def test_a_reader_does_not_keep_a_delete_from_ending(store: SqliteBackend) -> None:
    store.save_issues("p", "q", some_issues(500))
    with open_backend(Path(store._file.path).parents[1]) as other, other.snapshot():
        store.delete_query("p", "q")
        assert len(other.get_issues("p", "q")) == 500
    # The next write gives back what could not be given back then.
    store.save_profile(a_profile())

    assert store._session.rows("PRAGMA freelist_count", (), int)[0] < 64
    assert store._session.rows("PRAGMA busy_timeout", (), int) == [0]


def test_giving_back_does_not_wait_for_a_reader_however_patient_the_handle(store: SqliteBackend) -> None:
    store.save_issues("p", "q", some_issues(500))
    location = Path(store._file.path).parents[1]
    patience: list[int] = []

    def delete() -> None:
        patient.delete_query("p", "q")
        patience.extend(patient._session.rows("PRAGMA busy_timeout", (), int))

    with open_backend(location, timeout=60) as patient, store.snapshot():
        store.list_profiles()
        worker = threading.Thread(target=delete)
        worker.start()
        worker.join(20)
        # Asked before the snapshot ends, because that would end the waiting.
        assert patience == [60_000]
    worker.join()


def test_saving_the_same_again_does_not_make_the_file_grow(store: SqliteBackend) -> None:
    issues = some_issues(500)
    store.save_issues("p", "q", issues)
    store.replace_issues("p", "q", issues)
    (pages,) = store._session.rows("PRAGMA page_count", (), int)
    for _ in range(3):
        store.save_issues("p", "q", issues)
        store.replace_issues("p", "q", issues)

    assert store._session.rows("PRAGMA page_count", (), int)[0] <= pages * 1.1


def some_issues(count: int) -> list[Issue]:
    document = JsonText('{"text": "' + "x" * 1700 + '"}')
    return [an_issue(f"AB-{number}", document=document) for number in range(count)]
