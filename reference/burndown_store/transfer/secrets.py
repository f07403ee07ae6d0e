"""What must not leave with an export: found by the names that it stands under, and then wherever else it stands.

A member whose name ends in one of `_ENDINGS`, however it is spelled, is dropped with all that it holds, as the old
application did in its packages; null, "", true and false stay, since they tell no secret. So are the credentials in
an address (`https://user:password@…`). This holds for every JSON object of a record, also for JSON that is kept as
text, but neither for the documents of issues nor for the values of a scope, whose names are JIRA's fields and
statuses. A user's name or e-mail address is no secret by itself and stays, as does the address of the server.

Whatever was dropped from profiles, queries, tasks or state is a known secret; in all other text, and in the names of
members, it becomes `MARK`. Secrets shorter than `_SHORTEST` are dropped where they stand but not looked for elsewhere:
they would be found inside of words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeVar

from burndown_store.contract import (
    History,
    Issue,
    Json,
    JsonText,
    Metric,
    Profile,
    Query,
    Record,
    Task,
    fields,
    replace,
)
from burndown_store.transfer.errors import ExportRefusedError

__all__ = ["MARK", "Redaction", "is_secret"]

R = TypeVar("R", bound=Record)

MARK: Final = "<REDACTED_FOR_EXPORT>"
"""What the old application wrote into its archives in place of a token."""

_ENDINGS: Final = (
    *("token", "tokens", "password", "passwd", "pwd", "pass", "passphrase", "secret", "secrets", "jirapat"),
    *("apikey", "accesskey", "privatekey", "credential", "credentials"),
    *("auth", "authorization", "bearer", "cookie", "cookies", "sessionid"),
)
_SHORTEST: Final = 6
_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9]")
_SCHEME: Final = re.compile(r"(?:Basic|Bearer|Token)\s+", re.IGNORECASE)
_IN_ADDRESS: Final = re.compile(r"(?<=://)[^/\s:@\"]*:([^/\s@\"]+)@")
_NOTHING: Final = re.compile(r"(?!)")
# A member whose value is text, in JSON that cannot be read: the end of the text may be missing.
_MEMBER: Final = re.compile(r'"((?:[^"\\]|\\.)*)"\s*:\s*"((?:[^"\\]|\\.)*)')
# What is nested deeper than this is treated as JSON that cannot be read, because it would end the recursion.
_DEEPEST: Final = 200

_IDENTIFIERS: Final[dict[type[Record], str]] = {
    Profile: "id",
    Query: "id",
    Issue: "key",
    History: "issue_key",
    Metric: "name",
    Task: "name",
}


def is_secret(name: str) -> bool:
    """Whether a member of this name holds a secret: `token`, `jira_token`, `Api-Token`, `clientSecret` …"""
    return _NOT_IN_NAMES.sub("", name.casefold()).endswith(_ENDINGS)


class Redaction:
    """Takes secrets out of records, those included that `settings` (records and JSON objects) hold."""

    def __init__(self, settings: Iterable[object]) -> None:
        known = {text for value in settings for text in _secrets_in(value)}
        # The longest first, so that a secret that begins another leaves no end of it.
        spelled = [re.escape(text) for text in sorted(known, key=lambda text: (-len(text), text))]
        self._known: re.Pattern[str] = re.compile("|".join(spelled)) if spelled else _NOTHING

    def record(self, record: R) -> R:
        """The record without secrets. Raises `ExportRefusedError` where its identifier is or holds one."""
        identifier = _IDENTIFIERS.get(type(record))
        if identifier is not None:
            self._expect_no_secret(getattr(record, identifier), type(record).__name__)
        return replace(record, **{name: self._field(name, value) for name, value in fields(record).items()})

    def app_state(self, state: dict[str, str]) -> dict[str, str]:
        """The application's state without secrets. Raises as `record` does, for its keys."""
        for key in state:
            self._expect_no_secret(key, "key of the application's state")
        cleaned: dict[str, str] = self._cleaned(state, named=True)
        return cleaned

    def _expect_no_secret(self, identifier: str, what: str) -> None:
        if self._known.search(identifier):
            raise ExportRefusedError(
                f"an identifier ({what}) holds a password or token of a profile; rename it, or export with secrets"
            )

    def _text(self, text: str, *, named: bool) -> str:
        """The text without secrets, also where it is JSON."""
        value = _json_in(text)
        cleaned = self._cleaned(value, named=named)
        plain = self._plain(text if cleaned == value else json.dumps(cleaned))
        if not named:
            return plain
        if value is None and _seems_json(plain):
            plain = _MEMBER.sub(_emptied, plain)
        return _IN_ADDRESS.sub("", plain)

    def _field(self, name: str, value: Any) -> Any:
        if isinstance(value, Record):
            return self.record(value)
        if isinstance(value, JsonText):
            return self._document(value)
        if type(value) is list:
            return [self.record(each) for each in value]
        if type(value) in (str, dict):
            return self._cleaned(value, named=name != "values")
        return value

    def _document(self, document: JsonText) -> JsonText:
        # Decoded only where it may hold a secret: as it is, or with escapes in it.
        if "\\" not in document.text and not self._known.search(document.text):
            return document
        cleaned: Json = self._cleaned(document.value(), named=False)
        return JsonText.of(cleaned)

    def _cleaned(self, value: Any, *, named: bool) -> Any:
        if type(value) is dict:
            return {
                self._plain(name): self._cleaned(member, named=named)
                for name, member in value.items()
                if not (named and is_secret(name) and _tells(member))
            }
        if type(value) is list:
            return [self._cleaned(member, named=named) for member in value]
        if type(value) is str:
            return self._text(value, named=named)
        return value

    def _plain(self, text: str) -> str:
        return self._known.sub(MARK, text)


def _tells(value: object) -> bool:
    return value is not None and type(value) is not bool and value != ""


def _emptied(member: re.Match[str]) -> str:
    return f'"{member[1]}": "' if is_secret(member[1]) else member[0]


def _secrets_in(value: object) -> Iterator[str]:
    """The texts of at least `_SHORTEST` that stand under the name of a secret in `value`."""
    if isinstance(value, Record):
        yield from _secrets_in(fields(value))
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from _known_by(member) if is_secret(name) else _secrets_in(member)
    elif isinstance(value, list):
        for member in value:
            yield from _secrets_in(member)
    elif isinstance(value, str):
        yield from (found for found in _IN_ADDRESS.findall(value) if len(found) >= _SHORTEST)
        inner = _json_in(value)
        if inner is not None:
            yield from _secrets_in(inner)
        elif _seems_json(value):
            for name, text in _MEMBER.findall(value):
                yield from _known_by(text) if is_secret(name) else ()


def _known_by(value: object) -> Iterator[str]:
    if isinstance(value, (dict, list)):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _known_by(member)
    elif type(value) in (str, int, float):
        text = str(value)
        # `Bearer abcdef` is one secret in a header, and `abcdef` the same elsewhere.
        yield from (each for each in {text, _SCHEME.sub("", text)} if len(each) >= _SHORTEST and each != MARK)


def _seems_json(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[")


def _json_in(text: str) -> Any:
    """The object or list whose JSON the text is; None for any other text."""
    if not _seems_json(text):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if _is_shallow(value) else None


def _is_shallow(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        inner = [each for each in level if isinstance(each, (dict, list))]
        level = [member for each in inner for member in (each.values() if isinstance(each, dict) else each)]
    return not level
