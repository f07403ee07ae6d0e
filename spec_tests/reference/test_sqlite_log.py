"""The switch to the write-ahead log, which needs the file for itself and is refused while another has it open."""

from __future__ import annotations

import sqlite3
from typing import cast

import pytest

from burndown_store.contract import StorageError
from burndown_store.sqlite.upgrading import _use_write_ahead_log


class Switching:
    """A connection whose switch to the write-ahead log is refused so often, and then gives this mode."""

    def __init__(self, *refusals: int, mode: str = "wal") -> None:
        self.refusals, self._mode = [*refusals], mode

    def execute(self, statement: str) -> Switching:
        assert statement == "PRAGMA journal_mode = WAL"
        if self.refusals:
            error = sqlite3.OperationalError("refused")
            error.sqlite_errorcode = self.refusals.pop(0)
            raise error
        return self

    def fetchone(self) -> tuple[str]:
        return (self._mode,)


@pytest.fixture
def paused(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses made, in seconds; each tells the clock forward by one second."""
    pauses: list[float] = []
    monkeypatch.setattr("time.monotonic", lambda: 100.0 + len(pauses))
    monkeypatch.setattr("time.sleep", pauses.append)
    return pauses


def switch(connection: Switching, timeout: float) -> None:
    _use_write_ahead_log(cast(sqlite3.Connection, connection), "burndown.db", timeout)


@pytest.mark.parametrize("busy", [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY])
def test_the_switch_to_the_log_is_tried_while_another_is_busy(paused: list[float], busy: int) -> None:
    switch(Switching(busy, busy), timeout=5)
    assert paused == [0.01, 0.01]


def test_the_switch_to_the_log_is_given_up_when_the_time_is_over(paused: list[float]) -> None:
    connection = Switching(*[sqlite3.SQLITE_BUSY] * 9)
    with pytest.raises(sqlite3.OperationalError):
        switch(connection, timeout=2)
    assert len(paused) == 2
    assert len(connection.refusals) == 6


def test_any_other_refusal_of_the_log_is_an_error_at_once(paused: list[float]) -> None:
    with pytest.raises(sqlite3.OperationalError):
        switch(Switching(sqlite3.SQLITE_IOERR), timeout=5)
    assert paused == []


def test_a_place_that_keeps_no_log_is_refused() -> None:
    with pytest.raises(StorageError, match=r"^burndown\.db: a write-ahead log cannot be kept here"):
        switch(Switching(mode="delete"), timeout=5)
