"""A process that ends at a given point of its work, as if it had been killed there.

Points are told by name, so that another process on a fresh copy of the same folder comes to the same ones:

    line burndown_store/migration/backups.py:123     the first time that the line is about to run
    before file 3: rename backups/.migration.part    the third change of a file below the location
    after statement 17: COMMIT                       the 17th statement inside SQLite, and whatever runs next
    before call 12: save_issues                      the twelfth call on a handle of the store
"""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from burndown_spec.vocabulary.migrating import migration_of

__all__ = [
    "announcing",
    "answer_of",
    "are_planned",
    "beginning",
    "crash_points",
    "end_at",
    "following",
    "own_process",
]


def beginning() -> str:
    """How the program of a child begins: it is told what to do on its first line, and finds what it works with.

    Then `open_backend`, `location` and `migration` are there, and `job(open_backend)` runs the order's `job`, lines of
    Python with these names and those of the contract.
    """
    found = inspect.getsource(migration_of)
    return f"""
from __future__ import annotations
import datetime, importlib, json, os, pathlib, sys
order = json.loads(sys.stdin.readline())
sys.path[:] = order["path"]
location = pathlib.Path(order["location"])

{found}

def find_factory():
    found = importlib.import_module(order["module"])
    for part in order["attribute"].split("."):
        found = getattr(found, part)
    return found

def job(open_backend):
    names = dict(vars(datetime))
    names.update(vars(importlib.import_module("burndown_store.contract")))
    names.update(open_backend=open_backend, location=location, migration=migration)
    exec(compile(order["job"], "<the job>", "exec"), names)
"""


def announcing() -> str:
    """The part of a child's program that makes it come to points: `reach`, `find_announcing_factory`, `follow`."""
    return r"""
import re, sqlite3, threading

ENDED = 9
WORKER = threading.get_ident()
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
FILE_EVENTS = {"os.rename": "rename", "os.remove": "remove", "os.mkdir": "make", "os.rmdir": "remove",
               "os.truncate": "truncate", "os.link": "link"}
reached, counted, pending = {}, {}, []
INTO = r"\b(?:INTO|FROM|UPDATE|TABLE|INDEX|ON)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"
TABLE = INTO + r"[\"'`\[]?([A-Za-z_][A-Za-z_0-9]*)"
lines, watched, is_watched = set(), set(), {}
active, acknowledged, open_blocks = False, 0, 0

def numbered(point):
    # A file may have another name each time, with the number of the process in it.
    return point.partition(": ")[0] if point.startswith(("before file ", "after file ")) else point

def reach(point):
    # That something is over is known when anything else comes.
    settle()
    if numbered(point) == numbered(order["point"]):
        arrive()
    reached[point] = True

def arrive():
    os.write(1, str(acknowledged).encode())
    os._exit(ENDED)

def settle():
    while pending:
        reach(pending.pop())

def acknowledge():
    # Inside a transaction nothing is promised yet.
    global acknowledged
    acknowledged += not open_blocks

def around(kind, what):
    counted[kind] = counted.get(kind, 0) + 1
    name = f"{kind} {counted[kind]}: {what}"
    reach("before " + name)
    return "after " + name

def watch(module):
    module = sys.modules[module]
    top = sys.modules[module.__name__.partition(".")[0]]
    file = getattr(top, "__file__", None) or getattr(module, "__file__", None)
    if file:
        path = pathlib.Path(file)
        watched.add(str(path.parent) + os.sep if path.name == "__init__.py" else str(path))
        is_watched.clear()

def watch_kind(kind):
    for each in getattr(kind, "__mro__", ()):
        if each.__module__ in sys.modules and each.__module__ not in sys.builtin_module_names:
            if each.__module__.partition(".")[0] not in sys.stdlib_module_names:
                watch(each.__module__)

def place_of(name):
    for root in watched:
        if name.startswith(root):
            folder = pathlib.Path(root).parent
            return pathlib.Path(name).relative_to(folder).as_posix()
    return ""

def trace(frame, event, _):
    name = frame.f_code.co_filename
    place = is_watched.get(name)
    if place is None:
        place = is_watched[name] = place_of(name)
    if not place:
        return None
    settle()
    if event == "line" and (place, frame.f_lineno) not in lines:
        lines.add((place, frame.f_lineno))
        reach(f"line {place}:{frame.f_lineno}")
    return trace

def hear(event, arguments):
    if not active or (event not in FILE_EVENTS and event != "open"):
        return
    # What other threads do comes at other times each time.
    if threading.get_ident() != WORKER:
        return
    if event == "open":
        name, mode, flags = arguments
        if not (set(mode) & set("wax+") if isinstance(mode, str) else (flags or 0) & WRITING):
            return
    if not isinstance(arguments[0], (str, bytes, os.PathLike)):
        return
    path = pathlib.Path(os.fsdecode(arguments[0]))
    for root in (location, location.resolve()):
        if path.is_relative_to(root):
            what = f"{FILE_EVENTS.get(event, 'write')} {path.relative_to(root).as_posix()}"
            pending.append(around("file", what))
            break

def told(text):
    # What it does and to which table; never a value, which the text may hold.
    text = re.sub(r"--[^\n]*|/\*.*?\*/", " ", text[:4000], flags=re.DOTALL)
    words = re.findall(r"[A-Za-z_]+", text)
    verb = words[0].upper() if words else "?"
    table = re.search(TABLE, text)
    return f"{verb} {table[1]}" if table and verb not in ("PRAGMA", "SAVEPOINT", "RELEASE") else verb

def hear_statement(text):
    if threading.get_ident() == WORKER:
        pending.append(around("statement", told(text)))

def listening(connect):
    def connecting(*arguments, **settings):
        connection = connect(*arguments, **settings)
        connection.set_trace_callback(hear_statement)
        return connection
    return connecting

# Before the backend is imported, which may take the name for good.
sqlite3.connect = sqlite3.dbapi2.connect = listening(sqlite3.connect)

class Block:
    def __init__(self, handle, block, name):
        self._handle, self._block, self._name = handle, block, name
    def __enter__(self):
        global open_blocks
        after = around("call", self._name)
        try:
            self._block.__enter__()
        except BaseException:
            # No end of it will come.
            reach(f"after call {counted['call']}: refused {self._name}")
            raise
        open_blocks += 1
        reach(after)
        return self._handle
    def __exit__(self, *error):
        global open_blocks
        after = around("call", "end of " + self._name)
        try:
            answer = self._block.__exit__(*error)
        except BaseException:
            open_blocks -= 1
            reach(after)
            raise
        open_blocks -= 1
        # One that is left by an error was undone, and may be repeated.
        if error[0] is None:
            acknowledge()
        reach(after)
        return answer

class Announcing:
    def __init__(self, backend):
        self._backend = backend
    def __getattr__(self, name):
        member = getattr(self._backend, name)
        if name not in OPERATIONS or not callable(member):
            return member
        if name in ("transaction", "snapshot"):
            return lambda: Block(self, member(), name)
        def call(*arguments, **settings):
            after = around("call", name)
            try:
                answer = member(*arguments, **settings)
            except BaseException:
                reach(after)
                raise
            acknowledge()
            reach(after)
            return answer
        return call
    def __enter__(self):
        self._backend.__enter__()
        return self
    def __exit__(self, *error):
        after = around("call", "close")
        answer = self._backend.__exit__(*error)
        acknowledge()
        reach(after)
        return answer

def find_announcing_factory():
    global OPERATIONS
    contract = importlib.import_module("burndown_store.contract")
    OPERATIONS = {name for name, member in vars(contract.Backend).items() if callable(member) and name[0] != "_"}
    contract.Backend.register(Announcing)
    factory = find_factory()
    def open_announcing(*arguments, **settings):
        after = around("call", "open")
        backend = factory(*arguments, **settings)
        watch_kind(type(backend))
        acknowledge()
        reach(after)
        return Announcing(backend)
    return factory, open_announcing

def follow(factory, work, *arguments):
    global active
    watch(factory.__module__)
    watch_kind(factory)
    if migration is not None:
        watch(getattr(migration, "__module__", getattr(migration, "__name__", None)))
        watch(migration.migrate.__module__)
    sys.addaudithook(hear)
    active = True
    sys.settrace(trace)
    work(*arguments)
    sys.settrace(None)
    active = False
    settle()
"""


def own_process(open_backend: Any, location: Path, program: str, **order: Any) -> subprocess.Popen[str]:
    """A process that runs the program, which begins as `beginning` says; its order has been given to it."""
    order |= {
        "path": [str(Path(entry).absolute()) for entry in sys.path],
        "location": str(location),
        "module": open_backend.__module__,
        "attribute": open_backend.__qualname__,
    }
    process = subprocess.Popen(
        [sys.executable, "-X", "utf8", "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        # Sets have one order in all of them.
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(order) + "\n")
    process.stdin.flush()
    return process


def answer_of(process: subprocess.Popen[str], *, seconds: float = 50.0) -> str:
    """What the process says until it ends; raises `ChildProcessError` for an end that is none of its points.

    It is killed when that takes longer.
    """
    try:
        told, complaints = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise ChildProcessError(f"the process did not end within {seconds:g} s") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode not in (0, 9):
        complaints = complaints.strip()
        last = complaints.rpartition("\n")[2] or "it said nothing"
        raise ChildProcessError(f"{last} (the process ended with {process.returncode}): {complaints[-500:]}")
    return told


def following(open_backend: Any, location: Path, job: str, point: str) -> subprocess.Popen[str]:
    """A process that does the job and ends at the point, saying how many calls it has had the answers of by then.

    A transaction counts as one call, at its end, and opening the store is one. Where it does not come to the point, it
    says to which it came.
    """
    program = f"""{beginning()}{announcing()}
factory, open_backend = find_announcing_factory()
# Only a job that migrates needs it imported.
migration = migration_of(factory) if "migration" in order["job"] else None
follow(factory, job, open_backend)
sys.stdout.write(json.dumps(list(reached)))
sys.stdout.flush()
os._exit(0)
"""
    return own_process(open_backend, location, program, job=job, point=point)


def crash_points(open_backend: Any, location: Path, job: str, kinds: Sequence[str]) -> list[str]:
    """The points of these kinds to which the job comes in a process of its own, in their order; it is then done.

    Kinds are "line", "file", "statement" and "call".
    """
    told = answer_of(following(open_backend, location, job, ""))
    return [point for point in json.loads(told) if {*point.split()[:2]} & {*kinds}]


def end_at(open_backend: Any, location: Path, job: str, point: str) -> str:
    """How a process ends that does the job: "at the point", with nothing closed, or else "at the end of the job"."""
    process = following(open_backend, location, job, point)
    answer_of(process)
    return "at the point" if process.returncode == 9 else "at the end of the job"


def are_planned(points: Any) -> bool:
    """There are points at which it can be ended."""
    return len(points) > 0
