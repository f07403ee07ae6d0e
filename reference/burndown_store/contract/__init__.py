"""The storage contract, version 1: what every persistence backend of the burndown application does.

Records and what is done with them, the rules that say what is valid and what is the same, the errors, the
capabilities, and the backend itself. Nothing here knows a backend.
"""

from burndown_store.contract.backend import Backend
from burndown_store.contract.capabilities import Capability
from burndown_store.contract.errors import (
    BusyError,
    ClosedError,
    CorruptionError,
    MigrationError,
    NotFoundError,
    PersistenceError,
    ProfileNotFoundError,
    QueryNotFoundError,
    SchemaVersionError,
    StorageError,
    StorageLostError,
    UnsupportedError,
    UsageError,
    ValidationError,
)
from burndown_store.contract.json_values import Json, JsonText
from burndown_store.contract.records import (
    CacheInfo,
    Change,
    ChangeEntry,
    Expired,
    History,
    Issue,
    Metric,
    Profile,
    Query,
    Record,
    Scope,
    Statistic,
    Task,
    fields,
    replace,
    to_json,
)
from burndown_store.contract.rules import (
    check,
    check_batch,
    check_date,
    check_identifier,
    check_instant,
    check_limit,
    check_text,
    check_week,
)
from burndown_store.contract.sameness import same
from burndown_store.contract.waiting import retry

CONTRACT_VERSION = 1

__all__ = [
    "CONTRACT_VERSION",
    "Backend",
    "BusyError",
    "CacheInfo",
    "Capability",
    "Change",
    "ChangeEntry",
    "ClosedError",
    "CorruptionError",
    "Expired",
    "History",
    "Issue",
    "Json",
    "JsonText",
    "Metric",
    "MigrationError",
    "NotFoundError",
    "PersistenceError",
    "Profile",
    "ProfileNotFoundError",
    "Query",
    "QueryNotFoundError",
    "Record",
    "SchemaVersionError",
    "Scope",
    "Statistic",
    "StorageError",
    "StorageLostError",
    "Task",
    "UnsupportedError",
    "UsageError",
    "ValidationError",
    "check",
    "check_batch",
    "check_date",
    "check_identifier",
    "check_instant",
    "check_limit",
    "check_text",
    "check_week",
    "fields",
    "replace",
    "retry",
    "same",
    "to_json",
]
