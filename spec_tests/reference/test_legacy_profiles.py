"""profile.json, query.json and the settings before them become profiles and queries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from burndown_fixtures.legacy import tree, write_tree
from burndown_store.legacy import UNKNOWN_TIME, read_workspace
from legacy_samples import PROFILE, QUERY, REGISTRY, instant, read, read_all, reasons

BERLIN = timezone(timedelta(hours=1), "Berlin in winter")


@pytest.mark.parametrize(
    ("found", "meant"), [(["show"], True), ([], False), (True, True), (False, False), (1, True), (0, False)]
)
def test_a_switch_is_true_or_false_in_every_form(tmp_path: Path, found: Any, meant: bool) -> None:
    profile = read(tmp_path, {PROFILE: {"show_points": found, "show_milestone": found}}).profile

    assert (profile.show_points, profile.show_milestone) == (meant, meant)
    told = profile.extra["legacy"].get("found", {}).get("show_points", meant)
    assert (type(told), told) == (type(found), found)


def test_every_family_of_times_becomes_an_instant(tmp_path: Path) -> None:
    families = {
        "2025-11-20T08:15:30.123456+00:00": "2025-11-20T08:15:30.123456+00:00",
        "2025-11-20T08:15:30Z": "2025-11-20T08:15:30+00:00",
        "2025-11-20T08:15:30.123+0200": "2025-11-20T06:15:30.123000+00:00",
        "2025-11-20T09:15:30.123456": "2025-11-20T08:15:30.123456+00:00",
    }
    for position, (found, meant) in enumerate(families.items()):
        profile = read(tmp_path / str(position), {PROFILE: {"created_at": found}}, BERLIN).profile
        assert profile.created_at == instant(meant)


def test_a_naive_time_is_read_in_the_zone_given_kept_and_counted(tmp_path: Path) -> None:
    files = {PROFILE: {"created_at": "2025-11-20T08:15:30+00:00", "last_used": "2025-11-20T09:15:30.5"}}
    in_utc, in_berlin = read(tmp_path, files), read(tmp_path, files, BERLIN)

    assert in_utc.profile.last_used_at - in_berlin.profile.last_used_at == timedelta(hours=1)
    assert in_berlin.profile.extra["legacy"]["found"] == {"last_used": "2025-11-20T09:15:30.5"}
    assert (in_utc.naive_times, in_berlin.naive_times) == (1, 1)


def test_a_missing_time_is_taken_from_its_neighbour_and_said_to_be_missing(tmp_path: Path) -> None:
    profile = read(tmp_path, {PROFILE: {"last_used": "2025-11-20T08:15:30+00:00"}}).profile

    assert profile.created_at == profile.last_used_at == instant("2025-11-20T08:15:30+00:00")
    assert "created_at" in profile.extra["legacy"]["absent"]


def test_a_query_without_times_has_those_of_its_profile_and_otherwise_its_own(tmp_path: Path) -> None:
    files = {
        PROFILE: {"created_at": "2025-11-20T08:15:30Z"},
        QUERY: {},
        "profiles/p/queries/used/query.json": {"last_used": "2025-11-22T08:15:30Z"},
    }
    queries = read(tmp_path, files).queries

    assert queries["q"].created_at == queries["q"].last_used_at == instant("2025-11-20T08:15:30+00:00")
    assert queries["used"].created_at == queries["used"].last_used_at == instant("2025-11-22T08:15:30+00:00")


def test_where_no_file_tells_a_time_it_is_the_unknown_one(tmp_path: Path) -> None:
    everything = read(tmp_path, {PROFILE: {}, QUERY: {}})

    assert everything.profile.created_at == everything.query.last_used_at == UNKNOWN_TIME
    assert {"created_at", "last_used"} <= set(everything.query.extra["legacy"]["absent"])


def test_null_empty_and_absent_stay_three_things(tmp_path: Path) -> None:
    null = read(tmp_path / "null", {PROFILE: {"description": None}}).profile
    empty = read(tmp_path / "empty", {PROFILE: {"description": ""}}).profile
    absent = read(tmp_path / "absent", {PROFILE: {}}).profile

    assert null.description == empty.description == absent.description == ""
    assert null.extra["legacy"]["found"] == {"description": None}
    assert "description" not in [*empty.extra["legacy"]["absent"], *empty.extra["legacy"].get("found", {})]
    assert "description" in absent.extra["legacy"]["absent"]


def test_keys_that_nothing_knows_are_kept(tmp_path: Path) -> None:
    more = {"_comment": "by hand", "setup_status": {"current_step": "x"}, "variable_mappings": {"mappings": {}}}
    everything = read(tmp_path, {PROFILE: more, QUERY: {"updated_at": "2025-11-21T10:00:00+00:00", "_help": [1]}})

    assert {name: everything.profile.extra[name] for name in more} == more
    assert everything.query.extra["updated_at"] == "2025-11-21T10:00:00+00:00"
    assert everything.query.extra["_help"] == [1]


def test_a_key_called_legacy_keeps_its_place(tmp_path: Path) -> None:
    profile = read(tmp_path, {PROFILE: {"legacy": "theirs", "show_points": []}}).profile

    assert profile.extra["legacy"] == "theirs"
    assert profile.extra["legacy_again"]["found"] == {"show_points": []}


def test_a_wrong_type_is_kept_as_found_and_noted(tmp_path: Path) -> None:
    everything = read(tmp_path, {PROFILE: {"name": 5, "jira_config": [1]}})

    assert everything.profile.name == "Default"
    assert everything.profile.jira_config == {}
    assert everything.profile.extra["legacy"]["found"] == {"name": 5, "jira_config": [1]}
    assert [note.place for note in everything.notes] == ["name", "jira_config"]


def test_settings_are_those_of_profile_json_and_the_old_copy_of_the_registry_is_kept_where_it_differs(
    tmp_path: Path,
) -> None:
    settings = {"name": "Team Blue", "jira_config": {"token": "new"}}
    entry = {"name": "Team Blue", "jira_config": {"token": "old"}, "deadline": ""}
    profile = read(tmp_path, {PROFILE: settings, REGISTRY: {"profiles": {"p": entry}}}).profile

    assert profile.jira_config == {"token": "new"}
    assert profile.extra["legacy"]["registry_entry"] == {"jira_config": {"token": "old"}, "deadline": ""}


def test_the_registry_says_when_a_profile_was_used_last(tmp_path: Path) -> None:
    entry = {"last_used": "2026-01-05T07:00:00+00:00"}
    files = {PROFILE: {"last_used": "2025-12-01T07:00:00+00:00"}, REGISTRY: {"profiles": {"p": entry}}}
    profile = read(tmp_path, files).profile

    assert profile.last_used_at == instant("2026-01-05T07:00:00+00:00")
    assert profile.extra["legacy"]["found"]["last_used"] == "2025-12-01T07:00:00+00:00"


@pytest.mark.parametrize("settings", [{}, b""])
def test_a_profile_without_settings_has_those_of_the_registry(tmp_path: Path, settings: Any) -> None:
    entry = {"name": "Team Blue", "jira_config": {"points_field": "votes"}, "created_at": "2025-11-13T06:00:00Z"}
    profile = read(tmp_path, {PROFILE: settings, QUERY: {}, REGISTRY: {"profiles": {"p": entry}}}).profile

    assert (profile.name, profile.jira_config) == ("Team Blue", {"points_field": "votes"})
    assert profile.created_at == instant("2025-11-13T06:00:00+00:00")


def test_the_partial_file_of_the_jira_settings_gets_its_name_from_the_registry(tmp_path: Path) -> None:
    files = {PROFILE: {"jira_config": {}}, REGISTRY: {"profiles": {"p": {"name": "Team Grün"}}}}

    assert read(tmp_path, files).profile.name == "Team Grün"


def test_flat_settings_move_to_where_a_profile_has_them(tmp_path: Path) -> None:
    flat = {
        "pert_factor": 1.2,
        "deadline": None,
        "jira_url": "https://tracker.example.com",
        "jira_story_points_field": "customfield_10002",
        "completion_statuses": ["Done"],
        "last_used_data_source": "CSV",
    }
    profile = read(tmp_path, {PROFILE: flat}).profile

    assert profile.forecast_settings == {"pert_factor": 1.2, "deadline": None}
    assert profile.jira_config == {"base_url": "https://tracker.example.com", "points_field": "customfield_10002"}
    assert profile.project_classification == {"completion_statuses": ["Done"]}
    assert profile.extra["last_used_data_source"] == "CSV"


def test_a_flat_key_whose_new_place_is_taken_stays_where_it_is(tmp_path: Path) -> None:
    profile = read(tmp_path, {PROFILE: {"pert_factor": 1.2, "forecast_settings": {"pert_factor": 6}}}).profile

    assert profile.forecast_settings == {"pert_factor": 6}
    assert profile.extra["pert_factor"] == 1.2


def test_a_name_that_windows_encoded_twice_is_kept_and_noted(tmp_path: Path) -> None:
    everything = read_all(write_tree(tmp_path, "g3-double-encoded"))

    assert everything.profiles["p_0a1b2c3d4e5f"].name == "B\u00c3\u00bcro"
    assert [note.place for note in everything.notes] == ["name"]


@pytest.mark.parametrize(
    "configured",
    [
        {"jira_config": {"base_url": "https://tracker.example.com"}},
        {"jira_config": {"token": "an-invented-token"}},
        {"jira_url": "https://tracker.example.com"},
        {"jira_api_endpoint": "https://tracker.example.com/rest/api/2/search"},
    ],
)
def test_settings_with_a_server_are_those_that_somebody_configured(tmp_path: Path, configured: dict[str, Any]) -> None:
    empty = {"pert_factor": 1.2, "jira_config": {"base_url": ""}}
    files = {"profiles/p/app_settings.json": empty, "profiles/p/queries/q/app_settings.json": configured}
    everything = read(tmp_path, files)

    assert everything.profile.extra["legacy"]["other_settings"] == {"profiles/p/app_settings.json": empty}


def test_moved_settings_that_somebody_configured_count_more_than_new_empty_ones(tmp_path: Path) -> None:
    everything = read_all(write_tree(tmp_path, "g2-flat"))

    assert everything.profile.jira_config["points_field"] == "customfield_10002"
    assert list(everything.profile.extra["legacy"]["other_settings"]) == ["profiles/default/app_settings.json"]
    assert everything.query.jql == "project = AB"


def test_root_files_become_one_profile_with_one_query_and_those_that_were_saved(tmp_path: Path) -> None:
    everything = read_all(write_tree(tmp_path, "g1"))
    saved = everything.queries["4b0c1f9e-0000-4000-8000-000000000001"]

    assert (everything.profile.id, everything.profile.name) == ("default", "Default")
    assert everything.profile.jira_config["token"] == "an-invented-token"
    assert everything.profile.field_mappings == {"deployment_date": "resolutiondate"}
    assert everything.queries["main"].jql == "project = AB"
    assert (saved.name, saved.description, saved.extra["is_default"]) == ("Everything", "all of it", True)
    assert saved.last_used_at == datetime(2025, 10, 14, 10, 0, 0, 1, tzinfo=UTC)
    assert everything.contents["default", "main"].issues[0].points == 3.0
    assert everything.workspace.app_state == {"active_profile_id": "default", "active_query_id": "main"}


def test_a_saved_query_without_an_id_and_one_of_two_with_the_same_are_rejected(tmp_path: Path) -> None:
    saved = [{"id": "a", "jql": "first"}, {"jql": "none"}, "text", {"id": "a", "jql": "last"}, {"id": "main"}]
    everything = read(tmp_path, {"app_settings.json": {}, "jira_query_profiles.json": saved})

    assert everything.queries["a"].jql == "last"
    assert sorted(reasons(everything)) == [
        ("superseded", "jira_query_profiles.json", "[0]"),
        ("unreadable", "jira_query_profiles.json", "[1]"),
        ("unreadable", "jira_query_profiles.json", "[2]"),
        ("unreadable", "jira_query_profiles.json", "[4]"),
    ]


def test_the_oldest_files_become_a_profile_with_scope_and_statistics(tmp_path: Path) -> None:
    everything = read_all(write_tree(tmp_path, "g0"))
    scope = everything.below.scope

    assert everything.profile.forecast_settings["deadline"] == "2025-09-30"
    assert scope is not None
    assert scope.values == {"total_items": 40, "total_points": 150.5, "estimated_items": 38, "estimated_points": 140}
    assert [(row.completed_items, row.completed_points) for row in everything.below.statistics] == [(5, 13.0), (0, 8.5)]
    assert everything.below.statistics[0].extra["comment"] == "first week"


def test_no_secret_is_in_what_is_printed(tmp_path: Path) -> None:
    files = tree("g3")
    files["profiles/p_0a1b2c3d4e5f/profile.json"]["odd"] = "\0"
    files["profiles/broken/profile.json"] = b'{"jira_config": {"token": "an-invented-token"'
    everything = read(tmp_path, files)

    assert len(everything.rejects) == 2
    assert "invented-token" in "".join(reject.raw for reject in everything.rejects)
    assert "invented-token" not in repr((everything.workspace, everything.contents))
    assert "invented-token" not in repr(read_workspace(tmp_path).profiles[0].queries)
