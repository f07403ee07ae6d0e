"""Errands: what a developer runs now and then, beside the tests (see tox.ini).

`nox` alone runs lint and types, as CI does; `nox -s ratios` and `nox -s alarms` measure, and take minutes.
"""

import nox

nox.needs_version = ">=2024.10.9"
nox.options.sessions = ["lint", "types"]

GROUPS = nox.project.load_toml("pyproject.toml")


@nox.session
def lint(session: nox.Session) -> None:
    """Style, format and the direction of imports."""
    session.install("-e", ".[spec]", *nox.project.dependency_groups(GROUPS, "lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", "--no-cache")


@nox.session
def types(session: nox.Session) -> None:
    """Strict types over the library, the suite, the fixtures and their tests."""
    session.install("-e", ".[spec]", *nox.project.dependency_groups(GROUPS, "types"))
    session.run("mypy", *session.posargs)


@nox.session
def ratios(session: nox.Session) -> None:
    """How long the reference takes for each unit of the bare-sqlite3 floor's time."""
    session.install(".[spec]")
    session.run("python", "spec_tests/reference/bench_floor.py", *session.posargs)


@nox.session
def alarms(session: nox.Session) -> None:
    """The gate on the reference, again and again with different seeds: any failure is a false alarm."""
    session.install(".[spec]")
    session.run("python", "spec_tests/meta/false_alarms.py", *session.posargs)
