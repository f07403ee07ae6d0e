"""Loads: what is told of calls that fail, and that no process is left behind, whatever becomes of it."""

from __future__ import annotations

import os
import re
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from burndown_spec.checkers import Anomaly, Operation, Verdict
from burndown_spec.clauses import CATALOGUE, histories
from burndown_spec.judging import judge
from burndown_spec.results import Outcome
from burndown_spec.target import find_target
from burndown_spec.vocabulary import Findings, LoadFailedError, Registers, history_of
from burndown_store.contract import BusyError, Capability
from burndown_store.sqlite import SqliteBackend

SMALL: dict[str, Any] = {"processes": 2, "threads": 2, "operations": 20, "seconds": 5.0, "seed": 1}


class Raises(SqliteBackend):
    def get_app_state(self, key: str) -> str | None:
        raise OSError("no contract's error")


class Hangs(SqliteBackend):
    def get_app_state(self, key: str) -> str | None:
        threading.Event().wait()
        return None


class RefusesNearlyAll(SqliteBackend):
    """Refuses every read and write of the app state after the sixth."""

    calls = 0

    def get_app_state(self, key: str) -> str | None:
        self._refuse()
        return super().get_app_state(key)

    def set_app_state(self, key: str, value: str) -> None:
        self._refuse()
        super().set_app_state(key, value)

    def _refuse(self) -> None:
        self.calls += 1
        if self.calls > 6:
            raise BusyError("try again")


class RefusesEveryOther(SqliteBackend):
    """Refuses every other read of the app state."""

    calls = 0

    def get_app_state(self, key: str) -> str | None:
        self.calls += 1
        if self.calls % 2:
            raise BusyError("try again")
        return super().get_app_state(key)


class Dies(SqliteBackend):
    def get_app_state(self, key: str) -> str | None:
        os._exit(3)


class SaysMuch(SqliteBackend):
    def get_app_state(self, key: str) -> str | None:
        print("out" * 10_000)
        sys.stderr.write("error" * 10_000)
        return super().get_app_state(key)


def test_a_history_has_every_call_of_every_thread_on_one_clock(tmp_path: Path) -> None:
    rows = history_of(SqliteBackend, tmp_path, Registers, **SMALL)
    assert {(process, thread) for process, thread, *_ in rows} == {(1, 0), (1, 1), (2, 0), (2, 1)}
    assert len(rows) == 2 * 2 * 20 + 2 * len(Registers().last())
    assert all(start <= end for *_, start, end in rows)


def test_one_seed_draws_the_same_calls(tmp_path: Path) -> None:
    first, second = (history_of(SqliteBackend, tmp_path / name, Registers, **SMALL) for name in ("a", "b"))
    assert [row[:4] for row in first] == [row[:4] for row in second]


def test_a_call_that_raises_is_told_with_its_operation_and_traceback(tmp_path: Path) -> None:
    with pytest.raises(LoadFailedError, match=r"(?s)a call raised OSError\nget\('.*Traceback.*no contract's error"):
        history_of(Raises, tmp_path, Registers, **SMALL)


def test_a_process_that_ends_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(LoadFailedError, match="a process ended with 3"):
        history_of(Dies, tmp_path, Registers, **SMALL)


def test_a_process_that_hangs_is_ended_and_its_calls_are_told(tmp_path: Path) -> None:
    said = r"a process came to no end\nprocess 1, thread 0 was in get\('get_app_state"
    with pytest.raises(LoadFailedError, match=said):
        history_of(Hangs, tmp_path, Registers, **{**SMALL, "seconds": 1.0}, patience=2.0)


def test_who_says_much_is_not_kept_waiting(tmp_path: Path) -> None:
    assert history_of(SaysMuch, tmp_path, Registers, **SMALL)


def test_what_is_refused_is_tried_again(tmp_path: Path) -> None:
    rows = history_of(RefusesEveryOther, tmp_path, Registers, **SMALL)
    assert all(outcome == "ok" for *_, outcome, _answer, _start, _end in rows)


def test_a_history_of_refused_calls_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "TRIES", 1)
    monkeypatch.setattr(histories, "SECONDS", 3.0)
    clause = CATALOGUE["transactions-of-processes-are-serialisable"]
    result = judge(clause, find_target("test_loads:RefusesNearlyAll"), claims=frozenset(Capability))
    assert result.outcome is Outcome.UNDECIDED
    assert re.search(r"no verdict: \d+ of \d+ operations were refused", result.reason)


def of(call: str, outcome: Any) -> Operation:
    arguments = ("red", "1") if call == "set" else ("red",)
    return Operation(process=1, thread=0, call=call, arguments=arguments, outcome=outcome, start=0, end=1)


@pytest.mark.parametrize(
    ("operations", "all_refused", "overlap", "reason"),
    [
        ([of("get", "ok")] * 4 + [of("get", "refused")] * 5, (), 1.0, "5 of 9 operations were refused"),
        ([of("get", "ok")] * 3, (), 1.0, "3 operations ended well in the time that they had"),
        ([of("get", "ok")] * 4 + [of("set", "refused")], ("set",), 1.0, "each set was refused"),
        ([of("get", "ok")] * 4, (), 0.1, "10% of the operations were under way beside another"),
        ([of("get", "ok")] * 4 + [of("get", "refused")] * 4, (), 0.2, ""),
    ],
)
def test_what_is_too_little_is_said(
    operations: list[Operation], all_refused: tuple[str, ...], overlap: float, reason: str
) -> None:
    assert histories._too_little(Findings(operations, Verdict(), overlap, all_refused), least=4) == reason


def test_findings_count_and_tell_and_end_no_line_in_other_than_ascii() -> None:
    one = Operation(process=1, thread=0, call="get", arguments=("red",), outcome="refused", start=0, end=1)
    findings = Findings([one], Verdict(anomalies=(Anomaly(name="stale read", told="of [\u2026, 3]"),)), 0.5)
    assert (findings.operations, findings.refused, findings.overlap) == (1, 1, 0.5)
    assert repr(findings).splitlines()[1] == "stale read: of [..., 3]"
    assert len(repr(findings).splitlines()[0]) > 100


def test_calls_that_came_one_after_another_are_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "LEAST_OVERLAP", 1.1)
    monkeypatch.setattr(histories, "TRIES", 1)
    clause = CATALOGUE["single-calls-of-processes-take-turns"]
    result = judge(clause, find_target("sqlite"), claims=frozenset(Capability))
    assert result.outcome is Outcome.UNDECIDED
    assert "of the operations were under way beside another" in result.reason
