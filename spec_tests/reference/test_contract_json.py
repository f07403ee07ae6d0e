"""JSON values and JSON kept as text (rule 6): what is one, what is refused, and that both are judged alike."""

import json
from collections import OrderedDict
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from burndown_store.contract import CacheInfo, Issue, JsonText, ValidationError, check, same

MOMENT = datetime(2025, 11, 2, 12, 0, tzinfo=UTC)


def info_with(details: Any) -> CacheInfo:
    return CacheInfo(fetched_at=MOMENT, expires_at=MOMENT, details=details)


def issue_with(text: Any) -> Issue:
    return Issue(key="AB-12", document=JsonText(text), expires_at=MOMENT)


def nested(levels: int, kinds: str = "{[") -> Any:
    """An object whose innermost object or list lies on that level; the outermost is an object."""
    value: Any = "innermost"
    for level in range(levels, 1, -1):
        value = {"a": value} if kinds[level % len(kinds)] == "{" else [value]
    return {"a": value}


VALUES: list[dict[str, Any]] = [
    {},
    {"": ""},
    {"a": None, "b": True, "c": False, "d": 0, "e": 1, "f": 1.0, "g": -0.0, "h": "", "i": [], "j": {}},
    {"a": [1, 1.0, True, "1", None, [1], {"1": 1}]},
    {"largest": 2**63 - 1, "smallest": -(2**63)},
    {"a": [5e-324, 1.7976931348623157e308, 0.1, 1e15, 1e16, -1.5]},
    {"a": "\x01\t\n\r\x1f\x7f\x85\u2028\ufeff\ufffe\uffff\U0010ffff", "é": "é", "e\u0301": "decomposed", "😀": "💥"},
    {'quote " backslash \\ slash / brackets {[': '\\u0000 is text here, and so is "\\ud800"'},
    {"digits in text": "99999999999999999999", "1e999": "1e999"},
    nested(100),
    nested(100, "{"),
    nested(100, "["),
    {str(number): [number] for number in range(200)},
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: ascii(value)[:40])
def test_a_json_object_comes_back_the_same_as_value_and_as_text(value: dict[str, Any]) -> None:
    assert same(check(info_with(value)).details, value)
    assert same(JsonText.of(value).value(), value)
    assert same(check(Issue(key="AB-12", document=JsonText.of(value), expires_at=MOMENT)).document.value(), value)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: ascii(value)[:40])
@pytest.mark.parametrize("spelling", [{}, {"ensure_ascii": False}, {"indent": 2}, {"separators": (",", ":")}], ids=str)
def test_a_json_object_is_taken_however_its_text_is_spelled(value: dict[str, Any], spelling: dict[str, Any]) -> None:
    text = json.dumps(value, **spelling)
    assert same(check(issue_with(text)).document.value(), value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a":1,"a":2}', {"a": 2}),
        ('{"a":1,"\\u0061":2}', {"a": 2}),
        ('{"a":"\\ud83d\\ude00"}', {"a": "😀"}),
        ('{"a":"\\/\\b\\f"}', {"a": "/\b\f"}),
        ('{"a":1e5}', {"a": 100000.0}),
        ('{"a":1E+2}', {"a": 100.0}),
        ('{"a":-0}', {"a": 0}),
        ('{"a":-0.0}', {"a": -0.0}),
        ('{"a":1e-999}', {"a": 0.0}),
        ('{"a":18446744073709551616.0}', {"a": 18446744073709551616.0}),
        ('{"a":9223372036854775807}', {"a": 2**63 - 1}),
        (' \t\r\n{ "a" : [ ] } \n', {"a": []}),
    ],
)
def test_text_means_what_json_says_it_means(text: str, value: dict[str, Any]) -> None:
    assert same(check(issue_with(text)).document.value(), value)


CIRCLE: dict[str, Any] = {}
CIRCLE["SENTINEL"] = [CIRCLE]


class TextSubclass(str):
    pass


class IntSubclass(int):
    pass


class FloatSubclass(float):
    pass


NO_JSON_VALUES: list[Any] = [
    float("nan"),
    float("inf"),
    -float("inf"),
    2**63,
    -(2**63) - 1,
    2**64,
    10**5000,
    b"SENTINEL",
    bytearray(b"SENTINEL"),
    ("SENTINEL",),
    {"SENTINEL"},
    Decimal(1),
    1j,
    MOMENT,
    MOMENT.date(),
    object,
    TextSubclass("SENTINEL"),
    IntSubclass(1),
    FloatSubclass(1.0),
    OrderedDict(a=1),
    MappingProxyType({"a": 1}),
    "SENTINEL\x00",
    "SENTINEL\ud800",
    "\udfffSENTINEL",
    {"SENTINEL\x00": 1},
    {"SENTINEL\udc00": 1},
    {TextSubclass("SENTINEL"): 1},
    {1: "SENTINEL"},
    {None: "SENTINEL"},
    {True: "SENTINEL"},
    {("a",): "SENTINEL"},
    CIRCLE,
]
PLACES = [lambda value: {"a": value}, lambda value: {"a": [value]}, lambda value: {"a": {"b": [0, {"c": value}]}}]


@pytest.mark.parametrize("place", PLACES, ids=["on top", "in a list", "deep inside"])
@pytest.mark.parametrize("value", range(len(NO_JSON_VALUES)), ids=lambda at: type(NO_JSON_VALUES[at]).__name__)
def test_any_other_value_is_refused_wherever_it_stands(value: int, place: Any) -> None:
    details = place(NO_JSON_VALUES[value])
    with pytest.raises(ValidationError, match=r"^CacheInfo\.details: ") as refusal:
        check(info_with(details))
    assert "SENTINEL" not in str(refusal.value)
    with pytest.raises(ValidationError, match=r"^JsonText\.of: "):
        JsonText.of(details)


@pytest.mark.parametrize("value", [None, [], "{}", 1, True, [("a", 1)], ()])
def test_what_is_no_object_is_no_json_document(value: Any) -> None:
    with pytest.raises(ValidationError, match=r"^CacheInfo\.details: expected a JSON object"):
        check(info_with(value))
    with pytest.raises(ValidationError, match=r"^JsonText\.of: expected a JSON object"):
        JsonText.of(value)


@pytest.mark.parametrize("kinds", ["{", "[", "{["])
@pytest.mark.parametrize("levels", [101, 102, 900])
def test_more_than_100_levels_are_refused_as_value_and_as_text(levels: int, kinds: str) -> None:
    with pytest.raises(ValidationError, match=r"^CacheInfo\.details: nested deeper than 100 levels"):
        check(info_with(nested(levels, kinds)))
    with pytest.raises(ValidationError, match=r"^Issue\.document: .*nested deeper than 100 levels"):
        check(issue_with(json.dumps(nested(levels, kinds))))


@pytest.mark.parametrize("opening", ['{"a":', "["])
def test_text_that_only_ever_opens_is_refused_without_a_recursion_error(opening: str) -> None:
    with pytest.raises(ValidationError):
        check(issue_with('{"a":' + opening * 200_000))


def test_an_empty_innermost_list_or_object_is_a_level_too() -> None:
    innermost: Any
    for innermost in ([], {}):
        value = innermost
        for _ in range(99):
            value = {"a": value}
        check(info_with(value))
        with pytest.raises(ValidationError, match="100 levels"):
            check(info_with({"a": value}))
        with pytest.raises(ValidationError, match="100 levels"):
            check(issue_with(json.dumps({"a": value})))


def test_one_value_at_two_places_is_no_circle() -> None:
    shared = {"b": [1]}
    assert same(check(info_with({"x": shared, "y": shared})).details, {"x": {"b": [1]}, "y": {"b": [1]}})


NO_JSON_OBJECTS = [
    "",
    " ",
    "null",
    "true",
    "1",
    '"SENTINEL"',
    '["SENTINEL"]',
    "SENTINEL",
    "{",
    "}",
    "{}{}",
    "{} SENTINEL",
    "{},",
    "\ufeff{}",
    "{'a':1}",
    "{a:1}",
    "{1:1}",
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{,"a":1}',
    '{"a":[1,]}',
    '{"a":[1 2]}',
    '{"a":1 "b":2}',
    '{"a":1 /* SENTINEL */}',
    '{"a":NaN}',
    '{"a":Infinity}',
    '{"a":-Infinity}',
    '{"a":nan}',
    '{"a":tru}',
    '{"a":True}',
    '{"a":None}',
    '{"a":undefined}',
    '{"a":01}',
    '{"a":-}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":1.}',
    '{"a":1e}',
    '{"a":1e+}',
    '{"a":0x10}',
    '{"a":1_000}',
    '{"a":1e309}',
    '{"a":-1e309}',
    '{"a":1e999}',
    '{"a":99e308}',
    '{"a":999999999999999999e291}',
    '{"a":0.1e310}',
    '{"a":1e0000000999}',
    '{"a":1E+0400}',
    '{"a":' + "9" * 400 + "}",
    '{"a":' + "9" * 400 + ".0}",
    '{"a":9223372036854775808}',
    '{"a":-9223372036854775809}',
    '{"a":18446744073709551615}',
    '{"a":18446744073709551616}',
    '{"a":-18446744073709551616}',
    '{"a":' + "9" * 5000 + "}",
    '{"a":[[{"b":9223372036854775808}]]}',
    '{"a":"SENTINEL}',
    '{"a":"SENTINEL\x00"}',
    '{"a":"SENTINEL\x1f"}',
    '{"a":"SENTINEL\n"}',
    '{"SENTINEL\t":1}',
    '{"a":"SENTINEL\\x"}',
    '{"a":"SENTINEL\\u12"}',
    '{"a":"SENTINEL\\U00000041"}',
    '{"a":"SENTINEL\\u0000"}',
    '{"a":"SENTINEL\\ud800"}',
    '{"a":"SENTINEL\\udc00"}',
    '{"a":"SENTINEL\\ud800\\ud800"}',
    '{"a":"SENTINEL\\udc00\\ud800"}',
    '{"a":"SENTINEL\\uD800x"}',
    '{"a":"SENTINEL\ud800"}',
    '{"SENTINEL\udfff":1}',
    '{"SENTINEL\\u0000":1}',
    '{"SENTINEL\\ud800":1}',
]


@pytest.mark.parametrize("text", NO_JSON_OBJECTS, ids=lambda text: ascii(text)[:40])
def test_text_that_is_no_json_object_by_the_rules_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(ValidationError, match=r"^Issue\.document: ") as refusal:
        check(issue_with(text))
    assert "SENTINEL" not in str(refusal.value)
    with pytest.raises(ValidationError, match=r"^JsonText: ") as refusal:
        JsonText(text).value()
    assert "SENTINEL" not in str(refusal.value)


@pytest.mark.parametrize("text", [None, 5, b"{}", {}, TextSubclass("{}")])
def test_a_json_text_of_anything_but_text_is_refused(text: Any) -> None:
    with pytest.raises(ValidationError, match=r"^Issue\.document: "):
        check(issue_with(text))
    with pytest.raises(ValidationError, match=r"^JsonText: "):
        JsonText(text).value()


def test_the_value_of_a_text_is_a_fresh_copy_each_time() -> None:
    text = JsonText('{"a": [1]}')
    text.value()["a"].append(2)
    assert same(text.value(), {"a": [1]})


def test_the_text_of_a_value_does_not_follow_the_value() -> None:
    value = {"a": [1]}
    text = JsonText.of(value)
    value["a"].append(2)
    assert same(text.value(), {"a": [1]})


def test_a_json_text_shows_its_length_and_not_its_content() -> None:
    assert repr(JsonText('{"token": "SENTINEL"}')) == "JsonText(21 characters)"
