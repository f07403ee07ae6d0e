"""What reading the old files has to say besides the records: rejects, ignored files and notes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Findings", "Ignored", "Note", "Reject"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A part of a file that no record holds as it stands there, with its text, so that nothing is lost.

    - `file`: the path below the root, with `/`; `place`: the JSON path in it (`statistics[3].date`), "" for all of it;
    - `line` and `column`, from 1, where the text itself could not be read;
    - `kind`: `unreadable` (no record holds it), `superseded` (another record of the same identity counts),
      `unplaced` (readable, but no record has a place for it), `repaired` (a record holds it, changed as `reason` says);
    - `raw`: the text of that part: the file's own where the whole file is rejected, respelled JSON otherwise;
    - `encoding`: how the file's bytes became `raw`; `latin-1` (which loses nothing) where they are no UTF-8;
    - `refetchable`: the file is a cache or the state of a running job, which the application makes anew.

    `raw` may hold a token, so `repr` leaves it out, and `reason` never quotes it.
    """

    file: str
    place: str = ""
    line: int | None = None
    column: int | None = None
    kind: Literal["unreadable", "superseded", "unplaced", "repaired"] = "unreadable"
    reason: str
    raw: str = field(repr=False)
    encoding: Literal["utf-8", "latin-1"] = "utf-8"
    refetchable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A file or folder (its path ends in `/`) that is left unread on purpose, and why."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that was read, but not as the file has it or not from where it belongs. No stored value is quoted."""

    file: str
    place: str = ""
    what: str


@dataclass(slots=True)
class Findings:
    """Collects what one reading finds. `naive_times` counts the times that were read in the caller's zone."""

    rejects: list[Reject] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    naive_times: int = 0
