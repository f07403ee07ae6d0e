"""Closing a handle while a transaction or a snapshot is open (contract, 18.2 and 18.3)."""

from __future__ import annotations

from burndown_spec.expectations import expect_error, expect_same
from burndown_spec.furnished import EVERY_READ, EVERY_WRITE, furnish
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
from burndown_spec.values.records import a_task
from burndown_spec.vocabulary import CallersOwnError, contents_of, in_thread, passes
from burndown_store.contract import Backend, Capability, ClosedError, UsageError

LEVEL = Level.TRANSACTIONAL
TRANSACTIONS = (Capability.TRANSACTIONS,)
SNAPSHOTS = (Capability.SNAPSHOTS,)


@clause(
    "closing-inside-a-transaction-is-refused",
    sentences="18.2",
    level=LEVEL,
    needs=TRANSACTIONS,
    depends_on=("a-transaction-stays",),
    likely_causes=("`close()` commits or undoes what is open, and says nothing", "the refusal dooms the transaction"),
)
def closing_inside_a_transaction_is_refused(backend: Backend) -> None:
    """`close()` inside one's own transaction is a `UsageError`; the transaction goes on, and the handle stays open."""
    with backend.transaction():
        backend.set_app_state("before", "kept")
        with expect_error(UsageError):
            backend.close()
        backend.set_app_state("afterwards", "kept")
    expect_same(backend.list_app_state(), {"afterwards": "kept", "before": "kept"})
    backend.close()
    with expect_error(ClosedError):
        backend.list_app_state()


@clause(
    "closing-inside-a-savepoint-is-refused",
    sentences="18.2",
    level=LEVEL,
    needs=(Capability.TRANSACTIONS, Capability.SAVEPOINTS),
    depends_on=("closing-inside-a-transaction-is-refused", "an-inner-transaction-stays"),
    likely_causes=("whether a transaction is open is forgotten when an inner one ends",),
)
def closing_inside_a_savepoint_is_refused(backend: Backend) -> None:
    """`close()` is a `UsageError` inside a nested transaction, and still after that one has ended, well or ill."""
    with backend.transaction():
        with backend.transaction():
            backend.set_app_state("inner", "kept")
            with expect_error(UsageError):
                backend.close()
        with expect_error(UsageError):
            backend.close()
        with expect_error(CallersOwnError), backend.transaction():
            raise CallersOwnError("raised in the inner body")
        with expect_error(UsageError):
            backend.close()
    expect_same(backend.list_app_state(), {"inner": "kept"})


@clause(
    "closing-inside-a-snapshot-is-refused",
    sentences="18.2",
    level=LEVEL,
    needs=SNAPSHOTS,
    depends_on=("a-nested-snapshot-shows-the-outer-moment",),
    likely_causes=("only transactions keep a handle from being closed", "the refusal ends the snapshot"),
)
def closing_inside_a_snapshot_is_refused(backend: Backend, stage: Stage) -> None:
    """`close()` inside one's own snapshot is a `UsageError`; the snapshot goes on, and the handle stays open."""
    other = stage.open()
    other.set_app_state("key", "before")
    with backend.snapshot():
        with backend.snapshot():
            pass
        other.set_app_state("key", "afterwards")
        with expect_error(UsageError):
            backend.close()
        expect_same(backend.list_app_state(), {"key": "before"})
    expect_same(backend.list_app_state(), {"key": "afterwards"})


@clause(
    "closing-undoes-transactions-of-other-threads",
    sentences="18.3",
    level=LEVEL,
    needs=TRANSACTIONS,
    depends_on=("a-transaction-that-raises-leaves-nothing", "closed-means-closed"),
    likely_causes=(
        "the end of the block commits on a connection that `close()` did not reach",
        "the end of the block finds nothing to commit, and says nothing",
        "the lock of the transaction outlives the handle",
    ),
)
def closing_undoes_transactions_of_other_threads(backend: Backend, stage: Stage) -> None:
    """`close()` undoes the transactions that other threads have open: their next call and their end raise
    `ClosedError`, nothing of theirs is written, and other handles go on at once."""
    hasty = stage.open(timeout=0.05)
    furnish(backend)
    before = stage.do(contents_of, hasty)
    quiet, calling = stage.open(), stage.open()
    worker = stage.worker()
    transaction = worker.begin(quiet.transaction)
    worker.call(quiet.set_app_state, "key", "changed")
    quiet.close()
    hasty.save_task(a_task("in between"))
    hasty.clear_task("in between")
    with expect_error(ClosedError):
        worker.finish(transaction)
    expect_same(stage.do(contents_of, hasty), before)
    worker = stage.worker()
    transaction = worker.begin(calling.transaction)
    for call in EVERY_WRITE:
        worker.call(getattr(calling, call[0]), *call[1:])
    calling.close()
    for call in (EVERY_WRITE[0], EVERY_READ[0], *EVERY_WRITE[-2:], EVERY_READ[-1]):
        with expect_error(ClosedError):
            worker.call(getattr(calling, call[0]), *call[1:])
    with expect_error(ClosedError):
        worker.finish(transaction)
    expect_same(stage.do(contents_of, hasty), before)
    hasty.set_app_state("key", "ours")
    expect_same(backend.get_app_state("key"), "ours")


@clause(
    "closing-lets-the-bodys-own-error-through",
    sentences="18.3 6.7",
    level=LEVEL,
    needs=TRANSACTIONS,
    depends_on=("closing-undoes-transactions-of-other-threads", "a-transaction-lets-every-error-through"),
    likely_causes=("undoing what is undone already raises, and hides the body's error",),
)
def closing_lets_the_bodys_own_error_through(backend: Backend, stage: Stage) -> None:
    """The body's own error passes unchanged also when another thread has closed the handle meanwhile."""
    other = stage.open()
    worker, error = stage.worker(), CallersOwnError("raised in the body")
    transaction = worker.begin(backend.transaction)
    worker.call(backend.set_app_state, "key", "undone")
    backend.close()
    expect_same(worker.call(passes, transaction, error), True)
    expect_same(other.list_app_state(), {})


@clause(
    "closing-ends-snapshots-of-other-threads",
    sentences="18.3",
    level=LEVEL,
    needs=SNAPSHOTS,
    depends_on=("a-snapshot-shows-the-moment-of-entry", "closed-means-closed"),
    likely_causes=(
        "only transactions are told that the handle is closed",
        "the snapshot keeps a connection of its own",
    ),
)
def closing_ends_snapshots_of_other_threads(backend: Backend, stage: Stage) -> None:
    """`close()` ends the snapshots that other threads have open: their next call and their end raise `ClosedError`."""
    other, third = stage.open(), stage.open()
    for handle, reads in ((backend, True), (other, False)):
        worker = stage.worker()
        snapshot = worker.begin(handle.snapshot)
        worker.call(handle.list_app_state)
        handle.close()
        if reads:
            with expect_error(ClosedError):
                worker.call(handle.list_app_state)
        with expect_error(ClosedError):
            worker.finish(snapshot)
    third.set_app_state("key", "value")
    expect_same(third.list_app_state(), {"key": "value"})


@clause(
    "closing-touches-no-other-handle",
    sentences="11.6 18.3",
    level=LEVEL,
    needs=TRANSACTIONS,
    depends_on=("closing-one-handle-leaves-the-others", "a-transaction-stays"),
    likely_causes=("handles share what is open, and the first to close undoes it for all",),
)
def closing_touches_no_other_handle(backend: Backend, stage: Stage) -> None:
    """Closing one handle leaves the transaction that another has open as it was, in this thread or in another."""
    second, third = stage.open(), stage.open()
    with backend.transaction():
        backend.set_app_state("key", "kept")
        second.close()
        stage.do(in_thread, third.close)
        expect_same(backend.list_app_state(), {"key": "kept"})
    expect_same(stage.open().list_app_state(), {"key": "kept"})


@clause(
    "a-closed-handle-opens-nothing",
    sentences="11.4",
    level=LEVEL,
    needs=TRANSACTIONS,
    depends_on=("closed-means-closed",),
    likely_causes=("`transaction()` does not ask whether the handle is closed", "it opens a new connection"),
)
def a_closed_handle_opens_no_transaction(backend: Backend) -> None:
    """On a closed handle `transaction()` raises `ClosedError`."""
    backend.close()
    with expect_error(ClosedError), backend.transaction():
        pass


@clause(
    "a-closed-handle-shows-nothing",
    sentences="11.4",
    level=LEVEL,
    needs=SNAPSHOTS,
    depends_on=("closed-means-closed",),
    likely_causes=("`snapshot()` does not ask whether the handle is closed", "it opens a new connection"),
)
def a_closed_handle_opens_no_snapshot(backend: Backend) -> None:
    """On a closed handle `snapshot()` raises `ClosedError`."""
    backend.close()
    with expect_error(ClosedError), backend.snapshot():
        pass
