"""Backups are whole and verified before anything is converted, and tell when a store is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from burndown_fixtures.legacy import TREES, write_files, write_tree
from burndown_store.contract import (
    MigrationError,
    StorageError,
    StorageLostError,
)
from burndown_store.legacy import detect
from burndown_store.migration import (
    BACKUPS,
    Backup,
    Progress,
    backups_in,
    migrate,
    restore,
)
from burndown_store.sqlite import open_backend_normal
from migration_samples import NOW, QUERY, is_untouched, started


def test_the_mark_of_a_finished_migration_is_made_up_for_at_the_next_start(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")
    started(root)
    (backup,) = backups_in(root)
    (backup.path / "finished").unlink()

    started(root)

    assert backup.finished


def test_a_backup_that_an_interrupted_migration_left_is_used_while_it_equals_the_files(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")

    def stop_at_converting(progress: Progress) -> None:
        if progress.phase == "converting":
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            migrate(root, open_backend_normal, now=NOW, progress=stop_at_converting)
    (left,) = backups_in(root)
    assert is_untouched(root)
    write_files(root, {f"{QUERY}/query.json": {"name": "changed since", "jql": "project = AB"}})

    report = started(root)

    assert [backup.finished for backup in backups_in(root)] == [False, True]
    assert report.backup != left.path
    assert (root / BACKUPS / "migration-20260102T030405678901Z-2") == report.backup


def test_half_a_backup_counts_as_none_and_is_cleared_away(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")
    write_files(root, {f"{BACKUPS}/.migration.part/files/profiles/profiles.json": b"{"})

    report = started(root)

    assert [backup.path for backup in backups_in(root)] == [report.backup]
    assert not (root / BACKUPS / ".migration.part").exists()


def test_a_folder_where_no_backup_can_be_made_is_told_and_left_as_it_was(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")
    (root / BACKUPS).write_text("a file", encoding="utf-8")

    with pytest.raises(StorageError, match=f"{BACKUPS}: .*see to the medium"):
        started(root)

    assert is_untouched(root)


@pytest.mark.parametrize("name", TREES)
def test_the_backup_has_every_old_file_and_its_manifest_tells_them(tmp_path: Path, name: str) -> None:
    root = write_tree(tmp_path / "root", name)
    there = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    started(root, damage="all")

    (backup,) = backups_in(root)
    manifest = backup.manifest()
    assert manifest.files.keys() == there.keys()
    assert {name: backup.file(name).read_bytes() for name in manifest.files} == there
    assert {entry.bytes for entry in manifest.files.values()} == {len(data) for data in there.values()}
    assert manifest.created_at == NOW
    assert manifest.generation == detect(root)


def test_a_backup_that_lost_a_file_or_has_one_too_many_is_not_used_again(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")

    def stop(progress: Progress) -> None:
        if progress.phase == "converting":
            raise KeyboardInterrupt

    def left() -> Backup:
        with pytest.raises(KeyboardInterrupt):
            migrate(root, open_backend_normal, now=NOW, progress=stop)
        return backups_in(root)[-1]

    first = left()
    first.file(f"{QUERY}/query.json").write_bytes(b"{}")
    second = left()
    (root / QUERY / "project_data.json").unlink()

    third = left()

    assert len({first.path, second.path, third.path}) == 3
    assert third.problems(third.manifest()) == []


def test_a_medium_that_keeps_something_else_is_found_before_anything_is_converted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_tree(tmp_path / "root", "g3")
    keep = Backup.keep

    def keep_and_forget(backup: Backup, name: str, data: bytes) -> None:
        keep(backup, name, data)
        if name == "manifest.json":
            backup.file(f"{QUERY}/query.json").write_bytes(b"\0\0")

    monkeypatch.setattr(Backup, "keep", keep_and_forget)

    with pytest.raises(MigrationError, match="the backup cannot be read back"):
        started(root)

    assert backups_in(root) == []
    assert is_untouched(root)


def test_of_several_finished_backups_the_newest_is_named_where_the_store_is_gone(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")
    for _ in range(2):
        report = started(root)
        for path in (root / "profiles").glob("burndown.db*"):
            path.unlink()
        restore(root, backups_in(root)[-1].path)
    for backup in backups_in(root):
        (backup.path / "restored").unlink()
    assert report.backup is not None

    with pytest.raises(StorageLostError, match=report.backup.name):
        started(root)


def test_a_store_that_is_gone_is_told_with_the_way_back_and_not_made_anew(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")
    backup = started(root).backup
    for path in (root / "profiles").glob("burndown.db*"):
        path.unlink()

    with pytest.raises(StorageLostError) as lost:
        migrate(root, open_backend_normal, exists=lambda _: False)

    assert backup is not None
    assert f'burndown-store restore "{root}" {backup.name}' in str(lost.value)
    assert not list((root / "profiles").glob("burndown.db*"))


@pytest.mark.skipif(os.name == "nt", reason="permissions of files mean something else there")
def test_who_may_not_read_a_file_may_not_read_its_copy(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "root", "g3")
    (root / QUERY / "query.json").chmod(0o600)

    started(root)

    assert backups_in(root)[0].file(f"{QUERY}/query.json").stat().st_mode & 0o777 == 0o600
