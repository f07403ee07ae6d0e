"""One file that is being read: its name for findings, its text for rejects, the zone of its naive times."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace as with_fields
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any, Literal, TypeVar

from burndown_store.contract import Json, Record, ValidationError, check
from burndown_store.jira.repair import valid_json
from burndown_store.legacy.documents import (
    Contents,
    Decoder,
    JsonPath,
    UnreadableError,
    contents_of,
    json_of,
    pieces_of,
)
from burndown_store.legacy.documents import spelled as spelled_path
from burndown_store.legacy.findings import Findings, Note, Reject
from burndown_store.legacy.times import instant_from

__all__ = ["NOTHING", "Source"]

R = TypeVar("R", bound=Record)

# A file without a value: it could not be read, which is reported already.
NOTHING = object()


class Source:
    """`path` is the file, `name` its path below the root; whatever is found out goes to `findings`."""

    def __init__(self, path: Path, name: str, findings: Findings, zone: tzinfo, *, refetchable: bool = False) -> None:
        self.name, self.zone, self.refetchable = name, zone, refetchable
        self._path, self._findings = path, findings
        self._contents = Contents("")

    def text(self) -> str | None:
        """The text of the file; None, and a reject, when it has none."""
        self._contents = contents_of(self._path)
        if self._contents.unreadable is not None:
            self._reject_all(self._contents.unreadable)
            return None
        return self._contents.text

    def value(self) -> Any:
        """The file's JSON value; `NOTHING`, and a reject that holds the whole text, when it has none."""
        text, decoder = self.text(), Decoder()
        if text is None:
            return NOTHING
        try:
            value = json_of(text, decoder)
        except UnreadableError as error:
            self._reject_all(error)
            return NOTHING
        self._reject_keys_taken_twice(decoder, (), value)
        self._note_long_numbers(decoder)
        return value

    def json_object(self, what: str, *, list_as: str | None = None) -> Json | None:
        """As `value`, for a file that has to hold an object, such as `what` describes.

        A bare list is taken for an object that has it under the key `list_as`, if that is given.
        """
        value = self.value()
        if value is NOTHING:
            return None
        if type(value) is list and list_as is not None:
            return {list_as: value}
        if type(value) is not dict:
            self._reject_all(UnreadableError(f"expected {what} (a JSON object), got {name_of_type(value)}"))
            return None
        return value

    def valid_object(self, what: str) -> Json | None:
        """As `json_object`, made to obey the contract's rule 6."""
        found = self.json_object(what)
        return None if found is None else self.repaired(found, "")

    def pieces(self, opened: frozenset[str]) -> Iterator[tuple[JsonPath, Any]]:
        """As `pieces_of`. Before it raises `UnreadableError` for a place that is no JSON, it rejects the whole text."""
        text, decoder = self.text(), Decoder()
        if text is None:
            raise UnreadableError("reported already")
        rejects, notes = len(self._findings.rejects), len(self._findings.notes)
        try:
            for path, value in pieces_of(text, decoder, opened):
                self._reject_keys_taken_twice(decoder, path, value)
                yield path, value
            self._note_long_numbers(decoder)
        except UnreadableError as error:
            # The text holds whatever was said of its parts.
            del self._findings.rejects[rejects:], self._findings.notes[notes:]
            self._reject_all(error)
            raise

    def repaired(self, value: Json, place: str) -> Json:
        """A private copy of `value` by rule 6. Where it had to differ, a reject keeps it as it was."""
        valid, repairs = valid_json(value)
        if repairs:
            reason = "what the contract cannot store was changed: " + "; ".join(repairs)
            self.reject(place, reason, value, kind="repaired")
        return valid

    def accepted(self, record: R, place: str, raw: object) -> R | None:
        """The record, checked; None, and a reject, when the contract refuses it."""
        try:
            return check(record)
        except ValidationError as refusal:
            self.reject(place, str(refusal), raw)
            return None

    def instant(self, text: str) -> tuple[datetime, bool] | None:
        """As `instant_from`, in the caller's zone; a naive time is counted."""
        found = instant_from(text, self.zone)
        if found is not None and found[1]:
            self._findings.naive_times += 1
        return found

    def reject(
        self,
        place: str,
        reason: str,
        raw: object,
        *,
        kind: Literal["unreadable", "superseded", "unplaced", "repaired"] = "unreadable",
    ) -> None:
        """Report `raw`, a JSON value at `place`."""
        self._findings.rejects.append(
            Reject(
                file=self.name,
                place=place,
                kind=kind,
                reason=reason,
                raw=self._spelled(raw),
                refetchable=self.refetchable,
            )
        )

    def note(self, place: str, what: str) -> None:
        self._findings.notes.append(Note(file=self.name, place=place, what=what))

    def reject_text(self, place: str, reason: str, text: str) -> None:
        """Report a part of a file that is no JSON."""
        self.reject(place, reason, "")
        self._findings.rejects[-1] = with_fields(self._findings.rejects[-1], raw=text)

    def _reject_all(self, error: UnreadableError) -> None:
        self._findings.rejects.append(
            Reject(
                file=self.name,
                line=error.line,
                column=error.column,
                reason=error.reason,
                raw=self._contents.text,
                encoding=self._contents.encoding,
                refetchable=self.refetchable,
            )
        )

    def _reject_keys_taken_twice(self, decoder: Decoder, above: JsonPath, value: Any) -> None:
        for path, lost in decoder.taken_twice(value):
            place = spelled_path((*above, *path))
            self.reject(place, "the key stands twice in one object; its last value counts", lost, kind="superseded")

    def _note_long_numbers(self, decoder: Decoder) -> None:
        if decoder.long_numbers:
            self.note("", f"{decoder.long_numbers} integers of hundreds of digits became text")

    def _spelled(self, raw: object) -> str:
        try:
            return json.dumps(raw, default=_plain)
        except RecursionError:
            # Too deep to be spelled again; then the whole text is what can be kept.
            return self._contents.text


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else type(value).__name__


def name_of_type(value: object) -> str:
    """What a JSON value is called in errors."""
    names = {
        dict: "an object",
        list: "a list",
        str: "text",
        bool: "a boolean",
        int: "a number",
        float: "a decimal number",
    }
    return "null" if value is None else names.get(type(value), type(value).__name__)
