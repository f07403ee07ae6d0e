"""Profiles are created, renamed, duplicated, deleted and changed, each wholly or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from burndown_spec.oracle import open_backend as open_memory
from burndown_store.contract import (
    Backend,
    Profile,
    ProfileNotFoundError,
    StorageError,
    ValidationError,
    replace,
    same,
)
from burndown_store.sqlite import open_backend_normal
from burndown_store.workspace import NameTakenError, Workspace
from sqlite_samples import (
    SECRET,
    a_cache_info,
    a_change,
    a_history,
    a_metric,
    a_profile,
    a_query,
    a_scope,
    a_statistic,
    minutes,
)
from workspace_samples import POINTS, Clock, everything_below, raw_issue, settings_of, started, with_jira


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=[open_backend_normal, open_memory], ids=["sqlite", "memory"])
def workspace(tmp_path: Path, clock: Clock, request: pytest.FixtureRequest) -> Iterator[Workspace]:
    with started(tmp_path, clock, request.param) as workspace:
        yield workspace


def fill(workspace: Workspace, profile_id: str, query_id: str) -> None:
    """Put something of each kind below the query."""
    backend, here = workspace.backend, (profile_id, query_id)
    workspace.refresh_issues(
        *here, [raw_issue("AB-1", **{POINTS: 3, "other": 8}), raw_issue("AB-2")], jql="project = AB"
    )
    backend.save_histories(*here, [a_history("AB-0", a_change(1, author="Ada"), details={"gone": True})])
    backend.save_cache_info(*here, a_cache_info(jql="project = AB", details={"total": 2}))
    backend.save_statistics(*here, [a_statistic(3, completed_points=2.5, extra={"note": "ä"}), a_statistic(10)])
    backend.save_scope(*here, a_scope(updated_at=minutes(1), extra={"source": "csv"}))
    backend.save_metrics(*here, [a_metric(), a_metric("2025-W45", value=None)])


def test_a_new_profile_has_what_was_given_and_was_used_now(workspace: Workspace, clock: Clock) -> None:
    profile = workspace.create_profile("Team Blue", description="ours", jira_config={"token": SECRET}, show_points=True)

    assert same(
        profile,
        Profile(
            id="team-blue",
            name="Team Blue",
            description="ours",
            created_at=clock.now,
            last_used_at=clock.now,
            jira_config={"token": SECRET},
            show_points=True,
        ),
    )
    assert same(workspace.backend.get_profile("team-blue"), profile)
    assert workspace.active() == (None, None)


def test_settings_that_break_a_rule_are_refused_before_the_name_is_looked_at(workspace: Workspace) -> None:
    workspace.create_profile("Team Blue")

    with pytest.raises(ValidationError, match="show_points"):
        workspace.create_profile("Team Blue", show_points=1)
    with pytest.raises(TypeError):
        workspace.create_profile("Team Red", id="mine")


def test_a_renamed_profile_keeps_its_id_and_all_else(workspace: Workspace) -> None:
    before = workspace.create_profile("Team Blue", jira_config={"token": SECRET})
    workspace.create_query(before.id, "Open", "project = AB")

    after = workspace.rename_profile("team-blue", " Team Red ")

    assert same(after, replace(before, name="Team Red"))
    assert same(workspace.backend.list_profiles(), [after])
    assert [query.id for query in workspace.backend.list_queries("team-blue")] == ["open"]


def test_a_name_may_be_respelled_but_not_taken_from_another(workspace: Workspace) -> None:
    workspace.create_profile("Team Blue")
    workspace.create_profile("Team Red")

    assert workspace.rename_profile("team-blue", "TEAM BLUE").name == "TEAM BLUE"
    with pytest.raises(NameTakenError, match="profile 'team-blue': the name is taken by 'team-red'"):
        workspace.rename_profile("team-blue", "team red")


def test_names_that_an_import_made_equal_stay_readable_and_are_parted_by_renaming(workspace: Workspace) -> None:
    for profile_id in ("a", "b"):
        workspace.backend.save_profile(a_profile(profile_id, name="Team Blue"))

    assert workspace.switch("b")[0].name == "Team Blue"
    settings = with_jira(workspace.backend.get_profile("a"), base_url="https://tracker.example.com")
    assert workspace.save_settings(settings).name == "Team Blue"
    with pytest.raises(NameTakenError):
        workspace.rename_profile("a", "team blue")
    assert workspace.rename_profile("a", "Team Red").name == "Team Red"


def test_a_duplicate_has_everything_under_ids_of_its_own(workspace: Workspace, clock: Clock) -> None:
    source = workspace.create_profile("Team Blue", jira_config={"token": SECRET, "points_field": POINTS})
    for name in ("Open", "Done"):
        query = workspace.create_query(source.id, name, f"status = {name}", description="ours")
        fill(workspace, source.id, query.id)
    workspace.backend.save_query(source.id, a_query("q_1", name="open", extra={"kept": 1}))
    clock.pass_by(days=1)

    copy = workspace.duplicate_profile(source.id, "Team Red")

    assert (copy.id, copy.name, copy.created_at, copy.last_used_at) == ("team-red", "Team Red", clock.now, clock.now)
    assert same(settings_of(copy), settings_of(source))
    assert same(workspace.backend.get_profile("team-red"), copy)
    pairs = {"open": "open", "done": "done", "q_1": "open-2"}
    assert {query.id for query in workspace.backend.list_queries("team-red")} == set(pairs.values())
    for old, new in pairs.items():
        before, after = workspace.backend.get_query(source.id, old), workspace.backend.get_query("team-red", new)
        assert before is not None
        assert same(after, replace(before, id=new, created_at=clock.now))
        below = everything_below(workspace.backend, source.id, old)
        assert same(everything_below(workspace.backend, "team-red", new), below)


def test_a_duplicate_and_its_original_do_not_change_one_another(workspace: Workspace) -> None:
    source = workspace.create_profile("Team Blue")
    query = workspace.create_query(source.id, "Open", "project = AB")
    fill(workspace, source.id, query.id)
    below = everything_below(workspace.backend, source.id, query.id)
    copy = workspace.duplicate_profile(source.id, "Team Red")

    workspace.delete_profile(source.id)

    assert same(everything_below(workspace.backend, copy.id, "open"), below)


def test_a_duplicate_that_fails_in_the_middle_leaves_nothing(workspace: Workspace, monkeypatch: Any) -> None:
    source = workspace.create_profile("Team Blue")
    workspace.create_query(source.id, "Open", "project = AB")

    def fail(*_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(workspace.backend, "save_metrics", fail)
    with pytest.raises(StorageError, match="the disk is full"):
        workspace.duplicate_profile(source.id, "Team Red")

    assert [profile.id for profile in workspace.backend.list_profiles()] == ["team-blue"]


def test_after_the_active_profile_is_deleted_the_one_used_last_is_active(workspace: Workspace, clock: Clock) -> None:
    for name in ("Blue", "Red", "Green"):
        workspace.create_profile(name)
        for label in ("Open", "Done"):
            workspace.create_query(name.lower(), label, "")
    for place in (("blue", "open"), ("red", "open"), ("red", "done"), ("green", "open")):
        clock.pass_by(minutes=1)
        workspace.switch(*place)
    before = workspace.backend.get_profile("red")

    workspace.delete_profile("green")

    profile, query = workspace.active()
    assert profile == before
    assert query == workspace.backend.get_query("red", "done")


def test_after_another_profile_is_deleted_the_active_one_stays(workspace: Workspace) -> None:
    for name in ("Blue", "Red"):
        workspace.create_profile(name)
    workspace.switch("blue")

    workspace.delete_profile("red")

    assert workspace.active()[0] == workspace.backend.get_profile("blue")


def test_after_the_last_profile_is_deleted_none_is_active(workspace: Workspace) -> None:
    workspace.create_profile("Blue")
    workspace.create_query("blue", "Open", "")
    workspace.switch("blue")

    workspace.delete_profile("blue")

    assert workspace.active() == (None, None)
    assert workspace.backend.list_app_state().keys() == {"migration"}


@pytest.mark.parametrize(
    "call",
    [
        lambda workspace: workspace.rename_profile("gone", "Name"),
        lambda workspace: workspace.duplicate_profile("gone", "Name"),
        lambda workspace: workspace.delete_profile("gone"),
        lambda workspace: workspace.save_settings(a_profile("gone")),
        lambda workspace: workspace.create_query("gone", "Name", ""),
        lambda workspace: workspace.switch("gone"),
    ],
)
def test_what_is_not_there_is_told(workspace: Workspace, call: Callable[[Workspace], object]) -> None:
    with pytest.raises(ProfileNotFoundError):
        call(workspace)

    assert workspace.backend.list_profiles() == []


def points_of(backend: Backend, profile_id: str, query_id: str) -> dict[str, float | None]:
    return {issue.key: issue.points for issue in backend.get_issues(profile_id, query_id)}


def test_points_are_read_anew_when_their_field_changes(workspace: Workspace) -> None:
    profile = workspace.create_profile("Team Blue", jira_config={"points_field": POINTS})
    other = workspace.create_profile("Team Red", jira_config={"points_field": POINTS})
    for place in ((profile.id, "Open"), (profile.id, "Done"), (other.id, "Open")):
        fill(workspace, place[0], workspace.create_query(*place, "").id)
    before = workspace.backend.get_issues(profile.id, "open")

    workspace.save_settings(with_jira(profile, points_field="other"))

    for query_id in ("open", "done"):
        assert points_of(workspace.backend, profile.id, query_id) == {"AB-1": 8.0, "AB-2": None}
    assert points_of(workspace.backend, other.id, "open") == {"AB-1": 3.0, "AB-2": None}
    rest = [replace(issue, points=None) for issue in workspace.backend.get_issues(profile.id, "open")]
    assert same(rest, [replace(issue, points=None) for issue in before])


@pytest.mark.parametrize("field", [None, "", "nothing-of-this-name"])
def test_without_a_field_that_holds_points_there_are_none(workspace: Workspace, field: str | None) -> None:
    profile = workspace.create_profile("Team Blue", jira_config={"points_field": POINTS})
    fill(workspace, profile.id, workspace.create_query(profile.id, "Open", "").id)

    workspace.save_settings(with_jira(profile, points_field=field))

    assert points_of(workspace.backend, profile.id, "open") == {"AB-1": None, "AB-2": None}


def test_other_settings_leave_points_alone(workspace: Workspace) -> None:
    profile = workspace.create_profile("Team Blue", jira_config={"points_field": POINTS})
    workspace.create_query(profile.id, "Open", "")
    fill(workspace, profile.id, "open")
    by_hand = [replace(issue, points=99.0) for issue in workspace.backend.get_issues(profile.id, "open")]
    workspace.backend.save_issues(profile.id, "open", by_hand)

    saved = workspace.save_settings(replace(with_jira(profile, api_version="v3"), description="new"))

    assert (saved.description, saved.jira_config["api_version"]) == ("new", "v3")
    assert points_of(workspace.backend, profile.id, "open") == {"AB-1": 99.0, "AB-2": 99.0}


def test_settings_and_points_are_saved_together_or_not_at_all(workspace: Workspace, monkeypatch: Any) -> None:
    profile = workspace.create_profile("Team Blue", jira_config={"points_field": POINTS})
    fill(workspace, profile.id, workspace.create_query(profile.id, "Open", "").id)

    def fail(*_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(workspace.backend, "save_issues", fail)
    with pytest.raises(StorageError):
        workspace.save_settings(with_jira(profile, points_field="other"))

    assert same(workspace.backend.get_profile(profile.id), profile)


def test_settings_read_before_a_switch_do_not_undo_it(workspace: Workspace, clock: Clock) -> None:
    read_before = workspace.create_profile("Team Blue")
    used = clock.pass_by(hours=1)
    workspace.switch(read_before.id)

    saved = workspace.save_settings(replace(read_before, description="new", created_at=minutes(0)))

    assert (saved.description, saved.created_at, saved.last_used_at) == ("new", read_before.created_at, used)


def test_settings_may_carry_a_new_name_that_is_free(workspace: Workspace) -> None:
    profile = workspace.create_profile("Team Blue")
    workspace.create_profile("Team Red")

    assert workspace.save_settings(replace(profile, name=" Team Green ")).name == "Team Green"
    with pytest.raises(NameTakenError):
        workspace.save_settings(replace(profile, name="TEAM RED"))
    with pytest.raises(ValidationError):
        workspace.save_settings(replace(profile, name=""))
    with pytest.raises(ValidationError, match="expected a Profile"):
        workspace.save_settings(a_query())  # type: ignore[arg-type]
