"""A process that is killed at any step of a write, or at any time under load (contract, 19.1 and 19.4)."""

from __future__ import annotations

import math
import random
import shutil
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from burndown_spec.expectations import expect_same, expect_that
from burndown_spec.furnished import EVERY_WRITE, furnish
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.sampling import crucial_of_steps, sample_of_steps
from burndown_spec.stage import Stage, UndecidedError
from burndown_spec.values.records import (
    EXPIRY,
    NOW,
    a_change,
    a_history,
    a_metric,
    a_profile,
    a_query,
    a_statistic,
    an_issue,
    full_issue,
)
from burndown_spec.vocabulary import (
    are_planned,
    beside_a_killed_one,
    broken_words,
    contents_of,
    ended_writers,
    freed_by_a_kill,
    keys,
    killed_at,
    killed_writers,
    make_again,
    points_of,
    states_of,
    torn_parts,
)
from burndown_store.contract import Backend, Capability

LEVEL = Level.DURABLE
NEEDS = (Capability.ATOMIC, Capability.DURABLE)
IN_TRANSACTIONS = (*NEEDS, Capability.TRANSACTIONS)
AMONG_PROCESSES = (*NEEDS, Capability.SHARED)
LASTS = "a-durable-store-outlives-a-killed-process"

# Enough for all of a sample, but on a machine that is short of breath; what is crucial comes first, and must be tried.
SECONDS_OF_SAMPLE = 40.0

LATER = EXPIRY + timedelta(days=1)
TEN_CHANGES = [a_change(NOW + timedelta(hours=hour), from_text=f"{hour}", to_text=f"{hour + 1}") for hour in range(10)]
DELETES = ("delete_query", "delete_profile", "delete_expired", "delete_app_state", "clear_task")
BATCHES = [call for call in EVERY_WRITE if isinstance(call[-1], list)]
SAVES = [call for call in EVERY_WRITE if call[0] not in DELETES and call not in BATCHES]
STEPS_WITH_BATCHES: list[Any] = [
    *BATCHES,
    ("save_histories", "p", "q", [a_history(f"AB-{number}", changes=TEN_CHANGES) for number in range(1, 4)]),
    ("replace_issues", "p", "q", [full_issue(f"AB-{number}") for number in range(4, 9)]),
]
STEPS_WITH_DELETES: list[Any] = [
    ("delete_expired", NOW + timedelta(hours=25)),
    *(call for call in EVERY_WRITE if call[0] in DELETES and call[0] != "delete_expired"),
]
TRANSACTIONS: list[Any] = [
    [
        ("save_profile", a_profile("new")),
        ("save_query", "new", a_query()),
        ("save_issues", "new", "q", [an_issue("CD-1"), an_issue("CD-2")]),
        ("save_issues", "p", "q", [an_issue("AB-1", status="changed"), an_issue("AB-3")]),
        ("set_app_state", "key", "changed"),
    ],
    [
        ("replace_issues", "p", "q", [an_issue("AB-4")]),
        ("save_statistics", "p", "q", [a_statistic(completed_items=9)]),
        ("delete_app_state", "key"),
        ("clear_task", "fetch"),
        ("delete_profile", "other"),
        ("delete_query", "p", "other"),
    ],
]


def _furnish(backend: Backend) -> None:
    """One of everything, and much below a profile and a query that are deleted."""
    furnish(backend)
    backend.save_query("other", a_query())
    for profile_id, query_id in (("other", "q"), ("p", "other")):
        backend.save_issues(profile_id, query_id, [an_issue(f"CD-{number}", expires_at=LATER) for number in range(3)])
        backend.save_histories(profile_id, query_id, [a_history("CD-1", changes=TEN_CHANGES, expires_at=LATER)])
        backend.save_statistics(profile_id, query_id, [a_statistic()])
        backend.save_metrics(profile_id, query_id, [a_metric()])


def _laying_out(stage: Stage, *, furnished: bool, copied: bool) -> Callable[[], object]:
    """What lays out a store of the furniture, or an empty folder that nobody has opened; the same each time.

    Where a store is its folder, one is furnished, and each of the others is a copy.
    """

    def lay_out_furnished() -> None:
        store = stage.start_over()
        _furnish(store)
        store.close()

    if not furnished:
        return stage.start_without_a_store
    if not copied:
        return lay_out_furnished
    lay_out_furnished()
    # A script that shows a failure furnishes its own store.
    done, kept = [*stage.trace.steps], stage.location.with_name("furnished")
    shutil.copytree(stage.location, kept)

    def lay_out_copy() -> None:
        place = stage.start_without_a_store()
        shutil.copytree(kept, place, dirs_exist_ok=True)
        stage.trace.steps.extend(done)

    return lay_out_copy


def _comes_back_whole(stage: Stage, steps: Sequence[Any], states: list[Any], point: str) -> bool:
    """Whether a process came to the point and was killed there; judges what is then there, and that it goes on.

    All before the point is there, and the step that was under way whole or not at all. A backend may take another
    course each time: who does not come to the point has made all the steps.
    """
    killed = stage.do_elsewhere(killed_at, point, steps)
    under_way = killed["acknowledged"]
    before, after = states[under_way], states[under_way : under_way + 2][-1] if killed["opened"] else states[0]
    # Nobody else is there who could hold the store.
    store = stage.open(timeout=0.2)
    found = stage.do(contents_of, store)
    if killed["at"] != point:
        expect_same(found, after)
    expect_same(stage.do(torn_parts, found, killed, before, after), [])
    expect_same(store.check(), [])
    if killed["opened"]:
        stage.do(make_again, store, steps, killed, found, before)
        expect_same(stage.do(torn_parts, stage.do(contents_of, store), killed, after, after), [])
    store.close()
    return bool(killed["at"] == point)


def _kill_at_each(backend: Backend, stage: Stage, steps: list[Any], *, furnished: bool = True) -> None:
    lay_out = _laying_out(stage, furnished=furnished, copied=Capability.FILE in backend.capabilities)
    lay_out()
    store = stage.open()
    states = stage.do(states_of, store, steps)
    store.close()
    lay_out()
    points = stage.do_elsewhere(points_of, steps)
    expect_that(points, are_planned)
    chosen = points if stage.thorough else sample_of_steps(points, stage.seed)
    tried = fired = 0
    enough = math.inf if stage.thorough else time.monotonic() + SECONDS_OF_SAMPLE
    try:
        for point in chosen:
            if time.monotonic() > enough:
                break
            lay_out()
            tried += 1
            fired += _comes_back_whole(stage, steps, states, point)
    finally:
        kind = "steps" if furnished else "opening"
        stage.measure(
            f"crash points, {kind}", f"planned {len(points)}, sampled {len(chosen)}, tried {tried}, fired {fired}"
        )
    if tried < len(chosen) and {*crucial_of_steps(points, stage.seed)} - {*chosen[:tried]}:
        raise UndecidedError(
            f"no verdict: {tried} of {len(chosen)} points tried in {SECONDS_OF_SAMPLE:g} s; try an idle machine"
        )
    if fired * 2 < tried:
        raise UndecidedError(f"no verdict: of {tried} points tried {fired} were reached")


@clause(
    "killed-while-opening",
    slow=True,
    sentences="19.4",
    level=LEVEL,
    needs=(Capability.DURABLE,),
    depends_on=(LASTS,),
    likely_causes=(
        "the layout is created in several transactions, and half of it is taken for a damaged store",
        "what says that a store is there is written before it is",
        "a flag, or a lock made of a file, is left behind, and refuses the next opening or wipes the store",
    ),
)
def killed_while_opening(backend: Backend, stage: Stage) -> None:
    """Killed while it opens a fresh location or a store, or closes it, a process leaves one that opens and works."""
    _kill_at_each(backend, stage, [])
    _kill_at_each(backend, stage, [], furnished=False)


@clause(
    "killed-while-saving",
    slow=True,
    sentences="19.1 19.4",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("killed-while-opening",),
    likely_causes=(
        "a record is deleted and then inserted, or one half of it saved after the other, each committed by itself",
        "a file is written in place, and not beside it and then put in its place",
        "a write is acknowledged before it is committed",
    ),
)
def killed_while_saving(backend: Backend, stage: Stage) -> None:
    """Killed at any line, statement or change of a file while it saves a record, a process leaves it old or new."""
    _kill_at_each(backend, stage, SAVES)


@clause(
    "killed-while-saving-a-batch",
    slow=True,
    sentences="19.1 19.4",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("killed-while-opening",),
    likely_causes=(
        "each record of a batch is committed by itself",
        "a replacement deletes in one transaction and inserts in another",
        "changes are saved apart from the history that they belong to",
    ),
)
def killed_while_saving_a_batch(backend: Backend, stage: Stage) -> None:
    """Killed at any step of saving or replacing a batch, a process leaves all of the batch or nothing of it."""
    _kill_at_each(backend, stage, STEPS_WITH_BATCHES)


@clause(
    "killed-while-deleting",
    slow=True,
    sentences="19.1 19.4",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("killed-while-opening",),
    likely_causes=(
        "what lies below is deleted before the profile or the query, each committed by itself",
        "one kind of record lies in a second file, which is committed for itself",
        "expired histories are deleted in another transaction than expired issues",
    ),
)
def killed_while_deleting(backend: Backend, stage: Stage) -> None:
    """Killed at any step of deleting, a process leaves all that was to go, or nothing of it, and all that was not."""
    _kill_at_each(backend, stage, STEPS_WITH_DELETES)


@clause(
    "killed-inside-a-transaction",
    slow=True,
    sentences="16.2 19.1 19.4",
    level=LEVEL,
    needs=IN_TRANSACTIONS,
    depends_on=(
        *("killed-while-saving", "killed-while-saving-a-batch", "killed-while-deleting"),
        "a-killed-writer-holds-nobody-up",
    ),
    likely_causes=(
        "a call inside a transaction is committed by itself",
        "what was written is put in place file by file at the end",
        "the transaction is undone by the process itself, which does not come to that",
    ),
)
def killed_inside_a_transaction(backend: Backend, stage: Stage) -> None:
    """Killed at any step of a transaction, between two of its calls too, a process leaves all of it or nothing."""
    _kill_at_each(backend, stage, TRANSACTIONS)


def _furnished_and_closed(backend: Backend) -> None:
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    backend.close()


def _kill_under_load(backend: Backend, stage: Stage, *, in_transactions: bool) -> None:
    whole = Capability.ATOMIC in backend.capabilities
    _furnished_and_closed(backend)
    draw = random.Random(stage.seed)
    told: list[dict[str, int]] = []
    rounds = 40 if stage.thorough else 4
    for name in (f"{number}" for number in range(rounds)):
        told.append(stage.do_elsewhere(killed_writers, name, draw.randrange(12, 40), in_transactions))
        store = stage.open()
        expect_same(stage.do(broken_words, store, [*told], in_transactions, whole), [])
        expect_same(store.check(), [])
        store.close()
    acknowledged = sum(number for process in told for number in process.values())
    stage.measure("kills under load", f"{rounds}, after {acknowledged} acknowledged writes in all")


@clause(
    "acknowledged-writes-survive-a-kill",
    slow=True,
    sentences="19.1 19.4",
    level=LEVEL,
    needs=(Capability.DURABLE,),
    depends_on=(LASTS,),
    likely_causes=(
        "a thread or a buffer writes what was acknowledged before",
        "what a killed process left, such as a log, is thrown away at the next opening",
        "threads share one transaction, which none of them commits",
    ),
)
def acknowledged_writes_survive_a_kill(backend: Backend, stage: Stage) -> None:
    """Killed while its threads write, a process leaves all that was acknowledged, and of each thread at most one write
    more, whole where `atomic` is claimed; again and again on one store."""
    _kill_under_load(backend, stage, in_transactions=False)


@clause(
    "acknowledged-transactions-survive-a-kill",
    slow=True,
    sentences="16.2 19.1 19.4",
    level=LEVEL,
    needs=IN_TRANSACTIONS,
    depends_on=("acknowledged-writes-survive-a-kill", "a-killed-writer-holds-nobody-up"),
    likely_causes=(
        "the end of a transaction is acknowledged before it is committed",
        "transactions are gathered and committed together, later",
    ),
)
def acknowledged_transactions_survive_a_kill(backend: Backend, stage: Stage) -> None:
    """The same is true of transactions: those that ended are there, and of each thread at most one more, whole."""
    _kill_under_load(backend, stage, in_transactions=True)


@clause(
    "who-ends-without-closing-keeps-its-word",
    slow=True,
    sentences="19.4",
    level=LEVEL,
    needs=(Capability.DURABLE,),
    depends_on=("acknowledged-writes-survive-a-kill",),
    likely_causes=(
        "what runs at the end of the interpreter takes a handle that is open for a failed one",
        "a daemon thread writes what was acknowledged before, and is gone then",
        "the end of the interpreter waits for a thread that waits for it",
    ),
)
def who_ends_without_closing_keeps_its_word(backend: Backend, stage: Stage) -> None:
    """A process that ends with its handle open and its threads writing, at once or as an interpreter ends, leaves
    everything that was acknowledged."""
    whole = Capability.ATOMIC in backend.capabilities
    _furnished_and_closed(backend)
    draw = random.Random(stage.seed)
    told: list[dict[str, int]] = []
    for how in ("leave", "exit", "leave"):
        told.append(stage.do_elsewhere(ended_writers, f"{how} {len(told)}", draw.randrange(12, 40), how))
        store = stage.open()
        expect_same(stage.do(broken_words, store, [*told], whole=whole), [])
        expect_same(store.check(), [])
        store.close()


@clause(
    "others-go-on-after-a-kill",
    slow=True,
    sentences="18.5 19.3 19.4",
    level=LEVEL,
    needs=AMONG_PROCESSES,
    depends_on=("acknowledged-writes-survive-a-kill", "a-shared-store-is-shared"),
    likely_causes=(
        "opening a store that a killed process left puts another file in its place",
        "a file that the killed process had made or locked keeps the others out",
    ),
)
def others_go_on_after_a_kill(backend: Backend, stage: Stage) -> None:
    """While one process is killed, another that writes goes on, and so does a handle that was open all the time."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    for _ in range(10 if stage.thorough else 1):
        told = stage.do_elsewhere(beside_a_killed_one, random.Random(stage.seed).randrange(12, 40))
        expect_same(stage.do(broken_words, backend, [told]), [])
        expect_same(backend.check(), [])
        backend.replace_issues("p", "q", [an_issue()])
        expect_same(backend.get_issues("p", "q"), ["AB-1"], view=keys)


@clause(
    "a-killed-writer-holds-nobody-up",
    slow=True,
    sentences="16.2 18.5 19.4",
    level=LEVEL,
    needs=(*AMONG_PROCESSES, Capability.TRANSACTIONS),
    depends_on=("others-go-on-after-a-kill",),
    likely_causes=(
        "the lock is a file that a killed process leaves behind",
        "who waits for a lock looks once, and not again",
    ),
)
def a_killed_writer_holds_nobody_up(backend: Backend, stage: Stage) -> None:
    """Who writes while another process is killed inside a transaction gets its turn, and finds nothing of the other."""
    for _ in range(10 if stage.thorough else 2):
        backend.delete_app_state("waiting")
        expect_same(stage.do_elsewhere(freed_by_a_kill), "written")
        expect_same(backend.list_app_state(), {"waiting": "written"})
        expect_same(backend.check(), [])
