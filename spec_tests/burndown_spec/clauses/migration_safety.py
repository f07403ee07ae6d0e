"""A migration is atomic at every step, comes once, and gets through bad circumstances (contract, 21.10 to 21.18)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from burndown_spec.expectations import expect_error, expect_same, expect_that
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.sampling import sample_of
from burndown_spec.stage import Stage
from burndown_spec.values.old_files import CHANGES, FIGURES, ISSUES, METRICS, TASK, old_files, old_issue
from burndown_spec.values.records import a_profile, a_task
from burndown_spec.vocabulary import (
    CallersOwnError,
    are_planned,
    backup_count,
    backup_files,
    contents_of,
    copy_old_files,
    counted,
    crash_points,
    delete_files,
    end_at,
    files_below,
    held_by_another,
    incomplete_backups,
    is_nothing_or,
    is_one_of,
    migrate,
    migrate_until,
    migration_of,
    names_restore,
    outcome_of,
    outcome_of_start,
    overtaken,
    own_text_of,
    progress_of,
    restore,
    started_together,
    without_room,
    write_files,
)
from burndown_store.contract import Backend, Capability, MigrationError, StorageLostError

LEVEL = Level.MIGRATABLE
NEEDS = (Capability.TRANSACTIONS, Capability.DURABLE)
AMONG_PROCESSES = (*NEEDS, Capability.SHARED)

NOW = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
LATER = datetime(2026, 1, 5, 9, tzinfo=UTC)
JOB = "migration.migrate(location, open_backend, now=datetime(2026, 1, 5, 8, 30, tzinfo=UTC))"
SAYS = "2026-01-05T06:59:00+00:00"
MOVED = {"created": SAYS, "items": [{"field": "status", "fromString": "To Do", "toString": "Done"}]}
FILES = old_files(
    {
        ISSUES: {"timestamp": SAYS, "issues": [old_issue("AB-1", summary="One"), old_issue("AB-2")]},
        CHANGES: {"AB-1": {"changelog": {"histories": [MOVED], "total": 1}, "last_updated": SAYS}},
        FIGURES: {
            "statistics": [{"date": "2025-11-03", "completed_items": 3, "completed_points": 5.5}],
            "project_scope": {"total_items": 34},
            "metadata": {},
        },
        "profiles/p/queries/r/query.json": {"name": "Open work", "jql": "project = AB AND resolution IS EMPTY"},
        "profiles/p/queries/r/jira_cache.json": {"timestamp": SAYS, "issues": [old_issue("AB-2")]},
        METRICS: {"2025-W45": {"flow_load": {"wip_count": 7, "timestamp": SAYS}}},
        TASK: {"task_id": "update_data", "status": "complete", "start_time": SAYS},
    }
)
NAMES = sorted(FILES)
NOTHING: dict[str, Any] = {"app state": {}, "tasks": [], "profiles": []}


def _lay_out(stage: Stage) -> dict[str, str]:
    """Old files in a folder without a store; their sums."""
    stage.do(write_files, stage.start_without_a_store(), FILES)
    return files_below(stage.location)


def _expect_contents(stage: Stage, expected: dict[str, Any]) -> None:
    store = stage.open()
    expect_same(stage.do(contents_of, store), expected)
    store.close()


def _migrated(stage: Stage) -> dict[str, Any]:
    """What a migration that nothing disturbs makes of the old files."""
    _lay_out(stage)
    expect_same(stage.do_here(outcome_of_start, now=NOW), "migrated")
    store = stage.open()
    found = stage.do(contents_of, store)
    store.close()
    return found


def _expect_untouched(stage: Stage, sums: dict[str, str]) -> None:
    expect_same(stage.do(files_below, stage.location, NAMES), sums)


def _expect_the_next_start_to_finish(stage: Stage, sums: dict[str, str], after: dict[str, Any]) -> None:
    expect_that(stage.do_here(outcome_of_start, now=NOW), is_one_of, ["migrated", "already migrated"])
    _expect_contents(stage, after)
    _expect_untouched(stage, sums)
    expect_same(stage.do(backup_count, stage.location), 1)
    expect_same(stage.do(incomplete_backups, stage.location), [])


def _expect_all_or_nothing(stage: Stage, sums: dict[str, str], after: dict[str, Any]) -> None:
    store = stage.open()
    expect_that(stage.do(contents_of, store), is_nothing_or, after)
    store.close()
    _expect_untouched(stage, sums)
    expect_same(stage.do(incomplete_backups, stage.location), [])
    _expect_the_next_start_to_finish(stage, sums, after)


def _expect_nothing_then_all(stage: Stage, sums: dict[str, str], after: dict[str, Any]) -> None:
    _expect_contents(stage, NOTHING)
    _expect_untouched(stage, sums)
    _expect_the_next_start_to_finish(stage, sums, after)


def _home_of_the_migration(stage: Stage) -> str:
    """How the paths of its files begin in the names of points."""
    found = migration_of(stage.factory)
    name = getattr(found, "__module__", None) or found.__name__
    return str(name).replace(".", "/")


def _kill_at_each(stage: Stage, kinds: Sequence[str]) -> None:
    after = _migrated(stage)
    _lay_out(stage)
    points = stage.do_elsewhere(crash_points, JOB, kinds)
    expect_that(points, are_planned)
    chosen = points if stage.thorough else sample_of(points, stage.seed, _home_of_the_migration(stage))
    tried = fired = 0
    try:
        for point in chosen:
            sums = _lay_out(stage)
            tried += 1
            expect_same(stage.do_elsewhere(end_at, JOB, point), "at the point")
            fired += 1
            _expect_all_or_nothing(stage, sums, after)
    finally:
        stage.measure("crash points", f"planned {len(points)}, tried {tried}, fired {fired}")


@clause(
    "migration-killed-at-any-line",
    slow=True,
    sentences="21.10 21.11",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-second-start-does-nothing", "a-durable-store-outlives-a-killed-process"),
    likely_causes=(
        "the flag is set before the data is there, or in a transaction of its own",
        "the backup is written in place, and its first half counts as one",
        "each query is committed by itself",
    ),
)
def killed_at_any_line(backend: Backend, stage: Stage) -> None:
    """Killed at any line, and around any change of a file, it leaves nothing or all, and the next start finishes."""
    _kill_at_each(stage, ["line", "file"])


@clause(
    "migration-killed-inside-the-store",
    slow=True,
    sentences="21.10 21.11",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-second-start-does-nothing", "a-durable-store-outlives-a-killed-process"),
    likely_causes=(
        "a call inside a transaction is committed by itself",
        "a commit is acknowledged before it lasts",
        "the flag is set in a transaction of its own",
    ),
)
def killed_inside_the_store(backend: Backend, stage: Stage) -> None:
    """Killed around any call of the store, and any statement inside it, it leaves nothing or all; the next finishes."""
    _kill_at_each(stage, ["statement", "call"])


@clause(
    "two-starts-at-once-migrate-once",
    slow=True,
    sentences="21.12",
    level=LEVEL,
    needs=AMONG_PROCESSES,
    depends_on=("a-second-start-does-nothing",),
    likely_causes=("there is no lock", "who waited for the lock does not look again whether it is done"),
)
def two_starts_at_once(backend: Backend, stage: Stage) -> None:
    """Of two starts at once one migrates, and the other finds it done: also one that looked before the first began."""
    after = _migrated(stage)
    one_of_each = ["already migrated", "migrated"]
    # One that takes the lock before it tells of any progress cannot be overtaken.
    for two_starts, allowed in (
        (overtaken, [one_of_each, ["BusyError", "migrated"]]),
        (started_together, [one_of_each]),
    ):
        sums = _lay_out(stage)
        expect_that(stage.do_elsewhere(two_starts, NOW), is_one_of, allowed)
        _expect_contents(stage, after)
        _expect_untouched(stage, sums)
        expect_same(stage.do(backup_count, stage.location), 1)


@clause(
    "migration-held-by-another-is-busy",
    slow=True,
    sentences="21.13",
    level=LEVEL,
    needs=AMONG_PROCESSES,
    depends_on=("a-second-start-does-nothing",),
    likely_causes=(
        "the lock is not taken, or not before the backup",
        "the lock is a file that a killed process leaves behind",
        "it waits for as long as the lock is held, whatever `timeout` says",
    ),
)
def held_by_another_is_busy(backend: Backend, stage: Stage) -> None:
    """While another start migrates, one that may not wait is a `BusyError`; once the other is killed, it migrates."""
    after = _migrated(stage)
    for phase in ("backing up", "converting"):
        sums = _lay_out(stage)
        expect_same(stage.do_elsewhere(held_by_another, NOW, phase), "BusyError")
        _expect_nothing_then_all(stage, sums, after)


@clause(
    "migration-without-a-backup-is-refused",
    sentences="21.14",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-second-start-does-nothing",),
    likely_causes=(
        "a backup that fails is logged, and the migration goes on",
        "the backup is made after the data is written",
        "the system's own error escapes",
    ),
)
def without_a_backup_is_refused(backend: Backend, stage: Stage) -> None:
    """Where no backup can be made, it is a `StorageError` or a `MigrationError`, and nothing is changed or migrated."""
    after = _migrated(stage)
    sums = _lay_out(stage)
    stage.do(write_files, stage.location, {"backups": b"a file in the way"})
    expect_that(stage.do_here(outcome_of_start, now=NOW), is_one_of, ["StorageError", "MigrationError"])
    _expect_contents(stage, NOTHING)
    _expect_untouched(stage, sums)
    stage.do(delete_files, stage.location, ["backups"])
    _expect_the_next_start_to_finish(stage, sums, after)


@clause(
    "migration-on-a-full-medium",
    slow=True,
    sentences="21.14 21.11",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-second-start-does-nothing",),
    likely_causes=(
        "half a backup is taken for a whole one at the next start",
        "the system's own error escapes",
        "an error of the backup is swallowed",
    ),
)
def on_a_full_medium(backend: Backend, stage: Stage) -> None:
    """Wherever the medium is full, it is an error of the contract, nothing or all is there, and a next start works."""
    after = _migrated(stage)
    _lay_out(stage)
    points = stage.do_elsewhere(crash_points, JOB, ["file"])
    writes = sum(point.startswith("before ") and ": write " in point for point in points)
    some = range(writes) if stage.thorough else sorted({0, 1, writes // 2, *range(max(0, writes - 4), writes)})
    cases: list[dict[str, int]] = [{"writes": count} for count in some]
    if sys.platform != "win32":
        cases += [{"size": size} for size in (0, 512, 8192, 65536)]
    for case in cases:
        sums = _lay_out(stage)
        told = stage.do_elsewhere(without_room, NOW, **case)
        expect_that(told, is_one_of, ["StorageError", "MigrationError", "migrated"])
        _expect_all_or_nothing(stage, sums, after)
    stage.measure("full medium", f"tried {len(cases)}")


@clause(
    "migration-interrupted-by-its-caller",
    slow=True,
    sentences="21.15",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-second-start-does-nothing",),
    likely_causes=("an error of the callback is swallowed or wrapped", "progress is told after the commit"),
)
def interrupted_by_its_caller(backend: Backend, stage: Stage) -> None:
    """An error of the callback for the progress passes as it is, nothing is migrated, and the next start works."""
    after = _migrated(stage)
    _lay_out(stage)
    told = stage.do_here(progress_of, now=NOW)
    expect_that(told, are_planned)
    phases = [step[0] for step in told]
    ends = {place for place, phase in enumerate(phases) if phase not in phases[place + 1 :]}
    for place in sorted({*ends, *map(phases.index, phases)} if not stage.thorough else range(len(told))):
        sums = _lay_out(stage)
        with expect_error(CallersOwnError):
            stage.do_here(migrate_until, place + 1, now=NOW)
        _expect_nothing_then_all(stage, sums, after)


@clause(
    "a-second-start-does-nothing",
    sentences="21.12",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=(
        "the flag is not set, or not looked at",
        "the backup is made before the flag is looked at",
        "the second migration writes the old files over newer data",
    ),
)
def a_second_start_does_nothing(backend: Backend, stage: Stage) -> None:
    """Another start after a migration changes neither the store, which may have new data, nor any file."""
    sums = _lay_out(stage)
    expect_same(stage.do_here(outcome_of_start, now=NOW), "migrated")
    store = stage.open()
    store.save_profile(a_profile("p"))
    store.delete_query("p", "r")
    before = stage.do(contents_of, store)
    store.close()
    backups = stage.do(backup_files, stage.location)
    expect_same(stage.do_here(outcome_of_start, now=LATER), "already migrated")
    _expect_contents(stage, before)
    _expect_untouched(stage, sums)
    expect_same(stage.do(backup_files, stage.location), backups)
    expect_same(stage.do(incomplete_backups, stage.location), [])


@clause(
    "migration-into-other-data-is-refused",
    sentences="21.16",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-second-start-does-nothing",),
    likely_causes=(
        "only profiles are looked for",
        "the old files are merged into what is there, or written over it",
        "the backup is made before the store is looked at",
    ),
)
def into_other_data_is_refused(backend: Backend, stage: Stage) -> None:
    """A store that holds other data, of whatever kind, is a `MigrationError`; neither it nor any file is touched."""
    for save, value in (("save_profile", (a_profile("q"),)), ("save_task", (a_task(),)), ("set_app_state", ("k", "v"))):
        sums = _lay_out(stage)
        store = stage.open()
        getattr(store, save)(*value)
        before = stage.do(contents_of, store)
        store.close()
        with expect_error(MigrationError):
            stage.migrate(now=NOW)
        _expect_contents(stage, before)
        _expect_untouched(stage, sums)
        expect_same(stage.do(backup_count, stage.location), 0)


@clause(
    "a-lost-store-is-not-migrated-anew",
    sentences="21.17",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-second-start-does-nothing",),
    likely_causes=(
        "an empty store beside old files is taken for a first start",
        "the message does not say what to do",
        "a restoration does not count, and the next start is refused for good",
    ),
)
def a_lost_store_is_not_migrated_anew(backend: Backend, stage: Stage) -> None:
    """Old files and a finished backup without the store are a `StorageLostError` that names `restore`, and stay so.

    After `restore`, the next start migrates them again.
    """
    sums = _lay_out(stage)
    done = stage.migrate(now=NOW)
    lost, factory = stage.beside("lost"), stage.factory
    stage.do(copy_old_files, stage.location, NAMES, lost)
    with expect_error(StorageLostError):
        stage.do(migrate, factory, lost, now=LATER)
    store = stage.open_beside("lost")
    expect_same(stage.do(contents_of, store), NOTHING)
    store.close()
    # A store has been opened there since, and is as empty.
    expect_that(stage.do(own_text_of, migrate, factory, lost, now=LATER), names_restore)
    stage.do(restore, factory, lost, done["backup"])
    expect_same(stage.do(outcome_of_start, factory, lost, now=LATER), "migrated")
    expect_same(stage.do(files_below, lost, NAMES), sums)


@clause(
    "a-dry-run-writes-nothing",
    sentences="21.18",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-second-start-does-nothing",),
    likely_causes=("the backup or the lock is made all the same", "the store is written, and not undone"),
)
def a_dry_run_writes_nothing(backend: Backend, stage: Stage) -> None:
    """A dry run writes no file and nothing into the store, and counts what a migration then brings over."""
    sums = _lay_out(stage)
    report = stage.migrate(now=NOW, dry_run=True)
    expect_same(report, "dry run", view=outcome_of)
    expect_same(stage.do(files_below, stage.location), sums)
    _expect_contents(stage, NOTHING)
    expect_same(stage.migrate(now=NOW), report["counts"], view=counted)
