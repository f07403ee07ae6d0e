"""Transactions as the checkers see them: an operation's steps, put together with what came of them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from burndown_spec.checkers.history import Operation

__all__ = ["Step", "Transaction", "transactions_of"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `value` is what was read, or written or appended."""

    kind: Literal["enter", "read", "write", "append"]
    key: Hashable
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """An operation with its steps; only an *ok* one has its reads, for only its answer is known.

    It took effect between `start` and `end`: the end of the call, the entry of a snapshot, or infinity where the
    outcome is unknown.
    """

    operation: Operation
    steps: tuple[Step, ...]
    is_snapshot: bool
    start: float
    end: float

    @property
    def is_ok(self) -> bool:
        return self.operation.outcome == "ok"

    @property
    def is_refused(self) -> bool:
        return self.operation.outcome == "refused"


def transactions_of(history: Sequence[Operation], writing: Literal["write", "append"]) -> list[Transaction]:
    """The transactions in the order of the history; a `ValueError` says which operation is of another shape."""
    return [_transaction(operation, writing) for operation in history]


def _transaction(operation: Operation, writing: Literal["write", "append"]) -> Transaction:
    lengths = {"read": 2, "enter": 1, writing: 3}
    steps = operation.arguments
    if not all(isinstance(step, Sequence) and step and lengths.get(step[0]) == len(step) for step in steps):
        raise ValueError(f"no step but (enter,), (read, key) and ({writing}, key, value) is known: {operation}")
    if any(step[0] == "enter" for step in steps[1:]):
        raise ValueError(f"a snapshot is entered first of all: {operation}")
    is_ok = operation.outcome == "ok"
    answers = operation.answer if is_ok else [None] * len(steps)
    if not isinstance(answers, Sequence) or isinstance(answers, str) or len(answers) != len(steps):
        raise ValueError(f"the answer has one value for each step: {operation}")
    told = tuple(
        Step(step[0], step[1] if len(step) > 1 else None, step[2] if step[0] == writing else answer)
        for step, answer in zip(steps, answers, strict=True)
        if is_ok or step[0] == writing
    )
    is_snapshot = bool(steps) and steps[0][0] == "enter"
    end: float = operation.end
    if operation.outcome == "unknown":
        end = float("inf")
    elif is_snapshot and is_ok:
        end = told[0].value
    if end < operation.start:
        raise ValueError(f"an operation does not end before it starts: {operation}")
    return Transaction(operation=operation, steps=told, is_snapshot=is_snapshot, start=operation.start, end=end)
