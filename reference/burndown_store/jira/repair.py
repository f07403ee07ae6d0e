"""JSON made to obey the contract's rule 6, so that one bad value does not lose a whole issue."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

from burndown_store.contract import Json, ValidationError
from burndown_store.contract.json_values import MAX_LEVELS, check_json, is_plain_text

__all__ = ["valid_json"]

_INT_LIMIT: Final = 2**63
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def valid_json(value: Json) -> tuple[Json, list[str]]:
    """A private copy of `value` that obeys rule 6, and a note for each place where it had to differ.

    Almost every object obeys already: then it is copied as it is, with no notes. Otherwise, and only where needed:

    - NUL and lone surrogates become U+FFFD, in keys too (a key already taken gets another U+FFFD at its end);
    - an integer beyond 64 bits, NaN, an infinity, and whatever lies deeper than 100 levels become their JSON text;
    - what has no JSON text either, such as a list that holds itself, becomes null.

    A note reads `fields.votes: …`; it names the place and the reason and never quotes the value.
    """
    try:
        return check_json(value, "document"), []
    except ValidationError:
        notes: list[str] = []
        return _repaired(value, "", 1, frozenset(), notes), notes


def _repaired(value: Any, place: str, level: int, above: frozenset[int], notes: list[str]) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        # str.__str__, because a subclass may spell itself otherwise than its own characters.
        return _plain_text(str.__str__(value), place, notes)
    if isinstance(value, int):
        if -_INT_LIMIT <= value < _INT_LIMIT:
            return int(value)
        return _as_text(value, f"{place}: an integer beyond 64 bits", notes)
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        return _as_text(value, f"{place}: a number that is not finite", notes)
    if not isinstance(value, (dict, list, tuple)):
        notes.append(f"{place}: a {type(value).__name__} is no JSON value; it became null")
        return None
    if id(value) in above:
        notes.append(f"{place}: holds itself; it became null")
        return None
    if level > MAX_LEVELS:
        return _as_text(value, f"{place}: nested deeper than {MAX_LEVELS} levels", notes)
    above |= {id(value)}
    if isinstance(value, dict):
        return _repaired_object(value, place, level, above, notes)
    return [_repaired(item, f"{place}[{at}]", level + 1, above, notes) for at, item in enumerate(value)]


def _repaired_object(value: dict[Any, Any], place: str, level: int, above: frozenset[int], notes: list[str]) -> Json:
    copied: Json = {}
    # Keys that may stay come first, so that no repaired key takes the place of a sound one.
    for key in sorted(value, key=lambda key: type(key) is not str or not is_plain_text(key)):
        text = str.__str__(key) if isinstance(key, str) else _spelled(key) or type(key).__name__
        name = _UNSTORABLE.sub(_REPLACEMENT, text)
        while name in copied:
            name += _REPLACEMENT
        there = f"{place}.{name}" if place else name
        if name != key:
            notes.append(f"{there}: the key was not plain text and was respelled")
        copied[name] = _repaired(value[key], there, level + 1, above, notes)
    return copied


def _plain_text(text: str, place: str, notes: list[str]) -> str:
    if is_plain_text(text):
        return text
    notes.append(f"{place}: a NUL or lone surrogate was replaced by U+FFFD")
    return _UNSTORABLE.sub(_REPLACEMENT, text)


def _as_text(value: Any, reason: str, notes: list[str]) -> str | None:
    text = _spelled(value)
    notes.append(f"{reason}; it became {'null' if text is None else 'its JSON text'}")
    return text


def _spelled(value: Any) -> str | None:
    try:
        return json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return None
