"""Who wrote which value and who read it, and what is known of the order of the writes to each key."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from burndown_spec.checkers.dependencies import Dependencies, Why
from burndown_spec.checkers.findings import Findings, shown, who
from burndown_spec.checkers.transactions import Transaction

__all__ = ["ValueVersions"]


class ValueVersions:
    """Values by key, None being the one before all. What nobody can have written is told of, and then counts no more.

    The value that a transaction had read of a key is right before the one that it wrote there; of others it is known
    which came first where one transaction ended before the other started.
    """

    def __init__(self, transactions: Sequence[Transaction], findings: Findings, moving: str) -> None:
        """`moving` is the name of it when a key that was read before has another value."""
        self._transactions, self._findings, self._moving = transactions, findings, moving
        # By key and value: who may have written it as their last word, in a transaction that was not refused.
        self.writers: dict[tuple[Hashable, Any], list[int]] = defaultdict(list)
        self.readers: dict[tuple[Hashable, Any], list[int]] = defaultdict(list)
        # Those of the readers that wrote the key thereafter.
        self.updaters: dict[tuple[Hashable, Any], list[int]] = defaultdict(list)
        self._last: dict[Hashable, dict[int, Any]] = defaultdict(dict)
        self._faulty: dict[tuple[Hashable, Any], tuple[str, int]] = {}
        for place, transaction in enumerate(transactions):
            self._take_writes(place, transaction)
        for place, transaction in enumerate(transactions):
            if transaction.is_ok:
                self._take_reads(place, transaction)

    def _take_writes(self, place: int, transaction: Transaction) -> None:
        writes = [(step.key, step.value) for step in transaction.steps if step.kind == "write"]
        last = dict(writes)
        for key, value in writes:
            if value is None:
                raise ValueError(f"what is written is not None, in {transaction.operation}")
            if transaction.is_refused:
                self._faulty[key, value] = "aborted read (G1a)", place
            elif last[key] != value:
                self._faulty.setdefault((key, value), ("intermediate read (G1b)", place))
        if not transaction.is_refused:
            for key, value in last.items():
                self.writers[key, value].append(place)
                self._last[key][place] = value

    def _take_reads(self, place: int, transaction: Transaction) -> None:
        base: dict[Hashable, Any] = {}
        known: dict[Hashable, Any] = {}
        for step in transaction.steps:
            if step.kind == "read":
                if step.key in known and known[step.key] != step.value:
                    before = f"after it had read or written {shown(known[step.key])}"
                    self._tell(self._moving, transaction, step.key, step.value, before)
                elif step.key not in known:
                    base[step.key] = step.value
            if step.kind != "enter":
                known[step.key] = step.value
        for key, value in base.items():
            if self._can_be_read(key, value, place):
                self.readers[key, value].append(place)
                if place in self._last[key]:
                    self.updaters[key, value].append(place)

    def _can_be_read(self, key: Hashable, value: Any, reader: int) -> bool:
        if value is None or any(writer != reader for writer in self.writers.get((key, value), ())):
            return True
        name, writer = self._faulty.get((key, value), ("garbage read", reader))
        by = f"{who(self._transactions[writer].operation)} wrote {shown(value)} and"
        why = {
            "garbage read": "which nobody else wrote",
            "aborted read (G1a)": f"but {by} was refused",
            "intermediate read (G1b)": f"but {by} replaced it before its end",
        }
        self._tell(name, self._transactions[reader], key, value, why[name])
        return False

    def _tell(self, name: str, transaction: Transaction, key: Hashable, value: Any, but: str) -> None:
        self._findings.add(name, f"{who(transaction.operation)} read {shown(key)} as {shown(value)}, {but}")

    def dependencies(self, readers: Iterable[int]) -> Dependencies:
        """What must come before what; of those who read, these `readers` count."""
        graph = Dependencies(self._transactions)
        counting = set(readers)
        happened = {
            place for last in self._last.values() for place in last if self._transactions[place].is_ok
        } | counting
        happened |= {self.writers[each][0] for each in self.readers if len(self.writers.get(each, ())) == 1}
        for key, last in self._last.items():
            certain = {place: value for place, value in last.items() if place in happened}
            self._order_key(graph, key, certain, counting)
        graph.order_in_time(happened)
        return graph

    def _order_key(self, graph: Dependencies, key: Hashable, last: dict[int, Any], counting: set[int]) -> None:
        by_start = sorted(last, key=lambda place: self._transactions[place].start)
        starts = [self._transactions[place].start for place in by_start]
        # The earliest end of all that start no earlier: who starts after it comes after another of them anyway.
        ends = [self._transactions[place].end for place in by_start]
        for place in range(len(ends) - 2, -1, -1):
            ends[place] = min(ends[place], ends[place + 1])
        for value in (None, *last.values()):
            writers = self.writers.get((key, value), [])
            if len(writers) > 1:
                continue
            writer = writers[0] if writers else None
            first = bisect_right(starts, self._transactions[writer].end) if writer is not None else 0
            until = bisect_right(starts, ends[first]) if first < len(ends) else first
            updaters = [place for place in self.updaters.get((key, value), ()) if place in last]
            following = dict.fromkeys([*updaters, *by_start[first:until]])
            for place in following:
                if writer is not None:
                    graph.add("ww", writer, place, Why(key, first=value, second=last[place]))
            for reader in counting.intersection(self.readers.get((key, value), ())):
                if writer is not None:
                    graph.add("wr", writer, reader, Why(key, first=value, read=value))
                for place in following:
                    graph.add("rw", reader, place, Why(key, second=last[place], read=value))
