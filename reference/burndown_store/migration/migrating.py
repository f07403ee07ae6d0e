"""From the old files to a store: all of it or nothing, and only once."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

import msgspec

from burndown_store.contract import (
    Capability,
    MigrationError,
    ValidationError,
    check_instant,
)
from burndown_store.legacy import LegacyWorkspace, Reject, detect, files_of, read_workspace
from burndown_store.migration.backups import (
    Backup,
    Manifest,
    alone,
    check_timeout,
    entry_of,
    expect_no_store_lost,
    make_backup,
    medium,
)
from burndown_store.migration.contents import Tally, differences, tally_of, write
from burndown_store.migration.flag import FLAG, Exists, OpenBackend, State, backup_named_by, flag_text, look_at
from burndown_store.migration.report import KINDS, Phase, Progress, Report, Tell

__all__ = ["Damage", "migrate"]

Damage: TypeAlias = Literal["none", "caches", "all"]
"""Which damage is set aside, so that it does not keep the user out."""

_ADVICE: Final = {
    "none": "mend these files, or migrate without being strict: what can be fetched again is set aside then",
    "caches": "mend these files, or have all damage set aside (`burndown-store migrate ROOT --set-aside-all`)",
}


def migrate(
    root: str | os.PathLike[str],
    open_backend: OpenBackend,
    *,
    zone: tzinfo = UTC,
    damage: Damage = "caches",
    dry_run: bool = False,
    progress: Tell | None = None,
    now: datetime | None = None,
    timeout: float = 60.0,
    exists: Exists | None = None,
) -> Report:
    """Bring the old files below `root` into the store at `root`, which `open_backend` opens, once.

    - `zone` is the one in which times without an offset are read.
    - `damage` says what is set aside and reported instead of refused: nothing, caches, which can be fetched again, or
      everything. What is set aside stays in the backup, with its text in `report.json`.
    - `dry_run` reads and counts, and writes nothing. It looks at the store only where `exists` is given.
    - `progress` is called before each step and at the end of a phase; what it raises passes, and nothing was migrated.
    - `now` names the backup; the clock's unless given.
    - `timeout`, in seconds, is how long to wait for another migration of the same folder, and for the store.
    - `exists` tells whether there is a store, without making one; without it the store is opened to see.

    Steps: read; keep others out; back up and verify; convert in one transaction, read everything back, compare it with
    the files, set the flag; report. Interrupted anywhere, the store is empty or holds everything, and the next call
    goes on from there. No old file is ever changed.

    Raises `MigrationError` with all problems, for damage, for a store that holds other data, for a backend without
    transactions, and where what is read back differs; `StorageLostError` where a finished migration's store is gone;
    `BusyError`, `StorageError`, and what opening the store raises.
    """
    if damage not in get_args(Damage):
        raise ValidationError(f"damage: expected one of {', '.join(get_args(Damage))}")
    check_timeout(timeout)
    moment = datetime.now(UTC) if now is None else check_instant(now, "now")
    return _Migration(Path(root).absolute(), open_backend, zone, damage, progress, moment, timeout, exists).run(dry_run)


class _Migration:
    def __init__(
        self,
        root: Path,
        open_backend: OpenBackend,
        zone: tzinfo,
        damage: Damage,
        progress: Tell | None,
        now: datetime,
        timeout: float,
        exists: Exists | None,
    ) -> None:
        self._root, self._zone, self._damage, self._now, self._timeout = root, zone, damage, now, timeout
        self._open_backend, self._exists, self._progress = open_backend, exists, progress

    def run(self, dry_run: bool) -> Report:
        done = self._done_before(dry_run=dry_run)
        if done is not None:
            return done
        # A first reading says what is wrong before anything is touched.
        workspace = self._workspace()
        if workspace.generation is None:
            return Report(outcome="nothing to migrate", ignored=workspace.ignored)
        caches = dry_run or self._damage == "none"
        tally = tally_of(workspace, self._say("reading", workspace), caches=caches)
        problems = self._problems(tally.rejects)
        if dry_run:
            return _report("dry run", workspace, tally, problems=problems)
        self._refuse(problems)
        with alone(self._root, self._timeout):
            done = self._done_before()
            if done is not None:
                return done
            with medium(self._root):
                sources = files_of(self._root)
            backup, manifest = self._back_up(workspace.generation, sources)
            # Read again: what was read before the lock may have changed.
            return self._convert(self._workspace(), backup, manifest)

    def _workspace(self) -> LegacyWorkspace:
        found = read_workspace(self._root, zone=self._zone)
        # The store may lie in profiles/ too: it is no old file that was left unread.
        with medium(self._root):
            sources = files_of(self._root)
        ignored = [each for each in found.ignored if _holds_any(each.file, sources)]
        return dataclasses.replace(found, ignored=tuple(ignored))

    def _done_before(self, *, dry_run: bool = False) -> Report | None:
        """The report of a folder that is migrated already; None where it is to be. Raises where it may not be."""
        if dry_run and self._exists is None:
            # To look would make a store.
            return None
        state, backup = self._look(settle=not dry_run)
        if state == "migrated":
            return Report(outcome="already migrated", backup=backup)
        if state == "other data" and detect(self._root) is None:
            return Report(outcome="nothing to migrate")
        if state == "other data":
            raise MigrationError(
                f"{self._root}: the store holds data that does not come from these old files, and was left as it is; "
                "move the old files, or the store, to another folder"
            )
        expect_no_store_lost(self._root)
        return None

    def _look(self, *, settle: bool) -> tuple[State, Path | None]:
        if self._exists is not None and not self._exists(self._root):
            return "absent", None
        with self._open_backend(self._root, timeout=self._timeout) as backend:
            state = look_at(backend)
            place = backup_named_by(backend, self._root) if state == "migrated" else None
        if place is None:
            return state, None
        if settle:
            with medium(place):
                # An interruption may have come between the end of the transaction and this mark.
                Backup(place).settle()
        return state, place

    def _back_up(self, generation: str, sources: Mapping[str, Path]) -> tuple[Backup, Manifest]:
        def tell(done: int, name: str) -> None:
            self._tell("backing up", done, len(sources), name)

        return make_backup(self._root, generation, sources, self._now, tell)

    def _convert(self, workspace: LegacyWorkspace, backup: Backup, manifest: Manifest) -> Report:
        with self._open_backend(self._root, timeout=self._timeout) as backend:
            if Capability.TRANSACTIONS not in backend.capabilities:
                raise MigrationError(
                    f"{self._root}: nothing was migrated, because this backend has no transactions, and without them "
                    "an interruption would leave a part; use another backend"
                )
            with backend.transaction():
                tally = write(backend, workspace, self._say("converting", workspace))
                self._refuse(self._problems(tally.rejects))
                found = differences(backend, self._workspace(), self._say("verifying", workspace))
                # Files that changed meanwhile are no fault of the store.
                self._refuse_changes(manifest)
                self._refuse_differences(found)
                report = _report("migrated", workspace, tally, backup=backup.path)
                with medium(backup.path):
                    backup.keep("report.json", _text_of(report))
                name = backup.path.relative_to(self._root).as_posix()
                zone, counts = str(self._zone), report.counts
                more = {"generation": workspace.generation, "backup": name, "zone": zone, "counts": counts}
                backend.set_app_state(FLAG, flag_text("migrated", self._now, **more))
        with medium(backup.path):
            backup.settle()
        return report

    def _problems(self, rejects: Iterable[Reject]) -> tuple[str, ...]:
        """A sentence for each damage that is not to be set aside."""
        if self._damage == "all":
            return ()
        unreadable = [reject for reject in rejects if reject.kind == "unreadable"]
        return tuple(_sentence(each) for each in unreadable if self._damage == "none" or not each.refetchable)

    def _refuse(self, problems: tuple[str, ...]) -> None:
        if problems:
            advice = _ADVICE[self._damage]
            raise MigrationError(f"{self._root}: nothing was migrated, because of damage; {advice}", problems)

    def _refuse_differences(self, found: list[str]) -> None:
        if found:
            raise MigrationError(
                f"{self._root}: nothing was migrated, because what was written came back different; "
                "the store is empty as before, the old files are as they were: tell whoever makes the application",
                found,
            )

    def _refuse_changes(self, manifest: Manifest) -> None:
        with medium(self._root):
            sources = files_of(self._root)
            changed = [f"{name}: was added or deleted" for name in sorted(sources.keys() ^ manifest.files.keys())]
            changed += [f"{name}: changed" for name, path in sources.items() if _is_changed(path, name, manifest)]
        if changed:
            raise MigrationError(
                f"{self._root}: nothing was migrated, because old files changed meanwhile; "
                "close the old application and start again",
                changed,
            )

    def _say(self, phase: Phase, workspace: LegacyWorkspace) -> Callable[[int, str], None]:
        total = sum(len(profile.queries) for profile in workspace.profiles)
        return lambda done, what: self._tell(phase, done, total, what)

    def _tell(self, phase: Phase, done: int, total: int, what: str) -> None:
        if self._progress is not None:
            self._progress(Progress(phase=phase, done=done, total=total, what=what))


def _holds_any(name: str, sources: Mapping[str, Path]) -> bool:
    """Whether it is one of these files, or a folder (its name ends in `/`) with one of them below it."""
    return name in sources or (name.endswith("/") and any(each.startswith(name) for each in sources))


def _is_changed(path: Path, name: str, manifest: Manifest) -> bool:
    return name in manifest.files and entry_of(path) != manifest.files[name]


def _report(
    outcome: Literal["migrated", "dry run"],
    workspace: LegacyWorkspace,
    tally: Tally,
    *,
    backup: Path | None = None,
    problems: tuple[str, ...] = (),
) -> Report:
    return Report(
        outcome=outcome,
        generation=workspace.generation,
        backup=backup,
        counts={kind: tally.counts[kind] for kind in KINDS},
        rejects=tuple(tally.rejects),
        ignored=workspace.ignored,
        notes=tuple(tally.notes),
        naive_times=tally.naive_times,
        problems=problems,
    )


def _sentence(reject: Reject) -> str:
    where = f"{reject.file}, {reject.place}" if reject.place else reject.file
    if reject.line is not None:
        where += f", line {reject.line}, column {reject.column}"
    return f"{where}: {reject.reason}"


def _text_of(report: Report) -> bytes:
    """The report as JSON, the texts of the rejects included."""
    plain = msgspec.to_builtins(report, enc_hook=str)
    return json.dumps(plain, indent=2, ensure_ascii=True).encode("ascii")
