"""How SQLite finds what the operations ask for, judged on the statements that they really issue."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from burndown_store.sqlite import SqliteBackend
from sqlite_samples import (
    a_cache_info,
    a_change,
    a_history,
    a_metric,
    a_profile,
    a_query,
    a_scope,
    a_statistic,
    an_issue,
    minutes,
)

PLACE = ("p", "q")
DAY, WEEK = date(2025, 11, 3), "2025-W44"

# The operation, its arguments and filters, and the search that finds its rows.
SEARCHES: list[tuple[str, tuple[str, ...], dict[str, object], str]] = [
    ("get_app_state", ("key",), {}, "app_state USING PRIMARY KEY (key=?)"),
    ("get_task", ("fetch",), {}, "tasks USING PRIMARY KEY (name=?)"),
    ("get_profile", ("p",), {}, "profiles USING PRIMARY KEY (id=?)"),
    ("get_query", PLACE, {}, "queries USING INDEX sqlite_autoindex_queries_1 (profile_id=? AND id=?)"),
    ("list_queries", ("p",), {}, "queries USING INDEX sqlite_autoindex_queries_1 (profile_id=?)"),
    ("get_issues", PLACE, {"key": "AB-1"}, "issues USING INDEX sqlite_autoindex_issues_1 (query=? AND key=?)"),
    ("get_issues", PLACE, {"status": "Open"}, "issues USING INDEX issues_by_status (query=? AND status=?)"),
    ("get_issues", PLACE, {"assignee": "A"}, "issues USING INDEX issues_by_assignee (query=? AND assignee=?)"),
    ("get_issues", PLACE, {"issue_type": "Bug"}, "issues USING INDEX issues_by_type (query=? AND issue_type=?)"),
    ("get_issues", PLACE, {"project_key": "AB"}, "issues USING INDEX issues_by_project (query=? AND project_key=?)"),
    ("get_cache_info", PLACE, {}, "cache_info USING INTEGER PRIMARY KEY (rowid=?)"),
    ("get_histories", PLACE, {"issue_key": "AB-1"}, "histories USING PRIMARY KEY (query=? AND issue_key=?)"),
    ("get_histories", PLACE, {"issue_key": "AB-1"}, "changes USING PRIMARY KEY (query=? AND issue_key=?)"),
    ("list_history_keys", PLACE, {}, "histories USING PRIMARY KEY (query=?)"),
    ("get_changes", PLACE, {}, "changes USING INDEX changes_by_time (query=?)"),
    ("get_changes", PLACE, {"issue_key": "AB-1"}, "changes USING PRIMARY KEY (query=? AND issue_key=?)"),
    (
        "get_changes",
        PLACE,
        {"issue_key": "AB-1", "field": "status", "start": minutes(0), "end": minutes(1)},
        "changes USING PRIMARY KEY (query=? AND issue_key=?)",
    ),
    ("get_changes", PLACE, {"field": "status"}, "changes USING INDEX changes_by_field (query=? AND field=?)"),
    (
        "get_changes",
        PLACE,
        {"field": "status", "start": minutes(0), "end": minutes(1)},
        "changes USING INDEX changes_by_field (query=? AND field=? AND changed_at>? AND changed_at<?)",
    ),
    (
        "get_changes",
        PLACE,
        {"start": minutes(0), "end": minutes(1)},
        "changes USING INDEX changes_by_time (query=? AND changed_at>? AND changed_at<?)",
    ),
    ("get_changes", PLACE, {"start": minutes(0)}, "changes USING INDEX changes_by_time (query=? AND changed_at>?)"),
    ("get_changes", PLACE, {"end": minutes(0)}, "changes USING INDEX changes_by_time (query=? AND changed_at<?)"),
    ("get_changes", PLACE, {"valid_at": minutes(0)}, "histories USING PRIMARY KEY (query=? AND issue_key=?)"),
    ("get_statistics", PLACE, {}, "statistics USING PRIMARY KEY (query=?)"),
    (
        "get_statistics",
        PLACE,
        {"start": DAY, "end": DAY},
        "statistics USING PRIMARY KEY (query=? AND date>? AND date<?)",
    ),
    ("get_scope", PLACE, {}, "scopes USING INTEGER PRIMARY KEY (rowid=?)"),
    ("get_metrics", PLACE, {}, "metrics USING PRIMARY KEY (query=?)"),
    ("get_metrics", PLACE, {"start": WEEK, "end": WEEK}, "metrics USING PRIMARY KEY (query=? AND week>? AND week<?)"),
    ("get_metrics", PLACE, {"name": "n"}, "metrics USING INDEX metrics_by_name (query=? AND name=?)"),
    (
        "get_metrics",
        PLACE,
        {"name": "n", "category": "dora", "start": WEEK, "end": WEEK},
        "metrics USING INDEX metrics_by_name (query=? AND name=? AND week>? AND week<?)",
    ),
    ("get_metrics", PLACE, {"category": "d"}, "metrics USING INDEX metrics_by_category (query=? AND category=?)"),
    (
        "get_metrics",
        PLACE,
        {"category": "dora", "start": WEEK, "end": WEEK},
        "metrics USING INDEX metrics_by_category (query=? AND category=? AND week>? AND week<?)",
    ),
]


@pytest.mark.parametrize(
    ("operation", "arguments", "filters", "search"),
    SEARCHES,
    ids=[f"{operation}({', '.join(filters)})" for operation, _, filters, _ in SEARCHES],
)
def test_every_filter_and_range_is_a_search(
    store: SqliteBackend, operation: str, arguments: tuple[str, ...], filters: dict[str, object], search: str
) -> None:
    steps = steps_of(store, lambda: getattr(store, operation)(*arguments, **filters))

    assert f"SEARCH {search}" in steps
    assert not [step for step in steps if step.startswith("SCAN")]


@pytest.mark.parametrize(
    ("filters"), [{}, {"field": "status"}, {"field": "status", "end": minutes(1)}, {"valid_at": minutes(0)}]
)
def test_changes_come_out_of_their_index_in_order(store: SqliteBackend, filters: dict[str, Any]) -> None:
    steps = steps_of(store, lambda: store.get_changes(*PLACE, **filters))

    assert not [step for step in steps if "ORDER BY" in step]


@pytest.mark.parametrize("filters", [{}, {"name": "n"}, {"category": "dora", "start": WEEK}])
def test_metrics_come_out_of_their_index_in_order(store: SqliteBackend, filters: dict[str, Any]) -> None:
    assert not [step for step in steps_of(store, lambda: store.get_metrics(*PLACE, **filters)) if "ORDER BY" in step]


def test_only_expiry_and_lists_of_everything_read_whole_tables(store: SqliteBackend) -> None:
    fill(store)
    writes: list[Callable[[], object]] = [
        lambda: store.save_profile(a_profile()),
        lambda: store.save_query("p", a_query()),
        lambda: fill(store),
        lambda: store.replace_issues(*PLACE, [an_issue("AB-2")]),
        lambda: store.replace_statistics(*PLACE, []),
        lambda: store.delete_app_state("key"),
        lambda: store.clear_task("fetch"),
        lambda: store.delete_query(*PLACE),
        lambda: store.delete_profile("p"),
    ]
    assert not [step for write in writes for step in steps_of(store, write) if step.startswith("SCAN")]

    expiry = steps_of(store, lambda: store.delete_expired(minutes(0)))
    assert {step for step in expiry if step.startswith("SCAN")} == {"SCAN issues", "SCAN histories"}


def test_no_index_is_there_for_nothing(store: SqliteBackend) -> None:
    steps = [
        step
        for operation, arguments, filters, _ in SEARCHES
        for step in steps_of(store, lambda: getattr(store, operation)(*arguments, **filters))  # noqa: B023 - called at once
    ]
    indexes = store._session.rows("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL", (), str)

    assert [index for index in indexes if not any(f" {index} " in step for step in steps)] == []


def test_no_index_holds_what_every_save_rewrites(store: SqliteBackend) -> None:
    definitions = store._session.rows("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL", (), str)

    assert definitions
    assert not [definition for definition in definitions if "expires_at" in definition]


def fill(store: SqliteBackend) -> None:
    store.save_issues(*PLACE, [an_issue("AB-1")])
    store.save_histories(*PLACE, [a_history("AB-1", a_change())])
    store.save_statistics(*PLACE, [a_statistic()])
    store.save_metrics(*PLACE, [a_metric()])
    store.save_scope(*PLACE, a_scope())
    store.save_cache_info(*PLACE, a_cache_info())


def steps_of(store: SqliteBackend, call: Callable[[], object]) -> list[str]:
    """What SQLite plans to do for the statements that `call` issues on this thread's connection."""
    connection = store._session._connection
    issued: list[str] = []
    connection.set_trace_callback(issued.append)
    try:
        call()
    finally:
        connection.set_trace_callback(None)
    return [step for statement in issued for step in plan(connection, statement)]


def plan(connection: sqlite3.Connection, statement: str) -> list[str]:
    if statement.partition(" ")[0] not in ("SELECT", "INSERT", "DELETE"):
        return []
    return [step for _, _, _, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
