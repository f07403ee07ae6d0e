"""Transactions: whole at their end or not at all, and nobody else's business before (contract, 16.1 to 16.7)."""

from __future__ import annotations

from burndown_spec.expectations import expect_error, expect_same
from burndown_spec.furnished import EVERY_READ, EVERY_WRITE, furnish, make
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
from burndown_spec.values.records import a_history, a_profile, a_query, a_statistic, an_issue
from burndown_spec.vocabulary import (
    CallersOwnError,
    Feed,
    contents_of,
    given_by,
    in_thread,
    keys,
    passes,
)
from burndown_store.contract import (
    Backend,
    Capability,
    NotFoundError,
    ProfileNotFoundError,
    QueryNotFoundError,
    ValidationError,
)

LEVEL = Level.TRANSACTIONAL
NEEDS = (Capability.TRANSACTIONS,)


@clause(
    "a-transaction-yields-the-backend",
    sentences="16.2",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=("the context manager yields nothing, or the connection behind the backend",),
)
def a_transaction_yields_the_backend(backend: Backend, stage: Stage) -> None:
    """`with backend.transaction() as given:` gives the backend itself."""
    expect_same(stage.do(given_by, backend, backend.transaction), True)


@clause(
    "a-transaction-stays",
    sentences="16.2",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=("nothing commits at the end of the block", "an operation is not part of the transaction"),
)
def a_transaction_stays(backend: Backend, stage: Stage) -> None:
    """What a transaction wrote, by whatever operation, is there after its end, for this handle and for another."""
    beside = stage.open_beside("without")
    other = stage.open()
    furnish(backend)
    furnish(beside)
    for call in EVERY_WRITE:
        make(beside, call)
        with backend.transaction():
            make(backend, call)
        afterwards = stage.do(contents_of, beside)
        expect_same(stage.do(contents_of, backend), afterwards)
        expect_same(stage.do(contents_of, other), afterwards)


@clause(
    "a-transaction-appears-at-its-end",
    sentences="16.2",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-transaction-stays",),
    likely_causes=(
        "each call commits by itself, inside a transaction too",
        "two handles of one process share a connection, and so the transaction",
    ),
)
def a_transaction_appears_at_its_end(backend: Backend, stage: Stage) -> None:
    """Another handle sees nothing of a transaction before its end, whatever it writes, and then sees all of it."""
    other = stage.open()
    furnish(backend)
    before = stage.do(contents_of, other)
    with backend.transaction():
        for call in EVERY_WRITE:
            make(backend, call)
            expect_same(stage.do(contents_of, other), before)
    expect_same(other.list_profiles(), [a_profile("new")])
    expect_same(other.list_app_state(), {"new": "value"})


@clause(
    "other-threads-see-the-committed-state",
    sentences="16.3",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-transaction-stays",),
    likely_causes=(
        "one connection serves all threads of the handle, and a transaction on it belongs to all of them",
        "whether a transaction is open is kept for the handle, not for the thread",
    ),
)
def other_threads_see_the_committed_state(backend: Backend, stage: Stage) -> None:
    """While a thread has a transaction open, other threads of the same handle see nothing of what it wrote."""
    furnish(backend)
    before = stage.do(contents_of, backend)
    with backend.transaction():
        for call in EVERY_WRITE:
            make(backend, call)
            expect_same(stage.do(in_thread, contents_of, backend), before)
    expect_same(stage.do(in_thread, contents_of, backend), stage.do(contents_of, backend))


@clause(
    "reads-in-a-transaction-see-its-writes",
    sentences="16.4",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-transaction-stays",),
    likely_causes=("writes are queued until the end, and reads go to the store", "what was read before is cached"),
)
def reads_in_a_transaction_see_its_writes(backend: Backend, stage: Stage) -> None:
    """Inside a transaction every read finds what was written there before it, as if it had ended."""
    beside = stage.open_beside("without")
    furnish(backend)
    furnish(beside)
    with backend.transaction():
        expect_same(stage.do(contents_of, backend), stage.do(contents_of, beside))
        for call in EVERY_WRITE:
            expect_same(make(backend, call), make(beside, call))
            expect_same(stage.do(contents_of, backend), stage.do(contents_of, beside))
            for read in EVERY_READ:
                expect_same(make(backend, read), make(beside, read))


@clause(
    "a-transaction-that-raises-leaves-nothing",
    sentences="16.2",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=(
        "an operation commits, or its statements are not part of the transaction",
        "the block commits however its body ends",
    ),
)
def a_transaction_that_raises_leaves_nothing(backend: Backend, stage: Stage) -> None:
    """When the body raises, nothing of its work is there: after each write operation alone, and after all of them."""
    furnish(backend)
    before = stage.do(contents_of, backend)
    for call in EVERY_WRITE:
        with expect_error(CallersOwnError), backend.transaction():
            make(backend, call)
            raise CallersOwnError("raised in the body")
        expect_same(stage.do(contents_of, backend), before)
    with expect_error(CallersOwnError), backend.transaction():
        for call in EVERY_WRITE:
            make(backend, call)
        raise CallersOwnError("raised in the body")
    expect_same(stage.do(contents_of, backend), before)
    expect_same(stage.do(contents_of, stage.open()), before)


@clause(
    "a-transaction-lets-every-error-through",
    sentences="6.7 16.2",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-transaction-that-raises-leaves-nothing",),
    likely_causes=(
        "only `Exception` is caught to roll back, and what Ctrl-C raises is none",
        "the error is wrapped in one of the backend's own",
        "`__exit__` looks at the kind of the error to decide what to keep",
    ),
)
def a_transaction_lets_every_error_through(backend: Backend, stage: Stage) -> None:
    """Whatever the body raises passes unchanged and undoes it: `KeyboardInterrupt`, the contract's own errors, any."""
    furnish(backend)
    before = stage.do(contents_of, backend)
    for error in (
        CallersOwnError("raised in the body"),
        KeyboardInterrupt(),
        SystemExit(1),
        GeneratorExit(),
        StopIteration(),
        ValidationError("raised in the body"),
        ProfileNotFoundError("raised in the body"),
        OSError("raised in the body"),
    ):
        worker = stage.worker()
        transaction = worker.begin(backend.transaction)
        worker.call(backend.save_profile, a_profile("new"))
        worker.call(backend.delete_query, "p", "q")
        expect_same(worker.call(passes, transaction, error), True)
        expect_same(stage.do(contents_of, backend), before)


@clause(
    "a-caught-refusal-does-no-harm",
    sentences="16.6 6.3",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-transaction-stays",),
    likely_causes=(
        "the engine undoes the whole transaction at the first error, and the commit of nothing passes for success",
        "a refused call rolls back more than itself",
    ),
)
def a_caught_refusal_does_no_harm(backend: Backend, stage: Stage) -> None:
    """After a refusal that the body catches, the transaction goes on: what came before it and after it is kept."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    with backend.transaction():
        backend.save_issues("p", "q", [an_issue("AB-1")])
        with expect_error(ValidationError):
            backend.save_issues("p", "q", [an_issue("AB-2"), an_issue("")])
        backend.set_app_state("first", "kept")
        with expect_error(QueryNotFoundError):
            backend.save_issues("p", "nowhere", [an_issue("AB-2")])
        with expect_error(ProfileNotFoundError):
            backend.save_query("nobody", a_query())
        with expect_error(ProfileNotFoundError):
            backend.delete_profile("nobody")
        with expect_error(QueryNotFoundError):
            backend.delete_query("p", "nowhere")
        with expect_error(ValidationError):
            backend.get_issues("p", "q", limit=-1)
        backend.save_histories("p", "q", [a_history("AB-1")])
        expect_same(backend.get_issues("p", "q"), [an_issue("AB-1")])
    expect_same(backend.get_issues("p", "q"), [an_issue("AB-1")])
    expect_same(backend.get_app_state("first"), "kept")
    expect_same(backend.get_histories("p", "q"), [a_history("AB-1")])


@clause(
    "a-refusal-that-nobody-catches-undoes-all",
    sentences="16.2 6.3",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-transaction-that-raises-leaves-nothing",),
    likely_causes=("the block takes the contract's errors for refusals that it may outlive, and commits",),
)
def a_refusal_that_nobody_catches_undoes_all(backend: Backend, stage: Stage) -> None:
    """A refusal that leaves the body undoes the transaction, and is the error that the caller gets."""
    furnish(backend)
    before = stage.do(contents_of, backend)
    with expect_error(NotFoundError), backend.transaction():
        backend.save_profile(a_profile("new"))
        backend.delete_profile("nobody")
    expect_same(stage.do(contents_of, backend), before)
    with expect_error(ValidationError), backend.transaction():
        backend.replace_issues("p", "q", [])
        backend.save_task("no task")  # type: ignore[arg-type]
    expect_same(stage.do(contents_of, backend), before)


@clause(
    "a-call-interrupted-in-a-transaction-undoes-itself",
    sentences="6.7 16.6",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-caught-refusal-does-no-harm",),
    likely_causes=("records are written while the caller's iterator is read", "the interruption dooms the transaction"),
)
def a_call_interrupted_in_a_transaction_undoes_itself(backend: Backend, stage: Stage) -> None:
    """A call that the caller's own iterator interrupts has written nothing, and the transaction may go on."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    with backend.transaction():
        backend.save_issues("p", "q", [an_issue("AB-1")])
        with expect_error(CallersOwnError):
            backend.save_issues("p", "q", Feed([an_issue("AB-2")], then=CallersOwnError("raised by the iterator")))
        with expect_error(KeyboardInterrupt):
            backend.replace_statistics("p", "q", Feed([a_statistic()], then=KeyboardInterrupt()))
        backend.save_issues("p", "q", [an_issue("AB-3")])
    expect_same(backend.get_issues("p", "q"), ["AB-1", "AB-3"], view=keys)
    expect_same(backend.get_statistics("p", "q"), [])


@clause(
    "transactions-come-one-after-another",
    sentences="16.2",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-transaction-that-raises-leaves-nothing", "a-transaction-stays"),
    likely_causes=(
        "the lock of a transaction that raised is never released",
        "what is kept for the open transaction is not forgotten at its end",
    ),
)
def transactions_come_one_after_another(backend: Backend, stage: Stage) -> None:
    """A transaction that ended leaves nothing behind, well or ill: the next begins afresh, on whatever handle."""
    other = stage.open(timeout=0.05)
    for turn in ("1", "2", "3"):
        with backend.transaction():
            backend.set_app_state("kept", turn)
        other.set_app_state("after a good one", turn)
        with expect_error(CallersOwnError), backend.transaction():
            backend.set_app_state("undone", turn)
            raise CallersOwnError("raised in the body")
        other.set_app_state("after a failed one", turn)
        with backend.transaction():
            pass
        with other.transaction():
            other.set_app_state("after an empty one", turn)
        stage.do(in_thread, backend.set_app_state, "by another thread", turn)
        expect_same(
            backend.list_app_state(),
            {
                "after a failed one": turn,
                "after a good one": turn,
                "after an empty one": turn,
                "by another thread": turn,
                "kept": turn,
            },
        )


@clause(
    "calls-of-other-threads-are-no-part-of-it",
    sentences="16.3",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-transaction-that-raises-leaves-nothing", "other-threads-see-the-committed-state"),
    likely_causes=("a transaction belongs to the handle, and takes in what other threads write meanwhile",),
)
def calls_of_other_threads_are_no_part_of_it(backend: Backend, stage: Stage) -> None:
    """What another thread saved before a transaction began, and while it was only open, outlives its undoing."""
    worker = stage.worker()
    transaction = worker.begin(backend.transaction)
    worker.call(backend.get_app_state, "theirs")
    expect_same(stage.do(contents_of, backend), {"app state": {}, "tasks": [], "profiles": []})
    with expect_error(CallersOwnError):
        worker.raise_in(transaction, CallersOwnError("raised in the body"))
    backend.set_app_state("ours", "kept")
    transaction = worker.begin(backend.transaction)
    worker.call(backend.set_app_state, "theirs", "undone")
    expect_same(backend.list_app_state(), {"ours": "kept"})
    with expect_error(CallersOwnError):
        worker.raise_in(transaction, CallersOwnError("raised in the body"))
    expect_same(backend.list_app_state(), {"ours": "kept"})
