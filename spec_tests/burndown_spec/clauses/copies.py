"""Records are values: nothing outside reaches into the store (contract, chapter 1)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from burndown_spec.expectations import expect_same
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
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
from burndown_spec.vocabulary import alter, by_identity
from burndown_store.contract import Backend, Change, ChangeEntry, History, Issue, Json, Metric, Profile, Statistic

DAY = date(2025, 3, 1)
EARLY, LATE = (datetime(2025, 3, day, tzinfo=UTC) for day in (1, 2))


def json() -> Json:
    """A JSON object with something to alter at every level, made anew."""
    return {"list": [1, {"inner": []}], "object": {"inner": {}}}


def a_profile_of_json() -> Profile:
    """A profile, made anew, whose JSON fields all hold such an object."""
    return a_profile(
        "p",
        jira_config=json(),
        field_mappings=json(),
        forecast_settings=json(),
        project_classification=json(),
        flow_type_mappings=json(),
        extra=json(),
    )


def two_changes() -> list[Change]:
    """A list of changes, made anew, that differ."""
    return [a_change(changed_at=EARLY, to_text="Doing"), a_change(changed_at=LATE, to_text="Done")]


def two_issues() -> list[Issue]:
    """Two issues, the list made anew."""
    return [an_issue("AB-1", summary="first"), an_issue("AB-2", summary="second")]


@clause(
    "saved-json-is-a-copy",
    sentences="1.7",
    depends_on=("saved-lists-are-copies",),
    likely_causes=("the record given is kept as it is", "only the outermost dict is copied"),
)
def saved_json_is_a_copy(backend: Backend, stage: Stage) -> None:
    """Changing the JSON of a record after it was saved, at any depth, changes nothing in the store."""
    saved: Any
    backend.save_profile(saved := a_profile_of_json())
    stage.do(alter, saved)
    expect_same(backend.get_profile("p"), a_profile_of_json())
    backend.save_query("p", saved := a_query("q", extra=json()))
    stage.do(alter, saved)
    expect_same(backend.get_query("p", "q"), a_query("q", extra=json()))
    backend.save_task(saved := a_task("t", state=json()))
    stage.do(alter, saved)
    expect_same(backend.get_task("t"), a_task("t", state=json()))
    backend.save_cache_info("p", "q", saved := a_cache_info(details=json()))
    stage.do(alter, saved)
    expect_same(backend.get_cache_info("p", "q"), a_cache_info(details=json()))
    backend.save_scope("p", "q", saved := a_scope(values=json(), extra=json()))
    stage.do(alter, saved)
    expect_same(backend.get_scope("p", "q"), a_scope(values=json(), extra=json()))
    backend.save_histories("p", "q", saved := [a_history("AB-1", details=json())])
    stage.do(alter, saved)
    expect_same(backend.get_histories("p", "q"), [a_history("AB-1", details=json())])
    backend.save_metrics("p", "q", saved := [a_metric("2025-W09", details=json())])
    stage.do(alter, saved)
    expect_same(backend.get_metrics("p", "q"), [a_metric("2025-W09", details=json())])
    backend.save_statistics("p", "q", saved := [a_statistic(DAY, extra=json())])
    stage.do(alter, saved)
    expect_same(backend.get_statistics("p", "q"), [a_statistic(DAY, extra=json())])
    backend.replace_statistics("p", "q", saved := [a_statistic(DAY, extra=json())])
    stage.do(alter, saved)
    expect_same(backend.get_statistics("p", "q"), [a_statistic(DAY, extra=json())])


@clause(
    "saved-lists-are-copies",
    sentences="1.7",
    likely_causes=("the list of a batch is kept as the collection", "the list of a history's changes is kept as it is"),
)
def saved_lists_are_copies(backend: Backend, stage: Stage) -> None:
    """Changing the list of a batch, or a history's list of changes, after it was saved changes nothing in the store."""
    batch: list[Any]
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    backend.save_issues("p", "q", batch := two_issues())
    stage.do(alter, batch)
    expect_same(backend.get_issues("p", "q"), two_issues(), view=by_identity)
    backend.replace_issues("p", "q", batch := two_issues())
    stage.do(alter, batch)
    expect_same(backend.get_issues("p", "q"), two_issues(), view=by_identity)
    backend.replace_statistics("p", "q", batch := [a_statistic(DAY)])
    stage.do(alter, batch)
    expect_same(backend.get_statistics("p", "q"), [a_statistic(DAY)])
    backend.save_histories("p", "q", batch := [a_history("AB-1", changes=two_changes())])
    stage.do(alter, batch)
    expect_same(backend.get_histories("p", "q"), [a_history("AB-1", changes=two_changes())])


@clause(
    "answered-json-is-a-copy",
    sentences="1.8",
    depends_on=("saved-json-is-a-copy",),
    likely_causes=("a cached record is handed out itself", "only the outermost dict is copied"),
)
def answered_json_is_a_copy(backend: Backend, stage: Stage) -> None:
    """Changing the JSON of a record that was handed out, at any depth, changes nothing in the store."""
    backend.save_profile(a_profile_of_json())
    backend.save_query("p", a_query("q", extra=json()))
    backend.save_task(a_task("t", state=json()))
    backend.save_cache_info("p", "q", a_cache_info(details=json()))
    backend.save_scope("p", "q", a_scope(values=json(), extra=json()))
    backend.save_histories("p", "q", [a_history("AB-1", details=json())])
    backend.save_metrics("p", "q", [a_metric("2025-W09", details=json())])
    backend.save_statistics("p", "q", [a_statistic(DAY, extra=json())])
    answers: list[tuple[Any, tuple[str, ...], Any]] = [
        (backend.get_profile, ("p",), a_profile_of_json()),
        (backend.list_profiles, (), [a_profile_of_json()]),
        (backend.get_query, ("p", "q"), a_query("q", extra=json())),
        (backend.list_queries, ("p",), [a_query("q", extra=json())]),
        (backend.get_task, ("t",), a_task("t", state=json())),
        (backend.list_tasks, (), [a_task("t", state=json())]),
        (backend.get_cache_info, ("p", "q"), a_cache_info(details=json())),
        (backend.get_scope, ("p", "q"), a_scope(values=json(), extra=json())),
        (backend.get_histories, ("p", "q"), [a_history("AB-1", details=json())]),
        (backend.get_metrics, ("p", "q"), [a_metric("2025-W09", details=json())]),
        (backend.get_statistics, ("p", "q"), [a_statistic(DAY, extra=json())]),
    ]
    # What one answer suffers must show in no later one, be it of another operation.
    for operation, arguments, expected in (*answers, *answers):
        answer = operation(*arguments)
        expect_same(answer, expected)
        stage.do(alter, answer)


@clause(
    "answered-lists-are-copies",
    sentences="1.8",
    depends_on=("saved-lists-are-copies",),
    likely_causes=("the collection itself is handed out", "an answer is cached and handed out again"),
)
def answered_lists_are_copies(backend: Backend, stage: Stage) -> None:
    """Changing a list or dict that was handed out, or a history's list of changes, changes nothing in the store."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    backend.set_app_state("key", "text")
    backend.save_task(a_task("t"))
    backend.save_issues("p", "q", [an_issue("AB-1")])
    backend.save_histories("p", "q", [a_history("AB-1", changes=two_changes())])
    backend.save_statistics("p", "q", [a_statistic(DAY)])
    backend.save_metrics("p", "q", [a_metric("2025-W09")])
    entries = [ChangeEntry(issue_key="AB-1", change=each) for each in two_changes()]
    answers: list[tuple[Any, tuple[str, ...], Any]] = [
        (backend.list_app_state, (), {"key": "text"}),
        (backend.list_profiles, (), [a_profile("p")]),
        (backend.list_queries, ("p",), [a_query("q")]),
        (backend.list_tasks, (), [a_task("t")]),
        (backend.get_issues, ("p", "q"), [an_issue("AB-1")]),
        (backend.get_histories, ("p", "q"), [a_history("AB-1", changes=two_changes())]),
        (backend.get_changes, ("p", "q"), entries),
        (backend.list_history_keys, ("p", "q"), ["AB-1"]),
        (backend.get_statistics, ("p", "q"), [a_statistic(DAY)]),
        (backend.get_metrics, ("p", "q"), [a_metric("2025-W09")]),
        (backend.check, (), []),
    ]
    for operation, arguments, expected in (*answers, *answers):
        answer = operation(*arguments)
        expect_same(answer, expected)
        stage.do(alter, answer)


@clause(
    "filtered-answers-are-copies",
    sentences="1.8",
    depends_on=("answered-json-is-a-copy", "answered-lists-are-copies"),
    likely_causes=("a lookup by identity hands out the record that is kept", "only whole answers are copied"),
)
def filtered_answers_are_copies(backend: Backend, stage: Stage) -> None:
    """Changing what a filtered or limited read handed out changes nothing in the store."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))

    def history() -> History:
        return a_history("AB-1", changes=two_changes(), details=json())

    def statistic() -> Statistic:
        return a_statistic(DAY, extra=json())

    def metric() -> Metric:
        return a_metric(name="m", details=json())

    backend.save_histories("p", "q", [history()])
    backend.save_statistics("p", "q", [statistic()])
    backend.save_metrics("p", "q", [metric()])
    for _ in ("as saved", "after it was altered"):
        for operation, filters, expected in (
            ("get_histories", {"issue_key": "AB-1"}, history()),
            ("get_histories", {"valid_at": EARLY}, history()),
            ("get_statistics", {"start": DAY}, statistic()),
            ("get_metrics", {"name": "m"}, metric()),
            ("get_metrics", {"limit": 1}, metric()),
        ):
            answer = getattr(backend, operation)("p", "q", **filters)
            expect_same(answer, [expected])
            stage.do(alter, answer)


@clause(
    "json-saved-again-is-a-copy",
    sentences="1.7",
    depends_on=("saved-json-is-a-copy",),
    likely_causes=("a record that replaces another takes a path of its own, without the copy",),
)
def json_saved_again_is_a_copy(backend: Backend, stage: Stage) -> None:
    """Changing the JSON of a record that replaced another changes nothing in the store."""
    backend.save_profile(a_profile("p"))
    saved = a_profile_of_json()
    backend.save_profile(saved)
    stage.do(alter, saved)
    expect_same(backend.get_profile("p"), a_profile_of_json())
