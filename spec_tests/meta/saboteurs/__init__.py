"""Saboteurs: backends with one fault each, the way such code really goes wrong, to show that the suite catches it.

Each is a class that opens like any backend (`saboteurs.text:CaseFolding` is its name for the command), deviates only on
some clause's inputs, and says which clauses it must fail, exactly, and what their message must name.
"""

from __future__ import annotations

import importlib
import pkgutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar, cast

from burndown_spec.target import Factory, Target
from burndown_store.contract import Backend, Capability

__all__ = ["Saboteur", "all_saboteurs", "saboteur", "saboteur_named"]

B = TypeVar("B", bound=type[Backend])


@dataclass(frozen=True)
class Saboteur:
    """A faulty backend, the clauses that it `kills`, and what the message of the first of them must say."""

    backend: type[Backend]
    kills: tuple[str, ...]
    says: tuple[str, ...]

    @cached_property
    def claims(self) -> frozenset[Capability]:
        """What it claims."""
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            backend = self.target.factory(Path(folder), timeout=5.0)
            claims = frozenset(backend.capabilities)
            # Closing may be what it is bad at.
            with suppress(Exception):
                backend.close()
            return claims

    @property
    def name(self) -> str:
        """Its name for the command: `module:factory`."""
        return f"{self.backend.__module__}:{self.backend.__qualname__}"

    @property
    def target(self) -> Target:
        # The class of the contract says nothing of how a backend is built; these are built as factories are called.
        factory = cast(Factory, self.backend)
        return Target(self.name, self.backend.__module__, self.backend.__qualname__, factory)


_FOUND: dict[str, Saboteur] = {}


def saboteur(*kills: str, says: str | tuple[str, ...]) -> Callable[[B], B]:
    """Declare a class a saboteur: the ids of the clauses that fail on it, and what the first failure's text holds.

    `says` is looked for in the whole failure: what was done, expected, actual, difference.
    """

    def declared(backend: B) -> B:
        made = Saboteur(backend, kills, (says,) if isinstance(says, str) else says)
        _FOUND[made.name] = made
        return backend

    return declared


def saboteur_named(name: str) -> Saboteur:
    """The saboteur of that name, for which its module alone is imported."""
    importlib.import_module(name.partition(":")[0])
    return _FOUND[name]


def all_saboteurs() -> list[Saboteur]:
    """Every saboteur of this package, by module and then as written."""
    for module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        importlib.import_module(f"{__name__}.{module}")
    return sorted(_FOUND.values(), key=lambda each: each.backend.__module__)
