"""A store that is deleted, replaced or damaged says so, and is taken for no other (contract, 15.2, 23.1 to 23.3).

What is damaged is found as far as a file without checksums can tell: where structure is destroyed, and not a letter in
a text. A file that ends early may be taken for one whose last writes are missing, but never for one that holds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from burndown_spec.expectations import expect_error, expect_same, expect_that
from burndown_spec.furnished import EVERY_READ, EVERY_WRITE, furnish
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.stage import Stage, UnavailableError
from burndown_spec.values.records import a_profile, a_query, an_issue
from burndown_spec.vocabulary import (
    changed_by_a_refused_opening,
    checked_clean_or_told,
    contents_of,
    copy_store,
    cut_largest_file,
    damage_file,
    damage_plan,
    delete_store,
    empty_files,
    files_below,
    in_thread,
    is_told_or_is,
    is_told_or_one_of,
    open_and_close,
    read_or_told,
    replace_store,
    told_or_contents,
    used_while_another_reads,
    wide_issues,
    write_and_close,
)
from burndown_store.contract import Backend, Capability, StorageError, StorageLostError

LEVEL = Level.MAINTAINED
NEEDS = (Capability.FILE, Capability.DURABLE)
Call = tuple[Any, ...]

READS: tuple[Call, ...] = (*EVERY_READ, ("check",), ("size_bytes",))
# Those after which the others can be made once more.
REPEATED = tuple(call for call in EVERY_WRITE if not call[0].startswith("delete_"))
SOME: tuple[Call, ...] = (
    *(("list_profiles",), ("get_app_state", "key"), ("get_issues", "p", "q"), ("check",), ("size_bytes",)),
    *(("set_app_state", "key", "changed"), ("save_issues", "p", "q", [an_issue("AB-9")]), ("delete_profile", "p")),
)


def _filled(stage: Stage) -> Backend:
    """A fresh store that holds one of everything."""
    store = stage.start_over()
    furnish(store)
    return store


def _do_to_files(stage: Stage, function: Callable[..., None], *arguments: Any) -> None:
    """What a system refuses that keeps open files as they are cannot be judged there."""
    try:
        stage.do(function, stage.location, *arguments)
    except PermissionError:
        raise UnavailableError("this system lets nobody delete, replace or cut files that are open") from None


def _large_store(stage: Stage) -> list[dict[str, Any]]:
    """A closed store that holds one of everything and many issues; its contents after each part of that."""
    store = stage.start_over()
    furnish(store)
    states = [stage.do(contents_of, store)]
    store.save_query("p", a_query("large"))
    for count in (40, 80, 120):
        store.save_issues("p", "large", stage.do(wide_issues, count))
        states.append(stage.do(contents_of, store))
    store.close()
    return states


@clause(
    "a-deleted-store-is-lost",
    sentences="23.1 19.6",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-durable-store-is-there-again",),
    likely_causes=(
        "the open handle writes on into a file that has no name any more",
        "what is missing is made again, as at the first opening",
        "only writes look whether the store is still there, or only reads",
    ),
)
def a_deleted_store_is_lost(backend: Backend, stage: Stage) -> None:
    """After all files were deleted, the next call, of whatever kind, is a `StorageLostError`; no file comes again."""
    for operation, *arguments in (*READS, *EVERY_WRITE):
        store = _filled(stage)
        _do_to_files(stage, delete_store)
        with expect_error(StorageLostError):
            getattr(store, operation)(*arguments)
        expect_same(stage.do(files_below, stage.location), {})
    store = _filled(stage)
    _do_to_files(stage, delete_store)
    with expect_error(StorageLostError):
        stage.do(in_thread, store.list_profiles)
    expect_same(stage.do(files_below, stage.location), {})


@clause(
    "a-replaced-store-is-lost",
    sentences="23.1 19.6",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-deleted-store-is-lost",),
    likely_causes=("that there is a file of that name is taken for proof that it is the same",),
)
def a_replaced_store_is_lost(backend: Backend, stage: Stage) -> None:
    """With another store in its place, the next call is a `StorageLostError`, and the other is as it was."""
    for operation, *arguments in SOME:
        store = _filled(stage)
        other = stage.open_beside("other")
        other.save_profile(a_profile("p", name="another"))
        other.close()
        _do_to_files(stage, replace_store, stage.beside("other"))
        stage.beside(f"{stage.location.name}-gone")
        sums = stage.do(files_below, stage.location)
        with expect_error(StorageLostError):
            getattr(store, operation)(*arguments)
        expect_same(stage.do(files_below, stage.location), sums)


@clause(
    "a-store-lost-in-a-transaction-dooms-it",
    sentences="23.1 16.7",
    level=LEVEL,
    needs=(*NEEDS, Capability.TRANSACTIONS),
    depends_on=("a-deleted-store-is-lost",),
    likely_causes=("whether the store is still there is looked at when a transaction begins, and not in it",),
)
def a_store_lost_in_a_transaction_dooms_it(backend: Backend, stage: Stage) -> None:
    """Deleted inside a transaction: the next call and the end raise `StorageLostError`, and no file comes again."""
    for read in (True, False):
        store = _filled(stage)
        with expect_error(StorageLostError), store.transaction():
            store.set_app_state("key", "changed")
            _do_to_files(stage, delete_store)
            with expect_error(StorageLostError):
                if read:
                    store.get_app_state("key")
                else:
                    store.set_app_state("key", "again")
        expect_same(stage.do(files_below, stage.location), {})
    store = _filled(stage)
    with expect_error(StorageLostError), store.transaction():
        store.set_app_state("key", "changed")
        _do_to_files(stage, delete_store)
    store = _filled(stage)
    _do_to_files(stage, delete_store)
    with expect_error(StorageLostError), store.transaction():
        pass
    expect_same(stage.do(files_below, stage.location), {})


@clause(
    "a-store-lost-under-a-snapshot-is-lost",
    sentences="23.1 17.1",
    level=LEVEL,
    needs=(*NEEDS, Capability.SNAPSHOTS),
    depends_on=("a-deleted-store-is-lost",),
    likely_causes=("a snapshot reads on from a file that has no name any more",),
)
def a_store_lost_under_a_snapshot(backend: Backend, stage: Stage) -> None:
    """Deleted while a snapshot is open: the next read in it is a `StorageLostError`, and so is opening one."""
    store = _filled(stage)
    with store.snapshot():
        store.list_profiles()
        _do_to_files(stage, delete_store)
        with expect_error(StorageLostError):
            store.list_profiles()
    with expect_error(StorageLostError), store.snapshot():
        pass


@clause(
    "an-emptied-store-is-not-empty",
    sentences="23.2",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-durable-store-is-there-again",),
    likely_causes=(
        "a file of 0 bytes is taken for a store that is still to be made",
        "what cannot be understood is set aside, and the store begun anew",
    ),
)
def an_emptied_store_is_not_empty(backend: Backend, stage: Stage) -> None:
    """Closed, and all files cut to nothing: opening it raises `StorageError` of some kind, and makes nothing anew."""
    _filled(stage).close()
    stage.do(empty_files, stage.location)
    sums = stage.do(files_below, stage.location)
    for _ in range(2):
        with expect_error(StorageError):
            stage.do_here(open_and_close)
        expect_same(stage.do(files_below, stage.location, list(sums)), sums)


@clause(
    "a-store-cut-while-open-is-told",
    sentences="23.1 23.2",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("an-emptied-store-is-not-empty",),
    likely_causes=(
        "what cannot be read is swallowed, and nothing is given",
        "what cannot be read to its end counts as having ended",
        "what was cut off is written again, as if it had never been there",
    ),
)
def a_store_cut_while_open_is_told(backend: Backend, stage: Stage) -> None:
    """With its largest file cut while open, a read is right or raises; opened anew, it is told, or an old state."""
    for part in (2, 0):
        states = _large_store(stage)
        store = stage.open()
        store.list_profiles()
        _do_to_files(stage, cut_largest_file, part)
        expect_that(stage.do(read_or_told, store), is_told_or_one_of, states)
        # Writing, or closing, may be the moment at which it is noticed.
        stage.do(write_and_close, store, "key", "after the cut")
        with_write = [{**each, "app state": {**each["app state"], "key": "after the cut"}} for each in states]
        expect_that(stage.do_here(told_or_contents), is_told_or_one_of, [*states, *with_write])


def _each_damage(stage: Stage, look: Callable[..., Any], most: int) -> None:
    """Damage copies of a store, each in one way; what is looked for finds the damage or all that there was."""
    states = _large_store(stage)
    plan = stage.do(damage_plan, stage.location, stage.seed, 1_000 if stage.thorough else most)
    for number, (name, kind) in enumerate(plan):
        damaged = stage.beside(f"damaged-{number}")
        stage.do(copy_store, stage.location, damaged.name)
        stage.do(damage_file, damaged, name, kind, stage.seed)
        found = stage.do(look, stage.factory, damaged)
        if "second half" in kind:
            # Where writes are added at the end, it may have been the last ones.
            expect_that(found, is_told_or_one_of, states)
        else:
            expect_that(found, is_told_or_is, states[-1])


@clause(
    "damage-is-told",
    sentences="23.2 15.2",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("an-emptied-store-is-not-empty",),
    likely_causes=(
        "an error of the file is swallowed, and an empty answer given",
        "`check()` looks at the header alone, or only whether the store can be opened",
        "what is damaged is left out, or counts as the end",
    ),
)
def damage_is_told(backend: Backend, stage: Stage) -> None:
    """Noise or zeros in a file, or nothing left of it: opening, reading or `check()` says so, or nothing is missing."""
    _each_damage(stage, told_or_contents, 6)


@clause(
    "check-finds-damage",
    sentences="15.2",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("damage-is-told",),
    likely_causes=("`check()` looks at the header alone, or asks how many rows there are, and reads none of them",),
)
def check_finds_damage(backend: Backend, stage: Stage) -> None:
    """Where a damaged store opens and `check()` finds nothing wrong, everything can be read, and is as it was."""
    _each_damage(stage, checked_clean_or_told, 6)


@clause(
    "damage-is-not-written-over",
    sentences="23.2",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("an-emptied-store-is-not-empty",),
    likely_causes=(
        "a damaged file is moved away or deleted, and the opening fails all the same",
        "the layout is created before it is looked at",
    ),
)
def damage_is_not_written_over(backend: Backend, stage: Stage) -> None:
    """An opening that is refused for damage leaves every file as it was."""
    _large_store(stage)
    for number, (name, kind) in enumerate(stage.do(damage_plan, stage.location, stage.seed, 4)):
        damaged = stage.beside(f"damaged-{number}")
        stage.do(copy_store, stage.location, damaged.name)
        stage.do(damage_file, damaged, name, kind, stage.seed)
        expect_same(stage.do(changed_by_a_refused_opening, stage.factory, damaged), [])


@clause(
    "others-may-read-the-files",
    sentences="23.3",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-durable-store-is-there-again",),
    likely_causes=(
        "the files are asked for exclusively",
        "a file that somebody reads cannot be replaced, and is not tried again",
    ),
)
def others_may_read_the_files(backend: Backend, stage: Stage) -> None:
    """While another program has every file open, reads and copies it, writes succeed; they are there afterwards."""
    store = _filled(stage)
    expect_same(stage.do_elsewhere(used_while_another_reads, store, REPEATED), [])
    after = stage.do(contents_of, store)
    store.close()
    twin = _filled(stage)
    for _ in range(2):
        for operation, *arguments in REPEATED:
            getattr(twin, operation)(*arguments)
    expect_same(stage.do(contents_of, twin), after)
