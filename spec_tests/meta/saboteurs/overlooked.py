"""Faults that a review found where no clause had looked: on second paths, in other handles, beside the obvious."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from types import TracebackType
from typing import Any

from burndown_spec.oracle import MemoryBackend, validity
from burndown_store.contract import (
    ChangeEntry,
    History,
    Issue,
    Metric,
    NotFoundError,
    Profile,
    Query,
    Scope,
    StorageError,
    Task,
    check_identifier,
    replace,
)
from saboteurs import saboteur

Location = str | os.PathLike[str]


@saboteur("closing-one-handle-leaves-the-others", says=("other.get_profile('p')", "the pool is closed"))
class CountsDownTwice(MemoryBackend):
    """A second `close()` counts the users of the pool down again, and closes it for the others."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._users().append(1)

    def _users(self) -> list[int]:
        users: list[int] = self._store.__dict__.setdefault("users", [])
        return users

    def _check_open(self) -> None:
        super()._check_open()
        if sum(self._users()) <= 0:
            raise StorageError("the pool is closed")

    def close(self) -> None:
        self._users().append(-1)
        super().close()


@saboteur("what-another-handle-removes-is-gone", says="other.get_task('t')")
class RemembersTasks(MemoryBackend):
    """Remembers a task until it is saved by anyone, or cleared by this handle."""

    def get_task(self, name: str) -> Task | None:
        found, known = super().get_task(name), self.__dict__.setdefault("_known", {})
        if found:
            known[name] = found
        remembered: Task | None = known.get(name)
        return remembered

    def clear_task(self, name: str) -> None:
        super().clear_task(name)
        self.__dict__.get("_known", {}).pop(name, None)


@saboteur("what-another-handle-removes-is-gone", says="other.get_app_state('k')")
class RemembersState(MemoryBackend):
    """The same, for application state."""

    def get_app_state(self, key: str) -> str | None:
        found, known = super().get_app_state(key), self.__dict__.setdefault("_known", {})
        if found is not None:
            known[key] = found
        remembered: str | None = known.get(key)
        return remembered

    def delete_app_state(self, key: str) -> None:
        super().delete_app_state(key)
        self.__dict__.get("_known", {}).pop(key, None)


@saboteur("closed-comes-before-what-is-invalid", says=("get_query('', '')", "raised ValidationError"))
class ConvertsFirst(MemoryBackend):
    """Converts its arguments before it asks whether the handle is open."""

    def get_query(self, profile_id: str, query_id: str) -> Query | None:
        validity.argument("profile_id", validity.identifier, profile_id)
        return super().get_query(profile_id, query_id)


@saboteur("an-interrupted-block-closes", says="other.list_profiles()")
class ClosesAfterExceptions(MemoryBackend):
    """Closes at the end of the block, and after an `Exception`."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None or issubclass(kind, Exception):
            self.close()


@saboteur("an-interrupted-block-closes", says="raises SystemExit")
class TakesTheExitForTheEnd(MemoryBackend):
    """Swallows `SystemExit`."""

    def __exit__(  # type: ignore[override]
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        self.close()
        return kind is not None and issubclass(kind, SystemExit)


@saboteur("filtered-answers-are-copies", says="issue_key='AB-1'")
class HandsOutTheHistory(MemoryBackend):
    """A history that is asked for by its key is the one that is kept."""

    def get_histories(self, profile_id: str, query_id: str, **filters: Any) -> list[History]:
        found = super().get_histories(profile_id, query_id, **filters)
        if filters.get("issue_key") is None:
            return found
        kept = self._store.contents_of(profile_id, query_id).histories
        return [kept[each.issue_key] for each in found]


@saboteur("filtered-answers-are-copies", says="name='m'")
class HandsOutTheMetric(MemoryBackend):
    """A metric that is asked for by its name is the one that is kept."""

    def get_metrics(self, profile_id: str, query_id: str, **filters: Any) -> list[Metric]:
        found = super().get_metrics(profile_id, query_id, **filters)
        if filters.get("name") is None:
            return found
        kept = self._store.contents_of(profile_id, query_id).metrics
        return [kept[each.week, each.name] for each in found]


@saboteur("json-saved-again-is-a-copy", says=".jira_config")
class UpdatesInPlace(MemoryBackend):
    """The update of a profile takes its settings as they are; only the insert copies."""

    def save_profile(self, profile: Profile) -> None:
        known = type(profile) is Profile and type(profile.id) is str and profile.id in self._store.profiles
        super().save_profile(profile)
        if known:
            kept = self._store.profiles[profile.id]
            kept.profile = replace(kept.profile, jira_config=profile.jira_config)


@saboteur("saving-again-replaces-every-field", says=".show_milestone")
class ForgetsAColumn(MemoryBackend):
    """ON CONFLICT DO UPDATE names every column but one."""

    def save_profile(self, profile: Profile) -> None:
        before = dict(self._store.profiles)
        shown = {profile_id: at.profile.show_milestone for profile_id, at in before.items()}
        super().save_profile(profile)
        kept = self._store.profiles[profile.id]
        kept.profile = replace(kept.profile, show_milestone=shown.get(profile.id, profile.show_milestone))


@saboteur("tasks-and-state-are-apart", says="list_app_state()")
class OneTableForBoth(MemoryBackend):
    """Clears a task by its name, in the table that it shares with application state."""

    def clear_task(self, name: str) -> None:
        super().clear_task(name)
        with self._store.lock:
            self._store.app_state.pop(name, None)


@saboteur("issues-are-found-by-their-exact-key", says="get_issues('p', 'q', key=")
class ComposesTheKey(MemoryBackend):
    """Normalises the key that is looked for."""

    def get_issues(self, profile_id: str, query_id: str, *, key: str | None = None, **filters: Any) -> list[Issue]:
        if type(key) is str and key.isprintable():
            key = unicodedata.normalize("NFC", key)
        return super().get_issues(profile_id, query_id, key=key, **filters)


@saboteur("no-identifier-is-refused-in-every-place", says="get_profile('a' * 201)")
class LooksUpWhatIsTooLong(MemoryBackend):
    """Says that there is no profile of an identifier that is too long."""

    def get_profile(self, profile_id: str) -> Profile | None:
        return None if type(profile_id) is str and len(profile_id) > 200 else super().get_profile(profile_id)


@saboteur("no-identifier-is-refused-in-every-place", says="raised TypeError")
class HashesFirst(MemoryBackend):
    """Looks in a dict before it looks at the identifier."""

    def get_scope(self, profile_id: str, query_id: str) -> Scope | None:
        hash((profile_id, query_id))
        return super().get_scope(profile_id, query_id)


@saboteur("no-batch-comes-before-not-found", says=("save_issues('p', 'q', None)", "raised ProfileNotFoundError"))
class LooksForTheQueryFirst(MemoryBackend):
    """Looks for the query before it asks whether there is a batch."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        self._check_open()
        check_identifier(profile_id, "profile_id")
        check_identifier(query_id, "query_id")
        given: Any = issues
        if given is None:
            self._store.existing_contents(profile_id, query_id)
        super().save_issues(profile_id, query_id, issues)


@saboteur("a-query-may-go-while-a-batch-is-read", says=("save_metrics('p', 'gone'", "raises QueryNotFoundError"))
class LooksOnce(MemoryBackend):
    """Asks whether the query is there before it reads the batch, and writes into what it found."""

    def save_metrics(self, profile_id: str, query_id: str, metrics: Iterable[Metric]) -> None:
        self._check_open()
        check_identifier(profile_id, "profile_id")
        check_identifier(query_id, "query_id")
        try:
            there = self._store.existing_contents(profile_id, query_id)
        except NotFoundError:
            super().save_metrics(profile_id, query_id, metrics)
            return
        batch = validity.batch(metrics, Metric)
        with self._store.lock:
            there.metrics.update({(each.week, each.name): each for each in batch})


@saboteur("what-expired-is-found-by-no-filter", says=("get_changes('p', 'q', field=", "length: expected 0, got 1"))
class RemembersWhatItFiltered(MemoryBackend):
    """Remembers the changes of one field until histories are saved or their place is deleted."""

    def get_changes(self, profile_id: str, query_id: str, **filters: Any) -> list[ChangeEntry]:
        known = self._store.__dict__.setdefault("known_changes", {})
        asked = (profile_id, query_id, repr(sorted(filters.items(), key=str)))
        if self._store.handles == 1 and not self._closed and filters.get("field") and asked in known:
            return list(known[asked])
        found = super().get_changes(profile_id, query_id, **filters)
        known[asked] = found
        return list(found)

    def save_histories(self, profile_id: str, query_id: str, histories: Iterable[History]) -> None:
        super().save_histories(profile_id, query_id, histories)
        self._store.__dict__.setdefault("known_changes", {}).clear()

    def delete_query(self, profile_id: str, query_id: str) -> None:
        super().delete_query(profile_id, query_id)
        self._store.__dict__.setdefault("known_changes", {}).clear()

    def delete_profile(self, profile_id: str) -> None:
        super().delete_profile(profile_id)
        self._store.__dict__.setdefault("known_changes", {}).clear()
