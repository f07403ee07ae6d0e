"""Starts of the application that are refused, come together, or find no room on the medium; and what they leave."""

from __future__ import annotations

import inspect
import json
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

from burndown_spec.vocabulary.callers import CallersOwnError
from burndown_spec.vocabulary.crash_points import beginning, own_process
from burndown_spec.vocabulary.migrating import files_below, migration_of
from burndown_store.contract import PersistenceError, same

__all__ = [
    "backup_count",
    "backup_files",
    "copy_old_files",
    "held_by_another",
    "incomplete_backups",
    "is_nothing_or",
    "is_one_of",
    "migrate_until",
    "names_restore",
    "outcome_of_start",
    "overtaken",
    "started_together",
    "waiting_start",
    "without_room",
]


def outcome_of_start(open_backend: Any, location: Path, **options: Any) -> str:
    """What the migration at a start says that it did, or which error of the contract it raises."""
    try:
        return str(migration_of(open_backend).migrate(location, open_backend, **options).outcome)
    except PersistenceError as error:
        return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == PersistenceError.__module__)


def migrate_until(open_backend: Any, location: Path, count: int, **options: Any) -> None:
    """Migrate with a callback for the progress that raises `CallersOwnError` when it is called for that time."""
    told: list[Any] = []

    def hear(progress: Any) -> None:
        told.append(progress)
        if len(told) == count:
            raise CallersOwnError("raised by the callback")

    migration_of(open_backend).migrate(location, open_backend, progress=hear, **options)


def waiting_start(open_backend: Any, location: Path, now: datetime, phase: str = "") -> subprocess.Popen[str]:
    """A process that migrates as soon as it gets a line; or, given a phase, has begun to and stands still in there.

    The phase "any" is that of which it tells first. It has come to where it waits, and tells its outcome in the end.
    """
    program = f"""{beginning()}
from burndown_store.contract import PersistenceError
{inspect.getsource(outcome_of_start)}
waiting = []
def wait():
    if not waiting:
        waiting.append(True)
        print("waiting", flush=True)
        sys.stdin.readline()
def hear(progress):
    if order["phase"] in (progress.phase, "any"):
        wait()
open_backend = find_factory()
migration = migration_of(open_backend)
if not order["phase"]:
    wait()
print(outcome_of_start(open_backend, location, now=datetime.datetime.fromisoformat(order["now"]), progress=hear))
"""
    process = own_process(open_backend, location, program, now=now.isoformat(), phase=phase)
    assert process.stdout is not None
    if process.stdout.readline() != "waiting\n":
        _, complaints = process.communicate()
        raise ChildProcessError(f"the process came to no such moment: {complaints.strip()[-500:]}")
    return process


def started_together(open_backend: Any, location: Path, now: datetime) -> list[str]:
    """What two processes give, sorted, that begin to migrate at the same time."""
    processes = [waiting_start(open_backend, location, now) for _ in range(2)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return sorted(process.communicate()[0].strip() for process in processes)


def overtaken(open_backend: Any, location: Path, now: datetime) -> list[str]:
    """What two starts give, sorted, of which one has looked at the folder and goes on after the other has migrated."""
    process = waiting_start(open_backend, location, now, "any")
    try:
        second = outcome_of_start(open_backend, location, now=now, timeout=0.5)
    finally:
        first, _ = process.communicate("go\n")
    return sorted([first.strip(), second])


def held_by_another(open_backend: Any, location: Path, now: datetime, phase: str) -> str:
    """What a start gives that waits 0.05 s for another process, which stands still in the phase; that one is killed."""
    process = waiting_start(open_backend, location, now, phase)
    try:
        return outcome_of_start(open_backend, location, now=now, timeout=0.05)
    finally:
        process.kill()
        process.communicate()


def without_room(open_backend: Any, location: Path, now: datetime, *, writes: int = -1, size: int = -1) -> str:
    """What a start gives, in a process of its own, when the medium is full after so many files opened for writing.

    Or when no file may become larger than `size` bytes, which also strikes what SQLite writes: on POSIX alone.
    """
    program = f"""{beginning()}
import errno
from burndown_store.contract import PersistenceError
{inspect.getsource(outcome_of_start)}
open_backend = find_factory()
migration = migration_of(open_backend)
opened = []
def refuse(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes, os.PathLike)):
        name, mode, flags = arguments
        changing = os.O_WRONLY | os.O_RDWR | os.O_CREAT
        writes = set(mode) & set("wax+") if isinstance(mode, str) else (flags or 0) & changing
        if writes and pathlib.Path(os.fsdecode(name)).is_relative_to(location):
            opened.append(name)
            if len(opened) > order["writes"]:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fsdecode(name))
if order["writes"] >= 0:
    sys.addaudithook(refuse)
if order["size"] >= 0:
    import resource, signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (order["size"], order["size"]))
try:
    outcome = outcome_of_start(open_backend, location, now=datetime.datetime.fromisoformat(order["now"]))
except Exception as error:
    outcome = type(error).__name__
print(outcome)
"""
    process = own_process(open_backend, location, program, now=now.isoformat(), writes=writes, size=size)
    outcome, complaints = process.communicate()
    if process.returncode != 0:
        raise ChildProcessError(f"the process ended with {process.returncode}: {complaints.strip()[-500:]}")
    return outcome.strip()


def backup_count(location: Path) -> int:
    """How many backups of migrations are in place."""
    return sum(path.is_dir() for path in (location / "backups").glob("migration-*"))


def backup_files(location: Path) -> list[str]:
    """The names of all files in the folder of the backups."""
    return list(files_below(location / "backups"))


def incomplete_backups(location: Path) -> list[str]:
    """The backups in place that lack a file of their manifest, or have it with other bytes, or have no manifest."""
    incomplete: list[str] = []
    for folder in sorted((location / "backups").glob("migration-*")):
        try:
            files = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
        except (OSError, ValueError):
            files = None
        if files is None or {name: told["sha256"] for name, told in files.items()} != files_below(folder / "files"):
            incomplete.append(folder.name)
    return incomplete


def copy_old_files(location: Path, names: list[str], target: Path) -> None:
    """Copy the files `names` and all backups, but no store, to a new location."""
    for name in (*names, *(f"backups/{each}" for each in files_below(location / "backups"))):
        place = target.joinpath(*name.split("/"))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(location.joinpath(*name.split("/")).read_bytes())


def is_nothing_or(contents: Any, everything: Any) -> bool:
    """The store is as empty as before, or it holds everything, with nothing in between."""
    nothing: dict[str, Any] = {"app state": {}, "tasks": [], "profiles": []}
    return same(contents, nothing) or same(contents, everything)


def names_restore(message: Any) -> bool:
    """The message says how to go on: with `restore`."""
    return "restore" in message


def is_one_of(answer: Any, expected: Any) -> bool:
    """It is one of these."""
    return answer in expected
