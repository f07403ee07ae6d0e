"""The process that serves a disk: `python -m burndown_spec.faults.server MEDIUM MOUNT_POINT`.

It is told on its input what to do and answers on its output, a line of JSON each:

    {"do": "add", "rule": "module:Class", "settings": {...}}             {"answer": 1}     the rule's number
    {"do": "ask", "rule": 1, "method": "name", "arguments": {...}}       {"answer": ...}   what the method gives
    {"do": "remove", "rule": 1}                                          {"answer": null}
                                                                         {"error": "..."}  in place of an answer

Its first line is {"answer": "mounted"}. It ends, and unmounts, when its input does.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from burndown_spec.faults.filesystem import FileSystem, Rule
from burndown_spec.faults.mounting import unmount

__all__ = ["main"]


class Orders:
    """Carries out what the other end of the pipe asks for."""

    def __init__(self, filesystem: FileSystem) -> None:
        self._filesystem = filesystem
        self._rules: dict[int, Rule] = {}

    def answer(self, order: dict[str, Any]) -> Any:
        if order["do"] == "add":
            module, _, name = order["rule"].partition(":")
            rule = getattr(importlib.import_module(module), name)(**order["settings"])
            number = 1 + max(self._rules, default=0)
            self._rules[number] = rule
            self._filesystem.add(rule)
            return number
        if order["do"] == "ask":
            with self._filesystem.turn:
                return getattr(self._rules[order["rule"]], order["method"])(**order["arguments"])
        return self._filesystem.remove(self._rules.pop(order["rule"]))


def serve(medium: Path, mount_point: str) -> None:
    """Mount and serve until the input ends."""
    mfusepy: Any = importlib.import_module("mfusepy")

    def obey() -> None:
        tell({"answer": "mounted"})
        for line in sys.stdin:
            try:
                tell({"answer": orders.answer(json.loads(line))})
            except Exception as error:
                tell({"error": f"{type(error).__name__}: {error}"})
        unmount(mount_point)
        # Whoever still has files open here is not waited for.
        os._exit(0)

    def tell(said: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()

    # Not before there is something to unmount, so that its end leaves nothing behind.
    filesystem = FileSystem(medium, threading.Thread(target=obey, daemon=True).start)
    orders = Orders(filesystem)
    mfusepy.FUSE(
        filesystem,
        mount_point,
        foreground=True,
        nothreads=True,
        raw_fi=True,
        # Otherwise libfuse renames a file that is removed while it is open.
        hard_remove=True,
        fsname="burndown-spec",
        # Names and sizes are asked for anew each time, so that each operation is seen and may fail.
        attr_timeout=0,
        entry_timeout=0,
        negative_timeout=0,
    )


def main() -> None:
    serve(Path(sys.argv[1]), sys.argv[2])


if __name__ == "__main__":
    main()
