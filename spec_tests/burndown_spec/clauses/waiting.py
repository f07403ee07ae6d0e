"""Waiting for another writer, and being refused (contract, 6.4, 16.7, 16.9, 17.4, 18.1)."""

from __future__ import annotations

from collections.abc import Callable

from burndown_spec.expectations import expect_error, expect_same, expect_that
from burndown_spec.furnished import EVERY_READ, EVERY_WRITE, furnish, make
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
from burndown_spec.values.records import a_profile, a_query, a_scope
from burndown_spec.vocabulary import DidNotEndError, contents_of, is_serial, play, refused_once_and_for_all, within
from burndown_store.contract import (
    Backend,
    BusyError,
    Capability,
    ProfileNotFoundError,
    QueryNotFoundError,
    ValidationError,
)

LEVEL = Level.TRANSACTIONAL
NEEDS = (Capability.TRANSACTIONS,)


@clause(
    "readers-do-not-wait-for-a-writer",
    sentences="17.4",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-transaction-appears-at-its-end",),
    likely_causes=("a transaction locks readers out", "opening a handle waits for the writer"),
)
def readers_do_not_wait_for_a_writer(backend: Backend, stage: Stage) -> None:
    """While a transaction has written, a handle that may not wait long opens, reads, and finds the state before."""
    other = stage.open(timeout=0.05)
    furnish(backend)
    before = [make(other, call) for call in EVERY_READ]
    with backend.transaction():
        backend.delete_profile("p")
        backend.set_app_state("key", "changed")
        backend.clear_task("fetch")
        third = stage.open(timeout=0.05)
        for call, answer in zip(EVERY_READ, before, strict=True):
            expect_same(make(other, call), answer)
            expect_same(make(third, call), answer)
    expect_same(other.list_app_state(), {"key": "changed"})


@clause(
    "a-writer-waits-no-longer-than-it-may",
    sentences="18.1",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-transaction-stays",),
    likely_causes=(
        "`timeout` is not handed on, and the driver's own limit counts",
        "seconds are handed on where milliseconds are expected",
        "the driver's error escapes instead of `BusyError`",
        "the store is found busy without any waiting",
    ),
)
def a_writer_waits_no_longer_than_it_may(backend: Backend, stage: Stage) -> None:
    """A writer that meets another's transaction writes, or waits at most its own `timeout` and raises `BusyError`: who
    may wait 10 s still waits, and writes in the end, when who may wait 0.05 s has been told."""
    patient, hasty, third = stage.open(timeout=10.0), stage.open(timeout=0.05), stage.open(timeout=10.0)
    holder, waiting = stage.worker(), stage.worker()
    transaction = holder.begin(backend.transaction)
    holder.call(backend.set_app_state, "holder", "wrote")
    waiting.start(patient.set_app_state, "patient", "wrote")
    # Long enough for a limit of next to nothing to be over; its thread waits on when it is left alone.
    _is_done(DidNotEndError, stage.do, within, 0.3, third.set_app_state, "third", "wrote")
    # Twice, so that a limit that is the same for all is over for those who began to wait before.
    told = [_is_done(BusyError, hasty.set_app_state, "hasty", "wrote") for _ in range(2)]
    kept = _is_kept(holder.finish, transaction)
    waiting.outcome()
    expect_same(backend.get_app_state("patient"), "wrote")
    expect_same(backend.get_app_state("hasty"), "wrote" if any(told) else None)
    expect_same(backend.get_app_state("holder"), "wrote" if kept else None)


@clause(
    "busy-writes-nothing",
    sentences="16.9 18.1",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-writer-waits-no-longer-than-it-may", "two-handles-see-each-other"),
    likely_causes=(
        "what was refused is queued, and written later",
        "a part was written before the lock was met",
        "a call refused once leaves the handle in a transaction",
    ),
)
def busy_writes_nothing(backend: Backend, stage: Stage) -> None:
    """Whoever is refused with `BusyError`, at whatever write, has written nothing, then or later, and may try again at
    once when the other has ended; whoever is not refused has written all."""
    hasty, reader, beside = stage.open(timeout=0.01), stage.open(), stage.open_beside("without")
    furnish(backend)
    furnish(beside)
    holder, second = stage.worker(), stage.worker()
    transaction = holder.begin(backend.transaction)
    holder.call(backend.set_app_state, "holder", "wrote")
    for call in EVERY_WRITE:
        if _is_done(BusyError, make, hasty, call):
            make(beside, call)
        expect_same(stage.do(contents_of, reader), stage.do(contents_of, beside))
    if _is_kept(holder.finish, transaction):
        beside.set_app_state("holder", "wrote")
    expect_same(stage.do(contents_of, reader), stage.do(contents_of, beside))
    hasty.set_app_state("hasty", "wrote")
    beside.set_app_state("hasty", "wrote")
    expect_same(stage.do(contents_of, reader), stage.do(contents_of, beside))
    transaction = second.begin(hasty.transaction)
    second.call(hasty.set_app_state, "hasty", "wrote again")
    second.finish(transaction)
    expect_same(reader.get_app_state("hasty"), "wrote again")


@clause(
    "refusals-come-before-busy",
    sentences="6.4",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("refusals-in-order", "a-writer-waits-no-longer-than-it-may"),
    likely_causes=("the write lock is taken before it is looked up what the call writes below",),
)
def refusals_come_before_busy(backend: Backend, stage: Stage) -> None:
    """Beside another's transaction, a write that would be refused anyway is refused as such, and not as busy."""
    hasty = stage.open(timeout=0.05)
    furnish(backend)
    with backend.transaction():
        backend.set_app_state("key", "changed")
        with expect_error(ValidationError):
            hasty.save_profile(a_profile(""))
        with expect_error(ValidationError):
            hasty.save_issues("p", "q", ["no issue"])  # type: ignore[list-item]
        with expect_error(ProfileNotFoundError):
            hasty.save_query("nobody", a_query())
        with expect_error(ProfileNotFoundError):
            hasty.delete_profile("nobody")
        with expect_error(QueryNotFoundError):
            hasty.save_issues("p", "nowhere", [])
        with expect_error(QueryNotFoundError):
            hasty.delete_query("p", "nowhere")
        with expect_error(QueryNotFoundError):
            hasty.save_scope("p", "nowhere", a_scope())
    expect_same(hasty.get_app_state("key"), "changed")


@clause(
    "a-refused-transaction-is-doomed",
    sentences="16.7 16.9",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("busy-writes-nothing",),
    likely_causes=(
        "after a lock that was not got, the statements before it are committed all the same",
        "the engine undid the transaction, what follows runs outside of any, and the commit says nothing",
    ),
)
def a_refused_transaction_is_doomed(backend: Backend, stage: Stage) -> None:
    """Who is refused with `BusyError` inside a transaction and goes on regardless is refused at every later call and at
    the end, and nothing is written."""
    backend.set_app_state("x", "0")
    for first, second in ((backend, stage.open(timeout=0.05)), (stage.open(timeout=0.05), stage.open(timeout=0.05))):
        schedule = [
            *(("A", "begin"), ("B", "begin"), ("A", "get_app_state", "x"), ("B", "get_app_state", "x")),
            *(("A", "set_app_state", "x", "A"), ("B", "set_app_state", "y", "B"), ("B", "set_app_state", "x", "B")),
            *(("B", "get_app_state", "y"), ("B", "set_app_state", "z", "B"), ("B", "list_app_state")),
            *(("B", "end"), ("A", "set_app_state", "z", "A"), ("A", "end")),
        ]
        rows = stage.do(play, schedule, [first, second], in_threads=True, stubborn=True)
        expect_that(rows, refused_once_and_for_all)
        expect_that(rows, is_serial)


def _is_done(otherwise: type[Exception], call: Callable[..., object], *args: object) -> bool:
    """Whether the recorded call is done; where it is not, it raises `otherwise` and nothing else."""
    try:
        call(*args)
    except Exception:
        with expect_error(otherwise):
            raise
        return False
    return True


def _is_kept(end: Callable[..., object], *args: object) -> bool:
    """Whether a transaction ends well, and is not refused at its end."""
    try:
        end(*args)
    except BusyError:
        return False
    return True
