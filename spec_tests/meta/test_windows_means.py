"""The library and the suite do their work with what Python has on Windows, without the modules of POSIX."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from burndown_fixtures.legacy import write_tree
from burndown_spec.clauses import CATALOGUE
from installations import by_path
from running import META, User

# What works with other processes, in one of the ways that there are.
AMONG_PROCESSES = (
    "a-durable-store-outlives-a-killed-process",
    "a-shared-store-is-shared",
    "migration-held-by-another-is-busy",
    "migration-on-a-full-medium",
)
# It serves a file system, in a process of its own that is started on Linux alone.
ONLY_THERE = "burndown_spec.faults.server"

IMPORTING = f"""
import importlib, pkgutil
import burndown_spec, burndown_store

for package in (burndown_store, burndown_spec):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__") and module.name != {ONLY_THERE!r}:
            print(importlib.import_module(module.name).__name__)
"""


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path)


THERE = by_path(META / "windows_means", META)


def chosen_clauses() -> list[str]:
    """The first clause of each family that takes no time, and those among processes."""
    first: dict[str, str] = {}
    for clause in CATALOGUE:
        if not clause.slow:
            first.setdefault(clause.family, clause.id)
    return list(dict.fromkeys((*first.values(), *AMONG_PROCESSES)))


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import fcntl", "ModuleNotFoundError"),
        ("import os\nos.fork()", "AttributeError"),
        ("import os\nassert os.name == 'nt'\nos.geteuid", "AttributeError"),
        ("from os import getuid", "ImportError"),
        ("import signal\nsignal.SIGKILL", "AttributeError"),
        ("import sys\nassert sys.platform == 'win32'\nimport resource", "ModuleNotFoundError"),
        ("import time\ntime.tzset()", "AttributeError"),
    ],
)
def test_what_only_posix_has_is_missing(code: str, error: str, user: User) -> None:
    ran = user.python("-c", code, environment=THERE)
    assert ran.status == 1
    assert ran.err.splitlines()[-1].startswith(error)


def test_the_standard_library_finds_it_all_the_same(user: User) -> None:
    code = "import shutil, subprocess, sys\nsubprocess.run([sys.executable, '-c', ''], check=True, timeout=60)"
    ran = user.python("-c", code, environment=THERE)
    assert (ran.status, ran.err) == (0, "")


def test_every_module_is_imported_without_it(user: User) -> None:
    ran = user.python("-c", IMPORTING, environment=THERE)
    assert ran.status == 0, ran.err
    assert {"burndown_store.files.locking", "burndown_spec.vocabulary.other_starts"} <= set(ran.out.split())


def test_a_workspace_is_migrated_without_it(user: User) -> None:
    root = write_tree(user.cwd / "burndown", "g3")
    for words, begins in ((("migrate",), "Migrated the old files"), (("check",), ""), (("info",), "")):
        ran = user.python("-m", "burndown_store.command", *words, str(root), environment=THERE)
        assert (ran.status, ran.err) == (0, ""), words
        assert ran.out.startswith(begins)


def test_clauses_of_every_family_are_judged_without_it(user: User) -> None:
    chosen = chosen_clauses()
    user.judges("sqlite", "--report", "report", options=("-p", "no:cacheprovider"), clauses=chosen)
    (judged,) = json.loads((user.cwd / "report" / "verdict.json").read_text(encoding="utf-8"))["backends"]
    states = {clause["clause"]: clause["state"] for clause in judged["clauses"] if clause["clause"] in chosen}
    others = {clause: state for clause, state in states.items() if state not in ("holds", "not claimed")}
    assert len(states) == len(chosen)
    assert set(others.values()) <= {"unavailable here", "not offered"}, others
    assert all(states[clause] == "holds" for clause in AMONG_PROCESSES)
