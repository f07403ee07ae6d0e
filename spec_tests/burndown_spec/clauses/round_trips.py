"""What was saved comes back the same (contract, chapter 1)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from burndown_spec.expectations import expect_same
from burndown_spec.placing import CHANGE_TEXTS, ISSUE_TEXTS
from burndown_spec.registry import clause
from burndown_spec.values.documents import DOCUMENT_TEXTS
from burndown_spec.values.json_objects import JSON_OBJECTS
from burndown_spec.values.numbers import FLOATS, INTEGERS
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
    full_cache_info,
    full_change,
    full_history,
    full_issue,
    full_metric,
    full_profile,
    full_query,
    full_scope,
    full_statistic,
    full_task,
)
from burndown_spec.values.texts import TEXTS
from burndown_spec.vocabulary import by_identity, by_moment, document_values
from burndown_store.contract import Backend, ChangeEntry, JsonText, replace

EARLY = datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC)

# What ordinary values suffer, unusual ones suffer too.
RECORDS_COME_BACK = (
    *("profile-comes-back", "query-comes-back", "task-comes-back", "issue-comes-back", "cache-info-comes-back"),
    *("history-comes-back", "statistic-comes-back", "scope-comes-back", "metric-comes-back"),
)

FIRST, LAST = date(2025, 1, 1), date(2025, 12, 31)


@clause(
    "profile-comes-back",
    sentences="1.1",
    likely_causes=("booleans are stored as 0 and 1", "an empty text is taken for none", "columns are swapped"),
)
def a_profile_comes_back(backend: Backend) -> None:
    """A profile comes back with every field the same, type for type, alone and in the list."""
    full = full_profile("full")
    milestone = a_profile("milestone", show_milestone=True, show_points=False, extra={"shown": True})
    points = a_profile("points", show_milestone=False, show_points=True, extra={"shown": 1})
    bare = a_profile("bare", name="", description="", jira_config={}, extra={"empty": {}, "none": None})
    for given in (full, milestone, points, bare):
        backend.save_profile(given)
        expect_same(backend.get_profile(given.id), given)
    expect_same(backend.list_profiles(), [bare, full, milestone, points], view=by_identity)


@clause(
    "query-comes-back",
    sentences="1.1",
    likely_causes=("an empty text is taken for none", "a column is left out of the INSERT or of the SELECT"),
)
def a_query_comes_back(backend: Backend) -> None:
    """A query comes back with every field the same, type for type, alone and in the list."""
    backend.save_profile(a_profile("p"))
    full = full_query("full")
    bare = a_query("bare", name="", jql="", description="", extra={})
    typed = a_query("typed", extra={"one": 1, "true": True, "1.0": 1.0, "none": None})
    for given in (full, bare, typed):
        backend.save_query("p", given)
        expect_same(backend.get_query("p", given.id), given)
    expect_same(backend.list_queries("p"), [bare, full, typed], view=by_identity)


@clause(
    "app-state-comes-back",
    sentences="1.1",
    likely_causes=("values are decoded as JSON when they are read", "an empty text is taken for none"),
)
def app_state_comes_back(backend: Backend) -> None:
    """The text kept under a key comes back as the same text, whatever it looks like, and an empty one is not none."""
    given = {"empty": "", "false": "false", "none": "None", "null": "null", "number": "1.0", "object": '{"a": [1]}'}
    for key, text in given.items():
        backend.set_app_state(key, text)
        expect_same(backend.get_app_state(key), text)
    expect_same(backend.get_app_state("absent"), None)
    expect_same(backend.list_app_state(), given)


@clause(
    "task-comes-back",
    sentences="1.1",
    likely_causes=("`percent or None` turns 0.0 into None", "a column is left out of the INSERT or of the SELECT"),
)
def a_task_comes_back(backend: Backend) -> None:
    """A task comes back with every field the same, type for type, alone and in the list."""
    full = full_task("full")
    begun = a_task("begun", percent=0.0, message="", state={"page": 0, "more": False, "next": None})
    done = a_task("done", status="", percent=100.0, state={"page": 0.0})
    unknown = a_task("unknown", percent=None)
    for given in (full, begun, done, unknown):
        backend.save_task(given)
        expect_same(backend.get_task(given.name), given)
    expect_same(backend.list_tasks(), [begun, done, full, unknown], view=by_identity)


@clause(
    "issue-comes-back",
    sentences="1.1",
    likely_causes=(
        "`value or None` turns an empty text and 0.0 into None",
        "columns are swapped",
        "`save_issues` and `replace_issues` write different columns",
    ),
)
def an_issue_comes_back(backend: Backend) -> None:
    """An issue comes back with every field the same, type for type, whether it was saved or replaced."""
    full = full_issue("AB-1")
    none = an_issue("AB-2", **dict.fromkeys((*ISSUE_TEXTS, "created", "updated", "resolved", "points")))
    empty = an_issue("AB-3", **dict.fromkeys(ISSUE_TEXTS, ""), points=0.0, document=JsonText("{}"))
    contrary = replace(full, key="AB-4", document=JsonText('{"key": "CD-9", "fields": {"summary": "another"}}'))
    given = [full, none, empty, contrary]
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("saved"))
    backend.save_query("p", a_query("replaced"))
    backend.save_issues("p", "saved", given)
    expect_same(backend.get_issues("p", "saved"), given, view=by_identity)
    backend.replace_issues("p", "replaced", given)
    expect_same(backend.get_issues("p", "replaced"), given, view=by_identity)


@clause(
    "cache-info-comes-back",
    sentences="1.1",
    likely_causes=("an empty JQL is taken for none", "`fetched_at` is set to the time of saving"),
)
def cache_info_comes_back(backend: Backend) -> None:
    """What is known of a query's last fetch comes back with every field the same, type for type."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    empty = a_cache_info(jql="", details={"pages": 0, "complete": False, "next": None})
    unknown = a_cache_info(jql=None, details={})
    for given in (full_cache_info(), empty, unknown):
        backend.save_cache_info("p", "q", given)
        expect_same(backend.get_cache_info("p", "q"), given)


@clause(
    "history-comes-back",
    sentences="1.1",
    likely_causes=(
        "changes are sorted, or equal ones are merged",
        "a history without changes is not stored",
        "None and an empty text are one in the from and to columns",
    ),
)
def a_history_comes_back(backend: Backend) -> None:
    """A history comes back with every field and every change the same, in the order given, type for type."""
    first, second = full_change(), a_change(changed_at=EARLY, field="")
    none = replace(second, changed_at=EARLY + timedelta(days=1), **dict.fromkeys(CHANGE_TEXTS[1:]))
    empty = replace(second, changed_at=EARLY + timedelta(days=2), **dict.fromkeys(CHANGE_TEXTS, ""))
    given = [
        replace(full_history("AB-1"), changes=[first, second, empty, none, second]),
        a_history("AB-2", changes=[empty], fetched_at=None, details={}),
        a_history("AB-3", changes=[], details={"complete": True, "pages": 1, "next": None}),
    ]
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    backend.save_histories("p", "q", given)
    expect_same(backend.get_histories("p", "q"), given, view=by_identity)
    entries = [ChangeEntry(issue_key="AB-1", change=each) for each in (second, second, none, empty, first)]
    entries.append(ChangeEntry(issue_key="AB-2", change=empty))
    expect_same(backend.get_changes("p", "q"), entries, view=by_moment)


@clause(
    "statistic-comes-back",
    sentences="1.1",
    likely_causes=("`value or None` turns 0 into None", "a column's type makes whole numbers int, or counts float"),
)
def a_statistic_comes_back(backend: Backend) -> None:
    """A statistic comes back with every field the same, type for type, whether it was saved or replaced."""
    floats = ("completed_points", "created_points", "velocity_items", "velocity_points", "remaining_points")
    given = [
        full_statistic(date(2025, 1, 31)),
        a_statistic(date(2025, 2, 1), completed_items=0, remaining_items=0, **dict.fromkeys(floats, 0.0)),
        a_statistic(date(2025, 2, 2), completed_items=3, remaining_items=3, **dict.fromkeys(floats, 3.0)),
        a_statistic(date(2025, 2, 3), remaining_items=None, **dict.fromkeys(floats[2:])),
    ]
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("saved"))
    backend.save_query("p", a_query("replaced"))
    backend.save_statistics("p", "saved", given)
    expect_same(backend.get_statistics("p", "saved"), given, view=by_identity)
    backend.replace_statistics("p", "replaced", given)
    expect_same(backend.get_statistics("p", "replaced"), given, view=by_identity)


@clause(
    "scope-comes-back",
    sentences="1.1",
    likely_causes=("`values` and `extra` are merged into one document", "`updated_at` is set to the time of saving"),
)
def a_scope_comes_back(backend: Backend) -> None:
    """A scope comes back with every field the same, type for type."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    shared = a_scope(values={"items": 1, "points": None}, extra={"items": True, "points": 0.0})
    empty = a_scope(values={}, updated_at=None, extra={})
    for given in (full_scope(), shared, empty):
        backend.save_scope("p", "q", given)
        expect_same(backend.get_scope("p", "q"), given)


@clause(
    "metric-comes-back",
    sentences="1.1",
    likely_causes=("a value of None, which is no data, becomes 0", "an empty unit is taken for none"),
)
def a_metric_comes_back(backend: Backend) -> None:
    """A metric comes back with every field the same, type for type; no data is not 0."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    given = [
        full_metric("2025-W01"),
        a_metric("2025-W02", value=None, unit=None, calculated_at=None, details={}),
        a_metric("2025-W03", value=0.0, unit="", category="", details={"count": 0, "partial": False, "next": None}),
        a_metric("2025-W04", value=7.0),
    ]
    backend.save_metrics("p", "q", given)
    expect_same(backend.get_metrics("p", "q"), given, view=by_identity)


@clause(
    "text-comes-back",
    sentences="1.2 3.1",
    depends_on=(*RECORDS_COME_BACK, "app-state-comes-back"),
    likely_causes=(
        "line ends are translated, or space is trimmed",
        "text is normalised (NFC), or encoded in UTF-16 or in three bytes a character",
        "a long text is cut",
    ),
)
def text_comes_back(backend: Backend) -> None:
    """Text comes back code point for code point, whatever it holds, wherever text may stand."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    numbered = [(f"{number:02}", text) for number, text in enumerate(TEXTS)]
    issues = [an_issue(key, **dict.fromkeys(ISSUE_TEXTS, text)) for key, text in numbered]
    backend.save_issues("p", "q", issues)
    expect_same(backend.get_issues("p", "q"), issues, view=by_identity)
    changes = [replace(a_change(), **dict.fromkeys(CHANGE_TEXTS, text)) for text in TEXTS]
    backend.save_histories("p", "q", [a_history("AB-1", changes=changes)])
    expect_same(backend.get_histories("p", "q"), [a_history("AB-1", changes=changes)])
    metrics = [a_metric("2025-W44", name, category=text, unit=text) for name, text in numbered]
    backend.save_metrics("p", "q", metrics)
    expect_same(backend.get_metrics("p", "q"), metrics, view=by_identity)
    for text in TEXTS:
        backend.set_app_state("key", text)
        expect_same(backend.get_app_state("key"), text)
    # Each of the eight fields that are left takes a text in eight, and in another round another one.
    for start in (0, 4):
        for a, b, c, d, e, f, g, h in zip(*(TEXTS[start + place :: 8] for place in range(8)), strict=False):
            backend.save_profile(a_profile("p", name=a, description=b))
            expect_same(backend.get_profile("p"), a_profile("p", name=a, description=b))
            backend.save_query("p", a_query("q", name=c, jql=d, description=e))
            expect_same(backend.get_query("p", "q"), a_query("q", name=c, jql=d, description=e))
            backend.save_task(a_task("t", status=f, message=g))
            expect_same(backend.get_task("t"), a_task("t", status=f, message=g))
            backend.save_cache_info("p", "q", a_cache_info(jql=h))
            expect_same(backend.get_cache_info("p", "q"), a_cache_info(jql=h))


@clause(
    "json-comes-back",
    sentences="1.3 4.1",
    depends_on=RECORDS_COME_BACK,
    likely_causes=(
        "keys without a value are dropped, or empty lists and objects",
        "1.0 comes back as 1, or True as 1",
        "lists are sorted, or nested objects flattened",
    ),
)
def json_comes_back(backend: Backend) -> None:
    """A JSON object comes back with the same keys and values, type for type, its lists in their order, everywhere."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    histories = [a_history(f"{number:02}", details=value) for number, value in enumerate(JSON_OBJECTS)]
    backend.save_histories("p", "q", histories)
    expect_same(backend.get_histories("p", "q"), histories)
    metrics = [a_metric("2025-W44", f"{number:02}", details=value) for number, value in enumerate(JSON_OBJECTS)]
    backend.save_metrics("p", "q", metrics)
    expect_same(backend.get_metrics("p", "q"), metrics)
    statistics = [a_statistic(FIRST + timedelta(number), extra=value) for number, value in enumerate(JSON_OBJECTS)]
    backend.save_statistics("p", "q", statistics)
    expect_same(backend.get_statistics("p", "q"), statistics)
    # The deepest leave no room for a level around them.
    together = {str(number): value for number, value in enumerate(JSON_OBJECTS) if not {"in", "left"} & value.keys()}
    settings = ("jira_config", "field_mappings", "forecast_settings", "project_classification", "flow_type_mappings")
    profile = a_profile("p", **dict.fromkeys((*settings, "extra"), together))
    backend.save_profile(profile)
    expect_same(backend.get_profile("p"), profile)
    backend.save_query("p", a_query("q", extra=together))
    expect_same(backend.get_query("p", "q"), a_query("q", extra=together))
    backend.save_task(a_task("t", state=together))
    expect_same(backend.get_task("t"), a_task("t", state=together))
    backend.save_cache_info("p", "q", a_cache_info(details=together))
    expect_same(backend.get_cache_info("p", "q"), a_cache_info(details=together))
    backend.save_scope("p", "q", a_scope(values=together, extra=together))
    expect_same(backend.get_scope("p", "q"), a_scope(values=together, extra=together))


@clause(
    "numbers-come-back",
    sentences="1.4 5.4",
    depends_on=("issue-comes-back", "statistic-comes-back", "metric-comes-back", "task-comes-back"),
    likely_causes=(
        "a column of 32 bits, or a decimal one",
        "numbers are written with too few digits, or -0.0 as 0",
        "a CHECK or a validator asks for 0 or more",
    ),
)
def numbers_come_back(backend: Backend) -> None:
    """Numbers come back exactly, to the last bit, negative ones too; inside JSON -0.0 keeps its sign."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("q"))
    numbered = [(f"{place:02}", number) for place, number in enumerate(FLOATS)]
    issues = [an_issue(key, points=number) for key, number in numbered]
    backend.save_issues("p", "q", issues)
    expect_same(backend.get_issues("p", "q"), issues, view=by_identity)
    metrics = [a_metric("2025-W44", name, value=number, details={"value": number}) for name, number in numbered]
    backend.save_metrics("p", "q", metrics)
    expect_same(backend.get_metrics("p", "q"), metrics, view=by_identity)
    floats = ("completed_points", "created_points", "velocity_items", "velocity_points", "remaining_points")
    counts = ("completed_items", "created_items", "remaining_items")
    statistics = [
        replace(a_statistic(FIRST + timedelta(days)), **dict.fromkeys(floats, number), extra={"value": number})
        for days, number in enumerate(FLOATS)
    ]
    statistics += [
        replace(a_statistic(LAST - timedelta(days)), **dict.fromkeys(counts, number), extra={"value": number})
        for days, number in enumerate(INTEGERS)
    ]
    backend.save_statistics("p", "q", statistics)
    expect_same(backend.get_statistics("p", "q"), sorted(statistics, key=lambda each: each.date), view=by_identity)
    numbers = {"floats": list(FLOATS), "integers": list(INTEGERS), "negative zero": -0.0}
    backend.save_scope("p", "q", a_scope(values=numbers, extra=numbers))
    expect_same(backend.get_scope("p", "q"), a_scope(values=numbers, extra=numbers))
    for percent in (0.1, 0.1 + 0.2, 1 / 3, 99.99999999999999):
        backend.save_task(a_task("t", percent=percent, state=numbers))
        expect_same(backend.get_task("t"), a_task("t", percent=percent, state=numbers))


@clause(
    "document-comes-back",
    sentences="1.5",
    depends_on=("issue-comes-back",),
    likely_causes=(
        "the document is parsed and written by something that knows no difference between 1 and 1.0",
        "the first value of a repeated key is kept",
        "escapes are not decoded, or decoded twice",
    ),
)
def a_document_comes_back(backend: Backend) -> None:
    """An issue's document comes back with the same JSON value, however it was spelt; of equal keys the last counts."""
    backend.save_profile(a_profile("p"))
    backend.save_query("p", a_query("saved"))
    backend.save_query("p", a_query("replaced"))
    issues = [an_issue(f"{number:02}", document=JsonText(text)) for number, (text, _) in enumerate(DOCUMENT_TEXTS)]
    meant = {f"{number:02}": value for number, (_, value) in enumerate(DOCUMENT_TEXTS)}
    backend.save_issues("p", "saved", issues)
    expect_same(backend.get_issues("p", "saved"), meant, view=document_values)
    backend.replace_issues("p", "replaced", issues)
    expect_same(backend.get_issues("p", "replaced"), meant, view=document_values)
    objects = {f"{number:02}": value for number, value in enumerate(JSON_OBJECTS)}
    backend.replace_issues("p", "saved", [an_issue(key, document=JsonText.of(value)) for key, value in objects.items()])
    expect_same(backend.get_issues("p", "saved"), objects, view=document_values)
