"""Types are exact, numbers are finite, weeks exist (contract, chapter 5)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from burndown_spec.expectations import expect_error, expect_same
from burndown_spec.placing import counts_with, flags_with, json_with, numbers_with, save, texts_with
from burndown_spec.registry import clause
from burndown_spec.values.dates import INVALID_DATES, INVALID_WEEKS, WEEKS
from burndown_spec.values.documents import INVALID_DOCUMENTS
from burndown_spec.values.identifiers import INVALID_IDENTIFIERS
from burndown_spec.values.instants import INVALID_INSTANTS
from burndown_spec.values.numbers import WIDENED
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
from burndown_spec.values.texts import INVALID_TEXTS
from burndown_spec.vocabulary import (
    OwnCacheInfo,
    OwnChange,
    OwnDate,
    OwnFloat,
    OwnHistory,
    OwnInt,
    OwnIssue,
    OwnList,
    OwnMetric,
    OwnProfile,
    OwnQuery,
    OwnScope,
    OwnStatistic,
    OwnTask,
    OwnText,
    by_identity,
)
from burndown_store.contract import Backend, Issue, JsonText, Record, Statistic, ValidationError, fields, replace

COUNTS = ("completed_items", "created_items", "remaining_items")
NUMBERS = ("completed_points", "created_points", "velocity_items", "velocity_points", "remaining_points")

LARGEST, SMALLEST = 2**63 - 1, -(2**63)

NO_TEXTS: tuple[Any, ...] = (5, 1.5, b"text", ["text"], OwnText("text"))
NO_COUNTS: tuple[Any, ...] = (1.0, "1", 1j, OwnInt(1))
NO_NUMBERS: tuple[Any, ...] = ("1.5", 1j, [1.5], OwnFloat(1.5), OwnInt(1))
NO_JSON: tuple[Any, ...] = (
    *(None, [], "{}", {1: "one"}, {OwnText("own"): 1}, {"value": (1, 2)}, {"value": b"bytes"}, {"value": 1j}),
    *({"value": 2**63}, {"value": float("nan")}, {"value": "nul\x00"}, {"value": date(2025, 11, 3)}),
    *({"value": OwnText("own")}, {"value": OwnInt(1)}, {"value": OwnList([1])}),
)
NO_FLAGS: tuple[Any, ...] = ("true", "", [])
NO_CHANGES: tuple[Any, ...] = (None, {"field": "status"}, a_history(), [a_change()])
NO_CHANGE_LISTS: tuple[Any, ...] = (None, (a_change(),), {}, "changes", OwnList([a_change()]))


@clause(
    "another-type-is-refused",
    sentences="5.1",
    likely_causes=(
        "`isinstance` lets subclasses in",
        "the driver or a model class converts (`'5'` to 5, 5 to `'5'`, a datetime to a date)",
        "required fields are not asked for None",
    ),
)
def another_type_is_refused(backend: Backend) -> None:
    """A value of another type than its field's is refused, a subclass's too, and None where it may not be."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    required = [
        *(a_profile("p", name=None), a_profile("p", description=None), a_query("q", name=None)),
        *(a_query("q", jql=None), a_query("q", description=None), a_task(status=None), a_task(message=None)),
        *(a_metric(category=None), a_history(changes=[replace(a_change(), field=None)])),
        *(a_statistic(completed_items=None), a_statistic(created_items=None)),
        *(a_statistic(completed_points=None), a_statistic(created_points=None)),
        *flags_with(None),
        *(a_profile("p", created_at=None), a_profile("p", last_used_at=None), a_task(updated_at=None)),
        *(a_query("q", created_at=None), a_query("q", last_used_at=None), an_issue(expires_at=None)),
        *(a_cache_info(fetched_at=None), a_cache_info(expires_at=None), a_history(expires_at=None)),
        a_history(changes=[replace(a_change(), changed_at=None)]),
    ]
    of_another_type = [
        *(record for bad in NO_TEXTS for record in texts_with(bad)),
        *(record for bad in NO_COUNTS for record in counts_with(bad)),
        *(record for bad in NO_NUMBERS for record in numbers_with(bad)),
        *(record for bad in NO_FLAGS for record in flags_with(bad)),
        *(a_statistic(day) for day in (*INVALID_DATES, None)),
        *(a_history(changes=bad) for bad in NO_CHANGE_LISTS),
        *(a_history(changes=[a_change(), bad]) for bad in NO_CHANGES),
    ]
    for record in (*required, *of_another_type):
        with expect_error(ValidationError):
            save(backend, record)


@clause(
    "another-type-is-no-filter",
    sentences="5.1 5.3",
    likely_causes=("`isinstance` lets subclasses and bools in", "the driver converts what it compares with"),
)
def another_type_is_no_filter(backend: Backend) -> None:
    """A filter or a limit of another type than asked for is refused, that of a subclass and a bool for a limit too."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    read: Any = backend
    filters: dict[str, tuple[tuple[str, ...], tuple[Any, ...]]] = {
        "get_issues": (
            ("key", "status", "assignee", "issue_type", "project_key"),
            (5, b"Done", ["Done"], OwnText("Done")),
        ),
        "get_histories": (("issue_key",), (5, b"AB-1", OwnText("AB-1"))),
        "get_changes": (("issue_key", "field"), (5, b"status", OwnText("status"))),
        "get_statistics": (("start", "end"), ("2025-11-03", datetime(2025, 11, 3, tzinfo=UTC), OwnDate(2025, 11, 3))),
        "get_metrics": (("name", "category"), (5, b"dora", OwnText("dora"))),
    }
    for operation, (names, wrong) in filters.items():
        for name in names:
            for bad in wrong:
                with expect_error(ValidationError):
                    getattr(read, operation)("p", "q", **{name: bad})
    for operation in ("get_issues", "get_changes", "get_statistics", "get_metrics"):
        for bad in (True, False, 1.0, "1", OwnInt(1)):
            with expect_error(ValidationError):
                getattr(read, operation)("p", "q", limit=bad)


@clause(
    "a-bool-is-no-number",
    sentences="5.3",
    likely_causes=("`isinstance(True, int)` is true in Python", "flags are read with `bool(value)`"),
)
def a_bool_is_no_number(backend: Backend) -> None:
    """True and False are refused where a number is asked for, 0 and 1 where a truth value is."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    for truth in (True, False):
        for record in (*counts_with(truth), *numbers_with(truth)):
            with expect_error(ValidationError):
                save(backend, record)
    for number in (0, 1, 0.0, 1.0):
        for record in flags_with(number):
            with expect_error(ValidationError):
                save(backend, record)


@clause(
    "whole-numbers-are-widened",
    sentences="5.2",
    likely_causes=("an int in a float field comes back as int", "an int in a float field is refused"),
)
def whole_numbers_are_widened(backend: Backend) -> None:
    """An int in a float field comes back as the float of the same value."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    widened = dict(WIDENED)
    for field in NUMBERS:
        days = [date(2025, 11, day) for day in range(1, len(widened) + 1)]
        pairs = list(zip(days, widened.items(), strict=True))
        backend.replace_statistics("p", "q", [replace(a_statistic(day), **{field: given}) for day, (given, _) in pairs])
        stored = [replace(a_statistic(day), **{field: number}) for day, (_, number) in pairs]
        expect_same(backend.get_statistics("p", "q"), stored)
    backend.save_issues("p", "q", [an_issue(f"AB-{given}", points=given) for given in widened])
    issues = [an_issue(f"AB-{given}", points=number) for given, number in widened.items()]
    expect_same(backend.get_issues("p", "q"), sorted(issues, key=lambda issue: issue.key), view=by_identity)
    backend.replace_issues("p", "q", [an_issue("AB-1", points=5)])
    expect_same(backend.get_issues("p", "q"), [an_issue("AB-1", points=5.0)])
    backend.save_metrics("p", "q", [a_metric(f"202{number}-W01", value=given) for number, given in enumerate(widened)])
    metrics = [a_metric(f"202{number}-W01", value=stored) for number, stored in enumerate(widened.values())]
    expect_same(backend.get_metrics("p", "q"), metrics)
    backend.save_task(a_task("t", percent=50))
    expect_same(backend.get_task("t"), a_task("t", percent=50.0))


@clause(
    "inexact-numbers-are-refused",
    sentences="5.2",
    likely_causes=("`float(value)` rounds without a word",),
)
def inexact_numbers_are_refused(backend: Backend) -> None:
    """An int that a float cannot hold exactly is refused in a float field."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    for bad in (2**53 + 1, -(2**53) - 1, 2**62 + 1, LARGEST, SMALLEST + 1):
        for record in numbers_with(bad):
            with expect_error(ValidationError):
                save(backend, record)


@clause(
    "numbers-are-finite-and-64-bit",
    sentences="5.4",
    likely_causes=("NaN becomes NULL in the store", "an int of more than 64 bits raises OverflowError in the driver"),
)
def numbers_are_finite_and_64_bit(backend: Backend) -> None:
    """NaN, the infinities and whole numbers of more than 64 bits are refused in every field of numbers and as limit."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    for bad in (float("nan"), float("inf"), float("-inf")):
        for record in numbers_with(bad):
            with expect_error(ValidationError):
                save(backend, record)
    for bad in (LARGEST + 1, SMALLEST - 1, 2**64, 10**400, -(10**400)):
        for record in (*counts_with(bad), *numbers_with(bad)):
            with expect_error(ValidationError):
                save(backend, record)
    for operation in ("get_issues", "get_changes", "get_statistics", "get_metrics"):
        for limit in (LARGEST + 1, 2**64, 10**400):
            with expect_error(ValidationError):
                getattr(backend, operation)("p", "q", limit=limit)


@clause(
    "weeks-exist",
    sentences="5.5",
    likely_causes=(
        "a pattern without the calendar: week 53 exists in few years",
        "`\\d` takes the digits of every script, `$` a newline at the end",
    ),
)
def weeks_exist(backend: Backend) -> None:
    """A week that the ISO calendar has is taken; anything else is refused, in metrics and in ranges."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    metrics = [a_metric(week) for week in WEEKS]
    backend.save_metrics("p", "q", metrics)
    expect_same(backend.get_metrics("p", "q"), metrics)
    for metric in metrics:
        expect_same(backend.get_metrics("p", "q", start=metric.week, end=metric.week), [metric])
    for bad in INVALID_WEEKS:
        with expect_error(ValidationError):
            backend.save_metrics("p", "q", [a_metric(bad)])
        with expect_error(ValidationError):
            backend.get_metrics("p", "q", start=bad)
        with expect_error(ValidationError):
            backend.get_metrics("p", "q", end=bad)
    with expect_error(ValidationError):
        backend.save_metrics("p", "q", [replace(a_metric(), week=None)])


@clause(
    "percent-is-within-100",
    sentences="5.6",
    depends_on=("task-comes-back",),
    likely_causes=("no check at all", "values outside are moved to the nearest end"),
)
def percent_is_within_100(backend: Backend) -> None:
    """A task's percentage is None or within 0.0 and 100.0, both included; what lies outside is refused."""
    for good in (None, 0.0, 5e-324, 33.3, 99.99999999999999, 100.0):
        backend.save_task(a_task("t", percent=good))
        expect_same(backend.get_task("t"), a_task("t", percent=good))
    for bad in (-1, -1.0, -5e-324, 100.00000000000001, 101, 1e308):
        with expect_error(ValidationError):
            backend.save_task(a_task("t", percent=bad))


@clause(
    "own-classes-are-refused",
    sentences="5.1 6.3",
    depends_on=("another-type-is-refused", "what-is-no-batch-is-refused"),
    likely_causes=("`isinstance` lets subclasses of records, and of str, in",),
)
def own_classes_are_refused(backend: Backend) -> None:
    """A record of a caller's own class is refused, as a text of such a class is, and nothing is written."""
    caller: Any = backend
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    below: tuple[tuple[str, Record], ...] = (
        *((operation, OwnIssue(**fields(an_issue()))) for operation in ("save_issues", "replace_issues")),
        ("save_histories", OwnHistory(**fields(a_history()))),
        ("save_histories", a_history(changes=[a_change(), OwnChange(**fields(a_change()))])),
        *(
            (operation, OwnStatistic(**fields(a_statistic())))
            for operation in ("save_statistics", "replace_statistics")
        ),
        ("save_metrics", OwnMetric(**fields(a_metric()))),
    )
    bad_calls: tuple[tuple[Any, ...], ...] = (
        ("save_profile", OwnProfile(**fields(a_profile("own")))),
        ("save_query", "p", OwnQuery(**fields(a_query("own")))),
        ("save_task", OwnTask(**fields(a_task()))),
        ("save_cache_info", "p", "q", OwnCacheInfo(**fields(a_cache_info()))),
        ("save_scope", "p", "q", OwnScope(**fields(a_scope()))),
        *((operation, "p", "q", [record]) for operation, record in below),
        ("set_app_state", "key", OwnText("text")),
        ("set_app_state", OwnText("key"), "text"),
    )
    for operation, *arguments in bad_calls:
        with expect_error(ValidationError):
            getattr(caller, operation)(*arguments)
    expect_same(backend.list_profiles(), [a_profile("p")])
    expect_same(backend.list_queries("p"), [a_query("q")])
    expect_same(backend.list_app_state(), {})
    expect_same(backend.list_tasks(), [])
    for read in ("get_issues", "get_histories", "get_statistics", "get_metrics"):
        expect_same(getattr(backend, read)("p", "q"), [])


@clause(
    "replacements-are-validated-as-saves-are",
    sentences="6.2",
    depends_on=(
        "another-type-is-refused",
        "a-bool-is-no-number",
        "inexact-numbers-are-refused",
        "numbers-are-finite-and-64-bit",
        "unstorable-text-is-refused",
        "identifiers-outside-the-rule-are-refused",
        "what-is-no-instant-is-refused",
        "what-is-no-json-is-refused",
        "documents-are-checked",
        "a-bad-record-refuses-the-batch",
        "issue-comes-back",
    ),
    likely_causes=("the way that loads a whole set checks less, because it was written for speed",),
)
def replacements_are_validated_as_saves_are(backend: Backend) -> None:
    """What `save_issues` and `save_statistics` refuse, `replace_issues` and `replace_statistics` refuse as well."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    backend.save_issues("p", "q", [an_issue("AB-0")])
    backend.save_statistics("p", "q", [a_statistic(date(2025, 1, 1))])
    # Documents that are nested too deep to be written down have a clause of their own.
    numbers = (*NO_NUMBERS, True, 2**53 + 1, LARGEST + 1, float("nan"), float("inf"))
    bad: list[Record] = [
        *(record for text in INVALID_TEXTS for record in texts_with(text)),
        *(record for count in (*NO_COUNTS, False, LARGEST + 1, SMALLEST - 1) for record in counts_with(count)),
        *(record for number in numbers for record in numbers_with(number)),
        *(record for value in NO_JSON for record in json_with(value)),
        *(an_issue(key) for key in INVALID_IDENTIFIERS),
        *(an_issue(document=JsonText(text)) for text in INVALID_DOCUMENTS if len(str(text)) < 100),
        *(an_issue(**{field: instant}) for field in ("updated", "expires_at") for instant in INVALID_INSTANTS),
        *(a_statistic(day) for day in (*INVALID_DATES, None)),
        a_statistic(completed_items=None),
        an_issue(expires_at=None),
    ]
    for record in bad:
        if isinstance(record, (Issue, Statistic)):
            replacement: Any = backend.replace_issues if isinstance(record, Issue) else backend.replace_statistics
            with expect_error(ValidationError):
                replacement("p", "q", [record])
    expect_same(backend.get_issues("p", "q"), [an_issue("AB-0")])
    expect_same(backend.get_statistics("p", "q"), [a_statistic(date(2025, 1, 1))])
