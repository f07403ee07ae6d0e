"""What an export and an import tell of themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from burndown_store.legacy import Ignored, Note, Reject

__all__ = ["Exported", "Imported"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """The folder that was written.

    - `profiles`: their ids, in order;
    - `counts`: how many records of each kind, and keys of the application's state, it holds;
    - `files`: how many files it has; `with_secrets`: whether the tokens are among what they hold.
    """

    path: Path
    profiles: tuple[str, ...]
    counts: dict[str, int]
    files: int
    with_secrets: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What was taken into the store.

    - `profiles`: their ids, in order; `counts`: how many records of each kind, and keys of the application's state;
    - `rejects`, `notes`, `ignored`, `naive_times`: as `burndown_store.legacy` tells them. Paths are below the folder
      that was imported; those of a file begin with its name.
    """

    profiles: tuple[str, ...]
    counts: dict[str, int]
    rejects: tuple[Reject, ...] = field(default=(), repr=False)
    notes: tuple[Note, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    naive_times: int = 0
