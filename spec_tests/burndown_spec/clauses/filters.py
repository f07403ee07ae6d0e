"""Filters and limits (contract, chapter 13)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from burndown_spec.expectations import expect_error, expect_same
from burndown_spec.registry import clause
from burndown_spec.values.records import a_change, a_history, a_metric, a_profile, a_query, a_statistic, an_issue
from burndown_spec.vocabulary import (
    changed_fields,
    days,
    keys,
    sorted_days,
    sorted_fields,
    sorted_issue_keys,
    sorted_keys,
    sorted_metrics,
    weeks_and_names,
)
from burndown_store.contract import Backend, ValidationError

# Each differs from another only in case, in space, in normalisation, or as a pattern (SQL's, a shell's, a regular
# expression); None is what no filter matches.
PATTERNS = ("D_ne", "D%", "%", "D*", "*", "D?ne", "?one", "[D]one", "D.ne", ".*", "^Done$", "Done|done", "(", "\\Done")
TEXTS = ("", " ", "0", "Done", "done", "Done ", *PATTERNS, "None", "null", "caf\u00e9", "cafe\u0301", None)

YESTERDAY = datetime(2025, 11, 2, tzinfo=UTC)
BEFORE = datetime(2025, 11, 3, 12, 0, 0, 999_999, tzinfo=UTC)
NOON = datetime(2025, 11, 3, 12, 0, 1, tzinfo=UTC)
AFTER = datetime(2025, 11, 3, 12, 0, 1, 1, tzinfo=UTC)
EVENING = datetime(2025, 11, 3, 18, tzinfo=UTC)
TOMORROW = datetime(2025, 11, 4, tzinfo=UTC)


@clause(
    "issue-filters-match-exactly",
    sentences="13.2",
    likely_causes=(
        "LIKE, GLOB, a regular expression or NOCASE compares the text",
        "`if status:` takes an empty text for no filter",
        "None is stored, or compared, as an empty text",
        "a filter looks at another column",
    ),
)
def issue_filters_match_exactly(backend: Backend) -> None:
    """`key`, `status`, `assignee`, `issue_type` and `project_key` match exactly that text, and never None."""
    backend.save_profile(a_profile())
    for name in ("status", "assignee", "issue_type", "project_key"):
        backend.save_query("p", a_query(name))
        issues = [an_issue(f"AB-{number:02}", **{name: text}) for number, text in enumerate(TEXTS)]
        backend.save_issues("p", name, issues)
        for issue, text in zip(issues, TEXTS, strict=True):
            if text is not None:
                given: dict[str, Any] = {name: text}
                expect_same(backend.get_issues("p", name, **given), [issue.key], view=sorted_keys)
    backend.save_query("p", a_query("keys"))
    backend.save_issues("p", "keys", [an_issue("AB-1"), an_issue("AB-11"), an_issue("ab-1"), an_issue("AB_1")])
    for key in ("AB-1", "AB_1"):
        expect_same(backend.get_issues("p", "keys", key=key), [key], view=sorted_keys)
    for key in ("AB-", "AB%", "AB-*", "AB?1", "AB[-]1", "AB.1", "AB-1+", "AB-1|AB-11"):
        expect_same(backend.get_issues("p", "keys", key=key), [])


@clause(
    "history-and-metric-filters-match-exactly",
    sentences="13.2",
    likely_causes=(
        "LIKE, GLOB, a regular expression or NOCASE compares the text",
        "`if category:` takes an empty text for no filter",
    ),
)
def history_and_metric_filters_match_exactly(backend: Backend) -> None:
    """`issue_key` and `field` of histories and changes, `name` and `category` of metrics match exactly that text."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    texts = [text for text in TEXTS if text]
    backend.save_histories("p", "q", [a_history(text, changes=[a_change(field=text)]) for text in texts])
    backend.save_histories("p", "q", [a_history("without a field", changes=[a_change(field="")])])
    backend.save_metrics("p", "q", [a_metric("2025-W44", text, category=text) for text in texts])
    backend.save_metrics("p", "q", [a_metric("2025-W44", "without a category", category="")])
    for text in texts:
        expect_same(backend.get_histories("p", "q", issue_key=text), [text], view=sorted_issue_keys)
        expect_same(backend.get_changes("p", "q", issue_key=text), [text], view=sorted_fields)
        expect_same(backend.get_changes("p", "q", field=text), [text], view=sorted_issue_keys)
        expect_same(backend.get_metrics("p", "q", name=text), [f"2025-W44 {text}"], view=sorted_metrics)
        expect_same(backend.get_metrics("p", "q", category=text), [f"2025-W44 {text}"], view=sorted_metrics)
    expect_same(backend.get_changes("p", "q", field=""), ["without a field"], view=sorted_issue_keys)
    expect_same(backend.get_metrics("p", "q", category=""), ["2025-W44 without a category"], view=sorted_metrics)
    expect_same(backend.get_histories("p", "q", issue_key="D"), [], view=sorted_issue_keys)
    expect_same(backend.get_changes("p", "q", field="D"), [], view=sorted_issue_keys)
    expect_same(backend.get_metrics("p", "q", name="D"), [], view=sorted_metrics)


@clause(
    "filters-combine",
    sentences="13.1",
    depends_on=("issue-filters-match-exactly", "history-and-metric-filters-match-exactly", "ranges-are-inclusive"),
    likely_causes=(
        "conditions are joined by OR",
        "only the first filter given counts (an if, elif chain)",
        "a short cut for one filter forgets the others",
    ),
)
def filters_combine(backend: Backend) -> None:
    """A row matches all of the filters, whichever two are given; a filter of None is no filter."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    # The first matches every filter; each of the others misses exactly one.
    backend.save_issues(
        "p",
        "q",
        [
            an_issue(key, status=status, assignee=assignee, issue_type=kind, project_key=project, expires_at=expires_at)
            for key, status, assignee, kind, project, expires_at in (
                ("AB-1", "Done", "Ada", "Bug", "AB", TOMORROW),
                ("AB-2", "Open", "Ada", "Bug", "AB", TOMORROW),
                ("AB-3", "Done", "Bob", "Bug", "AB", TOMORROW),
                ("AB-4", "Done", "Ada", "Task", "AB", TOMORROW),
                ("AB-5", "Done", "Ada", "Bug", "CD", TOMORROW),
                ("AB-6", "Done", "Ada", "Bug", "AB", YESTERDAY),
            )
        ],
    )
    expect_same(
        backend.get_issues(
            "p", "q", status="Done", assignee="Ada", issue_type="Bug", project_key="AB", valid_at=EVENING
        ),
        ["AB-1"],
        view=sorted_keys,
    )
    two_of_them: tuple[tuple[dict[str, Any], list[str]], ...] = (
        ({"status": "Done", "assignee": "Ada"}, ["AB-1", "AB-4", "AB-5", "AB-6"]),
        ({"status": "Done", "issue_type": "Bug"}, ["AB-1", "AB-3", "AB-5", "AB-6"]),
        ({"status": "Done", "project_key": "AB"}, ["AB-1", "AB-3", "AB-4", "AB-6"]),
        ({"status": "Done", "valid_at": EVENING}, ["AB-1", "AB-3", "AB-4", "AB-5"]),
        ({"assignee": "Ada", "issue_type": "Bug"}, ["AB-1", "AB-2", "AB-5", "AB-6"]),
        ({"assignee": "Ada", "project_key": "AB"}, ["AB-1", "AB-2", "AB-4", "AB-6"]),
        ({"assignee": "Ada", "valid_at": EVENING}, ["AB-1", "AB-2", "AB-4", "AB-5"]),
        ({"issue_type": "Bug", "project_key": "AB"}, ["AB-1", "AB-2", "AB-3", "AB-6"]),
        ({"issue_type": "Bug", "valid_at": EVENING}, ["AB-1", "AB-2", "AB-3", "AB-5"]),
        ({"project_key": "AB", "valid_at": EVENING}, ["AB-1", "AB-2", "AB-3", "AB-4"]),
        ({"key": "AB-1", "status": "Open"}, []),
        ({"key": "AB-1", "assignee": "Bob"}, []),
        ({"key": "AB-1", "issue_type": "Task"}, []),
        ({"key": "AB-1", "project_key": "CD"}, []),
        ({"key": "AB-6", "valid_at": EVENING}, []),
        ({"key": "AB-1", "status": "Done"}, ["AB-1"]),
    )
    for filters, expected in two_of_them:
        expect_same(backend.get_issues("p", "q", **filters), expected, view=sorted_keys)
    expect_same(
        backend.get_issues(
            "p", "q", key=None, status=None, assignee=None, issue_type=None, project_key=None, valid_at=None, limit=None
        ),
        ["AB-1", "AB-2", "AB-3", "AB-4", "AB-5", "AB-6"],
        view=sorted_keys,
    )


@clause(
    "history-and-metric-filters-combine",
    sentences="13.1",
    depends_on=("history-and-metric-filters-match-exactly", "ranges-are-inclusive"),
    likely_causes=("conditions are joined by OR", "a short cut for one filter forgets the others"),
)
def history_and_metric_filters_combine(backend: Backend) -> None:
    """A history, a change, a metric and a statistic match all of the filters given; a filter of None is no filter."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    early, late = a_change(field="status", changed_at=BEFORE), a_change(field="status", changed_at=AFTER)
    other = a_change(field="assignee", changed_at=NOON)
    middle = a_change(field="status", changed_at=NOON)
    changes = [early, other, middle, late]
    backend.save_histories(
        "p",
        "q",
        [
            a_history("AB-1", changes=changes, expires_at=TOMORROW),
            a_history("AB-2", changes=changes, expires_at=TOMORROW),
            a_history("AB-3", changes=changes, expires_at=YESTERDAY),
        ],
    )
    expect_same(backend.get_histories("p", "q", issue_key="AB-1", valid_at=EVENING), ["AB-1"], view=sorted_issue_keys)
    expect_same(backend.get_histories("p", "q", issue_key="AB-3", valid_at=EVENING), [], view=sorted_issue_keys)
    expect_same(
        backend.get_histories("p", "q", issue_key=None, valid_at=None), ["AB-1", "AB-2", "AB-3"], view=sorted_issue_keys
    )
    changes_found: tuple[tuple[dict[str, Any], list[str]], ...] = (
        ({"field": "status", "start": NOON, "end": NOON, "valid_at": EVENING}, ["AB-1", "AB-2"]),
        ({"issue_key": "AB-1", "field": "status", "start": NOON, "end": NOON, "valid_at": EVENING}, ["AB-1"]),
        ({"issue_key": "AB-2", "field": "assignee"}, ["AB-2"]),
        ({"issue_key": "AB-2", "start": AFTER}, ["AB-2"]),
        ({"issue_key": "AB-2", "end": BEFORE}, ["AB-2"]),
        ({"issue_key": "AB-3", "valid_at": EVENING}, []),
        ({"field": "status", "start": AFTER}, ["AB-1", "AB-2", "AB-3"]),
        ({"field": "assignee", "end": BEFORE}, []),
        ({"field": "assignee", "valid_at": EVENING}, ["AB-1", "AB-2"]),
        ({"start": AFTER, "valid_at": EVENING}, ["AB-1", "AB-2"]),
        ({"end": BEFORE, "valid_at": EVENING}, ["AB-1", "AB-2"]),
        (
            {"issue_key": None, "field": "assignee", "start": None, "end": None, "valid_at": None},
            ["AB-1", "AB-2", "AB-3"],
        ),
    )
    for filters, expected in changes_found:
        expect_same(backend.get_changes("p", "q", **filters), expected, view=sorted_issue_keys)
    backend.save_metrics(
        "p",
        "q",
        [
            a_metric(week, name, category=category)
            for week in ("2025-W43", "2025-W44", "2025-W45")
            for name, category in (("a", "dora"), ("b", "dora"), ("c", "flow"))
        ],
    )
    metrics_found: tuple[tuple[dict[str, Any], list[str]], ...] = (
        ({"name": "a", "category": "dora", "start": "2025-W44", "end": "2025-W44"}, ["2025-W44 a"]),
        ({"name": "a", "category": "flow"}, []),
        ({"name": "a", "start": "2025-W45"}, ["2025-W45 a"]),
        ({"name": "a", "end": "2025-W43"}, ["2025-W43 a"]),
        ({"category": "flow", "start": "2025-W45"}, ["2025-W45 c"]),
        ({"category": "flow", "end": "2025-W43"}, ["2025-W43 c"]),
        ({"name": None, "category": "flow", "start": None, "end": "2025-W43", "limit": None}, ["2025-W43 c"]),
    )
    for filters, expected in metrics_found:
        expect_same(backend.get_metrics("p", "q", **filters), expected, view=sorted_metrics)
    backend.save_statistics("p", "q", [a_statistic(date(2025, 10, day)) for day in (27, 28)])
    expect_same(
        backend.get_statistics("p", "q", start=None, end=None, limit=None),
        [date(2025, 10, 27), date(2025, 10, 28)],
        view=sorted_days,
    )


@clause(
    "ranges-are-inclusive",
    sentences="13.3",
    likely_causes=(
        "`<` where `<=` is meant, at one of the ends",
        "instants are compared without their microseconds",
        "`end` is taken for the midnight that begins it",
    ),
)
def ranges_are_inclusive(backend: Backend) -> None:
    """`start` and `end` include themselves, to the microsecond, the day and the week; each may be given alone."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    changes = [
        a_change(field="before", changed_at=BEFORE),
        a_change(field="noon", changed_at=NOON),
        a_change(field="after", changed_at=AFTER),
    ]
    backend.save_histories("p", "q", [a_history("AB-1", changes=changes)])
    expect_same(backend.get_changes("p", "q", start=NOON), ["after", "noon"], view=sorted_fields)
    expect_same(backend.get_changes("p", "q", end=NOON), ["before", "noon"], view=sorted_fields)
    expect_same(backend.get_changes("p", "q", start=NOON, end=NOON), ["noon"], view=sorted_fields)
    expect_same(backend.get_changes("p", "q", start=BEFORE, end=AFTER), ["after", "before", "noon"], view=sorted_fields)
    expect_same(backend.get_changes("p", "q", start=AFTER), ["after"], view=sorted_fields)
    expect_same(backend.get_changes("p", "q", end=BEFORE), ["before"], view=sorted_fields)
    first, second, third = date(2024, 12, 31), date(2025, 1, 1), date(2025, 1, 2)
    backend.save_statistics("p", "q", [a_statistic(first), a_statistic(second), a_statistic(third)])
    expect_same(backend.get_statistics("p", "q", start=second), [second, third], view=sorted_days)
    expect_same(backend.get_statistics("p", "q", end=second), [first, second], view=sorted_days)
    expect_same(backend.get_statistics("p", "q", start=second, end=second), [second], view=sorted_days)
    expect_same(backend.get_statistics("p", "q", start=first, end=third), [first, second, third], view=sorted_days)
    backend.save_metrics("p", "q", [a_metric(week, "a") for week in ("2020-W53", "2021-W01", "2021-W02")])
    expect_same(backend.get_metrics("p", "q", start="2021-W01"), ["2021-W01 a", "2021-W02 a"], view=sorted_metrics)
    expect_same(backend.get_metrics("p", "q", end="2021-W01"), ["2020-W53 a", "2021-W01 a"], view=sorted_metrics)
    expect_same(backend.get_metrics("p", "q", start="2020-W53", end="2020-W53"), ["2020-W53 a"], view=sorted_metrics)


@clause(
    "a-reversed-range-is-empty",
    sentences="13.3",
    likely_causes=("the ends are exchanged, as if by mistake", "a range that cannot match is refused"),
)
def a_reversed_range_is_empty(backend: Backend) -> None:
    """A `start` later than `end` gives an empty list, whatever lies between them."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    backend.save_histories("p", "q", [a_history("AB-1", changes=[a_change(changed_at=NOON)])])
    backend.save_statistics("p", "q", [a_statistic(date(2025, 10, 28))])
    backend.save_metrics("p", "q", [a_metric("2025-W44", "a")])
    expect_same(backend.get_changes("p", "q", start=AFTER, end=BEFORE), [])
    expect_same(backend.get_changes("p", "q", start=AFTER, end=NOON), [])
    expect_same(backend.get_statistics("p", "q", start=date(2025, 10, 29), end=date(2025, 10, 27)), [])
    expect_same(backend.get_metrics("p", "q", start="2025-W45", end="2025-W43"), [])


@clause(
    "limit-keeps-the-first",
    sentences="13.4",
    depends_on=("issues-in-order", "changes-in-order", "filters-combine", "history-and-metric-filters-combine"),
    likely_causes=(
        "rows are counted before they are filtered",
        "rows are counted before they are ordered",
        "histories are counted where changes are meant",
    ),
)
def limit_keeps_the_first(backend: Backend) -> None:
    """`limit` keeps the first rows, in their order, of the issues and of the changes that match all filters."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    backend.save_issues(
        "p",
        "q",
        [
            an_issue("AB-1", status="Open", updated=YESTERDAY, expires_at=TOMORROW),
            an_issue("AB-2", status="Done", updated=BEFORE, expires_at=TOMORROW),
            an_issue("AB-3", status="Done", updated=NOON, expires_at=TOMORROW),
            an_issue("AB-4", status="Open", updated=AFTER, expires_at=TOMORROW),
            an_issue("AB-5", status="Done", updated=AFTER, expires_at=YESTERDAY),
        ],
    )
    expect_same(backend.get_issues("p", "q", limit=1), ["AB-4"], view=keys)
    expect_same(backend.get_issues("p", "q", limit=4), ["AB-4", "AB-5", "AB-3", "AB-2"], view=keys)
    expect_same(backend.get_issues("p", "q", limit=6), ["AB-4", "AB-5", "AB-3", "AB-2", "AB-1"], view=keys)
    expect_same(backend.get_issues("p", "q", status="Done", limit=2), ["AB-5", "AB-3"], view=keys)
    expect_same(backend.get_issues("p", "q", status="Done", valid_at=EVENING, limit=1), ["AB-3"], view=keys)
    expect_same(backend.get_issues("p", "q", key="AB-1", limit=1), ["AB-1"], view=keys)
    backend.save_histories(
        "p",
        "q",
        [
            a_history("AB-1", changes=[a_change(field="c", changed_at=AFTER), a_change(field="a", changed_at=BEFORE)]),
            a_history("AB-2", changes=[a_change(field="b", changed_at=NOON), a_change(field="d", changed_at=AFTER)]),
        ],
    )
    expect_same(backend.get_changes("p", "q", limit=1), ["a"], view=changed_fields)
    expect_same(backend.get_changes("p", "q", limit=3), ["a", "b", "c"], view=changed_fields)
    expect_same(backend.get_changes("p", "q", limit=5), ["a", "b", "c", "d"], view=changed_fields)
    expect_same(backend.get_changes("p", "q", field="d", limit=1), ["d"], view=changed_fields)
    expect_same(backend.get_changes("p", "q", issue_key="AB-2", limit=1), ["b"], view=changed_fields)
    expect_same(backend.get_changes("p", "q", start=NOON, limit=2), ["b", "c"], view=changed_fields)
    expired = a_history("AB-3", changes=[a_change(field="expired", changed_at=BEFORE)], expires_at=YESTERDAY)
    backend.save_histories("p", "q", [expired])
    expect_same(backend.get_changes("p", "q", valid_at=EVENING, limit=2), ["a", "b"], view=changed_fields)


@clause(
    "limit-keeps-the-last",
    sentences="13.4",
    depends_on=(
        "statistics-in-order",
        "metrics-in-order",
        "ranges-are-inclusive",
        "history-and-metric-filters-combine",
    ),
    likely_causes=(
        "the first rows are kept, as elsewhere",
        "rows read in descending order are not turned round",
        "weeks are counted where metrics are meant",
    ),
)
def limit_keeps_the_last(backend: Backend) -> None:
    """`limit` keeps the last rows, still ascending, of the statistics and of the metrics that match all filters."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    first, second, third, fourth = (date(2025, 10, day) for day in (27, 28, 29, 30))
    backend.save_statistics("p", "q", [a_statistic(day) for day in (third, first, fourth, second)])
    expect_same(backend.get_statistics("p", "q", limit=1), [fourth], view=days)
    expect_same(backend.get_statistics("p", "q", limit=2), [third, fourth], view=days)
    expect_same(backend.get_statistics("p", "q", limit=5), [first, second, third, fourth], view=days)
    expect_same(backend.get_statistics("p", "q", end=third, limit=2), [second, third], view=days)
    expect_same(backend.get_statistics("p", "q", start=second, limit=2), [third, fourth], view=days)
    backend.save_metrics(
        "p",
        "q",
        [
            a_metric("2025-W45", "a", category="dora"),
            a_metric("2025-W44", "b", category="flow"),
            a_metric("2025-W45", "b", category="flow"),
            a_metric("2025-W44", "a", category="dora"),
        ],
    )
    expect_same(backend.get_metrics("p", "q", limit=1), ["2025-W45 b"], view=weeks_and_names)
    expect_same(
        backend.get_metrics("p", "q", limit=3), ["2025-W44 b", "2025-W45 a", "2025-W45 b"], view=weeks_and_names
    )
    expect_same(backend.get_metrics("p", "q", name="a", limit=1), ["2025-W45 a"], view=weeks_and_names)
    expect_same(backend.get_metrics("p", "q", category="dora", limit=1), ["2025-W45 a"], view=weeks_and_names)
    expect_same(backend.get_metrics("p", "q", end="2025-W44", limit=1), ["2025-W44 b"], view=weeks_and_names)


@clause(
    "a-limit-of-zero-is-a-limit",
    sentences="13.5",
    likely_causes=("`if limit:` takes 0 for no limit", "`rows[-0:]` is every row"),
)
def a_limit_of_zero_is_a_limit(backend: Backend) -> None:
    """A limit of 0 gives an empty list."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    backend.save_issues("p", "q", [an_issue("AB-1")])
    backend.save_histories("p", "q", [a_history("AB-1", changes=[a_change()])])
    backend.save_statistics("p", "q", [a_statistic(date(2025, 10, 28))])
    backend.save_metrics("p", "q", [a_metric("2025-W44", "a")])
    expect_same(backend.get_issues("p", "q", limit=0), [])
    expect_same(backend.get_issues("p", "q", key="AB-1", limit=0), [])
    expect_same(backend.get_changes("p", "q", limit=0), [])
    expect_same(backend.get_statistics("p", "q", limit=0), [])
    expect_same(backend.get_metrics("p", "q", limit=0), [])


@clause(
    "a-negative-limit-is-refused",
    sentences="13.5",
    likely_causes=("SQL takes LIMIT -1 for no limit", "a slice takes -1 for all but the last"),
)
def a_negative_limit_is_refused(backend: Backend) -> None:
    """A negative limit is refused, with rows there and without."""
    for there in (False, True):
        for limit in (-1, -(2**63)):
            with expect_error(ValidationError):
                backend.get_issues("p", "q", limit=limit)
            with expect_error(ValidationError):
                backend.get_changes("p", "q", limit=limit)
            with expect_error(ValidationError):
                backend.get_statistics("p", "q", limit=limit)
            with expect_error(ValidationError):
                backend.get_metrics("p", "q", limit=limit)
        if not there:
            backend.save_profile(a_profile())
            backend.save_query("p", a_query())
            backend.save_issues("p", "q", [an_issue("AB-1")])
            backend.save_histories("p", "q", [a_history("AB-1", changes=[a_change()])])
