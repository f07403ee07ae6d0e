"""Serializable lists: transactions that append and read, after the idea of Elle (Kingsbury and Alvaro, 2020)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

from burndown_spec.checkers.classification import cycles_of
from burndown_spec.checkers.dependencies import Dependencies, Kind, Why
from burndown_spec.checkers.findings import Findings, shown, who
from burndown_spec.checkers.history import Operation, Verdict
from burndown_spec.checkers.list_versions import ListVersions
from burndown_spec.checkers.telling import tell
from burndown_spec.checkers.transactions import Transaction, transactions_of

__all__ = ["check_appends"]

FEW = 20


def check_appends(history: Sequence[Operation]) -> Verdict:
    """Whether the transactions are as if they had come one after another, in an order that real time allows.

    `arguments` are the steps of a transaction in their order, `("append", key, value)` and `("read", key)`; `answer` is
    a sequence (tuple or list) of as many: the list of values for a read, () or [] for a key that has none, and None for
    an append. Each value is appended once to its key in the whole history (else `ValueError`), and is hashable and not
    None. `call` may be any word, such as "transaction", "snapshot" or the name of a single call, for the telling.

    A snapshot, which shows the moment of its entry, begins with the step `("enter",)`, whose answer is the nanosecond
    (same clock) at which it was entered; `start` is before that, `end` after the last read.
    """
    findings = Findings()
    transactions = transactions_of(history, "append")
    versions = ListVersions(transactions, findings)
    lost = _lost_updates(versions, transactions, findings)
    graph = _dependencies(versions, transactions)
    for cycle in cycles_of(graph, explained=lost):
        findings.add(cycle.name, tell(cycle, transactions, lists=True))
    return findings.verdict("" if versions.reads else "no transaction that read anything ended well")


def _lost_updates(versions: ListVersions, transactions: Sequence[Transaction], findings: Findings) -> set[int]:
    """Tell of those that appended to the same list that they had read; their places in the history."""
    lost = set()
    for (key, version), places in versions.updaters.items():
        if len(places) > 1:
            one, two = who(transactions[places[0]].operation, "T1"), who(transactions[places[1]].operation, "T2")
            told = f"{one} and {two} both read {shown(key)} as {shown(version)} and appended to it"
            findings.add("lost update", told)
            lost.update(places)
    return lost


def _dependencies(versions: ListVersions, transactions: Sequence[Transaction]) -> Dependencies:
    """What must come before what, so far as the lists read show it."""
    graph = Dependencies(transactions)
    for key, order in versions.order.items():
        appenders = [versions.appender[key, value] for value in order]
        for place in range(1, len(order)):
            why = Why(key, first=order[place - 1], second=order[place])
            graph.add("ww", appenders[place - 1], appenders[place], why)
        last: list[tuple[Kind, int, Why]] = [("ww", appenders[-1], Why(key, first=order[-1]))] if order else []
        last += [("rw", reader, Why(key, read=order)) for reader in versions.readers[key][order]]
        _before_unread(graph, versions.unread[key], last)
        for version, readers in versions.readers[key].items():
            _add_readers(graph, appenders, order, key, version, readers)
    graph.order_in_time(versions.happened)
    return graph


def _add_readers(
    graph: Dependencies,
    appenders: Sequence[int],
    order: Sequence[Any],
    key: Hashable,
    version: Sequence[Any],
    readers: Sequence[int],
) -> None:
    """Those who read this list come after the one who appended its last value, and before the one of the next."""
    length = len(version)
    for reader in readers:
        if length:
            graph.add("wr", appenders[length - 1], reader, Why(key, first=version[-1], read=version))
        # Half of somebody's appends is an intermediate read, which is told of elsewhere.
        if length < len(order) and not (length and appenders[length] == appenders[length - 1]):
            graph.add("rw", reader, appenders[length], Why(key, second=order[length], read=version))


def _before_unread(
    graph: Dependencies, unread: Sequence[tuple[int, Any]], last: Sequence[tuple[Kind, int, Why]]
) -> None:
    """What nobody has read was appended after all that was read: after the `last` append, and those who read it."""
    if not unread:
        return
    joint = graph.joint()
    for place, value in unread:
        graph.add("ww", joint, place, Why(None, second=value))
    theirs = {place for place, _ in unread}
    # Half of somebody's appends is an intermediate read, which is told of elsewhere: the other half does not count.
    halved = theirs.intersection(place for kind, place, _ in last if kind == "ww")
    direct = [each for each in last if halved or each[1] in theirs]
    for kind, place, why in last:
        if not halved and place not in theirs:
            graph.add(kind, place, joint, why)
    # Through the joint these would come before themselves. More than a few are faulty, and told of, in any case.
    for number, (kind, place, why) in enumerate(direct):
        for other, value in unread if number < FEW else unread[:FEW]:
            if other not in halved:
                graph.add(kind, place, other, replace(why, second=value, is_unread=True))
