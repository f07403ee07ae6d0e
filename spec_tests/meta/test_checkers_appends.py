"""Lists that transactions append to: each anomaly by its name, and beside it a history that some order explains."""

from __future__ import annotations

import pytest

from burndown_spec.checkers import Operation, check_appends
from handmade_histories import lists, names

ANOMALIES: dict[str, tuple[str, ...]] = {
    "dirty write (G0)": (
        "1 0-10: append x 1; append y 1",
        "2 0-10: append x 2; append y 2",
        "3 20-30: read x = 1 2; read y = 2 1",
    ),
    "aborted read (G1a)": ("1 0-10 refused: append x 1", "2 5-15: read x = 1"),
    "intermediate read (G1b)": ("1 0-10: append x 1; append x 2", "2 0-10: read x = 1"),
    "circular information flow (G1c)": (
        "1 0-10: append x 1; read y = 2",
        "2 0-10: append y 2; read x = 1",
    ),
    "read skew (G-single)": ("1 0-10: append x 1; append y 1", "2 0-10: read x =; read y = 1"),
    "lost update": ("1 0-10: read x =; append x 1", "2 0-10: read x =; append x 2"),
    "write skew (G2)": ("1 0-10: read x =; append y 1", "2 0-10: read y =; append x 2", "3 20-30: read x = 2"),
    "write out of order (G0-process)": (
        "1 0-10: append x 1",
        "1 11-20: append x 2",
        "2 0-30: read x = 2 1",
    ),
    "circular information flow (G1c-process)": ("1 0-10: read x = 1", "1 11-20: append x 1"),
    "stale read (G-single-process)": ("1 0-10: append x 1", "1 11-20: read x ="),
    "write skew (G2-process)": (
        "1 0-10: append x 1",
        "1 11-40: read y =",
        "2 0-40: append y 2; read x =",
    ),
    "write out of order (G0-realtime)": (
        "1 0-10: append x 1",
        "2 11-20: append x 2",
        "3 0-30: read x = 2 1",
    ),
    "circular information flow (G1c-realtime)": ("1 0-10: read x = 1", "2 11-20: append x 1"),
    "stale read (G-single-realtime)": ("1 0-10: append x 1", "2 11-20: read x ="),
    "write skew (G2-realtime)": (
        "1 0-10: append x 1",
        "2 11-40: read y =",
        "3 0-40: append y 2; read x =",
    ),
    "internal inconsistency": ("1 0-10: append x 1", "2 0-10: append x 2; read x = 1"),
    "duplicate append": ("1 0-10: append x 1", "2 11-20: read x = 1 1"),
    "incompatible order": ("1 0-10: append x 1", "2 0-10: append x 2", "3 0-30: read x = 1", "4 0-30: read x = 2 1"),
    "garbage read": ("1 0-10: append x 1", "2 11-20: read x = 1 7"),
}

# What comes near to the anomaly of the same name, and is none.
SOUND: dict[str, tuple[str, ...]] = {
    "dirty write (G0)": (
        "1 0-10: append x 1; append y 1",
        "2 0-10: append x 2; append y 2",
        "3 20-30: read x = 1 2; read y = 1 2",
    ),
    "aborted read (G1a)": ("1 0-10 unknown: append x 1", "2 15-25: read x = 1"),
    "intermediate read (G1b)": ("1 0-10: append x 1; read x = 1; append x 2", "2 0-10: read x = 1 2"),
    "circular information flow (G1c)": ("1 0-10: append x 1; read y =", "2 0-10: append y 2; read x = 1"),
    "read skew (G-single)": ("1 0-10: append x 1; append y 1", "2 0-10: read x = 1; read y = 1"),
    "lost update": ("1 0-10: read x =; append x 1", "2 0-10: read x = 1; append x 2"),
    "write skew (G2)": ("1 0-10: read x =; append y 1", "2 0-10: read y = 1; append x 2", "3 20-30: read x = 2"),
    "write out of order (G0-process)": (
        "1 0-10: append x 1",
        "1.1 0-20: append x 2",
        "2 0-30: read x = 2 1",
    ),
    "circular information flow (G1c-process)": ("1 0-11: read x = 1", "2 11-20: append x 1"),
    "stale read (G-single-process)": ("1 0-10: append x 1", "2 10-20: read x ="),
    "write skew (G2-process)": (
        "1 0-10: append x 1",
        "1 11-40: read y =",
        "2 0-40: append y 2; read x = 1",
    ),
    "write out of order (G0-realtime)": (
        "1 0-10 unknown: append x 1",
        "2 11-20: append x 2",
        "3 0-30: read x = 2 1",
    ),
    "circular information flow (G1c-realtime)": ("1 0-10: read x = 1", "2 10-20: append x 1"),
    "stale read (G-single-realtime)": ("1 0-10 unknown: append x 1", "2 11-20: read x =", "3 11-20: read x ="),
    "write skew (G2-realtime)": (
        "1 0-10: append x 1",
        "2 10-40: read y =",
        "3 0-40: append y 2; read x =",
    ),
    "internal inconsistency": ("1 0-10: append x 1", "2 0-10: append x 2; read x = 1 2; append x 3; read x = 1 2 3"),
    "duplicate append": ("1 0-10: append x 1; append y 1", "2 11-20: read x = 1; read y = 1"),
    "incompatible order": ("1 0-10: append x 1", "2 0-10: append x 2", "3 0-30: read x = 1", "4 0-30: read x = 1 2"),
    "garbage read": ("1 0-10: append x 1", "2 0-10 unknown: append x 7", "3 11-20: read x = 1 7"),
}


@pytest.mark.parametrize("name", ANOMALIES)
def test_an_anomaly_is_called_by_its_name(name: str) -> None:
    assert names(check_appends(lists(*ANOMALIES[name]))) == [name]


@pytest.mark.parametrize("name", SOUND)
def test_what_an_order_explains_is_sound(name: str) -> None:
    assert names(check_appends(lists(*SOUND[name]))) == []


def test_a_cycle_is_told_in_words_with_the_transactions_in_it() -> None:
    [anomaly] = check_appends(
        lists("2 0-10: read x = 1 2; read y = 5", "1.3 0-10: append x 3; append y 5", "1.3 0-0: append x 1; append x 2")
    ).anomalies

    assert anomaly.told == (
        "T1 (transaction, process 2, thread 0), T2 (transaction, process 1, thread 3): "
        "T1 read 'x' as [1, 2] without T2's append of 3, so T1 came before T2; "
        "T1 read 'y' as [5] with T2's append of 5, so T2 came before T1; no order explains all of this"
    )


def test_an_append_that_nobody_reads_comes_after_all_that_is_read() -> None:
    history = lists("1 0-10: append x 1", "2 11-20: append x 2", "3 21-30: read x = 2")

    [anomaly] = check_appends(history).anomalies

    assert anomaly.name == "lost append (G0-realtime)"
    assert "nobody who read T2's append of 2 to 'x' has seen T1's of 1" in anomaly.told


def test_many_that_append_after_the_last_read_are_in_no_order_among_themselves() -> None:
    history = lists("1 0-10: read x =; append x 1", "2 0-10: append x 2", "3 5-10: append x 3", "4 0-30: read x =")

    assert names(check_appends(history)) == []


def test_what_is_unknown_and_read_once_has_happened_as_a_whole() -> None:
    history = lists("1 0-10 unknown: append x 1; append y 1", "2 11-20: read x = 1", "3 21-30: read y =")

    assert names(check_appends(history)) == ["stale read (G-single-realtime)"]


def test_half_of_what_one_appended_is_told_of_once() -> None:
    history = lists("1 0-10: append x 1; append x 2", "2 0-10: read x = 1", "3 20-30: read x = 1 2")

    assert names(check_appends(history)) == ["intermediate read (G1b)"]


def test_the_order_in_a_thread_goes_past_what_is_unknown() -> None:
    history = lists("1 0-9: append x 1", "1 10-19 unknown: append y 1", "1 20-29: read x =", "2 20-29: read y = 1")

    assert names(check_appends(history)) == ["stale read (G-single-process)"]


def test_operations_of_one_thread_that_overlap_are_in_no_order() -> None:
    assert names(check_appends(lists("1 0-20: read x = 1", "1 5-10: append x 1"))) == []


def test_a_snapshot_is_of_the_moment_of_its_entry() -> None:
    later_write = lists("1 0-30: enter 5; read x = 1", "2 10-20: append x 1")
    write_at_the_entry = lists("1 0-30: enter 5; read x = 1", "2 4-20: append x 1")
    write_missed_after_it = lists("1 0-30: enter 5; read x =", "2 10-20: append x 1")

    assert names(check_appends(later_write)) == ["circular information flow (G1c-realtime)"]
    assert names(check_appends(write_at_the_entry)) == []
    assert names(check_appends(write_missed_after_it)) == []


def test_of_many_anomalies_of_one_kind_a_few_are_told_and_the_rest_counted() -> None:
    history = [
        each
        for number in range(10)
        for each in lists(f"1 {number}-{number}: append x{number} 1", f"2 20-30: read x{number} = 1 7")
    ]

    anomalies = check_appends(history).anomalies

    assert [each.name for each in anomalies] == ["garbage read"] * 3
    assert anomalies[-1].told.endswith("(and 7 more of this kind)")


def test_a_history_in_which_nobody_read_is_undecided() -> None:
    for history in ([], lists("1 0-10: append x 1"), lists("1 0-10 refused: read x =")):
        assert check_appends(history).undecided == "no transaction that read anything ended well"


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ((("append", "x", 1), ("append", "x", 1)), (None, None)),
        ((("write", "x", 1),), (None,)),
        ((("read", "x"),), ()),
        ((("read", "x"), ("enter",)), ((), 1)),
        ((("enter",),), (-1,)),
    ],
)
def test_another_shape_is_refused(arguments: tuple[tuple[str, ...], ...], answer: tuple[object, ...]) -> None:
    operation = Operation(
        process=0, thread=0, call="transaction", arguments=arguments, outcome="ok", answer=answer, start=0, end=9
    )

    with pytest.raises(ValueError, match=r"process=0|once"):
        check_appends([operation])
