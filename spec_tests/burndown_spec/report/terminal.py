"""The report on the terminal: failures, missing operations, levels, and one verdict line for each backend."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import shorten, wrap

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from burndown_spec.failure_text import failure_text, ways_to_reproduce
from burndown_spec.report.document import Anomaly, BackendReport, Document
from burndown_spec.report.grouping import by_cause, by_reason, names
from burndown_spec.report.isolation import findings, isolation_table, was_judged
from burndown_spec.report.words import (
    SHOWN_IN_FULL,
    conforming_without,
    measurements,
    result_of,
    verdict_line,
    without_clauses,
)
from burndown_spec.verdict import Judgement, State

__all__ = ["say", "show"]

NAMED = 3
LISTED = 10
COLOURS = {
    Judgement.CONFORMS: "bold green",
    Judgement.CONFORMS_HERE: "bold green",
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
        for level, reason in conforming_without(backend).items():
            _print(console, f"{level} {Judgement.CONFORMS} {reason}")
        for line in measurements(backend):
            _print(console, line)
        if empty := without_clauses(backend):
            _print(console, empty)
    _isolation(console, document.backends)
    for note in document.notes:
        _print(console, note)
    for backend in document.backends:
        _print(console, verdict_line(backend), COLOURS[backend.verdict])


def _failures(console: Console, document: Document, backend: BackendReport, repro_folder: Path | None) -> None:
    groups = by_cause(clause for clause in backend.clauses if clause.state is State.FAILS)
    for clause, *alike in groups[:SHOWN_IN_FULL]:
        script = str(repro_folder / clause.repro) if repro_folder and clause.repro else None
        again = ways_to_reproduce(clause.clause, backend.name, document.seed, script, thorough=document.thorough)
        heading, _, text = failure_text(result_of(clause, backend), again, width=min(console.width, 100)).partition(
            "\n"
        )
        _print(console, f"\n{heading}", "bold red")
        _print(console, text)
        if alike:
            _print(console, "Fails in the same way")
            _wrapped(console, names([other.clause for other in alike], shown=NAMED))
    rest = [clause for group in groups[SHOWN_IN_FULL:] for clause in group]
    if rest:
        more = "1 more clause fails" if len(rest) == 1 else f"{len(rest)} more clauses fail"
        _print(console, f"\n{more} on {backend.name}:", "bold red")
        for clause in rest:
            line = shorten(f"{clause.clause}: {clause.requirement}", console.width - 4, placeholder=" ...")
            _print(console, f"    {line}")
    _listed(console, backend, State.BLOCKED)
    _listed(console, backend, State.UNAVAILABLE)


def _listed(console: Console, backend: BackendReport, state: State) -> None:
    """The clauses of a state by their reasons, a line for each reason, of blocked ones a few lines at most."""
    reasons = by_reason(backend, state)
    if reasons:
        _print(console, f"\n{state.capitalize()} on {backend.name}:")
    shown = LISTED if state is State.BLOCKED else len(reasons)
    for reason, clauses in list(reasons.items())[:shown]:
        _wrapped(console, f"{reason}: {names([clause.clause for clause in clauses], shown=NAMED)}")
    if left := list(reasons.values())[shown:]:
        _wrapped(console, f"and {sum(map(len, left))} more, by these and others")


def _isolation(console: Console, backends: Sequence[BackendReport]) -> None:
    """The isolation table of each backend on which anomalies were looked for; those that agree share one."""
    tables: dict[str, tuple[list[str], Sequence[Anomaly]]] = {}
    for backend in filter(was_judged, backends):
        said = repr([(row.anomaly, row.claimed, findings(row)) for row in backend.isolation])
        tables.setdefault(said, ([], backend.isolation))[0].append(backend.name)
    for on, rows in tables.values():
        _print(console, f"\nIsolation on {', '.join(on)}", "bold")
        console.print(isolation_table(rows))
    if tables:
        _print(console, "")


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


def _wrapped(console: Console, prose: str) -> None:
    """Print indented prose, whose words are left whole."""
    width = min(console.width, 100)
    for line in wrap(
        prose,
        width,
        initial_indent=" " * 4,
        subsequent_indent=" " * 8,
        break_long_words=False,
        break_on_hyphens=False,
    ):
        _print(console, line)


def _print(console: Console, text: str, style: str = "") -> None:
    # Long lines are left to the terminal, so that what is copied from it stays whole.
    console.print(Text(text, style), soft_wrap=True)
