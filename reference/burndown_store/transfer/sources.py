"""Whatever was exported, by this library or by the old application, as a bundle."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace as with_fields
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import TypeVar

from burndown_store.contract import Profile, replace
from burndown_store.legacy import Ignored, Note, QueryContents, Reject
from burndown_store.transfer.archives import Allowance, extract, is_archive
from burndown_store.transfer.bundles import Bundle, BundledProfile, BundledQuery
from burndown_store.transfer.errors import ImportRefusedError
from burndown_store.transfer.folders import bundle_of_folder
from burndown_store.transfer.packages import Package, arrange_archive, package_of
from burndown_store.transfer.secrets import MARK, is_secret

__all__ = ["bundle_from"]

Finding = TypeVar("Finding", Reject, Note, Ignored)

_REGISTRY = "profiles/profiles.json"


@contextmanager
def bundle_from(source: Path, zone: tzinfo, as_id: str | None) -> Iterator[Bundle]:
    """What the folder or file `source` holds, as long as the body runs.

    Nothing in it is changed: files are unpacked elsewhere. Raises `ImportRefusedError`, `SchemaVersionError`,
    `StorageError` and `OSError`.
    """
    with ExitStack() as stack:
        if source.is_dir():
            yield _of_folder(source, zone, stack, str(source))
        elif not source.exists():
            raise ImportRefusedError(f"{source}: there is no such file or folder; see to the spelling of its name")
        elif not source.is_file():
            raise ImportRefusedError(f"{source}: neither a file nor a folder; name what was exported")
        elif source.stat().st_size == 0:
            raise ImportRefusedError(f"{source}: the file is empty (0 bytes); download or copy it again")
        elif is_archive(source):
            bundles = _of_archive(source, zone, as_id, stack, Allowance(), str(source), source.name)
            yield _together(bundles)
        else:
            root = _new_folder(stack)
            try:
                package = package_of(source, zone, as_id, str(source))
                package.write(root)
            except RecursionError:
                raise ImportRefusedError(f"{source}: nested too deeply; no package of the application is") from None
            yield _of_package(root, package, zone, stack, str(source), source.name)


def _new_folder(stack: ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="burndown-import-")))


def _of_folder(folder: Path, zone: tzinfo, stack: ExitStack, label: str) -> Bundle:
    bundle, exact = bundle_of_folder(folder, zone, stack, label)
    return bundle if exact else _without_marks(bundle)


def _of_package(root: Path, package: Package, zone: tzinfo, stack: ExitStack, label: str, name: str) -> Bundle:
    """The files of a package, and what was found in it before they were made; it is called `name` in findings."""
    found = _of_folder(root, zone, stack, label)
    bundle = with_fields(
        found,
        rejects=(*package.rejects, *found.rejects),
        notes=(*package.notes, *found.notes),
        ignored=(*package.ignored, *found.ignored),
        naive_times=package.naive_times + found.naive_times,
    )
    return _named(bundle, name)


def _of_archive(
    path: Path, zone: tzinfo, as_id: str | None, stack: ExitStack, allowance: Allowance, label: str, name: str
) -> list[Bundle]:
    """The bundles of an archive: of a profile, of a folder that somebody packed, or of archives of profiles."""
    root = _new_folder(stack)
    extract(path, root, allowance, label)
    root = _packed_as_one(root)
    files = sorted(path for path in root.rglob("*") if path.is_file())
    if (root / "profile.json").exists():
        into = _new_folder(stack)
        package = arrange_archive(root, into, as_id, label)
        return [_of_package(into, package, zone, stack, label, name)]
    inner = [] if (root / _REGISTRY).exists() else [path for path in files if is_archive(path)]
    if not inner:
        return [_named(_of_folder(root, zone, stack, label), name)]
    allowance.nesting -= 1
    names = {path: path.relative_to(root).as_posix() for path in files}
    bundles = [
        _named(bundle, name)
        for path in inner
        for bundle in _of_archive(path, zone, None, stack, allowance, f"{label}: {names[path]}", names[path])
    ]
    allowance.nesting += 1
    others = tuple(
        Ignored(file=f"{name}/{names[path]}", reason="lies beside archives of profiles, and is none")
        for path in files
        if path not in inner
    )
    return [*bundles, Bundle(ignored=others)]


def _packed_as_one(root: Path) -> Path:
    """The folder itself, where somebody packed it and not what lies in it."""
    inside = [path for path in root.iterdir() if path.name != "__MACOSX"]
    only_a_folder = len(inside) == 1 and inside[0].is_dir() and inside[0].name != "profiles"
    return inside[0] if only_a_folder else root


def _together(bundles: list[Bundle]) -> Bundle:
    return Bundle(
        profiles=tuple(profile for bundle in bundles for profile in bundle.profiles),
        app_state={key: value for bundle in bundles for key, value in bundle.app_state.items()},
        tasks=tuple(task for bundle in bundles for task in bundle.tasks),
        rejects=tuple(reject for bundle in bundles for reject in bundle.rejects),
        notes=tuple(note for bundle in bundles for note in bundle.notes),
        ignored=tuple(ignored for bundle in bundles for ignored in bundle.ignored),
        naive_times=sum(bundle.naive_times for bundle in bundles),
    )


def _named(bundle: Bundle, name: str) -> Bundle:
    """The bundle with the findings' files below `name`."""
    return with_fields(
        bundle,
        profiles=tuple(
            BundledProfile(
                profile.record,
                tuple(BundledQuery(query.record, partial(_named_contents, query, name)) for query in profile.queries),
            )
            for profile in bundle.profiles
        ),
        rejects=_below(name, bundle.rejects),
        notes=_below(name, bundle.notes),
        ignored=_below(name, bundle.ignored),
    )


def _named_contents(query: BundledQuery, name: str) -> QueryContents:
    contents = query.read()
    return with_fields(contents, rejects=_below(name, contents.rejects), notes=_below(name, contents.notes))


def _below(name: str, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(with_fields(each, file=f"{name}/{each.file}" if each.file else name) for each in findings)


def _without_marks(bundle: Bundle) -> Bundle:
    """What stands in place of a token is no token."""
    notes = list(bundle.notes)
    profiles = []
    for profile in bundle.profiles:
        record = _without_mark(profile.record)
        profiles.append(BundledProfile(record, profile.queries))
        if record is not profile.record:
            what = "it was exported without its token; enter the token again"
            notes.append(Note(file=f"profiles/{record.id}/profile.json", place="jira_config", what=what))
    return with_fields(bundle, profiles=tuple(profiles), notes=tuple(notes))


def _without_mark(profile: Profile) -> Profile:
    left = {name: value for name, value in profile.jira_config.items() if not (is_secret(name) and value == MARK)}
    return profile if len(left) == len(profile.jira_config) else replace(profile, jira_config=left)
