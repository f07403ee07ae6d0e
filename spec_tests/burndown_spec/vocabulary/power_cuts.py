"""Works that are recorded on a disk, and what stores hold that are opened after a power cut at any moment of them."""

from __future__ import annotations

import inspect
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from time import monotonic
from typing import Any

from burndown_spec.vocabulary.contents import contents_of
from burndown_spec.vocabulary.crash_points import answer_of, beginning, own_process
from burndown_spec.vocabulary.large_batches import incompressible_issues
from burndown_spec.vocabulary.outcomes import attempt
from burndown_spec.vocabulary.recorded_works import Repeating, handle_on
from burndown_store.contract import same

__all__ = [
    "acknowledged_after",
    "cut_off",
    "doing",
    "found_after_a_cut",
    "problem_of",
    "recorded_on_a_disk",
    "removed_elsewhere",
    "room_beside",
]


def doing(work: Any) -> str:
    """The program of a process that does the work and makes a folder for each thing that is acknowledged."""
    return f"""{beginning()}
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from burndown_store.contract import *
{inspect.getsource(incompressible_issues)}
{inspect.getsource(Repeating)}
{inspect.getsource(handle_on)}
{inspect.getsource(work)}
count = order["count"]
for acknowledged, _ in {work.__name__}(find_factory(), location):
    if acknowledged == "killed":
        break
    count += 1
    Path(order["marks"], f"{{count}} {{acknowledged}}").mkdir()
print(count, flush=True)
os._exit(0)
"""


def recorded_on_a_disk(open_backend: Any, location: Path, works: Sequence[Any], furnishing: Any = None) -> list[Any]:
    """The records of what the works do, each in a process of its own and all on one store; a mark is what they told.

    The disk lies beside the location, and the store on it in a folder that is not there yet, or was furnished before.
    """
    from burndown_spec.faults import MARKS, Disk, records_from

    with tempfile.TemporaryDirectory(dir=location.parent) as folder, Disk(Path(folder)) as disk:
        recording = disk.add("burndown_spec.faults.recording:Recording")
        marks = disk.path / MARKS.strip("/")
        marks.mkdir()
        count = 0
        for work in ([furnishing] if furnishing else []) + list(works):
            program = doing(work)
            process = own_process(open_backend, disk.path / "store", program, count=count, marks=str(marks))
            count = int(answer_of(process))
            if work is furnishing:
                disk.ask(recording, "settle")
        records = records_from(disk.ask(recording, "records"))
        removed_elsewhere(open_backend, disk.path / "store")
        return records


def acknowledged_after(open_backend: Any, location: Path, works: Sequence[Any]) -> list[Any]:
    """What the store holds before the works, and whenever they tell of something; nothing disturbs them."""
    with closing(handle_on(open_backend, location)) as backend:
        contents = [contents_of(backend)]
    for work in works:
        steps = work(open_backend, location)
        for acknowledged, backend in steps:
            if acknowledged == "killed":
                # As if the process had ended: what was begun is undone.
                steps.close()
                backend.close()
                break
            contents.append(contents[-1] if backend is None else contents_of(backend))
    return contents


def found_after_a_cut(open_backend: Any, location: Path, contents: Sequence[Any], acknowledged: int) -> str:
    """What is wrong with the store there, opened now, if so many of the contents had been told of; "" if nothing is."""
    try:
        with closing(handle_on(open_backend, location)) as backend:
            found, complaints = contents_of(backend), backend.check()
    except Exception as error:
        return f"it cannot be used: {type(error).__name__}"
    if complaints:
        return "check() finds it damaged"
    holding = [place for place, whole in enumerate(contents) if same(found, whole)]
    if {acknowledged, acknowledged + 1} & {*holding}:
        return ""
    if not holding:
        return "it holds what never was"
    return "what was acknowledged is lost" if holding[0] < acknowledged else "it holds what was written only later"


def removed_elsewhere(open_backend: Any, location: Path) -> None:
    """Have the backend remove what it keeps of the store there in other places, if it offers that."""
    module = open_backend.__module__
    while module:
        destroy = getattr(sys.modules.get(module), "destroy", None)
        if callable(destroy):
            attempt(destroy, location)
            return
        # The factory may be offered by a package that it is in.
        module = module.rpartition(".")[0]


def room_beside(location: Path) -> Path:
    """A folder for stores that nobody keeps: in memory, where no sync takes time, or else beside the location."""
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30
    return memory if has_room else location.parent


def cut_off(
    open_backend: Any,
    location: Path,
    records: Sequence[Any],
    works: Sequence[Any],
    seed: int,
    limit: int | None = None,
    seconds: float = 80.0,
) -> dict[str, Any]:
    """What stores hold that are opened after a power cut in the recorded work, and the first `problem`, "" for none.

    A `limit` says how many states are to be tried, about; else it is every one that the cuts can leave. After so many
    seconds no more are: `states` were of the `planned`, and where these are not `enough`, nothing can be said. The
    problem is that the store lies `elsewhere` where it is not what was written to the disk that decides what it holds.
    """
    from burndown_spec.faults.disk_states import disk_states, uncut

    end = monotonic() + seconds
    tried, problem, elsewhere = 0, "", False
    planned = disk_states(records, seed=seed, limit=limit)
    with tempfile.TemporaryDirectory(dir=room_beside(location), ignore_cleanup_errors=True) as folder:
        undisturbed = Path(folder, "undisturbed")
        contents = acknowledged_after(open_backend, undisturbed, works)
        removed_elsewhere(open_backend, undisturbed)
        first = [record.kind for record in records].index("mark") + 1
        copies = [uncut(records), uncut(records[:first])]
        for number, state in enumerate(chain(copies, planned)):
            if monotonic() > end:
                break
            tried = max(0, number + 1 - len(copies))
            place = Path(folder, f"{number}")
            (place / "store").mkdir(parents=True)
            for name in state.folders:
                (place / name).mkdir(exist_ok=True)
            for name, data in state.files.items():
                (place / name).write_bytes(data)
            wrong = found_after_a_cut(open_backend, place / "store", contents, len(state.marks))
            removed_elsewhere(open_backend, place / "store")
            if wrong:
                last = state.marks[-1] if state.marks else "nothing"
                problem = f"{wrong} (cut after {last} was acknowledged; of what was not synced: {state.kind})"
                elsewhere = number == 0 or wrong == "it holds what was written only later"
                break
            shutil.rmtree(place, ignore_errors=True)
    enough = max(planned.kinds, len(planned) // 4)
    return {
        "states": tried,
        "planned": len(planned),
        "enough": tried >= enough,
        "elsewhere": elsewhere,
        "problem": problem,
    }


def problem_of(cuts: Any) -> Any:
    """The first problem that was found, "" for none."""
    return cuts["problem"]
