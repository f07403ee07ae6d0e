"""One run: preflight, the judging process, verdict, report. This process never imports a backend."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from burndown_spec.clauses import CATALOGUE
from burndown_spec.evidence import evidence_of
from burndown_spec.failure_text import clipped
from burndown_spec.faults import Disk, unavailable
from burndown_spec.faults.windows_rules import OBEYED
from burndown_spec.judging_process import Course, judge_in_process
from burndown_spec.plan import Plan, PlannedBackend
from burndown_spec.preflight import Found, examine
from burndown_spec.report import (
    Document,
    document_of,
    prepare_folder,
    say,
    show,
    suite_version,
    write_report,
    write_repro_scripts,
)
from burndown_spec.report.words import facts_of
from burndown_spec.selection import chosen_clauses, requirements
from burndown_spec.verdict import BackendVerdict, Judgement, Required, judge_backend
from burndown_store.contract import CONTRACT_VERSION

__all__ = ["INTERRUPTED", "THOROUGH_TIMEOUT", "TIMEOUT", "USAGE", "Options", "RefusedError", "run"]

USAGE, INTERRUPTED = 4, 6
TIMEOUT, THOROUGH_TIMEOUT = 120.0, 3600.0
EXIT_CODES = {Judgement.CONFORMS: 0, Judgement.CONFORMS_HERE: 0, Judgement.FAILS: 1, Judgement.NO_VERDICT: 6}


class RefusedError(Exception):
    """The run cannot begin; the message is one sentence for the person who asked for it."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command was asked for.

    `thorough` tries all that a clause would take a sample of; with `windows_rules` all files lie on a disk that has
    the rules of Windows.
    """

    backends: tuple[str, ...]
    report: Path | None = None
    require: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    seed: int = 0
    timeout: float = TIMEOUT
    thorough: bool = False
    windows_rules: bool = False
    pytest_options: tuple[str, ...] = ()


def run(options: Options) -> int:
    """Judge the backends, tell the result, and return the exit code.

    Raises `RefusedError`, `NoSuchNameError` or `NoBackendError` before anything is judged.
    """
    chosen = chosen_clauses(CATALOGUE, options.clauses)
    required = requirements(options.require)
    started_at, started = datetime.now(UTC), time.perf_counter()
    # Opening a store is no sample of anything.
    patience = TIMEOUT if options.thorough else options.timeout
    if options.windows_rules and (why := unavailable()):
        raise RefusedError(f"--windows-rules: {why}")
    with _own_folder() as folder, _windows_disk(folder, wanted=options.windows_rules) as windows_disk:
        environment = _environment(folder, windows_disk)
        found = [
            examine(name, timeout=patience, folder=folder, environment=environment)
            for name in dict.fromkeys(options.backends)
        ]
        created = _prepared(options.report) if options.report else False
        plan = Plan(
            backends=tuple(PlannedBackend(name=each.name, claims=each.capabilities) for each in found),
            clauses=chosen,
            seed=options.seed,
            timeout=options.timeout,
            thorough=options.thorough,
            windows_disk=windows_disk,
            ledger=str(folder / "ledger.jsonl"),
            stacks=str(folder / "stacks"),
        )
        say(_heading(plan, found))
        course = judge_in_process(plan, folder, pytest_options=options.pytest_options, environment=environment)
    if course.refused:
        if options.report and created:
            with suppress(OSError):
                options.report.rmdir()
        return USAGE
    judged = [
        (each, _verdict(each, backend, plan, course, required))
        for each, backend in zip(found, plan.backends, strict=True)
    ]
    document = document_of(
        CATALOGUE,
        judged,
        started_at=started_at,
        seconds=time.perf_counter() - started,
        seed=options.seed,
        timeout=options.timeout,
        thorough=options.thorough,
        required=options.require,
        notes=_notes(course, windows_rules=options.windows_rules),
    )
    return _told(document, [verdict for _, verdict in judged], options.report)


@contextmanager
def _own_folder() -> Iterator[Path]:
    """A folder for all that this run and its processes write, which is gone afterwards."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="burndown-spec-run-")).resolve()
    except OSError as error:
        raise RefusedError(f"no temporary folder can be made: {error}") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _windows_disk(folder: Path, *, wanted: bool) -> Iterator[str]:
    """A folder on a disk that has the rules of Windows, where one is wanted, or else ""."""
    if not wanted:
        yield ""
        return
    (folder / "windows").mkdir()
    with Disk(folder / "windows") as disk:
        disk.add("burndown_spec.faults.windows_rules:WindowsRules")
        yield str(disk.path)


def _environment(folder: Path, windows_disk: str) -> dict[str, str]:
    """The environment of the processes: what they leave behind, even when they are killed, lies in `folder`."""
    temporary = folder / "tmp"
    temporary.mkdir()
    own = {name: str(temporary) for name in ("TMPDIR", "TEMP", "TMP")}
    rules = {OBEYED: "1"} if windows_disk else {}
    return {"HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"), **os.environ, **own, **rules}


def _prepared(report: Path) -> bool:
    """Make the folder of the report ready; whether it was not there before."""
    existed = report.exists()
    try:
        prepare_folder(report)
    except OSError as error:
        raise RefusedError(f"--report {report}: it cannot be written: {error.strerror or error}") from None
    return not existed


def _heading(plan: Plan, found: Sequence[Found]) -> list[str]:
    suite = f"burndown-spec {suite_version()}, contract version {CONTRACT_VERSION}"
    lines = [f"{suite}: {len(plan.clauses)} of {len(CATALOGUE)} clauses, seed {plan.seed}"]
    return [*lines, *(f"{each.name} {facts_of(each)}" for each in found)]


def _verdict(found: Found, backend: PlannedBackend, plan: Plan, course: Course, required: Required) -> BackendVerdict:
    evidence = evidence_of(
        backend,
        catalogue=CATALOGUE,
        plan=plan,
        entries=course.entries,
        missing=found.missing,
        problems=course.problems,
    )
    return judge_backend(CATALOGUE, evidence, required)


def _notes(course: Course, *, windows_rules: bool) -> list[str]:
    notes = (
        ["Judged on a disk with the rules of Windows: what fails may hold without --windows-rules."]
        if windows_rules
        else []
    )
    if not course.stacks:
        return notes
    ended = "A process was ended, because a clause held the interpreter far beyond --timeout. Its threads were here:"
    return [*notes, f"{ended}\n{clipped(course.stacks)}"]


def _told(document: Document, verdicts: Sequence[BackendVerdict], report: Path | None) -> int:
    """Write and print the report; the exit code."""
    scripts = {
        (standing.clause, verdict.backend): standing.result.repro
        for verdict in verdicts
        for standing in verdict.standings
        if standing.result and standing.result.repro
    }
    folder, trouble = report, ""
    try:
        if scripts and folder is None:
            folder = Path(tempfile.mkdtemp(prefix="burndown-spec-repro-"))
        if folder:
            write_repro_scripts(document, scripts, folder)
        if report:
            write_report(document, report)
    except OSError as error:
        trouble = f"burndown-spec: the report cannot be written: {error}"
    show(document, folder)
    if report and not trouble:
        say([f"The report is in {report}"])
    if trouble:
        print(trouble, file=sys.stderr)
    code = EXIT_CODES[document.verdict]
    return code or (EXIT_CODES[Judgement.NO_VERDICT] if trouble else 0)
