"""What a backend may be called: its name becomes a module, a distribution and a short name at once."""

from __future__ import annotations

import keyword
import re
import sys
from importlib.util import find_spec

from burndown_spec.target import short_names

__all__ = ["NameRefusedError", "checked_name"]

# No system on which the backend may be judged has a file of these names.
DEVICES = frozenset({"aux", "con", "nul", "prn", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})


class NameRefusedError(Exception):
    """A backend cannot be called this; the message is one sentence for the person who typed it."""


def checked_name(name: str) -> str:
    """`name`, if it is free for a package of its own. Raises `NameRefusedError`."""
    # A module may begin or end with an underscore or hold any letter, a distribution may not.
    if not re.fullmatch(r"[A-Za-z]([A-Za-z0-9_]*[A-Za-z0-9])?", name):
        close = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789")
        example = close if close.isidentifier() and not keyword.iskeyword(close) else "acme_store"
        raise NameRefusedError(
            f"{name!r} cannot name a package: take letters A to Z, digits, and _ between them, such as {example}"
        )
    if keyword.iskeyword(name):
        raise NameRefusedError(f"{name} is a keyword of Python, so nothing could import it; take another name")
    if name.lower() in DEVICES:
        raise NameRefusedError(f"{name} is the name of a device on Windows, so no folder there has it; take another")
    if offered := short_names().get(name):
        raise NameRefusedError(f"{name} is already the short name of the backend {offered}; take another name")
    spec = find_spec(name)
    # A folder that merely lies where Python searches has no origin.
    if name in sys.stdlib_module_names or (spec and spec.origin):
        raise NameRefusedError(f"{name} is already the name of an installed module; take another name")
    return name
