"""Stores of older and newer schema versions (contract, 19.7 and 24).

The old stores are the backend's own; `burndown_spec.vocabulary.old_stores` says how it offers them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from burndown_spec.expectations import expect_same, expect_that
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.sampling import kind_of, sample_of
from burndown_spec.stage import NotOfferedError, Stage, UndecidedError
from burndown_spec.vocabulary import (
    are_planned,
    contents_of,
    crash_points,
    end_at,
    files_below,
    files_more_than,
    fill_like,
    is_one_of,
    is_untouched_or_backed_up,
    lay_out_backup,
    newer_store_names,
    offered_by,
    old_store_names,
    opened_together,
    opening_outcome,
    overtaken_at,
    use_everything,
    write_newer_store,
    write_old_store,
)
from burndown_store.contract import Backend, Capability

LEVEL = Level.MAINTAINED
NEEDS = (Capability.VERSIONED,)
IN_A_DIRECTORY = (*NEEDS, Capability.FILE)
KILLED = (*NEEDS, Capability.ATOMIC, Capability.DURABLE)
AMONG_PROCESSES = (*NEEDS, Capability.SHARED)
UPGRADED = "old-stores-are-upgraded"

ALLOWED = [["opened", "opened"], ["opened", "BusyError"], ["BusyError", "opened"]]
JOB = "open_backend(location, timeout=5.0).close()"


def _offered(backend: Backend, names: list[str], what: str) -> list[str]:
    if names:
        return names
    if backend.schema_version == 1:
        raise NotOfferedError(f"{what}: its schema version is 1, so there was none before")
    raise UndecidedError(f"no verdict: its schema version is {backend.schema_version}, and it offers no {what}()")


def _old_stores(backend: Backend, stage: Stage) -> list[str]:
    return _offered(backend, stage.do(old_store_names, stage.factory), "old_stores")


def _held_by(stage: Stage, name: str) -> dict[str, Any]:
    """What the old store of that name holds, as a fresh store shows it."""
    store = stage.start_over()
    stage.do(fill_like, stage.factory, store, name)
    held = stage.do(contents_of, store)
    store.close()
    return held


def _fullest(stage: Stage, names: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    """The old stores that are tried where one will do, and what they hold: the one that holds most, or all."""
    held = [(name, _held_by(stage, name)) for name in names]
    return held if stage.thorough else [max(held, key=lambda each: len(str(each[1])))]


def _lay_out(stage: Stage, name: str) -> dict[str, str]:
    """An old store at a location of its own; the sums of its files."""
    stage.start_without_a_store()
    stage.do_here(write_old_store, name)
    return files_below(stage.location)


def _upgraded_alone(stage: Stage, name: str) -> Path:
    """Where another such old store lies that was opened once, for comparison."""
    place = stage.beside("alone")
    stage.do(write_old_store, stage.factory, place, name)
    stage.open_beside("alone").close()
    return place


def _expect_opened(stage: Stage, place: Path) -> None:
    expect_same(stage.do(opening_outcome, stage.factory, place), "opened")


def _expect_upgraded(stage: Stage, held: dict[str, Any], version: int) -> None:
    store = stage.open()
    expect_same(stage.do(contents_of, store), held)
    expect_same(store.schema_version, version)
    expect_same(store.check(), [])
    store.close()


def _expect_a_backup(stage: Stage, held: dict[str, Any]) -> Path:
    """There is one, and it holds what the old store held; where it is now a store, which has been opened."""
    place = stage.beside("backup")
    expect_same(stage.do_here(lay_out_backup, place), True)
    _expect_opened(stage, place)
    store = stage.open_beside("backup")
    expect_same(stage.do(contents_of, store), held)
    store.close()
    return place


@clause(
    UPGRADED,
    sentences="24.1 19.7",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=(
        "a column that the new version lacks or names otherwise is dropped on the way",
        "rows are moved without their order, or two that are alike become one",
        "the log of a store that was not closed is overlooked",
        "the version is set and the layout is not changed",
    ),
)
def old_stores_are_upgraded(backend: Backend, stage: Stage) -> None:
    """An old store opens, holds what it held, is sound and of the present version; at the second opening as well."""
    version = backend.schema_version
    for name in _old_stores(backend, stage):
        held = _held_by(stage, name)
        _lay_out(stage, name)
        for _ in range(2):
            _expect_upgraded(stage, held, version)


@clause(
    "upgraded-stores-can-be-written",
    sentences="24.1",
    level=LEVEL,
    needs=NEEDS,
    depends_on=(UPGRADED,),
    likely_causes=(
        "a constraint or an index of the new layout is missing after an upgrade",
        "what refers to a moved table still refers to the old one",
        "numbers are given out again that are in use",
    ),
)
def upgraded_stores_can_be_written(backend: Backend, stage: Stage) -> None:
    """Every write does on an upgraded store what it does on one that was never old."""
    version = backend.schema_version
    for name in _old_stores(backend, stage):
        fresh = stage.start_over()
        stage.do(fill_like, stage.factory, fresh, name)
        stage.do(use_everything, fresh)
        expected = stage.do(contents_of, fresh)
        fresh.close()
        _lay_out(stage, name)
        store = stage.open()
        stage.do(use_everything, store)
        store.close()
        _expect_upgraded(stage, expected, version)


@clause(
    "an-upgraded-store-is-not-upgraded-again",
    sentences="24.1",
    level=LEVEL,
    needs=IN_A_DIRECTORY,
    depends_on=(UPGRADED,),
    likely_causes=("the new version is not kept, so that every opening upgrades and makes a backup",),
)
def not_upgraded_again(backend: Backend, stage: Stage) -> None:
    """Opening an upgraded store again adds no file to its directory and takes none away."""
    for name in _old_stores(backend, stage):
        _lay_out(stage, name)
        stage.open().close()
        alone = _upgraded_alone(stage, name)
        stage.open().close()
        expect_same(stage.do(files_more_than, stage.location, alone), 0)


def _kill_at_each(backend: Backend, stage: Stage, kinds: Sequence[str]) -> None:
    version = backend.schema_version
    has_backups = Capability.FILE in backend.capabilities and offered_by(stage.factory, "backed_up") is not None
    tried = fired = planned = 0
    home = stage.factory.__module__.replace(".", "/").rpartition("/")[0]
    try:
        for name, held in _fullest(stage, _old_stores(backend, stage)):
            _lay_out(stage, name)
            points = stage.do_elsewhere(crash_points, JOB, kinds)
            expect_that(points, are_planned)
            planned += len(points)
            for point in points if stage.thorough else sample_of(points, stage.seed, home):
                sums = _lay_out(stage, name)
                tried += 1
                expect_same(stage.do_elsewhere(end_at, JOB, point), "at the point")
                fired += 1
                if has_backups:
                    expect_same(stage.do_here(is_untouched_or_backed_up, sums, stage.beside("backup-by-then")), True)
                _expect_opened(stage, stage.location)
                _expect_upgraded(stage, held, version)
                if has_backups:
                    _expect_a_backup(stage, held)
    finally:
        stage.measure("crash points of upgrades", f"planned {planned}, tried {tried}, fired {fired}")


@clause(
    "an-upgrade-killed-at-any-line",
    slow=True,
    sentences="24.2 24.3",
    level=LEVEL,
    needs=KILLED,
    depends_on=(UPGRADED, "a-durable-store-outlives-a-killed-process"),
    likely_causes=(
        "the new files take the place of the old ones one by one",
        "a half-made backup is taken for a whole one, or is in the way of the next",
        "the version is set before what it says is there",
    ),
)
def killed_at_any_line(backend: Backend, stage: Stage) -> None:
    """Killed at any line of an upgrade, and around any change of a file, nothing is lost; the next opening finishes.

    Where the old files are changed by then there is a backup, and in the end there is a whole one.
    """
    _kill_at_each(backend, stage, ["line", "file"])


@clause(
    "an-upgrade-killed-inside-the-store",
    slow=True,
    sentences="24.2 24.3",
    level=LEVEL,
    needs=KILLED,
    depends_on=(UPGRADED, "a-durable-store-outlives-a-killed-process"),
    likely_causes=(
        "the steps of the upgrade are transactions of their own",
        "the driver commits before a statement that changes the layout",
        "the version is set before what it says is there, or after it in a transaction of its own",
    ),
)
def killed_inside_the_store(backend: Backend, stage: Stage) -> None:
    """Killed around any statement of an upgrade, nothing is lost, and the next opening finishes it."""
    _kill_at_each(backend, stage, ["statement", "call"])


@clause(
    "an-upgrade-leaves-a-backup-of-the-old-store",
    sentences="24.3",
    level=LEVEL,
    needs=IN_A_DIRECTORY,
    depends_on=(UPGRADED,),
    likely_causes=(
        "no backup is made",
        "the backup is made after the upgrade, and is one of the new version",
        "the file is copied without its log",
    ),
)
def leaves_a_backup(backend: Backend, stage: Stage) -> None:
    """After an upgrade there is a backup; it holds what the old store held, and is of the old version."""
    names = _old_stores(backend, stage)
    if offered_by(stage.factory, "backed_up") is None:
        raise UndecidedError("no verdict: it offers no backed_up(location, to), which lays out a backup that it made")
    for name in names:
        held = _held_by(stage, name)
        _lay_out(stage, name)
        stage.open().close()
        backup = _expect_a_backup(stage, held)
        # Only a store of an older version is upgraded, and so has a backup by now.
        expect_same(stage.do(lay_out_backup, stage.factory, backup, stage.beside("backup-of-the-backup")), True)


@clause(
    "two-openings-upgrade-once",
    slow=True,
    sentences="24.4",
    level=LEVEL,
    needs=AMONG_PROCESSES,
    depends_on=(UPGRADED,),
    likely_causes=(
        "who waited for the other does not look again whether it is done",
        "a backup is made by each, or by both into one file",
    ),
)
def two_openings_upgrade_once(backend: Backend, stage: Stage) -> None:
    """Two processes that open an old store at once, or one while the other stands still anywhere: it is upgraded once.

    Both find the present version, or one may be told that the store is busy; there are as many files as after one.
    """
    version = backend.schema_version
    is_directory = Capability.FILE in backend.capabilities
    for name, held in _fullest(stage, _old_stores(backend, stage)):
        _lay_out(stage, name)
        points = stage.do_elsewhere(crash_points, JOB, ["line", "file", "statement", "call"])
        expect_that(points, are_planned)
        chosen = points if stage.thorough else _before_each_kind(points)
        for point in (*chosen, None):
            _lay_out(stage, name)
            if point is None:
                expect_same(stage.do_elsewhere(opened_together), ["opened", "opened"])
            else:
                expect_that(stage.do_elsewhere(overtaken_at, point), is_one_of, ALLOWED)
            _expect_upgraded(stage, held, version)
            if is_directory:
                expect_same(stage.do(files_more_than, stage.location, _upgraded_alone(stage, name)), 0)
        stage.measure("standing still in an upgrade", f"planned {len(points)}, tried {len(chosen)}")


def _before_each_kind(points: Sequence[str]) -> list[str]:
    """The first of each kind of statement and change of a file, and what is crucial; of lines where there are none."""
    inside = [point for point in points if point.startswith(("before statement ", "before file "))]
    firsts: dict[str, str] = {}
    for point in inside or points:
        firsts.setdefault(kind_of(point), point)
    crucial = [point for point in points if kind_of(point) in ("statement COMMIT", "file rename")]
    return list(dict.fromkeys([*firsts.values(), *crucial]))


def _newer_stores(backend: Backend, stage: Stage) -> list[str]:
    return _offered(backend, stage.do(newer_store_names, stage.factory), "newer_stores")


@clause(
    "newer-stores-are-refused",
    sentences="24.5 19.7",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=(
        "only the version after the present one is known as newer",
        "what is newer is opened as long as its tables are there",
        "another error than that of the contract is raised",
    ),
)
def newer_stores_are_refused(backend: Backend, stage: Stage) -> None:
    """Opening a store of a newer version raises `SchemaVersionError`, the second time as well."""
    for name in _newer_stores(backend, stage):
        stage.start_without_a_store()
        stage.do_here(write_newer_store, name)
        for _ in range(2):
            expect_same(stage.do_here(opening_outcome), "SchemaVersionError")


@clause(
    "newer-stores-are-left-untouched",
    sentences="24.5 19.7",
    level=LEVEL,
    needs=IN_A_DIRECTORY,
    depends_on=("newer-stores-are-refused",),
    likely_causes=(
        "the journal, the log or a lock is set up before the version is looked at",
        "a backup is made before the version is looked at",
        "the version is set to the one that is known",
    ),
)
def newer_stores_are_left_untouched(backend: Backend, stage: Stage) -> None:
    """A store of a newer version that was refused has the same files with the same bytes, and nothing beside them."""
    for name in _newer_stores(backend, stage):
        stage.start_without_a_store()
        stage.do_here(write_newer_store, name)
        before = stage.do(files_below, stage.location)
        expect_same(stage.do_here(opening_outcome), "SchemaVersionError")
        expect_same(stage.do(files_below, stage.location), before)
