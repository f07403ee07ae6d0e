"""The catalogue and docs/contract.md say the same: every sentence has a clause or a reason, every clause a sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from burndown_spec.clauses import CATALOGUE, FROZEN
from burndown_spec.levels import Level
from burndown_spec.registry import Catalogue, clause

DOCUMENT = Path(__file__).parents[2] / "docs" / "contract.md"
SENTENCE = re.compile(r"^- \*\*(\d+\.\d+)\*\* (.+)$", re.MULTILINE)


def sentences() -> tuple[dict[str, str], dict[str, str]]:
    """The numbered sentences, and what is said of those that no clause judges."""
    normative, _, excused = DOCUMENT.read_text(encoding="utf-8").partition("## Sentences that no clause judges")
    return dict(SENTENCE.findall(normative)), dict(SENTENCE.findall(excused))


def test_the_document_numbers_its_sentences_once_and_in_order() -> None:
    normative = DOCUMENT.read_text(encoding="utf-8").partition("## Sentences")[0]
    found = [number for number, _ in SENTENCE.findall(normative)]
    assert found == sorted(set(found), key=lambda number: tuple(map(int, number.split("."))))
    assert len(found) > 100


def test_every_sentence_has_a_clause_or_a_reason_and_not_both() -> None:
    normative, excused = sentences()
    judged = {number for each in CATALOGUE for number in each.sentences}
    assert judged | set(excused) == set(normative)
    assert not judged & set(excused)


def test_a_reason_is_a_reason_and_awaits_only_levels_without_clauses() -> None:
    _, excused = sentences()
    judged_levels = {each.level.value for each in CATALOGUE}
    for number, said in excused.items():
        kind, _, rest = said.partition(" ")
        assert kind in ("*untestable*:", "*awaits*"), number
        if kind == "*awaits*":
            assert Level(rest).value not in judged_levels, f"{number} awaits {rest}, whose clauses have come"
        else:
            assert len(rest.split()) > 5, f"{number} needs a reason"


def test_every_clause_names_a_sentence_a_requirement_and_likely_causes() -> None:
    for each in CATALOGUE:
        assert each.sentences, each.id
        assert each.requirement.endswith("."), each.id
        assert each.likely_causes, each.id


def test_the_ids_of_contract_version_1_are_frozen() -> None:
    assert [each.id for each in CATALOGUE if each.since == 1] == list(FROZEN[1])


def test_a_clause_that_could_not_be_judged_is_refused_when_it_is_written() -> None:
    def documented(backend: object) -> None:
        """A sentence."""

    def undocumented(backend: object) -> None: ...

    def greedy(backend: object, stage: object, more: object) -> None:
        """A sentence."""

    with pytest.raises(ValueError, match="an id is written like"):
        clause("Not An Id", sentences="1.1", likely_causes=())(documented)
    with pytest.raises(ValueError, match="docstring"):
        clause("an-id", sentences="1.1", likely_causes=())(undocumented)
    with pytest.raises(ValueError, match="it takes"):
        clause("an-id", sentences="1.1", likely_causes=())(greedy)
    one = clause("an-id", sentences="1.1", likely_causes=())(documented)
    with pytest.raises(ValueError, match="two clauses"):
        Catalogue([one, one])
    loose = clause("another", sentences="1.1", likely_causes=(), depends_on=["nowhere"])(documented)
    with pytest.raises(ValueError, match="nowhere"):
        Catalogue([loose])


def test_clauses_are_judged_after_those_that_they_depend_on_and_slow_ones_last() -> None:
    ordered = CATALOGUE.in_order_of_judging()
    places = {each.id: place for place, each in enumerate(ordered)}
    assert sorted(places) == sorted(each.id for each in CATALOGUE)
    for each in ordered:
        assert all(places[dependency] < places[each.id] for dependency in each.depends_on), each.id
    assert [each.slow for each in ordered] == sorted(each.slow for each in ordered)


def test_clauses_use_expectations_and_never_plain_assertions() -> None:
    for each in CATALOGUE:
        lines = each.path.read_text(encoding="utf-8").splitlines()
        assert not [line for line in lines if line.strip().startswith("assert ")], each.path
