"""The lists that were read, cleaned of what no list may hold, and the one order of the appends to each key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import Any

from burndown_spec.checkers.findings import Findings, shown, who
from burndown_spec.checkers.transactions import Transaction

__all__ = ["ListVersions"]

Version = tuple[Any, ...]


class ListVersions:
    """Who appended what, who read which list, and for each key the longest list, of which every other is a beginning.

    A list that a transaction reads after an append of its own counts without what it appended: as that on which it
    built. What cannot be in a list (*aborted*, *garbage*, a *duplicate*) is told of and taken out, so that each fault
    is told of once; a key with a list that is no beginning of the longest is told of and counts no more.
    """

    def __init__(self, transactions: Sequence[Transaction], findings: Findings) -> None:
        self._transactions, self._findings = transactions, findings
        self.appender: dict[tuple[Hashable, Any], int] = {}
        self.appends: dict[int, dict[Hashable, list[Any]]] = {}
        self.readers: dict[Hashable, dict[Version, list[int]]] = defaultdict(lambda: defaultdict(list))
        # By key and list: those that read it and then appended, which no two may do.
        self.updaters: dict[tuple[Hashable, Version], list[int]] = defaultdict(list)
        self.order: dict[Hashable, Version] = {}
        # By key: the places and values of the appends that no list shows, of those that are known to have happened.
        self.unread: dict[Hashable, list[tuple[int, Any]]] = defaultdict(list)
        self.happened: set[int] = set()
        self.reads = 0
        self._followed: dict[Hashable, dict[Any, Any]] = defaultdict(dict)
        self._possible: dict[Hashable, set[Any]] = defaultdict(set)
        for place, transaction in enumerate(transactions):
            self._take_appends(place, transaction)
        for place, transaction in enumerate(transactions):
            self._take_reads(place, transaction)
        self._seen = {key: {value for version in readers for value in version} for key, readers in self.readers.items()}
        for key, readers in self.readers.items():
            self._settle(key, readers)
        self._find_unread()

    def _take_appends(self, place: int, transaction: Transaction) -> None:
        own: dict[Hashable, list[Any]] = {}
        for step in transaction.steps:
            if step.kind == "append":
                if (step.key, step.value) in self.appender:
                    raise ValueError(f"each value is appended once to its key, which {step.value!r} is not")
                self.appender[step.key, step.value] = place
                own.setdefault(step.key, []).append(step.value)
                if not transaction.is_refused:
                    self._possible[step.key].add(step.value)
        self.appends[place] = own
        for key, values in own.items():
            if len(values) > 1:
                self._followed[key].update(pairwise(values))

    def _take_reads(self, place: int, transaction: Transaction) -> None:
        base: dict[Hashable, Version] = {}
        own: dict[Hashable, Version] = {}
        for step in transaction.steps:
            mine = own.get(step.key, ())
            if step.kind == "append":
                own[step.key] = (*mine, step.value)
            elif step.kind == "read":
                self.reads += 1
                version = tuple(step.value or ())
                built_on = version[: len(version) - len(mine)] if mine else version
                if version[len(built_on) :] != mine or base.get(step.key, built_on) != built_on:
                    expected = shown((*base[step.key], *mine)) if step.key in base else f"[…, {shown(mine)[1:]}"
                    self._tell("internal inconsistency", place, step.key, version, f"where its steps gave {expected}")
                else:
                    base[step.key] = built_on
        for key, version in base.items():
            self.readers[key][version].append(place)
            if key in own:
                self.updaters[key, version].append(place)

    def _settle(self, key: Hashable, readers: dict[Version, list[int]]) -> None:
        """Clean the lists read of one key, and find their order."""
        settled: dict[Version, list[int]] = defaultdict(list)
        for version, places in readers.items():
            settled[self._cleaned(key, version, places)] += places
        longest = max(settled, key=len)
        against = f"and {who(self._transactions[settled[longest][0]].operation)} read {shown(longest)}"
        contradicting = [version for version in settled if version != longest[: len(version)]]
        for version in contradicting:
            self._tell("incompatible order", settled[version][0], key, version, against)
        # Of a key without an order there is nothing more to say.
        self.order[key] = () if contradicting else longest
        self.readers[key] = defaultdict(list) if contradicting else settled

    def _find_unread(self) -> None:
        """Whose outcome is unknown has happened if something of it was read."""
        shown_somewhere = {self.appender.get((key, value)) for key, values in self._seen.items() for value in values}
        for place, transaction in enumerate(self._transactions):
            if transaction.is_ok or (not transaction.is_refused and place in shown_somewhere):
                self.happened.add(place)
                for key, values in self.appends[place].items():
                    self.unread[key] += [(place, value) for value in values if value not in self._seen.get(key, ())]

    def _cleaned(self, key: Hashable, version: Version, readers: Sequence[int]) -> Version:
        seen = set(version)
        if len(seen) < len(version) or not seen <= self._possible[key]:
            version = self._without_faults(key, version, readers[0])
        for one, two in self._followed[key].items():
            if one in seen and two not in seen:
                by = who(self._transactions[self.appender[key, one]].operation)
                missing = f"which has {shown(one)}, but not {shown(two)}, of {by}"
                self._tell("intermediate read (G1b)", readers[0], key, version, missing)
        return version

    def _without_faults(self, key: Hashable, version: Version, reader: int) -> Version:
        kept: dict[Any, None] = {}
        for value in version:
            appender = self.appender.get((key, value))
            if value in kept:
                self._tell("duplicate append", reader, key, version, f"with {shown(value)} twice")
            elif appender is None:
                self._tell("garbage read", reader, key, version, f"but nobody appended {shown(value)}")
            elif self._transactions[appender].is_refused:
                by = who(self._transactions[appender].operation)
                self._tell(
                    "aborted read (G1a)", reader, key, version, f"but {by} was refused, who appended {shown(value)}"
                )
            else:
                kept[value] = None
        return tuple(kept)

    def _tell(self, name: str, reader: int, key: Hashable, version: Version, but: str) -> None:
        operation = self._transactions[reader].operation
        self._findings.add(name, f"{who(operation)} read {shown(key)} as {shown(version)}, {but}")
