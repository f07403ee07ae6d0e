"""The handle: all families of operations on one file."""

from __future__ import annotations

import math
import os
from typing import ClassVar, Final

from burndown_store.contract import Capability, ValidationError
from burndown_store.sqlite.connections import Connections, Durability
from burndown_store.sqlite.figures import FigureOperations
from burndown_store.sqlite.histories import HistoryOperations
from burndown_store.sqlite.issues import IssueOperations
from burndown_store.sqlite.location import StoreFile
from burndown_store.sqlite.maintenance import MaintenanceOperations
from burndown_store.sqlite.profiles import ProfileOperations
from burndown_store.sqlite.schema import SCHEMA_VERSION
from burndown_store.sqlite.state import StateOperations

__all__ = ["SqliteBackend", "open_backend", "open_backend_normal"]

# About eleven days; SQLite counts milliseconds in 32 bits.
_LONGEST_TIMEOUT: Final = 1_000_000.0
# The suite asks for this: the module that writes stores of other versions. Nothing here imports it.
old_stores: Final = "burndown_fixtures.stores"
_ALWAYS: Final = frozenset(Capability) - {Capability.POWER_SAFE}


class SqliteBackend(
    ProfileOperations,
    StateOperations,
    IssueOperations,
    HistoryOperations,
    FigureOperations,
    MaintenanceOperations,
):
    """A store in the file `profiles/burndown.db` under `location`, on plain `sqlite3`."""

    old_stores: ClassVar[str] = old_stores

    def __init__(
        self, location: str | os.PathLike[str], *, timeout: float = 5.0, durability: Durability = "full"
    ) -> None:
        """Open the store and create what is missing.

        With durability "full" every commit waits for the medium and survives a power cut; with "normal" the last
        ones may be lost to one, and nothing is ever damaged. `timeout` is in seconds.

        Raises `ValidationError` for arguments that break a rule, `StorageError` where the location cannot be used,
        `CorruptionError` for a file that is no store, `SchemaVersionError` for a newer one, `BusyError` when another
        opener takes longer than `timeout`.
        """
        if durability not in ("full", "normal"):
            raise ValidationError('durability: expected "full" or "normal"')
        seconds = _seconds(timeout)
        self._file = StoreFile(location)
        self._durability = durability
        self._connections = Connections(self._file, seconds, durability)

    def __repr__(self) -> str:
        return f"SqliteBackend({self._file.path!r})"

    @property
    def capabilities(self) -> frozenset[Capability]:
        return _ALWAYS | {Capability.POWER_SAFE} if self._durability == "full" else _ALWAYS

    @property
    def schema_version(self) -> int:
        return SCHEMA_VERSION


def open_backend(location: str | os.PathLike[str], *, timeout: float = 5.0) -> SqliteBackend:
    """The store at `location`, safe against power cuts."""
    return SqliteBackend(location, timeout=timeout)


def open_backend_normal(location: str | os.PathLike[str], *, timeout: float = 5.0) -> SqliteBackend:
    """The store at `location`, faster at small writes; the last of them may be lost to a power cut."""
    return SqliteBackend(location, timeout=timeout, durability="normal")


def _seconds(timeout: object) -> float:
    if type(timeout) is not float and type(timeout) is not int:
        raise ValidationError(f"timeout: expected seconds as float or int, got {type(timeout).__name__}")
    if not 0 <= timeout < math.inf:
        raise ValidationError("timeout: expected a finite number of seconds, 0 or more")
    return min(timeout, _LONGEST_TIMEOUT)
