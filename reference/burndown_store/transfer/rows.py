"""What the old application exported when it had tables for a while: rows of columns, as the files had it before.

No column is lost: one that a file has no member for stands in it under its own name. Times without an offset are read
in the zone given.
"""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from typing import Any, Final

from burndown_store.contract import Json

__all__ = ["Rows"]

# Columns of an issue: the field of a raw issue that each is, and the member of the field that has the text.
_FIELDS: Final = {
    "summary": ("summary", ""),
    "status": ("status", "name"),
    "assignee": ("assignee", "displayName"),
    "issue_type": ("issuetype", "name"),
    "priority": ("priority", "name"),
    "resolution": ("resolution", "name"),
    "created": ("created", ""),
    "updated": ("updated", ""),
    "resolved": ("resolutiondate", ""),
    "resolutiondate": ("resolutiondate", ""),
    "labels": ("labels", ""),
    "components": ("components", ""),
    "fix_versions": ("fixVersions", ""),
}
_TIMES: Final = ("created", "updated", "resolutiondate")
_PROJECT: Final = {"project_key": "key", "project_name": "name"}

# Columns of a change, in the spellings that are known, and what a changelog of JIRA calls them.
_CHANGE: Final = {
    "field": ("field_name", "field"),
    "fieldtype": ("field_type", "fieldtype"),
    "fieldId": ("field_id", "fieldId"),
    "from": ("from_value", "from"),
    "fromString": ("old_value", "from_text", "from_string", "fromString"),
    "to": ("to_value", "to"),
    "toString": ("new_value", "to_text", "to_string", "toString"),
}
_CHANGED_AT: Final = ("change_date", "changed_at", "created")

# Where a file of metrics has the number of each that has a name of its own for it.
_NUMBER: Final = {
    "flow_time": "median_days",
    "flow_efficiency": "overall_pct",
    "flow_load": "wip_count",
    "flow_velocity": "completed_count",
    "dora_lead_time": "median_hours",
    "dora_deployment_frequency": "deployment_count",
    "dora_change_failure_rate": "change_failure_rate_percent",
    "dora_mttr": "median_hours",
}


class Rows:
    """The files of one query. `rejected` has place, reason, value and whether another value counts instead."""

    def __init__(self, zone: tzinfo, points_field: str | None) -> None:
        self._zone, self._points_field = zone, points_field
        self.naive_times = 0
        self.rejected: list[tuple[str, str, Any, bool]] = []

    def files_of(self, left: Json) -> dict[str, Any]:
        """The files by their names; what they hold is taken out of `left`, all that a package has of a query."""
        files: dict[str, Any] = {}
        if "jira_cache" in left:
            files["jira_cache.json"] = self._cache(left.pop("jira_cache"))
        if type(left.get("changelog_entries")) is list and "jira_changelog_cache" not in left:
            files["jira_changelog_cache.json"] = self._changelog(left.pop("changelog_entries"))
        elif "jira_changelog_cache" in left:
            files["jira_changelog_cache.json"] = left.pop("jira_changelog_cache")
        if any(name in left for name in ("project_data", "statistics", "project_scope")):
            files["project_data.json"] = self._project_data(left)
        if "metrics_snapshots" in left or type(left.get("metrics")) is list:
            files["metrics_snapshots.json"] = self._metrics(left)
        return files

    # Issues

    def _cache(self, cache: Any) -> Any:
        if type(cache) is list:
            return [self._issue(row) for row in cache]
        if type(cache) is dict and type(cache.get("issues")) is list:
            return {**cache, "issues": [self._issue(row) for row in cache["issues"]]}
        return cache

    def _issue(self, row: Any) -> Any:
        if type(row) is not dict or "issue_key" not in row or "fields" in row:
            return row
        left = dict(row)
        key = left.pop("issue_key")
        fields: Json = left.pop("custom_fields") if type(left.get("custom_fields")) is dict else {}
        fields = dict(fields)
        for column, (name, member) in _FIELDS.items():
            if column in left and name not in fields:
                value = left.pop(column)
                fields[name] = {member: value} if member and type(value) is str else value
        for name in _TIMES:
            if name in fields:
                said = fields[name]
                fields[name] = self._aware(said)
                if fields[name] != said:
                    left[name] = said
        project = {name: left.pop(column) for column, name in _PROJECT.items() if column in left}
        if project and "project" not in fields:
            fields["project"] = project
        elif project:
            left["project"] = project
        if self._points_field and "points" in left and self._points_field not in fields:
            fields[self._points_field] = left.pop("points")
        # A column that bears the name of a member of raw issues would pass for it.
        own = {name: left.pop(name) for name in ("key", "changelog") if name in left}
        return {"key": key, "fields": fields, **left, **({"columns": own} if own else {})}

    # Histories

    def _changelog(self, rows: list[Any]) -> Json:
        entries: dict[str, Json] = {}
        for position, row in enumerate(rows):
            key = row.get("issue_key") if type(row) is dict else None
            if type(key) is not str or not key:
                place = f"changelog_entries[{position}]"
                self.rejected.append((place, "expected a change with the key of its issue", row, False))
                continue
            left = {name: value for name, value in row.items() if name != "issue_key"}
            entry = entries.setdefault(key, {"key": key, "changelog": {"histories": []}})
            entry["changelog"]["histories"].append(self._history(left))
        return entries

    def _history(self, left: Json) -> Json:
        item: Json = {}
        for name, columns in _CHANGE.items():
            column = next((column for column in columns if column in left), None)
            if column is not None:
                item[name] = left.pop(column)
        history: Json = {"items": [item]}
        column = next((column for column in _CHANGED_AT if column in left), None)
        if column is not None:
            said = left.pop(column)
            history["created"] = self._aware(said)
            if history["created"] != said:
                left[column if column != "created" else "created_as_found"] = said
        if type(left.get("author")) is str:
            history["author"] = {"displayName": left.pop("author")}
        taken = {name: left.pop(name) for name in ("items", "created") if name in left}
        return {**left, **history, **({"columns": taken} if taken else {})}

    # Statistics, scope, metrics

    def _project_data(self, left: Json) -> Any:
        data = left.pop("project_data", {})
        if type(data) is not dict:
            return data
        for name in ("statistics", "project_scope"):
            if name in left and name not in data:
                data = {**data, name: left.pop(name)}
        if type(data.get("statistics")) is list:
            data = {**data, "statistics": [_dated(row) for row in data["statistics"]]}
        return data

    def _metrics(self, left: Json) -> Any:
        weeks = left.pop("metrics_snapshots", {})
        rows = left.pop("metrics") if type(left.get("metrics")) is list else []
        if type(weeks) is list:
            weeks, rows = {}, [*weeks, *rows]
        if type(weeks) is not dict:
            left.update({"metrics": rows} if rows else {})
            return weeks
        weeks = {week: dict(metrics) if type(metrics) is dict else metrics for week, metrics in weeks.items()}
        for position, row in enumerate(rows):
            self._add_metric(weeks, row, f"metrics[{position}]")
        return weeks

    def _add_metric(self, weeks: Json, row: Any, place: str) -> None:
        week, name = _week_of(row), _first(row, ("metric_name", "name"))
        if type(name) is not str or not name or week is None:
            self.rejected.append((place, "expected a metric with a name and a week or a date", row, False))
            return
        of_week = weeks.setdefault(week, {})
        if type(of_week) is not dict or name in of_week:
            self.rejected.append((place, "the package has this metric of this week twice", row, True))
            return
        added = {
            _NUMBER.get(name, "value"): _first(row, ("metric_value", "value")),
            "unit": _first(row, ("metric_unit", "unit")),
            "timestamp": _first(row, ("timestamp", "calculated_at", "created_at")),
        }
        of_week[name] = {**row, **{key: value for key, value in added.items() if row.get(key) is None}}

    def _aware(self, value: Any) -> Any:
        """A time as JIRA could have sent it; whatever is none, or is one already, as it is."""
        if type(value) is not str or len(value) <= len("2025-11-03"):
            return value
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return value
        if found.tzinfo is not None:
            return value if "T" in value else found.isoformat()
        self.naive_times += 1
        return found.replace(tzinfo=self._zone).isoformat()


def _dated(row: Any) -> Any:
    if type(row) is not dict or "stat_date" not in row or "date" in row:
        return row
    return {"date" if name == "stat_date" else name: value for name, value in row.items()}


def _week_of(row: Any) -> str | None:
    label = _first(row, ("week", "week_label", "snapshot_week"))
    if type(label) is str and label:
        return label
    day = _first(row, ("snapshot_date", "stat_date", "date"))
    try:
        calendar = date.fromisoformat(day[:10]).isocalendar()
    except (TypeError, ValueError):
        return None
    return f"{calendar.year:04}-W{calendar.week:02}"


def _first(row: Any, names: tuple[str, ...]) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None) if type(row) is dict else None
