"""What a run came to, as one document: the source of the terminal report, of `report.md` and of `verdict.json`.

The fields below are the schema of `verdict.json`. Within one `format` number a key may be added; none goes, and none
changes its meaning. Instants are ISO 8601 in UTC, durations are seconds.
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version

import msgspec

from burndown_spec.levels import Level
from burndown_spec.preflight import Found
from burndown_spec.registry import Catalogue
from burndown_spec.results import Failure
from burndown_spec.verdict import BackendVerdict, Judgement, Standing, State, overall
from burndown_store.contract import CONTRACT_VERSION, Capability

__all__ = [
    "NEVER",
    "Anomaly",
    "BackendReport",
    "ClauseReport",
    "Document",
    "LevelReport",
    "document_of",
    "repro_name",
    "suite_version",
]

ANOMALIES = "anomalies"
NEVER, NOT_CLAIMED = "never", "not claimed"


class ClauseReport(msgspec.Struct, frozen=True, kw_only=True):
    """One clause on one backend.

    `reason` says why it neither holds nor fails; `failure` tells a failure; `repro` is the script's path, relative to
    the folder of the report; `measured` is what was found beside the state, by what was looked at.
    """

    clause: str
    level: Level
    sentences: tuple[str, ...]
    requirement: str
    state: State
    reason: str
    seconds: float
    failure: Failure | None
    repro: str | None
    measured: dict[str, str]


class Anomaly(msgspec.Struct, frozen=True, kw_only=True):
    """One named anomaly of transactions side by side: a row of the isolation table.

    `claimed` is "never", or "not claimed" where the backend does not claim what its clause needs. `measured` is what
    was found, by the setting in which it was looked for; `state` and `reason` are those of the clause.
    """

    anomaly: str
    clause: str
    claimed: str
    measured: dict[str, str]
    state: State
    reason: str


class LevelReport(msgspec.Struct, frozen=True, kw_only=True):
    """One level on one backend; `clauses` counts its clauses by state."""

    level: Level
    verdict: Judgement
    reason: str
    clauses: dict[State, int]


class BackendReport(msgspec.Struct, frozen=True, kw_only=True):
    """One backend.

    `name` is the BACKEND argument and `factory` what it led to; `facts` are versions of the software underneath, such
    as `sqlite_version`. `clauses`, and the rows of `isolation`, are in the order of the contract.
    """

    name: str
    factory: str
    verdict: Judgement
    reason: str
    capabilities: tuple[Capability, ...]
    missing_operations: tuple[str, ...]
    facts: dict[str, str]
    levels: tuple[LevelReport, ...]
    clauses: tuple[ClauseReport, ...]
    isolation: tuple[Anomaly, ...]


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One run.

    `verdict` is that on all backends together, `required` what `--require` named, `thorough` whether all was tried of
    which a sample is taken otherwise, `notes` what else is to be known.
    """

    format: int
    contract_version: int
    suite_version: str
    started_at: datetime
    seconds: float
    seed: int
    thorough: bool
    timeout: float
    python: str
    platform: str
    required: tuple[str, ...]
    verdict: Judgement
    notes: tuple[str, ...]
    backends: tuple[BackendReport, ...]


def suite_version() -> str:
    """The version of the distribution that holds this suite."""
    return version("burndown-store")


def document_of(
    catalogue: Catalogue,
    judged: Sequence[tuple[Found, BackendVerdict]],
    *,
    started_at: datetime,
    seconds: float,
    seed: int,
    timeout: float,
    thorough: bool = False,
    required: Sequence[str],
    notes: Sequence[str],
) -> Document:
    """The document of a run over the backends found and judged."""
    taken: set[str] = set()
    return Document(
        format=1,
        contract_version=CONTRACT_VERSION,
        suite_version=suite_version(),
        started_at=started_at,
        seconds=round(seconds, 3),
        seed=seed,
        thorough=thorough,
        timeout=timeout,
        python=f"{platform.python_implementation()} {platform.python_version()}",
        platform=f"{platform.platform()} ({sys.platform})",
        required=tuple(required),
        verdict=overall(verdict for _, verdict in judged),
        notes=tuple(notes),
        backends=tuple(_backend(catalogue, found, verdict, taken) for found, verdict in judged),
    )


def repro_name(clause: str, backend: str, taken: set[str]) -> str:
    """A file name for a repro script that every system takes, and that is not in `taken`, to which it is added."""
    stem = f"{clause}-{re.sub(r'[^A-Za-z0-9_.-]+', '-', backend)[:100]}"
    name, number = stem, 1
    while name.lower() in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(name.lower())
    return f"{name}.py"


def _backend(catalogue: Catalogue, found: Found, verdict: BackendVerdict, taken: set[str]) -> BackendReport:
    return BackendReport(
        name=found.name,
        factory=found.factory,
        verdict=verdict.judgement,
        reason=verdict.reason,
        capabilities=tuple(sorted(found.capabilities)),
        missing_operations=verdict.missing,
        facts=found.facts,
        levels=tuple(
            LevelReport(level=level.level, verdict=level.judgement, reason=level.reason, clauses=level.counts)
            for level in verdict.levels
        ),
        clauses=tuple(_clause(catalogue, found.name, standing, taken) for standing in verdict.standings),
        isolation=tuple(
            _anomaly(catalogue, found, standing)
            for standing in verdict.standings
            if catalogue[standing.clause].family == ANOMALIES
        ),
    )


def _clause(catalogue: Catalogue, backend: str, standing: Standing, taken: set[str]) -> ClauseReport:
    clause, result = catalogue[standing.clause], standing.result
    return ClauseReport(
        clause=clause.id,
        level=clause.level,
        sentences=clause.sentences,
        requirement=clause.requirement,
        state=standing.state,
        reason=standing.reason,
        seconds=round(result.seconds, 3) if result else 0.0,
        failure=result.failure if result else None,
        repro=f"repro/{repro_name(clause.id, backend, taken)}" if result and result.repro else None,
        measured=result.measured if result else {},
    )


def _anomaly(catalogue: Catalogue, found: Found, standing: Standing) -> Anomaly:
    clause = catalogue[standing.clause]
    return Anomaly(
        anomaly=clause.id.removeprefix("no-").replace("-", " "),
        clause=clause.id,
        claimed=NOT_CLAIMED if clause.not_claimed(found.capabilities) else NEVER,
        measured=standing.result.measured if standing.result else {},
        state=standing.state,
        reason=standing.reason,
    )
