"""Iterables that are neither lists nor iterators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from burndown_spec.vocabulary.writing import literal

__all__ = ["Collected", "Iterated"]


class Iterated:
    """The records given, as often as they are asked for; it has no length and no positions, and is no iterator."""

    def __init__(self, given: Iterable[Any]) -> None:
        self._given = list(given)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._given)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({literal(self._given)})"


class Collected(Iterated):
    """The same with a length, and still without positions, as sets and the views of a dict are."""

    def __len__(self) -> int:
        return len(self._given)

    def __contains__(self, record: object) -> bool:
        return record in self._given
