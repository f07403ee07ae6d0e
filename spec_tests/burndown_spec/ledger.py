"""The ledger: what happened in the judging process, one line of JSON each, written as it happens.

The verdict is drawn from these lines alone, never from an exit code; so a process that dies leaves what it had done.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TextIO, TypeAlias

import msgspec

from burndown_spec.results import Result

__all__ = [
    "Chosen",
    "Ended",
    "Entry",
    "Judged",
    "Ledger",
    "Lost",
    "Started",
    "Uncollected",
    "dumps",
    "loads",
    "read_ledger",
]


class _Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag=str.lower):
    pass


class Chosen(_Line, frozen=True, kw_only=True):
    """What pytest's options left to be judged: pairs of clause and backend."""

    pairs: tuple[tuple[str, str], ...]


class Uncollected(_Line, frozen=True, kw_only=True):
    """Clauses could not even be collected; `how` is one line."""

    how: str


class Started(_Line, frozen=True, kw_only=True):
    """A clause is being judged from now on."""

    clause: str
    backend: str


class Judged(_Line, frozen=True, kw_only=True):
    """A clause was judged."""

    result: Result


class Lost(_Line, frozen=True, kw_only=True):
    """A clause ended without a result; `how` is one line."""

    clause: str
    backend: str
    how: str


class Ended(_Line, frozen=True, kw_only=True):
    """The session came to its own end, with this exit status of pytest."""

    status: int


Entry: TypeAlias = Chosen | Uncollected | Started | Judged | Lost | Ended


def dumps(value: object) -> str:
    """`value` as one line of ASCII JSON; text may hold any code point, lone surrogates included."""
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=True)


def loads(text: str, kind: Any) -> Any:
    """What `dumps` made, as a `kind`. Raises `ValueError`."""
    return msgspec.convert(json.loads(text), kind)


class Ledger:
    """The writing end. Each line is handed to the system before the next thing happens."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open("a", encoding="ascii", newline="\n")

    def write(self, entry: Entry) -> None:
        self._file.write(dumps(entry) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def read_ledger(path: Path) -> tuple[list[Entry], list[str]]:
    """The entries of a ledger in their order, and a sentence for each line that is none."""
    entries: list[Entry] = []
    problems: list[str] = []
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    for number, line in enumerate(text.splitlines(), 1):
        try:
            entries.append(loads(line, Entry))
        except ValueError:
            problems.append(f"line {number} of the ledger cannot be read")
    return entries, problems
