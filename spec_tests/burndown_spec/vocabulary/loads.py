"""Loads: several processes, each with several threads on one handle, at work on one store, and what came of each call.

A process is told its part on its first line, announces that it has opened the store, begins at "go", together with all
others, announces its end, looks once more at "look", and tells its history. It ends as soon as nobody listens to it.
"""

from __future__ import annotations

import inspect
import json
import os
import queue
import random
import subprocess
import sys
import threading
import traceback
from contextlib import suppress
from itertools import chain
from pathlib import Path
from time import monotonic, perf_counter_ns, sleep
from typing import Any

from burndown_spec.vocabulary.crash_points import beginning, own_process
from burndown_store.contract import BusyError, retry

__all__ = [
    "Caller",
    "CallingProcess",
    "Findings",
    "Load",
    "LoadFailedError",
    "frozen",
    "has_no_anomaly",
    "history_of",
    "program_of",
    "under_load",
]


class LoadFailedError(Exception):
    """A call in one of the processes raised what it should not have raised; the message tells which, and where."""


class Load:
    """What callers do, a call at a time, as the checker that judges it wants it written down.

    `checker` is the name of that function in `burndown_spec.checkers`. A call is `(name, argument …)`. Between two
    calls, a caller is away for up to `pause` seconds, so that one process does not keep all others out.
    """

    checker = ""
    pause = 0.0

    def furnish(self, backend: Any) -> None:
        """Save what the calls stand on, of which the checker knows nothing."""

    def first(self) -> list[Any]:
        """The calls that are made before anyone begins."""
        return []

    def draw(self, chance: random.Random, mark: int) -> Any:
        """The next call. `mark` is an int that no other call has."""
        raise NotImplementedError

    def last(self) -> list[Any]:
        """The calls that each process makes when all have ended."""
        return []

    def linger(self) -> None:
        """Between two steps of one operation, be slow now and then, as callers are: others come to theirs meanwhile."""
        if random.random() < 0.25:
            sleep(0.001)

    def make(self, backend: Any, call: str, *arguments: Any) -> tuple[Any, Any]:
        """Make the call; its arguments and its answer, as the checker wants them. It is made again when refused."""
        raise NotImplementedError

    def kind(self, call: str, *_arguments: Any) -> str:
        """The kind of the call. A history in which all calls of one kind were refused is no verdict."""
        return call


class Caller:
    """One thread of one process: it makes the calls that it draws, and keeps what came of each in `rows`."""

    def __init__(self, backend: Any, load: Any, part: dict[str, Any], thread: int) -> None:
        self.rows: list[list[Any]] = []
        self.failure = ""
        self.under_way = ""
        self._backend, self._load, self._part, self._thread = backend, load, part, thread

    def run(self, has_failed: threading.Event) -> None:
        """Make as many calls as ordered, or fewer where that would take longer than ordered."""
        part, until = self._part, monotonic() + self._part["seconds"]
        chance = random.Random(f"{part['seed']} {part['process']} {self._thread}")
        mark = (part["process"] - 1) * part["threads"] + self._thread
        for turn in range(part["operations"]):
            if has_failed.is_set() or monotonic() > until:
                break
            self.make(*self._load.draw(chance, mark + turn * part["processes"] * part["threads"]))
            if self.failure:
                has_failed.set()
            if self._load.pause:
                sleep(chance.random() * self._load.pause)

    def prepare(self) -> None:
        """Save what is there before anyone begins, and close the store."""
        retry(lambda: self._load.furnish(self._backend))
        for call in self._load.first():
            self.make(*call)
        self._backend.close()
        if self.failure:
            raise LoadFailedError(self.failure)
        if any(outcome == "refused" for *_, outcome, _answer, _start, _end in self.rows):
            raise LoadFailedError("a call was refused, each time that it was tried, before anyone else had begun")

    def make(self, call: str, *arguments: Any) -> None:
        """Make one call, again and again when it is refused, as callers do."""
        self.under_way = f"{call}{arguments!a}"
        start = perf_counter_ns()
        outcome, answer, drawn = "ok", None, arguments
        try:
            arguments, answer = retry(lambda: self._load.make(self._backend, call, *drawn))
        except BusyError:
            outcome = "refused"
        except BaseException as error:
            told = "".join(traceback.format_exception(error)).strip()
            self.failure = (
                f"a call raised {type(error).__name__}\n{call}{arguments!a} in another process:\n{told[-1500:]}"
            )
        end = perf_counter_ns()
        self.under_way = ""
        self.rows.append([self._part["process"], self._thread, call, arguments, outcome, answer, start, end])


class CallingProcess:
    """One process of a load, seen from inside."""

    def __init__(self, part: dict[str, Any]) -> None:
        self._part = part
        self._callers: list[Caller] = []
        # For `linger`, whose threads draw in whatever order they come.
        random.seed(f"{part['seed']} {part['process']}")
        # Whatever a backend prints is none of what is told here.
        self._told, sys.stdout = sys.stdout, sys.stderr
        self._heard: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def run(self, open_backend: Any, location: Path, load: Any) -> None:
        """Do the part, and end."""
        try:
            backend = open_backend(location, timeout=2.0)
            self._callers = callers = [
                Caller(backend, load, self._part, thread) for thread in range(self._part["threads"])
            ]
            has_failed = threading.Event()
            threads = [threading.Thread(target=caller.run, args=(has_failed,), daemon=True) for caller in callers]
            self._tell("ready")
            self._heard.get()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self._tell("done")
            self._heard.get()
            for call in load.last():
                callers[0].make(*call)
            backend.close()
        except BaseException as error:
            told = "".join(traceback.format_exception(error)).strip()
            self._tell("failed", f"a process raised {type(error).__name__} beside its calls\n{told[-1500:]}")
        else:
            failures = [caller.failure for caller in callers if caller.failure]
            rows = [row for caller in callers for row in caller.rows]
            self._tell("failed", failures[0]) if failures else self._tell("history", rows)
        os._exit(0)

    def _tell(self, *what: Any) -> None:
        self._told.write(json.dumps(what) + "\n")
        self._told.flush()

    def _listen(self) -> None:
        for line in sys.stdin:
            if line == "where\n":
                self._tell("where", [caller.under_way for caller in self._callers])
            else:
                self._heard.put(line)
        os._exit(1)


class Findings:
    """What a checker found in the history of a load, and the figures by which it is known what that is worth."""

    def __init__(self, history: Any, verdict: Any, overlap: float, all_refused: Any = ()) -> None:
        """`overlap` is that of the operations that ended well; `all_refused` are the kinds of which none did."""
        self.anomalies = [f"{anomaly.name}: {anomaly.told}".replace("\u2026", "...") for anomaly in verdict.anomalies]
        self.undecided = str(verdict.undecided)
        self.operations = len(history)
        self.refused = sum(operation.outcome == "refused" for operation in history)
        self.overlap = overlap
        self.all_refused = sorted(all_refused)

    def __repr__(self) -> str:
        if not self.anomalies:
            return f"{self.operations} operations, no anomaly"
        # The first line is the same each time, and so long that a list of calls shows nothing else.
        said = "what these threads were answered is not to be had from any order of what they did, one after another:"
        return "\n".join([said, *self.anomalies[:3]])


def has_no_anomaly(findings: Any) -> bool:
    """All answers are as if the operations had come one after another"""
    return not findings.anomalies


def frozen(value: Any) -> Any:
    """The value with tuples for its lists, at any depth."""
    return tuple(map(frozen, value)) if isinstance(value, (list, tuple)) else value


def program_of(load: Any) -> str:
    """What each process of the load runs."""
    parts = [LoadFailedError, *reversed(load.__mro__[:-1]), Caller, CallingProcess]
    sources = "\n\n".join(inspect.getsource(part) for part in parts)
    return f"""{beginning()}
import inspect, queue, random, threading, traceback
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from time import monotonic, perf_counter_ns, sleep
from typing import Any
from pathlib import Path
from burndown_store.contract import *

{sources}

CallingProcess(order).run(find_factory(), location, {load.__name__}())
"""


def history_of(
    open_backend: Any,
    location: Path,
    load: Any,
    processes: int,
    threads: int,
    operations: int,
    seconds: float,
    seed: int,
    patience: float = 25.0,
) -> list[list[Any]]:
    """What came of each call of the load, as `[process, thread, call, arguments, outcome, answer, start, end]`.

    Each thread makes so many `operations`, or fewer where that would take longer than `seconds`. Raises
    `LoadFailedError` where a call raised anything but `BusyError`, or a process never came to its end. No process is
    left behind. The first calls are those of process 0, which is this one.
    """
    preparing = Caller(open_backend(location, timeout=2.0), load(), {"process": 0}, 0)
    preparing.prepare()
    children: list[subprocess.Popen[str]] = []
    listeners: list[threading.Thread] = []
    complaints: dict[int, str] = {}
    unread: dict[int, list[str]] = {}
    program, out_of_time = program_of(load), threading.Event()

    def ask_all() -> None:
        out_of_time.set()
        tell("where")
        # Who does not even answer is ended.
        killing.start()

    def end_all() -> None:
        for child in children:
            child.kill()

    def came_to_no_end() -> LoadFailedError:
        told = []
        for place, child in enumerate(children, 1):
            assert child.stdout is not None
            answers = (json.loads(line) for line in chain(unread.get(child.pid, []), child.stdout))
            calls = next((rest[0] for kind, *rest in answers if kind == "where"), None)
            if calls is None:
                told.append(f"process {place} did not answer")
            told += [
                f"process {place}, thread {thread} was in {call}" for thread, call in enumerate(calls or []) if call
            ]
        said = "\n".join(told) or "each process was opening or closing the store"
        return LoadFailedError(f"a process came to no end\n{said[:1500]}")

    def heard(child: subprocess.Popen[str], expected: str) -> Any:
        assert child.stdout is not None
        line = child.stdout.readline()
        if line:
            kind, *rest = json.loads(line)
            if kind == "failed":
                raise LoadFailedError(rest[0])
            if kind == expected:
                return rest
            unread[child.pid] = [line]
        if out_of_time.is_set():
            raise came_to_no_end()
        status = child.wait()
        listeners[children.index(child)].join()
        raise LoadFailedError(f"a process ended with {status}\n{complaints.get(child.pid, '').strip()[-1500:]}")

    def listen(child: subprocess.Popen[str]) -> None:
        # Who is not listened to would stand still when he has much to say.
        assert child.stderr is not None
        complaints[child.pid] = child.stderr.read()

    def tell(word: str) -> None:
        for child in children:
            assert child.stdin is not None
            # Of one that has ended, it is known as soon as it is listened to.
            with suppress(OSError):
                child.stdin.write(word + "\n")
                child.stdin.flush()

    # With patience for calls that wait their turn, and for processes that start slowly.
    asking, killing = threading.Timer(seconds + patience, ask_all), threading.Timer(2.0, end_all)
    asking.daemon = killing.daemon = True
    asking.start()
    try:
        for process in range(1, processes + 1):
            part = {"process": process, "processes": processes, "threads": threads, "operations": operations}
            children.append(own_process(open_backend, location, program, **part, seconds=seconds, seed=seed))
            listeners.append(threading.Thread(target=listen, args=(children[-1],), daemon=True))
            listeners[-1].start()
        for child in children:
            heard(child, "ready")
        tell("go")
        for child in children:
            heard(child, "done")
        tell("look")
        return [*preparing.rows, *(row for child in children for row in heard(child, "history")[0])]
    finally:
        asking.cancel()
        killing.cancel()
        for child in children:
            child.kill()
        for child, listener in zip(children, listeners, strict=True):
            listener.join()
            # Also closes its pipes; what it could not be told any more is of no interest.
            with suppress(BrokenPipeError):
                child.__exit__(None, None, None)


def under_load(
    open_backend: Any,
    location: Path,
    load: Any,
    processes: int = 3,
    threads: int = 2,
    operations: int = 100,
    seconds: float = 8.0,
    seed: int = 0,
) -> Any:
    """What the load's checker finds in the history of its calls, on a store that is prepared for it; `Findings`."""
    from burndown_spec import checkers

    history = [
        checkers.Operation(
            process=process,
            thread=thread,
            call=call,
            arguments=frozen(arguments),
            outcome=outcome,
            answer=answer,
            start=start,
            end=end,
        )
        for process, thread, call, arguments, outcome, answer, start, end in history_of(
            open_backend, location, load, processes, threads, operations, seconds, seed
        )
    ]
    ended_well = [operation for operation in history if operation.outcome == "ok"]
    kinds = [
        {load().kind(operation.call, *operation.arguments) for operation in some} for some in (history, ended_well)
    ]
    verdict = getattr(checkers, load.checker)(history)
    return Findings(history, verdict, checkers.overlap(ended_well), kinds[0] - kinds[1])
