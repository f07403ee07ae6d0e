"""What a checker has found so far, told in words; of each anomaly a few are told, for one would do to mend it."""

from __future__ import annotations

from typing import Any

from burndown_spec.checkers.history import Anomaly, Operation, Verdict

__all__ = ["MOST_TOLD", "Findings", "shown", "who"]

MOST_TOLD = 3


class Findings:
    """Anomalies, collected by name."""

    def __init__(self) -> None:
        self._told: dict[str, list[str]] = {}

    def add(self, name: str, told: str) -> None:
        """Take down one anomaly; of each name the first few are kept, and the rest only counted."""
        self._told.setdefault(name, []).append(told)

    def verdict(self, undecided: str = "") -> Verdict:
        """The anomalies; `undecided` is said only where there are none."""
        anomalies = []
        for name, told in self._told.items():
            more = len(told) - MOST_TOLD
            kept = told[:MOST_TOLD]
            if more > 0:
                kept[-1] += f" (and {more} more of this kind)"
            anomalies += [Anomaly(name=name, told=each) for each in kept]
        return Verdict(anomalies=tuple(anomalies), undecided="" if anomalies else undecided)


def who(operation: Operation, name: str = "") -> str:
    """An operation's name and origin: `T1 (transaction, process 2, thread 0)`."""
    origin = f"process {operation.process}, thread {operation.thread}"
    return f"{name} ({operation.call}, {origin})" if name else f"the {operation.call} of {origin}"


def shown(value: Any) -> str:
    """A value as it stands in Python; of a list its end, where it is long."""
    if isinstance(value, list | tuple):
        few = [shown(each) for each in value[-8:]]
        return f"[{', '.join(['…', *few] if len(value) > 8 else few)}]"
    return repr(value)
