"""The old records in a store: written query by query, then compared, read back, with the files, which are read anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from burndown_store.contract import Backend, Record, fields, same
from burndown_store.legacy import LegacyWorkspace, Note, QueryContents, Reject

__all__ = ["Tally", "differences", "tally_of", "write"]

Say = Callable[[int, str], None]
"""Told how many queries are done, and the next one."""

_DIFFERENCES_TOLD = 20


class Tally:
    """What was counted and found in a workspace and below its queries."""

    def __init__(self, workspace: LegacyWorkspace) -> None:
        self.counts = Counter(
            app_state=len(workspace.app_state),
            tasks=len(workspace.tasks),
            profiles=len(workspace.profiles),
            queries=sum(len(profile.queries) for profile in workspace.profiles),
        )
        self.rejects: list[Reject] = list(workspace.rejects)
        self.notes: list[Note] = list(workspace.notes)
        self.naive_times = workspace.naive_times

    def add(self, contents: QueryContents) -> None:
        """Count what lies below one more query."""
        self.counts.update(
            issues=len(contents.issues),
            cache_infos=int(contents.cache_info is not None),
            histories=len(contents.histories),
            changes=sum(len(history.changes) for history in contents.histories),
            statistics=len(contents.statistics),
            scopes=int(contents.scope is not None),
            metrics=len(contents.metrics),
        )
        self.rejects += contents.rejects
        self.notes += contents.notes
        self.naive_times += contents.naive_times


def tally_of(workspace: LegacyWorkspace, say: Say, *, caches: bool = True) -> Tally:
    """What the files hold, with nothing written; without `caches`, only what nobody can fetch again."""
    tally = Tally(workspace)
    for _, _, contents in _read(workspace, say, caches=caches):
        tally.add(contents)
    return tally


def write(backend: Backend, workspace: LegacyWorkspace, say: Say) -> Tally:
    """Save everything; what was saved, counted."""
    tally = Tally(workspace)
    for key, value in workspace.app_state.items():
        backend.set_app_state(key, value)
    for task in workspace.tasks:
        backend.save_task(task)
    for profile in workspace.profiles:
        backend.save_profile(profile.record)
        for query in profile.queries:
            backend.save_query(profile.record.id, query.record)
    for profile_id, query_id, contents in _read(workspace, say):
        tally.add(contents)
        backend.save_issues(profile_id, query_id, contents.issues)
        if contents.cache_info is not None:
            backend.save_cache_info(profile_id, query_id, contents.cache_info)
        backend.save_histories(profile_id, query_id, contents.histories)
        backend.save_statistics(profile_id, query_id, contents.statistics)
        if contents.scope is not None:
            backend.save_scope(profile_id, query_id, contents.scope)
        backend.save_metrics(profile_id, query_id, contents.metrics)
    return tally


def differences(backend: Backend, workspace: LegacyWorkspace, say: Say) -> list[str]:
    """A sentence for each place where the store does not hold exactly what the files do; none quotes a value."""
    found: list[str] = []
    if not same(backend.list_app_state(), dict(sorted(workspace.app_state.items()))):
        found.append("the application's state is not what the files say")
    found += _compared("tasks", workspace.tasks, backend.list_tasks(), "name")
    profiles = [profile.record for profile in workspace.profiles]
    found += _compared("profiles", profiles, backend.list_profiles(), "id")
    for profile in workspace.profiles:
        queries = [query.record for query in profile.queries]
        where = f"profile {profile.record.id}: queries"
        found += _compared(where, queries, backend.list_queries(profile.record.id), "id")
    for profile_id, query_id, contents in _read(workspace, say):
        here, where = (profile_id, query_id), f"profile {profile_id}, query {query_id}"
        info, scope = backend.get_cache_info(*here), backend.get_scope(*here)
        found += _compared(f"{where}: issues", contents.issues, backend.get_issues(*here), "key")
        found += _compared(f"{where}: cache info", _listed(contents.cache_info), _listed(info))
        found += _compared(f"{where}: histories", contents.histories, backend.get_histories(*here), "issue_key")
        found += _compared(f"{where}: statistics", contents.statistics, backend.get_statistics(*here), "date")
        found += _compared(f"{where}: scope", _listed(contents.scope), _listed(scope))
        found += _compared(f"{where}: metrics", contents.metrics, backend.get_metrics(*here), "week", "name")
    if len(found) > _DIFFERENCES_TOLD:
        found[_DIFFERENCES_TOLD:] = [f"and {len(found) - _DIFFERENCES_TOLD} more"]
    return found


def _read(workspace: LegacyWorkspace, say: Say, *, caches: bool = True) -> Iterator[tuple[str, str, QueryContents]]:
    """What lies below each query, one at a time, so that no more than that is in memory."""
    done = 0
    for profile, query in workspace.queries():
        say(done, f"{profile.record.id}/{query.record.id}")
        yield profile.record.id, query.record.id, query.read(caches=caches)
        done += 1
    say(done, "")


def _compared(where: str, given: Sequence[Record], stored: Iterable[Record], *identity: str) -> Iterator[str]:
    """What differs between two sets of records, which `identity` tells apart."""

    def by_identity(records: Iterable[Record]) -> dict[Any, Record]:
        return {tuple(getattr(record, name) for name in identity): record for record in records}

    back = list(stored)
    wanted, came = by_identity(given), by_identity(back)
    if missing := len(wanted.keys() - came.keys()):
        yield f"{where}: {missing} of {len(wanted)} are missing from the store"
    if extra := len(back) - len(wanted.keys() & came.keys()):
        yield f"{where}: {extra} are in the store that the files do not have"
    changed = [key for key in wanted.keys() & came.keys() if not same(wanted[key], came[key])]
    if changed:
        names = {name for key in changed for name in _differing(wanted[key], came[key])}
        yield f"{where}: {len(changed)} came back different in {', '.join(sorted(names))}"


def _differing(given: Record, stored: Record) -> list[str]:
    if type(given) is not type(stored):
        return ["their type"]
    back = fields(stored)
    return [name for name, value in fields(given).items() if not same(value, back[name])]


def _listed(record: Record | None) -> list[Record]:
    return [] if record is None else [record]
