"""Snapshots that never move: all reads inside one are of one moment, that of its entry."""

from __future__ import annotations

from collections.abc import Sequence

from burndown_spec.checkers.classification import cycles_of
from burndown_spec.checkers.findings import Findings
from burndown_spec.checkers.history import Operation, Verdict
from burndown_spec.checkers.telling import tell
from burndown_spec.checkers.transactions import transactions_of
from burndown_spec.checkers.value_versions import ValueVersions

__all__ = ["check_snapshots"]


def check_snapshots(history: Sequence[Operation]) -> Verdict:
    """Whether the reads inside each snapshot are of one moment, and that moment the one of its entry.

    A snapshot's `arguments` are `("enter",)` and steps `("read", key)`, several of one key too; its `answer` is a
    sequence of as many: for the entry the nanosecond (of the clock of `start`) at which it was entered, for a read the
    value (None: absent). `start` is before the entry, `end` after the last read.
    The other operations have steps `("write", key, value)` and `("read", key)` in any order. Which of two writes to a
    key came first is known where one ended before the other started, or where its transaction reads the key before it
    writes it; otherwise it stays open, and nothing is told that hangs on it. Values are hashable and not None; one
    that two operations wrote to one key is passed over. A history without a snapshot that read is undecided.
    `call` may be any word, such as "snapshot", "transaction" or the name of a single call.
    """
    findings = Findings()
    transactions = transactions_of(history, "write")
    snapshots = {
        place for place, transaction in enumerate(transactions) if transaction.is_snapshot and transaction.is_ok
    }
    versions = ValueVersions(transactions, findings, moving="moving snapshot")
    for cycle in cycles_of(versions.dependencies(snapshots)):
        findings.add(cycle.name, tell(cycle, transactions, lists=False))
    have_read = any(step.kind == "read" for place in snapshots for step in transactions[place].steps)
    return findings.verdict("" if have_read else "no snapshot that read anything ended well")
