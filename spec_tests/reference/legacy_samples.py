"""What the tests of the old files share: a small tree with one query, everything that was read, and its leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from burndown_fixtures.legacy import write_files
from burndown_store.contract import Profile, Query, Record, same, to_json
from burndown_store.contract import check as checked
from burndown_store.legacy import LegacyWorkspace, Note, QueryContents, Reject, read_workspace

PROFILE = "profiles/p/profile.json"
REGISTRY = "profiles/profiles.json"
FOLDER = "profiles/p/queries/q"
QUERY = f"{FOLDER}/query.json"
ISSUES = f"{FOLDER}/jira_cache.json"
CHANGES = f"{FOLDER}/jira_changelog_cache.json"
DATA = f"{FOLDER}/project_data.json"
METRICS = f"{FOLDER}/metrics_snapshots.json"
TASKS = "task_progress.json"

MOVED = {"field": "status", "fromString": "To Do", "toString": "Done"}


@dataclass(frozen=True)
class Everything:
    """A workspace with the contents of all its queries, by profile and query id."""

    workspace: LegacyWorkspace
    contents: dict[tuple[str, str], QueryContents]

    @property
    def rejects(self) -> list[Reject]:
        return [*self.workspace.rejects, *(reject for each in self.contents.values() for reject in each.rejects)]

    @property
    def notes(self) -> list[Note]:
        return [*self.workspace.notes, *(note for each in self.contents.values() for note in each.notes)]

    @property
    def naive_times(self) -> int:
        return self.workspace.naive_times + sum(each.naive_times for each in self.contents.values())

    @property
    def profiles(self) -> dict[str, Profile]:
        return {profile.record.id: profile.record for profile in self.workspace.profiles}

    @property
    def profile(self) -> Profile:
        """The one profile."""
        (profile,) = self.profiles.values()
        return profile

    @property
    def queries(self) -> dict[str, Query]:
        return {query.record.id: query.record for _, query in self.workspace.queries()}

    @property
    def query(self) -> Query:
        """The one query."""
        (query,) = self.queries.values()
        return query

    @property
    def below(self) -> QueryContents:
        """What lies under the one query."""
        (contents,) = self.contents.values()
        return contents

    def records(self) -> Iterator[Record]:
        yield from self.workspace.tasks
        yield from self.profiles.values()
        yield from (query.record for _, query in self.workspace.queries())
        for each in self.contents.values():
            yield from (*each.issues, *each.histories, *each.statistics, *each.metrics)
            yield from (record for record in (each.cache_info, each.scope) if record is not None)


def read_all(root: Path, zone: tzinfo = UTC) -> Everything:
    workspace = read_workspace(root, zone=zone)
    contents = {(profile.record.id, query.record.id): query.read() for profile, query in workspace.queries()}
    return Everything(workspace, contents)


def read(root: Path, files: dict[str, Any], zone: tzinfo = UTC) -> Everything:
    """All that is read from `files`, written below `root`."""
    return read_all(write_files(root, files), zone)


def reasons(everything: Everything) -> list[tuple[str, str, str]]:
    """Kind, file name and place of each reject."""
    return [(reject.kind, reject.file.rsplit("/", 1)[-1], reject.place) for reject in everything.rejects]


def unsound(everything: Everything) -> list[Record]:
    """The records that the contract would refuse or change; there must be none."""
    return [record for record in everything.records() if not same(checked(record), record)]


def leaves(value: Any) -> Iterator[str]:
    """The keys and the scalars of a JSON value as text; numbers that are equal have one text."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield key
            yield from leaves(member)
    elif isinstance(value, list):
        for member in value:
            yield from leaves(member)
    elif isinstance(value, bool) or value is None:
        yield json.dumps(value)
    elif isinstance(value, (int, float)):
        yield repr(float(value)) if abs(value) < 2**53 else repr(value)
    else:
        yield value


def values(value: Any) -> Iterator[str]:
    """As `leaves`, without the keys."""
    for member in value.values() if isinstance(value, dict) else value:
        if isinstance(member, (dict, list)):
            yield from values(member)
        else:
            yield from leaves(member)


def told(everything: Everything) -> tuple[set[str], list[str]]:
    """The leaves that records, state and rejects hold, and the texts of rejects that are no JSON.

    The key of what was rejected or remarked is the end of the place that is named.
    """
    found: set[str] = set(everything.workspace.app_state)
    texts = []
    for profile, query in everything.workspace.queries():
        found |= {profile.record.id, query.record.id}
    for record in everything.records():
        found |= set(leaves(to_json(record)))
    parts = [*everything.workspace.app_state.values(), *(reject.raw for reject in everything.rejects)]
    for text in parts:
        try:
            found |= set(leaves(json.loads(text)))
        except ValueError:
            texts.append(text)
    rejected, noted = [each.place for each in everything.rejects], [each.place for each in everything.notes]
    for place in rejected + noted:
        found |= {place, *place.rsplit(".", 1)}
    return found, texts


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
