"""The errors, the capabilities, and trying again what was refused."""

import copy
import pickle
from collections.abc import Callable
from itertools import count
from typing import Any, cast

import pytest

from burndown_store import contract
from burndown_store.contract import (
    Backend,
    BusyError,
    Capability,
    MigrationError,
    PersistenceError,
    UnsupportedError,
    retry,
)

PARENTS: dict[str, tuple[type[BaseException], ...]] = {
    "PersistenceError": (Exception,),
    "ValidationError": (PersistenceError, ValueError),
    "NotFoundError": (PersistenceError, LookupError),
    "ProfileNotFoundError": (contract.NotFoundError, LookupError),
    "QueryNotFoundError": (contract.NotFoundError, LookupError),
    "UsageError": (PersistenceError, RuntimeError),
    "UnsupportedError": (PersistenceError,),
    "BusyError": (PersistenceError,),
    "StorageError": (PersistenceError, OSError),
    "CorruptionError": (contract.StorageError, OSError),
    "StorageLostError": (contract.StorageError, OSError),
    "SchemaVersionError": (PersistenceError,),
    "ClosedError": (PersistenceError,),
    "MigrationError": (PersistenceError,),
}
# The class as a backend's author calls it: by value alone.
CAPABILITY: Callable[[str], Capability] = cast(Any, Capability)
BUILTINS = (ValueError, LookupError, RuntimeError, OSError, KeyError, TypeError)


def test_these_are_all_errors_of_the_contract() -> None:
    offered = {name for name in contract.__all__ if name.endswith("Error")}
    assert offered == set(PARENTS)


@pytest.mark.parametrize("name", PARENTS)
def test_an_error_is_what_the_contract_says_it_is_and_no_other_builtin_error(name: str) -> None:
    error = getattr(contract, name)

    for parent in PARENTS[name]:
        assert issubclass(error, parent)
    for builtin in BUILTINS:
        assert issubclass(error, builtin) == (builtin in PARENTS[name])


@pytest.mark.parametrize("name", PARENTS)
def test_an_error_says_its_message_and_survives_pickling_and_copying(name: str) -> None:
    error = getattr(contract, name)("what, where and what to do")

    for again in (error, pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert str(again) == "what, where and what to do"


def test_errors_of_different_causes_do_not_catch_each_other() -> None:
    assert not issubclass(contract.BusyError, contract.StorageError)
    assert not issubclass(contract.ProfileNotFoundError, contract.QueryNotFoundError)
    assert not issubclass(contract.QueryNotFoundError, contract.ProfileNotFoundError)


def test_a_migration_error_lists_every_problem_in_its_order() -> None:
    error = MigrationError("2 problems; correct them and migrate again", (text for text in ("first", "second")))

    for again in (error, pickle.loads(pickle.dumps(error))):
        assert again.problems == ("first", "second")
        assert str(again) == "2 problems; correct them and migrate again\n  - first\n  - second"


def test_a_migration_error_may_have_no_list() -> None:
    assert MigrationError("why").problems == ()


def test_these_are_all_capabilities_by_their_names() -> None:
    assert [str(capability) for capability in Capability] == [
        "atomic",
        "transactions",
        "savepoints",
        "snapshots",
        "shared",
        "durable",
        "power_safe",
        "file",
        "versioned",
    ]


@pytest.mark.parametrize("capability", Capability)
def test_a_capability_equals_its_name_and_says_what_it_promises(capability: Capability) -> None:
    assert capability == capability.name.lower()
    assert CAPABILITY(capability.value) is capability
    assert pickle.loads(pickle.dumps(capability)) is capability
    assert capability.promise.endswith(".")
    assert capability in frozenset({capability.value})


@pytest.mark.parametrize("name", ["ATOMIC", "eventual", ""])
def test_there_is_no_capability_of_another_name(name: str) -> None:
    with pytest.raises(ValueError, match="not a valid Capability"):
        CAPABILITY(name)


def no_pause(attempt: int) -> None:
    assert attempt >= 0


class Work:
    """Counts its calls and raises the errors given, one a call, before it returns the number of the call."""

    def __init__(self, *errors: BaseException) -> None:
        self.calls = 0
        self._errors = list(errors)

    def __call__(self) -> int:
        self.calls += 1
        if self._errors:
            raise self._errors.pop(0)
        return self.calls


def test_work_that_succeeds_is_done_once_without_a_pause() -> None:
    pauses: list[int] = []
    work = Work()
    assert retry(work, pause=pauses.append) == 1
    assert (work.calls, pauses) == (1, [])


def test_work_that_is_refused_as_busy_is_done_again_after_a_pause() -> None:
    pauses: list[int] = []
    assert retry(Work(BusyError("1"), BusyError("2"), BusyError("3")), pause=pauses.append) == 4
    assert pauses == [0, 1, 2]


@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_the_last_refusal_is_raised_after_so_many_attempts(attempts: int) -> None:
    pauses: list[int] = []
    work = Work(*(BusyError(str(number)) for number in range(1, 100)))
    with pytest.raises(BusyError, match=f"^{attempts}$"):
        retry(work, attempts=attempts, pause=pauses.append)
    assert work.calls == attempts
    assert pauses == list(range(attempts - 1))


def test_there_are_eight_attempts_unless_said_otherwise() -> None:
    work = Work(*(BusyError("busy") for _ in range(100)))
    with pytest.raises(BusyError):
        retry(work, pause=no_pause)
    assert work.calls == 8


@pytest.mark.parametrize("name", [name for name in PARENTS if name != "BusyError"])
def test_any_other_error_passes_at_once(name: str) -> None:
    error = getattr(contract, name)("not busy")
    work = Work(BusyError("busy"), error)
    with pytest.raises(type(error)) as raised:
        retry(work, pause=no_pause)
    assert raised.value is error
    assert work.calls == 2


def test_an_interrupt_passes_at_once() -> None:
    work = Work(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        retry(work, pause=no_pause)
    assert work.calls == 1


def test_a_pause_that_raises_ends_the_attempts() -> None:
    def interrupted(attempt: int) -> None:
        raise KeyboardInterrupt(attempt)

    work = Work(*(BusyError("busy") for _ in range(5)))
    with pytest.raises(KeyboardInterrupt):
        retry(work, pause=interrupted)
    assert work.calls == 1


@pytest.mark.parametrize("attempts", [0, -1])
def test_fewer_than_one_attempt_is_refused_and_nothing_is_done(attempts: int) -> None:
    work = Work()
    with pytest.raises(ValueError, match=r"^retry: attempts is 1 or more$"):
        retry(work, attempts=attempts)
    assert work.calls == 0


def test_the_default_pauses_are_short_random_and_grow_to_half_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    monkeypatch.setattr("random.uniform", lambda low, high: low + high)
    numbers = count()

    def busy() -> None:
        next(numbers)
        raise BusyError("busy")

    with pytest.raises(BusyError):
        retry(busy, attempts=10)
    assert slept == [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.5, 0.5, 0.5]


@pytest.mark.parametrize("operation", ["transaction", "snapshot"])
def test_a_backend_that_has_none_names_itself_and_says_where_to_ask(operation: str) -> None:
    class Plain:
        pass

    with pytest.raises(UnsupportedError, match=rf"^Plain has no {operation}s; ask `capabilities` before$"):
        getattr(Backend, operation)(Plain())
