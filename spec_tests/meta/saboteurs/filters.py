"""Backends whose filters and limits go wrong (contract, chapter 13)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import ChangeEntry, History, Issue, Metric, Statistic, ValidationError
from saboteurs import saboteur


def like(text: str | None, pattern: str) -> bool:
    """What SQL's LIKE says: `%` for any text, `_` for any character, ASCII letters of either case."""
    parts = {"%": ".*", "_": "."}
    expression = "".join(parts.get(character, re.escape(character)) for character in pattern)
    return text is not None and re.fullmatch(expression, text, re.IGNORECASE | re.ASCII | re.DOTALL) is not None


def first(rows: list[Any], limit: int | None) -> list[Any]:
    return rows if limit is None else rows[:limit]


@saboteur("issue-filters-match-exactly", says=("assignee='Done'", "length: expected 1, got 2"))
class IgnoresTheCaseOfTheAssignee(MemoryBackend):
    """Has COLLATE NOCASE on the column."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        found = super().get_issues(profile_id, query_id, **filters)
        if type(filters.get("assignee")) is not str:
            return found
        wanted, limit = filters.pop("assignee").lower(), filters.pop("limit", None)
        rows = super().get_issues(profile_id, query_id, **filters)
        return first([row for row in rows if row.assignee is not None and row.assignee.lower() == wanted], limit)


@saboteur("issue-filters-match-exactly", says=("project_key='Done'", "length: expected 1, got 2"))
class ComparesProjectsByLike(MemoryBackend):
    """Compares with LIKE."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        found = super().get_issues(profile_id, query_id, **filters)
        if type(filters.get("project_key")) is not str:
            return found
        pattern, limit = filters.pop("project_key"), filters.pop("limit", None)
        rows = super().get_issues(profile_id, query_id, **filters)
        return first([row for row in rows if like(row.project_key, pattern)], limit)


@saboteur("issue-filters-match-exactly", says=("status=''", "length: expected 1, got 25"))
class TakesAnEmptyStatusForNoFilter(MemoryBackend):
    """Asks `if status:` where `is not None` is meant."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        return super().get_issues(profile_id, query_id, **{**filters, "status": filters.get("status") or None})


@saboteur("issue-filters-match-exactly", says=("issue_type=''", "length: expected 1, got 2"))
class TakesNoneForEmpty(MemoryBackend):
    """Compares COALESCE(column, '')."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        if filters.get("issue_type") != "":
            return super().get_issues(profile_id, query_id, **filters)
        limit = filters.pop("limit", None)
        rows = super().get_issues(profile_id, query_id, **{**filters, "issue_type": None})
        return first([row for row in rows if not row.issue_type], limit)


@saboteur(
    "history-and-metric-filters-match-exactly",
    says=("get_changes('p', 'q', field='Done')", "length: expected 1, got 2"),
)
class IgnoresTheCaseOfTheField(MemoryBackend):
    """Has COLLATE NOCASE on the column."""

    def get_changes(self, profile_id: str, query_id: str, **filters: Any) -> list[ChangeEntry]:
        found = super().get_changes(profile_id, query_id, **filters)
        if type(filters.get("field")) is not str:
            return found
        wanted, limit = filters.pop("field").lower(), filters.pop("limit", None)
        rows = super().get_changes(profile_id, query_id, **filters)
        return first([row for row in rows if row.change.field.lower() == wanted], limit)


@saboteur(
    "history-and-metric-filters-match-exactly",
    says=("category=''", "[0]: expected '2025-W44 without a category', got '2025-W44  '"),
)
class TakesAnEmptyCategoryForNoFilter(MemoryBackend):
    """Asks `if category:` where `is not None` is meant."""

    def get_metrics(self, profile_id: str, query_id: str, **filters: Any) -> list[Metric]:
        return super().get_metrics(profile_id, query_id, **{**filters, "category": filters.get("category") or None})


@saboteur("history-and-metric-filters-match-exactly", says=("name='Done'", "length: expected 1, got 2"))
class ComparesNamesByLike(MemoryBackend):
    """Compares with LIKE."""

    def get_metrics(self, profile_id: str, query_id: str, **filters: Any) -> list[Metric]:
        found = super().get_metrics(profile_id, query_id, **filters)
        if type(filters.get("name")) is not str or filters.get("limit") is not None:
            return found
        pattern = filters.pop("name")
        rows = super().get_metrics(profile_id, query_id, **filters)
        return [row for row in rows if like(row.name, pattern)]


@saboteur("filters-combine", says=("status='Done', assignee='Ada'", "length: expected 1, got 6"))
class JoinsByOr(MemoryBackend):
    """Joins its conditions by OR."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        found = super().get_issues(profile_id, query_id, **filters)
        limit = filters.pop("limit", None)
        if not any(value is not None for value in filters.values()):
            return found
        either: set[str] = set()
        for name, value in filters.items():
            if value is not None:
                either |= {row.key for row in super().get_issues(profile_id, query_id, **{name: value})}
        return first([row for row in super().get_issues(profile_id, query_id) if row.key in either], limit)


@saboteur("filters-combine", says=("key='AB-1', status='Open'", "length: expected 0, got 1"))
class LooksUpTheKeyAlone(MemoryBackend):
    """Has a short cut for one key, which forgets the other filters."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        found = super().get_issues(profile_id, query_id, **filters)
        if filters.get("key") is None or filters.get("limit") == 0:
            return found
        return super().get_issues(profile_id, query_id, key=filters["key"])


@saboteur("filters-combine", says=("assignee='Ada', issue_type='Bug'", "[2]: expected 'AB-5', got 'AB-4'"))
class TakesTheFirstOfTwoFilters(MemoryBackend):
    """Chooses an index by an if, elif chain, and asks no more than that."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        found = super().get_issues(profile_id, query_id, **filters)
        if filters.get("assignee") is None or filters.get("status") is not None or filters.get("limit") is not None:
            return found
        return super().get_issues(profile_id, query_id, **{**filters, "issue_type": None})


@saboteur("history-and-metric-filters-combine", says=("issue_key='AB-3', valid_at=", "length: expected 0, got 1"))
class ReadsOneHistoryAlone(MemoryBackend):
    """Has a short cut for one issue, which forgets the other filter."""

    def get_histories(self, profile_id: str, query_id: str, **filters: Any) -> list[History]:
        found = super().get_histories(profile_id, query_id, **filters)
        if filters.get("issue_key") is None:
            return found
        return super().get_histories(profile_id, query_id, issue_key=filters["issue_key"])


@saboteur("history-and-metric-filters-combine", says=("field='assignee', end=", "length: expected 0, got 3"))
class ForgetsTheRangeOfAField(MemoryBackend):
    """Takes the end of a range into account only where a start is given too."""

    def get_changes(self, profile_id: str, query_id: str, **filters: Any) -> list[ChangeEntry]:
        found = super().get_changes(profile_id, query_id, **filters)
        if filters.get("field") is None or filters.get("start") is not None or filters.get("limit") is not None:
            return found
        return super().get_changes(profile_id, query_id, **{**filters, "end": None})


@saboteur("history-and-metric-filters-combine", says=("name='a', category='flow'", "length: expected 0, got 3"))
class FindsAMetricByItsName(MemoryBackend):
    """Thinks that a name belongs to one category."""

    def get_metrics(self, profile_id: str, query_id: str, **filters: Any) -> list[Metric]:
        found = super().get_metrics(profile_id, query_id, **filters)
        if filters.get("name") is None or filters.get("category") is None:
            return found
        return super().get_metrics(profile_id, query_id, **{**filters, "category": None})


@saboteur("ranges-are-inclusive", says=("end=datetime(2025, 11, 3, 12, 0, 1", "length: expected 2, got 1"))
class LeavesTheEndOut(MemoryBackend):
    """Uses `<` at the end of a range."""

    def get_changes(self, profile_id: str, query_id: str, **filters: Any) -> list[ChangeEntry]:
        found = super().get_changes(profile_id, query_id, **filters)
        return [row for row in found if row.change.changed_at != filters.get("end")]


@saboteur(
    "ranges-are-inclusive",
    "filters-compare-instants",
    says=("start=datetime(2025, 11, 3, 12, 0, 1, 1", "length: expected 1, got 2"),
)
class ComparesWholeSeconds(MemoryBackend):
    """Keeps instants to the second where it compares them."""

    def get_changes(self, profile_id: str, query_id: str, **filters: Any) -> list[ChangeEntry]:
        found = super().get_changes(profile_id, query_id, **filters)
        start, limit = filters.get("start"), filters.pop("limit", None)
        if not isinstance(start, datetime):
            return found
        rows = super().get_changes(profile_id, query_id, **{**filters, "start": start.replace(microsecond=0)})
        return found if filters.get("end") else first(rows, limit)


@saboteur("ranges-are-inclusive", says=("get_statistics('p', 'q', end=date(2025, 1, 1))", "length: expected 2, got 1"))
class EndsAtMidnight(MemoryBackend):
    """Takes the last date for the midnight that begins it."""

    def get_statistics(self, profile_id: str, query_id: str, **filters: Any) -> list[Statistic]:
        found = super().get_statistics(profile_id, query_id, **filters)
        return [row for row in found if row.date != filters.get("end")]


@saboteur(
    "ranges-are-inclusive", "weeks-exist", says=("start='2021-W01'", "[0]: expected '2021-W01 a', got '2021-W02 a'")
)
class StartsAfterTheWeek(MemoryBackend):
    """Uses `>` at the start of a range."""

    def get_metrics(self, profile_id: str, query_id: str, **filters: Any) -> list[Metric]:
        found = super().get_metrics(profile_id, query_id, **filters)
        return [row for row in found if row.week != filters.get("start")]


def earlier_and_later(filters: dict[str, Any]) -> dict[str, Any]:
    start, end = filters.get("start"), filters.get("end")
    exchanged = start is not None and end is not None and start > end
    return {**filters, "start": end, "end": start} if exchanged else filters


@saboteur("a-reversed-range-is-empty", says=("get_statistics", "length: expected 0, got 1"))
class ExchangesTheEnds(MemoryBackend):
    """Exchanges the ends of a range that seems to be given the wrong way round."""

    def get_statistics(self, profile_id: str, query_id: str, **filters: Any) -> list[Statistic]:
        super().get_statistics(profile_id, query_id, **filters)
        return super().get_statistics(profile_id, query_id, **earlier_and_later(filters))


@saboteur("a-reversed-range-is-empty", says=("start='2025-W45', end='2025-W43'", "raised ValidationError"))
class RefusesAReversedRange(MemoryBackend):
    """Takes a reversed range for a mistake of the caller."""

    def get_metrics(self, profile_id: str, query_id: str, **filters: Any) -> list[Metric]:
        found = super().get_metrics(profile_id, query_id, **filters)
        if earlier_and_later(filters) is not filters:
            raise ValidationError("get_metrics: start is later than end")
        return found


@saboteur("limit-keeps-the-first", says=("status='Done', limit=2", "length: expected 2, got 1"))
class LimitsBeforeItFilters(MemoryBackend):
    """Has the LIMIT in a subquery below the filters."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        super().get_issues(profile_id, query_id, **filters)
        limit = filters.pop("limit", None)
        kept = {row.key for row in first(super().get_issues(profile_id, query_id), limit)}
        return [row for row in super().get_issues(profile_id, query_id, **filters) if row.key in kept]


@saboteur("limit-keeps-the-first", says=("limit=1", "[0]: expected 'AB-4', got 'AB-1'"))
class LimitsBeforeItSorts(MemoryBackend):
    """Keeps the first rows by primary key, and sorts them then."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        super().get_issues(profile_id, query_id, **filters)
        limit = filters.pop("limit", None)
        rows = super().get_issues(profile_id, query_id, **filters)
        kept = first(sorted(row.key for row in rows), limit)
        return [row for row in rows if row.key in kept]


@saboteur("limit-keeps-the-first", says=("get_changes('p', 'q', limit=1)", "length: expected 1, got 2"))
class CountsHistories(MemoryBackend):
    """Counts histories where changes are meant."""

    def get_changes(self, profile_id: str, query_id: str, **filters: Any) -> list[ChangeEntry]:
        super().get_changes(profile_id, query_id, **filters)
        limit = filters.pop("limit", None)
        rows = super().get_changes(profile_id, query_id, **filters)
        kept = first(list(dict.fromkeys(row.issue_key for row in rows)), limit)
        return [row for row in rows if row.issue_key in kept]


@saboteur("limit-keeps-the-last", says=("limit=1", "[0]: expected date(2025, 10, 30), got date(2025, 10, 27)"))
class KeepsTheFirstStatistics(MemoryBackend):
    """Keeps the first rows, as everywhere else."""

    def get_statistics(self, profile_id: str, query_id: str, **filters: Any) -> list[Statistic]:
        super().get_statistics(profile_id, query_id, **filters)
        limit = filters.pop("limit", None)
        return first(super().get_statistics(profile_id, query_id, **filters), limit)


@saboteur(
    "limit-keeps-the-last",
    says=("limit=2", "[0]: expected date(2025, 10, 29), got date(2025, 10, 30)"),
)
class LeavesThemDescending(MemoryBackend):
    """Reads ORDER BY date DESC LIMIT ? and does not turn the rows round."""

    def get_statistics(self, profile_id: str, query_id: str, **filters: Any) -> list[Statistic]:
        found = super().get_statistics(profile_id, query_id, **filters)
        return found if filters.get("limit") is None else found[::-1]


@saboteur(
    "limit-keeps-the-last", says=("get_metrics('p', 'q', limit=1)", "[0]: expected '2025-W45 b', got '2025-W45 a'")
)
class CountsWeeks(MemoryBackend):
    """Counts weeks where metrics are meant."""

    def get_metrics(self, profile_id: str, query_id: str, **filters: Any) -> list[Metric]:
        found = super().get_metrics(profile_id, query_id, **filters)
        limit = filters.pop("limit", None)
        if not limit:
            return found
        rows = super().get_metrics(profile_id, query_id, **filters)
        kept = sorted({row.week for row in rows})[-limit:]
        return [row for row in rows if row.week in kept]


@saboteur("a-limit-of-zero-is-a-limit", says=("get_issues('p', 'q', limit=0)", "length: expected 0, got 1"))
class TakesZeroForNoLimit(MemoryBackend):
    """Asks `if limit:` where `is not None` is meant."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        super().get_issues(profile_id, query_id, **filters)
        return super().get_issues(profile_id, query_id, **{**filters, "limit": filters.get("limit") or None})


@saboteur("a-limit-of-zero-is-a-limit", says=("get_statistics('p', 'q', limit=0)", "length: expected 0, got 1"))
class SlicesFromMinusZero(MemoryBackend):
    """Gives `rows[-limit:]`, which for 0 is every row."""

    def get_statistics(self, profile_id: str, query_id: str, **filters: Any) -> list[Statistic]:
        super().get_statistics(profile_id, query_id, **filters)
        limit = filters.pop("limit", None)
        rows = super().get_statistics(profile_id, query_id, **filters)
        return rows if limit is None else rows[-limit:]


def without_a_negative_limit(filters: dict[str, Any]) -> dict[str, Any]:
    limit = filters.get("limit")
    return {**filters, "limit": None} if type(limit) is int and limit < 0 else filters


@saboteur("a-negative-limit-is-refused", says=("get_issues('p', 'q', limit=-1)", "raises ValidationError"))
class HandsTheLimitToSql(MemoryBackend):
    """Hands the limit to SQL, where a negative one is none."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        return super().get_issues(profile_id, query_id, **without_a_negative_limit(filters))


@saboteur("a-negative-limit-is-refused", says=("get_metrics('p', 'q', limit=-1)", "raises ValidationError"))
class SlicesByTheLimit(MemoryBackend):
    """Slices by the limit, whatever its sign."""

    def get_metrics(self, profile_id: str, query_id: str, **filters: Any) -> list[Metric]:
        return super().get_metrics(profile_id, query_id, **without_a_negative_limit(filters))
