"""Backends of other kinds conform to what they claim: where one is refused, the clause is wrong."""

from __future__ import annotations

import subprocess
import sys
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

register_profiles()

META = Path(__file__).parent
EVERYTHING_ABOUT_TRANSACTIONS = {
    *(Capability.ATOMIC, Capability.TRANSACTIONS, Capability.SAVEPOINTS, Capability.SNAPSHOTS),
}
KEPT_BY_FILES = {Capability.SHARED, Capability.DURABLE}
CLAIMS = {
    "burndown_spec.oracle:MemoryBackend": frozenset[Capability](),
    "memory": frozenset(EVERYTHING_ABOUT_TRANSACTIONS),
    "honest.append_only:open_backend": EVERYTHING_ABOUT_TRANSACTIONS - {Capability.SNAPSHOTS} | KEPT_BY_FILES,
    "honest.generic_table:open_backend": EVERYTHING_ABOUT_TRANSACTIONS | KEPT_BY_FILES,
}


@pytest.mark.parametrize("name", CLAIMS)
def test_it_claims_what_makes_it_an_example(name: str, tmp_path: Path) -> None:
    with find_target(name).factory(tmp_path, timeout=5.0) as backend:
        assert backend.capabilities == CLAIMS[name]


@pytest.mark.parametrize("clause", CATALOGUE, ids=lambda clause: clause.id)
@pytest.mark.parametrize("name", CLAIMS)
def test_it_keeps_what_it_claims(name: str, clause: Clause) -> None:
    claims = frozenset(CLAIMS[name])
    result = judge(clause, find_target(name), claims=claims)
    expected = Outcome.NOT_CLAIMED if clause.not_claimed(claims) else Outcome.HOLDS
    assert result.outcome is expected, failure_text(result, []) if result.failure else result.reason


@pytest.mark.parametrize("package", ["honest.append_only", "honest.generic_table"])
def test_it_shares_no_code_with_the_reference_and_the_oracle(package: str) -> None:
    program = f"import sys; sys.path.insert(0, {str(META)!r}); import {package}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    loaded = done.stdout.split()
    assert package in loaded
    assert not [name for name in loaded if name.startswith(("burndown_spec", "burndown_store.sqlite"))]
