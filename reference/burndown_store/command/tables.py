"""What the command tells people: sentences and tables, made from the documents that machines get."""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from rich import box
from rich.console import Console, RenderableType
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from burndown_store.command.arguments import PROGRAM
from burndown_store.command.documents import Document
from burndown_store.command.plain import plain

__all__ = ["error_text", "text_for_people"]

_SHOWN: Final = 20
# Below this many columns a table would break words; its rows become lines.
_NARROW: Final = 72
_ORDER: Final = ("unreadable", "unplaced", "superseded", "repaired")


def text_for_people(document: Document) -> str:
    """What a command has done or found, lines that end in a line feed."""
    console = Console(
        file=io.StringIO(), force_terminal=False, color_system=None, highlight=False, markup=False, emoji=False
    )
    for part in _PARTS[document["command"]](document):
        if isinstance(part, str):
            # Long lines are left to the terminal, so that a path can be copied whole.
            console.print(Text(part), soft_wrap=True)
        elif console.width < _NARROW:
            for line in _lines(part):
                console.print(Text(line), soft_wrap=True)
        else:
            console.print(_table(part))
    file = console.file
    assert isinstance(file, io.StringIO)
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def error_text(document: Document) -> str:
    """An error in one line, and one more for each of its problems."""
    error = document["error"]
    return "\n".join([f"{PROGRAM}: {plain(error['message'])}", *_listed(error["problems"])])


class _Rows:
    """A table still without a form: the names of the columns, and its rows; numbers stand to the right."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.rows: list[tuple[str | int, ...]] = []

    def add(self, *cells: str | int) -> None:
        self.rows.append(cells)


def _table(rows: _Rows) -> RenderableType:
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    table = Table(box=box.SIMPLE if encoding.lower().startswith("utf") else box.ASCII, pad_edge=False)
    for position, name in enumerate(rows.names):
        right = any(isinstance(row[position], int) for row in rows.rows)
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in rows.rows:
        table.add_row(*(Text(_cell(cell)) for cell in row))
    return table


def _lines(rows: _Rows) -> Iterable[str]:
    for row in rows.rows:
        told = [
            f"{name.lower()} {_cell(cell)}" for name, cell in zip(rows.names[1:], row[1:], strict=True) if cell != ""
        ]
        yield f"  {_cell(row[0])}: {', '.join(told)}"


def _cell(cell: str | int) -> str:
    return f"{cell:,}" if isinstance(cell, int) else plain(cell)


_Part = str | _Rows


def _migrate(document: Document) -> Iterable[_Part]:
    root, outcome, problems = plain(document["root"]), document["outcome"], document["problems"]
    if outcome == "nothing to migrate":
        yield f"{root} holds no old files: there is nothing to migrate."
        yield from _ignored(document)
        return
    if outcome == "already migrated":
        yield f"{root} was migrated before; nothing was done."
        if document["backup"] is not None:
            yield f"Backup of the old files: {plain(document['backup'])}"
        return
    old = f"the old files of {root} (generation {document['generation']})"
    if outcome == "migrated":
        yield f"Migrated {old} into the store; all was read back and is the same."
    elif problems:
        yield f"Dry run: nothing was written. A migration of {old} would be refused, because of damage:"
        yield from _listed(problems)
    else:
        yield f"Dry run: nothing was written. A migration of {old} would bring this into the store:"
    yield _counted(document["counts"])
    if document["backup"] is not None:
        yield f"Backup of the old files: {plain(document['backup'])}"
    yield from _findings(document, all_of_them=document["report"])


def _export(document: Document) -> Iterable[_Part]:
    yield f"Exported to {plain(document['out'])}, {_number(document['files'], 'file')}."
    yield _counted(document["counts"])
    if document["with_secrets"]:
        yield "Tokens and passwords are in it: keep it where nobody else reads it, and delete it when it has been used."
    else:
        yield "Tokens and passwords are not in it; --with-secrets takes them along."


def _import(document: Document) -> Iterable[_Part]:
    yield f"Imported {_number(len(document['profiles']), 'profile')} from {plain(document['source'])}:"
    yield from (f"  {plain(each)}" for each in document["profiles"])
    yield _counted(document["counts"])
    yield from _findings(document, all_of_them=None)


def _restore(document: Document) -> Iterable[_Part]:
    yield f"Put {_number(document['files'], 'old file')} back, as in {plain(document['backup'])}."
    if document["replaced"] is not None:
        yield f"Files that differed were set aside in {plain(document['replaced'])}"
    if document["store"]:
        yield "The store is still there and stays in use. To migrate again, move profiles/burndown.db* elsewhere first."
    else:
        yield "There is no store: the next start migrates these files again."


def _check(document: Document) -> Iterable[_Part]:
    if document["sound"]:
        yield f"The store in {plain(document['root'])} is sound. Its schema version is {document['schema_version']}."
        return
    yield f"{_number(len(document['problems']), 'problem')} in the store in {plain(document['root'])}:"
    yield from _listed(document["problems"])
    yield f"Make it sound with: burndown-store recover {plain(document['root'])}"


def _compact(document: Document) -> Iterable[_Part]:
    before, after = document["bytes_before"], document["bytes_after"]
    yield f"Compacted the store in {plain(document['root'])}: {_bytes(before)} before, {_bytes(after)} after."


def _backup(document: Document) -> Iterable[_Part]:
    root, backup = plain(document["root"]), plain(document["backup"])
    yield f"Backed up the store in {root}, {_bytes(document['bytes'])}: {backup}"


def _recover(document: Document) -> Iterable[_Part]:
    root = plain(document["root"])
    if document["sound"]:
        yield f"The store in {root} is sound; nothing was done."
        return
    yield f"Recovered the store in {root}; it is sound again."
    table = _Rows("Rows of", "Saved", "From the backup")
    for name, count in document["saved"].items():
        table.add(name.replace("_", " "), count, document["from_backup"][name])
    yield table
    if document["backup"] is not None:
        yield f"Backup: {plain(document['backup'])}"
    if document["set_aside"] is not None:
        yield f"The damaged files, as they were: {plain(document['set_aside'])}"
    if document["missing"]:
        yield "Missing:"
        yield from _listed(document["missing"])
    else:
        yield "Nothing is known to be missing."


def _info(document: Document) -> Iterable[_Part]:
    old, store, backups = document["old_files"], document["store"], document["backups"]
    yield plain(document["root"])
    if old["generation"] is None:
        yield "Old files: none"
    else:
        yield f"Old files: generation {old['generation']}, {_number(old['files'], 'file')}, {_bytes(old['bytes'])}"
    if store is None:
        yield "Store: none"
    elif "error" in store:
        yield f"Store: {plain(store['error']['message'])}"
    else:
        yield f"Store: {_bytes(store['bytes'])}, schema version {store['schema_version']}"
        yield f"Origin: {_origin(store['migration'])}"
        if store["profiles"]:
            yield _contents(store["profiles"])
        else:
            yield "Profiles: none"
    if not backups:
        yield "Backups: none"
        return
    table = _Rows("Backup", "State", "Files", "Bytes")
    for each in backups:
        name = each["path"].replace("\\", "/").rsplit("/", 1)[-1]
        table.add(name, each["state"], each["files"], each["bytes"])
    yield table


_PARTS: Final[dict[str, Callable[[Document], Iterable[_Part]]]] = {
    "migrate": _migrate,
    "export": _export,
    "import": _import,
    "restore": _restore,
    "check": _check,
    "compact": _compact,
    "backup": _backup,
    "recover": _recover,
    "info": _info,
}


def _contents(profiles: Sequence[Document]) -> _Rows:
    table = _Rows("Profile", "Name", "Query", "Name of query", "Issues")
    for profile in profiles:
        for query in profile["queries"]:
            table.add(profile["id"], profile["name"], query["id"], query["name"], query["issues"])
        if not profile["queries"]:
            table.add(profile["id"], profile["name"], "", "", "")
    return table


def _origin(flag: Document | None) -> str:
    if flag is None:
        return "unknown, the store bears no mark of a migration"
    at = plain(flag["at"] or "")[:19].replace("T", " ")
    if flag["outcome"] != "migrated":
        return f"begun without old files on {at} UTC"
    return f"migrated on {at} UTC from {plain(flag['generation'] or '?')}, backup {plain(flag['backup'] or '?')}"


def _counted(counts: dict[str, int]) -> _Part:
    table = _Rows("Records", "Number")
    for kind, number in counts.items():
        table.add(kind.replace("_", " "), number)
    return table


def _findings(document: Document, *, all_of_them: str | None) -> Iterable[_Part]:
    """Rejects, ignored files, notes and naive times; `all_of_them` is the file that has the rejects with their text."""
    if naive := document["naive_times"]:
        yield f"{_number(naive, 'time')} named no time zone, and --zone (UTC where it is not given) was taken."
    rejects = sorted(document["rejects"], key=lambda each: _ORDER.index(each["kind"]))
    if rejects:
        kinds = Counter(each["kind"] for each in rejects)
        told = ", ".join(f"{kinds[kind]:,} {kind}" for kind in _ORDER if kinds[kind])
        yield f"Not in the store as the files have it: {told}."
        table = _Rows("File", "Place", "Kind", "Reason")
        for each in rejects[:_SHOWN]:
            place = each["place"] if each["line"] is None else f"line {each['line']}, column {each['column']}"
            table.add(each["file"], place, each["kind"], each["reason"])
        yield table
        if len(rejects) > _SHOWN:
            yield f"These are the first {_SHOWN}, --json lists all."
        if all_of_them is not None:
            yield f"All of them, with their text, secrets included: {plain(all_of_them)}"
    yield from _ignored(document)
    if notes := document["notes"]:
        yield f"{_number(len(notes), 'note')} on what was read otherwise than it stands: --json lists them."


def _ignored(document: Document) -> Iterable[_Part]:
    if not document["ignored"]:
        return
    yield "Left aside on purpose:"
    table = _Rows("File", "Reason")
    for each in document["ignored"][:_SHOWN]:
        table.add(each["file"], each["reason"])
    yield table
    if len(document["ignored"]) > _SHOWN:
        yield f"These are the first {_SHOWN} of {len(document['ignored'])}, --json lists all."


def _listed(sentences: Iterable[str]) -> Iterable[str]:
    return (f"  - {plain(each)}" for each in sentences)


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _bytes(count: int) -> str:
    return decimal(count)
