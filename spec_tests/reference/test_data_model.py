"""docs/data-model.md says what the schema is, and where each key of the old files goes."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from burndown_fixtures.legacy import tree
from burndown_store.contract import (
    CacheInfo,
    Change,
    ChangeEntry,
    Expired,
    History,
    Issue,
    Metric,
    Profile,
    Query,
    Record,
    Scope,
    Statistic,
    Task,
)
from burndown_store.sqlite.schema import scripts

PAGE = (Path(__file__).parents[2] / "docs" / "data-model.md").read_text(encoding="utf-8")
RECORDS: tuple[type[Record], ...] = (
    *(Profile, Query, Issue, CacheInfo, Change, History, ChangeEntry, Statistic, Scope, Metric, Task, Expired),
)
TREES = ("g3", "g2-flat", "g1", "g0")
# Files whose keys are all the application's own; those of a raw issue are JIRA's.
WITH_KEYS = ("profile.json", "app_settings.json", "forecast_settings.json", "query.json", "task_progress.json")


@pytest.fixture
def schema() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for script in scripts():
            connection.executescript(script)
        yield connection


def section(title: str) -> str:
    """What stands below a heading of the page, up to the next of its rank."""
    rank = title.split(" ", 1)[0]
    _, found, rest = PAGE.partition(f"\n{title}\n")
    assert found, f"the page has no {title}"
    return re.split(rf"\n{rank} ", rest)[0]


def tables(schema: sqlite3.Connection) -> list[str]:
    return sorted(name for (name,) in schema.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))


def foreign_keys(schema: sqlite3.Connection, table: str) -> dict[str, str]:
    return {column: parent for _, _, parent, column, *_ in schema.execute(f"PRAGMA foreign_key_list({table})")}


def columns_of_the_schema(schema: sqlite3.Connection, table: str) -> list[tuple[str, str, str]]:
    """Name, type and constraint, spelled as the page spells them."""
    (created,) = schema.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    references = foreign_keys(schema, table)
    rows = schema.execute(f"PRAGMA table_info({table})").fetchall()
    alone = sum(bool(key) for *_, key in rows) == 1
    columns = []
    for _, name, kind, required, _, key in rows:
        constraint = ["PRIMARY KEY"] if key else []
        # What is the primary key alone is never NULL in a STRICT table, and the schema need not say so.
        constraint += ["NOT NULL"] if required and not (key and alone) else []
        constraint += ["0 or 1"] if f"CHECK ({name} IN (0, 1))" in created else []
        constraint += [f"REFERENCES `{references[name]}`"] if name in references else []
        columns.append((name, kind, ", ".join(constraint)))
    return columns


def columns_of_the_page(table: str) -> list[tuple[str, str, str]]:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|(.*?)\|", section(f"### `{table}`"), re.MULTILINE)
    return [(name, kind, constraint.strip()) for name, kind, constraint in rows]


def test_the_page_has_the_tables_of_the_schema(schema: sqlite3.Connection) -> None:
    assert sorted(re.findall(r"^### `(\w+)`$", section("## Tables"), re.MULTILINE)) == tables(schema)


def test_the_page_has_the_columns_of_the_schema(schema: sqlite3.Connection) -> None:
    for table in tables(schema):
        assert columns_of_the_page(table) == columns_of_the_schema(schema, table), table


def test_the_page_names_the_indexes_of_the_schema(schema: sqlite3.Connection) -> None:
    made = schema.execute(
        "SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    assert made
    for index, table in made:
        assert f"`{index}`" in section(f"### `{table}`")


def test_the_diagram_has_the_tables_and_keys_of_the_schema(schema: sqlite3.Connection) -> None:
    diagram = section("## Entities").partition("```mermaid")[2].partition("```")[0]
    drawn = {
        name: re.findall(r"(\w+) (\w+)(?: (PK|FK)(?:, FK)?)?$", body, re.MULTILINE)
        for name, body in re.findall(r"(\w+) \{\n(.*?)\n    \}", diagram, re.DOTALL)
    }
    assert sorted(drawn) == tables(schema)
    for table, attributes in drawn.items():
        rows = schema.execute(f"PRAGMA table_info({table})").fetchall()
        types = {name: kind for _, name, kind, *_ in rows}
        assert {name for _, name, mark in attributes if mark == "PK"} == {row[1] for row in rows if row[5]}, table
        assert all(types[name] == kind for kind, name, _ in attributes)
    relations = set(re.findall(r"(\w+) \S+--\S+ (\w+) : ", diagram))
    assert relations == {(parent, table) for table in tables(schema) for parent in foreign_keys(schema, table).values()}


def test_the_page_names_every_field_of_every_record() -> None:
    names = {f"{kind.__name__}.{field.name}" for kind in RECORDS for field in msgspec.structs.fields(kind)}
    assert {name for name in names if f"`{name}`" not in PAGE} == set()
    told = set(re.findall(rf"`((?:{'|'.join(kind.__name__ for kind in RECORDS)})\.\w+)`", PAGE))
    assert told == names


def keys_told(file: str) -> set[str]:
    """The keys that the page names below the heading of a file."""
    (heading,) = (line for line in PAGE.splitlines() if line.startswith("### ") and f"`{file}`" in line)
    return set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", section(heading)))))


@pytest.mark.parametrize("name", TREES)
def test_the_page_says_where_each_key_of_the_settings_goes(name: str) -> None:
    files: dict[str, Any] = {path.rsplit("/", 1)[-1]: content for path, content in tree(name).items()}
    # `_comment` is one that somebody wrote by hand: all such keys go to `extra`.
    by_hand = {"_comment", "task_name", "cancelled", "ui_state"}
    for file in WITH_KEYS:
        if file in files:
            assert set(files[file]) - keys_told(file) <= by_hand, file


def test_the_page_says_where_each_key_of_the_data_goes() -> None:
    keys = keys_told("project_data.json")
    for path, content in tree("g3").items():
        if path.endswith("/project_data.json"):
            assert {*content, *(key for row in content["statistics"] for key in row)} - keys <= {"note"}
    assert set(tree("g3")["profiles/profiles.json"]) <= keys_told("profiles.json")
    assert set(tree("g1")["jira_query_profiles.json"][0]) <= keys_told("jira_query_profiles.json")
    assert set(tree("g3")["profiles/p_0a1b2c3d4e5f/queries/q_112233445566/jira_cache.json"]) <= keys_told(
        "jira_cache.json"
    )
