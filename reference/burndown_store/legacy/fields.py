"""The keys of one JSON object, taken one after another into typed fields, and what is left of it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from burndown_store.contract import Json
from burndown_store.jira.repair import valid_json
from burndown_store.legacy.sources import Source, name_of_type

__all__ = ["Fields", "with_remarks"]

_ABSENT: Final = object()
_EXACT: Final = 2**53
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?")


class Fields:
    """Takes typed values out of `raw`, an object that obeys rule 6, found at `place` of `source`.

    Wherever the value of a field does not tell what the object had, `rest` tells it: under `found`, by its key, what
    stood there in another form (a naive time, null, `["show"]` for true, a wrong type), and under `absent` the keys
    that were missing although the field has a value.
    """

    def __init__(self, raw: Json, source: Source, place: str = "") -> None:
        self._raw, self._source, self._place = raw, source, place
        self._taken: set[str] = set()
        self._found: Json = {}
        self._absent: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        value = self._take(name)
        if type(value) is str:
            return value
        self._keep(name, value, "text")
        return default

    def optional_text(self, name: str) -> str | None:
        value = self._take(name)
        if value is _ABSENT or type(value) is str:
            return value if type(value) is str else None
        self._keep(name, value, "text")
        return None

    def instant(self, name: str) -> datetime | None:
        value = self._take(name)
        read = self._source.instant(value) if type(value) is str else None
        if read is None:
            self._keep(name, value, "a time")
            return None
        if read[1]:
            self._found[name] = value
        return read[0]

    def flag(self, name: str) -> bool:
        """A boolean, 0 or 1, or a list of what is ticked: empty is false."""
        value = self._take(name)
        if type(value) is bool:
            return value
        if (type(value) is int and value in (0, 1)) or type(value) is list:
            self._found[name] = value
            return bool(value)
        self._keep(name, value, "true or false")
        return False

    def json_object(self, name: str) -> Json:
        value = self._take(name)
        if type(value) is dict:
            return value
        self._keep(name, value, "an object")
        return {}

    def whole(self, name: str) -> int:
        """A whole number, also as `5.0` or as text; 0 for null, "" and absent. Raises `ValueError` for all else."""
        return self.optional_whole(name, 0) or 0

    def decimal(self, name: str) -> float:
        """A number, also as text; 0.0 for null, "" and absent. Raises `ValueError` for all else."""
        return self.optional_decimal(name, 0.0) or 0.0

    def optional_whole(self, name: str, default: int | None = None) -> int | None:
        value = self._take(name)
        if self._is_nothing(name, value, default):
            return default
        number = int(value) if type(value) is str and _WHOLE.fullmatch(value.strip()) else value
        if type(number) is float and number.is_integer() and abs(number) < _EXACT:
            number = int(number)
        if type(number) is not int:
            raise ValueError(f"{name}: expected a whole number, got {name_of_type(value)}")
        if type(value) is not int:
            self._found[name] = value
        return number

    def optional_decimal(self, name: str, default: float | None = None) -> float | None:
        value = self._take(name)
        if self._is_nothing(name, value, default):
            return default
        number = float(value) if type(value) is str and _DECIMAL.fullmatch(value.strip()) else value
        if type(number) not in (int, float):
            raise ValueError(f"{name}: expected a number, got {name_of_type(value)}")
        if type(value) is str:
            self._found[name] = value
        # The contract widens a whole number in a field for floats, or says that it cannot.
        return number

    def _is_nothing(self, name: str, value: object, default: float | None) -> bool:
        if value is _ABSENT:
            if default is not None:
                self._absent.append(name)
            return True
        if value is None or (type(value) is str and not value.strip()):
            self._found[name] = value
            return True
        return False

    def untold(self, name: str) -> list[Any]:
        """The value of a key that is told elsewhere, in a list; an empty list where the key is absent."""
        value = self._take(name)
        return [] if value is _ABSENT else [value]

    def keep(self, name: str, value: object) -> None:
        """Tell of `value`, which stood under `name`, although a field was taken from there."""
        self._found[name] = value

    def rest(self, **more: Any) -> Json:
        """What no field told: the keys that were not taken, `more` that is neither empty nor None, and the remarks."""
        left = {name: value for name, value in self._raw.items() if name not in self._taken}
        left = with_remarks(left, {"found": self._found, "absent": self._absent, **more})
        # Remarks lie two levels below where their value stood, so that it may now be too deep.
        valid, repairs = valid_json(left)
        if repairs:
            self._source.reject(self._place, "nested too deeply; parts became text", self._raw, kind="repaired")
        return valid

    def _take(self, name: str) -> Any:
        self._taken.add(name)
        return self._raw.get(name, _ABSENT)

    def _keep(self, name: str, value: object, expected: str) -> None:
        if value is _ABSENT:
            self._absent.append(name)
            return
        self._found[name] = value
        if value not in (None, "") and expected:
            place = f"{self._place}.{name}" if self._place else name
            self._source.note(place, f"expected {expected}, got {name_of_type(value)}; kept as found")


def with_remarks(left: Json, remarks: Json) -> Json:
    """`left` with those `remarks` that are not empty under `legacy`, or `legacy_again` where that key is taken."""
    told = {name: remark for name, remark in remarks.items() if remark not in (None, [], {}, "")}
    if not told:
        return left
    name = "legacy"
    while name in left:
        name += "_again"
    return {**left, name: told}
