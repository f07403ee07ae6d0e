"""The four files below a query: what each is called, what it holds, and reading and changing it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from burndown_store.contract import CorruptionError, History, Issue, Metric
from burndown_store.json_files.histories import histories_from, histories_text
from burndown_store.json_files.issues import Cache, cache_from, cache_text
from burndown_store.json_files.metrics import metrics_from, metrics_text
from burndown_store.json_files.project_data import ProjectData, project_data_from, project_data_text
from burndown_store.json_files.store import Store

__all__ = ["CACHE", "CONTENTS", "HISTORIES", "METRICS", "PROJECT_DATA", "Kind", "change_below", "read_below", "read_in"]

T = TypeVar("T")


@dataclass(frozen=True)
class Kind(Generic[T]):
    """One kind of file: its name, what it holds, its text (in a store, in a folder), what is held where it is not."""

    file: str
    understood: Callable[[bytes], T]
    text: Callable[[Store, Path, T], bytes]
    empty: Callable[[], T]


def read_in(store: Store, folder: Path, kind: Kind[T]) -> T:
    """What the file of this kind in a query's folder holds. Raises `StorageError`, `CorruptionError`."""
    found = store.read(folder / kind.file, kind.understood)
    return kind.empty() if found is None else found


def _alone(text: Callable[[T], bytes]) -> Callable[[Store, Path, T], bytes]:
    """For a file that says nothing of what the others hold."""
    return lambda _store, _folder, content: text(content)


def _histories_text(store: Store, folder: Path, histories: dict[str, History]) -> bytes:
    issues: dict[str, Issue] = {}
    # A damaged cache is no reason to refuse a call on histories.
    with suppress(CorruptionError):
        issues = read_in(store, folder, CACHE).issues
    return histories_text(histories, issues)


CACHE: Final = Kind("jira_cache.json", cache_from, _alone(cache_text), lambda: Cache({}, None))
HISTORIES: Final[Kind[dict[str, History]]] = Kind(
    "jira_changelog_cache.json", histories_from, _histories_text, dict[str, History]
)
PROJECT_DATA: Final = Kind(
    "project_data.json", project_data_from, _alone(project_data_text), lambda: ProjectData({}, None)
)
METRICS: Final[Kind[dict[tuple[str, str], Metric]]] = Kind(
    "metrics_snapshots.json", metrics_from, _alone(metrics_text), dict[tuple[str, str], Metric]
)
CONTENTS: Final = (CACHE, HISTORIES, PROJECT_DATA, METRICS)


def read_below(store: Store, profile_id: str, query_id: str, kind: Kind[T]) -> T:
    """As `read_in`; nothing where the query is not there, whatever an interrupted deletion has left of it."""
    if not store.has_query(profile_id, query_id):
        return kind.empty()
    return read_in(store, store.query_folder(profile_id, query_id), kind)


def change_below(store: Store, profile_id: str, query_id: str, kind: Kind[T], change: Callable[[T], T]) -> None:
    """Save what `change` makes of what the file holds. Raises `NotFoundError` of either kind, `BusyError`."""
    # What is refused anyway is refused before it waits for anybody.
    store.expect_query(profile_id, query_id)
    with store.writing() as save:
        store.expect_query(profile_id, query_id)
        folder = store.query_folder(profile_id, query_id)
        save(folder / kind.file, kind.text(store, folder, change(read_in(store, folder, kind))))
