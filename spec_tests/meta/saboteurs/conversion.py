"""What many saboteurs do: change one field of a batch's records, and leave alone what is no list of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from burndown_store.contract import Record, replace

__all__ = ["converted"]


def converted(records: Any, kind: type[Record], field: str, convert: Callable[[Any], Any]) -> Any:
    """The batch with `field` of each record converted; anything but a list of records of `kind` as it is."""
    if type(records) is not list or not all(type(each) is kind for each in records):
        return records
    return [replace(each, **{field: convert(getattr(each, field))}) for each in records]
