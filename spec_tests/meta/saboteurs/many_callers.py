"""Backends that go wrong where many use them at once, or leave something behind when they end (contract, 17.4, 18)."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from typing import ClassVar, Self

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import BusyError, Expired, Profile, StorageError
from burndown_store.sqlite import SqliteBackend
from burndown_store.sqlite.session import Session
from saboteurs import saboteur
from saboteurs.among_processes import is_one_of_several

Location = str | os.PathLike[str]


def becomes_true(condition: Callable[[], bool], seconds: float = 2.0) -> bool:
    """Whether the condition is met in time: what happens now and then is made to happen always."""
    until = monotonic() + seconds
    while not condition() and monotonic() < until:
        sleep(0.002)
    return condition()


class Marking(SqliteBackend):
    """Tells other processes something by files beside the location."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        self._location, self._seconds = Path(location), timeout
        super().__init__(location, timeout=timeout)

    def mark(self, name: str) -> Path:
        return self._location.with_name(f"{self._location.name}.{name}")


@saboteur("a-handle-outlives-the-thread-that-opened-it", says=("answered_thread_by_thread", "raised StorageError"))
class EndsWithItsOpener(MemoryBackend):
    """Has the connection of the thread that opened it, which goes with that thread."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._opener = threading.current_thread()

    def save_profile(self, profile: Profile) -> None:
        if not self._opener.is_alive():
            raise StorageError("the connection was closed; open the store again")
        super().save_profile(profile)


@saboteur("a-handle-outlives-the-thread-that-opened-it", says=("answered_thread_by_thread", "raised StorageLostError"))
class ExpectsItsFirstLog(SqliteBackend):
    """Takes the log for lost that SQLite removed with the last connection, that of a thread that has ended."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._file.forget_log = lambda: None  # type: ignore[method-assign]


@saboteur("readers-pass-by-waiting-writers", says=("read_beside_writers", "raised BusyError"))
class LetsWritersPassFirst(SqliteBackend):
    """Has a lock for readers and writers that lets no reader in once a writer waits."""

    _waiting: ClassVar[list[str]] = []

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._is_hasty = timeout < 0.1

    def set_app_state(self, key: str, value: str) -> None:
        self._waiting.append(key)
        try:
            super().set_app_state(key, value)
        finally:
            self._waiting.remove(key)

    def get_app_state(self, key: str) -> str | None:
        if key == "holder" and self._is_hasty and becomes_true(lambda: "own" in self._waiting):
            raise BusyError("a writer comes first; try again")
        return super().get_app_state(key)


@saboteur("each-of-many-writers-gets-his-turn", says=("increased_by_many", "'number'"))
class RemembersANumber(SqliteBackend):
    """Reads a counter once, and from then on knows it from its own writes."""

    _number: str | None = None

    def get_app_state(self, key: str) -> str | None:
        return self._number if key == "number" else super().get_app_state(key)

    def set_app_state(self, key: str, value: str) -> None:
        super().set_app_state(key, value)
        if key == "number":
            self._number = value


@saboteur("nobody-is-passed-over", says=("not_passed_over", "'refused'"))
class KeepsTheLockForTheNext(Marking):
    """Keeps the lock when a transaction has ended, for the next of the same handle, until the handle is closed."""

    _has_the_lock = False

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        if not self._has_the_lock and self.mark("kept").exists():
            raise BusyError("another writer has the store; try again")
        with super()._transaction():
            yield self

    def set_app_state(self, key: str, value: str) -> None:
        super().set_app_state(key, value)
        if key in ("one", "two"):
            self._has_the_lock = True
            self.mark("kept").touch()

    def close(self) -> None:
        super().close()
        if self._has_the_lock:
            self.mark("kept").unlink(missing_ok=True)


@saboteur("no-two-wait-for-each-other", says=("crossing(", "'refused'"))
class KeepsLocksWhenRefused(SqliteBackend):
    """Locks the rows `left` and `right` one by one, and who is refused keeps those that he has."""

    _owners: ClassVar[dict[tuple[str, str], int]] = {}

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        if "left" not in self.list_app_state() or self._connections.session_in_use():
            with super()._transaction():
                yield self
            return
        yield self
        self._owners.clear()

    def set_app_state(self, key: str, value: str) -> None:
        if key in ("left", "right") and value == "written":
            me = threading.get_ident()
            row = (self._file.path, key)
            if not becomes_true(lambda: self._owners.setdefault(row, me) == me, 0.05):
                raise BusyError("another writer has the row; try again")
        super().set_app_state(key, value)


@saboteur("a-waiting-call-stops-no-other", says=("told_beside_a_waiting_call", "['the write that waits', 'refused']"))
class HoldsItsLockWhileItWaits(SqliteBackend):
    """Holds a lock of the handle around each call on the app state, also while that waits for the store.

    Who may wait very long waits a second, so that the deadlock is soon over.
    """

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=1.0 if timeout > 25 else timeout)
        self._one_call_at_a_time = threading.RLock()

    def get_app_state(self, key: str) -> str | None:
        with self._one_call_at_a_time:
            return super().get_app_state(key)

    def set_app_state(self, key: str, value: str) -> None:
        with self._one_call_at_a_time:
            super().set_app_state(key, value)


@saboteur("a-thread-for-each-request", says=("answered_in_a_pool", "raised StorageError"))
class HasAConnectionForEachThread(SqliteBackend):
    """Opens a connection for each thread, and closes none before the handle is closed; there are eighty."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._threads: set[threading.Thread] = set()

    def get_app_state(self, key: str) -> str | None:
        self._threads.add(threading.current_thread())
        if len(self._threads) > 80:
            raise StorageError("too many connections")
        return super().get_app_state(key)


@saboteur("a-pool-of-threads", says=("answered_in_a_pool", "raised StorageError"))
class ClosesAfterARequest(SqliteBackend):
    """Gives a thread a connection for its first request, closes it after that, and gives it no other."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._served = threading.local()

    def get_app_state(self, key: str) -> str | None:
        if key == "common":
            if getattr(self._served, "once", False):
                raise StorageError("the connection of this thread was closed")
            self._served.once = True
        return super().get_app_state(key)


@saboteur("a-thread-that-ended-holds-nobody-up", says=("leave_open", "raised BusyError"))
class KeepsWhatThreadsHaveOpen(SqliteBackend):
    """Keeps the transactions of its threads in a list until they end; of a thread that ends nobody hears."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._open: list[Session] = []
        self._ends: list[object] = []

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        session = self._session
        self._open.append(session)
        self._ends.append(self._connections._of_thread.end)
        try:
            with super()._transaction():
                yield self
        except GeneratorExit:
            # A generator that is dropped in the thread's last moment, with the transaction in the list.
            session.begin()
            raise
        except BaseException:
            self._open.remove(session)
            raise
        self._open.remove(session)


@saboteur("a-thread-that-ended-leaves-no-snapshot", says=("leave_open", "list_app_state"))
class HandsOnWhatAThreadHad(SqliteBackend):
    """Finds what belongs to a thread by a number that the next thread gets again, as it was left."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._left: list[tuple[threading.Thread, dict[str, str]]] = []

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        moment = (threading.current_thread(), super().list_app_state())
        self._left.append(moment)
        try:
            with super()._snapshot():
                yield self
        except GeneratorExit:
            raise
        except BaseException:
            self._left.remove(moment)
            raise
        self._left.remove(moment)

    def list_app_state(self) -> dict[str, str]:
        for thread, found in self._left:
            if not thread.is_alive():
                return dict(found)
        return super().list_app_state()


@saboteur("a-fresh-location-opened-by-several-processes", says=("opened_at_once", "raised StorageError"))
class CreatesWhatIsThere(Marking):
    """Looks whether there is a store, and creates one that another may have created in between."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        self._location = Path(location)
        if is_one_of_several() and self._location.name.startswith("fresh"):
            try:
                self.mark("first").touch(exist_ok=False)
            except FileExistsError:
                self.mark("second").touch()
                raise StorageError("table profiles already exists") from None
            becomes_true(lambda: self.mark("second").exists())
        super().__init__(location, timeout=timeout)


@saboteur("a-killed-process-holds-nobody-up", says=("written_after_a_kill", "'refused'"))
class LeavesALockFile(Marking):
    """Locks by a file that is there, which a killed process leaves behind."""

    @contextmanager
    def _transaction(self) -> Iterator[Self]:
        with super()._transaction():
            self.mark("lock").touch()
            try:
                yield self
            finally:
                self.mark("lock").unlink(missing_ok=True)

    def set_app_state(self, key: str, value: str) -> None:
        if key in ("other", "own") and not becomes_true(lambda: not self.mark("lock").exists(), self._seconds):
            raise BusyError("the store is locked; try again")
        super().set_app_state(key, value)


@saboteur("a-killed-process-holds-nobody-up", says=("written_after_a_kill", "'killed': 'wrote'"))
class KeepsWhatTheKilledWrote(SqliteBackend):
    """Writes at once what a transaction writes, and undoes it when that fails; killed, it undoes nothing."""

    def set_app_state(self, key: str, value: str) -> None:
        super().set_app_state(key, value)
        session = self._connections.session_in_use()
        if key == "killed" and session is not None:
            session._connection.execute("COMMIT")
            session._connection.execute("BEGIN")


@saboteur("a-process-killed-in-a-snapshot-holds-nobody-up", says=("written_after_a_kill", "'refused'"))
class CountsReadersInAFile(Marking):
    """Counts its readers in a file, and is stopped by one that was never counted out."""

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        reader = self.mark(f"reader-{os.getpid()}")
        reader.touch()
        try:
            with super()._snapshot():
                yield self
        finally:
            reader.unlink()

    def set_app_state(self, key: str, value: str) -> None:
        readers = self._location.parent.glob(f"{self._location.name}.reader-*")
        if key in ("other", "own") and any(readers):
            raise BusyError("a reader has not answered; try again")
        super().set_app_state(key, value)


@saboteur("a-closed-handle-leaves-no-thread", says=("threads_left", "'checkpoints'"))
class HasAThreadInTheBackground(SqliteBackend):
    """Has a thread that tidies up now and then, and that nobody tells to end."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        threading.Thread(target=threading.Event().wait, args=(4.0,), name="checkpoints", daemon=True).start()


@saboteur("a-closed-handle-leaves-no-thread", says=("threads_left", "'for every operation'", "'next expiry'"))
class WaitsForTheNextExpiry(SqliteBackend):
    """Sets a timer for the next deletion of what has expired, and nobody cancels it."""

    def delete_expired(self, now: datetime) -> Expired:
        timer = threading.Timer(4.0, threading.Event)
        timer.name, timer.daemon = "next expiry", True
        timer.start()
        return super().delete_expired(now)


class OpeningFiles(SqliteBackend):
    """Has a file of its own open beside the database."""

    def open_a_file(self) -> int:
        """The number of the file, which is closed in any case when nobody has the handle any more."""
        return self.opened(Path(self._file.path).with_name("journal"), os.O_RDWR | os.O_CREAT)

    def opened(self, path: Path, flags: int) -> int:
        number = os.open(path, flags)
        self._ending: dict[int, Callable[[], object]] = getattr(self, "_ending", {})
        self._ending[number] = weakref.finalize(self, os.close, number)
        return number

    def close_file(self, number: int) -> None:
        self._ending.pop(number)()


@saboteur("a-closed-handle-leaves-no-file-open", says=("'briefly'", "'profiles/journal'"))
class LeavesAFileOpen(OpeningFiles):
    """Opens a file with the store, and closes it when nobody has the handle any more."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self.open_a_file()


@saboteur("a-closed-handle-leaves-no-file-open", says=("'for every operation'", "'profiles/journal'"))
class LeavesOpenWhatItChecked(OpeningFiles):
    """Opens a file when it has checked the store, to note that, and leaves it open."""

    def check(self) -> list[str]:
        found = super().check()
        self.open_a_file()
        return found


@saboteur("a-closed-handle-leaves-no-file-open", says=("'by threads that ended'", "'profiles/journal'"))
class KeepsFilesOfThreads(OpeningFiles):
    """Opens a file for each thread, and closes that of the thread which closes the handle."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._files: dict[threading.Thread, int] = {}

    def set_app_state(self, key: str, value: str) -> None:
        super().set_app_state(key, value)
        if threading.current_thread() not in self._files:
            self._files[threading.current_thread()] = self.open_a_file()

    def close(self) -> None:
        super().close()
        own = self._files.pop(threading.current_thread(), None)
        if own is not None:
            self.close_file(own)


@saboteur("a-closed-handle-leaves-no-file-open", says=("'with a snapshot open elsewhere'", "'profiles/journal'"))
class ClosesWhatIsIdle(OpeningFiles):
    """Closes what no thread is using, and leaves the rest to the end of the snapshot."""

    @contextmanager
    def _snapshot(self) -> Iterator[Self]:
        number = self.open_a_file()
        try:
            with super()._snapshot():
                yield self
        finally:
            self.close_file(number)


@saboteur("a-closed-handle-leaves-no-file-open", says=("'in vain'", "burndown.db"))
class LeavesOpenWhatItCannotRead(OpeningFiles):
    """Closes what it has opened when opening succeeded, and not when it failed: that is kept to be asked again."""

    _failed: ClassVar[list[LeavesOpenWhatItCannotRead]] = []

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        try:
            super().__init__(location, timeout=timeout)
        except StorageError:
            file = Path(location, "profiles", "burndown.db")
            if file.is_file():
                self.opened(file, os.O_RDONLY)
                self._failed[:] = [self]
            raise
