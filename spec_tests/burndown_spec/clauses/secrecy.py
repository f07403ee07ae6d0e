"""Secrets stay in the store (contract, chapter 10)."""

from __future__ import annotations

from typing import Any

from burndown_spec.expectations import expect_same
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
from burndown_spec.values.records import (
    EXPIRY,
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
from burndown_spec.vocabulary import Listener, error_text_of, heard_with, lines_with, log_of
from burndown_store.contract import Backend, Profile

TOKEN = "invented-token-4711"

# What is done below a profile, or beside it, and has nothing to do with its settings.
ELSEWHERE: tuple[tuple[Any, ...], ...] = (
    ("set_app_state", "active", "p"),
    ("get_app_state", "active"),
    ("list_app_state",),
    ("delete_app_state", "active"),
    ("save_task", a_task()),
    ("get_task", "fetch"),
    ("list_tasks",),
    ("clear_task", "fetch"),
    ("save_issues", "p", "q", (an_issue(),)),
    ("replace_issues", "p", "q", (an_issue(),)),
    ("get_issues", "p", "q"),
    ("save_cache_info", "p", "q", a_cache_info()),
    ("get_cache_info", "p", "q"),
    ("save_histories", "p", "q", (a_history(),)),
    ("get_histories", "p", "q"),
    ("get_changes", "p", "q"),
    ("list_history_keys", "p", "q"),
    ("save_statistics", "p", "q", (a_statistic(),)),
    ("replace_statistics", "p", "q", (a_statistic(),)),
    ("get_statistics", "p", "q"),
    ("save_scope", "p", "q", a_scope()),
    ("get_scope", "p", "q"),
    ("save_metrics", "p", "q", (a_metric(),)),
    ("get_metrics", "p", "q"),
    ("save_issues", "p", "none", (an_issue(),)),
    ("delete_query", "p", "none"),
    ("get_issues", "p", ""),
    ("delete_expired", EXPIRY),
)


def with_token(id: str = "p", **changes: Any) -> Profile:
    """A profile that keeps the token where the application does, and once more further down."""
    config = {"base_url": "https://jira.example.com", "token": TOKEN, "sessions": [{"cookie": TOKEN}]}
    return a_profile(id=id, jira_config=config, **changes)


@clause(
    "no-secret-in-the-log",
    sentences="10.1",
    likely_causes=(
        "statements are logged together with their parameters, or traced with the values filled in",
        "the arguments or the result of each call are logged at DEBUG",
        "a refused record is logged before the error is raised",
        "what opening finds, or reads ahead, is logged",
    ),
)
def no_secret_in_the_log(backend: Backend, stage: Stage) -> None:
    """No line that is logged, at DEBUG as well, holds a profile's token, whatever is done, opening included."""
    calls: list[tuple[Any, ...]] = [
        (backend.save_profile, with_token()),
        (backend.save_profile, with_token(name="Team Green")),
        (backend.save_profile, with_token(name="\x00")),
        (backend.save_profile, with_token(extra={"tags": ("a", "b")})),
        (backend.save_query, "p", a_query(id="q")),
        (backend.save_query, "p", with_token()),
        (backend.get_profile, "p"),
        (backend.list_profiles,),
        (backend.get_query, "p", "q"),
        (backend.list_queries, "p"),
        *((getattr(backend, operation), *arguments) for operation, *arguments in ELSEWHERE),
        (backend.check,),
        (backend.size_bytes,),
        (backend.delete_query, "p", "q"),
        (backend.delete_profile, "p"),
        (backend.delete_profile, "p"),
        (backend.save_profile, with_token()),
    ]
    for call, *arguments in calls:
        expect_same(stage.do(lines_with, TOKEN, log_of, call, *arguments), [])
    listener = stage.do(Listener)
    try:
        stage.open()
    finally:
        heard = stage.do(heard_with, TOKEN, listener)
    expect_same(heard, [])
    for call, *arguments in ((backend.close,), (backend.save_profile, with_token())):
        expect_same(stage.do(lines_with, TOKEN, log_of, call, *arguments), [])


@clause(
    "no-secret-in-an-error",
    sentences="10.2",
    likely_causes=(
        "a validator's error, which shows its input, is the cause of the contract's",
        "the driver's error, with the statement's parameters, is the cause of the contract's",
        "the message shows the record or the settings that were refused",
    ),
)
def no_secret_in_an_error(backend: Backend, stage: Stage) -> None:
    """No error, nor any of its causes, holds a profile's token, whatever was refused."""
    config = with_token().jira_config
    backend.save_profile(with_token())
    failing: list[tuple[Any, ...]] = [
        (backend.save_profile, with_token(id="")),
        (backend.save_profile, with_token(name="\x00")),
        (backend.save_profile, with_token(show_points=1)),
        (backend.save_profile, with_token(extra={"tags": ("a", "b")})),
        (backend.save_profile, with_token(created_at="yesterday")),
        (backend.save_profile, a_profile(id="p", jira_config={"token": TOKEN, "retries": float("nan")})),
        (backend.save_profile, a_profile(id="p", jira_config={"token": TOKEN + "\x00"})),
        (backend.save_profile, a_profile(id="p", jira_config={"token": {TOKEN: {1: TOKEN}}})),
        (backend.save_profile, a_profile(id="p", jira_config=[TOKEN])),
        (backend.save_profile, config),
        (backend.save_query, "p", with_token()),
        (backend.save_task, with_token()),
        (backend.save_issues, "p", "q", with_token()),
        (backend.save_issues, "p", "q", [with_token()]),
        (backend.set_app_state, "jira_config", config),
        (backend.get_profile, config),
        (backend.delete_query, "p", "none"),
        (backend.delete_profile, "nobody"),
        (backend.save_query, "nobody", a_query(id="q")),
    ]
    for call, *arguments in failing:
        expect_same(stage.do(lines_with, TOKEN, error_text_of, call, *arguments), [])
    backend.close()
    expect_same(stage.do(lines_with, TOKEN, error_text_of, backend.save_profile, with_token()), [])
    expect_same(stage.do(lines_with, TOKEN, error_text_of, backend.get_profile, "p"), [])
