"""The levels by which a backend is judged, each by itself (contract, Capabilities and levels)."""

from __future__ import annotations

from enum import StrEnum

from burndown_store.contract import Capability

__all__ = ["Level"]


class Level(StrEnum):
    """A group of clauses with one verdict; `about` are the capabilities that its clauses need, one or several each."""

    about: frozenset[Capability]

    def __new__(cls, value: str, *about: Capability) -> Level:
        member = str.__new__(cls, value)
        member._value_ = value
        member.about = frozenset(about)
        return member

    CORE = ("core",)
    TRANSACTIONAL = (
        "transactional",
        Capability.ATOMIC,
        Capability.TRANSACTIONS,
        Capability.SAVEPOINTS,
        Capability.SNAPSHOTS,
    )
    CONCURRENT = "concurrent", Capability.SHARED, Capability.TRANSACTIONS
    DURABLE = "durable", Capability.ATOMIC, Capability.DURABLE
    POWER_SAFE = "power-safe", Capability.POWER_SAFE
    MAINTAINED = "maintained", Capability.FILE, Capability.VERSIONED
    MIGRATABLE = "migratable", Capability.TRANSACTIONS, Capability.DURABLE
    FAST = ("fast",)
