"""What a backend may promise beyond the core, each promise a named value with its meaning."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Capability"]


class Capability(StrEnum):
    """A promise that a backend may claim in `Backend.capabilities`; each equals its name in lower case."""

    promise: str

    def __new__(cls, value: str, promise: str = "") -> Capability:
        member = str.__new__(cls, value)
        member._value_ = value
        member.promise = promise
        return member

    ATOMIC = "atomic", "Every call is seen whole or not at all, by every other reader and after a kill."
    TRANSACTIONS = "transactions", "`transaction()` makes all of its writes appear at its end, or none."
    SAVEPOINTS = "savepoints", "A nested `transaction()` that raises undoes its own part and nothing else."
    SNAPSHOTS = "snapshots", "Inside `snapshot()` every read sees the moment of entry."
    SHARED = "shared", "Several processes may open one location at once."
    DURABLE = "durable", "Acknowledged writes survive closing and a killed process."
    POWER_SAFE = "power_safe", "Acknowledged writes survive a power cut."
    FILE = "file", "The location is one directory that can be copied while closed, moved, damaged, deleted."
    VERSIONED = "versioned", "Older stores are upgraded at opening, newer ones are refused untouched."
