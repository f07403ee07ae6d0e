"""The JSON files that users had before there was a database, as the contract's records. Nothing here changes a file.

    workspace = read_workspace(Path("burndown"), zone=ZoneInfo("Europe/Berlin"))
    for profile, query in workspace.queries():
        contents = query.read()         # issues, histories, statistics, scope, metrics of this query alone

Every record passes `contract.check`. What has no field of its own is kept in `extra`, `details` or `state`; a `legacy`
object in there tells what the file had where a field tells it differently. What no record holds is in `rejects`, with
its text, and what was left unread on purpose is in `ignored`, with the reason.
"""

from burndown_store.legacy.files import files_of
from burndown_store.legacy.findings import Ignored, Note, Reject
from burndown_store.legacy.places import Generation
from burndown_store.legacy.reading import detect, read_workspace
from burndown_store.legacy.times import UNKNOWN_TIME
from burndown_store.legacy.workspace import LegacyProfile, LegacyQuery, LegacyWorkspace, QueryContents

__all__ = [
    "UNKNOWN_TIME",
    "Generation",
    "Ignored",
    "LegacyProfile",
    "LegacyQuery",
    "LegacyWorkspace",
    "Note",
    "QueryContents",
    "Reject",
    "detect",
    "files_of",
    "read_workspace",
]
