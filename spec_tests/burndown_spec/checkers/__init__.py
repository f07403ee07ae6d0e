"""Histories to verdicts: pure functions that know neither a backend nor a clause.

What all of them share: the store is empty when the history begins (whatever prepares it is an operation of the history
too); *refused* operations are known to have done nothing, and whoever sees their work is told of; the `answer` of a
*refused* or *unknown* operation is not looked at; a history that answers no question of the checker is undecided, and
one of another shape than the checker's docstring says is a `ValueError`.
"""

from burndown_spec.checkers.appends import check_appends
from burndown_spec.checkers.batches import check_batches
from burndown_spec.checkers.history import Anomaly, Operation, Verdict, overlap
from burndown_spec.checkers.registers import check_registers
from burndown_spec.checkers.snapshots import check_snapshots
from burndown_spec.checkers.sums import check_sums
from burndown_spec.checkers.updates import check_updates

__all__ = [
    "Anomaly",
    "Operation",
    "Verdict",
    "check_appends",
    "check_batches",
    "check_registers",
    "check_snapshots",
    "check_sums",
    "check_updates",
    "overlap",
]
