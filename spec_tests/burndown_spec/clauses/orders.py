"""Every result has a total order (contract, chapter 8)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TypeVar

from burndown_spec.expectations import expect_same
from burndown_spec.registry import clause
from burndown_spec.values.records import (
    a_change,
    a_history,
    a_metric,
    a_profile,
    a_query,
    a_statistic,
    a_task,
    an_issue,
)
from burndown_spec.vocabulary import history_ids, ids, keys
from burndown_store.contract import Backend

T = TypeVar("T")

# In the order of their code points, which is neither that of the alphabet nor that of the numbers in them.
NAMES = ("AB-1", "AB-10", "AB-100", "AB-2", "AB-20", "AB-9", "ABC-1", "B-1", "C-10", "C-9")


def spelt(minutes: int, *instant: int) -> tuple[datetime, datetime]:
    """One instant in UTC and at another offset; as texts, the two have nothing in common."""
    moment = datetime(*instant, tzinfo=UTC)  # type: ignore[misc,arg-type]
    return moment, moment.astimezone(timezone(timedelta(minutes=minutes)))


# The earliest first. Among them neighbours a microsecond apart, seconds with and without a fraction, and the times
# before 1970, before the year 1000 and far ahead, where a float has no microseconds left.
MOMENTS = (
    spelt(840, 1, 1, 2, 3, 0, 0, 1),
    spelt(-720, 999, 12, 31, 23, 59, 59),
    spelt(60, 1969, 12, 31, 23, 59, 59, 999998),
    spelt(60, 1969, 12, 31, 23, 59, 59, 999999),
    spelt(-300, 1970, 1, 1),
    spelt(345, 2025, 11, 1, 9, 59, 59, 999999),
    spelt(-600, 2025, 11, 1, 10),
    spelt(780, 2025, 11, 1, 10, 0, 0, 1),
    spelt(-540, 2025, 11, 1, 10, 0, 0, 100000),
    spelt(-480, 2025, 11, 2, 2),
    spelt(480, 9999, 12, 30, 23, 59, 59, 999998),
    spelt(-840, 9999, 12, 30, 23, 59, 59, 999999),
)

LATEST = datetime(9999, 12, 31, 12, tzinfo=UTC)


def scrambled(rows: Sequence[T]) -> list[T]:
    """The same rows in an order that is none."""
    return random.Random(8).sample(rows, len(rows))


def latest_first(count: int) -> list[tuple[str, datetime]]:
    """`count` names for each moment, its instant spelt now this way, now that: the latest first, then by name."""
    return [
        # The number after the space tells the moments apart, and their names follow no order in time.
        (f"{name} {moment * 5 % len(MOMENTS)}", MOMENTS[moment][place % 2])
        for moment in reversed(range(len(MOMENTS)))
        for place, name in enumerate(NAMES[1::2][:count])
    ]


@clause(
    "profiles-in-order",
    sentences="8.1 2.5",
    likely_causes=(
        "instants are sorted as text, with offsets and missing microseconds as they were written",
        "profiles that were used at the same instant come in any order",
        "the order of creation is given",
    ),
)
def profiles_in_order(backend: Backend) -> None:
    """Profiles come by `last_used_at`, the latest first, and where that is the same by id; a new use moves one."""
    rows = latest_first(2)
    for name, instant in scrambled(rows):
        backend.save_profile(a_profile(id=name, last_used_at=instant))
    expect_same(backend.list_profiles(), [name for name, _ in rows], view=ids)
    oldest = rows.pop()[0]
    backend.save_profile(a_profile(id=oldest, last_used_at=LATEST))
    expect_same(backend.list_profiles(), [oldest, *(name for name, _ in rows)], view=ids)


@clause(
    "queries-in-order",
    sentences="8.1 2.5",
    likely_causes=(
        "instants are sorted as text, with offsets and missing microseconds as they were written",
        "queries that were used at the same instant come in any order",
        "the order of creation is given",
    ),
)
def queries_in_order(backend: Backend) -> None:
    """Queries come by `last_used_at`, the latest first, and where that is the same by id; a new use moves one."""
    rows = latest_first(2)
    backend.save_profile(a_profile(id="p"))
    for name, instant in scrambled(rows):
        backend.save_query("p", a_query(id=name, last_used_at=instant))
    expect_same(backend.list_queries("p"), [name for name, _ in rows], view=ids)
    oldest = rows.pop()[0]
    backend.save_query("p", a_query(id=oldest, last_used_at=LATEST))
    expect_same(backend.list_queries("p"), [oldest, *(name for name, _ in rows)], view=ids)


@clause(
    "issues-in-order",
    sentences="8.2 2.5",
    likely_causes=(
        "None sorts as the latest instant, as NULLs do in a descending order of some databases",
        "keys are sorted by their numbers, or downwards together with the instants",
        "a filter reads another index, in whose order the rows then come",
        "instants are sorted as text, or as floats that have lost their microseconds",
    ),
)
def issues_in_order(backend: Backend) -> None:
    """Issues come by `updated`, the latest first and None last, and where that is the same by key."""
    rows = latest_first(5)
    undated = [f"{name} none" for name in NAMES]
    in_order = [key for key, _ in rows] + undated
    issues = [an_issue(key, updated=instant, status="Open") for key, instant in rows]
    issues += [an_issue(key, updated=None, status="Open") for key in undated]
    backend.save_profile(a_profile(id="p"))
    backend.save_query("p", a_query(id="q"))
    backend.save_issues("p", "q", scrambled(issues))
    expect_same(backend.get_issues("p", "q"), in_order, view=keys)
    expect_same(backend.get_issues("p", "q", status="Open"), in_order, view=keys)


@clause(
    "identified-things-in-order",
    sentences="8.3",
    likely_causes=(
        "rows come in the order in which they were saved, or saved last",
        "a natural sort that reads the numbers in identifiers",
        "the keys of a dict are given in the order of their insertion",
    ),
)
def identified_things_in_order(backend: Backend) -> None:
    """Histories, history keys, tasks and app state come by identifier, in whatever order they were saved."""
    backend.save_profile(a_profile(id="p"))
    backend.save_query("p", a_query(id="q"))
    many = [f"{name} {number}" for name in NAMES for number in range(4)]
    backend.save_histories("p", "q", [a_history(key) for key in scrambled(many)])
    expect_same(backend.get_histories("p", "q"), [a_history(key) for key in many])
    expect_same(backend.list_history_keys("p", "q"), many)
    for name in scrambled(NAMES):
        backend.save_task(a_task(name=name))
        backend.set_app_state(name, "value")
    expect_same(backend.list_tasks(), [a_task(name=name) for name in NAMES])
    expect_same(backend.list_app_state(), list(NAMES), view=list)


@clause(
    "changes-in-order",
    sentences="8.4 2.5",
    likely_causes=(
        "changes of one instant come in the order in which their histories were saved",
        "positions are stored as text, so that 10 comes before 2",
        "instants are sorted as text, with offsets and missing microseconds as they were written",
    ),
)
def changes_in_order(backend: Backend) -> None:
    """Changes come by `changed_at`, then by issue key, then by their position in the history."""
    # Each history has every moment twice, and one moment fourteen times; `at` is the moment's number.
    moments = scrambled([*range(len(MOMENTS)), *range(len(MOMENTS)), *[6] * 12])
    changes = {
        key: [
            (at, a_change(changed_at=MOMENTS[at][position % 2], history_id=f"{key} {position}"))
            for position, at in enumerate(moments)
        ]
        for key in NAMES[:4]
    }
    in_order = [
        change.history_id
        for moment in range(len(MOMENTS))
        for key in NAMES[:4]
        for at, change in changes[key]
        if at == moment
    ]
    backend.save_profile(a_profile(id="p"))
    backend.save_query("p", a_query(id="q"))
    histories = [a_history(key, changes=[change for _, change in changes[key]]) for key in NAMES[:4]]
    backend.save_histories("p", "q", scrambled(histories))
    expect_same(backend.get_changes("p", "q"), in_order, view=history_ids)
    expect_same(backend.get_changes("p", "q", field="status"), in_order, view=history_ids)


@clause(
    "statistics-in-order",
    sentences="8.5",
    likely_causes=(
        "rows come in the order in which they were saved",
        "dates are sorted as text that is not zero-padded",
    ),
)
def statistics_in_order(backend: Backend) -> None:
    """Statistics come by date, the earliest first, in whatever order they were saved."""
    days = [date.min, date(999, 12, 31), date(1969, 12, 31), date(1970, 1, 1), date(2024, 2, 29)]
    days += [date(2025, month, day) for month in (1, 2, 9, 10, 11, 12) for day in (1, 2, 9, 10, 20)]
    days += [date(2026, 1, 1), date.max]
    rows = [a_statistic(day, completed_items=number) for number, day in enumerate(days)]
    backend.save_profile(a_profile(id="p"))
    backend.save_query("p", a_query(id="q"))
    backend.save_statistics("p", "q", scrambled(rows))
    expect_same(backend.get_statistics("p", "q"), rows)
    expect_same(backend.get_statistics("p", "q", start=days[1]), rows[1:])


@clause(
    "metrics-in-order",
    sentences="8.5",
    likely_causes=(
        "metrics come by name, then by week",
        "rows come in the order in which they were saved, or saved last",
    ),
)
def metrics_in_order(backend: Backend) -> None:
    """Metrics come by week, the earliest first, then by name, in whatever order they were saved."""
    weeks = ("0001-W01", "0999-W52", "2020-W53", "2021-W01", "2025-W02", "2025-W09", "2025-W10", "2026-W01", "9999-W52")
    rows = [a_metric(week, name, value=float(number)) for week in weeks for number, name in enumerate(NAMES)]
    backend.save_profile(a_profile(id="p"))
    backend.save_query("p", a_query(id="q"))
    backend.save_metrics("p", "q", scrambled(rows))
    expect_same(backend.get_metrics("p", "q"), rows)
    expect_same(backend.get_metrics("p", "q", category="dora"), rows)
