"""The only errors that may escape from storage.

Each message says what is wrong, where, and what to do; none quotes a stored value. Most errors are also a
builtin error, so that code which knows nothing of this library can still catch them.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "BusyError",
    "ClosedError",
    "CorruptionError",
    "MigrationError",
    "NotFoundError",
    "PersistenceError",
    "ProfileNotFoundError",
    "QueryNotFoundError",
    "SchemaVersionError",
    "StorageError",
    "StorageLostError",
    "UnsupportedError",
    "UsageError",
    "ValidationError",
]


class PersistenceError(Exception):
    """The base of every error of the contract."""


class ValidationError(PersistenceError, ValueError):
    """An argument or a record breaks the contract's rules; nothing was read or written."""


class NotFoundError(PersistenceError, LookupError):
    """What the call writes below, or deletes, is not there; nothing was written."""


class ProfileNotFoundError(NotFoundError):
    """The profile named by the call is not there."""


class QueryNotFoundError(NotFoundError):
    """The query named by the call is not in its profile."""


class UsageError(PersistenceError, RuntimeError):
    """The call is not allowed here: a write inside a snapshot, `close()` inside one's own transaction."""


class UnsupportedError(PersistenceError):
    """A capability was asked for that the backend does not claim."""


class BusyError(PersistenceError):
    """Another writer held the store for longer than `timeout`, or won a conflict. Nothing was written: try again."""


class StorageError(PersistenceError, OSError):
    """The medium refused: disk full, no permission, an input/output error."""


class CorruptionError(StorageError):
    """What is stored cannot be understood; nothing was changed."""


class StorageLostError(StorageError):
    """The store was deleted or replaced while it was open."""


class SchemaVersionError(PersistenceError):
    """The store was written by a newer version of its software; it was left untouched."""


class ClosedError(PersistenceError):
    """The handle was closed before the call, or while its transaction was open."""


class MigrationError(PersistenceError):
    """A migration could not be done; `problems` lists every reason found, in the order found."""

    def __init__(self, message: str, problems: Iterable[str] = ()) -> None:
        self.problems: tuple[str, ...] = tuple(problems)
        super().__init__("\n  - ".join((message, *self.problems)))
