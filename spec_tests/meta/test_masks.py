"""The reference with one capability less, for each: what it then does not claim it refuses, and the rest holds."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ClassVar, Self

import pytest

from burndown_spec.clauses import CATALOGUE
from burndown_spec.judging import judge
from burndown_spec.levels import Level
from burndown_spec.registry import Clause
from burndown_spec.results import Outcome
from burndown_spec.target import Target
from burndown_store.contract import Capability, UnsupportedError
from burndown_store.sqlite import SqliteBackend

CLAIMED = sorted(Capability)


class Masked(SqliteBackend):
    """The reference, which claims `hidden` no more, and refuses who asks for it."""

    hidden: ClassVar[Capability]

    @property
    def capabilities(self) -> frozenset[Capability]:
        return super().capabilities - {self.hidden}

    def transaction(self) -> AbstractContextManager[Self]:
        given = super().transaction()
        is_nested = self._connections.session_in_use() is not None
        if self.hidden is Capability.TRANSACTIONS or (self.hidden is Capability.SAVEPOINTS and is_nested):
            raise UnsupportedError(f"{self.hidden} are not claimed; ask `capabilities` before")
        return given

    def snapshot(self) -> AbstractContextManager[Self]:
        given = super().snapshot()
        if self.hidden is Capability.SNAPSHOTS:
            raise UnsupportedError("snapshots are not claimed; ask `capabilities` before")
        return given


def without(capability: Capability) -> Target:
    masked = type(f"Without{capability.title()}", (Masked,), {"hidden": capability})

    def open_backend(location: str | os.PathLike[str], /, *, timeout: float) -> SqliteBackend:
        backend = masked(location, timeout=timeout)
        assert isinstance(backend, SqliteBackend)
        return backend

    return Target(f"sqlite without {capability}", __name__, masked.__name__, open_backend)


def touched_by(capability: Capability) -> list[Clause]:
    """The clauses that speak of the capability, and the others of the levels that are about it."""
    levels = {level for level in Level if capability in level.about}
    return [each for each in CATALOGUE if capability in each.needs | each.unless or each.level in levels]


@pytest.mark.parametrize("capability", CLAIMED)
def test_a_capability_is_left_out_alone(capability: Capability, tmp_path: Path) -> None:
    target = without(capability)
    with target.factory(tmp_path, timeout=5.0) as backend:
        claims = backend.capabilities
    assert claims == frozenset(CLAIMED) - {capability}
    outcomes = {
        each: judge(each, target, claims=claims).outcome
        for each in touched_by(capability)
        # It takes long and speaks of one capability alone.
        if each.needs != {Capability.ATOMIC} or capability is Capability.ATOMIC
    }
    for each, outcome in outcomes.items():
        # Another process cannot open what this one has made up.
        expected = Outcome.HOLDS if not each.not_claimed(claims) else Outcome.NOT_CLAIMED
        assert outcome in (expected, Outcome.UNAVAILABLE, Outcome.UNDECIDED, Outcome.NOT_OFFERED), each.id
    if capability in (Capability.TRANSACTIONS, Capability.SAVEPOINTS, Capability.SNAPSHOTS):
        assert [each.id for each, outcome in outcomes.items() if each.unless and outcome is Outcome.HOLDS]
