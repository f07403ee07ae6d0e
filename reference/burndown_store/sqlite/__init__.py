"""The reference: a store in one SQLite file, on the standard library's `sqlite3` alone.

`open_backend(location)` gives a handle; `docs/contract.md` says what it does. The file is
`profiles/burndown.db` under the location, in WAL mode. Each thread has one connection of its own.
"""

from burndown_store.sqlite.backend import SqliteBackend, open_backend, open_backend_normal
from burndown_store.sqlite.backing_up import back_up_store
from burndown_store.sqlite.compacting import Compacted, compact
from burndown_store.sqlite.location import exists
from burndown_store.sqlite.recovering import Recovered, recover

__all__ = [
    "Compacted",
    "Recovered",
    "SqliteBackend",
    "back_up_store",
    "compact",
    "exists",
    "open_backend",
    "open_backend_normal",
    "recover",
]
