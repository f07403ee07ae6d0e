"""`burndown-spec new`: a backend that starts, from the contract as it stands, or one sentence and nothing written."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from burndown_spec.cli import main
from burndown_spec.recording import OPERATIONS
from burndown_spec.starting import NotWrittenError, write_project
from burndown_spec.starting.operations import operations
from burndown_store.contract import Backend, UnsupportedError
from running import User


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path)


def started(user: User, name: str = "acme_store") -> Path:
    """The folder of a backend that the user has just started."""
    ran = user.runs("new", name)
    assert (ran.status, ran.err) == (0, "")
    return user.cwd / name


def module_of(folder: Path) -> Any:
    """The package of a started backend, imported from where it lies."""
    spec = spec_from_file_location(folder.name, folder / "src" / folder.name / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def places_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_files_are_told_and_lie_where_they_are_told(user: User) -> None:
    ran = user.runs("new", "acme_store")
    assert ran.status == 0
    told = {line.strip() for line in ran.out.splitlines() if line.startswith("    acme_store")}
    assert {Path(line).relative_to("acme_store").as_posix() for line in told} == places_in(user.cwd / "acme_store")
    assert places_in(user.cwd / "acme_store") == {
        "pyproject.toml",
        "src/acme_store/__init__.py",
        "tests/test_contract.py",
        ".github/workflows/contract.yml",
    }
    assert user.left_in(user.cwd) == {"acme_store"}


def test_it_is_written_into_the_folder_asked_for(user: User) -> None:
    (user.cwd / "our backends").mkdir()
    ran = user.runs("new", "acme_store", "--into", "our backends")
    assert ran.status == 0
    assert user.left_in(user.cwd / "our backends") == {"acme_store"}
    assert f'--editable "{Path("our backends", "acme_store")}"' in ran.out


def test_every_operation_is_there_with_the_signature_of_the_contract(user: User) -> None:
    written = module_of(started(user)).AcmeStoreBackend
    assert not inspect.isabstract(written)
    for name in OPERATIONS:
        assert inspect.signature(vars(written)[name]) == inspect.signature(vars(Backend)[name]), name


def test_an_operation_that_the_contract_gains_is_written_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_weeks(self: Backend, week: str, *, limit: int = 1) -> list[str]:
        raise NotImplementedError

    monkeypatch.setattr(Backend, "find_weeks", find_weeks, raising=False)
    assert operations().endswith(
        "    def find_weeks(self: Backend, week: str, *, limit: int = 1) -> list[str]:\n"
        '        raise missing("find_weeks")'
    )


def test_the_backend_opens_claims_nothing_and_refuses_by_name(user: User, tmp_path: Path) -> None:
    backend = module_of(started(user)).open_backend(tmp_path, timeout=5.0)
    assert isinstance(backend, Backend)
    assert backend.capabilities == frozenset()
    with pytest.raises(UnsupportedError, match=r"^acme_store has no get_app_state yet$"):
        backend.get_app_state("theme")
    with pytest.raises(UnsupportedError, match=r"^acme_store has no snapshot yet$"):
        backend.snapshot()


def test_its_first_verdict_is_fails_and_names_the_first_promise(user: User) -> None:
    source = str(started(user) / "src")
    ran = user.runs(
        *("run", "acme_store:open_backend", "--report", "report"),
        *("--", "-x", "-p", "no:randomly"),
        environment={"PYTHONPATH": source},
    )
    assert ran.status == 1
    assert "profile-comes-back on acme_store:open_backend fails" in ran.out
    assert "raised UnsupportedError: acme_store has no save_profile yet" in ran.out
    assert len(ran.out.splitlines()) < 40
    script = user.cwd / "report" / "repro" / "profile-comes-back-acme_store-open_backend.py"
    assert user.python(str(script), environment={"PYTHONPATH": source}).status == 1


def test_the_whole_run_ends_in_fails_too(user: User) -> None:
    source = str(started(user) / "src")
    ran = user.runs("run", "acme_store:open_backend", "--report", "report", environment={"PYTHONPATH": source})
    assert ran.status == 1
    verdict = json.loads((user.cwd / "report" / "verdict.json").read_text(encoding="utf-8"))
    (backend,) = verdict["backends"]
    assert (backend["verdict"], backend["missing_operations"], backend["capabilities"]) == ("fails", [], [])


def test_the_project_offers_the_backend_under_its_name(user: User) -> None:
    project = tomllib.loads((started(user) / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == "acme_store"
    assert project["entry-points"]["burndown.backends"] == {"acme_store": "acme_store:open_backend"}
    assert project["optional-dependencies"]["test"][0] == "burndown-store[spec]"


def test_the_ci_file_runs_the_gate_and_shows_its_report(user: User) -> None:
    text = (started(user) / ".github" / "workflows" / "contract.yml").read_text(encoding="utf-8")
    assert 5 <= len(text.splitlines()) <= 15
    assert "\t" not in text
    assert 'os: [ubuntu-latest, windows-latest], python: ["3.11", "3.12", "3.13"]' in text
    assert "runs-on: ${{ matrix.os }}" in text
    assert "burndown_spec run acme_store --report report" in text
    assert 'cat report/report.md >> "$GITHUB_STEP_SUMMARY"\n        if: always()' in text


@pytest.mark.parametrize("tool", ["ruff format --isolated --check", "ruff check --isolated", "mypy --strict"])
def test_what_is_written_passes_the_usual_tools(tool: str, user: User) -> None:
    command, *options = tool.split()
    if find_spec(command) is None:
        pytest.skip(f"{command} is not installed")
    folder = started(user)
    for part in ("src/acme_store", "tests"):
        checked = subprocess.run(
            [sys.executable, "-m", command, *options, part],
            cwd=folder,
            env=user.environment() | {"MYPY_CACHE_DIR": str(user.temporary / "mypy"), "RUFF_NO_CACHE": "true"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr


BAD_NAMES = {
    "acme-store": "'acme-store' cannot name a package: take letters A to Z, digits, and _ between them, such as acme_",
    "1st": "'1st' cannot name a package",
    "_acme": "'_acme' cannot name a package",
    "acme_": "'acme_' cannot name a package",
    "äcme": "'äcme' cannot name a package",
    "": "'' cannot name a package",
    "../acme": "'../acme' cannot name a package",
    "acme.store": "'acme.store' cannot name a package",
    "acme\n": r"'acme\n' cannot name a package",
    "class": "class is a keyword of Python",
    "None": "None is a keyword of Python",
    "aux": "aux is the name of a device on Windows",
    "sqlite": "sqlite is already the short name of the backend burndown_store.sqlite:open_backend",
    "json": "json is already the name of an installed module",
    "burndown_store": "burndown_store is already the name of an installed module",
}


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_no_package_can_have_is_refused_in_a_sentence(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", name, "--into", str(tmp_path)]) == 4
    said = capsys.readouterr()
    assert said.err.startswith(f"burndown-spec: {BAD_NAMES[name]}")
    assert len(said.err.splitlines()) == 1
    assert said.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch], ids=["folder", "file"])
def test_what_is_there_is_not_touched(
    make: Callable[[Path], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / "acme_store")
    assert main(["new", "acme_store", "--into", str(tmp_path)]) == 4
    assert capsys.readouterr().err == (
        f"burndown-spec: {tmp_path / 'acme_store'} is already there, and nothing is written over\n"
    )
    assert [path.name for path in tmp_path.rglob("*")] == ["acme_store"]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = tmp_path / "nowhere"
    assert main(["new", "acme_store", "--into", str(nowhere)]) == 4
    assert capsys.readouterr().err == f"burndown-spec: {nowhere}: there is no such folder to write acme_store into\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("broken", ["mkdir", "write_text", "rename"])
def test_what_cannot_be_written_whole_is_not_written_at_all(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Path, *arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, broken, fails)
        with pytest.raises(NotWrittenError, match=r"acme_store cannot be written: Permission denied$"):
            write_project("acme_store", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_its_help_fits_80_columns_and_tells_where_to_go_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        main(["new", "--help"])
    text = capsys.readouterr().out
    assert ended.value.code == 0
    assert max(map(len, text.splitlines())) <= 80
    assert "burndown-spec new acme_store" in text
    assert "docs/new-backend.md" in text
