"""Archives that users downloaded from the old application: looked through before anything of them is written."""

from __future__ import annotations

import re
import shutil
import stat
import unicodedata
import zipfile
import zlib
from pathlib import Path
from typing import Final

from burndown_store.transfer.errors import ImportRefusedError

__all__ = ["MAX_BYTES", "MAX_FILES", "Allowance", "extract", "is_archive", "is_file_name"]

# 50 profiles of 100 queries with 5 files each are all that the old application allowed; the rest is room.
MAX_FILES: Final = 50_000
# A cache has 50 MB at most, and a workspace a few of them. What an archive says of its sizes binds it: no more than
# that is ever taken out of it.
MAX_BYTES: Final = 2 << 30
# JSON that repeats itself becomes up to a hundred times smaller, nothing but zeros a thousand times.
_MAX_RATIO: Final = 250
# Below this a high ratio harms nobody.
_SMALL: Final = 1 << 20
# A system backup is an archive of archives; deeper it never went.
_MAX_NESTING: Final = 2

_BEGINNINGS: Final = (b"PK\x03\x04", b"PK\x05\x06")
_LONGEST_NAME: Final = 200
_NO_NAME: Final = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Allowance:
    """What may still be taken out of archives, those inside of others included."""

    def __init__(self) -> None:
        self.files, self.bytes, self.nesting = MAX_FILES, MAX_BYTES, _MAX_NESTING


def is_archive(path: Path) -> bool:
    """Whether the file begins as an archive does, whatever it is called. Raises `OSError`."""
    with path.open("rb") as file:
        return file.read(4) in _BEGINNINGS


def is_file_name(name: str) -> bool:
    """Whether every system can have a file or a folder of this name, right where it is asked for."""
    return (
        0 < len(name.encode("utf-8", "surrogatepass")) <= _LONGEST_NAME
        and _NO_NAME.search(name) is None
        and name[-1] not in " ."
        and _DEVICE.fullmatch(name) is None
        and not any("\ud800" <= character <= "\udfff" for character in name)
    )


def extract(path: Path, into: Path, allowance: Allowance, label: str) -> None:
    """Take the files of an archive out into the folder `into`, after looking at every entry.

    Raises `ImportRefusedError`, which calls the archive `label`, and `OSError`.
    """
    if allowance.nesting == 0:
        raise ImportRefusedError(f"{label}: an archive in an archive in an archive; unpack it and import its folders")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _expect_sound(entries, allowance, label)
            for entry in entries:
                if not entry.is_dir():
                    target = into.joinpath(*_parts(entry.filename))
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(entry) as source, target.open("wb") as file:
                        shutil.copyfileobj(source, file)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error, UnicodeError, RuntimeError):
        raise ImportRefusedError(f"{label}: the archive is damaged; download or copy it again") from None


def _expect_sound(entries: list[zipfile.ZipInfo], allowance: Allowance, label: str) -> None:
    seen: dict[str, bool] = {}
    for position, entry in enumerate(entries, start=1):
        # The names of hostile entries are not repeated.
        where = f"{label}: entry {position} of the archive"
        if not _is_inside(entry):
            raise ImportRefusedError(f"{where}: its name leads out of the archive or is none; do not import it")
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ImportRefusedError(f"{where}: a link or a device instead of a file; do not import it")
        if entry.flag_bits & 0x1:
            raise ImportRefusedError(f"{where}: it is encrypted; decrypt the archive before")
        if entry.compress_type not in _METHODS:
            raise ImportRefusedError(f"{where}: it is packed in a way that is not read here; pack the archive again")
        _expect_once(seen, entry, where)
        if entry.file_size > _SMALL and entry.file_size > _MAX_RATIO * max(entry.compress_size, 1):
            raise ImportRefusedError(f"{where}: it unpacks to more than {_MAX_RATIO} times its size; do not import it")
        allowance.files -= 1
        allowance.bytes -= entry.file_size
    if allowance.files < 0:
        raise ImportRefusedError(f"{label}: more than {MAX_FILES} files; import parts of it")
    if allowance.bytes < 0:
        raise ImportRefusedError(f"{label}: it unpacks to more than {MAX_BYTES} bytes; import parts of it")


def _expect_once(seen: dict[str, bool], entry: zipfile.ZipInfo, where: str) -> None:
    """`seen` has the places taken so far, as a system without case knows them, and whether each is a folder."""
    parts = [unicodedata.normalize("NFC", part).casefold() for part in _parts(entry.filename)]
    places = ["/".join(parts[: length + 1]) for length in range(len(parts))]
    folders = places if entry.is_dir() else places[:-1]
    taken = not entry.is_dir() and places[-1] in seen
    if taken or any(not seen.get(folder, True) for folder in folders):
        raise ImportRefusedError(f"{where}: its name is there twice; pack the archive again")
    seen.update(dict.fromkeys(folders, True))
    seen.setdefault(places[-1], entry.is_dir())


def _parts(name: str) -> list[str]:
    return name.removesuffix("/").split("/")


def _is_inside(entry: zipfile.ZipInfo) -> bool:
    # Also the name as it stands in the archive: what is given as `filename` ends at a NUL.
    return all(is_file_name(part) for name in (entry.filename, entry.orig_filename) for part in _parts(name))
