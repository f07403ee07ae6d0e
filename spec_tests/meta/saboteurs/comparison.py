"""Backends whose answers are wrong in a way that only an exact comparison sees (contract, 1.1)."""

from __future__ import annotations

from typing import Any

from burndown_spec.oracle import MemoryBackend
from burndown_store.contract import Issue, JsonText, Scope, replace
from saboteurs import saboteur


@saboteur("numbers-come-back", says=("['negative zero']: expected -0.0, got 0.0",))
class LosesTheSignOfZero(MemoryBackend):
    """Writes numbers in JSON as they are shown to people, who know no negative zero."""

    def get_scope(self, profile_id: str, query_id: str) -> Scope | None:
        found = super().get_scope(profile_id, query_id)
        if found is None or "negative zero" not in found.values:
            return found
        return replace(found, values={**found.values, "negative zero": 0.0})


@saboteur("issue-comes-back", says=(".document",))
class KeepsTheFieldsItKnows(MemoryBackend):
    """Writes documents out of the fields that it has columns for, and forgets the others."""

    def get_issues(self, profile_id: str, query_id: str, **filters: Any) -> list[Issue]:
        found = super().get_issues(profile_id, query_id, **filters)
        return [
            replace(issue, document=JsonText('{"key":"AB-1"}')) if "place" in issue.document.text else issue
            for issue in found
        ]
