"""Which of many crash points are tried where not all are: every structural kind, and all that are crucial."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

__all__ = ["crucial_of_steps", "kind_of", "sample_of", "sample_of_steps"]

_NAME = re.compile(r"(?:(?P<side>before|after) )?(?P<what>line|file|statement|call) (?:\d+: )?(?P<told>.*)")
_READS = ("get_", "list_")
_WRITES = ("set_", "save_", "replace_", "delete_", "clear_")
# Statements that change nothing by themselves.
_IDLE = ("SELECT", "PRAGMA", "BEGIN", "SAVEPOINT", "WITH", "SET", "EXPLAIN", "ATTACH")


def kind_of(point: str, closely: str = "") -> str:
    """The structural kind of a point: a line's folder, what is done to a file, a statement's verb, the operation.

    Lines of files whose path begins with `closely` are of the kind of their file.
    """
    match = _NAME.fullmatch(point)
    if match is None:
        return point
    what, told = match["what"], match["told"]
    if what == "line":
        file = told.rpartition(":")[0]
        return f"line {file if closely and file.startswith(closely) else file.rpartition('/')[0]}"
    if what == "call":
        return "call of a read" if told.startswith(_READS) else f"call {told}"
    return f"{what} {told.partition(' ')[0]}"


def sample_of(points: Sequence[str], seed: int, closely: str = "") -> list[str]:
    """Some of the points: first the crucial ones, then the first, the last, and one more of each kind."""
    crucial = _crucial(points)
    chosen = {*points[:1], *points[-1:], *crucial}
    by_kind: dict[str, list[str]] = {}
    for point in points:
        by_kind.setdefault(kind_of(point, closely), []).append(point)
    draw, places = random.Random(seed), {point: place for place, point in enumerate(points)}
    chosen |= {draw.choice([each for each in members if each not in chosen] or members) for members in by_kind.values()}
    return sorted(chosen, key=lambda point: (point not in crucial, places[point]))


def sample_of_steps(points: Sequence[str], seed: int, closely: str = "") -> list[str]:
    """As `sample_of`, for a job of several calls and transactions: of each of them the moments that are crucial.

    First come those before the last thing that each changes, then those after the first one, then those after its end
    and, of a transaction, after a call in it. Where it is not seen what a step changes, it is one in its midst.
    """
    ranks, places = _ranks_of_steps(points, seed), {point: place for place, point in enumerate(points)}
    rest = [point for point in sample_of(points, seed, closely) if kind_of(point) != "statement COMMIT"]
    return sorted({*ranks, *rest}, key=lambda point: (ranks.get(point, 3), places[point]))


def crucial_of_steps(points: Sequence[str], seed: int) -> list[str]:
    """Those with which `sample_of_steps` begins: before the last thing that each step changes."""
    return [point for point, rank in _ranks_of_steps(points, seed).items() if rank == 0]


def _ranks_of_steps(points: Sequence[str], seed: int) -> dict[str, int]:
    """The moments of each step that are crucial: which of them come first, 0, and which later."""
    draw = random.Random(seed)
    ranks: dict[str, int] = {}
    for step in _steps_of(points):
        changes = [point for point in step if _changes(point)]
        between = changes[1:-1] or [*changes, draw.choice(step)]
        calls = [point for point in step[:-1] if point.startswith("after call ")]
        for rank, chosen in enumerate(
            (between[-1:], between[:1], [step[-1], *([draw.choice(calls)] if calls else [])])
        ):
            ranks |= {point: rank for point in chosen if point not in ranks}
    return ranks


def _steps_of(points: Sequence[str]) -> list[list[str]]:
    """The points from before to after each call outside of a transaction, or each transaction."""
    steps: list[list[str]] = []
    open_calls = 0
    for point in points:
        begins, ends = point.startswith("before call "), point.startswith("after call ")
        if begins and not open_calls:
            steps.append([])
        if begins or (ends and kind_of(point) == "call transaction"):
            open_calls += 1
        if open_calls:
            steps[-1].append(point)
        if ends:
            open_calls -= 2 if kind_of(point) == "call end of transaction" else 1
    return steps


def _changes(point: str) -> bool:
    kind = kind_of(point)
    return kind.startswith("file ") or (kind.startswith("statement ") and kind.split()[1] not in _IDLE)


def _crucial(points: Sequence[str]) -> set[str]:
    """Around each commit and each rename; and around the last write, which sets the flag, and the transaction's end."""
    crucial = {point for point in points if kind_of(point) in ("statement COMMIT", "file rename")}
    calls = [point for point in points if kind_of(point).startswith("call ")]
    ends = [point for point in calls if kind_of(point) == "call end of transaction"]
    writes = [point for point in calls if point.rpartition(": ")[2].startswith(_WRITES)]
    return crucial | {*ends[-2:], *writes[-2:]}
