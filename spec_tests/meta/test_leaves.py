"""The suite's own reading of old files finds whatever a migration loses, and nothing where it loses nothing."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from burndown_fixtures.legacy import TREES, tree
from burndown_spec.vocabulary import contents_of, lost_leaves, migrate, write_files
from burndown_store.sqlite import open_backend_normal

GENERATIONS = ("g3", "g2-moved", "g2-flat", "g1", "g0")

# What these hold is no shape that its reading knows: they are judged by clauses of their own.
UNKNOWN_SHAPES = {"g3-wrong-types", "g3-strays"}


def migrated(files: dict[str, Any], root: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the store holds after a migration of the files, and the report of it."""
    root.mkdir()
    write_files(root, files)
    report = migrate(open_backend_normal, root, damage="all")
    with open_backend_normal(root) as backend:
        return contents_of(backend), report


def holders(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each container with the key or position of a value in it that is no filled container itself."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        if isinstance(member, (dict, list)) and member:
            yield from holders(member)
        else:
            yield value, name


def another(value: Any) -> Any:
    """A value that differs, by its type alone where there is one that is equal or looks the same."""
    if type(value) is bool:
        return int(value)
    if type(value) is int:
        return str(value)
    return f"{value}?" if type(value) is str else "another"


@pytest.mark.parametrize("name", [name for name in TREES if name not in UNKNOWN_SHAPES])
def test_nothing_of_a_tree_is_lost(name: str, tmp_path: Path) -> None:
    contents, report = migrated(tree(name), tmp_path / "store")

    assert lost_leaves(tree(name), contents, report) == []


@pytest.mark.parametrize("name", GENERATIONS)
def test_each_value_that_the_store_does_not_hold_is_named(name: str, tmp_path: Path) -> None:
    contents, report = migrated(tree(name), tmp_path / "store")
    ignored = {each["file"] for each in report["ignored"]}

    unseen = []
    for file, content in tree(name).items():
        if file in ignored or isinstance(content, bytes):
            continue
        for position in range(sum(1 for _ in holders(content))):
            changed = copy.deepcopy(content)
            holder, key = list(holders(changed))[position]
            if key in ("statistics", "profiles") and holder is changed:
                continue
            holder[key] = another(holder[key])
            if not lost_leaves({file: changed}, contents, report):
                unseen.append(f"{file}: {key}")
    assert unseen == []


def test_values_that_stand_several_times_are_counted(tmp_path: Path) -> None:
    contents, report = migrated(tree("g3"), tmp_path / "store")
    files = tree("g3")
    ((file, rows),) = [
        (file, content) for file, content in files.items() if "statistics" in content and "metadata" in content
    ]
    rows["statistics"].append(rows["statistics"][0])

    assert lost_leaves({file: rows}, contents, report) == sorted(
        f"{file}: statistic p_0a1b2c3d4e5f q_112233445566 2025-11-03: {leaf}"
        for leaf in (
            "completed_items = 5",
            "completed_points = 13",
            "created_items = 2",
            "created_points = 3.5",
            'date = "2025-11-03"',
        )
    )


@pytest.mark.parametrize("kind", ["rejects", "ignored"])
def test_what_the_report_keeps_to_itself_is_lost(kind: str, tmp_path: Path) -> None:
    contents, report = migrated(tree("g3-duplicates"), tmp_path / "store")

    assert lost_leaves(tree("g3-duplicates"), contents, {**report, kind: []}) != []


def test_a_file_that_is_of_use_is_lost_where_it_is_ignored(tmp_path: Path) -> None:
    files = tree("g3")
    contents, report = migrated({name: files[name] for name in files if "project_data" not in name}, tmp_path / "store")
    listed = [{"file": name, "reason": ""} for name in files]

    lost = lost_leaves(files, contents, {**report, "ignored": listed})
    assert {line.partition(": ")[0] for line in lost} == {name for name in files if "/project_data" in name}
