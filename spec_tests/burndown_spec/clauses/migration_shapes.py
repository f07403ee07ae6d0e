"""Old files in odd shapes, which are not damaged, and their migration (contract, chapter 21)."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

import hypothesis

from burndown_fixtures.legacy import tree
from burndown_fixtures.legacy.spoiling import left_aside
from burndown_spec.clauses.migration_damages import NEEDS, migrated, migrated_all_the_same, migrated_soundly
from burndown_spec.expectations import expect_same, expect_that
from burndown_spec.levels import Level
from burndown_spec.oracle.machine import SearchError
from burndown_spec.oracle.searching import smallest_against
from burndown_spec.registry import clause
from burndown_spec.stage import Stage, UndecidedError
from burndown_spec.values import old_files as o
from burndown_spec.values.legacy_trees import HOSTILE_NAMES, that_folders_can_have
from burndown_spec.values.legacy_workspaces import workspaces
from burndown_spec.vocabulary import (
    Raised,
    attempt,
    contents_of,
    described,
    has_reject,
    lost_leaves,
    names_by_id,
    outcome_is,
    sorted_issue_keys,
    summaries,
    told_by,
    write_files,
)
from burndown_store.contract import Backend

Workspace: TypeAlias = tuple[dict[str, Any], dict[str, Any]]

# Enough for some hundred workspaces, and for making one of them small.
SECONDS_OF_SEARCH = 8.0
QUERY = "profiles/p_0a1b2c3d4e5f/queries/q_112233445566"


@clause(
    "migration-survives-missing-files",
    level=Level.MIGRATABLE,
    needs=NEEDS,
    slow=True,
    sentences="21.21",
    likely_causes=(
        "FileNotFoundError passes through",
        "a profile without an entry in the registry, or a query without query.json, is passed over",
    ),
)
def migration_survives_missing_files(backend: Backend, stage: Stage) -> None:
    """Where a file is missing, the migration goes through, and what all the others tell is in the store."""
    sound = migrated_soundly(backend, stage)
    for name in tree("g3"):
        files = tree("g3")
        del files[name]
        # What is not mentioned by any other file is not there at all.
        if any(other.startswith(name.rpartition("/")[0]) for other in files) and not left_aside(name):
            migrated_all_the_same(stage, files, sound, [name], outcome="migrated")


@clause(
    "migration-reads-temporary-files",
    level=Level.MIGRATABLE,
    needs=NEEDS,
    slow=True,
    sentences="21.21",
    likely_causes=(
        "files are looked for by their own names alone",
        "a temporary file counts although its target is there",
        "of two temporary files the one that was cut off is taken",
    ),
)
def migration_reads_temporary_files(backend: Backend, stage: Stage) -> None:
    """Where a file is missing and its whole temporary file is there, that one is read; beside its target it is not,
    nor is one that was cut off."""
    sound = migrated_soundly(backend, stage)
    temporary = {
        "profiles/profiles.json": ("profiles/profiles.tmp",),
        "profiles/p_0a1b2c3d4e5f/profile.json": (
            "profiles/p_0a1b2c3d4e5f/profile.json.tmp",
            "profiles/p_0a1b2c3d4e5f/profile.tmp",
        ),
        f"{QUERY}/query.json": (f"{QUERY}/query.tmp",),
        f"{QUERY}/project_data.json": (f"{QUERY}/project_data.json.tmp", f"{QUERY}/project_data_ab12cd.tmp"),
        f"{QUERY}/metrics_snapshots.json": (f"{QUERY}/metrics_snapshots_ab12cd.json",),
    }
    for target, names in temporary.items():
        for name in names:
            files = tree("g3")
            files[name] = files.pop(target)
            migrated_all_the_same(stage, files, sound, [], outcome="migrated")
            others = {other: b'{"na' for other in names if other != name}
            migrated_all_the_same(stage, {**files, **others}, sound, [], outcome="migrated")
    beside = {name: {"name": "left behind"} for names in temporary.values() for name in names}
    migrated_all_the_same(stage, {**tree("g3"), **beside}, sound, [], outcome="migrated")


@clause(
    "migration-takes-the-last-of-two-at-one-key",
    level=Level.MIGRATABLE,
    needs=NEEDS,
    sentences="21.22",
    likely_causes=("the first of two is kept", "the one that does not count is told nowhere"),
)
def migration_takes_the_last_of_two_at_one_key(backend: Backend, stage: Stage) -> None:
    """Of two values at one key, and of two registered profiles with one id, the last counts, and the other is in the
    rejects."""
    entry = {"id": "p", "name": "Team Red", "description": "the first"}
    files = {
        **o.old_files(),
        o.REGISTRY: {"profiles": [entry, {"id": "other"}, {**entry, "description": "the last"}]},
        o.PROFILE: b'{"name": "Team Green", "jira_config": {"a": 1, "a": 2}, "name": "Team Blue"}',
        o.ISSUES: b'{"issues": [{"key": "AB-1", "fields": {"summary": "no", "summary": "yes"}}]}',
    }
    stage.do(write_files, stage.location, files)
    report = migrated(stage)
    expect_that(report, outcome_is, "migrated")
    expect_same(backend.list_profiles(), [["other", "Default", ""], ["p", "Team Blue", "the last"]], view=described)
    expect_same(backend.get_issues("p", "q"), ["yes"], view=summaries)
    for file, place in (
        (o.REGISTRY, "profiles[0]"),
        (o.PROFILE, "name"),
        (o.PROFILE, "jira_config.a"),
        (o.ISSUES, "issues[0].fields.summary"),
    ):
        expect_that(report, has_reject, file, place, "superseded")


@clause(
    "migration-keeps-what-nothing-refers-to",
    level=Level.MIGRATABLE,
    needs=NEEDS,
    sentences="21.21 21.23",
    likely_causes=(
        "the registry, and not the folders, says which profiles and queries there are",
        "histories are read for the issues that are there",
        "a profile that is in the registry alone is dropped",
    ),
)
def migration_keeps_what_nothing_refers_to(backend: Backend, stage: Stage) -> None:
    """Folders that the registry does not list, registered profiles without a folder, queries without query.json and
    histories of issues that are gone are in the store; active ids that name nothing are none."""
    files = o.old_files()
    files[o.REGISTRY].update(active_profile_id="gone", active_query_id="gone-too")
    files[o.REGISTRY]["profiles"] = {"registered": {"name": "Team Red", "queries": ["main"]}}
    changelog = {"changelog": {"histories": []}, "last_updated": "2025-11-05T10:00:00"}
    files[o.CHANGES] = {"AB-1": changelog, "GONE-1": changelog}
    files[o.ISSUES] = {"issues": [o.old_issue("AB-1")]}
    files["profiles/p/queries/last_quarter/project_data.json"] = {"statistics": []}
    stage.do(write_files, stage.location, files)
    expect_that(migrated(stage), outcome_is, "migrated")
    expected = {"p": ["Team Blue", {"last_quarter": "Last Quarter", "q": "All work"}], "registered": ["Team Red", {}]}
    expect_same(stage.do(names_by_id, backend), expected)
    expect_same(backend.get_histories("p", "q"), ["AB-1", "GONE-1"], view=sorted_issue_keys)
    expect_same(backend.get_app_state("active_profile_id"), None)
    expect_same(backend.get_app_state("active_query_id"), None)


@clause(
    "migration-reads-any-spelling",
    level=Level.MIGRATABLE,
    needs=NEEDS,
    slow=True,
    sentences="21.22",
    likely_causes=(
        "a byte order mark is taken for a part of the text",
        "files are read in the platform's encoding and not as UTF-8",
        "a file is read line by line",
    ),
)
def migration_reads_any_spelling(backend: Backend, stage: Stage) -> None:
    """A byte order mark, line ends, indentation, escapes and the order of keys make no difference to the store."""
    sound = migrated_soundly(backend, stage)

    def spelled(value: Any, mark: bytes = b"", end: str = "\n", **dumping: Any) -> bytes:
        return mark + json.dumps(value, **dumping).replace("\n", end).encode("utf-8")

    mark = b"\xef\xbb\xbf"
    for files in (
        {name: spelled(value, mark, "\r\n", indent=2) for name, value in tree("g3").items()},
        {name: spelled(value, ensure_ascii=False, separators=(",", ":")) for name, value in tree("g3").items()},
        {name: spelled(value, mark, "\r", indent="\t", ensure_ascii=False) for name, value in tree("g3").items()},
        {name: spelled(_keys_reversed(value), indent=1) + b"\r\n\r\n" for name, value in tree("g3").items()},
    ):
        migrated_all_the_same(stage, files, sound, [], outcome="migrated")


def _keys_reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _keys_reversed(value[key]) for key in reversed(value)}
    return [_keys_reversed(item) for item in value] if isinstance(value, list) else value


@clause(
    "migration-keeps-names-encoded-twice",
    level=Level.MIGRATABLE,
    needs=NEEDS,
    sentences="21.22",
    likely_causes=("what looks like an encoding gone wrong is mended without being asked",),
)
def migration_keeps_names_encoded_twice(backend: Backend, stage: Stage) -> None:
    """A name whose UTF-8 was once read as cp1252 and saved so comes as it stands in the file; a name that only looks
    so might be lost otherwise."""
    twice = "Büro".encode().decode("cp1252")
    files = o.old_files()
    files[o.PROFILE]["name"] = twice
    files[o.QUERY].update(name=twice, description="ascii", jql=f'team = "{twice}"')
    stage.do(write_files, stage.location, files)
    expect_that(migrated(stage), outcome_is, "migrated")
    expect_same(stage.do(names_by_id, backend), {"p": [twice, {"q": twice}]})


@clause(
    "migration-keeps-folder-names-as-ids",
    level=Level.MIGRATABLE,
    needs=NEEDS,
    sentences="21.23",
    likely_causes=(
        "folders are looked for by the prefix of their names, p_ and q_",
        "names are stripped, folded or normalised",
        "the id in the file counts instead of the folder's name",
        "a folder whose name begins with a dot is passed over",
    ),
)
def migration_keeps_folder_names_as_ids(backend: Backend, stage: Stage) -> None:
    """The id of a profile or a query is the name of its folder, character by character, whatever is in it and whatever
    id stands in the file."""
    ids = that_folders_can_have(stage.location.parent / "names", HOSTILE_NAMES)
    files: dict[str, Any] = {o.REGISTRY: {"profiles": {}}}
    expected: dict[str, Any] = {}
    for number, folder in enumerate(ids):
        files[f"profiles/{folder}/profile.json"] = {"id": "p", "name": f"profile {number}"}
        files[f"profiles/{folder}/queries/{folder}/query.json"] = {"id": "q", "name": f"query {number}"}
        expected[folder] = [f"profile {number}", {folder: f"query {number}"}]
    stage.do(write_files, stage.location, files)
    expect_that(migrated(stage), outcome_is, "migrated")
    expect_same(stage.do(names_by_id, backend), dict(sorted(expected.items())))


@clause(
    "any-workspace-is-migrated",
    level=Level.MIGRATABLE,
    needs=NEEDS,
    slow=True,
    sentences="21.23",
    depends_on=("migration-keeps-folder-names-as-ids", "migration-takes-the-last-of-two-at-one-key"),
    likely_causes=(
        "two shapes are right, each by itself, and wrong together",
        "a default stands in where something else in the files knows better",
    ),
)
def any_workspace_is_migrated(backend: Backend, stage: Stage) -> None:
    """Any folder of old files, in any of the shapes that the application wrote, tells in the store what it told."""

    def migrate_one(workspace: Workspace) -> None:
        files, told = workspace
        fresh = stage.start_over()
        stage.do(write_files, stage.location, files)
        report = migrated(stage)
        expect_that(report, outcome_is, "migrated")
        expect_same(stage.do(told_by, fresh), told)
        expect_same(stage.do(lost_leaves, files, stage.do(contents_of, fresh), report), [])

    try:
        against = smallest_against(
            workspaces(),
            lambda workspace: not isinstance(attempt(migrate_one, workspace), Raised),
            seed=stage.seed,
            examples=hypothesis.settings().max_examples,
            seconds=SECONDS_OF_SEARCH * (30 if stage.thorough else 1),
            size=lambda workspace: len(repr(workspace[0])),
        )
    except SearchError as error:
        raise UndecidedError(str(error)) from error
    for workspace in against:
        migrate_one(workspace)
