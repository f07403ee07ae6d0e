"""Hypothesis strategies for whole folders of old files of the third generation, with what they tell.

`workspaces` gives pairs: the files, and what a store tells afterwards, as `vocabulary.told_by` says it. What each shape
means is written here by hand, from the description of the layout, so that it is a second opinion.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

__all__ = ["workspaces"]

Draw = st.DrawFn
UNKNOWN: Final = datetime(1970, 1, 1, tzinfo=UTC)
ABSENT: Final = object()

_AT: Final = datetime(2025, 11, 3, 8, 15, 30, 123456, UTC)
_WHOLE: Final = _AT.replace(microsecond=0)
_TIMES: Final = [
    ("2025-11-03T08:15:30.123456+00:00", _AT),
    ("2025-11-03T10:15:30.123456+02:00", _AT),
    ("2025-11-03T08:15:30.123456", _AT),
    ("2025-11-03T08:15:30Z", _WHOLE),
    ("2025-12-29T23:59:59.000001+00:00", datetime(2025, 12, 29, 23, 59, 59, 1, UTC)),
    ("2025-07-01T00:00:00", datetime(2025, 7, 1, tzinfo=UTC)),
]
_JIRA_TIMES: Final = [
    ("2025-10-03T14:22:31.000+0000", datetime(2025, 10, 3, 14, 22, 31, tzinfo=UTC)),
    ("2025-10-03T14:22:31.125+0200", datetime(2025, 10, 3, 12, 22, 31, 125000, UTC)),
    ("2025-10-04T00:00:00.000-0930", datetime(2025, 10, 4, 9, 30, tzinfo=UTC)),
    ("2025-10-05T09:00:00Z", datetime(2025, 10, 5, 9, tzinfo=UTC)),
]
_FLAGS: Final = [(True, True), (False, False), (1, True), (0, False), (["show"], True), ([], False), (ABSENT, False)]
_FORECASTS: Final[list[dict[str, Any]]] = [{"pert_factor": 6, "deadline": None}, {"pert_factor": 1.2, "deadline": ""}]
_SCOPES: Final[list[dict[str, Any]]] = [{"total_items": 34, "estimated_items": None}, {"total_points": 80.5}]
_METRICS: Final[list[tuple[str, dict[str, Any], float | None]]] = [
    ("flow_time", {"median_days": 4.5, "avg_days": 5}, 4.5),
    ("dora_mttr", {"median_hours": None, "unit": "hours"}, None),
    ("flow_load", {"wip_count": 0, "by_status": {}}, 0.0),
    ("trends", {"flow_time_trend": "↗"}, None),
    ("team_mood", {"value": 3}, 3.0),
]
_MOVES: Final = [("To Do", "Done"), (None, "To Do"), ("", "Größe")]
_TEXTS: Final = ["Team Blue", "", "Größe", "Ⅷ → 😀", "a\nb"]
_MORE: Final[list[dict[str, Any]]] = [
    {},
    {"_comment": "edited by hand"},
    {"cache_metadata": {"last_cache_key": None, "sizes": [1, 1.5, "1", True, {}]}},
    {"_help": [], "setup_status": {"setup_complete": False}},
]


@dataclass
class _Told:
    """One thing that is drawn: how the files say it, and what it means."""

    raw: dict[str, Any]
    meant: dict[str, Any]

    def say(self, key: str, spelled: Any) -> None:
        if spelled is not ABSENT:
            self.raw[key] = spelled


def _time(draw: Draw, told: _Told, key: str) -> datetime | None:
    """Say a time at `key`, or none."""
    spelled, meant = draw(st.sampled_from([*_TIMES, *_TIMES, (ABSENT, None), (None, None)]))
    told.say(key, spelled)
    return meant


@st.composite
def workspaces(draw: Draw) -> tuple[dict[str, Any], dict[str, Any]]:
    """The files of a folder, and what they tell."""
    files: dict[str, Any] = {}
    profiles: dict[str, Any] = {}
    queries: dict[str, Any] = {}
    entries: dict[str, dict[str, Any]] = {}
    has_registry = draw(st.sampled_from([True, True, True, False]))
    ids = draw(st.lists(st.sampled_from(["p_0a1b2c3d4e5f", "default", "Team Grün"]), min_size=1, unique=True))
    for profile_id in ids:
        entry, created, used = _entry(draw, profile_id)
        listed = has_registry and draw(st.booleans())
        if listed:
            entries[profile_id] = entry
        told = _profile(draw, profile_id, (entry, created, used) if listed else ({}, None, None))
        profiles[profile_id] = told.meant
        files[f"profiles/{profile_id}/profile.json"] = told.raw
        queries[profile_id] = {}
        for query_id in draw(st.lists(st.sampled_from(["main", "q_112233445566", "a query"]), max_size=2, unique=True)):
            place = f"profiles/{profile_id}/queries/{query_id}"
            query = _query(draw, query_id, told.meant["created_at"])
            written, meant = _below(draw, told.raw.get("jira_config", {}).get("points_field"))
            if query.raw or not written:
                files[f"{place}/query.json"] = query.raw
            files.update({f"{place}/{name}": content for name, content in written.items()})
            queries[profile_id][query_id] = {**query.meant, **meant}
    if has_registry and draw(st.booleans()):
        entry, created, used = _entry(draw, "registered")
        entries["registered"] = entry
        name, description = entry["name"], entry.get("description", "")
        profiles["registered"] = {
            "name": name,
            "description": description,
            "created_at": created or used or UNKNOWN,
            "last_used_at": used or created or UNKNOWN,
            "show_milestone": False,
            "show_points": False,
            "jira_config": {},
            "field_mappings": {},
            "forecast_settings": {},
            "extra": {"queries": ["main"]},
        }
        queries["registered"] = {}
    state: dict[str, Any] = {"active_profile_id": None, "active_query_id": None}
    if has_registry:
        files["profiles/profiles.json"], state = _registry(draw, entries, queries)
    tasks = _task(draw, files)
    return files, {"state": state, "tasks": tasks, "profiles": profiles, "queries": queries}


def _registry(
    draw: Draw, entries: Mapping[str, dict[str, Any]], queries: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    registry = _Told({}, {"active_profile_id": None, "active_query_id": None})
    registry.say("version", draw(st.sampled_from(["3.0", None])))
    active = draw(st.sampled_from([*queries, *queries, "gone", "", None, ABSENT]))
    registry.say("active_profile_id", active)
    below = queries.get(active, {}) if isinstance(active, str) else {}
    query = draw(st.sampled_from([*below, *below, "main", "", None, ABSENT]))
    registry.say("active_query_id", query)
    if isinstance(active, str) and active in queries:
        registry.meant["active_profile_id"] = active
        if isinstance(query, str) and query in below:
            registry.meant["active_query_id"] = query
    listed = draw(st.booleans())
    registry.raw["profiles"] = [{"id": name, **entry} for name, entry in entries.items()] if listed else dict(entries)
    return registry.raw, registry.meant


def _entry(draw: Draw, profile_id: str) -> tuple[dict[str, Any], datetime | None, datetime | None]:
    told = _Told({"name": f"{profile_id} of the registry", "queries": ["main"]}, {})
    if draw(st.booleans()):
        told.say("description", "of the registry")
    created, used = _time(draw, told, "created_at"), _time(draw, told, "last_used")
    return told.raw, created, used


def _profile(draw: Draw, profile_id: str, registered: tuple[dict[str, Any], datetime | None, datetime | None]) -> _Told:
    """The folder is the id; the registry stands in for what is absent, and knows when the profile was used last."""
    entry, entry_created, entry_used = registered
    more = draw(st.sampled_from(_MORE))
    told = _Told(dict(more), {"extra": dict(more)})
    told.say("id", draw(st.sampled_from([profile_id, "another", ABSENT])))
    for key, default in (("name", "Default"), ("description", "")):
        said = draw(st.sampled_from([*_TEXTS, ABSENT]))
        told.say(key, said)
        told.meant[key] = entry.get(key, default) if said is ABSENT else said
    created, used = _time(draw, told, "created_at"), _time(draw, told, "last_used")
    created, used = created or entry_created, entry_used or used
    told.meant.update(created_at=created or used or UNKNOWN, last_used_at=used or created or UNKNOWN)
    for key in ("show_milestone", "show_points"):
        said, meant = draw(st.sampled_from(_FLAGS))
        told.say(key, said)
        told.meant[key] = meant
    points = draw(st.sampled_from(["customfield_10002", "votes", "", None, ABSENT]))
    jira = {"base_url": "https://tracker.example.com", "last_test_success": None}
    told.meant["jira_config"] = told.raw["jira_config"] = jira if points is ABSENT else {**jira, "points_field": points}
    mappings = draw(st.sampled_from([{}, {"dora": {"deployment_date": "created"}}, {"deployment_date": "created"}]))
    told.meant["field_mappings"] = told.raw["field_mappings"] = mappings
    forecast = draw(st.sampled_from(_FORECASTS))
    told.meant["forecast_settings"] = forecast
    # Where a file of an older shape was taken over, these lie at the top.
    told.raw.update(forecast if draw(st.booleans()) else {"forecast_settings": forecast})
    return told


def _query(draw: Draw, query_id: str, profile_created: datetime) -> _Told:
    """Its id in words is its name where it has none; the JQL has an older key."""
    told = _Told({}, {})
    name = draw(st.sampled_from([*_TEXTS, ABSENT]))
    told.say("name", name)
    told.meant["name"] = query_id.replace("_", " ").title() if name is ABSENT else name
    key = draw(st.sampled_from(["jql", "jql", "jql_query", ""]))
    if key:
        told.say(key, "project = AB ORDER BY created")
    told.meant["jql"] = "project = AB ORDER BY created" if key else ""
    created, used = _time(draw, told, "created_at"), _time(draw, told, "last_used")
    told.meant["created_at"] = created or used or profile_created
    told.meant["last_used_at"] = used or created or profile_created
    return told


def _below(draw: Draw, points_field: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The files below a query, and what they tell."""
    written: dict[str, Any] = {}
    meant: dict[str, Any] = {"cache_info": None, "issues": {}, "histories": {}}
    meant.update(statistics=[], scope=None, metrics=[])
    if draw(st.booleans()):
        written["jira_cache.json"] = _issues(draw, points_field, meant)
    if draw(st.booleans()):
        written["jira_changelog_cache.json"] = _changelogs(draw, meant)
    if draw(st.booleans()):
        written["project_data.json"] = _figures(draw, meant)
    if draw(st.booleans()):
        written["metrics_snapshots.json"] = _metrics(draw, meant)
    return written, meant


def _issues(draw: Draw, points_field: str | None, meant: dict[str, Any]) -> Any:
    issues = [
        _issue(draw, key, points_field) for key in draw(st.lists(st.sampled_from(["AB-1", "AB-2", "CD-1"]), max_size=4))
    ]
    raw = [issue.raw for issue in issues]
    shape = draw(st.sampled_from(["v0", "v2", "delta", "data", "cached_at", "list"]))
    told = _Told({}, {})
    jql = None
    if shape in ("v2", "delta"):
        jql = "project = AB"
        told.raw.update(cache_version="2.0", jql_query=jql, total_issues=99)
    spelled, fetched = draw(st.sampled_from(_TIMES))
    cache: Any
    if shape == "list":
        cache, fetched = raw, UNKNOWN
    elif shape == "data":
        cache = {"metadata": {"timestamp": spelled, "cache_key": "k"}, "data": raw}
    else:
        cache = {**told.raw, "cached_at" if shape == "cached_at" else "timestamp": spelled, "issues": raw}
        if shape == "delta":
            cache.update(last_updated=spelled, changed_keys=[])
    ends = fetched + timedelta(hours=24)
    if shape != "list":
        meant["cache_info"] = {"fetched_at": fetched, "expires_at": ends, "jql": jql}
    # The last of two with one key counts.
    meant["issues"] = {issue.raw["key"]: {**issue.meant, "expires_at": ends} for issue in issues}
    return cache


def _issue(draw: Draw, key: str, points_field: str | None) -> _Told:
    fields = _Told({}, {"summary": None, "status": None, "assignee": None, "project_key": None})
    fields.meant.update(created=None, resolved=None, points=None)
    if draw(st.booleans()):
        fields.raw["summary"] = fields.meant["summary"] = draw(st.sampled_from(_TEXTS))
    if draw(st.booleans()):
        fields.raw["status"] = {"id": "3", "name": "In Review", "statusCategory": {"id": 4}}
        fields.meant["status"] = "In Review"
    said = draw(st.sampled_from([ABSENT, None, {"displayName": "Ada Example"}, {"name": "ada"}]))
    fields.say("assignee", said)
    fields.meant["assignee"] = next(iter(said.values())) if isinstance(said, dict) else None
    if draw(st.booleans()):
        fields.raw["project"] = {"key": key[:2], "name": "Alpha"}
        fields.meant["project_key"] = key[:2]
    for name, column in (("created", "created"), ("resolutiondate", "resolved")):
        said, fields.meant[column] = draw(st.sampled_from([*_JIRA_TIMES, (None, None), (ABSENT, None)]))
        fields.say(name, said)
    estimates = [(5, 5.0), (0, 0.0), (2.5, 2.5), ("5.0", 5.0), (None, None), (ABSENT, None), ({"value": "8"}, 8.0)]
    said, points = draw(st.sampled_from(estimates))
    fields.say("customfield_10002", said)
    if points_field == "customfield_10002":
        fields.meant["points"] = points
    if draw(st.booleans()):
        fields.raw["votes"] = {"votes": 3, "hasVoted": False}
        if points_field == "votes":
            fields.meant["points"] = 3.0
    raw = {"id": "10001", "key": key, "fields": fields.raw}
    return _Told(raw, {**fields.meant, "document": raw})


def _changelogs(draw: Draw, meant: dict[str, Any]) -> Any:
    """A map by issue key, with or without `key` and `fields`; or the whole issues of a search answer."""
    wrapped = draw(st.booleans())
    entries: dict[str, Any] = {}
    for key in draw(st.lists(st.sampled_from(["AB-1", "AB-2", "GONE-1"]), max_size=3, unique=True)):
        histories, changes = [], []
        for spelled, at in draw(st.lists(st.sampled_from(_JIRA_TIMES), max_size=2)):
            items = draw(st.lists(st.sampled_from(_MOVES), min_size=1, max_size=2))
            moved = [{"field": "status", "fromString": old, "toString": new} for old, new in items]
            histories.append({"created": spelled, "items": moved})
            changes += [[at, "status", old, new] for old, new in items]
        entry: dict[str, Any] = {"changelog": {"histories": histories, "total": len(histories)}}
        fetched = None
        if wrapped:
            entry.update(key=key, fields={"summary": "Alpha"})
        else:
            spelled, fetched = draw(st.sampled_from(_TIMES))
            entry["last_updated"] = spelled
            if draw(st.booleans()):
                entry.update(key=key, fields={"project": None, "status": {"name": "Done"}})
        entries[key] = entry
        meant["histories"][key] = {"fetched_at": fetched, "changes": changes}
    if not wrapped:
        return entries
    return {"cache_version": "2.0", "timestamp": "2025-11-03T12:00:00.000001", "issues": list(entries.values())}


def _figures(draw: Draw, meant: dict[str, Any]) -> Any:
    """Rows by date, under any of three keys or none, and a scope in any of its shapes."""
    wholes = [(5, 5), (0, 0), ("5", 5), (5.0, 5), ("", 0), (None, 0), (ABSENT, 0), (-2, -2)]
    decimals = [(5, 5.0), (0.5, 0.5), ("8.5", 8.5), ("", 0.0), (None, 0.0), (ABSENT, 0.0)]
    rows = []
    for day in draw(st.lists(st.sampled_from([date(2025, 11, 3), date(2025, 11, 5), date(2024, 2, 29)]), unique=True)):
        told = _Told({"date": f"{day}{draw(st.sampled_from(['', 'T00:00:00', '-142233', ' 08:15:00']))}"}, {})
        for key, spellings in (("items", wholes), ("points", decimals)):
            for what in ("completed", "created"):
                said, told.meant[f"{what}_{key}"] = draw(st.sampled_from(spellings))
                told.say(f"{what}_{key}", said)
        if draw(st.booleans()):
            told.say("note", "a holiday")
        rows.append(told.raw)
        meant["statistics"].append({"date": day, **told.meant})
    meant["statistics"].sort(key=lambda row: row["date"])
    values = draw(st.sampled_from(_SCOPES))
    spelled, updated = draw(st.sampled_from(_TIMES))
    shape = draw(st.sampled_from(["v2", "old name", "empty", "flat", "list"]))
    if shape == "list":
        return rows
    meant["scope"] = {"values": values, "updated_at": updated}
    if shape == "flat":
        meant["statistics"] = []
        return {**values, "metadata": {"last_updated": spelled}}
    if shape == "empty":
        return {"statistics": rows, "project_scope": values, "last_updated": spelled, "version": "1.0"}
    name = "scope" if shape == "old name" else "project_scope"
    return {"statistics": rows, name: values, "metadata": {"source": "manual", "last_updated": spelled}}


def _metrics(draw: Draw, meant: dict[str, Any]) -> dict[str, Any]:
    """By week, in either spelling, and name; of one metric in both spellings the newest counts."""
    written: dict[str, Any] = {}
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    labels = [("2025-44", "2025-W44"), ("2025-W44", "2025-W44"), ("2026-W53", "2026-W53"), ("2025-45", "2025-W45")]
    for label, week in draw(st.lists(st.sampled_from(labels), unique=True)):
        written[label] = {}
        for name, raw, value in draw(st.lists(st.sampled_from(_METRICS), unique_by=lambda metric: metric[0])):
            # One instant for each spelling: of two at one instant, neither is the newest.
            hour = 9 if "W" in label else draw(st.sampled_from([8, 10]))
            at = datetime(2025, 11, 9, hour, tzinfo=UTC)
            written[label][name] = {
                **raw,
                "timestamp": draw(st.sampled_from([f"{at:%Y-%m-%dT%H:%M:%S}Z", at.isoformat()])),
            }
            told = {"week": week, "name": name, "value": value, "calculated_at": at}
            other = newest.get((week, name))
            if other is None or other["calculated_at"] < at:
                newest[week, name] = told
    meant["metrics"] = [newest[identity] for identity in sorted(newest)]
    return written


def _task(draw: Draw, files: dict[str, Any]) -> list[Any]:
    if not draw(st.booleans()):
        return []
    status = draw(st.sampled_from(["in_progress", "complete", "error"]))
    percent, meant = draw(st.sampled_from([(25.0, 25.0), (0, 0.0), (100.0, 100.0), (ABSENT, None)]))
    progress = {} if percent is ABSENT else {"fetch_progress": {"percent": percent, "message": "Fetching"}}
    started, at = draw(st.sampled_from(_TIMES))
    files["task_progress.json"] = json.loads(
        json.dumps({"task_id": "update_data", "status": status, "start_time": started, "phase": "fetch", **progress})
    )
    return [{"name": "update_data", "status": status, "percent": meant, "updated_at": at}]
