"""Mutate the reference in a copy of the tree, and print what survived.

    python spec_tests/meta/mutation [--folder FOLDER] [--max-children 2] [MUTANT …]

MUTANT is a name or pattern as mutmut takes it, such as `burndown_store.contract.*`; without, all are tried. Nothing is
written into the checkout: the copy, with all results, lies in FOLDER, which is kept, or in a temporary one. A FOLDER
that holds a copy already is gone on with: only what was not tried, or is named, runs. docs/mutation.md has the figures
of the latest run and explains the survivors. mutmut needs `os.fork`, so this does not run on Windows.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[3]
SOURCES = {"reference/burndown_store": "src/burndown_store", "spec_tests": "spec_tests", "fixtures": "fixtures"}
# mutmut passes over every decorated function. These two decorators can as well be called afterwards.
CALLED_AFTERWARDS = ("contextmanager", "property")
KILLED, SURVIVED, UNTESTED = "killed", "survived", "no test meets it"
# Prints the functions that run when the library is imported, as mutmut names them.
CALLED_BY_IMPORTS = """
import os
from mutmut.mutation import trampoline
called = set()
trampoline.record_trampoline_hit = lambda name, caller=None: called.add(name)
os.environ["MUTANT_UNDER_TEST"] = "stats"
import burndown_store.jira, burndown_store.sqlite
print(*sorted(called), sep="\\n")
"""
# What mutmut writes down: the exit status of pytest, or of the process that was stopped.
MEANINGS: dict[int | None, str] = {
    0: SURVIVED,
    1: KILLED,
    3: KILLED,
    5: UNTESTED,
    33: UNTESTED,
    -24: "timeout",
    24: "timeout",
    36: "timeout",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mutants", nargs="*", metavar="MUTANT")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--max-children", default="2")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="burndown-mutation-"))
    if not (folder / "src").exists():
        copy_tree(folder)
    mutate(folder, "run", "--max-children", options.max_children, *options.mutants)
    judge_in_fresh_processes(folder)
    print_figures(folder)
    print(f"all results: {folder}")
    return 0


def copy_tree(folder: Path) -> None:
    """The packages and tests, laid out as mutmut wants them, with fewer decorators."""
    for source, destination in SOURCES.items():
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / source, folder / destination, ignore=ignored, dirs_exist_ok=True)
    shutil.copy2(ROOT / "pyproject.toml", folder)
    for path in (folder / "src").rglob("*.py"):
        path.write_text(undecorated(path.read_text(encoding="utf-8")), encoding="utf-8")


def undecorated(source: str) -> str:
    """`@contextmanager def f…` as `def f…; f = contextmanager(f)`, which means the same and lets mutmut at the body."""
    lines = source.splitlines()
    # From the last to the first, so that the line numbers stay true.
    for node in sorted(ast.walk(ast.parse(source)), key=lambda node: -getattr(node, "lineno", 0)):
        match node:
            case ast.FunctionDef(decorator_list=[ast.Name(id=name) as decorator]) if name in CALLED_AFTERWARDS:
                indent = " " * node.col_offset
                lines.insert(node.end_lineno or 0, f"{indent}{node.name} = {name}({node.name})")
                del lines[decorator.lineno - 1]
    return "\n".join(lines) + "\n"


def environment_of(folder: Path) -> dict[str, str]:
    # Processes that tests start find the mutated store as well. Python forgets a path that is not there at its start.
    mutated = folder / "mutants" / "src"
    mutated.mkdir(parents=True, exist_ok=True)
    return {**os.environ, "PYTHONPATH": str(mutated), "PYTHONDONTWRITEBYTECODE": "1"}


def mutate(folder: Path, *arguments: str) -> None:
    mutmut = Path(sys.executable).with_name("mutmut")
    subprocess.run([mutmut, *arguments], cwd=folder, env=environment_of(folder), check=True)


def judge_in_fresh_processes(folder: Path) -> None:
    """Judge what survived in functions that an import calls: mutmut imports once, before it chooses a mutant."""
    environment = environment_of(folder)
    imported = subprocess.run(
        [sys.executable, "-c", CALLED_BY_IMPORTS], env=environment, capture_output=True, encoding="utf-8", check=True
    )
    called = set(imported.stdout.split())
    tests = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    command = [sys.executable, "-m", "pytest", "-x", "-q", *tests["pytest_add_cli_args"]]
    command += tests["pytest_add_cli_args_test_selection"]
    for path in meta_files(folder):
        meta = json.loads(path.read_text(encoding="utf-8"))
        codes: dict[str, int | None] = meta["exit_code_by_key"]
        for mutant, code in codes.items():
            if mutant.partition("__mutmut_")[0] in called and MEANINGS.get(code) in (SURVIVED, UNTESTED):
                done = subprocess.run(
                    command,
                    cwd=folder / "mutants",
                    env={**environment, "MUTANT_UNDER_TEST": mutant},
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    check=False,
                )
                codes[mutant] = min(done.returncode, 1)
        path.write_text(json.dumps(meta), encoding="utf-8")


def meta_files(folder: Path) -> list[Path]:
    """Where mutmut writes down what became of each mutant, one file for each module."""
    return sorted((folder / "mutants" / "src").rglob("*.meta"))


def print_figures(folder: Path) -> None:
    """A table by module, then the difference that each survivor makes."""
    survivors = []
    total: Counter[str] = Counter()
    for path in meta_files(folder):
        codes: dict[str, int | None] = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
        meanings = {mutant: MEANINGS.get(code, f"exit {code}") for mutant, code in codes.items() if code is not None}
        counted = Counter(meanings.values())
        total += counted
        if meanings:
            print(f"{path.relative_to(folder / 'mutants' / 'src').with_suffix('')}: {dict(counted)}")
        survivors += [mutant for mutant, meaning in meanings.items() if meaning in (SURVIVED, UNTESTED)]
    print(f"\n{total.total()} mutants: {dict(total)}\n")
    for mutant in survivors:
        mutate(folder, "show", mutant)


if __name__ == "__main__":
    sys.exit(main())
