"""The reports: complete, readable, and the same whatever a backend answers and whatever a console can show."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from burndown_spec.preflight import Found
from burndown_spec.registry import Catalogue
from burndown_spec.report import Document, document_of, prepare_folder, show, write_report, write_repro_scripts
from burndown_spec.report.document import repro_name
from burndown_spec.report.markdown import markdown
from burndown_spec.results import Failure, Outcome, Result
from burndown_spec.verdict import Evidence, judge_backend
from burndown_store.contract import Capability
from sample_catalogue import CATALOGUE, CORE, a_clause, result

TWELVE = Catalogue([a_clause(f"clause-{number}") for number in range(12)])


def a_failure(id: str, *, backend: str = "blue", actual: str = "'wrong'") -> Result:
    failure = Failure(
        requirement="What is saved comes back.",
        sentences=("1.1", "1.2"),
        done=("backend = open_backend(location, timeout=5.0)", "backend.get_app_state('key')"),
        expected="'right'",
        actual=actual,
        likely_causes=("a cache that nobody *clears*",),
    )
    return Result(clause=id, backend=backend, outcome=Outcome.FAILS, failure=failure, repro="raise SystemExit(1)\n")


def a_document(
    results: Sequence[Result],
    *,
    catalogue: Catalogue = CATALOGUE,
    backends: Sequence[str] = ("blue",),
    missing: tuple[str, ...] = (),
    notes: Sequence[str] = (),
) -> Document:
    judged = []
    for name in backends:
        claims: frozenset[Capability] = frozenset()
        facts = {"sqlite_version": "3.46.1"}
        found = Found(name=name, factory="acme:open", capabilities=claims, missing=missing, facts=facts)
        evidence = Evidence(backend=name, claims=claims, results=results, missing=missing)
        judged.append((found, judge_backend(catalogue, evidence)))
    started = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    return document_of(
        catalogue, judged, started_at=started, seconds=1.5, seed=7, timeout=60.0, required=["core"], notes=notes
    )


def shown(document: Document, capsys: pytest.CaptureFixture[str]) -> str:
    show(document, Path("report"))
    return capsys.readouterr().out


def test_verdict_json_has_the_stamps_the_levels_and_every_clause(tmp_path: Path) -> None:
    write_report(a_document([a_failure("first"), result("second")]), tmp_path)
    verdict = json.loads((tmp_path / "verdict.json").read_text(encoding="utf-8"))
    assert {"format", "contract_version", "suite_version", "seed", "python", "platform", "started_at"} <= set(verdict)
    assert (verdict["verdict"], verdict["required"]) == ("fails", ["core"])
    (backend,) = verdict["backends"]
    assert backend["facts"] == {"sqlite_version": "3.46.1"}
    assert [each["clause"] for each in backend["clauses"]] == [each.id for each in CATALOGUE]
    assert [each["state"] for each in backend["clauses"]] == [
        "fails",
        "holds",
        "not judged",
        "not claimed",
        "not claimed",
    ]
    core = backend["levels"][0]
    assert (core["level"], core["verdict"], core["clauses"]["fails"]) == ("core", "fails", 1)


def test_scripts_lie_where_the_document_says(tmp_path: Path) -> None:
    document = a_document([a_failure("first"), a_failure("third")])
    scripts = {("first", "blue"): "one\n", ("third", "blue"): "two\n"}
    write_repro_scripts(document, scripts, tmp_path)
    paths = {each.clause: each.repro for each in document.backends[0].clauses if each.repro}
    assert {(tmp_path / path).read_text(encoding="utf-8") for path in paths.values()} == {"one\n", "two\n"}


def test_names_of_scripts_are_safe_on_every_system_and_never_the_same() -> None:
    taken: set[str] = set()
    names = [repro_name("first", backend, taken) for backend in ("acme.store:Open", "acme.store/open", "a\\b:*?<>|")]
    assert names == ["first-acme.store-Open.py", "first-acme.store-open-2.py", "first-a-b-.py"]


def test_an_earlier_report_never_passes_for_that_of_a_run_that_was_cut_short(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "report"
    prepare_folder(folder)
    write_report(a_document([]), folder)
    (folder / "notes.txt").write_text("the user's own", encoding="utf-8")
    prepare_folder(folder)
    assert {path.name for path in folder.iterdir()} == {"notes.txt"}


def test_text_that_is_no_unicode_is_written_all_the_same(tmp_path: Path) -> None:
    write_report(a_document([a_failure("first", actual="half \ud800")]), tmp_path)
    assert "half \\ud800" in (tmp_path / "report.md").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "verdict.json").read_text(encoding="utf-8"))["verdict"] == "fails"


def test_markdown_shows_answers_as_they_are_and_takes_none_for_markup() -> None:
    text = markdown(a_document([a_failure("first", actual="```\n# <b>")], notes=["a <note>\nwith stacks"]))
    assert "````text\n```\n# <b>\n````" in text
    assert "- a cache that nobody \\*clears\\*" in text
    assert "- a \\<note\\>\n" in text
    assert "Contract version 1, burndown-spec " in text
    assert "seed 7" in text


def test_the_terminal_tells_ten_failures_in_full_and_the_others_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    document = a_document([a_failure(each.id) for each in TWELVE], catalogue=TWELVE)
    out = shown(document, capsys)
    assert out.count("What was done") == 10
    assert "2 more clauses fail on blue:\n    clause-10: A sentence.\n    clause-11: A sentence.\n" in out
    assert out.splitlines()[-1] == "blue: fails: of 12 claimed clauses, 12 failing"
    assert markdown(document).count("**What was done**") == 10


def test_what_a_failure_blocks_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(a_document([a_failure(name) for name in CORE]), capsys)
    assert out.count("What was done") == 1
    assert "Blocked on blue:\n    blocked by first: second, third\n" in out


def test_missing_operations_are_listed_and_what_they_block_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    blocked = [result(name, Outcome.BLOCKED, reason="the backend has no check") for name in CORE]
    out = shown(a_document(blocked, missing=("check",)), capsys)
    assert "blue lacks operations of the contract:\n    check\n" in out
    assert "Blocked" not in out


def test_a_console_that_cannot_encode_an_answer_still_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="cp1252", errors="backslashreplace"))
    show(a_document([a_failure("first", actual="'\u2713 \ud800'")]), None)
    sys.stdout.flush()
    assert b"'\\u2713 \\ud800'" in raw.getvalue()


def test_the_table_has_one_line_for_each_level_with_clauses_and_fits_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = shown(a_document([result(name) for name in CORE]), capsys).splitlines()
    (core,) = [line for line in lines if line.startswith("core ")]
    assert core.split() == ["core", "conforms", "3", "-", "-", "1", "-", "-"]
    assert [line for line in lines if line.startswith("transactional ")]
    assert [line for line in lines if line.startswith("No clauses yet: concurrent, ")]
    assert lines[-1] == "blue: conforms: every claimed clause holds, 3 of 3 (core)"
