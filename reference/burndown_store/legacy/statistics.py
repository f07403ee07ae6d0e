"""project_data.json, and the CSV file before it: statistics by date, and the scope."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from burndown_store.contract import Json, Scope, Statistic
from burndown_store.jira.repair import valid_json
from burndown_store.legacy.fields import Fields, with_remarks
from burndown_store.legacy.sources import Source, name_of_type
from burndown_store.legacy.times import date_from

__all__ = ["project_data_from", "scope_from_settings", "statistics_from_csv"]

# The oldest names of columns, and those that later builds used.
_OLD_NAMES: Final = {
    "no_items": "completed_items",
    "no_points": "completed_points",
    "remaining_total_points": "remaining_points",
}
_SCOPE_KEYS: Final = ("total_items", "total_points", "estimated_items", "estimated_points")


def project_data_from(source: Source) -> tuple[list[Statistic], Scope | None]:
    """The statistics by date, ascending, and the scope, of a project_data.json in any of its shapes.

    A bare list is one of rows. Of two rows for one date the last counts. The scope's `extra` holds all that is neither
    a row nor the scope itself: the metadata, the bug analysis, the metrics history.
    """
    raw = source.json_object("statistics and scope", list_as="statistics")
    if raw is None:
        return [], None
    rows = raw.pop("statistics", [])
    if type(rows) is not list:
        if rows is not None:
            source.reject("statistics", f"expected a list of rows, got {name_of_type(rows)}", rows)
        else:
            raw["statistics"] = None
        rows = []
    raw = source.repaired(raw, "")
    statistics = _by_date(((f"statistics[{position}]", row) for position, row in enumerate(rows)), source)
    return statistics, _scope_from(raw, source)


def scope_from_settings(settings: Json, source: Source) -> Scope | None:
    """The scope that the oldest settings held beside everything else."""
    values: Json = {name: settings[name] for name in _SCOPE_KEYS if name in settings}
    return source.accepted(Scope(values=values), "", values) if values else None


def statistics_from_csv(source: Source) -> list[Statistic]:
    """The statistics by date, ascending, of a CSV file with column names in line 1, separated by `,` or `;`."""
    text = source.text()
    if text is None:
        return []
    first = text.split("\n", 1)[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
    try:
        table = [(lines.line_num, cells) for cells in lines if cells]
    except csv.Error as error:
        source.reject_text(f"line {lines.line_num}", f"no valid CSV: {error}", text)
        return []
    names = [name.strip() for name in table[0][1]] if table else []
    if "date" not in names or len(set(names)) < len(names):
        source.reject_text("line 1", "expected column names, each once, with a date among them", text)
        return []
    rows: list[tuple[str, Any]] = []
    for number, cells in table[1:]:
        if len(cells) == len(names):
            rows.append((f"line {number}", dict(zip(names, cells, strict=True))))
        else:
            source.reject(f"line {number}", f"expected {len(names)} cells, got {len(cells)}", cells)
    return _by_date(rows, source)


def _by_date(rows: Iterable[tuple[str, Any]], source: Source) -> list[Statistic]:
    found: dict[date, tuple[str, Any, Statistic]] = {}
    for place, raw in rows:
        statistic = _statistic_from(raw, place, source)
        if statistic is None:
            continue
        if statistic.date in found:
            first, lost, _ = found[statistic.date]
            source.reject(first, "two rows have this date; the last counts", lost, kind="superseded")
        found[statistic.date] = place, raw, statistic
    return [found[day][2] for day in sorted(found)]


def _statistic_from(raw: Any, place: str, source: Source) -> Statistic | None:
    if type(raw) is not dict:
        source.reject(place, f"expected a row (a JSON object), got {name_of_type(raw)}", raw)
        return None
    said = raw.get("date")
    day = date_from(said.strip()) if type(said) is str else None
    if said == "":
        reason = "the application left the date empty, and no record is without one"
        source.reject(f"{place}.date", reason, raw, kind="unplaced")
        return None
    if day is None:
        source.reject(f"{place}.date", "the row has no date that can be read (YYYY-MM-DD)", raw)
        return None
    endless = [name for name, cell in raw.items() if type(cell) is float and not math.isfinite(cell)]
    if endless:
        source.reject(f"{place}.{endless[0]}", "NaN or an infinity is no number; the row cannot be read", raw)
        return None
    raw = source.repaired(raw, place)
    renamed = {old: new for old, new in _OLD_NAMES.items() if old in raw and new not in raw}
    fields = Fields({renamed.get(name, name): value for name, value in raw.items()}, source, place)
    fields.untold("date")
    if said != day.isoformat():
        fields.keep("date", said)
    try:
        statistic = Statistic(
            date=day,
            completed_items=fields.whole("completed_items"),
            created_items=fields.whole("created_items"),
            completed_points=fields.decimal("completed_points"),
            created_points=fields.decimal("created_points"),
            velocity_items=fields.optional_decimal("velocity_items"),
            velocity_points=fields.optional_decimal("velocity_points"),
            remaining_items=fields.optional_whole("remaining_items"),
            remaining_points=fields.optional_decimal("remaining_points"),
            extra=fields.rest(renamed=renamed),
        )
    except ValueError as error:
        source.reject(place, str(error), raw)
        return None
    return source.accepted(statistic, place, raw)


def _scope_from(raw: Json, source: Source) -> Scope | None:
    """`raw` is project_data.json without its rows."""
    if not raw:
        return None
    name = next((name for name in ("project_scope", "scope") if type(raw.get(name)) is dict), None)
    if name is not None:
        values, shape = raw[name], "" if name == "project_scope" else "old name"
        beside = {key: value for key, value in raw.items() if key != name}
    elif any(key in raw for key in _SCOPE_KEYS):
        values, shape = {key: value for key, value in raw.items() if key != "metadata"}, "flat"
        beside = {key: value for key, value in raw.items() if key == "metadata"}
    else:
        values, shape, beside = {}, "no scope", raw
    extra, repairs = valid_json(with_remarks(beside, {"shape": shape}))
    if repairs:
        source.reject("", "nested too deeply; parts became text", raw, kind="repaired")
    metadata = beside.get("metadata")
    said = metadata.get("last_updated") if type(metadata) is dict else None
    said = said if said is not None else beside.get("last_updated")
    read = source.instant(said) if type(said) is str else None
    scope = Scope(values=values, updated_at=None if read is None else read[0], extra=extra)
    return source.accepted(scope, "", raw)
