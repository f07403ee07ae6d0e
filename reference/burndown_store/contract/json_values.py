"""JSON values, and JSON objects kept as text until somebody asks for them (rule 6).

A JSON value is a `dict` with text keys, a `list`, `str`, `bool`, `None`, a signed 64-bit `int` or a finite
`float`, nested at most `MAX_LEVELS` deep: the outermost object or list is level 1.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import msgspec

from burndown_store.contract.errors import ValidationError

__all__ = ["MAX_LEVELS", "Json", "JsonText", "check_json", "check_json_text", "is_plain_text"]

Json: TypeAlias = dict[str, Any]

MAX_LEVELS = 100
_INT_LIMIT = 2**63
_UNREADABLE = object()
_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder()

# Checks the syntax of a whole object and builds nothing but its outermost keys.
_SKIMMER: msgspec.json.Decoder[dict[str, msgspec.Raw]] = msgspec.json.Decoder(dict[str, msgspec.Raw])

# Digits and "+" become "0", the exponent mark "e", brackets "[", all else a space: what may be too long is found by one
# search each. (`find`, because `in` on bytes first tries whether it was given a number.)
_ALIKE = bytes(
    48 if byte in b"0123456789+" else 101 if byte in b"eE" else 91 if byte in b"{[" else 32 for byte in range(256)
)
_NINETEEN_DIGITS, _LONG_EXPONENT = b"0" * 19, b"0e000"


class JsonText(msgspec.Struct, frozen=True):
    """A JSON object as text, decoded only when asked.

    Two are the same (`same`) when their JSON values are; a backend may respell the text. Where an object
    names a key twice, the last value counts. Building one checks nothing: `check` does, at every write.
    """

    text: str

    @classmethod
    def of(cls, value: Json) -> JsonText:
        """The text of `value`. Raises `ValidationError` when it is not a JSON object by rule 6."""
        return cls(_ENCODER.encode(check_json(value, "JsonText.of")).decode("utf-8"))

    def value(self) -> Json:
        """A fresh copy of the object. Raises `ValidationError` when the text is not a JSON object by rule 6."""
        return _checked_object(self.text, "JsonText")

    def __repr__(self) -> str:
        return f"JsonText({len(self.text)} characters)"


def is_plain_text(value: str) -> bool:
    """Whether `value` has neither a NUL nor a lone surrogate (rule 5)."""
    if "\x00" in value:
        return False
    if value.isascii():
        return True
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def check_json(value: object, where: str) -> Json:
    """A private copy of the JSON object `value`; `where` names its place in errors. Raises `ValidationError`."""
    if type(value) is not dict:
        raise ValidationError(f"{where}: expected a JSON object (dict), got {type(value).__name__}")
    copied: Json = _copied(value, where, 1)
    return copied


def check_json_text(value: object, where: str) -> JsonText:
    """`value` itself, known to hold a JSON object by rule 6. Raises `ValidationError`."""
    if type(value) is not JsonText:
        raise ValidationError(f"{where}: expected a JsonText, got {type(value).__name__}")
    if not _surely_an_object(value.text):
        _checked_object(value.text, where)
    return value


def _surely_an_object(text: object) -> bool:
    """Whether `text` is a JSON object that can break no rule: too few brackets to be deep, no long number, no escaped
    code unit. Decoding a document costs six times as much, and real documents rarely need it.
    """
    if type(text) is not str:
        return False
    try:
        data = text.encode("utf-8")
        _SKIMMER.decode(data)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        return False
    alike = data.translate(_ALIKE)
    return (
        alike.count(b"[") <= MAX_LEVELS
        and (data.find(b"\\") < 0 or data.find(b"\\u") < 0)
        and alike.find(_NINETEEN_DIGITS) < 0
        and alike.find(_LONG_EXPONENT) < 0
    )


def _checked_object(text: object, where: str) -> Json:
    if type(text) is not str:
        raise ValidationError(f"{where}: expected JSON as str, got {type(text).__name__}")
    try:
        decoded = _DECODER.decode(text.encode("utf-8"))
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        decoded = _UNREADABLE
    if decoded is _UNREADABLE:
        # Raised out here, because the parser's error holds the document, and a context would keep that error.
        raise ValidationError(f"{where}: not valid JSON, or nested deeper than {MAX_LEVELS} levels")
    return check_json(decoded, where)


def _copied(value: Any, where: str, level: int) -> Any:
    kind = type(value)
    if kind is str:
        if not is_plain_text(value):
            raise ValidationError(f"{where}: text holds a NUL or a lone surrogate; remove it")
        return value
    if value is None or kind is bool:
        return value
    if kind is int:
        if not -_INT_LIMIT <= value < _INT_LIMIT:
            raise ValidationError(f"{where}: an integer needs more than 64 bits; store it as text")
        return value
    if kind is float:
        if not math.isfinite(value):
            raise ValidationError(f"{where}: a number is not finite; JSON has no NaN or infinity")
        return value
    if kind is dict:
        _check_level(where, level)
        copied = {}
        for key, item in value.items():
            if type(key) is not str:
                raise ValidationError(f"{where}: an object has a key of type {type(key).__name__}; keys are text")
            copied[_copied(key, where, level)] = _copied(item, where, level + 1)
        return copied
    if kind is list:
        _check_level(where, level)
        return [_copied(item, where, level + 1) for item in value]
    raise ValidationError(f"{where}: {kind.__name__} is no JSON value; use dict, list, str, bool, None, int or float")


def _check_level(where: str, level: int) -> None:
    if level > MAX_LEVELS:
        raise ValidationError(f"{where}: nested deeper than {MAX_LEVELS} levels, or holding itself")
