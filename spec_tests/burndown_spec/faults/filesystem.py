"""A pass-through file system for FUSE: each operation is done in an ordinary folder, and rules hear of it.

It runs in the process of `server.py` alone, one operation at a time. Nothing here may touch the mount point: the
operation would wait for itself.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

__all__ = ["FileSystem", "Operation", "Rule"]

T = TypeVar("T")

STATUS = ("st_mode", "st_nlink", "st_size", "st_uid", "st_gid", "st_ino", "st_dev", "st_rdev", "st_blocks")
TIMES = ("st_atime", "st_mtime", "st_ctime")
TOTALS = ("f_bavail", "f_bfree", "f_blocks", "f_bsize", "f_favail", "f_ffree", "f_files", "f_frsize", "f_namemax")


@dataclass
class Operation:
    """One operation. What a rule alters in it before it is done, is done so.

    `kind` is the name of the method of `FileSystem`: getattr, access, readlink, mkdir, unlink, rmdir, symlink, rename,
    link, chmod, chown, utimens, truncate, open, create, read, write, flush, release, fsync, opendir, readdir,
    releasedir, fsyncdir, statfs.
    """

    kind: str
    path: str
    """From the mount point, as "/store/a file"; of an open file, the name that it has now or had last."""
    target: str = ""
    """The new name of a rename or a link, as `path`; what a symbolic link says."""
    handle: int = 0
    data: bytes = b""
    offset: int = 0
    size: int = 0
    flags: int = 0
    """Of open and create, as in `os.open`; of fsync 1 where the data alone are asked for; of access the mode."""
    file: int = 0
    """The number of the file or folder, which no other ever has; 0 before it is created, and where there is none."""
    mapped: bool = False
    """Of a write: it comes from memory that is mapped to the file, whenever the kernel likes."""


class Rule:
    """What happens around each operation. A subclass hears what it wants to and refuses by raising `OSError(errno)`."""

    def attach(self, filesystem: FileSystem) -> None:
        """Called once, before the first operation."""

    def before(self, operation: Operation) -> None:
        """Called before it is done. What is altered in `operation` counts; an `OSError` is its outcome."""

    def after(self, operation: Operation) -> None:
        """Called after it was done without an error; an `OSError` is its outcome all the same."""


@dataclass
class _Opened:
    path: str
    file: int


class FileSystem:
    """What mfusepy calls, by the names that libfuse gives the operations."""

    use_ns = True

    def __init__(self, medium: Path, when_mounted: Callable[[], None]) -> None:
        """`when_mounted` is called once when the kernel has mounted it and sends operations."""
        self.medium = medium
        self.rules: list[Rule] = []
        self.opened: dict[int, _Opened] = {}
        self.turn = threading.RLock()
        self._when_mounted = when_mounted
        self._numbers: dict[tuple[int, int], int] = {}
        self._last_number = 0
        # The topmost folder is number 1.
        self._number(os.lstat(medium))

    def add(self, rule: Rule) -> None:
        with self.turn:
            rule.attach(self)
            self.rules.append(rule)

    def remove(self, rule: Rule) -> None:
        with self.turn:
            self.rules.remove(rule)

    def below(self, path: str) -> str:
        """Where `path` lies in the medium."""
        return f"{self.medium}{path}"

    def number_of(self, path: str) -> int:
        """The number of the file or folder that has this name, 0 where there is none."""
        try:
            return self._number(os.lstat(self.below(path)))
        except OSError:
            return 0

    def init(self, _: str) -> None:
        self._when_mounted()

    def getattr(self, path: str | None, info: Any = None) -> dict[str, Any]:
        handle = info.fh if info else None

        def work(operation: Operation) -> dict[str, Any]:
            place = operation.handle if handle is not None else self.below(operation.path)
            status = os.fstat(place) if isinstance(place, int) else os.lstat(place)
            times = {name: getattr(status, f"{name}_ns") for name in TIMES}
            return {name: getattr(status, name) for name in STATUS} | times

        return self._do(self._operation("getattr", path, handle), work)

    def access(self, path: str, mode: int) -> int:
        def work(operation: Operation) -> int:
            if not os.access(self.below(operation.path), operation.flags):
                raise PermissionError(13, os.strerror(13))
            return 0

        return self._do(self._operation("access", path, flags=mode), work)

    def readlink(self, path: str) -> str:
        return self._do(self._operation("readlink", path), lambda it: os.readlink(self.below(it.path)))  # noqa: PTH115

    def mkdir(self, path: str, mode: int) -> int:
        return self._change(
            self._operation("mkdir", path, flags=mode),
            lambda it: os.mkdir(self.below(it.path), it.flags),  # noqa: PTH102
        )

    def unlink(self, path: str) -> int:
        return self._change(self._operation("unlink", path), lambda it: self._forgotten(it.path, os.unlink))

    def rmdir(self, path: str) -> int:
        return self._change(self._operation("rmdir", path), lambda it: self._forgotten(it.path, os.rmdir))

    def symlink(self, path: str, says: str) -> int:
        return self._change(
            self._operation("symlink", path, target=says),
            lambda it: os.symlink(it.target, self.below(it.path)),  # noqa: PTH211
        )

    def rename(self, path: str, target: str) -> int:
        def work(operation: Operation) -> None:
            old, new = operation.path, operation.target
            if self.number_of(old) == self.number_of(new):
                os.rename(self.below(old), self.below(new))  # noqa: PTH104
            else:
                self._forgotten(new, lambda place: os.rename(self.below(old), place))  # noqa: PTH104
            for opened in self.opened.values():
                if opened.file == operation.file or opened.path.startswith(f"{old}/"):
                    opened.path = new + opened.path[len(old) :]

        return self._change(self._operation("rename", path, target=target), work)

    def link(self, path: str, existing: str) -> int:
        return self._change(
            self._operation("link", existing, target=path),
            lambda it: os.link(self.below(it.path), self.below(it.target)),
        )

    def chmod(self, path: str | None, mode: int) -> int:
        return self._change(
            self._operation("chmod", path, flags=mode),
            lambda it: os.chmod(self.below(it.path), it.flags),  # noqa: PTH101
        )

    def chown(self, path: str | None, user: int, group: int) -> int:
        return self._change(
            self._operation("chown", path), lambda it: os.chown(self.below(it.path), user, group, follow_symlinks=False)
        )

    def utimens(self, path: str | None, times: tuple[int, int] | None = None) -> int:
        def work(operation: Operation) -> None:
            if times:
                os.utime(self.below(operation.path), ns=times, follow_symlinks=False)
            else:
                os.utime(self.below(operation.path), follow_symlinks=False)

        return self._change(self._operation("utimens", path), work)

    def truncate(self, path: str | None, size: int, info: Any = None) -> int:
        handle = info.fh if info else None
        return self._change(
            self._operation("truncate", path, handle, size=size),
            lambda it: os.truncate(it.handle if handle is not None else self.below(it.path), it.size),
        )

    def open(self, path: str, info: Any) -> int:
        info.fh = self._do(self._operation("open", path, flags=info.flags), self._open)
        return 0

    def create(self, path: str, mode: int, info: Any) -> int:
        operation = self._operation("create", path, flags=info.flags, size=mode)
        info.fh = self._do(operation, lambda it: self._open(it, os.O_CREAT))
        return 0

    def read(self, path: str | None, size: int, offset: int, info: Any) -> bytes:
        operation = self._operation("read", path, info.fh, size=size, offset=offset)
        return self._do(operation, lambda it: os.pread(it.handle, it.size, it.offset))

    def write(self, path: str | None, data: bytes, offset: int, info: Any) -> int:
        mapped = bool(info.writepage)
        operation = self._operation("write", path, info.fh, data=data, size=len(data), offset=offset, mapped=mapped)
        return self._do(operation, lambda it: os.pwrite(it.handle, it.data, it.offset))

    def flush(self, path: str | None, info: Any) -> int:
        return self._change(self._operation("flush", path, info.fh), lambda _: None)

    def release(self, path: str | None, info: Any) -> int:
        return self._change(self._operation("release", path, info.fh), self._close)

    def fsync(self, path: str | None, data_only: int, info: Any) -> int:
        # The medium itself is not waited for: what a sync is worth is told by the records.
        return self._change(self._operation("fsync", path, info.fh, flags=data_only), lambda _: None)

    def opendir(self, path: str) -> int:
        return self._do(self._operation("opendir", path, flags=os.O_RDONLY | os.O_DIRECTORY), self._open)

    def readdir(self, path: str | None, handle: int) -> Sequence[str]:
        operation = self._operation("readdir", path, handle)
        return self._do(operation, lambda it: [".", "..", *os.listdir(it.handle)])  # noqa: PTH208

    def releasedir(self, path: str | None, handle: int) -> int:
        return self._change(self._operation("releasedir", path, handle), self._close)

    def fsyncdir(self, path: str | None, data_only: int, handle: int) -> int:
        return self._change(self._operation("fsyncdir", path, handle, flags=data_only), lambda _: None)

    def statfs(self, path: str) -> dict[str, int]:
        def work(operation: Operation) -> dict[str, int]:
            totals = os.statvfs(self.below(operation.path))
            return {name: getattr(totals, name) for name in TOTALS}

        return self._do(self._operation("statfs", path), work)

    def _operation(self, kind: str, path: str | None, handle: int | None = None, **told: Any) -> Operation:
        known = self.opened.get(handle) if handle is not None else None
        if known is not None and handle is not None:
            return Operation(kind, known.path, handle=handle, file=known.file, **told)
        return Operation(kind, path or "", file=self.number_of(path or ""), **told)

    def _change(self, operation: Operation, work: Callable[[Operation], None]) -> int:
        self._do(operation, work)
        return 0

    def _do(self, operation: Operation, work: Callable[[Operation], T]) -> T:
        with self.turn:
            for rule in self.rules:
                rule.before(operation)
            answer = work(operation)
            if operation.file == 0:
                operation.file = self.number_of(operation.path)
            for rule in self.rules:
                rule.after(operation)
            return answer

    def _open(self, operation: Operation, more: int = 0) -> int:
        # Where it is to be appended, the kernel says where.
        flags = (operation.flags | more) & ~os.O_APPEND
        if flags & os.O_ACCMODE == os.O_WRONLY:
            # The kernel may read what lies around a write.
            flags = flags & ~os.O_ACCMODE | os.O_RDWR
        handle = os.open(self.below(operation.path), flags, operation.size or 0o600)
        self.opened[handle] = _Opened(operation.path, self._number(os.fstat(handle)))
        operation.handle = handle
        return handle

    def _close(self, operation: Operation) -> None:
        del self.opened[operation.handle]
        os.close(operation.handle)

    def _number(self, status: os.stat_result) -> int:
        key = status.st_dev, status.st_ino
        if key not in self._numbers:
            self._last_number += 1
            self._numbers[key] = self._last_number
        return self._numbers[key]

    def _forgotten(self, path: str, removing: Callable[[str], None]) -> None:
        # The medium gives the place of what was removed to the next file, which is another one.
        place = self.below(path)
        try:
            status = os.lstat(place)
        except FileNotFoundError:
            removing(place)
            return
        removing(place)
        if stat.S_ISDIR(status.st_mode) or status.st_nlink <= 1:
            self._numbers.pop((status.st_dev, status.st_ino), None)
