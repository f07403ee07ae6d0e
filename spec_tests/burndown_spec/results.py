"""What came of judging one clause on one backend; travels as JSON between processes and into the report."""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = ["Failure", "Outcome", "Result"]


class Outcome(StrEnum):
    """What one judging gave. A clause of which nothing was recorded was not judged either."""

    HOLDS = "holds"
    FAILS = "fails"
    NOT_CLAIMED = "not claimed"
    BLOCKED = "blocked"
    UNAVAILABLE = "unavailable here"
    UNDECIDED = "not judged"
    NOT_OFFERED = "not offered"


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A broken promise, told in the order in which a reader needs it.

    `done` are the calls, one line each, oldest first; `expected` and `actual` are what the repro script prints too;
    `difference` is where the two part, or the answer told again so that it can be read, or empty.
    """

    requirement: str
    sentences: tuple[str, ...]
    done: tuple[str, ...]
    expected: str
    actual: str
    difference: str = ""
    likely_causes: tuple[str, ...]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """`reason` says why a clause neither holds nor fails; `repro` is the text of the script.

    `seconds` is how long judging took; `measured` is what was found beside the outcome, by what was looked at.
    """

    clause: str
    backend: str
    outcome: Outcome
    reason: str = ""
    failure: Failure | None = None
    repro: str = ""
    seconds: float = 0.0
    measured: dict[str, str] = {}
