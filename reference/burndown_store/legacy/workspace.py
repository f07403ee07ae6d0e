"""A folder of old files as a workspace: profiles and queries at once, what lies under a query when asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any

from burndown_store.contract import (
    CacheInfo,
    History,
    Issue,
    Json,
    Metric,
    Profile,
    Query,
    Scope,
    Statistic,
    Task,
    replace,
)
from burndown_store.legacy.findings import Findings, Ignored, Note, Reject
from burndown_store.legacy.histories import CachedHistories, histories_from, newest_histories
from burndown_store.legacy.issues import CachedIssues, issues_from
from burndown_store.legacy.metrics import metrics_from
from burndown_store.legacy.places import Generation, name_below
from burndown_store.legacy.sources import Source
from burndown_store.legacy.statistics import project_data_from, scope_from_settings, statistics_from_csv

__all__ = ["LegacyProfile", "LegacyQuery", "LegacyWorkspace", "QueryContents"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryContents:
    """What lies under one query. Issues and histories in the order of their files, statistics by date, metrics by week
    and name; each identity once.
    """

    issues: tuple[Issue, ...] = ()
    cache_info: CacheInfo | None = None
    histories: tuple[History, ...] = ()
    statistics: tuple[Statistic, ...] = ()
    scope: Scope | None = None
    metrics: tuple[Metric, ...] = ()
    rejects: tuple[Reject, ...] = ()
    notes: tuple[Note, ...] = ()
    naive_times: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyQuery:
    """A query, and its files, which `read` reads afresh each time, so that one query at a time is in memory."""

    record: Query
    files: dict[str, Path] = field(repr=False)
    root: Path = field(repr=False)
    zone: tzinfo = field(repr=False)
    points_field: str | None = field(default=None, repr=False)
    settings: Json = field(default_factory=dict, repr=False)

    def read(self, *, caches: bool = True) -> QueryContents:
        """All that lies under the query; without `caches`, only what nobody can fetch again, and fast.

        Raises nothing for what the files hold: see `rejects`.
        """
        findings = Findings()
        cached, logged = CachedIssues(), CachedHistories()
        statistics: list[Statistic] = []
        scope: Scope | None = None
        metrics: list[Metric] = []
        histories: dict[str, History] = {}
        if caches and "jira_cache.json" in self.files:
            cached = issues_from(self._source("jira_cache.json", findings, refetchable=True), self.points_field)
            histories = cached.histories
        info = cached.info
        if caches and "jira_changelog_cache.json" in self.files:
            source = self._source("jira_changelog_cache.json", findings, refetchable=True)
            logged = histories_from(source)
            histories = newest_histories(logged.histories, cached.histories, source)
            info = _with_wrapper(info, logged.wrapper, source)
        if "project_data.json" in self.files:
            statistics, scope = project_data_from(self._source("project_data.json", findings))
        if "statistics.csv" in self.files:
            statistics = statistics_from_csv(self._source("statistics.csv", findings))
        if scope is None and self.settings:
            scope = scope_from_settings(self.settings, self._source("app_settings.json", findings))
        if "metrics_snapshots.json" in self.files:
            metrics = metrics_from(self._source("metrics_snapshots.json", findings))
        return QueryContents(
            issues=tuple(cached.issues.values()),
            cache_info=info,
            histories=tuple(histories.values()),
            statistics=tuple(statistics),
            scope=scope,
            metrics=tuple(metrics),
            rejects=tuple(findings.rejects),
            notes=tuple(findings.notes),
            naive_times=findings.naive_times,
        )

    def _source(self, name: str, findings: Findings, *, refetchable: bool = False) -> Source:
        path = self.files.get(name, self.root)
        return Source(path, name_below(self.root, path), findings, self.zone, refetchable=refetchable)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyProfile:
    """A profile with its queries, by id."""

    record: Profile
    queries: tuple[LegacyQuery, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyWorkspace:
    """Everything that the old files of a folder hold; `generation` is None where there are none.

    `app_state` has `active_profile_id` and `active_query_id` where they name something that is there. `rejects`,
    `notes` and `naive_times` are those of settings, profiles and queries; what is found below a query comes with its
    contents. Profiles are in the order of their ids.
    """

    generation: Generation | None
    app_state: dict[str, str] = field(default_factory=dict, repr=False)
    tasks: tuple[Task, ...] = ()
    profiles: tuple[LegacyProfile, ...] = ()
    rejects: tuple[Reject, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    notes: tuple[Note, ...] = ()
    naive_times: int = 0

    def queries(self) -> Iterator[tuple[LegacyProfile, LegacyQuery]]:
        """Every query with its profile, in order."""
        for profile in self.profiles:
            for query in profile.queries:
                yield profile, query


def _with_wrapper(info: CacheInfo | None, wrapper: Json, source: Source) -> CacheInfo | None:
    """What stood beside the changelogs belongs to the fetch of the issues, if anything tells of one."""
    if not wrapper:
        return info
    if info is None:
        for name, value in wrapper.items():
            source.reject(name, "no record has a place for it without a cache of issues", value, kind="unplaced")
        return None
    details: dict[str, Any] = info.details
    name = "changelog_cache"
    while name in details:
        name += "_again"
    held = source.accepted(replace(info, details={**details, name: wrapper}), "", wrapper)
    return info if held is None else held
