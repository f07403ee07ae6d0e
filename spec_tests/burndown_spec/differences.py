"""Where two values part: the first place in which `same` would say no, in words."""

from __future__ import annotations

from typing import Any

from burndown_spec.vocabulary import shown
from burndown_store.contract import JsonText, PersistenceError, Record, fields, same

__all__ = ["first_difference"]

_MISSING = "nothing"


def first_difference(expected: Any, actual: Any) -> str:
    """Such as `[2].show_points: expected True, got 1`; empty where the two are the same."""
    if same(expected, actual):
        return ""
    return _difference(expected, actual, "")


def _difference(expected: Any, actual: Any, place: str) -> str:
    parts = _parts(expected, actual, place)
    for where, first, second in parts:
        if first is _MISSING or second is _MISSING or not same(first, second):
            return _difference(first, second, where)
    kinds = f" ({type(expected).__name__}, {type(actual).__name__})" if type(expected) is not type(actual) else ""
    return f"{place or 'the answer'}: expected {_brief(expected)}, got {_brief(actual)}{kinds}"


def _parts(expected: Any, actual: Any, place: str) -> list[tuple[str, Any, Any]]:
    if type(expected) is not type(actual):
        return []
    if isinstance(expected, Record):
        other = fields(actual)
        return [(f"{place}.{name}", value, other[name]) for name, value in fields(expected).items()]
    if isinstance(expected, JsonText):
        try:
            return [(f"{place}.value()", expected.value(), actual.value())]
        except PersistenceError:
            return []
    if isinstance(expected, dict):
        keys = [*expected, *(key for key in actual if key not in expected)]
        return [(f"{place}[{key!a}]", expected.get(key, _MISSING), actual.get(key, _MISSING)) for key in keys]
    if isinstance(expected, list):
        rows = enumerate(zip(expected, actual, strict=False))
        pairs = [(f"{place}[{at}]", first, second) for at, (first, second) in rows]
        if len(expected) != len(actual):
            pairs.append((f"{place} length", len(expected), len(actual)))
        return pairs
    return []


def _brief(value: object) -> str:
    text = value if value is _MISSING else shown(value)
    return str(text) if len(str(text)) <= 200 else f"{text[:200]}..."
