"""What the tests of transfer share: stores of several kinds, a full one, and all that a store or a folder holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from burndown_spec.oracle import MemoryBackend
from burndown_spec.oracle import open_backend as open_memory
from burndown_spec.values import records as r
from burndown_store.contract import Backend, Record
from burndown_store.json_files import open_backend as open_json_files
from burndown_store.sqlite import open_backend_normal

OPENERS: Mapping[str, Callable[[Path], Backend]] = {
    "sqlite": open_backend_normal,
    "memory": open_memory,
    "memory without transactions": MemoryBackend,
    "json-files": open_json_files,
}

TOKEN = "not-a-real-token"
PLACES = (("p", "q"), ("p", "Kafka / ü"), ("Team Blue", "q"))


def fill(backend: Backend) -> None:
    """Two profiles with three queries, every field of every record away from its default."""
    for profile_id in ("p", "Team Blue"):
        backend.save_profile(r.full_profile(profile_id))
    for profile_id, query_id in PLACES:
        backend.save_query(profile_id, r.full_query(query_id))
        below(backend, profile_id, query_id)
    for name in ("fetch", "report"):
        backend.save_task(r.full_task(name))
    for key, value in {"active_profile_id": "p", "active_query_id": "q", "theme": "dark"}.items():
        backend.set_app_state(key, value)


def below(backend: Backend, *here: str) -> None:
    """Two of everything below a query."""
    profile_id, query_id = here
    backend.save_issues(profile_id, query_id, [r.full_issue("AB-1"), r.an_issue("ab-1", points=0.0)])
    backend.save_cache_info(profile_id, query_id, r.full_cache_info())
    backend.save_histories(profile_id, query_id, [r.full_history("AB-1"), r.a_history("GONE-1")])
    backend.save_statistics(profile_id, query_id, [r.full_statistic(), r.a_statistic(date(2025, 11, 10))])
    backend.save_scope(profile_id, query_id, r.full_scope())
    backend.save_metrics(profile_id, query_id, [r.full_metric(), r.a_metric(name="flow_time")])


def everything(backend: Backend) -> dict[str, Any]:
    """All that the store holds, each record under the names of its place."""
    found: dict[str, Any] = {f"state {key}": value for key, value in backend.list_app_state().items()}
    found |= {f"task {task.name}": task for task in backend.list_tasks()}
    for profile in backend.list_profiles():
        found[f"profile {profile.id}"] = profile
        for query in backend.list_queries(profile.id):
            here = profile.id, query.id
            records: list[tuple[str, Record | None]] = [("query", query)]
            records += [(f"issue {issue.key}", issue) for issue in backend.get_issues(*here)]
            records += [(f"history {each.issue_key}", each) for each in backend.get_histories(*here)]
            records += [(f"statistic {each.date}", each) for each in backend.get_statistics(*here)]
            records += [(f"metric {each.week} {each.name}", each) for each in backend.get_metrics(*here)]
            records += [("cache info", backend.get_cache_info(*here)), ("scope", backend.get_scope(*here))]
            found |= {f"{here} {name}": record for name, record in records}
    return found


def contents(root: Path) -> dict[str, bytes]:
    """The bytes of every file below a folder, and the folders themselves."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes() if path.is_file() else b""
        for path in sorted(root.rglob("*"))
    }
