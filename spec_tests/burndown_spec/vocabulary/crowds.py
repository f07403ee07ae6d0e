"""Many callers of one store at once, in threads and in other processes, and what became of each."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from burndown_spec.vocabulary.blocks import Worker, begin, finish, raise_in
from burndown_spec.vocabulary.callers import in_thread, together
from burndown_spec.vocabulary.outcomes import Raised, attempt
from burndown_spec.vocabulary.people import People, Person, done_with_patience, increase, told_in_the_end
from burndown_store.contract import BusyError, retry

__all__ = [
    "answered_in_a_pool",
    "answered_thread_by_thread",
    "crossing",
    "given_or_raised",
    "increased_by_many",
    "leave_open",
    "none_is_kept_from_reading",
    "not_passed_over",
    "opened_at_once",
    "read_beside_writers",
    "request",
    "stopped_by_no_waiting_call",
    "told_beside_a_waiting_call",
    "went_on",
    "written_after_a_kill",
]


def answered_thread_by_thread(open_backend: Any, location: Path, calls: Sequence[Any]) -> list[Any]:
    """What the calls give on one handle, each in a thread that has ended by the next, as has that which opened it."""
    backend = in_thread(open_backend, location, timeout=5.0)
    try:
        return [in_thread(getattr(backend, operation), *arguments) for operation, *arguments in calls]
    finally:
        in_thread(backend.close)


def read_beside_writers(open_backend: Any, location: Path, readers: int, times: int) -> dict[str, Any]:
    """What readers find while one process has a transaction open and two writers may be waiting for it.

    The readers are threads on one handle that may not wait long, each reading so many times. "read" is what each read
    of "holder" gave, "told" what is told to the three writers, and "afterwards" the app state.
    """
    reader, own = open_backend(location, timeout=0.05), open_backend(location, timeout=20.0)
    worker = Worker()
    try:
        with People(open_backend, location, 2, 20.0) as (holder, queued):
            holder.call("hold", "holder")
            queued.start("patiently", "set_app_state", "queued", "wrote")
            worker.start(done_with_patience, own.set_app_state, "own", "wrote")

            def read() -> list[str | None]:
                return [reader.get_app_state("holder") for _ in range(times)]

            found = together(*[(read,)] * readers)
            told = {"holder": told_in_the_end(holder, "leave"), "queued": told_in_the_end(queued)}
            told["own"] = worker.outcome()
        afterwards = reader.list_app_state()
    finally:
        worker.end()
        own.close()
        reader.close()
    return {"read": found, "told": told, "afterwards": afterwards}


def none_is_kept_from_reading(found: Any) -> bool:
    """Every read is answered, none with what the open transaction wrote, and what each writer was told is so"""
    written = {who for who, told in found["told"].items() if told == "done"}
    unseen = all(answer is None for answers in found["read"] for answer in answers)
    return unseen and {"own", "queued"} <= written and found["afterwards"] == dict.fromkeys(written, "wrote")


def told_beside_a_waiting_call(backend: Any) -> dict[str, Any]:
    """What the threads of one handle are told while one has a transaction open and a single write waits for it.

    "told" has a row for each call that ended, in the order of their ends, "done" or "refused"; "afterwards" is the app
    state.
    """
    holder, waiting, reader = Worker(), Worker(), Worker()
    told: list[list[str]] = []
    over = threading.Event()

    def note(what: str, call: Any, *args: Any) -> bool:
        try:
            call(*args)
        except BusyError:
            told.append([what, "refused"])
            return False
        told.append([what, "done"])
        return True

    def begin_and_write() -> Any:
        block = begin(backend.transaction)
        try:
            backend.set_app_state("holder", "began")
        except BusyError as error:
            raise_in(block, error)
        return block

    def wait() -> None:
        note("the write that waits", backend.set_app_state, "waiting", "wrote")
        over.set()

    try:
        block = holder.call(retry, begin_and_write)
        waiting.start(wait)
        # Long enough to come to where it waits; a call that has not come so far stops nobody, and all is well.
        over.wait(0.25)
        went_on = holder.call(note, "a read in the transaction", backend.get_app_state, "waiting")
        reader.call(note, "a single read", retry, partial(backend.get_app_state, "waiting"))
        if went_on and holder.call(note, "a write in the transaction", backend.set_app_state, "holder", "wrote"):
            holder.call(note, "the end of the transaction", finish, block)
        else:
            attempt(holder.call, raise_in, block, BusyError("refused in the transaction"))
        waiting.outcome()
        return {"told": told, "afterwards": backend.list_app_state()}
    finally:
        for worker in (holder, waiting, reader):
            worker.end()


def stopped_by_no_waiting_call(found: Any) -> bool:
    """Who waits is not refused before the others have ended; what was done is there, and nothing else"""
    told = found["told"]
    writers = {"the end of the transaction": "holder", "the write that waits": "waiting"}
    written = {writers[what] for what, answer in told if what in writers and answer == "done"}
    in_time = ["the write that waits", "refused"] not in told[:-1] and ["a single read", "done"] in told
    return in_time and bool(written) and found["afterwards"] == dict.fromkeys(written, "wrote")


def increased_by_many(open_backend: Any, location: Path, times: int) -> dict[str, Any]:
    """The number in the app state when six writers have increased it so many times each, and what each counted.

    Three are threads on one handle, one has a handle of its own, and two are other processes.
    """
    shared, own = open_backend(location, timeout=5.0), open_backend(location, timeout=5.0)
    try:
        with People(open_backend, location, 2) as others:
            # Who is refused because others were faster cannot be so more often than these write.
            order = ("number", times, 6 * times)
            for person in others:
                person.start("increase", *order)
            counted = together(*((increase, handle, *order) for handle in (shared, shared, shared, own)))
            counted += [person.outcome() for person in others]
        return {"counted": counted, "number": shared.get_app_state("number")}
    finally:
        shared.close()
        own.close()


def not_passed_over(open_backend: Any, location: Path) -> dict[str, str]:
    """What is told to a thread and to another process that write once, while two threads write on and on.

    These have a handle of their own and something else to do in between; they stop when the others are done.
    """
    busy, own = open_backend(location, timeout=5.0), open_backend(location, timeout=0.1)
    over = threading.Event()
    began = threading.Barrier(3)
    failed: list[BaseException] = []

    def write_on(key: str) -> None:
        try:
            increase(busy, key, 1, 100)
            began.wait()
            while not over.wait(0.03):
                increase(busy, key, 1, 100)
        except BaseException as error:
            failed.append(error)
            began.abort()

    threads = [threading.Thread(target=write_on, args=(key,), daemon=True) for key in ("one", "two")]
    try:
        with People(open_backend, location, 1, 0.1) as (person,):
            for thread in threads:
                thread.start()
            with suppress(threading.BrokenBarrierError):
                began.wait()
            person.start("increase", "process", 1, 12)
            told = {"thread": "done"}
            try:
                increase(own, "thread", 1, 12)
            except BusyError:
                told["thread"] = "refused"
            told["process"] = told_in_the_end(person)
    finally:
        over.set()
        began.abort()
        for thread in threads:
            if thread.is_alive():
                thread.join()
        own.close()
        busy.close()
    if failed:
        raise failed[0]
    return told


def crossing(one: Any, other: Any, rounds: int) -> list[str]:
    """What is told to two writers, round by round, who write the same two keys in opposite orders in a transaction.

    Where both can have written their first key, they have, when they come to the second. Refused, each tries again.
    """
    told: list[str] = []
    for _ in range(rounds):
        meeting = threading.Barrier(2)

        def write(backend: Any, keys: Sequence[str], meeting: threading.Barrier = meeting) -> None:
            with backend.transaction():
                backend.set_app_state(keys[0], "written")
                with suppress(threading.BrokenBarrierError):
                    # The other may have to wait for this one's end; then nobody is met, now or later.
                    meeting.wait(0.1)
                backend.set_app_state(keys[1], "written")

        keys = ["left", "right"]
        told += together(
            (done_with_patience, write, one, keys),
            (done_with_patience, write, other, keys[::-1]),
        )
    return told


def request(backend: Any, number: int) -> list[Any]:
    """What a caller does for one request: it reads what is common, writes what is its own, and reads it back."""
    key, common = f"request {number}", backend.get_app_state("common")

    def write_and_read() -> Any:
        with backend.transaction():
            backend.set_app_state(key, f"{common} {number}")
            return backend.get_app_state(key)

    inside = retry(write_and_read, attempts=30)
    return [common, inside, backend.get_app_state(key)]


def answered_in_a_pool(backend: Any, count: int, at_once: int, lasting: bool) -> list[Any]:
    """What so many requests give, in the order of their numbers, of which so many are dealt with at once.

    Each has a thread of its own, or, where `lasting`, the next free one of a pool.
    """
    if lasting:
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(partial(request, backend), range(count)))
    answers: list[Any] = []
    for first in range(0, count, at_once):
        answers += together(*((request, backend, number) for number in range(first, min(first + at_once, count))))
    return answers


def leave_open(opening: Callable[[], Any], call: Callable[..., Any], *args: Any) -> None:
    """Enter what `opening` gives and make the call, in a thread that ends without leaving it; nobody has it then."""

    def work() -> None:
        block = begin(opening)
        call(*args)
        # A thread that ends in a generator, or by an error that nobody hears of, drops it like this.
        del block

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    gc.collect()


def given_or_raised(call: Any, *args: Any) -> Any:
    """What the call gives, or the name of the error that it raises."""
    outcome = attempt(call, *args)
    return f"raised {type(outcome.error).__name__}" if isinstance(outcome, Raised) else outcome


def opened_at_once(open_backend: Any, location: Path, places: Sequence[Path], count: int) -> list[Any]:
    """What so many processes find, place by place, that open a store there at once, where none was, and write to it.

    For each place what opening and writing gave, sorted, what app state each has found in the end, and `check()`.
    """
    found: list[Any] = []
    with People(open_backend, location, count) as everyone:
        for place in places:
            for person in everyone:
                attempt(person.call, "close")
            for person in everyone:
                person.start("open", 5.0, str(place))
            opened = [given_or_raised(person.outcome) for person in everyone]
            for number, person in enumerate(everyone):
                person.start("patiently", "set_app_state", f"process {number}", "wrote")
            told = [given_or_raised(person.outcome) for person in everyone]
            # Who comes first is chance, so nothing here tells them apart.
            found.append([sorted(map(str, opened)), sorted(told)])
            if "raised" not in str(found[-1]):
                found[-1] += [[person.call("list_app_state") for person in everyone], everyone[0].call("check")]
    return found


def written_after_a_kill(open_backend: Any, location: Path, moment: str) -> dict[str, Any]:
    """What is told to a process and to this one, which write when another was killed, and the app state afterwards.

    It was killed inside a "transaction" that had written, inside a "snapshot", or "waiting" for a transaction.
    """
    with People(open_backend, location, 2, 0.1) as (killed, other):
        holder: Person = other
        if moment == "waiting":
            killed.call("close")
            killed.call("open", 30.0)
            holder.call("hold", "holder")
            killed.start("patiently", "set_app_state", "killed", "wrote")
        elif moment == "transaction":
            killed.call("hold", "killed")
        else:
            killed.call("enter", moment)
            killed.call("get_app_state", "killed")
        killed.kill()
        if moment == "waiting":
            told_in_the_end(holder, "leave")
        told = [other.call("patiently", "set_app_state", "other", "wrote")]
        backend = open_backend(location, timeout=0.1)
        try:
            told.append(done_with_patience(backend.set_app_state, "own", "wrote"))
            return {"told": told, "afterwards": backend.list_app_state(), "check": backend.check()}
        finally:
            backend.close()


def went_on(found: Any, moment: str) -> bool:
    """The others wrote at once; nothing that the killed process did not end is there; the store is sound"""
    others = found["told"] == ["done", "done"] and {"other", "own"} <= set(found["afterwards"])
    return others and found["check"] == [] and (moment == "waiting" or "killed" not in found["afterwards"])
