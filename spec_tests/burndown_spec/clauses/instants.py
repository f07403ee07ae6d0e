"""Time: instants are compared and kept, never spellings, and the clock is not read (contract, chapter 2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from burndown_spec.expectations import expect_error, expect_same
from burndown_spec.registry import clause
from burndown_spec.values.instants import INSTANTS, INVALID_INSTANTS
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
    CallersOwnError,
    FailingZone,
    FoldingZone,
    OwnDatetime,
    OwnZone,
    by_identity,
    by_moment,
    names,
    sorted_days,
    sorted_fields,
    sorted_ids,
    sorted_issue_keys,
    sorted_keys,
    sorted_metrics,
)
from burndown_store.contract import Backend, ChangeEntry, Expired, ValidationError

# Each later than the one before, but neither as text, nor by its local time, nor by its size where it is negative.
MOMENTS = (
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(999, 12, 31, 23, 59, 59, 999990, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 500000, tzinfo=UTC),
    datetime(2025, 10, 26, 5, 0, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    datetime(2025, 10, 25, 23, 15, 0, 10, tzinfo=UTC),
    datetime(2025, 10, 25, 14, 15, 0, 100, tzinfo=timezone(timedelta(hours=-9))),
    datetime(9999, 12, 31, 23, 59, 59, 999990, tzinfo=UTC),
)


@clause(
    "instants-come-back",
    sentences="2.3",
    likely_causes=(
        "microseconds are cut, or rounded on their way through a float",
        "the offset is dropped, or kept instead of UTC",
        "`strftime` writes years before 1000 without zeros",
    ),
)
def instants_come_back(backend: Backend) -> None:
    """An instant comes back as an exact `datetime` in UTC, with its microseconds, whatever its offset and field."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    # Subclasses have a clause of their own.
    pairs = [(given, utc) for given, utc in INSTANTS if type(given) is datetime]
    numbered = [(f"{number:02}", *pair) for number, pair in enumerate(pairs)]
    backend.save_issues(
        "p",
        "q",
        [an_issue(key, created=at, updated=at, resolved=at, expires_at=at) for key, at, _ in numbered],
    )
    issues = [an_issue(key, created=utc, updated=utc, resolved=utc, expires_at=utc) for key, _, utc in numbered]
    expect_same(backend.get_issues("p", "q"), issues, view=by_identity)
    backend.save_histories(
        "p",
        "q",
        [a_history(key, changes=[a_change(at)], fetched_at=at, expires_at=at) for key, at, _ in numbered],
    )
    histories = [a_history(key, changes=[a_change(utc)], fetched_at=utc, expires_at=utc) for key, _, utc in numbered]
    expect_same(backend.get_histories("p", "q"), histories, view=by_identity)
    entries = [ChangeEntry(issue_key=key, change=a_change(utc)) for key, _, utc in numbered]
    expect_same(backend.get_changes("p", "q"), entries, view=by_moment)
    backend.save_metrics("p", "q", [a_metric(name=name, calculated_at=at) for name, at, _ in numbered])
    expect_same(
        backend.get_metrics("p", "q"),
        [a_metric(name=name, calculated_at=utc) for name, _, utc in numbered],
        view=by_identity,
    )
    for _, at, utc in numbered:
        backend.save_task(a_task("update", updated_at=at))
        expect_same(backend.get_task("update"), a_task("update", updated_at=utc))
    # Two fields of one record take two instants at a time.
    for (_, at, utc), (_, at_2, utc_2) in zip(numbered[::2], numbered[1::2], strict=False):
        backend.save_profile(a_profile("p", created_at=at, last_used_at=at_2))
        expect_same(backend.get_profile("p"), a_profile("p", created_at=utc, last_used_at=utc_2))
        backend.save_query("p", a_query("q", created_at=at, last_used_at=at_2))
        expect_same(backend.get_query("p", "q"), a_query("q", created_at=utc, last_used_at=utc_2))
        backend.save_cache_info("p", "q", a_cache_info(fetched_at=at, expires_at=at_2))
        expect_same(backend.get_cache_info("p", "q"), a_cache_info(fetched_at=utc, expires_at=utc_2))
        backend.save_scope("p", "q", a_scope(updated_at=at_2))
        expect_same(backend.get_scope("p", "q"), a_scope(updated_at=utc_2))


@clause(
    "datetime-subclasses-are-instants",
    sentences="2.4",
    likely_causes=(
        "`type(value) is datetime` refuses pandas' and pendulum's instants",
        "the subclass itself is handed out",
    ),
)
def datetime_subclasses_are_instants(backend: Backend) -> None:
    """An instance of a subclass of `datetime` is taken as its instant and comes back as an exact `datetime` in UTC."""
    given = OwnDatetime(2025, 10, 26, 2, 30, 0, 123456, tzinfo=OwnZone(120))
    utc = datetime(2025, 10, 26, 0, 30, 0, 123456, tzinfo=UTC)
    later = OwnDatetime(2025, 10, 26, 2, 31, tzinfo=OwnZone(120))
    backend.save_profile(a_profile("p", created_at=given, last_used_at=given))
    expect_same(backend.get_profile("p"), a_profile("p", created_at=utc, last_used_at=utc))
    backend.save_query("p", a_query("q", created_at=given, last_used_at=given))
    expect_same(backend.get_query("p", "q"), a_query("q", created_at=utc, last_used_at=utc))
    backend.save_task(a_task("update", updated_at=given))
    expect_same(backend.get_task("update"), a_task("update", updated_at=utc))
    backend.save_issues("p", "q", [an_issue(created=given, updated=given, resolved=given, expires_at=given)])
    expected = an_issue(created=utc, updated=utc, resolved=utc, expires_at=utc)
    expect_same(backend.get_issues("p", "q"), [expected])
    expect_same(backend.get_issues("p", "q", valid_at=later), [])
    backend.save_histories("p", "q", [a_history(changes=[a_change(given)], expires_at=MOMENTS[-1])])
    expect_same(
        backend.get_histories("p", "q", valid_at=later), [a_history(changes=[a_change(utc)], expires_at=MOMENTS[-1])]
    )
    expect_same(backend.get_changes("p", "q", start=later), [])
    expect_same(backend.get_changes("p", "q", end=later, valid_at=later), ["AB-1"], view=sorted_issue_keys)
    backend.save_cache_info("p", "q", a_cache_info(fetched_at=given, expires_at=given))
    expect_same(backend.get_cache_info("p", "q"), a_cache_info(fetched_at=utc, expires_at=utc))
    backend.save_scope("p", "q", a_scope(updated_at=given))
    expect_same(backend.get_scope("p", "q"), a_scope(updated_at=utc))
    backend.save_metrics("p", "q", [a_metric(calculated_at=given)])
    expect_same(backend.get_metrics("p", "q"), [a_metric(calculated_at=utc)])
    expect_same(backend.delete_expired(later), Expired(issues=1, histories=0))


@clause(
    "what-is-no-instant-is-refused",
    sentences="2.2",
    likely_causes=(
        "a naive datetime is taken for UTC or local time",
        "an offset that leaves the years 1 to 9999 raises OverflowError",
        "texts and numbers are parsed",
    ),
)
def what_is_no_instant_is_refused(backend: Backend) -> None:
    """Where an instant is asked for, anything but an aware `datetime` that UTC can express is refused."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    for bad in INVALID_INSTANTS:
        for field in ("created_at", "last_used_at"):
            with expect_error(ValidationError):
                backend.save_profile(a_profile("p", **{field: bad}))
            with expect_error(ValidationError):
                backend.save_query("p", a_query("q", **{field: bad}))
        with expect_error(ValidationError):
            backend.save_task(a_task("update", updated_at=bad))
        for field in ("created", "updated", "resolved", "expires_at"):
            with expect_error(ValidationError):
                backend.save_issues("p", "q", [an_issue(**{field: bad})])
            with expect_error(ValidationError):
                backend.replace_issues("p", "q", [an_issue(**{field: bad})])
        for field in ("fetched_at", "expires_at"):
            with expect_error(ValidationError):
                backend.save_cache_info("p", "q", a_cache_info(**{field: bad}))
            with expect_error(ValidationError):
                backend.save_histories("p", "q", [a_history(**{field: bad})])
        with expect_error(ValidationError):
            backend.save_histories("p", "q", [a_history(changes=[a_change(bad)])])
        with expect_error(ValidationError):
            backend.save_scope("p", "q", a_scope(updated_at=bad))
        with expect_error(ValidationError):
            backend.save_metrics("p", "q", [a_metric(calculated_at=bad)])
        with expect_error(ValidationError):
            backend.get_issues("p", "q", valid_at=bad)
        with expect_error(ValidationError):
            backend.get_histories("p", "q", valid_at=bad)
        for name in ("start", "end", "valid_at"):
            filters: dict[str, Any] = {name: bad}
            with expect_error(ValidationError):
                backend.get_changes("p", "q", **filters)
        with expect_error(ValidationError):
            backend.delete_expired(bad)


@clause(
    "filters-compare-instants",
    sentences="2.5",
    likely_causes=(
        "instants are kept as texts of several shapes (`Z` and `+00:00`, with and without microseconds)",
        "the offset of a filter's instant is dropped",
    ),
)
def filters_compare_instants(backend: Backend) -> None:
    """Every filter by time goes by the moments, whatever their years, fractions and offsets."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    backend.save_issues("p", "q", [an_issue(str(number), expires_at=at) for number, at in enumerate(MOMENTS)])
    backend.save_histories(
        "p",
        "q",
        [
            a_history(str(number), changes=[a_change(at, field=str(number))], expires_at=at)
            for number, at in enumerate(MOMENTS)
        ],
    )
    for number, moment in enumerate(MOMENTS):
        # Just after the moment, so that it does not matter here whether an end is included.
        between = moment + timedelta(microseconds=1)
        until = [str(each) for each in range(len(MOMENTS)) if each <= number]
        since = [str(each) for each in range(len(MOMENTS)) if each > number]
        expect_same(backend.get_issues("p", "q", valid_at=between), since, view=sorted_keys)
        expect_same(backend.get_histories("p", "q", valid_at=between), since, view=sorted_issue_keys)
        expect_same(backend.get_changes("p", "q", valid_at=between), since, view=sorted_fields)
        expect_same(backend.get_changes("p", "q", start=between), since, view=sorted_fields)
        expect_same(backend.get_changes("p", "q", end=between), until, view=sorted_fields)


@clause(
    "clock-is-not-read",
    sentences="2.1",
    likely_causes=(
        "`updated_at` or `last_used_at` is set to the time of the call",
        "what is past by the machine's clock is hidden or removed",
    ),
)
def clock_is_not_read(backend: Backend) -> None:
    """Nothing depends on the machine's clock: what lies centuries ago or ahead is kept as it was given."""
    ages = [datetime(year, 1, 1, tzinfo=UTC) for year in (1600, 1700, 2700, 2800)]
    for number, at in enumerate(ages):
        backend.save_profile(a_profile(str(number), created_at=at, last_used_at=at))
        backend.save_query("0", a_query(str(number), created_at=at, last_used_at=at))
        backend.save_task(a_task(str(number), updated_at=at))
        backend.save_cache_info("0", str(number), a_cache_info(fetched_at=at, expires_at=at))
    backend.save_issues("0", "0", [an_issue(str(number), expires_at=at) for number, at in enumerate(ages)])
    backend.save_histories(
        "0", "0", [a_history(str(number), changes=[a_change(at)], expires_at=at) for number, at in enumerate(ages)]
    )
    backend.save_statistics("0", "0", [a_statistic(at.date()) for at in ages])
    backend.save_metrics("0", "0", [a_metric("1600-W01", "lead_time"), a_metric("2800-W01", "lead_time")])
    for removed, now in enumerate(datetime(year, 6, 1, tzinfo=UTC) for year in (1500, 1600, 1700, 2700, 2800)):
        expect_same(backend.delete_expired(now), Expired(issues=min(removed, 1), histories=min(removed, 1)))
        left = ["0", "1", "2", "3"][removed:]
        expect_same(backend.get_issues("0", "0"), left, view=sorted_keys)
        expect_same(backend.get_histories("0", "0"), left, view=sorted_issue_keys)
        expect_same(backend.get_changes("0", "0"), left, view=sorted_issue_keys)
        expect_same(backend.get_issues("0", "0", valid_at=now), left, view=sorted_keys)
        expect_same(backend.get_histories("0", "0", valid_at=now), left, view=sorted_issue_keys)
    for number, at in enumerate(ages):
        expect_same(backend.get_profile(str(number)), a_profile(str(number), created_at=at, last_used_at=at))
        expect_same(backend.get_query("0", str(number)), a_query(str(number), created_at=at, last_used_at=at))
        expect_same(backend.get_task(str(number)), a_task(str(number), updated_at=at))
        expect_same(backend.get_cache_info("0", str(number)), a_cache_info(fetched_at=at, expires_at=at))
    expect_same(backend.list_profiles(), ["0", "1", "2", "3"], view=sorted_ids)
    expect_same(backend.list_queries("0"), ["0", "1", "2", "3"], view=sorted_ids)
    expect_same(backend.list_tasks(), ["0", "1", "2", "3"], view=names)
    expect_same(backend.get_statistics("0", "0"), [at.date() for at in ages], view=sorted_days)
    expect_same(backend.get_metrics("0", "0"), ["1600-W01 lead_time", "2800-W01 lead_time"], view=sorted_metrics)


@clause(
    "a-repeated-hour-comes-twice",
    sentences="2.3 2.5",
    depends_on=(
        "instants-come-back",
        "filters-compare-instants",
        "ranges-are-inclusive",
        "valid-until-it-expires",
        "a-change-is-as-valid-as-its-history",
        "expired-is-removed-to-the-microsecond",
        "expired-is-counted",
        "a-history-stands-by-itself",
    ),
    likely_causes=(
        "`fold` is lost where a datetime is taken apart and put together again",
        "datetimes of one zone are compared before they are converted, which looks at the local time alone",
    ),
)
def a_repeated_hour_comes_twice(backend: Backend) -> None:
    """Where clocks are set back, a local time that comes twice is two instants: `fold=1` is the second."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    once, again = (datetime(2025, 10, 26, 2, 30, fold=fold, tzinfo=FoldingZone()) for fold in (0, 1))
    first, second = datetime(2025, 10, 26, 0, 30, tzinfo=UTC), datetime(2025, 10, 26, 1, 30, tzinfo=UTC)
    backend.save_profile(a_profile("p", created_at=once, last_used_at=again))
    expect_same(backend.get_profile("p"), a_profile("p", created_at=first, last_used_at=second))
    backend.save_query("p", a_query("q", created_at=once, last_used_at=again))
    expect_same(backend.get_query("p", "q"), a_query("q", created_at=first, last_used_at=second))
    backend.save_task(a_task("t", updated_at=again))
    expect_same(backend.get_task("t"), a_task("t", updated_at=second))
    backend.save_cache_info("p", "q", a_cache_info(fetched_at=once, expires_at=again))
    expect_same(backend.get_cache_info("p", "q"), a_cache_info(fetched_at=first, expires_at=second))
    backend.save_scope("p", "q", a_scope(updated_at=again))
    expect_same(backend.get_scope("p", "q"), a_scope(updated_at=second))
    backend.save_metrics("p", "q", [a_metric(calculated_at=again)])
    expect_same(backend.get_metrics("p", "q"), [a_metric(calculated_at=second)])
    for query_id in ("q", "r"):
        backend.save_query("p", a_query(query_id))
        save = backend.save_issues if query_id == "q" else backend.replace_issues
        save(
            "p",
            query_id,
            [
                an_issue("AB-1", created=once, updated=once, resolved=again, expires_at=once),
                an_issue("AB-2", created=once, updated=again, resolved=again, expires_at=again),
            ],
        )
        issues = [
            an_issue("AB-2", created=first, updated=second, resolved=second, expires_at=second),
            an_issue("AB-1", created=first, updated=first, resolved=second, expires_at=first),
        ]
        expect_same(backend.get_issues("p", query_id), issues)
        expect_same(backend.get_issues("p", query_id, valid_at=once), issues[:1])
        expect_same(backend.get_issues("p", query_id, valid_at=again), [])
    changes = [a_change(once), a_change(again)]
    backend.save_histories("p", "q", [a_history("AB-1", changes=changes, fetched_at=again, expires_at=again)])
    history = a_history("AB-1", changes=[a_change(first), a_change(second)], fetched_at=second, expires_at=second)
    expect_same(backend.get_histories("p", "q", valid_at=once), [history])
    expect_same(backend.get_histories("p", "q", valid_at=again), [])
    early, late = (ChangeEntry(issue_key="AB-1", change=a_change(at)) for at in (first, second))
    expect_same(backend.get_changes("p", "q"), [early, late])
    expect_same(backend.get_changes("p", "q", start=again), [late])
    expect_same(backend.get_changes("p", "q", end=once), [early])
    expect_same(backend.get_changes("p", "q", valid_at=again), [])
    expect_same(backend.delete_expired(once), Expired(issues=2, histories=0))
    expect_same(backend.delete_expired(again), Expired(issues=2, histories=1))


@clause(
    "errors-of-the-callers-zone-pass",
    sentences="6.7",
    depends_on=("what-is-no-instant-is-refused", "the-callers-errors-pass"),
    likely_causes=("whatever goes wrong with an instant is taken for a fault of the instant",),
)
def errors_of_the_callers_zone_pass(backend: Backend) -> None:
    """What a time zone of the caller's own raises when it is asked for its offset passes, and nothing is written."""
    at = datetime(2025, 11, 3, 12, tzinfo=FailingZone())
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    asking: tuple[tuple[Any, ...], ...] = (
        ("save_profile", a_profile("p", last_used_at=at)),
        ("save_query", "p", a_query("q", created_at=at)),
        ("save_task", a_task(updated_at=at)),
        ("save_issues", "p", "q", [an_issue("AB-1"), an_issue("AB-2", updated=at)]),
        ("replace_issues", "p", "q", [an_issue("AB-1"), an_issue("AB-2", expires_at=at)]),
        ("save_histories", "p", "q", [a_history("AB-1"), a_history("AB-2", changes=[a_change(at)])]),
        ("save_cache_info", "p", "q", a_cache_info(fetched_at=at)),
        ("save_scope", "p", "q", a_scope(updated_at=at)),
        ("save_metrics", "p", "q", [a_metric(), a_metric(name="b", calculated_at=at)]),
        ("delete_expired", at),
    )
    for operation, *arguments in asking:
        with expect_error(CallersOwnError):
            getattr(backend, operation)(*arguments)
    for operation, name in (
        ("get_issues", "valid_at"),
        ("get_histories", "valid_at"),
        *(("get_changes", name) for name in ("start", "end", "valid_at")),
    ):
        with expect_error(CallersOwnError):
            getattr(backend, operation)("p", "q", **{name: at})
    expect_same(backend.list_profiles(), [a_profile("p")])
    expect_same(backend.list_queries("p"), [a_query("q")])
    expect_same(backend.list_tasks(), [])
    expect_same(backend.get_issues("p", "q"), [])
    expect_same(backend.get_histories("p", "q"), [])
    expect_same(backend.get_metrics("p", "q"), [])
