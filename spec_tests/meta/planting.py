"""Faults that are planted in code at run time, one piece of it exchanged for another."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import Any

import pytest

from burndown_spec.oracle import validity
from burndown_store.contract.records import Record

__all__ = ["Fault", "WrongRule", "name_of"]


@dataclass(frozen=True)
class Fault:
    """In `function`, `right` (found there once) becomes `wrong`; the clause `caught_by` is to find it."""

    function: Callable[..., Any]
    right: str
    wrong: str
    caught_by: str

    def plant(self, patch: pytest.MonkeyPatch) -> None:
        # The code is exchanged and not the name, because modules have imported the function by name.
        function = inspect.unwrap(self.function)
        source = textwrap.dedent(inspect.getsource(function))
        assert source.count(self.right) == 1, f"{function.__qualname__} has changed; plant the fault anew"
        wrong = source.replace(self.right, self.wrong)
        if names := function.__code__.co_freevars:
            # What it takes from around it, such as the class behind `super()`.
            wrong = f"def around({', '.join(names)}):\n{textwrap.indent(wrong, '    ')}"
        code = compile(wrong, "<a planted fault>", "exec")
        while code.co_name != function.__name__:
            code = next(each for each in code.co_consts if isinstance(each, CodeType))
        patch.setattr(function, "__code__", code)


@dataclass(frozen=True)
class WrongRule:
    """In the table of the oracle, `field` of `kind` has the rule `wrong`."""

    kind: type[Record]
    field: str
    wrong: Callable[[Any], Any]
    caught_by: str

    def plant(self, patch: pytest.MonkeyPatch) -> None:
        patch.setitem(validity.TABLE[self.kind], self.field, self.wrong)


def name_of(fault: Fault | WrongRule) -> str:
    if isinstance(fault, WrongRule):
        return f"{fault.kind.__name__}.{fault.field}"
    return f"{fault.function.__qualname__}: {' '.join(fault.wrong.split())}"
