"""A process that is killed in the midst of writing, and what is there then.

What it does is told by steps: each is a call such as `("save_task", Task(...))`, or a list of calls, which are one
transaction. They are made one after another, after opening the store and before closing it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from burndown_spec.vocabulary.contents import contents_of
from burndown_spec.vocabulary.crash_points import answer_of, crash_points, following
from burndown_spec.vocabulary.writing import literal
from burndown_store.contract import retry, same

__all__ = ["job_of", "killed_at", "make_again", "make_step", "points_of", "states_of", "torn_parts"]


def job_of(steps: Sequence[Any]) -> str:
    """The steps as the lines of a job, with the opening of the store and its closing.

    A transaction is repeated where it is refused because the store is busy.
    """
    lines = ["with open_backend(location, timeout=5.0) as backend:", "    pass"]
    for step in steps:
        transaction = isinstance(step, list)
        if transaction:
            lines += ["    def work():", "        with backend.transaction():"]
        for operation, *arguments in step if transaction else [step]:
            indent = " " * (12 if transaction else 4)
            lines.append(f"{indent}backend.{operation}({', '.join(map(literal, arguments))})")
        if transaction:
            lines.append("    retry(work)")
    return "\n".join(lines)


def points_of(open_backend: Any, location: Path, steps: Sequence[Any]) -> list[str]:
    """The points, in their order, to which the steps come in another process; they are then made."""
    return crash_points(open_backend, location, job_of(steps), ["line", "file", "statement", "call"])


def killed_at(open_backend: Any, location: Path, point: str, steps: Sequence[Any]) -> dict[str, Any]:
    """How a process ended that makes the steps, and of how many of them it was told that they were made.

    It ends at the point, as if it had been killed there, or `at` the end of the job, where it does not come to it.
    `opened` says whether it had got its handle.
    """
    process = following(open_backend, location, job_of(steps), point)
    told = answer_of(process)
    if process.returncode != 9:
        return {"at": "the end of the job", "opened": True, "acknowledged": len(steps)}
    answered = int(told)
    # The first answer is the handle, and the last one tells that it is closed.
    return {"at": point, "opened": answered > 0, "acknowledged": min(max(0, answered - 1), len(steps))}


def make_step(backend: Any, step: Any) -> None:
    """Make the call, or the calls in one transaction, which is repeated where it is refused."""

    def work() -> None:
        with backend.transaction():
            for call in step:
                make_step(backend, call)

    if isinstance(step, list):
        retry(work)
    else:
        operation, *arguments = step
        getattr(backend, operation)(*arguments)


def states_of(backend: Any, steps: Sequence[Any]) -> list[dict[str, Any]]:
    """All that the store holds: before the steps, and after each of them."""
    states = [contents_of(backend)]
    for step in steps:
        make_step(backend, step)
        states.append(contents_of(backend))
    return states


def torn_parts(found: Any, killed: Any, before: Any, after: Any) -> list[str]:
    """The parts of a store that keep it from being as before or as after the step that was under way; [] where it is.

    First it is said after which kill; then come the parts that tell most, and the others are counted. Where nobody was
    killed no step was under way, and there is nothing to ask.
    """
    if killed["at"] == "the end of the job" or same(found, before) or same(found, after):
        return []
    parts: dict[str, list[str]] = {"as neither": [], "as before it": [], "as after it": []}
    for name in sorted({*found, *before, *after}):
        whole = [state.get(name, "nothing") for state in (found, before, after)]
        named = [state if isinstance(state, dict) and "issues" in state else {"": state} for state in whole]
        for part in sorted({key for state in named for key in state}):
            now, earlier, later = (state.get(part, "nothing") for state in named)
            if not same(earlier, later) or not same(now, later):
                told = "as after it" if same(now, later) else "as before it" if same(now, earlier) else "as neither"
                parts[told].append(f"{name} {part}".strip())
    lines = [f"after a kill at {killed['at']!r}, {killed['acknowledged']} steps acknowledged"]
    lines += [f"{part}: {told}" for told, torn in parts.items() for part in torn[:3]]
    return lines + [f"{len(torn) - 3} more {told}" for told, torn in parts.items() if len(torn) > 3]


def make_again(backend: Any, steps: Sequence[Any], killed: Any, found: Any, before: Any) -> None:
    """Make the step that was under way, unless it is there already or there was none."""
    under_way = killed["acknowledged"]
    if under_way < len(steps) and same(found, before):
        make_step(backend, steps[under_way])
