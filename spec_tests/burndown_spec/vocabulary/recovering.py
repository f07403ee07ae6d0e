"""A damaged store recovered by what the backend offers for that, and what came of it."""

from __future__ import annotations

import importlib
import inspect
from hashlib import sha256
from pathlib import Path
from typing import Any

from burndown_spec.vocabulary.damaging import damage_file, damage_plan
from burndown_spec.vocabulary.migrating import files_below
from burndown_store.contract import StorageError, same

__all__ = [
    "damaged_for_recovery",
    "gaps_told",
    "invented_parts",
    "parts_of_store",
    "readable_parts",
    "recover_of",
    "recover_store",
    "recovery_job",
    "sums_gone",
    "unsaved_parts",
]


def recover_of(open_backend: Any) -> Any:
    """What the factory, its module, or a package around that offers as `recover`; None where nothing does."""
    name = open_backend.__module__
    holders = [open_backend]
    while name:
        holders.append(importlib.import_module(name))
        name = name.rpartition(".")[0]
    return next((found for holder in holders if (found := getattr(holder, "recover", None)) is not None), None)


def recover_store(open_backend: Any, location: Path) -> list[str]:
    """Recover the store; what that says is missing, in sentences."""
    return [str(sentence) for sentence in recover_of(open_backend)(location).missing]


def recovery_job() -> str:
    """The lines that recover the store in a process of its own, for `end_at`."""
    return f"""
import importlib
from typing import Any
{inspect.getsource(recover_of)}
recover_of(open_backend.__globals__["find_factory"]())(location)
"""


def damaged_for_recovery(location: Path, kind: str, seed: int) -> None:
    """Damage the largest file in that way of `damage_plan`."""
    damage_file(location, damage_plan(location, seed, 0)[0][0], kind, seed)


def parts_of_store(contents: dict[str, Any]) -> dict[str, Any]:
    """What a store holds, record by record, by what and where it is, of its contents as `contents_of` gives them."""
    parts: dict[str, Any] = {f"app state {key}": value for key, value in contents["app state"].items()}
    parts |= {f"task {task.name}": task for task in contents["tasks"]}
    for profile in contents["profiles"]:
        parts[f"profile {profile.id}"] = profile
        for query in contents[profile.id]:
            place = f"{profile.id}/{query.id}"
            parts[f"query {place}"] = query
            below = contents[place]
            parts |= {f"issue {place} {each.key}": each for each in below["issues"]}
            parts |= {f"history {place} {each.issue_key}": each for each in below["histories"]}
            parts |= {f"statistic {place} {each.date}": each for each in below["statistics"]}
            parts |= {f"metric {place} {each.week} {each.name}": each for each in below["metrics"]}
            parts |= {f"{kind} {place}": below[kind] for kind in ("cache info", "scope") if below[kind] is not None}
    return parts


def readable_parts(open_backend: Any, location: Path, parts: dict[str, Any]) -> list[str]:
    """Which of these records, and all that they lie below, the store still gives when asked for each alone."""
    try:
        backend = open_backend(location, timeout=5.0)
    except StorageError:
        return []
    found: list[str] = []

    def gives(what: str, read: Any, *arguments: Any, **filters: Any) -> bool:
        try:
            answer = read(*arguments, **filters)
        except StorageError:
            return False
        return same(answer[0] if isinstance(answer, list) and answer else answer, parts[what])

    def looked_up(what: str, whole: str, *place: str) -> bool:
        record = parts[what]
        if whole == "app":
            return gives(what, backend.get_app_state, what.removeprefix("app state "))
        if whole == "task":
            return gives(what, backend.get_task, record.name)
        if whole == "profile":
            return gives(what, backend.get_profile, record.id)
        if whole == "query":
            return gives(what, backend.get_query, *place)
        if whole == "issue":
            return gives(what, backend.get_issues, *place, key=record.key)
        if whole == "history":
            return gives(what, backend.get_histories, *place, issue_key=record.issue_key)
        if whole == "statistic":
            return gives(what, backend.get_statistics, *place, start=record.date, end=record.date)
        if whole == "metric":
            return gives(what, backend.get_metrics, *place, name=record.name, start=record.week, end=record.week)
        return gives(what, backend.get_scope if whole == "scope" else backend.get_cache_info, *place)

    try:
        for what in parts:
            words = what.split()
            if words[0] in ("app", "task", "profile"):
                above, place = [], []
            else:
                place = words[2 if words[0] == "cache" else 1].split("/")
                above = [f"profile {place[0]}"] + ([] if words[0] == "query" else [f"query {place[0]}/{place[1]}"])
            if all(each in found for each in above) and looked_up(what, words[0], *place):
                found.append(what)
    finally:
        backend.close()
    return found


def unsaved_parts(contents: dict[str, Any], before: dict[str, Any], readable: list[str]) -> list[str]:
    """The records that could still be read before the recovery, and are not there the same after it."""
    after = parts_of_store(contents)
    return [what for what in readable if what not in after or not same(after[what], before[what])]


def invented_parts(contents: dict[str, Any], before: dict[str, Any]) -> list[str]:
    """The records that are there after the recovery and were never; histories that lost changes are no such."""
    return [
        what
        for what, record in parts_of_store(contents).items()
        if what not in before or not (same(record, before[what]) or what.startswith("history "))
    ]


def gaps_told(missing: list[str], contents: dict[str, Any], before: dict[str, Any]) -> bool:
    """Where something is missing after the recovery, it says so."""
    after = parts_of_store(contents)
    return bool(missing) or all(what in after and same(after[what], record) for what, record in before.items())


def sums_gone(location: Path, sums: dict[str, str]) -> list[str]:
    """The files of these SHA-256 sums whose bytes no file below the location has any more."""
    kept = set(files_below(location).values()) | {sha256(b"").hexdigest()}
    return [name for name, found in sums.items() if found not in kept]
