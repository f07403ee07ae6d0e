"""Backends whose handles go wrong (contract, chapter 11)."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import (
    ClosedError,
    Issue,
    Profile,
    ProfileNotFoundError,
    Query,
    Scope,
    StorageError,
    check,
)
from saboteurs import saboteur

Location = str | os.PathLike[str]


@saboteur(
    "opening-creates-what-is-missing", says=("location.parent / 'a new folder' / 'and one more'", "raised StorageError")
)
class WantsItsFolder(MemoryBackend):
    """Expects somebody else to have created the folder."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        if not Path(location).is_dir():
            raise StorageError("the folder of the store is not there; create it")
        super().__init__(location, timeout=timeout)


@saboteur("opening-creates-what-is-missing", says=("location.parent / 'a new folder'", "raised StorageError"))
class CreatesOneFolderOnly(MemoryBackend):
    """Calls `mkdir` without `parents=True`."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        try:
            Path(location).mkdir(exist_ok=True)
        except OSError:
            raise StorageError("the folder of the store could not be created") from None
        super().__init__(location, timeout=timeout)


@saboteur("threads-share-a-handle", says=("in_thread(backend.save_profile", "raised StorageError"))
class BelongsToItsThread(MemoryBackend):
    """Has a connection that refuses other threads, as sqlite3 has unless told otherwise."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._opener = threading.get_ident()

    def save_profile(self, profile: Profile) -> None:
        if threading.get_ident() != self._opener:
            raise StorageError("objects created in a thread can only be used in that same thread")
        super().save_profile(profile)


@saboteur("threads-share-a-handle", "two-handles-see-each-other", says="expected 'Team Red', got 'Team Green'")
class RemembersProfilesForEachThread(MemoryBackend):
    """Keeps what a thread has read in a cache of that thread, which only that thread's own writes empty."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._read = threading.local()

    def get_profile(self, profile_id: str) -> Profile | None:
        current = super().get_profile(profile_id)
        cache: dict[str, Profile] = self._read.__dict__
        return check(cache.setdefault(profile_id, current)) if current else None

    def save_profile(self, profile: Profile) -> None:
        self._read.__dict__.clear()
        super().save_profile(profile)

    def delete_profile(self, profile_id: str) -> None:
        self._read.__dict__.clear()
        super().delete_profile(profile_id)


@saboteur("threads-write-at-once", says=("together((backend.save_issues", "expected 'first AB-4', got 'second AB-1'"))
class ReadsChangesAndWritesBack(MemoryBackend):
    """Reads the issues, changes them and writes them back without a lock: of two threads, one loses its work."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._opener = threading.get_ident()
        self._meeting = threading.Barrier(2, timeout=1.0)

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        if threading.get_ident() == self._opener:
            super().save_issues(profile_id, query_id, issues)
            return
        there = [*self.get_issues(profile_id, query_id), *issues]
        # Two threads have both read when they meet, and write one after the other: what is seldom happens always.
        with contextlib.suppress(threading.BrokenBarrierError):
            self._meeting.wait()
            if any(issue.key.endswith("AB-1") for issue in there[-3:]):
                self._meeting.wait()
        self.replace_issues(profile_id, query_id, there)
        with contextlib.suppress(threading.BrokenBarrierError):
            if not any(issue.key.endswith("AB-1") for issue in there[-3:]):
                self._meeting.wait()


@saboteur("threads-write-at-once", says=("together((backend.save_issues", "raised StorageError"))
class BeginsATransactionTwice(MemoryBackend):
    """Shares one connection without a lock, so that two threads begin a transaction on it at once."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._opener = threading.get_ident()
        self._meeting = threading.Barrier(2, timeout=1.0)

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        if threading.get_ident() != self._opener:
            with contextlib.suppress(threading.BrokenBarrierError):
                self._meeting.wait()
                raise StorageError("cannot start a transaction within a transaction")
        super().save_issues(profile_id, query_id, issues)


@saboteur("two-handles-are-two", says=("two_objects(backend, other)", "expected True, got False"))
class OneHandleForEachLocation(MemoryBackend):
    """Keeps one object for each location and hands it out again."""

    _handles: ClassVar[dict[str, OneHandleForEachLocation]] = {}
    _is_new: bool

    def __new__(cls, location: Location, *, timeout: float = 5.0) -> Self:
        known = cls._handles.get(str(location))
        if isinstance(known, cls):
            known._is_new = False
            return known
        handle = super().__new__(cls)
        handle._is_new = True
        cls._handles[str(location)] = handle
        return handle

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        if self._is_new:
            super().__init__(location, timeout=timeout)
            self._location = str(location)

    def close(self) -> None:
        self._handles.pop(self._location, None)
        super().close()


@saboteur("two-handles-see-each-other", says="expected 'second', got 'first'")
class NeverReadsTheScopeAgain(MemoryBackend):
    """Keeps what a handle has read in memory until the handle itself writes."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._scopes: dict[tuple[str, str], Scope] = {}

    def get_scope(self, profile_id: str, query_id: str) -> Scope | None:
        current = super().get_scope(profile_id, query_id)
        return check(self._scopes.setdefault((profile_id, query_id), current)) if current else None

    def save_scope(self, profile_id: str, query_id: str, scope: Scope) -> None:
        self._scopes.clear()
        super().save_scope(profile_id, query_id, scope)

    def delete_profile(self, profile_id: str) -> None:
        self._scopes.clear()
        super().delete_profile(profile_id)

    def delete_query(self, profile_id: str, query_id: str) -> None:
        self._scopes.clear()
        super().delete_query(profile_id, query_id)


@saboteur("two-handles-see-each-other", says=("other.save_query('p'", "raises ProfileNotFoundError"))
class RemembersWhichProfilesThereAre(MemoryBackend):
    """Remembers which profiles it has seen, and does not look again before it writes below one."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._seen: set[str] = set()

    def save_query(self, profile_id: str, query: Query) -> None:
        try:
            super().save_query(profile_id, query)
        except ProfileNotFoundError:
            if profile_id not in self._seen:
                raise
        else:
            self._seen.add(profile_id)

    def delete_profile(self, profile_id: str) -> None:
        super().delete_profile(profile_id)
        self._seen.discard(profile_id)


@saboteur("a-location-has-many-spellings", says=("location.parent / location.name / '..' / location.name", "got None"))
class KeepsStoresByTheirText(MemoryBackend):
    """Keeps its stores by the path as it is written."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        written = str(location)
        super().__init__(written.replace("..", "up") if ".." in written else location, timeout=timeout)


@saboteur("closing-one-handle-leaves-the-others", says=("backend.close()", "raised ClosedError"))
class ClosesForAll(MemoryBackend):
    """Shares one connection among the handles of a location, and the first to close closes it."""

    _sharing: ClassVar[dict[str, list[ClosesForAll]]] = {}

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._together = self._sharing.setdefault(str(location), [])
        self._together.append(self)

    def close(self) -> None:
        while self._together:
            super(ClosesForAll, self._together.pop()).close()
        super().close()


@saboteur("closing-one-handle-leaves-the-others", says=("backend.close()", "expected Profile("))
class RemovesTheStoreWhenItCloses(MemoryBackend):
    """Cleans up behind itself when it is closed, whoever else has the store open."""

    def close(self) -> None:
        try:
            for profile in self.list_profiles():
                self.delete_profile(profile.id)
        except ClosedError:
            return
        super().close()


@saboteur("closed-means-closed", says=("backend.list_history_keys('p', 'q')", "raises ClosedError"))
class AnswersWhenClosed(MemoryBackend):
    """Has one operation that does not ask whether the handle is closed."""

    def list_history_keys(self, profile_id: str, query_id: str) -> list[str]:
        try:
            return super().list_history_keys(profile_id, query_id)
        except ClosedError:
            return []


@saboteur("closed-means-closed", says=("backend.clear_task('fetch')", "raised ProgrammingError"))
class LetsTheDriverSayIt(MemoryBackend):
    """Lets the driver's own error escape from a closed connection."""

    def clear_task(self, name: str) -> None:
        try:
            super().clear_task(name)
        except ClosedError:
            raise sqlite3.ProgrammingError("Cannot operate on a closed database.") from None


@saboteur("closed-means-closed", says=("backend.close()", "raised ClosedError"))
class ClosesOnce(MemoryBackend):
    """Treats `close()` like any other call on a closed handle."""

    _closed_before = False

    def close(self) -> None:
        if self._closed_before:
            raise ClosedError("the handle is closed; open another")
        self._closed_before = True
        super().close()


@saboteur("a-with-block-closes", says=("backend.__exit__(None, None, None)", "raises ClosedError"))
class CommitsAtTheEndOfTheBlock(MemoryBackend):
    """Does at the end of the block what sqlite3's own connection does: it commits and stays open."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None


@saboteur(
    "a-with-block-closes", says=("leave_with(other, CallersOwnError('raised in the body'))", "raises CallersOwnError")
)
class SwallowsTheError(MemoryBackend):
    """Returns True from `__exit__`."""

    def __exit__(  # type: ignore[override]
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        self.close()
        return True


@saboteur("a-with-block-closes", says=("given_by_with(third)", "expected True, got False"))
class GivesNothingToTheBlock(MemoryBackend):
    """Forgets to return itself from `__enter__`."""

    def __enter__(self) -> None:  # type: ignore[override]
        return None
