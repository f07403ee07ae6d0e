"""profiles/profiles.json: which profiles the application listed, and which profile and query were active."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from burndown_store.contract import Json
from burndown_store.legacy.sources import Source, name_of_type

__all__ = ["REGISTRY_STATE", "Registry", "app_state_of", "registry_from"]

# The key of the application's state under which that of the registry is kept which is no record: JSON text.
REGISTRY_STATE = "legacy.registry"


@dataclass(frozen=True, slots=True)
class Registry:
    """`entries` by profile id; `others` are the keys beside them, the active ids included."""

    entries: dict[str, Json] = field(default_factory=dict)
    others: Json = field(default_factory=dict)


def registry_from(source: Source) -> Registry:
    """The registry. Its profiles are an object by id, or a list of objects with an `id`."""
    raw = source.valid_object("the registry of profiles")
    if raw is None:
        return Registry()
    others = dict(raw)
    listed = others.pop("profiles", {})
    found: dict[str, tuple[str, Json]] = {}
    if type(listed) is dict:
        for profile_id, entry in listed.items():
            _enter(found, profile_id, entry, f"profiles.{profile_id}", source)
    elif type(listed) is list:
        for position, entry in enumerate(listed):
            profile_id = entry.get("id") if type(entry) is dict else None
            _enter(found, profile_id, entry, f"profiles[{position}]", source)
    elif listed is not None:
        source.reject("profiles", f"expected an object or a list of profiles, got {name_of_type(listed)}", listed)
    else:
        others["profiles"] = None
    return Registry({profile_id: entry for profile_id, (_, entry) in found.items()}, others)


def _enter(found: dict[str, tuple[str, Json]], profile_id: object, entry: object, place: str, source: Source) -> None:
    if type(entry) is not dict:
        source.reject(place, f"expected a profile (a JSON object), got {name_of_type(entry)}", entry)
    elif type(profile_id) is not str:
        source.reject(place, "a profile without an id", entry)
    else:
        if profile_id in found:
            first, lost = found[profile_id]
            source.reject(first, "the profile stands twice in the registry; the last counts", lost, kind="superseded")
        found[profile_id] = place, entry


def app_state_of(registry: Registry, queries: dict[str, set[str]], source: Source) -> dict[str, str]:
    """The active ids, as far as they name a profile and a query of it, and the rest of the registry.

    `queries` are the ids of the queries that are there, by profile.
    """
    others, state = dict(registry.others), {}
    profile_id = others.get("active_profile_id")
    if type(profile_id) is str and profile_id in queries:
        state["active_profile_id"] = others.pop("active_profile_id")
        query_id = others.get("active_query_id")
        if type(query_id) is str and query_id in queries[profile_id]:
            state["active_query_id"] = others.pop("active_query_id")
    for name in ("active_profile_id", "active_query_id"):
        if others.get(name):
            source.note(name, "names nothing that is there; read as none")
    if others:
        state[REGISTRY_STATE] = json.dumps(others)
    return state
