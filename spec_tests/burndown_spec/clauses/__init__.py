"""All clauses, family by family, in the order of the contract."""

from __future__ import annotations

from importlib.resources import files

from burndown_spec.clauses import (
    absence,
    among_processes,
    anomalies,
    atomicity,
    batches,
    claims,
    closing,
    copies,
    damage,
    errors,
    exact_types,
    expiry,
    failing_media,
    filters,
    handles,
    histories,
    identifiers,
    instants,
    isolation,
    json_rules,
    killed,
    many_callers,
    migration_checks,
    migration_contents,
    migration_damages,
    migration_figures,
    migration_safety,
    migration_shapes,
    orders,
    power_cuts,
    recovery,
    refusals,
    round_trips,
    savepoints,
    secrecy,
    sizes,
    snapshots,
    transactions,
    upgrades,
    waiting,
    whole_store,
)
from burndown_spec.registry import Catalogue

__all__ = ["CATALOGUE", "FAMILIES", "FROZEN"]

FAMILIES = (
    round_trips,
    copies,
    instants,
    identifiers,
    json_rules,
    exact_types,
    refusals,
    errors,
    absence,
    orders,
    isolation,
    secrecy,
    handles,
    batches,
    filters,
    expiry,
    sizes,
    whole_store,
    claims,
    transactions,
    savepoints,
    snapshots,
    waiting,
    closing,
    atomicity,
    anomalies,
    among_processes,
    many_callers,
    histories,
    killed,
    power_cuts,
    failing_media,
    damage,
    recovery,
    upgrades,
    migration_contents,
    migration_figures,
    migration_checks,
    migration_safety,
    migration_damages,
    migration_shapes,
)

CATALOGUE = Catalogue.of(FAMILIES)

# The ids that each contract version froze: a clause may be added for a later version, none may go or change its name.
FROZEN: dict[int, tuple[str, ...]] = {
    1: tuple(files(__package__).joinpath("version_1.txt").read_text(encoding="utf-8").split()),
}
