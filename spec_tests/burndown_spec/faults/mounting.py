"""A disk that is mounted for as long as a `with` lasts."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

__all__ = ["Disk", "unavailable", "unmount"]

LAZILY = 2  # MNT_DETACH of <sys/mount.h>: gone at once, also where files are still open in there.


@cache
def unavailable() -> str:
    """Why no disk can be mounted here and what to install; "" where one can. Mounts one, once in a process."""
    if os.environ.get("BURNDOWN_SPEC_WINDOWS_RULES"):
        return "all files of this run lie on a disk already, that with the rules of Windows"
    if not sys.platform.startswith("linux"):
        return "a disk that fails on demand needs FUSE, which is used on Linux alone"
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as error:
        return f"/dev/fuse cannot be opened ({error.strerror}): the machine, or its container, does not offer FUSE"
    try:
        with tempfile.TemporaryDirectory(prefix="burndown-spec-disk-") as folder, Disk(Path(folder)):
            return ""
    except OSError as error:
        wanted = "the extra `faults` (mfusepy), libfuse3 (Debian: libfuse3-3 and fuse3), and the right to mount"
        return f"no disk could be mounted; it needs {wanted}: {error}"


class Disk:
    """An ordinary folder seen through a file system that tells what is done to it and can be made to fail.

        with Disk(folder) as disk:
            backend = open_backend(disk.path / "store")

    `path` is the mount point and `medium` the ordinary folder behind it; both lie in the folder that is given.
    A process of its own serves it, one operation at a time, and ends with this one, however that ends. Leaving
    unmounts also where files are still open: what uses them from then on gets errors.
    """

    def __init__(self, folder: Path) -> None:
        """`folder` is there and empty."""
        self.folder = folder.absolute()
        self.medium, self.path = self.folder / "medium", self.folder / "disk"
        self._server: subprocess.Popen[str] | None = None

    def __enter__(self) -> Disk:
        """Raises `OSError` with the reason where it cannot be mounted."""
        self.medium.mkdir()
        self.path.mkdir()
        complaints = self.folder / "complaints.txt"
        with complaints.open("w", encoding="utf-8") as errors:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "burndown_spec.faults.server", str(self.medium), str(self.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                encoding="utf-8",
                env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
                # An interrupt from the keyboard is for this process, which then ends that one.
                start_new_session=True,
            )
        try:
            self._answer()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    def add(self, rule: str, **settings: Any) -> int:
        """Let a rule, `module:Class` with its settings (all of JSON), hear of each operation; its number.

        Raises `OSError` with what the server says where that fails.
        """
        number: int = self._order(do="add", rule=rule, settings=settings)
        return number

    def ask(self, rule: int, method: str, **arguments: Any) -> Any:
        """What a method of the rule gives, of JSON; no operation is done meanwhile. Raises `OSError` where it fails."""
        return self._order(do="ask", rule=rule, method=method, arguments=arguments)

    def remove(self, rule: int) -> None:
        """Let the rule hear of nothing any more."""
        self._order(do="remove", rule=rule)

    def _order(self, **order: Any) -> Any:
        assert self._server is not None
        assert self._server.stdin is not None
        try:
            self._server.stdin.write(json.dumps(order) + "\n")
            self._server.stdin.flush()
        except BrokenPipeError:
            pass
        return self._answer()

    def _answer(self) -> Any:
        assert self._server is not None
        assert self._server.stdout is not None
        line = self._server.stdout.readline()
        if not line:
            said = (self.folder / "complaints.txt").read_text(encoding="utf-8", errors="replace")
            raise OSError(f"the disk's server ended: {said.strip()[-500:]}")
        answer = json.loads(line)
        if "error" in answer:
            raise OSError(f"the disk's server: {answer['error']}")
        return answer["answer"]

    def _end(self) -> None:
        server, self._server = self._server, None
        assert server is not None
        try:
            server.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.communicate()
        if server.returncode != 0:
            unmount(str(self.path))


def unmount(mount_point: str) -> None:
    """Unmount it at once, whatever is open there; nothing where it is not mounted."""
    if os.geteuid() == 0:
        ctypes.CDLL(None, use_errno=True).umount2(os.fsencode(mount_point), LAZILY)
    elif program := shutil.which("fusermount3") or shutil.which("fusermount"):
        subprocess.run([program, "-u", "-z", mount_point], capture_output=True, check=False)
