"""Backends that refuse wrongly (contract, chapter 6)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import (
    ChangeEntry,
    Expired,
    History,
    Issue,
    Metric,
    NotFoundError,
    PersistenceError,
    Query,
    Statistic,
    StorageError,
    Task,
    ValidationError,
    check_identifier,
    replace,
)
from saboteurs import saboteur

NAIVE = datetime(2025, 1, 1)  # noqa: DTZ001 - it is meant to be refused


def is_batch(given: object) -> bool:
    return isinstance(given, Iterable) and not isinstance(given, (str, bytes, bytearray, Mapping))


# Arguments


@saboteur("arguments-are-validated", says=("get_task(7)", "Task(name='7'"))
class ComparesAcrossTypes(MemoryBackend):
    """Hands a name to the store unchecked, which finds '7' for 7."""

    def get_task(self, name: Any) -> Task | None:
        return super().get_task(str(name) if type(name) is int else name)


@saboteur("arguments-are-validated", says="get_scope('nobody', 7)")
class LooksForTheProfileFirst(MemoryBackend):
    """Answers None as soon as the profile is not there, before it looks at the query's id."""

    def get_scope(self, profile_id: str, query_id: str) -> Any:
        return super().get_scope(profile_id, query_id) if self.get_profile(profile_id) else None


@saboteur("arguments-are-validated", says="delete_app_state(7)")
class DeletesWhatHasTheKey(MemoryBackend):
    """Deletes the keys that equal the argument, which a number never does."""

    def delete_app_state(self, key: Any) -> None:
        known: dict[Any, str] = self.list_app_state()
        if type(key) is not int or key.bit_length() > 63 or key in known:
            super().delete_app_state(key)


@saboteur("filters-are-validated", says="get_statistics('p', 'q', limit=0, end='2025-01-01')")
class LimitOfNothingFirst(MemoryBackend):
    """Answers a limit of 0 before it looks at the other filters."""

    def get_statistics(self, profile_id: str, query_id: str, *, limit: Any = None, **filters: Any) -> list[Statistic]:
        if type(limit) is int and limit == 0:
            return []
        return super().get_statistics(profile_id, query_id, limit=limit, **filters)


@saboteur("filters-are-validated", says=("get_changes('nobody', 'q', field=7)", "raises ValidationError"))
class LooksAtTheFilterLater(MemoryBackend):
    """Looks at a filter only once the query was found."""

    def get_changes(self, profile_id: str, query_id: str, *, field: Any = None, **filters: Any) -> list[ChangeEntry]:
        seen = field if self.get_query(profile_id, query_id) else None
        return super().get_changes(profile_id, query_id, field=seen, **filters)


# Writes


@saboteur("writes-are-validated", says=("save_cache_info", "'old', 'old'", "details={'on': date(2025, 1, 1)}"))
class DumpsWithDefaultStr(MemoryBackend):
    """Updates a cache entry's details with json.dumps(default=str), so that anything goes."""

    def save_cache_info(self, profile_id: str, query_id: str, info: Any) -> None:
        old = super().get_cache_info(profile_id, query_id)
        details: Any = getattr(info, "details", None)
        if old and type(details) is dict and set(details) == {"on"}:
            info = replace(info, details=json.loads(json.dumps(details, default=str)))
        super().save_cache_info(profile_id, query_id, info)


@saboteur("writes-are-validated", says=("save_query('old', {'id': 'new', 'name': 'new'})", "raises ValidationError"))
class TakesMappings(MemoryBackend):
    """Builds the record from a mapping where it is given one."""

    def save_query(self, profile_id: str, query: Any) -> None:
        if isinstance(query, dict):
            now = datetime(2025, 1, 1, tzinfo=UTC)
            query = Query(**{"jql": "", "created_at": now, "last_used_at": now, **query})
        super().save_query(profile_id, query)


@saboteur("writes-are-validated", says=("save_task", "expected 'old', got 'new'"))
class WritesBeforeItChecks(MemoryBackend):
    """Writes the task's row first and its state, which is checked, afterwards."""

    def save_task(self, task: Any) -> None:
        try:
            super().save_task(task)
        except ValidationError:
            state: Any = getattr(task, "state", None)
            if type(state) is dict and "on" in state:
                super().save_task(replace(task, state={}))
            raise


# Batches


@saboteur("a-bad-record-refuses-the-batch", says=("save_statistics", "[0].completed_items: expected 0, got 9"))
class ChecksAsItWrites(MemoryBackend):
    """Checks each record just before it writes it."""

    def save_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        given = list(statistics) if is_batch(statistics) else []
        kinds = {type(each) for each in given}
        if kinds != {Statistic} or self.get_query(profile_id, query_id) is None:
            super().save_statistics(profile_id, query_id, given if is_batch(statistics) else statistics)
            return
        for each in given:
            super().save_statistics(profile_id, query_id, [each])


@saboteur("a-bad-record-refuses-the-batch", says=("replace_issues", "length: expected 2, got 0"))
class EmptiesBeforeItChecks(MemoryBackend):
    """Empties the set, then checks the batch that is to replace it."""

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        try:
            super().replace_issues(profile_id, query_id, issues)
        except ValidationError:
            with contextlib.suppress(PersistenceError):
                super().replace_issues(profile_id, query_id, [])
            raise


@saboteur("a-bad-record-refuses-the-batch", says=("save_histories", "tzinfo", "datetime(2025, 1, 1)"))
class ChecksTheFirstChange(MemoryBackend):
    """Takes a history's later changes for as good as its first."""

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        def cleaned(history: Any) -> Any:
            changes: Any = getattr(history, "changes", None)
            if type(changes) is list and len(changes) == 2 and changes[1] == replace(changes[0], changed_at=NAIVE):
                return replace(history, changes=changes[:1] * 2)
            return history

        super().save_histories(profile_id, query_id, map(cleaned, histories) if is_batch(histories) else histories)


# Precedence


@saboteur(
    "refusals-in-order", says=("save_histories('nobody'", "raises ValidationError", "raised ProfileNotFoundError")
)
class LooksForTheQueryFirst(MemoryBackend):
    """Asks whether the query is there before it looks at the records."""

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        given = list(histories) if is_batch(histories) else histories
        if self.get_query(profile_id, query_id) is None:
            super().save_histories(profile_id, query_id, [])
        super().save_histories(profile_id, query_id, given)


@saboteur("refusals-in-order", says=("get_task('')", "raises ClosedError", "raised ValidationError"))
class ChecksBeforeItKnowsItIsClosed(MemoryBackend):
    """Checks the name before it looks whether the handle is closed."""

    def get_task(self, name: str) -> Task | None:
        return super().get_task(check_identifier(name, "name"))


# Quoting


@saboteur("errors-quote-no-stored-value", says=("save_metrics", "Zephyr 4711 Quokka"))
class ShowsTheRefusedRecord(MemoryBackend):
    """Shows the record that it refuses."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        given = list(metrics) if is_batch(metrics) else metrics
        try:
            super().save_metrics(profile_id, query_id, given)
        except ValidationError as error:
            refused = [getattr(each, "category", None) for each in given] if is_batch(given) else given
            raise ValidationError(f"{error}: {refused}") from None


@saboteur("errors-quote-no-stored-value", says=("JsonText", "Zephyr 4711 Quokka", "line 1 column"))
class PassesTheParsersMessageOn(MemoryBackend):
    """Says where the parser stopped, with the text around it."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        given = list(issues) if is_batch(issues) else issues
        try:
            super().save_issues(profile_id, query_id, given)
        except ValidationError:
            for issue in given if is_batch(given) else []:
                try:
                    json.loads(issue.document.text)
                except json.JSONDecodeError as error:
                    raise ValidationError(f"{error} in {error.doc[:100]}") from None
                except (AttributeError, TypeError, RecursionError, ValueError):
                    pass
            raise


@saboteur("errors-quote-no-stored-value", says=("backend.save_query, 'nobody'", "there is no profile for Query"))
class ShowsWhatItCouldNotPlace(MemoryBackend):
    """Shows the record for which it found no profile."""

    def save_query(self, profile_id: str, query: Query) -> None:
        try:
            super().save_query(profile_id, query)
        except NotFoundError as error:
            raise type(error)(f"there is no profile for {query!r}") from None


# Other errors


@saboteur("only-the-contracts-errors-escape", says=("TypeError", "get_app_state(['p'])"))
class LooksUpUnchecked(MemoryBackend):
    """Looks the key up in a dict before it is known to be text."""

    def get_app_state(self, key: str) -> str | None:
        hash(key)
        return super().get_app_state(key)


@saboteur("only-the-contracts-errors-escape", says=("OverflowError", "delete_expired(datetime(1, 1, 1"))
class ComparesInLocalTime(MemoryBackend):
    """Turns an instant into the server's local time, which the first hours of year 1 do not have."""

    def delete_expired(self, now: datetime) -> Expired:
        if type(now) is datetime and now.tzinfo is UTC:
            now = now.astimezone(timezone(timedelta(hours=-2)))
        return super().delete_expired(now)


@saboteur("only-the-contracts-errors-escape", says=("OverflowError", "limit=9223372036854775807"))
class AddsOneToTheLimit(MemoryBackend):
    """Asks the driver for one row more than the limit, which no longer fits into 64 bits."""

    def get_statistics(self, profile_id: str, query_id: str, *, limit: Any = None, **filters: Any) -> list[Statistic]:
        if type(limit) is int and limit == 2**63 - 1:
            raise OverflowError("Python int too large to convert to SQLite INTEGER")
        return super().get_statistics(profile_id, query_id, limit=limit, **filters)


# The caller's own errors


@saboteur("the-callers-errors-pass", says=("TypeError(", "raised ValidationError"))
class TakesATypeErrorForItsOwn(MemoryBackend):
    """Finds out by `list()` whether it was given an iterable, and takes any TypeError for a no."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        try:
            given = list(metrics) if is_batch(metrics) else metrics
        except TypeError:
            raise ValidationError("expected an iterable of Metric") from None
        super().save_metrics(profile_id, query_id, given)


@saboteur("the-callers-errors-pass", says=("OSError(", "raised StorageError"))
class TakesAnOsErrorForTheMediums(MemoryBackend):
    """Wraps every OSError in the call as an error of the medium, the caller's included."""

    def replace_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        try:
            super().replace_statistics(profile_id, query_id, statistics)
        except OSError:
            raise StorageError("the medium refused; look at the disk") from None


@saboteur("the-callers-errors-pass", says=("KeyboardInterrupt(", "AB-3"))
class UndoesForExceptionOnly(MemoryBackend):
    """Writes while it reads and undoes that for any Exception, which KeyboardInterrupt is not."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        given: list[Issue] = []
        if is_batch(issues):
            try:
                for issue in issues:
                    given.append(issue)
            except Exception:
                raise
            except BaseException:
                super().save_issues(profile_id, query_id, given)
                raise
        super().save_issues(profile_id, query_id, given if is_batch(issues) else issues)


# Call shapes


@saboteur("call-shapes-stay-type-errors", says=("get_histories('p', 'q', None)", "raises TypeError"))
class FiltersByPosition(MemoryBackend):
    """Takes filters by position as well."""

    def get_histories(
        self, profile_id: str, query_id: str, issue_key: str | None = None, valid_at: datetime | None = None
    ) -> list[History]:
        return super().get_histories(profile_id, query_id, issue_key=issue_key, valid_at=valid_at)


@saboteur("call-shapes-stay-type-errors", says=("get_metrics('p', 'q', colour=None)", "raises TypeError"))
class IgnoresUnknownFilters(MemoryBackend):
    """Takes any filter and leaves out those that it does not know."""

    def get_metrics(self, profile_id: str, query_id: str, **filters: Any) -> list[Metric]:
        known = {name: value for name, value in filters.items() if name != "colour"}
        return super().get_metrics(profile_id, query_id, **known)


@saboteur("call-shapes-stay-type-errors", says=("delete_query('p')", "raised ValidationError"))
class HasDefaults(MemoryBackend):
    """Gives a default to an argument that has to be named."""

    def delete_query(self, profile_id: str, query_id: str = "") -> None:
        super().delete_query(profile_id, query_id)
