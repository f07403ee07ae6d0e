"""A run from the command to the report: what it says, what it writes, and what it leaves."""

from __future__ import annotations

import json
import os
import sqlite3
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from burndown_store.contract import CONTRACT_VERSION
from running import QUICK, User


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path)


def test_clauses_that_hold_prove_nothing_of_those_left_out(user: User) -> None:
    ran = user.judges("memory", "--seed", "7", "--report", "report")
    assert ran.status == 6
    assert ran.last_line == "The report is in report"
    verdict_line = ran.out.splitlines()[-2]
    assert verdict_line.startswith("memory: no verdict: 3 of ")
    assert verdict_line.endswith(" clauses: left out by --clause")
    assert "3 passed" in ran.out
    assert "No clauses yet:" in ran.out
    assert max(len(line) for line in ran.out.splitlines()[2:-2]) <= 80
    assert user.left_in(user.cwd) == {"report"}
    assert user.left_in(user.temporary) == set()
    verdict = json.loads((user.cwd / "report" / "verdict.json").read_text(encoding="utf-8"))
    assert (verdict["verdict"], verdict["contract_version"], verdict["seed"]) == ("no verdict", CONTRACT_VERSION, 7)
    (backend,) = verdict["backends"]
    assert (backend["name"], backend["factory"]) == ("memory", "burndown_spec.oracle:open_backend")
    states = {each["clause"]: each["state"] for each in backend["clauses"]}
    assert {name for name, state in states.items() if state == "holds"} == set(QUICK)
    assert {each["reason"] for each in backend["clauses"] if each["state"] == "not judged"} == {"left out by --clause"}


def test_a_failure_is_told_written_and_reproduced(user: User) -> None:
    ran = user.judges("memory", "misbehaving:Forgets", "--report", "report", options=["--junitxml=junit.xml"])
    report = user.cwd / "report"
    assert ran.status == 1
    assert "misbehaving:Forgets: fails: of " in ran.out
    assert "memory: no verdict: 3 of " in ran.out

    told = ran.out.partition("app-state-comes-back on misbehaving:Forgets fails\n")[2]
    titles = [line for line in told.splitlines() if line[:1].isalpha()][:6]
    assert titles == ["Requirement", "What was done", "Expected", "Actual", "Likely causes", "Reproduce"]
    assert "burndown-spec run misbehaving:Forgets --clause app-state-comes-back --seed 0" in told

    verdict = json.loads((report / "verdict.json").read_text(encoding="utf-8"))
    (failed,) = [each for backend in verdict["backends"] for each in backend["clauses"] if each["state"] == "fails"]
    assert failed["clause"] == "app-state-comes-back"
    assert failed["repro"] == "repro/app-state-comes-back-misbehaving-Forgets.py"
    assert {path.name for path in (report / "repro").iterdir()} == {Path(failed["repro"]).name}
    assert failed["failure"]["requirement"] == failed["requirement"]

    summary = (report / "report.md").read_text(encoding="utf-8")
    assert "### `app-state-comes-back` fails" in summary
    assert failed["requirement"].split()[0] in summary

    script = Path("report") / failed["repro"]
    assert f"python {script}" in told
    assert user.python(str(script)).status == 1

    cases = {case.get("name"): case for case in ElementTree.parse(user.cwd / "junit.xml").iter("testcase")}
    assert set(cases) == {f"{name}[{backend}]" for name in QUICK for backend in ("memory", "misbehaving:Forgets")}
    assert cases["app-state-comes-back[misbehaving:Forgets]"].find("failure") is not None
    assert not list(ElementTree.parse(user.cwd / "junit.xml").iter("property"))


def test_without_a_report_the_scripts_go_where_the_failure_says(user: User) -> None:
    ran = user.judges("misbehaving:Forgets")
    assert ran.status == 1
    (folder,) = user.temporary.iterdir()
    (script,) = (folder / "repro").iterdir()
    assert f"python {script}" in ran.out
    assert user.left_in(user.cwd) == set()


def test_sqlite_is_a_fact_of_the_backends_that_use_it(user: User) -> None:
    late = "from misbehaving import Forgets\n\n\ndef open_backend(location, *, timeout):\n"
    late += "    import sqlite3\n    return Forgets(location, timeout=timeout)\n"
    (user.cwd / "late.py").write_text(late, encoding="utf-8")
    backends = ("memory", "misbehaving:Forgets", "sqlite", "late:open_backend")
    ran = user.judges(*backends, clauses=["app-state-comes-back"])
    facts = {line.split()[0]: line for line in ran.out.splitlines() if " claims " in line}
    assert [f"; sqlite version {sqlite3.sqlite_version}" in facts[name] for name in backends] == [
        *(False, False),
        *(True, True),
    ]


def test_what_isolation_was_found_is_in_every_report(user: User) -> None:
    clauses = ["no-lost-update", "no-phantom"]
    ran = user.judges("memory", "sqlite", "misbehaving:Forgets", "--report", "report", clauses=clauses)
    assert ran.status == 6
    assert "Isolation on memory, sqlite\n" in ran.out
    assert "lost update                   never    B refused at its start" in ran.out
    assert "dirty read                    never    not judged: left out by --clause" in ran.out
    verdict = json.loads((user.cwd / "report" / "verdict.json").read_text(encoding="utf-8"))
    claimed = {backend["name"]: {row["claimed"] for row in backend["isolation"]} for backend in verdict["backends"]}
    assert claimed == {"memory": {"never"}, "sqlite": {"never"}, "misbehaving:Forgets": {"not claimed"}}
    summary = (user.cwd / "report" / "report.md").read_text(encoding="utf-8")
    assert summary.count("\n### Isolation\n") == 3
    refused = " | ".join(["B refused at its start"] * 3)
    assert summary.count(f"\n| lost update | never | {refused} | holds |\n") == 2


def test_a_started_backend_is_told_on_a_few_screens(user: User) -> None:
    assert user.runs("new", "acme_store").status == 0
    ran = user.runs("run", "acme_store:open_backend", environment={"PYTHONPATH": str(Path("acme_store", "src"))})
    assert ran.status == 1
    lines = ran.out.splitlines()
    assert len(lines) <= 150
    assert (
        len([line for line in lines if line.endswith("raised UnsupportedError: acme_store has no save_profile yet")])
        == 1
    )
    assert "Likely causes" not in ran.out
    assert lines[-1].startswith("acme_store:open_backend: fails: of ")


@pytest.mark.parametrize("name", ["sqlite", "sqlite-normal", "memory"])
def test_the_reference_and_the_oracle_conform(name: str, user: User) -> None:
    ran = user.runs("run", name, "--require", "core")
    assert ran.status == 0, ran.out + ran.err
    (verdict,) = [line.partition(": ")[2] for line in ran.out.splitlines() if line.startswith(f"{name}: ")]
    # Where FUSE can be had there is no excuse for a clause that needs a disk.
    words = {"conforms"} if os.access("/dev/fuse", os.R_OK | os.W_OK) else {"conforms", "conforms here"}
    assert verdict.partition(":")[0] in words, verdict
    assert user.left_in(user.temporary) == set()
