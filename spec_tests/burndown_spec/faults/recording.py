"""What is done to a disk, operation by operation, and when the run told that something was acknowledged."""

from __future__ import annotations

import base64
import os
from dataclasses import asdict, dataclass
from typing import Any

from burndown_spec.faults.filesystem import FileSystem, Operation, Rule

__all__ = ["MARKS", "ROOT", "Record", "Recording", "Records", "records_from"]

MARKS = "/.marks"
"""The folder of the disk in which the run makes a folder for each thing that it wants to have told in its place."""

ROOT = 1
"""The number of the disk's topmost folder."""


@dataclass(frozen=True)
class Record:
    """One operation that changes the disk.

    | kind      | what it tells                                                                    |
    | write     | `data` at `offset` of `file`                                                     |
    | truncate  | `file` has `size` bytes from now on                                              |
    | create    | `file`, new and empty, is `name` in `folder`                                     |
    | mkdir     | the same of a folder                                                             |
    | link      | `file` is `name` in `folder` too                                                 |
    | remove    | `name` in `folder` is gone: a file or a folder                                   |
    | rename    | `file` is no longer `name` in `folder`, but `new_name` in `new_folder`           |
    | sync      | all of `file`, which may be a folder and then means its names, is on the medium  |
    | settled   | everything up to here is on the medium                                           |
    | mark      | the run told `name`                                                              |
    """

    kind: str
    file: int = 0
    folder: int = 0
    name: str = ""
    new_folder: int = 0
    new_name: str = ""
    offset: int = 0
    size: int = 0
    data: bytes = b""
    mapped: bool = False


class Recording(Rule):
    """Keeps the records from the time when it is added to an empty disk; `records` is asked for them."""

    def __init__(self) -> None:
        self._records: list[Record] = []

    def attach(self, filesystem: FileSystem) -> None:
        self._filesystem = filesystem
        assert filesystem.number_of("/") == ROOT

    def before(self, operation: Operation) -> None:
        self._is_new = operation.kind in ("open", "create") and not self._filesystem.number_of(operation.path)

    def after(self, operation: Operation) -> None:
        folder, name = self._place(operation.path)
        if os.path.dirname(operation.path) == MARKS:  # noqa: PTH120 - a name on the disk, which no path class is made for
            if operation.kind == "mkdir":
                self._records.append(Record("mark", name=name))
        elif operation.kind in ("write", "truncate"):
            told: dict[str, Any] = {"offset": operation.offset, "data": operation.data}
            if operation.kind == "truncate":
                told = {"size": operation.size}
            self._records.append(Record(operation.kind, operation.file, mapped=operation.mapped, **told))
        elif operation.kind in ("fsync", "fsyncdir"):
            self._records.append(Record("sync", operation.file))
        elif operation.kind in ("open", "create"):
            if self._is_new:
                self._records.append(Record("create", operation.file, folder, name))
            elif operation.flags & os.O_TRUNC:
                self._records.append(Record("truncate", operation.file))
        elif operation.kind == "mkdir":
            self._records.append(Record("mkdir", operation.file, folder, name))
        elif operation.kind in ("unlink", "rmdir"):
            self._records.append(Record("remove", folder=folder, name=name))
        elif operation.kind in ("rename", "link"):
            new_folder, new_name = self._place(operation.target)
            if operation.kind == "rename":
                self._records.append(Record("rename", operation.file, folder, name, new_folder, new_name))
            else:
                self._records.append(Record("link", operation.file, new_folder, new_name))

    def settle(self) -> None:
        """Take everything for being on the medium: a cut before this is not asked about."""
        self._records.append(Record("settled"))

    def records(self) -> list[dict[str, Any]]:
        """All records up to now, of JSON; `records_from` makes them of it again."""
        return [{**asdict(each), "data": base64.b64encode(each.data).decode("ascii")} for each in self._records]

    def _place(self, path: str) -> tuple[int, str]:
        folder, _, name = path.rpartition("/")
        return self._filesystem.number_of(folder or "/"), name


class Records(list[Record]):
    """Records in their order; where they are shown, their number is enough."""

    def __repr__(self) -> str:
        return f"{len(self)} records"


def records_from(told: list[dict[str, Any]]) -> Records:
    """The records that the server told."""
    return Records(Record(**{**each, "data": base64.b64decode(each["data"])}) for each in told)
