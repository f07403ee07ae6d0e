"""`--windows-rules` finds on Linux what Windows would refuse, and nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from burndown_spec.clauses import CATALOGUE
from burndown_spec.faults import Disk, unavailable
from running import User

STATE = "app-state-comes-back"
MOVED = "a-store-in-a-file-can-be-copied-and-moved"
BY_CASE = "state-keys-are-exact"
FAULTS = {
    "RemovesOpenFiles": STATE,
    "ReplacesOpenFiles": STATE,
    "RenamesOver": STATE,
    "NamesWithColons": STATE,
    "NamesByCase": BY_CASE,
    "KeepsAConnection": MOVED,
}
RULE = "burndown_spec.faults.windows_rules:WindowsRules"

needing_a_disk = pytest.mark.skipif(bool(unavailable()), reason=unavailable() or "a disk can be mounted")


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path)


@needing_a_disk
@pytest.mark.parametrize("fault", FAULTS)
def test_what_windows_refuses_fails_and_holds_elsewhere(fault: str, user: User) -> None:
    backend, clauses = f"unlike_windows:{fault}", [FAULTS[fault]]
    obeying = user.judges(backend, "--windows-rules", clauses=clauses)
    assert obeying.status == 1, obeying.out + obeying.err
    assert "Judged on a disk with the rules of Windows" in obeying.out
    elsewhere = user.judges(backend, clauses=clauses)
    assert "fails" not in elsewhere.last_line
    assert elsewhere.status == 6, elsewhere.out + elsewhere.err


@needing_a_disk
def test_other_processes_obey_as_well(tmp_path: Path, user: User) -> None:
    code = """
import subprocess, sys
from pathlib import Path
from burndown_spec.faults.windows_rules import obey
obey()
program = "from __future__ import annotations; import pathlib; pathlib.Path('a').rename('b')"
done = subprocess.run([sys.executable, "-c", program], cwd=sys.argv[1], capture_output=True, encoding="utf-8")
print(done.stderr.splitlines()[-1])
"""
    (tmp_path / "a").touch()
    (tmp_path / "b").touch()
    ran = user.python("-c", code, str(tmp_path))
    assert ran.out.startswith("FileExistsError"), ran.err


@pytest.fixture
def disk(tmp_path: Path) -> object:
    if why := unavailable():
        pytest.skip(why)
    folder = tmp_path / "disk"
    folder.mkdir()
    with Disk(folder) as mounted:
        mounted.add(RULE)
        yield mounted.path


def test_names_are_one_whatever_their_case(disk: Path) -> None:
    (disk / "Folder").mkdir()
    (disk / "Folder" / "File").write_text("1", encoding="utf-8")
    (disk / "folder" / "FILE").write_text("2", encoding="utf-8")
    assert [path.name for path in disk.rglob("*")] == ["Folder", "File"]
    assert (disk / "FOLDER" / "file").read_text(encoding="utf-8") == "2"
    (disk / "Folder").rename(disk / "folder")
    assert [path.name for path in disk.iterdir()] == ["folder"]


@pytest.mark.parametrize("name", ["a:b", "a?", "CON", "nul.txt", "a\\b", "a\x01", "x" * 250 + ".longer"])
def test_names_that_windows_does_not_have(name: str, disk: Path) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - which error it is differs
        (disk / name).touch()


def test_dots_and_spaces_at_the_end_do_not_count(disk: Path) -> None:
    (disk / "name. .").write_text("1", encoding="utf-8")
    assert (disk / "name").read_text(encoding="utf-8") == "1"


def test_paths_have_an_end(disk: Path) -> None:
    folder = disk.joinpath(*["x" * 40] * 4)
    folder.mkdir(parents=True)
    with pytest.raises(FileNotFoundError):
        (folder / ("x" * 80)).touch()


def test_what_is_open_stays_where_it_is(disk: Path) -> None:
    folder, other = disk / "folder", disk / "other"
    folder.mkdir()
    place = folder / "file"
    other.touch()
    with place.open("w", encoding="utf-8"):
        for refused in (place.unlink, lambda: place.replace(other), lambda: other.replace(place)):
            with pytest.raises(PermissionError):
                refused()
        with pytest.raises(PermissionError):
            folder.rename(disk / "elsewhere")
    place.replace(other)
    folder.rename(disk / "elsewhere")
    other.unlink()
    assert [path.name for path in disk.iterdir()] == ["elsewhere"]


def test_only_a_disk_will_do(user: User) -> None:
    ran = user.runs("run", "memory", "--windows-rules", environment={"BURNDOWN_SPEC_WINDOWS_RULES": "1"})
    assert (ran.status, ran.out) == (4, "")
    assert ran.err.startswith("burndown-spec: --windows-rules: ")
    assert len(ran.err.splitlines()) == 1


def test_the_clauses_of_these_tests_are_there() -> None:
    assert {*FAULTS.values()} <= {clause.id for clause in CATALOGUE}
    assert os.environ.get("BURNDOWN_SPEC_WINDOWS_RULES") is None


# What they use of a file's name is as long as Linux lets it be, or is no text; and where files have POSIX's locks, a
# recovery holds that of the file while it moves it.
NOT_THERE = {
    *("migration-keeps-folder-names-as-ids", "migration-survives-folders-that-are-no-ids"),
    *(clause.id for clause in CATALOGUE if clause.family == "recovery"),
}


@needing_a_disk
def test_the_reference_keeps_its_promises_where_files_have_these_rules(user: User) -> None:
    functional = [clause.id for clause in CATALOGUE if not clause.slow and clause.id not in NOT_THERE]
    ran = user.judges("sqlite", "--windows-rules", "--report", "report", options=("-n", "2"), clauses=functional)
    (judged,) = json.loads((user.cwd / "report" / "verdict.json").read_text(encoding="utf-8"))["backends"]
    states = {clause["clause"]: clause["state"] for clause in judged["clauses"] if clause["clause"] in functional}
    # Some clauses take away from under a store what is open, which these rules do not allow.
    expected = ("holds", "not claimed", "unavailable here")
    assert not {clause: state for clause, state in states.items() if state not in expected}, ran.out
    assert list(states.values()).count("holds") > 200
