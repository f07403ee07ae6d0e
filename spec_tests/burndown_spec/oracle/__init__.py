"""The oracle: the contract in plain Python, to compare other backends with; also the backend `memory`.

`burndown_spec.oracle.machine` drives a backend and the oracle side by side. It is not offered here, because it needs
hypothesis, and whoever only opens `memory` does not.
"""

from burndown_spec.oracle.memory import MemoryBackend
from burndown_spec.oracle.profiles import register_profiles
from burndown_spec.oracle.store import destroy
from burndown_spec.oracle.transactions import TransactionalBackend, open_backend

__all__ = ["MemoryBackend", "TransactionalBackend", "destroy", "open_backend", "register_profiles"]
