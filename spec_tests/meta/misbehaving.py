"""Backends that go wrong around the contract rather than in it: at opening, by hanging, by ending the process.

Each is named to the command as `misbehaving:NAME`; those that can be judged keep app state and tasks as the oracle.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

from burndown_spec.oracle import MemoryBackend

__all__ = [
    "ClaimsAnother",
    "ClaimsText",
    "Dies",
    "Forgets",
    "Hangs",
    "Lacks",
    "Nonsense",
    "Spins",
    "does_not_open",
    "ends_the_process",
    "hangs_at_opening",
    "is_no_factory",
    "returns_a_file",
    "returns_nothing",
    "takes_no_timeout",
]

is_no_factory = "a text"


def does_not_open(location: Path, *, timeout: float) -> MemoryBackend:
    (location / "begun").touch()
    raise OSError("the disk\nis not there")


def ends_the_process(location: Path, *, timeout: float) -> MemoryBackend:
    os._exit(0)


def hangs_at_opening(location: Path, *, timeout: float) -> MemoryBackend:
    threading.Event().wait()
    raise AssertionError("nobody sets it")


def returns_nothing(location: Path, *, timeout: float) -> None:
    return None


def returns_a_file(location: Path, *, timeout: float) -> IO[str]:
    return (location / "file").open("w", encoding="utf-8")


def takes_no_timeout(location: Path) -> MemoryBackend:
    return MemoryBackend(location, timeout=5.0)


class ClaimsAnother(MemoryBackend):
    capabilities = frozenset({"atomicc"})  # type: ignore[arg-type]


class ClaimsText(MemoryBackend):
    capabilities = "atomic"  # type: ignore[assignment]


class Forgets(MemoryBackend):
    """Fails one clause and holds the others."""

    def get_app_state(self, key: str) -> str | None:
        return super().get_app_state(key) or None


class Hangs(MemoryBackend):
    """Waits, and lets other threads run."""

    def get_app_state(self, key: str) -> str | None:
        threading.Event().wait()
        return None


class Spins(MemoryBackend):
    """Never gives the interpreter to another thread, as code in C may do."""

    def get_app_state(self, key: str) -> str | None:
        re.match(r"(a*)*b", "a" * 100)
        return None


class Dies(MemoryBackend):
    """Takes its process with it."""

    def get_app_state(self, key: str) -> str | None:
        os._exit(0)


class Lacks:
    """Has no `get_app_state` and no `clear_task`, and is otherwise the oracle."""

    def __init__(self, location: Path, *, timeout: float) -> None:
        self._whole = MemoryBackend(location, timeout=timeout)

    def __getattr__(self, name: str) -> object:
        if name in ("get_app_state", "clear_task"):
            raise AttributeError(name)
        return getattr(self._whole, name)

    def __enter__(self) -> Lacks:
        return self

    def __exit__(self, *_: object) -> None:
        self._whole.close()


class Nonsense:
    """Has every operation, and answers 42 to all."""

    capabilities: frozenset[str] = frozenset()

    def __init__(self, location: Path, *, timeout: float) -> None:
        pass

    def __getattr__(self, name: str) -> Callable[..., int]:
        return lambda *_, **__: 42
