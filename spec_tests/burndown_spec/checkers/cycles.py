"""Cycles in a directed graph: its strongly connected components (Tarjan), and a shortest cycle through some nodes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence

__all__ = ["Successors", "components", "shortest_cycle", "shortest_path"]

Successors = Callable[[int], Iterable[int]]


def components(nodes: Collection[int], successors: Successors) -> list[list[int]]:
    """The strongly connected components of more than one node, each sorted; no node is its own successor."""
    among = set(nodes)
    index: dict[int, int] = {}
    lowest: dict[int, int] = {}
    stack: list[int] = []
    places: dict[int, int] = {}
    waiting: set[int] = set()
    found: list[list[int]] = []
    for root in nodes:
        if root in index:
            continue
        # The recursion of the textbook is a list here, for a history is deeper than Python's stack.
        index[root] = lowest[root] = len(index)
        places[root] = len(stack)
        stack.append(root)
        waiting.add(root)
        work = [(root, iter(successors(root)))]
        while work:
            node, rest = work[-1]
            for other in rest:
                if other not in among:
                    continue
                if other not in index:
                    index[other] = lowest[other] = len(index)
                    places[other] = len(stack)
                    stack.append(other)
                    waiting.add(other)
                    work.append((other, iter(successors(other))))
                    break
                if other in waiting:
                    lowest[node] = min(lowest[node], index[other])
            else:
                work.pop()
                if work:
                    lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[node])
                if lowest[node] == index[node]:
                    component = stack[places[node] :]
                    del stack[places[node] :]
                    waiting.difference_update(component)
                    if len(component) > 1:
                        found.append(sorted(component))
    return found


def shortest_path(start: int, goal: int, successors: Successors) -> list[int] | None:
    """A path with fewest steps, from `start` to `goal` inclusively, which may be the same; None where there is none."""
    came_from: dict[int, int] = {start: start}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for other in successors(node):
            if other == goal:
                path = [goal, node]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return path[::-1]
            if other not in came_from:
                came_from[other] = node
                queue.append(other)
    return None


def shortest_cycle(component: Sequence[int], successors: Successors, most_starts: int = 50) -> list[int]:
    """A cycle with fewest steps through one of the first `most_starts` nodes of a strongly connected component; its
    first node stands at its end again.
    """
    found = (shortest_path(node, node, successors) for node in component[:most_starts])
    return min((cycle for cycle in found if cycle), key=len)
