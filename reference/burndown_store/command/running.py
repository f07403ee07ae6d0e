"""What each command does, and the document that tells of it."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from burndown_store.command.documents import (
    Document,
    backup_document,
    error_document,
    exported_document,
    imported_document,
    recovered_document,
    report_document,
    restored_document,
    store_document,
)
from burndown_store.command.exits import Exit, UnusableError, exit_of
from burndown_store.command.progress import shown_progress
from burndown_store.contract import Backend, NotFoundError, PersistenceError, ProfileNotFoundError
from burndown_store.legacy import detect, files_of
from burndown_store.migration import FLAG, backups_in, expect_no_store_lost, mark_as_new, migrate, restore
from burndown_store.sqlite import back_up_store, compact, exists, open_backend, recover
from burndown_store.transfer import Imported, export_workspace, import_workspace

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> tuple[Exit, Document]:
    """Carry out the command. Raises the contract's errors, those of transfer, and `UnusableError`."""
    root = arguments.root.absolute()
    if not root.is_dir():
        what = "that is a file" if root.exists() else "there is no such folder"
        raise UnusableError(f"{root}: {what}; name the application's folder, the one with profiles/ in it")
    status, document = _COMMANDS[arguments.command](root, arguments)
    return status, {"command": arguments.command, "root": str(root), **document}


def _migrate(root: Path, arguments: argparse.Namespace) -> tuple[Exit, Document]:
    with shown_progress(not arguments.json) as progress:
        report = migrate(
            root,
            open_backend,
            zone=arguments.zone,
            damage=arguments.damage,
            dry_run=arguments.dry_run,
            progress=progress,
            timeout=arguments.timeout,
            exists=exists,
        )
    return Exit.REFUSED if report.problems else Exit.DONE, report_document(report)


def _export(root: Path, arguments: argparse.Namespace) -> tuple[Exit, Document]:
    with _store(root, arguments.timeout) as backend:
        chosen = arguments.profile
        try:
            exported = export_workspace(backend, arguments.out, profile_id=chosen, with_secrets=arguments.with_secrets)
        except ProfileNotFoundError:
            raise UnusableError(f"there is no profile {chosen!r}; burndown-store info {root} lists them") from None
    return Exit.DONE, exported_document(exported)


def _import(root: Path, arguments: argparse.Namespace) -> tuple[Exit, Document]:
    source = arguments.source.absolute()
    _expect_no_old_files(root, arguments.timeout)
    if not exists(root):
        # What is refused must not leave a store behind, so it is tried elsewhere first.
        with tempfile.TemporaryDirectory(prefix="burndown-import-") as elsewhere, open_backend(elsewhere) as backend:
            _import_into(backend, source, arguments)
    with open_backend(root, timeout=arguments.timeout) as backend:
        imported = _import_into(backend, source, arguments)
    return Exit.DONE, imported_document(source, imported)


def _import_into(backend: Backend, source: Path, arguments: argparse.Namespace) -> Imported:
    with backend.transaction():
        imported = import_workspace(backend, source, as_id=arguments.as_id, zone=arguments.zone)
        if backend.get_app_state(FLAG) is None:
            # Without it the next start would take the store for one that is not the application's.
            mark_as_new(backend, datetime.now(UTC))
    return imported


def _restore(root: Path, arguments: argparse.Namespace) -> tuple[Exit, Document]:
    restored = restore(root, arguments.backup, timeout=arguments.timeout)
    return Exit.DONE, restored_document(restored, store=exists(root))


def _check(root: Path, arguments: argparse.Namespace) -> tuple[Exit, Document]:
    with _store(root, arguments.timeout) as backend:
        problems, version = backend.check(), backend.schema_version
    document = {"sound": not problems, "schema_version": version, "problems": problems}
    return Exit.REFUSED if problems else Exit.DONE, document


def _compact(root: Path, arguments: argparse.Namespace) -> tuple[Exit, Document]:
    _expect_store(root)
    compacted = compact(root, timeout=arguments.timeout)
    return Exit.DONE, {"bytes_before": compacted.bytes_before, "bytes_after": compacted.bytes_after}


def _backup(root: Path, arguments: argparse.Namespace) -> tuple[Exit, Document]:
    _expect_store(root)
    backup = back_up_store(root, timeout=arguments.timeout)
    return Exit.DONE, {"backup": str(backup), "bytes": backup.stat().st_size}


def _recover(root: Path, arguments: argparse.Namespace) -> tuple[Exit, Document]:
    try:
        recovered = recover(root, timeout=arguments.timeout)
    except NotFoundError:
        _expect_store(root)
        raise
    return Exit.REFUSED if recovered.missing else Exit.DONE, recovered_document(recovered)


def _info(root: Path, arguments: argparse.Namespace) -> tuple[Exit, Document]:
    status, store = Exit.DONE, None
    try:
        if exists(root):
            with open_backend(root, timeout=arguments.timeout) as backend, backend.snapshot():
                store = store_document(backend)
        else:
            expect_no_store_lost(root)
    except PersistenceError as error:
        # Whoever has lost a store needs the rest all the more.
        status, store = exit_of(error), error_document(error)
    files = files_of(root)
    return status, {
        "old_files": {
            "generation": detect(root),
            "files": len(files),
            "bytes": sum(path.stat().st_size for path in files.values()),
        },
        "store": store,
        "backups": [backup_document(each) for each in backups_in(root)],
    }


_COMMANDS: Final[dict[str, Callable[[Path, argparse.Namespace], tuple[Exit, Document]]]] = {
    "migrate": _migrate,
    "export": _export,
    "import": _import,
    "restore": _restore,
    "check": _check,
    "compact": _compact,
    "backup": _backup,
    "recover": _recover,
    "info": _info,
}


@contextmanager
def _store(root: Path, timeout: float) -> Iterator[Backend]:
    """The store that is there; none is ever created."""
    _expect_store(root)
    with open_backend(root, timeout=timeout) as backend:
        yield backend


def _expect_store(root: Path) -> None:
    if exists(root):
        return
    expect_no_store_lost(root)
    if detect(root) is not None:
        raise UnusableError(f"{root}: there are old files and no store yet; migrate them first: {_migration_of(root)}")
    raise UnusableError(f"{root}: there is no store, nor old files to make one of; is it the application's folder?")


def _expect_no_old_files(root: Path, timeout: float) -> None:
    """What is imported beside files that are still to be migrated would keep them out for good."""
    if not exists(root):
        expect_no_store_lost(root)
    else:
        with open_backend(root, timeout=timeout) as backend:
            if backend.get_app_state(FLAG) is not None:
                return
    if detect(root) is not None:
        raise UnusableError(f"{root}: there are old files, which come first; migrate them: {_migration_of(root)}")


def _migration_of(root: Path) -> str:
    return f'burndown-store migrate "{root}"'
