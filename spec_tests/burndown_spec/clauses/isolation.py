"""Profiles and queries leave one another alone (contract, chapter 9)."""

from __future__ import annotations

from burndown_spec.expectations import expect_same
from burndown_spec.registry import clause
from burndown_spec.values.records import (
    a_cache_info,
    a_change,
    a_history,
    a_metric,
    a_profile,
    a_query,
    a_scope,
    a_statistic,
    a_task,
    an_issue,
    full_profile,
    full_query,
    full_task,
)
from burndown_spec.vocabulary import sorted_ids
from burndown_store.contract import Backend, ChangeEntry

# Names that could be taken for one another: one begins with the other, a path can be cut at two places, a pattern
# matches them all, and a profile and a query have each other's name.
PROFILES = (("a", "b/c"), ("a/b", "c"), ("ab", "c"), ("c", "a"), ("%", "c"))
QUERIES = (("p", "a"), ("p", "ab"), ("p", "a/b"), ("p", "p"), ("p", "%"))


def fill(backend: Backend, profile_id: str, query_id: str, owner: str) -> None:
    """Save one of each kind below the query, under identifiers that all queries share, with `owner` in its content."""
    backend.save_issues(profile_id, query_id, [an_issue("AB-1", summary=owner), an_issue("AB-2", summary=owner)])
    backend.save_histories(profile_id, query_id, [a_history("AB-1", changes=[a_change(to_text=owner)])])
    backend.save_statistics(profile_id, query_id, [a_statistic(extra={"owner": owner})])
    backend.save_metrics(profile_id, query_id, [a_metric(unit=owner)])
    backend.save_cache_info(profile_id, query_id, a_cache_info(jql=owner))
    backend.save_scope(profile_id, query_id, a_scope(values={"owner": owner}))


def expect_filled(backend: Backend, profile_id: str, query_id: str, owner: str) -> None:
    """Everything below the query is as `fill` left it, and a lookup by identifier finds the query's own."""
    issues = [an_issue("AB-1", summary=owner), an_issue("AB-2", summary=owner)]
    histories = [a_history("AB-1", changes=[a_change(to_text=owner)])]
    entries = [ChangeEntry(issue_key="AB-1", change=a_change(to_text=owner))]
    expect_same(backend.get_issues(profile_id, query_id), issues)
    expect_same(backend.get_histories(profile_id, query_id), histories)
    expect_same(backend.get_changes(profile_id, query_id), entries)
    expect_same(backend.get_issues(profile_id, query_id, key="AB-1"), [an_issue("AB-1", summary=owner)])
    expect_same(backend.get_histories(profile_id, query_id, issue_key="AB-1"), histories)
    expect_same(backend.get_metrics(profile_id, query_id, name="lead_time"), [a_metric(unit=owner)])
    expect_same(backend.list_history_keys(profile_id, query_id), ["AB-1"])
    expect_same(backend.get_statistics(profile_id, query_id), [a_statistic(extra={"owner": owner})])
    expect_same(backend.get_metrics(profile_id, query_id), [a_metric(unit=owner)])
    expect_same(backend.get_cache_info(profile_id, query_id), a_cache_info(jql=owner))
    expect_same(backend.get_scope(profile_id, query_id), a_scope(values={"owner": owner}))


def expect_empty(backend: Backend, profile_id: str, query_id: str) -> None:
    """There is nothing below the query."""
    expect_same(backend.get_issues(profile_id, query_id), [])
    expect_same(backend.get_histories(profile_id, query_id), [])
    expect_same(backend.get_changes(profile_id, query_id), [])
    expect_same(backend.list_history_keys(profile_id, query_id), [])
    expect_same(backend.get_statistics(profile_id, query_id), [])
    expect_same(backend.get_metrics(profile_id, query_id), [])
    expect_same(backend.get_cache_info(profile_id, query_id), None)
    expect_same(backend.get_scope(profile_id, query_id), None)


def with_queries(backend: Backend, *places: tuple[str, str]) -> None:
    """Save the profiles and queries, and fill each query with its own path as the owner."""
    for profile_id in dict.fromkeys(profile_id for profile_id, _ in places):
        backend.save_profile(a_profile(id=profile_id))
    for profile_id, query_id in places:
        backend.save_query(profile_id, a_query(id=query_id, name=f"{profile_id} | {query_id}"))
        fill(backend, profile_id, query_id, owner=f"{profile_id} | {query_id}")


def expect_unchanged(backend: Backend, *places: tuple[str, str]) -> None:
    """Each query is as `with_queries` left it, and so is its profile."""
    for profile_id, query_id in places:
        expect_same(backend.get_profile(profile_id), a_profile(id=profile_id))
        expect_same(backend.get_query(profile_id, query_id), a_query(id=query_id, name=f"{profile_id} | {query_id}"))
        expect_filled(backend, profile_id, query_id, owner=f"{profile_id} | {query_id}")


@clause(
    "profiles-are-apart",
    sentences="9.1",
    likely_causes=(
        "a key joins profile and query without telling where the one ends",
        "the condition on the profile is missing, or is a pattern",
        "identifiers of queries, issues or metrics are taken for unique in the whole store",
    ),
)
def profiles_are_apart(backend: Backend) -> None:
    """What is saved or replaced in one profile neither shows nor changes in another, whatever they are called."""
    with_queries(backend, *PROFILES)
    expect_unchanged(backend, *PROFILES)
    for profile_id, query_id in PROFILES:
        expect_same(backend.list_queries(profile_id), [a_query(id=query_id, name=f"{profile_id} | {query_id}")])
    backend.save_profile(a_profile(id="%", name="Team Green"))
    backend.save_query("%", a_query(id="c", name="changed"))
    backend.replace_issues("%", "c", [])
    backend.replace_statistics("%", "c", [])
    fill(backend, "%", "c", owner="changed")
    expect_unchanged(backend, *PROFILES[:-1])


@clause(
    "queries-are-apart",
    sentences="9.1",
    likely_causes=(
        "the condition on the query is missing, or is a pattern",
        "a profile's rows are replaced where only the query's are meant",
    ),
)
def queries_are_apart(backend: Backend) -> None:
    """What is saved or replaced in one query neither shows nor changes in another of the same profile."""
    with_queries(backend, *QUERIES)
    expect_unchanged(backend, *QUERIES)
    backend.save_query("p", a_query(id="%", name="changed"))
    backend.replace_issues("p", "%", [])
    backend.replace_statistics("p", "%", [])
    fill(backend, "p", "%", owner="changed")
    expect_unchanged(backend, *QUERIES[:-1])


@clause(
    "deleting-a-profile",
    sentences="9.2",
    depends_on=("profiles-are-apart",),
    likely_causes=(
        "foreign keys are not enforced, so that nothing cascades",
        "files are deleted by a prefix, or rows by a pattern",
        "one of the tables was forgotten",
    ),
)
def deleting_a_profile(backend: Backend) -> None:
    """Deleting a profile deletes its queries and all below them, and nothing else: no other profile, state or task."""
    with_queries(backend, *PROFILES, ("a", "c"))
    backend.save_task(a_task(name="a"))
    backend.set_app_state("a", "active")
    for deleted in ("a", "%"):
        backend.delete_profile(deleted)
        expect_same(backend.get_profile(deleted), None)
        expect_same(backend.list_queries(deleted), [])
        for query_id in ("b/c", "c"):
            expect_same(backend.get_query(deleted, query_id), None)
            expect_empty(backend, deleted, query_id)
    expect_same(backend.list_profiles(), ["a/b", "ab", "c"], view=sorted_ids)
    expect_unchanged(backend, *PROFILES[1:-1])
    expect_same(backend.list_tasks(), [a_task(name="a")])
    expect_same(backend.list_app_state(), {"a": "active"})


@clause(
    "deleting-a-query",
    sentences="9.3",
    depends_on=("queries-are-apart",),
    likely_causes=(
        "the rows below are left, or one of the tables was forgotten",
        "rows are deleted by the query's id alone, or by a pattern",
    ),
)
def deleting_a_query(backend: Backend) -> None:
    """Deleting a query deletes what lies below it, and nothing else: no other query, in this profile or another."""
    with_queries(backend, *QUERIES, ("another", "a"), ("another", "%"))
    for deleted in ("a", "%"):
        backend.delete_query("p", deleted)
        expect_same(backend.get_query("p", deleted), None)
        expect_empty(backend, "p", deleted)
    expect_same(backend.list_queries("p"), ["a/b", "ab", "p"], view=sorted_ids)
    expect_unchanged(backend, *QUERIES[1:-1], ("another", "a"), ("another", "%"))


@clause(
    "a-name-used-again",
    sentences="9.4",
    depends_on=("deleting-a-profile", "deleting-a-query"),
    likely_causes=(
        "what lay below stays as orphans, which the new owner of the name inherits",
        "a deletion only marks the record, and saving takes the mark away",
    ),
)
def a_name_used_again(backend: Backend) -> None:
    """A profile or a query that is saved under the name of a deleted one starts empty."""
    with_queries(backend, ("p", "q"), ("p", "r"))
    backend.delete_query("p", "q")
    backend.save_query("p", a_query(id="q"))
    expect_empty(backend, "p", "q")
    fill(backend, "p", "q", owner="second")
    backend.delete_profile("p")
    backend.save_profile(a_profile(id="p"))
    expect_same(backend.list_queries("p"), [])
    for query_id in ("q", "r"):
        backend.save_query("p", a_query(id=query_id))
        expect_empty(backend, "p", query_id)


@clause(
    "saving-again-keeps-what-is-below",
    sentences="9.5",
    depends_on=("queries-are-apart",),
    likely_causes=(
        "INSERT OR REPLACE deletes the old row, and the deletion cascades",
        "saving writes a new, empty folder or document",
        "fields that the new record leaves empty keep their old values",
    ),
)
def saving_again_keeps_what_is_below(backend: Backend) -> None:
    """Saving a profile or a query again replaces its whole record and keeps everything below it."""
    with_queries(backend, ("p", "q"), ("p", "r"))
    backend.save_profile(a_profile(id="p", description="described", show_points=True, extra={"a": 1}))
    backend.save_profile(a_profile(id="p", name="Team Green"))
    expect_same(backend.get_profile("p"), a_profile(id="p", name="Team Green"))
    expect_same(backend.list_queries("p"), ["q", "r"], view=sorted_ids)
    expect_filled(backend, "p", "q", owner="p | q")
    expect_filled(backend, "p", "r", owner="p | r")
    backend.save_query("p", a_query(id="q", description="described", extra={"a": 1}))
    backend.save_query("p", a_query(id="q", name="Renamed"))
    expect_same(backend.get_query("p", "q"), a_query(id="q", name="Renamed"))
    expect_filled(backend, "p", "q", owner="p | q")
    expect_filled(backend, "p", "r", owner="p | r")


@clause(
    "saving-again-replaces-every-field",
    sentences="9.5",
    depends_on=("profile-comes-back", "query-comes-back", "task-comes-back", "saving-again-keeps-what-is-below"),
    likely_causes=("a column is missing from ON CONFLICT DO UPDATE", "an empty value keeps the old one (COALESCE)"),
)
def saving_again_replaces_every_field(backend: Backend) -> None:
    """A profile, a query and a task that are saved again are the new record in every field, fuller or barer."""
    for profile in (full_profile("p"), a_profile("p"), full_profile("p")):
        backend.save_profile(profile)
        expect_same(backend.get_profile("p"), profile)
    for query in (full_query("q"), a_query("q"), full_query("q")):
        backend.save_query("p", query)
        expect_same(backend.get_query("p", "q"), query)
    for task in (full_task("t"), a_task("t"), full_task("t")):
        backend.save_task(task)
        expect_same(backend.get_task("t"), task)


@clause(
    "tasks-and-state-are-apart",
    sentences="7.4 9.1",
    depends_on=("clearing-what-is-not-there",),
    likely_causes=("tasks and application state share a table, and only reading tells them apart",),
)
def tasks_and_state_are_apart(backend: Backend) -> None:
    """A task and a state key of one name have nothing to do with each other."""
    for name in ("a", "b"):
        backend.set_app_state(name, "value")
        backend.save_task(a_task(name))
    backend.clear_task("a")
    backend.delete_app_state("b")
    expect_same(backend.list_app_state(), {"a": "value"})
    expect_same(backend.list_tasks(), [a_task("b")])
