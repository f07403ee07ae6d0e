"""Migrations that are not atomic, come twice, or lose their way in bad circumstances (contract, 21.10 to 21.18).

Each is the library's own migration, in which some functions are exchanged for as long as it runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from unittest import mock

import burndown_store.migration as library
from burndown_store.contract import Backend, BusyError, Issue, MigrationError, PersistenceError, StorageError
from burndown_store.legacy import files_of
from burndown_store.migration import Report, backups, migrating
from burndown_store.migration.backups import Backup, Manifest, alone, entry_of, make_backup
from burndown_store.migration.contents import differences
from burndown_store.migration.flag import FLAG, State, flag_text, look_at
from burndown_store.migration.migrating import _Migration
from burndown_store.sqlite import SqliteBackend
from saboteurs import saboteur

Exchange = tuple[Any, str, Any]
Migrate = Callable[..., Report]


class Sabotaged:
    """The library's migration with `exchanges`: of what, the name in it, and what stands there meanwhile."""

    restore = staticmethod(library.restore)

    def __init__(self, *exchanges: Exchange, migrate: Migrate = library.migrate) -> None:
        self._exchanges, self._migrate = exchanges, migrate

    def migrate(self, root: Path, open_backend: Any, **options: Any) -> Report:
        with ExitStack() as exchanged:
            for holder, name, wrong in self._exchanges:
                exchanged.enter_context(mock.patch.object(holder, name, wrong))
            return self._migrate(root, open_backend, **options)


# The library's own, which some of the exchanged ones call.
convert, done_before = _Migration._convert, _Migration._done_before


def flag_first(migration: _Migration, workspace: Any, made: Backup, manifest: Manifest) -> Report:
    with migration._open_backend(migration._root, timeout=migration._timeout) as backend:
        backend.set_app_state(FLAG, flag_text("migrated", migration._now, backup=f"backups/{made.path.name}"))
    try:
        return convert(migration, workspace, made, manifest)
    except BaseException:
        with migration._open_backend(migration._root, timeout=migration._timeout) as backend:
            backend.delete_app_state(FLAG)
        raise


def differences_but_the_flag(backend: Backend, *more: Any) -> list[str]:
    return differences(cast(Backend, WithoutFlag(backend, [])), *more)


@saboteur("migration-killed-inside-the-store", says="end_at(open_backend, location")
class SetsTheFlagFirst(SqliteBackend):
    """Says that all is migrated, migrates, and takes it back when that fails."""

    migration = Sabotaged((_Migration, "_convert", flag_first), (migrating, "differences", differences_but_the_flag))


class WithoutFlag:
    """A handle through which the flag is not seen, and kept instead of set."""

    def __init__(self, backend: Backend, kept: list[str]) -> None:
        self._backend, self._kept = backend, kept

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def __enter__(self) -> WithoutFlag:
        return self

    def __exit__(self, *_: object) -> None:
        self._backend.close()

    def list_app_state(self) -> dict[str, str]:
        return {key: value for key, value in self._backend.list_app_state().items() if key != FLAG}

    def set_app_state(self, key: str, value: str) -> None:
        if key == FLAG:
            self._kept.append(value)
        else:
            self._backend.set_app_state(key, value)


def flag_last(migration: _Migration, workspace: Any, backup: Backup, manifest: Manifest) -> Report:
    open_backend: Any = migration._open_backend
    kept: list[str] = []

    def open_without(root: Path, /, *, timeout: float) -> Any:
        return WithoutFlag(open_backend(root, timeout=timeout), kept)

    migration._open_backend = open_without
    report = convert(migration, workspace, backup, manifest)
    with open_backend(migration._root, timeout=migration._timeout) as backend:
        backend.set_app_state(FLAG, kept[0])
    return report


@saboteur("migration-killed-inside-the-store", says=("statement", "COMMIT"))
class SetsTheFlagInATransactionOfItsOwn(SqliteBackend):
    """Commits the data, and then says that it did."""

    migration = Sabotaged((_Migration, "_convert", flag_last))


@saboteur(
    "migration-killed-inside-the-store",
    # What a refusal was to undo is there as well.
    "migration-notices-changes-in-another-order",
    "migration-notices-what-comes-back-different",
    "migration-notices-what-is-missing",
    says="end_at(open_backend, location",
)
class CommitsEachQuery(SqliteBackend):
    """Keeps transactions short: what comes after the issues of another query is one of its own."""

    _query: tuple[str, str] | None = None

    def save_issues(self, profile_id: str, query_id: str, issues: Iterable[Issue]) -> None:
        super().save_issues(profile_id, query_id, issues)
        session, query = self._connections.session_in_use(), (profile_id, query_id)
        if session is None:
            self._query = None
        elif session._depth == 1:
            if self._query not in (None, query):
                session.commit()
                session.begin()
            self._query = query


@saboteur("migration-killed-at-any-line", says=("incomplete_backups", "migration-new"))
class WritesTheBackupInPlace(SqliteBackend):
    """Gives a backup its final name before it is whole."""

    migration = Sabotaged((backups, "_PART", "migration-new"))


def no_backup_yet(
    root: Path, generation: str, sources: Mapping[str, Path], now: datetime, tell: Callable[[int, str], None]
) -> tuple[Backup, Manifest]:
    place = root / "backups" / f"migration-{now.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"
    place.mkdir(parents=True, exist_ok=True)
    for done, name in enumerate(sources):
        tell(done, name)
    tell(len(sources), "")
    entries = {name: entry_of(path) for name, path in sources.items()}
    return Backup(place), Manifest(created_at=now, generation=generation, files=entries)


def migrate_and_back_up(root: Path, open_backend: Any, **options: Any) -> Report:
    report = library.migrate(root, open_backend, **options)
    if report.outcome == "migrated":
        sources, now = files_of(root), options.get("now") or datetime.now(UTC)
        made, _ = make_backup(root, report.generation or "", sources, now, lambda *_: None)
        assert report.backup is not None
        for path in made.path.iterdir():
            path.rename(report.backup / path.name)
        made.path.rmdir()
    return report


@saboteur("migration-killed-at-any-line", says="incomplete_backups")
class BacksUpAfterTheFact(SqliteBackend):
    """Makes the backup when the data is in the store."""

    migration = Sabotaged((migrating, "make_backup", no_backup_yet), migrate=migrate_and_back_up)


@contextmanager
def alone_if_possible(root: Path, timeout: float) -> Iterator[None]:
    with ExitStack() as held:
        # Where the folder of the backups cannot be made, the lock that lies in it cannot either.
        with suppress(StorageError):
            held.enter_context(alone(root, timeout))
        yield


def back_up_if_possible(migration: _Migration, generation: str, sources: Mapping[str, Path]) -> Any:
    try:
        return make_backup(migration._root, generation, sources, migration._now, lambda *_: None)
    except StorageError:
        entries = {name: entry_of(path) for name, path in sources.items()}
        manifest = Manifest(created_at=migration._now, generation=generation, files=entries)
        return Backup(migration._root / "backups" / "none"), manifest


def keep_if_possible(backup: Backup, name: str, data: bytes) -> None:
    if backup.path.is_dir():
        (backup.path / name).write_bytes(data)


@saboteur(
    "migration-without-a-backup-is-refused",
    "migration-on-a-full-medium",
    says=("'backups': b'a file in the way'", "['StorageError', 'MigrationError']"),
)
class GoesOnWithoutABackup(SqliteBackend):
    """Takes a backup for something that is good to have."""

    migration = Sabotaged(
        (migrating, "alone", alone_if_possible),
        (_Migration, "_back_up", back_up_if_possible),
        (Backup, "keep", keep_if_possible),
    )


@contextmanager
def as_it_is(_place: Path) -> Iterator[None]:
    yield


@saboteur("migration-on-a-full-medium", "migration-without-a-backup-is-refused", says="OSError")
class LetsTheSystemsErrorEscape(SqliteBackend):
    """Raises what the system raises."""

    migration = Sabotaged((migrating, "medium", as_it_is), (backups, "medium", as_it_is))


def not_done(migration: _Migration, *, dry_run: bool = False) -> Report | None:
    return None


@saboteur("a-second-start-does-nothing", says=("'migrated'", "expected 'already migrated'"))
class MigratesAtEachStart(SqliteBackend):
    """Brings the old files over whatever the store holds by now."""

    migration = Sabotaged((_Migration, "_done_before", not_done), (migrating, "differences", lambda *_: []))


def back_up_and_migrate(root: Path, open_backend: Any, **options: Any) -> Report:
    if library.backups_in(root):
        make_backup(root, "G3", files_of(root), options.get("now") or datetime.now(UTC), lambda *_: None)
    return library.migrate(root, open_backend, **options)


@saboteur("a-second-start-does-nothing", says="backup_files(location)")
class BacksUpAtEachStart(SqliteBackend):
    """Makes a backup before it looks whether there is something to do."""

    migration = Sabotaged(migrate=back_up_and_migrate)


def look_at_the_flag(backend: Backend) -> State:
    return "empty" if (found := look_at(backend)) == "other data" else found


@saboteur("migration-into-other-data-is-refused", says="raises MigrationError")
class WritesIntoOtherData(SqliteBackend):
    """Takes every store without the flag for an empty one."""

    migration = Sabotaged((migrating, "look_at", look_at_the_flag), (migrating, "differences", lambda *_: []))


def look_at_profiles(backend: Backend) -> State:
    found = look_at(backend)
    return "empty" if found == "other data" and not backend.list_profiles() else found


@saboteur("migration-into-other-data-is-refused", says=("save_task", "raises MigrationError"))
class LooksForProfilesAlone(SqliteBackend):
    """Takes a store without profiles for an empty one."""

    migration = Sabotaged((migrating, "look_at", look_at_profiles), (migrating, "differences", lambda *_: []))


@saboteur("a-lost-store-is-not-migrated-anew", says="raises StorageLostError")
class MigratesALostStoreAnew(SqliteBackend):
    """Asks the store alone whether there was a migration."""

    migration = Sabotaged((migrating, "expect_no_store_lost", lambda _: None))


def say_that_it_is_lost(migration: _Migration, *, dry_run: bool = False) -> Report | None:
    try:
        return done_before(migration, dry_run=dry_run)
    except PersistenceError as error:
        raise type(error)("this folder cannot be migrated") from None


@saboteur("a-lost-store-is-not-migrated-anew", says="with `restore`")
class SaysNothingOfTheWayBack(SqliteBackend):
    """Tells that the store is lost, and leaves it at that."""

    migration = Sabotaged((_Migration, "_done_before", say_that_it_is_lost))


@saboteur("a-lost-store-is-not-migrated-anew", says=("restore(open_backend", "'StorageLostError'"))
class IsRefusedForGood(SqliteBackend):
    """Takes files that were put back for those beside a lost store."""

    migration = Sabotaged((Backup, "restored", False))


def back_up_a_dry_run(root: Path, open_backend: Any, **options: Any) -> Report:
    if options.get("dry_run"):
        make_backup(root, "G3", files_of(root), options["now"], lambda *_: None)
    return library.migrate(root, open_backend, **options)


@saboteur("a-dry-run-writes-nothing", says="files_below(location)")
class BacksUpInADryRun(SqliteBackend):
    """Tries in a dry run whether a backup can be made."""

    migration = Sabotaged(migrate=back_up_a_dry_run)


def write_in_a_dry_run(root: Path, open_backend: Any, **options: Any) -> Report:
    if not options.get("dry_run"):
        return library.migrate(root, open_backend, **options)
    report = library.migrate(root, open_backend, **options)
    with open_backend(root, timeout=5.0) as backend:
        backend.set_app_state("last dry run", report.generation or "")
    return report


@saboteur("a-dry-run-writes-nothing", says="files_below(location)")
class WritesInADryRun(SqliteBackend):
    """Remembers the dry run in the store."""

    migration = Sabotaged(migrate=write_in_a_dry_run)


def make_folder_of_backups(root: Path) -> None:
    with backups.medium(root):
        (root / "backups").mkdir(exist_ok=True)


@contextmanager
def not_alone(root: Path, _timeout: float) -> Iterator[None]:
    make_folder_of_backups(root)
    yield


@saboteur("migration-held-by-another-is-busy", says=("held_by_another(open_backend", "'migrated'"))
class TakesNoLock(SqliteBackend):
    """Migrates beside another start."""

    migration = Sabotaged((migrating, "alone", not_alone))


@contextmanager
def alone_by_a_file(root: Path, _timeout: float) -> Iterator[None]:
    make_folder_of_backups(root)
    place = root / "backups" / "running"
    try:
        os.close(os.open(place, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        raise BusyError(f"{place}: another start is migrating") from None
    try:
        yield
    finally:
        place.unlink()


@saboteur("migration-held-by-another-is-busy", says=("outcome_of_start(open_backend, location", "'BusyError'"))
class LeavesItsLockBehind(SqliteBackend):
    """Takes a file for a lock, which a process that is killed leaves behind."""

    migration = Sabotaged((migrating, "alone", alone_by_a_file))


def look_once(migration: _Migration, *, dry_run: bool = False) -> Report | None:
    if getattr(migration, "has_looked", False):
        return None
    migration.has_looked = True  # type: ignore[attr-defined]
    return done_before(migration, dry_run=dry_run)


@saboteur("two-starts-at-once-migrate-once", says=("overtaken(open_backend", "['MigrationError', 'migrated']"))
class LooksBeforeItIsAlone(SqliteBackend):
    """Does not look again when it has the lock."""

    migration = Sabotaged((_Migration, "_done_before", look_once))


def tell_in_peace(migration: _Migration, phase: Any, done: int, total: int, what: str) -> None:
    try:
        if migration._progress is not None:
            migration._progress(library.Progress(phase=phase, done=done, total=total, what=what))
    except Exception:
        migration._progress = None


@saboteur("migration-interrupted-by-its-caller", says="raises CallersOwnError")
class SwallowsTheCallersError(SqliteBackend):
    """Goes on without the callback when it fails."""

    migration = Sabotaged((_Migration, "_tell", tell_in_peace))


def tell_and_wrap(migration: _Migration, phase: Any, done: int, total: int, what: str) -> None:
    try:
        if migration._progress is not None:
            migration._progress(library.Progress(phase=phase, done=done, total=total, what=what))
    except Exception as error:
        raise MigrationError("the migration was interrupted") from error


@saboteur("migration-interrupted-by-its-caller", says=("raised MigrationError", "raises CallersOwnError"))
class WrapsTheCallersError(SqliteBackend):
    """Makes an error of its own of the callback's."""

    migration = Sabotaged((_Migration, "_tell", tell_and_wrap))


def migrate_and_tell(root: Path, open_backend: Any, **options: Any) -> Report:
    tell, kept = options.pop("progress", None), []

    def hear(progress: library.Progress) -> None:
        if progress.phase == "verifying" and progress.done == progress.total:
            kept.append(progress)
        elif tell:
            tell(progress)

    report = library.migrate(root, open_backend, progress=hear, **options)
    for progress in kept if tell else ():
        tell(progress)
    return report


@saboteur("migration-interrupted-by-its-caller", says="migrate_until(open_backend")
class TellsAfterTheCommit(SqliteBackend):
    """Tells of the end when nothing can be undone any more."""

    migration = Sabotaged(migrate=migrate_and_tell)
