"""jira_cache.json in all its shapes: the issues of a query, their changelogs, and when they were fetched."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from burndown_store.contract import CacheInfo, History, Issue, Json, ValidationError, replace, to_json
from burndown_store.jira import history_from_jira, issue_from_jira
from burndown_store.legacy.documents import UnreadableError, spelled
from burndown_store.legacy.fields import Fields
from burndown_store.legacy.sources import Source, name_of_type
from burndown_store.legacy.times import UNKNOWN_TIME

__all__ = ["LIFETIME", "CachedIssues", "issues_from"]

# The application counted a cache as fresh for a day from its timestamp; no file says so.
LIFETIME: Final = timedelta(hours=24)

ISSUE_LISTS: Final = frozenset(("issues", "data"))


@dataclass(slots=True)
class CachedIssues:
    """`issues` and `histories` by key, in the order of the file."""

    issues: dict[str, Issue] = field(default_factory=dict)
    histories: dict[str, History] = field(default_factory=dict)
    info: CacheInfo | None = None


def issues_from(source: Source, points_field: str | None) -> CachedIssues:
    """What the cache holds. The last of two issues with one key counts. A cache that breaks off is rejected whole,
    because half a query would look like all of it.
    """
    cached = CachedIssues()
    beside: Json = {}
    places: dict[str, str] = {}
    try:
        for path, value in source.pieces(ISSUE_LISTS):
            if path and isinstance(path[-1], int):
                _add(cached, value, spelled(path), source, points_field, places)
            elif path:
                if path[0] in ISSUE_LISTS and value is not None:
                    source.reject(spelled(path), f"expected a list of issues, got {name_of_type(value)}", value)
                else:
                    _put_beside(beside, str(path[0]), value, source)
            else:
                source.reject("", f"expected a cache of issues (an object or a list), got {name_of_type(value)}", value)
    except UnreadableError:
        return CachedIssues()
    if beside:
        cached.info = _info_from(source.repaired(beside, ""), source)
    fetched_at = UNKNOWN_TIME if cached.info is None else cached.info.fetched_at
    expires_at = _end_of_life(fetched_at)
    cached.issues = {key: replace(issue, expires_at=expires_at) for key, issue in cached.issues.items()}
    known = None if fetched_at == UNKNOWN_TIME else fetched_at
    cached.histories = {
        key: replace(history, fetched_at=known, expires_at=expires_at) for key, history in cached.histories.items()
    }
    return cached


def _add(
    cached: CachedIssues, raw: Any, place: str, source: Source, points_field: str | None, places: dict[str, str]
) -> None:
    try:
        # When it expires may stand below the issues, so that comes last.
        issue = issue_from_jira(raw, points_field=points_field, expires_at=UNKNOWN_TIME, where=place)
        history = history_from_jira(raw, expires_at=UNKNOWN_TIME, where=place)
    except ValidationError as refusal:
        source.reject(place, str(refusal), raw)
        return
    accepted = source.accepted(issue, place, raw)
    if accepted is None:
        return
    if "repaired_by_burndown_store" in accepted.document.text or (history and "repaired" in history.details):
        source.repaired(raw, place)
    if issue.key in places:
        _report_first(cached, issue.key, places[issue.key], source)
    places[issue.key] = place
    cached.issues.pop(issue.key, None)
    cached.histories.pop(issue.key, None)
    cached.issues[issue.key] = accepted
    if history is not None:
        cached.histories[issue.key] = history


def _report_first(cached: CachedIssues, key: str, place: str, source: Source) -> None:
    reason = "the issue stands twice; the last counts"
    source.reject(place, reason, cached.issues[key].document.value(), kind="superseded")
    if key in cached.histories:
        source.reject(f"{place}.changelog", reason, to_json(cached.histories[key]), kind="superseded")


def _put_beside(beside: Json, name: str, value: Any, source: Source) -> None:
    if name in beside:
        source.reject(name, "the key stands twice; the last counts", beside[name], kind="superseded")
    beside[name] = value


def _info_from(beside: Json, source: Source) -> CacheInfo | None:
    fields = Fields(beside, source)
    metadata = beside.get("metadata")
    written = _first_time(beside, ("timestamp", "cached_at", "last_updated"), fields)
    if written is None and type(metadata) is dict:
        written = _first_time(metadata, ("timestamp",), Fields(metadata, source, "metadata"))
    fetched_at = written or UNKNOWN_TIME
    info = CacheInfo(
        fetched_at=fetched_at,
        expires_at=_end_of_life(fetched_at),
        jql=fields.optional_text("jql_query"),
        details=fields.rest(absent_times=None if written else ["fetched_at"]),
    )
    return source.accepted(info, "", beside)


def _first_time(raw: Json, names: tuple[str, ...], fields: Fields) -> datetime | None:
    for name in names:
        if name in raw:
            found = fields.instant(name)
            if found is not None:
                return found
    return None


def _end_of_life(fetched_at: datetime) -> datetime:
    try:
        return fetched_at + LIFETIME
    except OverflowError:
        return fetched_at
