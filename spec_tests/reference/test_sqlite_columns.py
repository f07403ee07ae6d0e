"""What stands in a column: text that sorts as the instants do, and JSON as short as it can be."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from burndown_store.sqlite.columns import (
    instant_text,
    json_text,
    optional_instant_text,
    read_instant,
    read_optional_instant,
)


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (datetime(2025, 11, 3, 8, 15, 30, tzinfo=UTC), "2025-11-03T08:15:30.000000Z"),
        (datetime(2025, 11, 3, 8, 15, 30, 500000, tzinfo=UTC), "2025-11-03T08:15:30.500000Z"),
        (datetime(2025, 11, 3, tzinfo=UTC).replace(microsecond=1), "2025-11-03T00:00:00.000001Z"),
        (datetime.min.replace(tzinfo=UTC), "0001-01-01T00:00:00.000000Z"),
        (datetime.max.replace(tzinfo=UTC), "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_an_instant_has_one_spelling_and_comes_back(instant: datetime, text: str) -> None:
    assert instant_text(instant) == optional_instant_text(instant) == text
    assert read_instant(text) == read_optional_instant(text) == instant


def test_what_is_not_there_is_none() -> None:
    assert optional_instant_text(None) is None
    assert read_optional_instant(None) is None


def test_json_is_compact() -> None:
    assert json_text({"a": [1, 1.0, True, None, "ß"]}) == '{"a":[1,1.0,true,null,"ß"]}'
