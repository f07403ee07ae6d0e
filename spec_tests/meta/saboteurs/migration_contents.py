"""Migrations that do not bring everything along (contract, 21.1 to 21.6)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from burndown_store.contract import JsonText, Profile, replace
from burndown_store.legacy.histories import CachedHistories
from burndown_store.sqlite import SqliteBackend
from deviating import Deviating
from saboteurs import saboteur

Right = Callable[..., Any]

READING = "burndown_store.legacy.reading"
BELOW = "burndown_store.legacy.workspace"


def made_otherwise(change: Callable[[Any], Any]) -> Callable[[Right], Right]:
    """A wrong function: the right one, whose answer is changed where there is one."""

    def wrong(right: Right) -> Right:
        def changed(*args: Any, **kwargs: Any) -> Any:
            answer = right(*args, **kwargs)
            return answer if answer is None else change(answer)

        return changed

    return wrong


@saboteur("migration-keeps-a-profile", says=("get_profile", "extra", "_comment"))
class KeepsKnownKeysAlone(SqliteBackend):
    """Takes over the keys of a profile that it knows."""

    migration = Deviating({f"{READING}:profile_from": made_otherwise(lambda profile: replace(profile, extra={}))})


@saboteur("migration-keeps-a-profile", says=("show_points", "expected True, got False"))
class TicksNothing(SqliteBackend):
    """Reads a boolean where the application wrote the list of what is ticked."""

    migration = Deviating(
        {
            "burndown_store.legacy.fields:Fields.flag": lambda right: (
                lambda fields, name: right(fields, name) and fields._raw[name] is True
            )
        }
    )


def _without_times(entry: Any) -> Any:
    return entry and {name: value for name, value in entry.items() if name != "last_used"}


@saboteur("migration-keeps-a-profile", says=("last_used_at", "datetime(2025, 11, 3, 12"))
class AsksTheSettingsForTheLastUse(SqliteBackend):
    """Takes from the settings when the profile was used last, which the registry alone is told."""

    migration = Deviating(
        {
            f"{READING}:profile_from": lambda right: (
                lambda profile_id, raw, entry, source, **more: right(
                    profile_id, raw, _without_times(entry), source, **more
                )
            )
        }
    )


def _without_token(profile: Profile) -> Profile:
    shared = {name: value for name, value in profile.jira_config.items() if name != "token"}
    return replace(profile, jira_config=shared)


@saboteur("migration-keeps-a-profile", says=("jira_config", "an-invented-token"))
class LeavesTheTokenOut(SqliteBackend):
    """Takes a migration for an export, which tells no secrets."""

    migration = Deviating({f"{READING}:profile_from": made_otherwise(_without_token)})


@saboteur("migration-keeps-a-query", says=("get_query", "description", "What came in"))
class DropsTheDescription(SqliteBackend):
    """Leaves the description of a query out."""

    migration = Deviating({f"{READING}:query_from": made_otherwise(lambda query: replace(query, description=""))})


@saboteur("migration-keeps-the-active-ids", says=("active_profile_id", "'p'", "None"))
class ForgetsWhatWasActive(SqliteBackend):
    """Reads the registry for its profiles alone."""

    migration = Deviating({f"{READING}:app_state_of": lambda _: lambda *_: {}})


@saboteur(
    "migration-keeps-the-active-ids", "migration-keeps-what-nothing-refers-to", says=("active_query_id", "'main'")
)
class TrustsTheActiveIds(SqliteBackend):
    """Keeps the id of a query that is not there."""

    migration = Deviating(
        {
            f"{READING}:app_state_of": lambda right: (
                lambda registry, queries, source: {
                    **right(registry, queries, source),
                    **{name: text for name, text in registry.others.items() if name.startswith("active_") and text},
                }
            )
        }
    )


@saboteur("migration-keeps-the-task", "migration-tells-all-problems-at-once", says=("list_tasks", "update_data"))
class ForgetsTheTask(SqliteBackend):
    """Takes the progress of a task for a file of no use."""

    migration = Deviating({f"{READING}:tasks_from": lambda _: lambda *_: []})


@saboteur("migration-keeps-the-task", says=("percent", "expected 0.0, got None"))
class KnowsNoZeroPercent(SqliteBackend):
    """Takes 0 percent for an unknown progress."""

    migration = Deviating(
        {
            f"{READING}:tasks_from": made_otherwise(
                lambda tasks: [replace(task, percent=task.percent or None) for task in tasks]
            )
        }
    )


# When it was migrated, as the clock said then.
MIGRATED = datetime(2026, 1, 5, tzinfo=UTC)


@saboteur("migration-keeps-expiry", says=("get_cache_info", "expires_at", "datetime(2026, 1, 6"))
class StartsTheDayAnew(SqliteBackend):
    """Lets every cache be fresh for a day from its migration."""

    migration = Deviating(
        {"burndown_store.legacy.issues:_end_of_life": lambda _: lambda _fetched_at: MIGRATED + timedelta(days=1)}
    )


@saboteur("migration-keeps-issues", says=("points", "expected 5.0, got 8.0"))
class KnowsTheFieldOfThePoints(SqliteBackend):
    """Reads points from the field that has them on its author's server."""

    migration = Deviating({f"{READING}:points_field_of": lambda _: lambda _profile: "customfield_10002"})


@saboteur("migration-keeps-issues", says=("points", "expected None, got 0.0"))
class EstimatesNothingAsZero(SqliteBackend):
    """Gives 0 points to what has no estimate."""

    migration = Deviating(
        {
            "burndown_store.legacy.issues:issue_from_jira": made_otherwise(
                lambda issue: replace(issue, points=issue.points or 0.0)
            )
        }
    )


@saboteur("migration-keeps-issues", says=("document", "customfield_10020"))
class WritesTheDocumentAnew(SqliteBackend):
    """Puts the document of an issue together from the columns."""

    migration = Deviating(
        {
            "burndown_store.legacy.issues:issue_from_jira": made_otherwise(
                lambda issue: replace(
                    issue, document=JsonText.of({"key": issue.key, "fields": {"summary": issue.summary}})
                )
            )
        }
    )


def of_each_history(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A change of one history made in a whole cache; None leaves it out."""

    def changed(cached: CachedHistories) -> CachedHistories:
        histories = {key: change(history) for key, history in cached.histories.items()}
        return CachedHistories(
            {key: history for key, history in histories.items() if history is not None}, cached.wrapper
        )

    return changed


@saboteur("migration-keeps-changes-in-order", says=("get_histories", "expected 5, got 0"))
class ForgetsTheChangelogs(SqliteBackend):
    """Leaves the changes out, because they can be fetched again, but keeps that each issue has a history."""

    migration = Deviating(
        {
            f"{BELOW}:histories_from": made_otherwise(
                of_each_history(lambda history: replace(history, changes=[], details={}))
            )
        }
    )


@saboteur("migration-keeps-changes-in-order", says=("get_histories", "datetime(2025, 11, 2, 12"))
class SortsChanges(SqliteBackend):
    """Sorts the changes of an issue by their time, in a way that keeps those of one instant in order."""

    migration = Deviating(
        {
            f"{BELOW}:histories_from": made_otherwise(
                of_each_history(
                    lambda history: replace(
                        history, changes=sorted(history.changes, key=lambda change: change.changed_at)
                    )
                )
            )
        }
    )


@saboteur("migration-keeps-changes-in-order", says=("get_histories", "'In Review'"))
class KeepsOneChangeOfAnInstant(SqliteBackend):
    """Keeps changes by their instant and field."""

    migration = Deviating(
        {
            f"{BELOW}:histories_from": made_otherwise(
                of_each_history(
                    lambda history: replace(
                        history, changes=list({each.changed_at: each for each in history.changes}.values())
                    )
                )
            )
        }
    )


def _of_issues_that_are_there(contents: Any) -> Any:
    there = {issue.key for issue in contents.issues}
    kept = tuple(history for history in contents.histories if history.issue_key in there)
    return dataclasses.replace(contents, histories=kept)


@saboteur(
    "migration-keeps-histories-of-gone-issues",
    "migration-keeps-what-nothing-refers-to",
    says=("get_histories", "'GONE-1'"),
)
class JoinsHistoriesToIssues(SqliteBackend):
    """Brings the histories over with their issues."""

    migration = Deviating({f"{BELOW}:LegacyQuery.read": made_otherwise(_of_issues_that_are_there)})


@saboteur(
    "migration-keeps-histories-of-gone-issues",
    "migration-keeps-what-nothing-refers-to",
    says=("get_histories", "'AB-1'"),
)
class LeavesEmptyHistoriesOut(SqliteBackend):
    """Sees no use in a history without changes."""

    migration = Deviating(
        {
            f"{BELOW}:histories_from": made_otherwise(
                of_each_history(lambda history: history if history.changes else None)
            )
        }
    )


@saboteur("migration-reads-naive-times-in-the-zone", says=("SeasonalZone()", "fetched_at"))
class ReadsEveryTimeInUtc(SqliteBackend):
    """Takes a time without an offset for one in UTC, whatever zone is given."""

    migration = Deviating(
        {
            "burndown_store.migration.migrating:read_workspace": lambda right: (
                lambda root, *, zone: right(root, zone=zone and UTC)
            )
        }
    )


@saboteur("migration-reads-naive-times-in-the-zone", says=("SeasonalZone()", "datetime(2025, 7, 1, 13"))
class AddsTheOffsetOfToday(SqliteBackend):
    """Reads the times of summer with the offset that the zone has in winter."""

    migration = Deviating(
        {
            "burndown_store.migration.migrating:read_workspace": lambda right: (
                lambda root, *, zone: right(root, zone=timezone(zone.utcoffset(datetime(2025, 11, 23, tzinfo=UTC))))
            )
        }
    )


@saboteur("migration-lists-what-it-ignores", says=("metrics_cache.json", "expected 5, got 0"))
class IgnoresInSilence(SqliteBackend):
    """Says nothing of the files that it left unread."""

    migration = Deviating(
        {
            "burndown_store.migration.migrating:_report": made_otherwise(
                lambda report: dataclasses.replace(report, ignored=())
            )
        }
    )


@saboteur("migration-loses-nothing", says=("lost_leaves", "forecast_statistics.csv", "no_items"))
class ReadsNoTables(SqliteBackend):
    """Does not know that statistics were a CSV file once."""

    migration = Deviating({f"{BELOW}:statistics_from_csv": lambda _: lambda _source: []})


@saboteur("migration-loses-nothing", says=("lost_leaves", "jira_query_profiles.json", "all of it"))
class KnowsNoSavedQueries(SqliteBackend):
    """Reads no JQL that was saved before there were profiles."""

    migration = Deviating({f"{READING}:_Reading._saved_queries": lambda _: lambda *_: []})
