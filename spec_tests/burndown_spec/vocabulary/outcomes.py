"""What came of a call: its result, the error it raised, or that it did not end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

__all__ = [
    "DidNotEndError",
    "Raised",
    "attempt",
    "within",
]


class Raised:
    """The outcome of a call that raised."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


def attempt(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What `call` returns, or the error that it raises as a value."""
    try:
        return call(*args, **kwargs)
    except BaseException as error:
        return Raised(error)


class DidNotEndError(Exception):
    """A call was given up."""


def within(seconds: float, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What `call` gives, in a thread of its own; raises `DidNotEndError` when that takes longer."""
    outcomes: list[Any] = []
    thread = threading.Thread(target=lambda: outcomes.append(attempt(call, *args, **kwargs)), daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcomes:
        raise DidNotEndError("did not end")
    if isinstance(outcomes[0], Raised):
        raise outcomes[0].error
    return outcomes[0]
