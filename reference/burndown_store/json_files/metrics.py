"""`metrics_snapshots.json`: a map from weeks to maps from the names of metrics to their numbers.

What a metric has in its `details` are the numbers of the layout. The old application reads the one that it shows under
a name of its own, which is added where the details lack it. Category, unit and value stand in our own member.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from burndown_store.contract import Metric, check
from burndown_store.json_files.documents import (
    OURS,
    Document,
    decoded,
    document_of,
    encoded,
    extra_of,
    instant_text,
    optional_instant_from,
)

__all__ = ["metrics_from", "metrics_text"]

_RESERVED: Final = frozenset({"timestamp"})
_OURS: Final = ("category", "value", "unit")

# The number that the old application shows of each metric, and whether it is a count.
_SHOWN: Final = {
    "flow_time": ("median_days", False),
    "flow_efficiency": ("overall_pct", False),
    "flow_load": ("wip_count", True),
    "flow_velocity": ("completed_count", True),
    "dora_lead_time": ("median_hours", False),
    "dora_deployment_frequency": ("deployment_count", True),
    "dora_change_failure_rate": ("change_failure_rate_percent", False),
    "dora_mttr": ("median_hours", False),
}


def metrics_text(metrics: Mapping[tuple[str, str], Metric]) -> bytes:
    """The text of the file."""
    weeks: dict[str, Document] = {}
    for _, metric in sorted(metrics.items()):
        weeks.setdefault(metric.week, {})[metric.name] = _entry(metric)
    return encoded(weeks)


def metrics_from(data: bytes) -> dict[tuple[str, str], Metric]:
    """The metrics by week and name. Raises `ValueError`, `KeyError`, `TypeError`, `AttributeError`."""
    return {
        (week, name): _metric_of(week, name, entry)
        for week, entries in decoded(data).items()
        for name, entry in entries.items()
    }


def _entry(metric: Metric) -> Document:
    known = {} if metric.calculated_at is None else {"timestamp": instant_text(metric.calculated_at)}
    ours = {name: getattr(metric, name) for name in _OURS}
    return document_of(known, metric.details, reserved=_RESERVED, made=_shown(metric), ours=ours)


def _shown(metric: Metric) -> Mapping[str, float | str | None]:
    if metric.name not in _SHOWN:
        return {"value": metric.value, **({} if metric.unit is None else {"unit": metric.unit})}
    name, counts = _SHOWN[metric.name]
    value = metric.value
    return {name: int(value) if counts and value is not None and value.is_integer() else value}


def _metric_of(week: str, name: str, entry: Document) -> Metric:
    own = {field: entry[OURS][field] for field in _OURS}
    calculated_at = optional_instant_from(entry.get("timestamp"))
    details = extra_of(entry, reserved=_RESERVED)
    return check(Metric(week=week, name=name, calculated_at=calculated_at, details=details, **own))
