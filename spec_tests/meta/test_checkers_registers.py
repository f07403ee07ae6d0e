"""Registers of single calls: what no order explains by its name, and beside it what some order does."""

from __future__ import annotations

import pytest

from burndown_spec.checkers import check_registers
from burndown_spec.checkers.registers import states_searched
from handmade_histories import calls, lists, names

WRONG: list[tuple[str, tuple[str, ...]]] = [
    ("stale read", ("1 0-10: set x 1", "1 11-20: set x 2", "2 21-30: get x = 1")),
    ("stale read", ("1 0-10: set x 1", "2 11-20: get x =")),
    ("stale read", ("1 0-10: set x 1", "1 11-20: delete x", "2 21-30: get x = 1")),
    ("read before its write", ("2 0-10: get x = 1", "1 11-20: set x 1")),
    ("garbage read", ("1 0-10: set x 1", "2 11-20: get x = 7")),
    ("aborted read (G1a)", ("1 0-10 refused: set x 1", "2 5-20: get x = 1")),
    # Of two reads that overlap a write, the first sees the new value and the second the old one.
    ("stale read", ("1 0-50 unknown: set x 1", "2 11-20: get x = 1", "2 21-30: get x =", "3 31-40: get x = 1")),
    ("stale read", ("1 0-5: set x 1", "2 6-40: set x 2", "3 7-10: get x = 2", "3 11-20: get x = 1")),
    ("stale read", ("1 0-10: set x 1", "2 0-10: set x 2", "3 11-20: get x = 1", "3 21-30: get x = 2")),
    # The write takes effect at one instant, not at two.
    (
        "not linearizable",
        ("1 0-50: set x 1", "2 1-4: get x = 1", "3 5-9: set x 2", "2 10-14: get x = 2", "2 15-19: get x = 1"),
    ),
]
SOUND: list[tuple[str, ...]] = [
    ("1 0-10: set x 1", "1 11-20: set x 2", "2 20-30: get x = 1"),
    ("1 0-10: set x 1", "2 10-20: get x ="),
    ("1 0-10: set x 1", "1 11-20: delete x", "2 21-30: get x ="),
    ("2 0-11: get x = 1", "1 11-20: set x 1"),
    ("1 0-10 unknown: set x 1", "2 11-20: get x =", "2 21-30: get x = 1"),
    ("1 0-10 unknown: set x 1", "2 11-20: set x 2", "3 21-30: get x = 2", "3 31-40: get x = 1"),
    ("1 0-10 unknown: delete x", "2 0-5: set x 2", "3 21-30: get x = 2", "3 31-40: get x ="),
    ("1 0-10 refused: set x 1", "2 5-20: get x ="),
    # What is unknown need not have happened, though its value is read when another had written it.
    ("1 0-5: set x 1", "2 6-40: get x = 1", "1 10-15: set x 2", "3 20-21 unknown: set x 1", "4 41-50: get x = 2"),
    ("1 0-5: set x 1", "2 6-40: set x 2", "3 7-10: get x = 1", "3 11-20: get x = 2"),
    ("1 0-10: set x 1", "2 0-10: set x 2", "3 11-20: get x = 1", "3 21-30: get x = 1"),
    ("1 0-10: set x 1", "2 0-10: set x 2", "3 0-30: get x = 1", "4 11-30: get x = 2"),
    ("1 0-10: set x 1", "1 11-20: set x 2", "2 0-30: set x 1", "3 21-40: get x = 1"),
    ("1 0-10: set x 1", "2 11-20: get y =", "1 11-20: set y 1", "3 21-30: get y = 1"),
]


@pytest.mark.parametrize(("name", "history"), WRONG)
def test_what_no_order_explains_has_a_name(name: str, history: tuple[str, ...]) -> None:
    assert names(check_registers(calls(*history)))[:1] == [name]


@pytest.mark.parametrize("history", SOUND)
def test_what_an_order_explains_is_sound(history: tuple[str, ...]) -> None:
    assert names(check_registers(calls(*history))) == []


def test_keys_are_judged_each_by_itself() -> None:
    history = calls("1 0-10: set x 1", "1 11-20: set y 2", "2 21-30: get x = 1", "2 31-40: get y =")

    [anomaly] = check_registers(history).anomalies

    assert anomaly.told == (
        "the get of process 2, thread 0 found None at 'y' when no order of the calls leaves anything there but 2"
    )


def test_a_search_that_grows_too_long_is_undecided_and_not_sound() -> None:
    writes = [f"{process} 0-{90 + process}: set x {process}" for process in range(8)]
    history = calls(*writes, *(f"9 {100 + at}-{100 + at}: get x = 7" for at in range(8)), "9 200-200: get x = 7")

    assert check_registers(history).is_sound
    few = check_registers(history, most_states=5)
    assert few.undecided == "'x' was given up after 5 states"
    assert not few.is_sound
    assert not few.anomalies


def test_what_nobody_reads_any_more_makes_the_search_no_longer() -> None:
    writes = [f"{process} 0-100: set x {process}" for process in range(16)]
    unknown = [f"{process} 0-100 unknown: set x {process}" for process in range(16, 32)]

    assert states_searched(calls(*writes, *unknown, "40 101-102: get x = 3")) < 200


def test_a_state_that_was_tried_is_not_tried_again() -> None:
    writes = [f"{process} 0-{100 + process}: set x {process}" for process in range(7)]
    reads = [f"{10 + process} 0-200: get x = {process}" for process in range(7)]

    assert states_searched(calls(*writes, *reads)) < 7 * 2**7


def test_a_history_in_which_nobody_read_is_undecided() -> None:
    assert check_registers(calls("1 0-10: set x 1")).undecided == "no get ended well"
    assert check_registers([]).undecided == "no get ended well"


def test_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="no call but set"):
        check_registers(lists("1 0-10: append x 1"))
