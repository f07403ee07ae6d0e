"""Errands: what a developer runs now and then, beside the tests (see tox.ini).

`nox` alone runs lint and types, as CI does. The others take minutes: `ratios`, `starts` and `alarms` measure, `matrix`
judges every clause on every saboteur, `nightly` tries everything of which the gate takes a sample.

`mutation` changes the reference in thousands of ways and counts what nothing notices; that takes most of an hour.
"""

import nox

nox.needs_version = ">=2024.10.9"
nox.options.sessions = ["lint", "types"]

GROUPS = nox.project.load_toml("pyproject.toml")


@nox.session
def lint(session: nox.Session) -> None:
    """Style, format and the direction of imports."""
    session.install("-e", ".[spec,faults]", *nox.project.dependency_groups(GROUPS, "lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", "--no-cache")


@nox.session
def types(session: nox.Session) -> None:
    """Strict types over the library, the suite, the fixtures and their tests."""
    session.install("-e", ".[spec,faults]", *nox.project.dependency_groups(GROUPS, "types", "honest"))
    session.run("mypy", *session.posargs)


@nox.session
def ratios(session: nox.Session) -> None:
    """How long the reference takes for each unit of the bare-sqlite3 floor's time."""
    session.install(".[spec,faults]")
    session.run("python", "spec_tests/reference/bench_floor.py", *session.posargs)


@nox.session
def starts(session: nox.Session) -> None:
    """How long a migration and a start-up take, and how much memory, against what was promised."""
    session.install(".[spec,faults]")
    session.run("python", "spec_tests/reference/bench_migration.py", *session.posargs)


@nox.session
def nightly(session: nox.Session) -> None:
    """The gate on the reference, with every crash point and disk state, and a longer search."""
    session.install(".[spec,faults]")
    session.run("burndown-spec", "run", "sqlite", "--thorough", *session.posargs, "--", "--hypothesis-profile=nightly")


@nox.session
def alarms(session: nox.Session) -> None:
    """The gate on the reference, again and again with different seeds: any failure is a false alarm."""
    session.install(".[spec,faults]")
    session.run("python", "spec_tests/meta/false_alarms.py", *session.posargs)


@nox.session
def matrix(session: nox.Session) -> None:
    """Every clause on every saboteur, and the page and the data of it in docs/."""
    session.install(".[spec,faults]", *nox.project.dependency_groups(GROUPS, "honest"))
    session.run("python", "spec_tests/meta/kill_matrix.py", *session.posargs)


@nox.session
def mutation(session: nox.Session) -> None:
    """Mutants of the reference, and those that survive the clauses and the library's own tests (docs/mutation.md)."""
    session.install(".[spec,faults]", "mutmut>=3.8")
    session.run("python", "spec_tests/meta/mutation", *session.posargs)


@nox.session(name="first-failures")
def first_failures(session: nox.Session) -> None:
    """How long the command takes to show the first failure of a faulty backend, with -x."""
    session.install(".[spec,faults]", *nox.project.dependency_groups(GROUPS, "honest"))
    session.run("python", "spec_tests/meta/first_failures.py", *session.posargs)
