"""Backends whose answers come in the wrong order (contract, chapter 8)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import ChangeEntry, History, Issue, Metric, Profile, Query, Statistic, Task
from saboteurs import saboteur


def naturally(text: str) -> list[tuple[int, int, str]]:
    """A sort key that reads numbers: AB-2 before AB-10."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"([0-9]+)", text)]


def as_text(instant: datetime) -> str:
    """The instant as many write it: ISO 8601 with Z, the fraction left out where it is zero."""
    return instant.isoformat().replace("+00:00", "Z")


@saboteur("profiles-in-order", says=("list_profiles()", "expected 'AB-10 4', got 'AB-10 6'"))
class ProfilesByTextOfTheTimestamp(MemoryBackend):
    """Sorts by the text of the timestamp."""

    def list_profiles(self) -> list[Profile]:
        return sorted(super().list_profiles(), key=lambda profile: as_text(profile.last_used_at), reverse=True)


@saboteur("profiles-in-order", "text-sorts-by-code-point", says=("list_profiles()", "expected 'AB-10 7', got 'AB-2 7'"))
class ProfilesReversed(MemoryBackend):
    """Sorts by instant and id with reverse=True, which turns the ids round as well."""

    def list_profiles(self) -> list[Profile]:
        profiles = super().list_profiles()
        return sorted(profiles, key=lambda profile: (profile.last_used_at, profile.id), reverse=True)


@saboteur("queries-in-order", says=("list_queries('p')", "expected 'AB-10 7'"))
class QueriesByTheSecond(MemoryBackend):
    """Sorts by whole seconds."""

    def list_queries(self, profile_id: str) -> list[Query]:
        def second(query: Query) -> datetime:
            return query.last_used_at.replace(microsecond=0)

        return sorted(sorted(super().list_queries(profile_id), key=lambda query: query.id), key=second, reverse=True)


@saboteur(
    "queries-in-order", "text-sorts-by-code-point", says=("list_queries('p')", "expected 'AB-10 7', got 'AB-2 7'")
)
class QueriesNaturally(MemoryBackend):
    """Reads the numbers in the ids of queries that were used at the same instant."""

    def list_queries(self, profile_id: str) -> list[Query]:
        queries = sorted(super().list_queries(profile_id), key=lambda query: naturally(query.id))
        return sorted(queries, key=lambda query: query.last_used_at, reverse=True)


@saboteur("issues-in-order", says=("get_issues('p', 'q')", "none'"))
class NoneFirst(MemoryBackend):
    """Gives issues without a date first, as NULLs come in a descending order of PostgreSQL."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        return sorted(super().get_issues(profile_id, query_id, **filters), key=lambda issue: issue.updated is not None)


@saboteur("issues-in-order", says=("get_issues('p', 'q')", "[0]"))
class IssuesByFloat(MemoryBackend):
    """Sorts by seconds as a float, which has no microseconds left in year 9999."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        def seconds(issue: Issue) -> float:
            return issue.updated.timestamp() if issue.updated else float("-inf")

        issues = super().get_issues(profile_id, query_id, **filters)
        return sorted(sorted(issues, key=lambda issue: issue.key), key=seconds, reverse=True)


@saboteur("issues-in-order", says=("get_issues('p', 'q')", "expected 'AB-10 7'"))
class IssuesNaturally(MemoryBackend):
    """Reads the numbers in the keys of issues that were updated at the same instant."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        def latest(issue: Issue) -> tuple[bool, datetime]:
            return (issue.updated is not None, issue.updated or issue.expires_at)

        issues = super().get_issues(profile_id, query_id, **filters)
        dated = sorted((issue for issue in issues if issue.updated), key=lambda issue: naturally(issue.key))
        return sorted(dated, key=latest, reverse=True) + [issue for issue in issues if not issue.updated]


@saboteur("issues-in-order", says=("get_issues('p', 'q', status='Open')", "[0]: expected 'AB-10 7', got 'AB-1 none'"))
class IssuesInTheIndexsOrder(MemoryBackend):
    """Gives what a filter finds in the order of the filter's index."""

    def get_issues(self, profile_id: str, query_id: str, *, status: Any = None, **filters: Any) -> list[Issue]:
        issues = super().get_issues(profile_id, query_id, status=status, **filters)
        return sorted(issues, key=lambda issue: issue.key) if status is not None else issues


@saboteur(
    "identified-things-in-order", "text-sorts-by-code-point", says=("list_history_keys('p', 'q')", "expected 'AB-10 0'")
)
class HistoryKeysNaturally(MemoryBackend):
    """Reads the numbers in history keys."""

    def list_history_keys(self, profile_id: str, query_id: str) -> list[str]:
        return sorted(super().list_history_keys(profile_id, query_id), key=naturally)


@saboteur("identified-things-in-order", "text-sorts-by-code-point", says=("list_tasks()", "name: expected"))
class TasksAsSaved(MemoryBackend):
    """Gives tasks in the order in which they were saved."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._saved: list[str] = []

    def save_task(self, task: Task) -> None:
        super().save_task(task)
        self._saved.append(task.name)

    def list_tasks(self) -> list[Task]:
        def last_saved(task: Task) -> int:
            return max((at for at, name in enumerate(self._saved) if name == task.name), default=0)

        tasks = super().list_tasks()
        return sorted(tasks, key=last_saved) if len(tasks) > 5 else tasks


@saboteur("identified-things-in-order", "text-sorts-by-code-point", says=("list_app_state()", "[0]: expected 'AB-1'"))
class StateByHash(MemoryBackend):
    """Gives the keys in the order of a set."""

    def list_app_state(self) -> dict[str, str]:
        return dict(sorted(super().list_app_state().items(), key=lambda item: (sum(map(ord, item[0])) * 7 % 11, item)))


@saboteur("identified-things-in-order", says=("get_histories('p', 'q')", "[0].issue_key"))
class HistoriesAsSaved(MemoryBackend):
    """Gives histories in the order in which a batch brought them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._saved: list[str] = []

    def save_histories(self, profile_id: str, query_id: str, histories: Any) -> None:
        super().save_histories(profile_id, query_id, histories)
        if isinstance(histories, list) and len(histories) == 40:
            self._saved = [history.issue_key for history in histories]

    def get_histories(self, profile_id: str, query_id: str, **filters: Any) -> list[History]:
        found = super().get_histories(profile_id, query_id, **filters)
        return sorted(found, key=lambda history: self._saved.index(history.issue_key)) if self._saved else found


@saboteur("changes-in-order", says=("get_changes('p', 'q')", "expected 'AB-1 "))
class PositionsAsText(MemoryBackend):
    """Keeps the position in a history as text, so that 10 comes before 2."""

    def get_changes(self, profile_id: str, query_id: str, **filters: Any) -> list[ChangeEntry]:
        def place(entry: ChangeEntry) -> tuple[datetime, str, str]:
            return entry.change.changed_at, entry.issue_key, entry.change.history_id or ""

        found = super().get_changes(profile_id, query_id, **filters)
        return sorted(found, key=place) if len(found) > 50 else found


@saboteur("changes-in-order", says=("get_changes('p', 'q')", "got 'AB-10"))
class ChangesAsSaved(MemoryBackend):
    """Gives changes of one instant in the order in which their histories were saved."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._saved: list[str] = []

    def save_histories(self, profile_id: str, query_id: str, histories: Any) -> None:
        given = list(histories) if isinstance(histories, list) else histories
        super().save_histories(profile_id, query_id, given)
        self._saved += [history.issue_key for history in given] if isinstance(given, list) else []

    def get_changes(self, profile_id: str, query_id: str, **filters: Any) -> list[ChangeEntry]:
        def place(entry: ChangeEntry) -> tuple[datetime, int]:
            return entry.change.changed_at, len(self._saved) - self._saved[::-1].index(entry.issue_key)

        found = super().get_changes(profile_id, query_id, **filters)
        return sorted(found, key=place) if len(found) > 50 else found


@saboteur("statistics-in-order", says=("get_statistics('p', 'q')", "date(1, 1, 1)"))
class UnpaddedDates(MemoryBackend):
    """Sorts dates as text whose year is not padded, as strftime writes it."""

    def get_statistics(self, profile_id: str, query_id: str, **filters: Any) -> list[Statistic]:
        def text(row: Statistic) -> str:
            return f"{row.date.year}-{row.date.month:02}-{row.date.day:02}"

        return sorted(super().get_statistics(profile_id, query_id, **filters), key=text)


@saboteur("statistics-in-order", says=("get_statistics('p', 'q')", "expected date"))
class StatisticsByTheWrongColumn(MemoryBackend):
    """Gives the day with the most completed items first where no range is asked for."""

    def get_statistics(self, profile_id: str, query_id: str, **filters: Any) -> list[Statistic]:
        found = super().get_statistics(profile_id, query_id, **filters)
        return found if filters else sorted(found, key=lambda row: -row.completed_items)


@saboteur("metrics-in-order", says=("get_metrics('p', 'q')", "expected"))
class MetricsByName(MemoryBackend):
    """Sorts metrics by name, then by week."""

    def get_metrics(self, profile_id: str, query_id: str, **filters: Any) -> list[Metric]:
        found = super().get_metrics(profile_id, query_id, **filters)
        return sorted(found, key=lambda metric: (metric.name, metric.week)) if len(found) > 20 else found


@saboteur(
    "metrics-in-order", "text-sorts-by-code-point", says=("get_metrics('p', 'q')", "expected 'AB-10', got 'AB-2'")
)
class MetricsNaturally(MemoryBackend):
    """Reads the numbers in the names of metrics."""

    def get_metrics(self, profile_id: str, query_id: str, **filters: Any) -> list[Metric]:
        found = super().get_metrics(profile_id, query_id, **filters)
        return sorted(found, key=lambda metric: (metric.week, naturally(metric.name)))
