"""The clauses of the suite as tests of the reference, for the errand that mutates it.

The name keeps the file out of the ordinary run of the tests: the gate judges the reference better, with reports and
repro scripts; here it only counts whether each clause holds. Left out are the random search, so that every mutant meets
the same calls, and the clauses that would take longer than all others together.
"""

from __future__ import annotations

import pytest

from burndown_spec.clauses import CATALOGUE
from burndown_spec.judging import judge
from burndown_spec.registry import Clause
from burndown_spec.results import Outcome
from burndown_spec.target import find_target
from burndown_store.contract import Capability

TARGET = find_target("burndown_store.sqlite:open_backend")
# Written down, and not asked of the backend: a mutant that claims less would be judged by less.
CLAIMS = frozenset(Capability)
LEFT_OUT = {
    "model-agreement",
    "a-call-is-seen-whole",
    "a-large-batch-is-seen-whole",
    "ten-thousand-in-one-batch",
    "ten-thousand-are-replaced",
    "ten-thousand-are-removed",
    "ten-thousand-changes-come-back",
}
CLAUSES = [clause for clause in CATALOGUE if clause.id not in LEFT_OUT and not clause.not_claimed(CLAIMS)]
# A mutant that hangs has failed; the slowest clause takes about two seconds.
TIMEOUT = 15.0


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.id)
def test_the_clause_holds(clause: Clause) -> None:
    result = judge(clause, TARGET, claims=CLAIMS, timeout=TIMEOUT)
    assert result.outcome is Outcome.HOLDS, result.failure or result.reason
