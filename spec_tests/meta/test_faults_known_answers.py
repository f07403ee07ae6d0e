"""What a power cut leaves of well-known ways to write a file; SQLite's documentation gives the same answers."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from burndown_spec.faults import Disk, DiskState, Record, disk_states, records_from, unavailable
from burndown_spec.vocabulary import (
    acknowledged_after,
    changed_at_once,
    found_after_a_cut,
    furnished,
    recorded_on_a_disk,
)
from burndown_store.sqlite import open_backend_normal

pytestmark = pytest.mark.skipif(unavailable() != "", reason=unavailable())

Tell = Callable[[str], None]
TURNS = range(1, 9)


def recorded(folder: Path, work: Callable[[Path, Tell], None]) -> list[Record]:
    folder.mkdir()
    with Disk(folder) as disk:
        recording = disk.add("burndown_spec.faults.recording:Recording")
        marks = disk.path / ".marks"
        marks.mkdir()
        work(disk.path, lambda name: (marks / name).mkdir())
        return records_from(disk.ask(recording, "records"))


def laid_out(state: DiskState, folder: Path) -> Path:
    folder.mkdir()
    for name in state.folders:
        (folder / name).mkdir()
    for name, data in state.files.items():
        (folder / name).write_bytes(data)
    return folder


def outcomes(
    folder: Path, work: Callable[[Path, Tell], None], judge: Callable[[Path, tuple[str, ...]], str]
) -> Counter[str]:
    """How often each verdict came of a thousand states in which the work can be left."""
    states = disk_states(recorded(folder / "recorded", work), seed=0, limit=1000)
    return Counter(judge(laid_out(state, folder / f"{number}"), state.marks) for number, state in enumerate(states))


def rows_in_transactions(journal: str, synchronous: str) -> Callable[[Path, Tell], None]:
    def work(folder: Path, tell: Tell) -> None:
        with closing(sqlite3.connect(folder / "rows.db", isolation_level=None)) as connection:
            connection.execute(f"PRAGMA journal_mode = {journal}")
            connection.execute(f"PRAGMA synchronous = {synchronous}")
            connection.execute("PRAGMA wal_autocheckpoint = 8")
            connection.execute("CREATE TABLE rows (turn INTEGER PRIMARY KEY, filling TEXT)")
            for turn in TURNS:
                connection.execute("BEGIN")
                connection.execute("INSERT INTO rows VALUES (?, ?)", (turn, "x" * 900))
                connection.execute("INSERT INTO rows VALUES (?, ?)", (-turn, "x" * 3900))
                connection.execute("COMMIT")
                tell(f"{turn}")

    return work


def rows_kept(folder: Path, told: tuple[str, ...]) -> str:
    try:
        with closing(sqlite3.connect(folder / "rows.db")) as connection:
            if connection.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                return "corrupt"
            if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                return "lost" if told else "good"
            turns = {turn for (turn,) in connection.execute("SELECT turn FROM rows")}
    except sqlite3.DatabaseError:
        return "corrupt"
    if any(-turn not in turns for turn in turns):
        return "half a transaction"
    return "good" if {int(turn) for turn in told} <= turns else "lost"


@pytest.mark.parametrize(("journal", "synchronous"), [("WAL", "FULL"), ("DELETE", "EXTRA")])
def test_sqlite_that_waits_for_the_medium_loses_nothing(tmp_path: Path, journal: str, synchronous: str) -> None:
    found = outcomes(tmp_path, rows_in_transactions(journal, synchronous), rows_kept)
    assert set(found) == {"good"}
    assert found["good"] > 500


@pytest.mark.parametrize(("journal", "synchronous"), [("WAL", "NORMAL"), ("DELETE", "FULL")])
def test_sqlite_that_waits_for_less_loses_transactions_and_is_never_damaged(
    tmp_path: Path, journal: str, synchronous: str
) -> None:
    assert set(outcomes(tmp_path, rows_in_transactions(journal, synchronous), rows_kept)) == {"good", "lost"}


def test_sqlite_that_never_syncs_is_damaged(tmp_path: Path) -> None:
    assert outcomes(tmp_path, rows_in_transactions("WAL", "OFF"), rows_kept)["corrupt"] > 50


def written_in_place(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def replaced(path: Path, text: str) -> None:
    path.with_suffix(".new").write_text(text, encoding="utf-8")
    path.with_suffix(".new").replace(path)


def synced_and_replaced(path: Path, text: str) -> None:
    with path.with_suffix(".new").open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    path.with_suffix(".new").replace(path)


def synced_and_replaced_in_a_synced_folder(path: Path, text: str) -> None:
    synced_and_replaced(path, text)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def texts_by(write: Callable[[Path, str], None]) -> Callable[[Path, Tell], None]:
    def work(folder: Path, tell: Tell) -> None:
        for turn in TURNS:
            write(folder / "text.json", f"{turn}" * 3000)
            tell(f"{turn}")

    return work


def text_kept(folder: Path, told: tuple[str, ...]) -> str:
    path = folder / "text.json"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if not text:
        return "lost" if told else "good"
    if text not in [f"{turn}" * 3000 for turn in TURNS]:
        return "corrupt"
    return "good" if int(text[0]) >= max(map(int, told), default=0) else "lost"


def plain_kills(folder: Path, work: Callable[[Path, Tell], None]) -> set[str]:
    """The verdicts where the medium kept everything."""
    states = [
        state for state in disk_states(recorded(folder / "killed", work), seed=0) if state.kind == "everything kept"
    ]
    return {text_kept(laid_out(state, folder / f"killed-{number}"), state.marks) for number, state in enumerate(states)}


def test_a_file_that_is_written_in_place_is_lost_even_without_a_power_cut(tmp_path: Path) -> None:
    assert "lost" in plain_kills(tmp_path, texts_by(written_in_place))
    assert outcomes(tmp_path, texts_by(written_in_place), text_kept)["corrupt"] > 0


def test_a_file_that_is_replaced_without_a_sync_is_lost_and_damaged(tmp_path: Path) -> None:
    assert plain_kills(tmp_path, texts_by(replaced)) == {"good"}
    found = outcomes(tmp_path, texts_by(replaced), text_kept)
    assert min(found["lost"], found["corrupt"]) > 20


def test_a_file_that_is_replaced_in_a_folder_without_a_sync_is_whole_and_may_be_the_old_one(tmp_path: Path) -> None:
    assert set(outcomes(tmp_path, texts_by(synced_and_replaced), text_kept)) == {"good", "lost"}


def test_a_file_that_is_replaced_with_every_sync_is_kept(tmp_path: Path) -> None:
    assert set(outcomes(tmp_path, texts_by(synced_and_replaced_in_a_synced_folder), text_kept)) == {"good"}


def test_the_reference_at_normal_loses_what_was_acknowledged_and_is_never_damaged(tmp_path: Path) -> None:
    works = [furnished, changed_at_once]
    records = recorded_on_a_disk(open_backend_normal, tmp_path / "store", works[1:], furnished)
    contents = acknowledged_after(open_backend_normal, tmp_path / "undisturbed", works)
    found = Counter(
        found_after_a_cut(
            open_backend_normal, laid_out(state, tmp_path / f"{number}") / "store", contents, len(state.marks)
        )
        for number, state in enumerate(disk_states(records, seed=0, limit=300))
    )
    assert set(found) == {"", "what was acknowledged is lost"}
