"""A random search for a value that something does not hold for, and the smallest such value that comes up."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis import strategies as st

from burndown_spec.oracle.machine import SearchError

__all__ = ["smallest_against"]

T = TypeVar("T")


def smallest_against(
    values: st.SearchStrategy[T],
    holds: Callable[[T], bool],
    *,
    seed: int,
    examples: int,
    seconds: float,
    size: Callable[[T], int],
) -> list[T]:
    """The value, of the smallest `size` that came up, for which `holds` was false; an empty list when there was none.

    The same `seed` draws the same values. After `seconds` no new one is drawn, and none made smaller. Nothing is
    printed, and nothing written to disk. `holds` must not raise. Raises `SearchError` when the search breaks down.
    """
    until, against = time.monotonic() + seconds, list[T]()

    def tried(value: T) -> None:
        if time.monotonic() < until and not holds(value):
            if not against or size(value) < size(against[0]):
                against[:] = [value]
            raise AssertionError

    try:
        # It stands on inner parts of hypothesis, which may move: then there is no search, and nothing else is lost.
        from burndown_spec.oracle.drawing import drawing_from

        settings = hypothesis.settings(
            backend=drawing_from(seed),
            max_examples=examples,
            phases=(Phase.generate, Phase.shrink),
            deadline=None,
            database=None,
            print_blob=False,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
        )
        search: Any = settings(hypothesis.given(values)(tried))
        search()
    except Exception as error:
        if not against:
            raise SearchError(f"hypothesis {hypothesis.__version__} could not draw: {error}") from error
    return against
