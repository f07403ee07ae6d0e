"""A random search for a disagreement between a backend and the oracle (contract 15.6).

Hypothesis draws sequences of operations over the tiny alphabet of `burndown_spec.values.alphabets`; each is made on a
fresh backend and on a fresh oracle, and all outcomes are compared. Each example ends with a look at everything there
is. Where something was deleted, every profile and query is then saved again and looked at: a name starts empty.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from burndown_spec.oracle.calls import Call, Compare, OpenPair, Refusal, replay, shortened
from burndown_spec.values import alphabets as a
from burndown_spec.values.records import a_profile, a_query
from burndown_spec.values.strategies import BEGINNING, OPERATIONS
from burndown_store.contract import same

__all__ = ["Compare", "OpenPair", "Refusal", "Search", "SearchError", "agree", "machine"]

ATTEMPTS = 400
"""How many times the calls that disagree are made again, to find fewer and simpler ones."""


@dataclass
class Search:
    """One search: how long it may go on, what it found, and what kept it from going on."""

    until: float
    attempts: int = ATTEMPTS
    calls: Sequence[Call] = ()
    outcomes: tuple[object, object] = (None, None)
    trouble: BaseException | None = None

    @property
    def is_late(self) -> bool:
        return time.monotonic() > self.until

    @contextmanager
    def on_trouble(self) -> Iterator[None]:
        """Keep what the body raises: it comes from the backend, and not from the drawing."""
        try:
            yield
        except BaseException as error:
            self.trouble = error
            raise

    def may_try(self) -> bool:
        """Whether there is another attempt to find fewer calls."""
        self.attempts -= 1
        return self.attempts >= 0 and not self.is_late


class SearchError(Exception):
    """Hypothesis could not draw; that says nothing of the backend."""


class _FoundError(Exception):
    """Ends the search; whoever called `agree` sees what `compare` raises instead."""


def agree(
    open_pair: OpenPair,
    compare: Compare,
    *,
    seed: int,
    settings: hypothesis.settings,
    seconds: float = float("inf"),
) -> None:
    """Search for calls on which a backend and the oracle disagree; return when none are found.

    Where some are found, they are made fewer, and once more on a pair of their own, each on the oracle, then on the
    backend, then `compare(expected, actual)`: what that raises passes. An outcome is what the call returned, or
    a `Refusal`. Of `settings` only the numbers of examples and of steps are used. The same `seed` gives the same
    examples; after `seconds` no new one is begun, so a slow backend is searched less rather than without end.
    Nothing is printed, and nothing written to disk. Raises what opening a pair raises, and `SearchError` when
    the search itself breaks down.
    """
    search = Search(until=time.monotonic() + seconds)
    try:
        # It stands on inner parts of hypothesis, which may move: then there is no search, and nothing else is lost.
        from burndown_spec.oracle.drawing import drawing_from

        run_state_machine_as_test(
            machine(open_pair, search),
            settings=hypothesis.settings(
                backend=drawing_from(seed),
                max_examples=settings.max_examples,
                stateful_step_count=settings.stateful_step_count,
                phases=(Phase.generate,),
                deadline=None,
                database=None,
                print_blob=False,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
                verbosity=Verbosity.quiet,
            ),
        )
    except Exception as error:
        if search.trouble:
            raise search.trouble from None
        if not search.calls:
            raise SearchError(f"hypothesis {hypothesis.__version__} could not draw: {error}") from error
    if search.calls:
        replay(shortened(search.calls, open_pair, search.may_try), open_pair, compare)
        # The backend answered otherwise this time, but the disagreement was there.
        compare(*search.outcomes)


def machine(open_pair: OpenPair, search: Search) -> type[RuleBasedStateMachine]:
    """A state machine with one rule for each operation, which tells `search` of the first disagreement."""

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            if search.calls or search.is_late:
                hypothesis.reject()
            with search.on_trouble():
                self.backend, self.oracle, self.clean_up = open_pair()
            self.calls: list[Call] = []

        def begin(self, places: list[tuple[str, str]], **batches: list[Any]) -> None:
            """Save profiles and queries, and the same records below each of them."""
            for profile_id in sorted({profile_id for profile_id, _ in places}):
                self.make(Call("save_profile", (a_profile(profile_id),)))
            for profile_id, query_id in places:
                self.make(Call("save_query", (profile_id, a_query(query_id))))
                for kind, batch in batches.items():
                    self.make(Call(f"save_{kind}", (profile_id, query_id, batch)))

        def make(self, call: Call) -> None:
            """Make the call on both; end the search when they disagree."""
            self.calls.append(call)
            with search.on_trouble():
                expected, actual = call.made_on(self.oracle), call.made_on(self.backend)
            if not same(expected, actual):
                search.calls, search.outcomes = tuple(self.calls), (expected, actual)
                raise _FoundError

        def teardown(self) -> None:
            try:
                if not search.calls:
                    for call in [*_everything(), *_everything_again(self.calls)]:
                        self.make(call)
            finally:
                self.clean_up()

    # The arguments come from a mapping, which the signatures of hypothesis' decorators have no place for.
    any_initialize: Any = initialize
    any_rule: Any = rule
    Machine.begin = any_initialize(**BEGINNING)(Machine.begin)  # type: ignore[method-assign]
    for operation, (arguments, filters) in OPERATIONS.items():
        # Filters let little through, so a read draws some at once.
        combinations = {"filters": st.lists(st.fixed_dictionaries(filters), min_size=1, max_size=4)} if filters else {}
        setattr(Machine, f"make_{operation}", any_rule(**arguments, **combinations)(_step(operation, list(arguments))))
    return Machine


def _step(operation: str, arguments: Sequence[str]) -> Callable[..., None]:
    """The body of the rule for `operation`, made with each of the `filters`; None stands for no filter."""

    def step(self: Any, filters: Sequence[dict[str, Any]] = ({},), **drawn: Any) -> None:
        for each in filters:
            given = {name: value for name, value in each.items() if value is not None}
            self.make(Call(operation, tuple(drawn[name] for name in arguments), given))

    return step


_BELOW = (
    "get_query",
    "get_issues",
    "get_cache_info",
    "get_histories",
    "get_changes",
    "list_history_keys",
    "get_statistics",
    "get_scope",
    "get_metrics",
)


def _everything() -> Iterator[Call]:
    """Calls that read all there can be."""
    for operation in ("list_profiles", "list_app_state", "list_tasks", "check"):
        yield Call(operation)
    yield from (Call("get_app_state", (key,)) for key in a.STATE_KEYS)
    yield from (Call("get_task", (name,)) for name in a.TASK_NAMES)
    for profile_id in a.PROFILE_IDS:
        yield Call("get_profile", (profile_id,))
        yield Call("list_queries", (profile_id,))
        yield from (Call(read, (profile_id, query_id)) for query_id in a.QUERY_IDS for read in _BELOW)


def _everything_again(before: list[Call]) -> Iterator[Call]:
    """Calls that save every profile and query, and read what lies below them, if anything was deleted `before`."""
    if any(call.operation in ("delete_profile", "delete_query") for call in before):
        for profile_id in a.PROFILE_IDS:
            yield Call("save_profile", (a_profile(profile_id),))
            yield Call("list_queries", (profile_id,))
            for query_id in a.QUERY_IDS:
                yield Call("save_query", (profile_id, a_query(query_id)))
        for profile_id in a.PROFILE_IDS:
            yield from (Call(read, (profile_id, query_id)) for query_id in a.QUERY_IDS for read in _BELOW)
