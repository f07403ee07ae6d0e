"""How long a migration into the reference takes, how much memory, and how soon an existing store is open.

    python spec_tests/reference/bench_migration.py [--rounds N] [--json]

Each measurement is a process of its own, so that memory is counted from nothing; times are medians of the rounds.
Exits with 1 when a target is missed. The targets hold on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from burndown_store.migration import migrate
from burndown_store.sqlite import exists, open_backend
from burndown_store.workspace import open_workspace
from floor import raw_issues

# Seconds at most, from the issue on the migration; memory in megabytes.
TARGETS: Final = {
    "migrate 1,000 issues": 0.8,
    "migrate 10,000 issues": 8.0,
    "start on 10,000 issues": 0.3,
    "start that sweeps 10,000": 0.3,
    "memory for a cache of 50 MB": 500.0,
}
FETCHED: Final = datetime(2025, 12, 20, 8, 16, 0, 1, tzinfo=UTC)
QUERY: Final = Path("profiles", "p_000000000001", "queries", "q_000000000001")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", nargs=2, metavar=("WHAT", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        what, folder = arguments.one
        print(json.dumps(WORK[what](Path(folder))))
        return 0
    found = {what: statistics.median(measured(what) for _ in range(arguments.rounds)) for what in TARGETS}
    if arguments.json:
        print(json.dumps(found))
    else:
        for what, value in found.items():
            unit = "MB" if what.startswith("memory") else "s"
            print(f"{what:30} {value:9.3f} {unit:2}   target {TARGETS[what]:g} {unit}")
    return int(any(value > TARGETS[what] for what, value in found.items()))


def measured(what: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, __file__, "--one", what, folder], check=True, capture_output=True, encoding="utf-8"
        )
    return float(json.loads(done.stdout))


def migrating(count: int) -> Callable[[Path], float]:
    def measure(root: Path) -> float:
        write(root, count, filler="")
        started = time.perf_counter()
        report = migrate(root, open_backend, exists=exists)
        assert report.counts["issues"] == count
        assert report.counts["changes"] == 5 * count
        return time.perf_counter() - started

    return measure


def starting(moment: datetime, expired: int) -> Callable[[Path], float]:
    def measure(root: Path) -> float:
        write(root, 10_000, filler="")
        migrate(root, open_backend, exists=exists)
        started = time.perf_counter()
        with open_workspace(root, clock=lambda: moment) as workspace:
            seconds = time.perf_counter() - started
            assert workspace.migration.outcome == "already migrated"
            assert workspace.expired.issues == expired
        return seconds

    return measure


def memory(root: Path) -> float:
    write(root, 17_000, filler="x" * 700)
    megabytes = (root / QUERY / "jira_cache.json").stat().st_size / 1e6
    assert megabytes > 50, megabytes
    migrate(root, open_backend, exists=exists)
    return most_memory()


def most_memory() -> float:
    """The most memory that this process has had, in megabytes."""
    if sys.platform == "win32":
        import ctypes
        from ctypes import wintypes

        class Counters(ctypes.Structure):
            _fields_ = (
                ("cb", wintypes.DWORD),
                ("page_faults", wintypes.DWORD),
                *((name, ctypes.c_size_t) for name in ("peak", "now", "a", "b", "c", "d", "e", "f")),
            )

        counters = Counters()
        counters.cb = ctypes.sizeof(counters)
        process = ctypes.windll.kernel32.GetCurrentProcess()
        ctypes.windll.psapi.GetProcessMemoryInfo(process, ctypes.byref(counters), counters.cb)
        return float(counters.peak) / 1e6
    import resource

    # macOS counts in bytes, Linux in kilobytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def write(root: Path, count: int, *, filler: str) -> None:
    """One query of the third generation, with five changes to each issue."""
    raw = [{**issue, "changelog": None, "filler": filler} for issue in raw_issues(count)]
    stamp = FETCHED.isoformat()
    changes = [
        {
            "created": f"2025-10-0{day}T09:00:00.000+0000",
            "items": [{"field": "status", "fromString": "A", "toString": "B"}],
        }
        for day in range(1, 6)
    ]
    logged = {"changelog": {"histories": changes, "total": 5}, "last_updated": stamp}
    files: dict[Path, Any] = {
        Path("profiles", "profiles.json"): {"version": "3.0", "profiles": {"p_000000000001": {"name": "Team Blue"}}},
        Path("profiles", "p_000000000001", "profile.json"): {
            "name": "Team Blue",
            "jira_config": {"points_field": "customfield_10002"},
        },
        QUERY / "query.json": {"name": "Last quarter", "jql": "project = AB", "created_at": stamp},
        QUERY / "jira_cache.json": {"cache_version": "2.0", "timestamp": stamp, "issues": raw, "total_issues": count},
        QUERY / "jira_changelog_cache.json": {issue["key"]: {"key": issue["key"], **logged} for issue in raw},
    }
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=2), encoding="utf-8")


WORK: Final[dict[str, Callable[[Path], float]]] = {
    "migrate 1,000 issues": migrating(1_000),
    "migrate 10,000 issues": migrating(10_000),
    "start on 10,000 issues": starting(FETCHED, 0),
    "start that sweeps 10,000": starting(FETCHED + timedelta(days=3), 10_000),
    "memory for a cache of 50 MB": memory,
}

if __name__ == "__main__":
    sys.exit(main())
