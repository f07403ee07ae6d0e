"""The JSON backend keeps what it claims: every clause of the suite, judged in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from burndown_spec.clauses import CATALOGUE
from burndown_spec.failure_text import failure_text
from burndown_spec.judging import judge
from burndown_spec.oracle import register_profiles
from burndown_spec.registry import Clause
from burndown_spec.results import Outcome
from burndown_spec.target import find_target
from burndown_store.contract import Capability
from burndown_store.json_files import open_backend

register_profiles()

BACKEND = "burndown_store.json_files:open_backend"
CLAIMS = frozenset({Capability.SHARED, Capability.DURABLE, Capability.FILE})


def test_it_claims_what_files_can_keep(tmp_path: Path) -> None:
    with open_backend(tmp_path) as backend:
        assert backend.capabilities == CLAIMS


@pytest.mark.parametrize("clause", CATALOGUE, ids=lambda clause: clause.id)
def test_it_keeps_what_it_claims(clause: Clause) -> None:
    result = judge(clause, find_target(BACKEND), claims=CLAIMS)
    expected = Outcome.NOT_CLAIMED if clause.not_claimed(CLAIMS) else Outcome.HOLDS
    if clause.family == "recovery" and expected is Outcome.HOLDS:
        expected = Outcome.NOT_OFFERED
    assert result.outcome is expected, failure_text(result, []) if result.failure else result.reason
