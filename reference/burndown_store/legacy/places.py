"""Which file is what, in the folders of every generation. Looks at names, and never into the application's own root.

G3, G2   profiles/profiles.json, profiles/{profile}/profile.json or app_settings.json, …/queries/{query}/*.json
G1       app_settings.json, project_data.json, jira_cache.json … in the root
G0       forecast_settings.json and a CSV file of statistics in the root
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from burndown_store.legacy.documents import Decoder, UnreadableError, contents_of, json_of
from burndown_store.legacy.findings import Findings, Ignored, Note, Reject

__all__ = ["Generation", "Places", "ProfilePlace", "QueryPlace", "find_places", "name_below"]

Generation = Literal["G0", "G1", "G2", "G3"]

# What lies in a query's folder since G2 and lay in the root before; some of it also strayed into profile folders.
QUERY_FILES: Final = (
    "project_data.json",
    "metrics_snapshots.json",
    "jira_cache.json",
    "jira_changelog_cache.json",
)
SETTINGS: Final = "app_settings.json"
SAVED_QUERIES: Final = "jira_query_profiles.json"
CSV_FILES: Final = ("forecast_statistics.csv", "statistics.csv")

_ROOT_FILES: Final = (SETTINGS, "forecast_settings.json", *QUERY_FILES, SAVED_QUERIES, *CSV_FILES)

_TEMPORARY: Final = {
    "profiles.json": re.compile(r"profiles\.tmp"),
    "profile.json": re.compile(r"profile(\.json)?\.tmp"),
    "query.json": re.compile(r"query(\.json)?\.tmp"),
    "project_data.json": re.compile(r"project_data(_.*|\.json)?\.tmp"),
    "metrics_snapshots.json": re.compile(r"metrics_snapshots_.*\.json|metrics_snapshots.*\.tmp"),
    "app_settings.json": re.compile(r"app_settings(\.json)?\.tmp"),
    "forecast_settings.json": re.compile(r"forecast_settings(\.json)?\.tmp"),
    "task_progress.json": re.compile(r"\.?task_progress(\.json)?(\..*)?\.tmp"),
}

NOT_OURS: Final = "no file of the application"
_SAFETY_COPY: Final = "a safety copy that the move to profiles/ made; the original was moved"


def name_below(root: Path, path: Path) -> str:
    """The path below `root` with `/`, "" for the root itself; what is no Unicode in it is escaped."""
    name = path.relative_to(root).as_posix()
    return "" if name == "." else name.encode("utf-8", "backslashreplace").decode("utf-8")


@dataclass(slots=True)
class QueryPlace:
    """The folder of a query, and its files by their names."""

    id: str
    name: str
    files: dict[str, Path] = field(default_factory=dict)


@dataclass(slots=True)
class ProfilePlace:
    """The folder of a profile, its files by their names, and its queries by id."""

    id: str
    name: str
    files: dict[str, Path] = field(default_factory=dict)
    queries: list[QueryPlace] = field(default_factory=list)


@dataclass(slots=True)
class Places:
    """`generation` is None where no file of the application is found."""

    root: Path
    generation: Generation | None = None
    registry: Path | None = None
    tasks: Path | None = None
    saved_queries: Path | None = None
    profiles: list[ProfilePlace] = field(default_factory=list)

    def name_of(self, path: Path) -> str:
        return name_below(self.root, path)


def find_places(root: Path, findings: Findings) -> Places:
    """The files below `root`. What is left aside goes to `findings`.

    A temporary file counts as its target where that is missing and the temporary file is whole; of several, the
    one written last. Files of G1 and G0 in the root count only where profiles/ has no profile: the application moved
    them there, and never looked at the root again.
    """
    return _Search(root, findings).places()


class _Search:
    def __init__(self, root: Path, findings: Findings) -> None:
        self._places, self._findings = Places(root), findings

    def places(self) -> Places:
        places = self._places
        self._profiles_folder(places.root / "profiles")
        names = self._names(places.root)
        places.tasks = self._claimed(places.root, ("task_progress.json",), names).get("task_progress.json")
        if places.profiles:
            shapes = [name for profile in places.profiles for name in profile.files]
            shapes += [name for profile in places.profiles for query in profile.queries for name in query.files]
            old = SETTINGS in shapes and "profile.json" not in shapes and "query.json" not in shapes
            places.generation = "G2" if old else "G3"
            stayed = self._finish_the_move(names)
            old_files = [name for name in names if name in _ROOT_FILES or self._is_temporary(name, *_ROOT_FILES)]
            old_files = [name for name in old_files if name not in stayed]
            reason = "the application reads profiles/ instead since it moved there"
            self._ignore_all([places.root / name for name in old_files], reason)
        elif in_root := self._claimed(places.root, _ROOT_FILES, names):
            self._root_as_profile(in_root)
        elif places.registry is not None:
            places.generation = "G3"
        self._set_aside_in_root()
        return places

    def _profiles_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            if folder.exists():
                self._ignore(folder, "a file where the application has a folder")
            return
        names = self._names(folder)
        files = self._claimed(folder, ("profiles.json",), names)
        self._places.registry = files.get("profiles.json")
        folders = [folder / name for name in names if (folder / name).is_dir()]
        self._set_aside(folder, names, [*files.values(), *folders], ("profiles.json",))
        for inner in folders:
            self._profile_folder(inner)

    def _profile_folder(self, folder: Path) -> None:
        names = self._names(folder)
        own = ("profile.json", SETTINGS, *QUERY_FILES)
        place = ProfilePlace(folder.name, self._places.name_of(folder), self._claimed(folder, own, names))
        taken = list(place.files.values())
        queries = folder / "queries"
        if queries.is_dir():
            inner = self._names(queries)
            folders = [queries / name for name in inner if (queries / name).is_dir()]
            place.queries = [self._query_folder(query) for query in folders]
            self._set_aside(queries, inner, folders)
            taken.append(queries)
        self._set_aside(folder, names, taken, own)
        if place.files or place.queries:
            self._places.profiles.append(place)
        else:
            self._ignore(folder, "a folder without any file of a profile")

    def _query_folder(self, folder: Path) -> QueryPlace:
        names = self._names(folder)
        known = ("query.json", SETTINGS, *QUERY_FILES)
        place = QueryPlace(folder.name, self._places.name_of(folder), self._claimed(folder, known, names))
        self._set_aside(folder, names, place.files.values(), known)
        return place

    def _set_aside(self, folder: Path, names: list[str], taken: Iterable[Path], targets: tuple[str, ...] = ()) -> None:
        """List what is neither taken nor a temporary file of `targets`, which is listed with its target."""
        kept = {path.name for path in taken}
        for name in names:
            temporary = self._is_temporary(name, *targets) and (folder / name).is_file()
            if name not in kept and not temporary:
                self._ignore(folder / name, NOT_OURS)

    def _root_as_profile(self, files: dict[str, Path]) -> None:
        """G1 and G0 keep one profile with one query in the root; ids and name are those that the application gave."""
        places = self._places
        places.saved_queries = files.pop(SAVED_QUERIES, None)
        query = QueryPlace("main", "", {name: files.pop(name) for name in QUERY_FILES if name in files})
        tables = [files.pop(name) for name in CSV_FILES if name in files]
        if "project_data.json" in query.files:
            self._ignore_all(tables, "project_data.json took its place")
        elif tables:
            query.files["statistics.csv"] = tables[0]
            self._ignore_all(tables[1:], f"{tables[0].name} lies beside it")
        oldest = files.pop("forecast_settings.json", None)
        newer = bool(query.files.keys() - {"statistics.csv"}) or SETTINGS in files or places.saved_queries is not None
        places.generation = "G1" if newer else "G0"
        if oldest is not None and SETTINGS in files:
            self._ignore(oldest, "app_settings.json took its place")
        elif oldest is not None:
            files[SETTINGS] = oldest
        places.profiles.append(ProfilePlace("default", "", files, [query]))

    def _finish_the_move(self, names: list[str]) -> list[str]:
        """The move put the root's files below profiles/default/queries/main one by one: one that it did not come to is
        read as if it had."""
        moved = [query for profile in self._places.profiles if profile.id == "default" for query in profile.queries]
        stayed: list[str] = []
        for query in moved:
            for name in QUERY_FILES:
                if query.id == "main" and name in names and name not in query.files:
                    query.files[name] = self._places.root / name
                    what = f"read as a file of {query.name}, where the move to profiles/ did not put it"
                    self._findings.notes.append(Note(file=name, what=what))
                    stayed.append(name)
        return stayed

    def _set_aside_in_root(self) -> None:
        root = self._places.root
        for name in self._names(root):
            if name == "metrics_cache.json":
                self._ignore(root / name, "a cache of computed values that nothing reads")
            elif name.endswith(".json.backup") or re.fullmatch(r"backup_forecast_statistics_.*\.csv", name):
                self._ignore(root / name, _SAFETY_COPY)
            elif name == "_migrated_backup":
                self._ignore_all([root / name / inner for inner in self._names(root / name)], _SAFETY_COPY)
        cache = root / "cache"
        old_caches = [cache / name for name in self._names(cache) if re.fullmatch(r"[0-9a-f]{32}\.json", name)]
        self._ignore_all(old_caches, "a cache of raw issues that belongs to no query; every query has its own")

    def _claimed(self, folder: Path, wanted: tuple[str, ...], names: list[str]) -> dict[str, Path]:
        found = _present(folder, wanted)
        for target in wanted:
            temporary = [folder / name for name in names if self._is_temporary(name, target) and name not in wanted]
            temporary = [path for path in temporary if path.is_file()]
            if target in found or not temporary:
                self._ignore_all(temporary, f"left behind by a save that was interrupted; {target} is there")
                continue
            whole = [path for path in temporary if _is_whole(path)]
            # Where none is whole, one is read all the same, so that its text is kept in a reject.
            chosen = max(whole or temporary, key=lambda path: (path.stat().st_mtime_ns, path.name))
            found[target] = chosen
            name = self._places.name_of(chosen)
            self._findings.notes.append(Note(file=name, what=f"read instead of {target}, which is missing"))
            self._ignore_all([path for path in temporary if path != chosen], f"{chosen.name} is read instead")
        return found

    @staticmethod
    def _is_temporary(name: str, *targets: str) -> bool:
        return any(target in _TEMPORARY and _TEMPORARY[target].fullmatch(name) for target in targets)

    def _names(self, folder: Path) -> list[str]:
        if not folder.is_dir():
            return []
        try:
            return sorted(path.name for path in folder.iterdir())
        except OSError as error:
            reason = f"the folder cannot be read: {error.strerror or type(error).__name__}"
            self._findings.rejects.append(Reject(file=self._places.name_of(folder) + "/", reason=reason, raw=""))
            return []

    def _ignore(self, path: Path, reason: str) -> None:
        name = self._places.name_of(path) + ("/" if path.is_dir() else "")
        self._findings.ignored.append(Ignored(file=name, reason=reason))

    def _ignore_all(self, paths: Iterable[Path], reason: str) -> None:
        for path in paths:
            self._ignore(path, reason)


def _present(folder: Path, wanted: tuple[str, ...]) -> dict[str, Path]:
    # A folder of that name counts as present: that it is no file is then said where it is read.
    return {name: folder / name for name in wanted if (folder / name).exists()}


def _is_whole(path: Path) -> bool:
    contents = contents_of(path)
    try:
        json_of(contents.text, Decoder())
    except UnreadableError:
        return False
    return contents.unreadable is None
