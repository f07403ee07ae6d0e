"""Two handles at once: of two who want the same one gets it and the other is told, however the store keeps order.

The reference lets one writer in and keeps the other waiting; the log of `honest.append_only` lets both in and refuses
the one that ends second.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from burndown_store.contract import Backend, BusyError, PersistenceError
from burndown_store.sqlite import open_backend_normal
from burndown_store.workspace import NameTakenError, TaskRunningError, Workspace
from honest.append_only import open_backend as open_append_only
from workspace_samples import Clock, started

Work = Callable[[Workspace], object]
PATIENCE = 60.0

RACES: dict[str, tuple[Work, type[PersistenceError], str]] = {
    "create a profile": (lambda workspace: workspace.create_profile("Red"), NameTakenError, "save_profile"),
    "rename a profile": (lambda workspace: workspace.rename_profile("blue", "Red"), NameTakenError, "save_profile"),
    "create a query": (lambda workspace: workspace.create_query("blue", "Red", ""), NameTakenError, "save_query"),
    "start a task": (lambda workspace: workspace.start_task("fetch"), TaskRunningError, "save_task"),
}


def prepared(root: Path, open_backend: Callable[..., Backend], timeout: float) -> tuple[Workspace, Workspace]:
    """Two handles of a workspace with the profiles `blue` and `green`."""
    first, second = (started(root, Clock(), open_backend, timeout=timeout) for _ in range(2))
    for name in ("Blue", "Green"):
        first.create_profile(name)
    return first, second


def holding(workspace: Workspace, call: str, until: Callable[[], object]) -> None:
    """Make the first `call` of the workspace's backend wait for `until()`."""
    real, first = getattr(workspace.backend, call), [True]

    def held(*arguments: Any) -> Any:
        if first and first.pop():
            until()
        return real(*arguments)

    setattr(workspace.backend, call, held)


def results(*futures: Future[object]) -> list[type[BaseException] | None]:
    return [None if (error := each.exception(PATIENCE)) is None else type(error) for each in futures]


def other(work: str) -> Work:
    """What the second does: the same, but for renaming, where it is another profile that is to get the name."""
    if work == "rename a profile":
        return lambda workspace: workspace.rename_profile("green", "RED")
    return RACES[work][0]


@pytest.mark.parametrize("work", RACES)
def test_who_waits_for_the_store_finds_what_the_other_did(tmp_path: Path, work: str) -> None:
    action, refusal, call = RACES[work]
    first, second = prepared(tmp_path, open_backend_normal, timeout=0.0)
    refused, first_done = threading.Event(), threading.Event()
    transaction = second.backend.transaction
    tries: list[int] = []

    def watched() -> Any:
        tries.append(1)
        if len(tries) == 1:
            # It meets the lock that the first one holds, whose names are looked at already.
            with pytest.raises(BusyError), transaction():
                pass
            refused.set()
            raise BusyError("as told")
        assert first_done.wait(PATIENCE)
        return transaction()

    second.backend.transaction = watched  # type: ignore[method-assign]
    inside = threading.Event()

    def until_the_second_was_refused() -> None:
        inside.set()
        assert refused.wait(PATIENCE)

    holding(first, call, until_the_second_was_refused)
    with first, second, ThreadPoolExecutor(2) as threads:
        one = threads.submit(action, first)
        one.add_done_callback(lambda _: first_done.set())
        assert inside.wait(PATIENCE)
        two = threads.submit(other(work), second)

        assert results(one, two) == [None, refusal]
        assert len(tries) == 2


@pytest.mark.parametrize("work", RACES)
def test_of_two_who_looked_before_either_wrote_one_is_refused(tmp_path: Path, work: str) -> None:
    action, refusal, call = RACES[work]
    first, second = prepared(tmp_path, open_append_only, timeout=PATIENCE)
    both_looked = threading.Barrier(2, timeout=PATIENCE)
    for workspace in (first, second):
        holding(workspace, call, both_looked.wait)
    with first, second, ThreadPoolExecutor(2) as threads:
        one, two = threads.submit(action, first), threads.submit(other(work), second)

        assert sorted(results(one, two), key=str) == sorted([None, refusal], key=str)
        names = [profile.name.casefold() for profile in first.backend.list_profiles()]
        assert len(set(names)) == len(names)


def test_what_is_refused_every_time_is_told_as_busy(tmp_path: Path) -> None:
    first, second = prepared(tmp_path, open_backend_normal, timeout=0.0)

    with first, second, first.backend.transaction(), pytest.raises(BusyError):
        second.create_profile("Red")

    assert [profile.id for profile in open_and_list(tmp_path)] == ["blue", "green"]


def open_and_list(root: Path) -> list[Any]:
    with open_backend_normal(root) as backend:
        return backend.list_profiles()
