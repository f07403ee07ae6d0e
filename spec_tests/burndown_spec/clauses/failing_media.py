"""A medium that is full, or fails to write, to sync or to read (contract, 22)."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Sequence

from burndown_spec.expectations import expect_same
from burndown_spec.faults import unavailable
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.stage import Stage, UnavailableError, UndecidedError
from burndown_spec.vocabulary import faults_tried, operations_of, wrong_after
from burndown_store.contract import Backend, Capability

LEVEL = Level.DURABLE
NEEDS = (Capability.ATOMIC, Capability.DURABLE, Capability.FILE)
EARLIER = ("a-durable-store-is-there-again", "a-sound-store-checks-clean")

# A machine or a backend for which that is too short gets no verdict, and is not failed by the clock.
SECONDS_OF_SAMPLE = 70.0

WRITING = ("writing",)
OPENING = ("opening", "opening after a kill", "opening a new one")
READING = ("reading", "reading after a kill")
NEEDING_NO_ROOM = ("rmdir", "unlink")
OF_FOLDERS = ("fsyncdir", "mkdir", "opendir", "readdir", "rmdir")

AFTER_A_FAILURE = (
    "an error of the operating system or of a driver is let through, or swallowed",
    "a call says that it is done before its commit has come to an end",
    "after a commit that failed the handle goes on with what it keeps in memory",
    "what failed is tried again in parts",
)


def _any_step(step: str) -> bool:
    return True


def _kind_of(task: str, operation: str) -> tuple[str, str, str]:
    """The structural kind: what was being done, the operation, and the kind of file."""
    step, told, path = operation.split(": ", 2)
    kind = told.split()[0]
    name = "" if kind in OF_FOLDERS or kind == "getattr" else re.sub(r"[0-9]+", "#", path.rpartition("/")[2])
    return step if task == "writing" else task, kind, name


def _expect_nothing_wrong(stage: Stage, tasks: Sequence[str], error: str, concerns: Callable[[str], bool]) -> None:
    """At operations in those steps of the tasks that concern the clause: one of them fails, or all from it on.

    That is each of them where the clause is to be thorough, and else one of each structural kind.
    """
    if why := unavailable():
        raise UnavailableError(why)
    stage.start_without_a_store()
    operations = stage.do_elsewhere(operations_of, tasks)
    if not any(operations.values()):
        raise UnavailableError("nothing was written below the location, so no medium could be made to fail")
    by_kind: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for task, found in operations.items():
        for operation in found:
            step, told, _ = operation.split(": ", 2)
            if concerns(step) and not (error == "ENOSPC" and told.split()[0] in NEEDING_NO_ROOM):
                for duration in ("once", "from then on"):
                    case = (task, f"{error} at {operation.partition(': ')[2]}, {duration}")
                    by_kind.setdefault((*_kind_of(task, operation), duration), []).append(case)
    draw = random.Random(stage.seed)
    sample = {kind: cases if stage.thorough else [draw.choice(cases)] for kind, cases in by_kind.items()}
    chosen = [(kind, case) for kind, cases in sample.items() for case in cases]
    cases = [case for _, case in chosen]
    tried = faults_tried(stage.factory, stage.location, cases, math.inf if stage.thorough else SECONDS_OF_SAMPLE)
    planned, fired = sum(map(len, by_kind.values())), sum(struck > 0 for struck, _ in tried)
    stage.measure(f"operations failing with {error}", f"planned {planned}, tried {len(tried)}, fired {fired}")
    if tried and tried[-1][1]:
        stage.start_without_a_store()
        expect_same(stage.do_elsewhere(wrong_after, cases[len(tried) - 1 : len(tried)]), [])
        # It shows only after what was tried before it.
        expect_same(stage.do_elsewhere(wrong_after, cases[: len(tried)]), [])
    struck = {kind[:-1] for (kind, _), (count, _) in zip(chosen, tried, strict=False) if count}
    if missed := {kind[:-1] for kind in by_kind} - struck:
        at = " ".join(sorted(missed)[0]).strip()
        raise UndecidedError(f"no verdict: of {len(cases)} faults {len(tried)} were tried, and none struck at {at}")


@clause(
    "calls-on-a-full-medium",
    slow=True,
    level=LEVEL,
    sentences="22.1 22.2",
    needs=NEEDS,
    depends_on=EARLIER,
    likely_causes=AFTER_A_FAILURE,
)
def calls_on_a_full_medium(backend: Backend, stage: Stage) -> None:
    """Where the medium is full, a write raises StorageError and has written all or nothing. Nothing that was
    acknowledged is lost, then and when there is room again, and the store is sound."""
    _expect_nothing_wrong(stage, WRITING, "ENOSPC", _any_step)


@clause(
    "calls-on-a-medium-that-fails-to-write",
    slow=True,
    level=LEVEL,
    sentences="22.1 22.2",
    needs=NEEDS,
    depends_on=EARLIER,
    likely_causes=AFTER_A_FAILURE,
)
def calls_on_a_medium_that_fails_to_write(backend: Backend, stage: Stage) -> None:
    """Where the medium fails to write, to sync, to rename or to remove, the call raises StorageError and has written
    all or nothing. Nothing that was acknowledged is lost, then and when it works again, and the store is sound."""
    _expect_nothing_wrong(stage, WRITING, "EIO", _any_step)


@clause(
    "opening-on-a-full-medium",
    slow=True,
    level=LEVEL,
    sentences="22.1 22.2",
    needs=NEEDS,
    depends_on=EARLIER,
    likely_causes=(
        "what an opening left that failed is taken for a store, or for a damaged one",
        "an error of the operating system is let through",
    ),
)
def opening_on_a_full_medium(backend: Backend, stage: Stage) -> None:
    """Where the medium is full, opening raises StorageError or works: a new store, one that was closed, and one whose
    process was killed. The next opening works when there is room, and nothing is lost."""
    _expect_nothing_wrong(stage, OPENING, "ENOSPC", lambda step: step != "close")


@clause(
    "opening-on-a-medium-that-fails-to-write",
    slow=True,
    level=LEVEL,
    sentences="22.1 22.2",
    needs=NEEDS,
    depends_on=EARLIER,
    likely_causes=(
        "what an opening left that failed is taken for a store, or for a damaged one",
        "an error of the operating system is let through",
    ),
)
def opening_on_a_medium_that_fails_to_write(backend: Backend, stage: Stage) -> None:
    """Where the medium fails to write, opening raises StorageError or works: a new store, one that was closed, and one
    whose process was killed. The next opening works when the medium does, and nothing is lost."""
    _expect_nothing_wrong(stage, OPENING, "EIO", lambda step: step != "close")


@clause(
    "opening-where-reading-fails",
    slow=True,
    level=LEVEL,
    sentences="22.3",
    needs=NEEDS,
    depends_on=EARLIER,
    likely_causes=(
        "what cannot be read is taken for missing, and begun afresh",
        "an error of reading is told as damage: SQLite says so of some itself",
    ),
)
def opening_where_reading_fails(backend: Backend, stage: Stage) -> None:
    """A medium that fails to read while a store is opened is a StorageError, not damage and no reason to begin afresh.
    The store is there as it was when the medium works again."""
    _expect_nothing_wrong(stage, READING, "EIO", lambda step: step == "open")


@clause(
    "reads-that-fail-are-no-damage",
    slow=True,
    level=LEVEL,
    sentences="22.3",
    needs=NEEDS,
    depends_on=EARLIER,
    likely_causes=(
        "what cannot be read is taken for missing",
        "an error of reading is told as damage: SQLite says so of some itself",
        "check() lists what the medium failed to read",
    ),
)
def reads_that_fail_are_no_damage(backend: Backend, stage: Stage) -> None:
    """A medium that fails to read under a read, a write or check() is a StorageError and no damage. What is stored
    stays as it is, and is read when the medium works again."""
    _expect_nothing_wrong(stage, READING, "EIO", lambda step: step != "open")
