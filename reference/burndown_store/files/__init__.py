"""What several parts of the library do with files: save them whole or not at all, and keep others out meanwhile."""

from burndown_store.files.locking import exclusive
from burndown_store.files.saving import (
    TEMPORARY,
    Save,
    exists,
    folders_in,
    make_folder,
    put_in_place,
    remove,
    remove_tree,
    saving,
    stored,
    sync_file,
    sync_names,
)

__all__ = [
    "TEMPORARY",
    "Save",
    "exclusive",
    "exists",
    "folders_in",
    "make_folder",
    "put_in_place",
    "remove",
    "remove_tree",
    "saving",
    "stored",
    "sync_file",
    "sync_names",
]
