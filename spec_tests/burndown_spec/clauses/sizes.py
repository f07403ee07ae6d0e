"""What is large is kept, found and removed whole, as what is small (contract, chapters 1, 3, 12, 14 and 15)."""

from __future__ import annotations

from datetime import UTC, datetime

from burndown_spec.expectations import expect_same, expect_that
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
from burndown_spec.values.identifiers import LONGEST
from burndown_spec.values.records import (
    a_cache_info,
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
    history_ids,
    issue_keys,
    keep_noise,
    long_document,
    long_text,
    many_changes,
    many_histories,
    many_issues,
    many_statistics,
    noise,
    summaries,
    whole_number_from,
)
from burndown_store.contract import Backend, Expired

PAGES = ("an answer is read page by page, and only the first page is given",)


@clause(
    "ten-thousand-are-replaced",
    slow=True,
    sentences="12.1 12.7",
    depends_on=("ten-thousand-in-one-batch", "a-replacement-is-exact", "whole-numbers-are-widened"),
    likely_causes=("what goes is named in one statement, with more parameters than the driver allows", *PAGES),
)
def ten_thousand_are_replaced(backend: Backend, stage: Stage) -> None:
    """Ten thousand issues or statistics are replaced by others, and the set is exactly the new one."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    backend.replace_issues("p", "q", stage.do(many_issues, 10_000))
    fewer = stage.do(many_issues, 9_999)
    backend.replace_issues("p", "q", fewer)
    expect_same(backend.get_issues("p", "q"), fewer)
    statistics = stage.do(many_statistics, 10_000)
    backend.replace_statistics("p", "q", statistics)
    expect_same(backend.get_statistics("p", "q"), statistics)


@clause(
    "ten-thousand-are-removed",
    slow=True,
    sentences="9.3 9.4 14.2",
    depends_on=("ten-thousand-in-one-batch", "expired-is-counted", "a-name-used-again"),
    likely_causes=("what goes is removed in parts, and only one part is", "the count is that of the last statement"),
)
def ten_thousand_are_removed(backend: Backend, stage: Stage) -> None:
    """Ten thousand issues and histories expire or go with their query as one does: all of them, and counted."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    issues, histories = stage.do(many_issues, 10_000), stage.do(many_histories, 10_000)
    backend.save_issues("p", "q", issues)
    backend.save_histories("p", "q", histories)
    expect_same(backend.delete_expired(datetime(2100, 1, 1, tzinfo=UTC)), Expired(issues=10_000, histories=10_000))
    expect_same(backend.get_issues("p", "q"), [])
    expect_same(backend.list_history_keys("p", "q"), [])
    backend.save_issues("p", "q", issues)
    backend.delete_query("p", "q")
    backend.save_query("p", a_query())
    expect_same(backend.get_issues("p", "q"), [])


@clause(
    "ten-thousand-changes-come-back",
    slow=True,
    sentences="8.4 12.1 12.8",
    depends_on=("ten-thousand-in-one-batch", "changes-in-order"),
    likely_causes=("a history keeps its latest changes only", *PAGES),
)
def ten_thousand_changes_come_back(backend: Backend, stage: Stage) -> None:
    """Ten thousand changes come back whole and in their order, those of one history and those of as many."""
    backend.save_profile(a_profile())
    for query_id in ("one", "many"):
        backend.save_query("p", a_query(query_id))
    changes = stage.do(many_changes, 10_000)
    backend.save_histories("p", "one", [a_history("AB-1", changes=changes)])
    expect_same(backend.get_histories("p", "one"), [a_history("AB-1", changes=changes)])
    numbers = [str(number) for number in range(10_000)]
    expect_same(backend.get_changes("p", "one"), numbers, view=history_ids)
    histories = stage.do(many_histories, 10_000)
    backend.save_histories("p", "many", histories)
    keys = issue_keys(histories)
    expect_same(backend.get_changes("p", "many"), keys, view=issue_keys)
    expect_same(backend.list_history_keys("p", "many"), keys)


@clause(
    "long-text-comes-back",
    sentences="1.2 1.5",
    depends_on=("text-comes-back", "document-comes-back"),
    likely_causes=("a column ends at 65,535 bytes (MySQL's TEXT)", "a message of the protocol has a limit"),
)
def long_text_comes_back(backend: Backend, stage: Stage) -> None:
    """A text of more than 64 KiB, and a document of more than 512 KiB, come back whole."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    text = stage.do(long_text, 6_000)
    backend.set_app_state("long", text)
    expect_same(backend.get_app_state("long"), text)
    issues = [an_issue("AB-1", summary=text), an_issue("AB-2", document=stage.do(long_document, 60_000))]
    backend.save_issues("p", "q", issues)
    expect_same(backend.get_issues("p", "q"), issues)


@clause(
    "the-longest-identifiers-go-together",
    sentences="3.2 3.3",
    depends_on=("profile-ids-are-exact", "query-ids-are-exact", "issue-keys-are-exact", "history-keys-are-exact"),
    likely_causes=("identifiers are joined to a key, which has a limit (1,024 bytes in S3 and DynamoDB)",),
)
def the_longest_identifiers_go_together(backend: Backend) -> None:
    """Profile, query and issue may all have the longest identifiers at once, and differ in the last code point."""
    longest = LONGEST[2:]
    for profile_id in longest:
        backend.save_profile(a_profile(profile_id))
        for query_id in longest:
            backend.save_query(profile_id, a_query(query_id))
            issues = [an_issue(key, summary=f"{profile_id[-1]} {query_id[-1]}") for key in longest]
            backend.save_issues(profile_id, query_id, issues)
            backend.save_histories(profile_id, query_id, [a_history(key) for key in longest])
    for profile_id in longest:
        for query_id in longest:
            said = f"{profile_id[-1]} {query_id[-1]}"
            expect_same(backend.get_issues(profile_id, query_id), [said, said], view=summaries)
            expect_same(backend.list_history_keys(profile_id, query_id), list(longest))


@clause(
    "every-kind-has-a-size",
    sentences="15.3",
    depends_on=("size-is-every-byte", "json-comes-back", "opening-creates-what-is-missing"),
    likely_causes=("some of the tables, files or containers are counted, and the others forgotten",),
)
def every_kind_has_a_size(backend: Backend, stage: Stage) -> None:
    """`size_bytes()` counts whatever is stored: a store that holds one large record of any kind is that large."""
    least = 200_000
    kinds = ("profile", "query", "state", "task", "cache info", "history", "statistic", "scope", "metric")
    for number, kind in enumerate(kinds, start=1):
        store = stage.open_beside(f"with a large {kind}")
        large = stage.do(noise, least, number)
        store.save_profile(a_profile(extra=large if kind == "profile" else {}))
        store.save_query("p", a_query(extra=large if kind == "query" else {}))
        if kind == "state":
            stage.do(keep_noise, store, least, number)
        elif kind == "task":
            store.save_task(a_task(state=large))
        elif kind == "cache info":
            store.save_cache_info("p", "q", a_cache_info(details=large))
        elif kind == "history":
            store.save_histories("p", "q", [a_history(details=large)])
        elif kind == "statistic":
            store.save_statistics("p", "q", [a_statistic(extra=large)])
        elif kind == "scope":
            store.save_scope("p", "q", a_scope(values=large))
        elif kind == "metric":
            store.save_metrics("p", "q", [a_metric(details=large)])
        expect_that(store.size_bytes(), whole_number_from, least)
        store.close()
