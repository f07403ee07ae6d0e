"""Takes from the library and the suite all that Python lacks on Windows, in every process that has this in its path.

Python runs it at its start. Modules of this project, and programs given by `-c`, no longer find what only POSIX has,
and are told that this is Windows; everybody else, the standard library first of all, sees the system as it is.
"""

from __future__ import annotations

import builtins
import os
import re
import select
import signal
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

NAMES = {
    part: words.split()
    for part, words in re.findall(
        r"^\[(\w+)\]\n((?:(?!\[).+\n)+)",
        Path(__file__).with_name("posix_only.txt").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
}
_import = builtins.__import__


def is_ours(names: Mapping[str, Any]) -> bool:
    """Whether code with these global names belongs to the project, or is a program given by `-c`."""
    name = names.get("__name__", "")
    if name == "__main__":
        spec = names.get("__spec__")
        name = spec.name if spec else "burndown_"
    return str(name).startswith("burndown_")


def import_as_there(name: str, names: Any = None, *more: Any, **settings: Any) -> ModuleType:
    """`import`, for which the modules of POSIX are missing."""
    if name.partition(".")[0] in NAMES["modules"] and names and is_ours(names):
        raise ModuleNotFoundError(f"No module named {name!r}, as on Windows", name=name)
    return _import(name, names, *more, **settings)


def hide(module: ModuleType, instead: Mapping[str, object]) -> None:
    """Let the project find none of the module's names that only POSIX has, and those in `instead` with that value."""
    found = vars(module)
    kept = {name: found.pop(name) for name in (*NAMES.get(module.__name__, ()), *instead) if name in found}

    def give(name: str) -> object:
        ours = is_ours(sys._getframe(1).f_globals)
        if ours and name in instead:
            return instead[name]
        if not ours and name in kept:
            return kept[name]
        raise AttributeError(f"{module.__name__} has no {name}, as on Windows", name=name, obj=module)

    found["__getattr__"] = give


vars(builtins)["__import__"] = import_as_there
for hiding in (select, signal, socket, time):
    hide(hiding, {})
hide(os, {"name": "nt"})
hide(sys, {"platform": "win32"})
