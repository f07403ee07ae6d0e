"""Judging one clause: what its result says, and that its script decides as the clause did."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from burndown_spec.expectations import expect_error, expect_same, expect_that
from burndown_spec.judging import judge
from burndown_spec.registry import Clause, clause
from burndown_spec.results import Failure, Outcome, Result
from burndown_spec.stage import NotOfferedError, Stage, UnavailableError, UndecidedError
from burndown_spec.target import Target
from burndown_spec.values.records import a_profile, a_task
from burndown_spec.vocabulary import CallersOwnError, Feed, alter, ids, in_thread, together
from burndown_store.contract import Backend, Capability, Profile, Task, ValidationError, replace

TOKEN = {"token": "invented"}


class Small:
    """A backend of a few operations, and as many faults."""

    capabilities: frozenset[Capability] = frozenset()
    schema_version = 1

    def __init__(self, location: Path, *, timeout: float) -> None:
        self._profiles: dict[str, Profile] = {}
        self._tasks: dict[str, Task] = {}

    def save_profile(self, profile: Profile) -> None:
        self._profiles[profile.id] = profile

    def get_profile(self, profile_id: str) -> Profile | None:
        found = self._profiles.get(profile_id)
        return found and replace(found, show_points=1)

    def list_profiles(self) -> list[Profile]:
        return list(self._profiles.values())

    def save_task(self, task: Task) -> None:
        self._tasks[task.name] = task

    def get_task(self, name: str) -> Task:
        return self._tasks[name]

    def list_tasks(self) -> int:
        return 42

    def check(self) -> list[str]:
        threading.Event().wait()
        return []

    def close(self) -> None:
        pass


def open_small(location: Path, *, timeout: float) -> Backend:
    return Small(location, timeout=timeout)  # type: ignore[return-value]


TARGET = Target("small", "small", "Small", open_small)


def clause_of(function: object) -> Clause:
    return clause("a-clause", sentences="1.1", likely_causes=["a cause"])(function)  # type: ignore[arg-type]


def judged(function: object, *, timeout: float = 30.0) -> Result:
    return judge(clause_of(function), TARGET, claims=frozenset(), timeout=timeout)


def failure_of(result: Result) -> Failure:
    assert result.outcome is Outcome.FAILS
    assert result.failure is not None
    return result.failure


def run_script(result: Result, folder: Path, *, module: str) -> tuple[int, str]:
    """Exit status and output of the repro script, where the backend is that of this file or one that a test writes."""
    (folder / "small.py").write_text(textwrap.dedent(module), encoding="utf-8")
    script = folder / "repro.py"
    script.write_text(result.repro, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), "small:Small"], cwd=folder, capture_output=True, encoding="utf-8", check=False
    )
    return done.returncode, done.stdout + done.stderr


def a_profile_comes_back(backend: Backend) -> None:
    """A profile comes back the same."""
    backend.save_profile(a_profile())
    expect_same(backend.get_profile("p"), a_profile())


def test_a_broken_promise_is_told_from_requirement_to_difference() -> None:
    failure = failure_of(judged(a_profile_comes_back))
    assert failure.requirement == "A profile comes back the same."
    assert failure.sentences == ("1.1",)
    assert failure.done[0] == "backend = open_backend(location, timeout=5.0)"
    assert failure.done[1].startswith("backend.save_profile(Profile(id='p', name='Team Blue'")
    assert failure.done[2].startswith("backend.get_profile('p')  # Profile(")
    assert failure.actual.endswith("show_points=1)")
    assert failure.difference == ".show_points: expected False, got 1 (bool, int)"
    assert failure.likely_causes == ("a cause",)


def test_an_error_where_an_answer_is_expected_is_shown_with_its_type() -> None:
    def a_task_is_read(backend: Backend) -> None:
        """A task that is not there is none."""
        expect_same(backend.get_task("gone"), None)

    failure = failure_of(judged(a_task_is_read))
    assert failure.expected == "returns what the contract says"
    assert failure.actual == "raised KeyError: 'gone'"


@pytest.mark.parametrize(
    ("kind", "actual"), [(ValidationError, "raised KeyError: ''"), (LookupError, None)], ids=["other", "expected"]
)
def test_an_error_is_expected_by_its_kind(kind: type[Exception], actual: str | None) -> None:
    def a_name_is_refused(backend: Backend) -> None:
        """An empty name is refused."""
        with expect_error(kind):
            backend.get_task("")

    result = judged(a_name_is_refused)
    assert (result.failure.actual if result.failure else None) == actual


def test_no_error_where_one_is_expected_shows_what_was_answered() -> None:
    def an_id_is_refused(backend: Backend) -> None:
        """An empty id is refused."""
        with expect_error(ValidationError):
            backend.get_profile("")

    failure = failure_of(judged(an_id_is_refused))
    assert (failure.expected, failure.actual) == ("raises ValidationError", "None")


def test_an_answer_of_another_shape_is_a_failure_of_the_backend() -> None:
    def tasks_have_names(backend: Backend) -> None:
        """Tasks have names."""
        for task in backend.list_tasks():
            expect_same(task.name, "update")

    failure = failure_of(judged(tasks_have_names))
    assert (failure.expected, failure.actual) == ("returns what the contract says", "42")


def test_a_property_is_told_in_its_own_words() -> None:
    def tasks_are_few(backend: Backend) -> None:
        """Tasks are few."""
        expect_that(backend.list_tasks(), is_less_than, 10)

    assert failure_of(judged(tasks_are_few)).expected == "is less than [10]"


def is_less_than(value: int, most: int) -> bool:
    """is less than"""
    return value < most


def test_what_does_not_end_fails_with_the_stacks_and_a_script_that_gives_up(tmp_path: Path) -> None:
    def the_store_is_checked(backend: Backend) -> None:
        """A check ends."""
        backend.check()

    result = judged(the_store_is_checked, timeout=0.2)
    failure = failure_of(result)
    assert failure.expected == "ends within 0.2 s (--timeout)"
    assert failure.actual.startswith("raised DidNotEndError: did not end\nThread ")
    assert "in check" in failure.actual
    assert failure.done[-1] == "backend.check()  # did not end"
    module = """
        import threading
        class Small:
            def __init__(self, location, *, timeout): pass
            def check(self): threading.Event().wait()
    """
    status, said = run_script(result, tmp_path, module=module)
    assert (status, "Actual:   raised DidNotEndError: did not end" in said) == (1, True), said


def test_an_operation_that_is_missing_blocks() -> None:
    def state_is_kept(backend: Backend) -> None:
        """State is kept."""
        backend.set_app_state("a", "b")

    result = judged(state_is_kept)
    assert (result.outcome, result.reason) == (Outcome.BLOCKED, "the backend has no set_app_state")


def test_what_is_not_claimed_is_not_run() -> None:
    def never(backend: Backend) -> None:
        """Never."""
        raise AssertionError("it was run")

    needing = clause("a-clause", sentences="1.1", likely_causes=["a cause"], needs=[Capability.SNAPSHOTS])(never)
    result = judge(needing, TARGET, claims=frozenset())
    assert (result.outcome, result.reason) == (Outcome.NOT_CLAIMED, "needs snapshots")


def test_what_this_machine_cannot_judge_is_unavailable() -> None:
    def elsewhere(backend: Backend) -> None:
        """Elsewhere."""
        raise UnavailableError("there is no disk to fill")

    result = judged(elsewhere)
    assert (result.outcome, result.reason) == (Outcome.UNAVAILABLE, "there is no disk to fill")


def test_what_allows_no_verdict_is_not_judged() -> None:
    def undecided(backend: Backend) -> None:
        """Undecided."""
        raise UndecidedError("no verdict: too few calls overlapped")

    result = judged(undecided)
    assert (result.outcome, result.reason) == (Outcome.UNDECIDED, "no verdict: too few calls overlapped")


def test_what_a_backend_may_offer_and_does_not_is_not_offered() -> None:
    def about_recovery(backend: Backend) -> None:
        """About recovery."""
        raise NotOfferedError("it offers no recover")

    result = judged(about_recovery)
    assert (result.outcome, result.reason) == (Outcome.NOT_OFFERED, "it offers no recover")


def test_a_backend_that_does_not_open_fails_the_clause() -> None:
    def refuses(location: Path, *, timeout: float) -> Backend:
        raise OSError(f"{location} is full")

    result = judge(clause_of(a_profile_comes_back), Target("full", "full", "refuses", refuses), claims=frozenset())
    assert failure_of(result).actual == "raised OSError: LOCATION is full"


WELL = """
    class Small:
        def __init__(self, location, *, timeout): self.kept = {}
        def save_profile(self, profile): self.kept[profile.id] = profile
        def get_profile(self, profile_id): return self.kept.get(profile_id)
        def list_profiles(self): return sorted(self.kept.values(), key=lambda profile: profile.id, reverse=True)
"""


def test_the_script_makes_the_calls_and_decides_as_the_clause_did(tmp_path: Path) -> None:
    result = judged(a_profile_comes_back)
    wrong = "__import__('msgspec').structs.replace(self.kept['p'], show_points=1)"
    faulty = WELL.replace("self.kept.get(profile_id)", wrong)
    status, said = run_script(result, tmp_path, module=faulty)
    assert status == 1, said
    assert f"Expected: {failure_of(result).expected}\nActual:   {failure_of(result).actual}\n" in said
    assert run_script(result, tmp_path, module=WELL)[0] == 0


def test_the_script_shows_what_was_altered_viewed_fed_and_done_in_threads(tmp_path: Path) -> None:
    def everything(backend: Backend, stage: Stage) -> None:
        """Everything at once."""
        given = a_profile("a", jira_config=TOKEN)
        backend.save_profile(given)
        stage.do(alter, given)
        stage.do(in_thread, backend.save_profile, a_profile("b"))
        stage.do(together, (backend.save_profile, a_profile("c")), (backend.save_task, a_task()))
        with expect_error(TypeError):
            backend.save_profile(Feed([a_profile("d")], then=CallersOwnError("mine")), "too much")  # type: ignore[arg-type, call-arg]
        expect_same(backend.list_profiles(), ["c", "b", "a"], view=ids)

    result = judged(everything)
    script = result.repro
    assert "value_1 = Profile(id='a'" in script
    assert "alter(value_1)" in script
    assert "together((backend.save_profile, Profile(id='c'" in script
    assert "CallersOwnError('mine')" in script
    status, said = run_script(result, tmp_path, module=WELL + "        def save_task(self, task): pass\n")
    assert status == 0, said


def test_every_example_of_a_search_begins_with_a_fresh_store_and_a_fresh_trace() -> None:
    def searching(backend: Backend, stage: Stage) -> None:
        """Every store is fresh."""
        backend.save_profile(a_profile("before"))
        again = stage.start_over()
        again.save_profile(a_profile("after"))
        expect_same(again.list_profiles(), [], view=ids)

    failure = failure_of(judged(searching))
    assert failure.actual == "['after']"
    assert [line.partition("(")[0] for line in failure.done] == [
        "backend = open_backend",
        "backend.save_profile",
        "backend.list_profiles",
    ]


def test_nothing_is_left_of_a_clause(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    judged(a_profile_comes_back)
    assert list(tmp_path.iterdir()) == []


def test_a_close_that_does_not_end_fails_a_clause_that_held() -> None:
    class Stuck(Small):
        def close(self) -> None:
            threading.Event().wait()

    def a_task_is_kept(backend: Backend) -> None:
        """A task is kept."""
        backend.save_task(a_task("t"))

    target = Target("stuck", "stuck", "Stuck", Stuck)  # type: ignore[arg-type]
    failure = failure_of(judge(clause_of(a_task_is_kept), target, claims=frozenset(), timeout=0.2))
    assert failure.done[-1] == "backend.close()  # did not end"


class Unspeakable(list[int]):
    """Raises at anything that it is asked."""

    def __repr__(self) -> str:
        raise RuntimeError("detached")

    __len__ = __iter__ = __repr__  # type: ignore[assignment]


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("detached")


def test_an_answer_that_cannot_be_shown_is_a_failure_all_the_same() -> None:
    class Detached(Small):
        def list_profiles(self) -> list[Profile]:
            return Unspeakable()  # type: ignore[return-value]

        def get_profile(self, profile_id: str) -> Profile | None:
            raise UnspeakableError

    def profiles_are_listed(backend: Backend) -> None:
        """Profiles are listed."""
        expect_same(backend.list_profiles(), [])

    def a_profile_is_read(backend: Backend) -> None:
        """A profile is read."""
        expect_same(backend.get_profile("p"), None)

    target = Target("detached", "detached", "Detached", Detached)  # type: ignore[arg-type]
    for function, kind in ((profiles_are_listed, "Unspeakable"), (a_profile_is_read, "UnspeakableError")):
        failure = failure_of(judge(clause_of(function), target, claims=frozenset()))
        assert failure.actual.startswith(f"a {kind} that cannot be written")
