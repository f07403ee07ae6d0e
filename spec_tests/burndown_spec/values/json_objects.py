"""JSON objects as Python values: what storage widens, narrows, merges or cannot hold (rules 1 and 6)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from burndown_spec.values.texts import ACUTE_E, COMBINED_E, TEXTS
from burndown_spec.vocabulary import (
    OwnDict,
    OwnFloat,
    OwnInt,
    OwnList,
    OwnText,
    list_holding_itself,
    nested,
    object_holding_itself,
)
from burndown_store.contract import Json, JsonText

__all__ = ["CYCLIC_JSON", "INVALID_JSON", "JSON_OBJECTS"]

JSON_OBJECTS: tuple[Json, ...] = (
    {},
    # What compares equal, or looks alike, and is not the same
    {"value": 1},
    {"value": 1.0},
    {"value": True},
    {"value": "1"},
    {"value": 0},
    {"value": 0.0},
    {"value": -0.0},
    {"value": False},
    {"value": "0"},
    {"value": None},
    {"value": ""},
    {"value": "null"},
    {"value": []},
    {"value": {}},
    {"mixed": [1, 1.0, True, "1", 0, 0.0, -0.0, False, "", None, [], {}]},
    # The edges of numbers
    {"value": 2**63 - 1},
    {"value": -(2**63)},
    {"value": 2**53},
    {"value": 2**53 + 1},
    {"value": -(2**53) - 1},
    {"value": 5e-324},
    {"value": -5e-324},
    {"value": 2.2250738585072014e-308},
    {"value": 1.7976931348623157e308},
    {"value": -1.7976931348623157e308},
    {"value": 0.1 + 0.2},
    {"value": 1 / 3},
    {"value": 1e16},
    {"value": 1e22},
    {"value": 1e23},
    {"value": 9007199254740993.0},
    {"value": 9.223372036854775807e18},
    # Keys
    {"": "empty"},
    {" ": 1, "  ": 2},
    {"a": 1, "A": 2, "a ": 3},
    {ACUTE_E: 1, COMBINED_E: 2},
    {"1": "text", "01": "padded", "1.0": "fraction", "true": 0, "null": 0},
    {"b": 1, "a": 2, "c": {"z": 1, "y": 2}},
    {"\uffff": 1, "\U00010000": 2},
    {"a.b": 1, "a": {"b": 2}},
    {"$ref": "#/a", "__class__": "x", "__proto__": {"x": 1}},
    {"'; DROP TABLE issues; --": "%s"},
    dict.fromkeys(TEXTS),
    # Order and nesting
    {"list": [3, 1, 2, 1]},
    {"list": [[], [[]], [{}], {"": []}]},
    {"list": [None]},
    {"list": list(TEXTS)},
    nested(100),
    {"left": nested(99), "right": nested(99)},
    {"many": [{"number": number, "half": number / 2} for number in range(1000)]},
)
"""Valid objects. They are shared: save them, never change them."""

INVALID_JSON: tuple[Any, ...] = (
    # No object at the top
    [],
    [{}],
    "{}",
    b"{}",
    0,
    1.5,
    True,
    (),
    JsonText("{}"),
    OwnDict(a=1),
    # Numbers
    {"value": 2**63},
    {"value": -(2**63) - 1},
    {"value": 10**400},
    {"value": float("nan")},
    {"value": float("inf")},
    {"value": float("-inf")},
    {"value": Decimal("1.5")},
    {"value": 1j},
    # Types
    {"value": (1, 2)},
    {"value": {1, 2}},
    {"value": frozenset({1})},
    {"value": b"bytes"},
    {"value": datetime(2025, 11, 3, tzinfo=UTC)},
    {"value": date(2025, 11, 3)},
    {"value": OwnDict(a=1)},
    {"value": OwnList([1])},
    {"value": OwnText("own")},
    {"value": OwnInt(1)},
    {"value": OwnFloat(1.5)},
    {"value": JsonText("{}")},
    # Keys
    {1: "one"},
    {1.5: "fraction"},
    {True: "true"},
    {None: "none"},
    {b"key": "bytes"},
    {OwnText("own"): 1},
    {("a", "b"): 1},
    {"good": {"deep": {1: "one"}}},
    # Text
    {"nul\x00": 1},
    {"value": "nul\x00"},
    {"\ud800": 1},
    {"value": "\udfff"},
    {"value": ["\ud83d\udd25"]},
    # Depth
    nested(101),
    {"left": {}, "right": nested(100)},
    nested(2000),
)
"""What is no JSON object: wrong at the top, in a number, a type, a key, a text, or too deep."""

CYCLIC_JSON: tuple[Any, ...] = (object_holding_itself(), list_holding_itself())
"""Objects that hold themselves. No literal can spell them, so a clause rather calls the functions that make them."""
