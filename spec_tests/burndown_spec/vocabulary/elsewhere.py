"""A store used by another process, and in another place."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["copy_store", "in_another_process", "move_store"]


def in_another_process(open_backend: Any, location: Path, calls: Sequence[Any], killed: bool = False) -> list[Any]:
    """What the calls `(operation, argument …)`, all of JSON, give in a process of their own.

    It opens the store, makes the calls, and closes it; or, where `killed`, ends at once as if it had been killed.
    """
    program = """
import importlib, json, os, pathlib, sys
order = json.load(sys.stdin)
sys.path[:] = order["path"]
factory = importlib.import_module(order["module"])
for part in order["attribute"].split("."):
    factory = getattr(factory, part)
backend = factory(pathlib.Path(order["location"]), timeout=5.0)
answers = [getattr(backend, operation)(*arguments) for operation, *arguments in order["calls"]]
sys.stdout.write(json.dumps(answers))
sys.stdout.flush()
if order["killed"]:
    os._exit(9)
backend.close()
"""
    order = {
        "path": [str(Path(entry).absolute()) for entry in sys.path],
        "location": str(location),
        "calls": calls,
        "module": open_backend.__module__,
        "attribute": open_backend.__qualname__,
        "killed": killed,
    }
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", program],
        input=json.dumps(order),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != (9 if killed else 0):
        raise ChildProcessError(f"the other process ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    answers: list[Any] = json.loads(done.stdout)
    return answers


def copy_store(location: Path, name: str) -> None:
    """Copy the directory of a closed store to a new one beside it."""
    shutil.copytree(location, location.parent / name)


def move_store(location: Path, name: str) -> None:
    """Move the directory of a closed store to a new place beside it."""
    location.rename(location.parent / name)
