"""What a BACKEND argument leads to, found out in a process of its own before anything is judged.

Importing and opening a backend may do anything: raise, hang, end the process. So the command never does it itself; it
runs `python -m burndown_spec.preflight` and reads what that wrote, or was about to do when it ended.
"""

from __future__ import annotations

import faulthandler
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Set
from contextlib import suppress
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path

import msgspec

from burndown_spec.judging_process import told_ending
from burndown_spec.ledger import dumps, loads
from burndown_spec.recording import OPERATIONS
from burndown_spec.target import GROUP, NoTargetError, Target, find_target
from burndown_store.contract import Capability

__all__ = ["Found", "NoBackendError", "examine"]

IMPORT_LIMIT = 60.0
EXIT_LIMIT = 2.0
# Many other things can be closed and checked, too.
TELLING = frozenset(OPERATIONS) - {"check", "close", "snapshot", "transaction"}


class NoBackendError(Exception):
    """There is nothing to judge; the message is one sentence for the person who typed the argument."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A backend that opened. `missing` are operations of the contract that it lacks, `facts` what stands under it."""

    name: str
    factory: str
    capabilities: frozenset[Capability]
    missing: tuple[str, ...]
    facts: dict[str, str]


class _Note(msgspec.Struct, frozen=True, kw_only=True):
    """What the examining process is doing, or what came of it."""

    doing: str
    problem: str = ""
    found: Found | None = None


def examine(name: str, *, timeout: float, folder: Path, environment: Mapping[str, str]) -> Found:
    """Open the backend on a fresh store and close it again, all below `folder`, each step within `timeout` seconds.

    Raises `NoBackendError`.
    """
    own = Path(tempfile.mkdtemp(prefix="preflight-", dir=folder))
    # Nothing may be left beside the backend's module if it is refused, its compiled form included.
    command = [sys.executable, "-P", "-B", "-m", "burndown_spec.preflight", name, str(timeout), str(own)]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=max(timeout, IMPORT_LIMIT) + 4 * timeout + 30,
            check=False,
        )
        ended = told_ending(done.returncode)
    except subprocess.TimeoutExpired:
        ended = "its process had to be ended"
    try:
        note: _Note = loads((own / "note.json").read_text(encoding="utf-8"), _Note)
    except (OSError, ValueError):
        raise NoBackendError(f"{name}: {ended} before it could be imported") from None
    if note.found:
        return note.found
    if note.problem:
        raise NoBackendError(note.problem)
    if (own / "stacks.txt").stat().st_size:
        limit = _limit(note.doing, timeout)
        raise NoBackendError(f"{name}: {note.doing} did not end within {limit:g} s")
    raise NoBackendError(f"{name}: {ended} while {note.doing}")


class _Examination:
    """The examining process: one backend, step by step."""

    def __init__(self, name: str, timeout: float, folder: Path) -> None:
        self.name, self.timeout, self.folder = name, timeout, folder
        self._stacks = (folder / "stacks.txt").open("w", encoding="utf-8")

    def run(self) -> None:
        """Leave the note that says what was found."""
        self._step("importing it")
        # The suite has its own use for sqlite3; if it is there again later, the backend has brought it.
        sys.modules.pop("sqlite3", None)
        try:
            target = find_target(self.name)
            found = self._opened(target)
        except (NoTargetError, NoBackendError) as error:
            self._note(_Note(doing="", problem=" ".join(str(error).split())))
        else:
            self._note(_Note(doing="", found=found))
        # What the backend does at exit is its own clean-up, but it must come to an end.
        faulthandler.dump_traceback_later(EXIT_LIMIT, exit=True, file=self._stacks)

    def _opened(self, target: Target) -> Found:
        location = self.folder / "store"
        location.mkdir()
        try:
            self._step("opening it")
            try:
                backend = target.factory(location, timeout=5.0)
            except BaseException as error:
                hint = "; a factory takes the directory and timeout=" if isinstance(error, TypeError) else ""
                raise NoBackendError(f"{self.name}: opening it raised {_said(error)}{hint}") from None
            try:
                self._step("asking what it offers")
                return self._found(target, backend)
            finally:
                self._step("closing it")
                with suppress(BaseException):
                    backend.close()
        finally:
            self._step("removing its store")
            if target.destroy:
                with suppress(BaseException):
                    target.destroy(location)

    def _found(self, target: Target, backend: object) -> Found:
        offered = {name for name in (*OPERATIONS, "__enter__", "__exit__") if callable(_read(backend, name))}
        if not offered & TELLING:
            kind = "None" if backend is None else f"a {type(backend).__qualname__}"
            raise NoBackendError(f"{self.name}: its factory returned {kind}, which has no operation of the contract")
        missing = [name for name in OPERATIONS if name not in offered]
        if not {"__enter__", "__exit__"} <= offered:
            missing.append("with backend: (__enter__ and __exit__)")
        missing += [name for name in ("capabilities", "schema_version") if _read(backend, name) is _ABSENT]
        capabilities = frozenset() if "capabilities" in missing else self._capabilities(backend)
        return Found(
            name=self.name,
            factory=f"{target.module}:{target.attribute}",
            capabilities=capabilities,
            missing=tuple(missing),
            facts=self._facts(backend),
        )

    def _capabilities(self, backend: object) -> frozenset[Capability]:
        claimed = _read(backend, "capabilities")
        if isinstance(claimed, _Failed):
            raise NoBackendError(f"{self.name}: reading its capabilities raised {_said(claimed.error)}")
        if not isinstance(claimed, Set):
            kind = type(claimed).__name__
            raise NoBackendError(f"{self.name}: its capabilities are a {kind}, not a frozenset of Capability")
        known = {capability.value: capability for capability in Capability}
        for each in claimed:
            if not isinstance(each, str) or each not in known:
                close = get_close_matches(str(each).lower(), known, n=1)
                hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
                raise NoBackendError(f"{self.name}: it claims {str(each)[:80]!r}, which is no capability; {hint}")
        return frozenset(known[each] for each in claimed)

    def _facts(self, backend: object) -> dict[str, str]:
        """What is known of the backend's software without asking for more than the contract has."""
        facts = {}
        version = _read(backend, "schema_version")
        if type(version) is int:
            facts["schema_version"] = str(version)
        for entry in entry_points(group=GROUP, name=self.name):
            if entry.dist:
                facts["distribution"] = f"{entry.dist.name} {entry.dist.version}"
        if sqlite3 := sys.modules.get("sqlite3"):
            facts["sqlite_version"] = str(sqlite3.sqlite_version)
        return facts

    def _step(self, doing: str) -> None:
        self._note(_Note(doing=doing))
        faulthandler.dump_traceback_later(_limit(doing, self.timeout), exit=True, file=self._stacks)

    def _note(self, note: _Note) -> None:
        faulthandler.cancel_dump_traceback_later()
        (self.folder / "note.json").write_text(dumps(note), encoding="utf-8")


_ABSENT = object()


class _Failed:
    """Stands for a value whose reading raised `error`."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


def _read(backend: object, name: str) -> object:
    """An attribute, `_ABSENT`, or `_Failed`: a backend's own code runs where it has properties."""
    try:
        return getattr(backend, name)
    except AttributeError:
        return _ABSENT
    except BaseException as error:
        return _Failed(error)


def _limit(doing: str, timeout: float) -> float:
    return max(timeout, IMPORT_LIMIT) if doing.startswith("importing") else timeout


def _said(error: BaseException) -> str:
    """An error on one line, however much it says."""
    text = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


if __name__ == "__main__":
    _Examination(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3])).run()
