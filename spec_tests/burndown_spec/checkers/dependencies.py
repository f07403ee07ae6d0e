"""Which transaction must come before which, and why: the graph whose cycles are the anomalies (Adya, 1999)."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from burndown_spec.checkers.cycles import Successors
from burndown_spec.checkers.transactions import Transaction

__all__ = ["Dependencies", "Kind", "Why"]

# Write after write, read of a write, write after a read, order in a thread, order in real time.
Kind = Literal["ww", "wr", "rw", "session", "realtime"]


@dataclass(frozen=True, slots=True)
class Why:
    """The key that orders two transactions, with what the first and the second wrote there, and what was read.

    What the second wrote `is_unread` where nobody has read it, but all that was there before it.
    """

    key: Hashable
    first: Any = None
    second: Any = None
    read: Any = None
    is_unread: bool = False


class Dependencies:
    """Transactions by their places in the history, and an edge for each reason why one comes before another.

    Nodes beyond the transactions are joints: they stand for an edge from each that leads to them to each that they lead
    to, so that as many readers and as many writers do not make a square of edges.
    """

    def __init__(self, transactions: Sequence[Transaction]) -> None:
        self.transactions = transactions
        self._out: dict[Kind, dict[int, dict[int, Why | None]]] = {
            "ww": {},
            "wr": {},
            "rw": {},
            "session": {},
            "realtime": {},
        }
        self._joints = 0

    def add(self, kind: Kind, before: int, after: int, why: Why | None = None) -> None:
        """Add an edge; the first reason given for one is kept, and a transaction does not wait for itself."""
        if before != after:
            self._out[kind].setdefault(before, {}).setdefault(after, why)

    def joint(self) -> int:
        """A new node between others."""
        self._joints += 1
        return len(self.transactions) + self._joints - 1

    def is_joint(self, node: int) -> bool:
        return node >= len(self.transactions)

    @property
    def nodes(self) -> range:
        return range(len(self.transactions) + self._joints)

    def successors(self, kinds: Collection[Kind], among: Collection[int] | None = None) -> Successors:
        """What follows a node by edges of these kinds, where it is `among` those."""
        edges = [self._out[kind] for kind in kinds]

        def after(node: int) -> Iterable[int]:
            found = (other for out in edges for other in out.get(node, ()))
            return found if among is None else (other for other in found if other in among)

        return after

    def edge(self, before: int, after: int, kinds: Iterable[Kind]) -> tuple[Kind, Why | None]:
        """The first of these kinds of which there is such an edge, and its reason."""
        return next(
            (kind, self._out[kind][before][after]) for kind in kinds if after in self._out[kind].get(before, ())
        )

    def edges(self, kind: Kind, among: Collection[int]) -> Iterable[tuple[int, int]]:
        return ((one, two) for one in among for two in self._out[kind].get(one, ()) if two in among)

    def order_in_time(self, members: Iterable[int]) -> None:
        """Add the order in each thread, and of one that ended before another started, so far as it does not follow."""
        ordered = sorted(members, key=lambda node: (self.transactions[node].start, self.transactions[node].end, node))
        self._order_in_threads(ordered)
        by_end = sorted(ordered, key=lambda node: self.transactions[node].end)
        # Those that ended, but before no other that has ended too: they are before all that starts now.
        last: list[int] = []
        ended = 0
        for node in ordered:
            start = self.transactions[node].start
            while self.transactions[by_end[ended]].end < start:
                newest = by_end[ended]
                began = self.transactions[newest].start
                last = [each for each in last if self.transactions[each].end >= began]
                last.append(newest)
                ended += 1
            for each in last:
                self.add("realtime", each, node)

    def _order_in_threads(self, ordered: Sequence[int]) -> None:
        latest: dict[tuple[int, int], int] = {}
        for node in ordered:
            operation = self.transactions[node].operation
            thread = operation.process, operation.thread
            before = latest.get(thread)
            if before is not None and self.transactions[before].end <= self.transactions[node].start:
                self.add("session", before, node)
            if self.transactions[node].is_ok:
                latest[thread] = node
