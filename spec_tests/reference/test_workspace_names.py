"""Names are compared as people read them, and ids can be read as the names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from burndown_store.contract import ValidationError
from burndown_store.workspace import LimitError, NameTakenError, Workspace
from sqlite_samples import a_profile
from workspace_samples import Clock, started


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with started(tmp_path, Clock()) as workspace:
        yield workspace


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Team Blue", "team-blue"),
        ("  Team -- Blue!  ", "team-blue"),
        ("Büro Ærø", "buro-r"),
        ("2026", "2026"),
        ("青チーム", "profile"),
        ("../../x", "x"),
        ("!", "profile"),
        ("㎯" * 100, "rads2" * 20),
    ],
)
def test_an_id_is_made_of_the_name(workspace: Workspace, name: str, slug: str) -> None:
    assert workspace.create_profile(name).id == slug


def test_an_id_that_is_taken_gets_a_number(workspace: Workspace) -> None:
    names = ["Team Blue", "Team-Blue", "Team_Blue", "青", "緑", "x" * 100, "x" * 99 + "!"]

    ids = [workspace.create_profile(name).id for name in names]

    assert ids == ["team-blue", "team-blue-2", "team-blue-3", "profile", "profile-2", "x" * 100, "x" * 99]


def test_an_id_whose_number_is_taken_too_gets_the_next(workspace: Workspace) -> None:
    for profile_id in ("team", "team-2"):
        workspace.backend.save_profile(a_profile(profile_id, name=profile_id.upper() + "!"))

    assert workspace.create_profile("Team").id == "team-3"


@pytest.mark.parametrize("same", ["team blue", " Team Blue\t", "TEAM BLUE"])
def test_a_name_is_taken_without_regard_to_case_and_spaces_around(workspace: Workspace, same: str) -> None:
    workspace.create_profile("Team Blue")

    with pytest.raises(NameTakenError, match="taken by 'team-blue'; choose another"):
        workspace.create_profile(same)

    assert [profile.id for profile in workspace.backend.list_profiles()] == ["team-blue"]


@pytest.mark.parametrize(("first", "second"), [("Bu\u0308ro", "BÜRO"), ("Straße", "STRASSE"), ("Σίσυφος", "ΣΊΣΥΦΟΣ")])
def test_a_name_is_taken_however_its_letters_are_spelled(workspace: Workspace, first: str, second: str) -> None:
    workspace.create_profile(first)

    with pytest.raises(NameTakenError):
        workspace.create_profile(second)


def test_spaces_around_a_name_are_dropped_and_all_else_is_kept(workspace: Workspace) -> None:
    assert workspace.create_profile("  Team  Bu\u0308ro ").name == "Team  Bu\u0308ro"


def test_a_name_of_100_characters_is_not_too_long(workspace: Workspace) -> None:
    assert workspace.create_profile(" " + "😀" * 100 + " ").name == "😀" * 100


@pytest.mark.parametrize("name", ["", " \t", "x" * 101, "a\x00b", "\ud800", 7, None])
def test_what_is_no_name_is_refused(workspace: Workspace, name: str) -> None:
    profile = workspace.create_profile("Team Blue")
    query = workspace.create_query(profile.id, "Open", "project = AB")

    for give in (
        lambda: workspace.create_profile(name),
        lambda: workspace.rename_profile(profile.id, name),
        lambda: workspace.duplicate_profile(profile.id, name),
        lambda: workspace.create_query(profile.id, name, ""),
        lambda: workspace.rename_query(profile.id, query.id, name),
        lambda: workspace.duplicate_query(profile.id, query.id, name),
    ):
        with pytest.raises(ValidationError, match="name: "):
            give()


def test_no_more_than_50_profiles_are_made_and_what_was_imported_stays(workspace: Workspace) -> None:
    for number in range(50):
        workspace.create_profile(f"Team {number}")

    with pytest.raises(LimitError, match="there are 50, and no more than 50 may be made; delete one first"):
        workspace.create_profile("One more")
    with pytest.raises(LimitError):
        workspace.duplicate_profile("team-0", "One more")
    workspace.backend.save_profile(a_profile("imported", name="Imported"))
    assert workspace.rename_profile("imported", "Team Red").name == "Team Red"
    assert len(workspace.backend.list_profiles()) == 51


def test_no_more_than_100_queries_are_made_in_one_profile(workspace: Workspace) -> None:
    profile, other = workspace.create_profile("Team Blue"), workspace.create_profile("Team Red")
    with workspace.backend.transaction():
        for number in range(100):
            workspace.create_query(profile.id, f"Query {number}", "project = AB")

    with pytest.raises(LimitError, match="queries of profile 'team-blue': there are 100"):
        workspace.create_query(profile.id, "One more", "project = AB")
    with pytest.raises(LimitError):
        workspace.duplicate_query(profile.id, "query-0", "One more")

    assert workspace.create_query(other.id, "One more", "project = AB").id == "one-more"


def test_a_taken_name_is_told_before_the_limit(workspace: Workspace) -> None:
    with workspace.backend.transaction():
        for number in range(50):
            workspace.create_profile(f"Team {number}")

    with pytest.raises(NameTakenError):
        workspace.create_profile("Team 7")
