"""What a call says beside its answer: log lines, the text of its error, whose error comes through."""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Callable
from typing import Any

from burndown_spec.vocabulary.callers import Feed
from burndown_spec.vocabulary.outcomes import Raised, attempt
from burndown_spec.vocabulary.writing import shown

__all__ = [
    "Listener",
    "error_text_of",
    "heard_with",
    "interrupted_by",
    "lines_with",
    "lines_with_part",
    "log_of",
    "own_text_of",
]


class Listener(list[str]):
    """The lines that are logged at any level, by any logger, from now on until `stop`."""

    def __init__(self) -> None:
        super().__init__()
        self._keeper = logging.Handler()
        self._keeper.emit = self._keep  # type: ignore[method-assign]
        root = logging.getLogger()
        known = [logger for logger in logging.Logger.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
        self._levels = [(logger, logger.level) for logger in (root, *known)]
        self._heard = [logger for logger in (root, *known) if logger is root or not logger.propagate]
        self._disabled = root.manager.disable
        logging.disable(logging.NOTSET)
        for logger in self._heard:
            logger.addHandler(self._keeper)
        for logger, _ in self._levels:
            logger.setLevel(logging.DEBUG)

    def _keep(self, record: logging.LogRecord) -> None:
        standard = {*vars(logging.makeLogRecord({})), "message", "asctime"}
        self.append(str(attempt(logging.Formatter().format, record)))
        self.extend(f"{name}={value!r}" for name, value in vars(record).items() if name not in standard)

    def stop(self) -> None:
        """Listen no longer, and leave every logger as it was."""
        for logger in self._heard:
            logger.removeHandler(self._keeper)
        logging.disable(self._disabled)
        for logger, level in self._levels:
            logger.setLevel(level)


def log_of(call: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """Everything that is logged at any level, by any logger, while `call` runs, whether it raises or not."""
    listener = Listener()
    try:
        with contextlib.suppress(Exception):
            call(*args, **kwargs)
    finally:
        listener.stop()
    return "\n".join(listener)


def heard_with(secret: str, listener: Listener) -> list[str]:
    """The lines that hold `secret` of those that the listener heard, which listens no longer."""
    listener.stop()
    return [line for line in listener if secret in line]


def error_text_of(call: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """All that the error of `call` says, with its causes: texts and representations; "" where none is raised."""
    outcome = attempt(call, *args, **kwargs)
    said: list[str] = []
    error: BaseException | None = outcome.error if isinstance(outcome, Raised) else None
    while error is not None and len(said) < 100:
        said += [str(error), repr(error), repr(error.args), repr(getattr(error, "__notes__", [])), repr(vars(error))]
        said += traceback.format_exception_only(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(said)


def interrupted_by(error: BaseException, call: Callable[..., Any], *args: Any) -> str:
    """Who is heard when the iterator of the batch, the last of `args`, raises `error` after its last record."""
    outcome = attempt(call, *args[:-1], Feed(args[-1], then=error))
    return "the caller's own error" if isinstance(outcome, Raised) and outcome.error is error else shown(outcome)


def own_text_of(call: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """What the error of `call` says itself, without its causes; "" where none is raised."""
    outcome = attempt(call, *args, **kwargs)
    if not isinstance(outcome, Raised):
        return ""
    return "\n".join([repr(outcome.error), *traceback.format_exception_only(outcome.error)])


def lines_with(secret: str, text_of: Callable[..., str], *call: Any, **kwargs: Any) -> list[str]:
    """The lines that hold `secret` in what `text_of`, such as `log_of`, tells of a call and its arguments."""
    return [line for line in text_of(*call, **kwargs).splitlines() if secret in line]


def lines_with_part(secret: str, size: int, text_of: Callable[..., str], *call: Any, **kwargs: Any) -> list[str]:
    """The lines that hold any `size` characters in a row of `secret`, as `lines_with` finds those with all of it."""
    parts = [secret[start : start + size] for start in range(len(secret) - size + 1)]
    return [line for line in text_of(*call, **kwargs).splitlines() if any(part in line for part in parts)]
