"""A damaged store is recovered: what can be read is kept, nothing is deleted (contract, 23.4 and 23.5).

A backend offers `recover(location)` beside its factory, or in a package around that. It gives an object whose `missing`
says in sentences what is lost, and is empty where nothing is.
"""

from __future__ import annotations

from typing import Any

from burndown_spec.expectations import expect_error, expect_same, expect_that
from burndown_spec.furnished import furnish
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.sampling import sample_of
from burndown_spec.stage import NotOfferedError, Stage
from burndown_spec.values.records import a_query
from burndown_spec.vocabulary import (
    are_planned,
    contents_of,
    copy_store,
    crash_points,
    damaged_for_recovery,
    end_at,
    files_below,
    gaps_told,
    invented_parts,
    is_told_or_one_of,
    newer_store_names,
    parts_of_store,
    readable_parts,
    recover_of,
    recover_store,
    recovery_job,
    sums_gone,
    told_or_contents,
    unsaved_parts,
    wide_issues,
    write_newer_store,
)
from burndown_store.contract import Backend, Capability, SchemaVersionError

LEVEL = Level.MAINTAINED
NEEDS = (Capability.FILE, Capability.DURABLE)
KINDS = ("noise in the middle", "zeros in the middle", "zeros in the second half", "noise at the beginning", "emptied")
MOST_POINTS = 5


def _store(stage: Stage, count: int) -> dict[str, Any]:
    """A closed store that holds one of everything and so many issues; its contents."""
    if recover_of(stage.factory) is None:
        raise NotOfferedError("it offers no recover")
    store = stage.start_over()
    furnish(store)
    store.save_query("p", a_query("large"))
    store.save_issues("p", "large", stage.do(wide_issues, count))
    found = stage.do(contents_of, store)
    store.close()
    return found


def _recovered_contents(stage: Stage, place: Any) -> dict[str, Any]:
    """What the store holds after a recovery, which left it sound."""
    store = stage.open_beside(place.name)
    expect_same(store.check(), [])
    found = stage.do(contents_of, store)
    store.close()
    return found


@clause(
    "recovery-keeps-what-can-be-read",
    sentences="23.4",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("damage-is-told",),
    likely_causes=(
        "reading ends at the first thing that cannot be read",
        "what cannot be read is left in the new store",
        "what belongs to nothing any more is kept, and the store is not sound",
        "what is missing is not told",
    ),
)
def recovery_keeps_what_can_be_read(backend: Backend, stage: Stage) -> None:
    """Each record that could still be read is there; none is another; the store is sound; what is missing is told."""
    before = stage.do(parts_of_store, _store(stage, 250))
    for number, kind in enumerate(KINDS):
        place = stage.beside(f"damaged-{number}")
        stage.do(copy_store, stage.location, place.name)
        stage.do(damaged_for_recovery, place, kind, stage.seed)
        looked_at = stage.beside(f"looked-at-{number}")
        stage.do(copy_store, place, looked_at.name)
        readable = stage.do(readable_parts, stage.factory, looked_at, before)
        missing = stage.do(recover_store, stage.factory, place)
        after = _recovered_contents(stage, place)
        expect_same(stage.do(unsaved_parts, after, before, readable), [])
        expect_same(stage.do(invented_parts, after, before), [])
        expect_that(missing, gaps_told, after, before)


@clause(
    "recovery-deletes-nothing",
    sentences="23.4",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("damage-is-told",),
    likely_causes=(
        "the damaged file is deleted once the new one is there",
        "the damaged file is changed before it is set aside, or instead of that",
    ),
)
def recovery_deletes_nothing(backend: Backend, stage: Stage) -> None:
    """After a recovery, a file with the bytes of each damaged one is still below the location."""
    _store(stage, 100)
    for number, kind in enumerate(KINDS[:3]):
        place = stage.beside(f"damaged-{number}")
        stage.do(copy_store, stage.location, place.name)
        stage.do(damaged_for_recovery, place, kind, stage.seed)
        sums = stage.do(files_below, place)
        stage.do(recover_store, stage.factory, place)
        expect_same(stage.do(sums_gone, place, sums), [])


@clause(
    "recovering-a-sound-store-changes-nothing",
    sentences="23.5",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("recovery-deletes-nothing",),
    likely_causes=("the store is built anew without a look", "something is set aside, or a lock left, at each run"),
)
def recovering_a_sound_store(backend: Backend, stage: Stage) -> None:
    """Recovering a sound store, one that was just recovered too, misses nothing and leaves every file as it is."""
    _store(stage, 20)
    sums = stage.do(files_below, stage.location)
    expect_same(stage.do_here(recover_store), [])
    expect_same(stage.do(files_below, stage.location), sums)
    stage.do(damaged_for_recovery, stage.location, KINDS[0], stage.seed)
    stage.do_here(recover_store)
    sums = stage.do(files_below, stage.location)
    expect_same(stage.do_here(recover_store), [])
    expect_same(stage.do(files_below, stage.location), sums)


@clause(
    "recovery-killed-anywhere-is-begun-again",
    slow=True,
    sentences="23.5 23.4",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("recovery-keeps-what-can-be-read", "recovery-deletes-nothing"),
    likely_causes=(
        "the damaged file is moved away before the new one is whole, and what is opened meanwhile is made anew",
        "what a killed recovery left behind is taken for its end",
    ),
)
def recovery_killed_anywhere(backend: Backend, stage: Stage) -> None:
    """Killed around any change of a file: opening tells the damage, or gives all; the next recovery ends it."""
    before = _store(stage, 20)
    job = stage.do(recovery_job)
    stage.do(damaged_for_recovery, stage.location, KINDS[0], stage.seed)
    sums = stage.do(files_below, stage.location)
    undisturbed = stage.beside("undisturbed")
    stage.do(copy_store, stage.location, undisturbed.name)
    points = stage.do(crash_points, stage.factory, undisturbed, job, ["file"])
    expect_that(points, are_planned)
    after = _recovered_contents(stage, undisturbed)
    chosen = points if stage.thorough else sample_of(points, stage.seed)[:MOST_POINTS]
    tried = fired = 0
    try:
        for number, point in enumerate(chosen):
            place = stage.beside(f"killed-{number}")
            stage.do(copy_store, stage.location, place.name)
            tried += 1
            expect_same(stage.do(end_at, stage.factory, place, job, point), "at the point")
            fired += 1
            looked_at = stage.beside(f"looked-at-{number}")
            stage.do(copy_store, place, looked_at.name)
            expect_that(stage.do(told_or_contents, stage.factory, looked_at), is_told_or_one_of, [after, before])
            stage.do(recover_store, stage.factory, place)
            expect_same(_recovered_contents(stage, place), after)
            expect_same(stage.do(sums_gone, place, sums), [])
    finally:
        stage.measure("crash points", f"planned {len(points)}, tried {tried}, fired {fired}")


@clause(
    "a-newer-store-is-not-recovered",
    sentences="23.4 24.5",
    level=LEVEL,
    needs=(*NEEDS, Capability.VERSIONED),
    depends_on=("recovery-deletes-nothing",),
    likely_causes=("what this version does not know counts as damage",),
)
def a_newer_store_is_not_recovered(backend: Backend, stage: Stage) -> None:
    """Recovering a store of a newer version is a `SchemaVersionError`, and leaves every file as it is."""
    if recover_of(stage.factory) is None:
        raise NotOfferedError("it offers no recover")
    names = stage.do(newer_store_names, stage.factory)
    if not names:
        raise NotOfferedError("it offers no newer_stores")
    for name in names:
        stage.start_without_a_store()
        stage.do_here(write_newer_store, name)
        sums = stage.do(files_below, stage.location)
        with expect_error(SchemaVersionError):
            stage.do_here(recover_store)
        expect_same(stage.do(files_below, stage.location), sums)
