"""Transfers between accounts: whoever reads all accounts in one transaction finds the sum that was there at first."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from burndown_spec.checkers.findings import Findings, shown, who
from burndown_spec.checkers.history import Operation, Verdict
from burndown_spec.checkers.transactions import Transaction, transactions_of

__all__ = ["check_sums"]


def check_sums(history: Sequence[Operation]) -> Verdict:
    """Whether every transaction, snapshot or call that reads all accounts finds the same sum.

    `arguments` are the steps `("read", account)` and `("write", account, amount)`, in their order; `answer` is a
    sequence of as many: the amount (an int) for a read, None for a write or where there is no account. The operation
    that starts first is *ok*, writes every account and reads none: the opening, whose sum is the sum. Every other that
    writes is a transfer: it reads each account before it writes it, and what it writes has the sum of what it read
    there (else `ValueError`, where it is *ok*). A history in which nobody reads all accounts is undecided. `call` may
    be any word; a snapshot may begin with `("enter",)`, as in `check_appends`.
    """
    findings = Findings()
    transactions = sorted(transactions_of(history, "write"), key=lambda transaction: transaction.start)
    opened = _opened(transactions)
    total = _sum(opened.values())
    complete = 0
    for transaction in transactions[1:]:
        found = _first_reads(transaction)
        _expect_transfer(transaction)
        if len(found) == len(opened):
            complete += 1
            if _sum(found.values()) != total:
                told = ", ".join(f"{shown(account)}: {shown(amount)}" for account, amount in found.items())
                sums = f"together {_sum(found.values())}, where {total} were put in"
                findings.add("wrong sum", f"{who(transaction.operation)} read {told}; {sums}")
    return findings.verdict("" if complete else "nobody read all accounts at once")


def _opened(transactions: Sequence[Transaction]) -> dict[Hashable, Any]:
    """The accounts and what the opening put into them."""
    accounts = {step[1] for each in transactions for step in each.operation.arguments if step[0] != "enter"}
    opening = transactions[0].steps if transactions and transactions[0].is_ok else ()
    opened = {step.key: step.value for step in opening if step.kind == "write"}
    if not opened or accounts != set(opened) or len(opened) < len(opening):
        raise ValueError("the operation that starts first writes every account, reads none, and is ok")
    return opened


def _first_reads(transaction: Transaction) -> dict[Hashable, Any]:
    """What the transaction read first of each account, unless it had written that one before."""
    found: dict[Hashable, Any] = {}
    written = set()
    for step in transaction.steps:
        if step.kind == "write":
            written.add(step.key)
        elif step.kind == "read" and step.key not in written:
            found.setdefault(step.key, step.value)
    return found


def _expect_transfer(transaction: Transaction) -> None:
    read: dict[Hashable, Any] = {}
    written: dict[Hashable, Any] = {}
    for step in transaction.steps:
        if step.kind == "read" and step.key not in written:
            read[step.key] = step.value
        elif step.kind == "write":
            written[step.key] = step.value
    if transaction.is_ok and (
        not read.keys() >= written.keys() or _sum(written.values()) != _sum(read[account] for account in written)
    ):
        raise ValueError(f"a transfer writes the sum of what it read of the same accounts: {transaction.operation}")


def _sum(amounts: Iterable[Any]) -> int:
    """The sum of the amounts; what is no number counts nothing."""
    return sum(amount for amount in amounts if isinstance(amount, int))
