"""How a backend offers stores of other versions, and what is said of one that does not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import burndown_fixtures.stores
from burndown_spec.clauses import CATALOGUE
from burndown_spec.judging import judge
from burndown_spec.results import Outcome
from burndown_spec.target import Target
from burndown_spec.vocabulary import newer_store_names, offered_by, old_store_names
from burndown_store.contract import Capability
from burndown_store.sqlite import SqliteBackend, open_backend, open_backend_normal

OF_OLD_STORES = "old-stores-are-upgraded"
OF_NEWER_STORES = "newer-stores-are-refused"
OF_BACKUPS = "an-upgrade-leaves-a-backup-of-the-old-store"


class OffersNothing(SqliteBackend):
    """A backend of a second version that has no old stores."""

    old_stores = None  # type: ignore[assignment]


class OfVersion1(OffersNothing):
    """A backend that there is only one version of."""

    @property
    def schema_version(self) -> int:
        return 1


def open_with_functions(location: str | os.PathLike[str], *, timeout: float) -> SqliteBackend:
    """A factory that has functions of its own, and none for backups."""
    return open_backend(location, timeout=timeout)


def the_first_old_store() -> Iterator[Any]:
    yield from list(burndown_fixtures.stores.old_stores())[:1]


open_with_functions.old_stores = the_first_old_store  # type: ignore[attr-defined]


def outcome(clause: str, factory: Callable[..., Any]) -> tuple[Outcome, str]:
    target = Target(factory.__name__, __name__, factory.__name__, factory)
    result = judge(CATALOGUE[clause], target, claims=frozenset(Capability))
    return result.outcome, result.reason


@pytest.mark.parametrize("clause", [OF_OLD_STORES, OF_NEWER_STORES, OF_BACKUPS])
def test_of_a_first_version_there_are_no_old_stores_to_judge(clause: str) -> None:
    found, reason = outcome(clause, OfVersion1)
    assert found is Outcome.NOT_OFFERED
    assert "its schema version is 1" in reason


@pytest.mark.parametrize("clause", [OF_OLD_STORES, OF_NEWER_STORES, OF_BACKUPS])
def test_a_later_version_without_old_stores_gets_no_verdict(clause: str) -> None:
    found, reason = outcome(clause, OffersNothing)
    assert found is Outcome.UNDECIDED
    assert "schema version is 2" in reason


def test_without_backups_to_look_at_there_is_no_verdict_on_them() -> None:
    assert outcome(OF_OLD_STORES, open_with_functions)[0] is Outcome.HOLDS
    found, reason = outcome(OF_BACKUPS, open_with_functions)
    assert found is Outcome.UNDECIDED
    assert "backed_up" in reason


@pytest.mark.parametrize("factory", [open_backend, open_backend_normal, SqliteBackend])
def test_a_module_is_found_by_its_name(factory: Callable[..., Any], tmp_path: Path) -> None:
    assert len(old_store_names(factory)) == 4
    assert len(newer_store_names(factory)) == 6
    backed_up = offered_by(factory, "backed_up")
    assert backed_up is not None
    assert backed_up(tmp_path, tmp_path / "other") is False
