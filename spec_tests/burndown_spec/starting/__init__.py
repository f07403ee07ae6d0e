"""A backend that starts: what `burndown-spec new` writes, made from the contract as it stands."""

from burndown_spec.starting.names import NameRefusedError, checked_name
from burndown_spec.starting.project import NotWrittenError, write_project

__all__ = ["NameRefusedError", "NotWrittenError", "checked_name", "write_project"]
