"""What an application meets at start-up: old files brought over once, expired and left-behind things dealt with."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from burndown_fixtures.legacy import write_files, write_tree
from burndown_spec.oracle import MemoryBackend
from burndown_spec.oracle import open_backend as open_memory
from burndown_store.contract import (
    Backend,
    BusyError,
    ClosedError,
    Expired,
    MigrationError,
    StorageError,
    StorageLostError,
    UnsupportedError,
    ValidationError,
    same,
)
from burndown_store.migration import BACKUPS, FLAG, Progress, restore
from burndown_store.sqlite import exists, open_backend_normal
from burndown_store.workspace import IN_PROGRESS, Workspace, open_workspace
from honest.append_only import open_backend as open_append_only
from sqlite_samples import a_history, a_profile, a_query, a_task, an_issue
from workspace_samples import Clock, everything_below, started

PROFILE, QUERY = "p_0a1b2c3d4e5f", "q_112233445566"


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Opened:
    """A backend's factory that keeps what it opened."""

    def __init__(self) -> None:
        self.handles: list[Backend] = []

    def __call__(self, location: Path, *, timeout: float) -> Backend:
        self.handles.append(open_backend_normal(location, timeout=timeout))
        return self.handles[-1]

    def all_closed(self) -> bool:
        for handle in self.handles:
            with pytest.raises(ClosedError):
                handle.list_profiles()
        return True


def everything(workspace: Workspace) -> dict[str, Any]:
    backend = workspace.backend
    queries = {
        f"{profile.id} {query.id}": [query, everything_below(backend, profile.id, query.id)]
        for profile in backend.list_profiles()
        for query in backend.list_queries(profile.id)
    }
    return {
        "profiles": backend.list_profiles(),
        "queries": queries,
        "state": backend.list_app_state(),
        "tasks": backend.list_tasks(),
    }


def test_an_empty_folder_becomes_an_empty_workspace_that_says_so(tmp_path: Path, clock: Clock) -> None:
    with started(tmp_path / "new" / "folder", clock) as workspace:
        assert workspace.migration.outcome == "nothing to migrate"
        assert workspace.backend.list_profiles() == []
        assert workspace.active() == (None, None)
        flag = json.loads(workspace.backend.get_app_state(FLAG) or "")
    assert flag == {"outcome": "nothing to migrate", "at": "2026-01-05T12:00:00+00:00"}


def test_old_files_that_turn_up_beside_a_store_keep_nobody_out(tmp_path: Path, clock: Clock) -> None:
    with started(tmp_path, clock) as workspace:
        workspace.create_profile("Team Red")
    write_tree(tmp_path, "g3")

    with started(tmp_path, clock) as workspace:
        assert workspace.migration.outcome == "already migrated"
        assert [profile.id for profile in workspace.backend.list_profiles()] == ["team-red"]


def test_old_files_are_brought_over_and_where_the_user_was_is_found_again(tmp_path: Path, clock: Clock) -> None:
    root, told = write_tree(tmp_path, "g3"), list[Progress]()

    with started(root, clock, progress=told.append) as workspace:
        assert (workspace.migration.outcome, workspace.migration.generation) == ("migrated", "G3")
        assert workspace.migration.backup == root / BACKUPS / "migration-20260105T120000000000Z"
        profile, query = workspace.active()
        assert (profile and profile.id, query and query.id) == (PROFILE, QUERY)
        before = everything(workspace)
    assert told

    with started(root, clock) as workspace:
        assert workspace.migration.outcome == "already migrated"
        assert same(everything(workspace)["profiles"], before["profiles"])


def test_what_had_expired_when_it_was_migrated_goes_at_the_next_start(tmp_path: Path, clock: Clock) -> None:
    root = write_tree(tmp_path, "g3")
    clock.pass_by(days=365)

    with started(root, clock) as workspace:
        issues = len(workspace.backend.get_issues(PROFILE, QUERY))
        assert workspace.expired == Expired(issues=0, histories=0)
        assert issues == workspace.migration.counts["issues"] > 0

    with started(root, clock) as workspace:
        assert workspace.expired.issues == issues
        assert workspace.backend.get_issues(PROFILE, QUERY) == []
        assert workspace.backend.get_statistics(PROFILE, QUERY)


def test_what_has_expired_is_removed_and_counted(tmp_path: Path, clock: Clock) -> None:
    now, later = clock.now, clock.now + timedelta(microseconds=1)
    with started(tmp_path, clock) as workspace:
        workspace.backend.save_profile(a_profile())
        workspace.backend.save_query("p", a_query())
        workspace.backend.save_issues("p", "q", [an_issue("A", expires_at=now), an_issue("B", expires_at=later)])
        workspace.backend.save_histories("p", "q", [a_history("A", expires_at=now)])

    with started(tmp_path, clock) as workspace:
        assert workspace.expired == Expired(issues=1, histories=1)
        assert [issue.key for issue in workspace.backend.get_issues("p", "q")] == ["B"]


def test_a_writer_at_work_keeps_nobody_from_starting(tmp_path: Path, clock: Clock) -> None:
    with started(tmp_path, clock) as first, first.backend.transaction():
        first.backend.save_profile(a_profile())

        with started(tmp_path, clock, timeout=0.0) as second:
            assert second.expired == Expired(issues=0, histories=0)
            assert second.backend.list_profiles() == []


def test_tasks_left_in_progress_are_listed_and_kept(tmp_path: Path, clock: Clock) -> None:
    left = a_task("fetch", status=IN_PROGRESS, updated_at=clock.now - timedelta(minutes=30, microseconds=1))
    others = [
        a_task("calculate", status=IN_PROGRESS, updated_at=clock.now - timedelta(minutes=30)),
        a_task("report", status="complete", updated_at=clock.now - timedelta(days=1)),
    ]
    with started(tmp_path, clock) as workspace:
        for task in (left, *others):
            workspace.backend.save_task(task)

    with started(tmp_path, clock) as workspace:
        assert workspace.stale_tasks == (left,)
        assert same(workspace.backend.list_tasks(), [others[0], left, others[1]])


def test_a_task_that_the_old_application_left_does_not_keep_the_user_out(tmp_path: Path, clock: Clock) -> None:
    task = {"task_id": "update_data", "status": "in_progress", "start_time": "2025-12-01T09:15:30.123456"}
    root = write_files(write_tree(tmp_path, "g3"), {"task_progress.json": task})

    with started(root, clock) as workspace:
        assert [task.name for task in workspace.stale_tasks] == ["update_data"]
        assert workspace.start_task("update_data").percent == 0.0


@pytest.mark.parametrize("whole", [True, False], ids=["the folder", "profiles alone"])
@pytest.mark.parametrize("moves", [True, False], ids=["moved", "copied"])
def test_a_workspace_works_where_it_was_brought_to(tmp_path: Path, clock: Clock, whole: bool, moves: bool) -> None:
    old, new = write_tree(tmp_path / "old", "g3"), tmp_path / "another machine"
    with started(old, clock) as workspace:
        before = everything(workspace)
    source, target = (old, new) if whole else (old / "profiles", new / "profiles")
    if moves:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)
    else:
        shutil.copytree(source, target)

    with started(new, clock) as workspace:
        assert workspace.migration.outcome == "already migrated"
        assert same(everything(workspace), before)
        assert workspace.backend.check() == []
        workspace.create_profile("Team Red")
    with started(new, clock) as workspace:
        assert workspace.backend.get_profile("team-red") is not None
    assert (new / BACKUPS).exists() == whole


def test_a_store_that_is_gone_is_told_and_the_restored_files_start_anew(tmp_path: Path, clock: Clock) -> None:
    root, opened = write_tree(tmp_path, "g3"), Opened()
    with started(root, clock) as workspace:
        before, backup = everything(workspace), workspace.migration.backup
    for file in (root / "profiles").glob("burndown.db*"):
        file.unlink()

    with pytest.raises(StorageLostError, match="restore"):
        started(root, clock, opened, exists=exists)
    assert opened.handles == []
    assert not exists(root)

    assert backup is not None
    restore(root, backup)
    with started(root, clock) as workspace:
        after = everything(workspace)
    assert same({**after, "state": {}}, {**before, "state": {}})


def test_a_store_that_is_gone_is_told_where_the_factory_is_unknown_too(tmp_path: Path, clock: Clock) -> None:
    root, opened = write_tree(tmp_path, "g3"), Opened()
    started(root, clock).close()
    for file in (root / "profiles").glob("burndown.db*"):
        file.unlink()

    for _ in range(2):
        with pytest.raises(StorageLostError):
            started(root, clock, opened)
    assert opened.all_closed()


def test_damage_refuses_the_start_with_all_problems_and_nothing_stays_open(tmp_path: Path, clock: Clock) -> None:
    cut = {f"profiles/{PROFILE}/profile.json": b'{"name": "Te', f"profiles/{PROFILE}/queries/{QUERY}/query.json": b"{"}
    root, opened = write_files(write_tree(tmp_path, "g3"), cut), Opened()

    with pytest.raises(MigrationError) as refusal:
        started(root, clock, opened)

    assert len(refusal.value.problems) == 2
    assert opened.all_closed()
    with started(root, clock, damage="all") as workspace:
        assert workspace.migration.outcome == "migrated"


def test_a_store_with_other_data_is_refused_when_old_files_are_there(tmp_path: Path, clock: Clock) -> None:
    root, opened = write_tree(tmp_path, "g3"), Opened()
    with open_backend_normal(root) as backend:
        backend.save_profile(a_profile())

    with pytest.raises(MigrationError, match="holds data that does not come from these old files"):
        started(root, clock, opened)

    assert opened.all_closed()


def test_a_backend_without_transactions_is_refused_and_closed(tmp_path: Path, clock: Clock) -> None:
    handles: list[MemoryBackend] = []

    def open_plain(location: Path, *, timeout: float) -> Backend:
        handles.append(MemoryBackend(location, timeout=timeout))
        return handles[-1]

    with pytest.raises(UnsupportedError, match="needs a backend with transactions"):
        started(tmp_path, clock, open_plain)

    for handle in handles:
        with pytest.raises(ClosedError):
            handle.list_profiles()


@pytest.mark.parametrize("call", ["delete_expired", "list_tasks", "set_app_state"])
def test_whatever_fails_at_the_start_passes_and_nothing_stays_open(tmp_path: Path, clock: Clock, call: str) -> None:
    opened, error = Opened(), StorageError("the disk is gone")

    def fail(*_: object) -> None:
        raise error

    def open_failing(location: Path, *, timeout: float) -> Backend:
        backend = opened(location, timeout=timeout)
        if len(opened.handles) == 2:
            setattr(backend, call, fail)
        return backend

    with pytest.raises(StorageError, match="the disk is gone") as raised:
        started(tmp_path, clock, open_failing)

    assert raised.value is error
    assert len(opened.handles) == 2
    assert opened.all_closed()


def test_a_conflict_while_the_store_is_marked_is_tried_again(tmp_path: Path, clock: Clock) -> None:
    refusals = [BusyError("somebody was first")]

    def open_contested(location: Path, *, timeout: float) -> Backend:
        backend = open_backend_normal(location, timeout=timeout)
        keep = backend.set_app_state

        def set_app_state(key: str, value: str) -> None:
            if refusals:
                raise refusals.pop()
            keep(key, value)

        backend.set_app_state = set_app_state  # type: ignore[method-assign]
        return backend

    with started(tmp_path, clock, open_contested) as workspace:
        assert workspace.backend.get_app_state(FLAG) is not None


def test_another_backend_than_the_reference_will_do(tmp_path: Path, clock: Clock) -> None:
    root = write_tree(tmp_path, "g3")

    with started(root, clock, open_append_only) as workspace:
        assert workspace.migration.outcome == "migrated"
        assert workspace.active()[0] == workspace.backend.get_profile(PROFILE)
    with started(root, clock, open_append_only) as workspace:
        assert workspace.migration.outcome == "already migrated"


def test_a_store_that_keeps_nothing_after_its_migration_is_told(tmp_path: Path, clock: Clock) -> None:
    root = write_tree(tmp_path, "g3")

    with pytest.raises(StorageLostError, match="lost between its migration and its opening"):
        started(root, clock, open_memory)


def test_the_reference_is_opened_unless_another_is_named(tmp_path: Path) -> None:
    with open_workspace(tmp_path, clock=lambda: datetime(2026, 1, 5, tzinfo=UTC)) as workspace:
        assert exists(tmp_path)
    with pytest.raises(ClosedError):
        workspace.active()
    workspace.close()


def test_a_clock_that_gives_naive_times_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="clock"):
        started(tmp_path, lambda: datetime(2026, 1, 5))  # noqa: DTZ001

    assert list(tmp_path.iterdir()) == []
