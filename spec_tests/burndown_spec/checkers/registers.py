"""Linearizable registers: the search of Wing and Gong (1993) with a memory of what was tried, each key by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NamedTuple

from burndown_spec.checkers.findings import Findings, shown, who
from burndown_spec.checkers.history import Operation, Verdict

__all__ = ["check_registers", "states_searched"]


# What happens to a call, in the order of what happens at one instant.
START, END, FORGOTTEN = range(3)


class _State(NamedTuple):
    """A value that the register may have, and those calls under way that have taken effect in the order tried."""

    value: Any
    done: frozenset[int]


def check_registers(history: Sequence[Operation], *, most_states: int = 1_000_000) -> Verdict:
    """Whether each call took effect at one instant between its start and its end, each key being a register.

    `call` and `arguments` are "set" (key, value), "get" (key,) and "delete" (key,), else `ValueError`; the `answer` of
    a "get" is the value, or None where there is none; that of the others is not looked at. Keys and values are
    hashable; values that are written once each (to their key) make the search short and the telling precise. An
    *unknown* "set" or "delete" took effect at any time after its start, or never. More states than `most_states` for
    one key: undecided.
    """
    findings = Findings()
    undecided = []
    for key, operations in _by_key(history).items():
        search = _Search(operations, most_states)
        wrong = search.first_wrong()
        if search.states > most_states:
            undecided.append(f"{shown(key)} was given up after {most_states} states")
        elif wrong is not None:
            findings.add(*_told(key, operations, operations[wrong], search.possible))
    if not any(operation.call == "get" and operation.outcome == "ok" for operation in history):
        undecided.append("no get ended well")
    return findings.verdict("; ".join(undecided))


def states_searched(history: Sequence[Operation], *, most_states: int = 1_000_000) -> int:
    """How many states the search goes through in all: its cost, on whatever machine."""
    searches = [_Search(operations, most_states) for operations in _by_key(history).values()]
    for search in searches:
        search.first_wrong()
    return sum(search.states for search in searches)


def _by_key(history: Sequence[Operation]) -> dict[Hashable, list[Operation]]:
    found: dict[Hashable, list[Operation]] = defaultdict(list)
    for operation in history:
        if len(operation.arguments) != {"set": 2, "get": 1, "delete": 1}.get(operation.call):
            raise ValueError(f"no call but set (key, value), get (key,) and delete (key,) is known: {operation}")
        found[operation.arguments[0]].append(operation)
    return found


class _Search:
    """All values that one register may have, moment after moment.

    At each end of a call, the states in which it has not taken effect are driven on by the other calls under way until
    it has; where no state is left, it cannot have happened. A read takes effect as soon as the value is there, for it
    changes nothing. A write whose value nobody reads any more takes effect right before the next that changes it.
    """

    def __init__(self, operations: Sequence[Operation], most_states: int) -> None:
        self._operations = operations
        self._most_states = most_states
        self.states = 0
        self.possible: set[Any] = set()
        self._reads: set[int] = set()
        self._writes: set[int] = set()
        # Until when somebody reads the value, by value.
        self._wanted: dict[Any, int] = {}
        for operation in operations:
            if operation.call == "get" and operation.outcome == "ok":
                self._wanted[operation.answer] = max(self._wanted.get(operation.answer, -1), operation.end)

    def first_wrong(self) -> int | None:
        """The place of the first call, by its end, that no order explains; None where all is well, or after the most
        states."""
        states = {_State(None, frozenset())}
        for at, rank, place in self._events():
            operation = self._operations[place]
            if rank == START:
                if operation.call == "get":
                    self._reads.add(place)
                    states = {self._read(state, {place}) for state in states}
                else:
                    self._writes.add(place)
                continue
            if rank == END:
                self.possible = {state.value for state in states} | {self._value(each) for each in self._writes}
                states = self._until_done(states, place, at)
            (self._reads if operation.call == "get" else self._writes).discard(place)
            states = {_State(value, done - {place}) for value, done in states}
            if self.states > self._most_states:
                return None
            if not states:
                return place
        return None

    def _events(self) -> list[tuple[int, int, int]]:
        """Starts and ends in their order; of one instant the starts come first, for such calls overlap.

        An unknown write is forgotten when nobody reads its value any more, and left out where nobody does.
        """
        events: list[tuple[int, int, int]] = []
        for place, operation in enumerate(self._operations):
            if operation.outcome == "ok":
                events += [(operation.start, START, place), (operation.end, END, place)]
            elif operation.outcome == "unknown" and operation.call != "get":
                until = self._wanted.get(self._value(place), -1)
                if until >= operation.start:
                    events += [(operation.start, START, place), (until, FORGOTTEN, place)]
        return sorted(events)

    def _value(self, place: int) -> Any:
        arguments = self._operations[place].arguments
        return arguments[1] if len(arguments) > 1 else None

    def _until_done(self, states: Iterable[_State], place: int, now: int) -> set[_State]:
        """The states after as few calls more as it takes until the one at `place` has taken effect."""
        unread = frozenset(each for each in self._writes if self._wanted.get(self._value(each), -1) < now)
        done: set[_State] = set()
        tried: set[_State] = set(states)
        waiting = list(tried)
        while waiting and self.states <= self._most_states:
            state = waiting.pop()
            self.states += 1
            if place in state.done:
                done.add(state)
                continue
            for write in self._writes - state.done:
                if write in unread and write != place:
                    continue
                after = self._read(_State(self._value(write), state.done | unread | {write}), self._reads)
                if after not in tried:
                    tried.add(after)
                    waiting.append(after)
        return done

    def _read(self, state: _State, reads: Iterable[int]) -> _State:
        """The state after those of the reads whose answer is its value."""
        now = [each for each in reads if self._operations[each].answer == state.value]
        return _State(state.value, state.done.union(now)) if now else state


def _told(key: Hashable, operations: Sequence[Operation], wrong: Operation, possible: Iterable[Any]) -> tuple[str, str]:
    """The name of what is wrong with a call, and a telling."""
    value = wrong.answer
    writers = [each for each in operations if each.call != "get" and (*each.arguments, None)[1] == value]
    counting = [each for each in writers if each.outcome != "refused"]
    told = f"{who(wrong)} found {shown(value)} at {shown(key)}"
    if value is not None and not writers:
        return "garbage read", f"{told}, which nobody wrote"
    if value is not None and not counting:
        return "aborted read (G1a)", f"{told}, of {who(writers[0])}, which was refused"
    if value is not None and all(each.start > wrong.end for each in counting):
        return "read before its write", f"{told}, which {who(counting[0])} wrote only after that read had ended"
    others = " or ".join(sorted(shown(each) for each in possible))
    source = f", which {who(counting[0])} had written," if counting else ""
    stale = all(each.end < wrong.start and each.outcome == "ok" for each in counting)
    name = "stale read" if stale else "not linearizable"
    return name, f"{told}{source} when no order of the calls leaves anything there but {others}"
