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
    "error_text_of",
    "interrupted_by",
    "lines_with",
    "log_of",
    "own_text_of",
]


def log_of(call: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """Everything that is logged at any level, by any logger, while `call` runs, whether it raises or not."""
    lines: list[str] = []
    standard = {*vars(logging.makeLogRecord({})), "message", "asctime"}

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(str(attempt(logging.Formatter().format, record)))
            lines.extend(f"{name}={value!r}" for name, value in vars(record).items() if name not in standard)

    root, keeper = logging.getLogger(), Keeper()
    known = [logger for logger in logging.Logger.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    levels = [(logger, logger.level) for logger in (root, *known)]
    heard = [logger for logger in (root, *known) if logger is root or not logger.propagate]
    disabled = root.manager.disable
    logging.disable(logging.NOTSET)
    for logger in heard:
        logger.addHandler(keeper)
    for logger, _ in levels:
        logger.setLevel(logging.DEBUG)
    try:
        with contextlib.suppress(Exception):
            call(*args, **kwargs)
    finally:
        for logger in heard:
            logger.removeHandler(keeper)
        logging.disable(disabled)
        for logger, level in levels:
            logger.setLevel(level)
    return "\n".join(lines)


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
