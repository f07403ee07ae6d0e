"""Files of the old application, and their migration by whatever the backend under test is migrated with."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from burndown_store.contract import MigrationError

__all__ = [
    "backed_up",
    "delete_files",
    "files_below",
    "manifest_of",
    "migrate",
    "migration_of",
    "progress_of",
    "refusal_of",
    "report_told",
    "restore",
    "sizes_and_sums",
    "write_files",
]


def write_files(location: Path, files: dict[str, Any]) -> None:
    """Write files by their paths below the location: bytes as they are, other values as JSON with an indent of 2."""
    for name, content in files.items():
        path = location.joinpath(*name.split("/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content, indent=2).encode("utf-8"))


def delete_files(location: Path, names: Iterable[str]) -> None:
    """Delete files by their paths below the location."""
    for name in names:
        location.joinpath(*name.split("/")).unlink()


def files_below(location: Path, names: Iterable[str] | None = None) -> dict[str, str]:
    """The SHA-256 sums of the files by their paths below the location: of all, or of `names`, as far as they exist."""
    paths = location.rglob("*") if names is None else [location.joinpath(*name.split("/")) for name in names]
    sums = {
        path.relative_to(location).as_posix(): sha256(path.read_bytes()).hexdigest() for path in paths if path.is_file()
    }
    return dict(sorted(sums.items()))


def migration_of(open_backend: Any) -> Any:
    """What the factory, or else its module, offers as `migration`; otherwise the one of the library."""
    for holder in (open_backend, importlib.import_module(open_backend.__module__)):
        found = getattr(holder, "migration", None)
        if found is not None:
            return found
    return importlib.import_module("burndown_store.migration")


def migrate(open_backend: Any, location: Path, **options: Any) -> dict[str, Any]:
    """Migrate the files at the location into the store there; what the migration reports, as plain values."""
    return report_told(migration_of(open_backend).migrate(location, open_backend, **options), location)


def report_told(report: Any, location: Path) -> dict[str, Any]:
    """A migration's report as plain values; the backup is told by its path below the location, "" for none."""
    places = ("file", "place", "line", "column", "kind", "reason", "raw", "encoding")
    return {
        "outcome": report.outcome,
        "generation": report.generation,
        "counts": dict(report.counts),
        "rejects": [{name: getattr(reject, name) for name in places} for reject in report.rejects],
        "ignored": [{"file": ignored.file, "reason": ignored.reason} for ignored in report.ignored],
        "notes": [{"file": note.file, "place": note.place, "what": note.what} for note in report.notes],
        "naive_times": report.naive_times,
        "problems": list(report.problems),
        "backup": "" if report.backup is None else Path(report.backup).relative_to(location).as_posix(),
    }


def progress_of(open_backend: Any, location: Path, **options: Any) -> list[Any]:
    """Migrate, and give what was told meanwhile: a list of phase, done, total and what, for each time."""
    told: list[Any] = []

    def hear(progress: Any) -> None:
        told.append([progress.phase, progress.done, progress.total, progress.what])

    migration_of(open_backend).migrate(location, open_backend, progress=hear, **options)
    return told


def refusal_of(open_backend: Any, location: Path, **options: Any) -> list[str]:
    """The problems that a migration is refused for; none where it is done."""
    try:
        migrate(open_backend, location, **options)
    except MigrationError as error:
        return list(error.problems)
    return []


def restore(open_backend: Any, location: Path, backup: str) -> list[str]:
    """Put the files back that the backup, a path below the location, holds; their paths below the location."""
    restored = migration_of(open_backend).restore(location, location.joinpath(*backup.split("/")))
    return sorted(restored.files)


def backed_up(location: Path, backup: str) -> dict[str, str]:
    """The SHA-256 sums of the copies in the backup, by the paths below the location that their originals have."""
    return files_below(location.joinpath(*backup.split("/"), "files"))


def manifest_of(location: Path, backup: str) -> dict[str, list[Any]]:
    """Size and SHA-256 sum of each file in the backup, as its manifest tells them."""
    manifest = json.loads(location.joinpath(*backup.split("/"), "manifest.json").read_bytes())
    return {name: [entry["bytes"], entry["sha256"]] for name, entry in sorted(manifest["files"].items())}


def sizes_and_sums(files: dict[str, Any]) -> dict[str, list[Any]]:
    """Size and SHA-256 sum of each file of these contents, all of them bytes."""
    return {name: [len(data), sha256(data).hexdigest()] for name, data in sorted(files.items())}
