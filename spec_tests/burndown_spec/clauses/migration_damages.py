"""Old files that are damaged, and their migration (contract, chapter 21)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random
from time import monotonic
from typing import Any

from burndown_fixtures.legacy import tree
from burndown_fixtures.legacy.spoiling import (
    ODD,
    Spoiled,
    cut,
    left_aside,
    odd_numbers,
    of_other_types,
    overwritten,
    with_bad_rows,
)
from burndown_spec.expectations import expect_same, expect_that
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
from burndown_spec.values import old_files as o
from burndown_spec.values.legacy_trees import that_folders_can_have
from burndown_spec.values.records import NOW
from burndown_spec.vocabulary import (
    apart_from,
    contents_apart_from,
    contents_of,
    files_below,
    has_reject,
    is_kept,
    left_in_backups,
    lists_a_problem_with_each,
    migrate_or_refuse,
    outcome_is,
    texts_not_kept,
    traces_of,
    where_reading_ended,
    write_files,
)
from burndown_store.contract import Backend, Capability

NEEDS = (Capability.TRANSACTIONS, Capability.DURABLE)
# Seconds after which no further tree is begun, and how many there are in any case.
ENOUGH, AT_LEAST = 25.0, 8
NOTHING: dict[str, Any] = {"app state": {}, "tasks": [], "profiles": []}


def migrated(stage: Stage, **options: Any) -> dict[str, Any]:
    """What migrating the files at the location reports, or that it was refused."""
    return stage.do_here(migrate_or_refuse, now=NOW, **options)


def migrated_soundly(backend: Backend, stage: Stage) -> dict[str, Any]:
    """What the whole tree of the third generation gives."""
    stage.do(write_files, stage.location, tree("g3"))
    expect_that(migrated(stage), outcome_is, "migrated")
    return stage.do(contents_of, backend)


def migrated_all_the_same(
    stage: Stage,
    files: dict[str, Any],
    sound: dict[str, Any],
    damaged: list[str],
    *,
    outcome: str = "",
    rows_only: bool = False,
) -> tuple[Backend, dict[str, Any]]:
    """Migrate the files into a fresh store, with all damage set aside where it is refused otherwise; the report.

    Nothing but `MigrationError` may come, a refusal leaves everything as it was, and of the `damaged` files alone the
    store may tell otherwise than `sound` does, and not of these either where only rows came to them. `outcome` is the
    one expected at first.
    """
    touched = [] if rows_only else damaged
    backend = stage.start_over()
    stage.do(write_files, stage.location, files)
    before = stage.do(files_below, stage.location, list(files))
    report = migrated(stage)
    if outcome:
        expect_that(report, outcome_is, outcome)
    if report["outcome"] == "refused":
        expect_that(report, lists_a_problem_with_each, [[file, ""] for file in damaged])
        expect_same(stage.do(contents_of, backend), NOTHING)
        expect_same(stage.do(left_in_backups, stage.location), [])
        expect_same(stage.do(files_below, stage.location, list(files)), before)
        report = migrated(stage, damage="all")
    expect_that(report, outcome_is, "migrated")
    expect_same(stage.do(files_below, stage.location, list(files)), before)
    expect_same(stage.do(contents_apart_from, backend, touched), apart_from(sound, touched))
    return backend, report


def some_of(stage: Stage, trees: Iterable[Spoiled], count: int) -> Iterator[Spoiled]:
    """About `count` of the trees by the stage's seed, each sort and each file among them; all of a thorough stage.

    A slow backend is given fewer, instead of being failed by the timeout.
    """
    everything = list(trees)
    if stage.thorough:
        yield from everything
        return
    until = monotonic() + ENOUGH
    Random(f"damages {stage.seed}").shuffle(everything)
    chosen = [*{each.sort: each for each in everything}.values()]
    chosen += {each.file: each for each in everything if each.file not in {one.file for one in chosen}}.values()
    chosen += [each for each in everything if each not in chosen][: max(0, count - len(chosen))]
    for place, each in enumerate(chosen):
        if place >= AT_LEAST and monotonic() > until:
            return
        yield each


def spoiled_and_migrated(
    stage: Stage, sound: dict[str, Any], spoiled: Spoiled, *, unreadable: bool = False
) -> tuple[Backend, dict[str, Any], dict[str, Any]]:
    """The store, the report and the files."""
    outcome = ("migrated" if spoiled.is_cache else "refused") if unreadable else ""
    files = spoiled.files
    backend, report = migrated_all_the_same(stage, files, sound, [spoiled.file], outcome=outcome)
    if unreadable:
        expect_same(stage.do(texts_not_kept, report, files, [spoiled.file]), [])
    return backend, report, files


@clause(
    "migration-survives-a-cut-file",
    level=Level.MIGRATABLE,
    needs=NEEDS,
    slow=True,
    sentences="21.19 21.20 21.21",
    likely_causes=(
        "an error of the JSON parser passes through, or one for a character that is cut in two",
        "what cannot be read is taken for an empty file",
        "what was read before the cut is stored as if it were all",
    ),
)
def migration_survives_a_cut_file(backend: Backend, stage: Stage) -> None:
    """A file that ends in the middle, anywhere, refuses the migration unless it is a cache; set aside, it is kept with
    its text and the place where it ends, and every other file is migrated as ever."""
    sound = migrated_soundly(backend, stage)
    for spoiled in some_of(stage, cut(tree("g3")), 25):
        _, report, files = spoiled_and_migrated(stage, sound, spoiled, unreadable=True)
        expect_that(report, where_reading_ended, files, spoiled.file)


@clause(
    "migration-survives-a-file-of-something-else",
    level=Level.MIGRATABLE,
    needs=NEEDS,
    slow=True,
    sentences="21.19 21.20 21.21",
    depends_on=("migration-survives-a-cut-file",),
    likely_causes=(
        "an empty file, or one of NUL bytes, is taken for a new one",
        "an error for bytes that are no UTF-8 passes through, or a RecursionError",
        "what follows the first value is not looked at",
        "a value that is no object is asked for its keys",
    ),
)
def migration_survives_a_file_of_something_else(backend: Backend, stage: Stage) -> None:
    """So does one that is empty, all NUL bytes, in another encoding, followed by garbage, interleaved with another,
    or no object at all."""
    sound = migrated_soundly(backend, stage)
    for spoiled in some_of(stage, overwritten(tree("g3")), 25):
        spoiled_and_migrated(stage, sound, spoiled, unreadable=True)


@clause(
    "migration-survives-damage-in-unread-files",
    level=Level.MIGRATABLE,
    needs=NEEDS,
    sentences="21.19 21.21",
    likely_causes=("safety copies and caches of computed values are parsed all the same",),
)
def migration_survives_damage_in_unread_files(backend: Backend, stage: Stage) -> None:
    """What the application itself never read again may be damaged, and the migration goes through."""
    sound = migrated_soundly(backend, stage)
    files = {name: b'{"cut o' if left_aside(name) else content for name, content in tree("g3").items()}
    migrated_all_the_same(stage, files, sound, [], outcome="migrated")


@clause(
    "migration-survives-values-of-other-types",
    level=Level.MIGRATABLE,
    needs=NEEDS,
    slow=True,
    sentences="21.19 21.21",
    likely_causes=(
        "a KeyError, TypeError or AttributeError passes through where null or a list stands in for an object",
        "what has another type than expected is replaced by a default, and told nowhere",
    ),
)
def migration_survives_values_of_other_types(backend: Backend, stage: Stage) -> None:
    """Whatever stands at a key in place of what belongs there, it ends no migration but by `MigrationError`, changes
    nothing that other files tell, and is in the store or in a reject."""
    sound = migrated_soundly(backend, stage)
    for spoiled in some_of(stage, of_other_types(tree("g3")), 60):
        after, report, _ = spoiled_and_migrated(stage, sound, spoiled)
        if "null" not in spoiled.kind and "boolean" not in spoiled.kind:
            expect_that(stage.do(traces_of, after, report, "4711"), is_kept)


@clause(
    "migration-survives-odd-numbers",
    level=Level.MIGRATABLE,
    needs=NEEDS,
    slow=True,
    sentences="21.19 21.21",
    likely_causes=(
        "NaN and infinities are made null, as some JSON writers do",
        "an OverflowError or ValueError passes through for a number of many digits",
    ),
)
def migration_survives_odd_numbers(backend: Backend, stage: Stage) -> None:
    """The same goes for NaN, infinities and integers beyond 64 bits: each is told, as what it was."""
    sound = migrated_soundly(backend, stage)
    spelled = {"minus": "-Infinity", "NaN": "NaN", "Infi": "Infinity", "thousands": "7" * 5000, "beyond 64": "92233720"}
    for spoiled in some_of(stage, odd_numbers(tree("g3")), 16):
        after, report, _ = spoiled_and_migrated(stage, sound, spoiled)
        text = next((text for part, text in spelled.items() if part in spoiled.kind), "Infinity")
        expect_that(stage.do(traces_of, after, report, text), is_kept)


@clause(
    "migration-survives-bad-rows",
    level=Level.MIGRATABLE,
    needs=NEEDS,
    slow=True,
    sentences="21.19 21.20 21.21",
    likely_causes=("the first row that is none ends the reading of its file", "the row is skipped and told nowhere"),
)
def migration_survives_bad_rows(backend: Backend, stage: Stage) -> None:
    """A row, issue, history, metric or registered profile that is none is in the rejects; all others of its file are
    in the store."""
    sound = migrated_soundly(backend, stage)
    for spoiled in some_of(stage, with_bad_rows(tree("g3")), 14):
        outcome = "migrated" if spoiled.is_cache else "refused"
        _, report = migrated_all_the_same(stage, spoiled.files, sound, [spoiled.file], outcome=outcome, rows_only=True)
        expect_that(report, has_reject, spoiled.file, spoiled.place, "unreadable")


@clause(
    "migration-tells-all-problems-at-once",
    level=Level.MIGRATABLE,
    needs=NEEDS,
    sentences="21.19 21.20",
    likely_causes=(
        "the first problem is raised where it is found",
        "a problem names its file, and not the place in it",
        "the profiles are read before the queries, and what is wrong there ends it",
    ),
)
def migration_tells_all_problems_at_once(backend: Backend, stage: Stage) -> None:
    """A refusal lists every problem of every file, two in one file included, and, where caches count too, theirs."""
    row = {"date": "2025-11-03", "completed_items": 5}
    files = {
        **o.old_files(),
        o.REGISTRY: b'{"profiles": {',
        o.PROFILE: b'{"name": "Team Blue", "descr',
        o.QUERY: b"",
        o.FIGURES: {"statistics": [row, "no row", {**row, "date": "2025-11-04"}, {"date": "soon"}]},
        o.METRICS: {"2025-W45": {"flow_time": 5, "flow_load": {"wip_count": 7}}, "2025-W99": {"flow_time": {}}},
        o.ISSUES: {"issues": [None, {"key": "AB-1", "fields": {}}]},
        o.CHANGES: b'{"AB-1"',
        o.TASK: b"\0\0\0\0",
    }
    strict = [
        *([file, ""] for file in (o.REGISTRY, o.PROFILE, o.QUERY)),
        *([o.FIGURES, place] for place in ("statistics[1]", "statistics[3].date")),
        *([o.METRICS, place] for place in ("2025-W45.flow_time", "2025-W99")),
    ]
    caches = [[o.ISSUES, "issues[0]"], [o.CHANGES, "line 1"], [o.TASK, ""]]
    stage.do(write_files, stage.location, files)
    expect_that(migrated(stage), lists_a_problem_with_each, strict)
    expect_that(migrated(stage, damage="none"), lists_a_problem_with_each, [*strict, *caches])
    report = migrated(stage, damage="all")
    expect_that(report, outcome_is, "migrated")
    for file, place in (*strict, *caches[:1]):
        if place:
            expect_that(report, has_reject, file, place, "unreadable")
    whole = [o.REGISTRY, o.PROFILE, o.QUERY, o.CHANGES, o.TASK]
    expect_same(stage.do(texts_not_kept, report, files, whole), [])


@clause(
    "migration-survives-folders-that-are-no-ids",
    level=Level.MIGRATABLE,
    needs=NEEDS,
    sentences="21.19 21.20 21.21",
    likely_causes=("an error of the contract for an id passes through", "UnicodeEncodeError passes through"),
)
def migration_survives_folders_that_are_no_ids(backend: Backend, stage: Stage) -> None:
    """A folder whose name is too long for an id, or no text, refuses the migration, and costs no other when it is set
    aside."""
    stage.do(write_files, stage.location, o.old_files())
    expect_that(migrated(stage), outcome_is, "migrated")
    sound = stage.do(contents_of, backend)
    for folder in that_folders_can_have(stage.location.parent / "names", ("x" * 201, "B\udcfcro")):
        shown = folder.encode("utf-8", "backslashreplace").decode("utf-8")
        for place in (f"profiles/{folder}/profile.json", f"profiles/p/queries/{folder}/query.json"):
            files = o.old_files({place: {"name": ODD}})
            told = place.replace(folder, shown)
            _, report = migrated_all_the_same(stage, files, sound, [told], outcome="refused", rows_only=True)
            expect_that(report, has_reject, told, "", "unreadable")
