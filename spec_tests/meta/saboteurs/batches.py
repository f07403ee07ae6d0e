"""Backends that mistake batches (contract, chapter 12)."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import (
    BusyError,
    History,
    Issue,
    Metric,
    QueryNotFoundError,
    Statistic,
    StorageError,
    Task,
    fields,
    replace,
)
from saboteurs import saboteur

Location = str | os.PathLike[str]


@saboteur("a-batch-is-any-iterable", says=("save_metrics('p', 'generators', Feed([Metric", "length: expected 1, got 0"))
class LooksAtTheFirstRecord(MemoryBackend):
    """Looks at the first record to see whether there is one, which takes it out of a generator."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        if isinstance(metrics, Iterator):
            next(metrics, None)
        super().save_metrics(profile_id, query_id, metrics)


@saboteur("a-batch-is-any-iterable", says=("save_statistics('p', 'lists', [])", "raised StorageError"))
class WritesAStatementWithoutRows(MemoryBackend):
    """Builds `INSERT … VALUES` without rows for an empty batch."""

    def save_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        super().save_statistics(profile_id, query_id, statistics)
        if isinstance(statistics, (list, tuple)) and not statistics:
            raise StorageError("incomplete input: a statement without rows")


@saboteur(
    "a-batch-is-any-iterable", says=("replace_issues('p', 'generators', Feed([Issue", "length: expected 3, got 0")
)
class ReadsTheBatchTwice(MemoryBackend):
    """Reads the batch once to check it and once to write it."""

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        super().replace_issues(profile_id, query_id, issues)
        if isinstance(issues, Iterator):
            super().replace_issues(profile_id, query_id, issues)


@saboteur("ten-thousand-in-one-batch", says=("many_issues(10000)", "length: expected 10000, got 5000"))
class ForgetsTheLastPart(MemoryBackend):
    """Cuts a batch into parts of 5,000 rows and writes one of them."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        super().save_issues(profile_id, query_id, issues[:5000] if isinstance(issues, list) else issues)


@saboteur("ten-thousand-in-one-batch", says=("get_histories", "length: expected 10000, got 1000"))
class GivesTheFirstPage(MemoryBackend):
    """Reads answers page by page, a thousand rows each, and gives the first."""

    def get_histories(self, profile_id: str, query_id: str, **filters: Any) -> list[History]:
        return super().get_histories(profile_id, query_id, **filters)[:1000]


@saboteur("ten-thousand-in-one-batch", says=("many_metrics(10000)", "raised StorageError: too many SQL variables"))
class UsesAVariableForEachValue(MemoryBackend):
    """Writes one statement with a variable for each value, more than the driver allows."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        if isinstance(metrics, list) and len(metrics) * 7 > 32_766:
            raise StorageError("too many SQL variables")
        super().save_metrics(profile_id, query_id, metrics)


@saboteur("what-is-no-batch-is-refused", says=("save_issues('p', 'q', '')", "raises ValidationError"))
class NeverEntersTheLoop(MemoryBackend):
    """Judges records inside the loop, which never runs for an empty text or mapping."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        nothing = isinstance(issues, (str, bytes, bytearray, dict)) and not issues
        super().save_issues(profile_id, query_id, [] if nothing else issues)


@saboteur("what-is-no-batch-is-refused", says=("save_histories('p', 'q', History(", "raises ValidationError"))
class TakesASingleRecord(MemoryBackend):
    """Is kind to callers and takes a single record for a batch of one."""

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        super().save_histories(profile_id, query_id, [histories] if isinstance(histories, History) else histories)


@saboteur("what-is-no-batch-is-refused", says=("save_metrics('p', 'q', {})", "raises ValidationError"))
class TakesTheValuesOfAMapping(MemoryBackend):
    """Is kind to callers and takes the values of a mapping."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        super().save_metrics(profile_id, query_id, list(metrics.values()) if isinstance(metrics, dict) else metrics)


@saboteur("what-is-no-batch-is-refused", says=("save_statistics('p', 'q', [Task(", "raises ValidationError"))
class SkipsStrangers(MemoryBackend):
    """Skips records of another kind."""

    def save_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        if isinstance(statistics, list):
            statistics = [record for record in statistics if not isinstance(record, Task)]
        super().save_statistics(profile_id, query_id, statistics)


@saboteur(
    "a-batch-is-read-before-anything-is-locked", says=("CallingFeed(", "in_thread, other.save_task", "raised BusyError")
)
class ReadsTheBatchInsideTheTransaction(MemoryBackend):
    """Begins the transaction, and reads the batch then."""

    _locks: ClassVar[dict[str, threading.RLock]] = {}

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._patience = timeout
        self._writing = self._locks.setdefault(str(location), threading.RLock())

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        with self._writing:
            super().save_histories(profile_id, query_id, histories)

    def save_task(self, task: Task) -> None:
        if not self._writing.acquire(timeout=self._patience):
            raise BusyError("another writer holds the store; try again")
        try:
            super().save_task(task)
        finally:
            self._writing.release()


@saboteur(
    "a-batch-is-read-before-anything-is-locked", says=("backend.delete_query, 'p', 'gone'", "raises QueryNotFoundError")
)
class LooksForTheQueryBeforeItReads(MemoryBackend):
    """Asks whether the query is there before the batch is read, and not again."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        there = self.get_query(profile_id, query_id) is not None
        try:
            super().save_issues(profile_id, query_id, issues)
        except QueryNotFoundError:
            if not there:
                raise


@saboteur(
    "the-last-of-equal-identities-counts",
    says=".status: expected 'last, nothing is there', got 'first, nothing is there'",
)
class KeepsTheFirst(MemoryBackend):
    """Uses INSERT OR IGNORE."""

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        super().replace_issues(profile_id, query_id, issues[::-1] if isinstance(issues, list) else issues)


@saboteur("the-last-of-equal-identities-counts", says="raised StorageError: UNIQUE constraint failed")
class InsertsAfterDeleting(MemoryBackend):
    """Deletes all rows and uses a plain INSERT then, which fails at the second of two."""

    def replace_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        super().replace_statistics(profile_id, query_id, statistics)
        if isinstance(statistics, list) and len({row.date for row in statistics}) < len(statistics):
            raise StorageError("UNIQUE constraint failed")


@saboteur("the-last-of-equal-identities-counts", says=("save_metrics", "raised StorageError"))
class TouchesARowTwice(MemoryBackend):
    """Uses one INSERT … ON CONFLICT DO UPDATE for all rows, which may not touch a row twice in PostgreSQL."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        super().save_metrics(profile_id, query_id, metrics)
        if isinstance(metrics, list) and len({(row.week, row.name) for row in metrics}) < len(metrics):
            raise StorageError("ON CONFLICT DO UPDATE command cannot affect row a second time")


@saboteur(
    "the-last-of-equal-identities-counts",
    says=".changes[0].field: expected 'last, nothing is there', got 'first, nothing is there'",
)
class CollectsTheChangesOfABatch(MemoryBackend):
    """Deletes the named histories first, and then adds the changes of each record of the batch."""

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        super().save_histories(profile_id, query_id, histories)
        collected: dict[str, History] = {}
        for record in histories if isinstance(histories, list) else ():
            earlier = collected.get(record.issue_key)
            collected[record.issue_key] = (
                replace(record, changes=[*earlier.changes, *record.changes]) if earlier else record
            )
        super().save_histories(profile_id, query_id, collected.values())


@saboteur("an-upsert-replaces-the-whole-record", says=(".summary: expected None, got 'Paint the door'"))
class KeepsWhatTheNewRecordLacks(MemoryBackend):
    """Updates with COALESCE(excluded.column, column)."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        there = {issue.key: issue for issue in self.get_issues(profile_id, query_id)}
        super().save_issues(profile_id, query_id, issues)
        for issue in self.get_issues(profile_id, query_id):
            if issue.key in there:
                lacking = [name for name, value in fields(issue).items() if value is None]
                kept = {name: getattr(there[issue.key], name) for name in lacking}
                super().save_issues(profile_id, query_id, [replace(issue, **kept)])


@saboteur("an-upsert-replaces-the-whole-record", says=".velocity_items: expected None, got 1.75")
class ForgetsAColumn(MemoryBackend):
    """Leaves a column out of ON CONFLICT DO UPDATE SET."""

    def save_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        there = {row.date: row for row in self.get_statistics(profile_id, query_id)}
        super().save_statistics(profile_id, query_id, statistics)
        for row in self.get_statistics(profile_id, query_id):
            if row.date in there:
                kept = replace(row, velocity_items=there[row.date].velocity_items)
                super().save_statistics(profile_id, query_id, [kept])


@saboteur("an-upsert-replaces-the-whole-record", says=".details['place']: expected nothing, got 'details'")
class MergesJson(MemoryBackend):
    """Merges a JSON column with what it holds, as json_patch does."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        there = {(row.week, row.name): row for row in self.get_metrics(profile_id, query_id)}
        super().save_metrics(profile_id, query_id, metrics)
        for row in self.get_metrics(profile_id, query_id):
            if (row.week, row.name) in there:
                merged = {**there[row.week, row.name].details, **row.details}
                super().save_metrics(profile_id, query_id, [replace(row, details=merged)])


@saboteur("an-upsert-leaves-what-it-does-not-name", says="[1]: expected date(2025, 10, 28), got date(2025, 10, 29)")
class OverwritesTheFile(MemoryBackend):
    """Writes the rows given over the file that holds them all."""

    def save_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        if isinstance(statistics, list) and statistics:
            super().replace_statistics(profile_id, query_id, statistics)
        else:
            super().save_statistics(profile_id, query_id, statistics)


@saboteur("an-upsert-leaves-what-it-does-not-name", "issue-keys-are-exact", says="[1]: expected 'AB-2', got 'AB-3'")
class DeletesFromTheFirstToTheLast(MemoryBackend):
    """Deletes from the first to the last key named before it inserts."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        there = self.get_issues(profile_id, query_id)
        super().save_issues(profile_id, query_id, issues)
        if isinstance(issues, list) and issues:
            named = sorted(issue.key for issue in issues)
            between = [issue.key for issue in there if named[0] < issue.key < named[-1] and issue.key not in named]
            kept = [issue for issue in self.get_issues(profile_id, query_id) if issue.key not in between]
            super().replace_issues(profile_id, query_id, kept)


@saboteur("a-replacement-is-exact", "whole-numbers-are-widened", says="[1].key: expected 'AB-3', got 'AB-2'")
class DeletesNothing(MemoryBackend):
    """Replaces the rows that are named and leaves the others."""

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        super().save_issues(profile_id, query_id, issues)


@saboteur("a-replacement-is-exact", says=("replace_statistics('p', 'q', [])", "length: expected 0, got 1"))
class ReturnsEarly(MemoryBackend):
    """Returns early where there is nothing to write."""

    def replace_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        if isinstance(statistics, list) and not statistics:
            super().save_statistics(profile_id, query_id, [])
        else:
            super().replace_statistics(profile_id, query_id, statistics)


@saboteur(
    "a-replacement-is-exact",
    says=("replace_statistics", "[0].date: expected date(2025, 10, 28), got date(2025, 10, 27)"),
)
class DeletesTheDatesItNames(MemoryBackend):
    """Deletes from the earliest to the latest date given, and inserts then."""

    def replace_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        there = self.get_statistics(profile_id, query_id)
        super().replace_statistics(profile_id, query_id, statistics)
        days = [row.date for row in self.get_statistics(profile_id, query_id)]
        if days:
            outside = [row for row in there if not days[0] <= row.date <= days[-1]]
            super().save_statistics(profile_id, query_id, outside)


@saboteur(
    "a-saved-history-is-exactly-the-one-given",
    says=("save_histories", ".changes[0].changed_at: expected datetime(2025, 11, 3, 12, tz"),
)
class AddsToWhatIsThere(MemoryBackend):
    """Inserts those changes that are not there yet, and deletes none."""

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        there = {history.issue_key: history for history in self.get_histories(profile_id, query_id)}
        super().save_histories(profile_id, query_id, histories)
        if isinstance(histories, list):
            for history in self.get_histories(profile_id, query_id):
                if history.issue_key in there and history.issue_key in {record.issue_key for record in histories}:
                    old = there[history.issue_key].changes if history.changes else []
                    changes = [*old, *(change for change in history.changes if change not in old)]
                    super().save_histories(profile_id, query_id, [replace(history, changes=changes)])


@saboteur(
    "a-saved-history-is-exactly-the-one-given", "history-keys-are-exact", says=".changes length: expected 0, got 1"
)
class DeletesAsItInserts(MemoryBackend):
    """Deletes the old changes where it inserts the first new one, so that an empty history leaves them."""

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        there = {history.issue_key: history for history in self.get_histories(profile_id, query_id)}
        super().save_histories(profile_id, query_id, histories)
        for history in self.get_histories(profile_id, query_id):
            if not history.changes and history.issue_key in there:
                changes = there[history.issue_key].changes
                super().save_histories(profile_id, query_id, [replace(history, changes=changes)])


@saboteur(
    "a-saved-history-is-exactly-the-one-given",
    "history-comes-back",
    says=".changes[1].field: expected 'status', got 'assignee'",
)
class StoresEqualChangesOnce(MemoryBackend):
    """Has a unique key over the columns of a change."""

    def get_histories(self, profile_id: str, query_id: str, **filters: Any) -> list[History]:
        return [
            replace(history, changes=list(dict.fromkeys(history.changes)))
            for history in super().get_histories(profile_id, query_id, **filters)
        ]


@saboteur("a-metric-is-its-week-and-name", says="raised StorageError: UNIQUE constraint failed")
class TakesTheCategoryForAKey(MemoryBackend):
    """Names the category too in ON CONFLICT, where the primary key is the week and the name."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        there = {(row.week, row.name): row.category for row in self.get_metrics(profile_id, query_id)}
        super().save_metrics(profile_id, query_id, metrics)
        for row in self.get_metrics(profile_id, query_id):
            if there.get((row.week, row.name), row.category) != row.category:
                raise StorageError("UNIQUE constraint failed")


@saboteur("a-metric-is-its-week-and-name", says="[2].name: expected 'b', got 'a'")
class KeepsAMetricForEachUnit(MemoryBackend):
    """Has the unit in the primary key, so that a new unit makes a new row."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._more: dict[tuple[str, str], list[Metric]] = {}

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        there = {(row.week, row.name): row for row in self.get_metrics(profile_id, query_id)}
        super().save_metrics(profile_id, query_id, metrics)
        for row in super().get_metrics(profile_id, query_id):
            earlier = there.get((row.week, row.name), row)
            if earlier.unit is None and row.unit is not None:
                self._more.setdefault((profile_id, query_id), []).append(earlier)

    def get_metrics(self, profile_id: str, query_id: str, **filters: Any) -> list[Metric]:
        rows = super().get_metrics(profile_id, query_id, **filters)
        more = (
            [] if any(value is not None for value in filters.values()) else self._more.get((profile_id, query_id), [])
        )
        return sorted([*rows, *more], key=lambda row: (row.week, row.name))
