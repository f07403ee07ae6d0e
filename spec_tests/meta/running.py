"""The command `burndown-spec` as a user runs it: in a process, in a folder, with a temporary folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["QUICK", "Ran", "User"]

META = Path(__file__).parent
# Three clauses that take no time; the first is the one that the backends of `misbehaving` trip over.
QUICK = ("app-state-comes-back", "task-comes-back", "a-sound-store-checks-clean")


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit status, what it printed, and where."""

    status: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        return self.out.rstrip().rpartition("\n")[2]


class User:
    """Someone in a folder `cwd`, whose temporary files lie in `temporary`."""

    def __init__(self, home: Path) -> None:
        self.cwd, self.temporary = home / "cwd", home / "temporary"
        self.cwd.mkdir()
        self.temporary.mkdir()

    def runs(self, *arguments: str, environment: dict[str, str] | None = None) -> Ran:
        """`python -m burndown_spec` with these arguments; where this test is warned of missing encodings, so is it."""
        warned = {name: value for name, value in os.environ.items() if name.startswith("PYTHONWARN")}
        return self.python("-m", "burndown_spec", *arguments, environment={**warned, **(environment or {})})

    def python(self, *arguments: str, environment: dict[str, str] | None = None) -> Ran:
        """Python with these arguments; the backends of `misbehaving` can be found."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.cwd,
            env={**self.environment(), **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=900,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def environment(self) -> dict[str, str]:
        """The environment of what the user runs; what the pytest of this test was asked for is not passed on."""
        asked_for = ("PYTEST", "COV_", "PYTHONWARN")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(asked_for)}
        temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self.temporary))
        paths = os.pathsep.join(filter(None, (str(META), os.environ.get("PYTHONPATH"))))
        own = {"PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "80"}
        return {**inherited, **temporary, **own}

    def judges(self, *arguments: str, options: Sequence[str] = (), clauses: Sequence[str] = QUICK) -> Ran:
        """`burndown-spec run` over a few clauses, with options of pytest."""
        chosen = [word for name in clauses for word in ("--clause", name)]
        return self.runs("run", *arguments, *chosen, "--", *options)

    def left_in(self, folder: Path) -> set[str]:
        """The names in a folder, but for pytest's own cache."""
        return {path.name for path in folder.iterdir()} - {".pytest_cache"}
