"""From results to verdicts: a pure function of the catalogue, the claims and what was recorded in this run.

*conforms* is said only where every claimed clause has its own *holds*; *conforms here* where each has but those that
this machine lacks the means to judge. Whatever else is not known makes *no verdict*, and a failure makes *fails*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from burndown_spec.levels import Level
from burndown_spec.registry import Catalogue, Clause
from burndown_spec.results import Outcome, Result
from burndown_store.contract import Capability

__all__ = [
    "BackendVerdict",
    "Evidence",
    "Judgement",
    "LevelVerdict",
    "Required",
    "Standing",
    "State",
    "judge_backend",
    "overall",
]


class Judgement(StrEnum):
    """What is said of a level; of a backend as a whole only the first four are."""

    CONFORMS = "conforms"
    CONFORMS_HERE = "conforms here"
    FAILS = "fails"
    NO_VERDICT = "no verdict"
    NOT_CLAIMED = "not claimed"
    NO_CLAUSES = "no clauses yet"


class State(StrEnum):
    """Where a clause stands at the end: an outcome, or none."""

    HOLDS = "holds"
    FAILS = "fails"
    BLOCKED = "blocked"
    NOT_CLAIMED = "not claimed"
    UNAVAILABLE = "unavailable here"
    NOT_JUDGED = "not judged"


COUNTED = {
    State.FAILS: "failing",
    State.BLOCKED: "blocked",
    State.HOLDS: "holding",
    State.UNAVAILABLE: "unavailable here",
    State.NOT_JUDGED: "not judged",
}


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One clause on one backend. `reason` says why it neither holds nor fails."""

    clause: str
    level: Level
    state: State
    reason: str = ""
    result: Result | None = None


class LevelVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """`counts` has an entry for every state."""

    level: Level
    judgement: Judgement
    reason: str
    counts: dict[State, int]


class BackendVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """`standings` follow the catalogue, `levels` the order of the contract; `missing` are operations."""

    backend: str
    judgement: Judgement
    reason: str
    levels: tuple[LevelVerdict, ...]
    standings: tuple[Standing, ...]
    missing: tuple[str, ...] = ()


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a run knows of one backend.

    `missing` are the operations that it lacks, `unjudged` says by clause why it has no result, and `problems` are
    sentences about the run as a whole, any of which rules out that it proves conformity.
    """

    backend: str
    claims: frozenset[Capability]
    results: Sequence[Result]
    missing: tuple[str, ...] = ()
    unjudged: Mapping[str, str] = {}
    problems: tuple[str, ...] = ()


class Required(msgspec.Struct, frozen=True, kw_only=True):
    """What must be claimed, and judged on this machine."""

    levels: frozenset[Level] = frozenset()
    capabilities: frozenset[Capability] = frozenset()


def judge_backend(catalogue: Catalogue, evidence: Evidence, required: Required | None = None) -> BackendVerdict:
    """The verdict on one backend, per level and in all."""
    required = required or Required()
    problems = (*evidence.problems, *_stray_results(catalogue, evidence))
    standings = _blocked_by_failures(catalogue, [_standing(clause, evidence) for clause in catalogue])
    levels = tuple(
        _level(level, standings, evidence, required=level in required.levels, problems=problems) for level in Level
    )
    failures, gaps = _requirements(catalogue, levels, standings, evidence, required)
    counts = Counter(standing.state for standing in standings)
    claimed = len(standings) - counts[State.NOT_CLAIMED]
    judged = claimed - counts[State.NOT_JUDGED] - counts[State.UNAVAILABLE]
    broken = counts[State.FAILS] + counts[State.BLOCKED]
    if evidence.missing:
        failures.insert(0, f"{_count(len(evidence.missing), 'operation')} of the contract missing")
    if broken:
        shown = [f"{counts[state]} {word}" for state, word in COUNTED.items() if counts[state]]
        failures.insert(0, f"of {_count(claimed, 'claimed clause')}, {', '.join(shown)}")
    if failures:
        judgement, said = Judgement.FAILS, failures
    elif problems or gaps or counts[State.NOT_JUDGED] or not counts[State.HOLDS]:
        judgement = Judgement.NO_VERDICT
        said = [f"{judged} of {_count(claimed, 'claimed clause')} judged", *_why_not(standings), *gaps, *problems]
    elif judged < claimed:
        judgement = Judgement.CONFORMS_HERE
        said = [f"all that this machine can judge holds, {judged} of {_count(claimed, 'claimed clause')}"]
        said += _why_not(standings)
    else:
        judgement = Judgement.CONFORMS
        conforming = [
            f"{level.level} {level.reason}".strip() for level in levels if level.judgement is Judgement.CONFORMS
        ]
        said = [f"every claimed clause holds, {judged} of {claimed} ({', '.join(conforming)})"]
    return BackendVerdict(
        backend=evidence.backend,
        judgement=judgement,
        reason="; ".join(said),
        levels=levels,
        standings=tuple(standings),
        missing=evidence.missing,
    )


def overall(verdicts: Iterable[BackendVerdict]) -> Judgement:
    """The worst that is said of any backend; *no verdict* where there is none."""
    judgements = {verdict.judgement for verdict in verdicts} or {Judgement.NO_VERDICT}
    worst_first = (Judgement.FAILS, Judgement.NO_VERDICT, Judgement.CONFORMS_HERE, Judgement.CONFORMS)
    return next(judgement for judgement in worst_first if judgement in judgements)


def _standing(clause: Clause, evidence: Evidence) -> Standing:
    results = [
        result for result in evidence.results if result.clause == clause.id and result.backend == evidence.backend
    ]
    outcomes = {result.outcome for result in results}
    unclaimed = clause.not_claimed(evidence.claims)
    failed = next((result for result in results if result.outcome is Outcome.FAILS), None)
    only = failed or (results[0] if len(outcomes) == 1 else None)
    if failed:
        state, reason = State.FAILS, ""
    elif unclaimed:
        state, reason = State.NOT_CLAIMED, unclaimed
    elif only is None:
        disagreement = f"was judged more than once, and differently: {', '.join(sorted(outcomes))}"
        state, reason = State.NOT_JUDGED, disagreement if results else evidence.unjudged.get(clause.id, "has no result")
    elif only.outcome is Outcome.NOT_OFFERED:
        state, reason = State.NOT_CLAIMED, only.reason
    elif only.outcome is Outcome.NOT_CLAIMED:
        state, reason = State.NOT_JUDGED, "was passed over as not claimed, though the backend claims what it needs"
    else:
        state, reason = State(only.outcome.value), only.reason
    return Standing(clause=clause.id, level=clause.level, state=state, reason=reason, result=only)


def _blocked_by_failures(catalogue: Catalogue, standings: list[Standing]) -> list[Standing]:
    """A failure behind another failure is blocked by it; those that stand behind none remain as they are."""
    failing = {standing.clause for standing in standings if standing.state is State.FAILS}

    def causes(id: str) -> set[str]:
        found: set[str] = set()
        for dependency in catalogue[id].depends_on:
            found |= causes(dependency) or ({dependency} & failing)
        return found

    return [
        msgspec.structs.replace(standing, state=State.BLOCKED, reason=f"blocked by {', '.join(sorted(behind))}")
        if standing.state is State.FAILS and (behind := causes(standing.clause))
        else standing
        for standing in standings
    ]


def _level(
    level: Level, every_standing: Sequence[Standing], evidence: Evidence, *, required: bool, problems: Sequence[str]
) -> LevelVerdict:
    standings = [standing for standing in every_standing if standing.level is level]
    counts = Counter(standing.state for standing in standings)
    unclaimed = sorted(level.about - evidence.claims)
    reason = ""
    if counts[State.FAILS] or counts[State.BLOCKED]:
        judgement = Judgement.FAILS
    elif level is Level.CORE and evidence.missing:
        judgement, reason = Judgement.FAILS, "operations of the contract are missing"
    elif not standings:
        judgement, reason = Judgement.NO_CLAUSES, "this version of the suite has no clause of this level"
    elif counts[State.NOT_CLAIMED] == len(standings):
        judgement = Judgement.NOT_CLAIMED
        reason = f"needs {', '.join(unclaimed)}" if unclaimed else "none of its clauses is claimed"
    elif required and counts[State.UNAVAILABLE]:
        judgement, reason = Judgement.FAILS, "required, and this machine lacks the means to judge it"
    elif counts[State.NOT_JUDGED] or not counts[State.HOLDS]:
        judgement, reason = Judgement.NO_VERDICT, "; ".join(_why_not(standings))
    elif problems:
        judgement, reason = Judgement.NO_VERDICT, "; ".join(problems)
    elif counts[State.UNAVAILABLE]:
        judgement, reason = Judgement.CONFORMS_HERE, "; ".join(_why_not(standings))
    else:
        judgement = Judgement.CONFORMS
        reason = f"without {', '.join(unclaimed)}" if unclaimed else ""
    return LevelVerdict(
        level=level, judgement=judgement, reason=reason, counts={state: counts[state] for state in State}
    )


def _requirements(
    catalogue: Catalogue,
    levels: Sequence[LevelVerdict],
    standings: Sequence[Standing],
    evidence: Evidence,
    required: Required,
) -> tuple[list[str], list[str]]:
    """What is required and not so, and what is required and not known."""
    failures: list[str] = []
    gaps: list[str] = []
    for verdict in levels:
        if verdict.level in required.levels:
            unclaimed = sorted(verdict.level.about - evidence.claims)
            if unclaimed or verdict.judgement is Judgement.NOT_CLAIMED:
                why = f"needs {', '.join(unclaimed)}" if unclaimed else verdict.reason
                failures.append(f"level {verdict.level} is required and not claimed ({why})")
            elif verdict.counts[State.UNAVAILABLE]:
                failures.append(f"level {verdict.level} is required and cannot be judged on this machine")
            elif verdict.judgement is Judgement.NO_CLAUSES:
                gaps.append(f"level {verdict.level} is required, and this version of the suite has no clause of it")
    for capability in sorted(required.capabilities):
        states = [standing.state for standing in standings if capability in catalogue[standing.clause].needs]
        if capability not in evidence.claims:
            failures.append(f"{capability} is required and not claimed")
        elif State.UNAVAILABLE in states:
            failures.append(f"{capability} is required and cannot be judged on this machine")
        elif set(states) <= {State.NOT_CLAIMED}:
            gaps.append(f"{capability} is required, and no clause that the backend claims judges it")
    return failures, gaps


def _stray_results(catalogue: Catalogue, evidence: Evidence) -> list[str]:
    strays = sorted({result.clause for result in evidence.results if result.clause not in catalogue})
    return [f"there is a result for {stray}, which is no clause" for stray in strays]


def _why_not(standings: Iterable[Standing]) -> list[str]:
    """Why clauses have no result, one phrase for each reason, with the clauses where they are few."""
    reasons: dict[str, list[str]] = {}
    for standing in standings:
        if standing.state in (State.NOT_JUDGED, State.UNAVAILABLE):
            unavailable = standing.state is State.UNAVAILABLE
            reason = f"unavailable here: {standing.reason}" if unavailable else standing.reason
            reasons.setdefault(reason, []).append(standing.clause)
    return [f"{', '.join(ids) if len(ids) < 4 else _count(len(ids), 'clause')}: {why}" for why, ids in reasons.items()]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
