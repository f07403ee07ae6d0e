"""Backends whose calls are seen half done (contract, 16.1 and 19.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

from burndown_spec.oracle import TransactionalBackend
from burndown_store.contract import (
    Expired,
    Issue,
    Metric,
    PersistenceError,
    ValidationError,
    check_batch,
    check_instant,
)
from saboteurs import saboteur


@saboteur("a-call-is-seen-whole", says=("seen_meanwhile(contents_of, other, backend.save_metrics",))
class CommitsEachRecord(TransactionalBackend):
    """Commits each metric of a batch by itself."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        self._check_written_below(profile_id, query_id)
        batch = check_batch(metrics, Metric)
        super().save_metrics(profile_id, query_id, [])
        for metric in batch:
            super().save_metrics(profile_id, query_id, [metric])


@saboteur("a-call-is-seen-whole", says=("seen_meanwhile(contents_of, other, backend.replace_issues",))
class DeletesAndThenInserts(TransactionalBackend):
    """Replaces in two transactions: one deletes what is there, one saves what is to be there."""

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        self._check_written_below(profile_id, query_id)
        batch = check_batch(issues, Issue)
        super().replace_issues(profile_id, query_id, [])
        super().save_issues(profile_id, query_id, batch)


@saboteur("a-call-is-seen-whole", says=("seen_meanwhile(contents_of, other, backend.delete_profile, 'p')",))
class DeletesFromBelow(TransactionalBackend):
    """Deletes a profile's queries first, each in a transaction of its own, and then the profile."""

    def delete_profile(self, profile_id: str) -> None:
        self._check_writable()
        for query in self.list_queries(profile_id):
            self.delete_query(profile_id, query.id)
        super().delete_profile(profile_id)


@saboteur("a-call-is-seen-whole", says=("seen_meanwhile(contents_of, other, backend.delete_expired",))
class CleansUpInSteps(TransactionalBackend):
    """Removes the expired histories after the expired issues, in a transaction of their own."""

    def delete_expired(self, now: datetime) -> Expired:
        self._check_writable()
        moment = check_instant(now, "now")
        # Waits and is refused as the others are; nothing expires earlier.
        done = super().delete_expired(datetime.min.replace(tzinfo=UTC))
        issues, histories = done.issues, done.histories
        for below in self._store.all_contents():
            valid = {key: issue for key, issue in below.issues.items() if issue.expires_at > moment}
            issues += len(below.issues) - len(valid)
            below.issues = valid
        for below in self._store.all_contents():
            kept = {key: history for key, history in below.histories.items() if history.expires_at > moment}
            histories += len(below.histories) - len(kept)
            below.histories = kept
        return Expired(issues=issues, histories=histories)


@saboteur("a-large-batch-is-seen-whole", says=("seen_meanwhile(first_and_last_of, other, backend.save_issues",))
class CommitsInChunks(TransactionalBackend):
    """Commits a large batch in chunks of five hundred."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        self._check_written_below(profile_id, query_id)
        batch = check_batch(issues, Issue)
        super().save_issues(profile_id, query_id, batch[:500])
        for start in range(500, len(batch), 500):
            super().save_issues(profile_id, query_id, batch[start : start + 500])


@saboteur("a-large-batch-is-seen-whole", says=("seen_meanwhile(first_and_last_of, other, backend.replace_issues",))
class ReplacesInChunks(TransactionalBackend):
    """Replaces by the first five hundred, and saves the others after them."""

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        self._check_written_below(profile_id, query_id)
        batch = check_batch(issues, Issue)
        super().replace_issues(profile_id, query_id, batch[:500])
        if len(batch) > 500:
            super().save_issues(profile_id, query_id, batch[500:])


@saboteur("a-call-that-fails-is-not-seen", says=("seen_meanwhile(contents_of, other, backend.save_issues", "'AB-8'"))
class FlushesInFinally(TransactionalBackend):
    """Writes whatever it has collected when a batch breaks off, and then takes it back."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        self._check_written_below(profile_id, query_id)
        if not isinstance(issues, list | Iterator) or self.get_query(profile_id, query_id) is None:
            super().save_issues(profile_id, query_id, issues)
            return
        collected: list[Issue] = []
        try:
            collected.extend(issues)
            batch = check_batch(collected, Issue)
        except BaseException:
            before = self.get_issues(profile_id, query_id)
            with suppress(PersistenceError):
                super().save_issues(profile_id, query_id, [issue for issue in collected if _is_good(issue)])
                super().replace_issues(profile_id, query_id, before)
            raise
        super().save_issues(profile_id, query_id, batch)


def _is_good(issue: Issue) -> bool:
    try:
        check_batch([issue], Issue)
    except ValidationError:
        return False
    return True
