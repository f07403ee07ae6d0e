"""What the tests of the migration share: a start, and what lies in a folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from burndown_store.legacy import files_of
from burndown_store.migration import (
    Damage,
    Report,
    migrate,
)
from burndown_store.sqlite import open_backend_normal

__all__ = ["BROKEN_ROW", "NOW", "QUERY", "everything_below", "is_untouched", "old_files", "started"]

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
BROKEN_ROW = {"statistics": [{"date": "2025-11-03", "completed_items": "many"}], "project_scope": {}, "metadata": {}}
QUERY = "profiles/p_0a1b2c3d4e5f/queries/q_112233445566"


def started(root: Path, *, damage: Damage = "caches", timeout: float = 5.0) -> Report:
    return migrate(root, open_backend_normal, now=NOW, damage=damage, timeout=timeout)


def old_files(root: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in files_of(root).items()}


def everything_below(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def is_untouched(root: Path) -> bool:
    with open_backend_normal(root) as backend:
        return not backend.list_profiles() and not backend.list_app_state() and not backend.list_tasks()
