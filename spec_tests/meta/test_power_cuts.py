"""The clauses about power cuts on backends that keep nothing on the disk, and where there is no disk."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import pytest

from burndown_spec.clauses import CATALOGUE, power_cuts
from burndown_spec.faults import unavailable
from burndown_spec.judging import judge
from burndown_spec.registry import Catalogue, Clause
from burndown_spec.results import Outcome
from burndown_spec.target import Target, find_target
from burndown_store.contract import Capability
from burndown_store.sqlite import SqliteBackend

EVERYTHING = frozenset(Capability)


class KeptElsewhere(SqliteBackend):
    """As a server does, keeps the store in a place of its own that it finds by the location."""

    def __init__(self, location: Path, *, timeout: float = 5.0) -> None:
        name = hashlib.sha256(str(location).encode()).hexdigest()[:16]
        super().__init__(Path(tempfile.gettempdir()) / "servers" / name, timeout=timeout)


@pytest.mark.skipif(unavailable() != "", reason=unavailable())
def test_what_is_kept_elsewhere_cannot_be_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    target = Target("test_power_cuts:KeptElsewhere", "test_power_cuts", "KeptElsewhere", KeptElsewhere)
    result = judge(CATALOGUE["what-was-saved-survives-a-power-cut"], target, claims=EVERYTHING)
    assert (result.outcome, result.reason[:42]) == (Outcome.UNAVAILABLE, "nothing was written below the location: wh")


class LeavesAFile(KeptElsewhere):
    """Leaves a file of settings in its location."""

    def __init__(self, location: Path, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        Path(location).mkdir(exist_ok=True)
        Path(location, "client.json").write_text("{}", encoding="utf-8")

    @property
    def capabilities(self) -> frozenset[Capability]:
        return super().capabilities - {Capability.FILE}


class LeavesItsName(SqliteBackend):
    """Leaves a file that says where its store lies, so that what is opened with that is the same store."""

    def __init__(self, location: Path, *, timeout: float = 5.0) -> None:
        file = Path(location, "client.json")
        name = hashlib.sha256(str(location).encode()).hexdigest()[:16]
        if file.is_file():
            name = file.read_text(encoding="utf-8") or name
        super().__init__(Path(tempfile.gettempdir()) / "servers" / name, timeout=timeout)
        Path(location).mkdir(exist_ok=True)
        file.write_text(name, encoding="utf-8")

    @property
    def capabilities(self) -> frozenset[Capability]:
        return super().capabilities - {Capability.FILE}


class ClaimsAFile(LeavesAFile):
    """Says that its location is all there is."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        return EVERYTHING


@pytest.mark.skipif(unavailable() != "", reason=unavailable())
@pytest.mark.parametrize("clause", ["what-was-saved-survives-a-power-cut", "a-new-store-survives-a-power-cut"])
@pytest.mark.parametrize("kind", [LeavesAFile, LeavesItsName], ids=lambda kind: kind.__name__)
def test_nor_can_it_where_a_file_of_its_own_lies_in_the_location(
    kind: type[SqliteBackend], clause: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    target = Target(f"test_power_cuts:{kind.__name__}", "test_power_cuts", kind.__name__, kind)
    result = judge(CATALOGUE[clause], target, claims=EVERYTHING - {Capability.FILE})
    assert (result.outcome, result.reason[:39]) == (Outcome.UNAVAILABLE, "the store does not lie in its location:")


@pytest.mark.skipif(unavailable() != "", reason=unavailable())
def test_who_claims_that_the_store_is_in_its_location_fails_where_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    target = Target("test_power_cuts:ClaimsAFile", "test_power_cuts", "ClaimsAFile", ClaimsAFile)
    result = judge(CATALOGUE["what-was-saved-survives-a-power-cut"], target, claims=EVERYTHING)
    assert result.failure is not None
    assert "of what was not synced: all is there" in result.failure.actual


@pytest.mark.parametrize("clause", Catalogue.of([power_cuts]), ids=lambda clause: clause.id)
def test_where_no_disk_can_be_mounted_they_are_unavailable(clause: Clause, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power_cuts, "unavailable", lambda: "no FUSE on this machine")
    result = judge(clause, find_target("sqlite"), claims=EVERYTHING)
    assert (result.outcome, result.reason) == (Outcome.UNAVAILABLE, "no FUSE on this machine")
