"""Recoveries that lose, delete or forget (contract, 23.4 and 23.5).

Each is the library's own, in which some functions are exchanged for as long as it runs, or something is done besides.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

from burndown_store import sqlite as library
from burndown_store.contract import SchemaVersionError
from burndown_store.sqlite import Recovered, SqliteBackend, recovering
from burndown_store.sqlite.salvaging import _Reading
from burndown_store.sqlite.schema import SCHEMA_VERSION
from saboteurs import saboteur

FILE = Path("profiles", "burndown.db")


def stops_at_the_first(location: Path) -> Recovered:
    run_up = _Reading._run_up

    def once(reading: _Reading, start: Any) -> Any:
        return run_up(reading, start) if start is None else None

    with (
        mock.patch.object(_Reading, "_run_up", once),
        mock.patch.object(_Reading, "_run_down", return_value=None),
        mock.patch.object(_Reading, "_narrow", return_value=None),
        mock.patch.object(_Reading, "_look_up", return_value=None),
    ):
        return library.recover(location)


@saboteur("recovery-keeps-what-can-be-read", says=("unsaved_parts", "issue p/large AB-000"))
class StopsAtTheFirstBadPage(SqliteBackend):
    """Reads each table until that fails."""

    recover: ClassVar[Any] = staticmethod(stops_at_the_first)


@saboteur("recovery-keeps-what-can-be-read", says=("it says so", "recover_store"))
class KeepsQuiet(SqliteBackend):
    """Saves what it can, and leaves it to the user to find what it could not."""

    @staticmethod
    def recover(location: Path) -> Recovered:
        return replace(library.recover(location), missing=())


@saboteur("recovery-deletes-nothing", says=("sums_gone", "profiles/burndown.db"))
class DeletesTheDamagedFile(SqliteBackend):
    """Leaves no rubbish behind."""

    @staticmethod
    def recover(location: Path) -> Recovered:
        recovered = library.recover(location)
        if recovered.set_aside is not None:
            shutil.rmtree(recovered.set_aside)
        return recovered


@saboteur("recovery-deletes-nothing", says=("sums_gone", "profiles/burndown.db"))
class MendsInPlaceFirst(SqliteBackend):
    """Cuts the damaged file to whole pages, and says in it that it was looked at, before it is set aside."""

    @staticmethod
    def recover(location: Path) -> Recovered:
        recovered = library.recover(location)
        if recovered.set_aside is not None:
            with (recovered.set_aside / FILE.name).open("r+b") as file:
                file.seek(96)
                file.write(b"seen")
        return recovered


@saboteur("recovering-a-sound-store-changes-nothing", says="files_below(location)")
class BuildsItAnewEachTime(SqliteBackend):
    """Does not look whether there is anything to recover."""

    @staticmethod
    def recover(location: Path) -> Recovered:
        with mock.patch.object(recovering, "_is_sound", return_value=False):
            return library.recover(location)


def moved_away_first(location: Path) -> Recovered:
    if recovering._is_sound(location, 5.0):
        return recovering._SOUND
    work, aside = location / "work", location / "backups" / "damaged"
    for folder in (aside, work / "profiles"):
        folder.mkdir(parents=True, exist_ok=True)
    (location / FILE).rename(aside / FILE.name)
    shutil.copyfile(aside / FILE.name, work / FILE)
    recovered = library.recover(work)
    (work / FILE).rename(location / FILE)
    shutil.rmtree(work)
    return recovered


@saboteur("recovery-killed-anywhere-is-begun-again", says="end_at(open_backend")
class MovesTheDamagedAwayFirst(SqliteBackend):
    """Clears the place before there is anything to put there."""

    recover: ClassVar[Any] = staticmethod(moved_away_first)


@saboteur("a-newer-store-is-not-recovered", says=("recover_store", "raises SchemaVersionError"))
class TakesWhatIsNewerForDamaged(SqliteBackend):
    """Sets the version right that it does not know."""

    @staticmethod
    def recover(location: Path) -> Recovered:
        try:
            return library.recover(location)
        except SchemaVersionError:
            with closing(sqlite3.connect(location / FILE)) as connection:
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            return library.recover(location)
