"""Batches: what is one, how it is read, and what becomes of what is there (contract, chapter 12)."""

from __future__ import annotations

from datetime import date
from typing import Any

from burndown_spec.expectations import expect_error, expect_same
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
from burndown_spec.values.records import (
    a_change,
    a_history,
    a_metric,
    a_profile,
    a_query,
    a_statistic,
    a_task,
    an_issue,
    full_history,
    full_issue,
    full_metric,
    full_statistic,
)
from burndown_spec.vocabulary import (
    CallingFeed,
    Collected,
    Feed,
    Iterated,
    by_identity,
    in_thread,
    many_histories,
    many_issues,
    many_metrics,
    many_statistics,
    sorted_days,
    sorted_issue_keys,
    sorted_keys,
    sorted_metrics,
)
from burndown_store.contract import Backend, QueryNotFoundError, ValidationError

MONDAY, TUESDAY, WEDNESDAY = date(2025, 10, 27), date(2025, 10, 28), date(2025, 10, 29)

BATCHES: tuple[tuple[str, Any], ...] = (
    ("save_issues", an_issue("AB-1")),
    ("replace_issues", an_issue("AB-1")),
    ("save_histories", a_history("AB-1")),
    ("save_statistics", a_statistic(MONDAY)),
    ("replace_statistics", a_statistic(MONDAY)),
    ("save_metrics", a_metric("2025-W44", "lead time")),
)


@clause(
    "a-batch-is-any-iterable",
    sentences="12.1",
    likely_causes=(
        "the batch is read twice, and a generator gives its records once",
        "the batch is asked for its length, or for the record at a position",
        "lists, tuples and iterators are known by their kind, and nothing else is taken",
        "an empty batch is made into a statement without rows",
    ),
)
def a_batch_is_any_iterable(backend: Backend) -> None:
    """Lists, tuples, generators and whatever else gives records are batches, with two records, one or none."""
    backend.save_profile(a_profile())
    kinds: tuple[tuple[str, Any], ...] = (("lists", list), ("tuples", tuple), ("generators", Feed))
    kinds += (("without a length", Iterated), ("without positions", Collected))
    for query_id, batch_of in kinds:
        backend.save_query("p", a_query(query_id))
        backend.replace_issues("p", query_id, batch_of([]))
        backend.save_issues("p", query_id, batch_of([an_issue("AB-1")]))
        backend.save_issues("p", query_id, batch_of([]))
        expect_same(backend.get_issues("p", query_id), ["AB-1"], view=sorted_keys)
        backend.replace_issues("p", query_id, batch_of([an_issue("AB-1"), an_issue("AB-2"), an_issue("AB-3")]))
        expect_same(backend.get_issues("p", query_id), ["AB-1", "AB-2", "AB-3"], view=sorted_keys)
        backend.save_histories("p", query_id, batch_of([a_history("AB-1"), a_history("AB-2")]))
        backend.save_histories("p", query_id, batch_of([]))
        expect_same(backend.get_histories("p", query_id), ["AB-1", "AB-2"], view=sorted_issue_keys)
        backend.replace_statistics("p", query_id, batch_of([]))
        backend.save_statistics("p", query_id, batch_of([a_statistic(MONDAY)]))
        backend.save_statistics("p", query_id, batch_of([]))
        expect_same(backend.get_statistics("p", query_id), [MONDAY], view=sorted_days)
        backend.replace_statistics("p", query_id, batch_of([a_statistic(MONDAY), a_statistic(TUESDAY)]))
        expect_same(backend.get_statistics("p", query_id), [MONDAY, TUESDAY], view=sorted_days)
        backend.save_metrics("p", query_id, batch_of([a_metric("2025-W44", "lead time")]))
        backend.save_metrics("p", query_id, batch_of([]))
        expect_same(backend.get_metrics("p", query_id), ["2025-W44 lead time"], view=sorted_metrics)


@clause(
    "ten-thousand-in-one-batch",
    slow=True,
    sentences="12.1",
    depends_on=("a-batch-is-any-iterable",),
    likely_causes=(
        "one statement with a parameter for each row is longer than the driver allows",
        "the batch is cut into parts, and the last part is forgotten",
        "an answer is read page by page, and only the first page is given",
    ),
)
def ten_thousand_in_one_batch(backend: Backend, stage: Stage) -> None:
    """A batch of ten thousand records is stored whole and read whole: issues, histories, statistics and metrics."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    issues = stage.do(many_issues, 10_000)
    backend.save_issues("p", "q", issues)
    expect_same(backend.get_issues("p", "q"), stage.do(sorted_keys, issues), view=sorted_keys)
    histories = stage.do(many_histories, 10_000)
    backend.save_histories("p", "q", histories)
    expect_same(backend.get_histories("p", "q"), stage.do(sorted_issue_keys, histories), view=sorted_issue_keys)
    statistics = stage.do(many_statistics, 10_000)
    backend.save_statistics("p", "q", statistics)
    expect_same(backend.get_statistics("p", "q"), stage.do(sorted_days, statistics), view=sorted_days)
    metrics = stage.do(many_metrics, 10_000)
    backend.save_metrics("p", "q", metrics)
    expect_same(backend.get_metrics("p", "q"), stage.do(sorted_metrics, metrics), view=sorted_metrics)


@clause(
    "what-is-no-batch-is-refused",
    sentences="12.2",
    likely_causes=(
        "an empty text, or an empty mapping, goes through a loop that never runs",
        "a single record is taken for a batch of one",
        "the kind of the records is not compared",
    ),
)
def what_is_no_batch_is_refused(backend: Backend) -> None:
    """A str, bytes, a mapping, a single record, and an iterable of anything but the operation's records are refused."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    for operation, record in BATCHES:
        shapes: tuple[object, ...] = (
            "",
            "AB-1",
            b"",
            b"AB-1",
            bytearray(b""),
            {},
            {"AB-1": record},
            record,
            None,
            0,
            True,
        )
        contents = (
            [None],
            ["AB-1"],
            [1],
            [{"key": "AB-1"}],
            [[record]],
            [a_task("one")],
            [record, a_task("one")],
            Feed([record, 1]),
        )
        for no_batch in (*shapes, *contents):
            with expect_error(ValidationError):
                getattr(backend, operation)("p", "q", no_batch)
    expect_same(backend.get_issues("p", "q"), [])
    expect_same(backend.get_histories("p", "q"), [])
    expect_same(backend.get_statistics("p", "q"), [])
    expect_same(backend.get_metrics("p", "q"), [])


@clause(
    "a-batch-is-read-before-anything-is-locked",
    sentences="12.3",
    depends_on=("a-batch-is-any-iterable", "threads-share-a-handle", "two-handles-see-each-other"),
    likely_causes=(
        "the transaction begins before the batch is read",
        "rows are written one by one while the iterator runs",
        "whether the query is there is asked before the batch is read, and not again",
    ),
)
def a_batch_is_read_before_anything_is_locked(backend: Backend, stage: Stage) -> None:
    """The iterator of a batch may use the store while it is read, through any handle and from any thread."""
    other = stage.open(timeout=2.0)
    backend.save_profile(a_profile())
    for query_id in ("q", "gone"):
        backend.save_query("p", a_query(query_id))
    for operation, record in BATCHES:
        elsewhere = stage.do(CallingFeed, [record], in_thread, other.save_task, a_task(operation, status="elsewhere"))
        getattr(backend, operation)("p", "q", elsewhere)
        expect_same(backend.get_task(operation), a_task(operation, status="elsewhere"))
        here = stage.do(CallingFeed, [record], backend.save_task, a_task(operation, status="here"))
        getattr(backend, operation)("p", "q", here)
        expect_same(backend.get_task(operation), a_task(operation, status="here"))
    expect_same(backend.get_issues("p", "q"), ["AB-1"], view=sorted_keys)
    expect_same(backend.get_histories("p", "q"), ["AB-1"], view=sorted_issue_keys)
    expect_same(backend.get_statistics("p", "q"), [MONDAY], view=sorted_days)
    expect_same(backend.get_metrics("p", "q"), ["2025-W44 lead time"], view=sorted_metrics)
    deleting = stage.do(CallingFeed, [an_issue("AB-1")], backend.delete_query, "p", "gone")
    with expect_error(QueryNotFoundError):
        backend.save_issues("p", "gone", deleting)


@clause(
    "the-last-of-equal-identities-counts",
    sentences="12.4",
    depends_on=("a-saved-history-is-exactly-the-one-given",),
    likely_causes=(
        "INSERT OR IGNORE, or ON CONFLICT DO NOTHING",
        "a plain INSERT fails at the second one",
        "one statement may not touch a row twice (PostgreSQL's ON CONFLICT DO UPDATE)",
    ),
)
def the_last_of_equal_identities_counts(backend: Backend) -> None:
    """Of two records with one identity in a batch the last one counts, whether or not one was there before."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    for there in ("nothing is there", "something is there"):
        first, last = f"first, {there}", f"last, {there}"
        issues = [an_issue("AB-1", status=first), an_issue("AB-2"), an_issue("AB-1", status=last)]
        backend.save_issues("p", "q", issues)
        expect_same(backend.get_issues("p", "q"), [issues[2], issues[1]], view=by_identity)
        backend.replace_issues("p", "q", issues)
        expect_same(backend.get_issues("p", "q"), [issues[2], issues[1]], view=by_identity)
        one, two = a_change(field=first), a_change(field=last)
        histories = [a_history("AB-1", changes=[one, one]), a_history("AB-2"), a_history("AB-1", changes=[two])]
        backend.save_histories("p", "q", histories)
        expect_same(backend.get_histories("p", "q"), [histories[2], histories[1]], view=by_identity)
        statistics = [a_statistic(MONDAY, created_items=1), a_statistic(TUESDAY), a_statistic(MONDAY, created_items=2)]
        backend.save_statistics("p", "q", statistics)
        expect_same(backend.get_statistics("p", "q"), [statistics[2], statistics[1]], view=by_identity)
        backend.replace_statistics("p", "q", statistics)
        expect_same(backend.get_statistics("p", "q"), [statistics[2], statistics[1]], view=by_identity)
        metrics = [a_metric("2025-W44", "a", value=1.5), a_metric("2025-W44", "b"), a_metric("2025-W44", "a")]
        backend.save_metrics("p", "q", metrics)
        expect_same(backend.get_metrics("p", "q"), [metrics[2], metrics[1]], view=by_identity)


@clause(
    "an-upsert-replaces-the-whole-record",
    sentences="12.5",
    likely_causes=(
        "COALESCE(excluded.column, column) keeps the old value where the new one is None",
        "a column is missing from ON CONFLICT DO UPDATE SET",
        "JSON is merged with what was there",
    ),
)
def an_upsert_replaces_the_whole_record(backend: Backend) -> None:
    """An issue, statistic or metric saved again keeps nothing of what it was; one that was not there is inserted."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    issue, statistic = an_issue("AB-1"), a_statistic(MONDAY)
    metric = a_metric("2025-W44", "a")
    backend.save_issues("p", "q", [full_issue("AB-1")])
    backend.save_issues("p", "q", [issue, an_issue("AB-2")])
    expect_same(backend.get_issues("p", "q", key="AB-1"), [issue])
    expect_same(backend.get_issues("p", "q"), ["AB-1", "AB-2"], view=sorted_keys)
    backend.save_statistics("p", "q", [full_statistic(MONDAY)])
    backend.save_statistics("p", "q", [statistic, a_statistic(TUESDAY)])
    expect_same(backend.get_statistics("p", "q"), [statistic, a_statistic(TUESDAY)], view=by_identity)
    backend.save_metrics("p", "q", [full_metric("2025-W44", "a")])
    backend.save_metrics("p", "q", [metric, a_metric("2025-W44", "b")])
    expect_same(backend.get_metrics("p", "q"), [metric, a_metric("2025-W44", "b")], view=by_identity)


@clause(
    "an-upsert-leaves-what-it-does-not-name",
    sentences="12.6",
    likely_causes=("everything is deleted and written again", "one file holds the whole set and is overwritten"),
)
def an_upsert_leaves_what_it_does_not_name(backend: Backend) -> None:
    """Issues, histories, statistics and metrics that a save does not name stay as they were."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    backend.save_issues("p", "q", [an_issue("AB-2", status="stays"), an_issue("AB-3")])
    backend.save_issues("p", "q", [an_issue("AB-1"), an_issue("AB-3")])
    expect_same(backend.get_issues("p", "q"), ["AB-1", "AB-2", "AB-3"], view=sorted_keys)
    expect_same(backend.get_issues("p", "q", key="AB-2"), [an_issue("AB-2", status="stays")])
    stays = a_history("AB-2", changes=[a_change(field="stays"), a_change(field="too")])
    backend.save_histories("p", "q", [stays, a_history("AB-3")])
    backend.save_histories("p", "q", [a_history("AB-1"), a_history("AB-3")])
    expect_same(backend.get_histories("p", "q"), [a_history("AB-1"), stays, a_history("AB-3")], view=by_identity)
    backend.save_statistics("p", "q", [a_statistic(TUESDAY), a_statistic(WEDNESDAY)])
    backend.save_statistics("p", "q", [a_statistic(MONDAY), a_statistic(WEDNESDAY)])
    expect_same(backend.get_statistics("p", "q"), [MONDAY, TUESDAY, WEDNESDAY], view=sorted_days)
    backend.save_metrics("p", "q", [a_metric("2025-W44", "a"), a_metric("2025-W44", "c")])
    backend.save_metrics("p", "q", [a_metric("2025-W43", "a"), a_metric("2025-W44", "b"), a_metric("2025-W45", "a")])
    expect_same(
        backend.get_metrics("p", "q"),
        ["2025-W43 a", "2025-W44 a", "2025-W44 b", "2025-W44 c", "2025-W45 a"],
        view=sorted_metrics,
    )


@clause(
    "a-replacement-is-exact",
    sentences="12.7",
    likely_causes=(
        "what is no longer named is not deleted",
        "an early return for an empty batch",
        "rows are deleted from the earliest to the latest date given, and not all",
    ),
)
def a_replacement_is_exact(backend: Backend) -> None:
    """`replace_issues` and `replace_statistics` leave exactly what they are given, which may be nothing."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    backend.save_issues("p", "q", [full_issue("AB-1"), an_issue("AB-2"), an_issue("AB-5")])
    backend.replace_issues("p", "q", [an_issue("AB-1"), an_issue("AB-3")])
    expect_same(backend.get_issues("p", "q"), [an_issue("AB-1"), an_issue("AB-3")], view=by_identity)
    backend.replace_issues("p", "q", [])
    expect_same(backend.get_issues("p", "q"), [])
    backend.save_statistics("p", "q", [full_statistic(TUESDAY), a_statistic(MONDAY), a_statistic(WEDNESDAY)])
    backend.replace_statistics("p", "q", [a_statistic(TUESDAY)])
    expect_same(backend.get_statistics("p", "q"), [a_statistic(TUESDAY)])
    backend.replace_statistics("p", "q", [])
    expect_same(backend.get_statistics("p", "q"), [])


@clause(
    "a-saved-history-is-exactly-the-one-given",
    sentences="12.8",
    likely_causes=(
        "changes are added to those that are there",
        "a history without changes leaves no row",
        "changes that are equal are stored once",
    ),
)
def a_saved_history_is_exactly_the_one_given(backend: Backend) -> None:
    """A saved history has exactly the changes given, in their order; given none, it is empty, but there."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    old, new = a_change(field="status"), a_change(field="assignee")
    backend.save_histories("p", "q", [full_history("AB-1")])
    backend.save_histories("p", "q", [a_history("AB-1", changes=[old, old, new]), a_history("AB-2", changes=[old])])
    expect_same(backend.get_histories("p", "q", issue_key="AB-1"), [a_history("AB-1", changes=[old, old, new])])
    backend.save_histories("p", "q", [a_history("AB-1", changes=[new])])
    expect_same(backend.get_histories("p", "q", issue_key="AB-1"), [a_history("AB-1", changes=[new])])
    expect_same(backend.get_changes("p", "q"), ["AB-1", "AB-2"], view=sorted_issue_keys)
    backend.save_histories("p", "q", [a_history("AB-1")])
    expect_same(backend.get_histories("p", "q", issue_key="AB-1"), [a_history("AB-1")])
    expect_same(backend.get_histories("p", "q"), ["AB-1", "AB-2"], view=sorted_issue_keys)
    expect_same(backend.list_history_keys("p", "q"), ["AB-1", "AB-2"], view=sorted)
    expect_same(backend.get_changes("p", "q"), ["AB-2"], view=sorted_issue_keys)
    backend.save_histories("p", "q", [a_history("AB-1", changes=[new, old])])
    expect_same(backend.get_histories("p", "q", issue_key="AB-1"), [a_history("AB-1", changes=[new, old])])


@clause(
    "a-metric-is-its-week-and-name",
    sentences="12.9",
    likely_causes=("the primary key lacks the week, or the name", "the category is part of the primary key"),
)
def a_metric_is_its_week_and_name(backend: Backend) -> None:
    """Metrics are two when their week or name differs, and one when only their category, unit or value does."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    backend.save_metrics(
        "p",
        "q",
        [
            a_metric("2025-W43", "a", category="dora", value=1.0),
            a_metric("2025-W44", "a", category="dora", value=2.0),
            a_metric("2025-W44", "b", category="dora", value=3.0),
        ],
    )
    backend.save_metrics("p", "q", [a_metric("2025-W44", "a", category="flow", unit="days", value=4.0)])
    expect_same(
        backend.get_metrics("p", "q"),
        [
            a_metric("2025-W43", "a", category="dora", value=1.0),
            a_metric("2025-W44", "a", category="flow", unit="days", value=4.0),
            a_metric("2025-W44", "b", category="dora", value=3.0),
        ],
        view=by_identity,
    )


@clause(
    "a-query-may-go-while-a-batch-is-read",
    sentences="7.2 12.3",
    depends_on=("a-batch-is-read-before-anything-is-locked", "writing-below-no-query"),
    likely_causes=("whether the query is there is asked before the batch is read, and not again",),
)
def a_query_may_go_while_a_batch_is_read(backend: Backend, stage: Stage) -> None:
    """When the iterator of a batch deletes the query that the batch is for, there is nothing left to write below."""
    backend.save_profile(a_profile())
    for operation, record in BATCHES:
        backend.save_query("p", a_query("gone"))
        deleting = stage.do(CallingFeed, [record], backend.delete_query, "p", "gone")
        with expect_error(QueryNotFoundError):
            getattr(backend, operation)("p", "gone", deleting)


@clause(
    "a-batch-may-be-saved-while-another-is-read",
    sentences="12.3",
    depends_on=("a-batch-is-read-before-anything-is-locked", "a-replacement-is-exact", "queries-are-apart"),
    likely_causes=("records are collected in a buffer that belongs to the handle",),
)
def a_batch_may_be_saved_while_another_is_read(backend: Backend, stage: Stage) -> None:
    """The iterator of a batch may make the same call for another query, and each gets exactly its own records."""
    issues, histories = [an_issue("AB-1"), an_issue("AB-2")], [a_history("AB-1"), a_history("AB-2")]
    statistics, metrics = [a_statistic(MONDAY), a_statistic(TUESDAY)], [a_metric(name="a"), a_metric(name="b")]
    batches: tuple[tuple[str, str, list[Any]], ...] = (
        ("save_issues", "get_issues", issues),
        ("replace_issues", "get_issues", issues),
        ("save_histories", "get_histories", histories),
        ("save_statistics", "get_statistics", statistics),
        ("replace_statistics", "get_statistics", statistics),
        ("save_metrics", "get_metrics", metrics),
    )
    for operation, read, (one, two) in batches:
        save, place = getattr(backend, operation), operation
        backend.save_profile(a_profile(place))
        for query_id in ("outer", "inner"):
            backend.save_query(place, a_query(query_id))
        save(place, "outer", stage.do(CallingFeed, [one, two], save, place, "inner", [two]))
        expect_same(getattr(backend, read)(place, "outer"), [one, two])
        expect_same(getattr(backend, read)(place, "inner"), [two])
