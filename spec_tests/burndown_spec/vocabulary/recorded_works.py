"""What is written while a disk records it.

A work is a function `(open_backend, location)` that opens the store and yields, whenever something is acknowledged,
what that was and the handle; `None` in its place once it is closed. What follows on "killed" never comes: the process
ends there as if it had been killed.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from burndown_spec.vocabulary.large_batches import incompressible_issues
from burndown_store.contract import (
    CacheInfo,
    Capability,
    Change,
    History,
    Issue,
    JsonText,
    Metric,
    Profile,
    Query,
    Scope,
    Statistic,
    Task,
    retry,
)

__all__ = [
    "Repeating",
    "begun_and_reopened",
    "changed_at_once",
    "furnished",
    "handle_on",
    "killed_while_writing",
    "opened_again",
    "replaced_and_deleted",
    "saved_one_by_one",
    "written_in_other_ways",
    "written_much",
]


class Repeating:
    """A handle whose calls are made again while they are refused with `BusyError`; in blocks they are its own."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._backend, name)
        if not callable(member) or name in ("transaction", "snapshot"):
            return member
        return lambda *arguments, **settings: retry(lambda: member(*arguments, **settings), attempts=20)


def handle_on(open_backend: Any, location: Path) -> Any:
    """A handle on the store there."""
    return Repeating(retry(lambda: open_backend(location, timeout=5.0)))


def furnished(open_backend: Any, location: Path) -> Iterator[Any]:
    """A store with two profiles, two queries in the first, and a few records below these."""
    now, later = datetime(2025, 11, 3, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
    backend = handle_on(open_backend, location)
    for profile in ("p", "r"):
        backend.save_profile(Profile(id=profile, name="Team Blue", created_at=now, last_used_at=now))
    for query in ("q", "s"):
        backend.save_query("p", Query(id=query, name="All work", jql="", created_at=now, last_used_at=now))
        issues = [Issue(key=f"AB-{number}", document=JsonText("{}"), expires_at=later) for number in range(5)]
        backend.save_issues("p", query, issues)
        backend.save_statistics("p", query, [Statistic(date=date(2025, 11, day)) for day in range(1, 6)])
    yield "everything", backend
    backend.close()
    yield "closing", None


def saved_one_by_one(open_backend: Any, location: Path) -> Iterator[Any]:
    """A call of each kind that saves something."""
    now, later = datetime(2025, 11, 4, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
    backend = handle_on(open_backend, location)
    backend.set_app_state("active_profile", "p")
    yield "set_app_state", backend
    backend.save_task(Task(name="fetch", status="running", updated_at=now))
    yield "save_task", backend
    backend.save_profile(Profile(id="p", name="Team Green", created_at=now, last_used_at=now))
    yield "save_profile", backend
    backend.save_query("r", Query(id="q", name="All work", jql="", created_at=now, last_used_at=now))
    yield "save_query", backend
    backend.save_issues("p", "q", [Issue(key="AB-3", document=JsonText('{"points": 3}'), expires_at=later)])
    yield "save_issues", backend
    backend.save_cache_info("p", "q", CacheInfo(fetched_at=now, expires_at=later))
    yield "save_cache_info", backend
    backend.save_histories(
        "p", "q", [History(issue_key="AB-3", changes=[Change(changed_at=now, field="status")], expires_at=later)]
    )
    yield "save_histories", backend
    backend.save_statistics("p", "q", [Statistic(date=date(2025, 11, 4), completed_items=7)])
    yield "save_statistics", backend
    backend.save_scope("p", "q", Scope(values={"total_items": 34}))
    yield "save_scope", backend
    backend.save_metrics("p", "q", [Metric(week="2025-W45", name="lead_time", category="dora", value=4.5)])
    yield "save_metrics", backend
    backend.close()
    yield "closing", None


def replaced_and_deleted(open_backend: Any, location: Path) -> Iterator[Any]:
    """A call of each kind that replaces or removes something."""
    later = datetime(2099, 1, 1, tzinfo=UTC)
    backend = handle_on(open_backend, location)
    issues = [Issue(key=f"CD-{number}", document=JsonText("{}"), expires_at=later) for number in range(40)]
    backend.replace_issues("p", "q", issues)
    yield "replace_issues", backend
    backend.replace_statistics("p", "q", [Statistic(date=date(2025, 12, day)) for day in range(1, 9)])
    yield "replace_statistics", backend
    backend.set_app_state("active_query", "q")
    yield "set_app_state", backend
    backend.delete_app_state("active_query")
    yield "delete_app_state", backend
    backend.save_task(Task(name="fetch", status="running", updated_at=later))
    yield "save_task", backend
    backend.clear_task("fetch")
    yield "clear_task", backend
    backend.delete_query("p", "s")
    yield "delete_query", backend
    backend.delete_expired(datetime(2100, 1, 1, tzinfo=UTC))
    yield "delete_expired", backend
    backend.delete_profile("p")
    yield "delete_profile", backend
    backend.close()
    yield "closing", None


def changed_at_once(open_backend: Any, location: Path) -> Iterator[Any]:
    """Transactions of several calls, small and large."""
    now, later = datetime(2025, 11, 4, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
    backend = handle_on(open_backend, location)

    def change(turn: int) -> None:
        with backend.transaction() as inside:
            inside.set_app_state("turn", f"{turn}")
            inside.delete_query("p", "s")
            inside.save_query("p", Query(id="s", name=f"Turn {turn}", jql="", created_at=now, last_used_at=now))
            for number in range(0, 10 + 40 * turn, 10):
                keys = [f"AB-{number + place}" for place in range(10)]
                issues = [Issue(key=key, document=JsonText(f'{{"turn": {turn}}}'), expires_at=later) for key in keys]
                inside.save_issues("p", "s", issues)
            inside.save_statistics("p", "q", [Statistic(date=date(2025, 11, 4), completed_items=turn)])

    for turn in range(3):
        retry(partial(change, turn), attempts=20)
        yield "transaction", backend
    backend.close()
    yield "closing", None


def begun_and_reopened(open_backend: Any, location: Path) -> Iterator[Any]:
    """A new store, in a folder that is not there yet, closed and opened twice."""
    for turn in range(3):
        backend = handle_on(open_backend, location)
        yield "opening", backend
        backend.set_app_state(f"turn {turn}", "yes")
        yield "set_app_state", backend
        backend.close()
        yield "closing", None


def written_much(open_backend: Any, location: Path) -> Iterator[Any]:
    """More than a log may hold, and the most of it removed again."""
    backend = handle_on(open_backend, location)
    for turn in range(6):
        backend.save_issues("p", f"{'qs'[turn % 2]}", incompressible_issues(400_000 + turn * 10_000))
        yield "save_issues", backend
    backend.replace_issues("p", "q", [])
    yield "replace_issues", backend
    backend.set_app_state("after", "much")
    yield "set_app_state", backend
    backend.close()
    yield "closing", None


def killed_while_writing(open_backend: Any, location: Path) -> Iterator[Any]:
    """Some calls, and a process that is then killed within a transaction."""
    backend = handle_on(open_backend, location)
    for turn in range(5):
        backend.set_app_state(f"turn {turn}", "yes")
        yield "set_app_state", backend

    def leave_open() -> Any:
        with ExitStack() as blocks:
            blocks.enter_context(backend.transaction()).delete_profile("p")
            return blocks.pop_all()

    with retry(leave_open, attempts=20):
        yield "killed", backend


def written_in_other_ways(open_backend: Any, location: Path) -> Iterator[Any]:
    """Many small writes, some of another thread or another handle, and some after blocks of each kind."""
    now = datetime(2025, 11, 4, tzinfo=UTC)
    backend = handle_on(open_backend, location)
    claimed = backend.capabilities
    with ThreadPoolExecutor(1) as thread:
        thread.submit(backend.set_app_state, "thread", "another").result()
        yield "a write of another thread", backend
    other = handle_on(open_backend, location)
    other.set_app_state("handle", "another")
    yield "a write of another handle", backend
    other.close()
    if Capability.SNAPSHOTS in claimed:
        with backend.snapshot() as inside:
            inside.list_app_state()
        backend.set_app_state("after", "a snapshot")
        yield "a write after a snapshot", backend
    if Capability.TRANSACTIONS in claimed:

        def give_up() -> None:
            with backend.transaction() as inside:
                inside.set_app_state("after", "nothing")
                raise EOFError

        with suppress(EOFError):
            retry(give_up, attempts=20)
        backend.set_app_state("after", "a transaction that was given up")
        yield "a write after a transaction that raised", backend
    if {Capability.TRANSACTIONS, Capability.SAVEPOINTS} <= claimed:

        def nest() -> None:
            with backend.transaction() as outer:
                outer.set_app_state("outer", "yes")
                with outer.transaction() as inner:
                    inner.set_app_state("inner", "yes")

        retry(nest, attempts=20)
        yield "a nested transaction", backend
    for number in range(40):
        backend.set_app_state("number", f"{number}")
        yield "set_app_state", backend
    backend.save_profile(Profile(id="p", name="Team Blue", created_at=now, last_used_at=now))
    yield "save_profile", backend
    backend.save_query("p", Query(id="q", name="All work", jql="", created_at=now, last_used_at=now))
    yield "save_query", backend
    backend.save_issues("p", "q", [Issue(key="AB-1", document=JsonText("{}"), expires_at=now)])
    yield "save_issues", backend
    backend.delete_expired(now)
    yield "delete_expired", backend
    backend.close()
    yield "closing", None


def opened_again(open_backend: Any, location: Path) -> Iterator[Any]:
    """The store opened, written to twice, and closed."""
    backend = handle_on(open_backend, location)
    yield "opening", backend
    for key in ("once", "twice"):
        backend.set_app_state(key, "yes")
        yield "set_app_state", backend
    backend.close()
    yield "closing", None
