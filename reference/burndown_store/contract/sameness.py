"""The one definition of "the same" (rule 1): `==` says that `1 == True`, this does not."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from burndown_store.contract.errors import ValidationError
from burndown_store.contract.json_values import JsonText
from burndown_store.contract.records import Record

__all__ = ["same"]


def same(a: object, b: object) -> bool:
    """Whether `a` and `b` are the same value, type for type, all the way down.

    `1`, `1.0` and `True` differ. The order of keys does not matter, the order of lists does. Instants are the same when
    they are the same moment at the same offset from UTC. Two `JsonText` are the same when their JSON values are.
    `-0.0` and `0.0` differ inside JSON; in a record's own number field they do not. Text is compared code point by
    code point. For values of the contract: records, and what their fields hold.
    """
    if type(a) is not type(b):
        return False
    if isinstance(a, Record) and isinstance(b, Record):
        return all(_same_field(getattr(a, name), getattr(b, name)) for name in a.__struct_fields__)
    if isinstance(a, JsonText) and isinstance(b, JsonText):
        return a.text == b.text or _same_text(a, b)
    return _same_value(a, b)


def _same_field(a: Any, b: Any) -> bool:
    if type(a) is float and type(b) is float:
        return a == b or (math.isnan(a) and math.isnan(b))
    return same(a, b)


def _same_text(a: JsonText, b: JsonText) -> bool:
    try:
        return same(a.value(), b.value())
    except ValidationError:
        return False


def _same_value(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        # Keys are paired with their types, because a lookup takes `1` for `True`.
        typed = {(type(key), key): value for key, value in b.items()}
        return len(a) == len(b) and all(
            (type(key), key) in typed and same(value, typed[type(key), key]) for key, value in a.items()
        )
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return bool(a.hex() == b.hex())
    if isinstance(a, datetime):
        return bool(a.utcoffset() == b.utcoffset() and a.replace(tzinfo=None) == b.replace(tzinfo=None))
    return bool(a == b)
