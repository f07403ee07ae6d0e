"""Large batches, in the order in which they are read, each record different from all others."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

from burndown_store.contract import Change, History, Issue, JsonText, Metric, Statistic

__all__ = [
    "incompressible_issues",
    "long_document",
    "long_text",
    "many_changes",
    "many_histories",
    "many_issues",
    "many_metrics",
    "many_statistics",
]


def many_issues(count: int) -> list[Issue]:
    """So many issues, by key."""
    expires_at = datetime(2099, 1, 1, tzinfo=UTC)
    return [
        Issue(key=f"AB-{number:06}", document=JsonText(f'{{"id": {number}}}'), points=number / 4, expires_at=expires_at)
        for number in range(count)
    ]


def many_histories(count: int) -> list[History]:
    """So many histories of one change each, by issue key."""
    instant = datetime(2025, 1, 1, tzinfo=UTC)
    return [
        History(
            issue_key=f"AB-{number:06}",
            changes=[Change(changed_at=instant, field="status", history_id=str(number))],
            expires_at=instant,
        )
        for number in range(count)
    ]


def many_statistics(count: int) -> list[Statistic]:
    """So many statistics, one for each day from 2000 on."""
    return [Statistic(date=date(2000, 1, 1) + timedelta(days=number), created_items=number) for number in range(count)]


def many_metrics(count: int) -> list[Metric]:
    """So many metrics, ten names for each week from 2000 on."""
    metrics = []
    for number in range(count):
        year, week, _ = (date(2000, 1, 3) + timedelta(weeks=number // 10)).isocalendar()
        name = f"metric {number % 10}"
        metrics.append(Metric(week=f"{year}-W{week:02}", name=name, category="flow", value=float(number)))
    return metrics


def incompressible_issues(size: int) -> list[Issue]:
    """Ten issues whose documents need `size` bytes together, however they are packed."""
    source = random.Random(0)
    expires_at = datetime(2099, 1, 1, tzinfo=UTC)
    return [
        Issue(
            key=f"AB-{number}",
            document=JsonText(f'{{"noise": "{source.randbytes(size // 10).hex()}"}}'),
            expires_at=expires_at,
        )
        for number in range(10)
    ]


def many_changes(count: int) -> list[Change]:
    """So many changes at one instant, told apart by their history ids."""
    instant = datetime(2025, 1, 1, tzinfo=UTC)
    return [Change(changed_at=instant, field="status", history_id=str(number)) for number in range(count)]


def long_text(words: int) -> str:
    """So many words of which none ends where a count of bytes would."""
    return "burndown \U0001f525 " * words


def long_document(words: int) -> JsonText:
    """A document with one long text."""
    return JsonText.of({"text": long_text(words)})
