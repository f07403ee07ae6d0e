"""The ledger keeps all that happened, and what did not happen is told from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from burndown_spec.evidence import evidence_of
from burndown_spec.ledger import Chosen, Ended, Entry, Judged, Ledger, Lost, Started, Uncollected, read_ledger
from burndown_spec.plan import Plan, PlannedBackend, read_plan, write_plan
from burndown_spec.results import Failure, Outcome, Result
from burndown_spec.verdict import Evidence
from burndown_store.contract import Capability
from sample_catalogue import CATALOGUE, result

BLUE = PlannedBackend(name="blue", claims=frozenset({Capability.FILE}))
PLAN = Plan(
    backends=(BLUE,), clauses=("first", "second", "third"), seed=7, timeout=1.5, ledger="ledger.jsonl", stacks="stacks"
)
ALL = Chosen(pairs=(("first", "blue"), ("second", "blue"), ("third", "blue")))


def evidence(entries: Sequence[Entry]) -> Evidence:
    return evidence_of(BLUE, catalogue=CATALOGUE, plan=PLAN, entries=entries)


def test_every_entry_comes_back_whatever_its_text_holds(tmp_path: Path) -> None:
    failure = Failure(
        requirement="R", sentences=("1.1",), done=("a()",), expected="\ud800 Ω\n", actual="\x00", likely_causes=("c",)
    )
    entries: list[Entry] = [
        ALL,
        Started(clause="first", backend="blue"),
        Judged(
            result=Result(
                clause="first", backend="blue", outcome=Outcome.FAILS, failure=failure, repro="x", seconds=0.5
            )
        ),
        Lost(clause="second", backend="blue", how="crashed"),
        Ended(status=1),
    ]
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for entry in entries:
        ledger.write(entry)
    # Not closed: what a process wrote before it died counts.
    assert read_ledger(tmp_path / "ledger.jsonl") == (entries, [])
    ledger.close()


def test_a_line_that_is_no_entry_is_a_problem_and_the_others_still_count(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path)
    ledger.write(Started(clause="first", backend="blue"))
    ledger.close()
    whole = path.read_text(encoding="utf-8")
    path.write_text(f"{whole}not JSON\n{{}}\n{whole[:20]}", encoding="utf-8")
    entries, problems = read_ledger(path)
    assert entries == [Started(clause="first", backend="blue")]
    assert problems == [f"line {number} of the ledger cannot be read" for number in (2, 3, 4)]


def test_a_ledger_that_was_never_begun_is_empty(tmp_path: Path) -> None:
    assert read_ledger(tmp_path / "ledger.jsonl") == ([], [])


def test_a_plan_comes_back(tmp_path: Path) -> None:
    write_plan(PLAN, tmp_path / "plan.json")
    assert read_plan(tmp_path / "plan.json") == PLAN


def test_each_clause_without_a_result_is_told_why() -> None:
    chosen = Chosen(pairs=(("first", "blue"), ("second", "blue")))
    found = evidence([chosen, Started(clause="first", backend="blue")])
    assert found.unjudged == {
        "first": "running when the process ended",
        "second": "not reached before the run ended",
        "third": "left out by the options of pytest",
        "in-a-file": "left out by --clause",
        "all-or-nothing": "left out by --clause",
    }


def test_a_run_that_chose_nothing_says_so_of_every_clause() -> None:
    assert evidence([]).unjudged["first"] == "pytest ended before it chose what to run"


def test_clauses_that_could_not_be_collected_say_so_and_are_a_problem_once() -> None:
    found = evidence([Uncollected(how="it raised"), Uncollected(how="it raised"), Chosen(pairs=())])
    assert found.unjudged["first"] == "could not be collected"
    assert found.problems == ("clauses could not be collected: it raised",)


def test_a_clause_lost_with_its_worker_has_no_result() -> None:
    found = evidence(
        [ALL, Started(clause="first", backend="blue"), Lost(clause="first", backend="blue", how="worker gw0 crashed")]
    )
    assert found.results == []
    assert found.unjudged["first"] == "lost while running, worker gw0 crashed"


def test_a_process_lost_after_it_judged_a_clause_is_a_problem() -> None:
    found = evidence([ALL, Judged(result=result("first")), Lost(clause="first", backend="blue", how="crashed")])
    assert found.problems == ("the process was lost after it had judged first",)


def test_results_belong_to_their_backend_and_strangers_are_a_problem() -> None:
    found = evidence([ALL, Judged(result=result("first")), Judged(result=result("first", backend="green"))])
    assert found.results == [result("first")]
    assert found.problems == ("there is a result for green, which is not under test",)
