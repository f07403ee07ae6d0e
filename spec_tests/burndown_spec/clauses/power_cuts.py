"""A power cut at any time during a write (contract, 19.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from burndown_spec.expectations import expect_same
from burndown_spec.faults import unavailable
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.stage import Stage, UnavailableError, UndecidedError
from burndown_spec.vocabulary import (
    begun_and_reopened,
    changed_at_once,
    cut_off,
    furnished,
    killed_while_writing,
    opened_again,
    problem_of,
    recorded_on_a_disk,
    replaced_and_deleted,
    saved_one_by_one,
    written_in_other_ways,
    written_much,
)
from burndown_store.contract import Backend, Capability

LEVEL = Level.POWER_SAFE
# What was under way is whole or not at all by the other of the two.
NEEDS = (Capability.POWER_SAFE, Capability.ATOMIC)
SAVED = "what-was-saved-survives-a-power-cut"
CAUSES = (
    "a write acknowledged before fsync (SQLite: synchronous below FULL in WAL mode)",
    "a rename, a removal or a new file whose folder is never synced",
    "a log cut back before that is synced which it was moved into",
)


def _expect_nothing_lost(
    backend: Backend,
    stage: Stage,
    *works: Callable[..., Any],
    on: Callable[..., Any] | None,
    limit: int,
    most: int | None = None,
) -> None:
    """`limit` says how many states are tried, about, and `most` how many where everything is asked for."""
    if reason := unavailable():
        raise UnavailableError(reason)
    before = [on] if on else []
    records = stage.do_elsewhere(recorded_on_a_disk, list(works), on)
    if not any(each.kind in ("write", "rename", "link") for each in records):
        raise UnavailableError("nothing was written below the location: what lies behind it is for its own operator")
    count, seconds = (most, 3000.0) if stage.thorough else (limit, 80.0)
    is_a_file = Capability.FILE in backend.capabilities
    cuts = stage.do_here(cut_off, records, before + list(works), seed=stage.seed, limit=count, seconds=seconds)
    told = f"{cuts['states']:,}" if cuts["problem"] else f"{cuts['states']:,} of {cuts['planned']:,}"
    if cuts["elsewhere"] and not is_a_file:
        # What can be found there does not hang on what was cut: this is no loss.
        raise UnavailableError("the store does not lie in its location: what lies behind it is for its own operator")
    stage.measure("disk states after a power cut", told)
    expect_same(cuts, "", view=problem_of)
    if not cuts["enough"]:
        raise UndecidedError(f"no verdict: only {told} disk states could be tried within {seconds:g} s")


@clause(
    SAVED,
    level=LEVEL,
    sentences="19.5",
    needs=NEEDS,
    likely_causes=CAUSES,
    slow=True,
)
def what_was_saved_survives_a_power_cut(backend: Backend, stage: Stage) -> None:
    """After a power cut at any moment what was acknowledged is there, and what was under way whole or not at all."""
    _expect_nothing_lost(backend, stage, saved_one_by_one, on=furnished, limit=250)


@clause(
    "a-new-store-survives-a-power-cut",
    level=LEVEL,
    sentences="19.5",
    needs=NEEDS,
    likely_causes=("the folders of a new store, or the names in them, are never synced", *CAUSES),
    depends_on=(SAVED,),
    slow=True,
)
def a_new_store_survives_a_power_cut(backend: Backend, stage: Stage) -> None:
    """A power cut while a store is begun, closed or opened leaves one that opens, is sound, and has what was told."""
    _expect_nothing_lost(backend, stage, begun_and_reopened, on=None, limit=250)


@clause(
    "what-was-removed-stays-so-after-a-power-cut",
    level=LEVEL,
    sentences="19.5",
    needs=NEEDS,
    likely_causes=CAUSES,
    depends_on=(SAVED,),
    slow=True,
)
def what_was_removed_stays_so_after_a_power_cut(backend: Backend, stage: Stage) -> None:
    """Deletions and replacements are there after a power cut once acknowledged, and before that whole or not at all."""
    _expect_nothing_lost(backend, stage, replaced_and_deleted, on=furnished, limit=250)


@clause(
    "a-transaction-survives-a-power-cut-whole",
    level=LEVEL,
    sentences="19.5",
    needs=(*NEEDS, Capability.TRANSACTIONS),
    likely_causes=CAUSES,
    depends_on=(SAVED,),
    slow=True,
)
def a_transaction_survives_a_power_cut_whole(backend: Backend, stage: Stage) -> None:
    """A transaction is there after a power cut once its end was acknowledged, and before that whole or not at all."""
    _expect_nothing_lost(backend, stage, changed_at_once, on=furnished, limit=250)


@clause(
    "much-that-was-written-survives-a-power-cut",
    level=LEVEL,
    sentences="19.5",
    needs=NEEDS,
    likely_causes=("a log begun anew, or a file written anew, before what it held is synced elsewhere", *CAUSES),
    depends_on=(SAVED,),
    slow=True,
)
def much_that_was_written_survives_a_power_cut(backend: Backend, stage: Stage) -> None:
    """Where so much is written that the files are put in order, a power cut meanwhile costs nothing acknowledged."""
    _expect_nothing_lost(backend, stage, written_much, on=furnished, limit=120, most=4000)


@clause(
    "other-ways-to-write-survive-a-power-cut",
    level=LEVEL,
    sentences="19.5",
    needs=NEEDS,
    likely_causes=(
        "only the connection of the first thread, or of the first handle, waits for the medium",
        "a connection waits for less after a snapshot, or after a transaction that raised",
        "writes that come in a row are synced in groups",
    ),
    depends_on=(SAVED,),
    slow=True,
)
def other_ways_to_write_survive_a_power_cut(backend: Backend, stage: Stage) -> None:
    """What another thread or handle wrote, and each of many writes in a row, is there after a power cut too."""
    _expect_nothing_lost(backend, stage, written_in_other_ways, on=begun_and_reopened, limit=250)


@clause(
    "a-recovery-survives-a-power-cut",
    level=LEVEL,
    sentences="19.5",
    needs=(*NEEDS, Capability.TRANSACTIONS),
    likely_causes=("what is put right at opening is not synced before the log that it comes from is removed", *CAUSES),
    depends_on=(SAVED,),
    slow=True,
)
def a_recovery_survives_a_power_cut(backend: Backend, stage: Stage) -> None:
    """After a process was killed, a power cut while the store is opened again costs nothing acknowledged either."""
    _expect_nothing_lost(backend, stage, killed_while_writing, opened_again, on=furnished, limit=250)
