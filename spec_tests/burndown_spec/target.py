"""The backend under test: from the BACKEND argument of the command to a factory.

BACKEND is a short name, that is an entry point of the group `burndown.backends`, or `module:factory`, found from the
current folder. The factory takes a directory and `timeout=` (seconds) and returns an open backend; an optional
`destroy(directory)` in the same module removes what lies outside of the directory. `migration`, `recover` and
`old_stores` may be offered there too: see `migrating`, `recovering` and `old_stores` in the vocabulary.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from burndown_store.contract import Backend

__all__ = ["GROUP", "Factory", "NoTargetError", "Target", "find_target", "short_names"]

GROUP = "burndown.backends"


class Factory(Protocol):
    """Opens the store in a directory, creating what is missing."""

    def __call__(self, location: Path, /, *, timeout: float) -> Backend: ...


class NoTargetError(Exception):
    """The BACKEND argument leads to no factory; the message is one sentence for the person who typed it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A backend under test. `name` is the argument as given; `module` and `attribute` are where its factory lives."""

    name: str
    module: str
    attribute: str
    factory: Factory
    destroy: Callable[[Path], None] | None = None


def short_names() -> dict[str, str]:
    """Every short name that is installed, with its `module:factory`, by name."""
    return {entry.name: entry.value for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name)}


def find_target(name: str) -> Target:
    """The target that `name` leads to. Raises `NoTargetError`; imports the module, so run it where that may fail."""
    value = name
    if ":" not in name:
        candidates = {entry.value for entry in entry_points(group=GROUP, name=name)}
        if not candidates:
            known = ", ".join(short_names()) or "none are installed"
            raise NoTargetError(f"{name}: no backend of that name; use module:factory, or one of: {known}")
        if len(candidates) > 1:
            offers = ", ".join(sorted(candidates))
            raise NoTargetError(f"{name}: several packages offer it ({offers}); use module:factory")
        value = candidates.pop()
    module_name, _, attribute = value.partition(":")
    if not module_name or not attribute:
        raise NoTargetError(f"{name}: expected module:factory, such as acme.storage:open_backend")
    module = _imported(name, module_name)
    factory: object = module
    for part in attribute.split("."):
        factory = getattr(factory, part, None)
    if factory is None:
        raise NoTargetError(f"{name}: the module {module_name} has no {attribute}")
    if not callable(factory):
        raise NoTargetError(f"{name}: {attribute} is no factory, it cannot be called")
    destroy = getattr(module, "destroy", None)
    return Target(name, module_name, attribute, factory, destroy if callable(destroy) else None)


def _imported(name: str, module_name: str) -> object:
    here = str(Path.cwd())
    if here not in sys.path and os.curdir not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(error.name + ".")):
            raise NoTargetError(f"{name}: there is no module {module_name}, looked for from {here} as well") from None
        raise NoTargetError(f"{name}: {module_name} needs the module {error.name}, which is not installed") from None
    except BaseException as error:
        # A module's own code may raise anything, SystemExit included.
        raise NoTargetError(f"{name}: importing {module_name} raised {type(error).__name__}: {error}") from None
