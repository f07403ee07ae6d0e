"""Any identifier as the name of a folder that every file system can hold and tell from every other.

What is safe stays as it is: lower-case ASCII letters, digits, `-`, `_` and inner spaces. All else is percent-encoded as
UTF-8: upper case, because file systems without case would take `Kafka` for `kafka`; what is not ASCII, because
some normalise it; dots, so that no folder is `..`, hidden, or named as a file of the layout. What gets longer than a
name may be is cut and ends in a hash; so the exact identifier stands in the file inside, and nowhere else.
"""

from __future__ import annotations

import re
import string
from hashlib import sha256
from typing import Final

__all__ = ["LONGEST_NAME", "folder_name"]

LONGEST_NAME: Final = 64
"""Short enough that a query's files stay within the 260 characters that Windows allows a whole path."""

_SAFE: Final = frozenset(string.ascii_lowercase + string.digits + "-_ ")
_DEVICES: Final = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
_HASH_LENGTH: Final = 32
_BROKEN_ESCAPE: Final = re.compile("%[0-9A-F]?$")


def folder_name(identifier: str) -> str:
    """The name of the folder that holds what has this identifier; the same everywhere and for ever."""
    characters = [each if each in _SAFE else _escaped(each) for each in identifier]
    for end in (0, -1):
        if characters[end] == " ":
            characters[end] = _escaped(" ")
    if identifier in _DEVICES:
        characters[0] = _escaped(characters[0])
    name = "".join(characters)
    if len(name) <= LONGEST_NAME:
        return name
    # No name that was not cut holds a "~", so the two kinds cannot meet.
    start = _BROKEN_ESCAPE.sub("", name[: LONGEST_NAME - _HASH_LENGTH - 1])
    return f"{start}~{sha256(identifier.encode('utf-8')).hexdigest()[:_HASH_LENGTH]}"


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8"))
