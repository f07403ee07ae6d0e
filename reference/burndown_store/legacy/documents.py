"""The text of a file as JSON, whole or piece by piece. Tolerates what Python's own writer makes (NaN, infinities)."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

__all__ = [
    "MAX_BYTES",
    "Contents",
    "Decoder",
    "JsonPath",
    "UnreadableError",
    "contents_of",
    "json_of",
    "pieces_of",
    "spelled",
]

# Cache files of 50 MB are usual; what is larger than this is no file of the application.
MAX_BYTES: Final = 1 << 30

JsonPath = tuple[str | int, ...]

_SPACE: Final = re.compile(r"[ \t\n\r]*")
# Python refuses to read longer numbers unless told otherwise; the limit can be set as low as this.
_LONGEST_NUMBER: Final = 640


class UnreadableError(Exception):
    """A file, or its text, cannot be read: why, and where if that is known (line and column from 1)."""

    def __init__(self, reason: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.line, self.column = reason, line, column


@dataclass(frozen=True, slots=True)
class Contents:
    """The text of a file without its byte order mark; `unreadable` says what keeps it from being UTF-8 text."""

    text: str
    encoding: Literal["utf-8", "latin-1"] = "utf-8"
    unreadable: UnreadableError | None = None


def contents_of(path: Path) -> Contents:
    """What the file holds. Raises nothing: what cannot be read at all has no text and a reason."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return Contents("", unreadable=UnreadableError("expected a file; something else has this name"))
        if found.st_size > MAX_BYTES:
            reason = f"the file has {found.st_size} bytes; at most {MAX_BYTES} are read"
            return Contents("", unreadable=UnreadableError(reason))
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return Contents("", unreadable=UnreadableError(f"the file cannot be read: {reason}"))
    unreadable = _why_no_text(data)
    if unreadable is not None:
        return Contents(data.decode("latin-1"), "latin-1", unreadable)
    return Contents(data.decode("utf-8-sig"))


def _why_no_text(data: bytes) -> UnreadableError | None:
    if not data:
        return UnreadableError("the file is empty (0 bytes), as a save that was cut short leaves it")
    if not data.strip(b"\0"):
        return UnreadableError(f"the file is nothing but {len(data)} NUL bytes, as a power cut leaves it")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return UnreadableError("the file is UTF-16; save it as UTF-8")
    if b"\0" in data:
        return UnreadableError("the file holds NUL bytes", *_line_and_byte(data, data.index(0)))
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        cut = error.end >= len(data) and error.reason == "unexpected end of data"
        reason = "the file is cut off in the middle of a character" if cut else "the file is not UTF-8"
        return UnreadableError(reason, *_line_and_byte(data, error.start))
    return None


def _line_and_byte(data: bytes, at: int) -> tuple[int, int]:
    return data.count(b"\n", 0, at) + 1, at - data.rfind(b"\n", 0, at)


class Decoder:
    """Decodes JSON, and remembers each key that stood twice in one object.

    `long_numbers` counts the integers of thousands of digits, which Python refuses to read and which become text.
    """

    def __init__(self, *, long_numbers_as_text: bool = False) -> None:
        self._lenient = long_numbers_as_text
        self.long_numbers = 0
        self._twice: list[tuple[dict[str, Any], str, Any]] = []
        read_integer: Callable[[str], Any] = self._integer if long_numbers_as_text else int
        self._decoder = json.JSONDecoder(object_pairs_hook=self._object, parse_int=read_integer)

    def decode_at(self, text: str, at: int) -> tuple[Any, int]:
        """The value at `at`, where no space is, and where it ends. Raises `UnreadableError`."""
        try:
            return self._decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise _unreadable(text, error.pos, error.msg) from None
        except RecursionError:
            raise UnreadableError("the file is nested too deeply to be read") from None
        except ValueError:
            # The only other refusal of Python's parser: an integer of thousands of digits.
            if self._lenient:
                raise
            lenient = Decoder(long_numbers_as_text=True)
            found = lenient.decode_at(text, at)
            self._twice += lenient._twice
            self.long_numbers += lenient.long_numbers
            return found

    def taken_twice(self, value: Any) -> list[tuple[JsonPath, Any]]:
        """Where in `value`, decoded last, a key stood more than once, and each value that was not taken."""
        found, self._twice = self._twice, []
        return [((*_way_to(value, holder), key), lost) for holder, key, lost in found]

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        taken = dict(pairs)
        if len(taken) < len(pairs):
            seen: dict[str, Any] = {}
            for key, value in pairs:
                if key in seen:
                    self._twice.append((taken, key, seen[key]))
                seen[key] = value
        return taken

    def _integer(self, digits: str) -> int | str:
        if len(digits) < _LONGEST_NUMBER:
            return int(digits)
        self.long_numbers += 1
        return digits


def _way_to(value: Any, holder: dict[str, Any]) -> JsonPath:
    waiting: list[tuple[JsonPath, Any]] = [((), value)]
    while waiting:
        way, found = waiting.pop()
        if found is holder:
            return way
        members = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
        waiting += [((*way, name), member) for name, member in members]
    # The object lies in a value that was itself not taken.
    return ()


def json_of(text: str, decoder: Decoder) -> Any:
    """The one JSON value of a file. Raises `UnreadableError`."""
    value, at = decoder.decode_at(text, _next(text, 0))
    _expect_end(text, at)
    return value


def pieces_of(text: str, decoder: Decoder, opened: frozenset[str]) -> Iterator[tuple[JsonPath, Any]]:
    """The members of the outermost object or list one by one, with their paths, so that few are in memory at a time.

    A list under a key of `opened` is given element by element. Any other value is given whole, under the path `()`.
    What stands twice comes twice. Raises `UnreadableError` when it comes to a place that is no JSON.
    """
    at = _next(text, 0)
    if text[at : at + 1] == "[":
        at = yield from _elements(text, at, decoder, ())
    elif text[at : at + 1] == "{":
        at = yield from _members(text, at, decoder, opened)
    else:
        yield (), json_of(text, decoder)
        return
    _expect_end(text, at)


def _members(
    text: str, at: int, decoder: Decoder, opened: frozenset[str]
) -> Generator[tuple[JsonPath, Any], None, int]:
    at = _next(text, at + 1)
    if text[at : at + 1] == "}":
        return at + 1
    while True:
        if text[at : at + 1] != '"':
            raise _unreadable(text, at, "Expecting property name enclosed in double quotes")
        name, at = decoder.decode_at(text, at)
        at = _next(text, at)
        if text[at : at + 1] != ":":
            raise _unreadable(text, at, "Expecting ':' delimiter")
        at = _next(text, at + 1)
        if name in opened and text[at : at + 1] == "[":
            at = yield from _elements(text, at, decoder, (name,))
        else:
            value, at = decoder.decode_at(text, at)
            yield (name,), value
        at = _next(text, at)
        if text[at : at + 1] == "}":
            return at + 1
        at = _after_comma(text, at)


def _elements(text: str, at: int, decoder: Decoder, above: JsonPath) -> Generator[tuple[JsonPath, Any], None, int]:
    at = _next(text, at + 1)
    if text[at : at + 1] == "]":
        return at + 1
    position = 0
    while True:
        value, at = decoder.decode_at(text, at)
        yield (*above, position), value
        position += 1
        at = _next(text, at)
        if text[at : at + 1] == "]":
            return at + 1
        at = _after_comma(text, at)


def _after_comma(text: str, at: int) -> int:
    if text[at : at + 1] != ",":
        raise _unreadable(text, at, "Expecting ',' delimiter")
    return _next(text, at + 1)


def _next(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _expect_end(text: str, at: int) -> None:
    at = _next(text, at)
    if at < len(text):
        reason = "valid JSON is followed by other text, as two writers at once leave it"
        raise UnreadableError(reason, *_line_and_column(text, at))


def _unreadable(text: str, at: int, why: str) -> UnreadableError:
    line, column = _line_and_column(text, at)
    if at >= len(text.rstrip()) or why.startswith("Unterminated string"):
        return UnreadableError(
            "the file ends in the middle: it was cut off, or a quote or bracket is missing", line, column
        )
    return UnreadableError(f"no valid JSON: {why}", line, column)


def _line_and_column(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def spelled(path: JsonPath) -> str:
    """A path as people write it: `issues[3].fields.status`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
