"""What the simulated clients do: for each checker the transactions of the shape that it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from burndown_spec.checkers import Operation
from simulated_databases import Plan

__all__ = ["appends", "as_calls", "batches", "registers", "snapshots", "sums", "updates"]

KEYS = ("a", "b", "c", "d")


def appends(random: Random, numbers: Iterator[int]) -> Plan:
    """One to four steps, each a read or an append; a quarter are snapshots. A key lives for some 300 numbers, so that
    no list grows without end."""
    number = next(numbers)
    keys = [f"{key}{number // 300}" for key in KEYS]
    is_snapshot = random.random() < 0.25
    if is_snapshot:
        yield ("enter",)
    for _ in range(random.randint(1, 4)):
        if is_snapshot or random.random() < 0.5:
            yield "read", random.choice(keys)
        else:
            yield "append", random.choice(keys), next(numbers)


def updates(random: Random, numbers: Iterator[int]) -> Plan:
    """Two keys are read, and none, one or both of them are changed."""
    keys = random.sample(KEYS, 2)
    for key in keys:
        yield "read", key
    for key in keys[random.randint(0, 2) :]:
        yield "write", key, next(numbers)


def sums(random: Random, numbers: Iterator[int]) -> Plan:
    """First the opening; then transfers between two accounts, and reads of all."""
    if next(numbers) == 1:
        for key in KEYS:
            yield "write", key, 100
    elif random.random() < 0.4:
        for key in random.sample(KEYS, len(KEYS)):
            yield "read", key
    else:
        one, two = random.sample(KEYS, 2)
        amount = random.randint(1, 9)
        amount_of_one = yield "read", one
        yield "write", one, (amount_of_one or 0) - amount
        amount_of_two = yield "read", two
        yield "write", two, (amount_of_two or 0) + amount


def batches(random: Random, numbers: Iterator[int]) -> Plan:
    """A whole group is written, or read in any order."""
    group = random.choice("gh")
    number = next(numbers)
    is_batch = random.random() < 0.5
    for key in random.sample(KEYS, len(KEYS)):
        yield ("write", group + key, number) if is_batch else ("read", group + key)


def snapshots(random: Random, numbers: Iterator[int]) -> Plan:
    """Writes of one to three keys, and snapshots with five reads."""
    if random.random() < 0.5:
        yield ("enter",)
        for _ in range(5):
            yield "read", random.choice(KEYS)
    else:
        for key in random.sample(KEYS, random.randint(1, 3)):
            yield "write", key, next(numbers)


def registers(random: Random, numbers: Iterator[int]) -> Plan:
    """One read or one write; None stands for a delete."""
    key = random.choice(KEYS)
    if random.random() < 0.5:
        if random.random() < 0.5:
            yield ("enter",)
        yield "read", key
    else:
        yield "write", key, None if random.random() < 0.2 else next(numbers)


def as_calls(history: Sequence[Operation]) -> list[Operation]:
    """What the clients of `registers` did, as single calls."""
    calls = []
    for operation in history:
        kind, key, *value = operation.arguments[-1]
        call = "get" if kind == "read" else "delete" if value == [None] else "set"
        calls.append(
            Operation(
                process=operation.process,
                thread=operation.thread,
                call=call,
                arguments=(key, *value) if call == "set" else (key,),
                outcome=operation.outcome,
                answer=operation.answer[-1] if operation.answer else None,
                start=operation.start,
                end=operation.end,
            )
        )
    return calls
