"""What lies on the disk is what the old application reads: names of files, members, spellings of numbers and times."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from burndown_store.contract import (
    CacheInfo,
    Change,
    History,
    Issue,
    Json,
    JsonText,
    Metric,
    Profile,
    Query,
    Scope,
    Statistic,
    Task,
    replace,
    same,
)
from burndown_store.json_files import JsonFilesBackend, open_backend

NOON = datetime(2025, 11, 3, 12, 0, 0, 123456, UTC)
DAY = timedelta(days=1)
SECRET = "not-a-real-token"
PROFILE = Profile(
    id="p_0a1b2c3d4e5f",
    name="Team Blue",
    description="The team that paints",
    created_at=NOON,
    last_used_at=NOON + DAY,
    jira_config={"base_url": "https://tracker.example.org", "token": SECRET},
    field_mappings={"flow": {"status": "status"}},
    forecast_settings={"pert_factor": 6},
    project_classification={"bug_types": ["Bug"]},
    flow_type_mappings={"Feature": {"issue_types": ["Story"]}},
    show_points=True,
    extra={"setup_status": {"setup_complete": False}, "name": "what means something else"},
)
QUERY = Query(
    id="q_112233445566",
    name="Last quarter",
    jql="project = AB",
    created_at=NOON,
    last_used_at=NOON,
    extra={"updated_at": "2025-11-04T00:00:00+00:00"},
)
PLACE = (PROFILE.id, QUERY.id)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JsonFilesBackend]:
    """An open store with one profile and one query."""
    with open_backend(tmp_path, timeout=0) as backend:
        backend.save_profile(PROFILE)
        backend.save_query(PROFILE.id, QUERY)
        yield backend


def on_disk(root: Path, *parts: str) -> Any:
    """What an application reads that knows nothing of the backend, in the most careless encoding."""
    return json.loads(root.joinpath("profiles", *parts).read_text(encoding="ascii"))


def below_query(root: Path, file: str) -> Any:
    return on_disk(root, PROFILE.id, "queries", QUERY.id, file)


def instant_of_the_machine(text: str) -> datetime:
    """What the old application takes a time without a zone for."""
    said = datetime.fromisoformat(text)
    assert said.tzinfo is None
    return said.astimezone(UTC)


def without_ours(document: Json) -> Json:
    return {name: value for name, value in document.items() if name != "burndown_store"}


def test_the_files_lie_where_the_old_application_looks(store: JsonFilesBackend, tmp_path: Path) -> None:
    store.save_issues(*PLACE, [])
    store.save_histories(*PLACE, [])
    store.save_statistics(*PLACE, [])
    store.save_metrics(*PLACE, [])
    store.save_task(Task(name="update_data", status="in_progress", updated_at=NOON))
    files = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    query = f"profiles/{PROFILE.id}/queries/{QUERY.id}"
    assert files == [
        "profiles/json_files.lock",
        f"profiles/{PROFILE.id}/profile.json",
        f"{query}/jira_cache.json",
        f"{query}/jira_changelog_cache.json",
        f"{query}/metrics_snapshots.json",
        f"{query}/project_data.json",
        f"{query}/query.json",
        "profiles/profiles.json",
        "task_progress.json",
    ]


def test_the_registry_lists_the_profile_and_says_no_secret(store: JsonFilesBackend, tmp_path: Path) -> None:
    store.set_app_state("active_profile_id", PROFILE.id)
    registry = on_disk(tmp_path, "profiles.json")
    assert without_ours(registry) == {
        "version": "3.0",
        "active_profile_id": PROFILE.id,
        "active_query_id": None,
        "profiles": {
            PROFILE.id: {
                "id": PROFILE.id,
                "name": "Team Blue",
                "description": "The team that paints",
                "created_at": "2025-11-03T12:00:00.123456+00:00",
                "last_used": "2025-11-04T12:00:00.123456+00:00",
            }
        },
    }


def test_the_registry_calls_a_profile_as_its_folder_is_called(store: JsonFilesBackend, tmp_path: Path) -> None:
    store.save_profile(replace(PROFILE, id="Team Blue"))
    store.set_app_state("active_profile_id", "Team Blue")
    registry = on_disk(tmp_path, "profiles.json")
    assert registry["active_profile_id"] == registry["profiles"]["%54eam %42lue"]["id"] == "%54eam %42lue"
    assert on_disk(tmp_path, "%54eam %42lue", "profile.json")["id"] == "Team Blue"


def test_a_deleted_profile_leaves_the_registry_and_the_disk(store: JsonFilesBackend, tmp_path: Path) -> None:
    store.delete_profile(PROFILE.id)
    assert on_disk(tmp_path, "profiles.json")["profiles"] == {}
    assert sorted(path.name for path in tmp_path.joinpath("profiles").iterdir()) == ["json_files.lock", "profiles.json"]


def test_profile_json(store: JsonFilesBackend, tmp_path: Path) -> None:
    assert without_ours(on_disk(tmp_path, PROFILE.id, "profile.json")) == {
        "id": PROFILE.id,
        "name": "Team Blue",
        "description": "The team that paints",
        "created_at": "2025-11-03T12:00:00.123456+00:00",
        "last_used": "2025-11-04T12:00:00.123456+00:00",
        "jira_config": {"base_url": "https://tracker.example.org", "token": SECRET},
        "field_mappings": {"flow": {"status": "status"}},
        "forecast_settings": {"pert_factor": 6},
        "project_classification": {"bug_types": ["Bug"]},
        "flow_type_mappings": {"Feature": {"issue_types": ["Story"]}},
        "show_milestone": False,
        "show_points": True,
        "setup_status": {"setup_complete": False},
    }
    assert same(store.get_profile(PROFILE.id), PROFILE)


def test_query_json(store: JsonFilesBackend, tmp_path: Path) -> None:
    assert below_query(tmp_path, "query.json") == {
        "id": QUERY.id,
        "name": "Last quarter",
        "jql": "project = AB",
        "description": "",
        "created_at": "2025-11-03T12:00:00.123456+00:00",
        "last_used": "2025-11-03T12:00:00.123456+00:00",
        "updated_at": "2025-11-04T00:00:00+00:00",
    }
    assert same(store.get_query(*PLACE), QUERY)


def test_jira_cache_json(store: JsonFilesBackend, tmp_path: Path) -> None:
    raw = {"id": "10001", "key": "AB-12", "fields": {"summary": "T\u00fcr", "customfield_10002": 5.0}}
    issue = Issue(key="AB-12", document=JsonText.of(raw), points=5.0, created=NOON, expires_at=NOON + DAY)
    info = CacheInfo(
        fetched_at=NOON,
        expires_at=NOON + DAY,
        jql=QUERY.jql,
        details={"fields_requested": "key,summary", "changed_keys": ["AB-12"], "total_issues": 7},
    )
    store.save_issues(*PLACE, [issue])
    store.save_cache_info(*PLACE, info)
    assert without_ours(below_query(tmp_path, "jira_cache.json")) == {
        "cache_version": "2.0",
        "timestamp": "2025-11-03T12:00:00.123456+00:00",
        "last_updated": "2025-11-03T12:00:00.123456+00:00",
        "jql_query": "project = AB",
        "jql_hash": sha256(b"project = AB").hexdigest()[:16],
        "fields_requested": "key,summary",
        "changed_keys": ["AB-12"],
        "issues": [raw],
        "total_issues": 1,
    }
    assert same(store.get_issues(*PLACE), [issue])
    assert same(store.get_cache_info(*PLACE), info)


@pytest.mark.parametrize(
    "document", [{}, {"key": "CD-1", "fields": {}}, {"key": "AB-12"}, {"key": 1, "fields": {}}, {"fields": []}]
)
def test_a_document_that_is_no_raw_issue_is_kept_beside_one_that_is(
    store: JsonFilesBackend, tmp_path: Path, document: Json
) -> None:
    issue = Issue(
        key="AB-12",
        document=JsonText.of(document),
        summary="Paint the door",
        status="Done",
        assignee="Robin Example",
        project_key="AB",
        created=NOON,
        expires_at=NOON,
    )
    store.save_issues(*PLACE, [issue])
    assert below_query(tmp_path, "jira_cache.json")["issues"] == [
        {
            "key": "AB-12",
            "fields": {
                "summary": "Paint the door",
                "status": {"name": "Done"},
                "project": {"key": "AB"},
                "assignee": {"displayName": "Robin Example"},
                "priority": None,
                "resolution": None,
                "created": "2025-11-03T12:00:00.123+0000",
                "resolutiondate": None,
            },
        }
    ]
    assert same(store.get_issues(*PLACE), [issue])


def test_jira_changelog_cache_json(store: JsonFilesBackend, tmp_path: Path) -> None:
    in_milliseconds = NOON.replace(microsecond=123000)
    change = Change(
        changed_at=in_milliseconds,
        field="status",
        field_id="status",
        field_type="jira",
        author="Robin Example",
        history_id="77",
        from_value="3",
        from_text="To Do",
        to_value="4",
        to_text="In Progress",
    )
    fields = {"status": {"name": "In Progress"}, "resolutiondate": None}
    history = History(
        issue_key="AB-12",
        changes=[change, replace(change, field="labels", from_text=None), Change(changed_at=NOON, field="status")],
        fetched_at=NOON,
        expires_at=NOON + DAY,
        details={"entry": {"fields": fields}, "changelog": {"startAt": 0}},
    )
    store.save_histories(*PLACE, [history])
    entry = below_query(tmp_path, "jira_changelog_cache.json")["AB-12"]
    item = {"fieldtype": "jira", "fieldId": "status", "from": "3", "to": "4", "toString": "In Progress"}
    assert (entry["key"], entry["fields"]) == ("AB-12", fields)
    assert instant_of_the_machine(entry["last_updated"]) == NOON
    assert entry["changelog"]["total"] == 2
    first, second = entry["changelog"]["histories"]
    assert first == {
        "id": "77",
        "author": {"displayName": "Robin Example"},
        "created": "2025-11-03T12:00:00.123+0000",
        "items": [{**item, "field": "status", "fromString": "To Do"}, {**item, "field": "labels", "fromString": None}],
    }
    assert without_ours(second) == {
        "created": "2025-11-03T12:00:00.123+0000",
        "items": [{"field": "status", "fromString": None, "toString": None}],
    }
    assert same(store.get_histories(*PLACE), [history])


def test_an_entry_of_the_changelog_tells_of_its_issue_what_is_known(store: JsonFilesBackend, tmp_path: Path) -> None:
    status = {"name": "Done", "statusCategory": {"key": "done"}}
    raw = {"key": "AB-1", "fields": {"status": status, "fixVersions": [], "summary": "not in an entry"}}
    columns = Issue(key="AB-2", document=JsonText("{}"), status="Done", created=NOON, expires_at=NOON)
    store.save_issues(*PLACE, [Issue(key="AB-1", document=JsonText.of(raw), expires_at=NOON), columns])
    histories = [History(issue_key=key, expires_at=NOON) for key in ("AB-1", "AB-2", "AB-3")]
    store.save_histories(*PLACE, histories)
    document = below_query(tmp_path, "jira_changelog_cache.json")
    unknown = dict.fromkeys(("project", "fixVersions", "status", "issuetype", "created", "resolutiondate"))
    assert document["AB-1"]["fields"] == {**unknown, "status": status, "fixVersions": []}
    told = {"status": {"name": "Done"}, "created": "2025-11-03T12:00:00.123+0000"}
    assert document["AB-2"]["fields"] == {**unknown, **told}
    assert "fields" not in document["AB-3"]
    assert same(store.get_histories(*PLACE), histories)


def test_project_data_json(store: JsonFilesBackend, tmp_path: Path) -> None:
    statistic = Statistic(date=date(2025, 11, 3), completed_items=3, completed_points=5.5, extra={"week_label": "W45"})
    scope = Scope(values={"total_items": 34}, updated_at=NOON, extra={"bug_analysis": {"enabled": False}})
    store.save_statistics(*PLACE, [statistic])
    store.save_scope(*PLACE, scope)
    document = below_query(tmp_path, "project_data.json")
    assert instant_of_the_machine(document["metadata"].pop("last_updated")) == NOON
    assert without_ours(document) == {
        "project_scope": {"total_items": 34},
        "statistics": [
            {
                "date": "2025-11-03",
                "completed_items": 3,
                "completed_points": 5.5,
                "created_items": 0,
                "created_points": 0.0,
                "week_label": "W45",
            }
        ],
        "metadata": {"source": "jira_calculated", "jira_query": "", "version": "2.0"},
        "bug_analysis": {"enabled": False},
    }
    assert same(store.get_statistics(*PLACE), [statistic])
    assert same(store.get_scope(*PLACE), scope)


@pytest.mark.parametrize("extra", [{}, {"metadata": {"version": "1.0", "source": "manual"}}, {"version": "1.0"}])
def test_project_data_is_never_taken_for_the_older_shape(store: JsonFilesBackend, tmp_path: Path, extra: Json) -> None:
    scope = Scope(values={}, extra=extra)
    store.save_scope(*PLACE, scope)
    document = below_query(tmp_path, "project_data.json")
    assert document["metadata"]["version"] == "2.0"
    assert "version" not in document
    assert same(store.get_scope(*PLACE), scope)


@pytest.mark.parametrize(
    ("name", "value", "details", "shown"),
    [
        ("flow_time", 4.5, {}, {"median_days": 4.5}),
        ("flow_load", 7.0, {"by_status": {}}, {"wip_count": 7, "by_status": {}}),
        ("flow_velocity", 7.0, {"completed_count": 6}, {"completed_count": 6}),
        ("dora_mttr", None, {"bugs_with_mttr": 0}, {"median_hours": None, "bugs_with_mttr": 0}),
        ("mood", 0.5, {}, {"value": 0.5, "unit": "days"}),
        ("trends", None, {"value": "up", "timestamp": "kept elsewhere"}, {"value": "up", "unit": "days"}),
    ],
)
def test_metrics_snapshots_json(
    store: JsonFilesBackend, tmp_path: Path, name: str, value: float | None, details: Json, shown: Json
) -> None:
    metric = Metric(
        week="2025-W44", name=name, category="flow", value=value, unit="days", calculated_at=NOON, details=details
    )
    store.save_metrics(*PLACE, [metric])
    document = below_query(tmp_path, "metrics_snapshots.json")
    assert without_ours(document["2025-W44"][name]) == {**shown, "timestamp": "2025-11-03T12:00:00.123456+00:00"}
    assert json.dumps(shown.get("wip_count")) == json.dumps(document["2025-W44"][name].get("wip_count"))
    assert same(store.get_metrics(*PLACE), [metric])


def test_task_progress_json_shows_the_latest_task(store: JsonFilesBackend, tmp_path: Path) -> None:
    earlier = Task(name="generate_report", status="complete", updated_at=NOON)
    latest = Task(
        name="update_data",
        status="in_progress",
        percent=12.5,
        message="Fetching",
        updated_at=NOON + DAY,
        state={"phase": "fetch", "start_time": "2025-11-04T12:00:00.000001", "status": "complete"},
    )
    store.save_task(latest)
    store.save_task(earlier)
    document = json.loads(tmp_path.joinpath("task_progress.json").read_text(encoding="ascii"))
    assert without_ours(document) == {
        "task_id": "update_data",
        "task_name": "update_data",
        "status": "in_progress",
        "percent": 12.5,
        "message": "Fetching",
        "phase": "fetch",
        "start_time": "2025-11-04T12:00:00.000001",
        "metadata": {},
    }
    assert same(store.list_tasks(), [earlier, latest])


def test_the_time_of_a_task_is_one_that_the_old_application_can_compare(
    store: JsonFilesBackend, tmp_path: Path
) -> None:
    store.save_task(Task(name="update_data", status="in_progress", updated_at=NOON))
    document = json.loads(tmp_path.joinpath("task_progress.json").read_text(encoding="ascii"))
    assert instant_of_the_machine(document["start_time"]) == NOON


def test_no_task_is_no_file(store: JsonFilesBackend, tmp_path: Path) -> None:
    store.save_task(Task(name="update_data", status="in_progress", updated_at=NOON))
    store.clear_task("update_data")
    assert not tmp_path.joinpath("task_progress.json").exists()


@pytest.mark.parametrize("name", ["burndown_store", "made", "kept", "issues", "metadata", "timestamp", "id"])
def test_a_name_of_our_own_or_of_the_layout_is_an_ordinary_key(store: JsonFilesBackend, name: str) -> None:
    odd: Json = {name: {"made": ["id"], "kept": None, name: 1}}
    profile, query, scope = replace(PROFILE, extra=odd), replace(QUERY, extra=odd), Scope(values=odd, extra=odd)
    metric = Metric(week="2025-W44", name=name, category="", value=None, details=odd)
    info = CacheInfo(fetched_at=NOON, expires_at=NOON, details=odd)
    history = History(issue_key=name, expires_at=NOON, details={**odd, "entry": odd})
    statistic = Statistic(date=date(2025, 11, 3), extra=odd)
    store.save_profile(profile)
    store.save_query(PROFILE.id, query)
    store.save_scope(*PLACE, scope)
    store.save_metrics(*PLACE, [metric])
    store.save_cache_info(*PLACE, info)
    store.save_histories(*PLACE, [history])
    store.save_statistics(*PLACE, [statistic])
    assert same(store.get_profile(PROFILE.id), profile)
    assert same(store.get_query(*PLACE), query)
    assert same(store.get_scope(*PLACE), scope)
    assert same(store.get_metrics(*PLACE), [metric])
    assert same(store.get_cache_info(*PLACE), info)
    assert same(store.get_histories(*PLACE), [history])
    assert same(store.get_statistics(*PLACE), [statistic])
    assert store.check() == []


@pytest.mark.usefixtures("store")
def test_the_style_is_that_of_the_old_application(tmp_path: Path) -> None:
    text = tmp_path.joinpath("profiles", PROFILE.id, "queries", QUERY.id, "query.json").read_bytes()
    assert text.startswith(b'{\n  "id": "q_112233445566",\n')
    assert text.endswith(b"\n}")
