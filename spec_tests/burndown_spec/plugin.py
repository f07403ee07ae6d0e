"""The pytest shell around the judge: one item for each clause and backend, and the ledger of what came of them.

It is loaded by name into the judging process alone (`-p burndown_spec.plugin`), so pytest runs of people who merely
have this package installed know nothing of it. The result of an item travels in its `user_properties`, which is what
reaches the controller of pytest-xdist.
"""

from __future__ import annotations

import faulthandler
import os
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

import burndown_spec.clauses
from burndown_spec.clauses import CATALOGUE
from burndown_spec.failure_text import failure_text, ways_to_reproduce
from burndown_spec.faults.windows_rules import obey
from burndown_spec.judging import judge
from burndown_spec.ledger import Chosen, Ended, Judged, Ledger, Lost, Started, Uncollected, dumps, loads
from burndown_spec.oracle import register_profiles
from burndown_spec.plan import Plan, PlannedBackend, read_plan
from burndown_spec.registry import Clause
from burndown_spec.results import Outcome, Result
from burndown_spec.target import Target, find_target

__all__ = ["FOLDER"]

FOLDER = Path(burndown_spec.clauses.__file__).parent
RESULT = "burndown-spec-result"
BLOCKED = "burndown-spec-blocked"
EXIT_GRACE = 10.0


class PlanPlugin:
    """The plan of this process, and what it keeps while it judges."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    @cached_property
    def targets(self) -> tuple[tuple[PlannedBackend, Target], ...]:
        """The backends under test. Imports them, so it waits until items are collected."""
        return tuple((planned, find_target(planned.name)) for planned in self.plan.backends)

    @cached_property
    def stacks(self) -> int:
        """The file for the stacks of this process if it has to be ended; it stays open until then."""
        return os.open(Path(self.plan.stacks, f"{os.getpid()}.txt"), os.O_WRONLY | os.O_CREAT)

    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        return ClauseFolder.from_parent(parent, path=path) if path == FOLDER else None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        places = {clause.id: place for place, clause in enumerate(CATALOGUE.in_order_of_judging())}
        items.sort(key=lambda item: places[item.clause.id] if isinstance(item, ClauseItem) else len(places))

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        # A thread that a backend left behind must not keep the process from ending; pytest-xdist sees to its workers.
        if not hasattr(config, "workerinput"):
            faulthandler.dump_traceback_later(EXIT_GRACE, exit=True, file=os.open(os.devnull, os.O_WRONLY))


class ClauseFolder(pytest.Directory):
    """All families, in the order of the contract."""

    def collect(self) -> Iterable[pytest.Collector]:
        for path in dict.fromkeys(clause.path for clause in CATALOGUE):
            yield ClauseFile.from_parent(self, path=path)


class ClauseFile(pytest.File):
    """One family of clauses."""

    def collect(self) -> Iterable[pytest.Item]:
        shell = _shell(self.config)
        for clause in CATALOGUE:
            if clause.path == self.path and clause.id in shell.plan.clauses:
                for planned, target in shell.targets:
                    item: ClauseItem = ClauseItem.from_parent(self, name=f"{clause.id}[{planned.name}]")
                    item.clause, item.planned, item.target = clause, planned, target
                    yield item


class ClauseItem(pytest.Item):
    """One clause on one backend."""

    clause: Clause
    planned: PlannedBackend
    target: Target

    def runtest(self) -> None:
        shell = _shell(self.config)
        seed, timeout, thorough = shell.plan.seed, shell.plan.timeout, shell.plan.thorough
        # The judge gives up on a clause, and then on closing its store, where they let its own thread run.
        faulthandler.dump_traceback_later(2 * timeout + shell.plan.grace, exit=True, file=shell.stacks)
        try:
            claims = self.planned.claims
            place = shell.plan.windows_disk or None
            result = judge(
                self.clause, self.target, claims=claims, seed=seed, timeout=timeout, thorough=thorough, place=place
            )
        finally:
            faulthandler.cancel_dump_traceback_later()
        self.user_properties.append((RESULT, dumps(result)))
        if result.outcome in (Outcome.NOT_CLAIMED, Outcome.NOT_OFFERED, Outcome.UNAVAILABLE, Outcome.UNDECIDED):
            pytest.skip(f"{result.outcome}: {result.reason}")
        if result.outcome is not Outcome.HOLDS:
            again = ways_to_reproduce(self.clause.id, self.planned.name, seed, thorough=thorough)
            raise NotKeptError(failure_text(result, again))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value) if isinstance(excinfo.value, NotKeptError) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.clause.path, self.clause.line - 1, self.name


class NotKeptError(Exception):
    """A clause did not hold; the message tells all of it."""


class LedgerPlugin:
    """Writes the ledger, in the one process that hears of everything."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._choose(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        self._choose(ids)

    def _choose(self, ids: Iterable[str]) -> None:
        self._ledger.write(Chosen(pairs=tuple(pair for pair in map(_pair, ids) if pair)))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._ledger.write(Uncollected(how=_on_one_line(report.longrepr)))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        if pair := _pair(nodeid):
            self._ledger.write(Started(clause=pair[0], backend=pair[1]))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        results = [str(value) for name, value in report.user_properties if name == RESULT]
        # Every phase of an item repeats the properties, and JUnit would print them.
        report.user_properties = [entry for entry in report.user_properties if entry[0] != RESULT]
        pair = _pair(report.nodeid)
        if report.when == "call" and results:
            result: Result = loads(results[0], Result)
            self._ledger.write(Judged(result=result))
            if result.outcome is Outcome.BLOCKED:
                report.keywords = {**report.keywords, BLOCKED: 1}
        elif pair and not report.passed:
            self._ledger.write(Lost(clause=pair[0], backend=pair[1], how=_on_one_line(report.longrepr)))

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        return ("blocked", "b", "BLOCKED") if BLOCKED in report.keywords else None

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self._ledger.write(Ended(status=int(exitstatus)))

    def pytest_unconfigure(self) -> None:
        self._ledger.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("burndown-spec")
    group.addoption("--spec-run", metavar="FILE", required=True, help="the plan that burndown-spec run made")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    others = [arg for arg in config.args if Path(arg) != FOLDER]
    if others:
        raise pytest.UsageError(f"{others[0]}: clauses are chosen by --clause or by pytest's -k, not by path")
    plan = read_plan(Path(config.getoption("spec_run")))
    if plan.windows_disk:
        obey()
    register_profiles()
    config.pluginmanager.register(PlanPlugin(plan), "burndown-spec-plan")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(LedgerPlugin(Ledger(Path(plan.ledger))), "burndown-spec-ledger")


def _shell(config: pytest.Config) -> PlanPlugin:
    shell = config.pluginmanager.get_plugin("burndown-spec-plan")
    assert isinstance(shell, PlanPlugin)
    return shell


def _on_one_line(told: object) -> str:
    """The end of what pytest tells of an error, where the error itself stands."""
    return " ".join(str(told).split())[-300:]


def _pair(nodeid: str) -> tuple[str, str] | None:
    """Clause and backend of a node id, or None for that of something else."""
    match = re.search(r"::([a-z0-9-]+)\[(.*)\]$", nodeid, re.DOTALL)
    return (match[1], match[2]) if match else None
