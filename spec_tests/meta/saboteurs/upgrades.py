"""Upgrades that lose something, stop half-way or come twice, and newer stores that are not left alone (contract, 24).

Each opens its store as the reference does, with some functions of the opening exchanged meanwhile.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

from burndown_store.contract import SchemaVersionError
from burndown_store.sqlite import SqliteBackend, connections, upgrading
from burndown_store.sqlite.backups import back_up, backups_in
from burndown_store.sqlite.schema import SCHEMA_VERSION, examine, scripts
from burndown_store.sqlite.upgrading import _back_up, _statements, prepare
from saboteurs import saboteur

UPGRADED = "old-stores-are-upgraded"
KILLED_AT_A_LINE = "an-upgrade-killed-at-any-line"
KILLED_INSIDE = "an-upgrade-killed-inside-the-store"
BACKED_UP = "an-upgrade-leaves-a-backup-of-the-old-store"
ONCE = "two-openings-upgrade-once"
REFUSED = "newer-stores-are-refused"
UNTOUCHED = "newer-stores-are-left-untouched"

ONE_AT_A_TIME = threading.RLock()


class OpeningOtherwise(SqliteBackend):
    """The reference with `exchanges`: a module, a name in it, and what stands there while a store is opened."""

    exchanges: ClassVar[tuple[tuple[Any, str, Any], ...]] = ()

    def __init__(self, location: str | os.PathLike[str], *, timeout: float = 5.0) -> None:
        with ONE_AT_A_TIME, ExitStack() as exchanged:
            for holder, name, wrong in self.exchanges:
                exchanged.enter_context(mock.patch.object(holder, name, wrong))
            super().__init__(location, timeout=timeout)


def preparing(wrong: Callable[[sqlite3.Connection, str, float], None]) -> tuple[Any, str, Any]:
    return connections, "prepare", wrong


def moving(*changes: tuple[str, str]) -> tuple[Any, str, Any]:
    """The statements of the last upgrade with these changes."""

    def changed() -> list[str]:
        *before, last = scripts()
        for right, wrong in changes:
            assert right in last
            last = last.replace(right, wrong)
        return [*before, last]

    return upgrading, "scripts", changed


def root_of(path: str) -> Path:
    return Path(path).parents[1]


@saboteur(UPGRADED, says="to_text")
class DropsAColumn(OpeningOtherwise):
    """Forgets a column when it moves the rows."""

    exchanges = (moving(("to_value, to_text\nFROM", "to_value, NULL\nFROM")),)


@saboteur(UPGRADED, says="from_value")
class MakesEmptyTextsOfWhatIsAbsent(OpeningOtherwise):
    """Gives what was NULL the default of the new column."""

    exchanges = (
        moving(
            (
                "history_id, from_value, from_text, to_value, to_text\nFROM",
                "history_id, ifnull(from_value, ''), from_text, to_value, to_text\nFROM",
            )
        ),
    )


@saboteur(UPGRADED, says="changes")
class LosesTheOrderOfChanges(OpeningOtherwise):
    """Numbers the changes of a history anew, by time."""

    exchanges = (
        moving(
            (
                "SELECT query, issue_key, position,",
                "SELECT query, issue_key, row_number() OVER (PARTITION BY query, issue_key ORDER BY changed_at) - 1,",
            )
        ),
    )


@saboteur(UPGRADED, says="changed_at")
class LosesWhatIsLessThanASecond(OpeningOtherwise):
    """Converts instants by a function that knows no fractions."""

    exchanges = (moving((" + CAST(substr(changed_at, 21, 6) AS INTEGER)", "")),)


@saboteur(UPGRADED, says="histories")
class MovesWhatIsNewestAlone(OpeningOtherwise):
    """Takes over only the changes of issues that are in the cache."""

    exchanges = (
        moving(
            (
                "FROM changes_before\n",
                "FROM changes_before WHERE (query, issue_key) IN (SELECT query, key FROM issues)\n",
            )
        ),
    )


@saboteur(UPGRADED, says="schema_version")
class LeavesTheVersionAsItWas(OpeningOtherwise):
    """Goes on with an old store as it is, and says so."""

    @property
    def schema_version(self) -> int:
        return min(SCHEMA_VERSION, self._session.rows("PRAGMA user_version", (), int)[0] - len(backups_in(self._root)))

    @property
    def _root(self) -> Path:
        return root_of(self._file.path)


def with_a_trigger(connection: sqlite3.Connection, path: str, timeout: float) -> None:
    is_old = examine(connection, path) == 1
    prepare(connection, path, timeout)
    if is_old:
        connection.execute(
            "CREATE TRIGGER IF NOT EXISTS forget_changes AFTER DELETE ON histories BEGIN"
            " DELETE FROM changes_before WHERE issue_key = old.issue_key; END"
        )


@saboteur("upgraded-stores-can-be-written", says="use_everything")
class LeavesATriggerBehind(OpeningOtherwise):
    """Leaves a trigger that refers to the table which the upgrade removed."""

    exchanges = (preparing(with_a_trigger),)


def backing_up_again(connection: sqlite3.Connection, path: str, timeout: float) -> None:
    if backups_in(root_of(path)):
        _back_up(path, timeout)
    prepare(connection, path, timeout)


@saboteur("an-upgraded-store-is-not-upgraded-again", ONCE, says="files_more_than")
class BacksUpAtEveryOpening(OpeningOtherwise):
    """Makes another backup whenever a store is opened that was upgraded once."""

    exchanges = (preparing(backing_up_again),)


class WithoutTransactions:
    """A connection on which nothing that begins or ends a transaction is heard."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, statement: str) -> Any:
        return None if statement in ("BEGIN IMMEDIATE", "COMMIT") else self._connection.execute(statement)


def without_a_transaction(connection: Any, path: str, timeout: float) -> None:
    is_old = examine(connection, path) == 1
    prepare(WithoutTransactions(connection) if is_old else connection, path, timeout)  # type: ignore[arg-type]


@saboteur(KILLED_INSIDE, ONCE, says="opening_outcome")
class UpgradesOutsideATransaction(OpeningOtherwise):
    """Each statement of the upgrade is committed by itself."""

    exchanges = (preparing(without_a_transaction),)


def version_first(connection: sqlite3.Connection, path: str, timeout: float) -> None:
    if examine(connection, path) == 1:
        _back_up(path, timeout)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("BEGIN IMMEDIATE")
        for statement in _statements(scripts()[1]):
            connection.execute(statement)
        connection.execute("COMMIT")
    prepare(connection, path, timeout)


@saboteur(KILLED_INSIDE, KILLED_AT_A_LINE, ONCE, says="opening_outcome")
class SetsTheVersionFirst(OpeningOtherwise):
    """Says that the store is of the new version, and then makes it one."""

    exchanges = (preparing(version_first),)


def version_last(connection: sqlite3.Connection, path: str, timeout: float) -> None:
    if examine(connection, path) == 1:
        connection.execute("BEGIN IMMEDIATE")
        if examine(connection, path) == 1:
            _back_up(path, timeout)
            for statement in _statements(scripts()[1]):
                connection.execute(statement)
        connection.execute("COMMIT")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    prepare(connection, path, timeout)


@saboteur(KILLED_INSIDE, ONCE, says="opening_outcome")
class SetsTheVersionInATransactionOfItsOwn(OpeningOtherwise):
    """Commits the data of the new version, and then says that it did."""

    exchanges = (preparing(version_last),)


def nothing(path: str, timeout: float) -> None:
    """No backup."""


@saboteur(BACKED_UP, KILLED_INSIDE, KILLED_AT_A_LINE, says="lay_out_backup")
class MakesNoBackup(OpeningOtherwise):
    """Upgrades without a backup."""

    exchanges = ((upgrading, "_back_up", nothing),)


def backup_after(connection: sqlite3.Connection, path: str, timeout: float) -> None:
    is_old = examine(connection, path) == 1
    with mock.patch.object(upgrading, "_back_up", nothing):
        prepare(connection, path, timeout)
    if is_old:
        _back_up(path, timeout)


@saboteur(BACKED_UP, KILLED_INSIDE, KILLED_AT_A_LINE, ONCE, says="lay_out_backup")
class MakesTheBackupAfterwards(OpeningOtherwise):
    """Makes a backup of what the upgrade has made."""

    exchanges = (preparing(backup_after),)


def without_the_log(path: str, timeout: float) -> None:
    place = root_of(path) / "backups" / "store-0001.db"
    place.parent.mkdir(exist_ok=True)
    shutil.copyfile(path, place)


@saboteur(BACKED_UP, says="backup")
class CopiesTheFileWithoutItsLog(OpeningOtherwise):
    """The backup is of the moment at which the log was last moved into the file."""

    exchanges = ((upgrading, "_back_up", without_the_log),)


def once_reserved(path: str, timeout: float) -> None:
    folder = root_of(path) / "backups"
    if backups_in(root_of(path)):
        return
    folder.mkdir(exist_ok=True)
    reserved = folder / "store.part"
    reserved.write_bytes(b"")
    reserved.rename(folder / "store-0001.db")
    with closing(sqlite3.connect(path)) as reader, closing(sqlite3.connect(folder / "store-0001.db")) as copy:
        reader.backup(copy)


@saboteur(KILLED_AT_A_LINE, says="backup")
class TakesHalfABackupForAWholeOne(OpeningOtherwise):
    """Reserves the name of the backup, fills the file, and makes no other where there is one."""

    exchanges = ((upgrading, "_back_up", once_reserved),)


def looking_once(connection: sqlite3.Connection, path: str, timeout: float) -> None:
    version = examine(connection, path)
    with mock.patch.object(upgrading, "examine", return_value=version):
        prepare(connection, path, timeout)


@saboteur(ONCE, says="overtaken_at")
class DoesNotLookAgain(OpeningOtherwise):
    """Upgrades because the store was old before it waited for its turn."""

    exchanges = (preparing(looking_once),)


def backup_before_the_turn(connection: sqlite3.Connection, path: str, timeout: float) -> None:
    if examine(connection, path) == 1:
        back_up(connection, root_of(path), timeout=30)
    with mock.patch.object(upgrading, "_back_up", nothing):
        prepare(connection, path, timeout)


@saboteur(ONCE, says="files_more_than")
class MakesTheBackupBeforeItsTurn(OpeningOtherwise):
    """Makes the backup before it has the store to itself: each does, and of a moment that may be over."""

    exchanges = (preparing(backup_before_the_turn),)


def any_version(connection: sqlite3.Connection, path: str) -> int:
    try:
        return examine(connection, path)
    except SchemaVersionError:
        return SCHEMA_VERSION


@saboteur(REFUSED, says="SchemaVersionError")
class OpensNewerStores(OpeningOtherwise):
    """Takes a newer store for one of the present version."""

    exchanges = ((connections, "examine", any_version), (upgrading, "examine", any_version))


def the_next_version_is_newer(connection: sqlite3.Connection, path: str) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return SCHEMA_VERSION if version > SCHEMA_VERSION + 1 else examine(connection, path)


@saboteur(REFUSED, says="SchemaVersionError")
class KnowsTheNextVersionAlone(OpeningOtherwise):
    """Refuses the version after its own, and no later one."""

    exchanges = tuple((module, "examine", the_next_version_is_newer) for module in (connections, upgrading))


def brought_down(connection: sqlite3.Connection, path: str, timeout: float) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    prepare(connection, path, timeout)


@saboteur(REFUSED, says="SchemaVersionError")
class BringsNewerStoresDown(OpeningOtherwise):
    """Gives a newer store the version that it knows."""

    exchanges = ((connections, "examine", any_version), preparing(brought_down))


class TouchingWhatIsNewer(OpeningOtherwise):
    """Refuses a newer store after having touched it."""

    def __init__(self, location: str | os.PathLike[str], *, timeout: float = 5.0) -> None:
        try:
            super().__init__(location, timeout=timeout)
        except SchemaVersionError:
            self.touch(Path(location))
            raise

    def touch(self, location: Path) -> None:
        raise NotImplementedError


@saboteur(UNTOUCHED, says="files_below")
class SetsUpTheLogOfANewerStore(TouchingWhatIsNewer):
    """Sets up the log before it looks at the version."""

    def touch(self, location: Path) -> None:
        with closing(sqlite3.connect(location / "profiles" / "burndown.db")) as connection:
            connection.execute("PRAGMA journal_mode = WAL")


@saboteur(UNTOUCHED, says="files_below")
class BacksUpANewerStore(TouchingWhatIsNewer):
    """Makes the backup before it looks at the version."""

    def touch(self, location: Path) -> None:
        _back_up(str(location / "profiles" / "burndown.db"), 5.0)


@saboteur(UNTOUCHED, says="files_below")
class TakesDownThatANewerStoreWasSeen(TouchingWhatIsNewer):
    """Leaves a note beside a store that it refuses."""

    def touch(self, location: Path) -> None:
        (location / "profiles" / "refused.txt").write_text("newer\n", encoding="utf-8")
