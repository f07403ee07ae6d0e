"""Text and identifiers: exact, opaque, sorted by code point (contract, chapter 3)."""

from __future__ import annotations

from copy import copy
from typing import Any

from burndown_spec.expectations import expect_error, expect_same
from burndown_spec.placing import save, texts_with
from burndown_spec.registry import clause
from burndown_spec.values.identifiers import IDENTIFIERS, INVALID_IDENTIFIERS
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
from burndown_spec.values.texts import ACUTE_E, INVALID_TEXTS
from burndown_spec.vocabulary import OwnText, by_identity, ids, issue_keys, keys, names
from burndown_store.contract import Backend, ValidationError

FOLDED = "the store folds case or normalises (COLLATE NOCASE, casefold(), NFC)"
TRIMMED = "trailing space is trimmed, or a long identifier cut"
MEANT = "identifiers become file names, patterns (LIKE, glob) or part of an SQL text"

# Those whose deletion takes others along where they are taken for a pattern, a path, a beginning or a spelling.
DELETED = (
    *("%", "_", "a", "a%", "a*", "a?", "[a]", "/", ".", "..", "../../x"),
    *("Kafka", "k", ACUTE_E, " ", "1", "AB-1", "'"),
)

# Equal but for the last place where some order differs: case, accents, digits, punctuation, UTF-16 code units.
BY_CODE_POINT = [" a", "10", "9", "B", "Z", "_", "a", "a b", "a-b", "a10", "a9", "ab", "c", "é", "\uffff", "\U00010000"]


@clause("profile-ids-are-exact", sentences="3.2 3.3 3.4", likely_causes=(FOLDED, TRIMMED, MEANT))
def profile_ids_are_exact(backend: Backend) -> None:
    """Profiles whose ids differ at all are different in saving, reading and deleting, whatever their ids look like."""
    given = [a_profile(each, name=f"Team {number}") for number, each in enumerate(sorted(IDENTIFIERS))]
    for each in given:
        backend.save_profile(each)
    for each in given:
        expect_same(backend.get_profile(each.id), each)
    expect_same(backend.list_profiles(), given, view=by_identity)
    for gone in DELETED:
        backend.delete_profile(gone)
        expect_same(backend.get_profile(gone), None)
    expect_same(backend.list_profiles(), [each for each in given if each.id not in DELETED], view=by_identity)


@clause("query-ids-are-exact", sentences="3.2 3.3 3.4", likely_causes=(FOLDED, TRIMMED, MEANT))
def query_ids_are_exact(backend: Backend) -> None:
    """Queries whose ids differ at all are different in saving, reading and deleting, whatever their ids look like."""
    given = [a_query(each, name=f"Query {number}") for number, each in enumerate(sorted(IDENTIFIERS))]
    backend.save_profile(a_profile("p"))
    for each in given:
        backend.save_query("p", each)
    for each in given:
        expect_same(backend.get_query("p", each.id), each)
    expect_same(backend.list_queries("p"), given, view=by_identity)
    for gone in DELETED:
        backend.delete_query("p", gone)
        expect_same(backend.get_query("p", gone), None)
    expect_same(backend.list_queries("p"), [each for each in given if each.id not in DELETED], view=by_identity)


@clause("state-keys-are-exact", sentences="3.2 3.3 3.4", likely_causes=(FOLDED, TRIMMED, MEANT))
def state_keys_are_exact(backend: Backend) -> None:
    """State keys that differ at all are different in setting, reading and deleting, whatever they look like."""
    given = {key: f"text {number}" for number, key in enumerate(sorted(IDENTIFIERS))}
    for key, text in given.items():
        backend.set_app_state(key, text)
    for key, text in given.items():
        expect_same(backend.get_app_state(key), text)
    expect_same(backend.list_app_state(), given)
    for gone in DELETED:
        backend.delete_app_state(gone)
        expect_same(backend.get_app_state(gone), None)
    expect_same(backend.list_app_state(), {key: text for key, text in given.items() if key not in DELETED})


@clause("task-names-are-exact", sentences="3.2 3.3 3.4", likely_causes=(FOLDED, TRIMMED, MEANT))
def task_names_are_exact(backend: Backend) -> None:
    """Tasks whose names differ at all are different in saving, reading and clearing, whatever their names look like."""
    given = [a_task(name, message=f"task {number}") for number, name in enumerate(sorted(IDENTIFIERS))]
    for each in given:
        backend.save_task(each)
    for each in given:
        expect_same(backend.get_task(each.name), each)
    expect_same(backend.list_tasks(), given, view=by_identity)
    for gone in DELETED:
        backend.clear_task(gone)
        expect_same(backend.get_task(gone), None)
    expect_same(backend.list_tasks(), [each for each in given if each.name not in DELETED], view=by_identity)


@clause("issue-keys-are-exact", sentences="3.2 3.3 3.4", likely_causes=(FOLDED, TRIMMED, MEANT))
def issue_keys_are_exact(backend: Backend) -> None:
    """Issues whose keys differ at all are different, in one batch and in the next, whatever their keys look like."""
    given = [an_issue(key, summary=f"issue {number}") for number, key in enumerate(sorted(IDENTIFIERS))]
    changed = [an_issue(each.key, summary=f"{each.summary}, changed") for each in given[::2]]
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    backend.save_issues("p", "q", given)
    expect_same(backend.get_issues("p", "q"), given, view=by_identity)
    backend.save_issues("p", "q", changed)
    expect_same(
        backend.get_issues("p", "q"), sorted([*changed, *given[1::2]], key=lambda each: each.key), view=by_identity
    )
    backend.replace_issues("p", "q", given)
    expect_same(backend.get_issues("p", "q"), given, view=by_identity)


@clause("history-keys-are-exact", sentences="3.2 3.3 3.4", likely_causes=(FOLDED, TRIMMED, MEANT))
def history_keys_are_exact(backend: Backend) -> None:
    """Histories whose issue keys differ at all are different, in one batch and in the next."""
    given = [
        a_history(key, changes=[a_change(author=f"Person {number}")]) for number, key in enumerate(sorted(IDENTIFIERS))
    ]
    changed = [a_history(each.issue_key, changes=[]) for each in given[::2]]
    after = sorted([*changed, *given[1::2]], key=lambda each: each.issue_key)
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    backend.save_histories("p", "q", given)
    expect_same(backend.get_histories("p", "q"), given, view=by_identity)
    expect_same(backend.list_history_keys("p", "q"), sorted(IDENTIFIERS), view=sorted)
    backend.save_histories("p", "q", changed)
    expect_same(backend.get_histories("p", "q"), after, view=by_identity)


@clause("metric-names-are-exact", sentences="3.2 3.3 3.4", likely_causes=(FOLDED, TRIMMED, MEANT))
def metric_names_are_exact(backend: Backend) -> None:
    """Metrics of one week whose names differ at all are different, in one batch and in the next."""
    given = [a_metric("2025-W44", name, unit=f"unit {number}") for number, name in enumerate(sorted(IDENTIFIERS))]
    changed = [a_metric("2025-W44", each.name, value=None) for each in given[::2]]
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    backend.save_metrics("p", "q", given)
    expect_same(backend.get_metrics("p", "q"), given, view=by_identity)
    backend.save_metrics("p", "q", changed)
    after = sorted([*changed, *given[1::2]], key=lambda each: each.name)
    expect_same(backend.get_metrics("p", "q"), after, view=by_identity)


@clause(
    "identifiers-are-not-joined",
    sentences="3.3 3.4",
    likely_causes=("identifiers are joined into one key or path (`f'{profile}/{query}'`) without escaping",),
)
def identifiers_are_not_joined(backend: Backend) -> None:
    """Profile and query are told apart by each identifier, not by the two joined into one text."""
    places = [
        place
        for mark in ("/", "\\", ":", "-", "_", ".", "|", " ", "\t", "\x1f", "%2F", "")
        for place in ((f"a{mark}b", "c"), ("a", f"b{mark}c"))
    ]
    infos = {place: a_cache_info(jql=f"place {number}") for number, place in enumerate(places)}
    for profile_id in sorted({profile_id for profile_id, _ in infos}):
        backend.save_profile(a_profile(profile_id))
    for (profile_id, query_id), info in infos.items():
        backend.save_query(profile_id, a_query(query_id))
        backend.save_cache_info(profile_id, query_id, info)
    for (profile_id, query_id), info in infos.items():
        expect_same(backend.get_cache_info(profile_id, query_id), info)


@clause(
    "identifiers-outside-the-rule-are-refused",
    sentences="3.1 3.2",
    likely_causes=(
        "the length is not checked, or counted in bytes or UTF-16 units",
        "an empty text is an identifier like any other",
        "NUL or a lone surrogate reaches the driver",
    ),
)
def identifiers_outside_the_rule_are_refused(backend: Backend) -> None:
    """What is no text of 1 to 200 code points, NUL and lone surrogates not among them, is refused as any identifier."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    for bad in (*INVALID_IDENTIFIERS, None):
        with expect_error(ValidationError):
            backend.save_profile(a_profile(bad))
        with expect_error(ValidationError):
            backend.save_query("p", a_query(bad))
        with expect_error(ValidationError):
            backend.set_app_state(bad, "text")
        with expect_error(ValidationError):
            backend.save_task(a_task(bad))
        with expect_error(ValidationError):
            backend.save_issues("p", "q", [an_issue(bad)])
        with expect_error(ValidationError):
            backend.replace_issues("p", "q", [an_issue(bad)])
        with expect_error(ValidationError):
            backend.save_histories("p", "q", [a_history(bad)])
        with expect_error(ValidationError):
            backend.save_metrics("p", "q", [a_metric("2025-W44", bad)])


@clause(
    "unstorable-text-is-refused",
    sentences="3.1",
    likely_causes=(
        "the driver cuts text at a NUL",
        "text is encoded with surrogatepass, or lone surrogates are replaced",
    ),
)
def unstorable_text_is_refused(backend: Backend) -> None:
    """Text that holds a NUL or a lone surrogate is refused wherever text may stand, in filters too."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    for bad in (text for text in INVALID_TEXTS if type(text) is str):
        for record in texts_with(bad):
            with expect_error(ValidationError):
                save(backend, record)
        with expect_error(ValidationError):
            backend.set_app_state("key", bad)
        for name in ("status", "assignee", "issue_type", "project_key"):
            filters: dict[str, Any] = {name: bad}
            with expect_error(ValidationError):
                backend.get_issues("p", "q", **filters)
        with expect_error(ValidationError):
            backend.get_changes("p", "q", field=bad)
        with expect_error(ValidationError):
            backend.get_metrics("p", "q", category=bad)


@clause(
    "text-sorts-by-code-point",
    sentences="3.5",
    likely_causes=(
        "the database sorts by the rules of a language (PostgreSQL's default collation)",
        "text sorts by UTF-16 code units, without regard to case, or digits by their value",
    ),
)
def text_sorts_by_code_point(backend: Backend) -> None:
    """Where an order comes down to an identifier, it goes by code points."""
    shuffled = sorted(BY_CODE_POINT, key=lambda text: text[::-1])
    for text in shuffled:
        backend.save_profile(a_profile(text))
        backend.set_app_state(text, "text")
        backend.save_task(a_task(text))
    expect_same(backend.list_profiles(), BY_CODE_POINT, view=ids)
    expect_same(backend.list_app_state(), BY_CODE_POINT, view=list)
    expect_same(backend.list_tasks(), BY_CODE_POINT, view=names)
    for text in shuffled:
        backend.save_query("a", a_query(text))
    expect_same(backend.list_queries("a"), BY_CODE_POINT, view=ids)
    backend.save_issues("a", "a", [an_issue(text) for text in shuffled])
    expect_same(backend.get_issues("a", "a"), BY_CODE_POINT, view=keys)
    backend.save_histories("a", "a", [a_history(text, changes=[a_change()]) for text in shuffled])
    expect_same(backend.get_histories("a", "a"), BY_CODE_POINT, view=issue_keys)
    expect_same(backend.list_history_keys("a", "a"), BY_CODE_POINT)
    expect_same(backend.get_changes("a", "a"), BY_CODE_POINT, view=issue_keys)
    backend.save_metrics("a", "a", [a_metric("2025-W44", text) for text in shuffled])
    expect_same(backend.get_metrics("a", "a"), BY_CODE_POINT, view=names)


@clause(
    "issues-are-found-by-their-exact-key",
    sentences="3.3 13.2",
    depends_on=("issue-keys-are-exact", "issue-filters-match-exactly", "a-replacement-is-exact"),
    likely_causes=("the key that is looked for is trimmed, folded or normalised first",),
)
def issues_are_found_by_their_exact_key(backend: Backend) -> None:
    """`get_issues(key=…)` finds the issue of exactly that key, and none where only a similar one is there."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    given = [an_issue(key, summary=str(number)) for number, key in enumerate(sorted(IDENTIFIERS))]
    backend.save_issues("p", "q", given)
    for each in given:
        expect_same(backend.get_issues("p", "q", key=each.key), [each])
    backend.replace_issues("p", "q", [an_issue("AB-1"), an_issue("\u00e9")])
    for similar in ("AB-1 ", " AB-1", "ab-1", "e\u0301"):
        expect_same(backend.get_issues("p", "q", key=similar), [])


@clause(
    "no-identifier-is-refused-in-every-place",
    sentences="3.2 5.1 6.1",
    depends_on=(
        "identifiers-outside-the-rule-are-refused",
        "arguments-are-validated",
        "filters-are-validated",
        "writing-below-no-profile",
        "another-type-is-no-filter",
        "only-the-contracts-errors-escape",
    ),
    likely_causes=(
        "only what is written is checked, and a read answers that it is not there",
        "the identifier is used as a key of a dict first",
        "`isinstance` lets subclasses of str pass",
    ),
)
def no_identifier_is_refused_in_every_place(backend: Backend) -> None:
    """What is no identifier is refused wherever a read, a write, a deletion or a filter takes one."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    caller: Any = backend
    one: tuple[str, ...] = ("get_profile", "delete_profile", "list_queries", "get_app_state", "delete_app_state")
    one += ("get_task", "clear_task")
    two: tuple[str, ...] = ("get_query", "delete_query", "get_issues", "get_cache_info", "get_histories", "get_changes")
    two += ("list_history_keys", "get_statistics", "get_scope", "get_metrics")
    filters = {"get_issues": "key", "get_histories": "issue_key", "get_changes": "issue_key", "get_metrics": "name"}
    writes: dict[str, Any] = {
        **{operation: [an_issue()] for operation in ("save_issues", "replace_issues")},
        **{operation: [a_statistic()] for operation in ("save_statistics", "replace_statistics")},
        "save_histories": [a_history()],
        "save_metrics": [a_metric()],
        "save_cache_info": a_cache_info(),
        "save_scope": a_scope(),
    }
    for bad in ("a" * 201, OwnText("p"), ["p"], b"p"):
        for operation in one:
            with expect_error(ValidationError):
                getattr(backend, operation)(copy(bad))
        for operation in two:
            with expect_error(ValidationError):
                getattr(backend, operation)(copy(bad), "q")
            with expect_error(ValidationError):
                getattr(backend, operation)("p", copy(bad))
        for operation, name in filters.items():
            with expect_error(ValidationError):
                getattr(backend, operation)("p", "q", **{name: copy(bad)})
        with expect_error(ValidationError):
            caller.save_query(copy(bad), a_query("q"))
        with expect_error(ValidationError):
            caller.set_app_state(copy(bad), "text")
        for operation, given in writes.items():
            with expect_error(ValidationError):
                getattr(backend, operation)(copy(bad), "q", copy(given))
            with expect_error(ValidationError):
                getattr(backend, operation)("p", copy(bad), copy(given))
