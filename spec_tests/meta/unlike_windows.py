"""Backends that do with files what Linux allows and Windows does not. Where nobody minds they are honest."""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from burndown_store.sqlite import SqliteBackend

__all__ = ["KeepsAConnection", "NamesByCase", "NamesWithColons", "RemovesOpenFiles", "RenamesOver", "ReplacesOpenFiles"]


class Noting(SqliteBackend):
    """Also notes each key of the application's state in a file of the folder `notes`."""

    def __init__(self, location: Any, **settings: Any) -> None:
        super().__init__(location, **settings)
        self.notes = Path(location) / "notes"
        self.notes.mkdir(exist_ok=True)

    def set_app_state(self, key: str, value: str) -> None:
        super().set_app_state(key, value)
        self.note(key)

    def note(self, key: str) -> None:
        raise NotImplementedError


class RemovesOpenFiles(Noting):
    """Removes a file before it is closed."""

    def note(self, key: str) -> None:
        scratch = self.notes / "scratch"
        with scratch.open("w", encoding="utf-8") as file:
            file.write(key)
            scratch.unlink()


class ReplacesOpenFiles(Noting):
    """Puts a file in the place of one that it still reads."""

    def note(self, key: str) -> None:
        last, new = self.notes / "last", self.notes / "new"
        last.touch()
        with last.open(encoding="utf-8") as file:
            new.write_text(file.read() + "x", encoding="utf-8")
            new.replace(last)


class RenamesOver(Noting):
    """Renames a file to a name that another has."""

    def note(self, key: str) -> None:
        last, new = self.notes / "last", self.notes / "new"
        last.touch()
        new.touch()
        new.rename(last)


class NamesWithColons(Noting):
    """Names a file by an instant."""

    def note(self, key: str) -> None:
        (self.notes / datetime(2026, 1, 5, 8, 30, tzinfo=UTC).isoformat()).touch()


class NamesByCase(Noting):
    """Keeps a value in a file that is called as its key, and takes care of everything but case."""

    def set_app_state(self, key: str, value: str) -> None:
        SqliteBackend.set_app_state(self, key, value)
        self.note_of(key).write_text(value, encoding="utf-8", newline="")

    def get_app_state(self, key: str) -> str | None:
        if super().get_app_state(key) is None:
            return None
        with self.note_of(key).open(encoding="utf-8", newline="") as file:
            return file.read()

    def list_app_state(self) -> dict[str, str]:
        return {key: str(self.get_app_state(key)) for key in super().list_app_state()}

    def note_of(self, key: str) -> Path:
        name = quote(key, safe="")
        return self.notes / (f"key {name}" if len(name) < 100 else hashlib.sha256(name.encode("ascii")).hexdigest())


class KeepsAConnection(SqliteBackend):
    """Opens a connection of its own, as `with sqlite3.connect(...)`, which does not close it."""

    def __init__(self, location: Any, **settings: Any) -> None:
        super().__init__(location, **settings)
        with sqlite3.connect(self._file.path) as self.kept:
            self.kept.execute("SELECT count(*) FROM sqlite_master").fetchone()
