"""Batches that are seen whole or not at all, by every reader."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import Any

from burndown_spec.checkers.findings import Findings, shown, who
from burndown_spec.checkers.history import Operation, Verdict
from burndown_spec.checkers.transactions import Transaction, transactions_of

__all__ = ["check_batches"]


def check_batches(history: Sequence[Operation]) -> Verdict:
    """Whether every operation that reads finds, in each group of keys, what one batch wrote, or none of any.

    A batch is an operation whose `arguments` are steps `("write", key, value)` alone, a key at most once; two batches
    that share a key write the same keys, a group (else `ValueError`): where a batch removes a key, as one that replaces
    a set does, it writes None there. One that reads has steps `("read", key)` alone, and its `answer` is a sequence of
    as many values, None for what is absent; it may read several groups or a part of one. Values are hashable; let each
    batch write values of its own, for one that two batches write to one key cannot tell them apart. `call` may be any
    word; a snapshot may begin with `("enter",)`, as in `check_appends`.
    """
    findings = Findings()
    transactions = transactions_of(history, "write")
    batches = _Batches(transactions)
    reads = 0
    for transaction in transactions:
        views: dict[Hashable, dict[Hashable, Any]] = defaultdict(dict)
        for step in transaction.steps:
            if step.kind == "read":
                reads += 1
                view = views[batches.group_of.get(step.key, step.key)]
                if view.setdefault(step.key, step.value) != step.value:
                    told = f"{who(transaction.operation)} read {shown(step.key)} as {shown(view[step.key])} and then as"
                    findings.add("torn batch", f"{told} {shown(step.value)}")
        for view in views.values():
            fault = batches.fault_of(view)
            if fault:
                findings.add(fault[0], f"{who(transaction.operation)} read {fault[1]}")
    return findings.verdict("" if reads else "no operation that read anything ended well")


class _Batches:
    """Who may have written which value to which key."""

    def __init__(self, transactions: Sequence[Transaction]) -> None:
        self._transactions = transactions
        # A group goes by the first of its keys.
        self.group_of: dict[Hashable, Hashable] = {}
        self._writers: dict[tuple[Hashable, Any], set[int]] = defaultdict(set)
        keys_of: dict[Hashable, set[Hashable]] = {}
        for place, transaction in enumerate(transactions):
            keys = [step.key for step in transaction.steps if step.kind == "write"]
            for step in transaction.steps:
                if step.kind == "write":
                    self._writers[step.key, step.value].add(place)
            # Who is refused may have come to a part of his batch.
            if not keys or transaction.is_refused:
                continue
            first = self.group_of.get(min(keys, key=repr), min(keys, key=repr))
            groups = {self.group_of.setdefault(key, first) for key in keys}
            is_batch = len(keys) == len(transaction.operation.arguments) == len(set(keys))
            if not is_batch or groups != {first} or keys_of.setdefault(first, set(keys)) != set(keys):
                raise ValueError(f"a batch only writes, the same keys as all that share one: {transaction.operation}")

    def fault_of(self, view: dict[Hashable, Any]) -> tuple[str, str] | None:
        """What is wrong with the values of keys of one group, read together: its name, and a telling."""
        wrote = [self._writers.get(each, set()) for each in view.items()]
        of_all = set.intersection(*wrote)
        # Before all batches everything is absent.
        if set(view.values()) == {None} or not all(self._transactions[each].is_refused for each in of_all):
            return None
        for (key, value), writers in zip(view.items(), wrote, strict=True):
            if value is not None and all(self._transactions[each].is_refused for each in writers):
                told = f"{shown(key)} as {shown(value)}"
                if not writers:
                    return "garbage read", f"{told}, which nobody wrote"
                refused = who(self._transactions[min(writers)].operation)
                return "aborted read (G1a)", f"{told}, of {refused}, which was refused"
        return "torn batch", self._torn(view, wrote)

    def _torn(self, view: dict[Hashable, Any], wrote: Sequence[set[int]]) -> str:
        """Two keys of which no batch wrote both, with those who wrote them."""
        told = []
        for (key, value), writers in zip(view.items(), wrote, strict=True):
            by = f"of {who(self._transactions[min(writers)].operation)}" if writers else "as before all batches"
            told.append((f"{shown(key)} as {shown(value)}, {by}", writers))
        one, others = min(told, key=lambda each: len(each[1]))
        # Where nobody wrote the one, all others that somebody wrote are of another batch.
        other = next((text for text, writers in told if writers and not writers & others), told[-1][0])
        return f"{one}, together with {other}"
