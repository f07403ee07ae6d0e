"""One raw JIRA changelog as a `History`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from burndown_store.contract import Change, History, Json, check_instant, same
from burndown_store.jira.issues import key_of
from burndown_store.jira.repair import valid_json
from burndown_store.jira.values import instant_from_jira, json_spelling, name_of_user, text_at

__all__ = ["history_from_jira"]


def history_from_jira(
    raw: Mapping[str, Any], *, fetched_at: datetime | None = None, expires_at: datetime, where: str = "issue"
) -> History | None:
    """The history in the raw issue's `changelog`: one `Change` per item, in the order of the answer.

    None when the issue carries no changelog object; an empty changelog is an empty history. `from` and `to` that are
    numbers or bools become their JSON text. `details` holds the rest, so that nothing is lost or kept twice:

    - `changelog`: the raw changelog. In each of its `histories`, `items` is the *number* of changes made from it, where
      these tell all that JIRA sent, and otherwise the raw items; `author` is a position in `authors`.
    - `authors`: the distinct authors as sent. One author object is five times as long as what he changed.
    - `unreadable`: the places of what became no change: no instant in `created`, or an item without a `field`.
    - `repaired`: the notes of `valid_json`, for values that the contract cannot store.

    The last three are left out where empty. Raises `ValidationError` for an issue without a key of 1–200 code points,
    and for a `fetched_at` or `expires_at` that is no instant.
    """
    key = key_of(raw, where)
    fetched_at = None if fetched_at is None else check_instant(fetched_at, "fetched_at")
    expires_at = check_instant(expires_at, "expires_at")
    if not isinstance(raw.get("changelog"), dict):
        return None
    details, repairs = valid_json({"changelog": raw["changelog"]})
    changes: list[Change] = []
    authors = _Authors()
    unreadable: list[str] = []
    entries = details["changelog"].get("histories")
    if type(entries) is list:
        for position, entry in enumerate(entries):
            place = f"changelog.histories[{position}]"
            if type(entry) is dict:
                changes += _changes_taken(entry, place, unreadable)
                if "author" in entry:
                    entry["author"] = authors.position(entry["author"])
            else:
                unreadable.append(place)
    elif entries is not None:
        unreadable.append("changelog.histories")
    remarks = {"authors": authors.distinct, "unreadable": unreadable, "repaired": repairs}
    details.update({name: remark for name, remark in remarks.items() if remark})
    return History(issue_key=key, changes=changes, fetched_at=fetched_at, expires_at=expires_at, details=details)


class _Authors:
    """The distinct authors of one changelog, in the order of their first change."""

    def __init__(self) -> None:
        self.distinct: list[Any] = []
        self._positions: dict[str, int] = {}

    def position(self, author: Any) -> int:
        spelled = json.dumps(author, sort_keys=True)
        if spelled not in self._positions:
            self._positions[spelled] = len(self.distinct)
            self.distinct.append(author)
        return self._positions[spelled]


def _changes_taken(entry: Json, place: str, unreadable: list[str]) -> list[Change]:
    """The changes of one entry of `histories`, whose `items` become their number where the changes tell them wholly."""
    items = entry.get("items")
    if items is None:
        return []
    if type(items) is not list:
        unreadable.append(f"{place}.items")
        return []
    changed_at = instant_from_jira(entry.get("created"))
    if changed_at is None:
        unreadable.append(f"{place}.created")
        return []
    changes = []
    for position, item in enumerate(items):
        field = text_at(item, "field")
        if field is None:
            unreadable.append(f"{place}.items[{position}]")
        else:
            changes.append(_change(item, field, changed_at, entry))
    if same(items, [_item_told_by(change) for change in changes]):
        entry["items"] = len(changes)
    return changes


def _change(item: Json, field: str, changed_at: datetime, entry: Json) -> Change:
    return Change(
        changed_at=changed_at,
        field=field,
        field_id=json_spelling(item.get("fieldId")),
        field_type=json_spelling(item.get("fieldtype")),
        author=name_of_user(entry.get("author")),
        history_id=json_spelling(entry.get("id")),
        from_value=json_spelling(item.get("from")),
        from_text=json_spelling(item.get("fromString")),
        to_value=json_spelling(item.get("to")),
        to_text=json_spelling(item.get("toString")),
    )


def _item_told_by(change: Change) -> Json:
    """The item as JIRA sends it, from the change alone; JIRA leaves out `fieldId` where it has none."""
    item = {
        "field": change.field,
        "fieldtype": change.field_type,
        "from": change.from_value,
        "fromString": change.from_text,
        "to": change.to_value,
        "toString": change.to_text,
    }
    return item if change.field_id is None else {**item, "fieldId": change.field_id}
