"""Pytest underneath: its options work, and none of them makes a pass of what was not judged."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from burndown_spec.judging_process import judge_in_process
from burndown_spec.ledger import Judged
from burndown_spec.plan import Plan, PlannedBackend
from running import QUICK, User


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path)


def test_what_k_leaves_out_was_not_judged(user: User) -> None:
    nothing = user.judges("memory", options=["-k", "nothing"])
    assert nothing.status == 6
    assert "no verdict: 0 of " in nothing.last_line
    assert "left out by the options of pytest" in nothing.last_line
    one = user.judges("memory", options=["-k", QUICK[0]])
    assert one.status == 6
    assert "no verdict: 1 of " in one.last_line


def test_x_stops_at_the_first_failure_and_the_rest_was_not_judged(user: User) -> None:
    ran = user.judges("misbehaving:Forgets", options=["-x"])
    assert ran.status == 1
    assert re.search(r"1 failing, \d+ not judged$", ran.last_line)
    assert "stopping after 1 failures" in ran.out


def test_clauses_that_are_only_collected_were_not_judged(user: User) -> None:
    ran = user.judges("memory", options=["--collect-only"])
    assert ran.status == 6
    assert [f"round_trips.py::{name}[memory]" in ran.out.splitlines() for name in QUICK] == [True, True, False]
    assert "no verdict: 0 of " in ran.last_line


def test_a_worker_that_dies_takes_its_clause_along_and_the_rest_is_judged(user: User) -> None:
    ran = user.judges("misbehaving:Dies", "memory", options=["-n", "2"])
    assert ran.status == 6
    dies, memory = ran.out.splitlines()[-2:]
    assert dies.startswith("misbehaving:Dies: no verdict: 2 of ")
    assert "app-state-comes-back: lost while running, worker " in dies
    assert memory.startswith("memory: no verdict: 3 of ")
    assert user.left_in(user.temporary) == set()


def test_a_process_that_dies_without_workers_leaves_what_it_had_judged(user: User) -> None:
    ran = user.judges("misbehaving:Dies", clauses=["app-state-comes-back", "task-comes-back"])
    assert ran.status == 6
    assert "no verdict: 0 of " in ran.last_line
    assert "app-state-comes-back: running when the process ended" in ran.last_line
    assert "task-comes-back: not reached before the run ended" in ran.last_line
    assert "pytest did not come to its own end" in ran.last_line


def test_a_clause_that_does_not_end_fails_and_the_rest_is_judged(user: User) -> None:
    ran = user.judges("misbehaving:Hangs", "--timeout", "2")
    assert ran.status == 1
    assert "ends within 2 s (--timeout)" in ran.out
    assert "threading.Event().wait()" in ran.out
    assert "1 failing, 2 holding" in ran.last_line


def test_a_clause_that_holds_the_interpreter_ends_its_process_and_is_named(user: User, tmp_path: Path) -> None:
    plan = Plan(
        backends=(PlannedBackend(name="misbehaving:Spins", claims=frozenset()),),
        clauses=QUICK,
        seed=0,
        timeout=0.2,
        ledger=str(tmp_path / "ledger.jsonl"),
        stacks=str(tmp_path / "stacks"),
        grace=0.5,
    )
    options = ["-p", "no:cacheprovider"]
    course = judge_in_process(plan, tmp_path, pytest_options=options, environment=user.environment())
    assert not any(isinstance(entry, Judged) for entry in course.entries)
    assert course.problems == ["pytest did not come to its own end: its process ended with exit status 1"]
    assert "in get_app_state" in course.stacks


def test_operations_that_are_missing_have_one_line_each(user: User) -> None:
    ran = user.judges("misbehaving:Lacks", clauses=[*QUICK, "clearing-what-is-not-there"])
    assert ran.status == 1
    told = ran.out.partition("misbehaving:Lacks lacks operations of the contract:\n")[2].splitlines()
    assert told[:3] == ["    get_app_state", "    clear_task", ""]
    assert "Requirement" not in ran.out
    assert "2 blocked, 2 holding" in ran.last_line
    assert "2 operations of the contract missing" in ran.last_line


def test_a_backend_that_answers_nonsense_fails(user: User) -> None:
    ran = user.judges("misbehaving:Nonsense")
    assert ran.status == 1
    assert "3 failing" in ran.last_line


def test_a_backend_that_opens_nowhere_but_before_the_run_is_no_pass(user: User) -> None:
    source = (
        "import sys\nassert 'pytest' not in sys.modules, 'not here'\nfrom burndown_spec.oracle import open_backend\n"
    )
    (user.cwd / "shy.py").write_text(source, encoding="utf-8")
    ran = user.judges("shy:open_backend")
    assert ran.status == 6
    assert "clauses could not be collected: " in ran.last_line
    assert "shy:open_backend: importing shy raised AssertionError: not here" in ran.last_line


def test_what_lies_in_the_current_folder_is_not_read(user: User) -> None:
    (user.cwd / "conftest.py").write_text("raise SystemExit('conftest.py was read')\n", encoding="utf-8")
    (user.cwd / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n", encoding="utf-8")
    (user.cwd / "test_own.py").write_text("def test_own():\n    assert False\n", encoding="utf-8")
    # The judging process needs the real one.
    (user.cwd / "pluggy.py").write_text("raise SystemExit('pluggy.py was read')\n", encoding="utf-8")
    (user.cwd / "own.py").write_text("from burndown_spec.oracle import open_backend\n", encoding="utf-8")
    before = user.left_in(user.cwd)
    ran = user.judges("own:open_backend")
    assert ran.status == 6, ran.err
    assert "no verdict: 3 of " in ran.last_line
    assert user.left_in(user.cwd) == before


def test_options_that_pytest_does_not_take_exit_with_4_and_its_own_words(user: User) -> None:
    (user.cwd / "test_own.py").write_text("def test_own():\n    assert False\n", encoding="utf-8")
    unknown = user.judges("memory", "--report", "report", options=["--no-such-option"])
    assert unknown.status == 4
    assert "unrecognized arguments: --no-such-option" in unknown.err
    path = user.judges("memory", options=["test_own.py"])
    assert path.status == 4
    assert "test_own.py: clauses are chosen by --clause or by pytest's -k, not by path" in path.err
    assert user.left_in(user.cwd) == {"test_own.py"}


def test_a_plain_run_of_pytest_knows_nothing_of_the_suite(user: User) -> None:
    ran = user.python("-m", "pytest", "--spec-run", "plan.json")
    assert ran.status == 4
    assert "unrecognized arguments: --spec-run" in ran.err
