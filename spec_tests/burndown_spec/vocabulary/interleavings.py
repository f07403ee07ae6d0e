"""Transactions side by side: a schedule is played step by step, and what came of it held against every serial order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

from burndown_spec.vocabulary.blocks import Worker, begin, finish, raise_in
from burndown_spec.vocabulary.callers import CallersOwnError
from burndown_store.contract import BusyError, PersistenceError

__all__ = ["is_serial", "play", "refused_once_and_for_all", "schedule_of", "serial_order", "told_step_by_step"]


def schedule_of(text: str) -> list[tuple[Any, ...]]:
    """The schedule written as `A begin; A get x; A set x 1; A list; A end`."""
    names = {"get": "get_app_state", "set": "set_app_state", "delete": "delete_app_state", "list": "list_app_state"}
    steps = [step.split() for step in text.split(";")]
    return [(who, names.get(operation, operation), *arguments) for who, operation, *arguments in steps]


def play(
    schedule: Sequence[Any], handles: Sequence[Any], in_threads: bool = False, stubborn: bool = False
) -> list[list[Any]]:
    """Play the steps in their order; what came of each, as `[who, operation, arguments, answer]`.

    A step is `(who, operation, *arguments)`: a call on who's handle, or `begin`, `end` or `fail` of who's transaction;
    `handles` has one for each who. Who is refused with `BusyError` leaves the transaction with it, and makes no
    further step; or, where `stubborn`, goes on as if nothing had happened. `in_threads` gives each a thread of his
    own. The app state before and afterwards stands in the first and the last row.
    """
    people = list(dict.fromkeys(who for who, *_ in schedule))
    handle_of = dict(zip(people, handles, strict=True))
    workers = {who: Worker() for who in people if in_threads}
    blocks: dict[str, Any] = {}
    refused: set[str] = set()

    def run(who: str, function: Any, *args: Any) -> Any:
        return workers[who].call(function, *args) if in_threads else function(*args)

    def leave(who: str, error: BaseException) -> None:
        try:
            run(who, raise_in, blocks.pop(who), error)
        except type(error) as raised:
            if raised is not error:
                raise

    def make(who: str, operation: str, *args: Any) -> Any:
        if operation == "begin":
            blocks[who] = run(who, begin, handle_of[who].transaction)
        elif operation == "end":
            run(who, finish, blocks.pop(who))
        elif operation == "fail":
            leave(who, CallersOwnError("raised in the body"))
        else:
            return run(who, getattr(handle_of[who], operation), *args)
        return None

    rows: list[list[Any]] = [["before", "list_app_state", [], handles[0].list_app_state()]]
    for who, operation, *args in schedule:
        if who in refused and who not in blocks:
            continue
        try:
            answer = make(who, operation, *args)
        except PersistenceError as error:
            if not isinstance(error, BusyError) and who not in refused:
                raise
            answer = "refused"
            refused.add(who)
            if who in blocks and not stubborn:
                leave(who, error)
        rows.append([who, operation, args, answer])
    for worker in workers.values():
        worker.end()
    return [*rows, ["afterwards", "list_app_state", [], handles[0].list_app_state()]]


def serial_order(rows: Sequence[Any]) -> list[str] | None:
    """An order in which those whose work counts would, one after another, be given these answers; or None.

    What counts is a transaction that ended well, and a call outside of any that was not refused. Who ended before
    another began comes before him.
    """
    steps = {who: [(at, *row[1:]) for at, row in enumerate(rows) if row[0] == who] for who in {row[0] for row in rows}}
    counting = []
    for who in dict.fromkeys(row[0] for row in rows[1:-1]):
        ends = [answer for _, operation, _, answer in steps[who] if operation == "end"]
        alone = steps[who][0][1] != "begin"
        if ends == [None] or (alone and steps[who][0][3] != "refused"):
            counting.append(who)
    for order in permutations(counting):
        pairs = [(earlier, later) for place, earlier in enumerate(order) for later in order[place + 1 :]]
        if any(steps[later][-1][0] < steps[earlier][0][0] for earlier, later in pairs):
            continue
        state = dict(rows[0][3])
        as_answered = True
        for _, operation, args, answer in (step for who in order for step in steps[who]):
            expected: Any = None
            if operation == "set_app_state":
                state[args[0]] = args[1]
            elif operation == "delete_app_state":
                state.pop(args[0], None)
            elif operation == "get_app_state":
                expected = state.get(args[0])
            elif operation == "list_app_state":
                expected = dict(state)
            as_answered = as_answered and answer == expected
        if as_answered and state == rows[-1][3]:
            return list(order)
    return None


def told_step_by_step(rows: Sequence[Any]) -> str:
    """The rows as a reader takes them in, a line each."""
    lines = ["step by step"]
    for who, operation, arguments, answer in rows:
        call = (
            operation if operation in ("begin", "end", "fail") else f"{operation}({', '.join(map(ascii, arguments))})"
        )
        lines.append(f"{who}: {call}" if answer is None else f"{who}: {call} -> {answer!a}")
    return "\n".join(lines)


def is_serial(rows: Sequence[Any]) -> bool:
    """All answers are as if those whose transactions ended well had come one after another, and the others never"""
    return serial_order(rows) is not None


def refused_once_and_for_all(rows: Sequence[Any]) -> bool:
    """Who was refused once inside a transaction is refused at every later call and at its end"""
    inside: set[str] = set()
    doomed: set[str] = set()
    for who, operation, _, answer in rows:
        if who in doomed and answer != "refused":
            return False
        if who in inside and answer == "refused":
            doomed.add(who)
        if operation == "begin" and answer != "refused":
            inside.add(who)
    return True
