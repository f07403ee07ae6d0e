"""Compacting: the file is written anew without free space, or left alone."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from burndown_store.contract import BusyError, CorruptionError, JsonText
from burndown_store.sqlite import SqliteBackend, compact, open_backend_normal
from sqlite_samples import an_issue

WIDE = JsonText('{"text": "' + "x" * 2000 + '"}')


@pytest.fixture
def loose(store: SqliteBackend) -> SqliteBackend:
    """A store with free space in every page, which deleting rows alone does not give back."""
    numbers = list(range(300))
    random.Random(4).shuffle(numbers)
    store.save_issues("p", "q", [an_issue(f"AB-{number}", document=WIDE) for number in numbers])
    store.save_issues("p", "q", [an_issue(f"AB-{number}") for number in numbers[::2]])
    return store


def test_the_file_gets_smaller_and_holds_the_same(loose: SqliteBackend, location: Path) -> None:
    before, held = loose.size_bytes(), loose.get_issues("p", "q")
    done = compact(location, timeout=0)
    assert done.bytes_before == before
    assert done.bytes_after == loose.size_bytes() < before
    assert loose.get_issues("p", "q") == held
    assert loose.check() == []


def test_a_handle_that_is_open_goes_on_writing(loose: SqliteBackend, location: Path) -> None:
    compact(location, timeout=0)
    loose.save_issues("p", "q", [an_issue("AB-999")])
    with open_backend_normal(location) as another:
        assert len(another.get_issues("p", "q")) == 301


@pytest.mark.parametrize("open_one", ["transaction", "snapshot"])
def test_whoever_is_at_work_is_not_disturbed(open_one: str, loose: SqliteBackend, location: Path) -> None:
    before = (location / "profiles" / "burndown.db").read_bytes()
    with loose.transaction() if open_one == "transaction" else loose.snapshot():
        held = loose.get_issues("p", "q")
        with pytest.raises(BusyError):
            compact(location, timeout=0)
        assert loose.get_issues("p", "q") == held
    assert len((location / "profiles" / "burndown.db").read_bytes()) <= max(len(before), loose.size_bytes())
    compact(location, timeout=0)


def test_what_is_no_store_is_left_alone(location: Path) -> None:
    path = location / "profiles" / "burndown.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(CorruptionError):
        compact(location, timeout=0)
    assert path.read_bytes() == b"no database" * 1000
