"""docs/questions.md answers all eight questions, and what it says shows the answers is there."""

from __future__ import annotations

import re

import pytest

from burndown_spec.clauses import CATALOGUE
from installations import ROOT

PAGE = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
ANSWERS = PAGE.split("\n## ")[1:]


def test_there_are_eight_in_order() -> None:
    assert [answer.partition(".")[0] for answer in ANSWERS] == [str(number) for number in range(1, 9)]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.partition(".")[0])
def test_what_shows_the_answer_is_there(answer: str) -> None:
    shown_by = re.findall(r"`([^`]+)`", answer.partition("*Shown by*")[2])
    assert shown_by
    for name in shown_by:
        assert name in CATALOGUE or (ROOT / name).is_file(), f"{name} is neither a clause nor a file"
