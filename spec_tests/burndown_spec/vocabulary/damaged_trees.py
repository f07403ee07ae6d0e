"""Old files of which some are damaged: what their migration came to, and what they cannot have damaged."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from burndown_spec.vocabulary.contents import contents_of
from burndown_spec.vocabulary.leaves import records_by_place
from burndown_spec.vocabulary.migrating import migrate
from burndown_store.contract import MigrationError

__all__ = [
    "apart_from",
    "contents_apart_from",
    "described",
    "has_reject",
    "is_kept",
    "left_in_backups",
    "lists_a_problem_with_each",
    "migrate_or_refuse",
    "names_by_id",
    "outcome_is",
    "texts_not_kept",
    "traces_of",
    "where_reading_ended",
]


def migrate_or_refuse(open_backend: Any, location: Path, **options: Any) -> dict[str, Any]:
    """What a migration reports; of one that `MigrationError` refuses, this outcome and its problems."""
    try:
        return migrate(open_backend, location, **options)
    except MigrationError as error:
        problems = [problem.replace(str(location), "LOCATION") for problem in error.problems]
        return {"outcome": "refused", "problems": problems, "rejects": []}


def outcome_is(report: Any, outcome: str) -> bool:
    """has the outcome"""
    return bool(report["outcome"] == outcome)


def lists_a_problem_with_each(report: Any, places: Iterable[Any]) -> bool:
    """is refused, and lists a problem of its own, with more than these words, for each of the files and places"""
    left = sorted(report["problems"], key=len)
    for file, place in sorted(places, key=len):
        named = [each for each in left if file in each and place in each and len(each) > len(file) + len(place) + 4]
        if not named:
            return False
        left.remove(named[0])
    return bool(report["outcome"] == "refused")


def has_reject(report: Any, file: str, place: str, kind: str) -> bool:
    """has a reject, with a reason, of the file at the place and of the kind"""
    return any(
        reject["file"] == file and reject["place"] == place and reject["kind"] == kind and reject["reason"]
        for reject in report["rejects"]
    )


def texts_not_kept(report: Any, files: dict[str, Any], names: Iterable[str]) -> list[str]:
    """Those of the named files whose whole text, as bytes, no reject of the report holds with a reason."""
    held = {
        (reject["file"], reject["raw"].encode(reject["encoding"])) for reject in report["rejects"] if reject["reason"]
    }
    return [name for name in names if (name, files[name].removeprefix(b"\xef\xbb\xbf")) not in held]


def where_reading_ended(report: Any, files: dict[str, Any], name: str) -> bool:
    """tells of the line and the column, from 1, where reading the file ended, which is within it"""
    lines = files[name].count(b"\n") + 1
    return any(
        reject["file"] == name
        and isinstance(reject["line"], int)
        and isinstance(reject["column"], int)
        and 1 <= reject["line"] <= lines
        and reject["column"] >= 1
        for reject in report["rejects"]
    )


def described(profiles: Any) -> list[Any]:
    """Id, name and description of the profiles, by id."""
    return sorted([profile.id, profile.name, profile.description] for profile in profiles)


def left_in_backups(location: Path) -> list[str]:
    """The files in the folder of backups, by their paths below the location, but the lock."""
    found = [path.relative_to(location).as_posix() for path in (location / "backups").rglob("*") if path.is_file()]
    return sorted(name for name in found if name != "backups/lock")


def traces_of(backend: Any, report: Any, text: str) -> list[str]:
    """Where the text stands: in the store, in what a reject keeps, or nowhere."""
    stored = json.dumps(list(records_by_place(contents_of(backend)).values()))
    found = {"the store": text in stored, "a reject": any(text in reject["raw"] for reject in report["rejects"])}
    return [place for place, is_there in found.items() if is_there]


def is_kept(places: Any) -> bool:
    """is in the store or in a reject"""
    return len(places) > 0


def names_by_id(backend: Any) -> dict[str, Any]:
    """The name of each profile, and those of its queries by their ids, by the profile's id."""
    return {
        profile.id: [profile.name, {query.id: query.name for query in backend.list_queries(profile.id)}]
        for profile in backend.list_profiles()
    }


def contents_apart_from(backend: Any, files: Iterable[str]) -> dict[str, Any]:
    """What a store holds, apart from the migration's flag and from what the old files of these paths tell."""
    return apart_from(contents_of(backend), files)


def apart_from(contents: dict[str, Any], files: Iterable[str]) -> dict[str, Any]:
    """`contents`, of a whole store, without the migration's flag and without what the old files of these paths tell."""
    state = {key: value for key, value in contents["app state"].items() if key != "migration"}
    profiles: dict[str, Any] = {profile.id: profile for profile in contents["profiles"]}
    queries: dict[str, Any] = {
        name: {query.id: query for query in contents[name]} for name in profiles if name in contents
    }
    below = {
        f"{profile}/{query}": dict(contents[f"{profile}/{query}"])
        for profile, found in queries.items()
        for query in found
    }
    left: dict[str, Any] = {"app state": state, "tasks": contents["tasks"]}
    told = {
        "jira_cache.json": ("issues", "cache info"),
        "jira_changelog_cache.json": ("histories",),
        "project_data.json": ("statistics", "scope"),
        "metrics_snapshots.json": ("metrics",),
    }
    for file in files:
        folders, _, name = file.rpartition("/")
        parts = folders.split("/")
        if name == "task_progress.json":
            del left["tasks"]
        elif name == "profiles.json":
            left.pop("app state", None)
            profiles = dict.fromkeys(profiles)
        elif name == "profile.json":
            # It also says which field holds the points, and dates what has no date of its own.
            profiles[parts[1]] = None
            queries[parts[1]] = {
                query.id: [query.name, query.jql] for query in queries.get(parts[1], {}).values() if query is not None
            }
            for place, found in below.items():
                if place.startswith(f"{parts[1]}/"):
                    found.pop("issues", None)
        elif name == "query.json":
            queries[parts[1]][parts[3]] = None
        elif name in told:
            for kind in told[name]:
                below.get(f"{parts[1]}/{parts[3]}", {}).pop(kind, None)
    return {**left, "profiles": profiles, "queries": queries, **below}
