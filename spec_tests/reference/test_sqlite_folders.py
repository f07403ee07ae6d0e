"""The names of the folders that a new store needs survive a power cut, where the system can synchronise a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from burndown_store.sqlite import open_backend

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows lets no folder be opened for that")


class Descriptors:
    """What is open, by its number, and which folders were synchronised."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open: dict[int, Path] = {}
        self.synced: list[Path] = []
        self._open, self._close = os.open, os.close
        monkeypatch.setattr(os, "open", self._opened)
        monkeypatch.setattr(os, "close", self._closed)
        monkeypatch.setattr(os, "fsync", lambda descriptor: self.synced.append(self.open[descriptor]))

    def _opened(self, path: Path, flags: int) -> int:
        assert flags == os.O_RDONLY
        descriptor = self._open(path, flags)
        self.open[descriptor] = path
        return descriptor

    def _closed(self, descriptor: int) -> None:
        del self.open[descriptor]
        self._close(descriptor)


def refuse(*_: object) -> None:
    raise OSError("this system does not")


def test_every_folder_that_got_a_new_one_is_synchronised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    descriptors = Descriptors(monkeypatch)
    open_backend(tmp_path / "a" / "b").close()
    assert sorted(descriptors.synced) == [
        *(tmp_path, tmp_path / "a", tmp_path / "a" / "b"),
        tmp_path / "a" / "b" / "profiles",
    ]
    assert descriptors.open == {}


def test_nothing_is_synchronised_where_all_folders_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_backend(tmp_path).close()
    descriptors = Descriptors(monkeypatch)
    open_backend(tmp_path).close()
    assert descriptors.synced == []


def test_a_system_that_synchronises_no_folders_is_put_up_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    descriptors = Descriptors(monkeypatch)
    monkeypatch.setattr(os, "fsync", refuse)
    open_backend(tmp_path / "a").close()
    assert descriptors.open == {}
    monkeypatch.setattr(os, "open", refuse)
    open_backend(tmp_path / "b").close()
