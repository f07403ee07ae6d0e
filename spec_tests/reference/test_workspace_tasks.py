"""One job of a name runs at a time, tells how far it is, and is given up half an hour after its last word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from burndown_spec.oracle import open_backend as open_memory
from burndown_store.contract import Task, ValidationError, same
from burndown_store.sqlite import open_backend_normal
from burndown_store.workspace import STALE_AFTER, TaskNotRunningError, TaskRunningError, Workspace
from workspace_samples import Clock, started


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=[open_backend_normal, open_memory], ids=["sqlite", "memory"])
def workspace(tmp_path: Path, clock: Clock, request: pytest.FixtureRequest) -> Iterator[Workspace]:
    with started(tmp_path, clock, request.param) as workspace:
        yield workspace


def test_a_task_tells_its_progress_until_it_is_complete(workspace: Workspace, clock: Clock) -> None:
    workspace.start_task("fetch", message="asking", state={"page": 0})
    clock.pass_by(minutes=1)
    workspace.report_progress("fetch", 40.0, state={"page": 4})
    told = clock.pass_by(minutes=1)
    task = workspace.report_progress("fetch", message="reading")
    assert same(
        task,
        Task(name="fetch", status="in_progress", percent=40.0, message="reading", updated_at=told, state={"page": 4}),
    )
    assert same(workspace.backend.get_task("fetch"), task)

    done = workspace.finish_task("fetch")

    assert (done.status, done.percent, done.message) == ("complete", 100.0, "reading")
    assert same(workspace.backend.list_tasks(), [done])


def test_a_task_that_fails_keeps_how_far_it_came(workspace: Workspace) -> None:
    workspace.start_task("fetch")
    workspace.report_progress("fetch", 40)

    task = workspace.fail_task("fetch", "the server does not answer")

    assert (task.status, task.percent, task.message) == ("error", 40.0, "the server does not answer")


def test_a_task_in_progress_is_not_started_again_until_it_is_stale(workspace: Workspace, clock: Clock) -> None:
    workspace.start_task("fetch", message="first")
    workspace.start_task("calculate")
    clock.now += STALE_AFTER
    with pytest.raises(TaskRunningError, match="'fetch': it is in progress already"):
        workspace.start_task("fetch", message="second")

    clock.pass_by(microseconds=1)

    assert workspace.start_task("fetch", message="second").message == "second"


def test_a_word_from_a_task_keeps_it_from_being_stale(workspace: Workspace, clock: Clock) -> None:
    workspace.start_task("fetch")
    clock.pass_by(minutes=20)
    workspace.report_progress("fetch", 1.0)
    clock.pass_by(minutes=20)

    with pytest.raises(TaskRunningError):
        workspace.start_task("fetch")


def test_a_task_told_in_the_future_is_stale_too(workspace: Workspace, clock: Clock) -> None:
    task = workspace.start_task("fetch")
    clock.pass_by(minutes=-31)

    assert workspace.is_stale(task)
    assert workspace.start_task("fetch").updated_at == clock.now


def test_an_ended_task_is_never_stale_and_may_be_started_again(workspace: Workspace, clock: Clock) -> None:
    workspace.start_task("fetch")
    ended = workspace.finish_task("fetch")
    clock.pass_by(days=1)

    assert not workspace.is_stale(ended)
    assert workspace.start_task("fetch").percent == 0.0


def test_a_task_that_was_cancelled_is_not_revived_by_its_next_word(workspace: Workspace) -> None:
    workspace.start_task("fetch")
    cancelled = workspace.fail_task("fetch", "cancelled")

    with pytest.raises(TaskNotRunningError, match="'fetch': it is not in progress; start it first"):
        workspace.report_progress("fetch", 50.0)
    with pytest.raises(TaskNotRunningError):
        workspace.finish_task("fetch")
    with pytest.raises(TaskNotRunningError):
        workspace.fail_task("fetch", "again")
    with pytest.raises(TaskNotRunningError):
        workspace.finish_task("never started")

    assert same(workspace.backend.list_tasks(), [cancelled])


def test_progress_that_is_none_is_refused_and_changes_nothing(workspace: Workspace) -> None:
    task = workspace.start_task("fetch")

    with pytest.raises(ValidationError, match="percent"):
        workspace.report_progress("fetch", 101.0)
    with pytest.raises(ValidationError, match="name"):
        workspace.start_task("")

    assert same(workspace.backend.list_tasks(), [task])
