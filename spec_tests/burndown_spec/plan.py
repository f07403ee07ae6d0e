"""What the judging process is asked to do, handed to it as a file."""

from __future__ import annotations

from pathlib import Path

import msgspec

from burndown_spec.ledger import dumps, loads
from burndown_store.contract import Capability

__all__ = ["Plan", "PlannedBackend", "read_plan", "write_plan"]


class PlannedBackend(msgspec.Struct, frozen=True, kw_only=True):
    """A backend by its BACKEND argument, and what it claims."""

    name: str
    claims: frozenset[Capability]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`clauses` are the ids to judge, `ledger` is the file for what came of it; `thorough`
    is said by `Options`. `windows_disk` is a folder with the rules of Windows in which all stores are to lie, or "".

    A process that a clause holds for `grace` seconds longer than the judge may take is ended; `stacks` is the folder
    for the stacks of its threads.
    """

    backends: tuple[PlannedBackend, ...]
    clauses: tuple[str, ...]
    seed: int
    timeout: float
    ledger: str
    stacks: str
    thorough: bool = False
    windows_disk: str = ""
    grace: float = 30.0


def write_plan(plan: Plan, path: Path) -> None:
    """Write `plan` to `path`."""
    path.write_text(dumps(plan), encoding="utf-8")


def read_plan(path: Path) -> Plan:
    """The plan in `path`. Raises `OSError`, or `ValueError` for a file that holds none."""
    plan: Plan = loads(path.read_text(encoding="utf-8"), Plan)
    return plan
