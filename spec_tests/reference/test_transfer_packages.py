"""The packages that the old application offered for download come into a store, of both eras, and nothing is lost."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from burndown_fixtures.legacy import tree
from burndown_store.contract import Backend, to_json
from burndown_store.legacy import read_workspace
from burndown_store.sqlite import open_backend_normal
from burndown_store.transfer import ConflictError, ImportRefusedError, export_workspace, import_workspace
from legacy_samples import leaves
from transfer_samples import contents, everything, fill

REDACTED = "<REDACTED_FOR_EXPORT>"
MANIFEST: dict[str, Any] = {
    "version": "2.0", "created_at": "2025-12-20T08:00:00+00:00", "created_by": "burndown", "export_type": "sharing",
    "profiles": ["p_0a1b2c3d4e5f"], "includes_cache": True, "includes_queries": True, "includes_setup_status": False,
    "export_mode": "FULL_DATA", "includes_token": False,
}  # fmt: skip
PROFILE: dict[str, Any] = {
    "id": "p_0a1b2c3d4e5f",
    "name": "Team Blue",
    "description": "",
    "created_at": "2025-11-20T08:15:30.123456+00:00",
    "last_used": "2025-11-21T09:00:00",
    "jira_config": {"base_url": "https://tracker.example.org", "points_field": "customfield_10002"},
    "setup_status": {"setup_complete": False},
}
QUERY = {"name": "Last quarter", "jql": "project = AB", "created_at": "2025-11-20T08:16:00+00:00"}
RAW_ISSUE = {
    "id": "10001",
    "key": "AB-12",
    "fields": {"summary": "Paint the door", "status": {"name": "Done"}, "customfield_10002": 5},
}
FILES_ERA: dict[str, Any] = {
    "manifest": MANIFEST,
    "profile_data": PROFILE,
    "query_data": {
        "q_112233445566": {
            "query_metadata": QUERY,
            "project_data": {
                "project_scope": {"total_items": 34},
                "statistics": [{"date": "2025-11-03", "completed_items": 3}],
                "metadata": {"version": "2.0", "source": "jira_calculated", "last_updated": "2025-11-21T09:00:00"},
            },
            "jira_cache": {"timestamp": "2025-11-20T08:16:00+00:00", "issues": [RAW_ISSUE], "total_issues": 1},
            "metrics_snapshots": {"2025-44": {"flow_time": {"median_days": 2.5}}},
        }
    },
}
TABLES_ERA: dict[str, Any] = {
    "manifest": MANIFEST,
    "profile_data": PROFILE,
    "query_data": {
        "q_112233445566": {
            "query_metadata": QUERY,
            "project_scope": {"total_items": 34, "remaining_total_points": 13.5},
            "statistics": [
                {"stat_date": "2025-11-03", "completed_items": 3, "items_added": 2, "remaining_total_points": 8.0,
                 "week_label": "2025-W45"},
            ],
            "jira_cache": {
                "timestamp": "2025-11-20T08:16:00+00:00",
                "issues": [
                    {
                        "issue_key": "AB-12", "summary": "Paint the door", "status": "Done",
                        "assignee": "Robin Example", "issue_type": "Story", "priority": None, "project_key": "AB",
                        "project_name": "All Blue",
                        "created": "2025-10-03T14:22:31", "updated": "2025-10-04 14:22:31+02:00", "resolved": None,
                        "points": 3.0, "fix_versions": [{"name": "R 4.2"}], "fetched_by": "delta",
                        "custom_fields": {"customfield_10010": "PROD"},
                    },
                    RAW_ISSUE | {"key": "AB-13"},
                ],
            },
            "metrics": [
                {"snapshot_date": "2025-11-03", "metric_category": "flow", "metric_name": "flow_time",
                 "metric_value": 2.5, "metric_unit": "days", "calculated_at": "2025-11-04T08:00:00+00:00"},
                {"week_label": "2025-W45", "metric_name": "rework", "metric_value": None, "metric_unit": "items"},
                {"week_label": "2025-W45", "metric_name": "rework", "metric_value": 5},
                {"metric_value": 7},
            ],
            "changelog_entries": [
                {"issue_key": "AB-12", "change_date": "2025-10-04T09:00:00", "author": "Robin Example",
                 "field_name": "status", "field_type": "jira", "old_value": "To Do", "new_value": "Done", "row": 17},
                {"change_date": "2025-10-04T09:00:00"},
            ],
            "budget_settings": {"hourly_rate": 95.5},
        },
        "q_odd": "no query",
    },
    "budget_revisions": [{"revised_by": 12}],
}  # fmt: skip


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Backend]:
    """An open store without anything in it."""
    with open_backend_normal(tmp_path / "empty") as backend:
        yield backend


def saved(path: Path, package: Any) -> Path:
    path.write_text(json.dumps(package), encoding="utf-8")
    return path


def archive(files: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(name, content if isinstance(content, bytes) else json.dumps(content))
    return buffer.getvalue()


def of_a_profile(profile_id: str, **profile: Any) -> bytes:
    """An archive of version 1."""
    raw = {**PROFILE, "id": profile_id, "jira_config": {**PROFILE["jira_config"], "token": REDACTED}, **profile}
    return archive(
        {
            "manifest.json": {"version": "1.0", "profiles": [profile_id]},
            "profile.json": raw,
            "queries/q_112233445566.json": QUERY,
            "cache/project_data.json": FILES_ERA["query_data"]["q_112233445566"]["project_data"],
            "cache/jira_cache.json": {"timestamp": "2025-11-20T08:16:00+00:00", "issues": [RAW_ISSUE]},
            "cache/other.json": {},
        }
    )


def test_a_package_of_files(empty: Backend, tmp_path: Path) -> None:
    source = saved(tmp_path / "package.json", FILES_ERA)
    before = source.read_bytes()

    imported = import_workspace(empty, source, zone=ZoneInfo("Europe/Berlin"))

    here = PROFILE["id"], "q_112233445566"
    assert imported.profiles == ("p_0a1b2c3d4e5f",)
    assert imported.rejects == ()
    assert imported.naive_times == 2
    assert [ignored.file for ignored in imported.ignored] == ["package.json/manifest"]
    (profile,) = empty.list_profiles()
    assert profile.name == "Team Blue"
    assert profile.last_used_at == datetime(2025, 11, 21, 8, tzinfo=UTC)
    assert profile.extra.keys() == {"setup_status", "legacy"}
    (query,) = empty.list_queries(profile.id)
    assert query.jql == "project = AB"
    (issue,) = empty.get_issues(*here)
    assert (issue.key, issue.points) == ("AB-12", 5.0)
    assert [row.completed_items for row in empty.get_statistics(*here)] == [3]
    assert [(metric.week, metric.value) for metric in empty.get_metrics(*here)] == [("2025-W44", 2.5)]
    scope = empty.get_scope(*here)
    assert scope is not None
    assert scope.values == {"total_items": 34}
    assert source.read_bytes() == before


def test_a_package_of_tables(empty: Backend, tmp_path: Path) -> None:
    imported = import_workspace(empty, saved(tmp_path / "package.json", TABLES_ERA), zone=ZoneInfo("Europe/Berlin"))

    here = PROFILE["id"], "q_112233445566"
    issue, raw = empty.get_issues(*here)
    assert (issue.key, issue.status, issue.assignee, issue.issue_type) == ("AB-12", "Done", "Robin Example", "Story")
    assert (issue.project_key, issue.project_name, issue.priority) == ("AB", "All Blue", None)
    assert issue.created == datetime(2025, 10, 3, 12, 22, 31, tzinfo=UTC)
    assert issue.updated == datetime(2025, 10, 4, 12, 22, 31, tzinfo=UTC)
    assert issue.points == 3.0
    assert issue.document.value()["fields"]["customfield_10010"] == "PROD"
    assert issue.document.value()["fetched_by"] == "delta"
    assert (raw.key, raw.points) == ("AB-13", 5.0)
    (history,) = empty.get_histories(*here)
    (change,) = history.changes
    assert (history.issue_key, change.field, change.from_text, change.to_text) == ("AB-12", "status", "To Do", "Done")
    assert change.changed_at == datetime(2025, 10, 4, 7, tzinfo=UTC)
    assert change.author == "Robin Example"
    assert history.details["changelog"]["histories"][0]["change_date"] == "2025-10-04T09:00:00"
    (statistic,) = empty.get_statistics(*here)
    assert statistic.date == date(2025, 11, 3)
    assert (statistic.completed_items, statistic.remaining_points) == (3, 8.0)
    assert statistic.extra["items_added"] == 2
    rework, flow_time = sorted(empty.get_metrics(*here), key=lambda metric: metric.name, reverse=True)
    assert (flow_time.week, flow_time.name, flow_time.value, flow_time.unit) == ("2025-W45", "flow_time", 2.5, "days")
    assert flow_time.calculated_at == datetime(2025, 11, 4, 8, tzinfo=UTC)
    assert (rework.value, rework.unit) == (None, "items")
    (query,) = empty.list_queries(PROFILE["id"])
    assert query.extra["budget_settings"] == {"hourly_rate": 95.5}
    (profile,) = empty.list_profiles()
    assert profile.extra["budget_revisions"] == [{"revised_by": 12}]
    # The last use of the profile, the creation of an issue, and a change.
    assert imported.naive_times == 3
    places = "query_data.q_112233445566"
    assert [(reject.kind, reject.place) for reject in imported.rejects] == [
        ("unplaced", f"{places}.changelog_entries[1]"),
        ("superseded", f"{places}.metrics[2]"),
        ("unplaced", f"{places}.metrics[3]"),
        ("unplaced", "query_data.q_odd"),
    ]
    assert {reject.file for reject in imported.rejects} == {"package.json"}


@pytest.mark.parametrize("package", [FILES_ERA, TABLES_ERA], ids=["files", "tables"])
def test_each_value_of_a_package_is_in_the_store_or_told(empty: Backend, tmp_path: Path, package: Any) -> None:
    imported = import_workspace(empty, saved(tmp_path / "package.json", package))

    found = set(imported.profiles)
    for record in everything(empty).values():
        found |= set() if record is None else set(leaves(to_json(record)))
    for reject in imported.rejects:
        found |= set(leaves(json.loads(reject.raw)))
    # Read into instants and weeks, or told by where the value lies.
    read_as_instants = {
        "2025-11-20T08:15:30.123456+00:00", "2025-11-20T08:16:00+00:00", "2025-11-04T08:00:00+00:00", "2025-44",
    }  # fmt: skip
    data = [*values_of(package["profile_data"]), *values_of(package["query_data"])]
    assert [value for value in data if value not in found | read_as_instants] == []


def values_of(value: Any) -> Iterator[str]:
    if isinstance(value, (dict, list)):
        for member in value.values() if isinstance(value, dict) else value:
            yield from values_of(member)
    else:
        yield from leaves(value)


def test_the_points_field_counts_and_the_column_of_points_is_kept(empty: Backend, tmp_path: Path) -> None:
    row = {"issue_key": "AB-1", "points": 3.0, "custom_fields": {"customfield_10002": 8.0}}
    package = {"manifest": MANIFEST, "profile_data": PROFILE, "query_data": {"q": {"jira_cache": [row]}}}
    import_workspace(empty, saved(tmp_path / "package.json", package))
    (issue,) = empty.get_issues(PROFILE["id"], "q")
    assert issue.points == 8.0
    assert issue.document.value()["points"] == 3.0


def test_what_has_no_place_in_a_package_is_told(empty: Backend, tmp_path: Path) -> None:
    query = {"query_metadata": QUERY, "jql": "another", "statistics": [{"stat_date": "never"}]}
    package = {"manifest": MANIFEST, "profile_data": PROFILE, "query_data": {"q": query}, "name": "another name"}
    twice = json.dumps(package)[:-1] + ', "manifest": {"version": "2.0"}}'
    (tmp_path / "package.json").write_text(twice, encoding="utf-8")

    imported = import_workspace(empty, tmp_path / "package.json")

    assert [(reject.kind, reject.file, reject.place) for reject in imported.rejects] == [
        ("superseded", "package.json", "manifest"),
        ("unplaced", "package.json", "name"),
        ("unplaced", "package.json", "query_data.q.jql"),
        ("unreadable", f"package.json/profiles/{PROFILE['id']}/queries/q/project_data.json", "statistics[0].date"),
    ]
    assert [profile.name for profile in empty.list_profiles()] == ["Team Blue"]
    assert [query.jql for query in empty.list_queries(PROFILE["id"])] == ["project = AB"]


def test_queries_that_are_no_queries_are_told(empty: Backend, tmp_path: Path) -> None:
    package = {"manifest": MANIFEST, "profile_data": PROFILE, "query_data": [QUERY]}
    (reject,) = import_workspace(empty, saved(tmp_path / "package.json", package)).rejects
    assert (reject.place, json.loads(reject.raw)) == ("query_data", [QUERY])


def test_a_package_of_settings_alone(empty: Backend, tmp_path: Path) -> None:
    package = {"manifest": MANIFEST, "profile_data": PROFILE, "query_data": None}
    imported = import_workspace(empty, saved(tmp_path / "package.json", package))
    assert (imported.counts["profiles"], imported.counts["queries"]) == (1, 0)


def test_a_package_is_known_by_its_contents(empty: Backend, tmp_path: Path) -> None:
    saved(tmp_path / "photo.png", FILES_ERA)
    (tmp_path / "package.json").write_bytes(of_a_profile("p_2"))
    import_workspace(empty, tmp_path / "photo.png")
    import_workspace(empty, tmp_path / "package.json")
    assert sorted(profile.id for profile in empty.list_profiles()) == ["p_0a1b2c3d4e5f", "p_2"]


def test_a_package_comes_under_another_id(empty: Backend, tmp_path: Path) -> None:
    nameless = {name: value for name, value in PROFILE.items() if name != "id"}
    package = {"manifest": {"version": "2.0"}, "profile_data": nameless}
    source = saved(tmp_path / "package.json", package)
    with pytest.raises(ImportRefusedError, match="--as NEW_ID"):
        import_workspace(empty, source)
    assert import_workspace(empty, source, as_id="Team Red / 2").profiles == ("Team Red / 2",)
    with pytest.raises(ConflictError):
        import_workspace(empty, source, as_id="Team Red / 2")


def test_an_archive_of_a_profile(empty: Backend, tmp_path: Path) -> None:
    (tmp_path / "profile.zip").write_bytes(of_a_profile("p_1"))

    imported = import_workspace(empty, tmp_path / "profile.zip")

    (profile,) = empty.list_profiles()
    assert profile.jira_config == PROFILE["jira_config"]
    assert "profile.zip/profiles/p_1/profile.json" in [note.file for note in imported.notes]
    assert [issue.key for issue in empty.get_issues("p_1", "q_112233445566")] == ["AB-12"]
    assert [row.completed_items for row in empty.get_statistics("p_1", "q_112233445566")] == [3]
    assert [ignored.file for ignored in imported.ignored] == [
        "profile.zip/manifest.json",
        "profile.zip/profiles/p_1/cache/",
    ]


def test_an_archive_of_archives(empty: Backend, tmp_path: Path) -> None:
    files = {"backups/a.zip": of_a_profile("p_1"), "b": of_a_profile("p_2"), "manifest.json": {}}
    (tmp_path / "system.zip").write_bytes(archive(files))

    imported = import_workspace(empty, tmp_path / "system.zip")

    assert imported.profiles == ("p_2", "p_1") or imported.profiles == ("p_1", "p_2")
    assert imported.counts["issues"] == 2
    assert "system.zip/manifest.json" in [ignored.file for ignored in imported.ignored]
    assert "system.zip/backups/a.zip/manifest.json" in [ignored.file for ignored in imported.ignored]


def test_a_profile_that_an_archive_has_twice_is_refused(empty: Backend, tmp_path: Path) -> None:
    (tmp_path / "system.zip").write_bytes(archive({"a.zip": of_a_profile("p_1"), "b.zip": of_a_profile("p_1")}))
    with pytest.raises(ImportRefusedError, match="holds a profile twice"):
        import_workspace(empty, tmp_path / "system.zip")
    assert empty.list_profiles() == []


@pytest.mark.parametrize("folder", ["", "my out/"])
def test_a_folder_that_somebody_packed(empty: Backend, tmp_path: Path, folder: str) -> None:
    with open_backend_normal(tmp_path / "old") as old:
        fill(old)
        export_workspace(old, tmp_path / "out", with_secrets=True)
        before = everything(old)
    above = {"__MACOSX/._out": b"\x00"} if folder else {}
    files = {f"{folder}{name}": data for name, data in contents(tmp_path / "out").items() if data}
    (tmp_path / "out.zip").write_bytes(archive(files | above))
    import_workspace(empty, tmp_path / "out.zip")
    assert everything(empty) == before


def test_a_packed_folder_of_the_old_application(empty: Backend, tmp_path: Path) -> None:
    files = {name: content for name, content in tree("g3").items() if "/" in name}
    (tmp_path / "old.zip").write_bytes(archive(files))
    imported = import_workspace(empty, tmp_path / "old.zip")
    with zipfile.ZipFile(tmp_path / "old.zip") as packed:
        packed.extractall(tmp_path / "old")
    workspace = read_workspace(tmp_path / "old")
    assert imported.profiles == tuple(profile.record.id for profile in workspace.profiles)
    assert all(ignored.file.startswith("old.zip/") for ignored in imported.ignored)
