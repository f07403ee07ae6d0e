"""Updates, snapshots, sums and batches: each anomaly by its name, and beside it what is sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from burndown_spec.checkers import (
    Operation,
    Verdict,
    check_batches,
    check_snapshots,
    check_sums,
    check_updates,
)
from handmade_histories import names, values

Check = Callable[[Sequence[Operation]], Verdict]

OPENING = "9 0-1: write a 50; write b 50"
CASES: list[tuple[Check, str, tuple[str, ...]]] = [
    (check_updates, "lost update", ("1 0-10: read x =; write x 1", "2 0-10: read x =; write x 2")),
    (check_updates, "", ("1 0-10: read x =; write x 1", "2 0-10: read x = 1; write x 2")),
    (check_updates, "lost update", ("1 0-10: read x =; write x 1", "2 0-10: read x =; write x 1")),
    (check_updates, "", ("1 0-10: read x =; write x 1", "2 0-10 unknown: read x =; write x 1", "3 20-30: read x = 1")),
    # A value that comes back is replaced as often as it came.
    (
        check_updates,
        "",
        (
            "1 0-9: read x =; write x 1",
            "2 0-9: read x = 1; write x 2",
            "3 0-9: read x = 2; write x 1",
            "4 0-9: read x = 1; write x 3",
        ),
    ),
    (check_updates, "aborted read (G1a)", ("1 0-10 refused: read x =; write x 1", "2 5-10: read x = 1")),
    (check_updates, "", ("1 0-10 unknown: read x =; write x 1", "2 15-20: read x = 1")),
    (check_updates, "intermediate read (G1b)", ("1 0-9: read x =; write x 1; write x 2", "2 0-9: read x = 1")),
    (check_updates, "", ("1 0-9: read x =; write x 1; write x 2", "2 0-9: read x = 2")),
    (check_updates, "garbage read", ("1 0-9: read x =; write x 1", "2 10-19: read x = 7")),
    (check_updates, "internal inconsistency", ("1 0-9: read x =; write x 1", "2 0-9: read x =; read x = 1")),
    (check_updates, "internal inconsistency", ("1 0-9: read x =; write x 1; read x =",)),
    (check_updates, "", ("1 0-9: read x =; write x 1; read x = 1",)),
    (check_updates, "stale read (G-single-realtime)", ("1 0-9: read x =; write x 1", "2 10-19: read x =")),
    (check_updates, "", ("1 0-9: read x =; write x 1", "2 9-19: read x =")),
    (check_updates, "stale read (G-single-process)", ("1 0-9: read x =; write x 1", "1 10-19: read x =")),
    (
        check_updates,
        "read skew (G-single)",
        ("1 0-9: read x =; write x 1; read y =; write y 1", "2 0-9: read x =; read y = 1"),
    ),
    (
        check_updates,
        "write skew (G2)",
        ("1 0-9: read x =; read y =; write x 1", "2 0-9: read x =; read y =; write y 2"),
    ),
    (check_updates, "", ("1 0-9: read x =; read y =; write x 1", "2 0-9: read x = 1; read y =; write y 2")),
    (
        check_updates,
        "circular information flow (G1c)",
        ("1 0-9: read x =; write x 1; read y = 2", "2 0-9: read y =; write y 2; read x = 1"),
    ),
    (check_snapshots, "moving snapshot", ("1 0-9: write x 1", "2 0-9: enter 1; read x =; read x = 1")),
    (check_snapshots, "", ("1 0-9: write x 1", "2 0-9: enter 1; read x = 1; read x = 1")),
    (check_snapshots, "read skew (G-single)", ("1 0-9: write x 1; write y 1", "2 0-9: enter 1; read x =; read y = 1")),
    (check_snapshots, "", ("1 0-9: write x 1; write y 1", "2 0-9: enter 1; read x =; read y =")),
    (check_snapshots, "circular information flow (G1c-realtime)", ("1 5-9: write x 1", "2 0-9: enter 4; read x = 1")),
    (check_snapshots, "", ("1 4-9: write x 1", "2 0-9: enter 4; read x = 1")),
    (check_snapshots, "stale read (G-single-realtime)", ("1 0-4: write x 1", "2 5-9: enter 6; read x =")),
    (check_snapshots, "", ("1 0-5: write x 1", "2 5-9: enter 6; read x =")),
    (
        check_snapshots,
        "stale read (G-single-realtime)",
        ("1 0-4: write x 1", "1 5-9: write x 2", "2 10-19: enter 11; read x = 1"),
    ),
    # Which of two writes at once came first is not known, unless one read the other's.
    (check_snapshots, "", ("1 0-9: write x 1", "3 0-9: write x 2", "2 10-19: enter 11; read x = 1")),
    (
        check_snapshots,
        "stale read (G-single-realtime)",
        ("1 0-9: write x 1", "3 0-9: read x = 1; write x 2", "2 10-19: enter 11; read x = 1"),
    ),
    (check_snapshots, "aborted read (G1a)", ("1 0-4 refused: write x 1", "2 5-9: enter 6; read x = 1")),
    (check_snapshots, "garbage read", ("1 0-4: write x 1", "2 5-9: enter 6; read x = 7")),
    (
        check_snapshots,
        "read skew (G-single)",
        (
            "1 0-9: read x =; write x 1; write y 1",
            "3 0-9: read x = 1; write x 2",
            "2 0-9: enter 6; read x = 2; read y =",
        ),
    ),
    (
        check_snapshots,
        "read skew (G-single)",
        ("1 0-4 unknown: write x 1; write y 1", "2 5-9: enter 6; read x = 1; read y ="),
    ),
    # A value that comes back cannot be told from the one before.
    (
        check_snapshots,
        "",
        ("1 0-4: write x 1", "1 5-9: write x 2", "1 10-14: write x 1", "2 15-19: enter 16; read x = 1"),
    ),
    # Only what snapshots read is judged: the two updates lose one.
    (
        check_snapshots,
        "",
        ("1 0-4: read x =; write x 1", "3 0-4: read x =; write x 2", "2 5-9: enter 6; read x = 2"),
    ),
    (
        check_sums,
        "wrong sum",
        (OPENING, "1 2-9: read a = 50; write a 40; read b = 50; write b 60", "2 2-9: read a = 40; read b = 50"),
    ),
    (
        check_sums,
        "",
        (OPENING, "1 2-9: read a = 50; write a 40; read b = 50; write b 60", "2 2-9: read a = 40; read b = 60"),
    ),
    (check_sums, "wrong sum", (OPENING, "2 2-9: read a = 50; read b =")),
    (check_sums, "wrong sum", (OPENING, "2 2-9: read a = 50; read b = 40; write a 45; write b 45")),
    (check_sums, "wrong sum", (OPENING, "2 2-9: read a = 50; write a 40; read b = 40; write b 50")),
    (check_sums, "", (OPENING, "2 2-9: read a = 50; write a 40; read a = 40; read b = 50; write b 60")),
    (check_sums, "", (OPENING, "2 2-9: enter 2; read b = 50; read a = 50; read b = 40")),
    (check_batches, "torn batch", ("1 0-9: write a 1; write b 1", "2 0-9: read a = 1; read b =")),
    (check_batches, "", ("1 0-9: write a 1; write b 1", "2 0-9: read a =; read b =")),
    (check_batches, "", ("1 0-9: write a 1; write b 1", "2 0-9: read b = 1; read a = 1")),
    (
        check_batches,
        "torn batch",
        ("1 0-9: write a 1; write b 1", "3 0-9: write b 2; write a 2", "2 0-9: read a = 1; read b = 2"),
    ),
    (
        check_batches,
        "",
        ("1 0-9: write a 1; write b 1", "3 0-9: write c 2; write d 2", "2 0-9: read a = 1; read d =; read b = 1"),
    ),
    (check_batches, "torn batch", ("1 0-9: write a 1; write b 1", "2 0-9: read a =; read a = 1; read b = 1")),
    (check_batches, "aborted read (G1a)", ("1 0-9 refused: write a 1; write b 1", "2 0-9: read a = 1; read b = 1")),
    (check_batches, "", ("1 0-9 refused: write b 1", "2 0-9: write a 2; write b 2", "3 0-9: read a = 2; read b = 2")),
    (check_batches, "", ("1 0-9 unknown: write a 1; write b 1", "2 10-19: read a = 1; read b = 1")),
    (check_batches, "torn batch", ("1 0-9 unknown: write a 1; write b 1", "2 10-19: read a =; read b = 1")),
    (check_batches, "garbage read", ("1 0-9: write a 1; write b 1", "2 0-9: read a = 1; read b = 7")),
]


@pytest.mark.parametrize(("check", "name", "history"), CASES)
def test_an_anomaly_is_called_by_its_name_and_what_is_near_to_it_is_sound(
    check: Check, name: str, history: tuple[str, ...]
) -> None:
    assert names(check(values(*history))) == [name] * bool(name)


def test_what_a_batch_removes_belongs_to_it() -> None:
    def batch(process: int, a: int | None, b: int | None, kind: str) -> Operation:
        steps = (("write", "a", a), ("write", "b", b)) if kind == "write" else (("read", "a"), ("read", "b"))
        answer = (None, None) if kind == "write" else (a, b)
        return Operation(
            process=process, thread=0, call="replace", arguments=steps, outcome="ok", answer=answer, start=0, end=9
        )

    batches = [batch(1, 1, 1, "write"), batch(2, 2, None, "write")]

    assert check_batches([*batches, batch(3, 2, None, "read")]).is_sound
    assert names(check_batches([*batches, batch(3, 1, None, "read")])) == ["torn batch"]


@pytest.mark.parametrize(
    ("check", "history", "told"),
    [
        (
            check_updates,
            ("1 0-9: read x =; write x 1", "1 10-19: read x = 1; write x 2", "2 20-29: read x = 1"),
            "T1 read 'x' as 1, which T2 replaced with 2, so T1 came before T2; T2 ended before T1 started",
        ),
        (
            check_updates,
            ("1 0-9: read x =; write x 1", "2 0-9: read x =; write x 2"),
            "T1 (transaction, process 1, thread 0) and T2 (transaction, process 2, thread 0) both read 'x' as None and",
        ),
        (
            check_snapshots,
            ("1 5-9: write x 1", "2 0-9: enter 4; read x = 1"),
            "T2 read 'x' as 1, which T1 had written, so T1 came before T2; T2 was entered before T1 started",
        ),
        (
            check_sums,
            (OPENING, "2 2-9: read a = 50; read b = 60"),
            "the transaction of process 2, thread 0 read 'a': 50, 'b': 60; together 110, where 100 were put in",
        ),
        (
            check_batches,
            ("1 0-9: write a 1; write b 1", "2 0-9: read a = 1; read b ="),
            "read 'b' as None, as before all batches, together with 'a' as 1, of the transaction of process 1",
        ),
    ],
)
def test_an_anomaly_is_told_with_who_did_what(check: Check, history: tuple[str, ...], told: str) -> None:
    assert told in check(values(*history)).anomalies[0].told


@pytest.mark.parametrize(
    ("check", "history", "reason"),
    [
        (check_updates, (), "no transaction that read anything ended well"),
        (check_updates, ("1 0-9 unknown: read x =; write x 1",), "no transaction that read anything ended well"),
        (check_snapshots, ("1 0-9: write x 1", "1 0-9: read x ="), "no snapshot that read anything ended well"),
        (check_sums, (OPENING, "1 2-9: read a = 1"), "nobody read all accounts at once"),
        (check_batches, ("1 0-9: write x 1",), "no operation that read anything ended well"),
    ],
)
def test_a_history_without_a_question_is_undecided(check: Check, history: tuple[str, ...], reason: str) -> None:
    assert check(values(*history)).undecided == reason


@pytest.mark.parametrize(
    ("check", "history", "problem"),
    [
        (check_updates, ("1 0-9: write x 1",), "reads a key before it writes it"),
        (check_updates, ("1 0-9: append x 1",), "no step but"),
        (check_sums, ("1 0-9: read a = 1",), "writes every account"),
        (check_sums, (OPENING, "1 2-9: read c ="), "writes every account"),
        (check_sums, (OPENING, "1 2-9: read a = 50; write a 51"), "writes the sum of what it read"),
        (check_sums, (OPENING, "1 2-9: write a 51"), "writes the sum of what it read"),
        (check_batches, ("1 0-9: write a 1; write b 1", "1 10-19: write a 2"), "the same keys"),
        (check_batches, ("1 0-9: write a 1; read b =",), "a batch only writes"),
    ],
)
def test_another_shape_is_refused(check: Check, history: tuple[str, ...], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        check(values(*history))
