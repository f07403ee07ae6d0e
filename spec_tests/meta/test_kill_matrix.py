"""The kill matrix in `docs` is complete, and says of every saboteur what it declares."""

from __future__ import annotations

from burndown_spec.clauses import CATALOGUE
from burndown_spec.levels import Level
from kill_matrix import PAGE, SEARCHING, SLOW, page, read, row_of
from saboteurs import all_saboteurs

SABOTEURS = {each.name: each for each in all_saboteurs()}


def test_it_has_every_clause_and_every_saboteur() -> None:
    matrix = read()
    assert list(matrix.clauses) == [each.id for each in CATALOGUE], "run: nox -s matrix"
    assert {row.saboteur for row in matrix.rows} == set(SABOTEURS), "run: nox -s matrix"


def test_every_saboteur_fails_exactly_the_clauses_that_it_declares() -> None:
    for row in read().rows:
        assert set(row.kills) == set(SABOTEURS[row.saboteur].kills), row.saboteur


def test_every_clause_is_killed() -> None:
    killed = {name for row in read().rows for name in row.kills}
    assert {each.id for each in CATALOGUE} == killed


def test_a_hundred_saboteurs_and_more_stand_against_the_two_levels() -> None:
    judged = {each.id for each in CATALOGUE if each.level in (Level.CORE, Level.TRANSACTIONAL)}
    assert sum(bool(judged & set(row.kills)) for row in read().rows) >= 100


def test_the_page_shows_the_data() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(read()), "run: nox -s matrix"


def test_a_row_is_what_judging_the_saboteur_gives() -> None:
    name = "saboteurs.handles:ClosesOnce"
    matrix = read()
    row = next(row for row in matrix.rows if row.saboteur == name)
    assert row_of(SABOTEURS[name], frozenset(matrix.apart)) == row


def test_few_clauses_stand_apart_and_each_for_a_reason() -> None:
    apart = frozenset(read().apart)
    assert SEARCHING <= apart <= SEARCHING | SLOW
    # What takes long on every saboteur has to be about what takes long: processes, crashes and disks.
    quick_levels = {each.id for each in CATALOGUE if each.level in (Level.CORE, Level.TRANSACTIONAL)}
    assert len(SLOW & quick_levels) < 15
    assert len(SLOW) < len(CATALOGUE) / 2
