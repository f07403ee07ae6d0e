"""A transaction under way: a private state, and the writes that led to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from burndown_store.contract import BusyError, StorageError
from honest.append_only.log import End
from honest.append_only.operations import Operation
from honest.append_only.state import State

__all__ = ["Transaction"]


@dataclass
class Transaction:
    """Works on the state that the log led to at `base`, and touches nothing that others see.

    Which records it read is not remembered: anything that was committed after `base` is a conflict. A transaction that
    wrote nothing has none, for it read the state of one moment.
    """

    base: End
    state: State
    operations: tuple[Operation, ...] = ()
    doomed_by: BusyError | StorageError | None = None

    def require_sound(self) -> None:
        """Raises again what doomed the transaction."""
        if self.doomed_by is not None:
            raise type(self.doomed_by)("the transaction failed before; leave it and try the whole again")

    def write(self, operation: Operation) -> tuple[State, State]:
        """The private states before and after the write. Raises `NotFoundError`, and what doomed the transaction."""
        before, after = self.state, operation.applied(self.state)
        self.require_sound()
        self.state, self.operations = after, (*self.operations, operation)
        return before, after

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo the writes of the body when it raises."""
        state, operations = self.state, self.operations
        try:
            yield
        except BaseException:
            self.state, self.operations = state, operations
            raise
