"""The JSON files of the old application as a backend, for going back to it.

`open_backend(location)` gives a handle on the folder that the old application calls its own: `profiles/profiles.json`,
`profiles/NAME/profile.json`, `profiles/NAME/queries/NAME/*.json`, and `task_progress.json`. The old application finds
what it knows where it looks for it; what it does not know stands in members that it passes over (`documents`).

It claims `durable`, `shared` and `file`. Each file is saved whole or not at all, but `delete_expired` saves several,
and there is no journal: so it claims neither `atomic` nor transactions and snapshots. Nor does it claim `power_safe`,
because Windows cannot make a folder's names survive a power cut.

A file that the old application has saved since may lack what only this backend knows. It is refused with
`CorruptionError`, never guessed at: reading what the old application wrote is the migration's work.
"""

from burndown_store.json_files.backend import JsonFilesBackend, open_backend

__all__ = ["JsonFilesBackend", "open_backend"]
