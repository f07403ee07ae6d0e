"""What may be wrong with a store: every file is read, every record in it checked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from burndown_store.contract import CorruptionError
from burndown_store.json_files.contents import CONTENTS
from burndown_store.json_files.documents import Document
from burndown_store.json_files.profiles import entry_of, profile_from, query_from
from burndown_store.json_files.store import PROFILE, QUERY, Store
from burndown_store.json_files.tasks import tasks_from

__all__ = ["problems"]

T = TypeVar("T")


def problems(store: Store) -> list[str]:
    """A sentence for each file that is damaged or that another contradicts. Raises `StorageError` of other kinds."""
    found: list[str] = []

    def read(path: Path, understood: Callable[[bytes], T]) -> T | None:
        try:
            return store.read(path, understood)
        except CorruptionError as damage:
            found.append(str(damage))
            return None

    entries: Document = {}
    for folder in store.profile_folders():
        profile = read(folder / PROFILE, partial(profile_from, folder=folder.name))
        entries[folder.name] = None if profile is None else entry_of(profile)
        for query in store.query_folders(folder):
            read(query / QUERY, partial(query_from, folder=query.name))
            for kind in CONTENTS:
                read(query / kind.file, kind.understood)
    read(store.tasks, tasks_from)
    try:
        listed = store.read_registry()["profiles"]
    except CorruptionError as damage:
        return [*found, str(damage)]
    for name in sorted(entries.keys() | listed.keys()):
        entry = entries.get(name, {})
        if entry is not None and listed.get(name, {}) != entry:
            found.append(f"{store.registry}: it differs from {name}/{PROFILE}; save the profile again")
    return found
