"""What JIRA answers, as the contract's records.

    issues = issues_from_jira(answer, points_field="customfield_10016", expires_at=tomorrow)
    histories = histories_from_jira(answer, fetched_at=now, expires_at=tomorrow)

Real answers are mostly null, so nothing here fails for a field that is missing, null or of another shape: its column is
None, and the document keeps what JIRA sent. Every record made passes `contract.check`. Only what could not be stored
at all is refused with `ValidationError`: an issue without a usable key, an answer without issues, and an instant
of the caller that is none.
"""

from burndown_store.jira.answers import histories_from_jira, issues_from_jira
from burndown_store.jira.histories import history_from_jira
from burndown_store.jira.issues import issue_from_jira
from burndown_store.jira.values import instant_from_jira, points_from

__all__ = [
    "histories_from_jira",
    "history_from_jira",
    "instant_from_jira",
    "issue_from_jira",
    "issues_from_jira",
    "points_from",
]
