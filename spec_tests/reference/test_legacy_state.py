"""The registry's active ids become the application's state, and task_progress.json a task."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from burndown_fixtures.legacy import write_tree
from burndown_store.legacy import UNKNOWN_TIME
from legacy_samples import PROFILE, QUERY, REGISTRY, TASKS, instant, read, read_all, reasons


def test_active_ids_that_name_something_are_the_state(tmp_path: Path) -> None:
    registry = {"version": "3.0", "active_profile_id": "p", "active_query_id": "q", "profiles": {}}
    state = read(tmp_path, {PROFILE: {}, QUERY: {}, REGISTRY: registry}).workspace.app_state

    assert state == {"active_profile_id": "p", "active_query_id": "q", "legacy.registry": '{"version": "3.0"}'}


@pytest.mark.parametrize(
    ("profile_id", "query_id", "active"),
    [
        ("p", "main", {"active_profile_id": "p"}),
        ("gone", "q", {}),
        (None, None, {}),
        ("", "", {}),
        (5, ["q"], {}),
    ],
)
def test_a_dangling_active_id_is_none_and_kept_beside(
    tmp_path: Path, profile_id: Any, query_id: Any, active: dict[str, str]
) -> None:
    registry = {"active_profile_id": profile_id, "active_query_id": query_id}
    state = dict(read(tmp_path, {PROFILE: {}, QUERY: {}, REGISTRY: registry}).workspace.app_state)

    rest = json.loads(state.pop("legacy.registry"))
    assert state == active
    assert {**rest, **active} == registry


def test_a_registry_whose_profiles_are_null_says_so(tmp_path: Path) -> None:
    state = read(tmp_path, {REGISTRY: {"profiles": None}}).workspace.app_state

    assert state == {"legacy.registry": '{"profiles": null}'}


def test_a_list_of_profiles_is_read_like_an_object(tmp_path: Path) -> None:
    as_list, as_object = (
        read_all(write_tree(tmp_path / "list", "g3-listed")),
        read_all(write_tree(tmp_path / "object", "g3")),
    )

    assert as_list.workspace.app_state == as_object.workspace.app_state
    assert [(each.id, each.name, each.last_used_at) for each in as_list.profiles.values()] == [
        (each.id, each.name, each.last_used_at) for each in as_object.profiles.values()
    ]


def test_a_registry_entry_without_a_folder_is_a_profile_and_noted(tmp_path: Path) -> None:
    everything = read_all(write_tree(tmp_path, "g3-orphans"))

    assert everything.profiles["p_gone"].name == "Team Red"
    assert [note.place for note in everything.notes] == ["profiles.p_gone"]


def test_a_folder_without_a_registry_entry_is_a_profile(tmp_path: Path) -> None:
    assert "p_0a1b2c3d4e5f" in read_all(write_tree(tmp_path, "g3-orphans")).profiles


def test_bad_entries_of_the_registry_are_rejected_each_for_itself(tmp_path: Path) -> None:
    registry = {"profiles": [{"id": "a", "name": "A"}, "text", {"name": "no id"}, {"id": "a", "name": "B"}]}
    everything = read(tmp_path, {REGISTRY: registry})

    assert everything.profile.name == "B"
    assert reasons(everything) == [
        ("unreadable", "profiles.json", "profiles[1]"),
        ("unreadable", "profiles.json", "profiles[2]"),
        ("superseded", "profiles.json", "profiles[0]"),
    ]


def test_a_registry_that_cannot_be_read_costs_no_profile(tmp_path: Path) -> None:
    everything = read_all(write_tree(tmp_path, "g3-two-writers"))

    assert sorted(everything.profiles) == ["Team Grün", "p_0a1b2c3d4e5f"]
    assert everything.workspace.app_state == {}
    assert [reject.file for reject in everything.rejects] == [REGISTRY]


def test_a_running_task_is_read_with_the_progress_of_its_phase(tmp_path: Path) -> None:
    (task,) = read_all(write_tree(tmp_path, "g3")).workspace.tasks

    assert (task.name, task.status, task.percent, task.message) == ("update_data", "in_progress", 25.0, "Fetching")
    assert task.updated_at == instant("2026-01-05T07:58:00.000001+00:00")
    assert task.state["ui_state"] == {"operation_in_progress": True}


def test_a_task_was_updated_at_the_latest_of_its_times(tmp_path: Path) -> None:
    times = {"start_time": "2026-01-05T07:00:00", "complete_time": "2026-01-05T07:05:00", "error_time": None}
    (task,) = read(tmp_path, {TASKS: {"task_id": "generate_report", **times}}).workspace.tasks

    assert task.updated_at == instant("2026-01-05T07:05:00+00:00")


@pytest.mark.parametrize("percent", [150, -1, "50", None, True])
def test_a_percentage_that_is_none_is_unknown_and_kept(tmp_path: Path, percent: Any) -> None:
    (task,) = read(tmp_path, {TASKS: {"task_id": "update_data", "percent": percent}}).workspace.tasks

    assert task.percent is None
    assert task.state["percent"] is percent or task.state["percent"] == percent
    assert task.updated_at == UNKNOWN_TIME


def test_a_task_without_a_name_is_rejected_as_what_the_application_makes_anew(tmp_path: Path) -> None:
    everything = read(tmp_path, {TASKS: {"status": "in_progress"}})

    assert [(reject.file, reject.refetchable) for reject in everything.rejects] == [(TASKS, True)]
