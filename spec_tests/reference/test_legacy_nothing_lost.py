"""Whatever lies in the old files: nothing fails, nothing is lost, and every record is one that the contract takes."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burndown_fixtures.legacy import TREES, tree, write_files, write_tree
from burndown_store.contract import to_json
from burndown_store.legacy import read_workspace
from legacy_samples import (
    CHANGES,
    DATA,
    ISSUES,
    METRICS,
    PROFILE,
    QUERY,
    REGISTRY,
    TASKS,
    Everything,
    leaves,
    read_all,
    told,
    unsound,
    values,
)

SEEDED = settings(derandomize=True, database=None, deadline=None, max_examples=150)

# Keys whose value became a field of a record; the documentation says which.
BECAME_FIELDS = frozenset([
    "profiles", "active_profile_id", "active_query_id", "last_used", "created_at", "jql", "jql_query", "issues", "data",
    "timestamp", "cached_at", "key", "id", "last_updated", "changelog", "histories", "items", "field", "fieldtype",
    "fieldId", "from", "fromString", "to", "toString", "author", "created", "statistics", "project_scope", "scope",
    "date", "no_items", "no_points", "remaining_total_points", "total", "task_id", "jira_url", "jira_token",
    "jira_email", "jira_configured", "jira_story_points_field", "jira_cache_max_size", "jira_max_results",
    "jira_api_endpoint", "dora_flow_config",
])  # fmt: skip
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)?")


def missing(raw: Any, everything: Everything, became: frozenset[str] = BECAME_FIELDS) -> list[str]:
    """The leaves of `raw` that neither a record nor a reject holds."""
    found, texts = told(everything)
    return [
        leaf
        for leaf in leaves(raw)
        if leaf not in found
        and leaf not in became
        and not any(json.dumps(leaf)[1:-1] in text for text in texts)
        and not same_instant(leaf, found)
    ]


def same_instant(leaf: str, found: set[str]) -> bool:
    if TIME.fullmatch(leaf) is None:
        return False
    read = datetime.fromisoformat(leaf)
    return read.tzinfo is not None and read.astimezone(UTC).isoformat() in found


@pytest.mark.parametrize("name", TREES)
def test_every_leaf_of_a_tree_is_in_a_record_a_reject_or_an_ignored_file(tmp_path: Path, name: str) -> None:
    everything = read_all(write_tree(tmp_path, name))

    ignored = {ignored.file for ignored in everything.workspace.ignored}
    for file, content in tree(name).items():
        if file not in ignored and not isinstance(content, bytes):
            assert missing(content, everything) == [], file
    assert unsound(everything) == []


@pytest.mark.parametrize("name", TREES)
def test_what_stands_several_times_in_a_tree_is_kept_as_many_times(tmp_path: Path, name: str) -> None:
    everything = read_all(write_tree(tmp_path, name))

    # What is told once however often the files repeat it: ids, and the registry's copies of settings.
    told_once = {*everything.profiles, *everything.queries}
    told_once |= {history.issue_key for each in everything.contents.values() for history in each.histories}
    unread = {REGISTRY, "profiles/profiles.tmp", *(ignored.file for ignored in everything.workspace.ignored)}
    given: Counter[str] = Counter()
    for file, content in tree(name).items():
        if file not in unread and not isinstance(content, bytes):
            given.update(values(content))
    kept: Counter[str] = Counter()
    for record in everything.records():
        kept.update(values(to_json(record)))
    for reject in everything.rejects:
        kept.update(leaves(json.loads(reject.raw)) if reject.place else [])
    short = {leaf for leaf in given if kept[leaf] < given[leaf]} - told_once
    assert {leaf for leaf in short if TIME.fullmatch(leaf) is None} == set()


@pytest.mark.parametrize("name", TREES)
def test_reading_changes_no_file_and_says_the_same_each_time(tmp_path: Path, name: str) -> None:
    root = write_tree(tmp_path, name)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in root.rglob("*") if path.is_file()}

    first, second = read_all(root), read_all(root)

    assert first == second
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in root.rglob("*") if path.is_file()} == before


KNOWN_KEYS = {
    REGISTRY: ["version", "active_profile_id", "active_query_id", "profiles", "_error"],
    PROFILE: [
        "id",
        "name",
        "created_at",
        "last_used",
        "jira_config",
        "show_points",
        "pert_factor",
        "jira_url",
        "legacy",
    ],
    QUERY: ["name", "jql", "jql_query", "description", "created_at", "updated_at"],
    ISSUES: ["timestamp", "issues", "data", "metadata", "jql_query", "total_issues", "last_updated"],
    CHANGES: ["AB-1", "issues", "timestamp", "cache_version"],
    DATA: ["statistics", "project_scope", "scope", "metadata", "total_items", "last_updated"],
    METRICS: ["2025-W44", "2025-44", "0000-W00", "snapshots"],
    TASKS: ["task_id", "status", "percent", "message", "start_time", "phase", "fetch_progress"],
}
INNER_KEYS = [
    "key", "fields", "changelog", "histories", "created", "items", "field", "toString", "last_updated", "p", "q",
    "date", "completed_items", "no_items", "completed_points", "velocity_items", "flow_time", "median_days",
    "timestamp", "value", "points_field", "token", "name", "legacy", "id",
]  # fmt: skip
TEXTS = st.sampled_from(
    ["2025-11-20T08:15:30.123456+00:00", "2025-11-20T09:15:30", "2025-11-03", "5", "2.5", "", "p", "AB-1", "todo"]
) | st.integers(0, 10**6).map("leaf-{}".format)
ODD_TEXTS = st.text(st.characters(exclude_categories=()), max_size=4)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.sampled_from([2**63, 5.0, 2.5])
    | st.floats()
    | TEXTS
    | ODD_TEXTS
)
NAMES = st.sampled_from(INNER_KEYS) | ODD_TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Any]:
    """A tree of the third generation with any JSON in any of its files."""
    files: dict[str, Any] = {}
    for file in draw(st.lists(st.sampled_from(sorted(KNOWN_KEYS)), min_size=1, max_size=3, unique=True)):
        keyed = st.dictionaries(st.sampled_from(KNOWN_KEYS[file]), VALUES, max_size=4)
        files[file] = draw(keyed | VALUES)
    return {PROFILE: {}, QUERY: {}, **files}


@SEEDED
@given(trees())
def test_any_json_in_any_file_is_told_by_records_and_rejects(files: dict[str, Any]) -> None:
    with TemporaryDirectory() as folder:
        everything = read_all(write_files(Path(folder), {name: spelled(content) for name, content in files.items()}))

        assert unsound(everything) == []
        for file, content in files.items():
            assert missing(content, everything) == [], file


@SEEDED
@given(st.sampled_from(sorted(KNOWN_KEYS)), st.binary(max_size=40) | st.text(max_size=20).map(str.encode))
def test_any_bytes_in_any_file_are_read_or_kept_in_a_reject(file: str, content: bytes) -> None:
    with TemporaryDirectory() as folder:
        everything = read_all(write_files(Path(folder), {PROFILE: {}, QUERY: {}, file: content}))

        assert unsound(everything) == []
        if not is_json(content):
            (reject,) = everything.rejects
            assert (
                reject.raw.encode(reject.encoding) == content.removeprefix(b"\xef\xbb\xbf")
                or reject.raw.encode(reject.encoding) == content
            )


@SEEDED
@given(st.sampled_from(["g3", "g1"]), st.data())
def test_a_file_that_is_cut_anywhere_ends_nothing_but_itself(name: str, data: st.DataObject) -> None:
    files = tree(name)
    file = data.draw(st.sampled_from(sorted(file for file, content in files.items() if not isinstance(content, bytes))))
    whole = spelled(files[file])
    files[file] = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with TemporaryDirectory() as folder:
        root = write_files(Path(folder), files)
        everything = read_all(root)

        ignored = {ignored.file for ignored in read_workspace(root).ignored}
        for other, content in files.items():
            if other == file and other not in ignored:
                assert [reject.file for reject in everything.rejects if reject.place == ""] == [file]
            elif other not in ignored:
                assert missing(content, everything) == [], other


DATES = st.sampled_from(["2025-11-03", "2025-11-10", "2025-11-03T00:00:00", "", "never"]) | SCALARS
CELLS = st.sampled_from([5, 2.5, "5", "", None, "many", True, float("nan")])
COLUMNS = st.sampled_from(["completed_items", "created_items", "completed_points", "velocity_points", "note"])
ROWS = st.lists(
    st.builds(lambda day, cells: {**cells, "date": day}, DATES, st.dictionaries(COLUMNS, CELLS, max_size=3)) | SCALARS,
    max_size=6,
)
METRIC_VALUES = st.fixed_dictionaries({}, optional={"median_days": CELLS, "timestamp": DATES}) | CELLS
WEEKS = st.dictionaries(
    st.sampled_from(["2025-W44", "2025-44", "2025-W45", "0000-W00"]),
    st.dictionaries(st.sampled_from(["flow_time", "trends", "x" * 201]), METRIC_VALUES, min_size=1, max_size=3),
)
RAW_ISSUES = st.lists(
    st.fixed_dictionaries({}, optional={"key": st.sampled_from(["A", "B", "", 5])}) | SCALARS, max_size=5
)


@SEEDED
@given(ROWS, RAW_ISSUES)
def test_as_many_rows_and_issues_come_out_as_went_in_or_are_rejected(rows: list[Any], issues: list[Any]) -> None:
    with TemporaryDirectory() as folder:
        files = {PROFILE: {}, QUERY: {}, DATA: {"statistics": rows}, ISSUES: {"issues": issues}}
        everything = read_all(write_files(Path(folder), {name: spelled(content) for name, content in files.items()}))

    lost = Counter(reject.file for reject in everything.rejects if reject.kind != "repaired")
    assert len(everything.below.statistics) + lost[DATA] == len(rows)
    assert len(everything.below.issues) + lost[ISSUES] == len(issues)


@SEEDED
@given(WEEKS)
def test_as_many_metrics_come_out_as_went_in_or_are_rejected(weeks: dict[str, dict[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        files = {PROFILE: {}, QUERY: {}, METRICS: spelled(weeks)}
        everything = read_all(write_files(Path(folder), files))

    rejected = [reject for reject in everything.rejects if reject.kind != "repaired"]
    whole_weeks = sum(len(weeks[reject.place]) - 1 for reject in rejected if reject.place in weeks)
    assert len(everything.below.metrics) + len(rejected) + whole_weeks == sum(map(len, weeks.values()))


def spelled(content: Any) -> bytes:
    return json.dumps(content, indent=2).encode("utf-8")


def is_json(content: bytes) -> bool:
    try:
        json.loads(content.decode("utf-8-sig"))
    except ValueError:
        return False
    return True
