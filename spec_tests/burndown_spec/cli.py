"""The command `burndown-spec`: judge backends, list the clauses, start a backend."""

from __future__ import annotations

import argparse
import io
import json
import math
import sys
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from burndown_spec.clauses import CATALOGUE
from burndown_spec.failure_text import quoted
from burndown_spec.levels import Level
from burndown_spec.preflight import NoBackendError
from burndown_spec.registry import Clause
from burndown_spec.report import say, suite_version
from burndown_spec.runner import INTERRUPTED, THOROUGH_TIMEOUT, TIMEOUT, USAGE, Options, RefusedError, run
from burndown_spec.selection import NoSuchNameError
from burndown_spec.starting import NameRefusedError, NotWrittenError, checked_name, write_project
from burndown_store.contract import CONTRACT_VERSION, Capability

__all__ = ["main"]

EXIT_CODES = """\
exit codes:
  0  every backend conforms: all clauses that it claims hold, judged in this run
  0  or it conforms here: all but those that this machine cannot judge
  1  a backend fails
  4  the command cannot be carried out as it was given
  6  no verdict: a claimed clause was not judged, and nothing failed
"""


def _wrapped(title: str, names: Iterable[str]) -> str:
    return textwrap.fill(f"{title} {', '.join(names)}.", 80)


RUN = f"""\
BACKEND is a short name (sqlite, sqlite-normal, memory, or an entry point of the
group burndown.backends) or module:factory, found from the current folder. The
factory takes the directory and timeout=, and returns an open backend; an
optional destroy(directory) in its module removes what lies elsewhere.

{_wrapped("LEVEL is a level or a capability. Levels:", Level)}
{_wrapped("Capabilities:", Capability)}

examples:
  burndown-spec run sqlite
  burndown-spec run acme.storage:open_backend --report report -- -n 2
  burndown-spec run sqlite --clause profile-comes-back -- --junitxml=junit.xml

{EXIT_CODES}"""

NEW = """\
NAME becomes a folder, a Python package, a distribution and the short name of
the backend, so it has letters A to Z, digits, and _ between them. The folder
is a project of its own:

  NAME/pyproject.toml                  offers the backend under its short name
  NAME/src/NAME/__init__.py            every operation of the contract, refusing
  NAME/tests/test_contract.py          the contract as a test of the project
  NAME/.github/workflows/contract.yml  the contract in CI

Nothing is ever written over. docs/new-backend.md leads on from there.

example:
  burndown-spec new acme_store
  python -m pip install --editable acme_store
  burndown-spec run acme_store -- -x

exit codes:
  0  the files are written
  4  they are not, and one sentence says why
"""


class _Parser(argparse.ArgumentParser):
    """A parser that exits with 4, which no verdict has."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with `argv`, or the process's own arguments, and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # What a backend answers must be shown on any console, whatever it can encode.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    own, pytest_options = _split(list(sys.argv[1:] if argv is None else argv))
    arguments = _parser().parse_args(own)
    if arguments.command == "clauses":
        return _list_clauses(as_json=arguments.json)
    if arguments.command == "new":
        return _start(arguments.name, arguments.into)
    options = Options(
        backends=tuple(arguments.backend),
        report=arguments.report,
        require=tuple(arguments.require),
        clauses=tuple(arguments.clause),
        seed=arguments.seed,
        timeout=arguments.timeout or (THOROUGH_TIMEOUT if arguments.thorough else TIMEOUT),
        thorough=arguments.thorough,
        windows_rules=arguments.windows_rules,
        pytest_options=tuple(pytest_options),
    )
    try:
        return run(options)
    except (NoBackendError, NoSuchNameError, RefusedError) as error:
        print(f"burndown-spec: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("burndown-spec: interrupted, so there is no verdict", file=sys.stderr)
        return INTERRUPTED


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """The command's own arguments, and those after `--`."""
    if "--" not in arguments:
        return arguments, []
    cut = arguments.index("--")
    return arguments[:cut], arguments[cut + 1 :]


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = _Parser(
        prog="burndown-spec",
        description="Judge storage backends of the burndown application by an executable contract.",
        epilog=EXIT_CODES,
        formatter_class=raw,
        allow_abbrev=False,
    )
    version = f"burndown-spec {suite_version()}, contract version {CONTRACT_VERSION}"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    judging = commands.add_parser(
        "run",
        help="judge one or more backends",
        description="Judge one or more backends, clause by clause.",
        usage="%(prog)s BACKEND [BACKEND ...] [options] [-- PYTEST OPTIONS]",
        epilog=RUN,
        formatter_class=raw,
        allow_abbrev=False,
    )
    judging.add_argument("backend", nargs="+", metavar="BACKEND", help="what is judged, see below")
    judging.add_argument(
        "--report", type=Path, metavar="DIR", help="write verdict.json, report.md and repro scripts into DIR"
    )
    judging.add_argument(
        "--require",
        action="append",
        default=[],
        metavar="LEVEL",
        help="fail where this level or capability is not claimed or cannot be judged; repeatable",
    )
    judging.add_argument(
        "--clause", action="append", default=[], metavar="ID", help="judge this clause alone; repeatable"
    )
    judging.add_argument("--seed", type=int, default=0, metavar="N", help="of all that is random (default: 0)")
    judging.add_argument(
        "--timeout",
        type=_seconds,
        metavar="S",
        help=f"seconds for one clause (default: {TIMEOUT:g}, or {THOROUGH_TIMEOUT:g} with --thorough)",
    )
    judging.add_argument(
        "--thorough", action="store_true", help="kill at every point where a sample is taken otherwise; takes long"
    )
    judging.add_argument(
        "--windows-rules",
        action="store_true",
        help="on a disk with the rules that files have on Windows; needs FUSE",
    )
    listing = commands.add_parser(
        "clauses",
        help="list the clauses",
        description="List every clause: id, level, sentences of docs/contract.md, requirement.",
        allow_abbrev=False,
    )
    listing.add_argument("--json", action="store_true", help="as JSON")
    starting = commands.add_parser(
        "new",
        help="write a backend to start from",
        description="Write a backend that starts: it opens, and refuses every operation.",
        epilog=NEW,
        formatter_class=raw,
        allow_abbrev=False,
    )
    starting.add_argument("name", metavar="NAME", help="what the backend is called, such as acme_store")
    starting.add_argument(
        "--into", type=Path, default=Path(), metavar="DIR", help="the folder that NAME is written into (default: .)"
    )
    return parser


def _start(name: str, into: Path) -> int:
    try:
        written = write_project(checked_name(name), into)
    except (NameRefusedError, NotWrittenError) as error:
        print(f"burndown-spec: {error}", file=sys.stderr)
        return USAGE
    folder = into / name
    say(
        [
            f"{folder} holds a backend that opens and refuses every operation:",
            *(f"    {path}" for path in written),
            "Offer it as a backend, and see the first promise that it does not keep:",
            f"    python -m pip install --editable {quoted(str(folder))}",
            f"    burndown-spec run {name} -- -x",
        ]
    )
    return 0


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from above 0 to 86400")
    return seconds


def _list_clauses(*, as_json: bool) -> int:
    if as_json:
        print(json.dumps([_described(clause) for clause in CATALOGUE], indent=2))
        return 0
    lines = []
    for clause in CATALOGUE:
        needs = f", needs {', '.join(sorted(clause.needs))}" if clause.needs else ""
        needs += f", unless {', '.join(sorted(clause.unless))}" if clause.unless else ""
        lines.append(f"{clause.id}  ({clause.level}: {', '.join(clause.sentences)}{needs})")
        lines += textwrap.wrap(clause.requirement, 80, initial_indent="    ", subsequent_indent="    ")
    say(lines)
    return 0


def _described(clause: Clause) -> dict[str, object]:
    return {
        "id": clause.id,
        "family": clause.family,
        "level": clause.level,
        "sentences": clause.sentences,
        "needs": sorted(clause.needs),
        "unless": sorted(clause.unless),
        "depends_on": clause.depends_on,
        "since": clause.since,
        "requirement": clause.requirement,
        "likely_causes": clause.likely_causes,
    }
