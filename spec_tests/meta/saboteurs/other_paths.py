"""Faults beside the usual path: in replacements, rarer filters, other errors, other iterables, closed handles."""

from __future__ import annotations

import fnmatch
import logging
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import (
    CacheInfo,
    ChangeEntry,
    Expired,
    History,
    Issue,
    Metric,
    PersistenceError,
    Profile,
    ProfileNotFoundError,
    Query,
    QueryNotFoundError,
    Scope,
    Statistic,
    StorageError,
    Task,
    ValidationError,
    fields,
    replace,
)
from saboteurs import saboteur
from saboteurs.refusals import is_batch

Location = str | os.PathLike[str]

log = logging.getLogger("acme.storage.openings")


# Instants


@saboteur("a-repeated-hour-comes-twice", says=("save_task", "fold=1", "updated_at: expected datetime("))
class LosesTheFold(MemoryBackend):
    """Puts an instant together again from its parts, of which `fold` is one."""

    def save_task(self, task: Task) -> None:
        at: Any = getattr(task, "updated_at", None)
        if type(at) is datetime and at.fold:
            task = replace(task, updated_at=at.replace(fold=0))
        super().save_task(task)


@saboteur("a-repeated-hour-comes-twice", says=("get_histories('p', 'q', valid_at=", "fold=1", "length: expected 0"))
class FiltersWithoutTheFold(MemoryBackend):
    """The same, in a filter."""

    def get_histories(self, profile_id: str, query_id: str, *, valid_at: Any = None, **filters: Any) -> list[History]:
        if type(valid_at) is datetime:
            valid_at = valid_at.replace(fold=0)
        return super().get_histories(profile_id, query_id, valid_at=valid_at, **filters)


@saboteur("errors-of-the-callers-zone-pass", says=("delete_expired", "FailingZone()", "raised ValidationError"))
class TakesAnyErrorForNoInstant(MemoryBackend):
    """Takes whatever goes wrong with an instant for a sign that it is none."""

    def delete_expired(self, now: datetime) -> Expired:
        try:
            return super().delete_expired(now)
        except PersistenceError:
            raise
        except Exception:
            raise ValidationError("now: expected an aware datetime") from None


# Types


@saboteur("own-classes-are-refused", says=("save_profile(OwnProfile(", "raises ValidationError"))
class TakesOwnProfiles(MemoryBackend):
    """Asks `isinstance(profile, Profile)`."""

    def save_profile(self, profile: Any) -> None:
        is_own = isinstance(profile, Profile) and type(profile) is not Profile
        super().save_profile(Profile(**fields(profile)) if is_own else profile)


@saboteur("own-classes-are-refused", says=("set_app_state('key', OwnText('text'))", "raises ValidationError"))
class TakesOwnTexts(MemoryBackend):
    """Asks `isinstance(value, str)`."""

    def set_app_state(self, key: str, value: Any) -> None:
        super().set_app_state(key, str(value) if isinstance(value, str) else value)


@saboteur("replacements-are-validated-as-saves-are", says=("replace_statistics", "completed_items=1.0"))
class LoadsWholeFloats(MemoryBackend):
    """Replaces statistics by a loader that takes 1.0 for 1."""

    def replace_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        def loaded(statistic: Any) -> Any:
            items = getattr(statistic, "completed_items", None)
            return replace(statistic, completed_items=int(items)) if items == 1 and type(items) is float else statistic

        super().replace_statistics(
            profile_id, query_id, map(loaded, statistics) if is_batch(statistics) else statistics
        )


@saboteur("replacements-are-validated-as-saves-are", says=("replace_issues", "status=", "raises ValidationError"))
class LoadsAnyStatus(MemoryBackend):
    """Replaces issues by a loader that makes text of any status."""

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        def loaded(issue: Any) -> Any:
            status = getattr(issue, "status", None)
            return replace(issue, status=str(status)) if type(status) is int else issue

        super().replace_issues(profile_id, query_id, map(loaded, issues) if is_batch(issues) else issues)


@saboteur("numbers-are-finite-and-64-bit", says=("get_changes('p', 'q', limit=", "raised OverflowError"))
class BindsAnyLimit(MemoryBackend):
    """Hands the limit to the driver, which has 64 bits for it."""

    def get_changes(self, profile_id: str, query_id: str, *, limit: Any = None, **filters: Any) -> list[ChangeEntry]:
        if type(limit) is int and limit >= 2**63:
            raise OverflowError("Python int too large to convert to SQLite INTEGER")
        return super().get_changes(profile_id, query_id, limit=limit, **filters)


@saboteur("no-identifier-is-refused-in-every-place", says=("save_scope(OwnText('p')", "raises ValidationError"))
class WritesBelowOwnTexts(MemoryBackend):
    """Asks `isinstance(profile_id, str)` where it writes."""

    def save_scope(self, profile_id: Any, query_id: str, scope: Scope) -> None:
        super().save_scope(str(profile_id) if isinstance(profile_id, str) else profile_id, query_id, scope)


# The order of refusals


@saboteur("refusals-in-order", says=("save_cache_info('nobody', ''", "raised ProfileNotFoundError"))
class LooksForTheProfileBeforeTheQuerysId(MemoryBackend):
    """Looks for the profile before it looks at the query's id."""

    def save_cache_info(self, profile_id: str, query_id: str, info: CacheInfo) -> None:
        if query_id == "" and type(profile_id) is str and profile_id and self.get_profile(profile_id) is None:
            raise ProfileNotFoundError("the profile is not there; save it first")
        super().save_cache_info(profile_id, query_id, info)


@saboteur("closed-comes-before-what-is-invalid", says=("delete_profile('p')", "raised ProfileNotFoundError"))
class RemembersItsProfiles(MemoryBackend):
    """Looks into what it remembers of the profiles before it asks whether the handle is open."""

    def delete_profile(self, profile_id: str) -> None:
        if self._closed and profile_id == "p" and profile_id not in self._store.profiles:
            raise ProfileNotFoundError("the profile is not there; see list_profiles()")
        super().delete_profile(profile_id)


# What errors say


@saboteur("errors-quote-no-stored-value", says=("save_task", "Zephyr 4...", "lines_with_part"))
class ShowsTheBeginning(MemoryBackend):
    """Shows the beginning of what it refuses."""

    def save_task(self, task: Task) -> None:
        try:
            super().save_task(task)
        except ValidationError as error:
            raise ValidationError(f"{error} ({str(getattr(task, 'message', ''))[:8]}...)") from None


@saboteur("errors-quote-no-stored-value", says=("delete_query, 'p', 'none'", "there are"))
class ListsWhatThereIs(MemoryBackend):
    """Says which queries there are where one is not."""

    def delete_query(self, profile_id: str, query_id: str) -> None:
        try:
            super().delete_query(profile_id, query_id)
        except QueryNotFoundError as error:
            there = ", ".join(query.name for query in self.list_queries(profile_id))
            raise QueryNotFoundError(f"{error}; there are: {there}") from None


# Whose errors come out


@saboteur("the-callers-errors-pass", says=("CallersDatabaseError(", "raised StorageError"))
class TakesAnyDatabaseForItsOwn(MemoryBackend):
    """Wraps every error of the driver's kind, the caller's included."""

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        try:
            super().save_histories(profile_id, query_id, histories)
        except sqlite3.Error:
            raise StorageError("SQLite refused; check() says whether the store is sound") from None


@saboteur("the-callers-errors-pass", says=("RuntimeError(", "raised StorageError"))
class WrapsRuntimeErrors(MemoryBackend):
    """Wraps the errors of its event loop, which are RuntimeErrors."""

    def save_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        try:
            super().save_statistics(profile_id, query_id, statistics)
        except RuntimeError:
            raise StorageError("the connection's loop is closed") from None


@saboteur("the-callers-errors-pass", says=("ValidationError(", "replace_issues"))
class AddsItsName(MemoryBackend):
    """Adds the name of the operation to every refusal, the caller's included."""

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        try:
            super().replace_issues(profile_id, query_id, issues)
        except ValidationError as error:
            raise ValidationError(f"replace_issues: {error}") from None


# Call shapes


@saboteur("call-shapes-stay-type-errors", says=("get_task('fetch', None)", "raises TypeError"))
class TakesMoreArguments(MemoryBackend):
    """Takes what comes after its argument for settings of the driver, and leaves it out."""

    def get_task(self, name: str, *settings: object) -> Task | None:
        return super().get_task(name)


@saboteur("call-shapes-stay-type-errors", says=("save_scope(", "colour=None)", "raises TypeError"))
class TakesMoreNames(MemoryBackend):
    """The same, by name."""

    def save_scope(self, profile_id: str, query_id: str, scope: Scope, **settings: object) -> None:
        super().save_scope(profile_id, query_id, scope)


@saboteur("arguments-have-names", says=("get_query(profile_id='p', query_id='q')", "raised TypeError"))
class CallsThemOtherwise(MemoryBackend):
    """Has names of its own for its arguments."""

    def get_query(self, profile: str, query: str) -> Query | None:
        return super().get_query(profile, query)


# Secrets


@saboteur("no-secret-in-the-log", says=("other = open_backend(location", "heard_with", "invented-token-4711"))
class LogsWhatItFinds(MemoryBackend):
    """Logs what it finds when it opens."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        log.debug("opened: %s", [fields(profile) for profile in self.list_profiles()])


@saboteur("no-secret-in-the-log", says=("save_issues", "saves for", "invented-token-4711"))
class LogsForWhomItSaves(MemoryBackend):
    """Logs the profile for which it saves issues."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        super().save_issues(profile_id, query_id, issues)
        profile = self.get_profile(profile_id)
        log.info("saves for %s", profile.jira_config if profile else None)


# Batches


@saboteur("a-batch-is-any-iterable", says=("'without a length', Iterated([])", "raised ValidationError"))
class KnowsItsIterables(MemoryBackend):
    """Takes lists, tuples and iterators."""

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        if is_batch(issues) and not isinstance(issues, (list, tuple, Iterator)):
            raise ValidationError("expected a list, a tuple or an iterator of Issue")
        super().replace_issues(profile_id, query_id, issues)


@saboteur("a-batch-is-any-iterable", says=("Collected([Metric(", "raised TypeError"))
class CutsWhatHasALength(MemoryBackend):
    """Cuts what has a length into parts of five hundred."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        given: Any = metrics
        if is_batch(given) and hasattr(given, "__len__"):
            given = [each for start in range(0, len(given), 500) for each in given[start : start + 500]]
        super().save_metrics(profile_id, query_id, given)


@saboteur(
    "a-batch-may-be-saved-while-another-is-read",
    says=("CallingFeed(", "get_histories('save_histories', 'outer')", "issue_key: expected 'AB-1', got 'AB-2'"),
)
class CollectsInOneBuffer(MemoryBackend):
    """Collects the records of a batch in a buffer of the handle."""

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        if not is_batch(histories):
            super().save_histories(profile_id, query_id, histories)
            return
        self._buffer: list[History] = []
        for history in histories:
            self._buffer.append(history)
        super().save_histories(profile_id, query_id, self._buffer)


# Filters


@saboteur("issue-filters-match-exactly", says=("status='D*'", "expected 'AB-09', got 'AB-03'"))
class GlobsTheStatus(MemoryBackend):
    """Compares with GLOB."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        found = super().get_issues(profile_id, query_id, **filters)
        pattern, limit = filters.pop("status", None), filters.pop("limit", None)
        if pattern is None or limit is not None:
            return found
        rows = super().get_issues(profile_id, query_id, **filters)
        return [row for row in rows if row.status is not None and fnmatch.fnmatchcase(row.status, pattern)]


@saboteur("history-and-metric-filters-match-exactly", says=("field='D.ne'", "length: expected 1, got"))
class SearchesByExpression(MemoryBackend):
    """Takes the field for a regular expression."""

    def get_changes(self, profile_id: str, query_id: str, **filters: Any) -> list[ChangeEntry]:
        found = super().get_changes(profile_id, query_id, **filters)
        pattern = filters.pop("field", None)
        if pattern is None or filters.get("limit") is not None or not set(pattern) <= set("Done."):
            return found
        rows = super().get_changes(profile_id, query_id, **filters)
        return [row for row in rows if re.fullmatch(pattern, row.change.field)]


# Sizes


@saboteur("every-kind-has-a-size", says=("with a large profile", "is an int, and at least [200000]"))
class CountsIssuesAlone(MemoryBackend):
    """Counts the issues, which are most of it."""

    def size_bytes(self) -> int:
        issues = [
            issue
            for profile in self.list_profiles()
            for query in self.list_queries(profile.id)
            for issue in self.get_issues(profile.id, query.id)
        ]
        return 1 + sum(len(issue.document.text) for issue in issues)


@saboteur("every-kind-has-a-size", says=("with a large metric", "is an int, and at least [200000]"))
class ForgetsTheMetrics(MemoryBackend):
    """Counts every file but the one that came last."""

    def size_bytes(self) -> int:
        metrics = [metric for at in self._store.all_contents() for metric in at.metrics.values()]
        return super().size_bytes() - sum(len(repr(metric.details)) for metric in metrics)
