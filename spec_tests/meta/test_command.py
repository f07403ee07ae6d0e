"""The command: bad input is one clear sentence and exit 4, nothing stays behind, and help is worth reading."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from burndown_spec.clauses import CATALOGUE
from burndown_spec.cli import main
from running import User


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path)


BAD_BACKENDS = {
    "nobody": "nobody: no backend of that name; use module:factory, or one of: ",
    "no_such_module:factory": "no_such_module:factory: there is no module no_such_module, looked for from ",
    "misbehaving:no_such_factory": "misbehaving:no_such_factory: the module misbehaving has no no_such_factory",
    "misbehaving:is_no_factory": "misbehaving:is_no_factory: is_no_factory is no factory, it cannot be called",
    "misbehaving:does_not_open": "misbehaving:does_not_open: opening it raised OSError: the disk is not there",
    "misbehaving:ends_the_process": "ends_the_process: its process ended with exit status 0 while opening it",
    "misbehaving:hangs_at_opening": "misbehaving:hangs_at_opening: opening it did not end within 2 s",
    "misbehaving:returns_nothing": "misbehaving:returns_nothing: its factory returned None, which has no operation",
    "misbehaving:returns_a_file": "misbehaving:returns_a_file: its factory returned a TextIOWrapper, which has no ",
    "misbehaving:takes_no_timeout": "; a factory takes the directory and timeout=",
    "misbehaving:ClaimsAnother": "it claims 'atomicc', which is no capability; did you mean atomic?",
    "misbehaving:ClaimsText": "its capabilities are a str, not a frozenset of Capability",
}


@pytest.mark.parametrize("backend", BAD_BACKENDS)
def test_what_is_no_backend_is_refused_in_a_sentence_and_leaves_nothing(backend: str, user: User) -> None:
    ran = user.runs("run", backend, "--timeout", "2", "--report", "report")
    assert ran.status == 4
    assert BAD_BACKENDS[backend] in ran.err
    assert ran.err.startswith("burndown-spec: ")
    assert len(ran.err.splitlines()) == 1
    assert ran.out == ""
    assert user.left_in(user.cwd) == set()
    assert user.left_in(user.temporary) == set()


def test_a_module_that_raises_when_it_is_imported_is_refused(user: User) -> None:
    (user.cwd / "leaves.py").write_text("raise SystemExit('not today')\n", encoding="utf-8")
    (user.cwd / "needs.py").write_text("import no_such_driver\n", encoding="utf-8")
    leaves = user.runs("run", "leaves:factory")
    needs = user.runs("run", "memory", "needs:factory")
    assert (leaves.status, needs.status) == (4, 4)
    assert leaves.err == "burndown-spec: leaves:factory: importing leaves raised SystemExit: not today\n"
    assert needs.err == "burndown-spec: needs:factory: needs needs the module no_such_driver, which is not installed\n"
    assert user.left_in(user.cwd) == {"leaves.py", "needs.py"}


def test_a_report_that_cannot_be_written_is_refused_before_anything_is_judged(user: User) -> None:
    (user.cwd / "occupied").write_text("a file", encoding="utf-8")
    ran = user.runs("run", "memory", "--report", "occupied")
    assert ran.status == 4
    assert ran.err.startswith("burndown-spec: --report occupied: it cannot be written: ")
    assert ran.out == ""
    assert user.left_in(user.cwd) == {"occupied"}


def test_a_temporary_folder_that_is_not_there_is_replaced_or_refused(user: User) -> None:
    nowhere = str(user.temporary / "nowhere")
    ran = user.runs("run", "nobody", environment=dict.fromkeys(("TMPDIR", "TEMP", "TMP"), nowhere))
    assert ran.status == 4
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "memory", "--clause", "app-state-come-back"], "did you mean app-state-comes-back"),
        (["run", "memory", "--clause", "zzz"], "there is no such clause; burndown-spec clauses lists them"),
        (["run", "memory", "--require", "transactionel"], "did you mean transactional"),
        (["run", "memory", "--require", "zzz"], "there is no such level or capability; known: core, transactional"),
    ],
)
def test_a_name_that_leads_to_nothing_is_refused_with_the_nearest(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 4
    said = capsys.readouterr()
    assert says in said.err
    assert len(said.err.splitlines()) == 1
    assert said.out == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["run"], "the following arguments are required: BACKEND"),
        (["run", "--", "-x"], "the following arguments are required: BACKEND"),
        (["run", "memory", "--timeout", "0"], "'0' is no number of seconds"),
        (["run", "memory", "--timeout", "nan"], "'nan' is no number of seconds"),
        (["run", "memory", "--seed", "one"], "argument --seed: invalid int value: 'one'"),
        (["run", "memory", "-x"], "unrecognized arguments: -x"),
        (["judge", "memory"], "invalid choice: 'judge'"),
    ],
)
def test_arguments_that_cannot_be_understood_exit_with_4(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 4
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"]])
def test_help_explains_the_exit_codes_in_80_columns(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    lines = capsys.readouterr().out.splitlines()
    assert ended.value.code == 0
    assert {line[:4].strip() for line in lines[lines.index("exit codes:") + 1 :] if line} == {"0", "1", "4", "6"}
    assert max(map(len, lines)) <= 80


def test_the_clauses_are_listed_in_the_order_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clauses"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    assert listed == [clause.id for clause in CATALOGUE]
    assert main(["clauses", "--json"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert [each["id"] for each in described] == listed
    assert [each["requirement"] for each in described] == [clause.requirement for clause in CATALOGUE]


def test_a_reader_that_has_gone_away_is_no_failure_of_a_backend(user: User) -> None:
    command = [sys.executable, "-m", "burndown_spec", "clauses"]
    with subprocess.Popen(
        command, cwd=user.cwd, env=user.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 6
    assert said.startswith("burndown-spec: no verdict: ")
    assert len(said.splitlines()) == 1


def test_python_without_docstrings_is_refused(user: User) -> None:
    ran = user.python("-OO", "-m", "burndown_spec", "run", "memory")
    assert (ran.status, len(ran.err.splitlines())) == (4, 1)
    assert "-OO" in ran.err
