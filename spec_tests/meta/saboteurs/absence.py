"""Backends that are wrong about what is not there (contract, chapter 7)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import (
    History,
    Issue,
    Metric,
    NotFoundError,
    Profile,
    ProfileNotFoundError,
    Query,
    QueryNotFoundError,
    Scope,
    Statistic,
)
from saboteurs import saboteur

NOW = datetime(2025, 1, 1, tzinfo=UTC)


@saboteur("reading-what-is-not-there", says=("get_histories('p', 'q', issue_key='AB-9')", "History(issue_key='AB-9'"))
class MakesUpAHistory(MemoryBackend):
    """Gives an issue that has no history an empty one."""

    def get_histories(self, profile_id: str, query_id: str, *, issue_key: Any = None, **filters: Any) -> list[History]:
        found = super().get_histories(profile_id, query_id, issue_key=issue_key, **filters)
        if not found and issue_key == "AB-9":
            found = [History(issue_key=issue_key, expires_at=NOW)]
        return found


@saboteur("reading-what-is-not-there", says=("get_query('nobody', 'none')", "raised ProfileNotFoundError"))
class ReadsBelowNoProfileRaise(MemoryBackend):
    """Raises where a query is looked for in a profile that never was."""

    def get_query(self, profile_id: str, query_id: str) -> Query | None:
        found = super().get_query(profile_id, query_id)
        if found is None and profile_id == "nobody":
            raise ProfileNotFoundError("get_query: there is no such profile; save it first")
        return found


@saboteur("writing-below-no-profile", says=("save_histories('p', 'q'", "raises ProfileNotFoundError"))
class CreatesTheProfile(MemoryBackend):
    """Creates the profile and the query where they are missing."""

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        given = list(histories) if isinstance(histories, list) else histories
        try:
            super().save_histories(profile_id, query_id, given)
        except ProfileNotFoundError:
            self.save_profile(Profile(id=profile_id, name=profile_id, created_at=NOW, last_used_at=NOW))
            self.save_query(profile_id, Query(id=query_id, name="", jql="", created_at=NOW, last_used_at=NOW))
            super().save_histories(profile_id, query_id, given)


@saboteur("writing-below-no-profile", says=("save_scope('p', 'q'", "raised QueryNotFoundError"))
class OnlyLooksForTheQuery(MemoryBackend):
    """Says that the query is missing where the profile is."""

    def save_scope(self, profile_id: str, query_id: str, scope: Scope) -> None:
        try:
            super().save_scope(profile_id, query_id, scope)
        except ProfileNotFoundError:
            raise QueryNotFoundError("save_scope: there is no such query; save it first") from None


@saboteur("writing-below-no-query", says=("save_metrics('p', 'q'", "raises QueryNotFoundError"))
class CreatesTheQuery(MemoryBackend):
    """Creates the query where it is missing."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        given = list(metrics) if isinstance(metrics, list) else metrics
        try:
            super().save_metrics(profile_id, query_id, given)
        except QueryNotFoundError:
            self.save_query(profile_id, Query(id=query_id, name=query_id, jql="", created_at=NOW, last_used_at=NOW))
            super().save_metrics(profile_id, query_id, given)


@saboteur("writing-below-no-query", says=("replace_issues('p', 'q'", "raised NotFoundError"))
class OneErrorForAll(MemoryBackend):
    """Raises the same NotFoundError whatever is missing below the profile."""

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        try:
            super().replace_issues(profile_id, query_id, issues)
        except QueryNotFoundError as error:
            raise NotFoundError(str(error)) from None


@saboteur("an-empty-batch-below-nothing", says=("save_statistics('p', 'q', [])", "raises ProfileNotFoundError"))
class NothingToDo(MemoryBackend):
    """Returns where the batch, which is otherwise sound, holds no record."""

    def save_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        there = self.get_query(profile_id, query_id) is not None
        if not there and isinstance(statistics, list) and not statistics:
            return
        super().save_statistics(profile_id, query_id, statistics)


@saboteur("deleting-what-is-not-there", says=("delete_profile('p')", "raises ProfileNotFoundError"))
class DeletesNothingSilently(MemoryBackend):
    """Does not look at the number of rows that were deleted."""

    def delete_profile(self, profile_id: str) -> None:
        try:
            super().delete_profile(profile_id)
        except ProfileNotFoundError:
            return


@saboteur("deleting-what-is-not-there", says=("delete_query('p', 'q')", "raised QueryNotFoundError"))
class OnlyMissesTheQuery(MemoryBackend):
    """Says that the query is missing where the profile is."""

    def delete_query(self, profile_id: str, query_id: str) -> None:
        try:
            super().delete_query(profile_id, query_id)
        except ProfileNotFoundError as error:
            raise QueryNotFoundError(str(error)) from None


@saboteur("clearing-what-is-not-there", says=("clear_task('none')", "raised NotFoundError"))
class ClearsOnlyWhatIsThere(MemoryBackend):
    """Raises where there is no task to clear."""

    def clear_task(self, name: str) -> None:
        there = self.get_task(name) is not None
        super().clear_task(name)
        if not there:
            raise NotFoundError("clear_task: there is no such task")


@saboteur("clearing-what-is-not-there", says=("delete_app_state('none')", "raised KeyError"))
class DeletesTheKeyFromADict(MemoryBackend):
    """Deletes the key from a dict that may not have it."""

    def delete_app_state(self, key: str) -> None:
        there = self.get_app_state(key) is not None
        super().delete_app_state(key)
        if not there:
            raise KeyError(key)


@saboteur("writes-return-none", says=("replace_statistics('p', 'q', [Statistic", "expected None, got 1"))
class ReturnsTheRowCount(MemoryBackend):
    """Hands out how many rows it wrote."""

    def replace_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> Any:
        super().replace_statistics(profile_id, query_id, statistics)
        return len(self.get_statistics(profile_id, query_id))


@saboteur("writes-return-none", says=("delete_profile('p')", "expected None, got True"))
class ReturnsWhetherItDid(MemoryBackend):
    """Says that it deleted something."""

    def delete_profile(self, profile_id: str) -> Any:
        super().delete_profile(profile_id)
        return True
