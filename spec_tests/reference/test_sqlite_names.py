"""The log names the operation, and a refusal the operation or the argument that it is about."""

from __future__ import annotations

import logging
import re
import threading
from typing import Any

import pytest

from burndown_store.contract import ClosedError, ProfileNotFoundError, QueryNotFoundError, UsageError, ValidationError
from burndown_store.sqlite import SqliteBackend
from sqlite_samples import (
    NOON,
    a_cache_info,
    a_history,
    a_metric,
    a_profile,
    a_query,
    a_scope,
    a_statistic,
    a_task,
    an_issue,
)

Arguments = dict[str, Any]

PLACE: Arguments = {"profile_id": "p", "query_id": "q"}
READS: dict[str, Arguments] = {
    "get_profile": {"profile_id": "p"},
    "list_profiles": {},
    "get_query": PLACE,
    "list_queries": {"profile_id": "p"},
    "get_app_state": {"key": "k"},
    "list_app_state": {},
    "get_task": {"name": "fetch"},
    "list_tasks": {},
    "get_issues": {
        **PLACE,
        "key": "AB-1",
        "status": "s",
        "assignee": "a",
        "issue_type": "t",
        "project_key": "AB",
        "valid_at": NOON,
        "limit": 1,
    },
    "get_cache_info": PLACE,
    "get_histories": {**PLACE, "issue_key": "AB-1", "valid_at": NOON},
    "get_changes": {
        **PLACE,
        "issue_key": "AB-1",
        "field": "status",
        "start": NOON,
        "end": NOON,
        "valid_at": NOON,
        "limit": 1,
    },
    "list_history_keys": PLACE,
    "get_statistics": {**PLACE, "start": a_statistic().date, "end": a_statistic().date, "limit": 1},
    "get_scope": PLACE,
    "get_metrics": {
        **PLACE,
        "name": "n",
        "category": "c",
        "start": "2025-W44",
        "end": "2025-W44",
        "limit": 1,
    },
    "check": {},
    "size_bytes": {},
    "snapshot": {},
}
WRITES: dict[str, Arguments] = {
    "save_query": {"profile_id": "p", "query": a_query()},
    "save_profile": {"profile": a_profile()},
    "set_app_state": {"key": "k", "value": "v"},
    "delete_app_state": {"key": "k"},
    "save_task": {"task": a_task()},
    "clear_task": {"name": "fetch"},
    "save_issues": {**PLACE, "issues": [an_issue("AB-1")]},
    "replace_issues": {**PLACE, "issues": [an_issue("AB-1")]},
    "save_cache_info": {**PLACE, "info": a_cache_info()},
    "save_histories": {**PLACE, "histories": [a_history("AB-1")]},
    "save_statistics": {**PLACE, "statistics": [a_statistic()]},
    "replace_statistics": {**PLACE, "statistics": [a_statistic()]},
    "save_scope": {**PLACE, "scope": a_scope()},
    "save_metrics": {**PLACE, "metrics": [a_metric()]},
    "delete_expired": {"now": NOON},
    "delete_query": PLACE,
    "delete_profile": {"profile_id": "p"},
    "transaction": {},
}
OPERATIONS = {**READS, **WRITES}
# What is said of an argument that is a record or a batch; every other is named.
SAID_OF = {
    "profile": "expected Profile, got object",
    "query": "expected Query, got object",
    "task": "expected Task, got object",
    "info": "expected CacheInfo, got object",
    "scope": "expected Scope, got object",
    "issues": "expected an iterable of Issue, got object",
    "histories": "expected an iterable of History, got object",
    "statistics": "expected an iterable of Statistic, got object",
    "metrics": "expected an iterable of Metric, got object",
}
REFUSED = [(operation, argument) for operation, arguments in OPERATIONS.items() for argument in arguments]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_is_logged_by_its_name_alone(
    store: SqliteBackend, operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        getattr(store, operation)(**OPERATIONS[operation])
    assert [(record.name, record.getMessage()) for record in caplog.records] == [("burndown_store.sqlite", operation)]


@pytest.mark.parametrize(("operation", "argument"), REFUSED, ids=["-".join(each) for each in REFUSED])
def test_a_refused_argument_is_named(store: SqliteBackend, operation: str, argument: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        getattr(store, operation)(**{**OPERATIONS[operation], argument: object()})
    assert str(refusal.value).startswith(SAID_OF.get(argument, f"{argument}: "))


@pytest.mark.parametrize("operation", WRITES)
def test_a_write_that_a_snapshot_refuses_is_named(store: SqliteBackend, operation: str) -> None:
    with store.snapshot(), pytest.raises(UsageError, match=rf"^{operation}: a snapshot only reads; "):
        getattr(store, operation)(**WRITES[operation])


def test_a_transaction_that_was_asked_for_before_a_snapshot_is_named(store: SqliteBackend) -> None:
    transaction = store.transaction()
    with store.snapshot(), pytest.raises(UsageError, match=r"^transaction: a snapshot only reads; "), transaction:
        pass


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_closed_handle_says_which_store_it_was(store: SqliteBackend, operation: str) -> None:
    store.close()
    with pytest.raises(ClosedError, match=rf"^{re.escape(store._file.path)}: this handle was closed; open the store"):
        getattr(store, operation)(**OPERATIONS[operation])


def test_what_was_open_when_another_thread_closed_says_so_at_its_end(store: SqliteBackend) -> None:
    snapshot = store.snapshot()
    snapshot.__enter__()
    closing = threading.Thread(target=store.close)
    closing.start()
    closing.join()
    with pytest.raises(ClosedError, match=rf"^{re.escape(store._file.path)}: this handle was closed; open the store"):
        snapshot.__exit__(None, None, None)


def test_closing_inside_ones_own_transaction_is_named(store: SqliteBackend) -> None:
    with store.transaction(), pytest.raises(UsageError, match=r"^close: this thread has a transaction or a snapshot"):
        store.close()


def test_what_is_not_there_is_said_with_what_to_do(store: SqliteBackend) -> None:
    with pytest.raises(ProfileNotFoundError, match=r"^there is no such profile; save it first"):
        store.delete_profile("nobody")
    with pytest.raises(QueryNotFoundError, match=r"^there is no such query in the profile; save it first"):
        store.delete_query("p", "nothing")
