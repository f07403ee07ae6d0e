"""Every call on a backend, recorded as a line of Python before it is made.

The lines become *What was done* in a failure and the body of its repro script, so each holds its values literally;
a mutable result that is used again is called by the name of its variable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from burndown_spec.vocabulary import Feed, Raised, Worker, attempt, begin, finish, literal, raise_in
from burndown_store.contract import Backend, Record

__all__ = [
    "OPERATIONS",
    "ClauseEndedError",
    "MissingOperationError",
    "Recorded",
    "RecordedBlock",
    "RecordedMethod",
    "RecordedWorker",
    "Step",
    "Trace",
]

OPERATIONS: tuple[str, ...] = tuple(
    name for name, member in vars(Backend).items() if callable(member) and not name.startswith("_")
)


class ClauseEndedError(Exception):
    """The clause itself ends: no error of a backend, nor of a caller, so no block of a backend hears of it."""


class MissingOperationError(ClauseEndedError):
    """The backend under test has no such operation; `operation` names it."""

    def __init__(self, operation: str) -> None:
        super().__init__(operation)
        self.operation = operation


class Pending:
    """The outcome of a call that has not ended."""

    def __repr__(self) -> str:
        return "did not end"


@dataclass
class Argument:
    """One argument of a recorded call, written when the call was made; `name` is given when it is passed again."""

    keyword: str
    text: str
    name: str = ""

    @property
    def source(self) -> str:
        return f"{self.keyword}={self.name or self.text}" if self.keyword else self.name or self.text


@dataclass
class Step:
    """One recorded call. `variable` is what its result is called in the script."""

    function: str
    arguments: list[Argument]
    variable: str
    outcome: object = field(default_factory=Pending)

    @property
    def source(self) -> str:
        """The call, as an expression."""
        return f"{self.function}({', '.join(argument.source for argument in self.arguments)})"

    @property
    def as_arguments(self) -> str:
        """The same call as arguments for a function that makes it."""
        return ", ".join([self.function, *(argument.source for argument in self.arguments)])

    @property
    def preparing(self) -> list[str]:
        """Assignments that come before the call: of what is passed again later."""
        return [f"{each.name} = {each.text}" for each in self.arguments if each.name and each.name != each.text]


class Trace:
    """The steps of one clause, oldest first."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._named: dict[int, tuple[str, object]] = {}
        self._passed: dict[int, tuple[Argument, object]] = {}

    def new_name(self, kind: str) -> str:
        """`kind_1` for the first of its kind, `kind_2` for the next."""
        return f"{kind}_{1 + sum(step.variable.startswith(f'{kind}_') for step in self.steps)}"

    def clear(self) -> None:
        self.steps.clear()
        self._named.clear()
        self._passed.clear()

    def name(self, value: object, name: str) -> None:
        """From now on, write `value` as `name`."""
        self._named[id(value)] = (name, value)

    def run(
        self, function: str, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], variable: str = ""
    ) -> Any:
        """Record the call, make it, and keep what came of it."""
        given = [("", value) for value in args] + list(kwargs.items())
        arguments = [self._argument(keyword, value) for keyword, value in given]
        step = Step(function, arguments, variable or f"result_{len(self.steps) + 1}")
        self.steps.append(step)
        try:
            result = call(*map(_bare, args), **{name: _bare(value) for name, value in kwargs.items()})
        except BaseException as error:
            step.outcome = Raised(error)
            # Where it passes through a block, it is that same error.
            self.name(error, f"{step.variable}.error")
            raise
        step.outcome = result
        if variable or isinstance(result, (Record, list, dict, Feed)):
            self.name(result, step.variable)
        return result

    def write(self, value: object) -> str:
        """`value` as Python source."""
        return literal(value, self._name_of)

    def step_of(self, value: object) -> Step | None:
        """The latest step whose result is `value` itself."""
        return next((step for step in reversed(self.steps) if step.outcome is value), None)

    def _argument(self, keyword: str, value: object) -> Argument:
        # A value that can change is written once: passed again, altered in between perhaps, it is the same object.
        first, known = self._passed.get(id(value), (None, None))
        if first is not None and known is value:
            first.name = first.name or f"value_{sum(1 for each, _ in self._passed.values() if each.name) + 1}"
            self.name(value, first.name)
            return Argument(keyword, first.name)
        argument = Argument(keyword, self.write(value))
        if isinstance(value, (Record, list, dict)) and self._name_of(value) is None:
            self._passed[id(value)] = (argument, value)
        return argument

    def _name_of(self, value: object) -> str | None:
        if isinstance(value, (Recorded, RecordedMethod, RecordedWorker)):
            return value._name
        name, known = self._named.get(id(value), (None, None))
        return name if known is value else None


class RecordedMethod:
    """One operation of a recorded handle; as an argument it stands for the backend's own method."""

    def __init__(self, name: str, bound: Callable[..., Any], trace: Trace) -> None:
        self._name, self._bound, self._trace = name, bound, trace

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._trace.run(self._name, self._bound, args, kwargs)


class RecordedOpening(RecordedMethod):
    """`transaction` or `snapshot` of a recorded handle: nothing is called before a block is entered."""

    def __init__(self, handle: Recorded, kind: str, bound: Callable[..., Any], trace: Trace) -> None:
        super().__init__(f"{handle._name}.{kind}", bound, trace)
        self._handle, self._kind = handle, kind

    def __call__(self) -> RecordedBlock:
        return RecordedBlock(self)


class RecordedBlock:
    """A transaction or a snapshot, opened by `opening` when a `with` enters it."""

    def __init__(self, opening: RecordedOpening) -> None:
        self._opening, self._trace = opening, opening._trace
        self._block: Any = None

    def __enter__(self) -> Recorded:
        name = self._trace.new_name(self._opening._kind)
        self._block = self._trace.run("begin", begin, (self._opening,), {}, variable=name)
        return self._opening._handle

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if error is None:
            self._trace.run("finish", finish, (self._block,), {})
        elif isinstance(error, ClauseEndedError):
            attempt(raise_in, self._block, error)
            return False
        else:
            self._trace.run("raise_in", raise_in, (self._block, error), {})
        return True


class RecordedWorker:
    """A thread whose calls are recorded as they are given to it."""

    def __init__(self, worker: Worker, name: str, trace: Trace) -> None:
        self._worker, self._name, self._trace = worker, name, trace

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """What the call gives in the worker's thread."""
        return self._run("call", function, *args)

    def begin(self, opening: object) -> Any:
        """Enter what `opening`, such as `backend.transaction`, gives; the block."""
        assert isinstance(opening, RecordedOpening)
        return self._run("call", begin, opening, variable=self._trace.new_name(opening._kind))

    def finish(self, block: object) -> None:
        """Leave the block as a body does that comes to its end."""
        self._run("call", finish, block)

    def raise_in(self, block: object, error: BaseException) -> None:
        """Leave the block as a body does that raises `error`."""
        self._run("call", raise_in, block, error)

    def start(self, function: Callable[..., Any], *args: Any) -> None:
        """Let the worker begin the call."""
        self._run("start", function, *args)

    def outcome(self) -> Any:
        """What the call that was started gives in the end."""
        return self._run("outcome")

    def _run(self, method: str, *args: Any, variable: str = "") -> Any:
        return self._trace.run(f"{self._name}.{method}", getattr(self._worker, method), args, {}, variable=variable)


class Recorded:
    """A handle under test, seen through its trace: it offers the contract's operations and nothing else."""

    def __init__(self, backend: object, name: str, trace: Trace) -> None:
        self._backend, self._name, self._trace = backend, name, trace

    def __getattr__(self, operation: str) -> Any:
        if operation in ("capabilities", "schema_version"):
            return self._trace.run("getattr", getattr, (self, operation), {})
        if operation not in OPERATIONS:
            raise AttributeError(operation)
        bound = getattr(self._backend, operation, None)
        if not callable(bound):
            raise MissingOperationError(operation)
        if operation in ("transaction", "snapshot"):
            return RecordedOpening(self, operation, bound, self._trace)
        return RecordedMethod(f"{self._name}.{operation}", bound, self._trace)

    def __enter__(self) -> Recorded:
        self._special("__enter__")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._special("__exit__", None, None, None)

    def _special(self, method: str, *args: object) -> None:
        bound = getattr(self._backend, method, None)
        if bound is None:
            raise MissingOperationError("with backend:")
        self._trace.run(f"{self._name}.{method}", bound, args, {})


def _bare(value: object) -> object:
    """What the backend gets for an argument: itself, without the recording around it."""
    if isinstance(value, Recorded):
        return value._backend
    if isinstance(value, RecordedMethod):
        return value._bound
    if isinstance(value, (tuple, list)) and any(isinstance(item, (Recorded, RecordedMethod)) for item in value):
        return type(value)(_bare(item) for item in value)
    return value
