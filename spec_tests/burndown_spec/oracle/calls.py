"""Calls as data: made on a backend, made on a pair, and made fewer."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as with_changes
from typing import Any

from burndown_store.contract import Backend, Record, errors, fields, same

__all__ = ["Call", "Compare", "OpenPair", "Refusal", "first_disagreement", "replay", "shortened"]

OpenPair = Callable[[], tuple[Backend, Backend, Callable[[], None]]]
"""Opens a fresh backend under test and a fresh oracle; the third cleans up both."""

Compare = Callable[[object, object], None]
"""Takes the oracle's and the backend's outcome of a call; raises when they are not the same."""


@dataclass(frozen=True)
class Refusal:
    """The outcome of a call that raised: the contract's most specific class, or the own class of any other error.

    `error` is what was raised; it takes no part in comparisons.
    """

    kind: type[BaseException]
    error: Exception = field(compare=False)


@dataclass(frozen=True)
class Call:
    """An operation of the contract with its arguments and filters."""

    operation: str
    arguments: tuple[Any, ...] = ()
    filters: dict[str, Any] = field(default_factory=dict)

    @property
    def is_read(self) -> bool:
        return self.operation.startswith(("get_", "list_", "check"))

    def made_on(self, backend: Backend) -> object:
        """What the operation returns on `backend`, which gets arguments of its own, or the `Refusal`."""
        # Looked up outside of the try: an operation that a backend lacks is no refusal.
        operation = getattr(backend, self.operation)
        arguments, filters = copy.deepcopy((self.arguments, self.filters))
        try:
            return operation(*arguments, **filters)
        except Exception as error:
            kinds = (kind for kind in type(error).__mro__ if kind.__name__ in errors.__all__)
            return Refusal(next(kinds, type(error)), error)


def replay(calls: Sequence[Call], open_pair: OpenPair, compare: Compare) -> None:
    """Make the calls on a fresh pair, each on the oracle and then on the backend, and compare every outcome."""
    backend, oracle, clean_up = open_pair()
    try:
        for call in calls:
            expected = call.made_on(oracle)
            compare(expected, call.made_on(backend))
    finally:
        clean_up()


def first_disagreement(calls: Sequence[Call], open_pair: OpenPair) -> int | None:
    """The position of the first call whose outcomes on a fresh pair are not the same."""
    backend, oracle, clean_up = open_pair()
    try:
        outcomes = ((call.made_on(oracle), call.made_on(backend)) for call in calls)
        return next((position for position, pair in enumerate(outcomes) if not same(*pair)), None)
    finally:
        clean_up()


def shortened(calls: Sequence[Call], open_pair: OpenPair, may_try: Callable[[], bool]) -> list[Call]:
    """Fewer and simpler calls of which the last still disagrees.

    `calls` end with the one that disagrees. Each attempt is made on a fresh pair, after `may_try` was asked.
    """
    best = list(calls)

    def is_better(candidate: list[Call]) -> bool:
        nonlocal best
        disagrees_at = first_disagreement(candidate, open_pair) if may_try() else None
        if disagrees_at is not None:
            best = candidate[: disagrees_at + 1]
        return disagrees_at is not None

    is_better([call for call in best[:-1] if not call.is_read] + best[-1:])
    size = len(best) // 2
    while size:
        start = 0
        while start < len(best) - 1:
            end = min(start + size, len(best) - 1)
            if not is_better(best[:start] + best[end:]):
                start = end
        size //= 2
    for position in reversed(range(len(best))):
        while position < len(best) and any(
            is_better([*best[:position], simpler, *best[position + 1 :]]) for simpler in _simpler(best[position])
        ):
            # Begin again with what is left of the call.
            pass
    return best


def _simpler(call: Call) -> Iterator[Call]:
    """The call with a filter less, a record less, or a field less that need not be named."""
    for name in call.filters:
        yield with_changes(call, filters={key: value for key, value in call.filters.items() if key != name})
    for position, argument in enumerate(call.arguments):
        for less in _less(argument):
            yield with_changes(call, arguments=(*call.arguments[:position], less, *call.arguments[position + 1 :]))


def _less(value: Any) -> Iterator[Any]:
    """`value` with something left out, at any depth of lists and records."""
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield value[:position] + value[position + 1 :]
            for less in _less(item):
                yield [*value[:position], less, *value[position + 1 :]]
    elif isinstance(value, Record):
        named = fields(value, defaults=False)
        for name, item in named.items():
            others = {key: kept for key, kept in named.items() if key != name}
            for less in _less(item):
                yield type(value)(**others, **{name: less})
            try:
                yield type(value)(**others)
            except TypeError:
                # The field has no default.
                continue
