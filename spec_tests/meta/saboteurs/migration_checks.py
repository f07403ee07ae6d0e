"""Migrations that take damage, backups, stores or themselves at their word (contract, 21.7 to 21.9)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from burndown_store.contract import History, Record, fields, replace, same
from burndown_store.migration.backups import FileEntry, entry_of
from burndown_store.sqlite import SqliteBackend
from deviating import Deviating
from saboteurs import saboteur
from saboteurs.migration_contents import made_otherwise

Right = Callable[..., Any]

MIGRATING = "burndown_store.migration.migrating"
BACKUPS = "burndown_store.migration.backups"
CONTENTS = "burndown_store.migration.contents"
STATISTICS = "burndown_store.legacy.statistics"
SOURCE = "burndown_store.legacy.sources:Source"


def _all_or_none(right: Right) -> Right:
    def by_date(rows: Any, source: Any) -> list[Any]:
        before = len(source._findings.rejects)
        found: list[Any] = right(rows, source)
        bad = [each for each in source._findings.rejects[before:] if each.kind == "unreadable"]
        return [] if bad else found

    return by_date


@saboteur("migration-keeps-the-neighbours-of-what-is-bad", says=("get_statistics", "expected 2, got 0"))
class LosesTheNeighbours(SqliteBackend):
    """Gives the other rows of a file up with a bad one."""

    migration = Deviating({f"{STATISTICS}:_by_date": _all_or_none})


@saboteur(
    "migration-keeps-the-neighbours-of-what-is-bad",
    "migration-takes-the-newest-of-two-spellings",
    says=("many",),
)
class KeepsNoText(SqliteBackend):
    """Reports what it did not read by its place alone."""

    migration = Deviating({f"{SOURCE}._spelled": lambda _: lambda *_: ""})


@saboteur(
    "migration-keeps-the-neighbours-of-what-is-bad",
    "migration-tells-all-problems-at-once",
    says=("unreadable", "issues[1]"),
)
class SkipsWhatHasNoKey(SqliteBackend):
    """Says nothing of an issue that has no key."""

    migration = Deviating(
        {
            "burndown_store.legacy.issues:_add": lambda right: (
                lambda cached, raw, *more: right(cached, raw, *more) if "key" in raw else None
            )
        }
    )


def _as_any_file(right: Right) -> Right:
    def reject_all(source: Any, error: Exception) -> None:
        source.refetchable = False
        right(source, error)

    return reject_all


@saboteur("migration-sets-damaged-caches-aside", says=("raised MigrationError", "jira_cache.json"))
class MindsDamagedCaches(SqliteBackend):
    """Keeps the user out for a cache that is cut off."""

    migration = Deviating({f"{SOURCE}._reject_all": _as_any_file})


@saboteur("migration-sets-damaged-caches-aside", says=("get_issues", "['AB-1']"))
class KeepsHalfACache(SqliteBackend):
    """Keeps the issues that stand before the place where the file is cut off, as if they were all."""

    @staticmethod
    def _until_the_cut(right: Right) -> Right:
        def pieces(source: Any, opened: Any) -> Iterator[Any]:
            try:
                yield from right(source, opened)
            except Exception:
                return

        return pieces

    migration = Deviating({f"{SOURCE}.pieces": _until_the_cut})


@saboteur(
    "migration-sets-damaged-caches-aside",
    "migration-tells-all-problems-at-once",
    says=("damage='none'", "is one sentence for each of these"),
)
class IsNeverStrict(SqliteBackend):
    """Sets damaged caches aside, whether it is told to or not."""

    migration = Deviating(
        {
            f"{MIGRATING}:_Migration._problems": lambda right: (
                lambda self, rejects: right(self, [each for each in rejects if not each.refetchable])
            )
        }
    )


@saboteur(
    "migration-refuses-what-cannot-be-fetched-again",
    "migration-sets-damaged-caches-aside",
    "migration-survives-folders-that-are-no-ids",
    "migration-tells-all-problems-at-once",
    says=("refusal_of", "is one sentence for each of these"),
)
class SkipsWhatIsBad(SqliteBackend):
    """Migrates what can be read, because most of it can."""

    migration = Deviating({f"{MIGRATING}:_Migration._problems": lambda _: lambda *_: ()})


@saboteur(
    "migration-refuses-what-cannot-be-fetched-again",
    "migration-sets-damaged-caches-aside",
    "migration-tells-all-problems-at-once",
    says=("refusal_of", "is one sentence for each of these"),
)
class TellsTheFirstProblem(SqliteBackend):
    """Tells one problem at a time."""

    migration = Deviating({f"{MIGRATING}:_Migration._problems": made_otherwise(lambda problems: problems[:1])})


def _tidy_up(root: Path) -> None:
    for path in root.glob("profiles/**/*.tmp"):
        path.unlink()


@saboteur("migration-leaves-the-old-files", says=("query.tmp", "files_below"))
class TidiesUp(SqliteBackend):
    """Removes the temporary files that the old application left."""

    migration = Deviating(afterwards=_tidy_up)


def _write_anew(root: Path) -> None:
    for path in root.glob("profiles/*/profile.json"):
        data = path.read_bytes()
        if b"\r\n" in data:
            path.write_bytes(data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n"))


@saboteur("migration-leaves-the-old-files", says=("files_below", "profile.json"))
class MendsOldFiles(SqliteBackend):
    """Takes the byte order mark and the line ends of Windows out of old files."""

    migration = Deviating(afterwards=_write_anew)


def _what_was_read(right: Right) -> Right:
    def make(root: Path, generation: str, sources: dict[str, Path], *more: Any) -> Any:
        read = {name: path for name, path in sources.items() if path.name != "notes.txt"}
        return right(root, generation, read, *more)

    return make


@saboteur("migration-backs-every-file-up", says=("backed_up", "notes.txt"))
class BacksUpWhatItKnows(SqliteBackend):
    """Leaves a file out of the backup that is none of the application's."""

    migration = Deviating(
        {
            f"{MIGRATING}:make_backup": _what_was_read,
            f"{MIGRATING}:_Migration._refuse_changes": lambda _: lambda *_: None,
        }
    )


def _copied_as_text(right: Right) -> Right:
    def copy(source: Path, target: Path) -> FileEntry:
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8-sig", errors="replace")
        target.write_text(text, encoding="utf-8", newline="\n")
        return entry_of(target)

    return copy


@saboteur("migration-backs-every-file-up", says=("backed_up", "profiles/p/profile.json"))
class BacksUpTexts(SqliteBackend):
    """Copies the text of each file, and with it neither its byte order mark nor its line ends."""

    migration = Deviating(
        {f"{BACKUPS}:_copy": _copied_as_text, f"{MIGRATING}:_Migration._refuse_changes": lambda _: lambda *_: None}
    )


def _with_shorter_sums(root: Path) -> None:
    for place in root.glob("backups/*/manifest.json"):
        manifest = json.loads(place.read_bytes())
        for entry in manifest["files"].values():
            entry["sha256"] = entry["sha256"][:32]
        place.write_text(json.dumps(manifest), encoding="utf-8")


@saboteur("migration-backs-every-file-up", "a-second-start-does-nothing", says=("manifest_of", "expected '"))
class CutsTheSums(SqliteBackend):
    """Has room for sums of 32 digits in its manifest."""

    migration = Deviating(afterwards=_with_shorter_sums)


@saboteur(
    "migration-notices-what-comes-back-different",
    "migration-notices-changes-in-another-order",
    "migration-notices-what-is-missing",
    says=("migrate_altered", "raises MigrationError"),
)
class CountsRecords(SqliteBackend):
    """Compares how many records there are."""

    migration = Deviating(
        {
            f"{CONTENTS}:_compared": lambda _: (
                lambda where, given, stored, *_: (
                    [] if len(given) == len(list(stored)) else [f"{where}: some are missing"]
                )
            )
        }
    )


@saboteur("migration-notices-what-comes-back-different", says=("migrate_altered", "100.0", "raises MigrationError"))
class ComparesLoosely(SqliteBackend):
    """Compares with `==`, for which 1, 1.0 and True are one."""

    migration = Deviating({f"{CONTENTS}:same": lambda _: lambda given, stored: given == stored})


def _in_seconds(value: Any) -> Any:
    if isinstance(value, Record):
        return replace(value, **{name: _in_seconds(each) for name, each in fields(value).items()})
    return value.replace(microsecond=0) if isinstance(value, datetime) else value


@saboteur(
    "migration-notices-what-comes-back-different", says=("migrate_altered", "expires_at", "raises MigrationError")
)
class ComparesSeconds(SqliteBackend):
    """Compares instants in whole seconds."""

    migration = Deviating(
        {f"{CONTENTS}:same": lambda right: lambda given, stored: right(_in_seconds(given), _in_seconds(stored))}
    )


@saboteur("migration-notices-what-comes-back-different", says=("migrate_altered", "'app state'"))
class LooksAtNoState(SqliteBackend):
    """Reads everything back but the application's state."""

    migration = Deviating(
        {f"{CONTENTS}:same": lambda right: lambda given, stored: type(given) is dict or right(given, stored)}
    )


@saboteur(
    "migration-notices-what-comes-back-different",
    "migration-notices-what-is-missing",
    says=("migrate_altered", "'Metric'", "raises MigrationError"),
)
class LooksAtNoMetrics(SqliteBackend):
    """Reads everything back but the metrics."""

    migration = Deviating(
        {
            f"{CONTENTS}:_compared": lambda right: (
                lambda where, *more: [] if where.endswith("metrics") else right(where, *more)
            )
        }
    )


def _in_any_order(record: Any) -> Any:
    if not isinstance(record, History):
        return record
    return replace(record, changes=sorted(record.changes, key=repr))


@saboteur("migration-notices-changes-in-another-order", says=("migrate_mixed", "'Change'", "raises MigrationError"))
class ComparesChangesSorted(SqliteBackend):
    """Sorts changes before it compares them."""

    migration = Deviating(
        {f"{CONTENTS}:same": lambda right: lambda given, stored: right(_in_any_order(given), _in_any_order(stored))}
    )


def _what_came_back(right: Right) -> Right:
    def compared(where: str, given: Any, stored: Any, *identity: str) -> Iterator[str]:
        wanted = {tuple(getattr(record, name) for name in identity): record for record in given}
        for record in stored:
            if not same(wanted.get(tuple(getattr(record, name) for name in identity)), record):
                yield f"{where}: one came back different"

    return compared


@saboteur("migration-notices-what-is-missing", says=("migrate_mixed", "raises MigrationError"))
class LooksUpWhatCameBack(SqliteBackend):
    """Looks for each record that came back in the files, and never the other way round."""

    migration = Deviating({f"{CONTENTS}:_compared": _what_came_back})


@saboteur("migration-reports-counts", says=("issues", "expected 2, got 4"))
class CountsWhatItMet(SqliteBackend):
    """Counts the issues that are in rejects with those in the store."""

    @staticmethod
    def _with_rejects(right: Right) -> Right:
        def add(tally: Any, contents: Any) -> None:
            right(tally, contents)
            tally.counts["issues"] += sum(each.place.startswith("issues[") for each in contents.rejects)

        return add

    migration = Deviating({f"{CONTENTS}:Tally.add": _with_rejects})


@saboteur("migration-tells-its-progress", says=("progress_of", "each done from 0 up to its total"))
class NeverComesToTheEnd(SqliteBackend):
    """Tells what comes next, and not that a phase is done."""

    migration = Deviating(
        {
            f"{MIGRATING}:_Migration._tell": lambda right: (
                lambda self, phase, done, total, what: right(self, phase, done, total, what) if done < total else None
            )
        }
    )


@saboteur("migration-tells-its-progress", says=("progress_of", "each done from 0 up to its total"))
class GuessesTheTotal(SqliteBackend):
    """Adds to the total as it finds more to do."""

    migration = Deviating(
        {
            f"{MIGRATING}:_Migration._tell": lambda right: (
                lambda self, phase, done, total, what: right(self, phase, done, done or 1, what)
            )
        }
    )


@saboteur("migration-tells-its-progress", says=("progress_of", "each done from 0 up to its total"))
class SaysNothingOfTheBackup(SqliteBackend):
    """Tells nothing while it copies files."""

    migration = Deviating(
        {
            f"{MIGRATING}:_Migration._tell": lambda right: (
                lambda self, phase, *more: None if phase == "backing up" else right(self, phase, *more)
            )
        }
    )
