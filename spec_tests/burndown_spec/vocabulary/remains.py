"""What a handle leaves behind when it is closed: threads that go on, and files that stay open."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from burndown_spec.vocabulary.blocks import Worker, begin
from burndown_spec.vocabulary.callers import CallersOwnError, in_many_threads
from burndown_spec.vocabulary.outcomes import attempt

__all__ = ["files_left_open", "open_files_below", "open_files_can_be_seen", "raise_inside", "threads_left", "used"]


def used(open_backend: Any, place: Path, how: str, look: Callable[[Any], Any], calls: Sequence[Any] = ()) -> Any:
    """What `look(threads)` finds when a handle on the store at `place` has been used so, and closed.

    The threads that it is given are those that were there before.

    "briefly", "in a with block", "by threads that ended", "by threads that go on", "for a transaction that was undone",
    "for a snapshot", "for a snapshot that raised", "with a snapshot open elsewhere", "for every operation", of which
    `calls` has calls, refused or not, or "in vain", because the files of the store are damaged.
    """
    before = threading.enumerate()
    if how == "in vain":
        open_backend(place, timeout=5.0).close()
        for file in [path for path in place.rglob("*") if path.is_file()]:
            file.write_bytes(b"no store at all " * 512)
        opened = attempt(open_backend, place, timeout=5.0)
        attempt(getattr(opened, "close", gc.collect))
        # Whoever asks what went wrong has the error no longer.
        del opened
        gc.collect()
        return look(before)
    workers = [Worker() for _ in range(4 if how == "by threads that go on" else 1)]
    before = threading.enumerate()
    backend = open_backend(place, timeout=5.0)

    def work() -> None:
        backend.set_app_state("key", "value")
        backend.list_app_state()

    if how == "in a with block":
        with backend:
            work()
    elif how == "by threads that ended":
        in_many_threads(4, work)
    elif how == "by threads that go on":
        for worker in workers:
            worker.call(work)
    elif how == "for a transaction that was undone":
        attempt(raise_inside, backend.transaction, work)
    elif how == "for a snapshot":
        with backend.snapshot():
            backend.list_app_state()
    elif how == "for a snapshot that raised":
        attempt(raise_inside, backend.snapshot, backend.list_app_state)
    elif how == "for every operation":
        for operation, *arguments in calls:
            attempt(getattr(backend, operation), *arguments)
    elif how == "with a snapshot open elsewhere":
        block = workers[0].call(begin, backend.snapshot)
        workers[0].call(backend.list_app_state)
        backend.close()
        found = look(before)
        attempt(workers[0].call, block.__exit__, None, None, None)
        workers[0].end()
        return found
    else:
        work()
    backend.close()
    found = look(before)
    for worker in workers:
        worker.end()
    return found


def raise_inside(opening: Callable[[], Any], work: Callable[[], Any]) -> None:
    """A transaction or a snapshot that raises in the end."""
    with opening():
        work()
        raise CallersOwnError("raised in the body")


def threads_left(open_backend: Any, place: Path, how: str, calls: Sequence[Any] = ()) -> list[str]:
    """The names of the threads that go on after a handle was used as `used` says, but for the callers' own."""

    def look(before: Any) -> list[str]:
        found = [thread for thread in threading.enumerate() if thread not in before]
        # One that has been told to end does so.
        for thread in found:
            thread.join(2.0)
        return sorted(thread.name for thread in found if thread.is_alive())

    result: list[str] = used(open_backend, place, how, look, calls)
    return result


def files_left_open(open_backend: Any, place: Path, how: str, calls: Sequence[Any] = ()) -> list[str]:
    """The files at `place` that this process has open after a handle was used as `used` says."""
    found: list[str] = used(open_backend, place, how, lambda _: open_files_below(place), calls)
    return found


def open_files_can_be_seen() -> bool:
    """Whether `open_files_below` can tell anything on this machine."""
    return os.name == "nt" or Path("/proc/self/fd").is_dir()


def open_files_below(folder: Path) -> list[str]:
    """The names of the files below the folder that this process has open or mapped; Linux tells them.

    Windows tells whether there is any: a folder with an open file in it cannot be renamed.
    """
    if os.name == "nt":
        moved = folder.with_name(folder.name + " moved")
        try:
            folder.rename(moved)
        except PermissionError:
            return ["a file that keeps its folder from being renamed"]
        moved.rename(folder)
        return []
    targets = [attempt(os.readlink, entry) for entry in Path("/proc/self/fd").iterdir()]
    mapped = [line.split(maxsplit=5)[5:] for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()]
    paths = {
        Path(target) for target in [*targets, *(name for names in mapped for name in names)] if type(target) is str
    }
    root = folder.resolve()
    return sorted(path.relative_to(root).as_posix() for path in paths if path.is_relative_to(root))
