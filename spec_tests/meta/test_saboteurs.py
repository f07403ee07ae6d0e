"""The suite catches what it should: every saboteur fails exactly its clauses, and the failures help."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from burndown_spec.clauses import CATALOGUE
from burndown_spec.judging import judge
from burndown_spec.levels import Level
from burndown_spec.oracle import register_profiles
from burndown_spec.registry import Clause
from burndown_spec.results import Outcome, Result
from saboteurs import Saboteur, all_saboteurs

# As the gate has them; without, the search would take the length that hypothesis has by itself.
register_profiles()

META = Path(__file__).parent
SABOTEURS = all_saboteurs()

# A random search finds most faults, sooner or later: which ones it finds on one seed is no property of a saboteur.
SEARCHING = {"model-agreement"}
KILLS = [(saboteur, killed) for saboteur in SABOTEURS for killed in saboteur.kills]
CLAUSES = [clause for clause in CATALOGUE if clause.level is Level.CORE and clause.id not in SEARCHING]


def results_of(saboteur: Saboteur, clauses: Iterable[Clause]) -> dict[str, Result]:
    return {clause.id: judge(clause, saboteur.target, claims=frozenset()) for clause in clauses}


def root_failures(results: dict[str, Result]) -> set[str]:
    """The failures that no other failure explains."""
    failed = {clause for clause, result in results.items() if result.outcome is Outcome.FAILS}
    return {clause for clause in failed if not failed & set(CATALOGUE[clause].depends_on)}


def text_of(result: Result) -> str:
    failure = result.failure
    assert failure is not None
    return "\n".join((*failure.done, failure.expected, failure.actual, failure.difference))


@pytest.mark.parametrize("saboteur", SABOTEURS, ids=lambda each: each.name)
def test_exactly_the_expected_clauses_fail_and_the_message_helps(saboteur: Saboteur) -> None:
    sought = [CATALOGUE[killed] for killed in saboteur.kills if killed in SEARCHING]
    results = results_of(saboteur, [*CLAUSES, *sought])
    assert root_failures(results) == set(saboteur.kills), saboteur.backend.__doc__
    first = results[saboteur.kills[0]]
    for words in saboteur.says:
        assert words in text_of(first)
    assert all(result.failure is None or result.failure.done for result in results.values())


@pytest.mark.parametrize(("saboteur", "killed"), KILLS, ids=["-".join((each.name, killed)) for each, killed in KILLS])
def test_the_repro_script_exits_1_on_the_saboteur_and_0_on_the_reference(
    saboteur: Saboteur, killed: str, tmp_path: Path
) -> None:
    result = judge(CATALOGUE[killed], saboteur.target, claims=frozenset())
    assert result.failure is not None
    script = tmp_path / "repro.py"
    script.write_text(result.repro, encoding="utf-8")

    def run(*args: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-X", "utf8", str(script), *args],
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": str(META)},
            check=False,
            timeout=120,
        )
        return done.returncode, done.stdout + done.stderr

    status, said = run()
    assert status == 1, said
    assert f"Expected: {result.failure.expected}" in said
    assert f"Actual:   {result.failure.actual.splitlines()[0]}" in said
    status, said = run("burndown_store.sqlite:open_backend")
    assert status == 0, said


def test_every_clause_has_a_saboteur() -> None:
    killed = {killed for saboteur in SABOTEURS for killed in saboteur.kills}
    assert {clause.id for clause in CATALOGUE} == killed
