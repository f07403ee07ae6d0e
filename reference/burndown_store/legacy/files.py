"""Which files belong to the old application, read or not: what a backup of them has to hold."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from burndown_store.legacy.findings import Findings
from burndown_store.legacy.places import NOT_OURS, Places, find_places, name_below

__all__ = ["files_of"]


def files_of(root: str | os.PathLike[str]) -> dict[str, Path]:
    """The files of the old application below `root`, by their names with `/`, in order; only regular ones.

    All that lies in the folders of profiles, whatever it is, and elsewhere what the application is known to have
    written, left-overs included. What else lies there, such as a store, is no part of them.
    """
    findings, base = Findings(), Path(root)
    found = {*_claimed(find_places(base, findings), base)}
    found |= {base / ignored.file for ignored in findings.ignored if ignored.reason != NOT_OURS}
    return {name_below(base, path): path for path in sorted(found) if path.is_file()}


def _claimed(places: Places, root: Path) -> Iterator[Path]:
    yield from (path for path in (places.registry, places.tasks, places.saved_queries) if path is not None)
    for profile in places.profiles:
        yield from profile.files.values()
        for query in profile.queries:
            yield from query.files.values()
        if profile.name:
            for folder, _, names in os.walk(root / profile.name):
                yield from (Path(folder, name) for name in names)
