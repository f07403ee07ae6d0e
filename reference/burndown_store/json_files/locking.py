"""One writer at a time, among all threads and processes that have the store open.

The lock is the operating system's, on a file that exists for nothing else: it ends with the process that holds it,
however that ends. It is tied to the open file, not to the process, so that it also keeps two threads apart, each
of which opens the file for itself.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from burndown_store.contract import BusyError

__all__ = ["exclusive"]

# Neither system offers to wait for a limited time, so the lock is asked for again and again.
_PAUSE = 0.002

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def _release(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(descriptor: int) -> bool:
        try:
            # Not `lockf`: that lock belongs to the process, and two handles within it would not exclude each other.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _release(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def exclusive(path: Path, timeout: float) -> Iterator[None]:
    """Hold the lock of the file at `path`, created where missing. Raises `BusyError` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        while not _take(descriptor):
            if time.monotonic() >= deadline:
                raise BusyError(f"another writer held the store for more than {timeout} seconds; try again")
            time.sleep(_PAUSE)
        try:
            yield
        finally:
            _release(descriptor)
    finally:
        os.close(descriptor)
