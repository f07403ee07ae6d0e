"""Transactions inside transactions: each undoes its own part, and is undone with the one around it (contract, 16.5)."""

from __future__ import annotations

from contextlib import suppress

from burndown_spec.expectations import expect_error, expect_same
from burndown_spec.furnished import EVERY_WRITE, furnish, make
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
from burndown_spec.values.records import a_profile, a_query, an_issue
from burndown_spec.vocabulary import CallersOwnError, contents_of, given_by, in_thread, keys, passes
from burndown_store.contract import Backend, Capability, QueryNotFoundError, ValidationError

LEVEL = Level.TRANSACTIONAL
NEEDS = (Capability.TRANSACTIONS, Capability.SAVEPOINTS)


@clause(
    "an-inner-transaction-stays",
    sentences="16.5",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-transaction-stays", "a-transaction-yields-the-backend", "reads-in-a-transaction-see-its-writes"),
    likely_causes=("the outer end forgets what inner ones wrote", "an inner transaction yields something else"),
)
def an_inner_transaction_stays(backend: Backend, stage: Stage) -> None:
    """A nested transaction yields the backend, and what it wrote is there after the end of the outer one."""
    beside = stage.open_beside("without")
    furnish(backend)
    furnish(beside)
    with backend.transaction():
        expect_same(stage.do(given_by, backend, backend.transaction), True)
        for call in EVERY_WRITE:
            make(beside, call)
            with backend.transaction():
                make(backend, call)
            expect_same(stage.do(contents_of, backend), stage.do(contents_of, beside))
    expect_same(stage.do(contents_of, backend), stage.do(contents_of, beside))


@clause(
    "an-inner-transaction-that-raises-undoes-itself",
    sentences="16.5",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-transaction-that-raises-leaves-nothing",),
    likely_causes=(
        "a nested block does nothing but count, and what it wrote stays when it fails",
        "the savepoint is released where it should be rolled back to",
        "what it wrote is gone from the store, and not from a cache",
    ),
)
def an_inner_transaction_that_raises_undoes_itself(backend: Backend, stage: Stage) -> None:
    """An inner transaction that raises undoes its own part, by whatever operation, and nothing that came before it."""
    furnish(backend)
    with backend.transaction():
        backend.set_app_state("outer", "before")
        before = stage.do(contents_of, backend)
        for call in EVERY_WRITE:
            with expect_error(CallersOwnError), backend.transaction():
                make(backend, call)
                raise CallersOwnError("raised in the inner body")
            expect_same(stage.do(contents_of, backend), before)
        backend.set_app_state("outer", "afterwards")
    expect_same(backend.list_app_state(), {"key": "value", "outer": "afterwards"})
    backend.delete_app_state("outer")
    furnished = stage.open_beside("furnished")
    furnish(furnished)
    expect_same(stage.do(contents_of, backend), stage.do(contents_of, furnished))


@clause(
    "the-outer-end-decides",
    sentences="16.5 16.2",
    level=LEVEL,
    needs=NEEDS,
    depends_on=(
        "a-transaction-that-raises-leaves-nothing",
        "a-transaction-appears-at-its-end",
        "other-threads-see-the-committed-state",
    ),
    likely_causes=("an inner end commits", "an inner transaction has a connection of its own"),
)
def the_outer_end_decides(backend: Backend, stage: Stage) -> None:
    """What an inner transaction wrote appears at the end of the outermost, and goes when that raises."""
    other = stage.open()
    with expect_error(CallersOwnError), backend.transaction():
        with backend.transaction():
            backend.set_app_state("inner", "undone")
        expect_same(other.list_app_state(), {})
        expect_same(stage.do(in_thread, backend.list_app_state), {})
        raise CallersOwnError("raised in the outer body")
    expect_same(backend.list_app_state(), {})
    with backend.transaction():
        with backend.transaction():
            backend.set_app_state("inner", "kept")
        expect_same(other.list_app_state(), {})
        backend.set_app_state("outer", "kept")
    expect_same(other.list_app_state(), {"inner": "kept", "outer": "kept"})


@clause(
    "savepoints-nest-three-deep",
    sentences="16.5",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("an-inner-transaction-that-raises-undoes-itself", "the-outer-end-decides"),
    likely_causes=(
        "savepoints share one name, and one that was rolled back to is not released",
        "only whether one is open is kept, not how many",
    ),
)
def savepoints_nest_three_deep(backend: Backend, stage: Stage) -> None:
    """Three deep, each failure undoes its own level and those inside it, whichever of them fail."""
    for failing, kept in (
        ("1", []),
        ("2", ["1", "1 afterwards"]),
        ("3", ["1", "1 afterwards", "2", "2 afterwards"]),
        ("2 and 3", ["1", "1 afterwards"]),
        ("1 and 3", []),
    ):
        with suppress(CallersOwnError), backend.transaction():
            backend.set_app_state("1", "written")
            with suppress(CallersOwnError), backend.transaction():
                backend.set_app_state("2", "written")
                with suppress(CallersOwnError), backend.transaction():
                    backend.set_app_state("3", "written")
                    _raise_if("3" in failing)
                backend.set_app_state("2 afterwards", "written")
                _raise_if("2" in failing)
            backend.set_app_state("1 afterwards", "written")
            _raise_if("1" in failing)
        expect_same(backend.list_app_state(), dict.fromkeys(kept, "written"))
        for key in kept:
            backend.delete_app_state(key)


def _raise_if(failing: bool) -> None:
    if failing:
        raise CallersOwnError("raised in the body")


@clause(
    "savepoints-follow-one-another",
    sentences="16.5",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("an-inner-transaction-that-raises-undoes-itself",),
    likely_causes=("rolling back to a savepoint leaves it open, and the next one is taken for a deeper one",),
)
def savepoints_follow_one_another(backend: Backend, stage: Stage) -> None:
    """Inner transactions one after another each stay or go by themselves, in whatever order they fail."""
    for fails in ("-+-+", "+-+-", "--++", "++--"):
        with backend.transaction():
            for number, sign in enumerate(fails):
                if sign == "-":
                    with expect_error(CallersOwnError), backend.transaction():
                        backend.set_app_state(f"{fails} {number}", "undone")
                        raise CallersOwnError("raised in the inner body")
                else:
                    with backend.transaction():
                        backend.set_app_state(f"{fails} {number}", "kept")
    kept = {f"{fails} {number}": "kept" for fails in ("-+-+", "+-+-", "--++", "++--") for number in _kept(fails)}
    expect_same(backend.list_app_state(), kept)


def _kept(fails: str) -> list[int]:
    return [number for number, sign in enumerate(fails) if sign == "+"]


@clause(
    "a-refusal-inside-a-savepoint-does-no-harm",
    sentences="16.6 16.5",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-caught-refusal-does-no-harm", "an-inner-transaction-that-raises-undoes-itself"),
    likely_causes=("a refused call rolls back to the newest savepoint, whoever opened it",),
)
def a_refusal_inside_a_savepoint_does_no_harm(backend: Backend, stage: Stage) -> None:
    """A refusal caught inside undoes nothing but itself; one caught outside undoes the inner part and no more."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    with backend.transaction():
        backend.save_issues("p", "q", [an_issue("outer")])
        with backend.transaction():
            backend.save_issues("p", "q", [an_issue("inner")])
            with expect_error(ValidationError):
                backend.save_issues("p", "q", [an_issue("refused"), an_issue("")])
            with expect_error(QueryNotFoundError):
                backend.save_issues("p", "nowhere", [an_issue("refused")])
        with expect_error(QueryNotFoundError), backend.transaction():
            backend.save_issues("p", "q", [an_issue("undone")])
            backend.save_issues("p", "nowhere", [an_issue("refused")])
    expect_same(backend.get_issues("p", "q"), ["inner", "outer"], view=keys)


@clause(
    "an-inner-transaction-lets-every-error-through",
    sentences="6.7 16.5",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("an-inner-transaction-that-raises-undoes-itself", "a-transaction-lets-every-error-through"),
    likely_causes=("only `Exception` is caught to roll back to the savepoint", "the inner block swallows the error"),
)
def an_inner_transaction_lets_every_error_through(backend: Backend, stage: Stage) -> None:
    """Whatever the inner body raises passes unchanged and undoes the inner part alone, `KeyboardInterrupt` too."""
    for error in (CallersOwnError("raised in the body"), KeyboardInterrupt(), SystemExit(1), GeneratorExit()):
        worker = stage.worker()
        outer = worker.begin(backend.transaction)
        worker.call(backend.set_app_state, "outer", "kept")
        inner = worker.begin(backend.transaction)
        worker.call(backend.set_app_state, "inner", "undone")
        expect_same(worker.call(passes, inner, error), True)
        worker.finish(outer)
        expect_same(backend.list_app_state(), {"outer": "kept"})
        backend.delete_app_state("outer")
