"""The reports: complete, readable, and the same whatever a backend answers and whatever a console can show."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from burndown_spec.clauses import CATALOGUE as EVERY_CLAUSE
from burndown_spec.failure_text import failure_text, ways_to_reproduce
from burndown_spec.levels import Level
from burndown_spec.preflight import Found
from burndown_spec.registry import Catalogue
from burndown_spec.report import Document, document_of, prepare_folder, show, write_report, write_repro_scripts
from burndown_spec.report.document import repro_name
from burndown_spec.report.markdown import markdown
from burndown_spec.results import Failure, Outcome, Result
from burndown_spec.verdict import Evidence, judge_backend
from burndown_store.contract import Capability
from sample_catalogue import CATALOGUE, CORE, a_clause, result

TWELVE = Catalogue([a_clause(f"clause-{number:02}") for number in range(12)])
ANOMALIES = Catalogue(replace(clause, depends_on=()) for clause in EVERY_CLAUSE if clause.family == "anomalies")
TRANSACTIONS = frozenset({Capability.TRANSACTIONS})
THREADS, HANDLES, ONE_HANDLE = "two handles, two threads", "two handles, one thread", "one handle, two threads"
REFUSED = "B refused at its start"
UNSUPPORTED = "raised UnsupportedError: blue has no save_task yet"


def a_failure(
    id: str,
    *,
    backend: str = "blue",
    expected: str = "'right'",
    actual: str = "'wrong'",
    call: str = "backend.get_app_state('key')",
) -> Result:
    failure = Failure(
        requirement="What is saved comes back.",
        sentences=("1.1", "1.2"),
        done=("backend = open_backend(location, timeout=5.0)", call),
        expected=expected,
        actual=actual,
        likely_causes=("a cache that nobody *clears*",),
    )
    return Result(clause=id, backend=backend, outcome=Outcome.FAILS, failure=failure, repro="raise SystemExit(1)\n")


def a_document(
    results: Sequence[Result],
    *,
    catalogue: Catalogue = CATALOGUE,
    backends: Sequence[str] = ("blue",),
    claims: frozenset[Capability] = frozenset(),
    missing: tuple[str, ...] = (),
    notes: Sequence[str] = (),
) -> Document:
    judged = []
    for name in backends:
        facts = {"sqlite_version": "3.46.1"}
        found = Found(name=name, factory="acme:open", capabilities=claims, missing=missing, facts=facts)
        evidence = Evidence(backend=name, claims=claims, results=results, missing=missing)
        judged.append((found, judge_backend(catalogue, evidence)))
    started = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    return document_of(
        catalogue, judged, started_at=started, seconds=1.5, seed=7, timeout=60.0, required=["core"], notes=notes
    )


def measured(id: str, found: Sequence[str], outcome: Outcome = Outcome.HOLDS, *, backend: str = "blue") -> Result:
    """A result of an anomaly, with what was found in the first settings, in their order."""
    by_setting = dict(zip((THREADS, HANDLES, ONE_HANDLE), found, strict=False))
    return Result(clause=id, backend=backend, outcome=outcome, measured=by_setting)


def isolation_in(out: str) -> dict[str, str]:
    """What the terminal says of each anomaly, by what it calls it; lines that go on are joined."""
    lines = out.partition("\nIsolation on ")[2].partition("\n\n")[0].splitlines()[3:]
    told: dict[str, str] = {}
    for line in lines:
        name, claimed, rest = line[:29].strip(), line[29:37].strip(), line[37:].strip()
        if name:
            told[name] = f"{claimed}: {rest}"
        else:
            told[next(reversed(told))] += f" {rest}"
    return told


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


def test_five_failures_are_told_in_full_and_the_others_in_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = a_document([a_failure(each.id) for each in TWELVE], catalogue=TWELVE)
    out = shown(document, capsys)
    assert out.count("What was done") == 5
    others = "".join(f"    clause-{number:02}: A sentence.\n" for number in range(5, 12))
    assert f"7 more clauses fail on blue:\n{others}" in out
    assert out.splitlines()[-1] == "blue: fails: of 12 claimed clauses, 12 failing"
    assert markdown(document).count("**What was done**") == 5
    assert markdown(document).count("- `clause-11` fails\n") == 1


def test_clauses_in_which_one_call_raised_one_error_are_told_together(capsys: pytest.CaptureFixture[str]) -> None:
    ids = [clause.id for clause in TWELVE]
    results = [
        *(a_failure(name, actual=UNSUPPORTED, call=f"backend.save_task({name!r})  # raised") for name in ids[:6]),
        *(a_failure(name, actual=UNSUPPORTED, call="backend.clear_task('n')") for name in ids[6:8]),
        a_failure(ids[8], actual="raised StorageError: another", call="backend.save_task('n')"),
        *(result(name) for name in ids[9:]),
    ]
    document = a_document(results, catalogue=TWELVE)
    out = shown(document, capsys)
    told = [line.split()[0] for line in out.splitlines() if line.endswith(" on blue fails")]
    assert told == ["clause-00", "clause-06", "clause-08"]
    assert out.count("Fails in the same way\n") == 2
    assert "Fails in the same way\n    clause-01, clause-02, clause-03 and 2 more\n" in out
    assert "Fails in the same way\n    clause-07\n" in out
    everyone = ", ".join(f"`{name}`" for name in ids[1:6])
    assert f"Fails in the same way: {everyone}\n" in markdown(document)
    assert out.splitlines()[-1] == "blue: fails: of 12 claimed clauses, 9 failing, 3 holding"


def test_answers_that_look_the_same_are_told_each_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    results = [a_failure(name, actual="None") for name in ("clause-00", "clause-01")]
    out = shown(a_document(results, catalogue=TWELVE), capsys)
    assert out.count("What was done") == 2
    assert "Fails in the same way" not in out


@pytest.mark.parametrize(
    ("expected", "actual", "causes"),
    [
        ("'right'", "'wrong'", True),
        ("'right'", "raised StorageError: database is locked", True),
        ("'right'", "'raised UnsupportedError'", True),
        ("raises UnsupportedError", "raised NotImplementedError", True),
        ("'right'", "raised NotImplementedError", False),
        ("returns what the contract says", UNSUPPORTED, False),
        ("raises ValidationError", UNSUPPORTED, False),
    ],
)
def test_causes_are_guessed_where_there_was_something_to_go_wrong(expected: str, actual: str, causes: bool) -> None:
    text = failure_text(a_failure("first", expected=expected, actual=actual), ["again"])
    assert ("Likely causes\n    - a cache that nobody *clears*\n" in text) is causes
    assert ("Likely causes" in text) is causes
    assert text.endswith("Reproduce\n    again")


def test_what_a_failure_blocks_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(a_document([a_failure(name) for name in CORE]), capsys)
    assert out.count("What was done") == 1
    assert "Blocked on blue:\n    blocked by first: second, third\n" in out


def test_of_many_failures_that_block_two_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    catalogue = Catalogue([*TWELVE, a_clause("last", after=[clause.id for clause in TWELVE])])
    document = a_document([a_failure(each.id) for each in catalogue], catalogue=catalogue)
    said = "blocked by clause-00, clause-01 and 10 more: "
    assert f"    {said}last\n" in shown(document, capsys)
    assert f"- {said}`last`\n" in markdown(document)
    (last,) = [clause for clause in document.backends[0].clauses if clause.clause == "last"]
    assert last.reason == f"blocked by {', '.join(clause.id for clause in TWELVE)}"


def test_what_is_blocked_takes_ten_lines_at_most(capsys: pytest.CaptureFixture[str]) -> None:
    catalogue = Catalogue([*TWELVE, *(a_clause(f"after-{each.id}", after=[each.id]) for each in TWELVE)])
    out = shown(a_document([a_failure(each.id) for each in catalogue], catalogue=catalogue), capsys)
    assert out.count("blocked by ") == 10
    assert "    and 2 more, by these and others\n" in out


# The isolation table


def test_the_isolation_table_has_every_anomaly_claimed_and_measured(tmp_path: Path) -> None:
    found = [REFUSED, "as if B before A", "A refused at its end"]
    results = [measured("no-lost-update", found), measured("no-dirty-read", ["SEEN"], Outcome.FAILS)]
    write_report(a_document(results, catalogue=ANOMALIES, claims=TRANSACTIONS), tmp_path)
    (backend,) = json.loads((tmp_path / "verdict.json").read_text(encoding="utf-8"))["backends"]
    rows = {row["anomaly"]: row for row in backend["isolation"]}
    assert [row["clause"] for row in rows.values()] == [clause.id for clause in ANOMALIES]
    assert len(rows) >= 10
    assert {row["claimed"] for row in rows.values()} == {"never"}
    by_setting = dict(zip((THREADS, HANDLES, ONE_HANDLE), found, strict=True))
    assert (rows["lost update"]["state"], rows["lost update"]["measured"]) == ("holds", by_setting)
    assert (rows["dirty read"]["state"], rows["dirty read"]["measured"]) == ("fails", {THREADS: "SEEN"})
    assert (rows["phantom"]["state"], rows["phantom"]["measured"]) == ("not judged", {})
    assert rows["phantom"]["reason"] == "has no result"
    assert {clause["clause"]: clause["measured"] for clause in backend["clauses"]}["no-lost-update"] == by_setting

    lines = (tmp_path / "report.md").read_text(encoding="utf-8").splitlines()
    assert f"| anomaly | claimed | {THREADS} | {HANDLES} | {ONE_HANDLE} | state |" in lines
    assert f"| lost update | never | {' | '.join(found)} | holds |" in lines
    assert "| dirty read | never | SEEN | not measured | not measured | fails |" in lines
    assert "| phantom | never | not measured | not measured | not measured | not judged: has no result |" in lines


def test_the_terminal_names_settings_only_where_they_part_and_never_leaves_a_blank(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    results = [
        measured("no-lost-update", [REFUSED] * 3),
        measured("no-phantom", [REFUSED, "A refused at its end", REFUSED]),
        measured("no-dirty-read", [REFUSED, "SEEN"], Outcome.FAILS),
        measured("no-dirty-write", [], Outcome.FAILS),
        measured("no-read-skew", []),
        measured("no-write-skew", ["SEEN"], Outcome.FAILS),
    ]
    out = shown(a_document(results, catalogue=ANOMALIES, claims=TRANSACTIONS), capsys)
    told = isolation_in(out)
    assert list(told) == [clause.id.removeprefix("no-").replace("-", " ") for clause in ANOMALIES]
    assert told["lost update"] == f"never: {REFUSED}"
    assert told["phantom"] == f"never: {REFUSED} ({THREADS}; {ONE_HANDLE}); A refused at its end ({HANDLES})"
    assert told["dirty read"] == f"never: fails: {REFUSED} ({THREADS}); SEEN ({HANDLES})"
    assert told["write skew"] == f"never: fails: SEEN ({THREADS})"
    assert told["dirty write"] == "never: fails"
    assert told["read skew"] == "never: holds, and nothing was measured"
    assert told["aborted read"] == "never: not judged: has no result"
    table = out.partition("\nIsolation on ")[2].partition("\n\n")[0].splitlines()
    assert max(map(len, table)) <= 80


def test_what_is_not_claimed_is_not_measured_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    document = a_document([], catalogue=ANOMALIES)
    assert {(row.claimed, row.state) for row in document.backends[0].isolation} == {("not claimed", "not claimed")}
    assert "Isolation" not in shown(document, capsys)
    assert "### Isolation\n\nNo transactions are claimed, so no anomaly was looked for.\n" in markdown(document)


def test_a_run_that_judged_no_anomaly_has_no_table_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    document = a_document([], catalogue=ANOMALIES, claims=TRANSACTIONS)
    assert "Isolation" not in shown(document, capsys)
    assert "| lost update | never | not judged: has no result |\n" in markdown(document)


def test_backends_of_which_the_same_was_found_share_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    found = {"blue": REFUSED, "green": REFUSED, "red": "A refused at its end"}
    results = [
        measured(clause.id, [said] * 3, backend=backend) for backend, said in found.items() for clause in ANOMALIES
    ]
    out = shown(a_document(results, catalogue=ANOMALIES, backends=list(found), claims=TRANSACTIONS), capsys)
    headings = [line for line in out.splitlines() if line.startswith("Isolation on ")]
    assert headings == ["Isolation on blue, green", "Isolation on red"]


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


def test_a_level_that_conforms_without_some_of_its_capabilities_says_without_which(
    capsys: pytest.CaptureFixture[str],
) -> None:
    results = [measured(clause.id, [REFUSED] * 3) for clause in ANOMALIES]
    document = a_document(results, catalogue=ANOMALIES, claims=TRANSACTIONS)
    out = shown(document, capsys)
    assert "\ntransactional conforms without atomic, savepoints, snapshots\n" in out
    assert "| transactional | **conforms** without atomic, savepoints, snapshots | " in markdown(document)
    assert "| transactional | not claimed | " in markdown(a_document([], catalogue=ANOMALIES))
    in_full = a_document(results, catalogue=ANOMALIES, claims=frozenset(Level.TRANSACTIONAL.about))
    assert "transactional conforms" not in shown(in_full, capsys)
    assert "| transactional | **conforms** | " in markdown(in_full)


def test_what_a_clause_measured_is_told_beside_the_levels(capsys: pytest.CaptureFixture[str]) -> None:
    measured_so = {"crash points": "planned 9, tried 3, fired 3"}
    found = Result(clause="first", backend="blue", outcome=Outcome.HOLDS, measured=measured_so)
    document = a_document([found])
    line = "first: crash points: planned 9, tried 3, fired 3"

    assert line in shown(document, capsys)
    assert f"- {line}\n" in markdown(document)


def test_a_thorough_run_is_reproduced_by_a_thorough_one() -> None:
    assert ways_to_reproduce("first", "blue", 7, thorough=True) == [
        "burndown-spec run blue --clause first --seed 7 --thorough"
    ]
