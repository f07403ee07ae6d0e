"""What a migration tells: how far it is, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from burndown_store.legacy import Ignored, Note, Reject

__all__ = ["KINDS", "Phase", "Progress", "Report", "Tell"]

Phase: TypeAlias = Literal["reading", "backing up", "converting", "verifying"]

KINDS = (
    *("app_state", "tasks", "profiles", "queries", "issues", "cache_infos"),
    *("histories", "changes", "statistics", "scopes", "metrics"),
)
"""What a report counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`done` of `total` steps of a phase are behind it; `what` is the next file or query, "" at its end."""

    phase: Phase
    done: int
    total: int
    what: str = ""


Tell: TypeAlias = Callable[[Progress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a migration found and did.

    - `generation`: of the old files, None where there are none;
    - `backup`: the folder that holds their copies;
    - `counts`: how many of each of `KINDS` are in the store, or, of a dry run, would be;
    - `rejects`, `ignored`, `notes`, `naive_times`: as `burndown_store.legacy` tells them, of all files; empty where
      the migration was done before;
    - `problems`: of a dry run, what would refuse the migration, a sentence each.
    """

    outcome: Literal["migrated", "already migrated", "nothing to migrate", "dry run"]
    generation: str | None = None
    backup: Path | None = None
    counts: dict[str, int] = field(default_factory=dict)
    rejects: tuple[Reject, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    notes: tuple[Note, ...] = ()
    naive_times: int = 0
    problems: tuple[str, ...] = ()
