"""One raw JIRA issue as an `Issue`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from burndown_store.contract import Issue, JsonText, ValidationError, check_identifier, check_instant
from burndown_store.jira.repair import valid_json
from burndown_store.jira.values import instant_from_jira, name_of_user, points_from, text_at

__all__ = ["issue_from_jira", "key_of"]


def issue_from_jira(
    raw: Mapping[str, Any], *, points_field: str | None, expires_at: datetime, where: str = "issue"
) -> Issue:
    """The issue that JIRA sent as `raw`, an item of a search answer's `issues`.

    `document` is the whole raw issue except its `changelog`, which `history_from_jira` keeps; values that the contract
    cannot store are repaired (`valid_json`) and listed in the document under `repaired_by_burndown_store`. The columns
    are read from `fields`, each None where missing, null or of another shape; `points` from `points_field`, the id that
    the profile names, by `points_from`. `where` names the issue in errors.

    Raises `ValidationError` for an issue without a key of 1–200 code points, and for an `expires_at` that is no
    instant.
    """
    key = key_of(raw, where)
    kept = {name: value for name, value in raw.items() if name != "changelog" or not isinstance(value, dict)}
    document, repairs = valid_json(kept)
    if repairs:
        name = "repaired_by_burndown_store"
        while name in document:
            name += "_again"
        document[name] = repairs
    fields = document.get("fields")
    fields = fields if type(fields) is dict else {}
    return Issue(
        key=key,
        document=JsonText.of(document),
        summary=text_at(fields, "summary"),
        status=text_at(fields, "status", "name"),
        assignee=name_of_user(fields.get("assignee")),
        issue_type=text_at(fields, "issuetype", "name"),
        priority=text_at(fields, "priority", "name"),
        resolution=text_at(fields, "resolution", "name"),
        project_key=text_at(fields, "project", "key"),
        project_name=text_at(fields, "project", "name"),
        created=instant_from_jira(fields.get("created")),
        updated=instant_from_jira(fields.get("updated")),
        resolved=instant_from_jira(fields.get("resolutiondate")),
        points=None if points_field is None else points_from(fields.get(points_field)),
        expires_at=check_instant(expires_at, "expires_at"),
    )


def key_of(raw: object, where: str) -> str:
    """The key of a raw issue. Raises `ValidationError`, naming `where`, when it has none that can be stored."""
    if not isinstance(raw, Mapping):
        raise ValidationError(f"{where}: expected a JIRA issue (a JSON object), got {type(raw).__name__}")
    return check_identifier(raw.get("key"), f"{where}.key")
