"""What a damaged database still gives: every row that can be read, and which may be missing.

A table is read along its key, from both ends, and from every key that is known from elsewhere, so that a damaged page
costs the rows that lie in it. Where the first page or the layout is damaged, each table is found by where it lies in a
sound database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from burndown_store.sqlite.schema import SCHEMA_VERSION, scripts

__all__ = ["Key", "Lost", "Salvaged", "TableShape", "keys_in", "nothing", "salvage", "shapes_of"]

Key: TypeAlias = tuple[Any, ...]
Row: TypeAlias = tuple[Any, ...]

_PAGE: Final = 4096
_LARGEST: Final = 2**63 - 1
_PAGE_COUNT: Final = slice(28, 32)
# A gap among rows that have numbers is narrowed by so many looks.
_LOOKS_IN_A_GAP: Final = 4_000


@dataclass(frozen=True)
class TableShape:
    """A table: its columns, those of its key, and by what it is read in order."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    has_rowid: bool

    @property
    def order(self) -> tuple[str, ...]:
        return ("rowid",) if self.has_rowid else self.key

    def key_of(self, row: Row) -> Key:
        return tuple(row[self.columns.index(name)] for name in self.key)


@dataclass
class Lost:
    """Keys that are known to be missing, and ranges, without their ends, in which there may be others."""

    keys: set[Key] = field(default_factory=set)
    ranges: list[tuple[Key | None, Key | None]] = field(default_factory=list)

    def may_hold(self, key: Key) -> bool:
        """Whether the row of that key may have been lost, rather than deleted."""
        return key in self.keys or any(
            (low is None or low < key) and (high is None or key < high) for low, high in self.ranges
        )


@dataclass
class Salvaged:
    """The rows of every table, by its name, of the version of the layout; `lost` has those that are not whole."""

    version: int
    rows: dict[str, dict[Key, Row]]
    lost: dict[str, Lost]


def shapes_of(version: int) -> list[TableShape]:
    """The tables of a version of the layout, each after those that it refers to."""
    with closing(_pattern(version)) as pattern:
        return _shapes(pattern)


def keys_in(path: Path) -> dict[str, set[Key]]:
    """The keys of all rows, by table, of a sound database of the present version."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            shape.name: set(connection.execute(f"SELECT {', '.join(shape.key)} FROM {shape.name}"))
            for shape in shapes_of(SCHEMA_VERSION)
        }


def nothing() -> Salvaged:
    """What a file gives that is not there, or is empty."""
    names = [shape.name for shape in shapes_of(SCHEMA_VERSION)]
    return Salvaged(SCHEMA_VERSION, {name: {} for name in names}, {name: Lost(ranges=[(None, None)]) for name in names})


def salvage(path: Path, version: int | None, known: dict[str, set[Key]]) -> Salvaged:
    """Read what there is in the database at `path`, a copy that may be changed; its log is used where it fits.

    `version` is None where it cannot be told. `known` are keys, by table, that may be there.
    """
    if version is not None and _names(path) >= {shape.name for shape in shapes_of(version)}:
        return _salvage(path, _Layout(version, None), known)
    versions = [version] if version else range(SCHEMA_VERSION, 0, -1)
    layouts = [_Layout(each, compacted) for each in versions for compacted in (False, True)]
    return _salvage(path, max(layouts, key=lambda layout: _first_rows(path, layout)), known)


@dataclass(frozen=True)
class _Layout:
    """Where tables are looked for: where the file says, or where they are in a sound one, compacted or not."""

    version: int
    compacted: bool | None


def _salvage(path: Path, layout: _Layout, known: dict[str, set[Key]]) -> Salvaged:
    shapes = shapes_of(layout.version)
    result = Salvaged(layout.version, {}, {})
    for shape in shapes:
        source = path if layout.compacted is None else _with_first_page(path, layout, shape.name)
        lost = Lost()
        with closing(_connection(source)) as connection:
            rows = _Reading(connection, shape, lost).rows(_seeds(shape, known, result.rows))
        result.rows[shape.name] = rows
        if lost.keys or lost.ranges:
            result.lost[shape.name] = lost
    return result


def _first_rows(path: Path, layout: _Layout) -> int:
    """How many tables begin where the layout has them: with a row that can be one of theirs."""
    found = 0
    for shape in shapes_of(layout.version):
        with closing(_connection(_with_first_page(path, layout, shape.name))) as connection:
            try:
                row = connection.execute(f"SELECT {', '.join(shape.key)} FROM {shape.name} LIMIT 1").fetchone()
            except sqlite3.Error:
                continue
            place = _decoded(row or ())
            # One that is empty may be so.
            found += 1 if row is None else 8 * (place is not None and _is_place(place, shape.key))
    return found


def _seeds(shape: TableShape, known: dict[str, set[Key]], read: dict[str, dict[Key, Row]]) -> set[Key]:
    """Keys at which reading may begin again behind damage: those that may be there, and the first of each query."""
    seeds = set(known.get(shape.name, ()))
    if shape.name == "changes":
        seeds |= {(query, issue_key, 0) for table in ("issues", "histories") for query, issue_key in read[table]}
    if shape.name == "histories":
        seeds |= set(read["issues"])
    if shape.key[0] == "query" and len(shape.key) > 1:
        numbers = {key[0] for key in read["queries"]} | {key[0] for key in known.get("queries", ())}
        # What a number is followed by is nothing but the least of its kind.
        least = tuple(0 if name == "position" else "" for name in shape.key[1:])
        seeds |= {(number, *least) for number in numbers}
    return seeds


class _Reading:
    """One table, read around what cannot be read."""

    def __init__(self, connection: sqlite3.Connection, shape: TableShape, lost: Lost) -> None:
        self._connection, self._shape, self._lost = connection, shape, lost
        self._found: dict[Key, Row] = {}
        # From where to where it was read without a break, in the order of reading; None is the beginning or the end.
        self._runs: list[tuple[Key | None, Key | None]] = []
        columns = ", ".join(f'"{name}"' for name in shape.columns)
        hint = " NOT INDEXED" if shape.has_rowid else ""
        self._select = f"SELECT {', '.join(shape.order)}, {columns} FROM {shape.name}{hint}"

    def rows(self, seeds: Iterable[Key]) -> dict[Key, Row]:
        """All rows that can be read, by key. Fills in what is lost."""
        listed, complete = self._listed_by_indexes()
        reached = self._run_up(None)
        if self._gaps():
            self._run_down(reached)
            if self._shape.has_rowid:
                self._narrow()
            else:
                for seed in sorted({*seeds, *listed}):
                    if not self._is_read(seed):
                        self._run_up(seed)
        # A damaged page may send who reads in order past rows that are found when they are asked for.
        for key in sorted({*(seeds if self._gaps() else ()), *listed} - self._found.keys()):
            self._look_up(key)
        self._lost.keys |= listed - self._found.keys()
        if not complete:
            numbered = self._shape.key in (("number",), ("query",))
            whole: list[tuple[Key | None, Key | None]] = [(None, None)]
            gaps = self._gaps()
            self._lost.ranges += gaps if numbered or not self._shape.has_rowid else whole if gaps else []
        return self._found

    def _listed_by_indexes(self) -> tuple[set[Key], bool]:
        """The keys that the table's indexes hold, and whether one of them could be read to its end."""
        listed: set[Key] = set()
        complete = False
        try:
            indexes = self._connection.execute(f"PRAGMA index_list({self._shape.name})").fetchall()
            for _, name, _, origin, _ in indexes:
                # The key of a table without row numbers is the table itself.
                if self._shape.has_rowid or origin != b"pk":
                    complete |= self._list(name.decode(), listed)
        except (sqlite3.Error, UnicodeDecodeError):
            return listed, complete
        return listed, complete

    def _list(self, index: str, listed: set[Key]) -> bool:
        """Add the keys that the index holds; whether it could be read to its end."""
        about = self._connection.execute(f'PRAGMA index_xinfo("{index}")').fetchall()
        columns = [name.decode() for _, _, name, _, _, _ in about if name]
        if not set(self._shape.key) <= set(columns):
            return False
        statement = (
            f'SELECT {", ".join(self._shape.key)} FROM {self._shape.name} INDEXED BY "{index}"'
            f" ORDER BY {', '.join(columns)}"
        )
        # Pages that refer to one another in a circle would never end.
        most = self._pages() * _PAGE
        try:
            for count, row in enumerate(self._connection.execute(statement)):
                key = _decoded(row)
                if key is None or not _is_place(key, self._shape.key) or count > most:
                    return False
                listed.add(key)
        except sqlite3.Error:
            return False
        return True

    def _run_up(self, start: Key | None) -> Key | None:
        """Read from `start` on as far as that goes, or to what was read before; the last place."""
        order = ", ".join(self._shape.order)
        where = f"WHERE ({order}) >= ({', '.join('?' * len(start))})" if start else ""
        last: Key | None = None
        try:
            for place, row in self._ordered(f"{where} ORDER BY {order}", start or ()):
                if last is not None and place <= last:
                    break
                if start is not None and self._is_read(place):
                    self._runs.append((start, place))
                    return place
                self._take(row)
                last = place
            else:
                self._runs.append((start, None))
                return last
        except sqlite3.Error:
            pass
        if last is not None:
            self._runs.append((start, last))
        return last

    def _run_down(self, until: Key | None) -> None:
        """Read from the end back to `until`, or as far as that goes."""
        order = ", ".join(f"{name} DESC" for name in self._shape.order)
        last: Key | None = None
        try:
            for place, row in self._ordered(f"ORDER BY {order}", ()):
                if until is not None and place <= until:
                    self._runs.append((until, None))
                    return
                if last is not None and place >= last:
                    break
                self._take(row)
                last = place
            else:
                self._runs.append((None, None))
                return
        except sqlite3.Error:
            pass
        if last is not None:
            self._runs.append((last, None))

    def _ordered(self, rest: str, parameters: Key) -> Iterator[tuple[Key, Row]]:
        """Rows with their places; ends with an `sqlite3.Error` at one whose place makes no sense."""
        count = len(self._shape.order)
        for row in self._connection.execute(f"{self._select} {rest}", parameters):
            place = _decoded(row[:count])
            if place is None or not _is_place(place, self._shape.order):
                raise sqlite3.DatabaseError("the key of a row is none")
            yield place, row[count:]

    def _take(self, row: Row) -> None:
        decoded = _decoded(row)
        if decoded is not None:
            self._found[self._shape.key_of(decoded)] = decoded
            return
        key = _decoded(self._shape.key_of(row))
        if key is not None:
            self._lost.keys.add(key)
        else:
            self._lost.ranges.append((None, None))

    def _look_up(self, key: Key) -> None:
        names = self._shape.key
        rest = f"WHERE ({', '.join(names)}) = ({', '.join('?' * len(key))})"
        try:
            # Not by number alone: the row is found by the index that has the key.
            for row in self._connection.execute(f"{self._select.removesuffix(' NOT INDEXED')} {rest}", key):
                decoded = _decoded(row[len(self._shape.order) :])
                if decoded is not None and self._shape.key_of(decoded) == key:
                    self._found[key] = decoded
                    return
        except sqlite3.Error:
            return

    def _narrow(self) -> None:
        """Read by number inside the gaps: a range that cannot be read as a whole is halved."""
        waiting = [
            (low[0] + 1 if low else 1, high[0] - 1 if high else self._highest_number()) for low, high in self._gaps()
        ]
        for _ in range(_LOOKS_IN_A_GAP):
            if not waiting:
                return
            low, high = waiting.pop()
            try:
                # To find the end of a range SQLite reads the row behind it, which may be on a damaged page.
                found = list(
                    self._ordered("WHERE rowid = ?", (low,))
                    if low == high
                    else self._ordered("WHERE rowid BETWEEN ? AND ? ORDER BY rowid", (low, high))
                )
            except sqlite3.Error:
                if low < high:
                    middle = (low + high) // 2
                    waiting += [(middle + 1, high), (low, middle)]
                continue
            for _, row in found:
                self._take(row)
            self._runs.append(((low,), (high,)))

    def _highest_number(self) -> int:
        """As far as rows may be numbered where the last page cannot be read: as many as could fit."""
        known = [end[0] for run in self._runs for end in run if end]
        return min(_LARGEST, max(known, default=0) + 64 * self._pages())

    def _pages(self) -> int:
        try:
            (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
        except sqlite3.Error:
            return 0
        return int(pages)

    def _is_read(self, place: Key) -> bool:
        return any((low is None or low <= place) and (high is None or place <= high) for low, high in self._runs)

    def _gaps(self) -> list[tuple[Key | None, Key | None]]:
        """The ranges, without their ends, in which nothing was read."""
        gaps: list[tuple[Key | None, Key | None]] = []
        reached: Key | None = None
        for low, high in sorted(self._runs, key=lambda run: (run[0] is not None, run[0] or ())):
            if low is not None and (reached is None or self._is_apart(reached, low)):
                gaps.append((reached, low))
            if high is None:
                return gaps
            reached = high if reached is None else max(reached, high)
        gaps.append((reached, None))
        return gaps

    def _is_apart(self, low: Key, high: Key) -> bool:
        return bool(low[0] + 1 < high[0]) if self._shape.has_rowid else low < high


def _is_place(place: Key, order: Sequence[str]) -> bool:
    numbers = ("rowid", "query", "position", "number")
    return all(type(value) is (int if name in numbers else str) for value, name in zip(place, order, strict=True))


def _decoded(row: Iterable[Any]) -> Row | None:
    """The row with its texts, None where one of them is no text."""
    try:
        return tuple(value.decode("utf-8") if isinstance(value, bytes) else value for value in row)
    except UnicodeDecodeError:
        return None


def _connection(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.text_factory = bytes
    return connection


def _names(path: Path) -> set[str]:
    """The tables that the layout names, as far as it can be read."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error:
        return set()


def _pattern(version: int) -> sqlite3.Connection:
    """An empty store of the version."""
    pattern = sqlite3.connect(":memory:", isolation_level=None)
    pattern.execute(f"PRAGMA page_size = {_PAGE}")
    pattern.execute("PRAGMA auto_vacuum = INCREMENTAL")
    for script in scripts()[:version]:
        pattern.executescript(script)
    return pattern


def _shapes(pattern: sqlite3.Connection) -> list[TableShape]:
    shapes = []
    for (name,) in pattern.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid").fetchall():
        columns = pattern.execute(f"PRAGMA table_info({name})").fetchall()
        key = sorted((place, column) for _, column, _, _, _, place in columns if place)
        (without_rowid,) = pattern.execute("SELECT wr FROM pragma_table_list(?)", (name,)).fetchone()
        shapes.append(
            TableShape(name, tuple(each[1] for each in columns), tuple(each for _, each in key), not without_rowid)
        )
    return shapes


def _with_first_page(path: Path, layout: _Layout, table: str) -> Path:
    """A copy of the file with a first page of its own, that knows one table, and where it lies in a sound file."""
    made = path.with_name("with-first-page.db")
    made.unlink(missing_ok=True)
    with closing(_pattern(layout.version)) as pattern:
        if layout.compacted:
            pattern.execute("VACUUM")
        places = pattern.execute("SELECT name, rootpage FROM sqlite_master WHERE tbl_name = ?", (table,)).fetchall()
        statements = pattern.execute(
            "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY rowid", (table,)
        ).fetchall()
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as first:
        first.execute(f"PRAGMA page_size = {_PAGE}")
        first.execute("PRAGMA auto_vacuum = INCREMENTAL")
        for (statement,) in statements:
            first.execute(statement)
        first.execute("PRAGMA writable_schema = ON")
        for name, number in places:
            first.execute("UPDATE sqlite_master SET rootpage = ? WHERE name = ?", (number, name))
        page = bytearray(first.serialize()[:_PAGE])
    data = path.read_bytes()
    page[_PAGE_COUNT] = (len(data) // _PAGE).to_bytes(4, "big")
    made.write_bytes(bytes(page) + data[_PAGE : len(data) // _PAGE * _PAGE])
    return made
