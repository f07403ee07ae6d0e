"""A store on a medium that fails once, or from then on, at one operation of its file system, told as

    ENOSPC at write 3: profiles/burndown.db-wal, once
    EIO at read 12: profiles/burndown.db, from then on

The store is used in a process of its own, in which each of some tasks is done at one operation that fails:

    writing              some writes and closing, in a store that is open already
    opening a new one    and a write; nothing is there before
    opening              and a write; the store is there, and was closed
    opening after a kill and a write; its last process was killed
    reading              all that is there, after opening it; and a write
    reading after a kill the same of a store whose last process was killed
"""

from __future__ import annotations

import json
import math
import shutil
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from burndown_spec.vocabulary.crash_points import beginning, own_process

__all__ = ["MediumAtWork", "faults_tried", "operations_of", "using", "wrong_after"]


def using() -> str:
    """The program of the process that uses the store: an order a line, `[name, folder]`, and what came of it."""
    return """
from burndown_store.contract import *
NOW = datetime.datetime(2026, 1, 5, 8, 30, tzinfo=datetime.UTC)
open_backend = find_factory()
backend = None

def issues(kind, count, length):
    text = '{"text": "' + "x" * length + '"}'
    return [Issue(key=f"{kind}-{n}", document=JsonText(text), expires_at=NOW) for n in range(count)]

def keys(query):
    return sorted(issue.key for issue in backend.get_issues("p", query))

def named(kind, count):
    return sorted(f"{kind}-{n}" for n in range(count))

def grown(found, expected):
    # Of rows that are new: all of them, none, or some.
    return "whole" if found == expected else "absent" if not found else "a part"

def prepare(_):
    backend.save_profile(Profile(id="p", name="Team Blue", created_at=NOW, last_used_at=NOW))
    for query in ("kept", "q", "replaced", "deleted"):
        backend.save_query("p", Query(id=query, name=query, jql="", created_at=NOW, last_used_at=NOW))
    backend.save_issues("p", "kept", issues("KEPT", 20, 500))
    backend.save_issues("p", "replaced", issues("OLD", 20, 3000))
    backend.save_issues("p", "deleted", issues("GONE", 40, 8000))
    backend.set_app_state("kept", "x" * 3000)

def save(_):
    backend.save_issues("p", "q", issues("SAVED", 40, 600))

def saved():
    return grown([key for key in keys("q") if key.startswith("SAVED")], named("SAVED", 40))

def set_state(name):
    backend.set_app_state(name, name * 100)

def state_of(name):
    return grown(backend.get_app_state(name) or "", name * 100)

def replace_all(_):
    backend.replace_issues("p", "replaced", issues("NEW", 3, 500))

def replaced():
    found = keys("replaced")
    return "absent" if found == named("OLD", 20) else grown(found, named("NEW", 3)).replace("absent", "a part")

def delete(_):
    backend.delete_query("p", "deleted")

def deleted():
    if "deleted" not in [query.id for query in backend.list_queries("p")]:
        return "whole"
    return "absent" if keys("deleted") == named("GONE", 40) else "a part"

def transact(_):
    with backend.transaction():
        backend.set_app_state("first", "1")
        backend.save_issues("p", "q", issues("BLOCK", 20, 600))
        backend.set_app_state("last", "1")

def transacted():
    found = [key for key in keys("q") if key.startswith("BLOCK")]
    ends = [backend.get_app_state("first"), backend.get_app_state("last")]
    return grown([*ends, *found], ["1", "1", *named("BLOCK", 20)]) if found or any(ends) else "absent"

def read(told):
    # Each look by itself: one that cannot be had excuses no other.
    looks = {"save_issues": saved, "replace_issues": replaced, "delete_query": deleted, "transaction": transacted}
    looks |= {name: lambda name=name: state_of(name) for name in ("set_app_state", "again", "later")}
    looks |= {"what was stored before": lambda: "whole" if kept() else "a part"}
    errors = []
    for name, look in looks.items():
        try:
            told[name] = look()
        except Exception as error:
            errors.append(error)
    if errors:
        raise errors[0]
    return told

def kept():
    return keys("kept") == named("KEPT", 20) and backend.get_app_state("kept") == "x" * 3000

def open_it(folder):
    global backend
    backend = open_backend(location / "disk" / folder, timeout=5.0)
    return sorted(backend.capabilities)

def close(_):
    backend.close()

DOING = {
    "open": open_it, "close": close, "prepare": prepare, "read": read, "check": lambda _: backend.check(),
    "save_issues": save, "set_app_state": set_state, "replace_issues": replace_all, "delete_query": delete,
    "transaction": transact, "again": set_state, "later": set_state,
}
for line in sys.stdin:
    name, folder = json.loads(line)
    told = {"raised": "", "kinds": [], "answer": {}}
    try:
        told["answer"] = DOING[name](told["answer"] if name == "read" else folder if name == "open" else name)
    except Exception as error:
        told["raised"] = type(error).__name__
        told["kinds"] = [kind.__name__ for kind in type(error).__mro__ if issubclass(kind, PersistenceError)]
    print(json.dumps(told), flush=True)
os._exit(0)
"""


class MediumAtWork:
    """A disk in the folder `location`, and a process that uses stores on it; for use in a `with`."""

    def __init__(self, open_backend: Any, location: Path) -> None:
        self.open_backend, self.location = open_backend, location
        self.cases = 0
        self.capabilities: list[str] = []

    def __enter__(self) -> MediumAtWork:
        from burndown_spec.faults import Disk

        self.folder = Path(tempfile.mkdtemp(prefix="disk-", dir=self.location))
        self.disk = Disk(self.folder)
        self.disk.__enter__()
        try:
            self.begin_anew()
            self.capabilities = self.asked("open", "closed")["answer"]
            self.asked("prepare")
            self.asked("close")
            self.asked("open", "left")
            self.asked("prepare")
            self.process.kill()
            self.process.communicate()
            self.begin_anew()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.process.kill()
            self.process.communicate()
        finally:
            self.disk.__exit__(None, None, None)

    def begin_anew(self) -> None:
        """Start the process that uses stores."""
        self.process = own_process(self.open_backend, self.folder, beginning() + using())

    def asked(self, name: str, folder: str = "") -> Any:
        """What came of an order: its `answer`, or what it `raised`. The process is ended after 20 s."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        impatient = threading.Timer(20, self.process.kill)
        impatient.start()
        try:
            self.process.stdin.write(json.dumps([name, folder]) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            impatient.cancel()
        if line:
            return json.loads(line)
        _, complaints = self.process.communicate()
        self.begin_anew()
        said = complaints.strip()[-300:]
        return {"raised": f"no answer; its process ended or had to be ended {said}".strip(), "kinds": []}

    def steps_of(self, task: str) -> list[str]:
        """What is done one after another in a task, the opening of a store that is open already left out."""
        if task == "writing":
            writes = ["save_issues", "set_app_state", "replace_issues", "delete_query"]
            return [*writes, *(["transaction"] if "transactions" in self.capabilities else []), "close"]
        if task.startswith("reading"):
            return ["open", "read", "check", "set_app_state", "close"]
        return ["open", "close"] if task == "opening a new one" else ["open", "set_app_state", "close"]

    def begin_case(self, task: str, **failing: Any) -> tuple[str, int]:
        """A fresh store for the task, and the number of the disk's rule that counts its operations and fails one."""
        from burndown_spec.faults.media import CHANGING, READING

        self.cases += 1
        folder = f"store-{self.cases}"
        if task != "opening a new one":
            template = "left" if task.endswith("after a kill") else "closed"
            shutil.copytree(self.disk.medium / template, self.disk.medium / folder)
        if task == "writing":
            self.asked("open", folder)
        kinds = READING if task.startswith("reading") else CHANGING
        rule = "burndown_spec.faults.media:Failing"
        return folder, self.disk.add(rule, below=f"/{folder}/", kinds=list(kinds), **failing)

    def end_case(self, folder: str) -> None:
        """Remove the store of a case."""
        shutil.rmtree(self.disk.medium / folder, ignore_errors=True)

    def operations(self, task: str) -> list[str]:
        """The operations of the task where none fails, as "save_issues: write 3: profiles/burndown.db-wal"."""
        folder, rule = self.begin_case(task, lasts=False)
        found: list[str] = []
        for step in self.steps_of(task):
            told = self.asked(step, folder)
            if told["raised"]:
                raise ChildProcessError(f"{step} raised {told['raised']} on a medium that works")
            found += [f"{step}: {each}" for each in self.disk.ask(rule, "seen")[len(found) :]]
        self.disk.remove(rule)
        self.end_case(folder)
        return found

    def wrong(self, task: str, fault: str) -> tuple[list[str], int]:
        """What is wrong after a task at one operation that fails, a sentence each, and how many operations failed."""
        error, _, told = fault.partition(" at ")
        operation, _, duration = told.rpartition(", ")
        kind, number = operation.partition(":")[0].split()
        failing = {"kind": kind, "number": int(number), "error": error, "lasts": duration == "from then on"}
        folder, rule = self.begin_case(task, **failing)
        wrong: list[str] = []
        outcomes: dict[str, str] = {}
        seen: set[str] = set()

        def do(step: str, when: str = "") -> Any:
            before = self.disk.ask(rule, "fired") if not when else 0
            told = self.asked(step, folder)
            outcomes[step] = told["raised"]
            if not told["raised"]:
                return told.get("answer")
            struck = not when and self.disk.ask(rule, "fired") > before
            if not told["kinds"]:
                wrong.append(f"{step}{when} raised {told['raised']}, which is no error of the contract")
            elif {"CorruptionError", "StorageLostError", "SchemaVersionError"} & {*told["kinds"]}:
                wrong.append(f"{step}{when} raised {told['raised']}, and nothing is damaged or lost")
            elif struck and "StorageError" not in told["kinds"]:
                wrong.append(f"{step} raised {told['raised']} where the medium failed, and no StorageError")
            elif when.startswith(", opened anew"):
                wrong.append(f"{step}{when} raised {told['raised']}")
            return told.get("answer")

        def look(when: str) -> Any:
            found = do("read", when)
            for name, there in (found or {}).items():
                if there == "a part":
                    wrong.append(f"of {name} a part is there{when}")
                elif there == "absent" and outcomes.get(name) == "":
                    wrong.append(f"{name} was acknowledged and is not there{when}")
                elif there == "absent" and name in seen:
                    wrong.append(f"{name} was read and is not there{when}")
                elif there == "whole":
                    seen.add(name)
            return found

        steps = self.steps_of(task)
        is_new = task == "opening a new one"
        is_open = task == "writing"
        for step in steps:
            if step == "open":
                do("open")
                is_open = not outcomes["open"]
                if not is_open:
                    break
            elif step == "read":
                look("")
            elif step == "close" and self.disk.ask(rule, "fired") and not is_new:
                # The handle is not closed before it has been used where the medium works again.
                look("")
            elif step == "check":
                if do("check"):
                    wrong.append("check() lists problems, and nothing is damaged")
            else:
                do(step)
                is_open = step != "close"
        fired = self.disk.ask(rule, "fired")
        self.disk.remove(rule)
        if is_open and not is_new:
            do("again", ", on the same handle when the medium works")
            look(", on the same handle when the medium works")
        if is_open:
            do("close", ", when the medium works")
        looks: list[Any] = []
        for when in (", opened anew", ", opened anew once more"):
            do("open", when)
            if outcomes["open"]:
                break
            if is_new and len(looks) == 0:
                do("prepare", when)
            looks.append(look(when))
            if do("check", when):
                wrong.append(f"check() lists problems{when}")
            do("later", when)
            do("close", when)
        if len(looks) == 2 and all(looks):
            both = [name for name in looks[0] if name in looks[1] and name != "later"]
            changed = [name for name in both if looks[0][name] != looks[1][name]]
            wrong += [
                f"{name} is {looks[0][name]}, and {looks[1][name]} when it is opened once more" for name in changed
            ]
        self.end_case(folder)
        return list(dict.fromkeys(wrong)), fired


def operations_of(open_backend: Any, location: Path, tasks: Sequence[str]) -> dict[str, list[str]]:
    """The operations of each task on a medium that works."""
    with MediumAtWork(open_backend, location) as medium:
        return {task: medium.operations(task) for task in tasks}


def faults_tried(
    open_backend: Any, location: Path, cases: Sequence[Sequence[str]], seconds: float = math.inf
) -> list[tuple[int, list[str]]]:
    """For each case, a task and its fault: how many operations failed, and what is wrong.

    Ends with the first wrong, and begins no case after so many seconds.
    """
    found: list[tuple[int, list[str]]] = []
    end = monotonic() + seconds
    with MediumAtWork(open_backend, location) as medium:
        for task, fault in cases:
            if monotonic() > end:
                break
            wrong, fired = medium.wrong(task, fault)
            found.append((fired, wrong))
            if wrong:
                break
    return found


def wrong_after(open_backend: Any, location: Path, cases: Sequence[Sequence[str]]) -> list[str]:
    """What is wrong after the first of the cases, each a task and its fault, after which anything is."""
    return faults_tried(open_backend, location, cases)[-1][1]
