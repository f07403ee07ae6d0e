"""The old files come back as they were when they were migrated, and nothing that was there meanwhile is lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from burndown_fixtures.legacy import write_files, write_tree
from burndown_store.contract import MigrationError
from burndown_store.legacy import files_of
from burndown_store.migration import backups_in, migrate, restore
from burndown_store.sqlite import open_backend_normal

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
REGISTRY = "profiles/profiles.json"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = write_tree(tmp_path / "root", "g3")
    migrate(root, open_backend_normal)
    return root


def old_files(root: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in files_of(root).items()}


def lose_the_store(root: Path) -> None:
    for path in (root / "profiles").glob("burndown.db*"):
        path.unlink()


@pytest.mark.parametrize("said_as", ["path", "name", "below the root"])
def test_the_files_are_exactly_those_of_the_backup(root: Path, said_as: str) -> None:
    before = old_files(root)
    (backup,) = backups_in(root)
    said: dict[str, Path | str] = {
        "path": backup.path,
        "name": backup.path.name,
        "below the root": backup.path.relative_to(root),
    }
    write_files(root, {REGISTRY: {"profiles": {}}, "profiles/p_0a1b2c3d4e5f/newer.json": {"a": 1}})
    (root / "task_progress.json").unlink(missing_ok=True)

    restored = restore(root, said[said_as], now=NOW)

    assert old_files(root) == before
    assert set(restored.files) == before.keys()
    assert backup.restored
    assert restored.replaced == root / "backups" / "replaced-20260102T030405000000Z"
    aside = {str(path.relative_to(restored.replaced).as_posix()) for path in restored.replaced.rglob("*.json")}
    assert aside == {REGISTRY, "profiles/p_0a1b2c3d4e5f/newer.json"}


def test_nothing_is_set_aside_where_nothing_differs(root: Path) -> None:
    assert restore(root, backups_in(root)[0].path).replaced is None


def test_a_store_that_is_still_there_stays_in_use(root: Path) -> None:
    (backup,) = backups_in(root)
    restore(root, backup.path)

    assert migrate(root, open_backend_normal).outcome == "already migrated"
    # From now on a store that is gone is lost again.
    assert not backup.restored


def test_a_lost_store_is_made_anew_from_what_was_restored(root: Path) -> None:
    lose_the_store(root)
    restore(root, backups_in(root)[0].path)

    assert migrate(root, open_backend_normal).outcome == "migrated"
    assert [backup.finished for backup in backups_in(root)] == [True, True]


@pytest.mark.parametrize("damage", ["a copy changed", "a copy is gone", "no manifest", "half a manifest", "a way out"])
def test_a_damaged_backup_is_refused_with_every_reason_before_anything_changes(root: Path, damage: str) -> None:
    (backup,) = backups_in(root)
    manifest = backup.path / "manifest.json"
    match damage:
        case "a copy changed":
            backup.file(REGISTRY).write_bytes(b"{}")
        case "a copy is gone":
            backup.file(REGISTRY).unlink()
        case "no manifest":
            manifest.unlink()
        case "half a manifest":
            manifest.write_bytes(manifest.read_bytes()[:50])
        case _:
            held = json.loads(manifest.read_text(encoding="utf-8"))
            held["files"]["../outside.json"] = held["files"][REGISTRY]
            manifest.write_text(json.dumps(held), encoding="utf-8")
    write_files(root, {REGISTRY: {"profiles": {}}})
    before = old_files(root)

    with pytest.raises(MigrationError) as refusal:
        restore(root, backup.path)

    assert str(backup.path) in str(refusal.value)
    assert old_files(root) == before
    assert not (root.parent / "outside.json").exists()


def test_a_backup_that_is_not_there_is_told_with_where_they_are(root: Path) -> None:
    with pytest.raises(MigrationError, match="there is no such backup; those of this folder lie in"):
        restore(root, "migration-2020")
