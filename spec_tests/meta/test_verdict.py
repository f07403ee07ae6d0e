"""The verdict: *conforms* is earned clause by clause, a failure always shows, and what is unknown is *no verdict*."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from burndown_spec.levels import Level
from burndown_spec.registry import Catalogue
from burndown_spec.results import Outcome, Result
from burndown_spec.verdict import (
    BackendVerdict,
    Evidence,
    Judgement,
    Required,
    State,
    judge_backend,
    overall,
)
from burndown_store.contract import Capability
from sample_catalogue import CATALOGUE, CORE, a_clause, result

CONFORMS, FAILS, NO_VERDICT = Judgement.CONFORMS, Judgement.FAILS, Judgement.NO_VERDICT
CONFORMS_HERE = Judgement.CONFORMS_HERE
NOT_CLAIMED, NO_CLAUSES = Judgement.NOT_CLAIMED, Judgement.NO_CLAUSES
TRANSACTIONAL = Level.TRANSACTIONAL.about


WITH_TRANSACTIONS = (*CORE, "all-or-nothing")


def hold(*ids: str) -> list[Result]:
    return [result(name) for name in ids]


def verdict(
    results: Sequence[Result],
    *,
    claims: frozenset[Capability] = frozenset(),
    required: Required | None = None,
    missing: tuple[str, ...] = (),
    problems: tuple[str, ...] = (),
    unjudged: dict[str, str] | None = None,
    catalogue: Catalogue = CATALOGUE,
) -> BackendVerdict:
    evidence = Evidence(
        backend="blue", claims=claims, results=results, missing=missing, problems=problems, unjudged=unjudged or {}
    )
    return judge_backend(catalogue, evidence, required)


def level_of(judged: BackendVerdict, level: Level) -> Judgement:
    return next(each.judgement for each in judged.levels if each.level is level)


def state_of(judged: BackendVerdict, id: str) -> State:
    return next(each.state for each in judged.standings if each.clause == id)


@dataclass(frozen=True)
class Case:
    """What a run knows, and what must be said of it in all, of Core, and of Transactional."""

    results: Sequence[Result]
    overall: Judgement
    core: Judgement
    transactional: Judgement = NOT_CLAIMED
    claims: frozenset[Capability] = frozenset()
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    required: Required = field(default_factory=Required)
    says: str = ""


CASES = {
    "every claimed clause holds": Case(hold(*CORE), CONFORMS, CONFORMS, says="3 of 3 (core)"),
    "more is claimed, and holds": Case(
        hold(*WITH_TRANSACTIONS),
        CONFORMS,
        CONFORMS,
        CONFORMS,
        claims=TRANSACTIONAL,
        says="4 of 4 (core, transactional)",
    ),
    "what is not claimed was passed over": Case(
        [*hold(*CORE), result("in-a-file", Outcome.NOT_CLAIMED)], CONFORMS, CONFORMS
    ),
    "one holds twice": Case(hold(*CORE, "first"), CONFORMS, CONFORMS),
    "one fails": Case([*hold("first", "second"), result("third", Outcome.FAILS)], FAILS, FAILS, says="1 failing"),
    "one fails, the rest was not judged": Case([result("first", Outcome.FAILS)], FAILS, FAILS, says="2 not judged"),
    "one fails and holds": Case([*hold(*CORE), result("first", Outcome.FAILS)], FAILS, FAILS),
    "one that is not claimed fails": Case([*hold(*CORE), result("in-a-file", Outcome.FAILS)], FAILS, FAILS),
    "another level fails": Case(
        [*hold(*CORE), result("all-or-nothing", Outcome.FAILS)], FAILS, CONFORMS, FAILS, claims=TRANSACTIONAL
    ),
    "one is blocked": Case([*hold("first", "second"), result("third", Outcome.BLOCKED)], FAILS, FAILS),
    "an operation is missing": Case(
        hold(*CORE), FAILS, FAILS, missing=("size_bytes",), says="1 operation of the contract missing"
    ),
    "one fails in a run with a problem": Case([result("first", Outcome.FAILS)], FAILS, FAILS, problems=("it crashed",)),
    "nothing was judged": Case([], NO_VERDICT, NO_VERDICT, says="0 of 3 claimed clauses judged"),
    "one was not judged": Case(hold("first", "third"), NO_VERDICT, NO_VERDICT, says="second: has no result"),
    "one holds on another backend": Case(
        [*hold("first", "second"), result("third", backend="green")],
        NO_VERDICT,
        NO_VERDICT,
        says="third: has no result",
    ),
    "one was passed over, though claimed": Case(
        [*hold("first", "second"), result("third", Outcome.NOT_CLAIMED)], NO_VERDICT, NO_VERDICT, says="passed over"
    ),
    "one was judged twice, and differently": Case(
        [*hold(*CORE), result("third", Outcome.UNAVAILABLE)], NO_VERDICT, NO_VERDICT, says="differently"
    ),
    "one is unavailable here": Case(
        [*hold("first", "second"), result("third", Outcome.UNAVAILABLE, reason="no second disk")],
        CONFORMS_HERE,
        CONFORMS_HERE,
        says="third: unavailable here: no second disk",
    ),
    "one allowed no verdict": Case(
        [*hold("first", "second"), result("third", Outcome.UNDECIDED, reason="no verdict: too few overlapped")],
        NO_VERDICT,
        NO_VERDICT,
        says="third: no verdict: too few overlapped",
    ),
    "one is about what is not offered": Case(
        [*hold("first", "second"), result("third", Outcome.NOT_OFFERED, reason="offers no recover")],
        CONFORMS,
        CONFORMS,
        says="every claimed clause holds, 2 of 2",
    ),
    "one is unavailable here, another was not judged": Case(
        [result("first"), result("third", Outcome.UNAVAILABLE)], NO_VERDICT, NO_VERDICT, says="second: has no result"
    ),
    "one is unavailable here in a run with a problem": Case(
        [*hold("first", "second"), result("third", Outcome.UNAVAILABLE)],
        NO_VERDICT,
        NO_VERDICT,
        problems=("line 3 of the ledger cannot be read",),
    ),
    "none can be judged here": Case(
        [result(name, Outcome.UNAVAILABLE, reason="no second disk") for name in CORE], NO_VERDICT, NO_VERDICT
    ),
    "a level cannot be judged here": Case(
        [*hold(*CORE), result("all-or-nothing", Outcome.UNAVAILABLE, reason="no second disk")],
        CONFORMS_HERE,
        CONFORMS,
        NO_VERDICT,
        claims=TRANSACTIONAL,
        says="all that this machine can judge holds, 3 of 4 claimed clauses; all-or-nothing: unavailable here: no",
    ),
    "another level was not judged": Case(hold(*CORE), NO_VERDICT, CONFORMS, NO_VERDICT, claims=TRANSACTIONAL),
    "the run had a problem": Case(
        hold(*CORE), NO_VERDICT, NO_VERDICT, problems=("line 3 of the ledger cannot be read",), says="line 3"
    ),
    "there is a result for no clause": Case(hold(*CORE, "stranger"), NO_VERDICT, NO_VERDICT, says="stranger"),
    "a required level is not claimed": Case(
        hold(*CORE),
        FAILS,
        CONFORMS,
        required=Required(levels=frozenset({Level.TRANSACTIONAL})),
        says="level transactional is required and not claimed (needs atomic, savepoints, snapshots, transactions)",
    ),
    "a required level conforms": Case(
        hold(*WITH_TRANSACTIONS),
        CONFORMS,
        CONFORMS,
        CONFORMS,
        claims=TRANSACTIONAL,
        required=Required(levels=frozenset({Level.TRANSACTIONAL}), capabilities=frozenset({Capability.ATOMIC})),
    ),
    "a required level was not judged": Case(
        hold(*CORE),
        NO_VERDICT,
        CONFORMS,
        NO_VERDICT,
        claims=TRANSACTIONAL,
        required=Required(levels=frozenset({Level.TRANSACTIONAL})),
    ),
    "a required level is unavailable here": Case(
        [*hold(*CORE), result("all-or-nothing", Outcome.UNAVAILABLE)],
        FAILS,
        CONFORMS,
        FAILS,
        claims=TRANSACTIONAL,
        required=Required(levels=frozenset({Level.TRANSACTIONAL})),
        says="cannot be judged on this machine",
    ),
    "a required level has no clauses": Case(
        hold(*CORE),
        NO_VERDICT,
        CONFORMS,
        required=Required(levels=frozenset({Level.FAST})),
        says="level fast is required",
    ),
    "a required capability is not claimed": Case(
        hold(*CORE),
        FAILS,
        CONFORMS,
        required=Required(capabilities=frozenset({Capability.FILE})),
        says="file is required",
    ),
    "a required capability is unavailable here": Case(
        [*hold(*CORE), result("in-a-file", Outcome.UNAVAILABLE)],
        FAILS,
        CONFORMS_HERE,
        claims=frozenset({Capability.FILE}),
        required=Required(capabilities=frozenset({Capability.FILE})),
    ),
    "no clause judges a required capability": Case(
        hold(*CORE),
        NO_VERDICT,
        CONFORMS,
        claims=frozenset({Capability.SHARED}),
        required=Required(capabilities=frozenset({Capability.SHARED})),
        says="no clause that the backend claims judges it",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_said_of_a_run(case: Case) -> None:
    judged = verdict(
        case.results, claims=case.claims, required=case.required, missing=case.missing, problems=case.problems
    )
    assert judged.judgement is case.overall
    assert level_of(judged, Level.CORE) is case.core
    assert level_of(judged, Level.TRANSACTIONAL) is case.transactional
    assert case.says in judged.reason


def test_a_level_without_clauses_never_conforms_and_does_no_harm() -> None:
    judged = verdict(hold(*CORE), claims=frozenset(Capability) - {Capability.FILE} - TRANSACTIONAL)
    assert judged.judgement is CONFORMS
    assert level_of(judged, Level.POWER_SAFE) is NO_CLAUSES
    assert level_of(judged, Level.FAST) is NO_CLAUSES


def test_a_backend_that_claims_no_clause_at_all_never_conforms() -> None:
    only_files = Catalogue([a_clause("in-a-file", needs=[Capability.FILE])])
    judged = verdict([], catalogue=only_files)
    assert judged.judgement is NO_VERDICT
    assert level_of(judged, Level.CORE) is NOT_CLAIMED


def test_a_failure_behind_failures_is_blocked_by_the_one_at_their_root() -> None:
    judged = verdict([result(name, Outcome.FAILS) for name in CORE])
    assert [state_of(judged, name) for name in CORE] == [State.FAILS, State.BLOCKED, State.BLOCKED]
    assert {each.reason for each in judged.standings if each.state is State.BLOCKED} == {"blocked by first"}
    assert judged.judgement is FAILS


def test_a_failure_is_blocked_through_a_dependency_that_holds() -> None:
    judged = verdict([result("first", Outcome.FAILS), result("second"), result("third", Outcome.FAILS)])
    assert [state_of(judged, name) for name in CORE] == [State.FAILS, State.HOLDS, State.BLOCKED]


def test_a_clause_that_holds_is_never_blocked() -> None:
    judged = verdict([result("first", Outcome.FAILS), *hold("second", "third")])
    assert [state_of(judged, name) for name in CORE] == [State.FAILS, State.HOLDS, State.HOLDS]


def test_dependencies_in_a_circle_are_refused() -> None:
    with pytest.raises(ValueError, match="cycle"):
        Catalogue([a_clause("hen", after=["egg"]), a_clause("egg", after=["hen"])])


def test_why_clauses_were_not_judged_is_said_once_for_each_reason() -> None:
    reasons = {"first": "left out by --clause", "second": "left out by --clause", "third": "lost"}
    judged = verdict([], unjudged=reasons)
    assert judged.reason == "0 of 3 claimed clauses judged; first, second: left out by --clause; third: lost"


def test_counts_of_a_level_add_up_to_its_clauses() -> None:
    judged = verdict([*hold("first"), result("second", Outcome.FAILS), result("third", Outcome.UNAVAILABLE)])
    for level in judged.levels:
        assert sum(level.counts.values()) == len([each for each in CATALOGUE if each.level is level.level])


@pytest.mark.parametrize(
    ("judgements", "together"),
    [
        ([CONFORMS], CONFORMS),
        ([CONFORMS, CONFORMS], CONFORMS),
        ([CONFORMS, CONFORMS_HERE], CONFORMS_HERE),
        ([CONFORMS_HERE, NO_VERDICT], NO_VERDICT),
        ([CONFORMS, NO_VERDICT], NO_VERDICT),
        ([CONFORMS, NO_VERDICT, FAILS], FAILS),
        ([], NO_VERDICT),
    ],
)
def test_several_backends_conform_together_or_not_at_all(judgements: list[Judgement], together: Judgement) -> None:
    verdicts = [
        BackendVerdict(backend="blue", judgement=each, reason="", levels=(), standings=()) for each in judgements
    ]
    assert overall(verdicts) is together
