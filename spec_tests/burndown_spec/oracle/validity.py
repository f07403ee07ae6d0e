"""What is valid, written by hand from docs/contract.md, chapters 2 to 6.

This shares nothing with `burndown_store.contract.check` on purpose: a fault planted there is found by comparison with
this. Each rule takes a value and returns its normal form or raises `ValidationError`; `argument`, `valid` and `batch`
say where.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, NoReturn, TypeVar

from burndown_store.contract import (
    CacheInfo,
    Change,
    History,
    Issue,
    JsonText,
    Metric,
    Profile,
    Query,
    Record,
    Scope,
    Statistic,
    Task,
    ValidationError,
)

__all__ = ["TABLE", "argument", "batch", "valid"]

R = TypeVar("R", bound=Record)
T = TypeVar("T")
Rule = Callable[[Any], Any]

_SURROGATE = re.compile("[\ud800-\udfff]")


def refuse(what: str) -> NoReturn:
    raise ValidationError(what)


def text(value: Any) -> str:
    if type(value) is not str or "\0" in value or _SURROGATE.search(value):
        refuse("expected a str without NUL and lone surrogates")
    return str(value)


def identifier(value: Any) -> str:
    if not 1 <= len(text(value)) <= 200:
        refuse("expected an identifier of 1 to 200 code points")
    return str(value)


def instant(value: Any) -> datetime:
    offset = value.utcoffset() if isinstance(value, datetime) else None
    if offset is None:
        refuse("expected an aware datetime")
    clock = time(value.hour, value.minute, value.second, value.microsecond)
    try:
        return datetime.combine(date(value.year, value.month, value.day), clock, tzinfo=UTC) - offset
    except OverflowError:
        refuse("expected an instant that UTC can express, in the years 1 to 9999")


def day(value: Any) -> date:
    if type(value) is not date:
        refuse("expected a date")
    return date(value.year, value.month, value.day)


def week(value: Any) -> str:
    found = text(value)
    shape = len(found) == 8 and found[4:6] == "-W" and all(letter in "0123456789" for letter in found[:4] + found[6:])
    # The 28th of December lies in the last week of its year.
    if not shape or found[:4] == "0000" or not 1 <= int(found[6:]) <= date(int(found[:4]), 12, 28).isocalendar().week:
        refuse("expected an ISO week that exists, such as 2025-W44")
    return found


def flag(value: Any) -> bool:
    if value is not True and value is not False:
        refuse("expected a bool")
    return bool(value)


def whole(value: Any) -> int:
    if type(value) is not int or not -(2**63) <= value <= 2**63 - 1:
        refuse("expected an int of 64 bits")
    return int(value)


def number(value: Any) -> float:
    if type(value) is int and whole(value) == int(float(value)):
        return float(value)
    if type(value) is not float or math.isinf(value) or math.isnan(value):
        refuse("expected a finite float, or an int that a float holds exactly")
    return float(value)


def percentage(value: Any) -> float:
    if not 0.0 <= number(value) <= 100.0:
        refuse("expected a percentage of 0.0 to 100.0")
    return number(value)


def limit(value: Any) -> int | None:
    if value is None:
        return None
    if whole(value) < 0:
        refuse("expected a limit of 0 or more, or None")
    return whole(value)


def json_value(value: Any, level: int = 1) -> Any:
    """A copy. `level` is the depth at which an object or a list would stand here."""
    if value is None or type(value) is bool:
        return value
    if type(value) is str:
        return text(value)
    if type(value) is int:
        return whole(value)
    if type(value) is float:
        return number(value)
    if type(value) is list and level <= 100:
        return [json_value(item, level + 1) for item in value]
    if type(value) is dict and level <= 100:
        return {text(key): json_value(item, level + 1) for key, item in value.items()}
    refuse("expected JSON values of at most 100 levels")


def json_object(value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        refuse("expected a JSON object, a dict")
    found: dict[str, Any] = json_value(value)
    return found


def document(value: Any) -> JsonText:
    if type(value) is not JsonText:
        refuse("expected a JsonText")
    source, found = text(value.text), None
    try:
        found = json.loads(source, parse_constant=refuse)
    except (ValueError, RecursionError):
        refuse("expected the text of a JSON object")
    json_object(found)
    return JsonText(source)


def or_none(rule: Callable[[Any], T]) -> Callable[[Any], T | None]:
    return lambda value: None if value is None else rule(value)


def change_list(value: Any) -> list[Change]:
    if type(value) is not list:
        refuse("expected a list of Change")
    return [valid(change, Change) for change in value]


TABLE: dict[type[Record], dict[str, Rule]] = {
    Profile: {
        "id": identifier,
        "name": text,
        "description": text,
        "created_at": instant,
        "last_used_at": instant,
        "jira_config": json_object,
        "field_mappings": json_object,
        "forecast_settings": json_object,
        "project_classification": json_object,
        "flow_type_mappings": json_object,
        "show_milestone": flag,
        "show_points": flag,
        "extra": json_object,
    },
    Query: {
        "id": identifier,
        "name": text,
        "jql": text,
        "description": text,
        "created_at": instant,
        "last_used_at": instant,
        "extra": json_object,
    },
    Issue: {
        "key": identifier,
        "document": document,
        "summary": or_none(text),
        "status": or_none(text),
        "assignee": or_none(text),
        "issue_type": or_none(text),
        "priority": or_none(text),
        "resolution": or_none(text),
        "project_key": or_none(text),
        "project_name": or_none(text),
        "created": or_none(instant),
        "updated": or_none(instant),
        "resolved": or_none(instant),
        "points": or_none(number),
        "expires_at": instant,
    },
    CacheInfo: {"fetched_at": instant, "expires_at": instant, "jql": or_none(text), "details": json_object},
    Change: {
        "changed_at": instant,
        "field": text,
        "field_id": or_none(text),
        "field_type": or_none(text),
        "author": or_none(text),
        "history_id": or_none(text),
        "from_value": or_none(text),
        "from_text": or_none(text),
        "to_value": or_none(text),
        "to_text": or_none(text),
    },
    History: {
        "issue_key": identifier,
        "changes": change_list,
        "fetched_at": or_none(instant),
        "expires_at": instant,
        "details": json_object,
    },
    Statistic: {
        "date": day,
        "completed_items": whole,
        "created_items": whole,
        "completed_points": number,
        "created_points": number,
        "velocity_items": or_none(number),
        "velocity_points": or_none(number),
        "remaining_items": or_none(whole),
        "remaining_points": or_none(number),
        "extra": json_object,
    },
    Scope: {"values": json_object, "updated_at": or_none(instant), "extra": json_object},
    Metric: {
        "week": week,
        "name": identifier,
        "category": text,
        "value": or_none(number),
        "unit": or_none(text),
        "calculated_at": or_none(instant),
        "details": json_object,
    },
    Task: {
        "name": identifier,
        "status": text,
        "percent": or_none(percentage),
        "message": text,
        "updated_at": instant,
        "state": json_object,
    },
}


def argument(where: str, rule: Callable[[Any], T], value: Any) -> T:
    """An argument in normal form; a refusal names it."""
    try:
        return rule(value)
    except ValidationError as refusal:
        raise ValidationError(f"{where}: {refusal}") from None


def valid(record: Any, kind: type[R]) -> R:
    """A copy of the record in normal form that shares nothing with it."""
    if type(record) is not kind:
        refuse(f"expected a {kind.__name__}, got {type(record).__name__}")
    values = {
        name: argument(f"{kind.__name__}.{name}", rule, getattr(record, name)) for name, rule in TABLE[kind].items()
    }
    return kind(**values)


def batch(records: Any, kind: type[R]) -> list[R]:
    """The records of a batch, read to their end, each in normal form. What the caller's iterator raises passes."""
    if isinstance(records, (str, bytes, bytearray, Mapping, Record)) or not isinstance(records, Iterable):
        refuse(f"expected an iterable of {kind.__name__}, got {type(records).__name__}")
    return [
        argument(f"record {position}", lambda record: valid(record, kind), record)
        for position, record in enumerate(list(records))
    ]
