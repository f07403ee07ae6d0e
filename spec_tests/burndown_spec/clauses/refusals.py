"""What is refused, in which order, and that a refusal changes nothing (contract, chapter 6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from burndown_spec.expectations import expect_error, expect_same
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
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
)
from burndown_spec.vocabulary import Feed, attempt, in_thread, interrupted_by, sorted_ids
from burndown_store.contract import (
    Backend,
    ClosedError,
    JsonText,
    Record,
    ValidationError,
)

NAIVE = datetime(2025, 1, 1)  # noqa: DTZ001 - an instant without a zone is what must be refused
EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
NO_JSON = {"on": date(2025, 1, 1)}

ISSUES = [an_issue("AB-1"), an_issue("AB-2")]
HISTORIES = [a_history("AB-1", changes=[a_change()]), a_history("AB-2")]
STATISTICS = [a_statistic(date(2025, 1, 1)), a_statistic(date(2025, 1, 2))]
METRICS = [a_metric(name="a"), a_metric(name="b")]

NEW_ISSUES: list[Record] = [an_issue("AB-1", status="Done"), an_issue("AB-3")]
NEW_HISTORIES: list[Record] = [a_history("AB-1"), a_history("AB-3")]
NEW_STATISTICS: list[Record] = [a_statistic(date(2025, 1, 1), completed_items=9), a_statistic(date(2025, 1, 3))]
NEW_METRICS: list[Record] = [a_metric(name="a", value=9.0), a_metric(name="c")]

# Each batch operation, the read that shows what it wrote, what is there, and what the call brings. Backends are given
# copies of these lists, so that none can change what the next is judged by.
BATCHES: list[tuple[str, str, Sequence[Record], list[Record]]] = [
    ("save_issues", "get_issues", ISSUES, NEW_ISSUES),
    ("replace_issues", "get_issues", ISSUES, NEW_ISSUES),
    ("save_histories", "get_histories", HISTORIES, NEW_HISTORIES),
    ("save_statistics", "get_statistics", STATISTICS, NEW_STATISTICS),
    ("replace_statistics", "get_statistics", STATISTICS, NEW_STATISTICS),
    ("save_metrics", "get_metrics", METRICS, NEW_METRICS),
]


def with_rows(backend: Backend) -> None:
    backend.save_profile(a_profile(id="p"))
    backend.save_query("p", a_query(id="q"))
    backend.save_issues("p", "q", list(ISSUES))
    backend.save_histories("p", "q", list(HISTORIES))
    backend.save_statistics("p", "q", list(STATISTICS))
    backend.save_metrics("p", "q", list(METRICS))


@clause(
    "arguments-are-validated",
    sentences="6.1",
    likely_causes=(
        "a read or a delete hands its arguments to the store unchecked",
        "the store compares across types, so that 7 finds '7'",
        "the arguments are checked only once the profile was found",
    ),
)
def arguments_are_validated(backend: Backend) -> None:
    """Every read, delete and clear refuses an argument that breaks a rule, whatever there is to find."""
    caller: Any = backend
    backend.save_profile(a_profile(id="7"))
    backend.save_query("7", a_query(id="7"))
    backend.save_task(a_task(name="7"))
    backend.set_app_state("7", "seven")
    deletes = ("delete_profile", "delete_app_state", "clear_task")
    reads = ("get_profile", "list_queries", "get_app_state", "get_task")
    reads_of_a_query = (
        *("get_query", "get_issues", "get_cache_info", "get_histories", "get_changes"),
        *("list_history_keys", "get_statistics", "get_scope", "get_metrics"),
    )
    for bad in (7, ""):
        for operation in (*reads, *deletes):
            with expect_error(ValidationError):
                getattr(backend, operation)(bad)
        for operation in (*reads_of_a_query, "delete_query"):
            with expect_error(ValidationError):
                getattr(backend, operation)(bad, "7")
            with expect_error(ValidationError):
                getattr(backend, operation)("7", bad)
        for operation in reads_of_a_query:
            with expect_error(ValidationError):
                getattr(backend, operation)("nobody", bad)
    for no_instant in (NAIVE, "2025-01-01T00:00:00+00:00", None):
        with expect_error(ValidationError):
            caller.delete_expired(no_instant)
    expect_same(backend.list_profiles(), [a_profile(id="7")])
    expect_same(backend.list_queries("7"), [a_query(id="7")])
    expect_same(backend.list_tasks(), [a_task(name="7")])
    expect_same(backend.list_app_state(), {"7": "seven"})


@clause(
    "filters-are-validated",
    sentences="6.1",
    likely_causes=(
        "rows are filtered one by one, so that a bad filter shows only where there are rows",
        "an answer that is known to be empty is given before the filters were looked at",
        "a filter goes into the statement without its check",
    ),
)
def filters_are_validated(backend: Backend) -> None:
    """Every filter, range and limit that breaks a rule is refused, even where nothing could match it."""
    with_rows(backend)
    bad_filters: list[tuple[str, dict[str, object]]] = [
        ("get_issues", {"key": 7}),
        ("get_issues", {"status": 7}),
        ("get_issues", {"assignee": 7}),
        ("get_issues", {"issue_type": 7}),
        ("get_issues", {"project_key": 7}),
        ("get_issues", {"valid_at": NAIVE}),
        ("get_issues", {"limit": "1"}),
        ("get_histories", {"issue_key": 7}),
        ("get_histories", {"valid_at": NAIVE}),
        ("get_changes", {"issue_key": 7}),
        ("get_changes", {"field": 7}),
        ("get_changes", {"start": NAIVE}),
        ("get_changes", {"end": NAIVE}),
        ("get_changes", {"valid_at": NAIVE}),
        ("get_changes", {"limit": "1"}),
        ("get_statistics", {"start": "2025-01-01"}),
        ("get_statistics", {"end": "2025-01-01"}),
        ("get_statistics", {"limit": "1"}),
        ("get_metrics", {"name": 7}),
        ("get_metrics", {"category": 7}),
        ("get_metrics", {"start": "2025-44"}),
        ("get_metrics", {"end": "2025-44"}),
        ("get_metrics", {"limit": "1"}),
        # The rest of the call already says that the answer is empty.
        ("get_issues", {"limit": 0, "status": 7}),
        ("get_issues", {"key": "none", "valid_at": NAIVE}),
        ("get_changes", {"limit": 0, "field": 7}),
        ("get_changes", {"start": LATEST, "end": EARLIEST, "valid_at": NAIVE}),
        ("get_statistics", {"limit": 0, "end": "2025-01-01"}),
        ("get_statistics", {"start": date.max, "end": date.min, "limit": "1"}),
        ("get_metrics", {"limit": 0, "category": 7}),
        ("get_metrics", {"start": "2025-W44", "end": "2025-W01", "name": 7}),
    ]
    for profile_id in ("p", "nobody"):
        for operation, filters in bad_filters:
            with expect_error(ValidationError):
                getattr(backend, operation)(profile_id, "q", **filters)


@clause(
    "writes-are-validated",
    sentences="6.1 6.2 6.3",
    likely_causes=(
        "a record is checked when it is created, and not when it is saved again",
        "one of the writes does not check its record at all",
    ),
)
def writes_are_validated(backend: Backend) -> None:
    """Every write refuses what breaks a rule, whether it would create or replace, and changes nothing."""
    backend.save_profile(a_profile(id="old"))
    backend.save_query("old", a_query(id="old"))
    backend.save_query("old", a_query(id="bare"))
    backend.set_app_state("old", "value")
    backend.save_task(a_task(name="old"))
    backend.save_cache_info("old", "old", a_cache_info())
    backend.save_scope("old", "old", a_scope())
    for name, query_id in (("new", "bare"), ("old", "old")):
        below = ("old", query_id)
        bad_calls: list[tuple[Any, ...]] = [
            ("save_profile", a_profile(id=name, name="\x00")),
            ("save_profile", a_profile(id=name, extra=NO_JSON)),
            ("save_query", "old", a_query(id=name, jql="\x00")),
            ("save_query", "old", a_query(id=name, extra=NO_JSON)),
            ("save_query", "", a_query(id=name)),
            ("set_app_state", name, "\x00"),
            ("set_app_state", name, None),
            ("set_app_state", "", "value"),
            ("save_task", a_task(name=name, message="\x00")),
            ("save_task", a_task(name=name, state=NO_JSON)),
            ("save_cache_info", *below, a_cache_info(jql="\x00")),
            ("save_cache_info", *below, a_cache_info(details=NO_JSON)),
            ("save_cache_info", "old", "", a_cache_info()),
            ("save_scope", *below, a_scope(values=NO_JSON)),
            ("save_scope", *below, a_scope(extra=NO_JSON)),
            ("save_scope", "old", "", a_scope()),
        ]
        for place in (("save_profile",), ("save_query", "old"), ("save_task",)):
            bad_calls += [(*place, an_issue("AB-1")), (*place, {"id": name, "name": name}), (*place, None)]
        for operation in ("save_cache_info", "save_scope"):
            bad_calls += [(operation, *below, an_issue("AB-1")), (operation, *below, {"values": {}})]
        for operation, *arguments in bad_calls:
            with expect_error(ValidationError):
                getattr(backend, operation)(*arguments)
    expect_same(backend.list_profiles(), [a_profile(id="old")])
    expect_same(backend.list_queries("old"), ["bare", "old"], view=sorted_ids)
    expect_same(backend.get_query("old", "old"), a_query(id="old"))
    expect_same(backend.list_app_state(), {"old": "value"})
    expect_same(backend.list_tasks(), [a_task(name="old")])
    expect_same(backend.get_cache_info("old", "bare"), None)
    expect_same(backend.get_cache_info("old", "old"), a_cache_info())
    expect_same(backend.get_scope("old", "bare"), None)
    expect_same(backend.get_scope("old", "old"), a_scope())


@clause(
    "a-bad-record-refuses-the-batch",
    sentences="6.2 6.3",
    likely_causes=(
        "each record is checked just before it is written",
        "the rows before the bad one are committed",
        "replacing empties the set before the batch was checked",
    ),
)
def a_bad_record_refuses_the_batch(backend: Backend) -> None:
    """One bad record refuses the whole batch, whether it comes first, in the middle or last, and changes nothing."""
    with_rows(backend)
    bad_records: dict[str, list[Record]] = {
        "get_issues": [an_issue("AB-4", document=JsonText("[]")), a_statistic()],
        "get_histories": [
            a_history("AB-4", details=NO_JSON),
            a_history("AB-4", changes=[a_change(), a_change(changed_at=NAIVE)]),
        ],
        "get_statistics": [a_statistic(date(2025, 1, 4), extra=NO_JSON), a_metric()],
        "get_metrics": [a_metric(name="d", details=NO_JSON), a_task()],
    }
    for write, read, kept, (first, second) in BATCHES:
        for bad in bad_records[read]:
            for batch in ([bad, first, second], [first, bad, second], Feed([first, second, bad])):
                with expect_error(ValidationError):
                    getattr(backend, write)("p", "q", batch)
                expect_same(getattr(backend, read)("p", "q"), kept)


@clause(
    "refusals-in-order",
    sentences="6.4",
    depends_on=("closed-means-closed",),
    likely_causes=(
        "whether the profile is there is asked before the record is looked at",
        "arguments are checked before the handle knows that it is closed",
    ),
)
def refusals_in_order(backend: Backend) -> None:
    """Where several refusals apply, `ClosedError` comes before `ValidationError`, and that before `NotFoundError`."""
    backend.save_profile(a_profile(id="p"))
    bad_calls: list[tuple[Any, ...]] = [
        ("delete_query", ""),
        ("save_query", a_query(extra=NO_JSON)),
        ("save_issues", "q", [an_issue("AB-1"), an_issue("")]),
        ("replace_issues", "q", [an_issue("AB-1"), an_issue("")]),
        ("save_cache_info", "q", a_cache_info(details=NO_JSON)),
        ("save_histories", "q", [a_history("AB-1"), a_history("")]),
        ("save_statistics", "q", [a_statistic(), a_statistic(date(2025, 1, 4), extra=NO_JSON)]),
        ("replace_statistics", "q", [a_statistic(), a_statistic(date(2025, 1, 4), extra=NO_JSON)]),
        ("save_scope", "q", a_scope(extra=NO_JSON)),
        ("save_metrics", "q", [a_metric(), a_metric(name="")]),
        *((write, "", list(given)) for write, _, _, given in BATCHES),
        ("save_metrics", "", []),
        ("save_cache_info", "", a_cache_info()),
        ("save_scope", "", a_scope()),
    ]
    for operation, *arguments in bad_calls:
        with expect_error(ValidationError):
            getattr(backend, operation)("nobody", *arguments)
    for operation, *arguments in bad_calls[2:]:
        with expect_error(ValidationError):
            getattr(backend, operation)("p", *arguments)
    backend.close()
    for operation, *arguments in bad_calls:
        with expect_error(ClosedError):
            getattr(backend, operation)("nobody", *arguments)
    for operation in ("get_profile", "list_queries", "get_app_state", "get_task", "delete_profile", "clear_task"):
        with expect_error(ClosedError):
            getattr(backend, operation)("")
    for operation in ("save_profile", "save_task", "delete_expired"):
        with expect_error(ClosedError):
            getattr(backend, operation)(None)
    with expect_error(ClosedError):
        backend.get_issues("p", "q", valid_at=NAIVE)
    with expect_error(ClosedError):
        backend.get_metrics("p", "q", start="2025-44")


@clause(
    "a-refusal-leaves-nothing-locked",
    sentences="6.3 6.7 11.2",
    depends_on=("threads-share-a-handle", "two-handles-see-each-other"),
    likely_causes=(
        "a lock is taken and released without `with` or `finally`, and its own thread does not notice",
        "what began a transaction does not undo it when the profile or the query is not there",
    ),
)
def a_refusal_leaves_nothing_locked(backend: Backend, stage: Stage) -> None:
    """After a refused write, or one that the caller's iterator interrupted, every other thread and handle may write."""
    other = stage.open()
    with_rows(backend)
    below: list[tuple[str, Any]] = [(write, tuple(given)) for write, _, _, given in BATCHES]
    below += [("save_cache_info", a_cache_info()), ("save_scope", a_scope())]
    refused: list[tuple[Any, ...]] = [
        ("save_profile", None),
        ("save_query", "p", None),
        *((operation, "p", "q", None) for operation, _ in below),
        ("set_app_state", "key", None),
        ("save_task", None),
        ("delete_app_state", ""),
        ("clear_task", ""),
        ("delete_expired", None),
        ("save_query", "nobody", a_query()),
        ("delete_query", "nobody", "q"),
        ("delete_profile", "nobody"),
        ("delete_query", "p", "none"),
        *((operation, "nobody", "q", given) for operation, given in below),
        *((operation, "p", "none", given) for operation, given in below),
    ]
    accepted: dict[str, tuple[Any, ...]] = {
        "save_profile": ("save_profile", a_profile(id="p")),
        "delete_profile": ("save_profile", a_profile(id="p")),
        "save_query": ("save_query", "p", a_query(id="q")),
        "delete_query": ("save_query", "p", a_query(id="q")),
        **{operation: (operation, "p", "q", given) for operation, given in below},
        "set_app_state": ("set_app_state", "key", "value"),
        "delete_app_state": ("delete_app_state", "key"),
        "save_task": ("save_task", a_task()),
        "clear_task": ("clear_task", "fetch"),
        "delete_expired": ("delete_expired", datetime(2025, 1, 1, tzinfo=UTC)),
    }

    def write_elsewhere(operation: str) -> None:
        again, *arguments = accepted[operation]
        stage.do(in_thread, getattr(backend, again), *arguments)
        stage.do(in_thread, other.save_task, a_task(name=operation))

    # That they are refused, and how, is for other clauses.
    for operation, *arguments in refused:
        stage.do(attempt, getattr(backend, operation), *arguments)
        write_elsewhere(operation)
    for operation, _, _, given in BATCHES:
        stage.do(interrupted_by, KeyboardInterrupt("the caller's"), getattr(backend, operation), "p", "q", list(given))
        write_elsewhere(operation)
