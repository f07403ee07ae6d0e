"""A cycle of transactions in words."""

from __future__ import annotations

from collections.abc import Sequence

from burndown_spec.checkers.classification import Cycle, Edge
from burndown_spec.checkers.findings import shown, who
from burndown_spec.checkers.transactions import Transaction

__all__ = ["tell"]


def tell(cycle: Cycle, transactions: Sequence[Transaction], lists: bool) -> str:
    """`T1 (…) read x as [1] without T2's append of 2; T2 (…) ended before T1 started: no order explains it`.

    `lists` says whether values are lists that are appended to, or are replaced as a whole.
    """
    places = list(dict.fromkeys(edge.before for edge in cycle.edges))
    names = {place: f"T{number}" for number, place in enumerate(places, start=1)}
    told = [_clause(edge, names, transactions, lists) for edge in cycle.edges]
    cast = ", ".join(who(transactions[place].operation, name) for place, name in names.items())
    return f"{cast}: {'; '.join(told)}; no order explains all of this"


def _clause(edge: Edge, names: dict[int, str], transactions: Sequence[Transaction], lists: bool) -> str:
    one, two, why = names[edge.before], names[edge.after], edge.why
    before = f", so {one} came before {two}"
    if why is None:
        if edge.kind == "session":
            return f"{one} came before {two} in the same thread"
        ended = "was entered" if transactions[edge.before].is_snapshot else "ended"
        return f"{one} {ended} before {two} started"
    key, first, second, read = shown(why.key), shown(why.first), shown(why.second), shown(why.read)
    if edge.kind == "ww":
        if lists and why.is_unread:
            return f"nobody who read {one}'s append of {first} to {key} has seen {two}'s of {second}{before}"
        if lists:
            return f"{one}'s append of {first} to {key} stands before {two}'s of {second}{before}"
        return f"{two}'s {second} replaced {one}'s {first} in {key}{before}"
    if edge.kind == "wr":
        if lists:
            return f"{two} read {key} as {read} with {one}'s append of {first}{before}"
        return f"{two} read {key} as {read}, which {one} had written{before}"
    if lists:
        return f"{one} read {key} as {read} without {two}'s append of {second}{before}"
    return f"{one} read {key} as {read}, which {two} replaced with {second}{before}"
