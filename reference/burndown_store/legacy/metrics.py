"""metrics_snapshots.json: one value for each week and name."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

from burndown_store.contract import Json, Metric
from burndown_store.jira.repair import valid_json
from burndown_store.legacy.fields import with_remarks
from burndown_store.legacy.sources import Source, name_of_type
from burndown_store.legacy.times import UNKNOWN_TIME, week_from

__all__ = ["metrics_from"]


class _Figure(NamedTuple):
    """The key of a metric that is its value, and its unit."""

    key: str
    unit: str


_NO_WEEK: Final = "0000-W00"
_FIGURES: Final = {
    "flow_time": _Figure("median_days", "days"),
    "flow_efficiency": _Figure("overall_pct", "%"),
    "flow_load": _Figure("wip_count", "items"),
    "flow_velocity": _Figure("completed_count", "items"),
    "dora_lead_time": _Figure("median_hours", "hours"),
    "dora_deployment_frequency": _Figure("deployment_count", "deployments"),
    "dora_change_failure_rate": _Figure("change_failure_rate_percent", "%"),
    "dora_mttr": _Figure("median_hours", "hours"),
}


def metrics_from(source: Source) -> list[Metric]:
    """The metrics by week, then name. `details` holds the whole object as found, so that units, timestamps and what a
    metric has beside its value are all kept; `value` is what the metric's main key has, None for null and for none.

    Both spellings of a week are one week. On a clash the newest `timestamp` counts, and on a tie the later in the file.
    """
    raw = source.json_object("metrics by week")
    found: dict[tuple[str, str], tuple[str, Any, Metric]] = {}
    for label, of_week in (raw or {}).items():
        week = week_from(label)
        if of_week in ([], {}):
            source.note(label, "no metrics; nothing to read")
        elif label.startswith("_"):
            source.reject(label, "a remark that somebody wrote by hand", {label: of_week}, kind="unplaced")
        elif label == _NO_WEEK:
            reason = "what the application put under no week, because it could not read a date"
            source.reject(label, reason, {label: of_week}, kind="unplaced")
        elif week is None:
            source.reject(label, "the key names no week of the ISO calendar (2025-W44)", {label: of_week})
        elif type(of_week) is not dict:
            source.reject(label, f"expected metrics by name (a JSON object), got {name_of_type(of_week)}", of_week)
        else:
            for name, value in of_week.items():
                metric = _metric_from(week, label, name, value, source)
                if metric is not None:
                    _put(found, f"{label}.{name}", value, metric, source)
    return [found[identity][2] for identity in sorted(found)]


def _metric_from(week: str, label: str, name: str, raw: Any, source: Source) -> Metric | None:
    place = f"{label}.{name}"
    if type(raw) is not dict:
        source.reject(place, f"expected a metric (a JSON object), got {name_of_type(raw)}", {name: raw})
        return None
    figure = _FIGURES.get(name, _Figure("value", ""))
    value = raw.get(figure.key)
    if value is not None and type(value) not in (int, float):
        source.reject(f"{place}.{figure.key}", f"expected a number or null, got {name_of_type(value)}", {name: raw})
        return None
    if type(value) is float and not math.isfinite(value):
        source.reject(
            f"{place}.{figure.key}", "NaN or an infinity is no number; the metric cannot be read", {name: raw}
        )
        return None
    details = source.repaired(raw, place)
    said, unit = details.get("timestamp"), details.get("unit")
    read = source.instant(said) if type(said) is str else None
    if said is not None and read is None:
        source.note(f"{place}.timestamp", "no time that can be read; kept in the details")
    metric = Metric(
        week=week,
        name=name,
        category=_category(name),
        value=value,
        unit=figure.unit or (unit if type(unit) is str else None),
        calculated_at=None if read is None else read[0],
        details=valid_json(with_remarks(details, {"week": "" if label == week else label}))[0],
    )
    return source.accepted(metric, place, {name: raw})


def _category(name: str) -> str:
    if name == "trends":
        return "trend"
    return next((prefix for prefix in ("dora", "flow") if name.startswith(f"{prefix}_")), "other")


def _put(
    found: dict[tuple[str, str], tuple[str, Json, Metric]], place: str, raw: Json, metric: Metric, source: Source
) -> None:
    identity = metric.week, metric.name
    other = found.get(identity)
    new = place, raw, metric
    if other is not None:
        newer = (metric.calculated_at or UNKNOWN_TIME) >= (other[2].calculated_at or UNKNOWN_TIME)
        lost, new = (other, new) if newer else (new, other)
        reason = "the week stands here in two spellings; the metric with the newest timestamp counts"
        source.reject(lost[0], reason, lost[1], kind="superseded")
    found[identity] = new
