"""Stores for the tests of the reference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from burndown_store.sqlite import SqliteBackend, open_backend_normal
from sqlite_samples import a_profile, a_query


@pytest.fixture
def location(tmp_path: Path) -> Path:
    """A folder that is not there yet."""
    return tmp_path / "store"


@pytest.fixture
def store(location: Path) -> Iterator[SqliteBackend]:
    """An open store with the profile `p` and its query `q`; a writer does not wait."""
    with open_backend_normal(location, timeout=0) as backend:
        backend.save_profile(a_profile())
        backend.save_query("p", a_query())
        yield backend
