"""The states in which a power cut can leave a disk, from the records of what was done to it.

The model is the conservative one, on which a program may rely whatever file system lies below it:

- What was written to a file is on the medium for certain once that file was synced, and its length with it. Of what was
  written since, any part may be there: all, none, the later without the earlier; a write may be cut off at a sector or
  at a page; a file may have grown, with zeros where the data is missing.
- A name is there, or gone, for certain once its folder was synced; syncing the file is not enough, also not after
  its creation. Until then each change of a folder is kept or lost by itself, in any combination.
- A rename within a folder is whole: never both names, never neither, and the name that it takes over is that of the
  old file or of the new one. Between two folders it is two changes, one in each.

Results that are known of this model: SQLite's write-ahead log with synchronous=FULL loses nothing, a rollback journal
may, because its removal is a change of the folder that nobody syncs.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest

from burndown_spec.faults.recording import ROOT, Record

__all__ = ["DiskState", "DiskStates", "disk_states", "uncut"]

SECTOR, PAGE = 512, 4096

KEPT, GROWN = "kept", "grown"


@dataclass(frozen=True)
class DiskState:
    """What lies on the disk after a cut: `files` and `folders` by their paths from the topmost folder, as "store/a".

    The cut came after the first `moment` records, when the run had told `marks`. `kind` says what became of the
    changes that were not synced.
    """

    moment: int
    kind: str
    marks: tuple[str, ...]
    folders: tuple[str, ...]
    files: dict[str, bytes]


@dataclass(frozen=True)
class _Data:
    """A change of a file that was not synced."""

    file: int
    offset: int
    data: bytes
    size: int = -1
    """What it is cut or grown to; -1 for a write."""

    def torn(self, step: int) -> list[int]:
        """The lengths at which the write may be cut, at multiples of `step` on the medium: the first and the last."""
        end = self.offset + len(self.data)
        places = range(self.offset // step * step + step, end, step)
        return sorted({place - self.offset for place in (*places[:1], *places[-1:])})

    def do(self, content: bytearray, how: str) -> None:
        if self.size >= 0:
            del content[self.size :]
            content.extend(bytes(self.size - len(content)))
            return
        data, offset = self.data, self.offset
        kind, _, length = how.partition(" ")
        if kind == "head":
            data = data[: int(length)]
        elif kind == "tail":
            offset, data = offset + int(length), data[int(length) :]
        end = offset + len(data)
        content.extend(bytes(max(0, end - len(content))))
        if how != GROWN:
            content[offset:end] = data


@dataclass(frozen=True)
class _Names:
    """A change of a folder that was not synced: each name, and the file that has it from then on, 0 for none."""

    folder: int
    entries: tuple[tuple[str, int], ...]


_Change = _Data | _Names
_Choice = dict[int, str]
"""What is kept of the changes, by their places: all of it, its length alone, its head up to a byte or the rest."""
_Way = tuple[str, Callable[[], _Choice]]


@dataclass
class _Disk:
    """The disk as it is for certain, and the changes that are not, oldest first."""

    contents: dict[int, bytearray] = field(default_factory=dict)
    entries: dict[int, dict[str, int]] = field(default_factory=lambda: {ROOT: {}})
    changes: list[_Change] = field(default_factory=list)

    def follow(self, record: Record) -> None:
        if record.kind in ("write", "truncate"):
            size = record.size if record.kind == "truncate" else -1
            self.changes.append(_Data(record.file, record.offset, record.data, size))
        elif record.kind == "sync":
            self._sync(record.file)
        elif record.kind == "settled":
            for number in [*self.contents, *self.entries]:
                self._sync(number)
        elif record.kind != "mark":
            if record.kind == "create":
                self.contents[record.file] = bytearray()
            elif record.kind == "mkdir":
                self.entries[record.file] = {}
            self.changes += _names_changed(record)

    def _sync(self, number: int) -> None:
        for change in self.changes:
            if isinstance(change, _Data) and change.file == number:
                change.do(self.contents[number], KEPT)
            elif isinstance(change, _Names) and change.folder == number:
                _rename(self.entries[number], change)
        self.changes = [each for each in self.changes if _subject(each) != number]

    def state(self, choice: _Choice) -> tuple[tuple[str, ...], dict[str, bytes]]:
        """The folders and the files where so much of the changes was kept."""
        touched = {_subject(self.changes[place]) for place in choice}
        contents = {number: bytearray(data) if number in touched else data for number, data in self.contents.items()}
        entries = {number: dict(names) for number, names in self.entries.items()}
        for place in sorted(choice):
            change = self.changes[place]
            if isinstance(change, _Data):
                change.do(contents[change.file], choice[place])
            else:
                _rename(entries[change.folder], change)
        folders: list[str] = []
        files: dict[str, bytes] = {}
        waiting = [("", ROOT)]
        while waiting:
            path, number = waiting.pop()
            for name, found in sorted(entries[number].items()):
                if found in entries:
                    folders.append(f"{path}{name}")
                    waiting.append((f"{path}{name}/", found))
                else:
                    files[f"{path}{name}"] = bytes(contents[found])
        return tuple(sorted(folders)), dict(sorted(files.items()))


def _names_changed(record: Record) -> list[_Change]:
    if record.kind == "rename" and record.folder != record.new_folder:
        moved = _Names(record.new_folder, ((record.new_name, record.file),))
        return [_Names(record.folder, ((record.name, 0),)), moved]
    if record.kind == "rename":
        return [_Names(record.folder, ((record.name, 0), (record.new_name, record.file)))]
    return [_Names(record.folder, ((record.name, record.file),))]


def _rename(names: dict[str, int], change: _Names) -> None:
    for name, number in change.entries:
        if number:
            names[name] = number
        else:
            names.pop(name, None)


def _subject(change: _Change) -> int:
    return change.file if isinstance(change, _Data) else change.folder


def _ways(changes: Sequence[_Change], draw: random.Random, grew: bool) -> Iterator[_Way]:
    """The ways in which a cut leaves the changes, each with its kind.

    Where nothing happened but that one `grew` them, ways without it have been told before, and most are left out.
    """
    places = range(len(changes))
    names = [place for place in places if isinstance(changes[place], _Names)]
    data = [place for place in places if isinstance(changes[place], _Data)]

    def without(lost: Collection[int]) -> _Choice:
        return {place: KEPT for place in places if place not in lost}

    def only(kept: Iterable[int]) -> _Choice:
        return dict.fromkeys(kept, KEPT)

    def with_names(kept: Iterable[int], how: str = KEPT) -> _Choice:
        return only(names) | dict.fromkeys(kept, how)

    yield "everything kept", lambda: without(())
    if not grew:
        yield "nothing kept", dict
    if not changes:
        return
    if names and data:
        yield "names without data", lambda: with_names(())
        yield "data without names", lambda: only(data)
    if data:
        yield "lengths without data", lambda: with_names(data, GROWN)
        yield "the last write alone", lambda: with_names(data[-1:])
        yield "the first write lost", lambda: without(data[:1])
        drawn = data[draw.randrange(len(data))]
        yield "a write lost", lambda: without((drawn,))
        yield "a write grown", lambda: without(()) | {drawn: GROWN}
        files = sorted({_subject(changes[place]) for place in data})
        for file in files if len(files) > 1 else ():
            own = [place for place in data if _subject(changes[place]) == file]
            yield "one file alone", partial(with_names, own)
            yield "one file lost", partial(without, own)
        for place in sorted({data[-1], drawn}):
            yield from _torn(changes, place)
    if names and not (grew and places[-1] in data):
        for place in sorted({names[0], names[-1], draw.choice(names)}):
            yield "a name lost", partial(without, (place,))
            yield "a name alone", partial(only, [*data, place])
    if not grew:
        for count in sorted({1, len(changes) // 2, draw.randrange(len(changes))}):
            yield "all up to a change", partial(only, range(count))
    for share in (0.3, 0.7):
        yield "any changes", partial(_drawn, places, share, draw.random())
        yield "any writes", partial(lambda *drawn: with_names(_drawn(*drawn)), data, share, draw.random())


def _drawn(places: Iterable[int], share: float, seed: float) -> _Choice:
    draw = random.Random(seed)
    return {place: KEPT for place in places if draw.random() < share}


def _torn(changes: Sequence[_Change], place: int) -> Iterator[_Way]:
    change = changes[place]
    assert isinstance(change, _Data)
    for step, kind in ((SECTOR, "torn at a sector"), (PAGE, "torn at a page")):
        for length in change.torn(step):
            yield kind, partial(_with_torn, place, place, f"head {length}")
            yield kind, partial(_with_torn, len(changes), place, f"tail {length}")


def _with_torn(until: int, place: int, how: str) -> _Choice:
    return dict.fromkeys(range(until), KEPT) | {place: how}


def disk_states(records: Sequence[Record], *, seed: int, limit: int | None = None) -> DiskStates:
    """The states after a cut at every moment, in their order; after the last record `settled`, where there is one.

    Each kind of loss is met at each moment; among many changes that are equal in kind it is drawn which are kept. Given
    a `limit`, about so many of the states: every one in which all or nothing of the unsynced is there as soon as
    something was told, and of the others some of each kind after each kind of record of each file, the first one in the
    run among them. Of such a sample one state of each kind comes first, and each part of the rest is from the whole
    run, so that it is worth something also where it is not tried to its end.
    """
    return DiskStates(_without_scratch(records), seed, limit)


class DiskStates:
    """States, each made when it is come to. `kinds` says how many kinds they are of: in a sample, so many are first."""

    def __init__(self, records: Sequence[Record], seed: int, limit: int | None) -> None:
        self._records, self._seed, self._limit = records, seed, limit
        chosen = None if limit is None else _sample(records, seed, limit)
        by_kind: dict[str, list[int]] = {}
        for place, kind in _distinct(records, seed, limit, chosen):
            by_kind.setdefault(kind, []).append(place)
        self.kinds = len(by_kind)
        self._places = [place for places in by_kind.values() for place in places]
        draw = random.Random(seed)
        self._parts = [set(self._places)] if limit is None else _parts(list(by_kind.values()), draw)

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[DiskState]:
        for part in self._parts:
            for place, cut, (kind, choice) in _all_ways(self._records, self._seed, self._limit):
                if place in part:
                    folders, files = cut.disk.state(choice())
                    yield DiskState(cut.moment, kind, cut.marks, folders, files)


def _distinct(
    records: Sequence[Record], seed: int, limit: int | None, chosen: Collection[int] | None
) -> Iterator[tuple[int, str]]:
    """The places and kinds of the chosen that leave other changes than those before them."""
    met: set[tuple[object, ...]] = set()
    settled = -1
    for place, cut, (kind, choice) in _all_ways(records, seed, limit):
        if not cut.grew and cut.moment != settled:
            # From here on, what is there for certain is other than before, or more was told.
            settled = cut.moment
            met.clear()
        if chosen is None or place in chosen:
            key = tuple(sorted(choice().items()))
            if key not in met:
                met.add(key)
                yield place, kind


def _parts(by_kind: Sequence[list[int]], draw: random.Random, count: int = 6) -> list[set[int]]:
    """One place of each kind, and the others dealt out."""
    first = {draw.choice(places) for places in by_kind}
    rest = sorted(place for places in by_kind for place in places if place not in first)
    draw.shuffle(rest)
    return [first, *(set(rest[number::count]) for number in range(count))]


def uncut(records: Sequence[Record]) -> DiskState:
    """What lies on the disk in the end, where nothing was lost."""
    disk = _Disk()
    for record in records:
        disk.follow(record)
    folders, files = disk.state(dict.fromkeys(range(len(disk.changes)), KEPT))
    marks = tuple(record.name for record in records if record.kind == "mark")
    return DiskState(len(records), "all is there", marks, folders, files)


def _without_scratch(records: Sequence[Record]) -> list[Record]:
    # Memory that is mapped to a file comes to the disk whenever the kernel likes. Where nobody ever syncs that file,
    # nobody relies on it either.
    synced = {each.file for each in records if each.kind == "sync"}
    mapped = {each.file for each in records if each.mapped}
    return [each for each in records if not (each.kind in ("write", "truncate") and each.file in mapped - synced)]


@dataclass(frozen=True)
class _Cut:
    """One moment. `last` is what happened just before, and to what; `grew` says that it was a change not synced."""

    moment: int
    last: tuple[str, int]
    marks: tuple[str, ...]
    grew: bool
    disk: _Disk


def _all_ways(records: Sequence[Record], seed: int, limit: int | None) -> Iterator[tuple[int, _Cut, _Way]]:
    draw = random.Random(seed)
    # In a long run of writes to one file, where a sample is asked for, most moments need not be looked at.
    stride = 1 if limit is None else 1 + len(records) // (2 * limit)
    disk, place = _Disk(), 0
    marks: tuple[str, ...] = ()
    last = Record("settled")
    first = max((number for number, each in enumerate(records, 1) if each.kind == "settled"), default=0)
    for moment in range(len(records) + 1):
        before, last = last, Record("settled")
        if moment:
            last = records[moment - 1]
            disk.follow(last)
            if last.kind == "mark":
                marks = (*marks, last.name)
        goes_on = (last.kind, last.file) == (before.kind, before.file)
        if moment >= first and not (goes_on and moment % stride):
            grew = last.kind not in ("sync", "mark", "settled")
            cut = _Cut(moment, (last.kind, last.file or last.folder), marks, grew, disk)
            for way in _ways(disk.changes, draw, cut.grew):
                yield place, cut, way
                place += 1


def _sample(records: Sequence[Record], seed: int, limit: int) -> set[int]:
    chosen: set[int] = set()
    strata: dict[tuple[str, str, int], dict[int, list[int]]] = {}
    for place, cut, (kind, _) in _all_ways(records, seed, limit):
        if cut.last[0] == "mark" and kind in ("nothing kept", "everything kept"):
            chosen.add(place)
        else:
            strata.setdefault((kind, *cut.last), {}).setdefault(len(cut.marks), []).append(place)
    draw = random.Random(seed)
    orders = [_spread(list(by_mark.values()), draw) for by_mark in strata.values()]
    for turn in zip_longest(*orders):
        # Where not all of a turn find room, no kind is preferred to another.
        for place in draw.sample(turn, len(turn)):
            if place is not None and len(chosen) < limit:
                chosen.add(place)
    return chosen


def _spread(parts: list[list[int]], draw: random.Random) -> list[int]:
    """The places in the order in which they are chosen: the first of all, and then in turns from each part of the run.

    The first time that something happens to a file is like no other.
    """
    first, shuffled = parts[0][0], [draw.sample(members, len(members)) for members in parts]
    draw.shuffle(shuffled)
    return [first, *(place for turn in zip_longest(*shuffled) for place in turn if place not in (None, first))]
