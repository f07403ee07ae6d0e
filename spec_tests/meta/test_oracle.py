"""The oracle does what the contract says, by expectations written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from burndown_spec.oracle import MemoryBackend, open_backend
from burndown_spec.values import (
    EXPIRY,
    MICROSECOND,
    NOW,
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
    full_cache_info,
    full_history,
    full_issue,
    full_metric,
    full_profile,
    full_query,
    full_scope,
    full_statistic,
    full_task,
)
from burndown_spec.vocabulary import alter
from burndown_store.contract import (
    Capability,
    ClosedError,
    Expired,
    Issue,
    JsonText,
    ProfileNotFoundError,
    QueryNotFoundError,
    UnsupportedError,
    ValidationError,
    same,
)


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[MemoryBackend]:
    """A handle on a fresh store with the profile `p` and its query `q`."""
    with open_backend(tmp_path / "store") as handle:
        handle.save_profile(a_profile("p"))
        handle.save_query("p", a_query("q"))
        yield handle


# What was saved comes back


def test_every_record_comes_back_the_same(backend: MemoryBackend) -> None:
    backend.save_profile(full_profile("p"))
    backend.save_query("p", full_query("q"))
    backend.save_issues("p", "q", [full_issue()])
    backend.save_cache_info("p", "q", full_cache_info())
    backend.save_histories("p", "q", [full_history()])
    backend.save_statistics("p", "q", [full_statistic()])
    backend.save_scope("p", "q", full_scope())
    backend.save_metrics("p", "q", [full_metric()])
    backend.save_task(full_task())
    assert same(backend.get_profile("p"), full_profile("p"))
    assert same(backend.get_query("p", "q"), full_query("q"))
    assert same(backend.get_issues("p", "q"), [full_issue()])
    assert same(backend.get_cache_info("p", "q"), full_cache_info())
    assert same(backend.get_histories("p", "q"), [full_history()])
    assert same(backend.get_statistics("p", "q"), [full_statistic()])
    assert same(backend.get_scope("p", "q"), full_scope())
    assert same(backend.get_metrics("p", "q"), [full_metric()])
    assert same(backend.get_task("fetch"), full_task())


def test_changing_what_was_passed_in_or_handed_out_changes_nothing(backend: MemoryBackend) -> None:
    given = full_history()
    backend.save_histories("p", "q", [given])
    alter(given)
    alter(backend.get_histories("p", "q")[0])
    alter(backend.get_changes("p", "q")[0])
    assert same(backend.get_histories("p", "q"), [full_history()])


# Orders


def test_profiles_and_queries_come_latest_used_first_and_then_by_id(backend: MemoryBackend) -> None:
    backend.delete_profile("p")
    for name, used in (("b", NOW), ("B", NOW), ("z", NOW + MICROSECOND), ("a", NOW - MICROSECOND)):
        backend.save_profile(a_profile(name, last_used_at=used))
        backend.save_query("b", a_query(name, last_used_at=used))
    assert [profile.id for profile in backend.list_profiles()] == ["z", "B", "b", "a"]
    assert [query.id for query in backend.list_queries("b")] == ["z", "B", "b", "a"]


def test_issues_come_latest_updated_first_none_last_and_then_by_key(backend: MemoryBackend) -> None:
    updates = {"b": None, "B": None, "d": NOW, "c": NOW, "e": NOW + MICROSECOND}
    backend.save_issues("p", "q", [an_issue(key, updated=updated) for key, updated in updates.items()])
    assert [issue.key for issue in backend.get_issues("p", "q")] == ["e", "c", "d", "B", "b"]


def test_instants_are_ordered_as_instants_to_the_microsecond_at_the_ends_of_time(backend: MemoryBackend) -> None:
    latest = NOW.replace(year=9999)
    updates = {"a": latest - MICROSECOND, "b": latest, "c": NOW.replace(year=1), "d": NOW.replace(year=1) + MICROSECOND}
    backend.save_issues("p", "q", [an_issue(key, updated=updated) for key, updated in updates.items()])
    assert [issue.key for issue in backend.get_issues("p", "q")] == ["b", "a", "d", "c"]


def test_changes_come_by_instant_then_issue_then_position(backend: MemoryBackend) -> None:
    early, late = a_change(NOW, author="early"), a_change(NOW + MICROSECOND, author="late")
    tied = [a_change(NOW, author="second"), a_change(NOW, author="first")]
    backend.save_histories("p", "q", [a_history("b", changes=[late, early]), a_history("a", changes=tied)])
    entries = [(entry.issue_key, entry.change.author) for entry in backend.get_changes("p", "q")]
    assert entries == [("a", "second"), ("a", "first"), ("b", "early"), ("b", "late")]
    assert backend.list_history_keys("p", "q") == ["a", "b"]


def test_text_sorts_by_code_point_and_not_by_utf_16(backend: MemoryBackend) -> None:
    for key in ("\U00010000", "\uffff", "a", "B"):
        backend.set_app_state(key, "")
        backend.save_task(a_task(key))
    assert list(backend.list_app_state()) == ["B", "a", "\uffff", "\U00010000"]
    assert [task.name for task in backend.list_tasks()] == ["B", "a", "\uffff", "\U00010000"]


# Limits and filters


def test_limit_gives_the_first_of_issues_and_changes(backend: MemoryBackend) -> None:
    backend.save_issues("p", "q", [an_issue(key) for key in "cab"])
    backend.save_histories("p", "q", [a_history("a", changes=[a_change(author=name) for name in "xyz"])])
    assert [issue.key for issue in backend.get_issues("p", "q", limit=2)] == ["a", "b"]
    assert [entry.change.author for entry in backend.get_changes("p", "q", limit=2)] == ["x", "y"]


def test_limit_gives_the_last_of_statistics_and_metrics_still_ascending(backend: MemoryBackend) -> None:
    days = [date(2025, 12, 30) + timedelta(days=number) for number in range(4)]
    backend.save_statistics("p", "q", [a_statistic(day) for day in reversed(days)])
    backend.save_metrics("p", "q", [a_metric(week, name) for name in "ba" for week in ("2026-W01", "2025-W52")])
    assert [statistic.date for statistic in backend.get_statistics("p", "q", limit=2)] == days[2:]
    metrics = [(metric.week, metric.name) for metric in backend.get_metrics("p", "q", limit=3)]
    assert metrics == [("2025-W52", "b"), ("2026-W01", "a"), ("2026-W01", "b")]


@pytest.mark.parametrize(("limit", "count"), [(0, 0), (1, 1), (9, 3), (None, 3)])
def test_limit_may_be_nothing_and_more_than_there_is(backend: MemoryBackend, limit: int | None, count: int) -> None:
    backend.save_issues("p", "q", [an_issue(key) for key in "abc"])
    backend.save_statistics("p", "q", [a_statistic(date(2025, 1, day)) for day in (1, 2, 3)])
    assert len(backend.get_issues("p", "q", limit=limit)) == count
    assert len(backend.get_statistics("p", "q", limit=limit)) == count


def test_limit_is_applied_after_all_filters(backend: MemoryBackend) -> None:
    backend.save_metrics("p", "q", [a_metric("2025-W44", "a", category="x"), a_metric("2025-W45", "b", category="y")])
    assert [metric.name for metric in backend.get_metrics("p", "q", category="x", limit=1)] == ["a"]


def test_bounds_are_inclusive_and_the_wrong_way_round_empty(backend: MemoryBackend) -> None:
    instants = [NOW - MICROSECOND, NOW, NOW + MICROSECOND]
    backend.save_histories("p", "q", [a_history(changes=[a_change(instant) for instant in instants])])
    found = backend.get_changes("p", "q", start=NOW, end=NOW + MICROSECOND)
    assert [entry.change.changed_at for entry in found] == instants[1:]
    assert backend.get_changes("p", "q", start=NOW + MICROSECOND, end=NOW) == []
    backend.save_statistics("p", "q", [a_statistic(date(2025, 1, day)) for day in (1, 2, 3)])
    assert len(backend.get_statistics("p", "q", start=date(2025, 1, 2), end=date(2025, 1, 3))) == 2
    backend.save_metrics("p", "q", [a_metric(week) for week in ("2025-W09", "2025-W10", "2025-W11")])
    assert len(backend.get_metrics("p", "q", start="2025-W10", end="2025-W10")) == 1


def test_a_text_filter_matches_exactly_and_never_none(backend: MemoryBackend) -> None:
    statuses = {"a": None, "b": "", "c": "Done", "d": "done", "e": "None"}
    backend.save_issues("p", "q", [an_issue(key, status=status) for key, status in statuses.items()])
    for key, status in statuses.items():
        expected = list(statuses) if status is None else [key]
        assert [issue.key for issue in backend.get_issues("p", "q", status=status)] == expected


def test_filters_combine(backend: MemoryBackend) -> None:
    issues = [
        an_issue("a", assignee="Robin Example", issue_type="Bug", project_key="AB"),
        an_issue("b", issue_type="Bug", project_key="AB"),
        an_issue("c", project_key="AB"),
    ]
    backend.save_issues("p", "q", issues)
    assert [issue.key for issue in backend.get_issues("p", "q", project_key="AB", issue_type="Bug")] == ["a", "b"]
    assert [issue.key for issue in backend.get_issues("p", "q", key="b", assignee="Robin Example")] == []


# Expiry


def test_what_expires_at_an_instant_is_no_longer_valid_at_it(backend: MemoryBackend) -> None:
    backend.save_issues("p", "q", [an_issue("a"), an_issue("b", expires_at=EXPIRY + MICROSECOND)])
    backend.save_histories("p", "q", [a_history("a", changes=[a_change()])])
    assert [issue.key for issue in backend.get_issues("p", "q", valid_at=EXPIRY)] == ["b"]
    assert len(backend.get_histories("p", "q", valid_at=EXPIRY - MICROSECOND)) == 1
    assert len(backend.get_changes("p", "q", valid_at=EXPIRY - MICROSECOND)) == 1
    assert backend.get_histories("p", "q", valid_at=EXPIRY) == []
    assert backend.get_changes("p", "q", valid_at=EXPIRY) == []


def test_delete_expired_removes_the_expired_everywhere_and_says_how_many(backend: MemoryBackend) -> None:
    backend.save_profile(a_profile("other"))
    backend.save_query("other", a_query("q"))
    for profile_id in ("p", "other"):
        backend.save_issues(profile_id, "q", [an_issue("a"), an_issue("b", expires_at=EXPIRY + MICROSECOND)])
    backend.save_histories("p", "q", [a_history("b")])
    backend.save_cache_info("p", "q", a_cache_info())
    assert same(backend.delete_expired(EXPIRY), Expired(issues=2, histories=1))
    assert [issue.key for issue in backend.get_issues("p", "q")] == ["b"]
    assert [issue.key for issue in backend.get_issues("other", "q")] == ["b"]
    assert backend.list_history_keys("p", "q") == []
    assert same(backend.get_cache_info("p", "q"), a_cache_info())
    assert same(backend.delete_expired(EXPIRY), Expired(issues=0, histories=0))


# Batches


def test_the_last_of_two_equal_identities_wins(backend: MemoryBackend) -> None:
    backend.save_issues("p", "q", [an_issue("a", summary="first"), an_issue("a", summary="last")])
    backend.replace_statistics("p", "q", [a_statistic(created_items=1), a_statistic(created_items=2)])
    backend.save_metrics("p", "q", [a_metric(value=1.0), a_metric(value=2.0)])
    assert [issue.summary for issue in backend.get_issues("p", "q")] == ["last"]
    assert [statistic.created_items for statistic in backend.get_statistics("p", "q")] == [2]
    assert [metric.value for metric in backend.get_metrics("p", "q")] == [2.0]


def test_an_upsert_replaces_whole_records_and_leaves_the_rest(backend: MemoryBackend) -> None:
    backend.save_issues("p", "q", [full_issue("a"), full_issue("b")])
    backend.save_issues("p", "q", [an_issue("a")])
    assert same(backend.get_issues("p", "q"), [full_issue("b"), an_issue("a")])


def test_replacing_makes_the_set_exactly_the_one_given(backend: MemoryBackend) -> None:
    backend.save_issues("p", "q", [an_issue("a"), an_issue("b")])
    backend.save_histories("p", "q", [a_history("a")])
    backend.replace_issues("p", "q", [an_issue("b", summary="new"), an_issue("c")])
    assert same(backend.get_issues("p", "q"), [an_issue("b", summary="new"), an_issue("c")])
    backend.replace_issues("p", "q", [])
    assert backend.get_issues("p", "q") == []
    assert backend.list_history_keys("p", "q") == ["a"]


def test_a_history_becomes_exactly_the_one_given(backend: MemoryBackend) -> None:
    backend.save_histories("p", "q", [full_history("a"), full_history("b")])
    backend.save_histories("p", "q", [a_history("a")])
    assert same(backend.get_histories("p", "q"), [a_history("a"), full_history("b")])


@pytest.mark.parametrize("position", [0, 1, 2])
def test_one_bad_record_refuses_the_whole_batch(backend: MemoryBackend, position: int) -> None:
    batch = [an_issue("a"), an_issue("b")]
    batch.insert(position, an_issue("c", points=float("nan")))
    with pytest.raises(ValidationError, match=rf"^record {position}: Issue\.points: "):
        backend.save_issues("p", "q", batch)
    assert backend.get_issues("p", "q") == []


@pytest.mark.parametrize("batch", ["", "ab", b"", bytearray(), {}, an_issue(), None, 1, [None], [a_metric()], ["a"]])
def test_what_is_no_batch_is_refused(backend: MemoryBackend, batch: Any) -> None:
    with pytest.raises(ValidationError):
        backend.replace_issues("p", "q", batch)


def test_a_batch_may_be_a_generator_that_uses_the_store(backend: MemoryBackend) -> None:
    def issues() -> Iterator[Issue]:
        yield an_issue("a")
        backend.save_issues("p", "q", [an_issue("b")])
        yield an_issue("c")

    backend.save_issues("p", "q", issues())
    assert [issue.key for issue in backend.get_issues("p", "q")] == ["a", "b", "c"]


def test_what_the_callers_generator_raises_passes_and_nothing_is_written(backend: MemoryBackend) -> None:
    def issues() -> Iterator[Issue]:
        yield an_issue("a")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backend.save_issues("p", "q", issues())
    assert backend.get_issues("p", "q") == []


def test_a_generator_that_closes_the_handle_leaves_it_closed(backend: MemoryBackend) -> None:
    def issues() -> Iterator[Issue]:
        backend.close()
        yield an_issue("a")

    with pytest.raises(ClosedError):
        backend.save_issues("p", "q", issues())


# Isolation


def fill(backend: MemoryBackend, profile_id: str, query_id: str) -> None:
    """One of everything below a query."""
    backend.save_issues(profile_id, query_id, [an_issue()])
    backend.save_histories(profile_id, query_id, [a_history()])
    backend.save_statistics(profile_id, query_id, [a_statistic()])
    backend.save_metrics(profile_id, query_id, [a_metric()])
    backend.save_cache_info(profile_id, query_id, a_cache_info())
    backend.save_scope(profile_id, query_id, a_scope())


def below(backend: MemoryBackend, profile_id: str, query_id: str) -> list[Any]:
    """All that lies below a query."""
    return [
        backend.get_issues(profile_id, query_id),
        backend.get_histories(profile_id, query_id),
        backend.get_statistics(profile_id, query_id),
        backend.get_metrics(profile_id, query_id),
        backend.get_cache_info(profile_id, query_id),
        backend.get_scope(profile_id, query_id),
    ]


NOTHING: list[Any] = [[], [], [], [], None, None]


def test_a_deleted_query_takes_all_below_it_and_nothing_else(backend: MemoryBackend) -> None:
    backend.save_query("p", a_query("Q"))
    fill(backend, "p", "q")
    fill(backend, "p", "Q")
    backend.delete_query("p", "q")
    assert below(backend, "p", "q") == NOTHING
    assert all(below(backend, "p", "Q"))
    backend.save_query("p", a_query("q"))
    assert below(backend, "p", "q") == NOTHING


def test_a_deleted_profile_takes_its_queries_and_nothing_else(backend: MemoryBackend) -> None:
    backend.save_profile(a_profile("P"))
    backend.save_query("P", a_query("q"))
    backend.set_app_state("active", "p")
    backend.save_task(a_task())
    fill(backend, "p", "q")
    fill(backend, "P", "q")
    backend.delete_profile("p")
    assert backend.list_queries("p") == []
    assert all(below(backend, "P", "q"))
    assert (backend.list_app_state(), len(backend.list_tasks())) == ({"active": "p"}, 1)
    backend.save_profile(a_profile("p"))
    assert backend.list_queries("p") == []
    backend.save_query("p", a_query("q"))
    assert below(backend, "p", "q") == NOTHING


def test_saving_a_profile_or_a_query_again_keeps_what_lies_below(backend: MemoryBackend) -> None:
    fill(backend, "p", "q")
    backend.save_profile(a_profile("p", name="Team Green"))
    backend.save_query("p", a_query("q", name="Other work"))
    assert all(below(backend, "p", "q"))


# What is not there, and what is refused


def test_writing_below_what_is_not_there_raises_with_an_empty_batch_too(backend: MemoryBackend) -> None:
    for write in (backend.save_issues, backend.replace_issues, backend.save_histories, backend.save_metrics):
        with pytest.raises(ProfileNotFoundError):
            write("x", "q", [])
        with pytest.raises(QueryNotFoundError):
            write("p", "x", [])


def test_deleting_what_is_not_there_raises_but_clearing_does_nothing(backend: MemoryBackend) -> None:
    with pytest.raises(ProfileNotFoundError):
        backend.delete_profile("x")
    with pytest.raises(ProfileNotFoundError):
        backend.delete_query("x", "q")
    with pytest.raises(QueryNotFoundError):
        backend.delete_query("p", "x")
    backend.clear_task("x")
    backend.delete_app_state("x")


def test_closed_comes_before_invalid_and_invalid_before_not_found(backend: MemoryBackend) -> None:
    with pytest.raises(ValidationError):
        backend.save_issues("x", "q", [an_issue(key="")])
    with pytest.raises(ValidationError):
        backend.delete_query("x", "")
    backend.close()
    with pytest.raises(ClosedError):
        backend.delete_query("x", "")
    with pytest.raises(ClosedError):
        backend.transaction()


def test_no_error_quotes_a_value(backend: MemoryBackend) -> None:
    bad = an_issue(document=JsonText('{"token": "secret-1"} secret-1'), status="secret-1")
    with pytest.raises(ValidationError) as refused:
        backend.save_issues("p", "q", [bad])
    assert "secret-1" not in repr(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    with pytest.raises(QueryNotFoundError) as not_found:
        backend.delete_query("p", "secret-1")
    assert "secret-1" not in repr(not_found.value)


def test_a_capability_that_is_not_claimed_is_unsupported(tmp_path: Path) -> None:
    backend = MemoryBackend(tmp_path)
    assert backend.capabilities == frozenset[Capability]()
    with pytest.raises(UnsupportedError):
        backend.transaction()
    with pytest.raises(UnsupportedError):
        backend.snapshot()
