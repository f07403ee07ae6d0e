"""Secrets stay in the store (contract, chapter 10)."""

from __future__ import annotations

from typing import Any

from burndown_spec.expectations import expect_same
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
from burndown_spec.values.records import a_profile, a_query
from burndown_spec.vocabulary import error_text_of, lines_with, log_of
from burndown_store.contract import Backend, Profile

TOKEN = "invented-token-4711"


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
    ),
)
def no_secret_in_the_log(backend: Backend, stage: Stage) -> None:
    """No line that is logged, at DEBUG as well, holds a profile's token, whatever is done with the profile."""
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
        (backend.check,),
        (backend.delete_profile, "p"),
        (backend.delete_profile, "p"),
        (backend.save_profile, with_token()),
        (backend.close,),
        (backend.save_profile, with_token()),
    ]
    for call, *arguments in calls:
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
