"""The mechanism that ends a process at a given point of its work, and the samples of such points."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pytest

from burndown_spec import cli
from burndown_spec.clauses import CATALOGUE, killed, migration_safety
from burndown_spec.judging import judge
from burndown_spec.oracle import MemoryBackend
from burndown_spec.results import Outcome, Result
from burndown_spec.runner import Options
from burndown_spec.sampling import crucial_of_steps, kind_of, sample_of, sample_of_steps
from burndown_spec.target import Factory, Target, find_target
from burndown_spec.vocabulary import crash_points, end_at, killed_at, points_of, torn_parts
from burndown_store.contract import BusyError, Capability

KINDS = ("line", "file", "statement", "call")
SETTING = "with open_backend(location, timeout=5.0) as backend: backend.set_app_state('k', 'v')"


class Tiny:
    """A store of the application's state alone, whose changes are committed by the driver's own means."""

    def __init__(self, location: Path, *, timeout: float) -> None:
        self._connection = sqlite3.connect(location / "tiny.db", timeout=timeout)
        self._connection.execute("CREATE TABLE IF NOT EXISTS state (key PRIMARY KEY, value)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def set_app_state(self, key: str, value: str) -> None:
        cursor = self._connection.cursor()
        cursor.executemany(
            "/* two */ REPLACE INTO state VALUES (?, ?) -- FROM nothing", [(key, value), ("more", value)]
        )
        self._connection.commit()
        Path(self._connection.execute("PRAGMA database_list").fetchone()[2]).with_name("written").write_bytes(b"")

    def list_app_state(self) -> dict[str, str]:
        return dict(self._connection.execute("SELECT key, value FROM state"))


def told_of(points: list[str]) -> list[str]:
    return [point for point in points if not point.startswith("line ")]


def test_each_statement_inside_sqlite_is_a_point_those_of_the_driver_itself_included(tmp_path: Path) -> None:
    points = crash_points(Tiny, tmp_path, SETTING, KINDS)

    assert told_of(points) == [
        *("before call 1: open", "before statement 1: CREATE state", "after statement 1: CREATE state"),
        *("after call 1: open", "before call 2: set_app_state"),
        *("before statement 2: BEGIN", "after statement 2: BEGIN"),
        *("before statement 3: REPLACE state", "after statement 3: REPLACE state"),
        *("before statement 4: REPLACE state", "after statement 4: REPLACE state"),
        *("before statement 5: COMMIT", "after statement 5: COMMIT"),
        *("before statement 6: PRAGMA", "after statement 6: PRAGMA"),
        *("before file 1: write written", "after file 1: write written"),
        *("after call 2: set_app_state", "before call 3: close", "after call 3: close"),
    ]
    with Tiny(tmp_path, timeout=5.0) as backend:
        assert backend.list_app_state() == {"k": "v", "more": "v"}


def test_each_line_of_the_backend_is_a_point_once_and_those_of_libraries_are_none(tmp_path: Path) -> None:
    points = crash_points(Tiny, tmp_path, f"{SETTING}\n{SETTING}", ["line"])

    lines = [point.removeprefix("line ").partition(":") for point in points]
    assert {Path(file).name for file, _, _ in lines} == {Path(__file__).name}
    assert max(Counter(points).values()) == 1
    body = Tiny.set_app_state.__code__
    assert {int(line) for _, _, line in lines} >= {line for _, _, line in body.co_lines() if line} - {
        body.co_firstlineno
    }


@pytest.mark.parametrize(
    ("point", "left"),
    [
        ("before statement 5: COMMIT", {}),
        ("after statement 5: COMMIT", {"k": "v", "more": "v"}),
        ("before file 1: write written", {"k": "v", "more": "v"}),
    ],
)
def test_the_process_ends_at_the_point_with_nothing_closed(tmp_path: Path, point: str, left: dict[str, str]) -> None:
    assert end_at(Tiny, tmp_path, SETTING, point) == "at the point"

    assert not (tmp_path / "written").exists()
    with Tiny(tmp_path, timeout=5.0) as backend:
        assert backend.list_app_state() == left


def test_a_process_that_does_not_come_to_the_point_says_so(tmp_path: Path) -> None:
    assert end_at(Tiny, tmp_path, SETTING, "before statement 50: COMMIT") == "at the end of the job"

    assert (tmp_path / "written").exists()


def test_a_job_that_fails_by_itself_is_an_error_and_no_crash(tmp_path: Path) -> None:
    with pytest.raises(ChildProcessError, match=r"^ZeroDivisionError: division by zero"):
        crash_points(Tiny, tmp_path, "1 / 0", KINDS)
    with pytest.raises(ChildProcessError, match="ZeroDivisionError"):
        end_at(Tiny, tmp_path, "1 / 0", "before call 1: open")


class RefusedAtTheStart(Tiny):
    """Refuses its first transaction, there."""

    at = "the start"
    refused = False

    def refuse(self, at: str) -> None:
        if at == self.at and not self.refused:
            self.refused = True
            raise BusyError("somebody else writes; try again")

    @contextmanager
    def transaction(self) -> Iterator[Self]:
        self.refuse("the start")
        yield self
        self.refuse("the end")

    def set_app_state(self, key: str, value: str) -> None:
        self.refuse("a call")
        super().set_app_state(key, value)


class RefusedAtACall(RefusedAtTheStart):
    at = "a call"


class RefusedAtTheEnd(RefusedAtTheStart):
    at = "the end"


STEP = ("set_app_state", "k", "v")


@pytest.mark.parametrize(
    ("backend", "refused", "made"),
    [
        (RefusedAtTheStart, "after call 2: refused transaction", "after call 5: end of transaction"),
        (RefusedAtACall, "after call 4: end of transaction", "after call 7: end of transaction"),
        (RefusedAtTheEnd, "after call 4: end of transaction", "after call 7: end of transaction"),
    ],
)
def test_a_transaction_that_is_refused_is_repeated_and_acknowledged_when_it_is_made(
    tmp_path: Path, backend: type[Tiny], refused: str, made: str
) -> None:
    assert {refused, made} < {*points_of(backend, tmp_path, [[STEP], STEP])}

    assert killed_at(backend, tmp_path, refused, [[STEP], STEP]) == {"at": refused, "opened": True, "acknowledged": 0}
    assert killed_at(backend, tmp_path, made, [[STEP], STEP]) == {"at": made, "opened": True, "acknowledged": 1}


def test_of_torn_parts_those_that_tell_come_first_and_others_are_counted() -> None:
    before = {f"part {number}": "before" for number in range(6)}
    after = dict.fromkeys(before, "after")
    found = {**before, "part 4": "after", "part 5": "neither"}

    assert torn_parts(found, {"at": "after file 1: write x", "acknowledged": 3}, before, after) == [
        "after a kill at 'after file 1: write x', 3 steps acknowledged",
        "part 5: as neither",
        *("part 0: as before it", "part 1: as before it", "part 2: as before it"),
        *("part 4: as after it", "1 more as before it"),
    ]
    assert torn_parts(after, {"at": "after file 1: write x", "acknowledged": 3}, before, after) == []


POINTS = [
    *("line a/x.py:1", "line a/b/y.py:7", "line a/x.py:2", "line a/z.py:3", "line c/s.py:4", "line c/t.py:5"),
    *("before call 1: open", "before statement 1: CREATE state", "after statement 1: CREATE state"),
    *("after call 1: open", "before call 2: get_scope", "after call 2: get_scope"),
    *("before call 3: list_tasks", "after call 3: list_tasks"),
    *("before file 1: write backups/a", "after file 1: write backups/a"),
    *("before file 2: rename backups/.part", "after file 2: rename backups/.part"),
    *(
        "before call 4: transaction",
        "before statement 2: BEGIN",
        "after statement 2: BEGIN",
        "after call 4: transaction",
    ),
    *("before call 5: save_task", "before statement 3: INSERT tasks", "after statement 3: INSERT tasks"),
    *("after call 5: save_task", "before call 6: set_app_state", "before statement 4: INSERT state"),
    *("after statement 4: INSERT state", "after call 6: set_app_state", "before call 7: get_scope"),
    *("after call 7: get_scope", "before call 8: end of transaction", "before statement 5: COMMIT"),
    *("after statement 5: COMMIT", "after call 8: end of transaction", "before call 9: close", "after call 9: close"),
]
CRUCIAL = {
    *("before statement 5: COMMIT", "after statement 5: COMMIT"),
    *("before file 2: rename backups/.part", "after file 2: rename backups/.part"),
    *("before call 6: set_app_state", "after call 6: set_app_state"),
    *("before call 8: end of transaction", "after call 8: end of transaction"),
}


@pytest.mark.parametrize("seed", range(20))
def test_a_sample_has_every_kind_both_ends_and_all_that_is_crucial_first(seed: int) -> None:
    sample = sample_of(POINTS, seed, "c/")

    assert {*sample[: len(CRUCIAL)]} == CRUCIAL
    assert {*sample} >= {POINTS[0], POINTS[-1]}
    assert {*map(kind_of, sample)} == {*map(kind_of, POINTS)}
    assert {*sample} >= {"line c/s.py:4", "line c/t.py:5"}
    assert sample == sample_of(POINTS, seed, "c/")
    assert len({*sample}) == len(sample) < len(POINTS)


def test_another_seed_gives_another_sample_and_nothing_gives_none() -> None:
    assert len({tuple(sample_of(POINTS, seed)) for seed in range(20)}) > 1
    assert sample_of([], 0) == []


def around(kind: str, number: int, what: str, *inside: str) -> list[str]:
    return [f"before {kind} {number}: {what}", *inside, f"after {kind} {number}: {what}"]


STEPS = [
    *around("call", 1, "open", "line a/x.py:1", "line a/x.py:2"),
    *around(
        "call",
        2,
        "save_task",
        "line a/x.py:3",
        *around("statement", 1, "BEGIN"),
        *around("statement", 2, "DELETE tasks"),
        *around("statement", 3, "INSERT tasks"),
        *around("statement", 4, "COMMIT"),
    ),
    *around("call", 3, "transaction", *around("statement", 5, "BEGIN")),
    *around("call", 4, "set_app_state", *around("statement", 6, "INSERT state")),
    *around("call", 5, "clear_task", *around("statement", 7, "DELETE tasks")),
    *around("call", 6, "end of transaction", *around("statement", 8, "COMMIT")),
    *around("call", 7, "save_task", *around("file", 1, "write tasks")),
    *around("call", 8, "close"),
]
MIDST = ["before statement 4: COMMIT", "before statement 8: COMMIT"]


@pytest.mark.parametrize("seed", range(20))
def test_a_sample_of_steps_has_the_midst_of_each_first_and_then_their_ends(seed: int) -> None:
    sample = sample_of_steps(STEPS, seed)

    assert sample[:5] == crucial_of_steps(STEPS, seed)
    assert [point for point in sample[:5] if point in MIDST] == MIDST
    assert {*sample} >= {"after statement 2: DELETE tasks", "after statement 6: INSERT state"}
    assert {*sample} >= {"after call 2: save_task", "after call 6: end of transaction", "after call 7: save_task"}
    assert {*sample} & {f"after call {number}" for number in ("3: transaction", "4: set_app_state", "5: clear_task")}
    assert {*sample} & {"before file 1: write tasks", "after file 1: write tasks"}
    assert {*map(kind_of, sample)} == {*map(kind_of, STEPS)}
    assert sample == sample_of_steps(STEPS, seed)
    assert len({*sample}) == len(sample) < len(STEPS)


KILLED = CATALOGUE["migration-killed-inside-the-store"]


class Told:
    outcome = "migrated"


class Stub(MemoryBackend):
    """Claims what a migration needs, and is migrated at once, again and again."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset({Capability.TRANSACTIONS, Capability.DURABLE})


class NothingToKill(Stub):
    """Its migration opens no store, and nothing is seen of what it does."""

    class migration:  # noqa: N801 - a namespace, as a module is
        @staticmethod
        def migrate(location: Path, open_backend: Any, **_: Any) -> Told:
            return Told()


class NeverTheSame(Stub):
    """Its migration makes a file every second time, which has another name each time."""

    class migration:  # noqa: N801 - a namespace, as a module is
        @staticmethod
        def migrate(location: Path, open_backend: Any, **_: Any) -> Told:
            mark = location.parent / "times"
            times = len(mark.read_bytes()) if mark.exists() else 0
            mark.write_bytes(b"x" * (times + 1))
            if times % 2:
                (location / f"made-{times}").write_bytes(b"")
                (location / f"made-{times}").rename(location / "made")
            return Told()


def judged(clause: str, backend: type[Stub]) -> Result:
    factory: Factory = backend
    target = Target("a stub", backend.__module__, backend.__qualname__, factory)
    claims = frozenset({Capability.TRANSACTIONS, Capability.DURABLE})
    return judge(CATALOGUE[clause], target, claims=claims)


def test_where_there_is_no_point_the_clause_fails_and_says_so() -> None:
    result = judged("migration-killed-inside-the-store", NothingToKill)

    assert result.outcome is Outcome.FAILS
    assert result.failure is not None
    assert result.failure.expected == "There are points at which it can be ended."


def test_where_a_point_is_not_come_to_again_the_clause_fails_and_says_how_many_were() -> None:
    result = judged("migration-killed-at-any-line", NeverTheSame)

    assert result.outcome is Outcome.FAILS
    assert result.failure is not None
    assert (result.failure.expected, result.failure.actual) == ("'at the point'", "'at the end of the job'")
    assert "made-" in result.failure.done[-1]
    assert result.measured["crash points"].endswith(", tried 1, fired 0")


CALL, NOWHERE = "after call 2: transaction", "before statement 9999: COMMIT"


@pytest.mark.parametrize(
    ("points", "outcome", "reason"),
    [
        ([CALL, NOWHERE], Outcome.HOLDS, ""),
        ([CALL, NOWHERE, NOWHERE], Outcome.UNDECIDED, "no verdict: of 3 points tried 1 were reached"),
    ],
)
def test_a_point_that_is_not_come_to_again_is_no_fault_but_most_must_be(
    points: list[str], outcome: Outcome, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(killed, "sample_of_steps", lambda *_: points)
    clause = CATALOGUE["killed-inside-a-transaction"]

    result = judge(clause, find_target("sqlite"), claims=clause.needs)

    assert (result.outcome, result.reason) == (outcome, reason)
    assert result.measured["crash points, steps"].endswith(f"tried {len(points)}, fired 1")


def test_where_the_time_ends_before_all_that_is_crucial_was_tried_there_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(killed, "SECONDS_OF_SAMPLE", -1.0)
    clause = CATALOGUE["killed-while-opening"]

    result = judge(clause, find_target("sqlite"), claims=clause.needs)

    assert result.outcome is Outcome.UNDECIDED
    assert result.reason.startswith("no verdict: 0 of ")


@pytest.mark.parametrize("thorough", [False, True])
def test_a_sample_is_tried_or_all_where_the_judge_is_thorough(thorough: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration_safety, "crash_points", lambda *_: POINTS)
    monkeypatch.setattr(migration_safety, "end_at", lambda *_: "at the point")
    target = find_target("sqlite")

    result = judge(KILLED, target, claims=KILLED.needs, thorough=thorough)

    tried = len(POINTS) if thorough else len(sample_of(POINTS, 0))
    assert result.outcome is Outcome.HOLDS
    assert result.measured["crash points"] == f"planned {len(POINTS)}, tried {tried}, fired {tried}"


@pytest.mark.parametrize(
    ("given", "timeout", "thorough"),
    [([], 120.0, False), (["--thorough"], 3600.0, True), (["--thorough", "--timeout", "90"], 90.0, True)],
)
def test_the_command_is_thorough_when_it_is_asked_and_gives_it_the_time(
    given: list[str], timeout: float, thorough: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Options] = []
    monkeypatch.setattr(cli, "run", asked.append)

    cli.main(["run", "sqlite", *given])

    assert [(options.timeout, options.thorough) for options in asked] == [(timeout, thorough)]
