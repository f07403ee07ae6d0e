"""The report on the terminal: failures, missing operations, levels, and one verdict line for each backend."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from burndown_spec.failure_text import failure_text, ways_to_reproduce
from burndown_spec.report.document import BackendReport, ClauseReport, Document
from burndown_spec.report.words import SHOWN_IN_FULL, result_of, verdict_line
from burndown_spec.verdict import Judgement, State

__all__ = ["say", "show"]

COLOURS = {
    Judgement.CONFORMS: "bold green",
    Judgement.FAILS: "bold red",
    Judgement.NO_VERDICT: "bold yellow",
    Judgement.NOT_CLAIMED: "dim",
    Judgement.NO_CLAUSES: "dim",
}
HEADINGS = {
    State.HOLDS: "holds",
    State.FAILS: "fails",
    State.BLOCKED: "blocked",
    State.NOT_CLAIMED: "not\nclaimed",
    State.UNAVAILABLE: "unavail-\nable here",
    State.NOT_JUDGED: "not\njudged",
}


def say(lines: Sequence[str]) -> None:
    """Print plain lines."""
    console = _console()
    for line in lines:
        _print(console, line)


def show(document: Document, repro_folder: Path | None) -> None:
    """Print the report; `repro_folder` is where the folder `repro` with the scripts lies, if there are any."""
    console = _console()
    for backend in document.backends:
        _failures(console, document, backend, repro_folder)
    for backend in document.backends:
        if backend.missing_operations:
            _print(console, f"\n{backend.name} lacks operations of the contract:")
            for name in backend.missing_operations:
                _print(console, f"    {name}")
    for backend in document.backends:
        _print(console, f"\n{backend.name}", "bold")
        console.print(_table(backend))
        empty = [level.level for level in backend.levels if level.verdict is Judgement.NO_CLAUSES]
        if empty:
            _print(console, f"No clauses yet: {', '.join(empty)}")
    for note in document.notes:
        _print(console, note)
    for backend in document.backends:
        _print(console, verdict_line(backend), COLOURS[backend.verdict])


def _failures(console: Console, document: Document, backend: BackendReport, repro_folder: Path | None) -> None:
    failures = [clause for clause in backend.clauses if clause.state is State.FAILS]
    for clause in failures[:SHOWN_IN_FULL]:
        script = str(repro_folder / clause.repro) if repro_folder and clause.repro else None
        again = ways_to_reproduce(clause.clause, backend.name, document.seed, script)
        heading, _, text = failure_text(result_of(clause, backend), again, width=min(console.width, 100)).partition(
            "\n"
        )
        _print(console, f"\n{heading}", "bold red")
        _print(console, text)
    rest = failures[SHOWN_IN_FULL:]
    if rest:
        _print(console, f"\n{len(rest)} more clauses fail on {backend.name}:", "bold red")
        for clause in rest:
            _print(console, f"    {clause.clause}: {clause.requirement}")
    _listed(console, backend, State.BLOCKED)
    _listed(console, backend, State.UNAVAILABLE)


def _listed(console: Console, backend: BackendReport, state: State) -> None:
    """The clauses of a state by their reasons, a line for each reason."""
    reasons: dict[str, list[ClauseReport]] = {}
    for clause in backend.clauses:
        # A clause that never failed is blocked by an operation that is missing, and those are listed by themselves.
        told = state is State.BLOCKED and not clause.failure and backend.missing_operations
        if clause.state is state and not told:
            reasons.setdefault(clause.reason, []).append(clause)
    if reasons:
        _print(console, f"\n{state.capitalize()} on {backend.name}:")
    for reason, clauses in reasons.items():
        first = ", ".join(clause.clause for clause in clauses[:3])
        more = f" and {len(clauses) - 3} more" if len(clauses) > 3 else ""
        _print(console, f"    {reason}: {first}{more}")


def _table(backend: BackendReport) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("level", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for state in State:
        table.add_column(HEADINGS[state], justify="right")
    for level in backend.levels:
        if level.verdict is Judgement.NO_CLAUSES:
            continue
        numbers = [str(level.clauses[state] or "-") for state in State]
        table.add_row(level.level, Text(level.verdict, COLOURS[level.verdict]), *numbers)
    return table


class _Console(Console):
    """Says that nobody reads any more, where rich would end the process as if a backend had failed."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError("nobody reads what is printed")


def _console() -> Console:
    return _Console(file=sys.stdout, highlight=False, markup=False, emoji=False)


def _print(console: Console, text: str, style: str = "") -> None:
    # Long lines are left to the terminal, so that what is copied from it stays whole.
    console.print(Text(text, style), soft_wrap=True)
