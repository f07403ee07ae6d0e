"""`profile.json`, `query.json`, and the registry `profiles.json` that names all profiles to the old application.

A profile is there when its `profile.json` is, a query when its `query.json` is. The registry lists the profiles by the
names of their folders, which are their ids as far as the old application is concerned. It holds no settings, hence no
token. The application's state, which the layout has no other place for, stands there too.
"""

from __future__ import annotations

from typing import Final

from burndown_store.contract import Profile, Query, ValidationError, check, check_identifier, check_text
from burndown_store.json_files.documents import (
    OURS,
    Document,
    decoded,
    document_of,
    encoded,
    extra_of,
    instant_from,
    instant_text,
)
from burndown_store.json_files.names import folder_name

__all__ = [
    "SCHEMA_VERSION",
    "app_state_of",
    "empty_registry",
    "entry_of",
    "profile_from",
    "profile_text",
    "query_from",
    "query_text",
    "registry_from",
    "with_app_state",
]

SCHEMA_VERSION: Final = 1

_SETTINGS: Final = (
    "jira_config",
    "field_mappings",
    "forecast_settings",
    "project_classification",
    "flow_type_mappings",
    "show_milestone",
    "show_points",
)
_LABELS: Final = ("id", "name", "description")
_PROFILE: Final = frozenset({*_LABELS, *_SETTINGS, "created_at", "last_used"})
_QUERY: Final = frozenset({*_LABELS, "jql", "created_at", "last_used"})


def profile_text(profile: Profile) -> bytes:
    """The text of a `profile.json`."""
    known = {
        **{name: getattr(profile, name) for name in (*_LABELS, *_SETTINGS)},
        "created_at": instant_text(profile.created_at),
        "last_used": instant_text(profile.last_used_at),
    }
    return encoded(document_of(known, profile.extra, reserved=_PROFILE))


def profile_from(data: bytes, folder: str) -> Profile:
    """The profile in the `profile.json` of the folder of this name.

    Raises `ValueError`, `KeyError`, `TypeError`, `AttributeError`.
    """
    document = decoded(data)
    profile = check(
        Profile(
            **{name: document[name] for name in (*_LABELS, *_SETTINGS)},
            created_at=instant_from(document["created_at"]),
            last_used_at=instant_from(document["last_used"]),
            extra=extra_of(document, reserved=_PROFILE),
        )
    )
    _expect_at_home(profile, folder)
    return profile


def query_text(query: Query) -> bytes:
    """The text of a `query.json`."""
    known = {
        **{name: getattr(query, name) for name in (*_LABELS, "jql")},
        "created_at": instant_text(query.created_at),
        "last_used": instant_text(query.last_used_at),
    }
    return encoded(document_of(known, query.extra, reserved=_QUERY))


def query_from(data: bytes, folder: str) -> Query:
    """The query in the `query.json` of the folder of this name. Raises as `profile_from` does."""
    document = decoded(data)
    query = check(
        Query(
            **{name: document[name] for name in (*_LABELS, "jql")},
            created_at=instant_from(document["created_at"]),
            last_used_at=instant_from(document["last_used"]),
            extra=extra_of(document, reserved=_QUERY),
        )
    )
    _expect_at_home(query, folder)
    return query


def empty_registry() -> Document:
    """The registry of a store without anything in it."""
    return _registry({}, {})


def entry_of(profile: Profile) -> Document:
    """What the registry says of one profile."""
    return {
        "id": folder_name(profile.id),
        "name": profile.name,
        "description": profile.description,
        "created_at": instant_text(profile.created_at),
        "last_used": instant_text(profile.last_used_at),
    }


def registry_from(data: bytes) -> tuple[int, Document]:
    """The version of the layout and the registry, which is understood where the version is ours.

    Raises `ValueError`, `KeyError`, `TypeError`, `AttributeError`.
    """
    registry = decoded(data)
    version = registry[OURS]["version"]
    if type(version) is not int or version < 1:
        raise ValueError("no version")
    if version == SCHEMA_VERSION and type(registry["profiles"]) is not dict:
        raise ValueError("no registry of this backend")
    if version == SCHEMA_VERSION:
        app_state_of(registry)
    return version, registry


def app_state_of(registry: Document) -> dict[str, str]:
    """The state's keys and values, by key. Raises as `profile_from` does."""
    state = registry[OURS]["app_state"]
    return {check_identifier(key, "key"): check_text(value, "value") for key, value in sorted(state.items())}


def with_app_state(registry: Document, state: dict[str, str]) -> Document:
    """The registry with this state instead of its own."""
    return _registry(registry["profiles"], state)


def _registry(profiles: Document, state: dict[str, str]) -> Document:
    return {
        "version": "3.0",
        "active_profile_id": _folder_named(state.get("active_profile_id")),
        "active_query_id": _folder_named(state.get("active_query_id")),
        "profiles": profiles,
        OURS: {"version": SCHEMA_VERSION, "app_state": state},
    }


def _expect_at_home(record: Profile | Query, folder: str) -> None:
    if folder_name(record.id) != folder:
        raise ValueError("the record of another folder")


def _folder_named(identifier: str | None) -> str | None:
    """What the old application calls the profile or query of this id; None where this can be no id."""
    try:
        return folder_name(check_identifier(identifier, "active"))
    except ValidationError:
        return None
