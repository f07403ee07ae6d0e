"""A store made of one append-only file, with optimistic transactions and without snapshots.

The location holds two files. `log.jsonl` has a line for each committed transaction: the writes that it was made of, and
a checksum that covers every line before it. `writer.lock` is locked for as long as a line is being appended. The state
is kept in memory, an immutable value that the log leads to (`state`); a handle reads what was appended since it last
looked, at the start of every call, so that handles and processes see each other's work.

Two ideas carry the rest. A write is a value (`operations`) that turns one state into the next; the same code serves a
single call, the body of a transaction and the reading of the log. And a place in the log (`log.End`) is the version of
the state: a transaction works on the state of its start, and is refused at its end when the log has gone on since. So
nobody waits but for the moment of appending, and `BusyError` is raised at the end of transactions alone, or when
the lock is not to be had within `timeout`.

What it does not claim: `snapshots`; `power_safe`, because nothing makes the file's name durable and some drives
answer before they have written; `file` and `versioned`. The log is never made shorter, so a store takes as much room as
all that was ever written to it: this is an example, and no store for years of work.
"""

from honest.append_only.backend import AppendOnlyBackend, open_backend

__all__ = ["AppendOnlyBackend", "open_backend"]
