"""Queries are created, renamed, duplicated and deleted in their profile; one profile and query of it are active."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from burndown_spec.oracle import open_backend as open_memory
from burndown_store.contract import NotFoundError, Query, QueryNotFoundError, replace, same
from burndown_store.sqlite import open_backend_normal
from burndown_store.workspace import ACTIVE_PROFILE, ACTIVE_QUERY, NameTakenError, Workspace
from sqlite_samples import a_metric, a_query, a_scope, a_statistic
from workspace_samples import Clock, everything_below, raw_issue, settings_of, started


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=[open_backend_normal, open_memory], ids=["sqlite", "memory"])
def workspace(tmp_path: Path, clock: Clock, request: pytest.FixtureRequest) -> Iterator[Workspace]:
    """With the profiles `blue` and `red`."""
    with started(tmp_path, clock, request.param) as workspace:
        workspace.create_profile("Blue")
        workspace.create_profile("Red")
        yield workspace


def active_ids(workspace: Workspace) -> tuple[str | None, str | None]:
    profile, query = workspace.active()
    return None if profile is None else profile.id, None if query is None else query.id


def test_a_new_query_has_what_was_given_and_was_used_now(workspace: Workspace, clock: Clock) -> None:
    query = workspace.create_query("blue", " Open bugs ", "project = AB", description="ours")

    wanted = Query(
        id="open-bugs",
        name="Open bugs",
        jql="project = AB",
        description="ours",
        created_at=clock.now,
        last_used_at=clock.now,
    )
    assert same(query, wanted)
    assert same(workspace.backend.list_queries("blue"), [wanted])
    assert workspace.backend.list_queries("red") == []


def test_a_name_is_taken_in_its_own_profile_alone(workspace: Workspace) -> None:
    workspace.create_query("blue", "Open", "")

    assert workspace.create_query("red", "Open", "").id == "open"
    with pytest.raises(NameTakenError, match="queries of profile 'blue': the name is taken by 'open'"):
        workspace.create_query("blue", "OPEN", "")


def test_a_name_without_letters_gives_a_plain_id(workspace: Workspace) -> None:
    assert [workspace.create_query("blue", name, "").id for name in ("未完了", "完了")] == ["query", "query-2"]


def test_a_renamed_query_keeps_its_id_and_all_else(workspace: Workspace) -> None:
    before = workspace.create_query("blue", "Open", "project = AB")
    workspace.create_query("blue", "Done", "")

    assert same(workspace.rename_query("blue", "open", "Still open"), replace(before, name="Still open"))
    assert workspace.rename_query("blue", "open", "STILL OPEN").name == "STILL OPEN"
    with pytest.raises(NameTakenError):
        workspace.rename_query("blue", "open", "done")


def test_names_that_an_import_made_equal_are_parted_by_renaming(workspace: Workspace) -> None:
    for query_id in ("a", "b"):
        workspace.backend.save_query("blue", a_query(query_id))

    assert workspace.rename_query("blue", "b", "Open too").name == "Open too"


def test_a_duplicate_has_everything_that_lies_below_the_original(workspace: Workspace, clock: Clock) -> None:
    source = workspace.create_query("blue", "Open", "project = AB", description="ours")
    workspace.refresh_issues("blue", "open", [raw_issue("AB-1"), raw_issue("AB-2")], jql=source.jql)
    workspace.backend.save_statistics("blue", "open", [a_statistic()])
    workspace.backend.save_scope("blue", "open", a_scope())
    workspace.backend.save_metrics("blue", "open", [a_metric()])
    clock.pass_by(hours=1)

    copy = workspace.duplicate_query("blue", "open", "Open (copy)")

    assert (copy.id, copy.name, copy.created_at, copy.last_used_at) == (
        "open-copy",
        "Open (copy)",
        clock.now,
        clock.now,
    )
    assert same(settings_of(copy), settings_of(source))
    assert same(
        everything_below(workspace.backend, "blue", copy.id), everything_below(workspace.backend, "blue", "open")
    )
    with pytest.raises(NameTakenError):
        workspace.duplicate_query("blue", "open", "open")


def test_a_switch_makes_both_active_and_used_now(workspace: Workspace, clock: Clock) -> None:
    workspace.create_query("blue", "Open", "")
    now = clock.pass_by(hours=1)

    profile, query = workspace.switch("blue", "open")

    assert query is not None
    assert (profile.last_used_at, query.last_used_at) == (now, now)
    assert workspace.active() == (profile, query)
    assert workspace.backend.list_profiles()[0] == profile
    assert {**workspace.backend.list_app_state(), "migration": ""} == {
        ACTIVE_PROFILE: "blue",
        ACTIVE_QUERY: "open",
        "migration": "",
    }


def test_a_switch_to_a_profile_takes_its_query_used_last(workspace: Workspace, clock: Clock) -> None:
    for name in ("Open", "Done"):
        workspace.create_query("blue", name, "")
    clock.pass_by(hours=1)
    workspace.switch("blue", "open")
    workspace.switch("red")
    assert active_ids(workspace) == ("red", None)

    workspace.switch("blue")

    assert active_ids(workspace) == ("blue", "open")


@pytest.mark.parametrize("place", [("gone",), ("gone", "open"), ("blue", "gone"), ("red", "open")])
def test_a_switch_to_what_is_not_there_changes_nothing(
    workspace: Workspace, clock: Clock, place: tuple[str, ...]
) -> None:
    workspace.create_query("blue", "Open", "")
    before = workspace.switch("blue", "open")
    clock.pass_by(hours=1)

    with pytest.raises(NotFoundError, match="not found"):
        workspace.switch(*place)

    assert workspace.active() == before


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ({}, (None, None)),
        ({ACTIVE_PROFILE: "gone", ACTIVE_QUERY: "open"}, (None, None)),
        ({ACTIVE_PROFILE: "", ACTIVE_QUERY: ""}, (None, None)),
        ({ACTIVE_PROFILE: "x" * 201}, (None, None)),
        ({ACTIVE_QUERY: "open"}, (None, None)),
        ({ACTIVE_PROFILE: "blue", ACTIVE_QUERY: "main"}, ("blue", None)),
        ({ACTIVE_PROFILE: "blue", ACTIVE_QUERY: ""}, ("blue", None)),
        ({ACTIVE_PROFILE: "red", ACTIVE_QUERY: "open"}, ("red", None)),
    ],
)
def test_an_active_id_that_names_nothing_reads_as_none_and_stays(
    workspace: Workspace, state: dict[str, str], found: tuple[str | None, str | None]
) -> None:
    workspace.create_query("blue", "Open", "")
    for key, value in state.items():
        workspace.backend.set_app_state(key, value)
    before = workspace.backend.list_app_state()

    assert active_ids(workspace) == found
    assert workspace.backend.list_app_state() == before


def test_after_the_active_query_is_deleted_the_one_used_last_is_active(workspace: Workspace, clock: Clock) -> None:
    for name in ("Open", "Done", "All"):
        workspace.create_query("blue", name, "")
    for query_id in ("open", "all", "done"):
        clock.pass_by(minutes=1)
        workspace.switch("blue", query_id)

    workspace.delete_query("blue", "done")
    assert active_ids(workspace) == ("blue", "all")
    workspace.delete_query("blue", "open")
    assert active_ids(workspace) == ("blue", "all")
    workspace.delete_query("blue", "all")
    assert active_ids(workspace) == ("blue", None)


def test_a_query_of_the_same_id_in_another_profile_may_go_unnoticed(workspace: Workspace) -> None:
    for profile_id in ("blue", "red"):
        workspace.create_query(profile_id, "Open", "")
    workspace.switch("blue", "open")

    workspace.delete_query("red", "open")

    assert active_ids(workspace) == ("blue", "open")


@pytest.mark.parametrize(
    "call",
    [
        lambda workspace: workspace.rename_query("blue", "gone", "Name"),
        lambda workspace: workspace.duplicate_query("blue", "gone", "Name"),
        lambda workspace: workspace.delete_query("blue", "gone"),
        lambda workspace: workspace.refresh_issues("blue", "gone", [], jql=""),
        lambda workspace: workspace.save_week("blue", "gone", "2025-W44", []),
    ],
)
def test_what_is_not_there_is_told(workspace: Workspace, call: Callable[[Workspace], object]) -> None:
    with pytest.raises(QueryNotFoundError):
        call(workspace)

    assert workspace.backend.list_queries("blue") == []
