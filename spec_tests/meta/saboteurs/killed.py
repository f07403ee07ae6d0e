"""Backends that keep their word until a process is killed in the midst of it (contract, 19.1 and 19.4)."""

from __future__ import annotations

import atexit
import os
import pickle
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Self

from burndown_spec.oracle import TransactionalBackend
from burndown_spec.oracle.store import Contents, ProfileStore, Store
from burndown_store.contract import Capability, CorruptionError, StorageError, replace
from saboteurs import saboteur

__all__ = ["Kept"]

Location = str | os.PathLike[str]


class Kept(TransactionalBackend):
    """Keeps everything in memory, and has saved it, whole, before a write is acknowledged. Nothing is wrong with it."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self.folder = Path(location)
        with self._shared.lock:
            if self._shared.handles == 1:
                self.load(self._shared)

    @property
    def capabilities(self) -> frozenset[Capability]:
        return super().capabilities | {Capability.DURABLE}

    def load(self, store: Store) -> None:
        """Take what was saved into the store, which is empty. The store's lock is held."""
        store.profiles, store.app_state, store.tasks = self.taken("saved", ({}, {}, {}))

    def save(self, store: Store) -> None:
        """Save all that the store holds. The store's lock is held."""
        self.put("saved", (store.profiles, store.app_state, store.tasks))

    def taken(self, name: str, nothing: Any) -> Any:
        """What was put under the name, or `nothing`."""
        try:
            return pickle.loads((self.folder / name).read_bytes())
        except FileNotFoundError:
            return nothing
        except (EOFError, pickle.UnpicklingError):
            raise CorruptionError("a file of the store cannot be read; restore it from a copy") from None

    def put(self, name: str, what: object) -> None:
        """Write a file beside the one of that name, and put it in its place."""
        (self.folder / f"{name}.new").write_bytes(pickle.dumps(what))
        (self.folder / f"{name}.new").replace(self.folder / name)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with super()._alone():
            yield
            if not self._of_thread.views:
                self.save(self._shared)

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        with super()._transaction():
            yield self
        with self._shared.lock:
            self.save(self._shared)


# What is done in two steps, though it should be one.


class InTwoSteps(Kept):
    """Saves what a call comes to in two steps; `half` is made of a copy first, where there is one."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._before = self._shared.copy()

    def save(self, store: Store) -> None:
        half = store.copy()
        if self.halve(self._before, half):
            super().save(half)
        super().save(store)
        self._before = store.copy()

    def halve(self, before: Store, half: Store) -> bool:
        """Whether `half`, which holds what is to be saved, was made what is saved first."""
        raise NotImplementedError


def below(store: Store) -> dict[tuple[str, str], Contents]:
    """What lies below each query, by the ids of profile and query."""
    return {(at, name): query.contents for at, kept in store.profiles.items() for name, query in kept.queries.items()}


@saboteur("killed-while-saving", says=("killed_at(", "'profiles: as neither'"))
class SavesTheNameLast(InTwoSteps):
    """Inserts a profile with its settings, and fills its name in by another statement, which is committed apart."""

    def halve(self, before: Store, half: Store) -> bool:
        known = {name: kept.profile for name, kept in before.profiles.items()}
        changed = [kept for name, kept in half.profiles.items() if known.get(name) != kept.profile]
        for kept in changed:
            kept.profile = replace(kept.profile, name="")
        return bool(changed)


@saboteur("killed-while-saving", says=("killed_at(", "'tasks: as neither'"))
class DeletesTheTaskItSaves(InTwoSteps):
    """Saves a task by deleting the one that is there and inserting the new one, each committed by itself."""

    def halve(self, before: Store, half: Store) -> bool:
        changed = [name for name, task in half.tasks.items() if before.tasks.get(name) not in (None, task)]
        for name in changed:
            del half.tasks[name]
        return bool(changed)


@saboteur("killed-while-saving-a-batch", says=("killed_at(", "'p/q metrics: as neither'"))
class CommitsEachMetric(InTwoSteps):
    """Commits each metric of a batch by itself."""

    def halve(self, before: Store, half: Store) -> bool:
        known = below(before)
        new = [
            (at, key)
            for at, kept in below(half).items()
            if at in known
            for key in kept.metrics.keys() - known[at].metrics.keys()
        ]
        for at, key in new:
            del below(half)[at].metrics[key]
        return bool(new)


@saboteur("killed-while-saving-a-batch", says=("killed_at(", "'p/q issues: as neither'"))
class ReplacesInTwoTransactions(InTwoSteps):
    """Replaces issues by deleting those that are there in one transaction, and inserting the others in a second one."""

    def halve(self, before: Store, half: Store) -> bool:
        known = below(before)
        replaced = [kept for at, kept in below(half).items() if known.get(at, kept).issues.keys() - kept.issues.keys()]
        replaced = [kept for kept in replaced if kept.issues]
        for kept in replaced:
            kept.issues = {}
        return bool(replaced)


@saboteur("killed-while-saving-a-batch", says=("killed_at(", "'p/q histories: as neither'"))
class SavesChangesApart(InTwoSteps):
    """Saves histories, and then their changes, in a transaction of their own."""

    def halve(self, before: Store, half: Store) -> bool:
        known = below(before)
        changed = [
            (kept, key)
            for at, kept in below(half).items()
            for key, history in kept.histories.items()
            if history.changes and known.get(at, Contents()).histories.get(key) != history
        ]
        for kept, key in changed:
            kept.histories[key] = replace(kept.histories[key], changes=[])
        return bool(changed)


@saboteur("killed-while-deleting", says=("killed_at(", "'other: as neither'"))
class DeletesFromBelow(InTwoSteps):
    """Deletes the queries of a profile first, and then the profile, each committed by itself."""

    def halve(self, before: Store, half: Store) -> bool:
        gone = before.profiles.keys() - half.profiles.keys()
        for name in gone:
            half.profiles[name] = ProfileStore(before.profiles[name].profile)
        return bool(gone)


@saboteur("killed-while-deleting", says=("killed_at(", "histories: as before it", "issues: as after it"))
class ExpiresInTwoSteps(InTwoSteps):
    """Deletes the expired issues, and then, in another transaction, the expired histories."""

    def halve(self, before: Store, half: Store) -> bool:
        known = below(before)
        expired = [
            (at, kept)
            for at, kept in below(half).items()
            if known.get(at, kept).histories.keys() - kept.histories.keys()
        ]
        for at, kept in expired:
            kept.histories = known[at].histories
        return bool(expired)


# What is kept in more than one file.


@saboteur("killed-while-saving", "killed-while-deleting", says=("raised CorruptionError",))
class WritesTasksInPlace(Kept):
    """Keeps tasks, which are of no great value, in a file of their own, which is written in place."""

    def load(self, store: Store) -> None:
        super().load(store)
        store.tasks = self.taken("tasks", {})

    def save(self, store: Store) -> None:
        if store.tasks != self.taken("tasks", {}):
            with (self.folder / "tasks").open("wb") as file:
                pickle.dump(store.tasks, file)
        self.put("saved", (store.profiles, store.app_state, {}))


@saboteur("killed-inside-a-transaction", says=("'tasks: as before it'", "'app state: as after it'"))
class KeepsTasksApart(Kept):
    """Keeps tasks in a second file, which is put in place after the first."""

    def load(self, store: Store) -> None:
        super().load(store)
        store.tasks = self.taken("tasks", {})

    def save(self, store: Store) -> None:
        self.put("saved", (store.profiles, store.app_state, {}))
        self.put("tasks", store.tasks)


@saboteur("killed-while-deleting", says=("'p/other metrics: as neither'",))
class KeepsMetricsApart(Kept):
    """Keeps metrics in a file of their own, from which they are deleted first."""

    def load(self, store: Store) -> None:
        super().load(store)
        for at, metrics in self.taken("metrics", {}).items():
            if at in below(store):
                below(store)[at].metrics = metrics

    def save(self, store: Store) -> None:
        self.put("metrics", {at: kept.metrics for at, kept in below(store).items() if kept.metrics})
        without = store.copy()
        for kept in below(without).values():
            kept.metrics = {}
        super().save(without)


@saboteur("killed-while-deleting", says=("killed_at(", "raised CorruptionError"))
class WithoutAJournal(Kept):
    """Saves into a database whose rollback journal is switched off while a profile is deleted, to make that faster."""

    _journal = "DELETE"

    def delete_profile(self, profile_id: str) -> None:
        self._journal = "OFF"
        try:
            super().delete_profile(profile_id)
        finally:
            self._journal = "DELETE"

    def load(self, store: Store) -> None:
        with closing(self.database()) as database:
            database.execute("CREATE TABLE IF NOT EXISTS records (place TEXT PRIMARY KEY, value BLOB)")
            try:
                for place, value in database.execute("SELECT place, value FROM records").fetchall():
                    kept = pickle.loads(value)
                    getattr(store, place.partition("/")[0]).update(kept)
            except (sqlite3.Error, pickle.UnpicklingError):
                raise CorruptionError("the database cannot be read; restore it from a copy") from None

    def save(self, store: Store) -> None:
        with closing(self.database()) as database:
            database.execute("BEGIN")
            database.execute("DELETE FROM records")
            for part in ("profiles", "app_state", "tasks"):
                for name, kept in getattr(store, part).items():
                    row = (f"{part}/{name}", pickle.dumps({name: kept}))
                    database.execute("INSERT INTO records VALUES (?, ?)", row)
            database.execute("COMMIT")

    def database(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.folder / "records.db", isolation_level=None)
        for setting in ("page_size = 512", "cache_size = 1", f"journal_mode = {self._journal}", "synchronous = OFF"):
            database.execute(f"PRAGMA {setting}")
        return database


# What is left behind, and met at the next opening.


@saboteur("killed-while-opening", says=("raised StorageError", "killed_at(open_backend, location, "))
class TakesALeftMarkForAnother(Kept):
    """Marks that it is opening the store by a file, and believes such a file whoever left it there."""

    def load(self, store: Store) -> None:
        mark = self.folder / "opening"
        if mark.exists():
            raise StorageError("another process is just opening the store; wait for it")
        mark.write_bytes(b"")
        super().load(store)
        if not (self.folder / "saved").exists():
            self.save(store)
        mark.unlink()


@saboteur("killed-while-opening", says=("torn_parts(", "as neither"))
class BeginsAnewWhereItIsDirty(Kept):
    """Moves the file out of its way to compact it at opening, and takes a store without it for a fresh one."""

    def load(self, store: Store) -> None:
        super().load(store)
        if (self.folder / "saved").exists():
            (self.folder / "saved").replace(self.folder / "before")
            self.save(store)
            (self.folder / "before").unlink()


@saboteur("killed-while-deleting", says=("check()", "an interrupted deletion"))
class ComplainsOfItsOwnNotes(Kept):
    """Notes that it deletes, and has `check` complain of a note that a killed process left."""

    def delete_profile(self, profile_id: str) -> None:
        note = self.folder / "deleting"
        if not self._of_thread.views and self.get_profile(profile_id) is not None:
            note.write_bytes(b"")
        super().delete_profile(profile_id)
        note.unlink(missing_ok=True)

    def check(self) -> list[str]:
        return [
            *super().check(),
            *(["an interrupted deletion was found"] if (self.folder / "deleting").exists() else []),
        ]


# What is acknowledged too early.


@saboteur("killed-inside-a-transaction", says=("torn_parts(",))
class SavesEachCallOfATransaction(Kept):
    """Shows a transaction at its end, and has saved each call of it before."""

    def _locked(self) -> AbstractContextManager[object]:
        return self._saved_at_once() if self._of_thread.views else super()._locked()

    @contextmanager
    def _saved_at_once(self) -> Iterator[None]:
        with super()._locked():
            yield
            self.save(self._store)


@saboteur("acknowledged-writes-survive-a-kill", says=("broken_words(", "acknowledged: nothing is there"))
class GathersWhereThreadsAre(Kept):
    """Gathers writes where more than one thread uses it, and saves a hundred of them at once, or when it is closed."""

    gathering = True

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._opener, self._gathered = threading.get_ident(), 0

    def save(self, store: Store) -> None:
        self._gathered += 1
        if threading.get_ident() == self._opener or self._gathered >= 100 or not self.gathers():
            super().save(store)
            self._gathered = 0

    def gathers(self) -> bool:
        """Whether this write may wait for others."""
        return True

    def close(self) -> None:
        if not self._closed and self._gathered:
            super().save(self._shared)
        super().close()


@saboteur("acknowledged-transactions-survive-a-kill", says=("broken_words(", "acknowledged: nothing is there"))
class GathersTransactions(GathersWhereThreadsAre):
    """Gathers transactions of several threads, and saves a hundred of them at once, but single writes as they come."""

    _ending = False

    def gathers(self) -> bool:
        return self._ending

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        with TransactionalBackend._transaction(self):
            yield self
        with self._shared.lock:
            self._ending = True
            self.save(self._shared)
            self._ending = False


@saboteur("who-ends-without-closing-keeps-its-word", says=("ended_writers(", "acknowledged: nothing is there"))
class TakesTheEndForAFailure(Kept):
    """Puts back, when the interpreter ends, what was there at first, where the handle has not been closed."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        saved = self.folder / "saved"
        self._at_first = saved.read_bytes() if saved.exists() else None
        atexit.register(self._put_back)

    def close(self) -> None:
        super().close()
        atexit.unregister(self._put_back)

    def _put_back(self) -> None:
        # For good: no thread writes after that.
        self._shared.lock.acquire()
        if self._at_first is not None:
            (self.folder / "saved").write_bytes(self._at_first)
