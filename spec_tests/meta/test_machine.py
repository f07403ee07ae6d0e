"""The random search finds faults that depend on what went before, says them shortly, and is the same for one seed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from burndown_spec.oracle import MemoryBackend, open_backend, register_profiles
from burndown_spec.oracle.calls import Call, OpenPair, Refusal, replay, shortened
from burndown_spec.oracle.machine import SearchError, agree
from burndown_spec.values import a_history, a_profile, a_query, an_issue, full_issue
from burndown_spec.values.strategies import OPERATIONS
from burndown_store.contract import (
    Backend,
    Expired,
    Issue,
    Profile,
    ProfileNotFoundError,
    Query,
    Statistic,
    ValidationError,
    same,
)

THOROUGH = hypothesis.settings(max_examples=100, stateful_step_count=50)
BRIEF = hypothesis.settings(max_examples=10, stateful_step_count=30)


class Disagreed(Exception):
    """Raised by the comparison of these tests."""

    def __init__(self, expected: object, actual: object) -> None:
        super().__init__()
        self.expected, self.actual = expected, actual


def compare(expected: object, actual: object) -> None:
    if not same(expected, actual):
        raise Disagreed(expected, actual)


def pairs(tmp_path: Path, kind: type[MemoryBackend], opened: list[Backend] | None = None) -> OpenPair:
    """Opens pairs of a backend of this kind and an oracle; `opened` tells of the backends."""

    def open_pair() -> tuple[Backend, Backend, Callable[[], None]]:
        backend, oracle = kind(tmp_path / "backend"), open_backend(tmp_path / "oracle")
        if opened is not None:
            opened.append(backend)

        def clean_up() -> None:
            backend.close()
            oracle.close()

        return backend, oracle, clean_up

    return open_pair


def heard(called: list[str]) -> type[MemoryBackend]:
    """A backend of which all handles add to `called` the names of the operations that they are asked for."""

    class Heard(MemoryBackend):
        def __getattribute__(self, name: str) -> Any:
            if name in OPERATIONS:
                called.append(name)
            return super().__getattribute__(name)

    return Heard


# Faults that need a certain state to show


class KeepsIssuesAtReplace(MemoryBackend):
    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        self.save_issues(profile_id, query_id, issues)


class LeavesHistoriesOfDeletedQueries(MemoryBackend):
    def __init__(self, location: Path) -> None:
        super().__init__(location)
        self._left: dict[tuple[str, str], Any] = {}

    def delete_query(self, profile_id: str, query_id: str) -> None:
        histories = self.get_histories(profile_id, query_id)
        super().delete_query(profile_id, query_id)
        self._left[profile_id, query_id] = histories

    def save_query(self, profile_id: str, query: Query) -> None:
        super().save_query(profile_id, query)
        self.save_histories(profile_id, query.id, self._left.pop((profile_id, query.id), []))


class ForgetsQueriesOfAProfileSavedAgain(MemoryBackend):
    def save_profile(self, profile: Profile) -> None:
        super().save_profile(profile)
        for query in self.list_queries(profile.id):
            self.delete_query(profile.id, query.id)


class CountsTheFirstOfTwoEqualDates(MemoryBackend):
    def save_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        super().save_statistics(profile_id, query_id, list(statistics)[::-1])


class ExpiresAMicrosecondLate(MemoryBackend):
    def delete_expired(self, now: datetime) -> Expired:
        # What is no instant is left for the oracle to refuse.
        return super().delete_expired(now - timedelta(microseconds=1) if getattr(now, "tzinfo", None) else now)


FAULTY = [
    KeepsIssuesAtReplace,
    LeavesHistoriesOfDeletedQueries,
    ForgetsQueriesOfAProfileSavedAgain,
    CountsTheFirstOfTwoEqualDates,
    ExpiresAMicrosecondLate,
]


@pytest.mark.parametrize("kind", FAULTY)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_planted_fault_is_found_and_shown_in_a_few_calls(
    tmp_path: Path, kind: type[MemoryBackend], seed: int
) -> None:
    compared: list[object] = []

    def count(expected: object, actual: object) -> None:
        compared.append(expected)
        compare(expected, actual)

    with pytest.raises(Disagreed):
        agree(pairs(tmp_path, kind), count, seed=seed, settings=THOROUGH)
    assert len(compared) <= 8


def test_an_honest_backend_agrees_and_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    agree(pairs(tmp_path, MemoryBackend), compare, seed=0, settings=BRIEF)
    assert capfd.readouterr() == ("", "")


def test_every_operation_is_searched(tmp_path: Path) -> None:
    called: list[str] = []
    agree(pairs(tmp_path, heard(called)), compare, seed=0, settings=BRIEF)
    assert set(called) == set(OPERATIONS)


def test_the_search_knows_every_operation_whose_answer_the_contract_fixes() -> None:
    operations = {name for name in vars(Backend) if not name.startswith("_")}
    left_out = {"capabilities", "schema_version", "size_bytes", "close", "transaction", "snapshot"}
    assert set(OPERATIONS) == operations - left_out


def test_one_seed_gives_the_same_examples_in_every_process_and_nothing_is_left_behind(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "import test_machine as t\n"
        "called = []\n"
        "t.agree(t.pairs(Path(sys.argv[2]), t.heard(called)), t.compare, seed=7, settings=t.BRIEF)\n"
        "print(*called)\n"
    )

    def examples(number: int) -> str:
        return subprocess.run(
            [sys.executable, "-c", script, str(Path(__file__).parent), str(tmp_path)],
            cwd=here,
            env={**os.environ, "PYTHONHASHSEED": str(number)},
            capture_output=True,
            encoding="utf-8",
            check=True,
            timeout=60,
        ).stdout

    first = examples(1)
    assert first.count(" ") > 100
    assert examples(2) == first
    assert list(here.iterdir()) == []


def test_another_seed_gives_other_examples(tmp_path: Path) -> None:
    first: list[str] = []
    second: list[str] = []
    agree(pairs(tmp_path, heard(first)), compare, seed=0, settings=BRIEF)
    agree(pairs(tmp_path, heard(second)), compare, seed=1, settings=BRIEF)
    assert first != second


def test_after_the_seconds_no_new_example_is_begun(tmp_path: Path) -> None:
    opened: list[Backend] = []
    endless = hypothesis.settings(max_examples=10**6, stateful_step_count=5)
    agree(pairs(tmp_path, MemoryBackend, opened), compare, seed=0, settings=endless, seconds=0.05)
    assert 1 <= len(opened) < 1000


def test_every_pair_is_cleaned_up(tmp_path: Path) -> None:
    opened: list[Backend] = []
    with pytest.raises(Disagreed):
        agree(pairs(tmp_path, KeepsIssuesAtReplace, opened), compare, seed=0, settings=THOROUGH)
    with open_backend(tmp_path / "backend") as left:
        assert left.list_profiles() == []


def test_a_disagreement_that_is_seen_once_is_told(tmp_path: Path) -> None:
    class WrongOnce(MemoryBackend):
        wrong = False

        def list_tasks(self) -> list[Any]:
            given = super().list_tasks()
            if given and not WrongOnce.wrong:
                WrongOnce.wrong = True
                return []
            return given

    with pytest.raises(Disagreed) as found:
        agree(pairs(tmp_path, WrongOnce), compare, seed=0, settings=THOROUGH)
    assert found.value.actual == []


def test_an_operation_that_is_missing_is_no_refusal(tmp_path: Path) -> None:
    class Lacks(MemoryBackend):
        @property
        def get_scope(self) -> Any:
            raise LookupError("no such operation")

    with pytest.raises(LookupError, match="no such operation"):
        agree(pairs(tmp_path, Lacks), compare, seed=0, settings=BRIEF)


# Calls


def test_a_refusal_is_the_most_specific_error_of_the_contract(tmp_path: Path) -> None:
    class OwnNotFoundError(ProfileNotFoundError):
        """A backend's own subclass."""

    class Refuses(MemoryBackend):
        def delete_profile(self, profile_id: str) -> None:
            raise OwnNotFoundError("not there")

        def list_profiles(self) -> list[Profile]:
            raise ZeroDivisionError

    with Refuses(tmp_path / "backend") as backend:
        refusal = Call("delete_profile", ("p",)).made_on(backend)
        assert isinstance(refusal, Refusal)
        assert refusal.kind is ProfileNotFoundError
        assert same(refusal, Refusal(ProfileNotFoundError, ValueError()))
        assert not same(refusal, Refusal(ValidationError, refusal.error))
        assert Call("list_profiles").made_on(backend) == Refusal(ZeroDivisionError, ZeroDivisionError())


def test_a_backend_that_changes_its_arguments_does_not_reach_the_oracle(tmp_path: Path) -> None:
    class Empties(MemoryBackend):
        def save_histories(self, profile_id: str, query_id: str, histories: Iterable[Any]) -> None:
            super().save_histories(profile_id, query_id, histories)
            assert isinstance(histories, list)
            histories.clear()

    save = Call("save_histories", ("p", "q", [a_history()]))
    begin = [Call("save_profile", (a_profile(),)), Call("save_query", ("p", a_query()))]
    replay([*begin, save, save, Call("get_histories", ("p", "q"))], pairs(tmp_path, Empties), compare)


def test_calls_are_made_fewer_and_simpler(tmp_path: Path) -> None:
    class HidesOne(MemoryBackend):
        def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
            return [issue for issue in super().get_issues(profile_id, query_id, **filters) if issue.key != "b"]

    calls = [
        Call("save_profile", (a_profile("other"),)),
        Call("save_profile", (a_profile("p"),)),
        Call("list_profiles"),
        Call("save_query", ("p", a_query("q"))),
        Call("save_issues", ("p", "q", [full_issue("a"), full_issue("b"), full_issue("c")])),
        Call("save_issues", ("p", "q", [full_issue("c")])),
        Call("get_issues", ("p", "q"), {"limit": 9, "status": "In Progress"}),
    ]
    left = shortened(calls, pairs(tmp_path, HidesOne), lambda: True)
    assert [call.operation for call in left] == ["save_profile", "save_query", "save_issues", "get_issues"]
    [issue] = left[2].arguments[2]
    assert same(issue, an_issue("b", document=issue.document, expires_at=issue.expires_at))
    assert left[3].filters == {}


def test_calls_stay_as_they_are_where_there_is_no_time(tmp_path: Path) -> None:
    calls = [Call("list_profiles"), Call("list_tasks")]
    assert shortened(calls, pairs(tmp_path, MemoryBackend), lambda: False) == calls


def test_the_profiles_are_registered_and_the_default_one_is_loaded() -> None:
    before = hypothesis.settings.get_profile("default")
    try:
        register_profiles()
        examples = [hypothesis.settings.get_profile(name).max_examples for name in ("default", "ci", "nightly")]
        assert examples == sorted(examples)
        assert hypothesis.settings.get_current_profile_name() == "default"
    finally:
        hypothesis.settings.register_profile("default", before)


def test_a_search_that_cannot_draw_says_nothing_of_the_backend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def moved(seed: int) -> str:
        raise ImportError("the providers have moved")

    monkeypatch.setattr("burndown_spec.oracle.drawing.drawing_from", moved)
    with pytest.raises(SearchError, match="the providers have moved"):
        agree(pairs(tmp_path, MemoryBackend), compare, seed=0, settings=BRIEF)


def test_what_opening_raises_passes_as_it_is() -> None:
    error = OSError("the disk is not there")

    def refuses() -> tuple[Backend, Backend, Callable[[], None]]:
        raise error

    with pytest.raises(OSError, match="the disk is not there") as caught:
        agree(refuses, compare, seed=0, settings=BRIEF)
    assert caught.value is error
