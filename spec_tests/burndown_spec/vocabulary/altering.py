"""A store that does not keep what it is given, for those who should notice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from burndown_spec.vocabulary.migrating import migrate, migration_of
from burndown_store.contract import Record, replace

__all__ = ["Altering", "Mixing", "migrate_altered", "migrate_mixed"]


class Altering:
    """A handle through which records of one kind come to the store with other values in some fields.

    The kind `app state` is that of the application's state, with keys for fields.
    """

    def __init__(self, backend: Any, kind: str, changes: dict[str, Any]) -> None:
        self._backend, self._kind, self._changes = backend, kind, changes

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._backend, name)
        if not callable(member) or name == "transaction":
            return member
        return lambda *args, **kwargs: member(*map(self._altered, args), **kwargs)

    def _altered(self, value: Any) -> Any:
        if isinstance(value, Record):
            return replace(value, **self._changes) if type(value).__name__ == self._kind else value
        # A batch may be any iterable of records.
        return value if isinstance(value, (str, dict)) or not hasattr(value, "__iter__") else map(self._altered, value)

    def set_app_state(self, key: str, value: str) -> None:
        self._backend.set_app_state(key, self._changes.get(key, value) if self._kind == "app state" else value)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        with self._backend.transaction():
            yield self

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self._backend.close()


class Mixing(Altering):
    """A handle through which, of several records that a read gives, the first comes twice and the last not at all.

    Changes, which nothing identifies, come all, in the opposite order.
    """

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._backend, name)
        if not callable(member) or not name.startswith(("get_", "list_")):
            return member
        return lambda *args, **kwargs: self._mixed(member(*args, **kwargs))

    def _mixed(self, answer: Any) -> Any:
        if not isinstance(answer, list) or not answer or not isinstance(answer[0], Record):
            return answer
        kind = type(answer[0]).__name__
        if kind == self._kind:
            return [answer[0], *answer[:-1]]
        if self._kind == "Change" and kind == "History":
            return [replace(history, changes=history.changes[::-1]) for history in answer]
        return answer[::-1] if self._kind == "Change" and kind == "ChangeEntry" else answer


def migrate_altered(open_backend: Any, location: Path, kind: str, changes: dict[str, Any]) -> Any:
    """What comes of a migration into a store that keeps other values in some fields of the records of one kind."""

    def open_altering(place: Path, **settings: Any) -> Any:
        return Altering(open_backend(place, **settings), kind, changes)

    open_altering.migration = migration_of(open_backend)  # type: ignore[attr-defined]
    return migrate(open_altering, location)["outcome"]


def migrate_mixed(open_backend: Any, location: Path, kind: str) -> Any:
    """What comes of a migration into a store that gives one record of a kind twice, and another not at all."""

    def open_mixing(place: Path, **settings: Any) -> Any:
        return Mixing(open_backend(place, **settings), kind, {})

    open_mixing.migration = migration_of(open_backend)  # type: ignore[attr-defined]
    return migrate(open_mixing, location)["outcome"]
