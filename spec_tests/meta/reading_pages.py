"""A page of docs/, carried out as it is written: its files, its commands, and what it says that they print.

A fenced block of Python is a file, and the paragraph above it ends with the file's name. A console block holds commands
after `$ ` and below each what it prints, where `...` stands for anything. Installing is the one thing that is not
done but arranged for, because it needs a network.
"""

from __future__ import annotations

import doctest
import re
import shlex
from dataclasses import dataclass

from installations import by_path, offer_backends
from running import Ran, User

__all__ = ["PageError", "Reader", "blocks_of"]

INSTALLED = "installed\n"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: what stands in the line above it, its language, and its text."""

    above: str
    kind: str
    text: str
    line: int


class PageError(AssertionError):
    """The page says what is not so."""


class Reader:
    """Someone who does what a page says, in an empty folder."""

    def __init__(self, user: User) -> None:
        self._user = user
        self._site = user.temporary / "site"
        self._paths = [self._site]
        self._last = Ran(0, "", "")

    def follow(self, page: str) -> None:
        """Write the files and run the commands of a page. Raises `PageError`."""
        for block in blocks_of(page):
            if block.kind == "python":
                named = re.search(r"`([\w/]+\.py)`[^`]*:$", block.above.strip())
                if not named:
                    raise PageError(f"line {block.line}: the file that this becomes is not named above it")
                (self._user.cwd / named[1]).write_text(block.text, encoding="utf-8")
            elif block.kind == "console":
                for command, printed in commands_of(block):
                    self._run(command, printed, block.line)
            else:
                raise PageError(
                    f"line {block.line}: a block of {block.kind or 'no language'}, which nobody carries out"
                )

    def _run(self, command: str, printed: str, line: int) -> None:
        if command == "echo $?":
            got = f"{self._last.status}\n"
        else:
            self._last = self._done(shlex.split(command))
            got = (self._last.out + self._last.err).replace("\\", "/")
        checker = doctest.OutputChecker()
        if not checker.check_output(printed.replace("\\", "/"), got, doctest.ELLIPSIS):
            raise PageError(f"the block of line {line}: {command}\nis said to print\n{printed}\nand prints\n{got}")

    def _done(self, words: list[str]) -> Ran:
        match words:
            case ["cd", folder]:
                self._user.cwd = (self._user.cwd / folder).resolve()
                return Ran(0, "", "")
            case ["python", "-m", "pip", "install", "burndown-store" | "burndown-store[spec]"]:
                return Ran(0, INSTALLED, "")
            case ["python", "-m", "pip", "install", "--editable", folder]:
                offer_backends(self._user.cwd / folder, self._site)
                self._paths.append(self._user.cwd / folder / "src")
                return Ran(0, INSTALLED, "")
            case ["burndown-spec", *arguments]:
                return self._python("-m", "burndown_spec", *arguments)
            case ["burndown-store", *arguments]:
                return self._python("-m", "burndown_store.command", *arguments)
            case ["python", *arguments]:
                return self._python(*arguments)
        raise PageError(f"{' '.join(words)}: no reader can run this everywhere")

    def _python(self, *arguments: str) -> Ran:
        environment = {**by_path(*self._paths), "PYTEST_ADDOPTS": "-p no:cacheprovider"}
        return self._user.python(*arguments, environment=environment)


def blocks_of(page: str) -> list[Block]:
    found = [
        Block(
            page[: match.start()].rstrip().rpartition("\n")[2],
            match[1],
            match[2],
            page.count("\n", 0, match.start()) + 1,
        )
        for match in BLOCK.finditer(page)
    ]
    if 2 * len(found) != len(re.findall(r"^\s*```", page, re.MULTILINE)):
        raise PageError("a fence that begins no block, or ends none")
    return found


def commands_of(block: Block) -> list[tuple[str, str]]:
    """Each command with what is said to be printed by it."""
    pieces = re.split(r"^\$ (.*)\n", block.text, flags=re.MULTILINE)
    if pieces[0] or len(pieces) < 3:
        raise PageError(f"line {block.line}: a console that does not begin with a command")
    return list(zip(pieces[1::2], pieces[2::2], strict=True))
