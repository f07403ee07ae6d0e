"""The states of a disk after a power cut, from records made by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from burndown_spec.faults import ROOT, DiskState, Record, disk_states

A, B, FOLDER = 2, 3, 4
FIRST, SECOND = b"1" * 4096, b"2" * 4096


def created(file: int, name: str, folder: int = ROOT) -> Record:
    return Record("create", file, folder, name)


def written(file: int, data: bytes, offset: int = 0) -> Record:
    return Record("write", file, offset=offset, data=data)


def synced(file: int) -> Record:
    return Record("sync", file)


def mark(name: str) -> Record:
    return Record("mark", name=name)


def states_of(*records: Record, limit: int | None = None) -> list[DiskState]:
    return list(disk_states(records, seed=0, limit=limit))


def last_states(*records: Record) -> list[dict[str, bytes]]:
    """The files after a cut behind the last record, each time that they are others."""
    found: list[dict[str, bytes]] = []
    for state in states_of(*records):
        if state.moment == len(records) and state.files not in found:
            found.append(state.files)
    return found


def on_the_disk(*records: Record) -> tuple[Record, ...]:
    return (*records, Record("settled"))


def test_what_was_synced_with_its_folder_is_there_in_every_state() -> None:
    assert last_states(created(A, "a"), written(A, b"one"), synced(A), synced(ROOT)) == [{"a": b"one"}]


def test_a_name_may_be_missing_until_its_folder_was_synced() -> None:
    assert {} in last_states(created(A, "a"), written(A, b"one"), synced(A))


def test_a_folder_may_be_missing_with_all_that_lies_in_it() -> None:
    records = (Record("mkdir", FOLDER, ROOT, "folder"), created(A, "a", FOLDER), synced(FOLDER), synced(A))
    assert {state.folders for state in states_of(*records) if state.moment == 4} == {("folder",), ()}
    assert last_states(*records) == [{"folder/a": b""}, {}]
    assert last_states(*records, synced(ROOT)) == [{"folder/a": b""}]


def test_what_was_not_synced_is_missing_or_whole_or_only_its_length_is_there() -> None:
    found = last_states(*on_the_disk(created(A, "a")), written(A, b"one"))
    assert {state["a"] for state in found} >= {b"one", bytes(3)}
    assert {"a": b""} in [state.files for state in states_of(*on_the_disk(created(A, "a")), written(A, b"one"))]


@pytest.mark.parametrize("boundary", [512, 4096])
def test_a_write_is_torn_at_a_sector_and_at_a_page(boundary: int) -> None:
    before = on_the_disk(created(A, "a"), written(A, bytes([7]) * 8192))
    found = [state["a"] for state in last_states(*before, written(A, FIRST + SECOND))]
    whole = FIRST + SECOND
    assert whole[:boundary] + bytes([7]) * (8192 - boundary) in found
    assert bytes([7]) * boundary + whole[boundary:] in found


def test_a_later_write_may_be_there_without_the_earlier() -> None:
    before = on_the_disk(created(A, "a"), written(A, bytes([7]) * 8192))
    found = last_states(*before, written(A, FIRST), written(A, SECOND, 4096))
    assert {"a": bytes([7]) * 4096 + SECOND} in found


def test_a_file_that_was_synced_may_stand_beside_one_that_was_not() -> None:
    before = on_the_disk(created(A, "a"), created(B, "b"))
    found = last_states(*before, written(A, b"one"), written(B, b"two"), synced(B))
    assert all(state["b"] == b"two" for state in found)
    assert {"a": b"", "b": b"two"} in found


def test_a_truncation_may_be_lost_and_what_was_written_after_it_kept() -> None:
    found = last_states(
        *on_the_disk(created(A, "a"), written(A, b"long ago")), Record("truncate", A), written(A, b"new")
    )
    assert {state["a"] for state in found} >= {b"new", b"newg ago", bytes(3)}


def test_a_rename_within_a_folder_is_whole() -> None:
    before = on_the_disk(created(A, "a"), written(A, b"old"), created(B, "b"), written(B, b"new"))
    renamed = Record("rename", B, ROOT, "b", ROOT, "a")
    assert last_states(*before, renamed) == [{"a": b"new"}]
    assert last_states(*before, renamed, mark("renamed")) == [{"a": b"new"}, {"a": b"old", "b": b"new"}]
    assert last_states(*before, renamed, synced(ROOT)) == [{"a": b"new"}]


def test_a_rename_of_what_was_not_synced_may_leave_an_empty_file_under_the_new_name() -> None:
    before = on_the_disk(created(A, "a"), written(A, b"old"))
    replacing = (created(B, "b"), written(B, b"new"), Record("rename", B, ROOT, "b", ROOT, "a"))
    assert {"a": b""} in last_states(*before, *replacing)
    careful = (*replacing[:2], synced(B), replacing[2], mark("renamed"))
    assert {state["a"] for state in last_states(*before, *careful)} == {b"old", b"new"}


def test_a_rename_between_two_folders_is_two_changes() -> None:
    before = on_the_disk(Record("mkdir", FOLDER, ROOT, "folder"), created(A, "a"))
    moved = Record("rename", A, ROOT, "a", FOLDER, "b")
    found = sorted(sorted(files) for files in last_states(*before, moved, mark("moved")))
    assert found == [[], ["a"], ["a", "folder/b"], ["folder/b"]]


def test_what_was_removed_may_be_there_again_until_its_folder_was_synced() -> None:
    before = on_the_disk(created(A, "a"), written(A, b"one"))
    removed = Record("remove", folder=ROOT, name="a")
    assert last_states(*before, removed, mark("gone")) == [{}, {"a": b"one"}]
    assert last_states(*before, removed, synced(ROOT)) == [{}]


def test_what_was_settled_is_there_in_every_state() -> None:
    found = states_of(*on_the_disk(created(A, "a"), written(A, b"one"), mark("before")), mark("after"))
    assert {(state.moment, state.marks) for state in found} == {(4, ("before",)), (5, ("before", "after"))}
    assert all(state.files == {"a": b"one"} for state in found)


def test_what_comes_from_mapped_memory_counts_only_where_the_file_is_synced() -> None:
    mapped = Record("write", A, data=b"one", mapped=True)
    assert {b"".join(state.files.values()) for state in states_of(*on_the_disk(created(A, "a")), mapped)} == {b""}
    assert last_states(*on_the_disk(created(A, "a")), mapped, synced(A)) == [{"a": b"one"}]


def run_of_writes() -> Sequence[Record]:
    records = list(on_the_disk(created(A, "a"), created(B, "b")))
    for number in range(40):
        records += [written(A, FIRST, 4096 * number), written(B, SECOND, 100 * number), synced(A), mark(f"{number}")]
    return records


def test_a_sample_has_every_kind_and_each_moment_at_which_something_was_told() -> None:
    records = run_of_writes()
    everything, sample = states_of(*records), states_of(*records, limit=300)
    assert len(sample) <= 300 < len(everything)
    assert {state.kind for state in sample} >= {state.kind for state in everything}
    told = {state.moment for state in sample if state.kind == "nothing kept"}
    assert told >= {number for number, record in enumerate(records, 1) if record.kind == "mark"}
    possible = [(state.marks, state.files) for state in everything]
    assert all((state.marks, state.files) in possible for state in sample)


def test_a_sample_is_drawn_by_its_seed_alone() -> None:
    records = run_of_writes()
    assert states_of(*records, limit=200) == states_of(*records, limit=200)
    assert states_of(*records, limit=200) != list(disk_states(records, seed=1, limit=200))
