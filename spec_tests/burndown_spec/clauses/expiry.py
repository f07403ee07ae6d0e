"""What expires, when, and what does not (contract, chapter 14)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

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
)
from burndown_spec.vocabulary import issue_keys, sorted_fields, sorted_issue_keys, sorted_keys
from burndown_store.contract import Backend, Expired

BEFORE = datetime(2025, 11, 3, 11, 59, 59, 999_999, tzinfo=UTC)
NOON = datetime(2025, 11, 3, 12, tzinfo=UTC)
AFTER = datetime(2025, 11, 3, 12, 0, 0, 1, tzinfo=UTC)
LONG_AGO = datetime(2024, 11, 3, tzinfo=UTC)
LAST_WEEK = datetime(2025, 10, 27, tzinfo=UTC)
YESTERDAY = datetime(2025, 11, 2, tzinfo=UTC)
TOMORROW = datetime(2025, 11, 4, tzinfo=UTC)
NEXT_YEAR = datetime(2026, 11, 3, tzinfo=UTC)


@clause(
    "valid-until-it-expires",
    sentences="14.1",
    likely_causes=(
        "`>=` where `>` is meant",
        "instants are compared without their microseconds",
        "what has expired is left out where no instant was asked for",
    ),
)
def valid_until_it_expires(backend: Backend) -> None:
    """Issues and histories are valid at every instant before they expire, and at none from then on; None gives all."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    moments = (("before", BEFORE), ("noon", NOON), ("after", AFTER))
    backend.save_issues("p", "q", [an_issue(key, expires_at=moment) for key, moment in moments])
    backend.save_histories("p", "q", [a_history(key, expires_at=moment) for key, moment in moments])
    expect_same(backend.get_issues("p", "q", valid_at=NOON), ["after"], view=sorted_keys)
    expect_same(backend.get_issues("p", "q", valid_at=BEFORE), ["after", "noon"], view=sorted_keys)
    expect_same(backend.get_issues("p", "q", valid_at=AFTER), [], view=sorted_keys)
    expect_same(backend.get_issues("p", "q", valid_at=None), ["after", "before", "noon"], view=sorted_keys)
    expect_same(backend.get_histories("p", "q", valid_at=NOON), ["after"], view=sorted_issue_keys)
    expect_same(backend.get_histories("p", "q", valid_at=BEFORE), ["after", "noon"], view=sorted_issue_keys)
    expect_same(backend.get_histories("p", "q", valid_at=AFTER), [], view=sorted_issue_keys)
    expect_same(backend.get_histories("p", "q", valid_at=None), ["after", "before", "noon"], view=sorted_issue_keys)


@clause(
    "a-change-is-as-valid-as-its-history",
    sentences="14.5",
    likely_causes=(
        "`changed_at` is compared where the history's `expires_at` is meant",
        "a change carries an expiry of its own",
    ),
)
def a_change_is_as_valid_as_its_history(backend: Backend) -> None:
    """A change is there while its history is valid, whenever it was made, and goes when its history is removed."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    old, young = a_change(changed_at=BEFORE), a_change(changed_at=AFTER)
    backend.save_histories(
        "p",
        "q",
        [
            a_history("expired", changes=[old, young], expires_at=NOON),
            a_history("valid", changes=[old, young], expires_at=AFTER),
        ],
    )
    expect_same(backend.get_changes("p", "q", valid_at=NOON), ["valid", "valid"], view=sorted_issue_keys)
    expect_same(backend.get_changes("p", "q", valid_at=AFTER), [], view=sorted_issue_keys)
    expect_same(backend.get_changes("p", "q"), ["expired", "expired", "valid", "valid"], view=sorted_issue_keys)
    backend.save_histories("p", "q", [a_history("valid", changes=[a_change(field="moved")], expires_at=NOON)])
    expect_same(backend.get_changes("p", "q", valid_at=NOON), [], view=sorted_fields)
    backend.delete_expired(TOMORROW)
    expect_same(backend.get_changes("p", "q"), [], view=sorted_issue_keys)


@clause(
    "expired-is-removed-to-the-microsecond",
    sentences="14.2",
    likely_causes=("`<` where `<=` is meant", "instants are compared without their microseconds, or as text"),
)
def expired_is_removed_to_the_microsecond(backend: Backend) -> None:
    """`delete_expired(now)` removes the issues and histories that expire at `now` or before, and no other."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    moments = (("before", BEFORE), ("noon", NOON), ("after", AFTER))
    backend.save_issues("p", "q", [an_issue(key, expires_at=moment) for key, moment in moments])
    backend.save_histories("p", "q", [a_history(key, expires_at=moment) for key, moment in moments])
    backend.delete_expired(NOON)
    expect_same(backend.get_issues("p", "q"), ["after"], view=sorted_keys)
    expect_same(backend.get_histories("p", "q"), ["after"], view=sorted_issue_keys)
    expect_same(backend.list_history_keys("p", "q"), ["after"])
    backend.delete_expired(AFTER)
    expect_same(backend.get_issues("p", "q"), [])
    expect_same(backend.get_histories("p", "q"), [])


@clause(
    "expiry-reaches-every-query",
    sentences="14.2",
    depends_on=("expired-is-removed-to-the-microsecond",),
    likely_causes=("only the active, the first or the last profile is cleaned", "rows are matched by issue key alone"),
)
def expiry_reaches_every_query(backend: Backend) -> None:
    """`delete_expired` removes from every query of every profile, and keeps there what is still valid."""
    places = [(profile_id, query_id) for profile_id in ("a", "b", "c") for query_id in ("q", "r")]
    for profile_id in ("a", "b", "c"):
        backend.save_profile(a_profile(profile_id))
    for number, (profile_id, query_id) in enumerate(places):
        expired, valid = ("AB-1", "AB-2") if number % 2 else ("AB-2", "AB-1")
        backend.save_query(profile_id, a_query(query_id))
        backend.save_issues(
            profile_id, query_id, [an_issue(expired, expires_at=YESTERDAY), an_issue(valid, expires_at=TOMORROW)]
        )
        gone = a_history(expired, changes=[a_change()], expires_at=YESTERDAY)
        stays = a_history(valid, changes=[a_change()], expires_at=TOMORROW)
        backend.save_histories(profile_id, query_id, [gone, stays])
    expect_same(backend.delete_expired(NOON), Expired(issues=6, histories=6))
    for number, (profile_id, query_id) in enumerate(places):
        valid = "AB-2" if number % 2 else "AB-1"
        expect_same(backend.get_issues(profile_id, query_id), [valid], view=sorted_keys)
        expect_same(backend.get_histories(profile_id, query_id), [valid], view=sorted_issue_keys)


@clause(
    "expired-is-counted",
    sentences="14.2",
    depends_on=("expired-is-removed-to-the-microsecond",),
    likely_causes=(
        "the driver's count of the last statement is given for both",
        "changes are counted where histories are meant",
        "rows that went by a cascade are not counted",
    ),
)
def expired_is_counted(backend: Backend) -> None:
    """`delete_expired` gives how many issues and how many histories it removed, which may be none."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    expect_same(backend.delete_expired(NOON), Expired(issues=0, histories=0))
    backend.save_issues("p", "q", [an_issue(key, expires_at=YESTERDAY) for key in ("AB-1", "AB-2", "AB-3")])
    two_changes = [a_change(), a_change()]
    backend.save_histories(
        "p", "q", [a_history(key, changes=two_changes, expires_at=YESTERDAY) for key in ("AB-3", "AB-4")]
    )
    backend.save_histories("p", "q", [a_history("AB-5", changes=[a_change()], expires_at=LONG_AGO)])
    backend.save_histories("p", "q", [a_history("AB-6", changes=[a_change()], expires_at=TOMORROW)])
    expect_same(backend.delete_expired(LAST_WEEK), Expired(issues=0, histories=1))
    expect_same(backend.delete_expired(NOON), Expired(issues=3, histories=2))
    expect_same(backend.delete_expired(NOON), Expired(issues=0, histories=0))
    expect_same(backend.delete_expired(NEXT_YEAR), Expired(issues=0, histories=1))


@clause(
    "expiry-touches-nothing-else",
    sentences="14.2 14.3",
    likely_causes=(
        "every table with a column `expires_at` is cleaned",
        "cache info that has expired is taken for none",
        "a query without issues is removed",
    ),
)
def expiry_touches_nothing_else(backend: Backend) -> None:
    """Cache info that has expired is read and kept, and `delete_expired` removes nothing but issues and histories."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    info = a_cache_info(fetched_at=LONG_AGO, expires_at=LONG_AGO)
    backend.save_cache_info("p", "q", info)
    backend.save_issues("p", "q", [an_issue(expires_at=YESTERDAY)])
    backend.save_statistics("p", "q", [a_statistic(date(2025, 10, 27))])
    backend.save_scope("p", "q", a_scope(updated_at=LONG_AGO))
    backend.save_metrics("p", "q", [a_metric(calculated_at=LONG_AGO)])
    backend.save_task(a_task(updated_at=LONG_AGO))
    backend.set_app_state("active", "p")
    expect_same(backend.get_cache_info("p", "q"), info)
    expect_same(backend.get_issues("p", "q", valid_at=LAST_WEEK), ["AB-1"], view=sorted_keys)
    backend.delete_expired(NOON)
    expect_same(backend.get_cache_info("p", "q"), info)
    expect_same(backend.get_statistics("p", "q"), [a_statistic(date(2025, 10, 27))])
    expect_same(backend.get_scope("p", "q"), a_scope(updated_at=LONG_AGO))
    expect_same(backend.get_metrics("p", "q"), [a_metric(calculated_at=LONG_AGO)])
    expect_same(backend.get_task("fetch"), a_task(updated_at=LONG_AGO))
    expect_same(backend.get_app_state("active"), "p")
    expect_same(backend.get_query("p", "q"), a_query())
    expect_same(backend.get_profile("p"), a_profile())


@clause(
    "a-history-stands-by-itself",
    sentences="14.4",
    likely_causes=(
        "a foreign key from histories to issues",
        "replacing or removing issues takes their histories along",
        "reads join histories with issues",
    ),
)
def a_history_stands_by_itself(backend: Backend) -> None:
    """A history may be there before its issue, outlive it, and expire before it; neither takes the other along."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    lasting = a_history("AB-1", changes=[a_change()], expires_at=TOMORROW)
    backend.save_histories("p", "q", [lasting])
    expect_same(backend.get_histories("p", "q"), [lasting])
    expect_same(backend.get_changes("p", "q"), ["AB-1"], view=sorted_issue_keys)
    expect_same(backend.list_history_keys("p", "q"), ["AB-1"])
    backend.save_issues("p", "q", [an_issue("AB-1", expires_at=TOMORROW), an_issue("AB-2", expires_at=TOMORROW)])
    backend.replace_issues("p", "q", [an_issue("AB-2", expires_at=TOMORROW)])
    expect_same(backend.get_histories("p", "q"), [lasting])
    backend.save_issues("p", "q", [an_issue("AB-1", expires_at=YESTERDAY)])
    backend.save_histories("p", "q", [a_history("AB-2", changes=[a_change()], expires_at=YESTERDAY)])
    expect_same(backend.get_histories("p", "q", valid_at=NOON), [lasting])
    expect_same(backend.get_changes("p", "q", valid_at=NOON), ["AB-1"], view=sorted_issue_keys)
    expect_same(backend.get_issues("p", "q", valid_at=NOON), ["AB-2"], view=sorted_keys)
    backend.delete_expired(NOON)
    expect_same(backend.get_issues("p", "q"), ["AB-2"], view=sorted_keys)
    expect_same(backend.get_histories("p", "q"), [lasting])


@clause(
    "what-expired-is-found-by-no-filter",
    sentences="14.2",
    depends_on=("expired-is-removed-to-the-microsecond", "expired-is-counted", "ranges-are-inclusive"),
    likely_causes=("an answer to a filter is remembered, and expiry does not empty what is",),
)
def what_expired_is_found_by_no_filter(backend: Backend) -> None:
    """A change that a filter found is found by it no more once its history has expired and was removed."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    history = a_history("AB-1", changes=[a_change()])
    at = history.changes[0].changed_at
    filters: tuple[dict[str, Any], ...] = (
        *({}, {"field": history.changes[0].field}, {"issue_key": "AB-1"}),
        *({"start": at}, {"end": at}, {"limit": 1}),
    )
    for each in filters:
        backend.save_histories("p", "q", [history])
        expect_same(backend.get_changes("p", "q", **each), ["AB-1"], view=issue_keys)
        backend.delete_expired(history.expires_at)
        expect_same(backend.get_changes("p", "q", **each), [])
