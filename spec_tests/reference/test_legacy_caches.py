"""jira_cache.json and jira_changelog_cache.json in all their shapes."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from burndown_fixtures.legacy import write_tree
from burndown_store.legacy import UNKNOWN_TIME
from legacy_samples import CHANGES, ISSUES, MOVED, PROFILE, QUERY, Everything, instant, read, read_all, reasons

AT = "2026-01-05T06:59:00.000001+00:00"
ISSUE: dict[str, Any] = {"id": "10012", "key": "AB-12", "fields": {"status": {"name": "In Review"}}}


def read_issues(root: Path, cache: Any, points_field: Any = "customfield_10002") -> Everything:
    return read(root, {PROFILE: {"jira_config": {"points_field": points_field}}, QUERY: {}, ISSUES: cache})


def read_changes(root: Path, cache: Any, issues: Any = None) -> Everything:
    files = {PROFILE: {}, QUERY: {}, CHANGES: cache}
    return read(root, files if issues is None else {**files, ISSUES: issues})


def entry(*changed_at: str, **more: Any) -> dict[str, Any]:
    return {"changelog": {"histories": [{"created": at, "items": [MOVED]} for at in changed_at]}, **more}


@pytest.mark.parametrize(
    "cache",
    [
        {"timestamp": AT, "issues": [ISSUE], "total_issues": 1},
        {"timestamp": AT, "issues": [ISSUE], "total_issues": 1, "jql_query": "project = AB", "fields_requested": "key"},
        {"cache_version": "2.0", "timestamp": AT, "issues": [ISSUE], "last_updated": AT, "changed_keys": ["AB-12"]},
        {"version": "1", "fields": "key", "cached_at": AT, "issue_count": 1, "issues": [ISSUE]},
        {"metadata": {"timestamp": AT, "cache_key": "k", "config_hash": "h"}, "data": [ISSUE]},
        {"issues": [ISSUE], "timestamp": AT},
    ],
)
def test_issues_of_every_shape_expire_a_day_after_they_were_fetched(tmp_path: Path, cache: dict[str, Any]) -> None:
    below = read_issues(tmp_path, cache).below

    (issue,) = below.issues
    assert (issue.key, issue.status, issue.document.value()) == ("AB-12", "In Review", ISSUE)
    assert issue.expires_at == instant(AT) + timedelta(hours=24)
    assert below.cache_info is not None
    assert (below.cache_info.fetched_at, below.cache_info.expires_at) == (instant(AT), issue.expires_at)
    assert below.cache_info.jql == cache.get("jql_query")


def test_what_the_cache_holds_beside_its_issues_is_kept(tmp_path: Path) -> None:
    beside = {
        "cache_version": "2.0",
        "jql_hash": "0123456789abcdef",
        "changed_keys": [],
        "total_issues": 9,
        "odd": None,
    }
    info = read_issues(tmp_path, {"timestamp": AT, "issues": [], **beside}).below.cache_info

    assert info is not None
    assert info.details == beside


def test_a_naive_timestamp_is_kept_and_counted(tmp_path: Path) -> None:
    everything = read_issues(tmp_path, {"timestamp": "2026-01-05T06:59:00", "issues": []})

    assert everything.naive_times == 1
    assert everything.below.cache_info is not None
    assert everything.below.cache_info.details["legacy"]["found"] == {"timestamp": "2026-01-05T06:59:00"}


@pytest.mark.parametrize("cache", [[ISSUE], {"issues": [ISSUE]}, {"issues": [ISSUE], "timestamp": None}])
def test_issues_of_an_unknown_time_are_expired(tmp_path: Path, cache: Any) -> None:
    (issue,) = read_issues(tmp_path, cache).below.issues

    assert issue.expires_at == UNKNOWN_TIME + timedelta(hours=24)


def test_a_bare_list_tells_of_no_fetch(tmp_path: Path) -> None:
    assert read_issues(tmp_path, [ISSUE]).below.cache_info is None


@pytest.mark.parametrize("file", [ISSUES, CHANGES])
@pytest.mark.parametrize("found", [{"AB-1": {}}, "none", 5])
def test_issues_that_are_no_list_are_rejected(tmp_path: Path, file: str, found: Any) -> None:
    everything = read(tmp_path, {PROFILE: {}, QUERY: {}, file: {"issues": found}})

    assert reasons(everything) == [("unreadable", file.rsplit("/")[-1], "issues")]


def test_a_history_of_an_unknown_time_says_none(tmp_path: Path) -> None:
    (history,) = read_issues(tmp_path, [{**ISSUE, **entry()}]).below.histories

    assert (history.fetched_at, history.expires_at) == (None, UNKNOWN_TIME + timedelta(hours=24))


def test_issues_stay_in_the_order_of_the_answer(tmp_path: Path) -> None:
    keys = ["AB-9", "AB-1", "OPS-3"]
    issues = read_issues(tmp_path, {"issues": [{"key": key} for key in keys]}).below.issues

    assert [issue.key for issue in issues] == keys


@pytest.mark.parametrize(
    ("points_field", "points"),
    [("customfield_10002", 5.0), ("votes", 3.0), ("", None), (None, None), ({"id": "votes"}, None), ("absent", None)],
)
def test_points_come_from_the_field_that_the_profile_names(
    tmp_path: Path, points_field: Any, points: float | None
) -> None:
    raw = {"key": "AB-12", "fields": {"customfield_10002": "5.0", "votes": {"votes": 3, "hasVoted": False}}}

    assert read_issues(tmp_path, [raw], points_field).below.issues[0].points == points


def test_of_two_issues_with_one_key_the_last_counts_and_the_first_is_kept_in_a_reject(tmp_path: Path) -> None:
    first = {**ISSUE, "fields": {"status": {"name": "To Do"}}}
    everything = read_issues(tmp_path, {"issues": [first, {"key": "AB-1"}, ISSUE]})

    assert [(issue.key, issue.status) for issue in everything.below.issues] == [("AB-1", None), ("AB-12", "In Review")]
    (reject,) = everything.rejects
    assert (reject.kind, reject.place, json.loads(reject.raw)) == ("superseded", "issues[0]", first)


def test_an_issue_that_is_none_ends_no_neighbour(tmp_path: Path) -> None:
    everything = read_issues(tmp_path, {"issues": [None, {"fields": {}}, ISSUE, {"key": ""}, "AB-1"]})

    assert [issue.key for issue in everything.below.issues] == ["AB-12"]
    assert [place for _, _, place in reasons(everything)] == ["issues[0]", "issues[1]", "issues[3]", "issues[4]"]
    assert {reject.refetchable for reject in everything.rejects} == {True}


def test_an_issue_that_the_contract_cannot_store_is_repaired_and_kept_as_it_was(tmp_path: Path) -> None:
    raw = {"key": "AB-12", "fields": {"votes": float("nan"), "summary": "a\0b"}}
    everything = read_issues(tmp_path, {"issues": [raw]})

    (reject,) = everything.rejects
    assert everything.below.issues[0].summary == "a\ufffdb"
    assert (reject.kind, reject.place) == ("repaired", "issues[0]")
    assert json.loads(reject.raw)["fields"]["summary"] == "a\0b"


def test_a_changelog_inside_an_issue_is_its_history(tmp_path: Path) -> None:
    below = read_issues(
        tmp_path, {"timestamp": AT, "issues": [{**ISSUE, **entry("2025-10-04T09:00:00.000+0200")}]}
    ).below

    (history,) = below.histories
    assert (history.issue_key, history.changes[0].to_text) == ("AB-12", "Done")
    assert (history.fetched_at, history.expires_at) == (instant(AT), instant(AT) + timedelta(hours=24))


def test_a_map_of_changelogs_becomes_histories_that_never_expire(tmp_path: Path) -> None:
    at = "2025-11-05T10:00:00.000001"
    raw = entry("2025-10-04T09:00:00.000+0200", key="AB-12", fields={"fixVersions": None}, last_updated=at)
    everything = read_changes(tmp_path, {"AB-12": raw})

    (history,) = everything.below.histories
    assert history.changes[0].changed_at == instant("2025-10-04T07:00:00+00:00")
    assert history.fetched_at == instant(at + "+00:00")
    assert history.expires_at.year == 9999
    assert history.details["entry"] == {"fields": {"fixVersions": None}, "last_updated": at}
    assert everything.naive_times == 1


def test_an_issue_without_changes_has_an_empty_history(tmp_path: Path) -> None:
    (history,) = read_changes(tmp_path, {"AB-13": entry()}).below.histories

    assert (history.issue_key, history.changes) == ("AB-13", [])


def test_histories_of_issues_that_are_gone_are_kept(tmp_path: Path) -> None:
    below = read_changes(tmp_path, {"GONE-1": entry("2025-09-01T08:00:00.000+0000")}, issues=[ISSUE]).below

    assert [history.issue_key for history in below.histories] == ["GONE-1"]


def test_several_changes_at_one_instant_are_kept_in_their_order(tmp_path: Path) -> None:
    at = "2025-10-04T09:00:00.000+0000"
    items = [{"field": "status", "toString": name} for name in ["B", "A", "B"]]
    cache = {
        "AB-12": {"changelog": {"histories": [{"created": at, "items": items}, *entry(at)["changelog"]["histories"]]}}
    }

    assert [change.to_text for change in read_changes(tmp_path, cache).below.histories[0].changes] == [
        "B",
        "A",
        "B",
        "Done",
    ]


def test_a_wrapper_of_whole_issues_and_a_mixed_file_are_read(tmp_path: Path) -> None:
    whole = {**ISSUE, **entry("2025-10-04T09:00:00.000+0000")}
    wrapper = {"cache_version": "2.0", "timestamp": "2025-11-03T12:00:00", "issues": [whole], "total_issues": 1}
    below = read_changes(tmp_path, {"AB-1": entry(), **wrapper}, issues={"timestamp": AT, "issues": []}).below

    assert [(history.issue_key, len(history.changes)) for history in below.histories] == [("AB-1", 0), ("AB-12", 1)]
    assert below.histories[1].details["entry"]["fields"] == ISSUE["fields"]
    assert below.cache_info is not None
    assert below.cache_info.details["changelog_cache"]["cache_version"] == "2.0"


def test_a_key_called_as_ours_keeps_its_place(tmp_path: Path) -> None:
    issues = {"timestamp": AT, "issues": [], "changelog_cache": "theirs"}
    info = read_changes(tmp_path, {"cache_version": "2.0"}, issues=issues).below.cache_info

    assert info is not None
    assert info.details == {"changelog_cache": "theirs", "changelog_cache_again": {"cache_version": "2.0"}}


@pytest.mark.parametrize("newer", [CHANGES, ISSUES])
def test_the_changelog_that_does_not_count_is_kept_with_all_its_changes(tmp_path: Path, newer: str) -> None:
    at = "2025-10-04T09:00:00.000+0000"
    times = {ISSUES: "2026-01-05T06:59:00+00:00", CHANGES: "2026-01-05T06:59:00+00:00", newer: "2026-02-05T06:59:00Z"}
    whole = {"field": "status", "fieldtype": "jira", "from": "1", "fromString": "To Do", "to": "5"}
    moved = {file: {**whole, "toString": f"said by {file}"} for file in (ISSUES, CHANGES)}
    logs = {file: {"changelog": {"histories": [{"created": at, "items": [item]}]}} for file, item in moved.items()}
    everything = read_changes(
        tmp_path,
        {"AB-12": {**logs[CHANGES], "last_updated": times[CHANGES]}},
        issues={"timestamp": times[ISSUES], "issues": [{**ISSUE, **logs[ISSUES]}]},
    )

    (older,) = {ISSUES, CHANGES} - {newer}
    assert everything.below.histories[0].changes[0].to_text == f"said by {newer}"
    assert f"said by {older}" in everything.rejects[0].raw


def test_of_two_issues_with_one_key_the_first_one_s_changelog_is_kept_too(tmp_path: Path) -> None:
    first = {**ISSUE, **entry("2025-10-04T09:00:00.000+0000")}
    everything = read_issues(tmp_path, {"issues": [first, ISSUE]})

    assert everything.below.histories == ()
    assert [place for _, _, place in reasons(everything)] == ["issues[0]", "issues[0].changelog"]
    assert "To Do" in everything.rejects[1].raw


def test_what_stands_beside_changelogs_without_a_cache_of_issues_is_kept_in_rejects(tmp_path: Path) -> None:
    everything = read_changes(tmp_path, {"AB-1": entry(), "cache_version": "2.0"})

    assert reasons(everything) == [("unplaced", "jira_changelog_cache.json", "cache_version")]


def test_entries_that_are_none_end_no_neighbour(tmp_path: Path) -> None:
    everything = read_changes(tmp_path, {"AB-1": None, "": entry(), "AB-2": entry(), "AB-3": ["x"]})

    assert [history.issue_key for history in everything.below.histories] == ["AB-2"]
    assert [place for _, _, place in reasons(everything)] == ["AB-1", "", "AB-3"]


def test_changes_that_cannot_be_read_stay_in_the_details_and_are_noted(tmp_path: Path) -> None:
    everything = read_changes(tmp_path, {"AB-1": entry("yesterday", "2025-10-04T09:00:00.000+0000")})

    (history,) = everything.below.histories
    assert len(history.changes) == 1
    assert history.details["changelog"]["histories"][0]["created"] == "yesterday"
    assert [note.place for note in everything.notes] == ["AB-1"]


def test_of_two_changelogs_the_one_that_was_fetched_last_counts(tmp_path: Path) -> None:
    everything = read_all(write_tree(tmp_path, "g3-mixed-changelogs"))

    histories = everything.contents["p_0a1b2c3d4e5f", "q_112233445566"].histories
    assert {history.issue_key: history.fetched_at for history in histories}["AB-12"] == instant(AT)
    assert reasons(everything) == [("superseded", "jira_changelog_cache.json", "AB-12")]
