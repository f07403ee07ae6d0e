"""From the ledger of a run to what is known of each backend, and why the rest is not."""

from __future__ import annotations

from collections.abc import Sequence

from burndown_spec.ledger import Chosen, Entry, Judged, Lost, Started, Uncollected
from burndown_spec.plan import Plan, PlannedBackend
from burndown_spec.registry import Catalogue
from burndown_spec.verdict import Evidence

__all__ = ["evidence_of"]

Pair = tuple[str, str]


def evidence_of(
    backend: PlannedBackend,
    *,
    catalogue: Catalogue,
    plan: Plan,
    entries: Sequence[Entry],
    missing: tuple[str, ...] = (),
    problems: Sequence[str] = (),
) -> Evidence:
    """What the entries of a ledger say of one backend; `problems` are those of the run."""
    results = [entry.result for entry in entries if isinstance(entry, Judged)]
    known = {planned.name for planned in plan.backends}
    strays = sorted({result.backend for result in results if result.backend not in known})
    found = [*problems, *(f"there is a result for {stray}, which is not under test" for stray in strays)]
    uncollected = dict.fromkeys(entry.how for entry in entries if isinstance(entry, Uncollected))
    found += [f"clauses could not be collected: {how}" for how in uncollected]
    lost = {(entry.clause, entry.backend): entry.how for entry in entries if isinstance(entry, Lost)}
    judged = {(result.clause, result.backend) for result in results}
    for clause, name in sorted(judged & lost.keys()):
        if name == backend.name:
            found.append(f"the process was lost after it had judged {clause}")
    return Evidence(
        backend=backend.name,
        claims=backend.claims,
        results=[result for result in results if result.backend == backend.name],
        missing=missing,
        unjudged={
            clause.id: _why((clause.id, backend.name), plan, entries, lost)
            for clause in catalogue
            if (clause.id, backend.name) not in judged
        },
        problems=tuple(found),
    )


def _why(pair: Pair, plan: Plan, entries: Sequence[Entry], lost: dict[Pair, str]) -> str:
    chosen = [set(entry.pairs) for entry in entries if isinstance(entry, Chosen)]
    started = {(entry.clause, entry.backend) for entry in entries if isinstance(entry, Started)}
    if pair[0] not in plan.clauses:
        return "left out by --clause"
    if pair in lost:
        return f"lost while running, {lost[pair]}"
    if pair in started:
        return "running when the process ended"
    if any(isinstance(entry, Uncollected) for entry in entries):
        return "could not be collected"
    if not chosen:
        return "pytest ended before it chose what to run"
    if not any(pair in pairs for pairs in chosen):
        return "left out by the options of pytest"
    return "not reached before the run ended"
