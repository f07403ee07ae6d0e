"""jira_changelog_cache.json in all its shapes: the changes of each issue."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from burndown_store.contract import History, Json, ValidationError, to_json
from burndown_store.jira import history_from_jira
from burndown_store.legacy.documents import JsonPath, UnreadableError, spelled
from burndown_store.legacy.sources import Source, name_of_type
from burndown_store.legacy.times import NEVER, UNKNOWN_TIME

__all__ = ["CachedHistories", "histories_from", "newest_histories"]

# What the wrapper of whole issues has beside them; in a mixed file these keys stand among issue keys.
_WRAPPER: Final = (
    "cache_version",
    "version",
    "timestamp",
    "last_updated",
    "jql_query",
    "jql_hash",
    "fields_requested",
    "total_issues",
    "issues",
)


@dataclass(slots=True)
class CachedHistories:
    """`histories` by issue key, in the order of the file; `wrapper` is what stood beside them."""

    histories: dict[str, History] = field(default_factory=dict)
    wrapper: Json = field(default_factory=dict)


def histories_from(source: Source) -> CachedHistories:
    """What the changelog cache holds: an object by issue key, a wrapper of whole issues, or both in one.

    The application threw no changelog away, whatever its age, so these never expire. An issue without changes has an
    empty history. What an entry holds beside its changelog is kept in `details["entry"]`. A cache that breaks off is
    rejected whole.
    """
    cached = CachedHistories()
    try:
        for path, value in source.pieces(frozenset(("issues",))):
            if path and isinstance(path[-1], int):
                key = value.get("key") if type(value) is dict else None
                _add(cached, key, value, path, source)
            elif not path:
                reason = f"expected a cache of changelogs (an object), got {name_of_type(value)}"
                source.reject("", reason, value)
            elif path[0] in _WRAPPER and not (type(value) is dict and "changelog" in value):
                if path[0] == "issues" and value is not None:
                    source.reject("issues", f"expected a list of issues, got {name_of_type(value)}", value)
                else:
                    _put_beside(cached.wrapper, str(path[0]), value, source)
            else:
                _add(cached, path[0], value, path, source)
    except UnreadableError:
        return CachedHistories()
    cached.wrapper = source.repaired(cached.wrapper, "")
    return cached


def newest_histories(
    of_changelog: dict[str, History], of_issues: dict[str, History], source: Source
) -> dict[str, History]:
    """One history for each issue: the one fetched last, on a tie that of the issue itself, which has all fields."""
    newest = dict(of_issues)
    for key, history in of_changelog.items():
        other = newest.get(key)
        if other is not None:
            ours, theirs = history.fetched_at or UNKNOWN_TIME, other.fetched_at or UNKNOWN_TIME
            loser = other if ours > theirs else history
            reason = "both caches hold this issue's changelog; the one that was fetched last counts"
            source.reject(key, reason, to_json(loser), kind="superseded")
            if loser is history:
                continue
        newest[key] = history
    return newest


def _add(cached: CachedHistories, key: Any, raw: Any, path: JsonPath, source: Source) -> None:
    place = spelled(path)
    if type(raw) is not dict:
        source.reject(place, f"expected a changelog entry (a JSON object), got {name_of_type(raw)}", raw)
        return
    beside = source.repaired({name: value for name, value in raw.items() if name != "changelog"}, place)
    if type(key) is str and beside.get("key") == key:
        del beside["key"]
    said = beside.get("last_updated")
    fetched = source.instant(said) if type(said) is str else None
    if fetched is not None and not fetched[1]:
        del beside["last_updated"]
    changelog = raw.get("changelog")
    if type(changelog) is not dict and "changelog" in raw:
        beside["changelog"] = changelog
        source.note(place, f"expected a changelog (a JSON object), got {name_of_type(changelog)}; kept in the details")
    fetched_at = None if fetched is None else fetched[0]
    try:
        history = history_from_jira(
            {"key": key, "changelog": changelog if type(changelog) is dict else {}},
            fetched_at=fetched_at,
            expires_at=NEVER,
            where=place,
        )
    except ValidationError as refusal:
        source.reject(place, str(refusal), raw)
        return
    if history is None:
        return
    if "repaired" in history.details:
        source.repaired(raw, place)
    if "unreadable" in history.details:
        source.note(place, f"{len(history.details['unreadable'])} entries tell no change; kept in its details")
    if type(changelog) is not dict:
        history.details.pop("changelog")
    if beside:
        history.details["entry"] = beside
    accepted = source.accepted(history, place, raw)
    if accepted is None:
        return
    if accepted.issue_key in cached.histories:
        first = cached.histories.pop(accepted.issue_key)
        reason = "the issue's changelog stands twice; this is the first, and the last counts"
        source.reject(place, reason, to_json(first), kind="superseded")
    cached.histories[accepted.issue_key] = accepted


def _put_beside(wrapper: Json, name: str, value: Any, source: Source) -> None:
    if name in wrapper:
        source.reject(name, "the key stands twice; the last counts", wrapper[name], kind="superseded")
    wrapper[name] = value
