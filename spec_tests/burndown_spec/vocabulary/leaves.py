"""Whether each value of old files is still somewhere after their migration, by a reading of those files of its own."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from burndown_spec.vocabulary.outcomes import Raised, attempt
from burndown_store.contract import to_json

__all__ = ["leaf_spellings", "leaves_of", "lost_leaves", "parts_of_file", "records_by_place"]


def lost_leaves(files: dict[str, Any], contents: dict[str, Any], report: dict[str, Any]) -> list[str]:
    """The values of the files that neither the store, nor a reject, nor the list of ignored files accounts for.

    A value counts by the key that it stands under, and as often as it stands in one record, entry, issue or row.
    Equal instants are one value; 1, 1.0, "1" and true are four. Only copies, caches that nothing reads and temporary
    files may be ignored.
    """
    of_no_use = r"metrics_cache\.json|cache/.*|.*\.backup|_migrated_backup/.*|(.*/)?backup_[^/]*\.csv|.*\.tmp"
    ignored = {each["file"] for each in report["ignored"] if re.fullmatch(of_no_use, each["file"])}
    records = records_by_place(contents)
    held = {place: Counter(leaves_of(record)) for place, record in records.items()}
    rejected: dict[str, Counter[tuple[str, str]]] = {}
    whole_texts = set()
    for reject in report["rejects"]:
        value = attempt(json.loads, reject["raw"])
        name = re.split(r"[.\[]", reject["place"].rstrip("]0123456789["))[-1]
        folder = reject["file"].rpartition("/")[0]
        if isinstance(value, Raised) or not reject["place"]:
            whole_texts.add((reject["file"], reject["raw"].encode(reject["encoding"])))
        if not isinstance(value, Raised):
            rejected.setdefault(folder, Counter()).update(leaves_of(value, name))
    lost: list[str] = []
    all_held = {place: Counter(leaves) for place, leaves in held.items()}
    for file, content in files.items():
        text = content if isinstance(content, bytes) else json.dumps(content, indent=2).encode("utf-8")
        if file in ignored or (file, text.removeprefix(b"\xef\xbb\xbf")) in whole_texts:
            continue
        parts = attempt(lambda file=file, text=text: list(parts_of_file(file, text, records)))
        if isinstance(parts, Raised):
            lost.append(f"{file}: all of it")
            continue
        # The registry repeats what the profiles say; a record need not tell it twice for that.
        telling = all_held if file.startswith("profiles/profiles.") else held
        # Of two for one place the last counts as a rule, so that it comes first here.
        for place, value in reversed(parts):
            pools = [telling.get(place, Counter()), rejected.get(file.rpartition("/")[0], Counter())]
            for leaf in leaves_of(value):
                wanted = [(pool, each) for pool in pools for each in leaf_spellings(*leaf) if pool[each] > 0]
                if wanted:
                    pool, each = wanted[0]
                    pool[each] -= 1
                else:
                    lost.append(f"{file}: {' '.join(place)}: {leaf[0]} = {leaf[1]}")
    return sorted(lost)


def leaves_of(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Each value that holds no other, with the key that it stands under, or its list; instants have one spelling."""
    if isinstance(value, dict) and value:
        for key, member in value.items():
            yield from leaves_of(member, key)
    elif isinstance(value, list) and value:
        for member in value:
            yield from leaves_of(member, name)
    else:
        time = r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)"
        if isinstance(value, str) and re.fullmatch(time, value):
            yield name, datetime.fromisoformat(value).astimezone(UTC).isoformat()
        else:
            yield name, json.dumps(value)


def leaf_spellings(name: str, spelling: str) -> list[tuple[str, str]]:
    """The leaf itself and those that tell the same: the contract's name of the key, a float, an instant in UTC."""
    pairs = """
        last_used=last_used_at jql_query=jql cached_at=fetched_at timestamp=fetched_at last_updated=fetched_at
        key=issue_key fromString=from_text toString=to_text from=from_value to=to_value fieldId=field_id
        fieldtype=field_type id=history_id displayName=author created=changed_at no_items=completed_items
        no_points=completed_points jira_url=base_url jira_token=token jira_email=email jira_configured=configured
        jira_api_endpoint=api_endpoint jira_story_points_field=points_field jira_cache_max_size=cache_size_mb
        jira_max_results=max_results_per_call
    """
    renamed = dict(pair.split("=") for pair in pairs.split())
    found = [(each, spelling) for each in dict.fromkeys((name, renamed.get(name, name)))]
    if re.fullmatch(r"(completed|created|remaining)_points|velocity_.*", found[-1][0]) and spelling.isdecimal():
        found += [(each, f"{spelling}.0") for each, _ in found]
    if re.fullmatch(r'"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?"', spelling):
        instant = datetime.fromisoformat(spelling.strip('"')).replace(tzinfo=UTC).isoformat()
        found += [(each, instant) for each, _ in found]
    return found


def parts_of_file(file: str, text: bytes, records: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each part of a file that becomes a record of its own, and the place that it has in the store.

    `records` are those of the store by place. Raises `ValueError` for text that is no JSON, and for an unknown file.
    """
    *folders, base = file.split("/")
    profile = folders[1] if len(folders) > 1 else "default"
    queries = [place[2] for place in records if place[:2] == ("query", profile)]
    query = folders[3] if len(folders) > 3 else queries[0] if folders and len(queries) == 1 else "main"
    here = (profile, query)
    kinds = {
        "statistics": r"(forecast_)?statistics\.csv",
        "registry": r"profiles\.(json|tmp)",
        "profile": r"(profile|app_settings|forecast_settings)(\.json)?(\.tmp)?",
        "query": r"query(\.json)?(\.tmp)?",
        "saved": r"jira_query_profiles\.json",
        "issues": r"jira_cache\.json",
        "changes": r"jira_changelog_cache\.json",
        "figures": r"project_data.*",
        "metrics": r"metrics_snapshots.*",
        "task": r"\.?task_progress.*",
    }
    kind = next((kind for kind, names in kinds.items() if re.fullmatch(names, base)), None)
    if kind == "statistics":
        lines = text.decode("utf-8-sig").splitlines()
        delimiter = ";" if lines[0].count(";") > lines[0].count(",") else ","
        for row in csv.DictReader(io.StringIO("\n".join(lines)), delimiter=delimiter):
            yield ("statistic", *here, row["date"][:10]), row
        return
    value = json.loads(text.decode("utf-8-sig"))
    if kind == "registry":
        entries = value.pop("profiles")
        named = entries.items() if isinstance(entries, dict) else [(entry["id"], entry) for entry in entries]
        yield from ((("profile", name), entry) for name, entry in named)
        yield ("app state",), value
    elif kind == "profile":
        yield ("profile", profile), value
    elif kind == "query":
        yield ("query", *here), value
    elif kind == "saved":
        yield from ((("query", profile, entry["id"]), entry) for entry in value)
    elif kind == "task":
        yield ("task", value["task_id"]), value
    elif kind == "figures":
        rows = [] if isinstance(value, dict) and value.get("statistics") is None else value
        rows = rows.pop("statistics") if isinstance(rows, dict) else rows
        for row in rows:
            if isinstance(row, dict):
                yield ("statistic", *here, row["date"][:10]), row
            else:
                yield ("statistic", *here, ""), {"statistics": row}
        if isinstance(value, dict) and value:
            yield ("scope", *here), value
    elif kind == "metrics":
        for label, metrics in value.items():
            for name, metric in metrics.items():
                yield ("metric", *here, label[:4] + "-W" + label[-2:], name), {name: metric}
    elif kind in ("issues", "changes"):
        beside = value if isinstance(value, dict) else {"issues": value}
        list_name = "data" if "data" in beside else "issues"
        entries = [(issue.get("key", ""), issue) for issue in beside.pop(list_name, [])]
        if kind == "changes":
            names = [name for name, entry in beside.items() if isinstance(entry, dict)]
            entries += [(name, beside.pop(name)) for name in names]
        for key, entry in entries:
            changelog = entry.pop("changelog", None) if kind == "issues" else None
            yield ("issue" if kind == "issues" else "history", *here, key), entry
            if changelog:
                yield ("history", *here, key), changelog
        if beside:
            yield ("cache info", *here), beside
    else:
        raise ValueError("nobody knows this file")


def records_by_place(contents: dict[str, Any]) -> dict[tuple[str, ...], Any]:
    """What `contents_of` a store gave, as JSON values by kind and identity."""
    found: dict[tuple[str, ...], Any] = {}
    state = {key: attempt(json.loads, text) for key, text in contents["app state"].items()}
    found["app state",] = {
        key: value if isinstance(value, dict) else contents["app state"][key] for key, value in state.items()
    }
    for task in contents["tasks"]:
        found["task", task.name] = to_json(task)
    for profile in contents["profiles"]:
        found["profile", profile.id] = to_json(profile)
        for query in contents[profile.id]:
            here = (profile.id, query.id)
            below = contents["/".join(here)]
            found["query", *here] = to_json(query)
            for kind in ("cache info", "scope"):
                if below[kind] is not None:
                    found[kind, *here] = to_json(below[kind])
            found.update((("issue", *here, issue.key), to_json(issue)) for issue in below["issues"])
            found.update((("history", *here, history.issue_key), to_json(history)) for history in below["histories"])
            found.update((("statistic", *here, str(row.date)), to_json(row)) for row in below["statistics"])
            for metric in below["metrics"]:
                record = to_json(metric)
                found["metric", *here, metric.week, metric.name] = {metric.name: record}
    return found
