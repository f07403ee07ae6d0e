"""A backup of a store that may be in use."""

from __future__ import annotations

import os
from pathlib import Path

from burndown_store.sqlite.backend import open_backend
from burndown_store.sqlite.backups import back_up

__all__ = ["back_up_store"]


def back_up_store(location: str | os.PathLike[str], *, timeout: float = 5.0) -> Path:
    """A verified copy of the store at `location`, in its folder `backups`; where it lies.

    Others may read and write meanwhile: the copy is of one moment. `timeout` is in seconds. Raises what opening the
    store raises, `BusyError` where another makes a backup for longer, `StorageError` where it cannot be written.
    Creates a store where there is none: look with `exists` before.
    """
    with open_backend(location, timeout=timeout) as backend, backend.snapshot():
        return back_up(backend._session._connection, location, timeout=timeout)
