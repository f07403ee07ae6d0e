"""Persons, callers in processes of their own: what they are told, what they tell, and that they end."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from burndown_spec.values.records import a_profile, an_issue
from burndown_spec.vocabulary import (
    DidNotEndError,
    People,
    Person,
    RaisedElsewhereError,
    begin,
    play_among_processes,
    raise_in,
)
from burndown_store.contract import BusyError, ProfileNotFoundError, UsageError, same
from burndown_store.sqlite import open_backend


def test_records_and_filters_pass_both_ways(tmp_path: Path) -> None:
    with People(open_backend, tmp_path, 2) as (one, other):
        one.call("save_profile", a_profile())
        assert same(other.call("get_profile", "p"), a_profile())
        assert other.call("get_issues", "p", "q", key="AB-1") == []


def test_an_error_of_the_contract_is_raised_as_itself(tmp_path: Path) -> None:
    with People(open_backend, tmp_path, 1) as (person,):
        with pytest.raises(ProfileNotFoundError):
            person.call("save_issues", "p", "q", [an_issue()])
        with person.snapshot(), pytest.raises(UsageError):
            person.call("set_app_state", "key", "value")


def test_another_error_is_named(tmp_path: Path) -> None:
    with People(open_backend, tmp_path, 1) as (person,), pytest.raises(RaisedElsewhereError, match="AttributeError"):
        person.call("no_such_operation")


def test_a_transaction_is_left_as_its_body_leaves_it(tmp_path: Path) -> None:
    with People(open_backend, tmp_path, 2, 0.05) as (one, other):
        block = begin(one.transaction)
        one.call("set_app_state", "key", "undone")
        with pytest.raises(BusyError):
            other.call("set_app_state", "key", "refused")
        with pytest.raises(KeyError):
            raise_in(block, KeyError("key"))
        assert other.call("list_app_state") == {}


def test_a_person_that_was_killed_says_so(tmp_path: Path) -> None:
    with People(open_backend, tmp_path, 1) as (person,):
        person.kill()
        with pytest.raises(ChildProcessError):
            person.call("list_app_state")


def test_a_person_that_does_not_answer_is_given_up_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_backend(tmp_path).close()
    with People(open_backend, tmp_path, 2, 60.0) as (one, other):
        one.call("enter", "transaction")
        monkeypatch.setattr(Person, "SECONDS_FOR_AN_ANSWER", 0.2)
        with pytest.raises(DidNotEndError):
            other.call("set_app_state", "key", "value")
        with pytest.raises(ChildProcessError):
            other.call("list_app_state")


def test_nothing_of_a_person_is_left(tmp_path: Path) -> None:
    before = threading.active_count()
    with People(open_backend, tmp_path, 2):
        pass
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and "_listen" in thread.name:
            thread.join(10.0)
    assert threading.active_count() == before


def test_who_is_refused_makes_no_further_step(tmp_path: Path) -> None:
    rows = play_among_processes(open_backend, tmp_path, "A begin; A set x A; B begin; B get x; A end; B get x; B end")
    assert [row[:2] for row in rows[1:-1]] == [["A", "begin"], ["A", "set_app_state"], ["B", "begin"], ["A", "end"]]
