"""An export with secrets, imported into an empty store, makes the same store, on every backend and between them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burndown_fixtures.legacy import TREES, write_tree
from burndown_spec.oracle import destroy
from burndown_spec.oracle import open_backend as open_memory
from burndown_spec.values import records as r
from burndown_spec.values.strategies import BEGINNING, records
from burndown_store.contract import (
    Backend,
    CacheInfo,
    Profile,
    ProfileNotFoundError,
    Query,
    Scope,
    Task,
    ValidationError,
    replace,
    same,
)
from burndown_store.contract import check as checked
from burndown_store.json_files import open_backend as open_json_files
from burndown_store.legacy import read_workspace
from burndown_store.sqlite import open_backend_normal
from burndown_store.transfer import (
    ConflictError,
    ExportRefusedError,
    ImportRefusedError,
    export_workspace,
    import_workspace,
)
from transfer_samples import OPENERS, contents, everything, fill

SEEDED = settings(derandomize=True, database=None, deadline=None, max_examples=60)


@pytest.mark.parametrize("to", OPENERS)
@pytest.mark.parametrize("of", OPENERS)
def test_every_field_of_every_record_comes_back_the_same(tmp_path: Path, of: str, to: str) -> None:
    with OPENERS[of](tmp_path / "old") as old, OPENERS[to](tmp_path / "new") as new:
        fill(old)

        exported = export_workspace(old, tmp_path / "out", with_secrets=True)
        before = contents(tmp_path / "out")
        imported = import_workspace(new, tmp_path / "out")

        assert same(everything(new), everything(old))
        assert contents(tmp_path / "out") == before
        assert exported.profiles == imported.profiles == ("Team Blue", "p")
        assert exported.counts == imported.counts
        assert imported.counts == {
            "app_state": 3, "tasks": 2, "profiles": 2, "queries": 3, "issues": 6, "cache_infos": 3,
            "histories": 6, "changes": 6, "statistics": 6, "scopes": 3, "metrics": 6,
        }  # fmt: skip
        assert exported.files == len([data for data in before.values() if data])
        assert (imported.rejects, imported.notes, imported.ignored, imported.naive_times) == ((), (), (), 0)


def test_the_old_application_reads_an_export(tmp_path: Path) -> None:
    with open_backend_normal(tmp_path / "store") as store:
        fill(store)
        export_workspace(store, tmp_path / "out")

    workspace = read_workspace(tmp_path / "out")

    assert workspace.generation == "G3"
    assert (workspace.rejects, workspace.ignored) == ((), ())
    assert workspace.app_state["active_profile_id"] == "p"
    assert [profile.record.name for profile in workspace.profiles] == ["Team Blue", "Team Blue"]
    for _, query in workspace.queries():
        below = query.read()
        assert below.rejects == ()
        assert sorted(issue.key for issue in below.issues) == ["AB-1", "ab-1"]
        assert sorted(history.issue_key for history in below.histories) == ["AB-1", "GONE-1"]
        assert (len(below.statistics), len(below.metrics)) == (2, 2)
        assert below.cache_info is not None
        assert below.scope is not None


def test_one_profile_leaves_alone_and_without_state(tmp_path: Path) -> None:
    with open_backend_normal(tmp_path / "old") as old, open_backend_normal(tmp_path / "new") as new:
        fill(old)

        exported = export_workspace(old, tmp_path / "out", profile_id="p", with_secrets=True)
        import_workspace(new, tmp_path / "out")

        wanted = {name: each for name, each in everything(old).items() if name == "profile p" or "('p'," in name}
        assert same(everything(new), wanted)
        assert exported.profiles == ("p",)


def test_a_profile_that_is_not_there_is_not_exported(tmp_path: Path) -> None:
    with open_backend_normal(tmp_path / "store") as store:
        with pytest.raises(ProfileNotFoundError):
            export_workspace(store, tmp_path / "out", profile_id="p")
        with pytest.raises(ValidationError):
            export_workspace(store, tmp_path / "out", profile_id="")
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_an_empty_store_is_exported_and_imported(tmp_path: Path) -> None:
    with open_backend_normal(tmp_path / "old") as old, open_backend_normal(tmp_path / "new") as new:
        export_workspace(old, tmp_path / "deep" / "out")
        assert import_workspace(new, tmp_path / "deep" / "out").profiles == ()
        assert everything(new) == {}


def test_an_export_goes_into_an_empty_folder_and_into_no_other(tmp_path: Path) -> None:
    empty, taken, file = tmp_path / "empty", tmp_path / "taken", tmp_path / "file"
    empty.mkdir()
    taken.mkdir()
    (taken / "mine.txt").write_text("mine", encoding="utf-8")
    file.write_text("mine", encoding="utf-8")
    with open_backend_normal(tmp_path / "store") as store:
        fill(store)
        export_workspace(store, empty)
        for out in (empty, taken, file):
            before = contents(tmp_path)
            with pytest.raises(ExportRefusedError, match="something is there already; name a new or an empty folder"):
                export_workspace(store, out)
            assert contents(tmp_path) == before


def test_an_export_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_memory(tmp_path / "store") as store:
        fill(store)
        failing = OSError(28, "No space left on device")

        def refuse(*_arguments: object) -> None:
            raise failing

        monkeypatch.setattr(store, "get_metrics", refuse)
        with pytest.raises(OSError, match="No space left on device; see to the medium"):
            export_workspace(store, tmp_path / "out")
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]


def test_an_export_is_one_moment_of_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        open_backend_normal(tmp_path / "old") as old,
        open_backend_normal(tmp_path / "old") as other,
        open_backend_normal(tmp_path / "new") as new,
    ):
        fill(old)
        before, get_issues = everything(old), old.get_issues

        def while_another_writes(*here: Any) -> Any:
            if other.get_profile("p") is not None:
                other.delete_profile("p")
            return get_issues(*here)

        monkeypatch.setattr(old, "get_issues", while_another_writes)
        export_workspace(old, tmp_path / "out", with_secrets=True)
        import_workspace(new, tmp_path / "out")
        assert same(everything(new), before)
        assert other.get_profile("p") is None


def test_the_mark_of_a_migration_stays_with_its_store(tmp_path: Path) -> None:
    with open_backend_normal(tmp_path / "old") as old, open_backend_normal(tmp_path / "new") as new:
        old.set_app_state("migration", '{"generation": "G3"}')
        old.set_app_state("theme", "dark")
        export_workspace(old, tmp_path / "out", with_secrets=True)
        import_workspace(new, tmp_path / "out")
        assert new.list_app_state() == {"theme": "dark"}
    with open_json_files(tmp_path / "json") as old, open_backend_normal(tmp_path / "newer") as newer:
        old.set_app_state("migration", '{"generation": "G3"}')
        import_workspace(newer, tmp_path / "json")
        assert newer.list_app_state() == {}


def test_state_and_tasks_come_only_into_a_store_without_profiles(tmp_path: Path) -> None:
    with open_backend_normal(tmp_path / "old") as old, open_backend_normal(tmp_path / "new") as new:
        fill(old)
        new.save_profile(r.a_profile("other"))
        new.set_app_state("active_profile_id", "other")
        export_workspace(old, tmp_path / "out")

        imported = import_workspace(new, tmp_path / "out")

        assert new.list_app_state() == {"active_profile_id": "other"}
        assert new.list_tasks() == []
        assert imported.counts["app_state"] == imported.counts["tasks"] == 0
        assert [note.what.split(" not taken over")[0] for note in imported.notes] == [
            "3 keys of the application's state",
            "2 tasks",
        ]


@pytest.mark.parametrize("name", OPENERS)
def test_what_is_there_already_is_named_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    with open_backend_normal(tmp_path / "old") as old, OPENERS[name](tmp_path / "new") as new:
        fill(old)
        new.save_profile(r.a_profile("p", name="Mine"))
        export_workspace(old, tmp_path / "out")
        before = everything(new)
        with pytest.raises(ConflictError, match="1 of 2 profiles are in the store already: 'p'"):
            import_workspace(new, tmp_path / "out")
        assert same(everything(new), before)


def test_one_profile_comes_under_another_id(tmp_path: Path) -> None:
    with open_backend_normal(tmp_path / "store") as store:
        fill(store)
        before = everything(store)
        export_workspace(store, tmp_path / "out", profile_id="p", with_secrets=True)
        with pytest.raises(ConflictError, match="--as NEW_ID"):
            import_workspace(store, tmp_path / "out")

        assert import_workspace(store, tmp_path / "out", as_id="p 2").profiles == ("p 2",)

        after = everything(store)
        assert same({name: after[name] for name in before}, before)
        assert same(after["profile p 2"], replace(before["profile p"], id="p 2"))
        assert len(after) == len(before) + len([name for name in before if "('p'," in name]) + 1


def test_another_id_is_for_one_profile(tmp_path: Path) -> None:
    with open_backend_normal(tmp_path / "old") as old, open_backend_normal(tmp_path / "new") as new:
        fill(old)
        export_workspace(old, tmp_path / "out")
        with pytest.raises(ImportRefusedError, match="it holds 2 profiles"):
            import_workspace(new, tmp_path / "out", as_id="other")
        with pytest.raises(ValidationError, match="as_id"):
            import_workspace(new, tmp_path / "out", as_id="")
        assert everything(new) == {}


@pytest.mark.parametrize("name", ["memory without transactions", "memory", "sqlite"])
def test_an_import_that_fails_leaves_no_profile(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_backend_normal(tmp_path / "old") as old, OPENERS[name](tmp_path / "new") as new:
        fill(old)
        new.save_profile(r.a_profile("other"))
        export_workspace(old, tmp_path / "out")
        before, save_metrics, calls = everything(new), new.save_metrics, iter((True, False))

        def fail_at_last(*arguments: Any) -> None:
            if not next(calls):
                raise OSError(28, "No space left on device")
            save_metrics(*arguments)

        monkeypatch.setattr(new, "save_metrics", fail_at_last)
        with pytest.raises(OSError, match="No space left on device"):
            import_workspace(new, tmp_path / "out")
        assert same(everything(new), before)


@pytest.mark.parametrize("name", ["memory", "sqlite"])
def test_an_import_that_fails_at_its_end_leaves_nothing_in_a_transaction(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_backend_normal(tmp_path / "old") as old, OPENERS[name](tmp_path / "new") as new:
        fill(old)
        export_workspace(old, tmp_path / "out")

        def refuse(_key: str, _value: str) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(new, "set_app_state", refuse)
        with pytest.raises(OSError, match="No space left on device"):
            import_workspace(new, tmp_path / "out")
        assert everything(new) == {}


def test_under_another_id_a_profile_brings_neither_state_nor_tasks(tmp_path: Path) -> None:
    with open_backend_normal(tmp_path / "old") as old, open_backend_normal(tmp_path / "new") as new:
        old.save_profile(r.full_profile())
        old.set_app_state("active_profile_id", "p")
        old.save_task(r.full_task())
        export_workspace(old, tmp_path / "out", with_secrets=True)
        import_workspace(new, tmp_path / "out", as_id="other")
        assert same(everything(new), {"profile other": r.full_profile("other")})


@pytest.mark.parametrize("name", TREES)
def test_old_files_in_a_store_leave_it_and_come_again_the_same(tmp_path: Path, name: str) -> None:
    tree = write_tree(tmp_path / "tree", name)
    before = contents(tree)
    with open_backend_normal(tmp_path / "old") as old, open_backend_normal(tmp_path / "new") as new:
        imported = import_workspace(old, tree)
        assert contents(tree) == before

        export_workspace(old, tmp_path / "out", with_secrets=True)
        import_workspace(new, tmp_path / "out")

        assert same(everything(new), everything(old))
        workspace = read_workspace(tree)
        below = [query.read() for _, query in workspace.queries()]
        assert imported.rejects == (*workspace.rejects, *(reject for each in below for reject in each.rejects))
        assert imported.notes == (*workspace.notes, *(note for each in below for note in each.notes))
        assert imported.ignored == workspace.ignored
        assert imported.naive_times == workspace.naive_times + sum(each.naive_times for each in below)
        assert old.list_app_state() == workspace.app_state


def valid(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return strategy.filter(is_valid).map(checked)


def is_valid(record: Any) -> bool:
    try:
        checked(record)
    except ValidationError:
        return False
    return True


@st.composite
def below_a_query(draw: st.DrawFn) -> dict[str, Any]:
    batches = {name: draw(BEGINNING[name]) for name in ("issues", "histories", "statistics", "metrics")}
    found: dict[str, Any] = {name: [each for each in batch if is_valid(each)] for name, batch in batches.items()}
    for name, kind in (("info", CacheInfo), ("scope", Scope)):
        found[name] = draw(st.none() | valid(records[kind]))
    return found


WORKSPACES = st.lists(
    st.tuples(valid(records[Profile]), st.lists(st.tuples(valid(records[Query]), below_a_query()), max_size=2)),
    max_size=3,
)
STATES = st.dictionaries(st.sampled_from(["k", "K", "active_profile_id"]), st.sampled_from(["a", "", "{}"]), max_size=2)


@SEEDED
@given(WORKSPACES, STATES, st.lists(valid(records[Task]), max_size=2))
def test_any_workspace_is_the_same_after_export_and_import(
    workspace: list[Any], state: dict[str, str], tasks: list[Task]
) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        with open_memory(root / "old") as old, open_memory(root / "new") as new:
            save(old, workspace, state, tasks)
            export_workspace(old, root / "out", with_secrets=True)
            import_workspace(new, root / "out")
            assert same(everything(new), everything(old))
        for name in ("old", "new"):
            destroy(root / name)


def save(backend: Backend, workspace: list[Any], state: dict[str, str], tasks: list[Task]) -> None:
    for profile, queries in workspace:
        backend.save_profile(profile)
        for query, below in queries:
            here = profile.id, query.id
            backend.save_query(profile.id, query)
            backend.save_issues(*here, below["issues"])
            backend.save_histories(*here, below["histories"])
            backend.save_statistics(*here, below["statistics"])
            backend.save_metrics(*here, below["metrics"])
            if below["info"] is not None:
                backend.save_cache_info(*here, below["info"])
            if below["scope"] is not None:
                backend.save_scope(*here, below["scope"])
    for key, value in state.items():
        backend.set_app_state(key, value)
    for task in tasks:
        backend.save_task(task)
