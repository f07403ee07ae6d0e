"""Names that people give to profiles and queries, and the ids that are made of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import Final

from burndown_store.contract import PersistenceError, Profile, Query, ValidationError, check_text

__all__ = [
    "MAX_NAME",
    "MAX_PROFILES",
    "MAX_QUERIES",
    "LimitError",
    "NameTakenError",
    "checked_name",
    "expect_free",
    "expect_room",
    "free_id",
]

MAX_NAME: Final = 100
"""Code points of a name, spaces around it not counted."""
MAX_PROFILES: Final = 50
MAX_QUERIES: Final = 100
"""Of one profile."""

_NO_SLUG: Final = re.compile("[^a-z0-9]+")


class NameTakenError(PersistenceError, ValueError):
    """Another profile, or another query of the profile, has this name already; nothing was written."""


class LimitError(PersistenceError, ValueError):
    """There are as many profiles, or queries of the profile, as there may be; nothing was written."""


def checked_name(name: object) -> str:
    """The name without the spaces around it. Raises `ValidationError` unless it has 1 to `MAX_NAME` code points."""
    text = check_text(name, "name").strip()
    if not 1 <= len(text) <= MAX_NAME:
        raise ValidationError(f"name: expected 1 to {MAX_NAME} characters, spaces around not counted; got {len(text)}")
    return text


def expect_free(name: str, others: Iterable[Profile] | Iterable[Query], where: str) -> None:
    """Raises `NameTakenError` where one of `others` has this name; case and spelling in code points do not count."""
    wanted = _without_case(name)
    for other in others:
        if _without_case(other.name) == wanted:
            raise NameTakenError(
                f"{where}: the name is taken by {other.id!r}; choose another, or rename that one first"
            )


def expect_room(present: Collection[object], most: int, where: str) -> None:
    """Raises `LimitError` where no more may be added."""
    if len(present) >= most:
        raise LimitError(f"{where}: there are {len(present)}, and no more than {most} may be made; delete one first")


def free_id(name: str, taken: Iterable[str], fallback: str) -> str:
    """An id made of the name that is not `taken`: `team-blue`, then `team-blue-2`; never longer than an id may be.

    Letters that have an ASCII form are written so. A name without any letter or digit of ASCII gives the fallback.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    # Cut, because one code point may become several, and the number at the end has to fit.
    slug = _NO_SLUG.sub("-", plain)[:MAX_NAME].strip("-") or fallback
    there = set(taken)
    candidates = (slug, *(f"{slug}-{number}" for number in range(2, len(there) + 2)))
    return next(each for each in candidates if each not in there)


def _without_case(name: str) -> str:
    # Decomposed twice, as Unicode defines matching without case: folding may compose anew.
    folded = unicodedata.normalize("NFD", name.strip()).casefold()
    return unicodedata.normalize("NFD", folded)
