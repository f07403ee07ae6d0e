"""The catalogue of damaged old files holds what it says, and the search among whole workspaces finds and shrinks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from burndown_fixtures.legacy import encoded, tree
from burndown_fixtures.legacy.spoiling import (
    cut,
    left_aside,
    odd_numbers,
    of_other_types,
    overwritten,
    with_bad_rows,
)
from burndown_spec.clauses.migration_damages import some_of
from burndown_spec.oracle.searching import smallest_against
from burndown_spec.stage import Stage
from burndown_spec.target import find_target
from burndown_spec.values.legacy_trees import that_folders_can_have
from burndown_spec.values.legacy_workspaces import workspaces

GENERATORS = (cut, overwritten, of_other_types, odd_numbers, with_bad_rows)
READ = {name for name in tree("g3") if not left_aside(name)}


@pytest.mark.parametrize("spoil", GENERATORS, ids=lambda each: each.__name__)
def test_each_tree_has_one_file_that_is_not_as_it_was(spoil: Any) -> None:
    sound = tree("g3")
    for spoiled in list(spoil(sound))[::7]:
        assert spoiled.content != sound[spoiled.file]
        assert {name for name, content in spoiled.files.items() if content != sound[name]} == {spoiled.file}
    assert sound == tree("g3")


def test_every_file_that_is_read_is_cut_after_every_kind_of_token_that_it_has() -> None:
    sound = tree("g3")
    cuts = list(cut(sound))
    assert {each.file for each in cuts} == READ
    for each in cuts:
        whole = encoded(each.file, sound[each.file])
        assert whole.startswith(each.content)
        assert 0 < len(each.content) < len(whole)
    kinds = {each.kind.removeprefix("cut off ") for each in cuts}
    within = {f"in {what}" for what in ("a text", "a number", "a word", "an escape", "a character")}
    after = {f"after {what}" for what in ("{", "}", "[", "]", ":", ",", "a text", "a number", "a word", "space")}
    assert kinds == within | after


def test_nothing_that_is_overwritten_is_an_object_in_utf_8() -> None:
    for spoiled in overwritten(tree("g3")):
        with pytest.raises((ValueError, AssertionError, RecursionError)):
            assert isinstance(json.loads(spoiled.content.decode("utf-8-sig")), dict)


def test_each_key_has_each_other_type() -> None:
    everything = list(of_other_types(tree("g3")))
    kinds: dict[tuple[str, str], set[str]] = {}
    for each in everything:
        kinds.setdefault((each.file, each.place), set()).add(each.kind)
    assert len(everything) == sum(map(len, kinds.values()))
    assert {len(found) for found in kinds.values()} == {5, 6}
    assert {file for file, _ in kinds} == READ


@pytest.mark.parametrize("spoil", GENERATORS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_sample_has_every_sort_and_every_file(spoil: Any, seed: int, tmp_path: Path) -> None:
    everything = list(spoil(tree("g3")))
    stage = Stage(find_target("memory"), tmp_path, seed=seed)
    sample = list(some_of(stage, everything, 20))
    assert sample == list(some_of(stage, everything, 20))
    assert len(sample) < len(everything)
    assert {each.sort for each in sample} == {each.sort for each in everything}
    assert {each.file for each in sample} == {each.file for each in everything}
    thorough = Stage(find_target("memory"), tmp_path, seed=seed, thorough=True)
    assert list(some_of(thorough, everything, 20)) == everything


def test_folders_have_the_names_that_they_can_have(tmp_path: Path) -> None:
    names = that_folders_can_have(tmp_path / "names", ("plain", "a/b/c", "nul\0", "x" * 300, "Büro"))
    assert names == ["plain", "Büro"]


def test_the_search_gives_the_smallest_value_that_came_up_the_same_for_the_same_seed() -> None:
    def found(seed: int) -> list[list[int]]:
        values = st.lists(st.sampled_from(range(1001)))
        return smallest_against(values, lambda drawn: sum(drawn) < 1500, seed=seed, examples=100, seconds=20, size=sum)

    assert found(3) == found(3)
    assert sum(found(3)[0]) == 1500


def test_the_search_gives_nothing_where_all_holds_and_draws_no_more_when_it_is_late() -> None:
    drawn: list[int] = []

    def holds(value: int) -> bool:
        drawn.append(value)
        return True

    assert smallest_against(st.sampled_from(range(100)), holds, seed=0, examples=10, seconds=20, size=abs) == []
    assert len(drawn) == 10
    assert (
        smallest_against(st.sampled_from(range(100)), lambda _: False, seed=0, examples=10, seconds=0, size=abs) == []
    )


def test_the_workspaces_are_files_as_json_and_what_they_tell() -> None:
    seen: set[str] = set()

    def looked_at(workspace: tuple[dict[str, Any], dict[str, Any]]) -> bool:
        files, told = workspace
        assert json.loads(json.dumps(files)) == files
        folders = {name.split("/")[1] for name in files if name.startswith("profiles/") and name.count("/") > 1}
        assert folders <= told["profiles"].keys() == told["queries"].keys()
        seen.update(name.rsplit("/", 1)[-1] for name in files)
        return True

    assert smallest_against(workspaces(), looked_at, seed=0, examples=50, seconds=60, size=lambda _: 0) == []
    assert seen == {name.rsplit("/", 1)[-1] for name in READ}
