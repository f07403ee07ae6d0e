"""What several callers did to one store and what came of it: the input of every checker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Anomaly", "Operation", "Verdict", "overlap"]

Outcome = Literal["ok", "refused", "unknown"]
_Thread = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call, or one transaction, by one thread of one process.

    `start` and `end` are nanoseconds of one clock that all processes share. *refused* has certainly done nothing;
    *unknown* has done its work or not, and may still do it after its `end` (a killed process, a failed commit).
    A transaction's `call` is "transaction", its `arguments` are its steps in their order, such as `("read", "x")` and
    `("append", "x", 7)`, and its `answer` has one value for each step, None for a write.
    """

    process: int
    thread: int
    call: str
    arguments: tuple[Any, ...]
    outcome: Outcome
    answer: Any = None
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """What no serial order explains: the field's name of it, and a telling in words with the operations in it."""

    name: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a checker found. `undecided` is its reason where it came to no end: that is neither sound nor anomalous."""

    anomalies: tuple[Anomaly, ...] = ()
    undecided: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether the history was checked to its end and nothing was found."""
        return not self.anomalies and not self.undecided


def overlap(history: Sequence[Operation]) -> float:
    """The share of the operations, from 0.0 to 1.0, that were under way together with one of another thread."""
    ordered = sorted(history, key=lambda operation: operation.start)
    ends = _extremes([(_thread(each), each.end) for each in ordered], max)
    starts = reversed(_extremes([(_thread(each), each.start) for each in reversed(ordered)], min))
    together = sum(
        (end is not None and end > each.start) or (start is not None and start < each.end)
        for each, end, start in zip(ordered, ends, starts, strict=True)
    )
    return together / len(ordered) if ordered else 0.0


def _extremes(instants: Sequence[tuple[_Thread, int]], extreme: Callable[[int, int], int]) -> list[int | None]:
    """For each of the instants, the extreme one of those before it that are of other threads."""
    # The extremes of two threads are enough: one of them is not the thread that asks.
    best: dict[_Thread, int] = {}
    found: list[int | None] = []
    for thread, instant in instants:
        found.append(next((value for other, value in best.items() if other != thread), None))
        best[thread] = extreme(best.get(thread, instant), instant)
        ranked = sorted(best.items(), key=lambda each: each[1], reverse=extreme is max)
        best = dict(ranked[:2])
    return found


def _thread(operation: Operation) -> _Thread:
    return operation.process, operation.thread
