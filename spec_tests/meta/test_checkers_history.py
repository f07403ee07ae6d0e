"""The share of operations that overlap, and cycles in graphs."""

from __future__ import annotations

from random import Random

import pytest

from burndown_spec.checkers import Anomaly, Operation, Verdict, overlap
from burndown_spec.checkers.cycles import components, shortest_cycle
from handmade_histories import calls


def test_operations_of_two_threads_overlap_where_both_are_under_way() -> None:
    assert overlap(calls("1 0-10: get x =", "2 9-20: get x =", "3 20-30: get x =", "3.1 40-50: get x =")) == 0.5


def test_operations_of_one_thread_do_not_overlap_each_other() -> None:
    assert overlap(calls("1.1 0-10: get x =", "1.1 5-20: get x =")) == 0.0
    assert overlap(calls("1.1 0-10: get x =", "1.2 5-20: get x =")) == 1.0


def test_an_empty_history_overlaps_nowhere() -> None:
    assert overlap([]) == 0.0


def _overlap_by_pairs(history: list[Operation]) -> float:
    def are_together(one: Operation, other: Operation) -> bool:
        return one.process != other.process and one.start < other.end and other.start < one.end

    together = [any(are_together(one, other) for other in history) for one in history]
    return sum(together) / len(history)


@pytest.mark.parametrize("seed", range(30))
def test_the_share_is_that_of_comparing_all_with_all(seed: int) -> None:
    random = Random(seed)
    history = []
    for _ in range(40):
        start = random.randint(0, 400)
        history += calls(f"{random.randint(1, 3)} {start}-{start + random.choice((1, 5, 60))}: get x =")

    assert overlap(history) == _overlap_by_pairs(history)


def test_only_what_was_decided_and_without_anomaly_is_sound() -> None:
    assert Verdict().is_sound
    assert not Verdict(undecided="too many states").is_sound
    assert not Verdict(anomalies=(Anomaly(name="lost update", told="…"),)).is_sound


def test_knots_of_a_graph_are_those_that_reach_each_other() -> None:
    graph = {1: [2], 2: [3], 3: [1, 4], 4: [5], 5: [6], 6: [5, 7], 7: []}

    assert sorted(components(graph, lambda node: graph[node])) == [[1, 2, 3], [5, 6]]
    assert components([1, 2, 4, 5, 6], lambda node: graph[node]) == [[5, 6]]


def test_the_shortest_way_around_is_found() -> None:
    graph = {1: [2], 2: [3], 3: [4, 2], 4: [1]}

    assert shortest_cycle([1, 2, 3, 4], lambda node: graph[node]) == [2, 3, 2]


def test_a_graph_may_be_as_deep_as_a_history_is_long() -> None:
    length = 50_000

    assert len(components(range(length), lambda node: [(node + 1) % length])[0]) == length
