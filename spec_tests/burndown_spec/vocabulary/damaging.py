"""Stores that are deleted, replaced or damaged, and what a backend with files of its own says of that."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from burndown_spec.vocabulary.contents import contents_of
from burndown_spec.vocabulary.crash_points import own_process
from burndown_spec.vocabulary.migrating import files_below
from burndown_store.contract import BusyError, Issue, JsonText, StorageError, same

__all__ = [
    "changed_by_a_refused_opening",
    "checked_clean_or_told",
    "cut_largest_file",
    "damage_file",
    "damage_plan",
    "delete_store",
    "empty_files",
    "is_told_or_is",
    "is_told_or_one_of",
    "open_and_close",
    "read_or_told",
    "replace_store",
    "told_or_contents",
    "used_while_another_reads",
    "wide_issues",
    "write_and_close",
]


def delete_store(location: Path) -> None:
    """Delete everything below the location."""
    for path in sorted(location.iterdir()):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def replace_store(location: Path, other: Path) -> None:
    """Move the location away, and the other one into its place."""
    location.rename(location.with_name(f"{location.name}-gone"))
    other.rename(location)


def cut_largest_file(location: Path, part: int) -> None:
    """Cut the largest file below the location to its half (part 2), or to nothing (part 0)."""
    sizes = {path: path.stat().st_size for path in sorted(location.rglob("*")) if path.is_file()}
    path = max(sizes, key=lambda each: sizes[each])
    with path.open("r+b") as file:
        file.truncate(sizes[path] // part if part else 0)


def empty_files(location: Path) -> None:
    """Leave nothing in any file below the location."""
    for path in sorted(location.rglob("*")):
        if path.is_file():
            path.write_bytes(b"")


def damage_plan(location: Path, seed: int, most: int) -> list[list[Any]]:
    """Which damages to try, `[file, kind]` each: every kind on the largest file, and some on `most` others.

    Kinds are "noise in the middle", "noise at the beginning", "zeros in the middle", "zeros in the second half",
    "the second half cut off" and "emptied". Files are named by their paths below the location.
    """
    kinds = ["noise in the middle", "noise at the beginning", "zeros in the middle"]
    kinds += ["zeros in the second half", "the second half cut off", "emptied"]
    sizes = {name: location.joinpath(*name.split("/")).stat().st_size for name in files_below(location)}
    filled = sorted((name for name, size in sizes.items() if size), key=lambda name: (-sizes[name], name))
    draw = random.Random(seed)
    others = draw.sample(filled[1:], min(most, len(filled) - 1))
    return [[name, kind] for name in filled[:1] for kind in kinds] + [[name, draw.choice(kinds)] for name in others]


def damage_file(location: Path, name: str, kind: str, seed: int) -> None:
    """Damage the file in a way of `damage_plan`; its middle is the quarter around its half, and ends before its end."""
    path = location.joinpath(*name.split("/"))
    data = path.read_bytes()
    size, draw = len(data), random.Random(f"{seed} {name} {kind}")
    if kind == "emptied":
        damaged = b""
    elif kind == "the second half cut off":
        damaged = data[: size // 2]
    elif kind == "zeros in the second half":
        damaged = data[: size // 2] + bytes(size - size // 2)
    else:
        begin, count = (0, max(1, size // 16)) if "beginning" in kind else (3 * size // 8, max(1, size // 4))
        wrong = draw.randbytes(count) if kind.startswith("noise") else bytes(count)
        damaged = data[:begin] + wrong + data[begin + count :]
    path.write_bytes(damaged)


def told_or_contents(open_backend: Any, location: Path) -> Any:
    """All that the store holds; or "told", where opening, reading or `check()` says that it is damaged."""
    try:
        backend = open_backend(location, timeout=5.0)
        try:
            found = contents_of(backend)
            problems = backend.check()
        finally:
            backend.close()
    except StorageError:
        return "told"
    return "told" if problems else found


def checked_clean_or_told(open_backend: Any, location: Path) -> Any:
    """As `told_or_contents`, where it is for opening and `check()` to tell, and not for reading afterwards."""
    try:
        backend = open_backend(location, timeout=5.0)
    except StorageError:
        return "told"
    try:
        try:
            problems = backend.check()
        except StorageError:
            return "told"
        if problems:
            return "told"
        try:
            return contents_of(backend)
        except StorageError as error:
            return f"check() found nothing, and reading raised {type(error).__name__}"
    finally:
        backend.close()


def read_or_told(backend: Any) -> Any:
    """All that the store holds, or "told" where reading it raises `StorageError`."""
    try:
        return contents_of(backend)
    except StorageError:
        return "told"


def write_and_close(backend: Any, key: str, value: str) -> str:
    """Set a value of the app state and close the handle; "told" where either raises `StorageError`."""
    try:
        backend.set_app_state(key, value)
        backend.close()
    except StorageError:
        return "told"
    return "written"


def open_and_close(open_backend: Any, location: Path) -> None:
    """Open the store and close it again."""
    open_backend(location, timeout=5.0).close()


def wide_issues(count: int) -> list[Issue]:
    """So many issues of about 1,000 characters each, by key."""
    expires_at = datetime(2099, 1, 1, tzinfo=UTC)
    return [
        Issue(key=f"AB-{number:06}", document=JsonText(f'{{"text": "{f"{number:06} " * 140}"}}'), expires_at=expires_at)
        for number in range(count)
    ]


def is_told_or_is(found: Any, contents: Any) -> bool:
    """The damage is told, or all that the store held is there."""
    return found == "told" or same(found, contents)


def is_told_or_one_of(found: Any, states: Sequence[Any]) -> bool:
    """The damage is told, or the store is as it was at one of these moments."""
    return found == "told" or any(same(found, state) for state in states)


def changed_by_a_refused_opening(open_backend: Any, location: Path) -> list[str]:
    """The files that are gone or changed after an opening that was refused; none where it was not."""
    before = files_below(location)
    try:
        open_backend(location, timeout=5.0).close()
    except StorageError:
        after = files_below(location)
        return [name for name, found in before.items() if after.get(name) != found]
    return []


def used_while_another_reads(open_backend: Any, location: Path, backend: Any, writes: Sequence[Any]) -> list[str]:
    """Make the writes `(operation, argument …)` while another process has every file open and reads it.

    It also copies each to another place. Gives the names of the operations that were refused as busy or lost.
    """
    program = """
import json, pathlib, shutil, sys, tempfile
order = json.loads(sys.stdin.readline())
location = pathlib.Path(order["location"])
paths = [path for path in sorted(location.rglob("*")) if path.is_file()]
files = [path.open("rb") for path in paths]
first = [file.read(1) for file in files]
print("reading", flush=True)
sys.stdin.readline()
with tempfile.TemporaryDirectory() as elsewhere:
    for number, file in enumerate(files):
        file.seek(0)
        with open(f"{elsewhere}/{number}", "wb") as copy:
            shutil.copyfileobj(file, copy)
    print("copied", flush=True)
    sys.stdin.readline()
"""
    process = own_process(open_backend, location, program)
    refused = []
    try:
        assert process.stdout is not None
        assert process.stdin is not None
        for said in ("reading\n", "copied\n"):
            if process.stdout.readline() != said:
                _, complaints = process.communicate()
                raise ChildProcessError(f"the other program could not read: {complaints.strip()[-500:]}")
            for operation, *arguments in writes:
                try:
                    getattr(backend, operation)(*arguments)
                except (BusyError, StorageError):
                    refused.append(operation)
            process.stdin.write("go on\n")
            process.stdin.flush()
    finally:
        process.kill()
        process.communicate()
    return refused
