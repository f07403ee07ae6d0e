"""What the command can be asked for, and what its help says."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from datetime import UTC, tzinfo
from importlib.metadata import version
from pathlib import Path
from typing import Final, NoReturn
from zoneinfo import ZoneInfo

from burndown_store.command.exits import EXIT_CODES, UnusableError
from burndown_store.contract import CONTRACT_VERSION

__all__ = ["PROGRAM", "parsed", "wants_json"]

PROGRAM: Final = "burndown-store"

_EXAMPLES: Final = """\
examples:
  burndown-store info burndown
  burndown-store migrate burndown --dry-run
  burndown-store migrate burndown --zone Europe/Berlin
  burndown-store export burndown for-robin --profile team-blue
  burndown-store import burndown for-robin --as team-blue-2
  burndown-store backup burndown
  burndown-store recover burndown

"""

# What each command is for, in short and in full.
_ABOUT: Final = {
    "migrate": (
        "bring the old JSON files into the store",
        """Bring the old JSON files of ROOT into its store, once: backed up first, in one step, read back and compared.
        The old files stay as they are. Damaged caches, which can be fetched again, are set aside; damage to anything
        else refuses the migration, and all of it is listed.""",
    ),
    "export": (
        "write a profile, or everything, as JSON files",
        """Write what the store of ROOT holds to the new folder OUT, as files of the old application, which import
        reads again. Tokens and passwords stay out unless --with-secrets takes them along.""",
    ),
    "import": (
        "take an export into the store",
        """Take profiles into the store of ROOT: from an export, from a folder of the old application, or from a
        package that it offered for download. What is there already is never written over.""",
    ),
    "restore": (
        "put the old JSON files back from a backup",
        """Make the old JSON files of ROOT exactly those that a migration backed up. Files that differ are set aside.
        The store is left alone: if it is there it stays in use, if it is gone the next start migrates again.""",
    ),
    "check": (
        "look for damage in the store",
        "Look through the whole store of ROOT, and list what is wrong with it.",
    ),
    "compact": (
        "make the store's file as small as it can be",
        """Write the store's file anew without free space. Takes as much space again as the store has while it runs,
        and waits for those who write or read.""",
    ),
    "backup": (
        "copy the store, while it is used or not",
        """Copy the store of ROOT into its folder backups: a verified copy of one moment, while others may go on
        using it. What recover cannot read any more it takes from the newest one.""",
    ),
    "recover": (
        "make a damaged store sound again",
        """Set the damaged files of ROOT's store aside, and put in their place a new store with every row that can still
        be read; the rest is taken from the newest good backup. Nothing is deleted, and what is missing is told. A sound
        store stays as it is. Whatever has the store open has to be closed before. Interrupted, the same command again
        goes on.""",
    ),
    "info": (
        "tell what is in the folder",
        "Tell what ROOT holds: old files, the store, its profiles and queries, backups. Changes nothing.",
    ),
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UnusableError(f"{message}; {self.prog} --help says more")


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether errors are to be told as JSON, also where the arguments make no sense."""
    return "--json" in arguments


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The arguments, each command with its own. Raises `UnusableError`; ends the process for help and version."""
    return _parser().parse_args(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        description="Look after the store of a burndown application: the folder ROOT with its data.",
        epilog=_EXAMPLES + EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    about = f"{PROGRAM} {version('burndown-store')}, contract version {CONTRACT_VERSION}"
    parser.add_argument("--version", action="version", version=about)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    own = {name: _command(commands, name) for name in _ABOUT}

    migrate = own["migrate"]
    migrate.add_argument("--dry-run", action="store_true", help="read, count and tell what would be; write nothing")
    damage = migrate.add_mutually_exclusive_group()
    damage.add_argument("--strict", dest="damage", action="store_const", const="none", help="refuse any damage")
    damage.add_argument(
        "--set-aside-all",
        dest="damage",
        action="store_const",
        const="all",
        help="set all damage aside, not only that of caches; what is set aside stays in the backup",
    )
    migrate.set_defaults(damage="caches")
    _add_zone(migrate)

    own["export"].add_argument("out", type=Path, metavar="OUT", help="the folder to write: new, or empty")
    own["export"].add_argument("--profile", metavar="ID", help="this profile alone")
    own["export"].add_argument("--with-secrets", action="store_true", help="with tokens and passwords")

    own["import"].add_argument("source", type=Path, metavar="IN", help="the folder or file to read")
    own["import"].add_argument("--as", dest="as_id", metavar="NEW_ID", help="the id that its one profile gets")
    _add_zone(own["import"])

    own["restore"].add_argument("backup", type=Path, metavar="BACKUP", help="a backup's folder, or its name")
    return parser


def _command(commands: argparse._SubParsersAction[_Parser], name: str) -> _Parser:
    short, description = _ABOUT[name]
    command = commands.add_parser(
        name,
        help=short,
        description=description,
        epilog=f"{PROGRAM} --help lists the exit codes.",
        allow_abbrev=False,
    )
    command.add_argument("root", type=Path, metavar="ROOT", help="the application's folder, with profiles/ in it")
    command.add_argument("--json", action="store_true", help="print one JSON document instead, errors too")
    command.add_argument(
        "--timeout",
        type=_seconds,
        default=60.0,
        metavar="S",
        help="how many seconds to wait for others at work (default: 60)",
    )
    return command


def _add_zone(command: _Parser) -> None:
    command.add_argument(
        "--zone",
        type=_zone,
        default=UTC,
        metavar="NAME",
        help="the time zone of times that name none, such as Europe/Berlin (default: UTC)",
    )


def _zone(name: str) -> tzinfo:
    if name.upper() == "UTC":
        # There is no database of zones on some systems.
        return UTC
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise argparse.ArgumentTypeError(
            f"this system knows no time zone {name!r}; name one such as Europe/Berlin, and where there is none at all, "
            "as on Windows, install the Python package tzdata"
        ) from None


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0 to 86400")
    return seconds
