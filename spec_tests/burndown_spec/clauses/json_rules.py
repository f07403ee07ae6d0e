"""What a JSON value is, and that nothing else gets in (contract, chapter 4)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from burndown_spec.expectations import expect_error, expect_same
from burndown_spec.placing import json_with, save
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
from burndown_spec.values.documents import INVALID_DOCUMENTS
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
    OwnDict,
    OwnFloat,
    OwnInt,
    OwnJsonText,
    OwnList,
    OwnText,
    issue_nested,
    list_holding_itself,
    nested,
    object_holding_itself,
)
from burndown_store.contract import Backend, Json, JsonText, ValidationError

NO_OBJECTS: tuple[Any, ...] = (None, [], "{}", 5, True, JsonText("{}"), OwnDict({"a": 1}), [("a", 1)])

NO_VALUES: tuple[Any, ...] = (
    *((1, 2), {1}, frozenset({1}), b"text", 1j, JsonText("{}")),
    *(date(2025, 11, 3), datetime(2025, 11, 3, tzinfo=UTC)),
    *(float("nan"), float("inf"), float("-inf")),
    *(2**63, -(2**63) - 1, 10**30),
    *("\0", "a\0b", "\ud800", "a\udfff"),
    *(OwnText("a"), OwnInt(1), OwnFloat(1.5), OwnList([1]), OwnDict({"a": 1})),
)

NO_KEYS: tuple[Any, ...] = (1, 1.5, True, None, ("a", "b"), b"a", OwnText("b"), "\0", "a\0b", "\ud800")


def expect_refused_everywhere(backend: Backend, value: Any) -> None:
    """`value` is refused in each place where a JSON object may stand."""
    for record in json_with(value):
        with expect_error(ValidationError):
            save(backend, record)


@clause(
    "json-nests-100-levels",
    sentences="4.1",
    likely_causes=(
        "the record's own level, or a wrapper around the value, is counted",
        "lists are not counted as levels",
    ),
)
def json_nests_100_levels(backend: Backend, stage: Stage) -> None:
    """A JSON object of 100 levels, its own one included, comes back from everywhere; one of 101 is refused."""
    deepest: Json = stage.do(nested, 100)
    profile = a_profile(
        "p",
        jira_config=deepest,
        field_mappings=deepest,
        forecast_settings=deepest,
        project_classification=deepest,
        flow_type_mappings=deepest,
        extra=deepest,
    )
    backend.save_profile(profile)
    expect_same(backend.get_profile("p"), profile)
    backend.save_query("p", a_query("q", extra=deepest))
    expect_same(backend.get_query("p", "q"), a_query("q", extra=deepest))
    backend.save_task(a_task("t", state=deepest))
    expect_same(backend.get_task("t"), a_task("t", state=deepest))
    backend.save_cache_info("p", "q", a_cache_info(details=deepest))
    expect_same(backend.get_cache_info("p", "q"), a_cache_info(details=deepest))
    backend.save_histories("p", "q", [a_history("AB-1", details=deepest)])
    expect_same(backend.get_histories("p", "q"), [a_history("AB-1", details=deepest)])
    backend.save_statistics("p", "q", [a_statistic(extra=deepest)])
    expect_same(backend.get_statistics("p", "q"), [a_statistic(extra=deepest)])
    backend.save_scope("p", "q", a_scope(values=deepest, extra=deepest))
    expect_same(backend.get_scope("p", "q"), a_scope(values=deepest, extra=deepest))
    backend.save_metrics("p", "q", [a_metric(details=deepest)])
    expect_same(backend.get_metrics("p", "q"), [a_metric(details=deepest)])
    issue = stage.do(issue_nested, 100)
    backend.save_issues("p", "q", [issue])
    expect_same(backend.get_issues("p", "q"), [issue])
    expect_refused_everywhere(backend, stage.do(nested, 101))


@clause(
    "what-is-no-json-is-refused",
    sentences="4.1 4.2",
    likely_causes=(
        "the encoder has a way for everything (`default=str`), or turns tuples into lists and keys into text",
        "NaN and infinity are written as the encoder likes",
        "the driver takes what JSON has no word for",
    ),
)
def what_is_no_json_is_refused(backend: Backend) -> None:
    """What is no JSON object, or holds what is no JSON value at any depth, is refused wherever JSON may stand."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    for bad in NO_OBJECTS:
        expect_refused_everywhere(backend, bad)
    for bad in NO_VALUES:
        expect_refused_everywhere(backend, {"a": 1, "bad": bad})
        with expect_error(ValidationError):
            backend.save_profile(a_profile("p", extra={"a": [1, {"b": [bad]}]}))
    for bad in NO_KEYS:
        expect_refused_everywhere(backend, {"a": 1, bad: 2})
        with expect_error(ValidationError):
            backend.save_profile(a_profile("p", extra={"a": [{"b": {bad: 2}}]}))


@clause(
    "json-without-end-is-refused",
    sentences="4.2",
    likely_causes=("a recursive walk, or the encoder itself, runs into the interpreter's limit",),
)
def json_without_end_is_refused(backend: Backend, stage: Stage) -> None:
    """JSON that holds itself, or is nested a hundred thousand levels deep, is refused with `ValidationError`."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    expect_refused_everywhere(backend, stage.do(object_holding_itself))
    expect_refused_everywhere(backend, stage.do(list_holding_itself))
    expect_refused_everywhere(backend, stage.do(nested, 100_000))


@clause(
    "documents-are-checked",
    sentences="4.3",
    likely_causes=(
        "the text is stored unseen and fails when somebody reads it",
        "the parser is more lenient than JSON (NaN, comments, huge numbers, lone surrogates)",
    ),
)
def documents_are_checked(backend: Backend) -> None:
    """A `JsonText` whose text is no JSON object by the same rule can be built, and is refused when it is saved."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    # Too deep ones have a clause of their own.
    documents = [text for text in INVALID_DOCUMENTS if str(text).count("{") + str(text).count("[") <= 100]
    for text in (*documents, None):
        with expect_error(ValidationError):
            backend.save_issues("p", "q", [an_issue("AB-1", document=JsonText(text))])
        with expect_error(ValidationError):
            backend.replace_issues("p", "q", [an_issue("AB-1", document=JsonText(text))])
    no_texts: tuple[Any, ...] = ("{}", {}, None, b"{}", OwnJsonText("{}"))
    for document in no_texts:
        with expect_error(ValidationError):
            backend.save_issues("p", "q", [an_issue("AB-1", document=document)])


@clause(
    "deep-documents-are-refused",
    sentences="4.2 4.3",
    likely_causes=("the depth of a text is not checked", "the parser recurses until the interpreter stops it"),
)
def deep_documents_are_refused(backend: Backend, stage: Stage) -> None:
    """A document of more than 100 levels, be it 101 or a hundred thousand, is refused with `ValidationError`."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    for levels in (101, 1_000, 100_000):
        issue = stage.do(issue_nested, levels)
        with expect_error(ValidationError):
            backend.save_issues("p", "q", [issue])
        with expect_error(ValidationError):
            backend.replace_issues("p", "q", [issue])
