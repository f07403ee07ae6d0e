"""Callers in processes of their own, driven step by step: each has its own handle on the store and does as it is told.

An order is a line of JSON, `[operation, arguments]`, and so is its answer; arguments and answers are written in it as
Python, so that records pass as well.
"""

from __future__ import annotations

import importlib
import inspect
import json
import queue
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from burndown_spec.vocabulary.blocks import finish, raise_in
from burndown_spec.vocabulary.callers import CallersOwnError
from burndown_spec.vocabulary.contents import contents_of
from burndown_spec.vocabulary.crash_points import beginning, own_process
from burndown_spec.vocabulary.interleavings import play, schedule_of
from burndown_spec.vocabulary.looks import answers_of_every_read, numbers_of
from burndown_spec.vocabulary.outcomes import DidNotEndError, Raised, attempt
from burndown_spec.vocabulary.watching import seen_meanwhile
from burndown_spec.vocabulary.writing import literal
from burndown_store.contract import BusyError, retry

__all__ = [
    "Elsewhere",
    "People",
    "Person",
    "PersonsBlock",
    "RaisedElsewhereError",
    "answers_of",
    "done_with_patience",
    "increase",
    "looks_of",
    "names_for_values",
    "numbers_there",
    "play_among_processes",
    "seen_by_another_process",
    "told_in_the_end",
    "waited_as_allowed",
    "who_waited",
]


class RaisedElsewhereError(Exception):
    """A call in another process raised what is no error of the contract; the message names it."""


def names_for_values() -> dict[str, Any]:
    """The names in which values are written as Python."""
    names = dict(vars(importlib.import_module("burndown_store.contract")))
    times = importlib.import_module("datetime")
    return names | {name: getattr(times, name) for name in ("UTC", "date", "datetime", "time", "timedelta", "timezone")}


def increase(backend: Any, key: str, times: int, attempts: int) -> int:
    """Add 1 to the number in the app state so many times, each in a transaction of its own; how many were kept.

    What is refused as busy is tried again, as callers do, so many times.
    """

    def add_one() -> None:
        with backend.transaction():
            number = int(backend.get_app_state(key) or "0")
            backend.set_app_state(key, str(number + 1))

    for _ in range(times):
        retry(add_one, attempts=attempts)
    return times


def done_with_patience(call: Any, *args: Any) -> str:
    """Make the call, again where it is refused as busy: "done", or "refused" when it was refused every time."""
    try:
        retry(partial(call, *args))
    except BusyError:
        return "refused"
    return "done"


class Elsewhere:
    """What stands in a person's process: its handle, the blocks that it has open, and what else it can be told to do.

    Whatever is not named here is a call on the handle.
    """

    def __init__(self, open_backend: Any, location: Path) -> None:
        self.open_backend, self.location = open_backend, location
        self.backend: Any = None
        self.blocks: list[Any] = []
        self.timeout = 5.0
        self.error: BaseException = CallersOwnError("raised in the body")

    def do(self, operation: str, *args: Any, **filters: Any) -> Any:
        """What the operation gives."""
        try:
            return getattr(self if operation in vars(type(self)) else self.backend, operation)(*args, **filters)
        except BaseException as error:
            self.error = error
            raise

    def open(self, timeout: float, place: str = "") -> None:
        """A handle on the store, or on that in another folder."""
        self.timeout = timeout
        self.backend = self.open_backend(Path(place) if place else self.location, timeout=timeout)

    def open_another(self) -> None:
        """Open a second handle beside the first, look into the store, and close it."""
        other = self.open_backend(self.location, timeout=self.timeout)
        try:
            other.list_app_state()
        finally:
            other.close()

    def enter(self, kind: str) -> None:
        """Begin a transaction or a snapshot."""
        self.error = CallersOwnError("raised in the body")
        block = getattr(self.backend, kind)()
        block.__enter__()
        self.blocks.append(block)

    def leave(self) -> None:
        """End the innermost block as a body does that comes to its end."""
        finish(self.blocks.pop())

    def fail(self) -> bool:
        """End it as a body does that raises, or lets an error of the handle through; whether the block swallows it."""
        outcome = attempt(raise_in, self.blocks.pop(), self.error)
        if isinstance(outcome, Raised) and outcome.error is not self.error:
            raise outcome.error
        return not isinstance(outcome, Raised)

    def contents(self) -> dict[str, Any]:
        """All that the store holds."""
        return contents_of(self.backend)

    def everything(self, times: int = 1) -> dict[str, Any]:
        """What every read gives, made so many times; the last answers."""
        for _ in range(times - 1):
            answers_of_every_read(self.backend)
        return answers_of_every_read(self.backend)

    def numbers(self) -> list[int]:
        """As `numbers_of`."""
        return numbers_of(self.backend)

    def hold(self, key: str) -> None:
        """Begin a transaction that has written the key, again where it is refused as busy."""
        retry(partial(self.begin_with, key))

    def begin_with(self, key: str) -> None:
        """Begin a transaction and write the key in it; refused, it is left."""
        self.enter("transaction")
        try:
            self.backend.set_app_state(key, "wrote")
        except BusyError as error:
            self.error = error
            self.fail()
            raise

    def increase(self, key: str, times: int, attempts: int) -> int:
        """As the function."""
        return increase(self.backend, key, times, attempts)

    def patiently(self, operation: str, *args: Any) -> str:
        """Make a call with patience."""
        return done_with_patience(getattr(self.backend, operation), *args)


class Person:
    """A caller in a process of its own: the operations of a backend, and what `Elsewhere` does beside them."""

    SECONDS_FOR_AN_ANSWER = 40.0

    def __init__(self, open_backend: Any, location: Path) -> None:
        """Start the process, and wait for nothing; the first answer comes when it has found the factory."""
        parts = (RaisedElsewhereError, CallersOwnError, Raised, attempt, finish, raise_in, literal, names_for_values)
        looks = (contents_of, answers_of_every_read, numbers_of)
        sources = "\n\n".join(
            inspect.getsource(part) for part in (*parts, *looks, increase, done_with_patience, Elsewhere)
        )
        program = f"""{beginning()}
import math, queue, threading
from pathlib import Path
from functools import partial
from datetime import date, datetime, time, timedelta, timezone
from burndown_store.contract import BusyError, JsonText, Record, fields, retry
class Feed: pass
class OwnZone: pass
{sources}
orders = queue.SimpleQueue()
def listen():
    for line in sys.stdin:
        orders.put(json.loads(line))
    # Whoever gave orders is gone.
    os._exit(0)
threading.Thread(target=listen, daemon=True).start()
person = Elsewhere(find_factory(), location)
while True:
    operation, arguments = orders.get()
    try:
        arguments, filters = eval(arguments, names_for_values())
        told = ["answer", literal(person.do(operation, *arguments, **filters))]
    except BaseException as error:
        kinds = [kind.__name__ for kind in type(error).__mro__ if kind.__module__.startswith("burndown_store.contract")]
        told = ["error", (kinds or [""])[0], type(error).__name__, str(error)]
        del error
    sys.stdout.write(json.dumps(told) + "\\n")
    sys.stdout.flush()
"""
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._process = own_process(open_backend, location, program)
        self._waited_for = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def __getattr__(self, operation: str) -> Any:
        return partial(self.call, operation)

    def call(self, operation: str, *args: Any, **filters: Any) -> Any:
        """What the operation gives in the person's process."""
        self.start(operation, *args, **filters)
        return self.outcome()

    def start(self, operation: str, *args: Any, **filters: Any) -> None:
        """Let the person begin; `outcome` waits for the end."""
        assert self._process.stdin is not None
        self._waited_for += 1
        try:
            self._process.stdin.write(json.dumps([operation, literal((args, filters))]) + "\n")
            self._process.stdin.flush()
        except OSError:
            # It has ended; `outcome` says how.
            pass

    def outcome(self) -> Any:
        """What the oldest operation gives that was started and not yet asked for."""
        try:
            line = self._answers.get(timeout=self.SECONDS_FOR_AN_ANSWER)
        except queue.Empty:
            self.kill()
            raise DidNotEndError("another process did not answer") from None
        if not line:
            complaints = self._process.stderr.read() if self._process.stderr else ""
            raise ChildProcessError(f"another process ended: {complaints.strip()[-500:]}")
        self._waited_for -= 1
        told, *parts = json.loads(line)
        if told == "answer":
            return eval(parts[0], names_for_values())
        kind, name, message = parts
        raise names_for_values()[kind](message) if kind else RaisedElsewhereError(f"{name}: {message}")

    def transaction(self) -> PersonsBlock:
        """A block, as a backend gives it."""
        return PersonsBlock(self, "transaction")

    def snapshot(self) -> PersonsBlock:
        """A block, as a backend gives it."""
        return PersonsBlock(self, "snapshot")

    def kill(self) -> None:
        """End the process at once, with nothing closed."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """Close the handle, unless a call is under way, and end the process, whatever that gives."""
        if not self._waited_for and self._process.poll() is None:
            attempt(self.call, "close")
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                attempt(pipe.close)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")


class PersonsBlock:
    """A transaction or a snapshot in a person's process."""

    def __init__(self, person: Person, kind: str) -> None:
        self._person, self._kind = person, kind

    def __enter__(self) -> Person:
        self._person.call("enter", self._kind)
        return self._person

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> bool:
        return bool(self._person.call("leave" if error is None else "fail"))


class People:
    """`with People(…) as everyone:` gives persons, each with a handle; their processes have ended in the end."""

    def __init__(self, open_backend: Any, location: Path, count: int, timeout: float = 5.0) -> None:
        self.arguments, self.count, self.timeout = (open_backend, location), count, timeout
        self.everyone: list[Person] = []

    def __enter__(self) -> list[Person]:
        try:
            self.everyone += [Person(*self.arguments) for _ in range(self.count)]
            for person in self.everyone:
                person.call("open", self.timeout)
        except BaseException:
            self.end()
            raise
        return self.everyone

    def __exit__(self, *error: object) -> None:
        self.end()

    def end(self) -> None:
        """End every process, whatever that gives."""
        for person in self.everyone:
            person.end()


def play_among_processes(
    open_backend: Any, location: Path, schedule: str | Sequence[Any], timeout: float = 0.05, alone: str = ""
) -> list[list[Any]]:
    """As `play`, each person in a process of its own. Besides, `enter snapshot`, `leave` and what `Elsewhere` does.

    Who is `alone` in writing begins again when refused as busy, as callers do: all is played at most three times.
    """
    steps: Sequence[Any] = schedule_of(schedule) if isinstance(schedule, str) else schedule
    with People(open_backend, location, len({who for who, *_ in steps}), timeout) as everyone:
        for _ in range(2):
            rows = play(steps, everyone)
            if not any(who == alone and answer == "refused" for who, _, _, answer in rows):
                return rows
        return play(steps, everyone)


def seen_by_another_process(open_backend: Any, location: Path, *rows: Sequence[Any]) -> list[Any]:
    """What is found through a handle of another process while calls are under way, one after another.

    For each row `(look, call, *arguments)`, what `look` finds, as `seen_meanwhile` tells, after the name of the call;
    a row that has nothing to tell is left out.
    """
    with People(open_backend, location, 1) as everyone:
        found = [[call.__name__, seen_meanwhile(look, everyone[0], call, *args)] for look, call, *args in rows]
    return [[name, seen] for name, seen in found if seen]


def numbers_there(person: Any) -> Any:
    """What `numbers_of` finds through a person's handle, at one go."""
    return person.call("numbers")


def told_in_the_end(person: Any, *operation: Any) -> str:
    """What comes of an operation, or, if none is given, of the one that was started: "done", or "refused" as busy."""
    try:
        answer = person.call(*operation) if operation else person.outcome()
    except BusyError:
        return "refused"
    return "refused" if answer == "refused" else "done"


def who_waited(open_backend: Any, location: Path) -> dict[str, Any]:
    """What is told to three processes, of which one holds a transaction, one waits for it and one may not wait long.

    Besides "holder", "patient", "hasty", the app state "afterwards".
    """
    with People(open_backend, location, 3) as (holder, patient, hasty):
        patient.call("open", 20.0)
        hasty.call("open", 0.05)
        holder.call("hold", "holder")
        patient.start("set_app_state", "patient", "wrote")
        # Twice, so that a limit that is the same for all is over for who began to wait before.
        attempts = [told_in_the_end(hasty, "set_app_state", "hasty", "wrote") for _ in range(2)]
        told = {"hasty": "done" if "done" in attempts else "refused", "holder": told_in_the_end(holder, "leave")}
        told["patient"] = told_in_the_end(patient)
        return told | {"afterwards": hasty.call("list_app_state")}


def waited_as_allowed(told: Any) -> bool:
    """Who may wait writes in the end; who is refused as busy has written nothing, and who is not has written"""
    done = {who for who in ("holder", "patient", "hasty") if told[who] == "done"}
    return "patient" in done and told["afterwards"] == dict.fromkeys(done, "wrote")


def answers_of(rows: Sequence[Any]) -> list[Any]:
    """What each step gave."""
    return [answer for *_, answer in rows[1:-1]]


def looks_of(rows: Sequence[Any]) -> list[Any]:
    """What the store held at each step that looked at all its contents."""
    return [answer for _, operation, _, answer in rows if operation in ("contents", "everything")]
