"""Backends that do well as long as everything is small."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import (
    ChangeEntry,
    Expired,
    History,
    Issue,
    JsonText,
    Profile,
    Query,
    Statistic,
    StorageError,
    check_instant,
    replace,
)
from saboteurs import saboteur


def few(records: Any) -> Any:
    """The batch, where it is one that a statement with a parameter for each record can hold."""
    if isinstance(records, list) and len(records) > 999:
        raise StorageError("too many SQL variables")
    return records


@saboteur("ten-thousand-are-replaced", says=("replace_issues", "too many SQL variables"))
class NamesWhatStays(MemoryBackend):
    """Deletes with NOT IN and a parameter for each key that stays."""

    def replace_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        super().replace_issues(profile_id, query_id, few(issues))


@saboteur("ten-thousand-are-replaced", says=("replace_statistics", "too many SQL variables"))
class NamesWhichDatesStay(MemoryBackend):
    """The same, for dates."""

    def replace_statistics(self, profile_id: str, query_id: str, statistics: Iterable[Statistic]) -> None:
        super().replace_statistics(profile_id, query_id, few(statistics))


@saboteur("ten-thousand-are-removed", says=("delete_expired", ".issues: expected 10000, got 1000"))
class SweepsAThousand(MemoryBackend):
    """Removes what expired with LIMIT 1000, once."""

    def delete_expired(self, now: datetime) -> Expired:
        self._check_open()
        moment, gone = check_instant(now, "now"), [0, 0]
        with self._store.lock:
            for below in self._store.all_contents():
                kinds: tuple[dict[str, Any], dict[str, Any]] = (below.issues, below.histories)
                for position, kept in enumerate(kinds):
                    expired = [key for key, record in kept.items() if record.expires_at <= moment]
                    for key in expired[: 1000 - gone[position]]:
                        del kept[key]
                        gone[position] += 1
        return Expired(issues=gone[0], histories=gone[1])


@saboteur("ten-thousand-are-removed", says="length: expected 0, got 9000")
class DeletesAThousandBelow(MemoryBackend):
    """Deletes the first thousand issues of a query; the others turn up when its name is used again."""

    def delete_query(self, profile_id: str, query_id: str) -> None:
        there = self.get_issues(profile_id, query_id)
        super().delete_query(profile_id, query_id)
        self.__dict__.setdefault("_left", {})[profile_id, query_id] = there[1000:]

    def save_query(self, profile_id: str, query: Query) -> None:
        super().save_query(profile_id, query)
        left = self.__dict__.get("_left", {}).pop((profile_id, query.id), [])
        if left:
            self.save_issues(profile_id, query.id, left)


@saboteur("ten-thousand-changes-come-back", says="length: expected 10000, got 100")
class KeepsAHundredChanges(MemoryBackend):
    """A history holds a hundred changes."""

    def get_histories(self, *args: Any, **filters: Any) -> list[History]:
        return [replace(each, changes=each.changes[:100]) for each in super().get_histories(*args, **filters)]


@saboteur("ten-thousand-changes-come-back", says=("get_changes", "length: expected 10000, got 5000"))
class FirstPageOfChanges(MemoryBackend):
    """Gives the first page of the changes."""

    def get_changes(self, *args: Any, **filters: Any) -> list[ChangeEntry]:
        return super().get_changes(*args, **filters)[:5000]


@saboteur("ten-thousand-changes-come-back", says=("list_history_keys", "length: expected 10000, got 1000"))
class FirstPageOfKeys(MemoryBackend):
    """Gives the first page of the keys."""

    def list_history_keys(self, profile_id: str, query_id: str) -> list[str]:
        return super().list_history_keys(profile_id, query_id)[:1000]


@saboteur("long-text-comes-back", says="get_app_state('long')")
class CutsTextLikeMySql(MemoryBackend):
    """A column of type TEXT ends at 65,535 bytes."""

    def get_app_state(self, key: str) -> str | None:
        text = super().get_app_state(key)
        return text and text.encode()[:65_535].decode(errors="ignore")


@saboteur("long-text-comes-back", says="[1].document")
class CutsDocuments(MemoryBackend):
    """The document is kept in such a column, and what does not fit is made an empty one."""

    def get_issues(self, *args: Any, **filters: Any) -> list[Issue]:
        found = super().get_issues(*args, **filters)
        return [each if len(each.document.text) < 500_000 else replace(each, document=JsonText("{}")) for each in found]


@saboteur("the-longest-identifiers-go-together", says=("save_query", "the key is too long"))
class JoinsKeys(MemoryBackend):
    """Keeps a query under a joined key of at most 1,024 bytes, as object stores have it."""

    def save_query(self, profile_id: str, query: Query) -> None:
        if type(query) is Query and type(profile_id) is type(query.id) is str:
            joined = f"{profile_id}/{query.id}".encode(errors="ignore")
            if len(joined) > 1024 and len(profile_id) <= 200 and len(query.id) <= 200:
                raise StorageError("the key is too long")
        super().save_query(profile_id, query)


@saboteur("the-longest-identifiers-go-together", says=("save_issues", "the key is too long"))
class JoinsIssueKeys(MemoryBackend):
    """Keeps an issue under such a key."""

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        longest = type(profile_id) is type(query_id) is str and len(profile_id) == len(query_id) == 200
        if longest and isinstance(self.get_profile(profile_id), Profile):
            raise StorageError("the key is too long")
        super().save_issues(profile_id, query_id, issues)
