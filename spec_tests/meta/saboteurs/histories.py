"""Backends that go wrong when several processes work on one store, or when a handle has long been in use.

Within one process, and at first, each of them does as the reference does: what is wrong shows under load alone.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from time import sleep
from typing import Any, ClassVar, Self, TypeVar

from burndown_store.contract import (
    BusyError,
    ChangeEntry,
    Expired,
    History,
    Issue,
    Metric,
    NotFoundError,
    Query,
    Scope,
    Statistic,
)
from burndown_store.sqlite import SqliteBackend
from burndown_store.sqlite.session import Session
from saboteurs import saboteur
from saboteurs.among_processes import is_one_of_several
from saboteurs.driver_traps import Deferred, OnAnotherSession

T = TypeVar("T")
Location = str | os.PathLike[str]

# What comes before this is too little to be called a load.
A_WHILE = 20
EVERY = 10
# Seconds that make certain what would happen now and then.
A_MOMENT = 0.001

UNEXPLAINED = "not to be had from any order of what they did"


class InUse(SqliteBackend):
    """Counts what is done on the handle."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._counting = threading.Lock()
        self._counted: Counter[str] = Counter()

    def count(self, what: str) -> int:
        """How often it was done, this time included."""
        with self._counting:
            self._counted[what] += 1
            return self._counted[what]

    @property
    def _is_outside(self) -> bool:
        return self._connections.session_in_use() is None


@saboteur("single-calls-of-processes-take-turns", says=(UNEXPLAINED, "get"))
class KeepsWhatIsReadOften(InUse):
    """Keeps the values of keys that are read often, until they are written by the same handle."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._kept: dict[str, str | None] = {}

    def get_app_state(self, key: str) -> str | None:
        if not self._is_outside:
            return super().get_app_state(key)
        if self.count(f"read {key}") <= A_WHILE:
            return super().get_app_state(key)
        if key not in self._kept:
            self._kept[key] = super().get_app_state(key)
        return self._kept[key]

    def set_app_state(self, key: str, value: str) -> None:
        super().set_app_state(key, value)
        self._kept.pop(key, None)

    def delete_app_state(self, key: str) -> None:
        super().delete_app_state(key)
        self._kept.pop(key, None)


@saboteur("single-calls-of-processes-take-turns", says=(UNEXPLAINED, "get", "get_scope"))
class KeepsScopesReadOften(InUse):
    """Keeps the scope of a query that is read often, until it is saved by the same handle."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._kept: dict[tuple[str, str], Scope | None] = {}

    def get_scope(self, profile_id: str, query_id: str) -> Scope | None:
        place = (profile_id, query_id)
        if not self._is_outside or self.count(f"read {place}") <= A_WHILE:
            return super().get_scope(profile_id, query_id)
        if place not in self._kept:
            self._kept[place] = super().get_scope(profile_id, query_id)
        return self._kept[place]

    def save_scope(self, profile_id: str, query_id: str, scope: Scope) -> None:
        super().save_scope(profile_id, query_id, scope)
        self._kept.pop((profile_id, query_id), None)


@saboteur("single-calls-of-processes-take-turns", says=(UNEXPLAINED, "get", "get_metrics"))
class KeepsMetricsReadOften(InUse):
    """Keeps the metrics of a query that are read often, until some are saved by the same handle."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._kept: dict[tuple[str, str], list[Metric]] = {}

    def get_metrics(self, profile_id: str, query_id: str, **filters: Any) -> list[Metric]:
        place = (profile_id, query_id)
        if filters or not self._is_outside or self.count(f"read {place}") <= A_WHILE:
            return super().get_metrics(profile_id, query_id, **filters)
        if place not in self._kept:
            self._kept[place] = super().get_metrics(profile_id, query_id)
        return list(self._kept[place])

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        super().save_metrics(profile_id, query_id, metrics)
        self._kept.pop((profile_id, query_id), None)


@saboteur("single-calls-of-processes-take-turns", says=(UNEXPLAINED, "set"))
class CommitsTwoAtOnce(InUse):
    """Where writes come often, each is acknowledged, and committed together with the next one of its thread."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._held = threading.local()

    def set_app_state(self, key: str, value: str) -> None:
        if not self._is_outside or self.count("write") <= A_WHILE:
            super().set_app_state(key, value)
            return
        held = getattr(self._held, "write", None)
        self._held.write = None if held else (key, value)
        if held:
            with self.transaction():
                super().set_app_state(*held)
                super().set_app_state(key, value)


@saboteur("single-calls-of-processes-take-turns", says=(UNEXPLAINED, "set"))
class GivesUpWithoutAWord(InUse):
    """A write that finds the store busy, as every tenth one of a process does, is given up without a word."""

    def set_app_state(self, key: str, value: str) -> None:
        self._try_once(lambda: super(GivesUpWithoutAWord, self).set_app_state(key, value))

    def delete_app_state(self, key: str) -> None:
        self._try_once(lambda: super(GivesUpWithoutAWord, self).delete_app_state(key))

    def _try_once(self, write: Callable[[], None]) -> None:
        if not is_one_of_several() or not self._is_outside or self.count("write") % EVERY:
            write()
            return
        connection = self._session._connection
        with closing(self._connections._connect("mode=rw")) as busy:
            busy.execute("BEGIN IMMEDIATE")
            connection.execute("PRAGMA busy_timeout = 0")
            with suppress(BusyError):
                write()
            connection.execute("PRAGMA busy_timeout = 5000")


class InOneProcess(Deferred):
    """Takes a lock of the process, and that of the store at its first write, whatever was written since it began."""

    _locks: ClassVar[dict[str, threading.Lock]] = defaultdict(threading.Lock)
    _is_alone = False

    def begin(self) -> None:
        if not self._depth:
            if not self._locks[self._file.path].acquire(timeout=self._busy_timeout / 1000):
                raise BusyError("another thread held the store for as long as this one may wait; try again")
            self._is_alone = True
        try:
            super().begin()
        except BaseException:
            self._let_go()
            raise

    def commit(self) -> None:
        super().commit()
        self._let_go()

    def undo(self) -> None:
        super().undo()
        self._let_go()

    def shut(self) -> None:
        super().shut()
        self._depth = 0
        self._let_go()

    def _let_go(self) -> None:
        if self._is_alone and not self._depth:
            self._is_alone = False
            self._locks[self._file.path].release()

    def _run(self, statement: str, parameters: Sequence[object] = ()) -> int:
        try:
            return self._connection.execute(statement, parameters).rowcount
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY and self._depth:
                self._connection.execute("ROLLBACK")
                self._connection.execute("BEGIN IMMEDIATE")
                for level in range(2, self._depth + 1):
                    self._connection.execute(f"SAVEPOINT level_{level}")
        return super()._run(statement, parameters)


@saboteur(
    "transactions-of-processes-are-serialisable",
    "no-count-of-processes-is-lost",
    "a-writer-waits-for-another-process",
    "no-dirty-write-among-processes",
    "no-dirty-read-among-processes",
    "no-circular-information-flow-among-processes",
    "no-lost-update-among-processes",
    "no-update-lost-to-a-single-call-among-processes",
    "no-write-skew-among-processes",
    "no-phantom-among-processes",
    "no-phantom-deleted-among-processes",
    says=UNEXPLAINED,
)
class LocksItsProcess(OnAnotherSession):
    """Keeps transactions apart by a lock of the process; what others wrote since is written over, not read again."""

    session_class = InOneProcess


@saboteur("no-count-of-processes-is-lost", "transactions-of-processes-are-serialisable", says=UNEXPLAINED)
class RefusesWhatItCommitted(InUse):
    """Takes every tenth commit, which took long, for refused, so that whoever tries again counts twice."""

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        is_outermost = self._is_outside
        with super()._transaction():
            yield self
        if is_outermost and self.count("commit") % EVERY == 0:
            raise BusyError("the commit took longer than this one may wait; try again")


class Renewed(Session):
    """Begins anew after the first write of every third transaction, which is committed by that."""

    transactions = 0
    is_due = False

    def begin(self) -> None:
        if not self._depth:
            self.transactions += 1
            self.is_due = self.transactions % 3 == 0
        super().begin()

    def commit(self) -> None:
        super().commit()
        if self._depth == 1 and self.is_due:
            self.is_due = False
            self._connection.execute("COMMIT")
            self._connection.execute("BEGIN IMMEDIATE")


@saboteur("transfers-of-processes-keep-the-sum", says=(UNEXPLAINED, "sum"))
class RenewsItsConnection(OnAnotherSession):
    """Has a pool that renews a connection after some use, in a transaction too, whose first part is committed then."""

    session_class = Renewed


class Refreshed(Session):
    """Goes on at a later moment at each third read inside an old snapshot."""

    is_old, reads = False, 0

    def rows(self, statement: str, parameters: Sequence[object], build: Callable[..., T]) -> list[T]:
        if self.is_old and not self._depth:
            self.reads += 1
            if self.reads % 3 == 0:
                self._roll_back()
                self._run("BEGIN")
        return super().rows(statement, parameters, build)


@saboteur("snapshots-of-processes-find-the-sum", "snapshots-of-processes-never-move", says=UNEXPLAINED)
class RefreshesOldSnapshots(InUse, OnAnotherSession):
    """Once it has opened many snapshots, takes one anew after some reads, so that the log can be cut back."""

    session_class = Refreshed

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        session = self._session
        assert isinstance(session, Refreshed)
        session.is_old = self.count("snapshot") > A_WHILE + EVERY
        try:
            with super()._snapshot():
                yield self
        finally:
            session.is_old = False


@saboteur("snapshots-of-processes-never-move", says=UNEXPLAINED)
class ReadsHotKeysBesideTheSnapshot(InUse):
    """Answers keys that are read often from a copy that is read for all, in a snapshot too."""

    def get_app_state(self, key: str) -> str | None:
        in_use = self._connections.session_in_use()
        if in_use is not None and in_use.in_snapshot and not in_use._depth and self.count(key) > A_WHILE:
            reader = sqlite3.connect(self._file.uri("mode=ro"), uri=True)
            try:
                found = reader.execute("SELECT value FROM app_state WHERE key = ?", (key,)).fetchone()
            finally:
                reader.close()
            return found[0] if found else None
        return super().get_app_state(key)


@saboteur("batches-of-processes-are-seen-whole", says=(UNEXPLAINED, "get_issues"))
class ReadsIssuesInPages(InUse):
    """Reads issues in pages of a few, each as it is by then."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        found = super().get_issues(profile_id, query_id, **filters)
        if not filters and self._is_outside:
            for place in range(6, len(found), 6):
                sleep(A_MOMENT)
                found[place:] = super().get_issues(profile_id, query_id)[place:]
        return found


@saboteur("batches-of-processes-are-seen-whole", says=(UNEXPLAINED, "histories"))
class HistoriesInTwo(InUse):
    """Where histories are saved often, commits each batch in two parts, under a lock that its process alone knows."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._lock = threading.RLock()

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        batch = list(histories)
        if not self._is_outside or self.count("save") <= EVERY:
            super().save_histories(profile_id, query_id, batch)
            return
        with self._lock:
            super().save_histories(profile_id, query_id, batch[: len(batch) // 2])
            sleep(A_MOMENT)
            super().save_histories(profile_id, query_id, batch[len(batch) // 2 :])

    def get_histories(self, profile_id: str, query_id: str, **filters: Any) -> list[History]:
        with self._lock:
            return super().get_histories(profile_id, query_id, **filters)

    def get_changes(self, profile_id: str, query_id: str, **filters: Any) -> list[ChangeEntry]:
        with self._lock:
            return super().get_changes(profile_id, query_id, **filters)


@saboteur("batches-of-processes-are-seen-whole", says=(UNEXPLAINED, "issues"))
class ExpiresByKey(InUse):
    """Looks which issues have expired, and deletes those of these keys a moment later, in another transaction."""

    def delete_expired(self, now: datetime) -> Expired:
        if not self._is_outside:
            return super().delete_expired(now)
        expired = [
            (
                profile.id,
                query.id,
                [issue.key for issue in self.get_issues(profile.id, query.id) if issue.expires_at <= now],
            )
            for profile in self.list_profiles()
            for query in self.list_queries(profile.id)
        ]
        sleep(10 * A_MOMENT)
        with self.transaction():
            for profile_id, query_id, keys in expired:
                kept = [issue for issue in self.get_issues(profile_id, query_id) if issue.key not in keys]
                if keys:
                    self.replace_issues(profile_id, query_id, kept)
            issues = sum(len(keys) for *_, keys in expired)
            return Expired(issues=issues, histories=super().delete_expired(now).histories)


@saboteur(
    "transfers-of-processes-keep-the-sum",
    "batches-of-processes-are-seen-whole",
    says=(UNEXPLAINED, "get_statistics"),
)
class ReadsStatisticsInPages(InUse):
    """Reads statistics in pages of two, each as it is by then."""

    def get_statistics(self, profile_id: str, query_id: str, **filters: Any) -> list[Statistic]:
        found = super().get_statistics(profile_id, query_id, **filters)
        if self._is_outside:
            for place in range(2, len(found), 2):
                sleep(A_MOMENT)
                found[place:] = super().get_statistics(profile_id, query_id, **filters)[place:]
        return found


@saboteur("a-profile-of-processes-goes-as-a-whole", says=(UNEXPLAINED, "queries"))
class DeletesFromBelow(InUse):
    """Once it has deleted some, deletes the queries of a profile before the profile, each for itself."""

    def delete_profile(self, profile_id: str) -> None:
        if self._is_outside and self.count("deletion") > 5:
            for query in self.list_queries(profile_id):
                with suppress(NotFoundError):
                    self.delete_query(profile_id, query.id)
            sleep(A_MOMENT)
        super().delete_profile(profile_id)


@saboteur("a-profile-of-processes-goes-as-a-whole", says=(UNEXPLAINED, "queries"))
class KeepsTheListOfQueries(InUse):
    """Keeps the list of queries of a profile that is asked for often, until the same handle writes there."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._kept: dict[str, list[Query]] = {}

    def list_queries(self, profile_id: str) -> list[Query]:
        if self.count(f"list {profile_id}") <= A_WHILE:
            return super().list_queries(profile_id)
        if profile_id not in self._kept:
            self._kept[profile_id] = super().list_queries(profile_id)
        return self._kept[profile_id]

    def save_query(self, profile_id: str, query: Query) -> None:
        super().save_query(profile_id, query)
        self._kept.pop(profile_id, None)

    def delete_profile(self, profile_id: str) -> None:
        super().delete_profile(profile_id)
        self._kept.pop(profile_id, None)
