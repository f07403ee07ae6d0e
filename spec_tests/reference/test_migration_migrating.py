"""The old files become a store once, wholly, or the folder stays as it was."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, get_args

import pytest

from burndown_fixtures.legacy import TREES, write_files, write_tree
from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import (
    Backend,
    BusyError,
    MigrationError,
    ValidationError,
    same,
)
from burndown_store.files import exclusive
from burndown_store.migration import (
    BACKUPS,
    FLAG,
    KINDS,
    Damage,
    Progress,
    backups_in,
    mark_as_new,
    migrate,
)
from burndown_store.migration.report import Tell
from burndown_store.sqlite import open_backend_normal
from legacy_samples import read_all
from migration_samples import BROKEN_ROW, NOW, QUERY, everything_below, is_untouched, old_files, started


@pytest.mark.parametrize("name", TREES)
def test_the_store_holds_what_the_files_say_and_the_report_counts_it(tmp_path: Path, name: str) -> None:
    root = write_tree(tmp_path / "root", name)
    everything, before = read_all(root), old_files(root)

    report = started(root, damage="all")

    assert old_files(root) == before
    assert report.outcome == "migrated"
    assert list(report.counts) == list(KINDS)
    with open_backend_normal(root) as backend:
        for profile in everything.workspace.profiles:
            assert same(backend.get_profile(profile.record.id), profile.record)
        profiles = [profile.id for profile in backend.list_profiles()]
        found = {(profile, query.id) for profile in profiles for query in backend.list_queries(profile)}
        assert found == everything.contents.keys()
        for here, contents in everything.contents.items():
            assert same(backend.get_statistics(*here), list(contents.statistics))
            assert same(backend.get_scope(*here), contents.scope)
        assert report.counts["issues"] == sum(len(backend.get_issues(*here)) for here in found)
        assert report.counts["changes"] == sum(len(backend.get_changes(*here)) for here in found)
        assert report.counts["profiles"] == len(profiles)


def test_the_flag_tells_when_from_what_and_where_the_backup_is(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")

    report = migrate(
        root, open_backend_normal, now=NOW.astimezone(timezone(timedelta(hours=5))), zone=timezone(timedelta(hours=1))
    )

    with open_backend_normal(root) as backend:
        flag = json.loads(backend.get_app_state(FLAG) or "")
    assert flag == {
        "outcome": "migrated",
        "at": "2026-01-02T03:04:05.678901+00:00",
        "generation": "G3",
        "backup": "backups/migration-20260102T030405678901Z",
        "zone": "UTC+01:00",
        "counts": report.counts,
    }
    assert report.backup == root / flag["backup"]


def test_a_second_start_waits_for_nobody_and_does_nothing(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")
    first = started(root)
    before = everything_below(root / BACKUPS)

    with exclusive(root / BACKUPS / "lock", timeout=0.0):
        second = started(root, timeout=0.0)

    assert (second.outcome, second.backup) == ("already migrated", first.backup)
    assert everything_below(root / BACKUPS) == before


def test_a_folder_without_old_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")

    report = migrate(tmp_path, open_backend_normal, exists=lambda _: False)

    assert report.outcome == "nothing to migrate"
    assert everything_below(tmp_path) == {"notes.txt": b"mine"}


def test_old_files_that_turn_up_beside_a_store_that_began_without_any_are_not_migrated(tmp_path: Path) -> None:
    with open_backend_normal(tmp_path) as backend:
        mark_as_new(backend, NOW)
    write_tree(tmp_path, "g3")

    assert started(tmp_path).outcome == "already migrated"


@pytest.mark.parametrize("damage", get_args(Damage))
def test_what_is_damaged_is_set_aside_as_far_as_was_said(tmp_path: Path, damage: Damage) -> None:
    root = write_tree(tmp_path / "root", "g3-cut-cache")
    write_files(root, {f"{QUERY}/project_data.json": BROKEN_ROW})
    before = everything_below(root)

    try:
        report = started(root, damage=damage)
    except MigrationError as refusal:
        told = {problem.partition(":")[0].partition(",")[0].rpartition("/")[2] for problem in refusal.problems}
        assert told == {"project_data.json", *(["jira_cache.json"] if damage == "none" else [])}
        assert everything_below(root).keys() - before.keys() <= {str(Path("profiles", "burndown.db"))}
        assert is_untouched(root)
    else:
        assert damage == "all"
        assert report.backup is not None
        kept = json.loads((report.backup / "report.json").read_text(encoding="utf-8"))["rejects"]
        assert [each["raw"] for each in kept] == [reject.raw for reject in report.rejects]
        assert {each["file"].rpartition("/")[2] for each in kept} == {"jira_cache.json", "project_data.json"}


def test_what_the_application_wrote_without_a_date_keeps_nobody_out(tmp_path: Path) -> None:
    undated = {"statistics": [{"date": "", "completed_items": 1}], "project_scope": {}, "metadata": {}}
    snapshots = {"0000-W00": {"flow_load": {"wip_count": 1}}, "2025-W44": {"flow_load": {"wip_count": 2}}}
    files = {f"{QUERY}/project_data.json": undated, f"{QUERY}/metrics_snapshots.json": snapshots}
    root = write_files(write_tree(tmp_path / "root", "g3"), files)

    report = started(root)

    assert {(reject.place, reject.kind) for reject in report.rejects} == {
        ("statistics[0].date", "unplaced"),
        ("0000-W00", "unplaced"),
    }
    assert report.counts["metrics"] == 1


def test_a_store_with_other_data_is_refused_and_nothing_is_touched(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")
    with open_backend_normal(root) as backend:
        backend.set_app_state("theme", "dark")
    before = everything_below(root)

    with pytest.raises(MigrationError, match="holds data that does not come from these old files"):
        started(root)

    assert everything_below(root) == before


def test_a_store_that_was_filled_without_a_migration_is_let_be_where_there_are_no_old_files(tmp_path: Path) -> None:
    with open_backend_normal(tmp_path) as backend:
        backend.set_app_state("theme", "dark")

    assert started(tmp_path).outcome == "nothing to migrate"


def test_files_that_change_meanwhile_are_told_and_nothing_is_migrated(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")

    def save_by_the_old_application(progress: Progress) -> None:
        if progress.phase == "verifying":
            write_files(root, {f"{QUERY}/query.json": {"name": "new", "jql": ""}, f"{QUERY}/new.json": {}})

    with pytest.raises(MigrationError) as refusal:
        migrate(root, open_backend_normal, progress=save_by_the_old_application)

    assert refusal.value.problems == (f"{QUERY}/new.json: was added or deleted", f"{QUERY}/query.json: changed")
    assert is_untouched(root)
    assert started(root).outcome == "migrated"


def test_who_waits_too_long_for_another_migration_is_told_so(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")
    (root / BACKUPS).mkdir()

    with exclusive(root / BACKUPS / "lock", timeout=0.0), pytest.raises(BusyError):
        started(root, timeout=0.0)

    assert is_untouched(root)


def test_an_error_of_the_callback_passes_as_it_is(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")
    error = OSError("the window is gone")

    def fail(progress: Progress) -> None:
        if progress.phase == "backing up":
            raise error

    with pytest.raises(OSError, match="the window is gone") as raised:
        migrate(root, open_backend_normal, progress=fail)

    assert raised.value is error
    assert is_untouched(root)


def test_a_dry_run_counts_and_lists_problems_and_writes_nothing(tmp_path: Path) -> None:
    root = write_files(write_tree(tmp_path / "root", "g3"), {f"{QUERY}/project_data.json": BROKEN_ROW})
    before = everything_below(root)

    report = migrate(root, open_backend_normal, dry_run=True)

    assert everything_below(root) == before
    assert (report.outcome, report.generation, report.backup) == ("dry run", "G3", None)
    assert report.counts["issues"] > 0
    assert [problem.split(":")[0] for problem in report.problems] == [f"{QUERY}/project_data.json, statistics[0]"]


def test_a_backend_without_transactions_is_refused(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")

    with pytest.raises(MigrationError, match="has no transactions"):
        migrate(root, MemoryBackend)


def test_each_phase_is_told_from_its_first_step_to_its_end(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")
    told: list[Progress] = []

    migrate(root, open_backend_normal, progress=told.append)

    assert list(dict.fromkeys(each.phase for each in told)) == ["reading", "backing up", "converting", "verifying"]
    for phase in ("reading", "backing up", "converting", "verifying"):
        steps = [(each.done, each.total) for each in told if each.phase == phase]
        assert steps == [(done, steps[0][1]) for done in range(steps[0][1] + 1)]


def test_a_store_that_gives_back_something_else_stops_the_migration(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")

    def forgetful(location: Path, *, timeout: float) -> Backend:
        backend = open_backend_normal(location, timeout=timeout)
        backend.save_histories = lambda *_: None  # type: ignore[method-assign]
        return backend

    with pytest.raises(MigrationError) as refusal:
        migrate(root, forgetful)

    (problem,) = refusal.value.problems
    assert problem.startswith("profile p_0a1b2c3d4e5f, query q_112233445566: histories: ")
    assert is_untouched(root)


@pytest.mark.parametrize("arguments", [{"damage": "some"}, {"now": datetime(2026, 1, 1)}], ids=str)  # noqa: DTZ001
def test_arguments_that_say_nothing_are_refused(tmp_path: Path, arguments: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        migrate(tmp_path, open_backend_normal, **arguments)  # type: ignore[arg-type]


def changing_before_the_backup(root: Path, files: dict[str, object]) -> Tell:
    """A callback that saves files, as the old application may, between the first reading and the backup."""

    def hear(progress: Progress) -> None:
        if progress.phase == "reading" and progress.done == progress.total:
            write_files(root, files)

    return hear


def test_what_changes_before_the_backup_is_migrated_as_it_is_then(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")
    changes = changing_before_the_backup(root, {f"{QUERY}/query.json": {"name": "changed", "jql": "project = AB"}})

    migrate(root, open_backend_normal, progress=changes)

    with open_backend_normal(root) as backend:
        query = backend.get_query("p_0a1b2c3d4e5f", "q_112233445566")
        assert query is not None
        assert query.name == "changed"


def test_damage_that_comes_before_the_backup_is_refused_as_any_other(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")
    damages = changing_before_the_backup(root, {f"{QUERY}/project_data.json": BROKEN_ROW})

    with pytest.raises(MigrationError, match="because of damage"):
        migrate(root, open_backend_normal, progress=damages)

    assert is_untouched(root)


def test_every_problem_is_listed_however_many_there_are(tmp_path: Path) -> None:
    rows = [{"date": f"2025-11-{day:02}", "completed_items": "many"} for day in range(1, 31)]
    root = write_files(write_tree(tmp_path / "root", "g3"), {f"{QUERY}/project_data.json": {"statistics": rows}})

    with pytest.raises(MigrationError) as refusal:
        started(root)

    assert [problem.partition(":")[0] for problem in refusal.value.problems] == [
        f"{QUERY}/project_data.json, statistics[{row}]" for row in range(30)
    ]


def test_a_record_that_comes_back_twice_stops_the_migration(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")

    def repeating(location: Path, *, timeout: float) -> Backend:
        backend = open_backend_normal(location, timeout=timeout)
        right = backend.get_statistics
        backend.get_statistics = lambda *where: [*right(*where), *right(*where)[:1]]  # type: ignore[method-assign]
        return backend

    with pytest.raises(MigrationError, match="1 are in the store that the files do not have"):
        migrate(root, repeating)


def test_the_notes_below_queries_are_told_too(tmp_path: Path) -> None:
    root = write_files(write_tree(tmp_path / "root", "g3"), {f"{QUERY}/metrics_snapshots.json": {"snapshots": []}})

    report = started(root)

    assert f"{QUERY}/metrics_snapshots.json" in {note.file for note in report.notes}


def exists(root: Path) -> bool:
    return (root / "profiles" / "burndown.db").exists()


def test_a_dry_run_of_a_migrated_folder_says_so_where_it_can_and_writes_nothing(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")
    started(root)
    (backup,) = backups_in(root)
    (backup.path / "finished").unlink()
    before = everything_below(root)

    assert migrate(root, open_backend_normal, dry_run=True, exists=exists).outcome == "already migrated"
    assert migrate(root, open_backend_normal, dry_run=True).outcome == "dry run"
    assert everything_below(root) == before


def test_progress_of_profiles_without_queries_is_none_of_none(tmp_path: Path) -> None:
    root = write_files(tmp_path / "root", {"profiles/p/profile.json": {"name": "Team Blue"}})
    told: list[Progress] = []

    migrate(root, open_backend_normal, progress=told.append)

    assert all(each.done <= each.total for each in told)


@pytest.mark.parametrize("timeout", [-1, float("nan"), None, "5"])
def test_a_timeout_that_is_no_time_is_refused(tmp_path: Path, timeout: Any) -> None:
    with pytest.raises(ValidationError, match="timeout"):
        migrate(tmp_path, open_backend_normal, timeout=timeout)


def test_a_folder_of_the_stores_own_is_not_listed_as_old(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")
    write_files(root, {"profiles/store/segment-1": b"of a backend", "profiles/p_0a1b2c3d4e5f/own/notes.txt": b"mine"})

    ignored = {each.file for each in started(root).ignored}

    assert "profiles/store/" not in ignored
    assert "profiles/p_0a1b2c3d4e5f/own/" in ignored
