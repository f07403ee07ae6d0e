"""Stores of older and newer versions, which a backend that upgrades its stores offers to be judged by.

It offers them as attributes of its factory, or else of the factory's module:

    old_stores()                yields, for each store of an older version, (name, write, fill)
        write(location)         lays the store out at the location, an empty folder, as that version left it there
        fill(backend)           saves what it holds into an empty store, with the operations of the contract
    newer_stores()              yields, for each store of a version that the backend does not know, (name, write)
    backed_up(location, to)     whether there is a backup of the store at the location, which an upgrade made; the
                                newest is then laid out at `to`, an empty folder, as a store of the version it has

`old_stores` may also be the name of a module that has all three, so that what is shipped need not hold old stores. The
names are for people; the stores should have every kind of record, edge values, and the states in which a store may be
left. Without `old_stores` nothing can be said of upgrades, without `newer_stores` nothing of newer stores, and without
`backed_up`, which only a backend with a directory is asked for, nothing of backups.
"""

from __future__ import annotations

import importlib
import inspect
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from burndown_spec.vocabulary.crash_points import announcing, answer_of, beginning, own_process
from burndown_spec.vocabulary.migrating import files_below
from burndown_store.contract import PersistenceError, Profile, Query, Task, replace

__all__ = [
    "files_more_than",
    "fill_like",
    "is_untouched_or_backed_up",
    "lay_out_backup",
    "newer_store_names",
    "offered_by",
    "old_store_names",
    "opened_together",
    "opening_outcome",
    "overtaken_at",
    "use_everything",
    "waiting_opening",
    "write_newer_store",
    "write_old_store",
]


def offered_by(open_backend: Any, name: str) -> Callable[..., Any] | None:
    """What the factory, or else its module, offers by this name: `old_stores`, `newer_stores` or `backed_up`."""
    for holder in (open_backend, importlib.import_module(open_backend.__module__)):
        stores = getattr(holder, "old_stores", None)
        if stores is not None:
            found = getattr(importlib.import_module(stores) if isinstance(stores, str) else holder, name, None)
            return found if callable(found) else None
    return None


def old_store_names(open_backend: Any) -> list[str]:
    """The names of the old stores that are offered, each for a store of its own; [] where none are."""
    offered = offered_by(open_backend, "old_stores")
    return [] if offered is None else [name for name, _, _ in offered()]


def newer_store_names(open_backend: Any) -> list[str]:
    """The names of the newer stores that are offered; [] where none are."""
    offered = offered_by(open_backend, "newer_stores")
    return [] if offered is None else [name for name, _ in offered()]


def write_old_store(open_backend: Any, location: Path, name: str) -> None:
    """Lay out the old store of that name at the location."""
    offered = offered_by(open_backend, "old_stores")
    assert offered is not None
    next(write for each, write, _ in offered() if each == name)(location)


def write_newer_store(open_backend: Any, location: Path, name: str) -> None:
    """Lay out the newer store of that name at the location."""
    offered = offered_by(open_backend, "newer_stores")
    assert offered is not None
    next(write for each, write in offered() if each == name)(location)


def fill_like(open_backend: Any, backend: Any, name: str) -> None:
    """Fill an empty store with what the old store of that name holds."""
    offered = offered_by(open_backend, "old_stores")
    assert offered is not None
    next(fill for each, _, fill in offered() if each == name)(backend)


def lay_out_backup(open_backend: Any, location: Path, target: Path) -> bool:
    """Whether there is a backup of the store at the location; the newest is then laid out at the target."""
    offered = offered_by(open_backend, "backed_up")
    assert offered is not None
    target.mkdir(parents=True)
    return bool(offered(location, target))


def is_untouched_or_backed_up(open_backend: Any, location: Path, sums: dict[str, str], target: Path) -> bool:
    """Whether the files of these sums are below the location, or there is a backup, laid out at the target then."""
    return files_below(location, list(sums)) == sums or lay_out_backup(open_backend, location, target)


def files_more_than(location: Path, other: Path) -> int:
    """How many files lie below the location more than below the other."""
    counts = [sum(path.is_file() for path in place.rglob("*")) for place in (location, other)]
    return counts[0] - counts[1]


def use_everything(backend: Any) -> None:
    """Make every write on what the store holds: saved again with a change, added to, and partly deleted."""
    moment = next((profile.last_used_at for profile in backend.list_profiles()), None)
    for key, value in backend.list_app_state().items():
        backend.set_app_state(key, value + "!")
    for task in backend.list_tasks():
        backend.save_task(replace(task, message="used"))
        backend.clear_task(task.name)
    profiles = backend.list_profiles()
    for profile in profiles:
        backend.save_profile(replace(profile, description="used"))
        for query in backend.list_queries(profile.id):
            place = (profile.id, query.id)
            backend.save_query(profile.id, replace(query, description="used"))
            issues, histories = backend.get_issues(*place), backend.get_histories(*place)
            backend.save_issues(*place, [replace(issue, summary="used") for issue in issues[1:]])
            backend.replace_issues(*place, issues[: len(issues) // 2])
            backend.save_histories(*place, [replace(each, changes=each.changes[::-1]) for each in histories[1:]])
            backend.save_statistics(*place, [replace(each, created_items=7) for each in backend.get_statistics(*place)])
            backend.replace_statistics(*place, backend.get_statistics(*place)[:1])
            backend.save_metrics(*place, [replace(each, value=0.5) for each in backend.get_metrics(*place)])
            for get, save in (("get_scope", "save_scope"), ("get_cache_info", "save_cache_info")):
                found = getattr(backend, get)(*place)
                if found is not None:
                    getattr(backend, save)(
                        *place, replace(found, **{"get_scope": {"extra": {}}}.get(get, {"jql": "used"}))
                    )
    if moment is not None:
        backend.delete_expired(moment)
        backend.save_task(Task(name="used", status="", updated_at=moment))
        backend.save_profile(Profile(id="used", name="", created_at=moment, last_used_at=moment))
        backend.save_query("used", Query(id="used", name="", jql="", created_at=moment, last_used_at=moment))
    for profile in profiles[:1]:
        for query in backend.list_queries(profile.id)[:1]:
            backend.delete_query(profile.id, query.id)
    for profile in profiles[1:2]:
        backend.delete_profile(profile.id)
    for key in list(backend.list_app_state())[:1]:
        backend.delete_app_state(key)


def opening_outcome(open_backend: Any, location: Path, timeout: float = 5.0) -> str:
    """ "opened" where the store can be opened and closed, else which error of the contract it is."""
    try:
        open_backend(location, timeout=timeout).close()
        return "opened"
    except PersistenceError as error:
        return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == PersistenceError.__module__)


def waiting_opening(open_backend: Any, location: Path, point: str = "") -> subprocess.Popen[str]:
    """A process that opens and closes the store as soon as it gets a line, or stands still at the point until then.

    It says "waiting" when it has come to where it waits, and in the end what became of it.
    """
    program = f"""{beginning()}{announcing()}
from burndown_store.contract import PersistenceError
{inspect.getsource(opening_outcome)}
outcomes = []
def arrive():
    os.write(1, b"waiting\\n")
    sys.stdin.readline()
def work(open_backend):
    outcomes.append(opening_outcome(open_backend, location, 30.0))
factory, open_announcing = find_announcing_factory()
migration = None
if order["point"]:
    follow(factory, work, open_announcing)
else:
    arrive()
    work(factory)
print(outcomes[0])
"""
    return own_process(open_backend, location, program, point=point)


def opened_together(open_backend: Any, location: Path) -> list[str]:
    """What becomes of two processes that open the store at the same time, sorted."""
    processes: list[subprocess.Popen[str]] = []
    try:
        for _ in range(2):
            processes.append(waiting_opening(open_backend, location))
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        return sorted(answer_of(process).strip() for process in processes)
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def overtaken_at(open_backend: Any, location: Path, point: str) -> list[str]:
    """What becomes of an opening that stands still at the point, and of one that comes meanwhile without waiting.

    One that does not come to the point is over when the other comes.
    """
    process = waiting_opening(open_backend, location, point)
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        second = opening_outcome(open_backend, location, 0.0)
        if said == "waiting":
            process.stdin.write("go\n")
            process.stdin.flush()
            said = ""
        return [(said + answer_of(process)).strip(), second]
    finally:
        process.kill()
        process.communicate()
