"""Which files are read, in which generation; what lies beside them is read or listed, and nothing is touched."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from burndown_fixtures.legacy import tree, write_files, write_tree
from burndown_store.legacy import detect, read_workspace
from legacy_samples import DATA, FOLDER, ISSUES, METRICS, PROFILE, QUERY, REGISTRY, read, read_all, reasons


@pytest.mark.parametrize(
    ("name", "generation"), [("g3", "G3"), ("g2-moved", "G2"), ("g2-flat", "G2"), ("g1", "G1"), ("g0", "G0")]
)
def test_the_generation_is_told_by_which_files_are_there(tmp_path: Path, name: str, generation: str) -> None:
    assert detect(write_tree(tmp_path, name)) == generation
    assert read_workspace(tmp_path).generation == generation


def test_a_folder_without_any_of_the_files_has_no_generation_and_nothing_in_it(tmp_path: Path) -> None:
    everything = read(tmp_path / "app", {"main.py": b"", "data/notes.txt": b"", "profiles/README": b""})

    assert everything.workspace.generation is None
    assert detect(tmp_path / "nowhere") is None
    assert list(everything.records()) == []
    assert [ignored.file for ignored in everything.workspace.ignored] == ["profiles/README"]


def test_a_registry_without_profiles_is_a_fresh_installation(tmp_path: Path) -> None:
    everything = read(tmp_path, {REGISTRY: {"version": "3.0", "active_profile_id": None, "profiles": {}}})

    assert everything.workspace.generation == "G3"
    assert everything.profiles == {}
    assert reasons(everything) == []


def test_directories_are_not_told_by_a_prefix_of_their_name(tmp_path: Path) -> None:
    names = ["default", "p_0a1b2c3d4e5f", "Team Grün & Co", "shared-blue-20251120", "ALPHA_20251120_081530"]
    everything = read(tmp_path, {f"profiles/{name}/queries/{name}/query.json": {} for name in names})

    assert sorted(everything.profiles) == sorted(names)
    assert sorted(everything.contents) == sorted((name, name) for name in names)


def test_the_folder_name_is_the_id_whatever_the_file_says(tmp_path: Path) -> None:
    everything = read(tmp_path, {PROFILE: {"id": "another"}, QUERY: {"id": "q"}})

    assert everything.profile.id == "p"
    assert everything.profile.extra["legacy"]["found"] == {"id": "another"}
    assert "found" not in everything.query.extra["legacy"]


def test_the_queries_are_the_folders_and_not_the_lists(tmp_path: Path) -> None:
    everything = read(tmp_path, {PROFILE: {"queries": ["gone", {"query_id": "gone2"}]}, f"{FOLDER}/query.json": {}})

    assert list(everything.queries) == ["q"]
    assert everything.profile.extra["queries"] == ["gone", {"query_id": "gone2"}]


def test_a_query_without_query_json_is_a_query_called_after_its_folder(tmp_path: Path) -> None:
    everything = read(tmp_path, {PROFILE: {}, "profiles/p/queries/last_quarter/jira_cache.json": {"issues": []}})

    assert (everything.query.id, everything.query.name, everything.query.jql) == ("last_quarter", "Last Quarter", "")


@pytest.mark.parametrize(
    ("temporary", "target"),
    [
        ("profiles/profiles.tmp", REGISTRY),
        ("profiles/p/profile.json.tmp", PROFILE),
        ("profiles/p/profile.tmp", PROFILE),
        (f"{FOLDER}/query.tmp", QUERY),
        (f"{FOLDER}/project_data_x1.tmp", DATA),
        (f"{FOLDER}/project_data.json.tmp", DATA),
        (f"{FOLDER}/metrics_snapshots_ab12cd.json", METRICS),
        (".task_progress.json.ab12.tmp", "task_progress.json"),
    ],
)
def test_a_whole_temporary_file_is_read_where_its_target_is_missing(
    tmp_path: Path, temporary: str, target: str
) -> None:
    content = {
        REGISTRY: {"profiles": {"p": {"name": "Team Blue"}}},
        PROFILE: {"name": "Team Blue"},
        QUERY: {"name": "Last quarter"},
        DATA: {"statistics": [{"date": "2025-11-03"}]},
        METRICS: {"2025-W44": {"flow_time": {}}},
        "task_progress.json": {"task_id": "update_data"},
    }
    whole = {PROFILE: content[PROFILE], QUERY: content[QUERY]}
    expected = list(read(tmp_path / "whole", {**whole, target: content[target]}).records())

    rest = {name: content[name] for name in whole if name != target}
    everything = read(tmp_path / "left", {**rest, temporary: content[target]})

    assert list(everything.records()) == expected
    assert [note.file for note in everything.notes if "instead of" in note.what] == [temporary]
    assert everything.rejects == []


def test_a_temporary_file_beside_its_target_is_left_aside(tmp_path: Path) -> None:
    files = {PROFILE: {"name": "Team Blue"}, "profiles/p/profile.json.tmp": {"name": "Team Red"}}
    everything = read(tmp_path, files)

    assert everything.profile.name == "Team Blue"
    assert [(each.file, each.reason) for each in everything.workspace.ignored] == [
        ("profiles/p/profile.json.tmp", "left behind by a save that was interrupted; profile.json is there")
    ]


def test_of_several_temporary_files_the_whole_one_that_was_written_last_is_read(tmp_path: Path) -> None:
    files = {
        PROFILE: {},
        f"{FOLDER}/metrics_snapshots_aa.json": {"2025-W44": {"new": {}}},
        f"{FOLDER}/metrics_snapshots_bb.json": {"2025-W44": {"old": {}}},
        f"{FOLDER}/metrics_snapshots_cc.json": b'{"2025-W44": {"cut',
    }
    root = write_files(tmp_path, files)
    for seconds, name in enumerate(["bb", "aa", "cc"]):
        os.utime(root / FOLDER / f"metrics_snapshots_{name}.json", (1_700_000_000 + seconds, 1_700_000_000 + seconds))
    everything = read_all(root)

    assert [metric.name for metric in everything.below.metrics] == ["new"]
    assert [each.file.rsplit("/")[-1] for each in everything.workspace.ignored] == [
        "metrics_snapshots_bb.json",
        "metrics_snapshots_cc.json",
    ]


def test_a_temporary_file_that_is_cut_off_is_rejected_where_its_target_is_missing(tmp_path: Path) -> None:
    everything = read(tmp_path, {PROFILE: {}, f"{FOLDER}/query.tmp": b'{"name": "never fini'})

    (reject,) = everything.rejects
    assert (reject.file, reject.raw) == (f"{FOLDER}/query.tmp", '{"name": "never fini')


def test_root_files_count_only_where_no_profile_is(tmp_path: Path) -> None:
    everything = read(tmp_path, {**tree("g1"), PROFILE: {"name": "Team Blue"}})

    assert list(everything.profiles) == ["p"]
    assert {each.file for each in everything.workspace.ignored} == set(tree("g1"))


def test_a_file_that_the_move_left_in_the_root_is_read_where_it_was_to_go(tmp_path: Path) -> None:
    files = tree("g2-moved")
    files["project_data.json"] = {"statistics": [{"date": "2025-11-03"}]}
    files["metrics_snapshots.json"] = files["profiles/default/queries/main/metrics_snapshots.json"]
    del files["profiles/default/queries/main/project_data.json"]
    everything = read(tmp_path, files)

    assert len(everything.below.statistics) == 1
    assert [note.file for note in everything.notes] == ["project_data.json"]
    assert [each.file for each in everything.workspace.ignored] == ["metrics_snapshots.json"]


def test_root_files_are_read_where_the_move_made_a_registry_and_nothing_else(tmp_path: Path) -> None:
    entry = {"name": "Default", "created_at": "2025-11-13T06:00:00Z", "queries": ["main"]}
    everything = read(tmp_path, {**tree("g1"), REGISTRY: {"profiles": {"default": entry}}})

    assert everything.workspace.generation == "G1"
    assert [issue.key for issue in everything.contents["default", "main"].issues] == ["AB-12"]
    assert everything.profile.created_at.isoformat() == "2025-11-13T06:00:00+00:00"


def test_a_cache_beside_the_profile_is_read_for_its_only_query(tmp_path: Path) -> None:
    everything = read(tmp_path, {PROFILE: {}, QUERY: {}, "profiles/p/jira_cache.json": [{"key": "AB-1"}]})

    assert [issue.key for issue in everything.below.issues] == ["AB-1"]
    assert "beside the profile" in everything.notes[0].what


def test_a_cache_beside_the_profile_makes_a_query_where_there_is_none(tmp_path: Path) -> None:
    everything = read(tmp_path, {PROFILE: {}, "profiles/p/project_data.json": {"statistics": [{"date": "2025-11-03"}]}})

    assert list(everything.queries) == ["main"]
    assert len(everything.below.statistics) == 1


@pytest.mark.parametrize("other", [ISSUES, "profiles/p/queries/other/query.json"])
def test_a_cache_beside_the_profile_is_listed_where_it_is_not_certain_whose_it_is(tmp_path: Path, other: str) -> None:
    files = {PROFILE: {}, QUERY: {}, other: {}, "profiles/p/jira_cache.json": [{"key": "AB-1"}]}
    everything = read(tmp_path, files)

    assert [contents.issues for contents in everything.contents.values() if contents.issues] == []
    assert [each.file for each in everything.workspace.ignored] == ["profiles/p/jira_cache.json"]


def test_older_files_beside_newer_ones_are_listed(tmp_path: Path) -> None:
    tables = {"statistics.csv": b"date\n2025-06-02\n", "forecast_statistics.csv": b"date\n2025-06-09\n"}
    newest = read(tmp_path / "newest", {**tree("g1"), **tables, "forecast_settings.json": {}})
    oldest = read(tmp_path / "oldest", tables)

    assert newest.contents["default", "main"].statistics == ()
    assert [each.file for each in newest.workspace.ignored] == [
        "forecast_settings.json",
        "forecast_statistics.csv",
        "statistics.csv",
    ]
    assert [row.date.day for row in oldest.below.statistics] == [9]
    assert [each.file for each in oldest.workspace.ignored] == ["statistics.csv"]


def test_settings_beside_profile_json_are_listed(tmp_path: Path) -> None:
    everything = read(tmp_path, {PROFILE: {"name": "Team Blue"}, "profiles/p/app_settings.json": {"pert_factor": 2}})

    assert everything.profile.forecast_settings == {}
    assert [each.file for each in everything.workspace.ignored] == ["profiles/p/app_settings.json"]


def test_a_folder_without_any_file_of_a_profile_is_listed(tmp_path: Path) -> None:
    (tmp_path / "profiles" / "empty").mkdir(parents=True)
    everything = read(tmp_path, {PROFILE: {}})

    assert list(everything.profiles) == ["p"]
    assert [each.file for each in everything.workspace.ignored] == ["profiles/empty/"]


def test_left_overs_and_caches_of_no_query_are_listed(tmp_path: Path) -> None:
    everything = read(tmp_path, {**tree("g3"), "backup_forecast_statistics_20250719_101112.csv": b"date\n"})

    assert [each.file for each in everything.workspace.ignored] == [
        "_migrated_backup/jira_query_profiles.json",
        "app_settings.json.backup",
        "backup_forecast_statistics_20250719_101112.csv",
        "cache/0123456789abcdef0123456789abcdef.json",
        "metrics_cache.json",
    ]


def test_strange_files_below_profiles_are_listed_and_those_in_the_root_are_not_ours(tmp_path: Path) -> None:
    strange = ["profiles/notes.txt", "profiles/p/.DS_Store", "profiles/p/queries/x.txt", f"{FOLDER}/deeper/x.json"]
    everything = read(tmp_path, {PROFILE: {}, QUERY: {}, "package.json": {}, **dict.fromkeys(strange, b"")})

    assert [each.file for each in everything.workspace.ignored] == sorted(
        ["profiles/notes.txt", "profiles/p/.DS_Store", "profiles/p/queries/x.txt", f"{FOLDER}/deeper/"]
    )


def test_a_folder_where_a_file_belongs_is_rejected(tmp_path: Path) -> None:
    everything = read(tmp_path, {PROFILE: {}, f"{QUERY}/inner": b""})

    assert [(reject.file, reject.reason) for reject in everything.rejects] == [
        (QUERY, "expected a file; something else has this name")
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="such a path is too long there")
def test_a_folder_whose_name_is_no_id_is_rejected_with_the_text_of_its_files(tmp_path: Path) -> None:
    everything = read(tmp_path, {f"profiles/{'x' * 201}/profile.json": {"name": "Team Blue"}})

    assert everything.profiles == {}
    assert "Team Blue" in everything.rejects[0].raw
