"""The command `burndown-store`: what one does by hand with a folder of the application, for people and for machines.

`burndown-store --help` says what there is, `exits` which exit code means what, `documents` what `--json` prints.
"""

from burndown_store.command.exits import Exit

__all__ = ["Exit"]
