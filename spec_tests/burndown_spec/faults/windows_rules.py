"""A file system with the rules of Windows, so that a run on Linux finds what one on Windows would.

On the disk: an open file cannot be removed, replaced or renamed, nor a folder in which one is open; names differ in
more than case; some names and characters are refused; dots and spaces at the end of a name do not count; names and
paths have a limit. SQLite's -shm, which is memory, is exempt. In the processes that use it: `os.rename` puts nothing in
the place of something else, which no file system can tell from `os.replace`.
"""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from burndown_spec.faults.filesystem import FileSystem, Operation, Rule

__all__ = ["OBEYED", "WindowsRules", "obey", "run_obeying"]

OBEYED = "BURNDOWN_SPEC_WINDOWS_RULES"
"""Set in the environment of processes that obey these rules."""

MAPPED = "-shm"
PREFIX = r"C:\Users\somebody\AppData\Local\Temp"
"""Where temporary files lie there; its length counts in that of a path."""

LONGEST_NAME, LONGEST_PATH, LONGEST_FOLDER = 255, 259, 247
_REFUSED = re.compile(r'[\x00-\x1f<>:"|?*\\]')
_RESERVED = re.compile(r"(?i)(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[1-9¹²³])(?:\..*|)")
_MAKING = frozenset({"create", "link", "mkdir", "rename", "symlink"})


class WindowsRules(Rule):
    """What the file system refuses, and which name a name means."""

    def attach(self, filesystem: FileSystem) -> None:
        self._filesystem = filesystem

    def before(self, operation: Operation) -> None:
        if operation.handle:
            return
        operation.path = self._meant(operation.path)
        _check_names(operation.path)
        if operation.kind in ("rename", "link"):
            meant = self._meant(operation.target)
            # A name may change its case alone.
            operation.target = operation.target.rstrip(". ") if meant == operation.path else meant
            _check_names(operation.target)
        if operation.kind in _MAKING:
            _check_length(operation.target or operation.path, is_folder=operation.kind == "mkdir")
        if operation.kind in ("unlink", "rename"):
            self._expect_not_in_use(operation.path)
        if operation.kind == "rename" and operation.target != operation.path:
            self._expect_not_in_use(operation.target)

    def _meant(self, path: str) -> str:
        """The path as it is spelled on the disk, as far as it is there."""
        path = "/".join(name.rstrip(". ") or name for name in path.split("/")) or "/"
        if os.path.lexists(self._filesystem.below(path)):
            return path
        meant = ""
        for name in path.split("/")[1:]:
            if not os.path.lexists(self._filesystem.below(f"{meant}/{name}")):
                try:
                    there = os.listdir(self._filesystem.below(meant or "/"))  # noqa: PTH208
                except OSError:
                    there = []
                name = next((each for each in there if each.upper() == name.upper()), name)  # noqa: PLW2901
            meant += f"/{name}"
        return meant

    def _expect_not_in_use(self, path: str) -> None:
        file = self._filesystem.number_of(path)
        for opened in self._filesystem.opened.values():
            is_it = opened.file == file or opened.path.startswith(f"{path}/")
            if file and is_it and not opened.path.endswith(MAPPED) and opened.path not in ("", "/"):
                if os.path.isdir(self._filesystem.below(opened.path)):  # noqa: PTH112
                    continue
                raise PermissionError(errno.EACCES, "a file is used that cannot be moved or removed meanwhile", path)


def _check_names(path: str) -> None:
    for name in path.split("/")[1:]:
        if _REFUSED.search(name) or _RESERVED.fullmatch(name):
            raise OSError(errno.EINVAL, "the name is none that Windows knows", path)
        if _length(name) > LONGEST_NAME:
            raise OSError(errno.ENOENT, "the name is longer than Windows knows", path)


def _check_length(path: str, *, is_folder: bool) -> None:
    if _length(PREFIX + path) > (LONGEST_FOLDER if is_folder else LONGEST_PATH):
        raise OSError(errno.ENOENT, "the path is longer than Windows knows", path)


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def obey() -> None:
    """Let this process, and the programs that it has Python run, rename nothing into the place of something else."""
    os.environ[OBEYED] = "1"
    os.rename = _renaming(os.rename)
    subprocess.Popen.__init__ = _obeyed_by_children(subprocess.Popen.__init__)  # type: ignore[method-assign]


def run_obeying(program: str) -> None:
    """Run a program that was given by `-c`."""
    obey()
    exec(compile(program, "<string>", "exec"), vars(sys.modules["__main__"]))


def _renaming(rename: Callable[..., None]) -> Callable[..., None]:
    def renamed(old: Any, new: Any, **settings: Any) -> None:
        if not settings and os.path.lexists(new) and not (Path(old).exists() and Path(old).samefile(new)):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(new))
        rename(old, new, **settings)

    return renamed


def _obeyed_by_children(start: Callable[..., None]) -> Callable[..., None]:
    def started(process: Any, args: Any, *more: Any, **settings: Any) -> None:
        if isinstance(args, (list, tuple)) and args[0] == sys.executable and "-c" in args:
            place = list(args).index("-c") + 1
            program = f"from {__name__} import run_obeying; run_obeying({args[place]!r})"
            args = [*args[:place], program, *args[place + 1 :]]
        start(process, args, *more, **settings)

    return started
