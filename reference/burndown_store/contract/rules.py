"""What is valid: one function for each kind of argument, and `check` for whole records (rules 4–8).

Each takes the value and `where`, the name of its place for the error, and returns the value in its normal form:
instants in UTC, whole numbers in float fields widened, JSON copied. Each raises `ValidationError`, whose message
names the place and the rule, never the value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final, TypeVar, cast

from burndown_store.contract.errors import ValidationError
from burndown_store.contract.json_values import check_json, check_json_text, is_plain_text
from burndown_store.contract.records import (
    CacheInfo,
    Change,
    ChangeEntry,
    Expired,
    History,
    Issue,
    Metric,
    Profile,
    Query,
    Record,
    Scope,
    Statistic,
    Task,
    replace,
)

__all__ = [
    "MAX_IDENTIFIER",
    "check",
    "check_batch",
    "check_date",
    "check_identifier",
    "check_instant",
    "check_limit",
    "check_text",
    "check_week",
]

R = TypeVar("R", bound=Record)
Rule = Callable[[Any, str], Any]

MAX_IDENTIFIER: Final = 200
_INT_LIMIT: Final = 2**63
_WEEK: Final = re.compile(r"([0-9]{4})-W([0-9]{2})")


def check_text(value: object, where: str) -> str:
    """Any Unicode text but NUL and lone surrogates."""
    if type(value) is not str:
        raise ValidationError(f"{where}: expected str, got {type(value).__name__}")
    if not (value.isascii() and "\x00" not in value) and not is_plain_text(value):
        raise ValidationError(f"{where}: text holds a NUL or a lone surrogate; remove it")
    return value


def check_identifier(value: object, where: str) -> str:
    """Text of 1–200 code points, with no meaning of its own."""
    text = check_text(value, where)
    if not 1 <= len(text) <= MAX_IDENTIFIER:
        raise ValidationError(f"{where}: an identifier has 1 to {MAX_IDENTIFIER} code points, this one {len(text)}")
    return text


def check_instant(value: object, where: str) -> datetime:
    """An aware `datetime` that UTC can express, as an exact `datetime` in UTC. A subclass is taken as its instant."""
    if type(value) is datetime and value.tzinfo is UTC and not value.fold:
        return value
    if not isinstance(value, datetime):
        raise ValidationError(f"{where}: expected an aware datetime, got {type(value).__name__}")
    try:
        if value.utcoffset() is None:
            raise ValidationError(f"{where}: a naive datetime is no instant; give it a time zone")
        utc = datetime.astimezone(value, UTC)
    except OverflowError:
        raise ValidationError(f"{where}: UTC cannot express this instant (years 1 to 9999)") from None
    return datetime(utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond, UTC)


def check_date(value: object, where: str) -> date:
    """An exact `date`; a `datetime` is none."""
    if type(value) is not date:
        raise ValidationError(f"{where}: expected date, got {type(value).__name__}")
    return value


def check_week(value: object, where: str) -> str:
    """An ISO week such as `2025-W44`: ASCII, zero-padded, and one that the calendar has."""
    text = check_text(value, where)
    match = _WEEK.fullmatch(text)
    try:
        if match:
            date.fromisocalendar(int(match[1]), int(match[2]), 1)
            return text
    except ValueError:
        pass
    raise ValidationError(f"{where}: expected an ISO week that exists, written like 2025-W44")


def check_limit(value: object, where: str) -> int | None:
    """None, or how many rows at most: an `int` of 0 or more."""
    if value is None:
        return None
    if _integer(value, where) < 0:
        raise ValidationError(f"{where}: a limit is 0 or more, or None for no limit")
    return cast(int, value)


def _flag(value: object, where: str) -> bool:
    if type(value) is not bool:
        raise ValidationError(f"{where}: expected bool, got {type(value).__name__}")
    return value


def _integer(value: object, where: str) -> int:
    if type(value) is not int:
        raise ValidationError(f"{where}: expected int, got {type(value).__name__}")
    if not -_INT_LIMIT <= value < _INT_LIMIT:
        raise ValidationError(f"{where}: the number needs more than 64 bits")
    return value


def _number(value: object, where: str) -> float:
    if type(value) is float:
        if not math.isfinite(value):
            raise ValidationError(f"{where}: the number is not finite")
        return value
    if type(value) is not int:
        raise ValidationError(f"{where}: expected float or int, got {type(value).__name__}")
    widened = float(_integer(value, where))
    if int(widened) != value:
        raise ValidationError(f"{where}: a float cannot hold this whole number exactly")
    return widened


def _percent(value: object, where: str) -> float:
    number = _number(value, where)
    if not 0.0 <= number <= 100.0:
        raise ValidationError(f"{where}: a percentage is within 0.0 and 100.0")
    return number


def _optional(rule: Rule) -> Rule:
    def checked(value: object, where: str) -> Any:
        return None if value is None else rule(value, where)

    return checked


def _changes(value: object, where: str) -> list[Change]:
    if type(value) is not list:
        raise ValidationError(f"{where}: expected a list of Change, got {type(value).__name__}")
    return [_checked(change, Change, f"{where}[{position}]") for position, change in enumerate(value)]


def _change(value: object, where: str) -> Change:
    return _checked(value, Change, where)


def _optional_text(value: object, where: str) -> str | None:
    return None if value is None else check_text(value, where)


_OPTIONAL_INSTANT, _OPTIONAL_NUMBER = _optional(check_instant), _optional(_number)

_RULES: Final[dict[type[Record], dict[str, Rule]]] = {
    Profile: {
        "id": check_identifier,
        **dict.fromkeys(("name", "description"), check_text),
        **dict.fromkeys(("created_at", "last_used_at"), check_instant),
        **dict.fromkeys(("jira_config", "field_mappings", "forecast_settings"), check_json),
        **dict.fromkeys(("project_classification", "flow_type_mappings", "extra"), check_json),
        **dict.fromkeys(("show_milestone", "show_points"), _flag),
    },
    Query: {
        "id": check_identifier,
        **dict.fromkeys(("name", "jql", "description"), check_text),
        **dict.fromkeys(("created_at", "last_used_at"), check_instant),
        "extra": check_json,
    },
    Issue: {
        "key": check_identifier,
        "document": check_json_text,
        **dict.fromkeys(("summary", "status", "assignee", "issue_type", "priority"), _optional_text),
        **dict.fromkeys(("resolution", "project_key", "project_name"), _optional_text),
        **dict.fromkeys(("created", "updated", "resolved"), _OPTIONAL_INSTANT),
        "points": _OPTIONAL_NUMBER,
        "expires_at": check_instant,
    },
    CacheInfo: {
        **dict.fromkeys(("fetched_at", "expires_at"), check_instant),
        "jql": _optional_text,
        "details": check_json,
    },
    Change: {
        "changed_at": check_instant,
        "field": check_text,
        **dict.fromkeys(("field_id", "field_type", "author", "history_id"), _optional_text),
        **dict.fromkeys(("from_value", "from_text", "to_value", "to_text"), _optional_text),
    },
    History: {
        "issue_key": check_identifier,
        "changes": _changes,
        "fetched_at": _OPTIONAL_INSTANT,
        "expires_at": check_instant,
        "details": check_json,
    },
    ChangeEntry: {"issue_key": check_identifier, "change": _change},
    Statistic: {
        "date": check_date,
        **dict.fromkeys(("completed_items", "created_items"), _integer),
        **dict.fromkeys(("completed_points", "created_points"), _number),
        **dict.fromkeys(("velocity_items", "velocity_points", "remaining_points"), _OPTIONAL_NUMBER),
        "remaining_items": _optional(_integer),
        "extra": check_json,
    },
    Scope: {"values": check_json, "updated_at": _OPTIONAL_INSTANT, "extra": check_json},
    Metric: {
        "week": check_week,
        "name": check_identifier,
        "category": check_text,
        "value": _OPTIONAL_NUMBER,
        "unit": _optional_text,
        "calculated_at": _OPTIONAL_INSTANT,
        "details": check_json,
    },
    Task: {
        "name": check_identifier,
        "status": check_text,
        "percent": _optional(_percent),
        "message": check_text,
        "updated_at": check_instant,
        "state": check_json,
    },
    Expired: dict.fromkeys(("issues", "histories"), _integer),
}


def check(record: R) -> R:
    """The record in its normal form, sharing nothing that can change with the one given.

    Raises `ValidationError` for what is no record of the contract, and for the first field that breaks a rule.
    """
    if type(record) not in _RULES:
        raise ValidationError(f"expected a record of the contract, got {type(record).__name__}")
    return _checked(record, type(record), type(record).__name__)


def check_batch(records: object, kind: type[R]) -> list[R]:
    """The records of a batch, each in its normal form, in the order given.

    `records` is any iterable of records of one `kind`, read to its end here; a single record, a str, bytes or
    a mapping is none. Raises `ValidationError` that names the position, from 0, of the first bad record. What the
    caller's own iterator raises passes unchanged.
    """
    name = kind.__name__
    if isinstance(records, (str, bytes, bytearray, Mapping, Record)) or not isinstance(records, Iterable):
        raise ValidationError(f"expected an iterable of {name}, got {type(records).__name__}")
    # Read first, judged afterwards: the caller's iterator is drained whatever it yields.
    return [_checked(record, kind, name, position) for position, record in enumerate(list(records))]


def _checked(record: object, kind: type[R], where: str, position: int | None = None) -> R:
    if type(record) is not kind:
        raise ValidationError(f"{_at(position)}{where}: expected {kind.__name__}, got {type(record).__name__}")
    changed: dict[str, Any] = {}
    try:
        for name, rule in _RULES[kind].items():
            value = getattr(record, name)
            normal = rule(value, name)
            if normal is not value:
                changed[name] = normal
    except ValidationError as refusal:
        raise ValidationError(f"{_at(position)}{where}.{refusal}") from None
    # Every rule copies what can change, so a record that no rule changed is safe to share.
    return replace(record, **changed) if changed else record


def _at(position: int | None) -> str:
    return "" if position is None else f"record {position}: "
