"""The packages that the old application offered for download, as files of its own layout: path below a root to content.

JSON packages, version 2, of both eras; what they have where:

    profile_data                           profile.json
    query_data.ID.query_metadata           queries/ID/query.json
    query_data.ID.project_data             queries/ID/project_data.json; so are `statistics` and `project_scope`
    query_data.ID.jira_cache               queries/ID/jira_cache.json; rows of columns become raw issues
    query_data.ID.metrics_snapshots        queries/ID/metrics_snapshots.json; so are the rows of `metrics`
    query_data.ID.changelog_entries        queries/ID/jira_changelog_cache.json
    any other member of query_data.ID      a member of query.json, which is kept in the query's `extra`
    any other member of the package        a member of profile.json, which is kept in the profile's `extra`
    manifest                               ignored: it tells of the package

Archives, version 1: profile.json, queries/ID.json (the query alone), cache/NAME (files that the application put beside
the profile), manifest.json.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

from burndown_store.contract import Json
from burndown_store.legacy import Ignored, Note, Reject
from burndown_store.legacy.documents import Decoder, UnreadableError, contents_of, json_of, spelled
from burndown_store.transfer.archives import is_file_name
from burndown_store.transfer.errors import ImportRefusedError
from burndown_store.transfer.rows import Rows

__all__ = ["Package", "arrange_archive", "package_of"]

_STRAYS: Final = (
    *("app_settings.json", "project_data.json", "metrics_snapshots.json"),
    *("jira_cache.json", "jira_changelog_cache.json"),
)
_NO_PACKAGE: Final = "neither an export package nor an archive of the old application; name the file that it gave you"


@dataclass(slots=True)
class Package:
    """`files` by their paths below a root, each a JSON object, and what was found out on the way."""

    files: dict[str, Json] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)
    naive_times: int = 0

    def write(self, root: Path) -> None:
        """Make the files. Raises `OSError`."""
        for name, content in self.files.items():
            path = root.joinpath(*name.split("/"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content), encoding="utf-8")


def package_of(path: Path, zone: tzinfo, as_id: str | None, label: str) -> Package:
    """The JSON package in the file `path`; its profile is called `as_id` where it does not say what.

    Raises `ImportRefusedError`, which calls the file `label`.
    """
    package = Package()
    document = _document_in(path, package, label)
    profile, manifest = document.pop("profile_data", None), document.pop("manifest", None)
    if type(profile) is not dict or type(manifest) is not dict:
        raise ImportRefusedError(f"{label}: {_NO_PACKAGE}")
    version = manifest.get("version", "2.0")
    if type(version) is not str or not version.startswith("2."):
        raise ImportRefusedError(f"{label}: a package of a version that is not known here; use a newer software")
    package.ignored.append(Ignored(file="manifest", reason="it tells of the package alone"))
    home = f"profiles/{_id_of(profile, manifest, as_id, label)}"
    queries = document.pop("query_data", None)
    package.files[f"{home}/profile.json"] = _with_others(profile, document, package, "")
    points_field = _points_field_of(profile)
    if type(queries) is dict:
        _expect_folders(list(queries), label)
        for query_id, raw in queries.items():
            _add_query(package, f"{home}/queries/{query_id}", f"query_data.{query_id}", raw, Rows(zone, points_field))
    elif queries is not None:
        package.rejects.append(_reject("query_data", "expected queries by id (a JSON object)", queries))
    return package


def arrange_archive(root: Path, into: Path, as_id: str | None, label: str) -> Package:
    """Move the files of an archive of version 1 from `root` to where they lay in the application, below `into`.

    Raises `ImportRefusedError`, which calls the archive `label`, and `OSError`.
    """
    package = Package()
    manifest, profile = (_object_in(root / name) for name in ("manifest.json", "profile.json"))
    home = into / "profiles" / _id_of(profile, manifest, as_id, label)
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        parts = path.relative_to(root).parts
        if parts == ("manifest.json",):
            package.ignored.append(Ignored(file="manifest.json", reason="it tells of the archive alone"))
            continue
        if len(parts) == 2 and parts[0] == "queries" and path.suffix == ".json":
            parts = ("queries", path.stem, "query.json")
        elif len(parts) == 2 and parts[0] == "cache" and parts[1] in _STRAYS:
            parts = parts[1:]
        target = home.joinpath(*parts)
        if target.exists():
            raise ImportRefusedError(f"{label}: two files in it are the same file of a query; remove one of them")
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    return package


def _document_in(path: Path, package: Package, label: str) -> Json:
    contents, decoder = contents_of(path), Decoder()
    try:
        if contents.unreadable is not None:
            raise contents.unreadable
        if contents.text.lstrip()[:1] != "{":
            raise ImportRefusedError(f"{label}: {_NO_PACKAGE}")
        document: Json = json_of(contents.text, decoder)
    except UnreadableError as error:
        where = "" if error.line is None else f"line {error.line}, column {error.column}: "
        raise ImportRefusedError(f"{label}: {where}{error.reason}; download or copy it again") from None
    for place, lost in decoder.taken_twice(document):
        reason = "the key stands twice in one object; its last value counts"
        package.rejects.append(_reject(spelled(place), reason, lost, superseded=True))
    if decoder.long_numbers:
        package.notes.append(Note(file="", what=f"{decoder.long_numbers} integers of hundreds of digits became text"))
    return document


def _object_in(path: Path) -> Json:
    """The object that the file holds; an empty one where it cannot be read, which its reader will tell."""
    try:
        found = json_of(contents_of(path).text, Decoder())
    except UnreadableError:
        return {}
    return found if type(found) is dict else {}


def _id_of(profile: Json, manifest: Json, as_id: str | None, label: str) -> str:
    listed = manifest.get("profiles")
    first = listed[0] if type(listed) is list and listed else None
    said = [profile.get("id"), manifest.get("profile_id"), first.get("id") if type(first) is dict else first]
    found = next((each for each in said if type(each) is str and each), None)
    if found is None and as_id is None:
        raise ImportRefusedError(f"{label}: it does not say which profile it holds; give it an id with --as NEW_ID")
    # What it is called in the store is settled later; here it needs a folder.
    profile_id = "profile" if found is None else found
    _expect_folders([profile_id], label)
    return profile_id


def _expect_folders(ids: list[str], label: str) -> None:
    if not all(map(is_file_name, ids)):
        raise ImportRefusedError(f"{label}: an id of a profile or query in it is no name of a folder; do not import it")
    if len({each.casefold() for each in ids}) < len(ids):
        raise ImportRefusedError(f"{label}: two queries in it differ by case alone; rename one of them")


def _points_field_of(profile: Json) -> str | None:
    jira = profile.get("jira_config")
    name = jira.get("points_field") if type(jira) is dict else None
    return name if type(name) is str and name else None


def _add_query(package: Package, home: str, place: str, raw: Any, rows: Rows) -> None:
    if type(raw) is not dict:
        package.rejects.append(_reject(place, "expected a query (a JSON object)", raw))
        return
    left = dict(raw)
    query = left.pop("query_metadata", None)
    if type(query) is not dict:
        left.update({} if query is None else {"query_metadata": query})
        query = {}
    files = rows.files_of(left)
    package.files.update({f"{home}/{name}": content for name, content in files.items()})
    package.files[f"{home}/query.json"] = _with_others(query, left, package, place)
    package.naive_times += rows.naive_times
    for inner, reason, lost, superseded in rows.rejected:
        package.rejects.append(_reject(f"{place}.{inner}", reason, lost, superseded=superseded))


def _with_others(known: Json, others: Json, package: Package, place: str) -> Json:
    """`known` with those members beside it that nothing reads; where a name is taken, its own value counts."""
    for name in others.keys() & known.keys():
        where = f"{place}.{name}".removeprefix(".")
        package.rejects.append(_reject(where, "the name means something else where it would be kept", others[name]))
    return {**others, **known}


def _reject(place: str, reason: str, raw: Any, *, superseded: bool = False) -> Reject:
    kind: Any = "superseded" if superseded else "unplaced"
    return Reject(file="", place=place, kind=kind, reason=reason, raw=json.dumps(raw))
