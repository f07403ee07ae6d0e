"""The library's migration with a fault: names in its modules exchanged while it runs, or something done after it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from threading import RLock
from typing import Any
from unittest.mock import patch

from burndown_store.contract import Backend

__all__ = ["Deviating"]

Right = Callable[..., Any]


class Deviating:
    """What a saboteur offers as `migration`.

    `exchanges` give, for a name such as `burndown_store.legacy.reading:tasks_from` or `module:Class.method`, a function
    that takes the right one and returns the wrong one. `afterwards` is called with the root after each migration.
    """

    _one_at_a_time = RLock()

    def __init__(
        self,
        exchanges: dict[str, Callable[[Right], Right]] | None = None,
        *,
        afterwards: Callable[[Path], None] | None = None,
        restore: Callable[..., Any] | None = None,
    ) -> None:
        self._exchanges, self._afterwards, self._restore = exchanges or {}, afterwards, restore

    def migrate(self, root: Path, open_backend: Callable[..., Backend], **options: Any) -> Any:
        report = self._call("migrate", root, open_backend, **options)
        if self._afterwards:
            self._afterwards(root)
        return report

    def restore(self, root: Path, backup: Path) -> Any:
        return self._restore(root, backup) if self._restore else self._call("restore", root, backup)

    def _call(self, function: str, *args: Any, **options: Any) -> Any:
        with self._one_at_a_time:
            patches = [self._patch(place, wrong) for place, wrong in self._exchanges.items()]
            for each in patches:
                each.start()
            try:
                return getattr(importlib.import_module("burndown_store.migration"), function)(*args, **options)
            finally:
                for each in reversed(patches):
                    each.stop()

    @staticmethod
    def _patch(place: str, wrong: Callable[[Right], Right]) -> Any:
        module, _, path = place.partition(":")
        holder: Any = importlib.import_module(module)
        *parts, name = path.split(".")
        for part in parts:
            holder = getattr(holder, part)
        return patch.object(holder, name, wrong(getattr(holder, name)))
