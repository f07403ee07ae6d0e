"""The process in which clauses run: pytest, started with a plan, ended in every case, and read by its ledger."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from burndown_spec.ledger import Ended, Entry, Started, read_ledger
from burndown_spec.plan import Plan, write_plan

__all__ = ["Course", "judge_in_process", "told_ending"]

HERE = Path(__file__).parent
CLAUSES = HERE / "clauses"
USAGE_ERROR = 4
# Everything passed, something failed, the user or -x interrupted it, nothing was run: all that the ledger tells better.
ORDINARY = frozenset({0, 1, 2, 5})


@dataclass(frozen=True, slots=True)
class Course:
    """How a judging process went.

    `problems` are sentences, each of which rules out that the run proves conformity; `stacks` is where a process was
    when it had to be ended; `refused` says that pytest did not take its options, and has said so itself.
    """

    entries: Sequence[Entry]
    problems: Sequence[str]
    stacks: str
    refused: bool


def judge_in_process(
    plan: Plan, folder: Path, *, pytest_options: Sequence[str], environment: Mapping[str, str]
) -> Course:
    """Run pytest over the plan; what it prints goes where this process prints."""
    plan_file = folder / "plan.json"
    write_plan(plan, plan_file)
    Path(plan.stacks).mkdir()
    # -P: the current folder is searched for the backend alone, and cannot replace what the suite imports.
    command = [sys.executable, "-P", "-m", "pytest", "-p", "burndown_spec.plugin", "--spec-run", str(plan_file)]
    command += ["-c", str(HERE / "pytest.ini"), "--rootdir", str(CLAUSES), "--confcutdir", str(CLAUSES), "--noconftest"]
    command += ["-o", f"cache_dir={Path.cwd() / '.pytest_cache'}", str(CLAUSES), *pytest_options]
    sys.stdout.flush()
    with subprocess.Popen(command, env=dict(environment)) as process:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            # Ctrl-C reaches pytest as well; it ends in its own way, and what it judged until then is told.
            status = _wait_or_kill(process)
    entries, problems = read_ledger(Path(plan.ledger))
    stacks = "\n".join(
        path.read_text(encoding="utf-8", errors="replace") for path in sorted(Path(plan.stacks).iterdir())
    )
    ended = next((entry.status for entry in entries if isinstance(entry, Ended)), None)
    started = any(isinstance(entry, Started) for entry in entries)
    if status not in ORDINARY or ended is None:
        problems.append(f"pytest did not come to its own end: {told_ending(status)}")
    return Course(entries, problems, stacks.strip(), refused=status == USAGE_ERROR and not started)


def told_ending(status: int) -> str:
    """How a process ended, in words."""
    if status < 0:
        with suppress(ValueError):
            return f"its process was ended by {signal.Signals(-status).name}"
    return f"its process ended with exit status {status}"


def _wait_or_kill(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait(timeout=30)
    except (KeyboardInterrupt, subprocess.TimeoutExpired):
        process.kill()
        return process.wait()
