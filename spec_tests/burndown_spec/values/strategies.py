"""Hypothesis strategies for records and for the arguments of each operation, over the tiny alphabet.

Once in a while an argument or a field is invalid. `OPERATIONS` names every operation of Core but `close`,
`transaction` and `snapshot`, with a strategy for each of its arguments, positional ones first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from burndown_spec.values import alphabets as a
from burndown_store.contract import (
    CacheInfo,
    Change,
    History,
    Issue,
    Metric,
    Profile,
    Query,
    Record,
    Scope,
    Statistic,
    Task,
)

__all__ = ["BEGINNING", "OPERATIONS", "Arguments", "records"]

Strategy = st.SearchStrategy[Any]
Arguments = Mapping[str, Strategy]

_RARELY = 200
"""One draw in about so many is invalid: a call draws a handful, and most calls are to be accepted."""


def _drawn(valid: Sequence[object], invalid: Sequence[object] = ()) -> Strategy:
    """One of `valid`, all alike, or rarely one of `invalid`."""
    if not invalid:
        return st.sampled_from(valid)
    times = -(-_RARELY * len(invalid) // len(valid))
    return st.sampled_from([*valid] * times + [*invalid])


def _optional(valid: Sequence[object], invalid: Sequence[object] = ()) -> Strategy:
    """As `_drawn`, but None as often as not."""
    return _drawn([*[None] * len(valid), *valid], invalid)


def _filter(valid: Sequence[object], invalid: Sequence[object]) -> Strategy:
    """As `_drawn`, but mostly None: filters combine, and many at once let nothing through."""
    return _drawn([*[None] * 3 * len(valid), *valid], invalid)


def _identifier(valid: Sequence[object]) -> Strategy:
    return _drawn(valid, a.NO_IDENTIFIERS)


_WORD = _drawn(a.WORDS, a.NO_TEXTS)
_MOMENT = _drawn(a.MOMENTS, a.NO_MOMENTS)
_EXPIRY = _drawn(a.EXPIRIES, a.NO_MOMENTS)
_NUMBER = _drawn(a.NUMBERS, a.NO_NUMBERS)
_OBJECT = _drawn(a.OBJECTS, a.NO_JSON)
_MAYBE_WORD = _optional(a.WORDS, a.NO_TEXTS)
_MAYBE_MOMENT = _optional(a.MOMENTS, a.NO_MOMENTS)
_MAYBE_NUMBER = _optional(a.NUMBERS, a.NO_NUMBERS)

_CHANGE = st.builds(
    Change,
    changed_at=_MOMENT,
    field=_drawn(a.FIELDS, a.NO_TEXTS),
    author=_MAYBE_WORD,
    from_text=_MAYBE_WORD,
    to_text=_MAYBE_WORD,
)

records: Mapping[type[Record], Strategy] = {
    Profile: st.builds(
        Profile,
        id=_identifier(a.PROFILE_IDS),
        name=_WORD,
        created_at=_MOMENT,
        last_used_at=_MOMENT,
        jira_config=_OBJECT,
        show_points=_drawn((False, True), (0,)),
        extra=_OBJECT,
    ),
    Query: st.builds(
        Query, id=_identifier(a.QUERY_IDS), name=_WORD, jql=_WORD, created_at=_MOMENT, last_used_at=_MOMENT
    ),
    Issue: st.builds(
        Issue,
        key=_identifier(a.ISSUE_KEYS),
        document=_drawn(a.DOCUMENTS, a.NO_DOCUMENTS),
        status=_MAYBE_WORD,
        assignee=_MAYBE_WORD,
        issue_type=_MAYBE_WORD,
        project_key=_MAYBE_WORD,
        updated=_MAYBE_MOMENT,
        points=_MAYBE_NUMBER,
        expires_at=_EXPIRY,
    ),
    CacheInfo: st.builds(CacheInfo, fetched_at=_MOMENT, expires_at=_EXPIRY, jql=_MAYBE_WORD, details=_OBJECT),
    History: st.builds(
        History,
        issue_key=_identifier(a.ISSUE_KEYS),
        changes=st.lists(_CHANGE, max_size=3),
        fetched_at=_MAYBE_MOMENT,
        expires_at=_EXPIRY,
        details=_OBJECT,
    ),
    Statistic: st.builds(
        Statistic,
        date=_drawn(a.DAYS, a.NO_DAYS),
        completed_items=_drawn((0, 1, -1), (1.0, True, 2**63)),
        completed_points=_NUMBER,
        remaining_points=_MAYBE_NUMBER,
        extra=_OBJECT,
    ),
    Scope: st.builds(Scope, values=_OBJECT, updated_at=_MAYBE_MOMENT, extra=_OBJECT),
    Metric: st.builds(
        Metric,
        week=_drawn(a.WEEK_NAMES, a.NO_WEEKS),
        name=_identifier(a.METRIC_NAMES),
        category=_drawn(a.CATEGORIES, a.NO_TEXTS),
        value=_MAYBE_NUMBER,
        unit=_MAYBE_WORD,
    ),
    Task: st.builds(
        Task,
        name=_identifier(a.TASK_NAMES),
        status=_WORD,
        percent=_optional((0.0, 50, 100.0), (-1, 100.5, True)),
        updated_at=_MOMENT,
        state=_OBJECT,
    ),
}
"""A strategy for each record that a store takes."""


def _batch(kind: type[Record]) -> Strategy:
    return st.lists(records[kind], max_size=4)


BEGINNING: Arguments = {
    "places": st.sets(_drawn(a.PLACES), min_size=1, max_size=4).map(sorted),
    "issues": _batch(Issue),
    "histories": _batch(History),
    "statistics": _batch(Statistic),
    "metrics": _batch(Metric),
}
"""What a store begins with: pairs of a profile's and a query's id, and batches that are saved below each of them."""


_PROFILE = {"profile_id": _identifier(a.OFTEN_PROFILE_IDS)}
_PLACE = {**_PROFILE, "query_id": _identifier(a.OFTEN_QUERY_IDS)}
_BETWEEN_MOMENTS = {"start": _filter(a.MOMENTS, a.NO_MOMENTS), "end": _filter(a.MOMENTS, a.NO_MOMENTS)}
_BETWEEN_DAYS = {"start": _filter(a.DAYS, a.NO_DAYS), "end": _filter(a.DAYS, a.NO_DAYS)}
_BETWEEN_WEEKS = {"start": _filter(a.WEEK_NAMES, a.NO_WEEKS), "end": _filter(a.WEEK_NAMES, a.NO_WEEKS)}
_VALID_AT = {"valid_at": _filter(a.EXPIRIES, a.NO_MOMENTS)}
_ISSUE_KEY = {"issue_key": _filter(a.ISSUE_KEYS, a.NO_IDENTIFIERS)}

OPERATIONS: Mapping[str, tuple[Arguments, Arguments]] = {
    "get_profile": (_PROFILE, {}),
    "save_profile": ({"profile": records[Profile]}, {}),
    "list_profiles": ({}, {}),
    "delete_profile": (_PROFILE, {}),
    "get_query": (_PLACE, {}),
    "save_query": ({**_PROFILE, "query": records[Query]}, {}),
    "list_queries": (_PROFILE, {}),
    "delete_query": (_PLACE, {}),
    "get_app_state": ({"key": _identifier(a.STATE_KEYS)}, {}),
    "set_app_state": ({"key": _identifier(a.STATE_KEYS), "value": _WORD}, {}),
    "delete_app_state": ({"key": _identifier(a.STATE_KEYS)}, {}),
    "list_app_state": ({}, {}),
    "get_task": ({"name": _identifier(a.TASK_NAMES)}, {}),
    "save_task": ({"task": records[Task]}, {}),
    "clear_task": ({"name": _identifier(a.TASK_NAMES)}, {}),
    "list_tasks": ({}, {}),
    "save_issues": ({**_PLACE, "issues": _batch(Issue)}, {}),
    "replace_issues": ({**_PLACE, "issues": _batch(Issue)}, {}),
    "get_issues": (
        _PLACE,
        {
            "key": _filter(a.ISSUE_KEYS, a.NO_IDENTIFIERS),
            **dict.fromkeys(("status", "assignee", "issue_type", "project_key"), _filter(a.WORDS, a.NO_TEXTS)),
            **_VALID_AT,
            "limit": _filter(a.LIMITS, a.NO_LIMITS),
        },
    ),
    "save_cache_info": ({**_PLACE, "info": records[CacheInfo]}, {}),
    "get_cache_info": (_PLACE, {}),
    "save_histories": ({**_PLACE, "histories": _batch(History)}, {}),
    "get_histories": (_PLACE, {**_ISSUE_KEY, **_VALID_AT}),
    "get_changes": (
        _PLACE,
        {
            **_ISSUE_KEY,
            "field": _filter(a.FIELDS, a.NO_TEXTS),
            **_BETWEEN_MOMENTS,
            **_VALID_AT,
            "limit": _filter(a.LIMITS, a.NO_LIMITS),
        },
    ),
    "list_history_keys": (_PLACE, {}),
    "save_statistics": ({**_PLACE, "statistics": _batch(Statistic)}, {}),
    "replace_statistics": ({**_PLACE, "statistics": _batch(Statistic)}, {}),
    "get_statistics": (_PLACE, {**_BETWEEN_DAYS, "limit": _filter(a.LIMITS, a.NO_LIMITS)}),
    "save_scope": ({**_PLACE, "scope": records[Scope]}, {}),
    "get_scope": (_PLACE, {}),
    "save_metrics": ({**_PLACE, "metrics": _batch(Metric)}, {}),
    "get_metrics": (
        _PLACE,
        {
            "name": _filter(a.METRIC_NAMES, a.NO_IDENTIFIERS),
            "category": _filter(a.CATEGORIES, a.NO_TEXTS),
            **_BETWEEN_WEEKS,
            "limit": _filter(a.LIMITS, a.NO_LIMITS),
        },
    ),
    "delete_expired": ({"now": _EXPIRY}, {}),
    "check": ({}, {}),
}
