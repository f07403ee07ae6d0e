"""Trying again what was refused because the store was busy."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from burndown_store.contract.errors import BusyError

__all__ = ["retry"]

T = TypeVar("T")


def _pause(attempt: int) -> None:
    # Random, so that two writers that collided do not collide again in step.
    time.sleep(random.uniform(0.0, min(0.5, 0.01 * 2**attempt)))


def retry(work: Callable[[], T], *, attempts: int = 8, pause: Callable[[int], None] = _pause) -> T:
    """What `work()` returns, called again after each `BusyError`, `attempts` times at most.

    A refused transaction wrote nothing, so `work` must hold all of it, from `with backend.transaction()` on. `pause`
    is called with 0, 1, 2 … between attempts; the default waits up to 0.01 s, doubling, never more than 0.5 s. The last
    `BusyError` is raised when every attempt was refused; any other error passes at once. Raises `ValueError` for
    fewer than one attempt.
    """
    if attempts < 1:
        raise ValueError("retry: attempts is 1 or more")
    for attempt in range(attempts - 1):
        try:
            return work()
        except BusyError:
            pause(attempt)
    return work()
