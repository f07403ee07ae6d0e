"""The store's file written anew, as small as it can be."""

from __future__ import annotations

import os
from dataclasses import dataclass

from burndown_store.contract import BusyError
from burndown_store.sqlite.backend import open_backend

__all__ = ["Compacted", "compact"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """What the store occupied in bytes, with all that SQLite keeps beside the file."""

    bytes_before: int
    bytes_after: int


def compact(location: str | os.PathLike[str], *, timeout: float = 5.0) -> Compacted:
    """Rewrite the file of the store at `location` without free space, in one step: killed, it is as before.

    Takes as much space again while it runs, there and in the folder for temporary files. Nobody else may have a
    transaction or a snapshot open: after `timeout` seconds raises `BusyError`, and what is stored is unchanged. Raises
    what opening the store raises, and creates one where there is none: look with `exists` before.
    """
    with open_backend(location, timeout=timeout) as backend:
        session, file = backend._session, backend._file

        def empty_the_log() -> None:
            # It cannot be emptied while anybody still reads from it or writes to it.
            if session.first("PRAGMA wal_checkpoint(TRUNCATE)", (), _is_busy):
                raise BusyError(f"{file.path}: another reads or writes; close what uses the store, and try again")

        before = backend.size_bytes()
        empty_the_log()
        session.execute("VACUUM")
        empty_the_log()
        return Compacted(bytes_before=before, bytes_after=backend.size_bytes())


def _is_busy(busy: int, _log: int, _moved: int) -> bool:
    return busy != 0
