"""What is not there (contract, chapter 7)."""

from __future__ import annotations

from copy import copy
from typing import Any

from burndown_spec.expectations import expect_error, expect_same
from burndown_spec.registry import clause
from burndown_spec.values.records import (
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
from burndown_store.contract import Backend, ProfileNotFoundError, QueryNotFoundError, ValidationError

# Backends are given copies of these lists, so that none can change what the next is judged by.
BATCHES: list[tuple[str, list[Any]]] = [
    ("save_issues", [an_issue("AB-1")]),
    ("replace_issues", [an_issue("AB-1")]),
    ("save_histories", [a_history("AB-1")]),
    ("save_statistics", [a_statistic()]),
    ("replace_statistics", [a_statistic()]),
    ("save_metrics", [a_metric()]),
]
WRITES_BELOW_A_QUERY: list[tuple[str, Any]] = [*BATCHES, ("save_cache_info", a_cache_info()), ("save_scope", a_scope())]
LISTS_BELOW_A_QUERY = (
    "get_issues",
    "get_histories",
    "get_changes",
    "list_history_keys",
    "get_statistics",
    "get_metrics",
)


def expect_nothing_below(backend: Backend, profile_id: str, query_id: str) -> None:
    for operation in LISTS_BELOW_A_QUERY:
        expect_same(getattr(backend, operation)(profile_id, query_id), [])
    expect_same(backend.get_cache_info(profile_id, query_id), None)
    expect_same(backend.get_scope(profile_id, query_id), None)


@clause(
    "reading-what-is-not-there",
    sentences="7.1",
    likely_causes=("a lookup raises where there is no row", "an empty record stands for one that is not there"),
)
def reading_what_is_not_there(backend: Backend) -> None:
    """Reading what is not there gives None or an empty list: in an empty store, and below no profile or no query."""
    expect_same(backend.list_profiles(), [])
    expect_same(backend.get_app_state("key"), None)
    expect_same(backend.list_app_state(), {})
    expect_same(backend.get_task("update"), None)
    expect_same(backend.list_tasks(), [])
    backend.save_profile(a_profile(id="p"))
    backend.save_query("p", a_query(id="q"))
    expect_same(backend.list_queries("nobody"), [])
    for profile_id, query_id in (("nobody", "q"), ("p", "none"), ("p", "q")):
        expect_same(backend.get_profile("nobody"), None)
        expect_same(backend.get_query(profile_id, "none"), None)
        expect_nothing_below(backend, profile_id, query_id)
    expect_same(backend.get_query("nobody", "q"), None)
    backend.save_issues("p", "q", [an_issue("AB-1")])
    backend.save_histories("p", "q", [a_history("AB-1")])
    backend.save_metrics("p", "q", [a_metric()])
    expect_same(backend.get_issues("p", "q", key="AB-9"), [])
    expect_same(backend.get_histories("p", "q", issue_key="AB-9"), [])
    expect_same(backend.get_changes("p", "q", issue_key="AB-9"), [])
    expect_same(backend.get_metrics("p", "q", name="none"), [])


@clause(
    "writing-below-no-profile",
    sentences="7.2",
    likely_causes=(
        "the profile is created on the way",
        "one error stands for both, or the query is looked up first",
        "rows are written before it is known that they lie below nothing",
    ),
)
def writing_below_no_profile(backend: Backend) -> None:
    """Every write below a profile that is not there raises `ProfileNotFoundError`, and nothing is written."""
    backend.save_profile(a_profile(id="another"))
    backend.save_query("another", a_query(id="q"))
    with expect_error(ProfileNotFoundError):
        backend.save_query("p", a_query(id="q"))
    for operation, given in WRITES_BELOW_A_QUERY:
        with expect_error(ProfileNotFoundError):
            getattr(backend, operation)("p", "q", copy(given))
    expect_same(backend.list_profiles(), [a_profile(id="another")])
    backend.save_profile(a_profile(id="p"))
    expect_same(backend.list_queries("p"), [])
    backend.save_query("p", a_query(id="q"))
    expect_nothing_below(backend, "p", "q")
    expect_nothing_below(backend, "another", "q")


@clause(
    "writing-below-no-query",
    sentences="7.2",
    likely_causes=(
        "the query is created on the way",
        "rows are written whether their query is there or not",
        "the query is found in another profile",
    ),
)
def writing_below_no_query(backend: Backend) -> None:
    """Every write below a query that is not there raises `QueryNotFoundError`, and nothing is written."""
    backend.save_profile(a_profile(id="p"))
    backend.save_profile(a_profile(id="another"))
    backend.save_query("another", a_query(id="q"))
    for operation, given in WRITES_BELOW_A_QUERY:
        with expect_error(QueryNotFoundError):
            getattr(backend, operation)("p", "q", copy(given))
    expect_same(backend.list_queries("p"), [])
    backend.save_query("p", a_query(id="q"))
    expect_nothing_below(backend, "p", "q")
    expect_nothing_below(backend, "another", "q")


@clause(
    "an-empty-batch-below-nothing",
    sentences="7.2",
    depends_on=("writing-below-no-profile", "writing-below-no-query"),
    likely_causes=(
        "a batch without records returns before anything is looked up",
        "only a row's foreign key would notice",
    ),
)
def an_empty_batch_below_nothing(backend: Backend) -> None:
    """A batch of no records raises as well where the profile or the query is not there."""
    for operation, _ in BATCHES:
        with expect_error(ProfileNotFoundError):
            getattr(backend, operation)("p", "q", [])
    backend.save_profile(a_profile(id="p"))
    for operation, _ in BATCHES:
        with expect_error(QueryNotFoundError):
            getattr(backend, operation)("p", "q", [])


@clause(
    "deleting-what-is-not-there",
    sentences="7.3",
    likely_causes=("the number of deleted rows is not looked at", "one error stands for both"),
)
def deleting_what_is_not_there(backend: Backend) -> None:
    """Deleting a profile or a query that is not there raises `ProfileNotFoundError` or `QueryNotFoundError`."""
    with expect_error(ProfileNotFoundError):
        backend.delete_profile("p")
    with expect_error(ProfileNotFoundError):
        backend.delete_query("p", "q")
    backend.save_profile(a_profile(id="p"))
    backend.save_profile(a_profile(id="another"))
    backend.save_query("another", a_query(id="q"))
    with expect_error(QueryNotFoundError):
        backend.delete_query("p", "q")
    with expect_error(ProfileNotFoundError):
        backend.delete_query("nobody", "q")
    backend.delete_query("another", "q")
    with expect_error(QueryNotFoundError):
        backend.delete_query("another", "q")
    backend.delete_profile("another")
    with expect_error(ProfileNotFoundError):
        backend.delete_profile("another")
    expect_same(backend.list_profiles(), [a_profile(id="p")])


@clause(
    "clearing-what-is-not-there",
    sentences="7.4",
    likely_causes=(
        "clearing raises as deleting a profile does",
        "what is not there is removed from a dict without a default",
    ),
)
def clearing_what_is_not_there(backend: Backend) -> None:
    """Clearing a task, or deleting a state key, that is not there does nothing, and may be done again."""
    backend.save_task(a_task(name="update"))
    backend.set_app_state("key", "value")
    for _ in ("once", "again"):
        backend.clear_task("none")
        backend.delete_app_state("none")
    expect_same(backend.list_tasks(), [a_task(name="update")])
    expect_same(backend.list_app_state(), {"key": "value"})
    for _ in ("once", "again"):
        backend.clear_task("update")
        backend.delete_app_state("key")
    expect_same(backend.list_tasks(), [])
    expect_same(backend.list_app_state(), {})


@clause(
    "writes-return-none",
    sentences="7.5",
    depends_on=("clearing-what-is-not-there",),
    likely_causes=("the driver's cursor, a row count or the saved record is handed out",),
)
def writes_return_none(backend: Backend) -> None:
    """Every write returns None: saves, replacements, deletes and clears, whether they change something or not."""
    saves: list[tuple[Any, ...]] = [
        ("save_profile", a_profile(id="p")),
        ("save_query", "p", a_query(id="q")),
        *((operation, "p", "q", copy(given)) for operation, given in WRITES_BELOW_A_QUERY),
        ("set_app_state", "key", "value"),
        ("save_task", a_task(name="update")),
    ]
    removals: list[tuple[Any, ...]] = [
        *[("delete_app_state", "key"), ("clear_task", "update")] * 2,
        ("delete_query", "p", "q"),
        ("delete_profile", "p"),
    ]
    for operation, *arguments in [*saves, *saves, *removals]:
        expect_same(getattr(backend, operation)(*arguments), None)


@clause(
    "no-batch-comes-before-not-found",
    sentences="6.4 12.2",
    depends_on=("refusals-in-order", "what-is-no-batch-is-refused"),
    likely_causes=("the query is looked for before it is asked whether there is a batch",),
)
def no_batch_comes_before_not_found(backend: Backend) -> None:
    """What is no batch is refused as invalid, also where the profile and the query are not there."""
    for operation, _ in BATCHES:
        for no_batch in (None, 5, "AB-1", [None]):
            with expect_error(ValidationError):
                getattr(backend, operation)("p", "q", copy(no_batch))
