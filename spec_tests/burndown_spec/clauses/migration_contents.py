"""What a migration brings from the old files to the store (contract, 21.1 to 21.6)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from burndown_fixtures.legacy import tree
from burndown_spec.expectations import expect_same
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
from burndown_spec.values.old_files import (
    CHANGES,
    FIGURES,
    ISSUES,
    PROFILE,
    QUERY,
    REGISTRY,
    TASK,
    old_files,
    old_issue,
)
from burndown_spec.vocabulary import (
    SeasonalZone,
    by_identity,
    changes_of_all,
    contents_of,
    ignored_files,
    instants_of,
    issue_keys,
    keys,
    lost_leaves,
    naive_times,
    write_files,
)
from burndown_store.contract import (
    Backend,
    CacheInfo,
    Capability,
    Change,
    Issue,
    JsonText,
    Profile,
    Query,
    Task,
)

LEVEL = Level.MIGRATABLE
NEEDS = (Capability.TRANSACTIONS, Capability.DURABLE)

NOON = datetime(2025, 11, 3, 12, tzinfo=UTC)


@clause(
    "migration-keeps-a-profile",
    sentences="21.2",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=(
        "only the keys that are known are taken over",
        "a list of what is ticked is not read as a boolean",
        "`last_used` is taken from the settings, where the application did not keep it up to date",
    ),
)
def a_profile_is_kept(backend: Backend, stage: Stage) -> None:
    """A profile has its settings, its token, and the keys that nothing knows; the registry says when it was used."""
    settings: dict[str, Any] = {
        "jira_config": {"base_url": "https://tracker.example.com", "token": "an-invented-token", "cache_size_mb": 100},
        "field_mappings": {"flow": {"status": "status:Done.DateTime", "effort_category": ""}},
        "forecast_settings": {"pert_factor": 1.0, "deadline": "2026-03-31", "milestone": None},
        "project_classification": {"completion_statuses": ["Done", "Closed"]},
        "flow_type_mappings": {"Feature": {"issue_types": ["Story"], "effort_categories": []}},
    }
    said = {
        "id": "p",
        "name": "Team Blü",
        "description": "The team that paints",
        "created_at": "2025-11-01T08:15:30.123456+00:00",
        **settings,
        "show_milestone": True,
        "show_points": ["show"],
        "_comment": "edited by hand",
    }
    entry = {"name": "An older name", "last_used": "2025-11-03T13:00:00+01:00"}
    registry = {"active_profile_id": "p", "profiles": {"p": entry}}
    stage.do(write_files, stage.location, old_files({PROFILE: said, REGISTRY: registry}))
    stage.migrate()
    expected = Profile(
        id="p",
        name="Team Blü",
        description="The team that paints",
        created_at=datetime(2025, 11, 1, 8, 15, 30, 123456, tzinfo=UTC),
        last_used_at=NOON,
        **settings,
        show_milestone=True,
        show_points=True,
        extra={
            "_comment": "edited by hand",
            "legacy": {
                "found": {"show_points": ["show"]},
                "absent": ["last_used"],
                "registry_entry": {"name": "An older name", "last_used": "2025-11-03T13:00:00+01:00"},
            },
        },
    )
    expect_same(backend.get_profile("p"), expected)


@clause(
    "migration-keeps-a-query",
    sentences="21.2",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=("the description is not taken over", "only the keys that are known are taken over"),
)
def a_query_is_kept(backend: Backend, stage: Stage) -> None:
    """A query has its name, its JQL, its description, and the keys that nothing knows."""
    said = {
        "name": "Last quarter",
        "jql": "project = AB AND created >= -12w",
        "description": "What came in",
        "created_at": "2025-11-03T12:00:00.000001+00:00",
        "last_used": "2025-11-03T12:00:00.000002+00:00",
        "updated_at": "2025-11-03T12:00:00.000003+00:00",
    }
    stage.do(write_files, stage.location, old_files({QUERY: said}))
    stage.migrate()
    expected = Query(
        id="q",
        name="Last quarter",
        jql="project = AB AND created >= -12w",
        description="What came in",
        created_at=NOON.replace(microsecond=1),
        last_used_at=NOON.replace(microsecond=2),
        extra={"updated_at": "2025-11-03T12:00:00.000003+00:00"},
    )
    expect_same(backend.get_query("p", "q"), expected)


@clause(
    "migration-keeps-the-active-ids",
    sentences="21.2",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=("the registry is read for its profiles alone", "an id that names nothing is taken over"),
)
def the_active_ids_are_kept(backend: Backend, stage: Stage) -> None:
    """Which profile and query were active is kept as state; an id that names nothing that is there is none."""
    stage.do(write_files, stage.location, old_files())
    stage.migrate()
    expect_same(backend.get_app_state("active_profile_id"), "p")
    expect_same(backend.get_app_state("active_query_id"), "q")
    backend = stage.start_over()
    registry = {"active_profile_id": "p", "active_query_id": "main", "profiles": {}}
    stage.do(write_files, stage.location, old_files({REGISTRY: registry}))
    stage.migrate()
    expect_same(backend.get_app_state("active_profile_id"), "p")
    expect_same(backend.get_app_state("active_query_id"), None)


@clause(
    "migration-keeps-the-task",
    sentences="21.2",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=("a running task is thought to be of no use", "`percent or None` turns 0.0 into None"),
)
def the_task_is_kept(backend: Backend, stage: Stage) -> None:
    """The task that was running, or ran last, is kept with all that the file says of it."""
    said = {
        "task_id": "update_data",
        "task_name": "Update Data",
        "status": "in_progress",
        "start_time": "2025-11-03T12:00:00.000001+00:00",
        "phase": "fetch",
        "fetch_progress": {"current": 0, "total": 120, "percent": 0.0, "message": "Fetching"},
    }
    stage.do(write_files, stage.location, old_files({TASK: said}))
    stage.migrate()
    expected = Task(
        name="update_data",
        status="in_progress",
        percent=0.0,
        message="Fetching",
        updated_at=NOON.replace(microsecond=1),
        state=said,
    )
    expect_same(backend.list_tasks(), [expected])


@clause(
    "migration-keeps-expiry",
    sentences="21.3",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=("a day is added to the clock's time", "the time of fetching is that of the migration"),
)
def expiry_is_kept(backend: Backend, stage: Stage) -> None:
    """An old cache expires 24 hours after it was fetched, not after it was migrated."""
    cache = {
        "cache_version": "2.0",
        "timestamp": "2025-11-03T13:00:00.000001+01:00",
        "jql_query": "project = AB",
        "issues": [old_issue("AB-1")],
        "total_issues": 7,
    }
    stage.do(write_files, stage.location, old_files({ISSUES: cache}))
    stage.migrate()
    fetched, expires = NOON.replace(microsecond=1), NOON.replace(day=4, microsecond=1)
    details = {"cache_version": "2.0", "total_issues": 7}
    info = CacheInfo(fetched_at=fetched, expires_at=expires, jql="project = AB", details=details)
    expect_same(backend.get_cache_info("p", "q"), info)
    expect_same(backend.get_issues("p", "q", valid_at=expires), [], view=keys)
    just_before = NOON.replace(day=4, microsecond=0)
    expect_same(backend.get_issues("p", "q", valid_at=just_before), ["AB-1"], view=keys)


@clause(
    "migration-keeps-issues",
    sentences="21.3",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("migration-keeps-expiry",),
    likely_causes=(
        "points are read from a field that is written into the program",
        "`points or None` turns 0 into None, or None becomes 0",
        "the document is put together again from the columns",
    ),
)
def issues_are_kept(backend: Backend, stage: Stage) -> None:
    """An issue has its whole document, its columns, and the points that the profile's `points_field` names."""
    first = old_issue(
        "AB-1",
        summary="Größe prüfen",
        status={"name": "Done", "statusCategory": {"key": "done"}},
        created="2025-11-03T14:00:00.000+0200",
        customfield_10002=8,
        customfield_10016=5.0,
        customfield_10020=[{"value": "PROD", "child": {"value": "EU"}}, 1, 1.0, None],
    )
    raw = [
        first,
        old_issue("AB-2", customfield_10016=0),
        old_issue("AB-3", customfield_10016=None),
        old_issue("AB-4", customfield_10002=3),
    ]
    files = old_files({ISSUES: {"timestamp": "2025-11-02T12:00:00+00:00", "issues": raw}})
    files[PROFILE]["jira_config"] = {"points_field": "customfield_10016"}
    stage.do(write_files, stage.location, files)
    stage.migrate()
    columns: dict[str, dict[str, Any]] = {
        "AB-1": {"summary": "Größe prüfen", "status": "Done", "created": NOON, "points": 5.0},
        "AB-2": {"points": 0.0},
        "AB-3": {},
        "AB-4": {},
    }
    expected = [
        Issue(key=issue["key"], document=JsonText.of(issue), expires_at=NOON, **columns[issue["key"]]) for issue in raw
    ]
    expect_same(backend.get_issues("p", "q"), expected, view=by_identity)


def _moved(created: str, *between: tuple[str, str]) -> dict[str, Any]:
    items = [{"field": "status", "fromString": before, "toString": after} for before, after in between]
    return {"created": created, "items": items}


@clause(
    "migration-keeps-changes-in-order",
    sentences="21.4",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=(
        "changes are sorted by time, or by time and text",
        "of several changes at one instant one is kept",
        "the changelogs are not migrated, because they could be fetched again",
    ),
)
def changes_are_kept_in_order(backend: Backend, stage: Stage) -> None:
    """Each change of a changelog is kept, several at one instant too, in the order of the file."""
    histories = [
        _moved("2025-11-03T13:00:00.000+0100", ("To Do", "In Review"), ("In Review", "Done")),
        _moved("2025-11-03T12:00:00.000+0000", ("Done", "To Do"), ("To Do", "Done")),
        _moved("2025-11-02T12:00:00.000+0000", ("New", "To Do")),
    ]
    entry = {"changelog": {"histories": histories, "total": 3}, "last_updated": "2025-11-05T10:00:00+00:00"}
    cache = {"timestamp": "2025-11-03T12:00:00+00:00", "issues": [old_issue("AB-1")]}
    stage.do(write_files, stage.location, old_files({ISSUES: cache, CHANGES: {"AB-1": entry}}))
    stage.migrate()
    moved = [("To Do", "In Review"), ("In Review", "Done"), ("Done", "To Do"), ("To Do", "Done")]
    expected = [Change(changed_at=NOON, field="status", from_text=was, to_text=became) for was, became in moved]
    expected.append(Change(changed_at=NOON.replace(day=2), field="status", from_text="New", to_text="To Do"))
    expect_same(backend.get_histories("p", "q"), expected, view=changes_of_all)


@clause(
    "migration-keeps-histories-of-gone-issues",
    sentences="21.4",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=("histories are joined to the issues", "an empty changelog is thought to say nothing"),
)
def histories_of_gone_issues_are_kept(backend: Backend, stage: Stage) -> None:
    """A history whose issue is gone is kept, and so is one without changes, which says that there were none."""
    moved = {"changelog": {"histories": [_moved("2025-11-03T12:00:00.000+0000", ("To Do", "Done"))], "total": 1}}
    changelogs = {"AB-1": {"changelog": {"histories": [], "total": 0}}, "GONE-1": moved}
    cache = {"timestamp": "2025-11-03T12:00:00+00:00", "issues": [old_issue("AB-1")]}
    stage.do(write_files, stage.location, old_files({ISSUES: cache, CHANGES: changelogs}))
    stage.migrate()
    expect_same(backend.get_histories("p", "q"), ["AB-1", "GONE-1"], view=issue_keys)


@clause(
    "migration-reads-naive-times-in-the-zone",
    sentences="21.6",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("migration-keeps-expiry", "migration-keeps-the-scope", "migration-keeps-the-task"),
    likely_causes=(
        "times without an offset are always read in UTC",
        "the zone's offset of today is added to all times",
        "an offset that is there is overridden",
    ),
)
def naive_times_are_read_in_the_zone(backend: Backend, stage: Stage) -> None:
    """A time without an offset is read in the zone given, with the offset that it had then, in UTC otherwise."""
    files = old_files(
        {
            ISSUES: {"timestamp": "2025-07-01T14:00:00", "issues": []},
            FIGURES: {"project_scope": {"total_items": 1}, "metadata": {"last_updated": "2025-11-03T13:00:00"}},
            TASK: {"task_id": "fetch", "status": "complete", "start_time": "2025-11-03T12:00:00+00:00"},
        }
    )
    for zone, earlier in ((SeasonalZone(), True), (None, False)):
        backend = stage.start_over()
        stage.do(write_files, stage.location, files)
        report = stage.migrate(zone=zone) if zone else stage.migrate()
        summer = datetime(2025, 7, 1, 12 if earlier else 14, tzinfo=UTC)
        winter = NOON if earlier else NOON.replace(hour=13)
        in_july = {"fetched_at": summer, "expires_at": summer.replace(day=2)}
        expect_same(backend.get_cache_info("p", "q"), in_july, view=instants_of)
        expect_same(backend.get_scope("p", "q"), {"updated_at": winter}, view=instants_of)
        expect_same(backend.get_task("fetch"), {"updated_at": NOON}, view=instants_of)
        expect_same(report, 2, view=naive_times)


@clause(
    "migration-lists-what-it-ignores",
    sentences="21.1",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=("files that nobody reads are skipped without a word", "folders are listed for the files in them"),
)
def what_is_ignored_is_listed(backend: Backend, stage: Stage) -> None:
    """The old files that are left unread on purpose are listed, each with its path, and no other."""
    unread = {
        "metrics_cache.json": {},
        "cache/0123456789abcdef0123456789abcdef.json": {"metadata": {}, "data": []},
        "app_settings.json.backup": {"pert_factor": 3},
        "_migrated_backup/jira_query_profiles.json": [],
        "profiles/p/queries/q/query.tmp": b'{"name": "never fini',
    }
    stage.do(write_files, stage.location, old_files(unread))
    report = stage.migrate()
    expect_same(report, sorted(unread), view=ignored_files)


@clause(
    "migration-loses-nothing",
    sentences="21.1",
    level=LEVEL,
    needs=NEEDS,
    depends_on=(
        *("migration-keeps-a-profile", "migration-keeps-a-query", "migration-keeps-the-active-ids"),
        *("migration-keeps-the-task", "migration-keeps-expiry", "migration-keeps-the-neighbours-of-what-is-bad"),
        *("migration-keeps-issues", "migration-keeps-changes-in-order", "migration-keeps-histories-of-gone-issues"),
        *("migration-keeps-null-zero-and-absent-apart", "migration-keeps-the-scope"),
        *("migration-keeps-metrics-without-data", "migration-takes-the-last-of-duplicates"),
        *("migration-takes-the-newest-of-two-spellings", "migration-lists-what-it-ignores"),
    ),
    likely_causes=(
        "keys that nothing knows are dropped",
        "a reject tells the place of what was not read, and not its text",
        "one of the older shapes of the files is not read",
    ),
)
def nothing_is_lost(backend: Backend, stage: Stage) -> None:
    """Each value of the old files is in the store, in a reject, or in a file that is listed as ignored, counted."""
    for name in ("g3", "g2-moved", "g2-flat", "g1", "g0", "g3-duplicates", "g3-both-week-styles", "g3-odd-rows"):
        files = tree(name)
        backend = stage.start_over()
        stage.do(write_files, stage.location, files)
        report = stage.migrate(damage="all")
        contents = stage.do(contents_of, backend)
        expect_same(stage.do(lost_leaves, files, contents, report), [])
