"""`jira_cache.json`: the raw issues as JIRA gave them, and when they were fetched.

The layout keeps no more than the raw issues. The columns of each, and until when it is valid, stand in our own member,
in the same order. A document that is no raw issue of this key would stop the old application: it gets one that says
what the columns say, and the document itself stands beside the columns.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

import msgspec

from burndown_store.contract import CacheInfo, Issue, Json, JsonText, check
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
)

__all__ = ["Cache", "cache_from", "cache_text", "fields_of"]

_RESERVED: Final = frozenset({"timestamp", "jql_query", "issues", "total_issues"})
_COLUMNS: Final = tuple(name for name in Issue.__struct_fields__ if name != "document")


class Cache(NamedTuple):
    """What a `jira_cache.json` holds: the issues by key, and what is known of the last fetch."""

    issues: dict[str, Issue]
    info: CacheInfo | None


# An empty text is no JSON, so it can stand for none.
_IN_ITS_PLACE: Final = msgspec.Raw()


class _Columns(msgspec.Struct, omit_defaults=True):
    """The fields of an issue but its document, which is given only where it does not stand among the raw issues."""

    key: str
    expires_at: datetime
    summary: str | None = None
    status: str | None = None
    assignee: str | None = None
    issue_type: str | None = None
    priority: str | None = None
    resolution: str | None = None
    project_key: str | None = None
    project_name: str | None = None
    created: datetime | None = None
    updated: datetime | None = None
    resolved: datetime | None = None
    points: float | None = None
    document: msgspec.Raw = _IN_ITS_PLACE


class _Ours(msgspec.Struct):
    issues: list[_Columns]


class _RawIssue(msgspec.Struct):
    """As much of a raw issue as the old application cannot do without."""

    key: str
    fields: dict[str, msgspec.Raw]


class _File(msgspec.Struct):
    issues: list[msgspec.Raw]
    ours: _Ours = msgspec.field(name=OURS)


_FILE: Final = msgspec.json.Decoder(_File)
_RAW_ISSUE: Final = msgspec.json.Decoder(_RawIssue)
_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def cache_text(cache: Cache) -> bytes:
    """The text of the file."""
    rows, raws = [], []
    for issue in cache.issues.values():
        row = _Columns(**{name: getattr(issue, name) for name in _COLUMNS})
        raw = msgspec.Raw(issue.document.text.encode("utf-8"))
        if _raw_issue_of(issue) is None:
            row.document, raw = raw, msgspec.Raw(msgspec.json.encode({"key": issue.key, "fields": _made_fields(issue)}))
        rows.append(row)
        raws.append(raw)
    known, details, made, ours = _fetch(cache.info)
    return encoded(
        document_of(
            {**known, "issues": raws, "total_issues": len(raws)},
            details,
            reserved=_RESERVED,
            made=made,
            ours={**ours, "issues": rows},
        ),
        # Indented, it would take twice the room, and so would every document that is read from it.
        indented=False,
    )


def cache_from(data: bytes) -> Cache:
    """What the file holds. Raises `ValueError`, `KeyError`, `TypeError`, `AttributeError`."""
    file: _File = decoded(data, _FILE)
    issues = {}
    for row, raw in zip(file.ours.issues, file.issues, strict=True):
        text = bytes(row.document or raw).decode("utf-8")
        columns = {name: getattr(row, name) for name in _COLUMNS}
        issues[row.key] = check(Issue(document=JsonText(text), **columns))
    if len(issues) != len(file.issues):
        raise ValueError("an issue stands twice")
    members: dict[str, msgspec.Raw] = decoded(data, _MEMBERS)
    members[OURS] = msgspec.Raw(
        msgspec.json.encode({name: raw for name, raw in _MEMBERS.decode(members[OURS]).items() if name != "issues"})
    )
    small = {name: msgspec.json.decode(raw) for name, raw in members.items() if name != "issues"}
    return Cache(issues, _info_of(small))


def fields_of(issue: Issue, names: Collection[str]) -> Json:
    """Of the raw issue's fields those of these names, null where there is none."""
    raw = _raw_issue_of(issue)
    fields = _made_fields(issue) if raw is None else raw.fields
    return {name: fields.get(name) for name in names}


def _fetch(info: CacheInfo | None) -> tuple[Json, Json, Json, Json]:
    """What the file says of the last fetch: known members, details, members made up, and what is ours."""
    if info is None:
        return {}, {}, {"cache_version": "2.0"}, {}
    fetched_at = instant_text(info.fetched_at)
    known: Json = {"timestamp": fetched_at}
    made: Json = {"cache_version": "2.0", "last_updated": fetched_at, "changed_keys": []}
    if info.jql is not None:
        known["jql_query"] = info.jql
        made["jql_hash"] = sha256(info.jql.encode("utf-8")).hexdigest()[:16]
    return known, info.details, made, {"expires_at": instant_text(info.expires_at)}


def _info_of(document: Document) -> CacheInfo | None:
    if "expires_at" not in document[OURS]:
        return None
    return check(
        CacheInfo(
            fetched_at=instant_from(document["timestamp"]),
            expires_at=instant_from(document[OURS]["expires_at"]),
            jql=document.get("jql_query"),
            details=extra_of(document, reserved=_RESERVED),
        )
    )


def _raw_issue_of(issue: Issue) -> _RawIssue | None:
    """What the document says as a raw issue; None where it is none, or that of another key."""
    try:
        found: _RawIssue = _RAW_ISSUE.decode(issue.document.text)
    except msgspec.MsgspecError:
        return None
    return found if found.key == issue.key else None


def _made_fields(issue: Issue) -> Json:
    fields: dict[str, Any] = {
        "summary": issue.summary,
        "status": _named("name", issue.status),
        "issuetype": _named("name", issue.issue_type),
        "project": _project(issue),
        "assignee": _named("displayName", issue.assignee),
        "priority": _named("name", issue.priority),
        "resolution": _named("name", issue.resolution),
        "created": _jira_instant(issue.created),
        "updated": _jira_instant(issue.updated),
        "resolutiondate": _jira_instant(issue.resolved),
    }
    may_be_null = ("assignee", "priority", "resolution", "resolutiondate")
    return {name: value for name, value in fields.items() if value is not None or name in may_be_null}


def _named(name: str, text: str | None) -> Json | None:
    return None if text is None else {name: text}


def _project(issue: Issue) -> Json | None:
    project = {"key": issue.project_key, "name": issue.project_name}
    return {name: text for name, text in project.items() if text is not None} or None


def _jira_instant(instant: datetime | None) -> str | None:
    return None if instant is None else jira_instant_text(instant)
