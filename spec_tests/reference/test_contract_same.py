"""`same`, the one definition of sameness, against a truth table written by hand."""

from collections import OrderedDict
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import pytest

from burndown_store.contract import (
    CacheInfo,
    Change,
    ChangeEntry,
    Expired,
    History,
    Issue,
    JsonText,
    Metric,
    Profile,
    Query,
    Statistic,
    same,
)

NOON = datetime(2025, 11, 2, 12, 0, tzinfo=UTC)
EAST = timezone(timedelta(hours=2))
NAN = float("nan")


class MomentSubclass(datetime):
    pass


class TextSubclass(str):
    pass


def metric(value: Any) -> Metric:
    return Metric(week="2025-W44", name="flow_time", category="flow", value=value)


def change(**fields: Any) -> Change:
    return Change(**{"changed_at": NOON, "field": "status", **fields})


def history(*changes: Change, **fields: Any) -> History:
    return History(issue_key="AB-12", changes=list(changes), expires_at=NOON, **fields)


def info(details: Any) -> CacheInfo:
    return CacheInfo(fetched_at=NOON, expires_at=NOON, details=details)


def issue(text: str) -> Issue:
    return Issue(key="AB-12", document=JsonText(text), expires_at=NOON)


SAME: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (0, 0),
    (2**63 - 1, 2**63 - 1),
    (0.1, 0.1),
    (-0.0, -0.0),
    (NAN, float("nan")),
    ("", ""),
    ("é", "\u00e9"),
    ([], []),
    ({}, {}),
    ((1, "a"), (1, "a")),
    ([1, [2.0, {"a": None}]], [1, [2.0, {"a": None}]]),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({"a": {"b": 1, "c": [True]}}, {"a": {"c": [True], "b": 1}}),
    ({1: "a"}, {1: "a"}),
    (date(2025, 11, 2), date(2025, 11, 2)),
    (NOON, datetime(2025, 11, 2, 12, 0, tzinfo=timezone(timedelta(0)))),
    (NOON.astimezone(EAST), datetime(2025, 11, 2, 14, tzinfo=timezone(timedelta(hours=2), "by another name"))),
    (datetime(2025, 11, 2, 12, 0), datetime(2025, 11, 2, 12, 0)),  # noqa: DTZ001
    (JsonText('{"a":1}'), JsonText('{"a":1}')),
    (JsonText('{"a":1,"b":[]}'), JsonText(' { "b" : [ ] , "a" : 1 } ')),
    (JsonText('{"a":"\\u00e9\\/"}'), JsonText('{"a":"é/"}')),
    (JsonText('{"a":1,"a":2}'), JsonText('{"a":2}')),
    (JsonText('{"a":1e2}'), JsonText('{"a":100.0}')),
    (JsonText('{"a":-0.0}'), JsonText('{"a":-0e0}')),
    (JsonText("not JSON"), JsonText("not JSON")),
    (metric(1.5), metric(1.5)),
    (metric(0.0), metric(-0.0)),
    (metric(NAN), metric(NAN)),
    (metric(None), metric(None)),
    (Statistic(date=date(2025, 11, 2), velocity_points=-0.0), Statistic(date=date(2025, 11, 2), velocity_points=0.0)),
    (change(author="Ada"), change(author="Ada")),
    (history(change(), change(field="x")), history(change(), change(field="x"))),
    (ChangeEntry(issue_key="AB-12", change=change()), ChangeEntry(issue_key="AB-12", change=change())),
    (Expired(issues=1, histories=2), Expired(issues=1, histories=2)),
    (info({"a": 1, "b": [-0.0]}), info({"b": [-0.0], "a": 1})),
    (issue('{"a":1,"b":2}'), issue('{"b":2,"a":1}')),
    ([metric(0.0)], [metric(-0.0)]),
]

DIFFERENT: list[tuple[Any, Any]] = [
    (1, True),
    (0, False),
    (1, 1.0),
    (1.0, True),
    (0, None),
    ("", None),
    (False, None),
    (0, ""),
    ([], None),
    ([], {}),
    ([], ()),
    ([1], (1,)),
    ("1", 1),
    ("a", b"a"),
    ("a", TextSubclass("a")),
    ("a", "A"),
    ("a", "a "),
    ("é", "e\u0301"),
    (0.0, -0.0),
    (0.1, 0.1 + 2**-56),
    (NAN, None),
    (1, 2),
    ([1, 2], [2, 1]),
    ([1], [1, 1]),
    ([1], [True]),
    ([[1]], [[1.0]]),
    ([None], []),
    ({"a": 1}, {"a": True}),
    ({"a": 1}, {"a": 1.0}),
    ({"a": None}, {}),
    ({"a": None}, {"b": None}),
    ({"a": 1}, {"a": 1, "b": 2}),
    ({"a": 1, "b": 2}, {"a": 1}),
    ({"a": {"b": [0]}}, {"a": {"b": [False]}}),
    ({"a": 0.0}, {"a": -0.0}),
    ({1: "a"}, {True: "a"}),
    ({1: "a"}, {1.0: "a"}),
    ({"1": "a"}, {1: "a"}),
    ({"a": 1}, OrderedDict(a=1)),
    (date(2025, 11, 2), date(2025, 11, 3)),
    (date(2025, 11, 2), datetime(2025, 11, 2, tzinfo=UTC)),
    (NOON, NOON + timedelta(microseconds=1)),
    (NOON, NOON.replace(tzinfo=None)),
    (NOON, NOON.astimezone(EAST)),
    (NOON, NOON.replace(tzinfo=EAST)),
    (NOON, MomentSubclass(2025, 11, 2, 12, 0, tzinfo=UTC)),
    (time(12), time(13)),
    (JsonText('{"a":1}'), JsonText('{"a":1.0}')),
    (JsonText('{"a":1}'), JsonText('{"a":true}')),
    (JsonText('{"a":1}'), JsonText('{"a":"1"}')),
    (JsonText('{"a":null}'), JsonText("{}")),
    (JsonText('{"a":0.0}'), JsonText('{"a":-0.0}')),
    (JsonText('{"a":[1,2]}'), JsonText('{"a":[2,1]}')),
    (JsonText('{"a":1,"a":2}'), JsonText('{"a":1}')),
    (JsonText("{}"), JsonText("not JSON")),
    (JsonText("not JSON"), JsonText("not  JSON")),
    (JsonText("{}"), "{}"),
    (JsonText("{}"), {}),
    (metric(0.0), metric(0)),
    (metric(1.0), metric(True)),
    (metric(0.0), metric(None)),
    (metric(0.0), metric(NAN)),
    (metric(0.1), metric(0.2)),
    (Statistic(date=date(2025, 11, 2), created_items=0), Statistic(date=date(2025, 11, 2), created_items=False)),
    (change(author=None), change(author="")),
    (change(changed_at=NOON), change(changed_at=NOON.astimezone(timezone(timedelta(hours=1))))),
    (history(), history(change())),
    (history(change(), change(field="x")), history(change(field="x"), change())),
    (history(change(from_value=None)), history(change(from_value=""))),
    (history(fetched_at=None), history(fetched_at=NOON)),
    (ChangeEntry(issue_key="AB-12", change=change()), ChangeEntry(issue_key="AB-12", change=change(author="Ada"))),
    (Expired(issues=1, histories=2), Expired(issues=2, histories=1)),
    (info({"a": 0.0}), info({"a": -0.0})),
    (info({"a": 1}), info({"a": True})),
    (issue('{"a":1}'), issue('{"a":1.0}')),
    (change(), history()),
    (change(), {"changed_at": NOON, "field": "status"}),
    (
        Query(id="a", name="a", jql="", created_at=NOON, last_used_at=NOON),
        Profile(id="a", name="a", created_at=NOON, last_used_at=NOON),
    ),
]


@pytest.mark.parametrize("pair", range(len(SAME)), ids=lambda at: ascii(SAME[at])[:60])
def test_these_are_the_same_whichever_comes_first(pair: int) -> None:
    a, b = SAME[pair]
    assert same(a, b) is True
    assert same(b, a) is True


@pytest.mark.parametrize("pair", range(len(DIFFERENT)), ids=lambda at: ascii(DIFFERENT[at])[:60])
def test_these_differ_whichever_comes_first(pair: int) -> None:
    a, b = DIFFERENT[pair]
    assert same(a, b) is False
    assert same(b, a) is False


@pytest.mark.parametrize("pair", range(len(DIFFERENT)), ids=lambda at: ascii(DIFFERENT[at])[:60])
def test_a_difference_counts_however_deep_it_lies(pair: int) -> None:
    a, b = DIFFERENT[pair]
    assert same({"a": [0, {"b": a}]}, {"a": [0, {"b": b}]}) is False


@pytest.mark.parametrize("pair", range(len(DIFFERENT)), ids=lambda at: ascii(DIFFERENT[at])[:60])
def test_everything_is_the_same_as_itself(pair: int) -> None:
    for value in DIFFERENT[pair]:
        assert same(value, value) is True
