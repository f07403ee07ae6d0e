"""What callers do beside plain calls: feed, alter, use threads, leave a block."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Any

from burndown_spec.vocabulary.outcomes import Raised, attempt, within
from burndown_store.contract import Record, fields

__all__ = [
    "CallersDatabaseError",
    "CallersOwnError",
    "CallingFeed",
    "FailingZone",
    "Feed",
    "alter",
    "given_by_with",
    "in_many_threads",
    "in_thread",
    "leave_with",
    "together",
    "two_objects",
]


class CallersOwnError(Exception):
    """Something that the caller's own code raises."""


class CallersDatabaseError(sqlite3.OperationalError):
    """What a database of the caller's own raises, which is none of the backend's."""


class FailingZone(tzinfo):
    """A time zone of a caller's own class that raises when it is asked for its offset."""

    def utcoffset(self, _when: datetime | None) -> timedelta | None:
        raise CallersOwnError("raised by the time zone")

    def dst(self, _when: datetime | None) -> timedelta | None:
        return None

    def tzname(self, _when: datetime | None) -> str | None:
        return None

    def __repr__(self) -> str:
        return "FailingZone()"


class Feed:
    """The records given, one at a time and only once, as a generator gives them; then `then` is raised, if given."""

    def __init__(self, given: Iterable[Any], then: BaseException | None = None) -> None:
        self.given, self.then = list(given), then
        self._items: Iterator[Any] = iter(self.given)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            return next(self._items)
        except StopIteration:
            if self.then is not None:
                raise self.then from None
            raise


class CallingFeed(Feed):
    """A feed that makes a call before it gives each record, as a generator does that uses the store meanwhile."""

    def __init__(self, given: Iterable[Any], call: Callable[..., Any], *args: Any) -> None:
        super().__init__(given)
        self.call, self.args = call, args

    def __next__(self) -> Any:
        record = super().__next__()
        self.call(*self.args)
        return record


def alter(value: Any) -> None:
    """Change everything inside `value` that can be changed, as a careless caller would."""
    if isinstance(value, Record):
        for item in fields(value).values():
            alter(item)
    elif isinstance(value, dict):
        for item in list(value.values()):
            alter(item)
        value["altered"] = True
    elif isinstance(value, list):
        for item in value:
            alter(item)
        value.reverse()
        value.append("altered")


def in_thread(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What `call` gives in a thread of its own, which has ended by then."""
    return within(threading.TIMEOUT_MAX, call, *args, **kwargs)


def in_many_threads(count: int, call: Callable[..., Any], *args: Any) -> list[Any]:
    """What `call` gives in each of so many threads, of which none ends before all have called."""
    all_have_called = threading.Barrier(count)
    outcomes: list[Any] = []

    def run() -> None:
        outcomes.append(attempt(call, *args))
        all_have_called.wait()

    threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for outcome in outcomes:
        if isinstance(outcome, Raised):
            raise outcome.error
    return outcomes


def together(*calls: tuple[Any, ...]) -> list[Any]:
    """What the calls `(function, argument …)` give, in their order; each has a thread, and all begin at once."""
    barrier = threading.Barrier(len(calls))
    outcomes: list[Any] = [None] * len(calls)

    def run(position: int, function: Callable[..., Any], *args: Any) -> None:
        barrier.wait()
        outcomes[position] = attempt(function, *args)

    threads = [threading.Thread(target=run, args=(position, *call)) for position, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for outcome in outcomes:
        if isinstance(outcome, Raised):
            raise outcome.error
    return outcomes


def leave_with(backend: Any, error: BaseException) -> None:
    """`with backend:` around a body that raises `error`."""
    with backend:
        raise error


def given_by_with(backend: Any) -> bool:
    """Whether `with backend as given:` gives the backend itself."""
    with backend as given:
        return given is backend


def two_objects(one: Any, other: Any) -> bool:
    """Whether two handles are two, and not one object handed out twice."""
    return one is not other
