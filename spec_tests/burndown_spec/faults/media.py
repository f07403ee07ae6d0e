"""A medium that is full, or fails to read or to write, from a given operation on."""

from __future__ import annotations

import errno
import os

from burndown_spec.faults.filesystem import Operation, Rule

__all__ = ["CHANGING", "READING", "Failing"]

READING = ("getattr", "open", "opendir", "read", "readdir")
CHANGING = (
    "create",
    "fsync",
    "fsyncdir",
    "link",
    "mkdir",
    "rename",
    "rmdir",
    "symlink",
    "truncate",
    "unlink",
    "write",
)
NEEDING_ROOM = frozenset({"create", "link", "mkdir", "symlink", "write"})
MAPPED = "-shm"
"""SQLite's files of this ending are memory that processes share: one that cannot read a page of it is ended."""


class Failing(Rule):
    """Counts the operations below a folder, by kind, and makes one of them fail: none where `number` is 0.

    Where it `lasts`, those after it fail too: on a full medium what needs room, on a broken one what reads or what
    changes, as the first one did.
    """

    def __init__(self, *, below: str, kinds: list[str], kind: str = "", number: int = 0, error: str = "", lasts: bool):
        self._below, self._kinds = below, frozenset(kinds)
        self._kind, self._number, self._lasts = kind, number, lasts
        self._error = getattr(errno, error) if error else 0
        self._counted: dict[str, int] = {}
        self._seen: list[str] = []
        self._fired = 0
        others = NEEDING_ROOM if error == "ENOSPC" else READING[3:] if kind in READING else CHANGING
        self._failing_later = frozenset({kind, *others}) if lasts else frozenset()

    def before(self, operation: Operation) -> None:
        kind = operation.kind
        if operation.mapped or operation.path.endswith(MAPPED) or not self._concerns(operation):
            return
        if kind in self._kinds:
            self._counted[kind] = self._counted.get(kind, 0) + 1
            place = f"{operation.path}/".removeprefix(self._below).rstrip("/")
            self._seen.append(f"{kind} {self._counted[kind]}: {place or '.'}")
        is_due = kind == self._kind and self._counted[kind] == self._number
        if is_due or (self._fired and kind in self._failing_later):
            self._fired += 1
            raise OSError(self._error, os.strerror(self._error))

    def _concerns(self, operation: Operation) -> bool:
        return any(f"{path}/".startswith(self._below) for path in (operation.path, operation.target) if path)

    def seen(self) -> list[str]:
        """The operations up to now, as "write 3: store/a file"."""
        return self._seen

    def fired(self) -> int:
        """How many operations were made to fail."""
        return self._fired
