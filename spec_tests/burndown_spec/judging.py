"""One clause, one backend, one result. Knows nothing of pytest; never raises for what a backend does."""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from burndown_spec.expectations import LATEST, Broken, Ends, Returns
from burndown_spec.recording import ClauseEndedError, MissingOperationError, Pending, Step, Trace
from burndown_spec.registry import Clause
from burndown_spec.repro import script
from burndown_spec.results import Failure, Outcome, Result
from burndown_spec.stage import NotOfferedError, Stage, UnavailableError, UndecidedError
from burndown_spec.target import Target
from burndown_spec.vocabulary import DidNotEndError, Raised, attempt, shown, within
from burndown_store.contract import Capability

__all__ = ["judge"]

WITHOUT_VERDICT: dict[type[ClauseEndedError], Outcome] = {
    UnavailableError: Outcome.UNAVAILABLE,
    UndecidedError: Outcome.UNDECIDED,
    NotOfferedError: Outcome.NOT_OFFERED,
}


def judge(
    clause: Clause,
    target: Target,
    *,
    claims: frozenset[Capability],
    seed: int = 0,
    timeout: float = 120.0,
    thorough: bool = False,
    place: str | None = None,
) -> Result:
    """Run `clause` on a fresh store of `target`, which claims `claims`, for at most `timeout` seconds.

    `thorough` has it try all that it would take a sample of; `place` is the folder for its stores, if not that of
    temporary files.

    What does not end is left to its daemon thread, with its store, and fails as *did not end*, with every stack.
    """
    if reason := clause.not_claimed(claims):
        return Result(clause=clause.id, backend=target.name, outcome=Outcome.NOT_CLAIMED, reason=reason)
    started = time.perf_counter()
    folder = Path(tempfile.mkdtemp(prefix="burndown-spec-", dir=place))
    stage = Stage(target, folder, seed=seed, thorough=thorough)
    error = _error_within(timeout, lambda: _play(clause, stage))
    outcome, reason, failure, repro = Outcome.HOLDS, "", None, ""
    if isinstance(error, MissingOperationError):
        outcome, reason = Outcome.BLOCKED, f"the backend has no {error.operation}"
    elif isinstance(error, (UnavailableError, UndecidedError, NotOfferedError)):
        outcome, reason = WITHOUT_VERDICT[type(error)], str(error)
    elif error is not None:
        outcome, (failure, repro) = Outcome.FAILS, _told(clause, target, stage, error, timeout)
    if not isinstance(error, DidNotEndError):
        # A lock that a call left behind may show only here.
        closing = _error_within(timeout, stage.close)
        if isinstance(closing, DidNotEndError) and outcome is Outcome.HOLDS:
            outcome, (failure, repro) = Outcome.FAILS, _told(clause, target, stage, closing, timeout)
    shutil.rmtree(folder, ignore_errors=True)
    return Result(
        clause=clause.id,
        backend=target.name,
        outcome=outcome,
        reason=reason,
        failure=failure,
        repro=repro,
        seconds=time.perf_counter() - started,
        measured=dict(stage.measured),
    )


def _error_within(timeout: float, work: Callable[[], None]) -> BaseException | None:
    """What `work` raises, `DidNotEndError` included; an interrupt from the keyboard is no outcome and passes."""
    outcomes: list[object] = []
    try:
        within(timeout, lambda: outcomes.append(attempt(work)))
    except DidNotEndError as error:
        return error
    return outcomes[0].error if isinstance(outcomes[0], Raised) else None


def _told(clause: Clause, target: Target, stage: Stage, error: BaseException, timeout: float) -> tuple[Failure, str]:
    broken = _as_broken(error, stage.trace, timeout)
    written = attempt(script, clause, target, stage.trace, broken)
    return _failure(clause, stage, broken), "" if isinstance(written, Raised) else written


def _play(clause: Clause, stage: Stage) -> None:
    backend = stage.open()
    if clause.wants_stage:
        clause.function(backend, stage)
    else:
        clause.function(backend)


def _as_broken(error: BaseException, trace: Trace, timeout: float) -> Broken:
    """Any error that ended a clause, as an expectation that was not met."""
    if isinstance(error, DidNotEndError):
        return Broken(Ends(timeout), Raised(error))
    last = trace.steps[-1].outcome if trace.steps else None
    if isinstance(error, Broken):
        return Broken(error.expectation, last) if error.answer is LATEST else error
    if isinstance(last, Raised) and last.error is error:
        return Broken(Returns(), last)
    # The clause could make nothing of an answer: it has another shape than the contract's.
    return Broken(Returns(unusable=last), last)


def _failure(clause: Clause, stage: Stage, broken: Broken) -> Failure:
    expectation = broken.expectation
    answer = attempt(expectation.view, broken.answer) if expectation.view else broken.answer
    # An answer of a backend's own class may raise at anything that it is asked.
    difference = attempt(expectation.difference, answer)
    stacks = f"\n{_stacks()}" if isinstance(expectation, Ends) else ""
    return Failure(
        requirement=clause.requirement,
        sentences=clause.sentences,
        done=tuple(line for step in stage.trace.steps for line in (*step.preparing, _line(step, stage.location))),
        expected=expectation.said,
        actual=shown(answer, stage.location) + stacks,
        difference="" if isinstance(difference, Raised) else difference,
        likely_causes=clause.likely_causes,
    )


def _line(step: Step, location: Path) -> str:
    named = not step.variable.startswith("result_")
    source = f"{step.variable} = {step.source}" if named else step.source
    if step.outcome is None or (named and not isinstance(step.outcome, Raised)):
        return source
    text = repr(step.outcome) if isinstance(step.outcome, Pending) else shown(step.outcome, location)
    return f"{source}  # {text if len(text) <= 100 else text[:100] + '...'}"


def _stacks() -> str:
    """The stack of every thread of this process."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return "\n".join(
        f"Thread {names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame)).rstrip()}"
        for ident, frame in sys._current_frames().items()
        if ident != threading.get_ident()
    )
