"""Workspaces out of a store and into one, in the files of the old application.

    export_workspace(backend, Path("for-robin"))                  # without tokens
    import_workspace(backend, Path("for-robin"))

Both know the contract alone, so they work on every backend, also from one to another.
"""

from burndown_store.transfer.errors import ConflictError, ExportRefusedError, ImportRefusedError
from burndown_store.transfer.exporting import export_workspace
from burndown_store.transfer.importing import import_workspace
from burndown_store.transfer.results import Exported, Imported

__all__ = [
    "ConflictError",
    "ExportRefusedError",
    "Exported",
    "ImportRefusedError",
    "Imported",
    "export_workspace",
    "import_workspace",
]
