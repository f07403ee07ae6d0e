"""What errors say, and whose errors come out of a call (contract, chapter 6)."""

from __future__ import annotations

from copy import copy
from datetime import date
from typing import Any

from burndown_spec.clauses.refusals import BATCHES, EARLIEST, ISSUES, LATEST, NAIVE, with_rows
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
from burndown_spec.vocabulary import (
    CallersDatabaseError,
    CallersOwnError,
    interrupted_by,
    lines_with_part,
    own_text_of,
)
from burndown_store.contract import (
    Backend,
    BusyError,
    Expired,
    JsonText,
    ProfileNotFoundError,
    StorageError,
    ValidationError,
)

# Every operation that takes arguments, with all that have to be given, by their names.
NAMED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("save_profile", {"profile": a_profile()}),
    ("get_profile", {"profile_id": "p"}),
    ("save_query", {"profile_id": "p", "query": a_query()}),
    ("get_query", {"profile_id": "p", "query_id": "q"}),
    ("list_queries", {"profile_id": "p"}),
    ("set_app_state", {"key": "k", "value": "text"}),
    ("get_app_state", {"key": "k"}),
    ("delete_app_state", {"key": "k"}),
    ("save_task", {"task": a_task()}),
    ("get_task", {"name": "fetch"}),
    ("clear_task", {"name": "fetch"}),
    ("save_issues", {"profile_id": "p", "query_id": "q", "issues": (an_issue(),)}),
    ("replace_issues", {"profile_id": "p", "query_id": "q", "issues": (an_issue(),)}),
    ("get_issues", {"profile_id": "p", "query_id": "q"}),
    ("save_cache_info", {"profile_id": "p", "query_id": "q", "info": a_cache_info()}),
    ("get_cache_info", {"profile_id": "p", "query_id": "q"}),
    ("save_histories", {"profile_id": "p", "query_id": "q", "histories": (a_history(),)}),
    ("get_histories", {"profile_id": "p", "query_id": "q"}),
    ("get_changes", {"profile_id": "p", "query_id": "q"}),
    ("list_history_keys", {"profile_id": "p", "query_id": "q"}),
    ("save_statistics", {"profile_id": "p", "query_id": "q", "statistics": (a_statistic(),)}),
    ("replace_statistics", {"profile_id": "p", "query_id": "q", "statistics": (a_statistic(),)}),
    ("get_statistics", {"profile_id": "p", "query_id": "q"}),
    ("save_scope", {"profile_id": "p", "query_id": "q", "scope": a_scope()}),
    ("get_scope", {"profile_id": "p", "query_id": "q"}),
    ("save_metrics", {"profile_id": "p", "query_id": "q", "metrics": (a_metric(),)}),
    ("get_metrics", {"profile_id": "p", "query_id": "q"}),
    ("delete_expired", {"now": LATEST}),
    ("delete_query", {"profile_id": "p", "query_id": "q"}),
    ("delete_profile", {"profile_id": "p"}),
)
# What each of them gives where the ones before were made; the others give None.
GIVEN: dict[str, Any] = {
    "get_profile": a_profile(),
    "get_query": a_query(),
    "list_queries": [a_query()],
    "get_app_state": "text",
    "get_task": a_task(),
    "get_issues": [an_issue()],
    "get_cache_info": a_cache_info(),
    "get_histories": [a_history()],
    "get_changes": [],
    "list_history_keys": ["AB-1"],
    "get_statistics": [a_statistic()],
    "get_scope": a_scope(),
    "get_metrics": [a_metric()],
    "delete_expired": Expired(issues=1, histories=1),
}


@clause(
    "errors-quote-no-stored-value",
    sentences="6.5",
    likely_causes=(
        "the message shows the value or the record that was refused, as validators like to do",
        "the parser's or the driver's message is passed on, with the document or the parameters",
        "the message lists what there is instead, or shows the beginning of a long value",
    ),
)
def errors_quote_no_stored_value(backend: Backend, stage: Stage) -> None:
    """No error quotes a value that is stored, nor a part of it: it names the place and the rule."""
    stored, size = "Zephyr 4711 Quokka", 5
    bad_json = {"team": stored, "on": date(2025, 1, 1)}
    with_rows(backend)
    backend.save_profile(a_profile(id="p", name=stored, extra={"team": stored}))
    backend.save_query("p", a_query(id="q", name=stored, jql=stored))
    backend.save_issues("p", "q", [an_issue("AB-1", status=stored, document=JsonText.of({"team": stored}))])
    backend.set_app_state("team", stored)
    backend.save_task(a_task(message=stored))
    failing: list[tuple[Any, ...]] = [
        (backend.save_profile, a_profile(id="p", name=stored, extra=bad_json)),
        (backend.save_profile, a_profile(id="p", name=stored + "\x00")),
        (backend.save_profile, {"id": "p", "name": stored}),
        (backend.save_query, "p", a_query(id="q", jql=stored, extra=bad_json)),
        (backend.save_query, "nobody", a_query(id="q", jql=stored)),
        (backend.set_app_state, "", stored),
        (backend.set_app_state, "team", stored + "\ud800"),
        (backend.save_task, a_task(message=stored, percent=101.0)),
        (backend.save_task, a_task(state=bad_json)),
        (backend.save_issues, "p", "q", [an_issue("AB-1", status=stored, points=float("nan"))]),
        (backend.save_issues, "p", "q", [an_issue("AB-1", status=stored + "\x00")]),
        (backend.save_issues, "p", "q", [an_issue("AB-1", document=JsonText(f'{{"team": "{stored}",}}'))]),
        (backend.replace_issues, "p", "q", [an_issue("AB-1", status=stored), stored]),
        (backend.save_issues, "p", "q", stored),
        (backend.save_issues, "p", "none", [an_issue("AB-1", status=stored)]),
        (backend.save_cache_info, "p", "q", a_cache_info(jql=stored, details=bad_json)),
        (backend.save_histories, "p", "q", [a_history("AB-1", changes=[a_change(to_text=stored, changed_at=NAIVE)])]),
        (backend.save_histories, "p", "q", [a_history("AB-1", details=bad_json)]),
        (backend.save_statistics, "p", "q", [a_statistic(extra=bad_json)]),
        (backend.save_scope, "p", "q", a_scope(values=bad_json)),
        (backend.save_metrics, "p", "q", [a_metric(category=stored, value=float("inf"))]),
        (backend.save_metrics, "p", "q", [a_metric(details=bad_json)]),
        (backend.delete_profile, "nobody"),
        (backend.delete_query, "nobody", "q"),
        (backend.delete_query, "p", "none"),
        *((getattr(backend, write), "p", "none", []) for write, *_ in BATCHES),
        (backend.get_app_state, stored + "\x00"),
        (backend.get_task, [stored]),
    ]
    for operation, *arguments in failing:
        expect_same(stage.do(lines_with_part, stored, size, own_text_of, operation, *arguments), [])
    filtered: tuple[tuple[Any, dict[str, Any]], ...] = (
        *((backend.get_issues, {"status": stored, "limit": bad}) for bad in ("1", -1)),
        *((backend.get_issues, {name: [stored]}) for name in ("key", "status", "assignee", "issue_type")),
        (backend.get_issues, {"status": stored + "\x00"}),
        (backend.get_histories, {"issue_key": stored + "\x00"}),
        (backend.get_changes, {"field": stored, "limit": "1"}),
        (backend.get_changes, {"field": stored + "\x00"}),
        (backend.get_metrics, {"category": stored, "start": "2025-44"}),
        (backend.get_metrics, {"name": [stored]}),
        (backend.get_metrics, {"start": stored}),
    )
    for operation, filters in filtered:
        expect_same(stage.do(lines_with_part, stored, size, own_text_of, operation, "p", "q", **filters), [])
    backend.close()
    for operation, *arguments in failing[:1]:
        expect_same(stage.do(lines_with_part, stored, size, own_text_of, operation, *arguments), [])


@clause(
    "only-the-contracts-errors-escape",
    sentences="6.6",
    depends_on=("numbers-are-finite-and-64-bit",),
    likely_causes=(
        "a value that cannot be encoded, hashed, compared or bound raises the language's or the driver's own error",
        "an instant or a date at the edge of its range overflows in arithmetic",
    ),
)
def only_the_contracts_errors_escape(backend: Backend) -> None:
    """What a store stumbles over is refused as `ValidationError`, or answered; no other error comes out."""
    with_rows(backend)
    caller: Any = backend
    for awkward in ("\ud800", ["p"], {"id": "p"}, 10**400, 1j):
        for operation in ("get_profile", "get_app_state", "get_task", "delete_app_state", "clear_task"):
            with expect_error(ValidationError):
                getattr(backend, operation)(copy(awkward))
        with expect_error(ValidationError):
            caller.get_issues("p", "q", status=copy(awkward))
        with expect_error(ValidationError):
            caller.get_changes("p", "q", issue_key=copy(awkward))
        with expect_error(ValidationError):
            caller.get_metrics("p", "q", start=copy(awkward))
        with expect_error(ValidationError):
            caller.set_app_state("key", copy(awkward))
    awkward_filters: list[tuple[str, dict[str, object]]] = [
        ("get_issues", {"valid_at": date(2025, 1, 1)}),
        ("get_issues", {"limit": 2**63}),
        ("get_changes", {"start": date(2025, 1, 1)}),
        ("get_statistics", {"start": EARLIEST}),
        ("get_statistics", {"limit": 10**400}),
    ]
    for operation, filters in awkward_filters:
        with expect_error(ValidationError):
            getattr(backend, operation)("p", "q", **filters)
    # What these answer is for other clauses; here no error may come of them.
    many = 2**63 - 1
    backend.get_issues("p", "q", valid_at=LATEST, limit=many)
    backend.get_histories("p", "q", valid_at=LATEST)
    backend.get_changes("p", "q", start=EARLIEST, end=LATEST, limit=many)
    backend.get_changes("p", "q", start=LATEST, end=EARLIEST)
    backend.get_statistics("p", "q", start=date.min, end=date.max, limit=many)
    backend.get_metrics("p", "q", start="0001-W01", end="9999-W52", limit=many)
    backend.delete_expired(EARLIEST)
    backend.delete_expired(LATEST)


@clause(
    "the-callers-errors-pass",
    sentences="6.7",
    depends_on=("a-bad-record-refuses-the-batch",),
    likely_causes=(
        "reading the batch stands inside a `try` that wraps every error as one of the contract's",
        "records are written while the batch is read",
        "only `Exception` undoes what was begun, and `KeyboardInterrupt` is none",
        "an error is known by its kind alone, and the caller's own may be of the same",
    ),
)
def the_callers_errors_pass(backend: Backend, stage: Stage) -> None:
    """What the caller's iterator raises, `KeyboardInterrupt` included, passes unchanged, and nothing is written."""
    with_rows(backend)
    kinds: list[type[BaseException]] = [CallersOwnError, KeyboardInterrupt, SystemExit, GeneratorExit]
    kinds += [TypeError, ValueError, LookupError, OSError, ArithmeticError, AttributeError, AssertionError]
    # As a generator raises for a StopIteration of its body; of the caller's own database; and what a store may raise
    # that the iterator reads from.
    kinds += [RuntimeError, RecursionError, MemoryError, CallersDatabaseError]
    kinds += [ValidationError, ProfileNotFoundError, BusyError, StorageError]
    for write, read, kept, given in BATCHES:
        for kind in kinds:
            heard = stage.do(interrupted_by, kind("the caller's"), getattr(backend, write), "p", "q", list(given))
            expect_same(heard, "the caller's own error")
            expect_same(getattr(backend, read)("p", "q"), kept)


@clause(
    "call-shapes-stay-type-errors",
    sentences="6.8",
    likely_causes=(
        "filters are ordinary parameters, so that they can be passed by position",
        "parameters that the contract asks for have defaults",
        "an operation takes any argument and ignores those that it does not know",
    ),
)
def call_shapes_stay_type_errors(backend: Backend) -> None:
    """A filter by position, one argument too many or too few and an unknown one are a `TypeError` and do nothing."""
    with_rows(backend)
    caller: Any = backend
    for operation in ("get_issues", "get_histories", "get_changes", "get_statistics", "get_metrics"):
        with expect_error(TypeError):
            getattr(caller, operation)("p", "q", None)
        with expect_error(TypeError):
            getattr(caller, operation)("p", "q", colour=None)
    left_out: list[tuple[str, ...]] = [
        *((name,) for name in ("get_profile", "save_profile", "delete_profile", "list_queries", "delete_expired")),
        *((name,) for name in ("get_app_state", "delete_app_state", "get_task", "save_task", "clear_task")),
        *((name, "p") for name in ("get_query", "save_query", "delete_query", "set_app_state")),
        *((name, "p") for name in ("get_issues", "get_cache_info", "get_histories", "get_changes", "get_scope")),
        *((name, "p") for name in ("list_history_keys", "get_statistics", "get_metrics")),
        *((name, "p", "q") for name in ("save_issues", "replace_issues", "save_cache_info", "save_histories")),
        *((name, "p", "q") for name in ("save_statistics", "replace_statistics", "save_scope", "save_metrics")),
    ]
    for operation, *arguments in left_out:
        with expect_error(TypeError):
            getattr(caller, operation)(*arguments)
    for operation, named in NAMED:
        with expect_error(TypeError):
            getattr(caller, operation)(*named.values(), None)
        with expect_error(TypeError):
            getattr(caller, operation)(*named.values(), colour=None)
    for operation in ("list_profiles", "list_app_state", "list_tasks", "check", "size_bytes", "close"):
        with expect_error(TypeError):
            getattr(caller, operation)(None)
    expect_same(backend.list_profiles(), [a_profile(id="p")])
    expect_same(backend.get_issues("p", "q"), ISSUES)


@clause(
    "arguments-have-names",
    sentences="6.8",
    depends_on=("call-shapes-stay-type-errors", "writes-return-none"),
    likely_causes=("a parameter has another name than in the contract, or takes its place alone",),
)
def arguments_have_names(backend: Backend) -> None:
    """Every argument may be given by the name that it has in the contract, and does the same."""
    for operation, named in NAMED:
        expect_same(getattr(backend, operation)(**named), GIVEN.get(operation))
    expect_same(backend.list_app_state(), {})
    expect_same(backend.list_tasks(), [])
    expect_same(backend.list_profiles(), [])
