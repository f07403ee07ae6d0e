"""The history of metrics, week by week."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from burndown_store.contract import (
    Metric,
    ValidationError,
    check_batch,
    check_instant,
    check_limit,
    check_week,
    replace,
)
from burndown_store.workspace.operations import Operations

__all__ = ["MetricOperations", "week_of"]


def week_of(instant: datetime) -> str:
    """The ISO week of an instant in UTC, such as `2025-W44`."""
    return _label(check_instant(instant, "instant").date())


class MetricOperations(Operations):
    def save_week(self, profile_id: str, query_id: str, week: str, metrics: Iterable[Metric]) -> None:
        """Save what was calculated for one week; those of the week that are not named stay.

        One without `calculated_at` is calculated now. Raises `ValidationError`, for a metric of another week too,
        and `NotFoundError`.
        """
        now, wanted = self._now(), check_week(week, "week")
        batch = check_batch(metrics, Metric)
        for position, metric in enumerate(batch):
            if metric.week != wanted:
                raise ValidationError(f"metrics[{position}].week: it is not the week given; save each week on its own")
        dated = [replace(each, calculated_at=now) if each.calculated_at is None else each for each in batch]
        self._whole(lambda: self.backend.save_metrics(profile_id, query_id, dated))

    def metric_history(
        self, profile_id: str, query_id: str, name: str, *, weeks: int, until: str | None = None
    ) -> list[Metric]:
        """The metric in the last `weeks` weeks of the calendar, ascending: `until` and those before it.

        `until` is the present week in UTC unless given. A week that has no row is left out; a value of None says that
        there was no data.
        """
        count = check_limit(weeks, "weeks")
        last = week_of(self._now()) if until is None else check_week(until, "until")
        if count is None:
            raise ValidationError("weeks: expected how many weeks, got None")
        monday = date.fromisocalendar(int(last[:4]), int(last[6:]), 1)
        try:
            first = _label(monday - timedelta(weeks=count - 1))
        except OverflowError:
            first = None
        return self.backend.get_metrics(profile_id, query_id, name=name, start=first, end=last, limit=count)


def _label(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year:04}-W{week:02}"
