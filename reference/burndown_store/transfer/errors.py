"""What keeps a workspace from leaving a store, or from entering one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from burndown_store.contract import PersistenceError, StorageError

__all__ = ["ConflictError", "ExportRefusedError", "ImportRefusedError", "medium"]


class ExportRefusedError(PersistenceError, ValueError):
    """There is no room for the export where it was asked for, or it cannot be made without a secret in it."""


class ImportRefusedError(PersistenceError, ValueError):
    """What was to be imported is not what it says, or is not safe to read; nothing was written."""


class ConflictError(PersistenceError):
    """What is imported is there already; nothing was written."""


@contextmanager
def medium(place: Path) -> Iterator[None]:
    """Around all that touches files: what the system refuses is a `StorageError` that says where and what to do."""
    try:
        yield
    except PersistenceError:
        raise
    except OSError as error:
        raise StorageError(
            f"{error.filename or place}: {error.strerror or type(error).__name__};"
            " see to the medium, its space and its permissions, and start again"
        ) from None
