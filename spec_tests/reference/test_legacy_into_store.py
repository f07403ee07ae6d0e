"""What was read from the old files goes into a store as it is, and comes back the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from burndown_fixtures.legacy import TREES, write_tree
from burndown_store.contract import Backend, Record, same
from burndown_store.sqlite import open_backend_normal
from legacy_samples import Everything, read_all


def save(backend: Backend, everything: Everything) -> None:
    for key, value in everything.workspace.app_state.items():
        backend.set_app_state(key, value)
    for task in everything.workspace.tasks:
        backend.save_task(task)
    for profile in everything.workspace.profiles:
        backend.save_profile(profile.record)
        for query in profile.queries:
            here = profile.record.id, query.record.id
            below = everything.contents[here]
            backend.save_query(profile.record.id, query.record)
            backend.replace_issues(*here, below.issues)
            backend.save_histories(*here, below.histories)
            backend.replace_statistics(*here, below.statistics)
            backend.save_metrics(*here, below.metrics)
            if below.cache_info is not None:
                backend.save_cache_info(*here, below.cache_info)
            if below.scope is not None:
                backend.save_scope(*here, below.scope)


def stored(backend: Backend) -> list[Record | None]:
    found: list[Record | None] = [*backend.list_tasks()]
    for profile in sorted(backend.list_profiles(), key=lambda profile: profile.id):
        found.append(profile)
        for query in sorted(backend.list_queries(profile.id), key=lambda query: query.id):
            here = profile.id, query.id
            found += [query, *sorted(backend.get_issues(*here), key=lambda issue: issue.key)]
            found += [*backend.get_histories(*here), *backend.get_statistics(*here), *backend.get_metrics(*here)]
            found += [backend.get_cache_info(*here), backend.get_scope(*here)]
    return found


def given(everything: Everything) -> list[Record | None]:
    found: list[Record | None] = [*everything.workspace.tasks]
    for profile in everything.workspace.profiles:
        found.append(profile.record)
        for query in profile.queries:
            below = everything.contents[profile.record.id, query.record.id]
            found += [query.record, *sorted(below.issues, key=lambda issue: issue.key)]
            histories = sorted(below.histories, key=lambda history: history.issue_key)
            found += [*histories, *below.statistics, *below.metrics, below.cache_info, below.scope]
    return found


@pytest.mark.parametrize("name", TREES)
def test_a_tree_goes_into_a_store_and_comes_back_the_same(tmp_path: Path, name: str) -> None:
    everything = read_all(write_tree(tmp_path / "old", name))

    with open_backend_normal(tmp_path / "store") as backend, backend.transaction():
        save(backend, everything)

        assert same(stored(backend), given(everything))
        assert backend.list_app_state() == everything.workspace.app_state
