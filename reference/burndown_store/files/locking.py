"""One holder at a time, among all threads and processes of the machine.

The lock is the operating system's, on a file that exists for nothing else and stays: it ends with the process that
holds it, however that ends. It is tied to the open file, not to the process, so it also keeps two threads apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from burndown_store.contract import BusyError

__all__ = ["exclusive"]

# No system offers to wait for a limited time, so the lock is asked for again and again.
_PAUSE: Final = 0.002


@contextmanager
def exclusive(path: Path, timeout: float) -> Iterator[None]:
    """Hold the lock of the file at `path`, created where missing.

    Raises `BusyError` after `timeout` seconds, `OSError` where the file cannot be made.
    """
    lock = FileLock(path, timeout=timeout, poll_interval=_PAUSE, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise BusyError(f"{path}: another has held the lock for more than {timeout} seconds; try again") from None
    try:
        yield
    finally:
        lock.release()
