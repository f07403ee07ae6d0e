"""The old files come back as they were when they were migrated, and nothing that was there meanwhile is lost."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from burndown_fixtures.legacy import write_files, write_tree
from burndown_store.contract import BusyError, MigrationError
from burndown_store.files import exclusive
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
            (backup.path / "outside.json").write_bytes(backup.file(REGISTRY).read_bytes())
            manifest.write_text(json.dumps(held), encoding="utf-8")
    write_files(root, {REGISTRY: {"profiles": {}}})
    before = old_files(root)

    with pytest.raises(MigrationError) as refusal:
        restore(root, backup.path)

    assert str(backup.path) in str(refusal.value)
    assert old_files(root) == before
    assert not (root.parent / "outside.json").exists()


def test_every_damaged_copy_is_listed(root: Path) -> None:
    (backup,) = backups_in(root)
    names = [*backup.manifest().files]
    for name in names:
        backup.file(name).write_bytes(b"damaged")

    with pytest.raises(MigrationError) as refusal:
        restore(root, backup.path)

    assert len(refusal.value.problems) == len(names)


def test_who_restores_waits_for_a_migration_that_is_under_way(root: Path) -> None:
    before = old_files(root)

    with exclusive(root / "backups" / "lock", timeout=0.0), pytest.raises(BusyError):
        restore(root, backups_in(root)[0].path, timeout=0.0)

    assert old_files(root) == before


def test_files_keep_their_times_so_that_the_latest_of_several_stays_the_latest(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")
    os.utime(root / REGISTRY, (1_700_000_000, 1_700_000_000))
    migrate(root, open_backend_normal)
    (root / REGISTRY).write_bytes(b"{}")

    restore(root, backups_in(root)[0].path)

    assert (root / REGISTRY).stat().st_mtime == 1_700_000_000


def test_a_file_that_takes_the_place_of_one_of_the_backup_is_set_aside_whatever_it_is(root: Path) -> None:
    (root / REGISTRY).unlink()
    (root / "profiles" / "p_0a1b2c3d4e5f" / "profile.json").write_bytes(b"no JSON")

    restored = restore(root, backups_in(root)[0].path)

    assert restored.replaced is not None
    assert (restored.replaced / "profiles" / "p_0a1b2c3d4e5f" / "profile.json").read_bytes() == b"no JSON"


def test_a_backup_that_is_not_there_is_told_with_where_they_are(root: Path) -> None:
    with pytest.raises(MigrationError, match="there is no such backup; those of this folder lie in"):
        restore(root, "migration-2020")


def test_a_manifest_that_does_not_tell_of_a_copy_is_damaged(root: Path) -> None:
    (backup,) = backups_in(root)
    manifest = backup.path / "manifest.json"
    held = json.loads(manifest.read_text(encoding="utf-8"))
    held["files"] = {}
    manifest.write_text(json.dumps(held), encoding="utf-8")
    before = old_files(root)

    with pytest.raises(MigrationError, match="does not tell of this copy"):
        restore(root, backup.path)

    assert old_files(root) == before


def test_a_backup_of_another_folder_is_not_marked(root: Path, tmp_path: Path) -> None:
    (backup,) = backups_in(root)

    restore(tmp_path / "elsewhere", backup.path)

    assert old_files(tmp_path / "elsewhere") == old_files(root)
    assert not backup.restored
