"""A call is seen whole or not at all (contract, 16.1 and 19.1)."""

from __future__ import annotations

from burndown_spec.expectations import expect_error, expect_same
from burndown_spec.furnished import EVERY_WRITE, furnish
from burndown_spec.levels import Level
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
from burndown_spec.values.records import an_issue
from burndown_spec.vocabulary import (
    CallersOwnError,
    Feed,
    contents_of,
    first_and_last_of,
    keys,
    many_issues,
    seen_meanwhile,
)
from burndown_store.contract import Backend, Capability, ValidationError

LEVEL = Level.TRANSACTIONAL
NEEDS = (Capability.ATOMIC,)


@clause(
    "a-call-is-seen-whole",
    slow=True,
    sentences="16.1 19.1",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("two-handles-see-each-other",),
    likely_causes=(
        "each record of a batch is committed by itself",
        "a replacement deletes in one transaction and inserts in another",
        "what lies below a profile is deleted before the profile, each in a transaction of its own",
    ),
)
def a_call_is_seen_whole(backend: Backend, stage: Stage) -> None:
    """Whenever another handle looks while a write is under way, it finds the state before it or the one after it."""
    reader = stage.open()
    furnish(backend)
    for operation, *arguments in EVERY_WRITE:
        expect_same(stage.do(seen_meanwhile, contents_of, reader, getattr(backend, operation), *arguments), [])


@clause(
    "a-large-batch-is-seen-whole",
    slow=True,
    sentences="16.1 19.1",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-call-is-seen-whole",),
    likely_causes=("a large batch is committed in chunks",),
)
def a_large_batch_is_seen_whole(backend: Backend, stage: Stage) -> None:
    """A batch of two thousand is seen whole as well, saved or replacing another."""
    reader = stage.open()
    furnish(backend)
    issues = stage.do(many_issues, 2000)
    for write, batch in ((backend.save_issues, issues), (backend.replace_issues, [an_issue("AB-1")])):
        expect_same(stage.do(seen_meanwhile, first_and_last_of, reader, write, "p", "q", batch), [])
    expect_same(stage.do(seen_meanwhile, first_and_last_of, reader, backend.replace_issues, "p", "q", issues), [])


@clause(
    "a-call-that-fails-is-not-seen",
    slow=True,
    sentences="16.1 6.3",
    level=LEVEL,
    needs=NEEDS,
    depends_on=("a-call-is-seen-whole",),
    likely_causes=("records are written as they come, and taken back when one is refused",),
)
def a_call_that_fails_is_not_seen(backend: Backend, stage: Stage) -> None:
    """A batch that is refused in the end, or that its iterator interrupts, is not seen at any time, in no part."""
    reader = stage.open()
    furnish(backend)
    refused = [an_issue("AB-8"), an_issue("AB-9"), an_issue("")]
    with expect_error(ValidationError):
        stage.do(seen_meanwhile, contents_of, reader, backend.save_issues, "p", "q", refused)
    interrupted = Feed([an_issue("AB-8"), an_issue("AB-9")], then=CallersOwnError("raised by the iterator"))
    with expect_error(CallersOwnError):
        stage.do(seen_meanwhile, contents_of, reader, backend.save_issues, "p", "q", interrupted)
    expect_same(backend.get_issues("p", "q"), ["AB-1", "AB-2"], view=keys)
