"""Files that are cut off, empty, overwritten or of another encoding: each is rejected with its text, and says why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from burndown_fixtures.legacy import tree, write_files, write_tree
from burndown_store.legacy import Reject
from legacy_samples import CHANGES, DATA, ISSUES, METRICS, PROFILE, QUERY, REGISTRY, TASKS, read, read_all, reasons

FILES = [REGISTRY, PROFILE, QUERY, ISSUES, CHANGES, DATA, METRICS, TASKS]


def reject_of(root: Path, file: str, content: bytes) -> Reject:
    (reject,) = read(root, {PROFILE: {}, QUERY: {}, file: content}).rejects
    assert reject.file == file
    assert reject.raw.encode(reject.encoding) == content
    return reject


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    ("content", "reason", "line", "column"),
    [
        (b"", "0 bytes", None, None),
        (bytes(300), "nothing but 300 NUL bytes", None, None),
        (b'{"a": 1}' + bytes(8), "NUL bytes", 1, 9),
        (b'{\r\n  "a": {"b": 1', "cut off", 2, 15),
        (b'{"a": "never fini', "cut off", 1, 7),
        (b'{"a": [1, ', "cut off", 1, 11),
        (b'{"a" 1}', "Expecting ':'", 1, 6),
        (b'{"a": 1, 5: 6}', "Expecting property name", 1, 10),
        (b'{"a": 1}\n}', "followed by other text", 2, 1),
        (b'{"a": "\xfc"}', "not UTF-8", 1, 8),
        (b'{"a": "\xc3', "middle of a character", 1, 8),
        ('{"a": 1}'.encode("utf-16"), "UTF-16", None, None),
        (b"[" * 100_000, "nested too deeply", None, None),
    ],
)
def test_a_file_that_cannot_be_read_is_rejected_with_place_reason_and_text(
    tmp_path: Path, file: str, content: bytes, reason: str, line: int | None, column: int | None
) -> None:
    reject = reject_of(tmp_path, file, content)

    assert reason in reject.reason
    assert (reject.line, reject.column, reject.kind) == (line, column, "unreadable")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("content", [b"5", b'"text"', b"null", b"true"])
def test_a_file_that_holds_another_kind_of_value_is_rejected(tmp_path: Path, file: str, content: bytes) -> None:
    assert "expected" in reject_of(tmp_path, file, content).reason


@pytest.mark.parametrize(
    ("file", "refetchable"),
    [(ISSUES, True), (CHANGES, True), (TASKS, True), (PROFILE, False), (QUERY, False), (DATA, False), (METRICS, False)],
)
def test_a_reject_says_whether_the_application_can_fetch_the_file_again(
    tmp_path: Path, file: str, refetchable: bool
) -> None:
    assert reject_of(tmp_path, file, b"{").refetchable is refetchable


@pytest.mark.parametrize("name", ["g3-cut-cache", "g3-empty-query", "g3-nul-data"])
def test_a_damaged_file_ends_no_neighbour(tmp_path: Path, name: str) -> None:
    sound, damaged = read_all(write_tree(tmp_path / "sound", "g3")), read_all(write_tree(tmp_path / "damaged", name))

    assert len(damaged.rejects) == 1
    assert list(damaged.profiles) == list(sound.profiles)
    assert list(damaged.contents) == list(sound.contents)
    lost = [record for record in sound.records() if record not in list(damaged.records())]
    assert 0 < len(lost) <= 5


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    sound = read_all(write_tree(tmp_path / "sound", "g3"))
    marked = read_all(write_tree(tmp_path / "marked", "g3-mark-and-line-ends"))

    assert list(marked.records()) == list(sound.records())
    assert marked.rejects == []


@pytest.mark.parametrize("name", ["g3", "g1"])
def test_every_file_may_have_a_mark_and_windows_line_ends(tmp_path: Path, name: str) -> None:
    files = tree(name)
    marked = {
        file: b"\xef\xbb\xbf" + json.dumps(content, indent=2).replace("\n", "\r\n").encode("utf-8")
        for file, content in files.items()
    }
    sound, other = read_all(write_files(tmp_path / "sound", files)), read_all(write_files(tmp_path / "marked", marked))

    assert list(other.records()) == list(sound.records())


def test_a_key_that_stands_twice_is_read_as_the_last_and_the_other_kept(tmp_path: Path) -> None:
    content = b'{"name": "Team Red", "jira_config": {"token": 1, "token": 2, "token": 3}, "name": "Team Blue"}'
    everything = read(tmp_path, {PROFILE: content})

    assert everything.profile.name == "Team Blue"
    assert everything.profile.jira_config == {"token": 3}
    assert sorted((reject.kind, reject.place, reject.raw) for reject in everything.rejects) == [
        ("superseded", "jira_config.token", "1"),
        ("superseded", "jira_config.token", "2"),
        ("superseded", "name", '"Team Red"'),
    ]


def test_a_key_that_stands_twice_in_a_cache_is_reported_at_its_place(tmp_path: Path) -> None:
    content = b'{"issues": [{"key": "AB-1", "fields": {"a": 1, "a": 2}}], "odd": 1, "odd": 2}'

    assert reasons(read(tmp_path, {PROFILE: {}, QUERY: {}, ISSUES: content})) == [
        ("superseded", "jira_cache.json", "issues[0].fields.a"),
        ("superseded", "jira_cache.json", "odd"),
    ]


@pytest.mark.parametrize("file", [PROFILE, ISSUES])
def test_a_number_of_thousands_of_digits_is_kept_as_text_and_noted(tmp_path: Path, file: str) -> None:
    everything = read(tmp_path, {PROFILE: {}, QUERY: {}, file: b'{"odd": ' + b"7" * 5000 + b"}"})

    info = everything.below.cache_info
    kept = everything.profile.extra if file == PROFILE or info is None else info.details
    assert kept["odd"] == "7" * 5000
    assert ["digits" in note.what for note in everything.notes] == [True]


def test_what_is_nested_deeper_than_the_contract_allows_is_kept_as_text_and_as_it_was(tmp_path: Path) -> None:
    deep = "[" * 150 + '"the core"' + "]" * 150
    everything = read(tmp_path, {PROFILE: b'{"odd": ' + deep.encode() + b"}"})

    assert "the core" in json.dumps(everything.profile.extra["odd"])
    (reject,) = everything.rejects
    assert (reject.kind, json.loads(reject.raw)) == ("repaired", {"odd": json.loads(deep)})


def test_a_remark_that_lies_too_deep_becomes_text_and_is_kept_as_it_was(tmp_path: Path) -> None:
    deep = "[" * 99 + '"the core"' + "]" * 99
    everything = read(tmp_path, {PROFILE: b'{"show_points": ' + deep.encode() + b"}"})

    assert everything.profile.show_points is True
    assert "the core" in json.dumps(everything.profile.extra["legacy"]["found"]["show_points"])
    (reject,) = everything.rejects
    assert (reject.kind, json.loads(reject.raw)) == ("repaired", {"show_points": json.loads(deep)})


def test_a_file_that_is_too_large_is_left_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("burndown_store.legacy.documents.MAX_BYTES", 10)
    everything = read(tmp_path, {PROFILE: {}, QUERY: {}, ISSUES: b'{"issues": []}'})

    (reject,) = everything.rejects
    assert (reject.reason, reject.raw) == ("the file has 14 bytes; at most 10 are read", "")
