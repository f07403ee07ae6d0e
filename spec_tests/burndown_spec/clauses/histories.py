"""What several processes see of each other under load (contract, 16.8, 17.1, 19.1 and 19.3).

Several processes, each with several threads on one handle, make calls that are drawn at random, all at once and on few
keys. What each call was given and gave, and when, is their history; a checker decides whether there is an order of the
calls, one after another, in which each would have been answered as it was. A history in which the calls came one after
another anyway, or most of which were refused each time that they were tried, or that the checker could not decide,
is no verdict.
"""

from __future__ import annotations

from burndown_spec.expectations import expect_that
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.stage import Stage, UndecidedError
from burndown_spec.vocabulary import (
    Accounts,
    AccountsInSnapshots,
    Batches,
    Counters,
    Findings,
    Lists,
    Load,
    Moments,
    Namesakes,
    Registers,
    has_no_anomaly,
    under_load,
)
from burndown_store.contract import Backend, Capability

LEVEL = Level.CONCURRENT
SINGLE_CALLS = (Capability.SHARED, Capability.ATOMIC)
TRANSACTIONS = (Capability.SHARED, Capability.ATOMIC, Capability.TRANSACTIONS)
SNAPSHOTS = (*TRANSACTIONS, Capability.SNAPSHOTS)

SECONDS = 12.0
LEAST_OVERLAP = 0.2
LEAST_SHARE = 1 / 3
MOST_REFUSED = 0.5
TRIES = 3


def _too_little(findings: Findings, least: float) -> str:
    """Why a history without an anomaly is worth nothing; the empty text where it is worth something."""
    ended_well = findings.operations - findings.refused
    if findings.refused > findings.operations * MOST_REFUSED:
        return f"{findings.refused} of {findings.operations} operations were refused"
    if findings.all_refused:
        return f"each {findings.all_refused[0]} was refused"
    if ended_well < least:
        return f"{ended_well} operations ended well in the time that they had"
    if findings.overlap < LEAST_OVERLAP:
        return f"{findings.overlap:.0%} of the operations were under way beside another"
    return ""


def _expect_no_anomaly(stage: Stage, load: type[Load], operations: int) -> None:
    """Put the store under the load, by so many calls of each thread, until its history allows a verdict."""
    processes, threads, seconds = 3, 2, SECONDS
    least = processes * threads * operations * LEAST_SHARE
    if stage.thorough:
        processes, threads, operations = 8, 2, 1250
        seconds = 30.0
    reason = ""
    for attempt in range(TRIES):
        stage.start_without_a_store()
        size = {"processes": processes, "threads": threads, "operations": operations << attempt, "seconds": seconds}
        findings = stage.do_elsewhere(under_load, load, **size, seed=stage.seed + 1000 * attempt)
        told = f"{findings.operations} by {processes} processes with {threads} threads each"
        stage.measure("operations", f"{told}, {findings.overlap:.0%} beside another, {findings.refused} refused")
        expect_that(findings, has_no_anomaly)
        reason = findings.undecided or _too_little(findings, least)
        if not reason:
            return
    raise UndecidedError(f"no verdict: {reason}")


@clause(
    "single-calls-of-processes-take-turns",
    slow=True,
    sentences="16.1 19.1 19.3",
    level=LEVEL,
    needs=SINGLE_CALLS,
    depends_on=("two-handles-see-each-other",),
    likely_causes=(
        "what was read is kept in the handle, and another process's write is not noticed",
        "a call returns before its write is committed",
        "a write that found the store busy is given up without a word",
    ),
)
def single_calls_of_processes_take_turns(backend: Backend, stage: Stage) -> None:
    """Single calls that save, find and delete a few records of every kind, by threads of several processes at once, are
    each as if made at one instant between their start and their end."""
    _expect_no_anomaly(stage, Registers, 600)


@clause(
    "transactions-of-processes-are-serialisable",
    slow=True,
    sentences="16.8 16.9 19.3",
    level=LEVEL,
    needs=TRANSACTIONS,
    depends_on=("no-lost-update", "no-write-skew", "no-read-skew"),
    likely_causes=(
        "what keeps transactions apart is a lock of the process, which others do not see",
        "after a lock that was not got, the write is tried again, and not what was read before it",
        "reads in a transaction are answered from a cache",
    ),
)
def transactions_of_processes_are_serialisable(backend: Backend, stage: Stage) -> None:
    """Transactions that read lists and append to them, by threads of several processes at once, are as if they had come
    one after another, none before one that had ended when it began."""
    _expect_no_anomaly(stage, Lists, 100)


@clause(
    "no-count-of-processes-is-lost",
    slow=True,
    sentences="16.8 16.9 19.3",
    level=LEVEL,
    needs=TRANSACTIONS,
    depends_on=("no-lost-update",),
    likely_causes=(
        "what keeps transactions apart is a lock of the process, which others do not see",
        "a transaction is refused that was committed, and tried again it counts twice",
        "a transaction that is refused at its commit is given up without a word",
    ),
)
def no_count_of_processes_is_lost(backend: Backend, stage: Stage) -> None:
    """Where threads of several processes read a count and save it one higher, each in a transaction that is tried again
    when it is refused, each counts once."""
    _expect_no_anomaly(stage, Counters, 120)


@clause(
    "transfers-of-processes-keep-the-sum",
    slow=True,
    sentences="16.2 16.8 19.1 19.3",
    level=LEVEL,
    needs=TRANSACTIONS,
    depends_on=("no-fractured-batch", "no-read-skew"),
    likely_causes=(
        "a transaction is committed in parts",
        "the rows of one answer are read one after another, each as it is by then",
    ),
)
def transfers_of_processes_keep_the_sum(backend: Backend, stage: Stage) -> None:
    """While threads of several processes move amounts from one record to another, each in a transaction, whoever reads
    all of them, in one call or in a transaction, finds their sum unchanged."""
    _expect_no_anomaly(stage, Accounts, 100)


@clause(
    "snapshots-of-processes-find-the-sum",
    slow=True,
    sentences="17.1 16.2 19.3",
    level=LEVEL,
    needs=SNAPSHOTS,
    depends_on=("a-snapshot-shows-the-moment-of-entry", "transfers-of-processes-keep-the-sum"),
    likely_causes=(
        "a snapshot is taken anew at each read",
        "a snapshot holds what its own process wrote, and not what others do",
    ),
)
def snapshots_of_processes_find_the_sum(backend: Backend, stage: Stage) -> None:
    """Whoever reads these records one by one in a snapshot, while threads of several processes move amounts between
    them, finds their sum unchanged."""
    _expect_no_anomaly(stage, AccountsInSnapshots, 100)


@clause(
    "snapshots-of-processes-never-move",
    slow=True,
    sentences="17.1 19.3",
    level=LEVEL,
    needs=SNAPSHOTS,
    depends_on=("a-snapshot-shows-the-moment-of-entry",),
    likely_causes=(
        "a snapshot begins at its first read, and not at its entry",
        "a snapshot is taken anew when it grows old",
        "a key that was read before the snapshot is answered from a cache",
    ),
)
def snapshots_of_processes_never_move(backend: Backend, stage: Stage) -> None:
    """All reads inside one snapshot are of one moment, that of its entry, whatever threads of several processes write
    meanwhile."""
    _expect_no_anomaly(stage, Moments, 100)


@clause(
    "batches-of-processes-are-seen-whole",
    slow=True,
    sentences="16.1 12.7 14.2 19.1 19.3",
    level=LEVEL,
    needs=SINGLE_CALLS,
    depends_on=("a-call-is-seen-whole",),
    likely_causes=(
        "an answer is read page by page, and between two pages others write",
        "a batch is committed in parts",
        "a replacement deletes in one transaction and inserts in another",
        "what has expired is looked up in one transaction and deleted by its keys in another",
    ),
)
def batches_of_processes_are_seen_whole(backend: Backend, stage: Stage) -> None:
    """Whoever reads issues, statistics or histories while threads of several processes save and replace them, or delete
    what has expired, finds what one of these calls left there, never some of one and some of another."""
    _expect_no_anomaly(stage, Batches, 200)


@clause(
    "a-profile-of-processes-goes-as-a-whole",
    slow=True,
    sentences="9.2 9.4 16.1 16.8 19.3",
    level=LEVEL,
    needs=TRANSACTIONS,
    depends_on=("a-call-is-seen-whole", "no-fractured-batch"),
    likely_causes=(
        "what lies below a profile is deleted before the profile, or after it, in a transaction of its own",
        "what a process knows of a profile outlives the profile that another has saved in its place",
    ),
)
def a_profile_of_processes_goes_as_a_whole(backend: Backend, stage: Stage) -> None:
    """While threads of several processes delete a profile, save it anew, and write below it, whoever looks finds it and
    what was saved with it, or nothing at all, and nothing of its namesakes before."""
    _expect_no_anomaly(stage, Namesakes, 100)
