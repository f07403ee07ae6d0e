"""How far the reference lies above bare sqlite3: the same work by both, interleaved in one run, medians.

    python spec_tests/reference/bench_floor.py [--issues N] [--rounds N] [--durability full|normal] [--json]

Exits with 1 when a ratio misses its target. The targets hold for 10,000 issues on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from burndown_store.contract import Change, History, Issue, JsonText, Profile, Query
from burndown_store.sqlite import SqliteBackend
from floor import STATUSES, Floor, change_rows, instant, issue_row, raw_issues

PLACE: Final = ("p", "main")
EPOCH: Final = datetime(2025, 9, 1, tzinfo=UTC)

# The most that the reference may take, as a multiple of the floor; None where no target is set.
TARGETS: Final[dict[str, float | None]] = {
    "save_issues": 2.0,
    "save_issues again": None,
    "save_issues, 10 of them": None,
    "save_histories": None,
    "get_issues": 2.0,
    "get_issues by status": 2.5,
    "get_changes": None,
    "get_profile": 4.0,
    "delete_profile": None,
}
# Each round times so many calls of what is too quick for one.
CALLS: Final = {"get_profile": 500, "get_issues by status": 5, "save_issues, 10 of them": 5}

Work = dict[str, Callable[[], object]]


class Content:
    """The same issues and changes, as the floor's rows and as records."""

    def __init__(self, count: int) -> None:
        raw = raw_issues(count)
        self.rows = [issue_row(issue, instant(0)) for issue in raw]
        self.rows_again = [issue_row(issue, instant(9)) for issue in raw]
        self.change_rows = [row for issue in raw for row in change_rows(issue)]
        self.issues = [issue_of(row) for row in self.rows]
        self.issues_again = [issue_of(row) for row in self.rows_again]
        changes: dict[str, list[Change]] = defaultdict(list)
        for row in self.change_rows:
            changes[row[0]].append(change_of(row))
        self.histories = [History(issue_key=key, changes=of, expires_at=EPOCH) for key, of in changes.items()]


def issue_of(row: tuple[Any, ...]) -> Issue:
    key, summary, status, assignee, issue_type, priority, resolution, project_key, project_name, *others = row
    created, updated, resolved, points, document, expires_at = others
    return Issue(
        key=key,
        document=JsonText(document),
        summary=summary,
        status=status,
        assignee=assignee,
        issue_type=issue_type,
        priority=priority,
        resolution=resolution,
        project_key=project_key,
        project_name=project_name,
        created=moment(created),
        updated=moment(updated),
        resolved=resolved and moment(resolved),
        points=points,
        expires_at=moment(expires_at),
    )


def change_of(row: tuple[Any, ...]) -> Change:
    _, _, changed_at, field, field_id, field_type, author, history_id, from_value, from_text, to_value, to_text = row
    return Change(
        changed_at=moment(changed_at),
        field=field,
        field_id=field_id,
        field_type=field_type,
        author=author,
        history_id=history_id,
        from_value=from_value,
        from_text=from_text,
        to_value=to_value,
        to_text=to_text,
    )


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def work_of_floor(floor: Floor, content: Content) -> Work:
    floor.add_profile("p")
    return {
        "save_issues": lambda: floor.save_issues("p", content.rows),
        "save_issues again": lambda: floor.save_issues("p", content.rows_again),
        "save_issues, 10 of them": lambda: floor.save_issues("p", content.rows[:10]),
        "save_histories": lambda: floor.save_changes("p", content.change_rows),
        "get_issues": lambda: floor.issues("p"),
        "get_issues by status": lambda: floor.issues_by_status("p", STATUSES[3]),
        "get_changes": lambda: floor.changes("p"),
        "get_profile": lambda: floor.profile("p"),
        "delete_profile": lambda: floor.delete_profile("p"),
    }


def work_of_reference(backend: SqliteBackend, content: Content) -> Work:
    config = {"base_url": "https://jira.example.com", "points_field": "customfield_10002", "max_results": 1000}
    profile = Profile(
        id="p", name="Team Blue", created_at=EPOCH, last_used_at=EPOCH, jira_config=config, show_points=True
    )
    backend.save_profile(profile)
    backend.save_query("p", Query(id="main", name="Main", jql="project = AB", created_at=EPOCH, last_used_at=EPOCH))
    return {
        "save_issues": lambda: backend.save_issues(*PLACE, content.issues),
        "save_issues again": lambda: backend.save_issues(*PLACE, content.issues_again),
        "save_issues, 10 of them": lambda: backend.save_issues(*PLACE, content.issues[:10]),
        "save_histories": lambda: backend.save_histories(*PLACE, content.histories),
        "get_issues": lambda: backend.get_issues(*PLACE),
        "get_issues by status": lambda: backend.get_issues(*PLACE, status=STATUSES[3]),
        "get_changes": lambda: backend.get_changes(*PLACE),
        "get_profile": lambda: backend.get_profile("p"),
        "delete_profile": lambda: backend.delete_profile("p"),
    }


def seconds(work: Callable[[], object], calls: int) -> float:
    """One call, the mean of so many."""
    start = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - start) / calls


def measure(count: int, rounds: int, durability: Any) -> dict[str, dict[str, float | None]]:
    """For each operation the medians in milliseconds, their ratio and its target."""
    content = Content(count)
    times: dict[str, dict[str, list[float]]] = {name: {"floor": [], "reference": []} for name in TARGETS}
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            floor = Floor(Path(folder, "floor.db"), durability=durability)
            backend = SqliteBackend(Path(folder, "store"), durability=durability)
            sides = {"floor": work_of_floor(floor, content), "reference": work_of_reference(backend, content)}
            for name in TARGETS:
                # By turns, so that neither always finds the other's caches.
                for side in sorted(sides, reverse=bool(number % 2)):
                    times[name][side].append(seconds(sides[side][name], CALLS.get(name, 1)))
            backend.close()
            floor.close()
    return {
        name: {
            "floor": statistics.median(of["floor"]) * 1000,
            "reference": statistics.median(of["reference"]) * 1000,
            "ratio": statistics.median(of["reference"]) / statistics.median(of["floor"]),
            "target": TARGETS[name],
        }
        for name, of in times.items()
    }


def table(results: dict[str, dict[str, float | None]]) -> str:
    lines = [f"{'operation':24} {'floor ms':>10} {'reference ms':>13} {'ratio':>6} {'target':>6}"]
    for name, result in results.items():
        target = "" if result["target"] is None else f"{result['target']:.1f}"
        mark = "  missed" if is_missed(result) else ""
        lines.append(
            f"{name:24} {result['floor']:10.3f} {result['reference']:13.3f} {result['ratio']:6.2f} {target:>6}{mark}"
        )
    return "\n".join(lines)


def is_missed(result: dict[str, float | None]) -> bool:
    ratio, target = result["ratio"], result["target"]
    return ratio is not None and target is not None and ratio > target


def main() -> int:
    parser = argparse.ArgumentParser(description="Time the sqlite3 reference against bare sqlite3.")
    parser.add_argument("--issues", type=int, default=10_000, help="issues in the query (default: 10000)")
    parser.add_argument("--rounds", type=int, default=7, help="rounds, each on fresh files (default: 7)")
    parser.add_argument("--durability", choices=("full", "normal"), default="full", help="of both (default: full)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    results = measure(options.issues, options.rounds, options.durability)
    print(json.dumps(results, indent=2) if options.json else table(results))
    return int(any(map(is_missed, results.values())))


if __name__ == "__main__":
    sys.exit(main())
