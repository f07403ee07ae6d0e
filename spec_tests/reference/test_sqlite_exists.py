"""Whether a store is there can be asked without opening one, and without leaving anything behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from burndown_store.contract import ValidationError
from burndown_store.sqlite import exists, open_backend_normal

FILE = Path("profiles", "burndown.db")


def test_a_store_that_was_made_is_there(tmp_path: Path) -> None:
    open_backend_normal(tmp_path).close()

    assert exists(tmp_path)
    assert exists(str(tmp_path))


def test_where_nothing_is_nothing_is_made(tmp_path: Path) -> None:
    assert not exists(tmp_path / "nowhere")

    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_creation_left_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / FILE).touch()
    (tmp_path / "profiles" / "burndown.db-creating").touch()

    assert not exists(tmp_path)


def test_an_emptied_file_is_a_store_that_was_damaged(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / FILE).touch()

    assert exists(tmp_path)


def test_an_emptied_file_whose_log_is_there_is_a_store_that_was_damaged(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / FILE).touch()
    (tmp_path / "profiles" / "burndown.db-wal").write_bytes(b"log")

    assert exists(tmp_path)


def test_a_log_alone_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "burndown.db-wal").write_bytes(b"log")

    assert not exists(tmp_path)


def test_a_folder_in_the_place_of_the_file_is_for_the_opening_to_refuse(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir(parents=True)

    assert exists(tmp_path)


@pytest.mark.parametrize("location", ["", None, b"bytes"])
def test_what_is_no_location_is_refused(location: object) -> None:
    with pytest.raises(ValidationError, match="location"):
        exists(location)  # type: ignore[arg-type]
