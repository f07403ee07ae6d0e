"""The append-only file: one line for each committed transaction.

A line is the JSON of its operations, a space, a checksum and the line's end. The checksum goes on from that of the line
before, so it speaks for the whole log up to there: a line that is changed, missing or moved breaks it. The line's end
is written last. Hence a last line without one is what a killed writer left behind, and never happened.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import msgspec

from burndown_store.contract import CorruptionError, StorageError, StorageLostError
from honest.append_only.locking import exclusive
from honest.append_only.operations import AnyOperation, Operation

__all__ = ["START", "End", "Entry", "Log"]

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(list[AnyOperation])


class End(NamedTuple):
    """A place between two lines: the bytes before it, and their checksum.

    Two equal ends have the same log before them, so an end is the version of the state that the log leads to.
    """

    offset: int
    checksum: int

    def seal(self) -> bytes:
        """What stands right before this place: the end of the line before."""
        return b" %08x\n" % self.checksum if self.offset else b""


START = End(0, 0)


class Entry(NamedTuple):
    """A committed transaction, and the place after it."""

    operations: Sequence[Operation]
    end: End


class Log:
    """The log of the store in the directory `location`, created where missing. It keeps no file open between calls."""

    def __init__(self, location: Path) -> None:
        self._path = location / "log.jsonl"
        self._lock = location / "writer.lock"
        try:
            location.mkdir(parents=True, exist_ok=True)
            for path in (self._path, self._lock):
                path.touch()
        except OSError as error:
            raise StorageError(f"{location}: no store can be created here: {error.strerror}") from error

    def entries(self, since: End = START) -> list[Entry]:
        """The entries after the place `since`. Raises `CorruptionError` where the log does not go on from there."""
        with self._storage_errors():
            found = self._bytes_since(since)
            while True:
                try:
                    return self._parsed(found, since)
                except CorruptionError:
                    # A writer may have removed an unfinished line while it was read; damage reads the same twice.
                    again = self._bytes_since(since)
                    if again == found:
                        raise
                    found = again

    @contextmanager
    def writing(self, timeout: float) -> Iterator[None]:
        """Be the only one to append. Raises `BusyError` when another does for longer than `timeout` seconds."""
        with self._storage_errors(), exclusive(self._lock, timeout):
            yield

    def append(self, operations: Sequence[Operation], end: End) -> End:
        """Append an entry within `writing()`, where `end` is the end of the log, and give the end after it.

        It has reached the device when this returns, and is taken back when this raises.
        """
        text = _ENCODER.encode(operations)
        after = End(end.offset + len(text) + 10, crc32(text, end.checksum))
        line = memoryview(text + after.seal())
        # Neither created here nor buffered: a deleted log stays deleted, and nothing is written after all when closing.
        with self._storage_errors(), self._path.open("r+b", buffering=0) as file:
            file.truncate(end.offset)
            file.seek(end.offset)
            try:
                while line:
                    line = line[file.write(line) :]
                os.fsync(file.fileno())
            except BaseException:
                with suppress(OSError):
                    file.truncate(end.offset)
                raise
        return after

    def size_bytes(self) -> int:
        """The bytes of both files."""
        with self._storage_errors():
            return sum(path.stat().st_size for path in (self._path, self._lock))

    def _bytes_since(self, since: End) -> bytes:
        """The log from the seal of `since` on."""
        with self._path.open("rb", buffering=0) as file:
            file.seek(since.offset - len(since.seal()))
            return file.readall()

    def _parsed(self, found: bytes, end: End) -> list[Entry]:
        if not found.startswith(end.seal()):
            raise CorruptionError(f"{self._path}: the log is not the one that was read before; restore it from a copy")
        *lines, _unfinished = found[len(end.seal()) :].split(b"\n")
        entries = []
        for line in lines:
            text, seal = line[:-9], line[-9:] + b"\n"
            after = End(end.offset + len(line) + 1, crc32(text, end.checksum))
            if seal != after.seal():
                raise CorruptionError(f"{self._path}: damaged at byte {end.offset}; restore it from a copy")
            try:
                entries.append(Entry(_DECODER.decode(text), after))
            except msgspec.MsgspecError:
                raise CorruptionError(f"{self._path}: no entry of this version at byte {end.offset}") from None
            end = after
        return entries

    @contextmanager
    def _storage_errors(self) -> Iterator[None]:
        """Only errors of the contract escape."""
        try:
            yield
        except StorageError:
            raise
        except FileNotFoundError as error:
            raise StorageLostError(f"{self._path}: the store is gone; close it and open it again") from error
        except OSError as error:
            raise StorageError(f"{self._path}: {error.strerror or type(error).__name__}") from error
