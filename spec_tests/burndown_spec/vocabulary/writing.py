"""How values and outcomes are written: as Python, and for a reader."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from burndown_spec.vocabulary.callers import Feed
from burndown_spec.vocabulary.odd_values import OwnZone
from burndown_spec.vocabulary.outcomes import Raised
from burndown_store.contract import JsonText, Record, fields

__all__ = ["literal", "shown", "shown_error", "shown_value"]


def literal(value: Any, named: Callable[[Any], str | None] | None = None) -> str:
    """`value` as Python source in ASCII; `named` may give a name to write instead, at any depth."""
    if named and (name := named(value)) is not None:
        return name
    kind = type(value)
    if isinstance(value, Record):
        given = fields(value, defaults=False).items()
        return f"{kind.__name__}({', '.join(f'{field}={literal(item, named)}' for field, item in given)})"
    if kind is dict:
        return "{" + ", ".join(f"{literal(key, named)}: {literal(item, named)}" for key, item in value.items()) + "}"
    if kind is list:
        return "[" + ", ".join(literal(item, named) for item in value) + "]"
    if kind is tuple:
        return "(" + "".join(literal(item, named) + ", " for item in value).strip() + ")"
    if isinstance(value, JsonText):
        return f"{kind.__name__}({literal(value.text)})"
    if kind is str and len(value) > 100 and len(set(value)) == 1:
        return f"{value[0]!a} * {len(value)}"
    if isinstance(value, datetime):
        parts = [str(part) for part in (*value.timetuple()[:6], value.microsecond)]
        while len(parts) > 3 and parts[-1] == "0":
            parts.pop()
        zone = [f"tzinfo={literal(value.tzinfo)}"] if value.tzinfo else []
        return f"{kind.__name__}({', '.join(parts + zone + ['fold=1'] * value.fold)})"
    if isinstance(value, date):
        return f"{kind.__name__}({value.year}, {value.month}, {value.day})"
    if isinstance(value, OwnZone):
        return f"OwnZone({value.minutes})"
    if isinstance(value, (timezone, timedelta, time)):
        return ascii(value).replace("datetime.", "")
    if kind is float:
        return repr(value) if math.isfinite(value) else f"float({str(value)!r})"
    if isinstance(value, type) or callable(value):
        return str(getattr(value, "__name__", value))
    bases: tuple[Any, ...] = (str, int, float, dict, list)
    for base in bases:
        if isinstance(value, base) and kind not in (base, bool):
            return f"{kind.__name__}({literal(base(value), named)})"
    if isinstance(value, Feed):
        return f"Feed({literal(value.given, named)}{', ' + literal(value.then) if value.then else ''})"
    if isinstance(value, BaseException):
        return f"{kind.__name__}({', '.join(map(ascii, value.args))})"
    return ascii(value)


def shown(outcome: Any, location: Any = "") -> str:
    """An outcome as a reader sees it: at most 2,000 characters, with nothing in it that differs from run to run."""
    try:
        return shown_error(outcome.error, location) if isinstance(outcome, Raised) else shown_value(outcome)
    except Exception:
        kind = type(outcome.error if isinstance(outcome, Raised) else outcome).__name__
        return f"a {kind} that cannot be written: it is nested too deep, holds itself, or raises when it is asked"


def shown_error(error: BaseException, location: Any) -> str:
    """Such as `raised KeyError: 'p'`."""
    message = str(error).replace(str(location), "LOCATION") if location else str(error)
    return f"raised {type(error).__name__}: {re.sub('0x[0-9A-Fa-f]{6,}', '0x...', message)}"


def shown_value(value: Any) -> str:
    """The value's literal, cut."""
    # Seven hundred items are more than is shown; to write ten thousand would take seconds.
    text = literal(value[:700] if type(value) is list else value)
    length = f"{len(value)} items" if type(value) is list else f"{len(text)} characters"
    return text if len(text) <= 2000 else f"{text[:2000]}... ({length} in all)"
