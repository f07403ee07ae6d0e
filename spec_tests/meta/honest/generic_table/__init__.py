"""A backend on SQLAlchemy Core that keeps every record as JSON text in one generic table of SQLite.

Simple beats fast here: SQL finds the records below a query and puts them in their order, Python does the rest. Read
`table` for what is stored, `database` for how SQLite is opened and its errors are told, `sessions` for transactions,
snapshots and closing, `backend` for the operations, `soundness` for `check()`.
"""

from honest.generic_table.backend import GenericTableBackend, open_backend

__all__ = ["GenericTableBackend", "open_backend"]
