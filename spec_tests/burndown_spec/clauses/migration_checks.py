"""What a migration takes nobody's word for: damaged files, the backup, the store, and its own report (21.7 to 21.9)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from burndown_fixtures.legacy import tree
from burndown_spec.expectations import expect_error, expect_same, expect_that
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
from burndown_spec.values.old_files import (
    CHANGES,
    FIGURES,
    ISSUES,
    METRICS,
    PROFILE,
    QUERY,
    REGISTRY,
    TASK,
    old_files,
    old_issue,
)
from burndown_spec.vocabulary import (
    backed_up,
    completed_items,
    contents_of,
    counted,
    days,
    delete_files,
    files_below,
    ids,
    kept_values,
    keys,
    manifest_of,
    migrate_altered,
    migrate_mixed,
    outcome_of,
    progress_of,
    progresses,
    refusal_of,
    rejected,
    restore,
    sizes_and_sums,
    speaks_of_each,
    weeks_and_names,
    write_files,
)
from burndown_store.contract import Backend, Capability, MigrationError

LEVEL = Level.MIGRATABLE
NEEDS = (Capability.TRANSACTIONS, Capability.DURABLE)

NOW = datetime(2025, 11, 3, 12, tzinfo=UTC)
# A migration that does not begin, or is not undone, tells nothing of the rest.
BEGUN = (
    *("a-second-start-does-nothing", "migration-into-other-data-is-refused"),
    "migration-without-a-backup-is-refused",
)
# Without a record of each kind there is nothing that could come back different, or be counted.
KEPT = (
    *BEGUN,
    *("migration-keeps-a-profile", "migration-keeps-a-query", "migration-keeps-the-active-ids"),
    *("migration-keeps-the-task", "migration-keeps-issues", "migration-keeps-expiry"),
    *("migration-keeps-changes-in-order", "migration-keeps-the-scope", "migration-keeps-metrics-without-data"),
    *("migration-keeps-null-zero-and-absent-apart", "migration-sets-damaged-caches-aside"),
)
EMPTY: dict[str, Any] = {"app state": {}, "tasks": [], "profiles": []}
CUT = b'{"issues": [{"key": "AB-1", "fields": {}}, {"key": "AB-2", "fie'


def _in_bytes(files: dict[str, Any]) -> dict[str, Any]:
    return {name: json.dumps(content, indent=2).encode("ascii") for name, content in files.items()}


@clause(
    "migration-keeps-the-neighbours-of-what-is-bad",
    sentences="21.7",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=(
        "one `try` stands around the whole file",
        "what cannot be read is skipped without a word",
        "the report tells the file and not the place, or keeps no text",
    ),
)
def the_neighbours_of_what_is_bad_are_kept(backend: Backend, stage: Stage) -> None:
    """A row, an issue, a metric or a file that cannot be read is in the report, and everything around it is kept."""
    bad_row, bad_metric = {"date": "2025-11-04", "completed_items": "many"}, {"median_days": "4"}
    rows = [{"date": "2025-11-03", "completed_items": 1}, bad_row, {"date": "2025-11-05", "completed_items": 2}]
    weeks = {"2025-W44": {"flow_load": {"wip_count": 3}, "flow_time": bad_metric}, "2025-W45": {"flow_time": {}}}
    nameless = {"fields": {"summary": "no key"}}
    cache = {"timestamp": "2025-11-03T12:00:00+00:00", "issues": [old_issue("AB-1"), nameless, old_issue("AB-2")]}
    other = "profiles/p/queries/other/query.json"
    more = {FIGURES: {"statistics": rows}, METRICS: weeks, ISSUES: cache, other: b"", CHANGES: CUT}
    stage.do(write_files, stage.location, old_files(more))
    report = stage.migrate(damage="all")
    expect_same(backend.list_queries("p"), ["other", "q"], view=ids)
    expect_same(backend.get_statistics("p", "q"), [1, 2], view=completed_items)
    expect_same(backend.get_metrics("p", "q"), ["2025-W44 flow_load", "2025-W45 flow_time"], view=weeks_and_names)
    expect_same(backend.get_issues("p", "q"), ["AB-1", "AB-2"], view=keys)
    places = [
        f"unreadable: {other}: ",
        f"unreadable: {ISSUES}: issues[1]",
        f"unreadable: {CHANGES}: ",
        f"unreadable: {METRICS}: 2025-W44.flow_time.median_days",
        f"unreadable: {FIGURES}: statistics[1]",
    ]
    expect_same(report, sorted(places), view=rejected)
    texts = [json.dumps(each) for each in (bad_row, {"flow_time": bad_metric}, nameless)]
    expect_same(report, sorted([*texts, "", CUT.decode()]), view=kept_values)


@clause(
    "migration-sets-damaged-caches-aside",
    sentences="21.7",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=("any file that is no JSON ends the migration", "the issues before the place of damage are migrated"),
)
def damaged_caches_are_set_aside(backend: Backend, stage: Stage) -> None:
    """A damaged cache, which can be fetched again, is reported and does not keep the user out, unless told to."""
    files = old_files({ISSUES: CUT, CHANGES: b"\0" * 9, FIGURES: {"statistics": [{"date": "2025-11-03"}]}})
    stage.do(write_files, stage.location, files)
    before = stage.do(files_below, stage.location, list(files))
    expect_that(stage.do_here(refusal_of, damage="none"), speaks_of_each, ISSUES, CHANGES)
    expect_same(stage.do(contents_of, backend), EMPTY)
    report = stage.migrate()
    expect_same(report, "migrated", view=outcome_of)
    expect_same(report, [f"unreadable: {ISSUES}: ", f"unreadable: {CHANGES}: "], view=rejected)
    expect_same(backend.get_issues("p", "q"), [], view=keys)
    expect_same(backend.get_statistics("p", "q"), [NOW.date()], view=days)
    expect_same(stage.do(files_below, stage.location, list(files)), before)


@clause(
    "migration-refuses-what-cannot-be-fetched-again",
    sentences="21.7",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=(
        "a bad row is skipped, because most rows are good",
        "the first problem ends the search for others",
        "what was written before the problem was met stays",
    ),
)
def what_cannot_be_fetched_again_is_not_given_up(backend: Backend, stage: Stage) -> None:
    """Damage to what nobody can fetch again refuses the migration with every place at once, and changes nothing."""
    rows = [{"date": "2025-11-03"}, {"date": "never"}, {"date": "2025-11-05", "completed_items": "many"}]
    weeks = {"2025-W44": {"flow_time": {"median_days": "4"}}}
    other = "profiles/other/profile.json"
    files = old_files({FIGURES: {"statistics": rows}, METRICS: weeks, QUERY: b'{"name": ', other: b""})
    stage.do(write_files, stage.location, files)
    before = stage.do(files_below, stage.location, list(files))
    problems = stage.do_here(refusal_of)
    places = (f"{FIGURES}, statistics[1]", f"{FIGURES}, statistics[2]", METRICS, QUERY, other)
    expect_that(problems, speaks_of_each, *places)
    expect_same(stage.do(contents_of, backend), EMPTY)
    expect_same(stage.do(files_below, stage.location, list(files)), before)


@clause(
    "migration-leaves-the-old-files",
    sentences="21.8",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=("old files are moved to the backup", "what was repaired is written back", "left-overs are removed"),
)
def the_old_files_are_left(backend: Backend, stage: Stage) -> None:
    """A migration leaves each old file as it was, byte for byte, left-overs and damaged ones included."""
    for name in ("g3-mark-and-line-ends", "g3-temporaries", "g3-nul-data", "g1"):
        files = tree(name)
        stage.start_over()
        stage.do(write_files, stage.location, files)
        before = stage.do(files_below, stage.location, list(files))
        stage.migrate(damage="all")
        expect_same(stage.do(files_below, stage.location, list(files)), before)


@clause(
    "migration-backs-every-file-up",
    sentences="21.8",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=(
        "only the files that were read are copied",
        "what is copied is what was read, not the bytes of the file",
        "the sums of the manifest are not those of the copies",
    ),
)
def every_file_is_backed_up(backend: Backend, stage: Stage) -> None:
    """The backup holds each old file under its path, byte for byte, and its manifest has their sizes and sums."""
    files = {**_in_bytes(tree("g3")), QUERY: CUT, PROFILE: b'\xef\xbb\xbf{"name":\r\n"Team Blue"}\r\n', TASK: b""}
    files["profiles/p/queries/q/notes.txt"] = b"what somebody else put here"
    files["profiles/p/queries/q/query.tmp"] = b'{"name": "never fini'
    stage.do(write_files, stage.location, files)
    before = stage.do(files_below, stage.location, list(files))
    report = stage.migrate(now=NOW, damage="all")
    expect_same(stage.do(backed_up, stage.location, report["backup"]), before)
    sums = sizes_and_sums(files)
    expect_same(stage.do(manifest_of, stage.location, report["backup"]), sums)


@clause(
    "restore-gives-the-files-back",
    sentences="21.8",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("migration-backs-every-file-up",),
    likely_causes=("files that are there already are skipped", "a file that was deleted is not put back"),
)
def restoring_gives_the_files_back(backend: Backend, stage: Stage) -> None:
    """Restoring a backup gives back exactly the old files, changed and deleted ones too, and names each."""
    files = _in_bytes(old_files({ISSUES: {"issues": []}, FIGURES: {"statistics": []}}))
    files[CHANGES] = b"\xef\xbb\xbf{ }\r\n"
    stage.do(write_files, stage.location, files)
    before = stage.do(files_below, stage.location, list(files))
    report = stage.migrate(now=NOW)
    stage.do(write_files, stage.location, {PROFILE: {"name": "another"}, CHANGES: b""})
    stage.do(delete_files, stage.location, [QUERY, FIGURES])
    expect_same(stage.do_here(restore, report["backup"]), sorted(files))
    expect_same(stage.do(files_below, stage.location, list(files)), before)


@clause(
    "restore-refuses-a-damaged-backup",
    sentences="21.8",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("migration-backs-every-file-up",),
    likely_causes=(
        "the sums are written and never compared",
        "each copy is verified when its turn comes",
    ),
)
def a_damaged_backup_is_not_restored(backend: Backend, stage: Stage) -> None:
    """A backup with a copy that is changed or missing, or without its manifest, is refused, and no file is changed."""
    files = _in_bytes(old_files({FIGURES: {"statistics": []}}))
    damages = (
        {f"files/{QUERY}": files[QUERY].replace(b"All work", b"No works")},
        {f"files/{FIGURES}": None},
        {"manifest.json": None},
        {"manifest.json": CUT},
    )
    for damage in damages:
        stage.start_over()
        stage.do(write_files, stage.location, files)
        report = stage.migrate(now=NOW)
        for name, content in damage.items():
            place = f"{report['backup']}/{name}"
            if content is None:
                stage.do(delete_files, stage.location, [place])
            else:
                stage.do(write_files, stage.location, {place: content})
        stage.do(write_files, stage.location, {REGISTRY: b"newer", PROFILE: b"newer", QUERY: b"newer"})
        before = stage.do(files_below, stage.location, list(files))
        with expect_error(MigrationError):
            stage.do_here(restore, report["backup"])
        expect_same(stage.do(files_below, stage.location, list(files)), before)


def _one_of_each() -> dict[str, Any]:
    """Old files of which every kind of record is made, some with two of a kind."""
    histories = [
        {"created": f"2025-11-0{day}T12:00:00.000+0000", "items": [{"field": "status", "toString": f"state {day}"}]}
        for day in (3, 2)
    ]
    files = old_files(
        {
            ISSUES: {"timestamp": "2025-11-03T12:00:00+00:00", "issues": [old_issue("AB-1"), old_issue("AB-2")]},
            CHANGES: {key: {"changelog": {"histories": histories}} for key in ("AB-1", "AB-2")},
            FIGURES: {
                "statistics": [{"date": "2025-11-03", "velocity_items": None}, {"date": "2025-11-10"}],
                "project_scope": {"total_items": 1},
            },
            METRICS: {
                "2025-W44": {"dora_mttr": {"median_hours": None}, "flow_load": {"wip_count": 0}},
            },
            TASK: {"task_id": "fetch", "status": "complete", "percent": 50},
            "profiles/p/queries/other/query.json": {"name": "Other", "jql": "project = CD"},
            "profiles/other/profile.json": {"name": "Other"},
        }
    )
    files[PROFILE]["jira_config"] = {"token": "an-invented-token", "cache_size_mb": 100}
    files[QUERY]["description"] = "What the team does"
    return files


ALTERATIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("app state", {"active_query_id": "other"}),
    ("Profile", {"jira_config": {"token": "an-invented-token", "cache_size_mb": 100.0}}),
    ("Query", {"description": ""}),
    ("Task", {"percent": None}),
    ("Issue", {"expires_at": datetime(2025, 11, 4, 12, 0, 0, 1, tzinfo=UTC)}),
    ("Issue", {"points": 0.0}),
    ("CacheInfo", {"fetched_at": datetime(2025, 11, 3, 11, 59, 59, 999999, tzinfo=UTC)}),
    ("History", {"changes": []}),
    ("History", {"fetched_at": NOW}),
    ("Statistic", {"velocity_items": 0.0}),
    ("Statistic", {"extra": {}}),
    ("Scope", {"values": {"total_items": 1.0}}),
    ("Scope", {"values": {"total_items": True}}),
    ("Metric", {"value": 0.0}),
    ("Metric", {"details": {}}),
)


@clause(
    "migration-notices-what-comes-back-different",
    sentences="21.9",
    level=LEVEL,
    needs=NEEDS,
    depends_on=KEPT,
    likely_causes=(
        "records are counted and not compared",
        "`==` takes 1, 1.0 and True for one, and instants are compared in seconds",
        "some kinds of records are not read back",
    ),
)
def what_comes_back_different_is_noticed(backend: Backend, stage: Stage) -> None:
    """Where a store keeps anything else than it was given, the migration is refused, and the store is left empty."""
    stage.do(write_files, stage.location, _one_of_each())
    for kind, changes in ALTERATIONS:
        with expect_error(MigrationError):
            stage.do_here(migrate_altered, kind, changes)
        expect_same(stage.do(contents_of, backend), EMPTY)


@clause(
    "migration-notices-changes-in-another-order",
    sentences="21.9",
    level=LEVEL,
    needs=NEEDS,
    depends_on=KEPT,
    likely_causes=("changes are compared as a set, or sorted first",),
)
def changes_in_another_order_are_noticed(backend: Backend, stage: Stage) -> None:
    """Where changes come back in another order, the migration is refused, and the store is left empty."""
    stage.do(write_files, stage.location, _one_of_each())
    with expect_error(MigrationError):
        stage.do_here(migrate_mixed, "Change")
    expect_same(stage.do(contents_of, backend), EMPTY)


@clause(
    "migration-notices-what-is-missing",
    sentences="21.9",
    level=LEVEL,
    needs=NEEDS,
    depends_on=KEPT,
    likely_causes=(
        "records are counted and not compared",
        "what came back is looked up, and not what was given",
    ),
)
def what_is_missing_is_noticed(backend: Backend, stage: Stage) -> None:
    """Where one record comes back twice and another not at all, the migration is refused, although counts agree."""
    stage.do(write_files, stage.location, _one_of_each())
    for kind in ("Profile", "Query", "Issue", "History", "Statistic", "Metric"):
        with expect_error(MigrationError):
            stage.do_here(migrate_mixed, kind)
        expect_same(stage.do(contents_of, backend), EMPTY)


@clause(
    "migration-reports-counts",
    sentences="21.9",
    level=LEVEL,
    needs=NEEDS,
    depends_on=KEPT,
    likely_causes=("what was read is counted, not what came to be in the store", "what was superseded is counted"),
)
def counts_are_reported(backend: Backend, stage: Stage) -> None:
    """The report counts what is in the store, kind by kind; rejects and what was superseded are not among them."""
    files = _one_of_each()
    files[ISSUES]["issues"] += [old_issue("AB-1"), {"key": None}]
    stage.do(write_files, stage.location, files)
    report = stage.migrate()
    expected = {
        "app_state": 3,
        "tasks": 1,
        "profiles": 2,
        "queries": 2,
        "issues": 2,
        "cache_infos": 1,
        "histories": 2,
        "changes": 4,
        "statistics": 2,
        "scopes": 1,
        "metrics": 2,
    }
    expect_same(report, expected, view=counted)


@clause(
    "migration-tells-its-progress",
    sentences="21.9",
    level=LEVEL,
    needs=NEEDS,
    depends_on=BEGUN,
    likely_causes=("the end of a phase is not told", "the total changes on the way", "a phase is told in the next one"),
)
def progress_is_told(backend: Backend, stage: Stage) -> None:
    """Progress is told phase by phase, each from 0 up to its total: reading, backing up, converting, verifying."""
    stage.do(write_files, stage.location, _one_of_each())
    expect_that(stage.do_here(progress_of), progresses)
