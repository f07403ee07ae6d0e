"""The isolation table: what was found of each named anomaly, beside what the backend claims of it.

A row whose clause was not judged says so, and so does a setting in which nothing was measured.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from burndown_spec.report.document import NEVER, Anomaly, BackendReport
from burndown_spec.report.grouping import shortened
from burndown_spec.verdict import State

__all__ = ["findings", "isolation_cells", "isolation_table", "was_judged"]


def was_judged(backend: BackendReport) -> bool:
    """Whether any anomaly was looked for."""
    return any(row.measured or row.state in (State.HOLDS, State.FAILS) for row in backend.isolation)


def findings(row: Anomaly) -> str:
    """What was found, with the settings in which it was where they do not all agree, and the state unless it holds."""
    settings: dict[str, list[str]] = {}
    for setting, found in row.measured.items():
        settings.setdefault(found, []).append(setting)
    if row.state is State.HOLDS and len(settings) == 1:
        return next(iter(settings))
    told = "; ".join(f"{found} ({'; '.join(where)})" for found, where in settings.items())
    if row.state is State.HOLDS:
        return told or "holds, and nothing was measured"
    return f"{_state(row)}: {told}" if told else _state(row)


def isolation_table(rows: Sequence[Anomaly]) -> Table:
    """The table for the terminal; what was found takes as many lines as it needs."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("anomaly", no_wrap=True)
    table.add_column("claimed", no_wrap=True)
    table.add_column("measured")
    for row in rows:
        wrong = row.state in (State.FAILS, State.BLOCKED)
        table.add_row(row.anomaly, row.claimed, Text(findings(row), "bold red" if wrong else ""))
    return table


def isolation_cells(rows: Sequence[Anomaly]) -> list[list[str]]:
    """The table in full, a column for each setting, its heading first; [] where the backend claims none of it."""
    if not any(row.claimed == NEVER for row in rows):
        return []
    settings = list(dict.fromkeys(setting for row in rows for setting in row.measured))
    cells = [["anomaly", "claimed", *settings, "state"]]
    for row in rows:
        found = [row.measured.get(setting, "not measured") for setting in settings]
        cells.append([row.anomaly, row.claimed, *found, _state(row)])
    return cells


def _state(row: Anomaly) -> str:
    """The state of the row's clause, and why it is so where that is known."""
    if row.state in (State.NOT_JUDGED, State.UNAVAILABLE):
        return f"{row.state}: {row.reason}"
    return shortened(row.reason) if row.state is State.BLOCKED else str(row.state)
