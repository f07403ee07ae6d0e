"""The command as the tests run it, in this process: what it printed, with which exit status, and the folders given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from burndown_fixtures.legacy import write_tree
from burndown_store.command.__main__ import main
from burndown_store.sqlite import SqliteBackend, open_backend_normal

__all__ = ["STORE", "TOKEN", "Ran", "Shell", "contents_of"]

STORE = "profiles/burndown.db"
TOKEN = "an-invented-token"


@dataclass(frozen=True)
class Ran:
    """What one run left."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What was printed for machines; nothing else was."""
        assert self.err == ""
        assert self.out.isascii()
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The error that was printed for machines."""
        assert self.document.keys() == {"error"}
        return self.document["error"]


class Shell:
    """Runs the command, in a folder of its own, at whose `root` the application has its data."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self.root = home, home / "burndown"
        self._capsys = capsys

    def __call__(self, command: str, *arguments: str | Path, root: Path | None = None) -> Ran:
        """`burndown-store COMMAND ROOT …`, which waits for nobody."""
        words = [command, str(root or self.root), *map(str, arguments), "--timeout", "0"]
        return self.plainly(*words)

    def plainly(self, *words: str) -> Ran:
        """`burndown-store …`."""
        self._capsys.readouterr()
        status = main(words)
        said = self._capsys.readouterr()
        return Ran(status, said.out, said.err)

    def tree(self, name: str = "g3") -> Path:
        """Old files at the root."""
        return write_tree(self.root, name)

    def migrated(self, name: str = "g3") -> Path:
        """A migrated store at the root."""
        self.tree(name)
        assert self("migrate").status == 0
        return self.root

    def open(self) -> SqliteBackend:
        """The store at the root, for the test itself."""
        return open_backend_normal(self.root, timeout=0)

    def backup(self) -> Path:
        """The one backup."""
        (backup,) = self.root.glob("backups/migration-*")
        return backup


def contents_of(folder: Path) -> Mapping[str, bytes]:
    """Every file below a folder, and every folder as its name alone."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")
    }
