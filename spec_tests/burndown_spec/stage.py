"""The surroundings of one clause: a fresh store, its handles, and what is done beside plain calls."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from burndown_spec.recording import ClauseEndedError, Recorded, RecordedWorker, Trace
from burndown_spec.target import Target
from burndown_spec.vocabulary import Worker, attempt, in_another_process, migrate
from burndown_store.contract import Backend

__all__ = ["NotOfferedError", "Stage", "UnavailableError", "UndecidedError"]

T = TypeVar("T")

HANDLES = ("backend", "other", "third", "fourth")


class UnavailableError(ClauseEndedError):
    """This machine lacks the means to judge the clause; the message says which."""


class UndecidedError(ClauseEndedError):
    """What was tried allows no verdict; the message says why, as "no verdict: too few calls overlapped (3 %)"."""


class NotOfferedError(ClauseEndedError):
    """The clause is about something that a backend may offer and this one does not; the message names it."""


class Stage:
    """One fresh store under `folder`, and every handle that a clause opens on it."""

    def __init__(self, target: Target, folder: Path, *, seed: int, thorough: bool = False) -> None:
        """`thorough` asks a clause for all that it would take a sample of."""
        self.seed, self.thorough = seed, thorough
        self.trace = Trace()
        self._target, self._folder = target, folder
        self._opened: list[tuple[str, Any]] = []
        self._workers: list[Worker] = []
        self.measured: dict[str, str] = {}
        self._locations: list[Path] = []
        self._stores = 0
        self.location = folder / "store-0"

    def open(self, **settings: Any) -> Backend:
        """Another handle on the store, recorded. `settings` go to the factory; `timeout` is 5.0 s unless given."""
        return self._open(self.location, settings)

    def open_beside(self, *names: str) -> Backend:
        """A handle on a store of its own, in a folder that is not there yet and beside the first one's."""
        return self._open(self.location.parent.joinpath(*names), {})

    def _open(self, location: Path, settings: dict[str, Any]) -> Backend:
        name = HANDLES[len(self._opened)] if len(self._opened) < len(HANDLES) else f"handle_{len(self._opened) + 1}"
        self.location.mkdir(exist_ok=True)
        parts = location.relative_to(self.location.parent).parts
        # The script's own store has another name.
        beside = "".join(f" / {'location.name' if part == self.location.name else ascii(part)}" for part in parts)
        self.trace.name(location, "location" if location == self.location else f"location.parent{beside}")
        opening = {"timeout": 5.0, **settings}
        self._locations.append(location)
        handle = self.trace.run("open_backend", self._target.factory, (location,), opening, variable=name)
        self._opened.append((name, handle))
        # Clauses are typed against the contract; what they get behaves like it or is found out.
        return cast(Backend, Recorded(handle, name, self.trace))

    def do(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run a function of the vocabulary as a step that failures and repro scripts show."""
        return cast(T, self.trace.run(function.__name__, function, args, kwargs))

    def elsewhere(self, calls: Sequence[Any], *, killed: bool = False) -> list[Any]:
        """What the calls give in another process, which opens the store and closes it, or is killed before that."""
        return self.do_elsewhere(in_another_process, calls, killed=killed)

    def do_elsewhere(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """As `do_here`, for a function that has another process find the factory by its name."""
        factory = self._target.factory
        if not hasattr(factory, "__qualname__") or "<" in factory.__qualname__:
            raise UndecidedError("the factory has no name by which another process could find it")
        return self.do_here(function, *args, **kwargs)

    def do_here(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """As `do`, for a function that takes the factory and the location before everything else."""
        return self.do(function, self.factory, self.location, *args, **kwargs)

    @property
    def factory(self) -> Any:
        """The backend's factory, for functions of the vocabulary."""
        self.trace.name(self._target.factory, "open_backend")
        return self._target.factory

    def beside(self, name: str) -> Path:
        """A folder beside the location that is not there yet."""
        place = self.location.parent / name
        self.trace.name(place, f"location.parent / {name!a}")
        self._locations.append(place)
        return place

    def migrate(self, **options: Any) -> dict[str, Any]:
        """Migrate the old files at the location into the store there; the report, as plain values."""
        return self.do_here(migrate, **options)

    def worker(self) -> RecordedWorker:
        """A thread that makes the calls that it is given."""
        name = self.trace.new_name("worker")
        worker: Worker = self.trace.run("Worker", Worker, (), {}, variable=name)
        self._workers.append(worker)
        return RecordedWorker(worker, name, self.trace)

    def measure(self, what: str, found: str) -> None:
        """Keep for the report what was found, whether the clause holds or not."""
        self.measured[what] = found

    def start_over(self, **settings: Any) -> Backend:
        """A handle on another fresh store; what went before is closed and forgotten."""
        self.start_without_a_store()
        return self.open(**settings)

    def start_without_a_store(self) -> Path:
        """Another location, an empty folder that nobody has opened; what went before is closed and forgotten."""
        self.close()
        self._stores += 1
        self.location = self._folder / f"store-{self._stores}"
        self.location.mkdir()
        self.trace.clear()
        self.trace.name(self.location, "location")
        self._locations.append(self.location)
        return self.location

    def close(self) -> None:
        """Close every handle, whatever that gives, and remove the store."""
        for name, handle in reversed(self._opened):
            attempt(self.trace.run, f"{name}.close", getattr(handle, "close", lambda: None), (), {})
        for location in dict.fromkeys(reversed(self._locations)):
            if self._target.destroy:
                attempt(self._target.destroy, location)
            shutil.rmtree(location, ignore_errors=True)
        for worker in self._workers:
            worker.end()
        self._workers.clear()
        self._opened.clear()
        self._locations.clear()
