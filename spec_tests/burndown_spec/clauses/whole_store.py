"""The store as a whole, and the model that it agrees with (contract, chapter 15)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import hypothesis

from burndown_spec.expectations import Broken, Refused, Same, expect_same, expect_that
from burndown_spec.oracle import MemoryBackend
from burndown_spec.oracle.machine import Refusal, SearchError, agree
from burndown_spec.registry import clause
from burndown_spec.stage import Stage, UndecidedError
from burndown_spec.values.records import (
    NOW,
    a_history,
    a_profile,
    a_query,
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
from burndown_spec.vocabulary import Raised, capability_set, incompressible_issues, whole_number_from
from burndown_store.contract import Backend, same

# Enough for every backend that keeps the budgets; a slower one is searched less, and still ends.
SECONDS_OF_SEARCH = 20.0


@clause(
    "a-sound-store-checks-clean",
    sentences="15.1",
    likely_causes=(
        "what the contract allows is reported, such as a history without an issue",
        'the driver\'s own "ok" is handed on',
        "deleting leaves rows behind that nothing refers to",
    ),
)
def a_sound_store_checks_clean(backend: Backend) -> None:
    """`check()` gives an empty list for a fresh store, for a filled one, and for what is left after deleting."""
    expect_same(backend.check(), [])
    backend.set_app_state("active", "no such profile")
    backend.save_task(full_task())
    for profile_id in ("p", "other"):
        backend.save_profile(full_profile(profile_id))
        for query_id in ("q", "empty", "more"):
            backend.save_query(profile_id, full_query(query_id))
    backend.save_issues("p", "q", [full_issue("AB-1"), an_issue("AB-2"), an_issue("AB-3", expires_at=NOW)])
    backend.save_cache_info("p", "q", full_cache_info())
    backend.save_histories(
        "p", "q", [full_history("AB-2"), a_history("AB-3", changes=[]), a_history("AB-4", expires_at=NOW)]
    )
    backend.save_statistics("p", "q", [full_statistic(date(2025, 10, 27))])
    backend.save_scope("p", "more", full_scope())
    backend.save_metrics("p", "more", [full_metric()])
    backend.save_issues("other", "q", [an_issue("AB-1")])
    expect_same(backend.check(), [])
    backend.delete_expired(NOW)
    backend.replace_issues("p", "q", [])
    backend.delete_query("p", "more")
    backend.delete_profile("other")
    expect_same(backend.check(), [])


@clause(
    "size-is-every-byte",
    sentences="15.3",
    likely_causes=(
        "a write-ahead log or another file beside the main one is not counted",
        "the size is given in pages or kilobytes",
        "it is what the store took when it was opened",
    ),
)
def size_is_every_byte(backend: Backend, stage: Stage) -> None:
    """`size_bytes()` is a count of bytes, and no less than what is stored needs when nothing can shorten it."""
    expect_that(backend.size_bytes(), whole_number_from, 0)
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    backend.save_issues("p", "q", stage.do(incompressible_issues, 500_000))
    expect_that(backend.size_bytes(), whole_number_from, 500_000)


@clause(
    "schema-version-is-a-number",
    sentences="15.4",
    likely_causes=("the version is given as text", "`user_version` is still 0"),
)
def schema_version_is_a_number(backend: Backend) -> None:
    """`schema_version` is an int of 1 or more."""
    expect_that(backend.schema_version, whole_number_from, 1)


@clause(
    "capabilities-are-a-frozenset",
    sentences="15.5",
    likely_causes=("names are given instead of members of `Capability`", "a set or a list is given"),
)
def capabilities_are_a_frozenset(backend: Backend) -> None:
    """`capabilities` is a frozenset of members of `Capability`."""
    expect_that(backend.capabilities, capability_set)


@clause(
    "a-location-has-many-spellings",
    sentences="11.3",
    depends_on=("two-handles-see-each-other",),
    likely_causes=("stores are kept by the text of their path, which is not resolved",),
)
def a_location_has_many_spellings(backend: Backend, stage: Stage) -> None:
    """A handle opened by another spelling of the location, by way of its parent, sees the same store."""
    backend.save_profile(a_profile())
    roundabout = stage.open_beside(stage.location.name, "..", stage.location.name)
    expect_same(roundabout.get_profile("p"), a_profile())
    roundabout.set_app_state("key", "value")
    expect_same(backend.get_app_state("key"), "value")


@clause(
    "model-agreement",
    slow=True,
    sentences="15.6",
    likely_causes=(
        "what was deleted, replaced or expired leaves something behind that a later call meets",
        "an answer is remembered, and not forgotten by every write that changes it",
        "two filters are right, each by itself, and wrong together",
    ),
)
def model_agreement(backend: Backend, stage: Stage) -> None:
    """Any sequence of operations on a store gives the answers of the model in plain Python."""

    def open_pair() -> tuple[Backend, Backend, Callable[[], None]]:
        judged = stage.start_over()
        model = MemoryBackend(stage.location.with_name("model"))
        return judged, model, model.close

    try:
        agree(open_pair, expect_outcome, seed=stage.seed, settings=hypothesis.settings(), seconds=SECONDS_OF_SEARCH)
    except SearchError as error:
        raise UndecidedError(str(error)) from error


def expect_outcome(expected: object, actual: object) -> None:
    """The outcome of the latest recorded call is the model's: the same value, or a refusal of the same kind."""
    if not same(actual, expected):
        expectation = Refused(expected.kind) if isinstance(expected, Refusal) else Same(expected)
        raise Broken(expectation, Raised(actual.error) if isinstance(actual, Refusal) else actual)
