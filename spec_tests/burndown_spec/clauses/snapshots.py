"""Snapshots: one moment, whatever happens meanwhile (contract, chapter 17)."""

from __future__ import annotations

from burndown_spec.expectations import expect_error, expect_same
from burndown_spec.furnished import EVERY_READ, EVERY_WRITE, furnish, make
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
from burndown_spec.values.records import a_profile, a_query, an_issue
from burndown_spec.vocabulary import CallersOwnError, contents_of, given_by, in_thread, keys, many_issues, passes
from burndown_store.contract import Backend, Capability, UsageError

LEVEL = Level.TRANSACTIONAL
NEEDS = (Capability.SNAPSHOTS,)
BOTH = (Capability.SNAPSHOTS, Capability.TRANSACTIONS)


@clause(
    "a-snapshot-yields-the-backend",
    sentences="17.1",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=("the context manager yields nothing, or the connection behind the backend",),
)
def a_snapshot_yields_the_backend(backend: Backend, stage: Stage) -> None:
    """`with backend.snapshot() as given:` gives the backend itself."""
    expect_same(stage.do(given_by, backend, backend.snapshot), True)


@clause(
    "a-snapshot-shows-the-moment-of-entry",
    sentences="17.1",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("two-handles-see-each-other", "a-reader-makes-no-writer-wait"),
    likely_causes=(
        "the moment is that of the first read (a deferred BEGIN), not that of the entry",
        "each read is a transaction of its own",
        "some operation reads around the snapshot",
    ),
)
def a_snapshot_shows_the_moment_of_entry(backend: Backend, stage: Stage) -> None:
    """All reads in a snapshot see the moment of entry, whatever another handle writes meanwhile; then the present."""
    other = stage.open()
    furnish(backend)
    for call in EVERY_WRITE:
        before = stage.do(contents_of, other)
        with backend.snapshot():
            make(other, call)
            expect_same(stage.do(contents_of, backend), before)
        expect_same(stage.do(contents_of, backend), stage.do(contents_of, other))


@clause(
    "every-read-keeps-to-the-snapshot",
    sentences="17.1",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-snapshot-shows-the-moment-of-entry",),
    likely_causes=("an operation, or a filter of it, reads around the snapshot", "a cache is asked first"),
)
def every_read_keeps_to_the_snapshot(backend: Backend, stage: Stage) -> None:
    """In a snapshot every read operation answers as at the moment of entry, also when another handle deleted it all."""
    other = stage.open()
    furnish(backend)
    before = [make(other, call) for call in EVERY_READ]
    filtered = other.get_issues("p", "q", key="AB-1")
    changes = other.get_changes("p", "q", issue_key="AB-1", limit=1)
    with backend.snapshot():
        for call in EVERY_WRITE:
            make(other, call)
        for call, answer in zip(EVERY_READ, before, strict=True):
            expect_same(make(backend, call), answer)
        expect_same(backend.get_issues("p", "q", key="AB-1"), filtered)
        expect_same(backend.get_changes("p", "q", issue_key="AB-1", limit=1), changes)
    expect_same(backend.list_profiles(), [a_profile("new")])


@clause(
    "other-threads-are-not-in-the-snapshot",
    sentences="17.1 16.3",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-snapshot-shows-the-moment-of-entry",),
    likely_causes=("whether a snapshot is open is kept for the handle, not for the thread",),
)
def other_threads_are_not_in_the_snapshot(backend: Backend, stage: Stage) -> None:
    """A snapshot is its thread's own: others of the handle see the present and write, and it stays as it is."""
    backend.set_app_state("key", "before")
    with backend.snapshot():
        stage.do(in_thread, backend.set_app_state, "key", "afterwards")
        expect_same(stage.do(in_thread, backend.list_app_state), {"key": "afterwards"})
        expect_same(backend.list_app_state(), {"key": "before"})
    expect_same(backend.list_app_state(), {"key": "afterwards"})


@clause(
    "a-snapshot-only-reads",
    sentences="17.2 6.4",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-snapshot-shows-the-moment-of-entry",),
    likely_causes=(
        "a write inside a snapshot goes through on a connection of its own",
        "arguments are validated, or looked up, before the snapshot is thought of",
        "the refusal ends the snapshot",
    ),
)
def a_snapshot_only_reads(backend: Backend, stage: Stage) -> None:
    """In a snapshot every write is a `UsageError`, whatever its arguments; nothing is written, the snapshot goes on."""
    other = stage.open()
    furnish(backend)
    before = stage.do(contents_of, backend)
    with backend.snapshot():
        for call in EVERY_WRITE:
            with expect_error(UsageError):
                make(backend, call)
        with expect_error(UsageError):
            backend.save_profile(a_profile(""))
        with expect_error(UsageError):
            backend.delete_query("nobody", "nowhere")
        with expect_error(UsageError):
            backend.save_issues("p", "q", [])
        expect_same(stage.do(contents_of, other), before)
        other.delete_profile("p")
        expect_same(stage.do(contents_of, backend), before)
    expect_same(stage.do(contents_of, backend), stage.do(contents_of, other))


@clause(
    "no-transaction-in-a-snapshot",
    sentences="17.2",
    level=LEVEL,
    needs=BOTH,
    depends_on=("a-snapshot-shows-the-moment-of-entry",),
    likely_causes=(
        "the transaction begins inside the snapshot's own read transaction",
        "the refusal ends the snapshot",
    ),
)
def no_transaction_in_a_snapshot(backend: Backend, stage: Stage) -> None:
    """In a snapshot `transaction()` is a `UsageError`, and the snapshot goes on; after it, a transaction may begin."""
    other = stage.open()
    backend.set_app_state("key", "before")
    with backend.snapshot():
        with expect_error(UsageError), backend.transaction():
            pass
        other.set_app_state("key", "meanwhile")
        expect_same(backend.list_app_state(), {"key": "before"})
    with backend.transaction():
        backend.set_app_state("key", "afterwards")
    expect_same(backend.list_app_state(), {"key": "afterwards"})


@clause(
    "a-nested-snapshot-shows-the-outer-moment",
    sentences="17.3",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-snapshot-shows-the-moment-of-entry",),
    likely_causes=("the inner one begins anew", "the end of the inner one ends the outer one too"),
)
def a_nested_snapshot_shows_the_outer_moment(backend: Backend, stage: Stage) -> None:
    """A snapshot inside a snapshot shows the outer moment, and so does the outer one after it."""
    other = stage.open()
    backend.set_app_state("key", "1")
    with backend.snapshot():
        other.set_app_state("key", "2")
        with backend.snapshot():
            expect_same(backend.list_app_state(), {"key": "1"})
            other.set_app_state("key", "3")
        expect_same(backend.list_app_state(), {"key": "1"})
        with expect_error(UsageError):
            backend.set_app_state("key", "4")
    expect_same(backend.list_app_state(), {"key": "3"})


@clause(
    "a-snapshot-in-a-transaction-shows-its-state",
    sentences="17.3 17.2",
    level=LEVEL,
    needs=BOTH,
    depends_on=("a-snapshot-only-reads", "no-transaction-in-a-snapshot", "reads-in-a-transaction-see-its-writes"),
    likely_causes=(
        "the snapshot is taken of what is committed",
        "the end of the snapshot ends the transaction, and commits or undoes it",
        "the refused write dooms the transaction",
    ),
)
def a_snapshot_in_a_transaction_shows_its_state(backend: Backend, stage: Stage) -> None:
    """Inside a transaction a snapshot shows its state and refuses writes, and afterwards the transaction goes on."""
    other = stage.open()
    furnish(backend)
    before = stage.do(contents_of, other)
    with backend.transaction():
        for call in EVERY_WRITE:
            make(backend, call)
        state = stage.do(contents_of, backend)
        with backend.snapshot():
            expect_same(stage.do(contents_of, backend), state)
            with expect_error(UsageError):
                backend.set_app_state("new", "refused")
            with expect_error(UsageError), backend.transaction():
                pass
            expect_same(stage.do(contents_of, backend), state)
        backend.set_app_state("last", "kept")
        expect_same(stage.do(contents_of, other), before)
    expect_same(other.list_app_state(), {"last": "kept", "new": "value"})
    expect_same(other.list_profiles(), [a_profile("new")])


@clause(
    "a-snapshot-lets-every-error-through",
    sentences="6.7 17.1",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-snapshot-shows-the-moment-of-entry",),
    likely_causes=("the error is swallowed or wrapped", "what the snapshot holds is released at a good end only"),
)
def a_snapshot_lets_every_error_through(backend: Backend, stage: Stage) -> None:
    """What the body raises passes unchanged, and the snapshot is let go: the thread sees the present, and may write."""
    other = stage.open(timeout=0.05)
    for error in (CallersOwnError("raised in the body"), KeyboardInterrupt(), SystemExit(1), GeneratorExit()):
        worker = stage.worker()
        snapshot = worker.begin(backend.snapshot)
        worker.call(backend.list_app_state)
        expect_same(worker.call(passes, snapshot, error), True)
        other.set_app_state("key", "theirs")
        expect_same(worker.call(backend.list_app_state), {"key": "theirs"})
        worker.call(backend.set_app_state, "key", "ours")
        expect_same(other.list_app_state(), {"key": "ours"})


@clause(
    "snapshots-of-two-handles-are-two-moments",
    sentences="17.1 11.3",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-snapshot-shows-the-moment-of-entry",),
    likely_causes=("the moment is kept for the location, not for the handle and thread",),
)
def snapshots_of_two_handles_are_two_moments(backend: Backend, stage: Stage) -> None:
    """Two handles in one thread may have snapshots of two moments open, and each sees its own."""
    other, writer = stage.open(), stage.open()
    writer.set_app_state("key", "1")
    with backend.snapshot():
        writer.set_app_state("key", "2")
        with other.snapshot():
            writer.set_app_state("key", "3")
            expect_same(backend.list_app_state(), {"key": "1"})
            expect_same(other.list_app_state(), {"key": "2"})
            expect_same(writer.list_app_state(), {"key": "3"})
        expect_same(backend.list_app_state(), {"key": "1"})
        expect_same(other.list_app_state(), {"key": "3"})
    expect_same(backend.list_app_state(), {"key": "3"})


@clause(
    "a-reader-makes-no-writer-wait",
    sentences="17.4",
    level=LEVEL,
    needs=NEEDS,
    likely_causes=(
        "readers and writers share a lock (a rollback journal instead of a write-ahead log)",
        "a commit waits until all readers are gone",
        "the file is tidied up after a large write, which needs it alone",
    ),
)
def a_reader_makes_no_writer_wait(backend: Backend, stage: Stage) -> None:
    """While a snapshot is open and was read, another handle that may not wait long writes at once, much or little."""
    writer = stage.open(timeout=0.05)
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    backend.save_issues("p", "q", [an_issue("AB-1")])
    with backend.snapshot():
        expect_same(backend.get_issues("p", "q"), ["AB-1"], view=keys)
        writer.set_app_state("key", "value")
        writer.save_issues("p", "q", stage.do(many_issues, 500))
        writer.delete_profile("p")
        # What it shows is another clause's; here, that it may be read.
        backend.get_issues("p", "q")
    expect_same(backend.get_issues("p", "q"), [])
