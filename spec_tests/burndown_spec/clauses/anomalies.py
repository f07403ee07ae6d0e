"""The named anomalies of transactions side by side, none of which may be seen (contract, 16.8 and 16.9).

Each is a schedule of transactions A and B, and single calls C, that gives the anomaly wherever nothing prevents it. It
is played by two handles in two threads, by two handles in one thread, and by two threads of one handle. A backend
prevents it by refusing somebody with `BusyError`, or by answering as if they had come one after another.
"""

from __future__ import annotations

from typing import Any

from burndown_spec.expectations import expect_that
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
from burndown_spec.vocabulary import is_serial, play, schedule_of, serial_order
from burndown_store.contract import Backend, Capability

LEVEL = Level.TRANSACTIONAL
NEEDS = (Capability.TRANSACTIONS,)
CAUSES = (
    "a transaction takes no lock before its first write (a deferred BEGIN), or too weak an isolation level",
    "a second handle in the thread joins the transaction of the first (a re-entrant lock, a shared connection)",
    "reads are not part of what is compared at the commit",
)
SETTINGS = (
    ("two handles, two threads", True, False),
    ("two handles, one thread", False, False),
    ("one handle, two threads", True, True),
)


def _expect_serial(backend: Backend, stage: Stage, text: str) -> None:
    """Play the schedule in each setting on a fresh store, and expect answers as of a serial order."""
    schedule = schedule_of(text)
    people = list(dict.fromkeys(who for who, *_ in schedule))
    for name, in_threads, shared in SETTINGS:
        first = stage.start_over(timeout=0.05)
        first.set_app_state("x", "0")
        first.set_app_state("y", "0")
        others = [first if shared else stage.open(timeout=0.05) for _ in people[1:]]
        rows = stage.do(play, schedule, [first, *others], in_threads=in_threads)
        stage.measure(name, _told(rows))
        expect_that(rows, is_serial)


def _told(rows: Any) -> str:
    """What came of a schedule, in a few words."""
    places = {"begin": "its start", "end": "its end"}
    refused = [
        f"{who} refused at {places.get(operation, operation)}"
        for who, operation, _, answer in rows
        if answer == "refused"
    ]
    order = serial_order(rows)
    if order is None:
        return "SEEN"
    return ", ".join(refused) or f"as if {' before '.join(order)}"


@clause("no-dirty-write", sentences="16.8 16.9", level=LEVEL, needs=NEEDS, likely_causes=CAUSES)
def no_dirty_write(backend: Backend, stage: Stage) -> None:
    """Of two transactions that write the same two values, what stays is one's work or the other's, not some of each."""
    _expect_serial(backend, stage, "A begin; B begin; A set x A; B set x B; B set y B; B end; A set y A; A end")


@clause("no-dirty-read", sentences="16.8 16.9", level=LEVEL, needs=NEEDS, likely_causes=CAUSES)
def no_dirty_read(backend: Backend, stage: Stage) -> None:
    """No transaction reads what another has written and not yet kept."""
    _expect_serial(
        backend,
        stage,
        "A begin; B begin; A set x A; B get x; B set y B; B end; A get y; A end",
    )


@clause(
    "no-aborted-read",
    sentences="16.8 16.2",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-transaction-that-raises-leaves-nothing",),
    likely_causes=CAUSES,
)
def no_aborted_read(backend: Backend, stage: Stage) -> None:
    """No transaction, and no single read, finds what another wrote that was undone in the end."""
    _expect_serial(backend, stage, "A begin; A set x A; B begin; B get x; C get x; A fail; B get x; B end")


@clause("no-intermediate-read", sentences="16.8 16.2", level=LEVEL, needs=NEEDS, likely_causes=CAUSES)
def no_intermediate_read(backend: Backend, stage: Stage) -> None:
    """No transaction, and no single read, finds a value that its writer replaced before its end."""
    _expect_serial(
        backend,
        stage,
        "A begin; A set x half; B begin; B get x; C get x; A set x whole; A end; B get x; B end",
    )


@clause("no-circular-information-flow", sentences="16.8", level=LEVEL, needs=NEEDS, likely_causes=CAUSES)
def no_circular_information_flow(backend: Backend, stage: Stage) -> None:
    """Two transactions never each read what the other wrote."""
    _expect_serial(backend, stage, "A begin; B begin; A set x A; B set y B; A get y; B get x; A end; B end")


@clause("no-lost-update", sentences="16.8 16.9", level=LEVEL, needs=NEEDS, likely_causes=CAUSES)
def no_lost_update(backend: Backend, stage: Stage) -> None:
    """Of two transactions that read a value and write it back changed, none overwrites the other's work unseen."""
    _expect_serial(backend, stage, "A begin; A get x; B begin; B get x; A set x 0+A; B set x 0+B; A end; B end")


@clause("no-update-lost-to-a-single-call", sentences="16.8 16.1", level=LEVEL, needs=NEEDS, likely_causes=CAUSES)
def no_update_lost_to_a_single_call(backend: Backend, stage: Stage) -> None:
    """A single write between a transaction's read and its write is waited for, refused, or undoes the transaction."""
    _expect_serial(backend, stage, "A begin; A get x; B set x B; A set x 0+A; A end")


@clause("no-read-skew", sentences="16.8", level=LEVEL, needs=NEEDS, likely_causes=CAUSES)
def no_read_skew(backend: Backend, stage: Stage) -> None:
    """A transaction that reads two values finds them as of one moment, not one before and one after another's work."""
    _expect_serial(backend, stage, "A begin; A get x; B begin; B set x 1; B set y 1; B end; A get y; A end")


@clause("no-write-skew", sentences="16.8", level=LEVEL, needs=NEEDS, likely_causes=CAUSES)
def no_write_skew(backend: Backend, stage: Stage) -> None:
    """Of two transactions that read two values and write one each, one has read what the other wrote: what was only
    read counts."""
    _expect_serial(
        backend,
        stage,
        "A begin; B begin; A get x; A get y; B get x; B get y; A set x A; B set y B; A end; B end",
    )


@clause("no-phantom", sentences="16.8", level=LEVEL, needs=NEEDS, likely_causes=CAUSES)
def no_phantom(backend: Backend, stage: Stage) -> None:
    """Of two transactions that list what is there and each add to it, one has seen what the other added."""
    _expect_serial(
        backend,
        stage,
        "A begin; B begin; A list; B list; A set a A; B set b B; A end; B end",
    )


@clause("no-phantom-deleted", sentences="16.8", level=LEVEL, needs=NEEDS, likely_causes=CAUSES)
def no_phantom_deleted(backend: Backend, stage: Stage) -> None:
    """A transaction that found a key in a list, and decides by it, is not overtaken by one that deletes it."""
    _expect_serial(
        backend,
        stage,
        "A begin; B begin; A list; B get y; B delete x; A set y A; B end; A list; A end",
    )


@clause("no-fractured-batch", sentences="16.8 16.2", level=LEVEL, needs=NEEDS, likely_causes=CAUSES)
def no_fractured_batch(backend: Backend, stage: Stage) -> None:
    """A transaction sees all of another's work or nothing of it, and keeps to that until its end."""
    _expect_serial(
        backend,
        stage,
        "A begin; A set x 1; B begin; B get x; B get y; A set y 1; A end; B get y; B list; B end; C list",
    )
