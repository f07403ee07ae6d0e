"""Migrations that know old files in one shape only (contract, 21.21 to 21.23)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

from burndown_store.contract import replace
from burndown_store.legacy.documents import Contents
from burndown_store.sqlite import SqliteBackend
from deviating import Deviating
from saboteurs import saboteur
from saboteurs.migration_damages import replace_text

Right = Callable[..., Any]

DOCUMENTS = "burndown_store.legacy.documents"
PLACES = "burndown_store.legacy.places"
READING = "burndown_store.legacy.reading"
REGISTRY = "burndown_store.legacy.registry"
SOURCES = "burndown_store.legacy.sources"


@saboteur(
    "migration-survives-missing-files",
    "migration-loses-nothing",
    "any-workspace-is-migrated",
    says="profiles",
)
class NeedsTheRegistry(SqliteBackend):
    """Finds no profiles where there is no registry."""

    @staticmethod
    def _listed(right: Right) -> Right:
        return lambda self, *args: right(self, *args) if self._places.registry else []

    migration = Deviating({f"{READING}:_Reading._profile": _listed})


@saboteur(
    "migration-survives-missing-files",
    "migration-loses-nothing",
    says="queries",
)
class NeedsQueryJson(SqliteBackend):
    """Takes a folder with a cache, and without query.json, for none of a query."""

    @staticmethod
    def _with_its_file(right: Right) -> Right:
        def query(self: Any, place: Any, *more: Any) -> Any:
            is_left_over = "jira_cache.json" in place.files and "query.json" not in place.files
            return [] if is_left_over else right(self, place, *more)

        return query

    migration = Deviating({f"{READING}:_Reading._query": _with_its_file})


@saboteur("migration-reads-temporary-files", says="profiles")
class KnowsNoTemporaryFiles(SqliteBackend):
    """Looks for files by their own names."""

    migration = Deviating({f"{PLACES}:_Search._is_temporary": lambda _: staticmethod(lambda *_: False)})


@saboteur("migration-reads-temporary-files", says="migrated")
class TakesTheLatestTemporaryFile(SqliteBackend):
    """Takes the temporary file that was written last, whether it is whole or not."""

    migration = Deviating({f"{PLACES}:_is_whole": lambda _: lambda _: True})


def _first_at_a_key(_: Right) -> Right:
    return lambda self, pairs: dict(reversed(pairs))


@saboteur(
    "migration-takes-the-last-of-two-at-one-key",
    "migration-takes-the-newest-of-two-spellings",
    "migration-keeps-the-neighbours-of-what-is-bad",
    says=("list_profiles", "Team Green"),
)
class TakesTheFirstAtAKey(SqliteBackend):
    """Takes the first of two values at one key."""

    migration = Deviating({f"{DOCUMENTS}:Decoder._object": _first_at_a_key})


@saboteur("migration-takes-the-last-of-two-at-one-key", says=("list_profiles", "the first"))
class KeepsTheFirstEntry(SqliteBackend):
    """Keeps the first entry of the registry where it has two."""

    @staticmethod
    def _unless_there(right: Right) -> Right:
        def enter(found: Any, profile_id: Any, *more: Any) -> None:
            if profile_id not in found:
                right(found, profile_id, *more)

        return enter

    migration = Deviating({f"{REGISTRY}:_enter": _unless_there})


@saboteur(
    "migration-reads-any-spelling",
    "migration-survives-a-file-of-something-else",
    says=("has the outcome ['migrated']", "'outcome': 'refused'"),
)
class MindsTheMark(SqliteBackend):
    """Reads a byte order mark as a part of the text."""

    @staticmethod
    def _with_mark(right: Right) -> Right:
        def contents_of(path: Path) -> Contents:
            contents: Contents = right(path)
            has_mark = path.is_file() and path.read_bytes().startswith(b"\xef\xbb\xbf")
            return replace_text(contents, "\ufeff" + contents.text) if has_mark else contents

        return contents_of

    migration = Deviating({f"{SOURCES}:contents_of": _with_mark})


@saboteur(
    "migration-reads-any-spelling",
    "migration-survives-a-cut-file",
    says="contents_apart_from",
)
class ReadsInThePlatformsEncoding(SqliteBackend):
    """Reads files in the encoding of the platform, cp1252."""

    @staticmethod
    def _in_cp1252(right: Right) -> Right:
        def contents_of(path: Path) -> Contents:
            contents: Contents = right(path)
            return replace_text(contents, contents.text.encode("utf-8").decode("cp1252", "replace"))

        return contents_of

    migration = Deviating({f"{SOURCES}:contents_of": _in_cp1252})


@saboteur("migration-keeps-names-encoded-twice", says="names_by_id")
class MendsNames(SqliteBackend):
    """Mends what looks as if it had been encoded twice."""

    @staticmethod
    def _mended(right: Right) -> Right:
        def profile_from(*args: Any, **more: Any) -> Any:
            profile = right(*args, **more)
            try:
                return replace(profile, name=profile.name.encode("cp1252").decode("utf-8"))
            except (UnicodeError, AttributeError):
                return profile

        return profile_from

    migration = Deviating({f"{READING}:profile_from": _mended})


def _with_id(changed: Callable[[str, Any], str]) -> Deviating:
    """A migration in which the ids of queries are other ones."""

    def deviates(right: Right) -> Right:
        return lambda query_id, raw, *more: right(changed(query_id, raw), raw, *more)

    return Deviating({f"{READING}:query_from": deviates})


@saboteur("migration-keeps-folder-names-as-ids", says="names_by_id")
class StripsFolderNames(SqliteBackend):
    """Takes the space off the ends of a folder's name."""

    migration = _with_id(lambda query_id, _: query_id.strip())


@saboteur("migration-keeps-folder-names-as-ids", says="names_by_id")
class FoldsFolderNames(SqliteBackend):
    """Folds the case of a folder's name."""

    migration = _with_id(lambda query_id, _: query_id.casefold())


@saboteur("migration-keeps-folder-names-as-ids", says="names_by_id")
class NormalisesFolderNames(SqliteBackend):
    """Normalises a folder's name."""

    migration = _with_id(lambda query_id, _: unicodedata.normalize("NFC", query_id))


@saboteur("migration-keeps-folder-names-as-ids", says="names_by_id")
class BelievesTheIdInTheFile(SqliteBackend):
    """Takes the id that stands in the file, where one does."""

    migration = _with_id(lambda query_id, raw: raw.get("id") or query_id)


@saboteur("migration-keeps-folder-names-as-ids", says="names_by_id")
class PassesOverHiddenFolders(SqliteBackend):
    """Passes over folders whose name begins with a dot."""

    @staticmethod
    def _not_hidden(right: Right) -> Right:
        return lambda self, folder: [name for name in right(self, folder) if not name.startswith(".")]

    migration = Deviating({f"{PLACES}:_Search._names": _not_hidden})


@saboteur(
    "migration-keeps-what-nothing-refers-to",
    "migration-takes-the-last-of-two-at-one-key",
    says=("names_by_id", "'registered'"),
)
class DropsWhatHasNoFolder(SqliteBackend):
    """Drops a profile that is in the registry alone."""

    migration = Deviating({f"{READING}:_Reading._registered_only": lambda _: lambda *_: []})


@saboteur(
    "migration-keeps-what-nothing-refers-to",
    "migration-keeps-the-active-ids",
    "any-workspace-is-migrated",
    says=("get_app_state('active_profile_id')", "'gone'"),
)
class KeepsDanglingIds(SqliteBackend):
    """Takes the active ids as they stand in the registry."""

    @staticmethod
    def _as_they_stand(right: Right) -> Right:
        def app_state_of(registry: Any, *more: Any) -> dict[str, str]:
            active = {name: registry.others.get(name) for name in ("active_profile_id", "active_query_id")}
            return {**right(registry, *more), **{name: said for name, said in active.items() if said}}

        return app_state_of

    migration = Deviating({f"{READING}:app_state_of": _as_they_stand})


@saboteur(
    "migration-keeps-a-profile",
    "migration-takes-the-last-of-two-at-one-key",
    "migration-keeps-names-encoded-twice",
    says="An older name",
)
class BelievesTheRegistrysName(SqliteBackend):
    """Takes a profile's name from the registry, where it has one."""

    @staticmethod
    def _as_registered(right: Right) -> Right:
        def profile_from(profile_id: str, raw: Any, entry: Any, *args: Any, **more: Any) -> Any:
            named = {"name": entry["name"]} if entry and "name" in entry else {}
            return right(profile_id, {**raw, **named}, entry, *args, **more)

        return profile_from

    migration = Deviating({f"{READING}:profile_from": _as_registered})


@saboteur(
    "any-workspace-is-migrated",
    "migration-loses-nothing",
    says="last_used_at",
)
class BelievesTheProfilesLastUse(SqliteBackend):
    """Takes it from the profile itself when it was used last, where it says so."""

    @staticmethod
    def _by_itself(right: Right) -> Right:
        def profile_from(profile_id: str, raw: Any, entry: Any, *args: Any, **more: Any) -> Any:
            if entry and raw.get("last_used"):
                entry = {**entry, "last_used": raw["last_used"]}
            return right(profile_id, raw, entry, *args, **more)

        return profile_from

    migration = Deviating({f"{READING}:profile_from": _by_itself})


@saboteur("any-workspace-is-migrated", "migration-keeps-what-nothing-refers-to", says="told_by")
class NamesQueriesByTheirIds(SqliteBackend):
    """Gives a query without a name its id for one."""

    @staticmethod
    def _by_id(_: Right) -> Right:
        return lambda query_id: query_id

    migration = Deviating({"burndown_store.legacy.profiles:title_of": _by_id})
