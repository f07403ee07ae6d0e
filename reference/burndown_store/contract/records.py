"""The records that go into a store and come out of it.

Records are frozen values with keyword-only fields; they validate nothing when built (an unknown field is a
`TypeError`), because `check` validates every record at every write. What they are made of is nobody's business:
use `fields`, `replace`, `to_json` and `same`.

An `instant` is an aware `datetime`; it comes back in UTC with its microseconds. A `Json` field is a JSON object
(rule 6), `{}` fresh for each record.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, TypeVar

import msgspec

from burndown_store.contract.json_values import Json, JsonText

__all__ = [
    "CacheInfo",
    "Change",
    "ChangeEntry",
    "Expired",
    "History",
    "Issue",
    "Metric",
    "Profile",
    "Query",
    "Record",
    "Scope",
    "Statistic",
    "Task",
    "fields",
    "replace",
    "to_json",
]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What all records share; never built itself."""


class Profile(Record, frozen=True, kw_only=True):
    """One JIRA connection with its settings.

    `name` is a label: two profiles may share one. `jira_config` holds a secret token, so `repr` shows the id alone.
    Whatever has no field of its own is kept in `extra`.
    """

    id: str
    name: str
    description: str = ""
    created_at: datetime
    last_used_at: datetime
    jira_config: Json = msgspec.field(default_factory=dict)
    field_mappings: Json = msgspec.field(default_factory=dict)
    forecast_settings: Json = msgspec.field(default_factory=dict)
    project_classification: Json = msgspec.field(default_factory=dict)
    flow_type_mappings: Json = msgspec.field(default_factory=dict)
    show_milestone: bool = False
    show_points: bool = False
    extra: Json = msgspec.field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Profile(id={self.id!r})"

    def __rich_repr__(self) -> Any:
        # msgspec's own would hand every field, the token included, to pretty printers.
        yield "id", self.id


class Query(Record, frozen=True, kw_only=True):
    """One saved JQL of a profile."""

    id: str
    name: str
    jql: str
    description: str = ""
    created_at: datetime
    last_used_at: datetime
    extra: Json = msgspec.field(default_factory=dict)


class Issue(Record, frozen=True, kw_only=True):
    """One issue that JIRA returned: the columns that the application filters by, and the whole document as text.

    `points` is None where the issue has no estimate, which is not 0. Valid at `t` while `expires_at > t`.
    """

    key: str
    document: JsonText
    summary: str | None = None
    status: str | None = None
    assignee: str | None = None
    issue_type: str | None = None
    priority: str | None = None
    resolution: str | None = None
    project_key: str | None = None
    project_name: str | None = None
    created: datetime | None = None
    updated: datetime | None = None
    resolved: datetime | None = None
    points: float | None = None
    expires_at: datetime


class CacheInfo(Record, frozen=True, kw_only=True):
    """When and with which JQL a query's issues were fetched, and until when they count as fresh."""

    fetched_at: datetime
    expires_at: datetime
    jql: str | None = None
    details: Json = msgspec.field(default_factory=dict)


class Change(Record, frozen=True, kw_only=True):
    """One change of one field of an issue; `from_*` and `to_*` are None where JIRA gives none."""

    changed_at: datetime
    field: str
    field_id: str | None = None
    field_type: str | None = None
    author: str | None = None
    history_id: str | None = None
    from_value: str | None = None
    from_text: str | None = None
    to_value: str | None = None
    to_text: str | None = None


class History(Record, frozen=True, kw_only=True):
    """All changes of one issue, in their order. Valid at `t` while `expires_at > t`."""

    issue_key: str
    changes: list[Change] = msgspec.field(default_factory=list)
    fetched_at: datetime | None = None
    expires_at: datetime
    details: Json = msgspec.field(default_factory=dict)


class ChangeEntry(Record, frozen=True, kw_only=True):
    """One row of `get_changes`: a change and the issue that it belongs to."""

    issue_key: str
    change: Change


class Statistic(Record, frozen=True, kw_only=True):
    """What was done on one date."""

    date: date
    completed_items: int = 0
    created_items: int = 0
    completed_points: float = 0.0
    created_points: float = 0.0
    velocity_items: float | None = None
    velocity_points: float | None = None
    remaining_items: int | None = None
    remaining_points: float | None = None
    extra: Json = msgspec.field(default_factory=dict)


class Scope(Record, frozen=True, kw_only=True):
    """The scope of a query: one small document."""

    values: Json
    updated_at: datetime | None = None
    extra: Json = msgspec.field(default_factory=dict)


class Metric(Record, frozen=True, kw_only=True):
    """One value per ISO week (`2025-W44`) and name. A `value` of None is "no data", never 0."""

    week: str
    name: str
    category: str
    value: float | None
    unit: str | None = None
    calculated_at: datetime | None = None
    details: Json = msgspec.field(default_factory=dict)


class Task(Record, frozen=True, kw_only=True):
    """The progress of a long-running job; `percent` is within 0.0 … 100.0, or None where unknown."""

    name: str
    status: str
    percent: float | None = None
    message: str = ""
    updated_at: datetime
    state: Json = msgspec.field(default_factory=dict)


class Expired(Record, frozen=True, kw_only=True):
    """How many issues and histories `delete_expired` removed."""

    issues: int
    histories: int


R = TypeVar("R", bound=Record)


def fields(record: Record, *, defaults: bool = True) -> dict[str, Any]:
    """The record's fields and values, in the order of the contract. The values are the record's own, not copies.

    With `defaults=False` only those are given that building a like record would have to name.
    """
    values = {name: getattr(record, name) for name in record.__struct_fields__}
    if defaults:
        return values
    return {
        field.name: values[field.name]
        for field in msgspec.structs.fields(type(record))
        if field.required or not _is_default(field, values[field.name])
    }


def _is_default(field: msgspec.structs.FieldInfo, value: object) -> bool:
    default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
    return type(value) is type(default) and value == default


def replace(record: R, **changes: Any) -> R:
    """A record like `record` with some fields changed. Raises `TypeError` for a field that it does not have."""
    return msgspec.structs.replace(record, **changes)


def to_json(record: Record) -> Json:
    """The record as a JSON object: instants as ISO 8601 in UTC, dates as `YYYY-MM-DD`, documents decoded.

    Expects a record that `check` accepts; raises `ValidationError` for a document that is no JSON object.
    """
    return {name: _plain(value) for name, value in fields(record).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return to_json(value)
    if isinstance(value, JsonText):
        return value.value()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
