"""Profiles and queries come and go with their folders; what expires goes from all of them.

A profile or query is there from the moment when its own file is put in place until that file is removed: a folder
without one is what an interrupted call left behind, which nobody sees and the next one clears away. That file comes
last, so that a call which fails before has changed nothing; the registry is for the old application alone, and where it
lags behind, `check` says so and the next call on a profile renews it.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from burndown_store.contract import CorruptionError, Expired, History, Issue, Profile, Query
from burndown_store.files import exists, make_folder, remove, remove_tree, saving
from burndown_store.json_files.contents import CACHE, HISTORIES, read_in
from burndown_store.json_files.documents import Document, encoded
from burndown_store.json_files.issues import Cache
from burndown_store.json_files.profiles import entry_of, profile_from, profile_text, query_text
from burndown_store.json_files.store import PROFILE, QUERY, Store

__all__ = ["delete_expired", "delete_profile", "delete_query", "save_profile", "save_query"]

Expiring = TypeVar("Expiring", Issue, History)


def save_profile(store: Store, profile: Profile) -> None:
    """Put in place the registry that lists the profile, and then its file."""
    folder = store.profile_folder(profile.id)
    with store.writing() as save:
        _make_home(folder, PROFILE)
        save(store.registry, encoded(_registry(store, {folder.name: entry_of(profile)})))
        save(folder / PROFILE, profile_text(profile))


def delete_profile(store: Store, profile_id: str) -> None:
    """Remove the profile's file, and then all that lies beside and below it. Raises `ProfileNotFoundError`."""
    # What is refused anyway is refused before it waits for anybody; the same below.
    store.expect_profile(profile_id)
    folder = store.profile_folder(profile_id)
    with store.writing():
        store.expect_profile(profile_id)
        with saving() as save:
            save(store.registry, encoded(_registry(store, {folder.name: None})))
        _remove(folder, PROFILE)


def save_query(store: Store, profile_id: str, query: Query) -> None:
    """Put the query's file in place. Raises `ProfileNotFoundError`."""
    store.expect_profile(profile_id)
    folder = store.query_folder(profile_id, query.id)
    with store.writing() as save:
        store.expect_profile(profile_id)
        _make_home(folder, QUERY)
        save(folder / QUERY, query_text(query))


def delete_query(store: Store, profile_id: str, query_id: str) -> None:
    """Remove the query's file, and then all that lies beside it. Raises `NotFoundError` of either kind."""
    store.expect_query(profile_id, query_id)
    with store.writing():
        store.expect_query(profile_id, query_id)
        _remove(store.query_folder(profile_id, query_id), QUERY)


def delete_expired(store: Store, now: datetime) -> Expired:
    """Remove what has `expires_at <= now` from every query's files.

    All files are written out before the first is put in place; a process that is killed in between leaves some queries
    as they were, and doing it again does the rest.
    """
    issues = histories = 0
    with store.writing() as save:
        for profile in store.profile_folders():
            for query in store.query_folders(profile):
                cache = read_in(store, query, CACHE)
                valid_issues = _valid(cache.issues, now)
                if expired := len(cache.issues) - len(valid_issues):
                    issues += expired
                    save(query / CACHE.file, CACHE.text(store, query, Cache(valid_issues, cache.info)))
                found = read_in(store, query, HISTORIES)
                valid_histories = _valid(found, now)
                if expired := len(found) - len(valid_histories):
                    histories += expired
                    save(query / HISTORIES.file, HISTORIES.text(store, query, valid_histories))
    return Expired(issues=issues, histories=histories)


def _valid(records: dict[str, Expiring], now: datetime) -> dict[str, Expiring]:
    return {key: record for key, record in records.items() if record.expires_at > now}


def _registry(store: Store, changed: dict[str, Document | None]) -> Document:
    """The registry with the changed entry, and one for each other profile that is there."""
    registry = store.read_registry()
    entries: Document = {}
    for folder in store.profile_folders():
        entry = registry["profiles"].get(folder.name)
        if entry is None and folder.name not in changed:
            # A damaged file is no reason to refuse a call on another profile.
            with suppress(CorruptionError):
                profile = store.read(folder / PROFILE, partial(profile_from, folder=folder.name))
                entry = None if profile is None else entry_of(profile)
        entries[folder.name] = entry
    entries.update(changed)
    return {**registry, "profiles": {name: entry for name, entry in entries.items() if entry is not None}}


def _make_home(folder: Path, file: str) -> None:
    if not exists(folder / file):
        remove_tree(folder)
        make_folder(folder)


def _remove(folder: Path, file: str) -> None:
    remove(folder / file)
    # It is gone by now, whatever becomes of the rest.
    with suppress(OSError):
        remove_tree(folder)
