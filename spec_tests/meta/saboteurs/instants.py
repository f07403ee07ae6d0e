"""Saboteurs that mistake instants for their spellings, or ask the clock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timezone
from typing import Any

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import (
    CacheInfo,
    ChangeEntry,
    Expired,
    History,
    Issue,
    Metric,
    Query,
    Scope,
    Task,
    ValidationError,
    replace,
)
from saboteurs import saboteur
from saboteurs.conversion import converted


@saboteur("instants-come-back", says="calculated_at: expected datetime(")
class WithoutMicroseconds(MemoryBackend):
    """A column of seconds since 1970 holds when a metric was calculated."""

    def get_metrics(self, profile_id: str, query_id: str, **filters: Any) -> list[Metric]:
        found = super().get_metrics(profile_id, query_id, **filters)
        return [
            replace(each, calculated_at=each.calculated_at.replace(microsecond=0))
            if each.calculated_at and each.calculated_at.microsecond == 999_999
            else each
            for each in found
        ]


@saboteur("instants-come-back", says="resolved: expected datetime(")
class ThroughAFloat(MemoryBackend):
    """`timestamp()` is a float, and has no room for the microseconds of far away instants."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        found = super().get_issues(profile_id, query_id, **filters)
        return [replace(each, resolved=_rounded(each.resolved)) if each.resolved else each for each in found]


def _rounded(instant: datetime) -> datetime:
    # Far away, a double holds the seconds of an instant to a few microseconds only.
    return instant if 1900 < instant.year < 2100 else instant.replace(microsecond=instant.microsecond // 8 * 8)


@saboteur("instants-come-back", says="get_scope")
class KeepsTheOffset(MemoryBackend):
    """The offset is stored with the instant, and comes back."""

    def save_scope(self, profile_id: str, query_id: str, scope: Scope) -> None:
        super().save_scope(profile_id, query_id, scope)
        at = scope.updated_at
        self._offset = at.tzinfo if type(at) is datetime and type(at.tzinfo) is timezone else UTC

    def get_scope(self, profile_id: str, query_id: str) -> Scope | None:
        found = super().get_scope(profile_id, query_id)
        if found is None or found.updated_at is None:
            return found
        try:
            return replace(found, updated_at=found.updated_at.astimezone(getattr(self, "_offset", UTC)))
        except OverflowError:
            return found


@saboteur("datetime-subclasses-are-instants", says="raised ValidationError")
class RefusesSubclasses(MemoryBackend):
    """`type(value) is datetime` refuses what pandas and pendulum give."""

    def save_cache_info(self, profile_id: str, query_id: str, info: CacheInfo) -> None:
        at: object = getattr(info, "fetched_at", None)
        if isinstance(at, datetime) and type(at) is not datetime:
            raise ValidationError("CacheInfo.fetched_at: expected datetime")
        super().save_cache_info(profile_id, query_id, info)


@saboteur("datetime-subclasses-are-instants", says="(datetime, OwnDatetime)")
class HandsOutTheSubclass(MemoryBackend):
    """`astimezone` of a subclass gives the subclass again, and nobody takes it for what it is."""

    def save_query(self, profile_id: str, query: Query) -> None:
        super().save_query(profile_id, query)
        self._kind = type(query.created_at)

    def get_query(self, profile_id: str, query_id: str) -> Query | None:
        found = super().get_query(profile_id, query_id)
        kind = getattr(self, "_kind", datetime)
        if found is None or kind is datetime:
            return found
        at = found.created_at
        return replace(found, created_at=kind.combine(at.date(), at.timetz()))


@saboteur("what-is-no-instant-is-refused", says=("save_task(", "updated_at=datetime(2025, 11, 3, 12))"))
class NaiveIsUtc(MemoryBackend):
    """A naive datetime is taken for one in UTC."""

    def save_task(self, task: Task) -> None:
        at = getattr(task, "updated_at", None)
        super().save_task(
            replace(task, updated_at=at.replace(tzinfo=UTC)) if type(at) is datetime and not at.tzinfo else task
        )


@saboteur("what-is-no-instant-is-refused", says="raised OverflowError")
class OverflowEscapes(MemoryBackend):
    """`astimezone` raises its own error for what UTC cannot express."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        at = filters.get("valid_at")
        if isinstance(at, datetime) and at.utcoffset() is not None:
            at.astimezone(UTC)
        return super().get_issues(profile_id, query_id, **filters)


@saboteur("what-is-no-instant-is-refused", says=("save_metrics(", "calculated_at='2025-11-03T12:00:00+00:00'"))
class ParsesTexts(MemoryBackend):
    """A text that looks like an instant is parsed."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        def parsed(at: Any) -> Any:
            return datetime.fromisoformat(at) if type(at) is str else at

        super().save_metrics(profile_id, query_id, converted(metrics, Metric, "calculated_at", parsed))


@saboteur("filters-compare-instants", says=("get_changes(", "start="))
class ComparesText(MemoryBackend):
    """The ends of a range are compared as text, written without zeros before the year."""

    def get_changes(self, profile_id: str, query_id: str, **filters: Any) -> list[ChangeEntry]:
        found = super().get_changes(profile_id, query_id, **filters)
        start = filters.get("start")
        if start is None or filters.get("end") is not None or filters.get("limit") is not None:
            return found
        return [each for each in found if _as_text(each.change.changed_at) >= _as_text(start)]


def _as_text(instant: datetime) -> str:
    return f"{instant.year}{instant.astimezone(UTC).strftime('-%m-%d %H:%M:%S.%f')}"


@saboteur("filters-compare-instants", says=("get_histories(", "valid_at="))
class DropsTheOffset(MemoryBackend):
    """The instant of a filter loses its offset, and its local time is taken for UTC."""

    def get_histories(self, profile_id: str, query_id: str, **filters: Any) -> list[History]:
        super().get_histories(profile_id, query_id, **filters)
        at = filters.get("valid_at")
        return super().get_histories(profile_id, query_id, **{**filters, "valid_at": at and at.replace(tzinfo=UTC)})


@saboteur("clock-is-not-read", says="list_tasks")
class HidesStaleTasks(MemoryBackend):
    """Tasks that nobody has updated for fifty years, by the machine's clock, are taken for dead."""

    def list_tasks(self) -> list[Task]:
        return [task for task in super().list_tasks() if task.updated_at.year > datetime.now(UTC).year - 50]


@saboteur("clock-is-not-read", says="delete_expired(datetime(2700, 6, 1, tzinfo=timezone.utc))")
class TrustsItsOwnClock(MemoryBackend):
    """`delete_expired` takes an instant in the far future for a mistake and cleans until today, here the year 2300."""

    def delete_expired(self, now: datetime) -> Expired:
        today = datetime(2300, 1, 1, tzinfo=UTC)
        return super().delete_expired(min(now, today) if type(now) is datetime and now.tzinfo is UTC else now)
