"""Text that storage tends to change, to confuse with other text, or to refuse (rule 5)."""

from __future__ import annotations

from typing import Any

from burndown_spec.vocabulary import OwnText

__all__ = ["ACUTE_E", "COMBINED_E", "INVALID_TEXTS", "KELVIN", "LONG_TEXT", "TEXTS"]

ACUTE_E = "\u00e9"
"""One code point, as normalisation form NFC writes it."""

COMBINED_E = "e\u0301"
"""The same letter as two code points, as NFD writes it."""

KELVIN = "\u212a"
"""KELVIN SIGN: it folds to `k`, and every normalisation makes it `K`."""

LONG_TEXT = "burndown \U0001f525 " * 1819
"""20,009 code points, more than fit in 64 KiB of UTF-16 or a short column."""

TEXTS: tuple[str, ...] = (
    "",
    " ",
    "   ",
    " leading and trailing ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "one\ntwo\r\nthree\rfour",
    "\u0085\u2028\u2029",
    "\u00a0",
    "\u200b",
    "\x01\x1f\x7f\x80\x9f",
    "\x1a",
    "None",
    "null",
    "NULL",
    "NaN",
    "0",
    "1",
    "01",
    "1.0",
    "1e3",
    "-0",
    "true",
    "True",
    "[]",
    "{}",
    '{"a": 1}',
    "2025-11-03T12:00:00+00:00",
    "'",
    "''",
    '"',
    "\\",
    "\\\\",
    "\\n",
    "\\u0000",
    "a\\b",
    "%",
    "%s",
    "{0}",
    "_",
    "*",
    "?",
    ":name",
    "$1",
    "--",
    ";",
    "'; DROP TABLE issues; --",
    "<b>&amp;</b>",
    "Kafka",
    "kafka",
    "KAFKA",
    ACUTE_E,
    COMBINED_E,
    KELVIN,
    "\u1e9e\u00df\u017f",
    "\u0130\u0131",
    "\ufb01",
    "\u0e01\u0e33",
    "\u05e9\u05dc\u05d5\u05dd",
    "\u202eright to left\u202c",
    "\u65e5\u672c\u8a9e",
    "\U0001f525",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f1e9\U0001f1ea",
    "\ufeff",
    "\ufeffmarked",
    "\ufffd",
    "\ufffe",
    "\uffff",
    "\ue000",
    "\ud7ff",
    "\U00010000",
    "\U0010ffff",
    LONG_TEXT,
)
"""Valid text: empty, blank, line ends, what looks like another value, quoting, normalisation, the edges of Unicode."""

INVALID_TEXTS: tuple[Any, ...] = (
    "\x00",
    "nul\x00inside",
    "trailing\x00",
    "\ud800",
    "\udfff",
    "lone \udc00 inside",
    "\ud83d\udd25",
    OwnText("own"),
    b"bytes",
    bytearray(b"bytes"),
    0,
    1,
    True,
    1.5,
    ["text"],
    ("text",),
    {"text": "text"},
)
"""What is no text: NUL, surrogates (a pair of them is not one code point), a subclass of str, other types."""
