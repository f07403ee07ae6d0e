"""Transactions and snapshots taken apart: opened in one line, left in another, in whatever thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from burndown_spec.vocabulary.outcomes import Raised, attempt

__all__ = ["Worker", "begin", "finish", "given_by", "passes", "raise_in"]


def begin(opening: Callable[[], AbstractContextManager[Any]]) -> AbstractContextManager[Any]:
    """Enter what `opening`, such as `backend.transaction`, gives, as `with` does."""
    block = opening()
    block.__enter__()
    return block


def finish(block: Any) -> None:
    """Leave the block as a body does that comes to its end; one that was not entered raises why."""
    if isinstance(block, Raised):
        raise block.error
    block.__exit__(None, None, None)


def raise_in(block: Any, error: BaseException) -> None:
    """Leave the block as a body does that raises `error`, which is raised here too unless the block swallows it."""
    if isinstance(block, Raised):
        raise block.error
    try:
        raise error
    except BaseException as raised:
        if not block.__exit__(type(raised), raised, raised.__traceback__):
            raise


def passes(block: Any, error: BaseException) -> bool:
    """Whether `error`, raised in the body, leaves the block as the same object."""
    outcome = attempt(raise_in, block, error)
    return isinstance(outcome, Raised) and outcome.error is error


def given_by(backend: Any, opening: Callable[[], AbstractContextManager[Any]]) -> bool:
    """Whether `with opening() as given:` gives the backend itself."""
    with opening() as given:
        return given is backend


class Worker:
    """A thread that makes the calls that it is given, one after another."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """What the call gives in the worker's thread."""
        self.start(function, *args, **kwargs)
        return self.outcome()

    def start(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Let the worker begin the call; `outcome` waits for its end."""
        self._calls.put((function, args, kwargs))

    def outcome(self) -> Any:
        """What the oldest call gave that was started and not yet asked for."""
        outcome = self._outcomes.get()
        if isinstance(outcome, Raised):
            raise outcome.error
        return outcome

    def end(self) -> None:
        """Let the thread end after the calls that it has."""
        self._calls.put(None)

    def _work(self) -> None:
        while (given := self._calls.get()) is not None:
            function, args, kwargs = given
            self._outcomes.put(attempt(function, *args, **kwargs))
