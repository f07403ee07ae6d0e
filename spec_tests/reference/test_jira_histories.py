"""One raw changelog as a `History`: its changes in order, and everything that is no change kept in `details`."""

import copy
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from burndown_store.contract import Change, History, ValidationError, check, same
from burndown_store.jira import history_from_jira

FETCHED = datetime(2025, 11, 1, 12, 0, tzinfo=UTC)
EXPIRES = datetime(2025, 11, 2, 12, 0, tzinfo=UTC)
ADA = {"displayName": "Ada Example", "name": "ada", "avatarUrls": {"48x48": "https://jira.example.com/a.png"}}
BO = {"displayName": "Bo Example", "accountId": "b-2"}
TO_DO, IN_PROGRESS, DONE = ("1", "To Do"), ("3", "In Progress"), ("5", "Done")


def status_item(before: tuple[str, str], after: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {
        "field": "status",
        "fieldtype": "jira",
        "from": before[0],
        "fromString": before[1],
        "to": after[0],
        "toString": after[1],
        **more,
    }


def entry(*items: Any, **more: Any) -> dict[str, Any]:
    return {"id": "77", "author": ADA, "created": "2025-10-04T09:00:00.000+0200", "items": list(items), **more}


def history_of(*entries: Any, **more: Any) -> History:
    return history_with({"startAt": 0, "histories": list(entries), **more})


def history_with(changelog: Any) -> History:
    history = history_from_jira({"key": "AB-12", "changelog": changelog}, fetched_at=FETCHED, expires_at=EXPIRES)
    assert history is not None
    return check(history)


def test_each_item_is_one_change_with_all_that_jira_tells_of_it() -> None:
    history = history_of(entry(status_item(TO_DO, DONE, fieldId="status")))

    assert history.issue_key == "AB-12"
    assert same(history.fetched_at, FETCHED)
    assert same(history.expires_at, EXPIRES)
    told = Change(
        changed_at=datetime(2025, 10, 4, 7, 0, tzinfo=UTC),
        field="status",
        field_id="status",
        field_type="jira",
        author="Ada Example",
        history_id="77",
        from_value="1",
        from_text="To Do",
        to_value="5",
        to_text="Done",
    )
    assert same(history.changes, [told])


def test_changes_keep_the_order_of_the_answer_even_where_it_is_not_that_of_time() -> None:
    early, late = "2025-10-01T00:00:00.000+0000", "2025-10-09T00:00:00.000+0000"
    history = history_of(
        entry(status_item(IN_PROGRESS, DONE), status_item(DONE, IN_PROGRESS), created=late),
        entry(status_item(TO_DO, IN_PROGRESS), created=early),
        entry(status_item(IN_PROGRESS, TO_DO), created=early),
    )

    assert [change.to_text for change in history.changes] == ["Done", "In Progress", "In Progress", "To Do"]
    assert [change.changed_at.day for change in history.changes] == [9, 9, 1, 1]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("3", "3"), ("", ""), (None, None), (3, "3"), (3.0, "3.0"), (True, "true"), ({"id": "3"}, None), (["3"], None)],
)
def test_a_value_before_or_after_becomes_text_where_it_is_one_value(sent: Any, kept: str | None) -> None:
    item = {**status_item(TO_DO, DONE), "from": sent, "fromString": sent, "to": sent, "toString": sent}
    [change] = history_of(entry(item)).changes

    assert (change.from_value, change.from_text, change.to_value, change.to_text) == (kept, kept, kept, kept)


@pytest.mark.parametrize(
    ("author", "name"),
    [(ADA, "Ada Example"), ({"name": "ada"}, "ada"), ({"accountId": "b-2"}, "b-2"), (None, None), ("ada", None)],
)
def test_an_author_is_called_by_the_first_name_that_there_is(author: Any, name: str | None) -> None:
    [change] = history_of(entry(status_item(TO_DO, DONE), author=author)).changes
    assert change.author == name


def test_a_numeric_history_id_becomes_text() -> None:
    [change] = history_of(entry(status_item(TO_DO, DONE), id=77)).changes
    assert change.history_id == "77"


def test_a_change_of_which_jira_tells_nothing_but_field_and_instant_is_still_one() -> None:
    [change] = history_of({"created": "2025-10-04T09:00:00Z", "items": [{"field": "Sprint"}]}).changes
    assert same(change, Change(changed_at=datetime(2025, 10, 4, 9, tzinfo=UTC), field="Sprint"))


@pytest.mark.parametrize(
    "raw", [{"key": "AB-12"}, {"key": "AB-12", "changelog": None}, {"key": "AB-12", "changelog": []}]
)
def test_an_issue_without_a_changelog_has_no_history(raw: dict[str, Any]) -> None:
    assert history_from_jira(raw, expires_at=EXPIRES) is None


@pytest.mark.parametrize("changelog", [{}, {"histories": None}, {"histories": []}, {"histories": [], "total": 0}])
def test_an_empty_changelog_is_an_empty_history(changelog: dict[str, Any]) -> None:
    history = history_with(changelog)

    assert history.changes == []
    assert same(history.details, {"changelog": changelog})


def test_details_hold_each_author_once_and_for_each_entry_the_number_of_its_changes() -> None:
    history = history_of(
        entry(status_item(TO_DO, IN_PROGRESS)),
        entry(status_item(IN_PROGRESS, DONE), status_item(DONE, TO_DO), author=BO, id="78"),
        entry(author=ADA, id="79"),
        maxResults=3,
        total=250,
    )

    created = "2025-10-04T09:00:00.000+0200"
    assert same(
        history.details,
        {
            "changelog": {
                "startAt": 0,
                "maxResults": 3,
                "total": 250,
                "histories": [
                    {"id": "77", "author": 0, "created": created, "items": 1},
                    {"id": "78", "author": 1, "created": created, "items": 2},
                    {"id": "79", "author": 0, "created": created, "items": 0},
                ],
            },
            "authors": [ADA, BO],
        },
    )


def test_an_item_with_a_field_id_is_told_wholly_by_its_change() -> None:
    history = history_of(entry(status_item(TO_DO, DONE, fieldId="status")))
    assert history.details["changelog"]["histories"][0]["items"] == 1


def test_an_author_whose_keys_come_in_another_order_is_the_same_author() -> None:
    history = history_of(entry(author={"name": "ada", "active": True}), entry(author={"active": True, "name": "ada"}))
    assert same(history.details["authors"], [{"name": "ada", "active": True}])


def test_authors_that_differ_in_a_type_alone_stay_two() -> None:
    history = history_of(entry(author={"active": True}), entry(author={"active": 1}), entry(author={"active": 1.0}))
    assert same(history.details["authors"], [{"active": True}, {"active": 1}, {"active": 1.0}])


@pytest.mark.parametrize(
    "item",
    [
        status_item(TO_DO, DONE, tmpToAccountId="b-2"),
        status_item(TO_DO, DONE, fieldId=None),
        {**status_item(TO_DO, DONE), "from": 3},
        {**status_item(TO_DO, DONE), "to": {"id": "5"}},
        {"field": "status", "fromString": "To Do", "toString": "Done"},
    ],
    ids=["a key more", "an explicit null", "a number", "an object", "keys missing"],
)
def test_items_that_their_changes_do_not_tell_wholly_are_kept_as_sent(item: dict[str, Any]) -> None:
    sent = entry(status_item(DONE, TO_DO), item)
    history = history_of(sent)

    assert len(history.changes) == 2
    assert same(history.details["changelog"]["histories"][0]["items"], sent["items"])
    assert "unreadable" not in history.details


@pytest.mark.parametrize("created", [None, "", "yesterday", "2025-10-04T09:00:00.000", 1759501351000])
def test_an_entry_at_no_instant_makes_no_change_and_is_kept_by_its_place(created: Any) -> None:
    unreadable = entry(status_item(TO_DO, DONE), created=created)
    history = history_of(entry(status_item(DONE, TO_DO)), unreadable, entry(status_item(TO_DO, IN_PROGRESS)))

    assert [change.to_text for change in history.changes] == ["To Do", "In Progress"]
    assert history.details["unreadable"] == ["changelog.histories[1].created"]
    assert same(history.details["changelog"]["histories"][1], {**unreadable, "author": 0})


@pytest.mark.parametrize("item", [None, "status", [], {}, {"field": None}, {"field": 7}])
def test_an_item_without_a_field_makes_no_change_and_is_kept_by_its_place(item: Any) -> None:
    sent = entry(status_item(TO_DO, IN_PROGRESS), item, status_item(IN_PROGRESS, DONE))
    history = history_of(sent)

    assert [change.to_text for change in history.changes] == ["In Progress", "Done"]
    assert history.details["unreadable"] == ["changelog.histories[0].items[1]"]
    assert same(history.details["changelog"]["histories"][0]["items"], sent["items"])


@pytest.mark.parametrize(
    ("changelog", "place"),
    [
        ({"histories": "none"}, "changelog.histories"),
        ({"histories": {"0": {}}}, "changelog.histories"),
        ({"histories": [None]}, "changelog.histories[0]"),
        ({"histories": [[]]}, "changelog.histories[0]"),
        ({"histories": [{"created": "2025-10-04T09:00:00Z", "items": 3}]}, "changelog.histories[0].items"),
        ({"histories": [{"created": "2025-10-04T09:00:00Z", "items": {}}]}, "changelog.histories[0].items"),
    ],
)
def test_a_changelog_of_another_shape_is_kept_by_its_place(changelog: dict[str, Any], place: str) -> None:
    history = history_with(changelog)

    assert history.changes == []
    assert same(history.details, {"changelog": changelog, "unreadable": [place]})


def test_what_was_passed_in_is_neither_changed_nor_shared() -> None:
    raw = {"key": "AB-12", "changelog": {"histories": [entry(status_item(TO_DO, DONE))]}}
    before = copy.deepcopy(raw)
    history = history_from_jira(raw, expires_at=EXPIRES)
    assert history is not None
    assert same(raw, before)

    history.details["changelog"]["histories"].clear()
    history.details["authors"][0]["avatarUrls"].clear()
    assert same(raw, before)


def test_the_instants_given_are_taken_in_utc() -> None:
    zone = timezone(timedelta(hours=-7))
    history = history_from_jira(
        {"key": "AB-12", "changelog": {}}, fetched_at=FETCHED.astimezone(zone), expires_at=EXPIRES.astimezone(zone)
    )
    assert history is not None
    assert same((history.fetched_at, history.expires_at), (FETCHED, EXPIRES))


def test_a_history_need_not_say_when_it_was_fetched() -> None:
    history = history_from_jira({"key": "AB-12", "changelog": {}}, expires_at=EXPIRES)
    assert history is not None
    assert history.fetched_at is None


@pytest.mark.parametrize("key", [None, "", 12, "x" * 201])
def test_an_issue_without_a_usable_key_is_refused_by_its_place(key: Any) -> None:
    with pytest.raises(ValidationError, match=r"^issue\.key: "):
        history_from_jira({"key": key, "changelog": {}}, expires_at=EXPIRES)


@pytest.mark.parametrize("name", ["fetched_at", "expires_at"])
@pytest.mark.parametrize("changelog", [None, {}])
def test_an_argument_that_is_no_instant_is_refused_with_or_without_a_changelog(name: str, changelog: Any) -> None:
    instants: dict[str, Any] = {"fetched_at": FETCHED, "expires_at": EXPIRES, name: "2025-11-02"}
    with pytest.raises(ValidationError, match=f"^{name}: "):
        history_from_jira({"key": "AB-12", "changelog": changelog}, **instants)
