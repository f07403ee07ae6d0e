"""JSON objects as text, for `JsonText`: spellings of one value, and what is no JSON object (rule 6)."""

from __future__ import annotations

import json
from typing import Any

from burndown_spec.vocabulary import OwnText, nested
from burndown_store.contract import Json

__all__ = ["DOCUMENT_TEXTS", "INVALID_DOCUMENTS"]


def _deep(levels: int) -> str:
    return '{"in":' + "[" * (levels - 1) + "]" * (levels - 1) + "}"


DOCUMENT_TEXTS: tuple[tuple[str, Json], ...] = (
    ("{}", {}),
    (" \t\r\n{ \t\r\n} \t\r\n", {}),
    ('{"a":1,"b":[1,2]}', {"a": 1, "b": [1, 2]}),
    ('{ "b" : [ 1 , 2 ] , "a" : 1 }', {"a": 1, "b": [1, 2]}),
    ('{"\\u0061":"\\u00e9\\u0065\\u0301"}', {"a": "\u00e9e\u0301"}),
    ('{"fire":"\\ud83d\\udd25"}', {"fire": "\U0001f525"}),
    ('{"fire":"\\uD83D\\uDD25\U0001f525"}', {"fire": "\U0001f525\U0001f525"}),
    ('{"backslash":"\\\\u0000"}', {"backslash": "\\u0000"}),
    ('{"backslash":"\\\\ud800"}', {"backslash": "\\ud800"}),
    ('{"escapes":"\\"\\\\\\/\\b\\f\\n\\r\\t"}', {"escapes": '"\\/\b\f\n\r\t'}),
    ('{"slash":"</script>"}', {"slash": "</script>"}),
    ('{"separators":"\u2028\u2029\x7f\ufeff"}', {"separators": "\u2028\u2029\x7f\ufeff"}),
    ('{"n":1}', {"n": 1}),
    ('{"n":1.0}', {"n": 1.0}),
    ('{"n":1E2}', {"n": 100.0}),
    ('{"n":1e+2}', {"n": 100.0}),
    ('{"n":100e-2}', {"n": 1.0}),
    ('{"n":-0}', {"n": 0}),
    ('{"n":-0.0}', {"n": -0.0}),
    ('{"n":1e-400}', {"n": 0.0}),
    ('{"n":0.1000000000000000055511151231257827}', {"n": 0.1}),
    ('{"n":9223372036854775807}', {"n": 2**63 - 1}),
    ('{"n":-9223372036854775808}', {"n": -(2**63)}),
    ('{"n":9223372036854775808.0}', {"n": 2.0**63}),
    ('{"n":9007199254740993}', {"n": 2**53 + 1}),
    ('{"a":1,"a":2}', {"a": 2}),
    ('{"a":1,"\\u0061":2}', {"a": 2}),
    ('{"a":{"b":1},"a":{"c":2}}', {"a": {"c": 2}}),
    ('{"":{"":{}}}', {"": {"": {}}}),
    ('{"a":null,"b":true,"c":false}', {"a": None, "b": True, "c": False}),
    (json.dumps(nested(100)), nested(100)),
)
"""Valid documents, each with the value that it means."""

INVALID_DOCUMENTS: tuple[Any, ...] = (
    # No object at the top
    "",
    " ",
    "null",
    "[]",
    "[{}]",
    '"{}"',
    "1",
    "true",
    # No JSON
    "{",
    "}",
    "{}}",
    "{} {}",
    "{}x",
    "{'a': 1}",
    '{"a": 1,}',
    '{"a": [1,]}',
    '{"a" 1}',
    '{"a": }',
    "{a: 1}",
    '{"a": undefined}',
    '{"a": True}',
    '{"a": None}',
    "{1: 2}",
    '{"a": 1 /* why */}',
    "\ufeff{}",
    "\xa0{}",
    "{}\x00",
    # Numbers
    '{"n": NaN}',
    '{"n": Infinity}',
    '{"n": -Infinity}',
    '{"n": 1e999}',
    '{"n": -1e999}',
    '{"n": 9223372036854775808}',
    '{"n": -9223372036854775809}',
    '{"n": 18446744073709551616}',
    '{"n": ' + "1" * 5000 + "}",
    '{"n": 01}',
    '{"n": +1}',
    '{"n": .5}',
    '{"n": 1.}',
    '{"n": 0x10}',
    '{"n": 1_000}',
    '{"n": \u0661}',
    # Text
    '{"t": "\n"}',
    '{"t": "\x1f"}',
    '{"t": "\x00"}',
    '{"t": "\\u0000"}',
    '{"\\u0000": 1}',
    '{"t": "\\ud800"}',
    '{"t": "\\udfff"}',
    '{"t": "\\udd25\\ud83d"}',
    '{"\\ud800": 1}',
    '{"t": "\ud800"}',
    '{"t": "\ud83d\udd25"}',
    '{"t": "\\x41"}',
    '{"t": "\\u00g0"}',
    '{"t": "open}',
    # Depth
    _deep(101),
    '{"in":' * 100 + "{}" + "}" * 100,
    _deep(100_000),
    '{"in":' * 100_000 + "{}" + "}" * 100_000,
    "[" * 100_000,
    # No JSON, although a later value of the key hides it
    '{"a": NaN, "a": 1}',
    # Types
    b"{}",
    OwnText("{}"),
    {},
    1,
)
"""What no `JsonText` may hold when it is saved."""
