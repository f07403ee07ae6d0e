"""`burndown-store backup` and `burndown-store recover`: what they print, and how they end."""

from __future__ import annotations

from pathlib import Path

import pytest

from burndown_store.command import Exit
from command_samples import STORE, Shell, contents_of


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("FORCE_COLOR", "")
    return Shell(tmp_path, capsys)


def cut(root: Path) -> None:
    """Leave half of the store's file."""
    store = root / STORE
    store.write_bytes(store.read_bytes()[: store.stat().st_size // 2])


def test_a_backup_says_where_it_lies(shell: Shell) -> None:
    shell.migrated()
    place = shell.root / "backups" / "store-0001.db"
    ran = shell("backup")
    assert ran.status == Exit.DONE
    assert ran.out.startswith(f"Backed up the store in {shell.root}, ")
    assert ran.out.endswith(f": {place}\n")
    document = shell("backup", "--json").document
    assert document["backup"] == str(place.with_name("store-0002.db"))
    assert document["bytes"] == place.stat().st_size


def test_a_sound_store_is_not_recovered(shell: Shell) -> None:
    before = contents_of(shell.migrated())
    assert shell("recover").out == f"The store in {shell.root} is sound; nothing was done.\n"
    assert shell("recover", "--json").document == {
        "command": "recover",
        "root": str(shell.root),
        "sound": True,
        "saved": {},
        "from_backup": {},
        "backup": None,
        "missing": [],
        "set_aside": None,
    }
    assert contents_of(shell.root).keys() == before.keys()


def test_a_store_without_a_backup_is_recovered_as_far_as_it_goes(shell: Shell) -> None:
    shell.migrated()
    cut(shell.root)
    ran = shell("recover")
    assert ran.status == Exit.REFUSED
    assert ran.out.startswith(f"Recovered the store in {shell.root}; it is sound again.\n")
    assert f"The damaged files, as they were: {shell.root / 'backups' / 'damaged-0001'}" in ran.out
    assert "Missing:\n  - " in ran.out
    assert shell("check").status == Exit.DONE


def test_a_store_with_a_backup_has_everything_again(shell: Shell) -> None:
    shell.migrated()
    before = shell("info", "--json").document["store"]["profiles"]
    shell("backup")
    (shell.root / STORE).write_bytes(b"no database" * 1000)
    document = shell("recover", "--json").document
    assert document["sound"] is False
    assert document["backup"] == str(shell.root / "backups" / "store-0001.db")
    assert document["saved"].keys() == document["from_backup"].keys()
    assert document["from_backup"]["issues"] > 0
    assert shell("info", "--json").document["store"]["profiles"] == before


def test_a_store_that_is_open_is_busy(shell: Shell) -> None:
    shell.migrated()
    with shell.open():
        ran = shell("recover")
    assert ran.status == Exit.BUSY
    assert "has the store open" in ran.err
