"""What a clause expects of an answer; an expectation that is not met is `Broken`.

Each also knows how to say itself as Python, so that the repro script decides exactly as the clause did.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from burndown_spec.differences import first_difference
from burndown_spec.recording import ClauseEndedError
from burndown_spec.vocabulary import (
    Raised,
    attempt,
    is_serial,
    refused_once_and_for_all,
    shown,
    told_step_by_step,
)
from burndown_store.contract import same

__all__ = [
    "LATEST",
    "Broken",
    "Ends",
    "Expectation",
    "Refused",
    "Returns",
    "Same",
    "Satisfies",
    "expect_error",
    "expect_same",
    "expect_that",
]

Writer = Callable[[object], str]

# How an answer is told again that is hard to read as it is, by what is asked of it.
_TELLING: dict[Callable[..., bool], Callable[[Any], str]] = {
    is_serial: told_step_by_step,
    refused_once_and_for_all: told_step_by_step,
}


class Expectation(ABC):
    """Something that an answer, or the error raised in its place, is measured by."""

    view: Callable[[Any], object] | None = None

    @property
    @abstractmethod
    def said(self) -> str:
        """What is expected, for a reader."""

    @abstractmethod
    def met_by(self, answer: object) -> bool:
        """Whether the answer, or the view of it, is as expected."""

    @abstractmethod
    def decision(self, write: Writer) -> str:
        """The opposite of `met_by(actual)`, as a Python expression for the repro script."""

    def prepared(self, write: Writer) -> str:
        """What is expected, as a Python expression; the script calls it `expected`."""
        return ascii(self.said)

    def difference(self, answer: object) -> str:
        """Where the answer parts from what is expected, or nothing."""
        return ""


@dataclass(frozen=True)
class Same(Expectation):
    """The answer, seen through `view`, is the same value as `expected`."""

    expected: object
    view: Callable[[Any], object] | None = None

    @property
    def said(self) -> str:
        return shown(self.expected)

    def met_by(self, answer: object) -> bool:
        return not isinstance(answer, Raised) and same(answer, self.expected)

    def decision(self, write: Writer) -> str:
        return "isinstance(actual, Raised) or not same(actual, expected)"

    def prepared(self, write: Writer) -> str:
        return write(self.expected)

    def difference(self, answer: object) -> str:
        return "" if isinstance(answer, Raised) else first_difference(self.expected, answer)


@dataclass(frozen=True)
class Satisfies(Expectation):
    """The answer has the property that `predicate` decides and its docstring says."""

    predicate: Callable[..., bool]
    args: tuple[object, ...] = ()

    @property
    def said(self) -> str:
        property_said = " ".join((self.predicate.__doc__ or "").split())
        return property_said + "".join(f" [{shown(argument)}]" for argument in self.args)

    def met_by(self, answer: object) -> bool:
        return not isinstance(answer, Raised) and attempt(self.predicate, answer, *self.args) is True

    def decision(self, write: Writer) -> str:
        asked = ", ".join([self.predicate.__name__, "actual", *map(write, self.args)])
        return f"isinstance(actual, Raised) or attempt({asked}) is not True"

    def difference(self, answer: object) -> str:
        tell = _TELLING.get(self.predicate)
        return tell(answer) if tell and isinstance(answer, list) else ""


@dataclass(frozen=True)
class Refused(Expectation):
    """The call raises `kind` or one of its subclasses."""

    kind: type[BaseException]

    @property
    def said(self) -> str:
        return f"raises {self.kind.__name__}"

    def met_by(self, answer: object) -> bool:
        return isinstance(answer, Raised) and isinstance(answer.error, self.kind)

    def decision(self, write: Writer) -> str:
        return f"not (isinstance(actual, Raised) and isinstance(actual.error, {self.kind.__name__}))"


@dataclass(frozen=True)
class Returns(Expectation):
    """The call returns something other than `unusable`, an answer that the clause could make nothing of."""

    unusable: object = None

    @property
    def said(self) -> str:
        return "returns what the contract says"

    def met_by(self, answer: object) -> bool:
        return not isinstance(answer, Raised)

    def decision(self, write: Writer) -> str:
        unusable = "" if self.unusable is None else f" or shown(actual) == {shown(self.unusable)!a}"
        return f"isinstance(actual, Raised){unusable}"


@dataclass(frozen=True)
class Ends(Expectation):
    """The call ends, whatever it gives, within `seconds`."""

    seconds: float

    @property
    def said(self) -> str:
        return f"ends within {self.seconds:g} s (--timeout)"

    def met_by(self, answer: object) -> bool:
        return not (isinstance(answer, Raised) and type(answer.error).__name__ == "DidNotEndError")

    def decision(self, write: Writer) -> str:
        return "isinstance(actual, Raised) and isinstance(actual.error, DidNotEndError)"


LATEST = object()


class Broken(ClauseEndedError):
    """An expectation that was not met.

    `answer` is what the backend gave, before any view of it; `LATEST` is what the latest recorded call gave.
    """

    def __init__(self, expectation: Expectation, answer: object = LATEST) -> None:
        super().__init__(f"expected {expectation.said}")
        self.expectation, self.answer = expectation, answer


def expect_same(answer: object, expected: object, *, view: Callable[[Any], object] | None = None) -> None:
    """`answer`, a recorded result, is the same as `expected`; `view`, from the vocabulary, picks what is compared."""
    expectation = Same(expected, view)
    if not expectation.met_by(attempt(view, answer) if view else answer):
        raise Broken(expectation, answer)


def expect_that(answer: object, predicate: Callable[..., bool], *args: object) -> None:
    """`predicate`, from the vocabulary, is true of `answer`, a recorded result."""
    expectation = Satisfies(predicate, args)
    if not expectation.met_by(answer):
        raise Broken(expectation, answer)


def expect_error(kind: type[BaseException]) -> AbstractContextManager[None, bool]:
    """The one recorded call in the body raises `kind`, or the block that ends there lets it through."""
    return _Expecting(kind)


class _Expecting(AbstractContextManager[None, bool]):
    def __init__(self, kind: type[BaseException]) -> None:
        self._kind = kind

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if isinstance(error, self._kind):
            return True
        if isinstance(error, ClauseEndedError):
            return False
        raise Broken(Refused(self._kind), Raised(error) if error else LATEST) from error
