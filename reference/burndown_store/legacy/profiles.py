"""A profile and its queries, from profile.json or older settings, the registry, and query.json."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from burndown_store.contract import Json, Profile, Query, same
from burndown_store.legacy.fields import Fields
from burndown_store.legacy.settings import profile_shaped
from burndown_store.legacy.sources import Source
from burndown_store.legacy.times import UNKNOWN_TIME

__all__ = ["points_field_of", "profile_from", "query_from", "title_of"]

_GROUPS: Final = (
    "jira_config",
    "field_mappings",
    "forecast_settings",
    "project_classification",
    "flow_type_mappings",
)


def profile_from(profile_id: str, raw: Json, entry: Json | None, source: Source, **more: Json | None) -> Profile | None:
    """The profile of the folder `profile_id`, whose settings are `raw`; flat ones are moved to their groups.

    `entry` is what the registry says of it, if anything. The registry alone is told which profile was used last, so
    its `last_used` counts; its name and description count where the settings have none. What else it says is old, and
    kept in `extra["legacy"]["registry_entry"]` where it differs. A time that is missing is taken from the other one,
    or is `UNKNOWN_TIME`. `more` goes to `extra["legacy"]`.
    """
    if entry is not None:
        raw = {**{name: entry[name] for name in ("name", "description") if name in entry}, **raw}
    fields = Fields(profile_shaped(raw), source)
    _take_id(fields, profile_id)
    created, used = fields.instant("created_at"), fields.instant("last_used")
    if entry is not None:
        registered = Fields(entry, source, f"registry entry of {profile_id}")
        created = created or (registered.instant("created_at") if "created_at" in entry else None)
        used_by_registry = registered.instant("last_used") if "last_used" in entry else None
        if used_by_registry is not None:
            if used is not None and used != used_by_registry:
                fields.keep("last_used", raw["last_used"])
            used = used_by_registry
    profile = Profile(
        id=profile_id,
        name=fields.text("name", "Default"),
        description=fields.text("description"),
        created_at=created or used or UNKNOWN_TIME,
        last_used_at=used or created or UNKNOWN_TIME,
        show_milestone=fields.flag("show_milestone"),
        show_points=fields.flag("show_points"),
        **{group: fields.json_object(group) for group in _GROUPS},
        extra=fields.rest(
            registry_entry={} if entry is None else _differing(entry, raw),
            **more,
        ),
    )
    _note_double_encoding(profile.name, source)
    return source.accepted(profile, "", raw)


def query_from(query_id: str, raw: Json, created_at: datetime, source: Source, **more: Json | None) -> Query | None:
    """The query of the folder `query_id`; `created_at` is the profile's and stands in for a missing time."""
    fields = Fields(raw, source)
    _take_id(fields, query_id)
    created, used = fields.instant("created_at"), fields.instant("last_used")
    spelling = "jql_query" if "jql" not in raw and "jql_query" in raw else "jql"
    query = Query(
        id=query_id,
        name=fields.text("name", title_of(query_id)),
        jql=fields.text(spelling),
        description=fields.text("description"),
        created_at=created or used or created_at,
        last_used_at=used or created or created_at,
        extra=fields.rest(**more),
    )
    _note_double_encoding(query.name, source)
    return source.accepted(query, "", raw)


def title_of(query_id: str) -> str:
    """What the application calls a query that has no name."""
    return query_id.replace("_", " ").title()


def points_field_of(profile: Profile) -> str | None:
    """The field of an issue that holds its points, as the profile names it; None where it names none."""
    name = profile.jira_config.get("points_field")
    return name if type(name) is str and name else None


def _take_id(fields: Fields, folder: str) -> None:
    # The folder is the id; what the file says is kept only where it differs.
    for said in fields.untold("id"):
        if said != folder:
            fields.keep("id", said)


def _differing(entry: Json, raw: Json) -> Json:
    return {name: value for name, value in entry.items() if name not in raw or not same(value, raw[name])}


def _note_double_encoding(name: str, source: Source) -> None:
    try:
        twice = not name.isascii() and name.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return
    if twice:
        source.note("name", "looks as if its UTF-8 was read as cp1252 once and saved so; kept as found")
