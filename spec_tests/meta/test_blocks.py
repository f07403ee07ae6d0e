"""Transactions and snapshots in a clause: recorded as they are entered and left, whoever leaves them and however."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from burndown_spec.expectations import expect_error, expect_same
from burndown_spec.judging import judge
from burndown_spec.levels import Level
from burndown_spec.oracle import TransactionalBackend
from burndown_spec.registry import clause
from burndown_spec.results import Outcome, Result
from burndown_spec.stage import Stage
from burndown_spec.target import Target
from burndown_spec.vocabulary import CallersOwnError, seen_meanwhile
from burndown_store.contract import Backend, Capability, ValidationError

OPENED = "backend = open_backend(location, timeout=5.0)"


class Remembers(TransactionalBackend):
    """Takes every value for another one."""

    def get_app_state(self, key: str) -> str | None:
        return "another"


TARGET = Target("remembers", __name__, "Remembers", Remembers)


def judged(function: object) -> Result:
    made = clause("a-clause", sentences="16.2", likely_causes=["a cause"])(function)  # type: ignore[arg-type]
    return judge(made, TARGET, claims=frozenset(Capability))


def done(result: Result) -> list[str]:
    assert result.failure is not None
    return list(result.failure.done)


def test_a_block_is_told_by_its_beginning_and_its_end() -> None:
    def ended(backend: Backend) -> None:
        """Ended."""
        with backend.transaction() as given, given.snapshot():
            pass
        expect_same(backend.get_app_state("key"), None)

    assert done(judged(ended)) == [
        OPENED,
        "transaction_1 = begin(backend.transaction)",
        "snapshot_1 = begin(backend.snapshot)",
        "finish(snapshot_1)",
        "finish(transaction_1)",
        "backend.get_app_state('key')  # 'another'",
    ]


def test_an_error_that_leaves_a_block_is_told_as_what_raised_it() -> None:
    def raised(backend: Backend) -> None:
        """Raised."""
        with expect_error(CallersOwnError), backend.transaction():
            raise CallersOwnError("raised in the body")
        with expect_error(ValidationError), backend.transaction():
            backend.set_app_state("", "value")
        expect_same(backend.get_app_state("key"), None)

    lines = done(judged(raised))
    assert lines[2] == (
        "raise_in(transaction_1, CallersOwnError('raised in the body'))  # raised CallersOwnError: raised in the body"
    )
    assert lines[4].startswith("backend.set_app_state('', 'value')  # raised ValidationError")
    assert lines[5].startswith("raise_in(transaction_2, result_5.error)  # raised ValidationError")


def test_a_clause_that_ends_inside_a_block_undoes_it_and_is_told_of_nothing_else() -> None:
    kept: list[str | None] = []

    class Watched(Remembers):
        def close(self) -> None:
            kept.append(TransactionalBackend.get_app_state(self, "key"))
            super().close()

    def broken(backend: Backend) -> None:
        """Broken."""
        with backend.transaction():
            backend.set_app_state("key", "value")
            expect_same(backend.get_app_state("key"), None)

    made = clause("a-clause", sentences="16.2", likely_causes=["a cause"])(broken)
    result = judge(made, Target("watched", __name__, "Watched", Watched), claims=frozenset())
    assert done(result)[-1] == "backend.get_app_state('key')  # 'another'"
    assert kept == [None]


def test_the_script_of_a_block_decides_as_the_clause_did(tmp_path: Path) -> None:
    def swallowed(backend: Backend, stage: Stage) -> None:
        """Swallowed."""
        worker = stage.worker()
        transaction = worker.begin(backend.transaction)
        worker.call(backend.set_app_state, "key", "value")
        with expect_error(CallersOwnError):
            worker.raise_in(transaction, CallersOwnError("raised in the body"))
        with backend.transaction():
            backend.set_app_state("key", "kept")
        expect_same(backend.get_app_state("key"), "kept")

    result = judged(swallowed)
    script = tmp_path / "repro.py"
    script.write_text(result.repro, encoding="utf-8")
    for factory, status in (("test_blocks:Remembers", 1), ("burndown_store.sqlite:open_backend", 0)):
        ran = subprocess.run(
            [sys.executable, str(script), factory], cwd=Path(__file__).parent, capture_output=True, check=False
        )
        assert ran.returncode == status, ran.stderr


def test_a_clause_of_a_level_needs_one_of_its_capabilities() -> None:
    def needless(backend: Backend) -> None:
        """Needless."""

    with pytest.raises(ValueError, match="at level transactional it needs one or more of atomic"):
        clause("a-clause", sentences="16.2", likely_causes=(), level=Level.TRANSACTIONAL)(needless)


class Halves:
    """Writes two values, one after the other."""

    def __init__(self) -> None:
        self.values = [0, 0]

    def write(self) -> None:
        self.values[0] = 1
        self.values[1] = 1


def test_what_is_half_done_is_seen() -> None:
    def look(halves: Halves) -> list[int]:
        return list(halves.values)

    halves = Halves()
    assert seen_meanwhile(look, halves, halves.write) == [[1, 0]]


def test_a_look_that_is_kept_waiting_does_not_count() -> None:
    lock = threading.Lock()
    halves = Halves()

    class Careful:
        def write(self) -> None:
            with lock:
                halves.write()

    def look(at: Halves) -> list[int]:
        with lock:
            return list(at.values)

    assert seen_meanwhile(look, halves, Careful().write) == []


def test_a_factory_without_a_name_cannot_be_opened_by_another_process() -> None:
    def shared(backend: Backend, stage: Stage) -> None:
        """Shared."""
        stage.elsewhere([])

    made = clause("a-clause", sentences="19.8", likely_causes=["a cause"])(shared)
    target = Target("local", __name__, "local", lambda at, *, timeout: Remembers(at, timeout=timeout))
    result = judge(made, target, claims=frozenset())
    assert (result.outcome, result.reason.partition(" by ")[0]) == (Outcome.UNDECIDED, "the factory has no name")
