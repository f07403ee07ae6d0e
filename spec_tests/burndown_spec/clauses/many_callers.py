"""Many threads and processes on one store: in turn, ending, and leaving nothing behind (contract, 17.4, 18, 19.3).

Nothing here is judged by how long it takes: it counts who is answered and with what, and who is refused for good.
"""

from __future__ import annotations

from typing import Any

from burndown_spec.expectations import expect_same, expect_that
from burndown_spec.furnished import EVERY_READ, EVERY_WRITE
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.stage import Stage, UnavailableError
from burndown_spec.values.records import a_profile
from burndown_spec.vocabulary import (
    answered_in_a_pool,
    answered_thread_by_thread,
    crossing,
    files_left_open,
    in_thread,
    increased_by_many,
    leave_open,
    none_is_kept_from_reading,
    not_passed_over,
    open_files_can_be_seen,
    opened_at_once,
    read_beside_writers,
    stopped_by_no_waiting_call,
    threads_left,
    told_beside_a_waiting_call,
    went_on,
    written_after_a_kill,
)
from burndown_store.contract import Backend, Capability

LEVEL = Level.CONCURRENT
SHARED = (Capability.SHARED,)
TRANSACTIONS = (Capability.TRANSACTIONS,)
BOTH = (Capability.SHARED, Capability.TRANSACTIONS)


@clause(
    "a-handle-outlives-the-thread-that-opened-it",
    sentences="11.2",
    depends_on=("threads-share-a-handle",),
    likely_causes=(
        "the connection of the thread that opened the handle is closed with it, and counts for all",
        "what is beside the file when it is opened is expected to stay, and goes with the last connection",
    ),
)
def a_handle_outlives_the_thread_that_opened_it(backend: Backend, stage: Stage) -> None:
    """A handle works in any thread when that which opened it has ended, and those that used it before."""
    stage.start_without_a_store()
    calls = [("save_profile", a_profile()), ("get_profile", "p"), ("set_app_state", "key", "value"), ("check",)]
    found = stage.do_here(answered_thread_by_thread, [*calls, ("list_app_state",), ("list_profiles",)])
    expect_same(found, [None, a_profile(), None, [], {"key": "value"}, [a_profile()]])


@clause(
    "readers-pass-by-waiting-writers",
    sentences="17.4 18.4 19.3",
    level=LEVEL,
    needs=BOTH,
    depends_on=("readers-do-not-wait-for-a-writing-process", "a-writer-waits-for-another-process"),
    likely_causes=(
        "a lock for readers and writers keeps readers out as soon as a writer waits",
        "the threads of a handle share a connection, and one that waits to write holds it",
    ),
)
def readers_pass_by_waiting_writers(backend: Backend, stage: Stage) -> None:
    """While one process has a transaction open and others wait to write, many threads that may not wait long read, each
    time at once; then each writer gets through."""
    found = stage.do_elsewhere(read_beside_writers, readers=8, times=5)
    expect_that(found, none_is_kept_from_reading)


@clause(
    "each-of-many-writers-gets-his-turn",
    sentences="18.4 16.8 16.9 19.3",
    level=LEVEL,
    needs=BOTH,
    depends_on=("no-lost-update-among-processes", "a-writer-waits-for-another-process"),
    likely_causes=(
        "whoever ends wakes one of those who wait, and not always one that can go on",
        "a transaction begins as a reader, and is refused when it wants to write (a deferred BEGIN)",
        "threads of one handle are let in together, and only processes are kept apart",
    ),
)
def each_of_many_writers_gets_his_turn(backend: Backend, stage: Stage) -> None:
    """Threads of one handle, another handle and other processes that all read a number and write it back increased get
    through, each as often as it wants to, and no increase is lost."""
    found = stage.do_elsewhere(increased_by_many, times=5)
    expect_same(found, {"counted": [5] * 6, "number": "30"})


@clause(
    "nobody-is-passed-over",
    sentences="18.4 19.3",
    level=LEVEL,
    needs=BOTH,
    depends_on=("each-of-many-writers-gets-his-turn",),
    likely_causes=(
        "the lock is kept for the next of the same process or handle, who always comes",
        "those who came last are served first",
    ),
)
def nobody_is_passed_over(backend: Backend, stage: Stage) -> None:
    """While two threads of one handle write on and on, another handle and another process get their turn as well."""
    expect_same(stage.do_elsewhere(not_passed_over), {"thread": "done", "process": "done"})


@clause(
    "no-two-wait-for-each-other",
    sentences="18.4 16.9",
    level=LEVEL,
    needs=TRANSACTIONS,
    depends_on=("a-writer-waits-no-longer-than-it-may", "no-dirty-write"),
    likely_causes=(
        "rows are locked one by one, and who is refused keeps those that it has",
        "both give up at once, and at once try again, in step",
    ),
)
def no_two_wait_for_each_other(backend: Backend, stage: Stage) -> None:
    """Of two transactions that write the same two values in opposite orders, each gets through in the end, trying again
    when it is refused as busy; on two handles, and in two threads of one."""
    one, other = stage.open(timeout=0.3), stage.open(timeout=0.3)
    one.set_app_state("left", "nobody wrote")
    one.set_app_state("right", "nobody wrote")
    for first, second in ((one, other), (one, one)):
        expect_same(stage.do(crossing, first, second, 2), ["done"] * 4)


@clause(
    "a-waiting-call-stops-no-other",
    sentences="18.4 18.1",
    level=LEVEL,
    needs=TRANSACTIONS,
    depends_on=("a-writer-waits-no-longer-than-it-may", "other-threads-see-the-committed-state"),
    likely_causes=(
        "a lock around each call of a handle is held also while the call waits in the engine",
        "the threads of a handle share a connection, and one that waits to write holds it",
    ),
)
def a_waiting_call_stops_no_other(backend: Backend, stage: Stage) -> None:
    """While one thread of a handle has a transaction open and another waits to write, the first reads, writes and ends
    and a third reads, before the one that waits is refused; then that has written as well."""
    expect_that(stage.do(told_beside_a_waiting_call, stage.open(timeout=30.0)), stopped_by_no_waiting_call)


@clause(
    "a-thread-for-each-request",
    slow=True,
    sentences="11.2 18.4 18.5",
    level=LEVEL,
    needs=TRANSACTIONS,
    depends_on=("forty-threads-share-a-handle", "threads-write-at-once"),
    likely_causes=(
        "what belongs to a thread is found by its number, which the next thread gets again",
        "each thread gets a connection, and those of threads that ended are never closed",
        "the threads share a connection, and one reads the rows of another",
    ),
)
def a_thread_for_each_request(backend: Backend, stage: Stage) -> None:
    """Ninety-six requests, each in a thread of its own and sixteen at a time, write and read what is theirs
    on one handle."""
    _expect_answers(backend, stage, 96, lasting=False)


@clause(
    "a-pool-of-threads",
    sentences="11.2 18.4",
    level=LEVEL,
    needs=TRANSACTIONS,
    depends_on=("threads-write-at-once",),
    likely_causes=(
        "what a thread remembers of one request is still there at the next",
        "fewer connections are lent than there are threads, and each waits with one for another",
    ),
)
def a_pool_of_threads(backend: Backend, stage: Stage) -> None:
    """Sixty requests, dealt with by the sixteen threads of a pool on one handle, write and read what is theirs."""
    _expect_answers(backend, stage, 60, lasting=True)


@clause(
    "a-thread-that-ended-holds-nobody-up",
    sentences="18.5 16.3",
    level=LEVEL,
    needs=TRANSACTIONS,
    depends_on=("a-transaction-that-raises-leaves-nothing", "threads-share-a-handle"),
    likely_causes=(
        "what threads have open is kept in a dictionary of the handle, and nobody hears that they end",
        "the next thread with the same number finds the transaction of the one before",
    ),
)
def a_thread_that_ended_holds_nobody_up(backend: Backend, stage: Stage) -> None:
    """What a thread wrote in a transaction that it never ended is undone when it has ended itself: other threads and
    handles write at once, and find nothing of it."""
    other = stage.open(timeout=0.5)
    for turn in ("first", "second", "third"):
        stage.do(leave_open, backend.transaction, backend.set_app_state, "left", turn)
        other.set_app_state("other handle", turn)
        stage.do(in_thread, backend.set_app_state, "other thread", turn)
        expect_same(stage.do(in_thread, backend.list_app_state), {"other handle": turn, "other thread": turn})
    backend.close()
    expect_same(other.list_app_state(), {"other handle": "third", "other thread": "third"})


@clause(
    "a-thread-that-ended-leaves-no-snapshot",
    sentences="18.5 17.1",
    level=LEVEL,
    needs=(Capability.TRANSACTIONS, Capability.SNAPSHOTS),
    depends_on=("a-thread-that-ended-holds-nobody-up", "other-threads-are-not-in-the-snapshot"),
    likely_causes=("the next thread with the same number finds the snapshot of the one before",),
)
def a_thread_that_ended_leaves_no_snapshot(backend: Backend, stage: Stage) -> None:
    """The next threads after one that ended inside a snapshot see the present, and write."""
    for turn in ("first", "second", "third"):
        stage.do(leave_open, backend.snapshot, backend.list_app_state)
        stage.do(in_thread, backend.set_app_state, "key", turn)
        expect_same(stage.do(in_thread, backend.list_app_state), {"key": turn})
    backend.close()


@clause(
    "a-fresh-location-opened-by-several-processes",
    sentences="19.3 11.1",
    level=LEVEL,
    needs=SHARED,
    depends_on=("opening-creates-what-is-missing", "processes-see-each-other"),
    likely_causes=(
        "it is looked whether there is a store, and then one is created, over another's that came in between",
        "creating what another has just created is an error",
        "a store that is half created is taken for damaged, or for one without tables",
    ),
)
def a_fresh_location_opened_by_several_processes(backend: Backend, stage: Stage) -> None:
    """When several processes open a location at once where no store was, all succeed, and all have the same store."""
    places = [stage.beside(f"fresh {number}") for number in range(5)]
    processes = [f"process {number}" for number in range(3)]
    everything = dict.fromkeys(processes, "wrote")
    found = stage.do_elsewhere(opened_at_once, places, 3)
    expect_same(found, [[["None"] * 3, ["done"] * 3, [everything] * 3, []]] * len(places))


@clause(
    "a-killed-process-holds-nobody-up",
    sentences="18.5 19.3",
    level=LEVEL,
    needs=BOTH,
    depends_on=("a-writer-waits-for-another-process", "no-aborted-read-among-processes"),
    likely_causes=(
        "the lock is a file that is there, or a row, and a killed process leaves it behind",
        "what a killed process had written stays, and nobody undoes it",
    ),
)
def a_killed_process_holds_nobody_up(backend: Backend, stage: Stage) -> None:
    """When a process was killed inside a transaction, or while it waited for one, others write at once, also those that
    open the store then, and nothing of its transaction is there."""
    for moment in ("transaction", "waiting"):
        expect_that(stage.do_elsewhere(written_after_a_kill, moment), went_on, moment)


@clause(
    "a-process-killed-in-a-snapshot-holds-nobody-up",
    sentences="18.5 17.4 19.3",
    level=LEVEL,
    needs=(Capability.SHARED, Capability.SNAPSHOTS),
    depends_on=("a-snapshot-makes-no-other-process-wait",),
    likely_causes=("readers are counted in a file, and a killed one is never counted out",),
)
def a_process_killed_in_a_snapshot_holds_nobody_up(backend: Backend, stage: Stage) -> None:
    """When a process was killed inside a snapshot, others write at once, also those that open the store then."""
    expect_that(stage.do_elsewhere(written_after_a_kill, "snapshot"), went_on, "snapshot")


@clause(
    "a-closed-handle-leaves-no-thread",
    sentences="18.5",
    level=LEVEL,
    needs=SHARED,
    depends_on=("closed-means-closed",),
    likely_causes=("a thread in the background is never told to end", "a pool of threads is not shut down"),
)
def a_closed_handle_leaves_no_thread(backend: Backend, stage: Stage) -> None:
    """When a handle is closed, however it was used, and when opening failed, no thread of it goes on."""
    for how, *calls in _uses(backend):
        expect_same(stage.do(threads_left, stage.factory, stage.beside(how), how, *calls), [])


@clause(
    "a-closed-handle-leaves-no-file-open",
    sentences="18.5 18.3",
    level=LEVEL,
    needs=SHARED,
    depends_on=("closed-means-closed",),
    likely_causes=(
        "`close()` closes the connection of the thread that calls it, and not those of others",
        "the connections of threads that ended are kept, or forgotten, instead of being closed",
        "`with sqlite3.connect(...)` does not close",
        "what was opened is not closed when opening fails later on",
    ),
)
def a_closed_handle_leaves_no_file_open(backend: Backend, stage: Stage) -> None:
    """When a handle is closed, however it was used, and when opening failed, no file of the store is open any more."""
    if not open_files_can_be_seen():
        raise UnavailableError("which files a process has open can be seen on Linux and on Windows only")
    for how, *calls in _uses(backend):
        expect_same(stage.do(files_left_open, stage.factory, stage.beside(how), how, *calls), [])


def _uses(backend: Backend) -> list[tuple[Any, ...]]:
    """How a handle can be used, as `used` of the vocabulary knows it."""
    uses = ["briefly", "in a with block", "by threads that ended", "by threads that go on"]
    if Capability.TRANSACTIONS in backend.capabilities:
        uses.append("for a transaction that was undone")
    if Capability.SNAPSHOTS in backend.capabilities:
        uses += ["for a snapshot", "for a snapshot that raised", "with a snapshot open elsewhere"]
    if Capability.FILE in backend.capabilities:
        uses.append("in vain")
    # The last writes delete what the reads are to find.
    saves, deletions = (
        [call for call in EVERY_WRITE if call[0].startswith("delete") is deleting] for deleting in (False, True)
    )
    calls = [*saves, *EVERY_READ, ("size_bytes",), *deletions, ("check",)]
    return [*((how,) for how in uses), ("for every operation", calls)]


def _expect_answers(backend: Backend, stage: Stage, count: int, *, lasting: bool) -> None:
    backend.set_app_state("common", "said")
    answers = stage.do(answered_in_a_pool, backend, count, 16, lasting)
    expect_same(answers, [["said", f"said {number}", f"said {number}"] for number in range(count)])
    kept = {f"request {number}": f"said {number}" for number in range(count)}
    expect_same(backend.list_app_state(), {"common": "said", **kept})
