"""Files are saved whole or not at all, one writer at a time; what is damaged, lost or foreign is refused and named."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from burndown_spec.furnished import EVERY_READ, EVERY_WRITE, furnish, make
from burndown_spec.values.records import a_history, a_profile, a_query, an_issue
from burndown_spec.vocabulary import contents_of
from burndown_store.contract import (
    BusyError,
    ClosedError,
    CorruptionError,
    ProfileNotFoundError,
    SchemaVersionError,
    StorageError,
    StorageLostError,
    ValidationError,
    same,
)
from burndown_store.files import exclusive
from burndown_store.json_files import JsonFilesBackend, open_backend

SECRET = "invented-token-4711"
BELOW_A_QUERY = ("jira_cache.json", "jira_changelog_cache.json", "project_data.json", "metrics_snapshots.json")
EVERY_FILE = (
    "profiles/profiles.json",
    "profiles/p/profile.json",
    "profiles/p/queries/q/query.json",
    *(f"profiles/p/queries/q/{file}" for file in BELOW_A_QUERY),
    "task_progress.json",
)


def damages_of(data: bytes) -> Iterator[bytes]:
    """What may become of a file: cut off, emptied, full of NUL bytes, followed by garbage, of another kind …"""
    yield data[: len(data) // 2]
    yield b""
    yield bytes(len(data))
    yield data + b"}"
    yield b"[]"
    yield b'{"\xff": 1}'
    yield data.replace(b"{", b'{"x": NaN, ', 1)
    yield b'{"x": ' + b"[" * 100_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JsonFilesBackend]:
    """An open store with one of everything; a writer does not wait."""
    with open_backend(tmp_path, timeout=0) as backend:
        furnish(backend)
        backend.save_profile(a_profile(jira_config={"token": SECRET}))
        yield backend


def files_in(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def refusal_of(store: JsonFilesBackend, call: tuple[Any, ...]) -> CorruptionError | None:
    try:
        make(store, call)
    except CorruptionError as error:
        return error
    return None


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_changes_nothing_and_leaves_nothing(
    store: JsonFilesBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, files = contents_of(store), files_in(tmp_path)
    monkeypatch.setattr(os, "fsync", full_disk)
    for call in EVERY_WRITE:
        # What only removes needs no room.
        if call[0] != "delete_query" and call != ("clear_task", "fetch"):
            with pytest.raises(StorageError, match="No space left on device"):
                make(store, call)
            assert same(contents_of(store), before)
            assert files_in(tmp_path) == files
    assert store.check() == []


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), KeyboardInterrupt()], ids=type)
def test_what_stops_the_replacement_leaves_the_old_file(
    store: JsonFilesBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    before, files = contents_of(store), files_in(tmp_path)

    def stopped(*_: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", stopped)
        with pytest.raises((StorageError, KeyboardInterrupt)):
            store.save_issues("p", "q", [an_issue("AB-9")])
    assert same(contents_of(store), before)
    assert files_in(tmp_path) == files


@pytest.mark.parametrize("call", ["save_issues('p', 'q', [an_issue('AB-9')])", "save_profile(a_profile('new'))"])
def test_a_process_that_dies_before_the_replacement_leaves_the_old_file(
    store: JsonFilesBackend, tmp_path: Path, call: str
) -> None:
    before = contents_of(store)
    program = (
        "import os, sys\n"
        "from burndown_spec.values.records import a_profile, an_issue\n"
        "from burndown_store.json_files import open_backend\n"
        "backend = open_backend(sys.argv[1])\n"
        "os.replace = lambda *_: os._exit(9)\n"
        f"backend.{call}\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert done.returncode == 9
    assert any(name.endswith(".new") for name in files_in(tmp_path))
    assert same(contents_of(store), before)
    assert store.check() == []
    store.save_issues("p", "q", [an_issue("AB-9")])
    store.save_profile(a_profile("new"))
    assert store.get_issues("p", "q", key="AB-9") == [an_issue("AB-9")]
    assert not [name for name in files_in(tmp_path) if name.endswith(".new")]


def test_each_file_reaches_the_medium_before_it_takes_its_place(
    store: JsonFilesBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []

    def noted(name: str) -> Callable[..., None]:
        done = getattr(os, name)

        def call(*arguments: object) -> None:
            steps.append(name)
            done(*arguments)

        return call

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, noted(name))
    store.save_issues("p", "q", [])
    assert steps[:2] == ["fsync", "replace"]
    assert steps[2:] == ([] if sys.platform == "win32" else ["fsync"])


def test_what_an_interrupted_deletion_left_is_not_seen_and_not_inherited(
    store: JsonFilesBackend, tmp_path: Path
) -> None:
    tmp_path.joinpath("profiles", "p", "profile.json").unlink()
    assert store.get_profile("p") is None
    assert (store.list_queries("p"), store.get_query("p", "q"), store.get_issues("p", "q")) == ([], None, [])
    with pytest.raises(ProfileNotFoundError):
        store.save_query("p", a_query())
    store.save_profile(a_profile())
    assert store.list_queries("p") == []
    store.save_query("p", a_query())
    assert store.get_issues("p", "q") == []


def test_a_registry_that_lags_behind_is_found_and_renewed_by_the_next_save(
    store: JsonFilesBackend, tmp_path: Path
) -> None:
    path = tmp_path / "profiles" / "profiles.json"
    registry = json.loads(path.read_bytes())
    del registry["profiles"]["p"]
    path.write_text(json.dumps(registry), encoding="utf-8")
    assert [each for each in store.check() if "p/profile.json" in each]
    profile = tmp_path / "profiles" / "p" / "profile.json"
    sound = profile.read_bytes()
    profile.write_bytes(b"")
    store.save_profile(a_profile("new"))
    profile.write_bytes(sound)
    store.save_profile(a_profile("new"))
    assert store.check() == []
    assert sorted(json.loads(path.read_bytes())["profiles"]) == ["new", "other", "p"]


@pytest.mark.parametrize("file", EVERY_FILE)
def test_a_damaged_file_is_named_and_never_read_as_something_else(
    store: JsonFilesBackend, tmp_path: Path, file: str
) -> None:
    path = tmp_path / file
    for damaged in damages_of(path.read_bytes()):
        path.write_bytes(damaged)
        assert [each for each in store.check() if str(path) in each]
        errors = [error for call in EVERY_READ if (error := refusal_of(store, call)) is not None]
        assert errors
        for error in errors:
            assert str(path) in str(error)
            assert SECRET not in f"{error!r}{error.__cause__!r}{error.__context__!r}"


@pytest.mark.parametrize("file", EVERY_FILE[1:])
def test_a_damaged_file_harms_no_other(store: JsonFilesBackend, tmp_path: Path, file: str) -> None:
    tmp_path.joinpath(file).write_bytes(b"")
    store.save_profile(a_profile("new"))
    store.set_app_state("new", "value")
    assert store.get_profile("other") == a_profile("other")
    store.delete_profile("p")
    assert [each.id for each in store.list_profiles()] == ["new", "other"]


def test_histories_are_saved_beside_a_damaged_cache(store: JsonFilesBackend, tmp_path: Path) -> None:
    tmp_path.joinpath("profiles", "p", "queries", "q", "jira_cache.json").write_bytes(b"")
    store.save_histories("p", "q", [a_history("AB-9")])
    assert store.get_histories("p", "q", issue_key="AB-9") == [a_history("AB-9")]


def test_what_another_application_has_saved_since_is_refused_and_not_guessed_at(
    store: JsonFilesBackend, tmp_path: Path
) -> None:
    path = tmp_path / "profiles" / "p" / "queries" / "q" / "jira_cache.json"
    document = json.loads(path.read_bytes())
    document["issues"].append({"key": "AB-77", "fields": {}})
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(CorruptionError, match="another application"):
        store.get_issues("p", "q")
    del document["burndown_store"]
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(CorruptionError, match="migrate"):
        store.save_issues("p", "q", [])


def test_a_record_in_the_folder_of_another_is_found(store: JsonFilesBackend, tmp_path: Path) -> None:
    profiles = tmp_path / "profiles"
    shutil.copytree(profiles / "p", profiles / "copied by hand")
    assert any("copied by hand" in each for each in store.check())
    with pytest.raises(CorruptionError, match="copied by hand"):
        store.get_profile("copied by hand")


def test_the_files_of_the_old_application_are_no_store(tmp_path: Path) -> None:
    registry = tmp_path / "profiles" / "profiles.json"
    registry.parent.mkdir()
    registry.write_text('{"version": "3.0", "active_profile_id": null, "profiles": {}}', encoding="utf-8")
    with pytest.raises(CorruptionError, match="migrate"):
        open_backend(tmp_path)


def test_profiles_without_a_registry_are_no_empty_store(store: JsonFilesBackend, tmp_path: Path) -> None:
    registry = tmp_path / "profiles" / "profiles.json"
    registry.unlink()
    with pytest.raises(StorageLostError, match="copy"):
        store.get_app_state("key")
    with pytest.raises(CorruptionError, match="copy"):
        open_backend(tmp_path)


def test_a_newer_store_is_left_untouched(store: JsonFilesBackend, tmp_path: Path) -> None:
    path = tmp_path / "profiles" / "profiles.json"
    newer = json.loads(path.read_bytes())
    newer["burndown_store"] = {"version": 2, "what": "nobody knows"}
    path.write_text(json.dumps(newer), encoding="utf-8")
    files = files_in(tmp_path)
    with pytest.raises(SchemaVersionError, match="version 2"):
        open_backend(tmp_path)
    with pytest.raises(SchemaVersionError):
        store.set_app_state("key", "value")
    assert files_in(tmp_path) == files


def test_a_store_that_is_gone_is_lost_and_not_created_again(store: JsonFilesBackend, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "profiles")
    for call in (*EVERY_READ, *EVERY_WRITE, ("check",), ("size_bytes",)):
        with pytest.raises(StorageLostError):
            make(store, call)
    assert not (tmp_path / "profiles").exists()


def test_another_store_in_its_place_is_not_taken_for_it(store: JsonFilesBackend, tmp_path: Path) -> None:
    profiles = tmp_path / "profiles"
    shutil.copytree(profiles, tmp_path / "copy")
    profiles.rename(tmp_path / "original")
    tmp_path.joinpath("copy").rename(profiles)
    with pytest.raises(StorageLostError):
        store.get_profile("p")
    with pytest.raises(StorageLostError):
        store.save_profile(a_profile())


def test_who_may_not_wait_for_another_writer_is_refused(store: JsonFilesBackend, tmp_path: Path) -> None:
    before = contents_of(store)
    with exclusive(tmp_path / "profiles" / "json_files.lock", 0):
        for call in EVERY_WRITE:
            with pytest.raises(BusyError):
                make(store, call)
        assert same(contents_of(store), before)
    store.set_app_state("key", "changed")


def test_a_writer_that_waits_writes_in_the_end(store: JsonFilesBackend, tmp_path: Path) -> None:
    patient = open_backend(tmp_path, timeout=60)
    with exclusive(tmp_path / "profiles" / "json_files.lock", 0):
        writer = threading.Thread(target=patient.set_app_state, args=("patient", "wrote"))
        writer.start()
        assert store.get_app_state("patient") is None
    writer.join()
    assert store.get_app_state("patient") == "wrote"


def test_a_writer_whose_handle_is_closed_while_it_waits_writes_nothing(store: JsonFilesBackend, tmp_path: Path) -> None:
    patient = open_backend(tmp_path, timeout=60)
    refused: list[BaseException] = []
    begun = threading.Event()

    def write() -> None:
        begun.set()
        try:
            patient.set_app_state("patient", "wrote")
        except ClosedError as error:
            refused.append(error)

    with exclusive(tmp_path / "profiles" / "json_files.lock", 0):
        writer = threading.Thread(target=write)
        writer.start()
        begun.wait()
        patient.close()
    writer.join()
    assert len(refused) == 1
    assert store.get_app_state("patient") is None


@pytest.mark.parametrize("location", ["", "a\x00b", b"bytes", 7, None])
def test_a_location_is_a_path_of_text(location: Any) -> None:
    with pytest.raises(ValidationError, match="location"):
        open_backend(location)


@pytest.mark.parametrize("timeout", [-1, float("nan"), float("inf"), "5", None, True])
def test_a_timeout_is_a_number_of_seconds(tmp_path: Path, timeout: Any) -> None:
    with pytest.raises(ValidationError, match="timeout"):
        open_backend(tmp_path / "store", timeout=timeout)
    assert not (tmp_path / "store").exists()


def test_a_location_that_is_a_file_is_refused(tmp_path: Path) -> None:
    tmp_path.joinpath("profiles").write_text("a file", encoding="utf-8")
    with pytest.raises(StorageError, match="profiles"):
        open_backend(tmp_path)


def test_every_file_counts(store: JsonFilesBackend, tmp_path: Path) -> None:
    tmp_path.joinpath("profiles", "profiles.json.new").write_bytes(b"what a killed process left behind")
    tmp_path.joinpath("profiles", "p", "profile.json.new").write_bytes(b"the same")
    assert store.size_bytes() == sum(map(len, files_in(tmp_path).values()))
