"""What `--json` prints: one document, ASCII, with these members. Paths are absolute, instants ISO 8601 in UTC.

Every command:   command, root
migrate          outcome: "migrated" | "already migrated" | "nothing to migrate" | "dry run"
                 generation: "G0" … "G3" | null           of the old files
                 backup, report: path | null              report is the file with all rejects, their text included
                 counts: {kind: number}                   of what is, or of a dry run would be, in the store
                 problems: [sentence]                     of a dry run: what would refuse the migration
                 naive_times: number                      times that named no zone, read in that of --zone
                 rejects: [{file, place, line, column, kind, reason}], ignored: [{file, reason}],
                 notes: [{file, place, what}]
export           out: path, profiles: [id], counts, files: number, with_secrets: bool
import           source: path, profiles: [id], counts, naive_times, rejects, ignored, notes
restore          backup: path, files: number, replaced: path | null, store: bool (whether it is still there)
check            sound: bool, schema_version: number, problems: [sentence]
compact          bytes_before, bytes_after: number
backup           backup: path, bytes: number
recover          sound: bool (whether it was, and nothing was done), saved, from_backup: {table: number of rows}
                 backup: path | null (that something was taken from), missing: [sentence],
                 set_aside: path | null (where the damaged files lie)
info             old_files: {generation: "G0" … "G3" | null, files: number, bytes: number}
                 store: null | {error: …}, as below | {bytes, schema_version,
                     migration: null | {outcome, at, generation, backup, zone},
                     profiles: [{id, name, queries: [{id, name, issues}]}]}
                 backups: [{path, state: "finished" | "restored" | "unfinished" | "damaged",
                            created_at: instant | null, generation: text | null, files: number, bytes: number}]
an error         {"error": {kind, message, problems: [sentence]}}, and nothing else; kind is a name of `Exit` in
                 lower case: refused, usage, busy, store, medium, conflict, bug, interrupted

No document holds what a profile, a query or a file says beyond ids, names and numbers: a token may stand anywhere.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

from burndown_store.command.exits import Exit, exit_of
from burndown_store.contract import Backend, MigrationError, PersistenceError
from burndown_store.legacy import Ignored, Note, Reject
from burndown_store.migration import FLAG, Backup, Report, Restored
from burndown_store.sqlite import Recovered
from burndown_store.transfer import Exported, Imported

__all__ = [
    "Document",
    "backup_document",
    "error_document",
    "exported_document",
    "imported_document",
    "recovered_document",
    "report_document",
    "restored_document",
    "store_document",
    "text_of",
]

Document: TypeAlias = dict[str, Any]

_FLAG_MEMBERS = ("outcome", "at", "generation", "backup", "zone")


def text_of(document: Document) -> str:
    """The document as it is printed."""
    return json.dumps(document, indent=2, ensure_ascii=True)


def error_document(error: BaseException) -> Document:
    """Of an error that ends the command. Quotes nothing but what the errors of the library say themselves."""
    problems = list(getattr(error, "problems", ()))
    return {"error": {"kind": exit_of(error).kind, "message": _message(error), "problems": problems}}


def _message(error: BaseException) -> str:
    kind = exit_of(error)
    if kind is Exit.INTERRUPTED:
        return "interrupted; the same command again does it, or ends what was begun"
    if kind is Exit.BUG:
        # The text of the error may hold what is stored; where it arose does not.
        at = traceback.extract_tb(error.__traceback__)[-1:]
        where = "".join(f" in {Path(each.filename).name}, line {each.lineno}" for each in at)
        return f"this is a bug of burndown-store: {type(error).__name__}{where}; please report this line"
    if isinstance(error, OSError) and not isinstance(error, PersistenceError):
        named = "" if error.filename is None else f"{error.filename}: "
        return f"{named}{error.strerror or type(error).__name__}; see to the medium, its space and its permissions"
    # A MigrationError tells its problems twice.
    return str(error).partition("\n  - ")[0]


def report_document(report: Report) -> Document:
    """Of a migration."""
    return {
        "outcome": report.outcome,
        "generation": report.generation,
        "backup": _path(report.backup),
        "report": None if report.backup is None else str(report.backup / "report.json"),
        "counts": report.counts,
        "problems": list(report.problems),
        **_findings(report.rejects, report.ignored, report.notes, report.naive_times),
    }


def exported_document(exported: Exported) -> Document:
    """Of an export."""
    return {
        "out": str(exported.path),
        "profiles": list(exported.profiles),
        "counts": exported.counts,
        "files": exported.files,
        "with_secrets": exported.with_secrets,
    }


def imported_document(source: Path, imported: Imported) -> Document:
    """Of an import from `source`."""
    return {
        "source": str(source),
        "profiles": list(imported.profiles),
        "counts": imported.counts,
        **_findings(imported.rejects, imported.ignored, imported.notes, imported.naive_times),
    }


def restored_document(restored: Restored, *, store: bool) -> Document:
    """Of a restoration; `store` tells whether there is one."""
    return {
        "backup": str(restored.backup),
        "files": len(restored.files),
        "replaced": _path(restored.replaced),
        "store": store,
    }


def recovered_document(recovered: Recovered) -> Document:
    """Of a recovery."""
    return {
        "sound": recovered.sound,
        "saved": recovered.saved,
        "from_backup": recovered.from_backup,
        "backup": _path(recovered.backup),
        "missing": list(recovered.missing),
        "set_aside": _path(recovered.set_aside),
    }


def store_document(backend: Backend) -> Document:
    """Of all that a store holds, in numbers; the caller holds a snapshot."""
    return {
        "bytes": backend.size_bytes(),
        "schema_version": backend.schema_version,
        "migration": _flag(backend),
        "profiles": [
            {
                "id": profile.id,
                "name": profile.name,
                "queries": [
                    {"id": query.id, "name": query.name, "issues": len(backend.get_issues(profile.id, query.id))}
                    for query in backend.list_queries(profile.id)
                ],
            }
            for profile in backend.list_profiles()
        ],
    }


def backup_document(backup: Backup) -> Document:
    """Of one backup; one without a readable manifest is damaged."""
    try:
        manifest = backup.manifest()
    except MigrationError:
        return {"path": str(backup.path), "state": "damaged", "created_at": None, "generation": None} | _size([])
    state = "restored" if backup.restored else "finished" if backup.finished else "unfinished"
    return {
        "path": str(backup.path),
        "state": state,
        "created_at": manifest.created_at.isoformat(),
        "generation": manifest.generation,
        **_size(entry.bytes for entry in manifest.files.values()),
    }


def _size(sizes: Iterable[int]) -> Document:
    listed = list(sizes)
    return {"files": len(listed), "bytes": sum(listed)}


def _flag(backend: Backend) -> Document | None:
    text = backend.get_app_state(FLAG)
    if text is None:
        return None
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    known = told if isinstance(told, dict) else {}
    return {name: known[name] if isinstance(known.get(name), str) else None for name in _FLAG_MEMBERS}


def _findings(
    rejects: Iterable[Reject], ignored: Iterable[Ignored], notes: Iterable[Note], naive_times: int
) -> Document:
    """Without the texts of the rejects, which may hold tokens."""
    return {
        "naive_times": naive_times,
        "rejects": [
            {
                "file": each.file,
                "place": each.place,
                "line": each.line,
                "column": each.column,
                "kind": each.kind,
                "reason": each.reason,
            }
            for each in rejects
        ],
        "ignored": [{"file": each.file, "reason": each.reason} for each in ignored],
        "notes": [{"file": each.file, "place": each.place, "what": each.what} for each in notes],
    }


def _path(path: Path | None) -> str | None:
    return None if path is None else str(path)
