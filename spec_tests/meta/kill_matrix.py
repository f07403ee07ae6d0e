"""The kill matrix: every clause judged on every saboteur. An errand, `nox -s matrix`.

    python spec_tests/meta/kill_matrix.py [--processes 4] [--only TEXT] [--new] [--slow]

Writes `docs/kill-matrix.json`, the data, and `docs/kill-matrix.md`, the page; with `--only`, for the saboteurs whose
name holds TEXT, and keeps the rest; with `--new`, judges what the data does not have: new clauses on all saboteurs, and
new saboteurs by all clauses. Exits 1 where a saboteur does not fail exactly the clauses that it declares.

In the data, `kills` are the clauses that fail on a saboteur, `blocked` those that fail behind one of them
(`depends_on`); of the others, each holds that the saboteur claims. A saboteur is judged by the clauses of the groups in
which it fails any: those about one process, and those about processes, crashes and disks. Some stand `apart`, judged on
their own saboteurs alone: `model-agreement` searches at random, and what it finds beside depends on versions; and
without `--slow`, those that take a second or more, and all about processes, crashes and disks.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from burndown_spec.clauses import CATALOGUE, FAMILIES
from burndown_spec.judging import judge
from burndown_spec.levels import Level
from burndown_spec.oracle import register_profiles
from burndown_spec.registry import Clause
from burndown_spec.results import Outcome
from burndown_store.contract import CONTRACT_VERSION
from saboteurs import Saboteur, all_saboteurs, saboteur_named

__all__ = ["DATA", "PAGE", "SEARCHING", "Matrix", "Row", "page", "read", "row_of"]

DOCS = Path(__file__).parents[2] / "docs"
DATA, PAGE = DOCS / "kill-matrix.json", DOCS / "kill-matrix.md"
SEARCHING = frozenset({"model-agreement"})
# What is wrong in one call shows among processes too, which says nothing new and takes hours.
AMONG_PROCESSES = frozenset({Level.CONCURRENT, Level.DURABLE, Level.POWER_SAFE, Level.MAINTAINED})
SLOW = frozenset(each.id for each in CATALOGUE if each.slow or each.level in AMONG_PROCESSES)
INTRODUCTION = """\
# The kill matrix

A clause that no faulty backend can break is no clause. So each has saboteurs: backends with one fault, made the way
such code really goes wrong. The clauses were judged on all saboteurs; the data is in
[kill-matrix.json](kill-matrix.json), and `nox -s matrix` writes both anew. A saboteur *kills* the clauses that fail on
it, and fails no others but those that stand *behind* one of them, that is, depend on it. There are two groups of
clauses, on one process (Core, Transactional, Migratable) and on processes, crashes and disks (the other levels); a
saboteur was judged by the clauses of each group in which it fails any. CI runs the diagonal: each saboteur on its own
clauses and on those before them, with the text of the failure and the repro script.
"""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One saboteur; `fault` is its docstring."""

    saboteur: str
    fault: str
    claims: tuple[str, ...]
    kills: tuple[str, ...]
    blocked: tuple[str, ...]


class Matrix(msgspec.Struct, frozen=True, kw_only=True):
    """`clauses` are in the order of the contract, `rows` by the names of the saboteurs.

    Those `apart` were judged on no saboteurs but their own.
    """

    contract_version: int
    clauses: tuple[str, ...]
    apart: tuple[str, ...]
    rows: tuple[Row, ...]


def row_of(saboteur: Saboteur, apart: frozenset[str] = SEARCHING, known: Row | None = None) -> Row:
    """Judge every clause on the saboteur, but those `apart` only where it declares them.

    Where `known` tells of the saboteur, its clauses are those that the data has, and the others are judged.
    """
    register_profiles()
    judged = frozenset(read().clauses) if known else frozenset[str]()
    wanted = [each for each in judging(saboteur.kills) if each.id not in apart or each.id in saboteur.kills]
    results = {
        each.id: judge(each, saboteur.target, claims=saboteur.claims) for each in wanted if each.id not in judged
    }
    failed = {name for name, result in results.items() if result.outcome is Outcome.FAILS}
    if known:
        failed |= {*known.kills, *known.blocked}

    def behind(name: str) -> bool:
        return any(each in failed or behind(each) for each in CATALOGUE[name].depends_on)

    return Row(
        saboteur=saboteur.name,
        fault=" ".join((saboteur.backend.__doc__ or "").split()),
        claims=tuple(sorted(saboteur.claims)),
        kills=tuple(each.id for each in wanted if each.id in failed and not behind(each.id)),
        blocked=tuple(each.id for each in wanted if each.id in failed and behind(each.id)),
    )


def judging(kills: Sequence[str]) -> list[Clause]:
    """The clauses of the groups that these are of."""
    groups = {CATALOGUE[name].level in AMONG_PROCESSES for name in kills}
    return [each for each in CATALOGUE if (each.level in AMONG_PROCESSES) in groups]


def read() -> Matrix:
    """The matrix in `docs`."""
    return msgspec.json.decode(DATA.read_bytes(), type=Matrix)


def page(matrix: Matrix) -> str:
    """The matrix as a page."""
    by_clause = {name: [row for row in matrix.rows if name in row.kills] for name in matrix.clauses}
    pairs = sum(each.id not in matrix.apart for row in matrix.rows for each in judging(row.kills))
    numbers = (len(matrix.clauses), len(matrix.rows), pairs)
    lines = [*INTRODUCTION.splitlines(), ""]
    lines.append("Contract version {}: {} clauses, {} saboteurs, {} pairs.".format(matrix.contract_version, *numbers))
    levels = [level for level in Level if level in AMONG_PROCESSES]
    alone = [name for name in matrix.apart if CATALOGUE[name].level not in levels]
    if len(alone) < len(matrix.apart):
        alone.append(f"and all of the levels {', '.join(levels)}")
    lines += [f"Judged on their own saboteurs alone: {', '.join(alone)}.", ""]
    for family in FAMILIES:
        name = family.__name__.rpartition(".")[2]
        clauses = [each for each in CATALOGUE if each.family == name and each.id in by_clause]
        lines += [f"## {name.replace('_', ' ').capitalize()}", "", "| clause | level | killed by |", "|---|---|---|"]
        for each in clauses:
            killers = ", ".join(f"`{_short(row.saboteur)}`" for row in by_clause[each.id])
            lines.append(f"| {each.id} | {each.level} | {killers} |")
        lines.append("")
    lines += ["## The saboteurs", "", "| saboteur | its fault | kills | behind |", "|---|---|--:|--:|"]
    for row in matrix.rows:
        fault = row.fault.replace("|", "\\|")
        lines.append(f"| `{_short(row.saboteur)}` | {fault} | {len(row.kills)} | {len(row.blocked)} |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the errand; 1 where a saboteur fails other clauses than it declares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=4, help="more than cores: much of the time is waiting")
    parser.add_argument("--slow", action="store_true", help="slow clauses on every saboteur too")
    parser.add_argument("--new", action="store_true", help="keep what the data has")
    parser.add_argument("--only", default="")
    options = parser.parse_args(arguments)
    apart = SEARCHING if options.slow else SEARCHING | SLOW
    saboteurs = {each.name: each for each in all_saboteurs()}
    wanted = [each for each in saboteurs.values() if options.only in each.name]
    known = {row.saboteur: row for row in read().rows if row.saboteur in saboteurs}
    # Spawned as on Windows, and renewed: a clause that did not end leaves its thread behind.
    with multiprocessing.get_context("spawn").Pool(options.processes, maxtasksperchild=20) as pool:
        tasks = [(each.name, apart, known.get(each.name) if options.new else None) for each in wanted]
        rows = {row.saboteur: row for row in pool.imap_unordered(_row_named, tasks)}
    kept = known if options.only else {}
    ordered = sorted({**kept, **rows}.values(), key=lambda row: row.saboteur)
    matrix = Matrix(
        contract_version=CONTRACT_VERSION,
        clauses=tuple(each.id for each in CATALOGUE),
        apart=tuple(each.id for each in CATALOGUE if each.id in apart),
        rows=tuple(ordered),
    )
    DATA.write_text(json.dumps(msgspec.to_builtins(matrix), indent=1) + "\n", encoding="utf-8", newline="\n")
    PAGE.write_text(page(matrix), encoding="utf-8", newline="\n")
    wrong = [row for row in rows.values() if set(row.kills) != set(saboteurs[row.saboteur].kills)]
    for row in sorted(wrong, key=lambda row: row.saboteur):
        declared = set(saboteurs[row.saboteur].kills)
        print(f"{row.saboteur}: kills {sorted(set(row.kills) - declared)}, spares {sorted(declared - set(row.kills))}")
    print(f"{len(rows)} saboteurs judged by {len(matrix.clauses)} clauses, {len(wrong)} not as they declare")
    return 1 if wrong else 0


def _row_named(task: tuple[str, frozenset[str], Row | None]) -> Row:
    name, apart, known = task
    return row_of(saboteur_named(name), apart, known)


def _short(saboteur: str) -> str:
    return saboteur.removeprefix("saboteurs.")


if __name__ == "__main__":
    sys.exit(main())
