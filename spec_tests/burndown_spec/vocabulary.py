"""What clauses and repro scripts both speak: how values are written, and the few things done beside plain calls.

Every function and class here stands by itself: its source is pasted into the repro scripts that use it. So this
module imports nothing but the standard library and the contract.
"""

from __future__ import annotations

import contextlib
import logging
import math
import random
import re
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Any

from burndown_store.contract import Capability, Change, History, Issue, JsonText, Metric, Record, Statistic, fields


class Raised:
    """The outcome of a call that raised."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


def attempt(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What `call` returns, or the error that it raises as a value."""
    try:
        return call(*args, **kwargs)
    except BaseException as error:
        return Raised(error)


class DidNotEndError(Exception):
    """A call was given up."""


def within(seconds: float, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What `call` gives, in a thread of its own; raises `DidNotEndError` when that takes longer."""
    outcomes: list[Any] = []
    thread = threading.Thread(target=lambda: outcomes.append(attempt(call, *args, **kwargs)), daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcomes:
        raise DidNotEndError("did not end")
    if isinstance(outcomes[0], Raised):
        raise outcomes[0].error
    return outcomes[0]


def literal(value: Any, named: Callable[[Any], str | None] | None = None) -> str:
    """`value` as Python source in ASCII; `named` may give a name to write instead, at any depth."""
    if named and (name := named(value)) is not None:
        return name
    kind = type(value)
    if isinstance(value, Record):
        given = fields(value, defaults=False).items()
        return f"{kind.__name__}({', '.join(f'{field}={literal(item, named)}' for field, item in given)})"
    if kind is dict:
        return "{" + ", ".join(f"{literal(key, named)}: {literal(item, named)}" for key, item in value.items()) + "}"
    if kind is list:
        return "[" + ", ".join(literal(item, named) for item in value) + "]"
    if kind is tuple:
        return "(" + "".join(literal(item, named) + ", " for item in value).strip() + ")"
    if isinstance(value, JsonText):
        return f"{kind.__name__}({literal(value.text)})"
    if kind is str and len(value) > 100 and len(set(value)) == 1:
        return f"{value[0]!a} * {len(value)}"
    if isinstance(value, datetime):
        parts = [str(part) for part in (*value.timetuple()[:6], value.microsecond)]
        while len(parts) > 3 and parts[-1] == "0":
            parts.pop()
        zone = [f"tzinfo={literal(value.tzinfo)}"] if value.tzinfo else []
        return f"{kind.__name__}({', '.join(parts + zone + ['fold=1'] * value.fold)})"
    if isinstance(value, date):
        return f"{kind.__name__}({value.year}, {value.month}, {value.day})"
    if isinstance(value, OwnZone):
        return f"OwnZone({value.minutes})"
    if isinstance(value, (timezone, timedelta, time)):
        return ascii(value).replace("datetime.", "")
    if kind is float:
        return repr(value) if math.isfinite(value) else f"float({str(value)!r})"
    if isinstance(value, type) or callable(value):
        return str(getattr(value, "__name__", value))
    bases: tuple[Any, ...] = (str, int, float, dict, list)
    for base in bases:
        if isinstance(value, base) and kind not in (base, bool):
            return f"{kind.__name__}({literal(base(value), named)})"
    if isinstance(value, Feed):
        return f"Feed({literal(value.given, named)}{', ' + literal(value.then) if value.then else ''})"
    if isinstance(value, BaseException):
        return f"{kind.__name__}({', '.join(map(ascii, value.args))})"
    return ascii(value)


def shown(outcome: Any, location: Any = "") -> str:
    """An outcome as a reader sees it: at most 2,000 characters, with nothing in it that differs from run to run."""
    if isinstance(outcome, Raised):
        message = str(outcome.error)
        if location:
            message = message.replace(str(location), "LOCATION")
        return f"raised {type(outcome.error).__name__}: {re.sub('0x[0-9A-Fa-f]{6,}', '0x...', message)}"
    try:
        # Seven hundred items are more than is shown; to write ten thousand would take seconds.
        text = literal(outcome[:700] if type(outcome) is list else outcome)
    except RecursionError:
        return f"a {type(outcome).__name__} that is nested too deep to be written, or holds itself"
    length = f"{len(outcome)} items" if type(outcome) is list else f"{len(text)} characters"
    return text if len(text) <= 2000 else f"{text[:2000]}... ({length} in all)"


# Odd values: what is almost of a type, and what no literal can hold


class OwnText(str):
    """Text of a caller's own class."""


class OwnInt(int):
    """A whole number of a caller's own class."""


class OwnFloat(float):
    """A number of a caller's own class."""


class OwnList(list[Any]):
    """A list of a caller's own class."""


class OwnDict(dict[Any, Any]):
    """A dict of a caller's own class, as `defaultdict` and `OrderedDict` are."""


class OwnDate(date):
    """A date of a caller's own class."""


class OwnDatetime(datetime):
    """A datetime of a caller's own class, as pandas and pendulum have them."""


class OwnZone(tzinfo):
    """A time zone of a caller's own class, `minutes` east of UTC; with None it does not know how far."""

    def __init__(self, minutes: int | None) -> None:
        self.minutes = minutes

    def utcoffset(self, _when: datetime | None) -> timedelta | None:
        return None if self.minutes is None else timedelta(minutes=self.minutes)

    def dst(self, _when: datetime | None) -> timedelta | None:
        return None

    def tzname(self, _when: datetime | None) -> str | None:
        return None


class OwnJsonText(JsonText, frozen=True):
    """A document of a caller's own class."""


def nested(levels: int) -> dict[str, Any]:
    """A JSON object of so many levels, objects and lists by turns."""
    value: Any = [] if levels % 2 == 0 else {}
    for level in range(levels - 1, 0, -1):
        value = [value] if level % 2 == 0 else {"in": value}
    return dict(value)


def issue_nested(levels: int) -> Issue:
    """An issue whose document is a JSON object of so many levels, objects and lists by turns."""
    opening = "".join('{"in":' if level % 2 == 0 else "[" for level in range(levels - 1))
    closing = "".join("}" if level % 2 == 0 else "]" for level in reversed(range(levels - 1)))
    innermost = "{}" if levels % 2 else "[]"
    expires_at = datetime(2025, 11, 4, tzinfo=UTC)
    return Issue(key="AB-1", document=JsonText(opening + innermost + closing), expires_at=expires_at)


def object_holding_itself() -> dict[str, Any]:
    """A JSON object whose one value is the object."""
    value: dict[str, Any] = {}
    value["self"] = value
    return value


def list_holding_itself() -> dict[str, Any]:
    """A JSON object with a list whose one item is the list."""
    value: list[Any] = []
    value.append(value)
    return {"list": value}


# What callers do


class CallersOwnError(Exception):
    """Something that the caller's own code raises."""


class Feed:
    """The records given, one at a time and only once, as a generator gives them; then `then` is raised, if given."""

    def __init__(self, given: Iterable[Any], then: BaseException | None = None) -> None:
        self.given, self.then = list(given), then
        self._items: Iterator[Any] = iter(self.given)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            return next(self._items)
        except StopIteration:
            if self.then is not None:
                raise self.then from None
            raise


class CallingFeed(Feed):
    """A feed that makes a call before it gives each record, as a generator does that uses the store meanwhile."""

    def __init__(self, given: Iterable[Any], call: Callable[..., Any], *args: Any) -> None:
        super().__init__(given)
        self.call, self.args = call, args

    def __next__(self) -> Any:
        record = super().__next__()
        self.call(*self.args)
        return record


def alter(value: Any) -> None:
    """Change everything inside `value` that can be changed, as a careless caller would."""
    if isinstance(value, Record):
        for item in fields(value).values():
            alter(item)
    elif isinstance(value, dict):
        for item in list(value.values()):
            alter(item)
        value["altered"] = True
    elif isinstance(value, list):
        for item in value:
            alter(item)
        value.reverse()
        value.append("altered")


def in_thread(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What `call` gives in a thread of its own, which has ended by then."""
    return within(threading.TIMEOUT_MAX, call, *args, **kwargs)


def together(*calls: tuple[Any, ...]) -> list[Any]:
    """What the calls `(function, argument …)` give, in their order; each has a thread, and all begin at once."""
    barrier = threading.Barrier(len(calls))
    outcomes: list[Any] = [None] * len(calls)

    def run(position: int, function: Callable[..., Any], *args: Any) -> None:
        barrier.wait()
        outcomes[position] = attempt(function, *args)

    threads = [threading.Thread(target=run, args=(position, *call)) for position, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for outcome in outcomes:
        if isinstance(outcome, Raised):
            raise outcome.error
    return outcomes


def leave_with(backend: Any, error: BaseException) -> None:
    """`with backend:` around a body that raises `error`."""
    with backend:
        raise error


def given_by_with(backend: Any) -> bool:
    """Whether `with backend as given:` gives the backend itself."""
    with backend as given:
        return given is backend


def two_objects(one: Any, other: Any) -> bool:
    """Whether two handles are two, and not one object handed out twice."""
    return one is not other


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


# Refusals and secrecy


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


# Large batches, in the order in which they are read, each record different from all others


def many_issues(count: int) -> list[Issue]:
    """So many issues, by key."""
    expires_at = datetime(2099, 1, 1, tzinfo=UTC)
    return [
        Issue(key=f"AB-{number:06}", document=JsonText(f'{{"id": {number}}}'), points=number / 4, expires_at=expires_at)
        for number in range(count)
    ]


def many_histories(count: int) -> list[History]:
    """So many histories of one change each, by issue key."""
    instant = datetime(2025, 1, 1, tzinfo=UTC)
    return [
        History(
            issue_key=f"AB-{number:06}",
            changes=[Change(changed_at=instant, field="status", history_id=str(number))],
            expires_at=instant,
        )
        for number in range(count)
    ]


def many_statistics(count: int) -> list[Statistic]:
    """So many statistics, one for each day from 2000 on."""
    return [Statistic(date=date(2000, 1, 1) + timedelta(days=number), created_items=number) for number in range(count)]


def many_metrics(count: int) -> list[Metric]:
    """So many metrics, ten names for each week from 2000 on."""
    metrics = []
    for number in range(count):
        year, week, _ = (date(2000, 1, 3) + timedelta(weeks=number // 10)).isocalendar()
        name = f"metric {number % 10}"
        metrics.append(Metric(week=f"{year}-W{week:02}", name=name, category="flow", value=float(number)))
    return metrics


def incompressible_issues(size: int) -> list[Issue]:
    """Ten issues whose documents need `size` bytes together, however they are packed."""
    source = random.Random(0)
    expires_at = datetime(2099, 1, 1, tzinfo=UTC)
    return [
        Issue(
            key=f"AB-{number}",
            document=JsonText(f'{{"noise": "{source.randbytes(size // 10).hex()}"}}'),
            expires_at=expires_at,
        )
        for number in range(10)
    ]


# What is true of the whole store


def whole_number_from(value: Any, least: int) -> bool:
    """is an int, and at least"""
    return type(value) is int and value >= least


def capability_set(value: Any) -> bool:
    """is a frozenset of members of Capability"""
    return type(value) is frozenset and all(type(member) is Capability for member in value)


# Views: what is compared of an answer


def keys(records: Any) -> list[str]:
    """The issues' keys, in their order."""
    return [record.key for record in records]


def names(records: Any) -> list[str]:
    """The names of tasks or metrics, in their order."""
    return [record.name for record in records]


def ids(records: Any) -> list[str]:
    """The ids of profiles or queries, in their order."""
    return [record.id for record in records]


def history_ids(entries: Any) -> list[str]:
    """The history ids of the changes, in their order."""
    return [entry.change.history_id for entry in entries]


def document_values(issues: Any) -> dict[str, Any]:
    """The values of the issues' documents, by key."""
    return {issue.key: issue.document.value() for issue in issues}


def sorted_ids(records: Any) -> list[str]:
    """The ids of profiles or queries, whatever order they came in."""
    return sorted(record.id for record in records)


def issue_keys(records: Any) -> list[str]:
    """The issue keys of histories, or of the entries of `get_changes`, in their order."""
    return [record.issue_key for record in records]


def by_identity(records: Any) -> list[Any]:
    """The records sorted by what identifies them, whatever order they came in."""
    identifying = ("id", "key", "issue_key", "week", "date", "name")
    return sorted(records, key=lambda record: [str(getattr(record, name, "")) for name in identifying])


def by_moment(entries: Any) -> list[Any]:
    """The entries of `get_changes` sorted by issue and moment, whatever order they came in."""
    return sorted(entries, key=lambda entry: (entry.issue_key, entry.change.changed_at))


def sorted_keys(issues: Any) -> list[str]:
    """The issues' keys, whatever order they came in."""
    return sorted(issue.key for issue in issues)


def sorted_issue_keys(records: Any) -> list[str]:
    """The issue keys of histories or changes, whatever order they came in."""
    return sorted(record.issue_key for record in records)


def changed_fields(entries: Any) -> list[str]:
    """The fields that the entries of `get_changes` name, in their order."""
    return [entry.change.field for entry in entries]


def sorted_fields(entries: Any) -> list[str]:
    """The fields that the entries of `get_changes` name, whatever order they came in."""
    return sorted(entry.change.field for entry in entries)


def days(statistics: Any) -> list[date]:
    """The statistics' dates, in their order."""
    return [statistic.date for statistic in statistics]


def sorted_days(statistics: Any) -> list[date]:
    """The statistics' dates, whatever order they came in."""
    return sorted(statistic.date for statistic in statistics)


def weeks_and_names(metrics: Any) -> list[str]:
    """Each metric's week and name, in their order."""
    return [f"{metric.week} {metric.name}" for metric in metrics]


def sorted_metrics(metrics: Any) -> list[str]:
    """Each metric's week and name, whatever order they came in."""
    return sorted(f"{metric.week} {metric.name}" for metric in metrics)
