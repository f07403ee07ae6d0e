"""The promises on transactions and snapshots, kept between processes, one schedule at a time (contract, 19.3).

Each person of a schedule is a process with a handle of its own, which is told its next step when the one before has
ended. The schedules are those that show an anomaly wherever nothing prevents it; a lock, a cache or a counter that a
process has for itself prevents nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from burndown_spec.expectations import expect_same, expect_that
from burndown_spec.furnished import EVERY_WRITE, furnish, make
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
from burndown_spec.values.records import a_task, an_issue
from burndown_spec.vocabulary import (
    answers_of,
    answers_of_every_read,
    contents_of,
    first_and_last_of,
    is_serial,
    looks_of,
    many_histories,
    many_issues,
    many_metrics,
    many_statistics,
    numbers_there,
    play_among_processes,
    seen_by_another_process,
    waited_as_allowed,
    who_waited,
)
from burndown_store.contract import Backend, Capability

LEVEL = Level.CONCURRENT
SHARED = (Capability.SHARED,)
NEEDS = (Capability.SHARED, Capability.TRANSACTIONS)
CAUSES = (
    "the lock is one of the process (a threading.Lock), which no other process meets",
    "what a transaction reads comes from what the process remembers",
    "the lock is taken for reading, or not before the first write, and what was read is not looked at again",
)


@clause(
    "processes-see-each-other",
    sentences="19.3 11.3",
    level=LEVEL,
    needs=SHARED,
    depends_on=("two-handles-see-each-other",),
    likely_causes=(
        "what was read, or is read often, is kept by the process, and only its own writes renew it",
        "numbers or positions of rows come from a counter of the process",
        "writes are kept by the process until the handle is closed",
    ),
)
def processes_see_each_other(backend: Backend, stage: Stage) -> None:
    """What one process writes, by whatever operation, another reads from then on, whatever it read before."""
    alone = stage.open_beside("alone")
    furnish(backend)
    furnish(alone)
    # So often that a cache which waits for something to be asked for often has begun.
    steps: list[tuple[Any, ...]] = [("A", "everything", 30), ("B", "everything", 30)]
    expected: list[Any] = [stage.do(answers_of_every_read, alone)] * 2
    # Of a kind, one by each: what both add has to have two places.
    added = (
        *(("save_task", a_task("one")), ("save_task", a_task("two"))),
        *(("save_issues", "p", "q", [an_issue("AB-8")]), ("save_issues", "p", "q", [an_issue("AB-9")])),
    )
    for number, call in enumerate((*added, *EVERY_WRITE)):
        writer, reader = ("A", "B") if number % 2 else ("B", "A")
        steps += [(writer, "patiently", *call), (reader, "everything")]
        make(alone, call)
        expected.append(stage.do(answers_of_every_read, alone))
    expect_same(stage.do_elsewhere(play_among_processes, steps), expected, view=looks_of)


@clause(
    "readers-do-not-wait-for-a-writing-process",
    sentences="19.3 17.4 16.2",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("readers-do-not-wait-for-a-writer", "processes-see-each-other"),
    likely_causes=(
        "the lock of the file is taken for reading as well",
        "opening a handle waits for the writer",
        "what a transaction wrote is already in the file",
    ),
)
def readers_do_not_wait_for_a_writing_process(backend: Backend, stage: Stage) -> None:
    """While a transaction of one process has written, others open the store and read it, as it was before, until the
    transaction ends."""
    furnish(backend)
    before = stage.do(contents_of, backend)
    writes = [("A", "delete_profile", "p"), ("A", "set_app_state", "key", "changed"), ("A", "clear_task", "fetch")]
    looks = [("B", "contents"), ("C", "open_another"), ("C", "contents")]
    steps = [("A", "begin"), *writes, *looks, ("A", "end"), ("B", "get_app_state", "key")]
    rows = stage.do_elsewhere(play_among_processes, steps, alone="A")
    expected = [None, *(None for _ in writes), before, None, before, None, "changed"]
    expect_same(rows, expected, view=answers_of)


@clause(
    "a-writer-waits-for-another-process",
    sentences="19.3 18.1 16.9",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-writer-waits-no-longer-than-it-may",),
    likely_causes=(
        "`timeout` counts for the lock within the process alone",
        "a lock of the file that is taken is an error at once, or is waited for without end",
    ),
)
def a_writer_waits_for_another_process(backend: Backend, stage: Stage) -> None:
    """A writer waits for the transaction of another process as long as it may, and writes when that has ended; who
    may wait 0.05 s is told `BusyError`, or writes."""
    expect_that(stage.do_elsewhere(who_waited), waited_as_allowed)


@clause(
    "a-call-is-seen-whole-by-other-processes",
    slow=True,
    sentences="19.3 19.1 16.1",
    level=LEVEL,
    needs=(Capability.SHARED, Capability.ATOMIC),
    depends_on=("a-call-is-seen-whole", "processes-see-each-other"),
    likely_causes=(
        "a call of several steps is hidden from others by a lock of the process",
        "a file is written in place instead of being replaced",
    ),
)
def a_call_is_seen_whole_by_other_processes(backend: Backend, stage: Stage) -> None:
    """Whenever another process looks while a batch of any kind is saved or replaced, or what has expired or a profile
    is deleted, it finds the state before the call or the one after it."""
    furnish(backend)
    calls: tuple[tuple[Any, ...], ...] = (
        (numbers_there, backend.save_histories, "p", "q", stage.do(many_histories, 120)),
        (numbers_there, backend.save_metrics, "p", "q", stage.do(many_metrics, 120)),
        (numbers_there, backend.replace_statistics, "p", "q", stage.do(many_statistics, 120)),
        (first_and_last_of, backend.save_issues, "p", "q", stage.do(many_issues, 2000)),
        (first_and_last_of, backend.replace_issues, "p", "q", [an_issue("AB-1")]),
        (numbers_there, backend.delete_expired, datetime(2200, 1, 1, tzinfo=UTC)),
        (numbers_there, backend.delete_profile, "p"),
    )
    expect_same(stage.do_elsewhere(seen_by_another_process, *calls), [])


@clause(
    "a-snapshot-keeps-its-moment-among-processes",
    sentences="19.3 17.1",
    level=LEVEL,
    needs=(Capability.SHARED, Capability.SNAPSHOTS),
    depends_on=(
        "a-snapshot-shows-the-moment-of-entry",
        "processes-see-each-other",
        "a-snapshot-makes-no-other-process-wait",
    ),
    likely_causes=(
        "older versions are kept by the process that writes, for its own snapshots",
        "the moment is that of the first read, not that of the entry",
    ),
)
def a_snapshot_keeps_its_moment(backend: Backend, stage: Stage) -> None:
    """In a snapshot all reads see the moment of entry, whatever another process writes; then the present."""
    furnish(backend)
    before = stage.do(contents_of, backend)
    steps: list[tuple[Any, ...]] = [("A", "enter", "snapshot")]
    for call in EVERY_WRITE:
        steps += [("B", "patiently", *call), ("A", "contents")]
    steps += [("A", "leave"), ("A", "contents")]
    rows = stage.do_elsewhere(play_among_processes, steps)
    expect_same(rows, [before] * len(EVERY_WRITE) + [stage.do(contents_of, backend)], view=looks_of)


@clause(
    "a-snapshot-makes-no-other-process-wait",
    sentences="19.3 17.4",
    level=LEVEL,
    needs=(Capability.SHARED, Capability.SNAPSHOTS),
    depends_on=("a-reader-makes-no-writer-wait",),
    likely_causes=("a snapshot holds a lock of the file that writers need (a rollback journal)",),
)
def a_snapshot_makes_no_other_process_wait(backend: Backend, stage: Stage) -> None:
    """While a snapshot of one process is open and was read, another that may not wait long writes, much or little."""
    furnish(backend)
    steps = [
        *(("A", "enter", "snapshot"), ("A", "get_app_state", "key")),
        ("B", "patiently", "set_app_state", "key", "changed"),
        ("B", "patiently", "save_issues", "p", "q", stage.do(many_issues, 500)),
        ("B", "patiently", "delete_profile", "p"),
        *(("A", "leave"), ("A", "get_app_state", "key")),
    ]
    # What the snapshot shows is another clause's; here, that it is open.
    rows = stage.do_elsewhere(play_among_processes, steps)
    expect_same(rows, [None, "value", "done", "done", "done", None, "changed"], view=answers_of)


@clause(
    "closing-a-handle-gives-up-no-lock",
    sentences="19.3 11.6 16.8",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("no-update-lost-to-a-single-call-among-processes", "closing-one-handle-leaves-the-others"),
    likely_causes=(
        "POSIX drops all locks that a process has on a file when it closes any of its descriptors of it",
        "the lock belongs to the process, and the first handle that is closed releases it",
    ),
)
def closing_a_handle_gives_up_no_lock(backend: Backend, stage: Stage) -> None:
    """A transaction stays what it is among processes when its own process opens and closes another handle meanwhile."""
    _expect_serial(
        backend, stage, "A begin; A get x; A open_another; B set x B; A open_another; A set x 0+A; B list; A end"
    )


def _expect_serial(backend: Backend, stage: Stage, schedule: str) -> None:
    """Play the schedule among processes, and expect answers as of a serial order."""
    backend.set_app_state("x", "0")
    backend.set_app_state("y", "0")
    expect_that(stage.do_elsewhere(play_among_processes, schedule), is_serial)


@clause(
    "no-dirty-write-among-processes",
    sentences="19.3 16.8 16.9",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("no-dirty-write",),
    likely_causes=CAUSES,
)
def no_dirty_write(backend: Backend, stage: Stage) -> None:
    """Of two processes that write the same two values, what stays is one's work or the other's, not some of each."""
    _expect_serial(backend, stage, "A begin; B begin; A set x A; B set x B; B set y B; B end; A set y A; A end")


@clause(
    "no-dirty-read-among-processes",
    sentences="19.3 16.8 16.9",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("no-dirty-read",),
    likely_causes=CAUSES,
)
def no_dirty_read(backend: Backend, stage: Stage) -> None:
    """No process reads in a transaction what another has written and not yet kept."""
    _expect_serial(backend, stage, "A begin; B begin; A set x A; B get x; B set y B; B end; A get y; A end")


@clause(
    "no-aborted-read-among-processes",
    sentences="19.3 16.8 16.2",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("no-aborted-read",),
    likely_causes=CAUSES,
)
def no_aborted_read(backend: Backend, stage: Stage) -> None:
    """No process finds, in a transaction or by a single read, what another wrote that was undone in the end."""
    _expect_serial(backend, stage, "A begin; A set x A; B begin; B get x; C get x; A fail; B get x; B end")


@clause(
    "no-intermediate-read-among-processes",
    sentences="19.3 16.8 16.2",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("no-intermediate-read",),
    likely_causes=CAUSES,
)
def no_intermediate_read(backend: Backend, stage: Stage) -> None:
    """No process finds a value that its writer, another process, replaced before the end of its transaction."""
    _expect_serial(
        backend, stage, "A begin; A set x half; B begin; B get x; C get x; A set x whole; A end; B get x; B end"
    )


@clause(
    "no-circular-information-flow-among-processes",
    sentences="19.3 16.8",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("no-circular-information-flow",),
    likely_causes=CAUSES,
)
def no_circular_information_flow(backend: Backend, stage: Stage) -> None:
    """The transactions of two processes never each read what the other wrote."""
    _expect_serial(backend, stage, "A begin; B begin; A set x A; B set y B; A get y; B get x; A end; B end")


@clause(
    "no-lost-update-among-processes",
    sentences="19.3 16.8 16.9",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("no-lost-update",),
    likely_causes=CAUSES,
)
def no_lost_update(backend: Backend, stage: Stage) -> None:
    """Of two processes that read a value and write it back changed, none overwrites the other's work unseen."""
    _expect_serial(backend, stage, "A begin; A get x; B begin; B get x; A set x 0+A; B set x 0+B; A end; B end")


@clause(
    "no-update-lost-to-a-single-call-among-processes",
    sentences="19.3 16.8 16.1",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("no-update-lost-to-a-single-call",),
    likely_causes=CAUSES,
)
def no_update_lost_to_a_single_call(backend: Backend, stage: Stage) -> None:
    """A single write of another process between a transaction's read and its write is waited for, refused, or undoes
    the transaction."""
    _expect_serial(backend, stage, "A begin; A get x; B set x B; A set x 0+A; A end")


@clause(
    "no-read-skew-among-processes",
    sentences="19.3 16.8",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("no-read-skew",),
    likely_causes=CAUSES,
)
def no_read_skew(backend: Backend, stage: Stage) -> None:
    """A transaction that reads two values finds them as of one moment, whatever another process writes in between."""
    _expect_serial(backend, stage, "A begin; A get x; B begin; B set x 1; B set y 1; B end; A get y; A end")


@clause(
    "no-write-skew-among-processes",
    sentences="19.3 16.8",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("no-write-skew",),
    likely_causes=CAUSES,
)
def no_write_skew(backend: Backend, stage: Stage) -> None:
    """Of two processes that read two values and write one each, one has read what the other wrote."""
    _expect_serial(
        backend, stage, "A begin; B begin; A get x; A get y; B get x; B get y; A set x A; B set y B; A end; B end"
    )


@clause(
    "no-phantom-among-processes",
    sentences="19.3 16.8",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("no-phantom",),
    likely_causes=CAUSES,
)
def no_phantom(backend: Backend, stage: Stage) -> None:
    """Of two processes that list what is there and each add to it, one has seen what the other added."""
    _expect_serial(backend, stage, "A begin; B begin; A list; B list; A set a A; B set b B; A end; B end")


@clause(
    "no-phantom-deleted-among-processes",
    sentences="19.3 16.8",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("no-phantom-deleted",),
    likely_causes=CAUSES,
)
def no_phantom_deleted(backend: Backend, stage: Stage) -> None:
    """A process that found a key in a list, and decides by it, is not overtaken by one that deletes it."""
    _expect_serial(backend, stage, "A begin; B begin; A list; B get y; B delete x; A set y A; B end; A list; A end")


@clause(
    "no-fractured-batch-among-processes",
    sentences="19.3 16.8 16.2",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("no-fractured-batch",),
    likely_causes=CAUSES,
)
def no_fractured_batch(backend: Backend, stage: Stage) -> None:
    """A process sees all of another's transaction or nothing of it, and keeps to that until its own ends."""
    _expect_serial(
        backend,
        stage,
        "A begin; A set x 1; B begin; B get x; B get y; A set y 1; A end; B get y; B list; B end; C list",
    )
