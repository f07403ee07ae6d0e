"""Each command of `burndown-store` does what it says, and tells it to people and to machines."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from burndown_store.contract import JsonText
from burndown_store.migration import FLAG, mark_as_new
from burndown_store.sqlite import open_backend
from command_samples import STORE, TOKEN, Ran, Shell, contents_of
from sqlite_samples import a_profile, a_query, an_issue

COUNTS = {"profiles": 2, "queries": 2, "issues": 3, "histories": 3, "changes": 3, "statistics": 3, "metrics": 5}


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("FORCE_COLOR", "")


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, capsys)


def test_migrate_brings_the_old_files_into_the_store(shell: Shell) -> None:
    shell.tree()
    ran = shell("migrate")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(f"Migrated the old files of {shell.root} (generation G3) into the store")
    assert f"Backup of the old files: {shell.backup()}" in ran.out
    with shell.open() as store:
        assert {profile.name for profile in store.list_profiles()} == {"Team Blue", "Team Grün"}


def test_migrate_tells_machines_all_that_it_found(shell: Shell) -> None:
    shell.tree("g3-duplicates")
    document = shell("migrate", "--json").document
    backup = str(shell.backup())
    told = {name: document[name] for name in ("command", "root", "outcome", "generation", "backup", "report")}
    assert told == {
        "command": "migrate",
        "root": str(shell.root),
        "outcome": "migrated",
        "generation": "G3",
        "backup": backup,
        "report": str(shell.backup() / "report.json"),
    }
    assert {kind: document["counts"][kind] for kind in COUNTS} == COUNTS
    assert document["naive_times"] == 6
    assert [reject["kind"] for reject in document["rejects"]] == ["superseded"] * 3
    assert document["rejects"][0].keys() == {"file", "place", "line", "column", "kind", "reason"}
    assert Path(document["report"]).is_file()


def test_migrate_a_second_time_does_nothing(shell: Shell) -> None:
    shell.migrated()
    before = contents_of(shell.root)
    assert "was migrated before; nothing was done" in shell("migrate").out
    assert shell("migrate", "--json").document["outcome"] == "already migrated"
    assert contents_of(shell.root) == before


def test_migrate_where_there_is_nothing_creates_nothing(shell: Shell) -> None:
    shell.root.mkdir()
    ran = shell("migrate")
    assert (ran.status, ran.out) == (0, f"{shell.root} holds no old files: there is nothing to migrate.\n")
    assert contents_of(shell.root) == {}


@pytest.mark.parametrize(("tree", "status"), [("g3", 0), ("g3-cut-cache", 0), ("g3-wrong-types", 1)])
def test_a_dry_run_counts_and_writes_nothing(tree: str, status: int, shell: Shell) -> None:
    before = contents_of(shell.tree(tree))
    ran, document = shell("migrate", "--dry-run"), shell("migrate", "--dry-run", "--json").document
    assert ran.status == status
    assert ran.out.startswith("Dry run: nothing was written.")
    assert ("would be refused, because of damage" in ran.out) == bool(status)
    assert document["outcome"] == "dry run"
    assert document["counts"]["profiles"] == 2
    assert bool(document["problems"]) == bool(status)
    assert contents_of(shell.root) == before


def test_strict_refuses_what_is_set_aside_otherwise(shell: Shell) -> None:
    before = contents_of(shell.tree("g3-cut-cache"))
    ran = shell("migrate", "--strict")
    assert ran.status == 1
    assert "jira_cache.json, line 1, column 29: the file ends in the middle" in ran.err
    assert contents_of(shell.root) == before
    assert "1 unreadable" in shell("migrate").out


def test_all_damage_can_be_set_aside(shell: Shell) -> None:
    shell.tree("g3-wrong-types")
    assert shell("migrate").status == 1
    ran = shell("migrate", "--set-aside-all")
    assert ran.status == 0
    assert "6 unreadable" in ran.out
    assert str(shell.backup() / "report.json") in ran.out


def test_the_zone_is_that_of_times_without_one(shell: Shell) -> None:
    shell.tree("g3")
    assert shell("migrate", "--zone", "UTC", "--dry-run").status == 0
    ran = shell("migrate", "--zone", "Europe/Berlin", "--json")
    assert ran.document["naive_times"] == 6
    assert shell("info", "--json").document["store"]["migration"]["zone"] == "Europe/Berlin"


def test_info_tells_what_is_in_the_folder(shell: Shell) -> None:
    shell.tree()
    before = shell("info", "--json").document
    assert before["old_files"]["generation"] == "G3"
    assert (before["store"], before["backups"]) == (None, [])
    assert not (shell.root / STORE).exists()
    shell("migrate")
    document = shell("info", "--json").document
    assert document["old_files"] == before["old_files"]
    assert document["store"]["schema_version"] == 2
    assert document["store"]["bytes"] > 0
    flag = document["store"]["migration"]
    assert (flag["outcome"], flag["generation"]) == ("migrated", "G3")
    assert shell.root / flag["backup"] == shell.backup()
    blue = next(each for each in document["store"]["profiles"] if each["name"] == "Team Blue")
    assert {query["name"]: query["issues"] for query in blue["queries"]} == {"Last quarter": 3, "Main": 0}
    (backup,) = document["backups"]
    assert (backup["path"], backup["state"]) == (str(shell.backup()), "finished")
    assert (backup["files"], backup["bytes"]) == (before["old_files"]["files"], before["old_files"]["bytes"])


def test_info_tells_people_the_same(shell: Shell) -> None:
    shell.migrated()
    lines = shell("info").out.splitlines()
    assert lines[0] == str(shell.root)
    assert lines[1].startswith("Old files: generation G3, ")
    assert lines[3].startswith("Origin: migrated on ")
    assert any(line.split()[-4:] == ["q_112233445566", "Last", "quarter", "3"] for line in lines)
    assert any(line.split()[:2] == [shell.backup().name, "finished"] for line in lines)


def test_info_shows_the_rest_where_the_store_is_lost_or_damaged(shell: Shell) -> None:
    shell.migrated()
    (shell.root / STORE).write_bytes(b"no database" * 1000)
    damaged = shell("info", "--json")
    assert damaged.status == 4
    assert damaged.document["store"]["error"]["kind"] == "store"
    (shell.root / STORE).unlink()
    lost = shell("info")
    assert lost.status == 4
    assert f'restore "{shell.root}" {shell.backup().name}' in lost.out
    assert not (shell.root / STORE).exists()


def test_info_tells_the_state_of_every_backup(shell: Shell) -> None:
    shell.migrated()
    shell("restore", shell.backup())
    assert shell("info", "--json").document["backups"][0]["state"] == "restored"
    (shell.backup() / "manifest.json").write_text("{", encoding="utf-8")
    assert shell("info", "--json").document["backups"][0]["state"] == "damaged"


def test_check_finds_a_sound_store_sound(shell: Shell) -> None:
    shell.migrated()
    assert shell("check").out == f"The store in {shell.root} is sound. Its schema version is 2.\n"
    assert shell("check", "--json").document == {
        "command": "check",
        "root": str(shell.root),
        "sound": True,
        "schema_version": 2,
        "problems": [],
    }


def test_check_lists_what_is_wrong(shell: Shell) -> None:
    shell.migrated()
    with shell.open() as store:
        store._session.execute("UPDATE issues SET expires_at = 'soon'")
        store._session.execute("DROP INDEX issues_by_status")
    ran = shell("check")
    assert ran.status == 1
    assert "  - issues: 3 rows are no records of the contract." in ran.out.splitlines()
    document = shell("check", "--json").document
    assert (document["sound"], len(document["problems"])) == (False, 2)


def test_compact_makes_the_file_smaller_and_keeps_what_it_holds(shell: Shell) -> None:
    wide = JsonText('{"text": "' + "x" * 2000 + '"}')
    with shell.open() as store:
        store.save_profile(a_profile())
        store.save_query("p", a_query())
        store.save_issues("p", "q", [an_issue(f"AB-{number}", document=wide) for number in range(200)])
        store.save_issues("p", "q", [an_issue(f"AB-{number}") for number in range(0, 200, 2)])
        kept = store.get_issues("p", "q")
    document = shell("compact", "--json").document
    assert document["bytes_after"] < document["bytes_before"]
    with shell.open() as store:
        assert store.get_issues("p", "q") == kept
        assert store.check() == []
    assert shell("compact").out.startswith(f"Compacted the store in {shell.root}: ")


def test_an_export_can_be_imported_elsewhere(shell: Shell) -> None:
    shell.migrated()
    out, other = shell.home / "out", shell.home / "other"
    document = shell("export", out, "--with-secrets", "--json").document
    assert document["out"] == str(out)
    assert (document["profiles"], document["with_secrets"]) == (["Team Grün", "p_0a1b2c3d4e5f"], True)
    assert document["files"] == sum(path.is_file() for path in out.rglob("*"))
    other.mkdir()
    imported = shell("import", out, "--json", root=other).document
    assert imported["profiles"] == document["profiles"]
    assert imported["counts"] == document["counts"]
    with shell.open() as store, open_backend(other) as copy:
        assert copy.list_profiles() == store.list_profiles()
        # The next start must not take it for a store that is not the application's.
        assert copy.get_app_state(FLAG) is not None
    assert shell("migrate", root=other).status == 0


def test_tokens_leave_only_when_they_are_asked_for(shell: Shell) -> None:
    shell.migrated()
    without, alone = shell.home / "without", shell.home / "alone"
    ran = shell("export", without)
    assert "Tokens and passwords are not in it" in ran.out
    assert not any(TOKEN.encode() in content for content in contents_of(without).values())
    ran = shell("export", alone, "--profile", "p_0a1b2c3d4e5f", "--with-secrets")
    assert "Tokens and passwords are in it" in ran.out
    assert any(TOKEN.encode() in content for content in contents_of(alone).values())
    assert TOKEN not in ran.out


def test_a_profile_can_be_imported_under_another_id(shell: Shell) -> None:
    shell.migrated()
    out = shell.home / "out"
    shell("export", out, "--profile", "p_0a1b2c3d4e5f")
    assert shell("import", out).status == 6
    ran = shell("import", out, "--as", "blue-2")
    assert (ran.status, ran.out.splitlines()[:2]) == (0, [f"Imported 1 profile from {out}:", "  blue-2"])
    with shell.open() as store:
        assert len(store.get_issues("blue-2", "q_112233445566")) == 3


def test_an_import_that_is_refused_leaves_no_store_behind(shell: Shell) -> None:
    shell.root.mkdir()
    bad = shell.home / "bad.json"
    bad.write_text('{"a": 1}', encoding="utf-8")
    assert shell("import", bad).status == 1
    assert contents_of(shell.root) == {}


def test_old_files_are_migrated_before_anything_is_imported(shell: Shell) -> None:
    before = contents_of(shell.tree())
    out = shell.home / "out"
    out.mkdir()
    ran = shell("import", out)
    assert ran.status == 2
    assert ran.err.endswith(f'burndown-store migrate "{shell.root}"\n')
    assert contents_of(shell.root) == before
    # An empty store beside them changes nothing of that.
    shell.open().close()
    assert shell("import", out).status == 2


def test_restore_puts_the_old_files_back(shell: Shell) -> None:
    shell.migrated()
    registry = shell.root / "profiles" / "profiles.json"
    was = registry.read_bytes()
    registry.write_bytes(b"{}")
    document = shell("restore", shell.backup().name, "--json").document
    assert registry.read_bytes() == was
    assert (document["backup"], document["store"]) == (str(shell.backup()), True)
    assert (Path(document["replaced"]) / "profiles" / "profiles.json").read_bytes() == b"{}"
    for path in shell.root.glob(f"{STORE}*"):
        path.unlink()
    assert "There is no store: the next start migrates these files again." in shell("restore", shell.backup()).out
    assert shell("migrate").status == 0


def test_a_store_that_began_without_old_files_says_so(shell: Shell) -> None:
    with shell.open() as store:
        mark_as_new(store, datetime(2025, 11, 3, 12, tzinfo=UTC))
    assert "Origin: begun without old files on 2025-11-03 12:00:00 UTC" in shell("info").out.splitlines()


def all_of_it(ran: Ran) -> str:
    return ran.out + ran.err


@pytest.mark.parametrize("tree", ["g3", "g2-flat", "g1", "g3-wrong-types", "g3-cut-cache", "g3-duplicates"])
def test_no_secret_is_ever_shown(tree: str, shell: Shell) -> None:
    shell.tree(tree)
    ways = [(), ("--json",)]
    told = [
        shell("migrate", *way, *more) for more in (("--dry-run",), ("--strict",), ("--set-aside-all",)) for way in ways
    ]
    told += [shell(command, *way) for command in ("info", "check", "compact") for way in ways]
    told += [shell("export", shell.home / f"out{len(way)}", *way) for way in ways]
    assert not [each for each in told if "invented-token" in all_of_it(each)]
