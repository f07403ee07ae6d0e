"""Processes whose threads write into one store and tell each write that was acknowledged, until they are killed.

What a writer writes has a name that says whose it is: process, thread and number, such as "A 0 17". Numbers are counted
from 1, without a gap.
"""

from __future__ import annotations

import inspect
import itertools
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from burndown_spec.vocabulary.crash_points import beginning, own_process
from burndown_spec.vocabulary.killing import make_step
from burndown_store.contract import Change, History, Issue, JsonText

__all__ = [
    "Heard",
    "beside_a_killed_one",
    "broken_words",
    "ended_writers",
    "freed_by_a_kill",
    "killed_writers",
    "making",
    "parts_left",
    "parts_written",
    "writers",
    "written_step",
]


def written_step(name: str, number: int, in_transactions: bool) -> Any:
    """What a writer writes under the name: a batch, a value, a history; or all three in one transaction."""
    moment = datetime(2025, 11, 3, 12, tzinfo=UTC)
    issues = [Issue(key=f"{name} {part}", document=JsonText("{}"), expires_at=moment) for part in range(3)]
    changes = [Change(changed_at=moment, field=f"{part}") for part in range(3)]
    calls = [
        ("save_issues", "p", "q", issues),
        ("set_app_state", name, "written"),
        ("save_histories", "p", "q", [History(issue_key=name, changes=changes, expires_at=moment)]),
    ]
    return calls if in_transactions else calls[number % 3]


def parts_written(number: int, in_transactions: bool) -> list[str]:
    """The parts of which that is made."""
    parts = [["issue 0", "issue 1", "issue 2"], ["value"], ["change 0", "change 1", "change 2"]]
    return sorted(part for each in parts for part in each) if in_transactions else parts[number % 3]


def parts_left(backend: Any) -> dict[str, list[str]]:
    """The parts that are there, by the names under which they were written."""
    found: dict[str, list[str]] = {name: ["value"] for name in backend.list_app_state()}
    for issue in backend.get_issues("p", "q"):
        name, _, part = issue.key.rpartition(" ")
        found.setdefault(name, []).append(f"issue {part}")
    for history in backend.get_histories("p", "q"):
        found.setdefault(history.issue_key, []).extend(f"change {change.field}" for change in history.changes)
    return {name: sorted(parts) for name, parts in found.items()}


def broken_words(backend: Any, told: Any, in_transactions: bool = False, whole: bool = True) -> list[str]:
    """What the store lacks of what was acknowledged, has in part, or has though nobody could be writing it: each kind.

    `told` has, for each process, the last number that each thread was told to be written: the next one may be there,
    whole; or, unless `whole` is asked, in part.
    """
    left, broken = parts_left(backend), set[str]()
    for writer, last in [each for process in told for each in process.items()]:
        for number in range(1, last + 2):
            parts = left.pop(f"{writer} {number}", [])
            if parts == parts_written(number, in_transactions) or (number > last and not (parts and whole)):
                continue
            state = "acknowledged" if number <= last else "under way"
            broken.add(f"{state}: {', '.join(parts) or 'nothing'} is there")
        if any(name.startswith(f"{writer} ") for name in left):
            broken.add("not even under way: something is there")
    return sorted(broken)


def making(open_backend: Any, location: Path, work: str, **order: Any) -> subprocess.Popen[str]:
    """A process that opens the store with a timeout of 0.2 s, does the work, and tells by `tell` what it comes to.

    It ends when nobody listens any more.
    """
    program = f"""{beginning()}
import itertools, threading, traceback
from datetime import UTC, datetime
from typing import Any
from burndown_store.contract import Change, History, Issue, JsonText, retry
{inspect.getsource(make_step)}
{inspect.getsource(written_step)}
def tell(text):
    os.write(1, (text + "\\n").encode())
def orders():
    for line in sys.stdin:
        yield line.strip()
    os._exit(3)
backend = find_factory()(location, timeout=0.2)
{work}
"""
    return own_process(open_backend, location, program, **order)


def writers(
    open_backend: Any, location: Path, name: str, in_transactions: bool = False, threads: int = 3
) -> subprocess.Popen[str]:
    """A process of that name whose threads write until it is killed, or ordered to stop, to exit or to leave."""
    work = """
stopping, leaving, failing = threading.Event(), threading.Event(), threading.Lock()
def write(thread):
    try:
        for number in itertools.count(1):
            step = written_step(f"{order['name']} {thread} {number}", number, order["in_transactions"])
            retry(lambda: make_step(backend, step), attempts=20)
            tell(f"{order['name']} {thread} {number}")
            if stopping.is_set():
                break
    except BaseException:
        # Whoever is still at work when an interpreter ends may be told anything.
        if not leaving.is_set():
            failing.acquire()
            traceback.print_exc()
            os._exit(1)
threads = [threading.Thread(target=write, args=[number], daemon=True) for number in range(order["threads"])]
for thread in threads:
    thread.start()
for ordered in orders():
    if ordered == "exit":
        os._exit(0)
    if ordered == "stop":
        stopping.set()
        for thread in threads:
            thread.join()
        backend.close()
    leaving.set()
    break
"""
    return making(open_backend, location, work, name=name, in_transactions=in_transactions, threads=threads)


class Heard:
    """A process and what it tells: of each thread that writes, the last number that was acknowledged.

    It is killed at the end of the block, and when it takes longer than `seconds` in all.
    """

    def __init__(self, process: subprocess.Popen[str], *, seconds: float = 45.0) -> None:
        self.process = process
        self.told: dict[str, int] = {}
        self._late = threading.Timer(seconds, process.kill)
        self._late.daemon = True

    def __enter__(self) -> Self:
        self._late.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._late.cancel()
        self.process.kill()
        self.process.communicate()

    def hear(self, count: int) -> list[str]:
        """The next lines. Raises `ChildProcessError` where the process ended before it told so many."""
        lines = [line.strip() for line in itertools.islice(self._lines(), count)]
        if len(lines) < count:
            self.expect_no_error()
            raise ChildProcessError(f"the process ended after it had told {len(lines)} of {count} lines")
        return lines

    def order(self, what: str) -> None:
        """Tell the process what to do."""
        assert self.process.stdin is not None
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """Kill it; what it had told before is heard."""
        self.process.kill()
        self.process.wait()
        list(self._lines())

    def expect_no_error(self) -> None:
        """Hear it to its end. Raises `ChildProcessError` where that is an error."""
        list(self._lines())
        status = self.process.wait()
        assert self.process.stderr is not None
        if status != 0:
            complaints = self.process.stderr.read().strip().splitlines() or [""]
            raise ChildProcessError(f"{complaints[-1]} (the process ended with {status})")

    def _lines(self) -> Iterator[str]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            writer, _, number = line.strip().rpartition(" ")
            # The last line may have been cut off.
            if line.endswith("\n"):
                if writer:
                    self.told[writer] = int(number)
                yield line


def killed_writers(
    open_backend: Any, location: Path, name: str, count: int, in_transactions: bool = False
) -> dict[str, int]:
    """The last number of each thread of a process that is killed when it has told `count` writes."""
    with Heard(writers(open_backend, location, name, in_transactions)) as heard:
        heard.hear(count)
        heard.kill()
        return heard.told


def ended_writers(open_backend: Any, location: Path, name: str, count: int, how: str) -> dict[str, int]:
    """The last number of each thread of a process that ends, without closing, when it has told `count` writes.

    It ends at once ("exit"), or as an interpreter does when the program is over ("leave").
    """
    with Heard(writers(open_backend, location, name)) as heard:
        heard.hear(count)
        heard.order(how)
        heard.expect_no_error()
        return heard.told


def beside_a_killed_one(open_backend: Any, location: Path, count: int) -> dict[str, int]:
    """The last numbers of the threads of two processes, of which one, A, is killed after `count` writes.

    The store is then opened anew, and the other, B, goes on for another `count` writes, stops and closes.
    """
    with Heard(writers(open_backend, location, "A")) as killed, Heard(writers(open_backend, location, "B")) as other:
        other.hear(1)
        killed.hear(count)
        killed.kill()
        open_backend(location, timeout=5.0).close()
        other.hear(count)
        other.order("stop")
        other.expect_no_error()
        return {**killed.told, **other.told}


def freed_by_a_kill(open_backend: Any, location: Path) -> str:
    """What a write gives, tried for some seconds beside another process that is killed inside a transaction."""
    holding = """
def hold():
    with backend.transaction():
        backend.set_app_state("killed", "written")
        tell("inside")
        list(orders())
retry(hold)
"""
    waiting = """
from burndown_store.contract import PersistenceError
tell("ready")
try:
    make_step(backend, [("set_app_state", "waiting", "written")])
    tell("written")
except PersistenceError as error:
    tell(type(error).__name__)
backend.close()
"""
    with Heard(making(open_backend, location, holding)) as holder:
        holder.hear(1)
        with Heard(making(open_backend, location, waiting)) as waiter:
            waiter.hear(1)
            holder.kill()
            (outcome,) = waiter.hear(1)
            waiter.expect_no_error()
            return outcome
