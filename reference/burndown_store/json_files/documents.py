"""JSON documents that two readers share: the old application, and this backend.

The old application reads the members that it knows and passes over the others. So a record's fields go where it looks
for them; what a record keeps in its `extra` or `details` goes beside them, as members of the same names, which is where
such things came from; and what the layout has no place for goes into one member of our own, `burndown_store`:

    made      names of members that are written for the old application alone, and are not read back
    kept      of `extra` or `details` what bears the name of a member that means something else
    …         what the file's own module puts there

All text is written in ASCII, because the old application reads some files in the encoding of its platform.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import msgspec

from burndown_store.contract import Json

__all__ = [
    "OURS",
    "Document",
    "decoded",
    "document_of",
    "encoded",
    "extra_of",
    "instant_from",
    "instant_text",
    "jira_instant_text",
    "local_text",
    "optional_instant_from",
]

Document: TypeAlias = dict[str, Any]

OURS: Final = "burndown_store"
"""The member that is ours."""

_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(dict[str, Any])
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_NOT_ASCII: Final = re.compile("[^\x00-\x7f]")


def encoded(document: Mapping[str, Any], *, indented: bool = True) -> bytes:
    """The text of a document in the style of the old application: ASCII, indented by two."""
    data = _ENCODER.encode(document)
    if indented:
        data = msgspec.json.format(data, indent=2)
    if data.isascii():
        return data
    # Outside of its strings, JSON is ASCII.
    return _NOT_ASCII.sub(_escaped, data.decode("utf-8")).encode("ascii")


def decoded(data: bytes, decoder: msgspec.json.Decoder[Any] = _DECODER) -> Any:
    """The document, decoded as the decoder says. Raises `msgspec.MsgspecError`."""
    return decoder.decode(data.removeprefix(_BYTE_ORDER_MARK))


def document_of(
    known: Mapping[str, Any],
    extra: Json,
    *,
    reserved: Collection[str],
    made: Mapping[str, Any] | None = None,
    ours: Mapping[str, Any] | None = None,
) -> Document:
    """A record's `known` members, what it has in `extra`, and what is ours.

    `reserved` names every member that may be known, present or not. Members in `made` are for the old application, and
    are written where `extra` does not give them.
    """
    added = {name: value for name, value in (made or {}).items() if name not in extra}
    kept = {name: value for name, value in extra.items() if name in reserved or name == OURS}
    own = {**(ours or {}), **({"made": list(added)} if added else {}), **({"kept": kept} if kept else {})}
    free = {name: value for name, value in extra.items() if name not in kept}
    return {**known, **added, **free, **({OURS: own} if own else {})}


def extra_of(document: Document, *, reserved: Collection[str]) -> Json:
    """What was given as `extra` to `document_of`."""
    own = document.get(OURS, {})
    passed_over = {*reserved, *own.get("made", ()), OURS}
    free = {name: value for name, value in document.items() if name not in passed_over}
    return {**free, **own.get("kept", {})}


def instant_text(instant: datetime) -> str:
    """As the old application writes what it knows the zone of: `2025-11-20T08:15:30.123456+00:00`."""
    return instant.isoformat()


def local_text(instant: datetime) -> str:
    """As it writes other times, without a zone, in that of the machine: `2025-11-20T09:15:30.123456`.

    It compares some of them with its own clock. They are written for it alone: what they mean changes with the machine,
    so none is read back.
    """
    try:
        local = instant.astimezone()
    except (OverflowError, ValueError, OSError):
        local = instant
    return local.replace(tzinfo=None).isoformat()


def jira_instant_text(instant: datetime) -> str:
    """As JIRA writes them: `2025-11-20T08:15:30.123+0000`, in milliseconds."""
    return instant.replace(tzinfo=None).isoformat(timespec="milliseconds") + "+0000"


def instant_from(text: str) -> datetime:
    """The instant that a text with a zone stands for. Raises `ValueError`, `TypeError`."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("a time without a zone")
    return instant.astimezone(UTC)


def optional_instant_from(text: str | None) -> datetime | None:
    """As `instant_from`; None for None."""
    return None if text is None else instant_from(text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
