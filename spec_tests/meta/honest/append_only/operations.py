"""Every write as a value: what the log keeps, and how it turns one state into the next.

An operation holds records and arguments that were checked before. `applied` decides from the state and the operation
alone, so that reading the log leads every process to the same state.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias, TypeVar

import msgspec

from burndown_store.contract import (
    CacheInfo,
    History,
    Issue,
    Metric,
    Profile,
    Query,
    Record,
    Scope,
    Statistic,
    Task,
)
from honest.append_only.state import State

__all__ = [
    "AnyOperation",
    "ClearTask",
    "DeleteAppState",
    "DeleteExpired",
    "DeleteProfile",
    "DeleteQuery",
    "Operation",
    "SaveCacheInfo",
    "SaveHistories",
    "SaveIssues",
    "SaveMetrics",
    "SaveProfile",
    "SaveQuery",
    "SaveScope",
    "SaveStatistics",
    "SaveTask",
    "SetAppState",
]

K = TypeVar("K")
V = TypeVar("V")
Expiring = TypeVar("Expiring", Issue, History)


class Operation(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """One write. The name of its class stands in the log: a class that was ever written keeps its name and fields."""

    @abstractmethod
    def applied(self, state: State) -> State:
        """The state after this write. Raises `NotFoundError` where the write lies below what is not there."""

    def records(self) -> Iterator[Record]:
        """The records that it carries."""
        for name in self.__struct_fields__:
            value = getattr(self, name)
            yield from (item for item in (value if isinstance(value, list) else [value]) if isinstance(item, Record))


class SaveProfile(Operation, frozen=True):
    profile: Profile

    def applied(self, state: State) -> State:
        return replace(state, profiles={**state.profiles, self.profile.id: self.profile})


class DeleteProfile(Operation, frozen=True):
    profile_id: str

    def applied(self, state: State) -> State:
        state.require_profile(self.profile_id)
        return replace(
            state,
            profiles=_without(state.profiles, [self.profile_id]),
            queries=_without(state.queries, [key for key in state.queries if key[0] == self.profile_id]),
            contents=_without(state.contents, [key for key in state.contents if key[0] == self.profile_id]),
        )


class SaveQuery(Operation, frozen=True):
    profile_id: str
    query: Query

    def applied(self, state: State) -> State:
        state.require_profile(self.profile_id)
        return replace(state, queries={**state.queries, (self.profile_id, self.query.id): self.query})


class DeleteQuery(Operation, frozen=True):
    profile_id: str
    query_id: str

    def applied(self, state: State) -> State:
        state.require_query(self.profile_id, self.query_id)
        gone = [(self.profile_id, self.query_id)]
        return replace(state, queries=_without(state.queries, gone), contents=_without(state.contents, gone))


class SetAppState(Operation, frozen=True):
    key: str
    value: str

    def applied(self, state: State) -> State:
        return replace(state, app_state={**state.app_state, self.key: self.value})


class DeleteAppState(Operation, frozen=True):
    key: str

    def applied(self, state: State) -> State:
        return replace(state, app_state=_without(state.app_state, [self.key]))


class SaveTask(Operation, frozen=True):
    task: Task

    def applied(self, state: State) -> State:
        return replace(state, tasks={**state.tasks, self.task.name: self.task})


class ClearTask(Operation, frozen=True):
    name: str

    def applied(self, state: State) -> State:
        return replace(state, tasks=_without(state.tasks, [self.name]))


class SaveIssues(Operation, frozen=True):
    profile_id: str
    query_id: str
    issues: list[Issue]
    replacing: bool

    def applied(self, state: State) -> State:
        kept = {} if self.replacing else state.below(self.profile_id, self.query_id).issues
        saved = {issue.key: issue for issue in self.issues}
        return state.with_below(self.profile_id, self.query_id, issues={**kept, **saved})


class SaveCacheInfo(Operation, frozen=True):
    profile_id: str
    query_id: str
    info: CacheInfo

    def applied(self, state: State) -> State:
        return state.with_below(self.profile_id, self.query_id, cache_info=self.info)


class SaveHistories(Operation, frozen=True):
    profile_id: str
    query_id: str
    histories: list[History]

    def applied(self, state: State) -> State:
        kept = state.below(self.profile_id, self.query_id).histories
        saved = {history.issue_key: history for history in self.histories}
        return state.with_below(self.profile_id, self.query_id, histories={**kept, **saved})


class SaveStatistics(Operation, frozen=True):
    profile_id: str
    query_id: str
    statistics: list[Statistic]
    replacing: bool

    def applied(self, state: State) -> State:
        kept = {} if self.replacing else state.below(self.profile_id, self.query_id).statistics
        saved = {statistic.date: statistic for statistic in self.statistics}
        return state.with_below(self.profile_id, self.query_id, statistics={**kept, **saved})


class SaveScope(Operation, frozen=True):
    profile_id: str
    query_id: str
    scope: Scope

    def applied(self, state: State) -> State:
        return state.with_below(self.profile_id, self.query_id, scope=self.scope)


class SaveMetrics(Operation, frozen=True):
    profile_id: str
    query_id: str
    metrics: list[Metric]

    def applied(self, state: State) -> State:
        kept = state.below(self.profile_id, self.query_id).metrics
        saved = {(metric.week, metric.name): metric for metric in self.metrics}
        return state.with_below(self.profile_id, self.query_id, metrics={**kept, **saved})


class DeleteExpired(Operation, frozen=True):
    now: datetime

    def applied(self, state: State) -> State:
        return replace(
            state,
            contents={
                key: replace(
                    contents,
                    issues=_valid_after(self.now, contents.issues),
                    histories=_valid_after(self.now, contents.histories),
                )
                for key, contents in state.contents.items()
            },
        )


# The names that may stand in the log, spelt out for the decoder.
AnyOperation: TypeAlias = (
    SaveProfile
    | DeleteProfile
    | SaveQuery
    | DeleteQuery
    | SetAppState
    | DeleteAppState
    | SaveTask
    | ClearTask
    | SaveIssues
    | SaveCacheInfo
    | SaveHistories
    | SaveStatistics
    | SaveScope
    | SaveMetrics
    | DeleteExpired
)


def _without(mapping: Mapping[K, V], gone: Iterable[K]) -> dict[K, V]:
    left = dict(mapping)
    for key in gone:
        left.pop(key, None)
    return left


def _valid_after(now: datetime, records: Mapping[str, Expiring]) -> dict[str, Expiring]:
    return {key: record for key, record in records.items() if record.expires_at > now}
