"""`burndown-store` as a process of its own: streams, encodings, signals, and what starting an application costs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from burndown_fixtures.legacy import write_tree
from burndown_store.command.__main__ import main
from burndown_store.files import exclusive

COMMAND = (sys.executable, "-m", "burndown_store.command")
OWN = {"PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "80", "FORCE_COLOR": ""}


def runs(*words: str | Path, encoding: str = "utf-8") -> tuple[int, str, str]:
    done = subprocess.run(
        [*COMMAND, *map(str, words)],
        env={**os.environ, **OWN, "PYTHONIOENCODING": encoding},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding=encoding,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_folder_is_migrated_and_told_of(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "burndown", "g3")
    status, out, err = runs("migrate", root)
    assert (status, err) == (0, "")
    assert out.startswith("Migrated the old files of ")
    status, out, err = runs("info", root, "--json")
    assert (status, err) == (0, "")
    assert {each["name"] for each in json.loads(out)["store"]["profiles"]} == {"Team Blue", "Team Grün"}


def test_a_refusal_is_no_traceback(tmp_path: Path) -> None:
    status, out, err = runs("info", tmp_path / "nowhere")
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437"])
def test_any_console_can_show_what_there_is(encoding: str, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "burndown", "g3-orphans")
    status, out, err = runs("migrate", root, encoding=encoding)
    assert (status, err) == (0, "")
    status, out, err = runs("info", root, encoding=encoding)
    assert (status, err) == (0, "")
    assert ("Team Gr\\xfcn" if encoding == "ascii" else "Team Grün") in out


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["info"], ["info", "--json"]])
def test_a_reader_that_has_gone_away_is_no_error(words: list[str], tmp_path: Path) -> None:
    root = write_tree(tmp_path / "burndown", "g3")
    given = [*words[:1], str(root), *words[1:]] if words[0] == "info" else words
    with subprocess.Popen(
        [*COMMAND, *given], env={**os.environ, **OWN}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (0, "")


# Who is started in the background, as these tests may be, has Ctrl-C switched off, and passes that on.
HEARING = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from burndown_store.command.__main__ import main
sys.exit(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process of its own group gets no Ctrl-C there")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_whoever_ends_the_command_leaves_the_folder_as_it_was(sent: signal.Signals, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "burndown", "g3")
    (root / "backups").mkdir()
    with (
        exclusive(root / "backups" / "lock", 0),
        subprocess.Popen(
            [sys.executable, "-c", HEARING, "migrate", str(root), "--timeout", "600"],
            env={**os.environ, **OWN, "FORCE_COLOR": "1", "TERM": "xterm"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stderr is not None
        said = b""
        # From its first bar on it is at work, and it cannot come to an end.
        while b"reading" not in said:
            said += os.read(process.stderr.fileno(), 65536)
            assert process.poll() is None, said
        process.send_signal(sent)
        said += process.stderr.read()
        assert process.stdout.read() == b""
    assert process.returncode == 130
    assert said.endswith(b"burndown-store: interrupted; the same command again does it, or ends what was begun\n")
    assert b"Traceback" not in said
    assert not (root / "profiles" / "burndown.db").exists()
    assert runs("migrate", root)[0] == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no file that is always full")
def test_an_output_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [*COMMAND, "info", str(tmp_path)], stdout=full, stderr=subprocess.PIPE, encoding="utf-8", check=False
        )
    assert done.returncode == 5
    assert done.stderr.startswith("burndown-store: what there is to say cannot be written: ")


def test_the_script_that_is_installed_is_this_one() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    module, _, name = project["project"]["scripts"]["burndown-store"].partition(":")
    assert getattr(import_module(module), name) is main


@pytest.mark.parametrize("package", ["workspace", "migration", "transfer", "sqlite", "json_files"])
def test_an_application_does_not_load_what_only_the_command_needs(package: str) -> None:
    look = f"import sys, burndown_store.{package}; print(*sorted({{'rich', 'argparse'}} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, encoding="utf-8", check=False, timeout=60)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, [], "")
