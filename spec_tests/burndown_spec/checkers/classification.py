"""Cycles of dependencies and the field's names of them (Adya, 1999; the names with a dash as Elle has them)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from burndown_spec.checkers.cycles import components, shortest_cycle, shortest_path
from burndown_spec.checkers.dependencies import Dependencies, Kind, Why

__all__ = ["Cycle", "Edge", "cycles_of"]

# Nodes looked at, about, before the search for a cycle with one read that was overtaken is given up in a knot.
MOST_LOOKS = 1_000_000
ORDERS: tuple[tuple[str, tuple[Kind, ...]], ...] = (
    ("", ()),
    ("-process", ("session",)),
    ("-realtime", ("session", "realtime")),
)


@dataclass(frozen=True, slots=True)
class Edge:
    """Why the transaction at `before` comes before the one at `after`."""

    before: int
    after: int
    kind: Kind
    why: Why | None


@dataclass(frozen=True, slots=True)
class Cycle:
    """Edges that lead back to where they began, and their name."""

    name: str
    edges: tuple[Edge, ...]


def cycles_of(graph: Dependencies, explained: Iterable[int] = ()) -> Iterator[Cycle]:
    """One short cycle of each knot of transactions, by the strongest name that it has.

    What breaks without a regard to time comes first, then what breaks the order within a thread, then real time. Of a
    knot that holds a transaction already told of, or one that is `explained` otherwise, nothing more is told.
    """
    told = set(explained)
    knots = components(graph.nodes, graph.successors(("ww", "wr", "rw", "session", "realtime")))
    suspects = [node for knot in knots for node in knot]
    for suffix, time in ORDERS if suspects else ():
        kinds: tuple[Kind, ...]
        for code, kinds in (("G0", ("ww",)), ("G1c", ("ww", "wr")), ("G2", ("ww", "wr", "rw"))):
            allowed = (*kinds, *time)
            for knot in components(suspects, graph.successors(allowed, set(suspects))):
                if told.isdisjoint(knot):
                    yield _cycle(graph, knot, code, suffix, allowed)
                    told.update(knot)


def _cycle(graph: Dependencies, knot: Sequence[int], code: str, suffix: str, allowed: tuple[Kind, ...]) -> Cycle:
    found = _single(graph, knot, allowed) if code == "G2" else None
    if found:
        code = "G-single"
    else:
        path = shortest_cycle(knot, graph.successors(allowed, set(knot)))
        found = [Edge(one, two, *graph.edge(one, two, allowed)) for one, two in pairwise(path)]
    edges = _in_short(graph, found)
    return Cycle(_name(edges, code, suffix), tuple(edges))


def _single(graph: Dependencies, knot: Sequence[int], allowed: tuple[Kind, ...]) -> list[Edge] | None:
    """The shortest cycle with one overtaken read, of those that are tried."""
    others = tuple(kind for kind in allowed if kind != "rw")
    members = set(knot)
    back = graph.successors(others, members)
    best: list[int] | None = None
    most_tries = max(50, MOST_LOOKS // len(knot))
    for tries, (reader, writer) in enumerate(graph.edges("rw", members)):
        if tries >= most_tries or (best and len(best) == 2):
            break
        path = shortest_path(writer, reader, back)
        if path and (best is None or len(path) < len(best)):
            best = path
    if not best:
        return None
    steps = [Edge(one, two, *graph.edge(one, two, others)) for one, two in pairwise(best)]
    return [Edge(best[-1], best[0], *graph.edge(best[-1], best[0], ("rw",))), *steps]


def _in_short(graph: Dependencies, edges: Sequence[Edge]) -> list[Edge]:
    """The edges without joints, and steps in time that follow each other as one."""
    start = next(place for place, edge in enumerate(edges) if not graph.is_joint(edge.before))
    short: list[Edge] = []
    for edge in [*edges[start:], *edges[:start]]:
        last = short[-1] if short else None
        if last and last.why and edge.why and graph.is_joint(last.after):
            short[-1] = replace(last, after=edge.after, why=replace(last.why, second=edge.why.second, is_unread=True))
        elif last and last.kind == "realtime" == edge.kind and len(edges) > 2:
            short[-1] = replace(last, after=edge.after)
        else:
            short.append(edge)
    return short


def _name(edges: Sequence[Edge], code: str, suffix: str) -> str:
    keys = {edge.why.key for edge in edges if edge.why}
    is_unread = any(edge.why and edge.why.is_unread for edge in edges)
    if code == "G-single" and {edge.kind for edge in edges} == {"ww", "rw"} and len(keys) == 1:
        return "lost update"
    words = {
        "G0": "dirty write" if not suffix else "lost append" if is_unread else "write out of order",
        "G1c": "circular information flow",
        "G-single": "stale read" if suffix else "read skew",
        "G2": "write skew",
    }
    return f"{words[code]} ({code}{suffix})"
