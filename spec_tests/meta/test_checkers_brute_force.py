"""Small histories, most of them wrong, before the checkers and before a trial of all orders: both say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import permutations
from random import Random
from typing import Any

from burndown_spec.checkers import Operation, check_appends, check_registers, check_updates

Store = dict[str, Any]


def _subsets(history: Sequence[Operation]) -> Iterator[list[Operation]]:
    """What has happened: all that ended well, and any of what is unknown."""
    unknown = [each for each in history if each.outcome == "unknown"]
    for mask in range(2 ** len(unknown)):
        happened = [each for place, each in enumerate(unknown) if mask >> place & 1]
        yield [each for each in history if each.outcome == "ok"] + happened


def _in_time(order: Sequence[Operation]) -> bool:
    ends = [each.end if each.outcome == "ok" else 10**9 for each in order]
    return all(min(ends[place:]) >= each.start for place, each in enumerate(order))


def _fits(order: Sequence[Operation], empty: Any) -> bool:
    """Whether the answers are those of running one after another."""
    store: Store = {}
    for operation in order:
        for place, (kind, key, *value) in enumerate(operation.arguments):
            if kind == "read":
                if operation.outcome == "ok" and store.get(key, empty) != operation.answer[place]:
                    return False
            else:
                store[key] = (*store.get(key, ()), *value) if kind == "append" else value[0]
    return True


def _some_order_explains(history: Sequence[Operation], empty: Any) -> bool:
    return any(
        _in_time(order) and _fits(order, empty) for happened in _subsets(history) for order in permutations(happened)
    )


def _plan(random: Random, writing: str, first: int) -> list[tuple[Any, ...]]:
    steps: list[tuple[Any, ...]] = []
    for number in range(random.randint(1, 3)):
        key = random.choice("xy")
        reads = random.random() < 0.55
        if reads or (writing == "write" and ("read", key) not in steps):
            steps.append(("read", key))
        if not reads:
            steps.append((writing, key, first + number))
    return steps


def _run(steps: Sequence[tuple[Any, ...]], seen: Store, kept: Store, empty: Any) -> list[Any]:
    """The answers as of the store `seen`; both stores get the writes."""
    answers = []
    for kind, key, *value in steps:
        answers.append(seen.get(key, empty) if kind == "read" else None)
        for store in (seen, kept) if kind != "read" else ():
            store[key] = (*store.get(key, ()), *value) if kind == "append" else value[0]
    return answers


def _history(seed: int, writing: str, empty: Any, unknowns: bool) -> list[Operation]:
    """Up to five transactions that overlap, of a store that shows and keeps the right thing or not."""
    random = Random(seed)
    is_faulty = random.random() < 0.6
    states: list[Store] = [{}]
    history = []
    for process in range(random.randint(2, 5)):
        start, end = sorted(random.sample(range(30), 2))
        outcome: Any = random.choices(["ok", "refused", "unknown"], [8, 1, 1 if unknowns else 0])[0]
        steps = _plan(random, writing, 10 * process)
        seen = dict(random.choice(states) if is_faulty and random.random() < 0.5 else states[-1])
        kept = dict(states[-1]) if random.random() < 0.5 else dict(seen)
        answers = _run(steps, seen, kept, empty)
        if outcome == "ok" or (outcome == "unknown" and random.random() < 0.5) or (is_faulty and random.random() < 0.2):
            states.append(kept)
        history.append(
            Operation(
                process=process,
                thread=0,
                call="transaction",
                arguments=tuple(steps),
                outcome=outcome,
                answer=tuple(answers) if outcome == "ok" else None,
                start=start,
                end=end,
            )
        )
    return history


def _compare(check: Any, histories: Iterator[tuple[list[Operation], bool]]) -> Counter[bool]:
    seen = Counter[bool]()
    for history, is_explained in histories:
        verdict = check(history)
        assert is_explained == (not verdict.anomalies), (history, verdict)
        seen[is_explained] += 1
    return seen


def test_lists_are_judged_as_by_trying_all_orders() -> None:
    histories = (_history(seed, "append", (), unknowns=True) for seed in range(1500))

    seen = _compare(check_appends, ((each, _some_order_explains(each, ())) for each in histories))

    assert min(seen.values()) > 150


def test_updates_are_judged_as_by_trying_all_orders() -> None:
    histories = (_history(seed, "write", None, unknowns=False) for seed in range(1500))

    seen = _compare(check_updates, ((each, _some_order_explains(each, None)) for each in histories))

    assert min(seen.values()) > 150


def _calls(seed: int) -> list[Operation]:
    random = Random(seed)
    values = range(3) if random.random() < 0.5 else range(100)
    history: list[Operation] = []
    written: list[Any] = [None]
    for process in range(random.randint(2, 5)):
        start, end = sorted(random.sample(range(20), 2))
        call = random.choice(["set", "set", "delete", "get", "get", "get"])
        value = random.choice(values)
        written += [value] if call == "set" else []
        history.append(
            Operation(
                process=process,
                thread=0,
                call=call,
                arguments=("x", value) if call == "set" else ("x",),
                outcome=random.choices(["ok", "refused", "unknown"], [8, 1, 1])[0],  # type: ignore[arg-type]
                answer=random.choice(written),
                start=start,
                end=end,
            )
        )
    return history


def _as_steps(call: Operation) -> Operation:
    value = call.arguments[1] if call.call == "set" else None
    steps = (("read", "x"),) if call.call == "get" else (("write", "x", value),)
    return Operation(
        process=call.process,
        thread=0,
        call="transaction",
        arguments=steps,
        outcome=call.outcome,
        answer=(call.answer,),
        start=call.start,
        end=call.end,
    )


def test_registers_are_judged_as_by_trying_all_orders() -> None:
    histories = (_calls(seed) for seed in range(2000))

    seen = _compare(
        check_registers, ((each, _some_order_explains([_as_steps(call) for call in each], None)) for each in histories)
    )

    assert min(seen.values()) > 200
