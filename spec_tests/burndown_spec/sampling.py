"""Which of many crash points are tried where not all are: every structural kind, and all that are crucial."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

__all__ = ["kind_of", "sample_of"]

_NAME = re.compile(r"(?:(?P<side>before|after) )?(?P<what>line|file|statement|call) (?:\d+: )?(?P<told>.*)")
_READS = ("get_", "list_")
_WRITES = ("set_", "save_", "replace_", "delete_", "clear_")


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


def _crucial(points: Sequence[str]) -> set[str]:
    """Around each commit and each rename; and around the last write, which sets the flag, and the transaction's end."""
    crucial = {point for point in points if kind_of(point) in ("statement COMMIT", "file rename")}
    calls = [point for point in points if kind_of(point).startswith("call ")]
    ends = [point for point in calls if kind_of(point) == "call end of transaction"]
    writes = [point for point in calls if point.rpartition(": ")[2].startswith(_WRITES)]
    return crucial | {*ends[-2:], *writes[-2:]}
