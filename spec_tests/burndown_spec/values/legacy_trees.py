"""Old files as users could have had them, and names of folders."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

__all__ = ["HOSTILE_NAMES", "that_folders_can_have"]

# On Windows a whole path has 260 characters, with two such names in it.
_LONG = 200 if sys.platform != "win32" else 60

HOSTILE_NAMES = (
    *("default", "main", "p_0a1b2c3d4e5f", "q_20251103_120000", "shared-Team Blue-20251116", "queries", "backups"),
    *("Team Blue", "team blue", "TEAM BLUE", "Team  Blue", " Team Blue", "Team Blue ", "\u00a0Team Blue"),
    *(
        "Büro",
        unicodedata.normalize("NFD", "Büro"),
        "Straße",
        "STRASSE",
        "İstanbul",
        "\ufb01n",
        "日本語",
        "😀",
        "\u202ertl",
    ),
    *("50%", "%2e%2e", "%s", "{0}", "o'brien", 'say "so"', "'; DROP TABLE profiles; --", "$HOME", "`id`", "a&b|c"),
    *("..dots", ".hidden", "dots..", "-rf", "~", "*", "?", "[ab]", "a\\b", "C:", "a:b", "NUL", "con.txt", "#1", "_"),
    *("line\nend", "tab\tstop", "\x7f", "0", "01", "1.0", "None", "null", "x" * _LONG, "ü" * (_LONG // 2)),
)
"""Names of folders as users typed them, or could have."""


def that_folders_can_have(folder: Path, names: Iterable[str]) -> list[str]:
    """Those of the names that folders beside one another can have here, and come back as they were."""
    for name in names:
        with suppress(OSError, ValueError):
            (folder / name).mkdir(parents=True)
    there = {path.name for path in folder.iterdir()}
    return [name for name in names if name in there]
