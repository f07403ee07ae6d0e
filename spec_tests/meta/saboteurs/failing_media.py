"""Backends that cannot cope with a medium that is full, or fails to write or to read (contract, 22)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from burndown_store.contract import Backend, BusyError, CorruptionError, Issue, Query, StorageError
from burndown_store.sqlite import SqliteBackend
from saboteurs import saboteur

CALLS = ("calls-on-a-full-medium", "calls-on-a-medium-that-fails-to-write")
OPENINGS = ("opening-on-a-full-medium", "opening-on-a-medium-that-fails-to-write", "opening-where-reading-fails")
READS = "reads-that-fail-are-no-damage"


def is_of_the_medium(error: StorageError) -> bool:
    """Whether it tells neither of damage nor of a store that is lost."""
    return type(error) is StorageError


@saboteur(*CALLS, says="save_issues was acknowledged and is not there")
class SwallowsWhatTheMediumSays(SqliteBackend):
    """Goes on when issues could not be saved: they are only a cache."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        try:
            super().save_issues(profile_id, query_id, issues)
        except StorageError as error:
            if not is_of_the_medium(error):
                raise


@saboteur(*CALLS, says="replace_issues raised OperationalError, which is no error of the contract")
class LetsTheDriversErrorThrough(SqliteBackend):
    """Catches what SQLite raises in each call but one."""

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        try:
            super().replace_issues(profile_id, query_id, issues)
        except StorageError as error:
            if not is_of_the_medium(error):
                raise
            raise sqlite3.OperationalError("disk I/O error") from None


@saboteur(*CALLS, says="delete_query raised BusyError where the medium failed, and no StorageError")
class SaysBusy(SqliteBackend):
    """Tells every refusal as one that passes."""

    def delete_query(self, profile_id: str, query_id: str) -> None:
        try:
            super().delete_query(profile_id, query_id)
        except StorageError as error:
            if not is_of_the_medium(error):
                raise
            raise BusyError("the store is busy; try again") from None


@saboteur(*CALLS, says="of transaction a part is there")
class RepeatsTheLastCallAlone(SqliteBackend):
    """Does it again when a transaction could not be committed, but only what came last."""

    last: tuple[str, str] | None = None

    def set_app_state(self, key: str, value: str) -> None:
        super().set_app_state(key, value)
        self.last = (key, value)

    def transaction(self) -> Any:
        return self.repeating()

    @contextmanager
    def repeating(self) -> Iterator[Backend]:
        block = super().transaction()
        block.__enter__()
        try:
            yield self
        except BaseException as error:
            block.__exit__(type(error), error, error.__traceback__)
            raise
        try:
            block.__exit__(None, None, None)
        except StorageError as error:
            if not is_of_the_medium(error) or self.last is None:
                raise
            super().set_app_state(*self.last)


@saboteur(*CALLS, says="delete_query was read and is not there")
class KeepsWhatFailed(SqliteBackend):
    """Remembers what it was told to delete before it knows that it was deleted."""

    def delete_query(self, profile_id: str, query_id: str) -> None:
        try:
            super().delete_query(profile_id, query_id)
        except StorageError as error:
            if is_of_the_medium(error):
                self.__dict__.setdefault("deleted", set()).add((profile_id, query_id))
            raise

    def list_queries(self, profile_id: str) -> list[Query]:
        deleted = self.__dict__.get("deleted", ())
        return [query for query in super().list_queries(profile_id) if (profile_id, query.id) not in deleted]


@saboteur(*OPENINGS, says="of what was stored before a part is there")
class BeginsAfresh(SqliteBackend):
    """Takes a store that cannot be opened for a broken one, and begins another."""

    def __init__(self, location: Any, **settings: Any) -> None:
        try:
            super().__init__(location, **settings)
        except StorageError as error:
            if not is_of_the_medium(error) or not Path(location).is_dir():
                raise
            for file in (Path(location) / "profiles").glob("burndown.db*"):
                with suppress(OSError):
                    file.unlink()
            super().__init__(location, **settings)


@saboteur(*OPENINGS, says="opened anew raised StorageError")
class LeavesAMarkBehind(SqliteBackend):
    """Leaves a file when it could not be opened, and looks for it first."""

    def __init__(self, location: Any, **settings: Any) -> None:
        mark = Path(location) / "failed"
        if mark.exists():
            raise StorageError(f"{mark}: an opening has failed; see to the store")
        try:
            super().__init__(location, **settings)
        except StorageError as error:
            if is_of_the_medium(error):
                with suppress(OSError):
                    mark.touch()
            raise


@contextmanager
def believing_sqlite() -> Iterator[None]:
    """As SQLite says it: where it fails to read a page, the file is malformed."""
    try:
        yield
    except StorageError as error:
        if not is_of_the_medium(error):
            raise
        raise CorruptionError("the file is malformed; put a backup in its place") from None


@saboteur(READS, says="raised CorruptionError, and nothing is damaged or lost")
class CallsItDamage(SqliteBackend):
    """Believes SQLite, which calls a page malformed that the medium failed to read."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        with believing_sqlite():
            return super().get_issues(profile_id, query_id, **filters)

    def get_app_state(self, key: str) -> str | None:
        with believing_sqlite():
            return super().get_app_state(key)

    def list_queries(self, profile_id: str) -> list[Query]:
        with believing_sqlite():
            return super().list_queries(profile_id)


@saboteur(READS, says="of what was stored before a part is there")
class TakesItForMissing(SqliteBackend):
    """Gives no issues where they cannot be read."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        try:
            return super().get_issues(profile_id, query_id, **filters)
        except StorageError as error:
            if not is_of_the_medium(error):
                raise
            return []


@saboteur(READS, says="check() lists problems, and nothing is damaged")
class ChecksTheMedium(SqliteBackend):
    """Lists what could not be read as if it were damaged."""

    def check(self) -> list[str]:
        try:
            return super().check()
        except StorageError as error:
            if not is_of_the_medium(error):
                raise
            return [str(error)]
