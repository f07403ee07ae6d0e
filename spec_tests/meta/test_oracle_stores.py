"""The oracle's stores: one for each location of this process, checked and counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from burndown_spec.oracle import destroy, open_backend
from burndown_spec.values import a_profile, a_query, a_scope, an_issue
from burndown_store.contract import JsonText, StorageError


def test_two_handles_of_one_location_share_a_store_that_ends_with_the_last(tmp_path: Path) -> None:
    first, second = open_backend(tmp_path / "store"), open_backend(tmp_path / "x" / ".." / "store")
    first.set_app_state("key", "value")
    first.close()
    first.close()
    assert second.get_app_state("key") == "value"
    second.close()
    with open_backend(tmp_path / "store") as third:
        assert third.list_app_state() == {}


def test_a_destroyed_location_starts_empty_and_open_handles_keep_what_they_have(tmp_path: Path) -> None:
    with open_backend(tmp_path) as backend:
        backend.save_profile(a_profile())
        destroy(tmp_path)
        destroy(tmp_path / "never there")
        with open_backend(tmp_path) as fresh:
            assert fresh.list_profiles() == []
        assert len(backend.list_profiles()) == 1


def test_a_location_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot create the location"):
        open_backend(tmp_path / "file" / "store")


def test_check_finds_a_record_that_breaks_a_rule_or_lies_in_the_wrong_place(tmp_path: Path) -> None:
    with open_backend(tmp_path) as backend:
        backend.save_profile(a_profile("p"))
        backend.save_query("p", a_query("q"))
        backend.save_issues("p", "q", [an_issue("AB-1")])
        assert backend.check() == []
        contents = backend._store.all_contents()[0]
        contents.issues["other"] = an_issue("AB-1")
        contents.scope = a_scope(values=[])
        assert len(backend.check()) == 2


def test_the_size_grows_with_what_is_kept(tmp_path: Path) -> None:
    with open_backend(tmp_path) as backend:
        empty = backend.size_bytes()
        assert empty > 0
        backend.save_profile(a_profile("p"))
        backend.save_query("p", a_query("q"))
        backend.save_issues("p", "q", [an_issue(document=JsonText.of({"text": "x" * 10_000}))])
        assert backend.size_bytes() > empty + 10_000
