"""Identifiers that a backend confuses when it folds, normalises, pads, escapes or makes paths of them (rule 5)."""

from __future__ import annotations

from typing import Any

from burndown_spec.values.texts import ACUTE_E, COMBINED_E, INVALID_TEXTS, KELVIN

__all__ = ["IDENTIFIERS", "INVALID_IDENTIFIERS", "LONGEST", "TOO_LONG"]

LONGEST: tuple[str, ...] = ("a" * 200, "a" * 199 + "b", "\U0001f525" * 200, "\U0001f525" * 199 + "\U0001f526")
"""200 code points, in one byte and in four each; two pairs that differ only in the last."""

TOO_LONG: tuple[str, ...] = ("a" * 201, "\U0001f525" * 201)
"""One code point more than an identifier may have."""

IDENTIFIERS: tuple[str, ...] = (
    # Letter case
    "Kafka",
    "kafka",
    "KAFKA",
    "k",
    "K",
    KELVIN,
    "ss",
    "\u00df",
    "i",
    "I",
    "\u0131",
    "\u0130",
    # Normalisation
    ACUTE_E,
    COMBINED_E,
    "\u00e5",
    "\u212b",
    "a\u030a",
    "fi",
    "\ufb01",
    # Blanks and invisible characters
    "a",
    "a ",
    " a",
    "a\t",
    "a\n",
    "a\r\n",
    "a\u00a0",
    "a\u200b",
    "\ufeffa",
    " ",
    "  ",
    "\n",
    # Prefixes and separators
    "ab",
    "a/b",
    "a\\b",
    "a:b",
    "a|b",
    "a,b",
    "a.b",
    "a-b",
    "a\x1fb",
    "a\x7fb",
    # Patterns, quotes, statements
    "%",
    "_",
    "a%",
    "a_",
    "a*",
    "a?",
    "[a]",
    "'",
    "''",
    '"',
    "`",
    "a'b",
    "'; DROP TABLE issues; --",
    "a--b",
    "%61",
    "%2F",
    "$a",
    ":a",
    "{a}",
    # Paths and names that a file system reserves
    "../../x",
    "/",
    "\\",
    "/etc/passwd",
    "C:\\x",
    "~",
    ".",
    "..",
    "a.",
    ".a",
    "CON",
    "con",
    "nul.txt",
    "LPT1",
    "profiles",
    "burndown.db",
    # What looks like another value
    "0",
    "1",
    "01",
    "1.0",
    "+1",
    "-1",
    "1e0",
    "\u0661",
    "None",
    "null",
    "NULL",
    "NaN",
    "true",
    "True",
    "AB-1",
    "AB-10",
    "AB-2",
    "ab-1",
    "__class__",
    "constructor",
    # The edges of Unicode, where code points and UTF-16 sort differently
    "\x01",
    "\ud7ff",
    "\ue000",
    "\ufffd",
    "\uffff",
    "\U00010000",
    "\U0001f525",
    "\U0010ffff",
    *LONGEST,
)
"""Valid identifiers, all different; `sorted` gives the contract's order, that of their code points."""

INVALID_IDENTIFIERS: tuple[Any, ...] = ("", *TOO_LONG, *INVALID_TEXTS)
"""What is no identifier: nothing, one code point too many, what is no text."""
