"""The checkers of schedules: hand-made histories for every anomaly, and for what only looks like one."""

from __future__ import annotations

from typing import Any

import pytest

from burndown_spec.oracle import TransactionalBackend
from burndown_spec.vocabulary import is_serial, play, refused_once_and_for_all, serial_order, told_step_by_step

NAMES = {"get": "get_app_state", "set": "set_app_state", "delete": "delete_app_state", "list": "list_app_state"}


def history(steps: str, afterwards: str) -> list[list[Any]]:
    """Rows written as `A begin; A get x = 0; A set x 1; B end = refused`; the state before is x = 0 and y = 0."""
    rows: list[list[Any]] = [["before", "list_app_state", [], state("x0 y0")]]
    for step in steps.split("; "):
        told, _, answer = step.partition(" = ")
        who, operation, *arguments = told.split()
        given = state(answer) if operation == "list" else answer or None
        rows.append([who, NAMES.get(operation, operation), arguments, given])
    return [*rows, ["afterwards", "list_app_state", [], state(afterwards)]]


def state(text: str) -> dict[str, str]:
    return {word[0]: word[1:] for word in text.split()}


ANOMALIES = {
    "dirty write": ("A begin; B begin; A set x A; B set x B; B set y B; B end; A set y A; A end", "xB yA"),
    "dirty read": ("A begin; B begin; A set x A; B get x = A; B set y B; B end; A get y = B; A end", "xA yB"),
    "aborted read": ("A begin; A set x A; B begin; B get x = A; A fail; B end", "x0 y0"),
    "aborted read by a single call": ("A begin; A set x A; C get x = A; A fail", "x0 y0"),
    "intermediate read": ("A begin; A set x half; B begin; B get x = half; A set x whole; A end; B end", "xwhole y0"),
    "circular information flow": (
        "A begin; B begin; A set x A; B set y B; A get y = B; B get x = A; A end; B end",
        "xA yB",
    ),
    "lost update": ("A begin; A get x = 0; B begin; B get x = 0; A set x A; B set x B; A end; B end", "xB y0"),
    "update lost to a single call": ("A begin; A get x = 0; C set x C; A set x A; A end", "xA y0"),
    "read skew": ("A begin; A get x = 0; B begin; B set x 1; B set y 1; B end; A get y = 1; A end", "x1 y1"),
    "write skew": (
        "A begin; B begin; A get x = 0; A get y = 0; B get x = 0; B get y = 0; A set x A; B set y B; A end; B end",
        "xA yB",
    ),
    "phantom": (
        "A begin; B begin; A list = x0 y0; B list = x0 y0; A set a A; B set b B; A end; B end",
        "x0 y0 aA bB",
    ),
    "a read that goes back": ("A begin; A set x A; A end; B begin; B get x = 0; B end", "xA y0"),
    "work that is gone": ("A begin; A set x A; A end", "x0 y0"),
    "work of one who was refused": ("A begin; A set x A; A end = refused", "xA y0"),
    "work of one who failed": ("A begin; A set x A; A fail", "xA y0"),
    "half of a transaction": ("A begin; A set x A; A set y A; A end", "xA y0"),
    "own work unseen": ("A begin; A set x A; A get x = 0; A end", "xA y0"),
    "a refused call that wrote": ("C set x C = refused", "xC y0"),
}
SERIAL = {
    "one after another": ("A begin; A set x A; A end; B begin; B get x = A; B end", "xA y0", ["A", "B"]),
    "a reader of the state before": ("A begin; A set x A; B begin; B get x = 0; A end; B end", "xA y0", ["B", "A"]),
    "the second refused at its end": (
        "A begin; A get x = 0; B begin; B get x = 0; A set x A; B set x B; A end; B end = refused",
        "xA y0",
        ["A"],
    ),
    "the second refused at its beginning": ("A begin; B begin = refused; A set x A; A end", "xA y0", ["A"]),
    "both write, the later one stays": ("A begin; B begin; A set x A; B set x B; B end; A end", "xA y0", ["B", "A"]),
    "a single call that was refused": ("A begin; A set x A; C set x C = refused; A end", "xA y0", ["A"]),
    "what was deleted": ("A begin; A delete x; A list = y0; A end; C list = y0", "y0", ["A", "C"]),
}


@pytest.mark.parametrize(("steps", "afterwards"), ANOMALIES.values(), ids=ANOMALIES)
def test_an_anomaly_is_no_serial_history(steps: str, afterwards: str) -> None:
    assert serial_order(history(steps, afterwards)) is None
    assert not is_serial(history(steps, afterwards))


@pytest.mark.parametrize(("steps", "afterwards", "order"), SERIAL.values(), ids=SERIAL)
def test_a_serial_history_is_told_in_its_order(steps: str, afterwards: str, order: list[str]) -> None:
    assert serial_order(history(steps, afterwards)) == order


@pytest.mark.parametrize(
    ("steps", "holds"),
    [
        ("A begin; A set x A = refused; A get x = refused; A end = refused", True),
        ("A begin; A set x A = refused; A get x = 0; A end = refused", False),
        ("A begin; A set x A = refused; A end", False),
        ("A begin = refused; B begin; B set x B; B end", True),
        ("C set x C = refused; C set x C", True),
    ],
)
def test_who_was_refused_inside_a_transaction_stays_refused(steps: str, holds: bool) -> None:
    assert refused_once_and_for_all(history(steps, "x0 y0")) is holds


def test_a_schedule_is_told_step_by_step() -> None:
    assert told_step_by_step(history("A begin; A get x = 0; A set x 1; A end = refused", "x0 y0")).splitlines() == [
        "step by step",
        "before: list_app_state() -> {'x': '0', 'y': '0'}",
        "A: begin",
        "A: get_app_state('x') -> '0'",
        "A: set_app_state('x', '1')",
        "A: end -> 'refused'",
        "afterwards: list_app_state() -> {'x': '0', 'y': '0'}",
    ]


@pytest.mark.parametrize("in_threads", [True, False])
def test_a_schedule_is_played_until_one_is_refused(in_threads: bool, tmp_path: Any) -> None:
    first, second = (TransactionalBackend(tmp_path, timeout=0.0) for _ in range(2))
    first.set_app_state("x", "0")
    schedule = [("A", "begin"), ("A", "set_app_state", "x", "A"), ("B", "begin"), ("B", "get_app_state", "x")]
    rows = play([*schedule, ("B", "end"), ("A", "end")], [first, second], in_threads=in_threads)
    assert [(who, operation, answer) for who, operation, _, answer in rows] == [
        ("before", "list_app_state", {"x": "0"}),
        ("A", "begin", None),
        ("A", "set_app_state", None),
        ("B", "begin", "refused"),
        ("A", "end", None),
        ("afterwards", "list_app_state", {"x": "A"}),
    ]
    for backend in (first, second):
        backend.close()
