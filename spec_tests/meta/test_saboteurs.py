"""The suite catches what it should: every saboteur fails its clauses, and the failures help.

That it fails no others is the errand of `kill_matrix.py`, whose result is held against the saboteurs elsewhere.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from burndown_spec.clauses import CATALOGUE
from burndown_spec.judging import judge
from burndown_spec.oracle import register_profiles
from burndown_spec.registry import Clause
from burndown_spec.results import Outcome, Result
from saboteurs import Saboteur, all_saboteurs

# As the gate has them; without, the search would take the length that hypothesis has by itself.
register_profiles()

META = Path(__file__).parent
SABOTEURS = all_saboteurs()

# What the reference claims, it does not refuse; these backends do.
KEEPING = {
    "transactions-not-claimed-are-refused": "burndown_spec.oracle:MemoryBackend",
    "snapshots-not-claimed-are-refused": "burndown_spec.oracle:MemoryBackend",
    "savepoints-not-claimed-are-refused": "saboteurs.claims:WithoutSavepoints",
}
KILLS = [(saboteur, killed) for saboteur in SABOTEURS for killed in saboteur.kills]


def results_of(saboteur: Saboteur, clauses: Iterable[Clause]) -> dict[str, Result]:
    return {clause.id: judge(clause, saboteur.target, claims=saboteur.claims) for clause in clauses}


def dependencies_of(clauses: Iterable[str]) -> set[str]:
    """The clauses whose failure would explain that of these."""
    found: set[str] = set()
    waiting = list(clauses)
    while waiting:
        for dependency in CATALOGUE[waiting.pop()].depends_on:
            if dependency not in found:
                found.add(dependency)
                waiting.append(dependency)
    return found


def text_of(result: Result) -> str:
    failure = result.failure
    assert failure is not None
    return "\n".join((*failure.done, failure.expected, failure.actual, failure.difference))


@pytest.mark.parametrize("saboteur", SABOTEURS, ids=lambda each: each.name)
def test_its_clauses_fail_for_the_right_reason_and_the_message_helps(saboteur: Saboteur) -> None:
    results = results_of(saboteur, [CATALOGUE[killed] for killed in saboteur.kills])
    failed = {clause for clause, result in results.items() if result.outcome is Outcome.FAILS}
    assert failed == set(saboteur.kills), saboteur.backend.__doc__
    for words in saboteur.says:
        assert words in text_of(results[saboteur.kills[0]])
    assert all(result.failure is None or result.failure.done for result in results.values())
    # That no other clause fails is in the kill matrix; here, that none does which would explain these.
    behind = results_of(saboteur, [CATALOGUE[name] for name in sorted(dependencies_of(saboteur.kills))])
    assert {clause for clause, result in behind.items() if result.outcome is Outcome.FAILS} <= set(saboteur.kills)


@pytest.mark.parametrize(("saboteur", "killed"), KILLS, ids=["-".join((each.name, killed)) for each, killed in KILLS])
def test_the_repro_script_exits_1_on_the_saboteur_and_0_on_the_reference(
    saboteur: Saboteur, killed: str, tmp_path: Path
) -> None:
    result = judge(CATALOGUE[killed], saboteur.target, claims=saboteur.claims)
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
    status, said = run(KEEPING.get(killed, "burndown_store.sqlite:open_backend"))
    assert status == 0, said


def test_every_clause_has_a_saboteur() -> None:
    killed = {killed for saboteur in SABOTEURS for killed in saboteur.kills}
    assert {clause.id for clause in CATALOGUE} == killed
