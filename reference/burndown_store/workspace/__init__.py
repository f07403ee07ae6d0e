"""What an application calls: start-up, and the life of profiles and queries, each operation wholly or not at all.

    with open_workspace(root) as workspace:
        blue = workspace.create_profile("Team Blue", jira_config={"points_field": "customfield_10016"})
        bugs = workspace.create_query(blue.id, "Open bugs", "project = AB AND type = Bug")
        workspace.switch(blue.id, bugs.id)
        if not workspace.is_fresh(blue.id, bugs.id):
            workspace.refresh_issues(blue.id, bugs.id, answer_of_jira, jql=bugs.jql)
        issues = workspace.backend.get_issues(blue.id, bugs.id)

Reading, and writing what needs no rule of its own, is done on `workspace.backend`. It knows the contract, and of the
backends only which one is opened where none is named.
"""

from burndown_store.workspace.metrics import week_of
from burndown_store.workspace.names import MAX_NAME, MAX_PROFILES, MAX_QUERIES, LimitError, NameTakenError
from burndown_store.workspace.opening import Workspace, open_workspace
from burndown_store.workspace.refreshing import LIFETIME
from burndown_store.workspace.switching import ACTIVE_PROFILE, ACTIVE_QUERY
from burndown_store.workspace.tasks import (
    COMPLETE,
    ERROR,
    IN_PROGRESS,
    STALE_AFTER,
    TaskNotRunningError,
    TaskRunningError,
)

__all__ = [
    "ACTIVE_PROFILE",
    "ACTIVE_QUERY",
    "COMPLETE",
    "ERROR",
    "IN_PROGRESS",
    "LIFETIME",
    "MAX_NAME",
    "MAX_PROFILES",
    "MAX_QUERIES",
    "STALE_AFTER",
    "LimitError",
    "NameTakenError",
    "TaskNotRunningError",
    "TaskRunningError",
    "Workspace",
    "open_workspace",
    "week_of",
]
