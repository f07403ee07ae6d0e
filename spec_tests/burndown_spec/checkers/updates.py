"""Read-modify-write: of two transactions that changed what they had read, one has read what the other wrote."""

from __future__ import annotations

from collections.abc import Sequence

from burndown_spec.checkers.classification import cycles_of
from burndown_spec.checkers.findings import Findings, shown, who
from burndown_spec.checkers.history import Operation, Verdict
from burndown_spec.checkers.telling import tell
from burndown_spec.checkers.transactions import Transaction, transactions_of
from burndown_spec.checkers.value_versions import ValueVersions

__all__ = ["check_updates"]


def check_updates(history: Sequence[Operation]) -> Verdict:
    """Whether no update was lost, and whether every read is of the values that the updates made, in an order that real
    time allows.

    `arguments` are the steps `("read", key)` and `("write", key, value)`, in their order; `answer` is a sequence of as
    many: the value (None: absent) for a read, None for a write. A transaction reads a key before it writes it (else
    `ValueError`). Values are hashable and not None. A value that one transaction alone wrote to its key is told from
    all others: counters that are read as n (None counts as nothing yet) and written as n + 1 are such, as long as no
    update is lost and no outcome unknown; what hangs on another is not judged.
    `call` may be any word, such as "transaction"; `("enter",)` may begin a snapshot, as in `check_appends`.
    """
    findings = Findings()
    for operation in history:
        _expect_update(operation)
    transactions = transactions_of(history, "write")
    versions = ValueVersions(transactions, findings, moving="internal inconsistency")
    lost = _lost_updates(versions, transactions, findings)
    everyone = [place for place, transaction in enumerate(transactions) if transaction.is_ok]
    for cycle in cycles_of(versions.dependencies(everyone), explained=lost):
        findings.add(cycle.name, tell(cycle, transactions, lists=False))
    return findings.verdict("" if versions.readers else "no transaction that read anything ended well")


def _expect_update(operation: Operation) -> None:
    read = set()
    for step in operation.arguments:
        if step[0] == "read":
            read.add(step[1])
        elif step[0] == "write" and step[1] not in read:
            raise ValueError(f"an update reads a key before it writes it: {operation}")


def _lost_updates(versions: ValueVersions, transactions: Sequence[Transaction], findings: Findings) -> set[int]:
    """Tell of those that replaced the same value that they had read; their places in the history.

    Each time that a value was written it is replaced by one, so as many may have done it as may have written it.
    """
    lost: set[int] = set()
    for (key, value), places in versions.updaters.items():
        written = 1 if value is None else len(versions.writers[key, value])
        if len(places) > written:
            one, two = who(transactions[places[0]].operation, "T1"), who(transactions[places[1]].operation, "T2")
            findings.add("lost update", f"{one} and {two} both read {shown(key)} as {shown(value)} and replaced it")
            lost.update(places)
    return lost
