"""How the command may end: one exit code for each kind of end, and which error is of which kind."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from burndown_store.contract import (
    BusyError,
    CorruptionError,
    MigrationError,
    NotFoundError,
    SchemaVersionError,
    StorageLostError,
    ValidationError,
)
from burndown_store.transfer import ConflictError, ExportRefusedError, ImportRefusedError

__all__ = ["EXIT_CODES", "Exit", "UnusableError", "exit_of"]


class Exit(IntEnum):
    """The process's exit status; the name in lower case is the `kind` of an error in JSON."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    BUSY = 3
    STORE = 4
    MEDIUM = 5
    CONFLICT = 6
    BUG = 70
    INTERRUPTED = 130

    @property
    def kind(self) -> str:
        return self.name.lower()


EXIT_CODES: Final = """\
exit codes:
  0    done, and nothing is wrong
  1    refused: what was read is damaged, unsafe or not what it says; all of it
       is listed. Of check, and of a dry run: something is wrong. Of recover:
       the store is sound again, and something is missing
  2    the command cannot be carried out as it was given: an argument, a folder
       that is not there, a folder without a store
  3    busy: another was at work for longer than --timeout; try again
  4    the store is lost, damaged, or of a newer version
  5    the medium refused: full, no permission, an input or output error
  6    conflict: what is imported is there already
  70   a bug of this command
  130  interrupted; the same command again does it, or ends what was begun
"""


class UnusableError(Exception):
    """The command cannot be carried out as it was given; the message is for the user."""


# The first that fits counts: some are kinds of others, and what the medium refuses is an OSError in the end.
_EXITS: Final[tuple[tuple[tuple[type[BaseException], ...], Exit], ...]] = (
    ((KeyboardInterrupt,), Exit.INTERRUPTED),
    ((MigrationError, ImportRefusedError), Exit.REFUSED),
    ((ConflictError,), Exit.CONFLICT),
    ((UnusableError, ExportRefusedError, ValidationError, NotFoundError), Exit.USAGE),
    ((BusyError,), Exit.BUSY),
    ((StorageLostError, CorruptionError, SchemaVersionError), Exit.STORE),
    ((OSError,), Exit.MEDIUM),
)


def exit_of(error: BaseException) -> Exit:
    """What the command ends with where this error ends it."""
    return next((status for kinds, status in _EXITS if isinstance(error, kinds)), Exit.BUG)
