"""Simulated databases before the checkers: each shows its anomaly and none that it does not have."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

import faulty_databases as faulty
import workloads_of_checkers as workloads
from burndown_spec.checkers import (
    Operation,
    Verdict,
    check_appends,
    check_batches,
    check_registers,
    check_snapshots,
    check_sums,
    check_updates,
    overlap,
)
from burndown_spec.checkers.registers import states_searched
from simulated_databases import Database, Workload, simulate


def _check_calls(history: Sequence[Operation]) -> Verdict:
    return check_registers(workloads.as_calls(history))


LOADS: dict[str, tuple[Workload, Callable[[Sequence[Operation]], Verdict]]] = {
    "appends": (workloads.appends, check_appends),
    "batches": (workloads.batches, check_batches),
    "registers": (workloads.registers, _check_calls),
    "snapshots": (workloads.snapshots, check_snapshots),
    "sums": (workloads.sums, check_sums),
    "updates": (workloads.updates, check_updates),
}
SEEDS = range(4)

STALE = {"stale read (G-single-process)", "stale read (G-single-realtime)"}
SKEW = {"write skew (G2)", "write skew (G2-process)", "write skew (G2-realtime)"}
FUTURE = {
    "circular information flow (G1c)",
    "circular information flow (G1c-process)",
    "circular information flow (G1c-realtime)",
}
LOST = {"dirty write (G0)", "lost append (G0-process)", "lost append (G0-realtime)"}
UNREPEATABLE = {"read skew (G-single)", "lost update"} | SKEW | STALE | FUTURE

# What each database is sure to show to the checker of a load, and what it may show besides.
FAULTS: list[tuple[type[Database], str, set[str], set[str]]] = [
    (faulty.SnapshotIsolation, "appends", {"write skew (G2)"}, SKEW),
    (faulty.SnapshotIsolation, "updates", {"write skew (G2)"}, SKEW),
    (faulty.ReadCommitted, "appends", {"lost update", "internal inconsistency"}, UNREPEATABLE),
    (faulty.ReadCommitted, "updates", {"lost update", "read skew (G-single)"}, UNREPEATABLE),
    (faulty.ReadCommitted, "sums", {"wrong sum"}, set()),
    (faulty.ReadCommitted, "batches", {"torn batch"}, set()),
    (
        faulty.ReadUncommitted,
        "appends",
        {"aborted read (G1a)", "intermediate read (G1b)", "circular information flow (G1c)"},
        UNREPEATABLE | {"internal inconsistency"},
    ),
    (faulty.ReadUncommitted, "updates", {"aborted read (G1a)"}, UNREPEATABLE),
    (faulty.ReadUncommitted, "sums", {"wrong sum"}, set()),
    (
        faulty.DirtyWrites,
        "appends",
        {"dirty write (G0)"},
        UNREPEATABLE | {"intermediate read (G1b)", "internal inconsistency"},
    ),
    (faulty.LostUpdates, "updates", {"lost update"}, set()),
    (faulty.LostUpdates, "appends", {"lost update", "incompatible order"}, UNREPEATABLE | LOST),
    (faulty.LostUpdates, "sums", {"wrong sum"}, set()),
    (faulty.StaleReplica, "appends", STALE, SKEW),
    (faulty.StaleReplica, "snapshots", STALE, SKEW),
    (faulty.StaleReplica, "registers", {"stale read"}, {"not linearizable"}),
    (faulty.LateSnapshots, "snapshots", {"circular information flow (G1c-realtime)"}, STALE),
    (faulty.MovingSnapshots, "snapshots", {"moving snapshot"}, UNREPEATABLE),
    (faulty.MovingSnapshots, "appends", {"internal inconsistency"}, UNREPEATABLE),
    (faulty.TornCommits, "batches", {"torn batch"}, set()),
    (faulty.TornCommits, "sums", {"wrong sum"}, set()),
    (faulty.TornCommits, "snapshots", {"read skew (G-single)"}, set()),
    (faulty.KeptThoughRefused, "appends", {"aborted read (G1a)"}, set()),
    (faulty.KeptThoughRefused, "updates", {"aborted read (G1a)"}, set()),
    (faulty.KeptThoughRefused, "batches", {"aborted read (G1a)"}, set()),
    (faulty.KeptThoughRefused, "snapshots", {"aborted read (G1a)"}, set()),
    (faulty.KeptThoughRefused, "registers", {"aborted read (G1a)"}, {"not linearizable", "stale read"}),
    (faulty.AppliedTwice, "appends", {"duplicate append"}, set()),
    (
        faulty.ForgottenCommits,
        "appends",
        {"read skew (G-single)"},
        UNREPEATABLE | LOST,
    ),
    (faulty.ForgottenCommits, "updates", {"lost update"}, UNREPEATABLE),
    (faulty.ForgottenCommits, "registers", {"stale read"}, {"not linearizable"}),
    (faulty.ForgottenOwnWrites, "appends", {"internal inconsistency"}, set()),
    (faulty.ReorderedLists, "appends", {"incompatible order"}, {"internal inconsistency"}),
    (faulty.InventedValues, "appends", {"garbage read"}, {"internal inconsistency"}),
    (faulty.InventedValues, "updates", {"garbage read"}, set()),
    (faulty.InventedValues, "batches", {"garbage read"}, set()),
    (faulty.InventedValues, "registers", {"garbage read"}, set()),
]
# What a fault does not touch stays sound: the checkers find what is there, not that something is.
HARMLESS = [
    (faulty.SnapshotIsolation, "sums"),
    (faulty.SnapshotIsolation, "batches"),
    (faulty.SnapshotIsolation, "snapshots"),
    (faulty.SnapshotIsolation, "registers"),
    (faulty.ReadCommitted, "registers"),
    (faulty.LostUpdates, "batches"),
    (faulty.LostUpdates, "snapshots"),
    (faulty.StaleReplica, "updates"),
    (faulty.TornCommits, "registers"),
    (faulty.AppliedTwice, "snapshots"),
    (faulty.ForgottenCommits, "batches"),
]


@pytest.mark.parametrize(("database", "load", "certain", "possible"), FAULTS)
def test_a_faulty_database_shows_its_anomaly_and_no_other(
    database: type[Database], load: str, certain: set[str], possible: set[str]
) -> None:
    workload, check = LOADS[load]
    verdicts = [check(simulate(database, workload, seed)) for seed in SEEDS]
    found = {each.name for verdict in verdicts for each in verdict.anomalies}

    assert certain <= found <= certain | possible


@pytest.mark.parametrize(("database", "load"), HARMLESS)
def test_what_a_fault_does_not_touch_is_sound(database: type[Database], load: str) -> None:
    workload, check = LOADS[load]

    assert [check(simulate(database, workload, seed)) for seed in SEEDS] == [Verdict()] * len(SEEDS)


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("unknown", [0.0, 0.05])
def test_a_serializable_database_is_sound_whatever_the_schedule(load: str, unknown: float) -> None:
    workload, check = LOADS[load]

    for seed in range(25):
        history = simulate(Database, workload, seed, clients=2 + seed % 7, operations=120, unknown=unknown)
        assert check(history) == Verdict(), f"seed {seed}"


@pytest.mark.parametrize("load", LOADS)
def test_twenty_thousand_operations_of_eight_processes_are_decided(load: str) -> None:
    workload, check = LOADS[load]
    history = simulate(Database, workload, 1, clients=8, operations=20_000, unknown=0.002)

    assert len(history) == 20_000
    assert overlap(history) > 0.9
    assert check(history) == Verdict()
    if load == "registers":
        assert states_searched(workloads.as_calls(history)) < 100_000
