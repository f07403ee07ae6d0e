"""However `burndown-store` ends: its exit code says how, one sentence says why, and the folder is as it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from burndown_store.command import Exit, running
from burndown_store.command.exits import EXIT_CODES
from burndown_store.command.tables import text_for_people
from burndown_store.contract import StorageError
from burndown_store.files import exclusive
from burndown_store.sqlite import SqliteBackend
from command_samples import STORE, TOKEN, Ran, Shell, contents_of

COMMANDS = ("migrate", "export", "import", "restore", "check", "compact", "backup", "recover", "info")
MORE = {"export": ["out"], "import": ["in"], "restore": ["backup"]}


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("FORCE_COLOR", "")
    return Shell(tmp_path, capsys)


def is_one_sentence(ran: Ran) -> bool:
    return ran.out == "" and len(ran.err.splitlines()) == 1 and ran.err.startswith("burndown-store: ")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_that_is_not_there_is_refused_and_not_made(command: str, shell: Shell) -> None:
    ran = shell(command, *MORE.get(command, []))
    assert ran.status == Exit.USAGE
    assert is_one_sentence(ran)
    assert f"{shell.root}: there is no such folder" in ran.err
    assert contents_of(shell.home) == {}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_in_place_of_the_folder_is_refused(command: str, shell: Shell) -> None:
    shell.root.write_text("a file", encoding="utf-8")
    assert shell(command, *MORE.get(command, []), "--json").error["message"].startswith(f"{shell.root}: that is a file")
    assert contents_of(shell.home).keys() == {"burndown"}


@pytest.mark.parametrize("command", ["export", "check", "compact", "backup", "recover"])
def test_a_folder_without_a_store_gets_none(command: str, shell: Shell) -> None:
    shell.root.mkdir()
    nothing = shell(command, *MORE.get(command, []))
    before = contents_of(shell.tree())
    not_yet = shell(command, *MORE.get(command, []))
    assert (nothing.status, not_yet.status) == (Exit.USAGE, Exit.USAGE)
    assert "there is no store, nor old files to make one of" in nothing.err
    assert f'migrate them first: burndown-store migrate "{shell.root}"' in not_yet.err
    assert contents_of(shell.root) == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["mend", "."], "invalid choice: 'mend'"),
        (["export", "."], "the following arguments are required: OUT"),
        (["migrate", ".", "--strict", "--set-aside-all"], "--set-aside-all: not allowed with argument --strict"),
        (["migrate", ".", "--zone", "Mars/Phobos"], "this system knows no time zone 'Mars/Phobos'"),
        (["migrate", ".", "--zone", "../../etc/passwd"], "this system knows no time zone"),
        (["info", ".", "--timeout", "-1"], "'-1' is no number of seconds from 0 to 86400"),
        (["info", ".", "--timeout", "soon"], "'soon' is no number of seconds"),
    ],
)
def test_what_is_asked_for_wrongly_is_refused_in_a_sentence(words: list[str], says: str, shell: Shell) -> None:
    ran = shell.plainly(*words)
    assert ran.status == Exit.USAGE
    assert is_one_sentence(ran)
    assert says in ran.err
    error = shell.plainly(*words, "--json").error
    assert (error["kind"], error["problems"]) == ("usage", [])
    assert says in error["message"]


def test_a_profile_that_is_not_there_cannot_be_exported(shell: Shell) -> None:
    shell.migrated()
    ran = shell("export", "out", "--profile", "nobody")
    assert ran.status == Exit.USAGE
    assert ran.err == (f"burndown-store: there is no profile 'nobody'; burndown-store info {shell.root} lists them\n")
    assert not (shell.home / "out").exists()


def test_damage_is_listed_whole_and_nothing_is_changed(shell: Shell) -> None:
    before = contents_of(shell.tree("g3-wrong-types"))
    ran, error = shell("migrate"), shell("migrate", "--json").error
    assert ran.status == Exit.REFUSED
    first, *problems = ran.err.splitlines()
    assert first.startswith(f"burndown-store: {shell.root}: nothing was migrated, because of damage; ")
    assert problems == [f"  - {problem}" for problem in error["problems"]]
    assert len(problems) == 3
    assert (error["kind"], error["message"]) == ("refused", first.removeprefix("burndown-store: "))
    assert contents_of(shell.root) == before


def test_a_busy_folder_is_no_failure_of_anything_else(shell: Shell) -> None:
    shell.tree()
    (shell.root / "backups").mkdir()
    with exclusive(shell.root / "backups" / "lock", 0):
        ran = shell("migrate")
    assert ran.status == Exit.BUSY
    assert is_one_sentence(ran)
    assert not (shell.root / STORE).exists()


@pytest.mark.parametrize(("command", "more"), [("compact", []), ("import", ["out", "--as", "again"])])
def test_a_busy_store_is_left_to_the_other(command: str, more: list[str], shell: Shell) -> None:
    shell.migrated()
    shell("export", "out", "--profile", "p_0a1b2c3d4e5f")
    with shell.open() as other, other.transaction():
        ran, error = shell(command, *more), shell(command, *more, "--json").error
    assert ran.status == Exit.BUSY
    assert is_one_sentence(ran)
    assert error["kind"] == "busy"
    assert shell(command, *more).status == 0


def of_a_newer_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (Path.unlink, "the store is gone, although a migration was finished into it"),
        (lambda path: path.write_bytes(b"no database" * 1000), "the file is damaged, or is no store"),
        (of_a_newer_version, "the store has schema version 99"),
    ],
    ids=["lost", "damaged", "newer"],
)
@pytest.mark.parametrize("command", ["migrate", "export", "import", "check", "compact", "backup"])
def test_a_store_that_cannot_be_used_is_left_as_it_is(
    harm: Callable[[Path], object], says: str, command: str, shell: Shell
) -> None:
    shell.migrated()
    harm(shell.root / STORE)
    before = contents_of(shell.root)
    ran = shell(command, *MORE.get(command, []))
    assert ran.status == Exit.STORE
    assert is_one_sentence(ran)
    assert says in ran.err
    assert contents_of(shell.root) == before


def test_a_medium_that_refuses_is_told(shell: Shell) -> None:
    shell.tree()
    (shell.root / "backups").write_text("a file in its place", encoding="utf-8")
    before = contents_of(shell.root)
    ran = shell("migrate")
    assert ran.status == Exit.MEDIUM
    assert is_one_sentence(ran)
    assert contents_of(shell.root) == before


def test_what_is_there_already_is_a_conflict(shell: Shell) -> None:
    shell.migrated()
    shell("export", "out")
    error = shell("import", "out", "--json").error
    assert error["kind"] == "conflict"
    assert "are in the store already" in error["message"]


def test_a_bug_is_called_one_and_tells_no_secret(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise KeyError(TOKEN)

    shell.tree()
    monkeypatch.setattr(running, "migrate", fails)
    ran = shell("migrate")
    assert ran.status == Exit.BUG
    assert is_one_sentence(ran)
    assert ran.err.startswith(
        "burndown-store: this is a bug of burndown-store: KeyError in test_command_ends.py, line "
    )
    assert TOKEN not in ran.err
    assert shell("migrate", "--json").error["kind"] == "bug"


def test_an_interruption_leaves_all_to_the_next_call(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    shell.tree()
    with monkeypatch.context() as patched:
        patched.setattr(SqliteBackend, "save_metrics", interrupted)
        ran = shell("migrate")
    assert ran.status == Exit.INTERRUPTED
    assert is_one_sentence(ran)
    with shell.open() as store:
        assert store.list_profiles() == []
    assert "Migrated the old files" in shell("migrate").out
    assert shell.backup().joinpath("finished").exists()


def test_what_the_system_refuses_elsewhere_is_the_medium_too(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "somewhere")

    shell.tree()
    monkeypatch.setattr(running, "detect", refuses)
    ran = shell("info")
    assert ran.status == Exit.MEDIUM
    assert ran.err.startswith("burndown-store: somewhere: Permission denied; ")


def test_help_lists_every_exit_code(shell: Shell) -> None:
    ran = shell.plainly("--help")
    lines = ran.out.splitlines()
    codes = [line[:5].strip() for line in lines[lines.index("exit codes:") + 1 :]]
    assert ran.status == 0
    assert [int(code) for code in codes if code] == [int(each) for each in Exit]
    assert EXIT_CODES.splitlines() == lines[lines.index("exit codes:") :]


@pytest.mark.parametrize("words", [["--help"], *([command, "--help"] for command in COMMANDS)])
def test_help_is_worth_reading(words: list[str], shell: Shell) -> None:
    ran = shell.plainly(*words)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("usage: burndown-store ")
    assert max(map(len, ran.out.splitlines())) <= 80


def test_the_version_is_told(shell: Shell) -> None:
    ran = shell.plainly("--version")
    assert ran.status == 0
    assert ran.out.startswith("burndown-store ")
    assert ran.out.endswith(", contract version 1\n")


@pytest.mark.parametrize("width", ["20", "40", "80", "200"])
def test_every_width_shows_every_reject(width: str, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.tree("g3-duplicates")
    monkeypatch.setenv("COLUMNS", width)
    ran = shell("migrate", "--dry-run")
    assert "3 superseded" in ran.out
    if int(width) < 72:
        assert "place issues[0], kind superseded, reason the issue stands twice; the last counts" in ran.out
    else:
        assert "issues[0]" in ran.out
        tables = [line for line in ran.out.splitlines() if line.startswith(" ")]
        assert max(map(len, tables)) <= int(width)


def test_many_rejects_are_shortened_and_the_worst_come_first() -> None:
    one = {"file": "a.json", "place": "", "line": None, "column": None, "reason": "odd"}
    rejects = [{**one, "kind": "repaired"}] * 30 + [{**one, "kind": "unreadable", "file": "b.json"}]
    document = {"source": "in", "profiles": [], "counts": {}, "naive_times": 0, "ignored": [], "notes": []}
    lines = text_for_people({"command": "import", "root": "r", **document, "rejects": rejects}).splitlines()
    shown = [line.split()[0] for line in lines if line.split()[:1] in (["a.json"], ["b.json"])]
    assert shown == ["b.json", *["a.json"] * 19]
    assert "Not in the store as the files have it: 1 unreadable, 30 repaired." in lines
    assert "These are the first 20, --json lists all." in lines


def test_what_could_steer_a_terminal_is_shown_escaped(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.tree()
    # It would write the rest of the line from right to left.
    (shell.root / "profiles" / "p_0a1b2c3d4e5f" / "[red]\u202enote").write_text("x", encoding="utf-8")
    monkeypatch.setenv("COLUMNS", "200")
    ran = shell("migrate")
    assert "\u202e" not in ran.out
    assert "p_0a1b2c3d4e5f/[red]\\u202enote" in ran.out


def test_progress_is_shown_on_a_terminal_alone(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.tree()
    assert shell("migrate", "--dry-run").err == ""
    # This is how one says that there is a terminal.
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert shell("migrate", "--json", "--dry-run").document["outcome"] == "dry run"
    ran = shell("migrate")
    assert all(phase in ran.err for phase in ("reading", "backing up", "converting", "verifying"))
    assert ran.out.startswith("Migrated the old files")


def test_a_medium_error_of_the_contract_is_told_as_it_stands(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageError("somewhere: the medium is full; free some space and try again")

    shell.tree()
    monkeypatch.setattr(running, "migrate", full)
    ran = shell("migrate")
    assert (ran.status, ran.err) == (
        Exit.MEDIUM,
        "burndown-store: somewhere: the medium is full; free some space and try again\n",
    )
