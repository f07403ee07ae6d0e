"""Migrations that take old files to be sound (contract, 21.19 to 21.21)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from burndown_store.contract import MigrationError, check_identifier
from burndown_store.legacy import files_of
from burndown_store.legacy.documents import Contents, UnreadableError
from burndown_store.sqlite import SqliteBackend
from deviating import Deviating
from saboteurs import saboteur

Right = Callable[..., Any]

DOCUMENTS = "burndown_store.legacy.documents"
FIELDS = "burndown_store.legacy.fields:Fields"
ISSUES = "burndown_store.legacy.issues"
MIGRATING = "burndown_store.migration.migrating"
READING = "burndown_store.legacy.reading"
SOURCES = "burndown_store.legacy.sources"
STATISTICS = "burndown_store.legacy.statistics"


def _empty_where_broken(right: Right) -> Right:
    def json_of(text: str, decoder: Any) -> Any:
        try:
            return right(text, decoder)
        except UnreadableError:
            return {}

    return json_of


@saboteur(
    "migration-survives-a-cut-file",
    "migration-tells-all-problems-at-once",
    "migration-refuses-what-cannot-be-fetched-again",
    says=("has the outcome ['refused']", "'outcome': 'migrated'"),
)
class ReadsACutFileAsEmpty(SqliteBackend):
    """Takes what cannot be read for an empty object, as the application did."""

    migration = Deviating({f"{SOURCES}:json_of": _empty_where_broken})


@saboteur(
    "migration-survives-a-cut-file",
    "migration-refuses-what-cannot-be-fetched-again",
    "migration-backs-every-file-up",
    "migration-survives-odd-numbers",
    "migration-tells-all-problems-at-once",
    "migration-takes-the-last-of-two-at-one-key",
    says="raised JSONDecodeError",
)
class LetsTheParsersErrorPass(SqliteBackend):
    """Lets the error of the JSON parser pass."""

    migration = Deviating({f"{SOURCES}:json_of": lambda _: lambda text, _: json.loads(text)})


@saboteur(
    "migration-survives-a-cut-file",
    "migration-tells-all-problems-at-once",
    says="tells of the line and the column",
)
class TellsNoPlace(SqliteBackend):
    """Says which file cannot be read, and not where in it."""

    migration = Deviating({f"{DOCUMENTS}:_line_and_column": lambda _: lambda *_: (None, None)})


def _new_where_empty(right: Right) -> Right:
    def contents_of(path: Path) -> Contents:
        contents: Contents = right(path)
        return contents if contents.text.strip("\0") else Contents("{}")

    return contents_of


@saboteur(
    "migration-survives-a-file-of-something-else",
    "migration-keeps-the-neighbours-of-what-is-bad",
    "migration-sets-damaged-caches-aside",
    "migration-refuses-what-cannot-be-fetched-again",
    "migration-tells-all-problems-at-once",
    says=("has the outcome ['refused']", "'outcome': 'migrated'"),
)
class TakesAnEmptyFileForANewOne(SqliteBackend):
    """Takes a file without a character in it for one that was just made."""

    migration = Deviating({f"{SOURCES}:contents_of": _new_where_empty})


@saboteur("migration-survives-a-file-of-something-else", says=("has the outcome ['refused']", "'outcome': 'migrated'"))
class IgnoresWhatFollows(SqliteBackend):
    """Reads the first value of a file, and not what stands behind it."""

    migration = Deviating({f"{DOCUMENTS}:_expect_end": lambda _: lambda *_: None})


@saboteur(
    "migration-survives-a-cut-file",
    says="raised UnicodeDecodeError",
)
class DecodesWithoutLooking(SqliteBackend):
    """Lets the error for bytes that are no UTF-8 pass."""

    migration = Deviating(
        {f"{SOURCES}:contents_of": lambda _: lambda path: Contents(path.read_bytes().decode("utf-8-sig"))}
    )


def _parses_everything(right: Right) -> Right:
    def read_workspace(root: Path, **options: Any) -> Any:
        for name, path in files_of(root).items():
            if name.endswith(".backup"):
                try:
                    json.loads(path.read_bytes())
                except ValueError:
                    raise MigrationError("old files are damaged", [f"{name}: no valid JSON"]) from None
        return right(root, **options)

    return read_workspace


@saboteur(
    "migration-survives-damage-in-unread-files", says=("has the outcome ['migrated']", "app_settings.json.backup")
)
class ParsesSafetyCopies(SqliteBackend):
    """Looks at every file there is, safety copies included, before it begins."""

    migration = Deviating({f"{MIGRATING}:read_workspace": _parses_everything})


@saboteur("migration-survives-values-of-other-types", says="raised AttributeError")
class AsksNullForItsKeys(SqliteBackend):
    """Takes it that an issue has fields, and that these are an object."""

    @staticmethod
    def _certain(right: Right) -> Right:
        def add(cached: Any, raw: Any, *more: Any) -> None:
            if isinstance(raw, dict):
                raw.get("fields", {}).get("status")
            right(cached, raw, *more)

        return add

    migration = Deviating({f"{ISSUES}:_add": _certain})


@saboteur(
    "migration-survives-values-of-other-types",
    "migration-keeps-a-profile",
    "any-workspace-is-migrated",
    says="is in the store or in a reject",
)
class ReplacesByDefaults(SqliteBackend):
    """Has a default for what is of another type than expected, and forgets what stood there."""

    migration = Deviating({f"{FIELDS}._keep": lambda _: lambda *_: None})


def _null_for_nan(right: Right) -> Right:
    def contents_of(path: Path) -> Contents:
        contents: Contents = right(path)
        return replace_text(contents, re.sub(r"-?\b(NaN|Infinity)\b", "null", contents.text))

    return contents_of


def replace_text(contents: Contents, text: str) -> Contents:
    return Contents(text, contents.encoding, contents.unreadable)


@saboteur("migration-survives-odd-numbers", says="is in the store or in a reject")
class TakesNanForNull(SqliteBackend):
    """Reads NaN and infinities as null, as stricter writers spell them."""

    migration = Deviating({f"{SOURCES}:contents_of": _null_for_nan})


@saboteur("migration-survives-odd-numbers", says="raised ValueError: Exceeds the limit")
class ReadsNumbersOfAnyLength(SqliteBackend):
    """Lets Python's own limit for the digits of a number pass as an error."""

    migration = Deviating({f"{DOCUMENTS}:Decoder._integer": lambda _: lambda _, digits: int(digits)})


def _until_the_first_bad_row(right: Right) -> Right:
    def by_date(rows: Any, source: Any) -> list[Any]:
        good = []
        for place, row in rows:
            good.append((place, row))
            if not isinstance(row, dict):
                break
        found: list[Any] = right(good, source)
        return found

    return by_date


@saboteur(
    "migration-survives-bad-rows",
    "migration-tells-all-problems-at-once",
    says="statistics",
)
class StopsAtTheFirstBadRow(SqliteBackend):
    """Reports the first row that is none, and reads no further."""

    migration = Deviating({f"{STATISTICS}:_by_date": _until_the_first_bad_row})


@saboteur(
    "migration-survives-bad-rows",
    "migration-tells-all-problems-at-once",
    says=("has a reject", "jira_cache.json"),
)
class SkipsWhatIsNoIssue(SqliteBackend):
    """Passes over what is no issue, and says nothing."""

    @staticmethod
    def _quietly(right: Right) -> Right:
        def add(cached: Any, raw: Any, *more: Any) -> None:
            if isinstance(raw, dict):
                right(cached, raw, *more)

        return add

    migration = Deviating({f"{ISSUES}:_add": _quietly})


@saboteur(
    "migration-tells-all-problems-at-once",
    "migration-sets-damaged-caches-aside",
    "migration-refuses-what-cannot-be-fetched-again",
    says="lists a problem of its own",
)
class TellsTheFirstProblem(SqliteBackend):
    """Raises the first problem that it finds."""

    migration = Deviating({f"{MIGRATING}:_Migration._problems": lambda right: lambda *args: right(*args)[:1]})


@saboteur(
    "migration-tells-all-problems-at-once",
    "migration-refuses-what-cannot-be-fetched-again",
    says=("lists a problem of its own", "statistics[1]"),
)
class TellsOneProblemOfAFile(SqliteBackend):
    """Lists one problem for each file."""

    @staticmethod
    def _one_for_each(right: Right) -> Right:
        def problems(migration: Any, rejects: Any) -> Any:
            firsts: dict[str, Any] = {}
            for reject in rejects:
                if reject.kind == "unreadable":
                    firsts.setdefault(reject.file, reject)
            return right(migration, firsts.values())

        return problems

    migration = Deviating({f"{MIGRATING}:_Migration._problems": _one_for_each})


@saboteur(
    "migration-tells-all-problems-at-once",
    "migration-refuses-what-cannot-be-fetched-again",
    says="lists a problem of its own",
)
class TellsOnlyTheFile(SqliteBackend):
    """Says which file is damaged and why, and not where in it."""

    migration = Deviating({f"{MIGRATING}:_sentence": lambda _: lambda reject: f"{reject.file}: {reject.reason}"})


@saboteur("migration-survives-folders-that-are-no-ids", says="raised ValidationError")
class LetsTheContractsErrorPass(SqliteBackend):
    """Takes every name of a folder for an id, until the contract refuses it."""

    migration = Deviating(
        {f"{READING}:_Reading._is_identifier": lambda _: lambda self, place: bool(check_identifier(place.id, "id"))}
    )


@saboteur("migration-survives-folders-that-are-no-ids", says=("has the outcome ['refused']", "'outcome': 'migrated'"))
class PassesOverLongNames(SqliteBackend):
    """Passes over a folder whose name is no id, and says nothing."""

    @staticmethod
    def _quietly(_: Right) -> Right:
        return lambda self, place: len(place.id) <= 200 and not re.search("[\ud800-\udfff]", place.id)

    migration = Deviating({f"{READING}:_Reading._is_identifier": _quietly})
