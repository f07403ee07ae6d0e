"""A disk on FUSE: it passes everything through, tells of it, lets rules refuse it, and leaves nothing mounted."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from burndown_spec.faults import Disk, records_from, unavailable
from burndown_spec.faults.filesystem import Operation, Rule

pytestmark = pytest.mark.skipif(unavailable() != "", reason=unavailable())

RECORDING = "burndown_spec.faults.recording:Recording"


def kinds(disk: Disk, number: int) -> list[str]:
    return [each.kind for each in records_from(disk.ask(number, "records"))]


def mounted(path: Path) -> bool:
    return str(path) in Path("/proc/mounts").read_text(encoding="utf-8")


class Full(Rule):
    """Refuses to write once so many writes were made."""

    def __init__(self, *, writes: int, late: bool = False) -> None:
        self.left, self.late = writes, late

    def before(self, operation: Operation) -> None:
        if not self.late:
            self._count(operation)

    def after(self, operation: Operation) -> None:
        if self.late:
            self._count(operation)

    def writes_left(self) -> int:
        return self.left

    def _count(self, operation: Operation) -> None:
        if operation.kind == "write":
            self.left -= 1
            if self.left < 0:
                raise OSError(28, os.strerror(28))


def test_what_is_done_on_it_is_done_in_the_folder_behind_it(tmp_path: Path) -> None:
    with Disk(tmp_path) as disk:
        (disk.path / "folder").mkdir()
        (disk.path / "folder" / "a file").write_text("one", encoding="utf-8")
        with (disk.path / "folder" / "a file").open("a", encoding="utf-8") as file:
            file.write(" two")
        (disk.path / "folder" / "a file").rename(disk.path / "another")
        (disk.path / "third").write_bytes(bytes(200_000))
        (disk.path / "third").unlink()
        assert sorted(each.name for each in disk.path.iterdir()) == ["another", "folder"]
        assert (disk.path / "another").read_text(encoding="utf-8") == "one two"
        assert (disk.path / "another").stat().st_size == 7
        with pytest.raises(FileNotFoundError):
            (disk.path / "third").stat()
    assert (tmp_path / "medium" / "another").read_text(encoding="utf-8") == "one two"
    assert not mounted(disk.path)


def test_memory_can_be_mapped_to_its_files(tmp_path: Path) -> None:
    with Disk(tmp_path) as disk:
        (disk.path / "a").write_bytes(bytes(4096))
        with (disk.path / "a").open("r+b") as file, mmap.mmap(file.fileno(), 4096) as memory:
            memory[:3] = b"one"
            memory.flush()
        assert (disk.medium / "a").read_bytes()[:3] == b"one"


def test_a_removed_file_that_is_open_can_be_written_and_leaves_no_name(tmp_path: Path) -> None:
    with Disk(tmp_path) as disk:
        with (disk.path / "a").open("w+b", buffering=0) as file:
            (disk.path / "a").unlink()
            file.write(b"one")
            file.seek(0)
            assert file.read(3) == b"one"
        assert list(disk.path.iterdir()) == []


def test_it_is_unmounted_also_where_files_are_open(tmp_path: Path) -> None:
    with Disk(tmp_path) as disk:
        (disk.path / "a").write_text("one", encoding="utf-8")
        leaked = os.open(disk.path / "a", os.O_RDONLY)
    assert not mounted(disk.path)
    with pytest.raises(OSError, match="not connected"):
        os.read(leaked, 1)
    with suppress(OSError):
        os.close(leaked)


def test_it_is_unmounted_when_its_process_is_killed(tmp_path: Path) -> None:
    program = f"""
import sys
from contextlib import suppress
from pathlib import Path
from burndown_spec.faults import Disk
with Disk(Path({str(tmp_path)!r})) as disk:
    print(disk._server.pid, flush=True)
    sys.stdin.read()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert process.stdout is not None
    server = int(process.stdout.readline())
    assert mounted(tmp_path / "disk")
    watched = os.pidfd_open(server)
    process.kill()
    process.communicate()
    # A descriptor of a process can be read from once it has ended.
    subprocess.run(
        [sys.executable, "-c", "import select, sys; select.select([int(sys.argv[1])], [], [])", str(watched)],
        pass_fds=[watched],
        timeout=30,
        check=True,
    )
    os.close(watched)
    assert not mounted(tmp_path / "disk")


def test_it_is_unmounted_when_its_server_is_killed(tmp_path: Path) -> None:
    with Disk(tmp_path) as disk:
        assert disk._server is not None
        disk._server.kill()
        disk._server.wait()
    assert not mounted(disk.path)


def test_a_mount_that_fails_says_why(tmp_path: Path) -> None:
    (tmp_path / "medium").mkdir()
    with pytest.raises(OSError, match="medium"):
        Disk(tmp_path).__enter__()


def test_a_rule_refuses_before_and_after_an_operation_is_done(tmp_path: Path) -> None:
    with Disk(tmp_path) as disk:
        number = disk.add("test_faults_disk:Full", writes=1)
        (disk.path / "a").write_bytes(b"one")
        with pytest.raises(OSError, match="No space left"):
            (disk.path / "b").write_bytes(b"two")
        assert (disk.path / "b").read_bytes() == b""
        assert disk.ask(number, "writes_left") == -1
        disk.remove(number)
        (disk.path / "b").write_bytes(b"two")
        disk.add("test_faults_disk:Full", writes=0, late=True)
        with pytest.raises(OSError, match="No space left"):
            (disk.path / "c").write_bytes(b"three")
        assert (disk.medium / "c").read_bytes() == b"three"


def test_what_the_server_cannot_do_it_says(tmp_path: Path) -> None:
    with Disk(tmp_path) as disk:
        with pytest.raises(OSError, match="no_such_module"):
            disk.add("no_such_module:Rule")
        number = disk.add(RECORDING)
        with pytest.raises(OSError, match="no_such_method"):
            disk.ask(number, "no_such_method")
        assert disk.ask(number, "records") == []


def test_a_recording_tells_what_was_done_in_its_order(tmp_path: Path) -> None:
    with Disk(tmp_path) as disk:
        number = disk.add(RECORDING)
        (disk.path / ".marks").mkdir()
        with (disk.path / "a").open("wb", buffering=0) as file:
            file.write(b"one")
            os.fsync(file.fileno())
            file.truncate(1)
        (disk.path / ".marks" / "written").mkdir()
        (disk.path / "a").replace(disk.path / "b")
        folder = os.open(disk.path, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        with (disk.path / "b").open("wb"):
            pass
        (disk.path / "b").unlink()
        told = records_from(disk.ask(number, "records"))
        assert [each.kind for each in told] == (
            ["mkdir", "create", "write", "sync", "truncate", "mark", "rename", "sync", "truncate", "remove"]
        )
        create, write, sync, truncate, mark, rename, folder_sync, *_ = told[1:]
        assert (create.folder, create.name) == (1, "a")
        assert (write.file, write.offset, write.data) == (create.file, 0, b"one")
        assert (sync.file, truncate.file, truncate.size) == (create.file, create.file, 1)
        assert mark.name == "written"
        assert (rename.file, rename.name, rename.new_folder, rename.new_name) == (create.file, "a", 1, "b")
        assert folder_sync.file == 1
        assert "settled" not in kinds(disk, number)
