"""Backends that claim what they do not keep, or half refuse what they do not claim (contract, 19.2 and 19.8)."""

from __future__ import annotations

import os
import pickle
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Self

from burndown_spec.oracle import MemoryBackend, TransactionalBackend
from burndown_store.contract import Capability, UnsupportedError
from saboteurs import saboteur

Location = str | os.PathLike[str]


@saboteur("transactions-not-claimed-are-refused", says=("begin(backend.transaction)", "raises UnsupportedError"))
class GivesABlockThatDoesNothing(MemoryBackend):
    """Has no transactions, and lets its callers believe in them."""

    def transaction(self) -> AbstractContextManager[Self]:
        self._check_open()
        return nullcontext(self)


@saboteur("transactions-not-claimed-are-refused", says=("backend.close()", "raises ClosedError"))
class RefusesBeforeItLooks(MemoryBackend):
    """Says that it has no transactions, on a closed handle too."""

    def transaction(self) -> AbstractContextManager[Self]:
        raise UnsupportedError("there are no transactions here; ask `capabilities` before")


@saboteur("snapshots-not-claimed-are-refused", says=("raised NotImplementedError", "raises UnsupportedError"))
class HasNotImplementedIt(MemoryBackend):
    """Raises what Python has for what is not there."""

    def snapshot(self) -> AbstractContextManager[Self]:
        self._check_open()
        raise NotImplementedError


class WithoutSavepoints(TransactionalBackend):
    """Claims all but savepoints, and refuses a nested transaction."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        return super().capabilities - {Capability.SAVEPOINTS}

    def transaction(self) -> AbstractContextManager[Self]:
        self._check_writable()
        return self._nested() if self._of_thread.views else super().transaction()

    def _nested(self) -> AbstractContextManager[Self]:
        raise UnsupportedError("there are no savepoints here; ask `capabilities` before")


@saboteur("savepoints-not-claimed-are-refused", says=("transaction_2 = begin(backend.transaction)", "UnsupportedError"))
class NestsWithoutSavepoints(WithoutSavepoints):
    """Counts how deep it is, and does nothing more."""

    def _nested(self) -> AbstractContextManager[Self]:
        return nullcontext(self)


@saboteur(
    "savepoints-not-claimed-are-refused",
    says=("begin(backend.transaction)  # raised", "['before']: expected 'kept', got nothing"),
)
class RefusesAndUndoes(WithoutSavepoints):
    """Refuses the nested transaction, and undoes the outer one with it."""

    def _nested(self) -> AbstractContextManager[Self]:
        self._store.become(self._shared.copy())
        return super()._nested()


@saboteur("a-durable-store-is-there-again", says=("other = open_backend(location", "contents_of(other)"))
class ForgetsWhenItCloses(MemoryBackend):
    """Keeps everything in memory, and claims that it lasts."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset({Capability.DURABLE})


class SavesWhenItCloses(MemoryBackend):
    """Keeps everything in memory, reads it from a file at first and writes it there at last."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        super().__init__(location, timeout=timeout)
        self._file = Path(location) / "saved"
        with self._shared.lock:
            if self._shared.handles == 1 and self._file.exists():
                store = self._shared
                store.profiles, store.app_state, store.tasks = pickle.loads(self._file.read_bytes())

    def close(self) -> None:
        with self._shared.lock:
            if not self._closed:
                store = self._shared
                self._file.write_bytes(pickle.dumps((store.profiles, store.app_state, store.tasks)))
        super().close()


@saboteur("a-durable-store-outlives-a-killed-process", says=("killed=True", "['first']: expected 'kept', got nothing"))
class WritesAtTheEnd(SavesWhenItCloses):
    """Claims that what it acknowledged lasts, and writes it when it is closed."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset({Capability.DURABLE})


@saboteur("a-shared-store-is-shared", says=("in_another_process(open_backend, location", "expected '1', got None"))
class KeepsItsOwnForEachProcess(SavesWhenItCloses):
    """Claims that processes share it, and has a copy of its own in each."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset({Capability.SHARED})


@saboteur("a-store-in-a-file-can-be-copied-and-moved", says=("'copied'", "contents_of(other)"))
class KnowsItsPlace(SavesWhenItCloses):
    """Writes where it lies into the file, and takes a file that says another place for somebody else's."""

    def __init__(self, location: Location, *, timeout: float = 5.0) -> None:
        place = Path(location) / "place"
        if place.exists() and place.read_text(encoding="utf-8") != os.path.realpath(location):
            (Path(location) / "saved").unlink(missing_ok=True)
        super().__init__(location, timeout=timeout)
        place.write_text(os.path.realpath(location), encoding="utf-8")

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset({Capability.FILE})
