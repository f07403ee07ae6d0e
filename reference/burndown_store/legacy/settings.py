"""Settings as the application kept them before profiles: one flat object, which becomes the shape of a profile."""

from __future__ import annotations

from typing import Any, Final

from burndown_store.contract import Json

__all__ = ["profile_shaped", "seems_configured"]

_FORECAST: Final = ("pert_factor", "deadline", "data_points_count", "milestone")
_CLASSIFICATION: Final = (
    "devops_projects",
    "development_projects",
    "devops_task_types",
    "bug_types",
    "story_types",
    "task_types",
    "production_environment_value",
    "production_environment_values",
    "completion_statuses",
    "flow_end_statuses",
    "active_statuses",
    "flow_start_statuses",
    "wip_statuses",
)
# Older spellings of keys of `jira_config`.
_JIRA: Final = {
    "jira_url": "base_url",
    "jira_token": "token",
    "jira_email": "email",
    "jira_configured": "configured",
    "jira_api_endpoint": "api_endpoint",
    "jira_story_points_field": "points_field",
    "jira_cache_max_size": "cache_size_mb",
    "jira_max_results": "max_results_per_call",
}


def profile_shaped(raw: Json) -> Json:
    """`raw` with its flat keys moved to where a profile has them. A key whose new place is taken stays where it is.

    Old spellings of `jira_config` get their new names (`jira_url` becomes `base_url`); all others keep theirs, because
    the application never translated them either.
    """
    shaped = dict(raw)
    _move(shaped, "forecast_settings", {name: name for name in _FORECAST})
    _move(shaped, "project_classification", {name: name for name in _CLASSIFICATION})
    _move(shaped, "jira_config", _JIRA)
    if "field_mappings" not in shaped and type(shaped.get("dora_flow_config")) is dict:
        rest = dict(shaped["dora_flow_config"])
        if "field_mappings" in rest:
            shaped["field_mappings"] = rest.pop("field_mappings")
            shaped["dora_flow_config"] = rest
    return shaped


def _move(shaped: Json, group: str, names: dict[str, str]) -> None:
    there = shaped.get(group, {})
    if type(there) is not dict:
        return
    moved: dict[str, Any] = dict(there)
    for old, new in names.items():
        if old in shaped and new not in moved:
            moved[new] = shaped.pop(old)
    if moved:
        shaped[group] = moved


def seems_configured(raw: Json) -> bool:
    """Whether somebody entered a JIRA server, so that these settings are a person's and not the defaults."""
    jira = raw.get("jira_config")
    nested = jira.get("base_url") or jira.get("token") if type(jira) is dict else None
    return bool(nested or raw.get("jira_url") or raw.get("jira_token") or raw.get("jira_api_endpoint"))
