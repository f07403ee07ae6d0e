"""The report as Markdown, fit for the summary of a CI job."""

from __future__ import annotations

import re
from collections.abc import Iterable

from burndown_spec.failure_text import failure_sections, ways_to_reproduce
from burndown_spec.report.document import BackendReport, ClauseReport, Document
from burndown_spec.report.grouping import by_cause, by_reason
from burndown_spec.report.isolation import isolation_cells
from burndown_spec.report.words import (
    SHOWN_IN_FULL,
    conforming_without,
    facts_of,
    measurements,
    result_of,
    verdict_line,
    without_clauses,
)
from burndown_spec.verdict import Judgement, State

__all__ = ["markdown"]

PROSE = ("Requirement", "Likely causes")


def markdown(document: Document) -> str:
    """The whole report."""
    lines = ["# burndown-spec", ""]
    lines += [f"- {_escaped(verdict_line(backend))}" for backend in document.backends]
    lines += [f"- {_escaped(note.splitlines()[0])}" for note in document.notes]
    for backend in document.backends:
        lines += ["", f"## {_code(backend.name)}", "", *_levels(backend)]
        if backend.missing_operations:
            lines += ["", "Missing operations:", "", *(f"- {_code(name)}" for name in backend.missing_operations)]
        lines += _isolation(backend)
        groups = by_cause(clause for clause in backend.clauses if clause.state is State.FAILS)
        for clause, *alike in groups[:SHOWN_IN_FULL]:
            lines += ["", f"### {_code(clause.clause)} fails", "", *_failure(backend, clause, document)]
            if alike:
                lines += [f"Fails in the same way: {_clauses(alike)}"]
        others = [f"- {_code(clause.clause)} fails" for group in groups[SHOWN_IN_FULL:] for clause in group]
        for state in (State.BLOCKED, State.UNAVAILABLE):
            reasons = by_reason(backend, state)
            others += [
                f"- {_escaped(_told(state, reason))}: {_clauses(clauses)}" for reason, clauses in reasons.items()
            ]
        if others:
            lines += ["", "Also:", "", *others]
        lines += ["", f"It {_escaped(facts_of(backend))}."]
    stamps = [
        f"Contract version {document.contract_version}",
        f"burndown-spec {document.suite_version}",
        f"seed {document.seed}",
        document.python,
        document.platform,
        document.started_at.isoformat(timespec="seconds"),
        f"{document.seconds:.1f} s",
    ]
    lines += [
        "",
        "---",
        f"{', '.join(stamps)}.",
    ]
    return "\n".join(lines) + "\n"


def _levels(backend: BackendReport) -> Iterable[str]:
    yield "| level | verdict | " + " | ".join(State) + " |"
    yield "|---|---|" + "--:|" * len(State)
    without = conforming_without(backend)
    for level in backend.levels:
        if level.verdict is Judgement.NO_CLAUSES:
            continue
        numbers = " | ".join(str(level.clauses[state]) for state in State)
        marked = f"**{level.verdict}**" if level.verdict in (Judgement.CONFORMS, Judgement.FAILS) else level.verdict
        said = f"{marked} {without.get(level.level, '')}".strip()
        yield f"| {level.level} | {said} | {numbers} |"
    if measured := measurements(backend):
        yield ""
        yield from (f"- {_escaped(line)}" for line in measured)
    if empty := without_clauses(backend):
        yield ""
        yield f"{empty}."


def _isolation(backend: BackendReport) -> Iterable[str]:
    """The isolation table, or that nothing of it is claimed."""
    if not backend.isolation:
        return
    yield from ("", "### Isolation", "")
    cells = isolation_cells(backend.isolation)
    if not cells:
        yield "No transactions are claimed, so no anomaly was looked for."
        return
    heading, *rows = cells
    yield f"| {' | '.join(heading)} |"
    yield "|---" * len(heading) + "|"
    for row in rows:
        yield f"| {' | '.join(map(_escaped, row))} |"


def _failure(backend: BackendReport, clause: ClauseReport, document: Document) -> Iterable[str]:
    again = ways_to_reproduce(clause.clause, backend.name, document.seed, clause.repro, thorough=document.thorough)
    for title, text in failure_sections(result_of(clause, backend), again):
        yield f"**{title}**"
        yield ""
        if title in PROSE:
            yield from (_escaped(line, keep_bullet=True) for line in text.splitlines())
        else:
            fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
            yield from (f"{fence}python" if title == "What was done" else f"{fence}text", text, fence)
        yield ""


def _told(state: State, reason: str) -> str:
    """A reason with the state that it explains, if it does not name that itself."""
    return reason if reason.startswith(state) else f"{state}, {reason}"


def _clauses(clauses: Iterable[ClauseReport]) -> str:
    return ", ".join(_code(clause.clause) for clause in clauses)


def _code(text: str) -> str:
    return f"`{text.replace('`', chr(39))}`"


def _escaped(text: str, *, keep_bullet: bool = False) -> str:
    """`text` as Markdown shows it, with nothing in it taken for markup."""
    bullet, rest = ("- ", text[2:]) if keep_bullet and text.startswith("- ") else ("", text)
    return bullet + re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", rest)
