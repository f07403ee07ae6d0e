"""`jira_changelog_cache.json`: a map from issue keys to the histories of the issues, in the layout's second shape.

Neighbouring changes of one JIRA history are its items. Milliseconds are all that the layout knows of an instant; what
is finer stands in our own member of the history. When an issue's history was fetched, and until when it is valid,
stands in that of its entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Final

from burndown_store.contract import Change, History, Issue, check
from burndown_store.json_files.documents import (
    OURS,
    Document,
    decoded,
    document_of,
    encoded,
    extra_of,
    instant_from,
    instant_text,
    jira_instant_text,
    local_text,
    optional_instant_from,
)
from burndown_store.json_files.issues import fields_of

__all__ = ["histories_from", "histories_text"]

_RESERVED: Final = frozenset({"changelog", "last_updated"})
_FIELDS: Final = ("project", "fixVersions", "status", "issuetype", "created", "resolutiondate")
_ALWAYS: Final = {"field": "field", "from_text": "fromString", "to_text": "toString"}
_WHERE_GIVEN: Final = {"field_type": "fieldtype", "field_id": "fieldId", "from_value": "from", "to_value": "to"}


def histories_text(histories: Mapping[str, History], issues: Mapping[str, Issue]) -> bytes:
    """The text of the file. What the old application keeps of an issue in its entry is taken from `issues`."""
    return encoded({key: _entry(history, issues.get(key)) for key, history in histories.items()})


def histories_from(data: bytes) -> dict[str, History]:
    """The histories by issue key. Raises `ValueError`, `KeyError`, `TypeError`, `AttributeError`."""
    return {key: _history_of(key, entry) for key, entry in decoded(data).items()}


def _entry(history: History, issue: Issue | None) -> Document:
    parts = [_part(list(changes)) for _, changes in groupby(history.changes, key=_belongs_to)]
    known: Document = {"changelog": {"histories": parts, "total": len(parts)}}
    ours = {"expires_at": instant_text(history.expires_at)}
    if history.fetched_at is not None:
        known["last_updated"] = local_text(history.fetched_at)
        ours["fetched_at"] = instant_text(history.fetched_at)
    return document_of(
        known,
        history.details,
        reserved=_RESERVED,
        made={**_beside(history, issue), "key": history.issue_key},
        ours=ours,
    )


def _history_of(key: str, entry: Document) -> History:
    return check(
        History(
            issue_key=key,
            changes=[change for part in entry["changelog"]["histories"] for change in _changes_of(part)],
            fetched_at=optional_instant_from(entry[OURS].get("fetched_at")),
            expires_at=instant_from(entry[OURS]["expires_at"]),
            details=extra_of(entry, reserved=_RESERVED),
        )
    )


def _beside(history: History, issue: Issue | None) -> Document:
    """What the old application keeps beside the changes: as the issue tells, or as the migration handed it on."""
    beside: Document = {} if issue is None else {"fields": fields_of(issue, _FIELDS)}
    entry = history.details.get("entry")
    if isinstance(entry, dict):
        beside.update({name: value for name, value in entry.items() if name not in _RESERVED and name != OURS})
    return beside


def _belongs_to(change: Change) -> tuple[object, ...]:
    return change.changed_at, change.history_id, change.author


def _part(changes: list[Change]) -> Document:
    first = changes[0]
    part: Document = {"created": jira_instant_text(first.changed_at), "items": [_item(change) for change in changes]}
    if first.history_id is not None:
        part["id"] = first.history_id
    if first.author is not None:
        part["author"] = {"displayName": first.author}
    if first.changed_at.microsecond % 1000:
        part[OURS] = {"created": instant_text(first.changed_at)}
    return part


def _item(change: Change) -> Document:
    item = {name: getattr(change, field) for field, name in _ALWAYS.items()}
    given = {name: getattr(change, field) for field, name in _WHERE_GIVEN.items()}
    return {**item, **{name: text for name, text in given.items() if text is not None}}


def _changes_of(part: Document) -> list[Change]:
    changed_at = instant_from(part.get(OURS, part)["created"])
    author = part["author"]["displayName"] if "author" in part else None
    names = {**_ALWAYS, **_WHERE_GIVEN}
    return [
        Change(
            changed_at=changed_at,
            history_id=part.get("id"),
            author=author,
            **{field: item.get(name) for field, name in names.items()},
        )
        for item in part["items"]
    ]
