"""From a folder to a workspace."""

from __future__ import annotations

from datetime import UTC, tzinfo
from os import PathLike
from pathlib import Path
from typing import Any

from burndown_store.contract import Json, Profile, Query, ValidationError, check_identifier
from burndown_store.legacy.documents import contents_of
from burndown_store.legacy.findings import Findings, Ignored, Reject
from burndown_store.legacy.places import (
    QUERY_FILES,
    SETTINGS,
    Generation,
    Places,
    ProfilePlace,
    QueryPlace,
    find_places,
    name_below,
)
from burndown_store.legacy.profiles import points_field_of, profile_from, query_from
from burndown_store.legacy.registry import Registry, app_state_of, registry_from
from burndown_store.legacy.settings import seems_configured
from burndown_store.legacy.sources import NOTHING, Source, name_of_type
from burndown_store.legacy.tasks import tasks_from
from burndown_store.legacy.workspace import LegacyProfile, LegacyQuery, LegacyWorkspace

__all__ = ["detect", "read_workspace"]


def detect(root: str | PathLike[str]) -> Generation | None:
    """The generation of the old files below `root`; None where there are none."""
    return find_places(Path(root), Findings()).generation


def read_workspace(root: str | PathLike[str], *, zone: tzinfo = UTC) -> LegacyWorkspace:
    """What the old files below `root` hold. Times without an offset are read in `zone`.

    Changes no file. Raises nothing for what the files hold, nor for files that cannot be read.
    """
    return _Reading(Path(root), zone).workspace()


class _Reading:
    def __init__(self, root: Path, zone: tzinfo) -> None:
        self._root, self._zone, self._findings = root, zone, Findings()
        self._places: Places = find_places(root, self._findings)

    def workspace(self) -> LegacyWorkspace:
        places, findings = self._places, self._findings
        registry = Registry() if places.registry is None else registry_from(self._source(places.registry))
        profiles = [profile for place in places.profiles for profile in self._profile(place, registry)]
        here = {place.id for place in places.profiles}
        for profile_id in sorted(registry.entries.keys() - here):
            profiles += self._registered_only(profile_id, registry.entries[profile_id])
        profiles.sort(key=lambda profile: profile.record.id)
        ids = {profile.record.id: {query.record.id for query in profile.queries} for profile in profiles}
        source = self._source(places.registry or places.root)
        state = app_state_of(registry, ids, source)
        if places.generation in ("G0", "G1") and not registry.others and profiles:
            # The root knew one profile and one query only.
            state = {"active_profile_id": profiles[0].record.id, "active_query_id": "main"}
        tasks = [] if places.tasks is None else tasks_from(self._source(places.tasks, refetchable=True))
        return LegacyWorkspace(
            generation=places.generation,
            app_state=state,
            tasks=tuple(tasks),
            profiles=tuple(profiles),
            rejects=tuple(findings.rejects),
            ignored=tuple(sorted(findings.ignored, key=lambda ignored: ignored.file)),
            notes=tuple(findings.notes),
            naive_times=findings.naive_times,
        )

    def _profile(self, place: ProfilePlace, registry: Registry) -> list[LegacyProfile]:
        if not self._is_identifier(place):
            return []
        entry = registry.entries.get(place.id)
        old = {query.id: self._old_settings(query) for query in place.queries if SETTINGS in query.files}
        raw, source, more = self._settings_of(place, old)
        if entry is not None and not raw:
            source.note("", "the registry's copy of the settings is used, because there are no others")
            raw, entry = entry, None
        record = profile_from(place.id, raw, entry, source, **more)
        if record is None:
            return []
        self._give_strays_a_query(place)
        if len(place.queries) == 1 and "profile.json" not in place.files:
            old.setdefault(place.queries[0].id, (raw, source))
        queries = [query for inner in place.queries for query in self._query(inner, record, old.get(inner.id))]
        if self._places.saved_queries is not None:
            queries += self._saved_queries(self._places.saved_queries, record, {query.record.id for query in queries})
        return [LegacyProfile(record=record, queries=tuple(sorted(queries, key=lambda query: query.record.id)))]

    def _registered_only(self, profile_id: str, entry: Json) -> list[LegacyProfile]:
        source = self._source(self._places.registry or self._root)
        try:
            check_identifier(profile_id, "its id")
        except ValidationError as refusal:
            source.reject(f"profiles.{profile_id}", str(refusal), entry)
            return []
        source.note(f"profiles.{profile_id}", "a profile that has no folder; read from the registry alone")
        record = profile_from(profile_id, entry, None, source)
        return [] if record is None else [LegacyProfile(record=record)]

    def _old_settings(self, place: QueryPlace) -> tuple[Json, Source]:
        source = self._source(place.files[SETTINGS])
        return source.valid_object("settings") or {}, source

    def _settings_of(
        self, place: ProfilePlace, old: dict[str, tuple[Json, Source]]
    ) -> tuple[Json, Source, dict[str, Json | None]]:
        """The settings that count, the file that they are from, and others that were left lying about.

        `old` are the settings that a move put into query folders. They were no longer found there, and the application
        began anew above them: where there is no profile.json, the first that somebody configured are the real ones.
        """
        found = list(old.values())
        if "profile.json" in place.files:
            source = self._source(place.files["profile.json"])
            found.insert(0, (source.valid_object("the settings of a profile") or {}, source))
            if SETTINGS in place.files:
                self._ignore(place.files[SETTINGS], "profile.json took its place")
        elif SETTINGS in place.files:
            source = self._source(place.files[SETTINGS])
            found.insert(0, (source.valid_object("settings") or {}, source))
        if not found:
            return {}, self._source(self._root / place.name), {}
        best = found[0]
        if "profile.json" not in place.files:
            best = next((settings for settings in found if seems_configured(settings[0])), best)
        left = {source.name: raw for raw, source in found if source is not best[1] and raw}
        return best[0], best[1], {"other_settings": left}

    def _give_strays_a_query(self, place: ProfilePlace) -> None:
        """Files of a query that lie beside the profile: read where it is certain whose they are."""
        strays = {name: place.files.pop(name) for name in QUERY_FILES if name in place.files}
        if strays and not place.queries:
            place.queries.append(QueryPlace("main", place.name))
        for name, path in strays.items():
            only = place.queries[0]
            if len(place.queries) == 1 and name not in only.files:
                only.files[name] = path
                self._source(path).note("", f"lies beside the profile; read as the file of its only query, {only.id}")
            else:
                reason = "lies beside the profile, where nothing reads it; " + (
                    "the query has its own" if len(place.queries) == 1 else "it tells not which query it belongs to"
                )
                self._ignore(path, reason)

    def _query(self, place: QueryPlace, profile: Profile, old: tuple[Json, Source] | None) -> list[LegacyQuery]:
        """`old` are the settings from before there was a query.json, which held the JQL."""
        if not self._is_identifier(place):
            return []
        path = place.files.get("query.json")
        source = self._source(path if path is not None else self._root / place.name)
        raw = {} if path is None else source.valid_object("a query") or {}
        if path is None and old is not None and "jql_query" in old[0]:
            raw = {"jql_query": old[0]["jql_query"]}
        record = query_from(place.id, raw, profile.created_at, source)
        if record is None:
            return []
        return [self._legacy_query(record, profile, place.files, {} if old is None else old[0])]

    def _saved_queries(self, path: Path, profile: Profile, taken: set[str]) -> list[LegacyQuery]:
        """jira_query_profiles.json: JQL that was saved before there were profiles, each a query of the one profile."""
        source = self._source(path)
        value = source.value()
        if value is NOTHING:
            return []
        if type(value) is not list:
            source.reject("", f"expected a list of saved queries, got {name_of_type(value)}", value)
            return []
        found: dict[str, tuple[str, Any, Query]] = {}
        for position, raw in enumerate(value):
            place = f"[{position}]"
            query_id = raw.get("id") if type(raw) is dict else None
            if type(query_id) is not str or not query_id or query_id in taken:
                source.reject(place, "expected a saved query with an id of its own", raw)
                continue
            record = query_from(query_id, source.repaired(raw, place), profile.created_at, source)
            if record is None:
                continue
            if query_id in found:
                first, lost, _ = found[query_id]
                source.reject(first, "two saved queries have this id; the last counts", lost, kind="superseded")
            found[query_id] = place, raw, record
        return [self._legacy_query(record, profile, {}, {}) for _, _, record in found.values()]

    def _legacy_query(self, record: Query, profile: Profile, files: dict[str, Path], settings: Json) -> LegacyQuery:
        return LegacyQuery(
            record=record,
            files=files,
            root=self._root,
            zone=self._zone,
            points_field=points_field_of(profile),
            settings=settings,
        )

    def _is_identifier(self, place: ProfilePlace | QueryPlace) -> bool:
        try:
            check_identifier(place.id, "the folder's name is no id")
        except ValidationError as refusal:
            queries = place.queries if isinstance(place, ProfilePlace) else []
            for path in [path for each in (place, *queries) for path in each.files.values()]:
                held = contents_of(path)
                name = self._places.name_of(path)
                self._findings.rejects.append(
                    Reject(file=name, reason=str(refusal), raw=held.text, encoding=held.encoding)
                )
            return False
        return True

    def _source(self, path: Path, *, refetchable: bool = False) -> Source:
        return Source(path, name_below(self._root, path), self._findings, self._zone, refetchable=refetchable)

    def _ignore(self, path: Path, reason: str) -> None:
        self._findings.ignored.append(Ignored(file=self._places.name_of(path), reason=reason))
