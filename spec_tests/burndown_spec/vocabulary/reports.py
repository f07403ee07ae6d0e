"""What is looked at in the report of a migration, and in its progress and refusals."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Any

from burndown_store.contract import fields

__all__ = [
    "SeasonalZone",
    "counted",
    "ignored_files",
    "instants_of",
    "kept_values",
    "naive_times",
    "outcome_of",
    "progresses",
    "rejected",
    "speaks_of_each",
    "without_the_flag",
]


class SeasonalZone(tzinfo):
    """A time zone whose clocks are two hours east of UTC from April to September, and one in the other months."""

    def utcoffset(self, when: datetime | None) -> timedelta:
        return timedelta(hours=2 if when is not None and 4 <= when.month <= 9 else 1)

    def dst(self, _when: datetime | None) -> timedelta | None:
        return None

    def tzname(self, _when: datetime | None) -> str | None:
        return None

    def __repr__(self) -> str:
        return "SeasonalZone()"


def outcome_of(report: Any) -> str:
    """What the migration says that it did."""
    return str(report["outcome"])


def counted(report: Any) -> dict[str, int]:
    """How many records of each kind the migration says that it brought over."""
    return dict(report["counts"])


def naive_times(report: Any) -> int:
    """How many times without an offset the migration says that it read."""
    return int(report["naive_times"])


def ignored_files(report: Any) -> list[str]:
    """The files that the migration says it left unread."""
    return sorted(each["file"] for each in report["ignored"])


def rejected(report: Any) -> list[str]:
    """Kind, file and place of each reject, sorted."""
    return sorted(f"{each['kind']}: {each['file']}: {each['place']}" for each in report["rejects"])


def kept_values(report: Any) -> list[str]:
    """The raw text of each reject, sorted."""
    return sorted(each["raw"] for each in report["rejects"])


def instants_of(record: Any) -> dict[str, datetime]:
    """The record's instants, by field."""
    return {name: value for name, value in fields(record).items() if isinstance(value, datetime)}


def without_the_flag(contents: Any) -> dict[str, Any]:
    """What `contents_of` a store gave, without what the migration notes for itself in the application's state."""
    state = {name: text for name, text in contents["app state"].items() if name != "migration"}
    return {**contents, "app state": state}


def speaks_of_each(problems: Any, *places: str) -> bool:
    """is one sentence for each of these, and no other, in any order"""
    return len(problems) == len(places) and all(any(place in problem for problem in problems) for place in places)


def progresses(told: Any) -> bool:
    """tells of reading, backing up, converting and verifying, in this order, each done from 0 up to its total"""
    phases = list(dict.fromkeys(phase for phase, *_ in told))
    steps = {phase: [(done, total) for each, done, total, _ in told if each == phase] for phase in phases}
    return [phase for phase, *_ in told] == [phase for phase in phases for _ in steps[phase]] and (
        phases == ["reading", "backing up", "converting", "verifying"]
        and all(
            counts[0][0] == 0 and counts == sorted(counts) and counts[-1][0] == counts[-1][1] and len(totals) == 1
            for counts in steps.values()
            for totals in [{total for _, total in counts}]
        )
    )
