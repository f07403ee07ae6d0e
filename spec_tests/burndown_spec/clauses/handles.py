"""Opening, closing, threads, and two handles on one store (contract, chapter 11)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from burndown_spec.expectations import expect_error, expect_same
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
from burndown_spec.values.records import (
    a_cache_info,
    a_change,
    a_history,
    a_metric,
    a_profile,
    a_query,
    a_scope,
    a_statistic,
    a_task,
    an_issue,
)
from burndown_spec.vocabulary import (
    CallersOwnError,
    by_identity,
    given_by_with,
    in_many_threads,
    in_thread,
    leave_with,
    sorted_days,
    sorted_ids,
    sorted_issue_keys,
    sorted_keys,
    sorted_metrics,
    together,
    two_objects,
)
from burndown_store.contract import Backend, ChangeEntry, ClosedError, ProfileNotFoundError

LONG_AFTER = datetime(2200, 1, 1, tzinfo=UTC)

EVERY_CALL: tuple[tuple[Any, ...], ...] = (
    ("get_profile", "p"),
    ("save_profile", a_profile()),
    ("list_profiles",),
    ("delete_profile", "p"),
    ("get_query", "p", "q"),
    ("save_query", "p", a_query()),
    ("list_queries", "p"),
    ("delete_query", "p", "q"),
    ("get_app_state", "key"),
    ("set_app_state", "key", "value"),
    ("delete_app_state", "key"),
    ("list_app_state",),
    ("get_task", "fetch"),
    ("save_task", a_task()),
    ("clear_task", "fetch"),
    ("list_tasks",),
    ("save_issues", "p", "q", [an_issue()]),
    ("save_issues", "p", "q", []),
    ("replace_issues", "p", "q", []),
    ("get_issues", "p", "q"),
    ("save_cache_info", "p", "q", a_cache_info()),
    ("get_cache_info", "p", "q"),
    ("save_histories", "p", "q", []),
    ("get_histories", "p", "q"),
    ("get_changes", "p", "q"),
    ("list_history_keys", "p", "q"),
    ("save_statistics", "p", "q", []),
    ("replace_statistics", "p", "q", []),
    ("get_statistics", "p", "q"),
    ("save_scope", "p", "q", a_scope()),
    ("get_scope", "p", "q"),
    ("save_metrics", "p", "q", []),
    ("get_metrics", "p", "q"),
    ("delete_expired", datetime(2025, 11, 3, tzinfo=UTC)),
    ("check",),
    ("size_bytes",),
)


@clause(
    "opening-creates-what-is-missing",
    sentences="11.1",
    likely_causes=("the parent folder is expected to exist", "tables are created by a separate step"),
)
def opening_creates_what_is_missing(backend: Backend, stage: Stage) -> None:
    """A fresh location opens as an empty store, and a location that is not there yet is created."""
    expect_same(backend.list_profiles(), [])
    expect_same(backend.list_app_state(), {})
    expect_same(backend.list_tasks(), [])
    elsewhere = stage.open_beside("a new folder", "and one more")
    expect_same(elsewhere.list_profiles(), [])
    elsewhere.save_profile(a_profile())
    expect_same(elsewhere.get_profile("p"), a_profile())


@clause(
    "threads-share-a-handle",
    sentences="11.2",
    likely_causes=(
        "the connection belongs to the thread that opened it (sqlite3's check_same_thread)",
        "what is cached for each thread is not refreshed",
    ),
)
def threads_share_a_handle(backend: Backend, stage: Stage) -> None:
    """What one thread saves through a handle, every other thread reads through it, also when the first has ended."""
    stage.do(in_thread, backend.save_profile, a_profile())
    expect_same(backend.get_profile("p"), a_profile())
    backend.save_profile(a_profile(name="Team Green"))
    expect_same(stage.do(in_thread, backend.get_profile, "p"), a_profile(name="Team Green"))
    expect_same(stage.do(in_thread, backend.list_profiles), [a_profile(name="Team Green")])
    expect_same(backend.get_profile("p"), a_profile(name="Team Green"))
    stage.do(in_thread, backend.save_profile, a_profile(name="Team Red"))
    expect_same(backend.get_profile("p"), a_profile(name="Team Red"))


@clause(
    "threads-write-at-once",
    sentences="11.2",
    depends_on=("threads-share-a-handle", "an-upsert-leaves-what-it-does-not-name"),
    likely_causes=(
        "one cursor or one transaction is shared by all threads without a lock",
        "a set is read, changed and written back without a lock",
    ),
)
def threads_write_at_once(backend: Backend, stage: Stage) -> None:
    """Several threads that use one handle at once lose nothing of one another's, and each gets its own answer."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    for turn in ("first", "second"):
        answers = stage.do(
            together,
            (backend.save_issues, "p", "q", [an_issue(f"{turn} AB-{number}") for number in (1, 2, 3)]),
            (backend.save_issues, "p", "q", [an_issue(f"{turn} AB-{number}") for number in (4, 5, 6)]),
            (backend.save_histories, "p", "q", [a_history(f"{turn} AB-{number}") for number in (1, 2, 3)]),
            (backend.save_task, a_task(turn)),
            (backend.set_app_state, turn, "saved"),
            (backend.get_profile, "p"),
            (backend.get_query, "p", "q"),
        )
        expect_same(answers, [None, None, None, None, None, a_profile(), a_query()])
        expect_same(backend.get_task(turn), a_task(turn))
        expect_same(backend.get_app_state(turn), "saved")
    issues = [f"{turn} AB-{number}" for turn in ("first", "second") for number in (1, 2, 3, 4, 5, 6)]
    expect_same(backend.get_issues("p", "q"), issues, view=sorted_keys)
    histories = [f"{turn} AB-{number}" for turn in ("first", "second") for number in (1, 2, 3)]
    expect_same(backend.get_histories("p", "q"), histories, view=sorted_issue_keys)
    # Several of a kind: what is lost of one thread's work is most often another's of the same.
    numbers = range(8)
    stage.do(together, *((backend.save_task, a_task(f"task {number}")) for number in numbers))
    tasks = [a_task(name) for name in ("first", "second", *(f"task {number}" for number in numbers))]
    expect_same(backend.list_tasks(), tasks, view=by_identity)
    weeks = [f"2025-W1{number}" for number in numbers]
    stage.do(together, *((backend.save_metrics, "p", "q", [a_metric(week)]) for week in weeks))
    expect_same(backend.get_metrics("p", "q"), [f"{week} lead_time" for week in weeks], view=sorted_metrics)
    dates = [date(2025, 11, 1 + number) for number in numbers]
    stage.do(together, *((backend.save_statistics, "p", "q", [a_statistic(day)]) for day in dates))
    expect_same(backend.get_statistics("p", "q"), dates, view=sorted_days)
    stage.do(together, *((backend.save_query, "p", a_query(f"query {number}")) for number in numbers))
    expect_same(backend.list_queries("p"), ["q", *(f"query {number}" for number in numbers)], view=sorted_ids)


@clause(
    "two-handles-are-two",
    sentences="11.3",
    likely_causes=("the factory keeps one object for each location and hands it out again",),
)
def two_handles_are_two(backend: Backend, stage: Stage) -> None:
    """Opening one location twice in one process gives two handles, not one twice."""
    other = stage.open()
    expect_same(stage.do(two_objects, backend, other), True)


@clause(
    "two-handles-see-each-other",
    sentences="11.3",
    likely_causes=(
        "what was read is kept in the handle and never read again",
        "writes are kept in the handle until it is closed",
    ),
)
def two_handles_see_each_other(backend: Backend, stage: Stage) -> None:
    """What one handle of a location has saved or deleted, the other reads from then on, whatever it read before."""
    other = stage.open()
    for writer, reader, said in ((backend, other, "first"), (backend, other, "second"), (other, backend, "third")):
        day = date(2025, 10, 27)
        writer.save_profile(a_profile(name=said))
        expect_same(reader.get_profile("p"), a_profile(name=said))
        expect_same(reader.list_profiles(), [a_profile(name=said)])
        writer.save_query("p", a_query(name=said))
        expect_same(reader.get_query("p", "q"), a_query(name=said))
        expect_same(reader.list_queries("p"), [a_query(name=said)])
        writer.set_app_state("key", said)
        expect_same(reader.get_app_state("key"), said)
        writer.save_task(a_task(message=said))
        expect_same(reader.get_task("fetch"), a_task(message=said))
        writer.save_issues("p", "q", [an_issue("AB-1", status=said)])
        expect_same(reader.get_issues("p", "q"), [an_issue("AB-1", status=said)])
        writer.save_cache_info("p", "q", a_cache_info(jql=said))
        expect_same(reader.get_cache_info("p", "q"), a_cache_info(jql=said))
        writer.save_histories("p", "q", [a_history("AB-1", details={"said": said})])
        expect_same(reader.get_histories("p", "q"), [a_history("AB-1", details={"said": said})])
        writer.save_statistics("p", "q", [a_statistic(day, extra={"said": said})])
        expect_same(reader.get_statistics("p", "q"), [a_statistic(day, extra={"said": said})])
        writer.save_scope("p", "q", a_scope(extra={"said": said}))
        expect_same(reader.get_scope("p", "q"), a_scope(extra={"said": said}))
        writer.save_metrics("p", "q", [a_metric(unit=said)])
        expect_same(reader.get_metrics("p", "q"), [a_metric(unit=said)])
    backend.delete_query("p", "q")
    expect_same(other.get_issues("p", "q"), [])
    backend.delete_profile("p")
    expect_same(other.list_profiles(), [])
    with expect_error(ProfileNotFoundError):
        other.save_query("p", a_query())


@clause(
    "closing-one-handle-leaves-the-others",
    sentences="11.6",
    depends_on=("two-handles-are-two", "two-handles-see-each-other", "closed-means-closed"),
    likely_causes=("handles share a connection, and the first to close it closes it for all",),
)
def closing_one_handle_leaves_the_others(backend: Backend, stage: Stage) -> None:
    """Closing one handle of a location changes nothing for the other: it reads what was there and goes on writing."""
    other = stage.open()
    backend.save_profile(a_profile())
    backend.close()
    backend.close()
    expect_same(other.get_profile("p"), a_profile())
    other.save_profile(a_profile(name="Team Green"))
    expect_same(other.get_profile("p"), a_profile(name="Team Green"))
    third = stage.open()
    expect_same(third.get_profile("p"), a_profile(name="Team Green"))
    third.close()
    expect_same(other.get_profile("p"), a_profile(name="Team Green"))


@clause(
    "closed-means-closed",
    sentences="11.4",
    likely_causes=(
        "a closed handle opens a new connection at the next call",
        "the driver's own error escapes",
        "an operation answers before it looks whether the handle is closed",
    ),
)
def closed_means_closed(backend: Backend) -> None:
    """After `close()` every operation raises `ClosedError`, reads and writes alike, and `close()` does nothing."""
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    backend.close()
    backend.close()
    for operation, *arguments in EVERY_CALL:
        with expect_error(ClosedError):
            getattr(backend, operation)(*arguments)
    backend.close()


@clause(
    "a-with-block-closes",
    sentences="11.5",
    depends_on=("closed-means-closed",),
    likely_causes=(
        "`__exit__` is missing, or commits without closing as sqlite3's own does",
        "`__enter__` gives None",
        "`__exit__` swallows the error",
    ),
)
def a_with_block_closes(backend: Backend, stage: Stage) -> None:
    """`with backend:` gives the backend, closes it when the body ends, and lets the body's own error through."""
    other, third = stage.open(), stage.open()
    with backend:
        backend.save_profile(a_profile())
    with expect_error(ClosedError):
        backend.get_profile("p")
    with expect_error(CallersOwnError):
        stage.do(leave_with, other, CallersOwnError("raised in the body"))
    with expect_error(ClosedError):
        other.get_profile("p")
    expect_same(stage.do(given_by_with, third), True)
    with expect_error(ClosedError):
        third.get_profile("p")


@clause(
    "what-another-handle-removes-is-gone",
    sentences="11.3",
    depends_on=("two-handles-see-each-other", "answered-lists-are-copies", "a-replacement-is-exact"),
    likely_causes=("a cache of the handle is emptied by saves alone", "lists are remembered, single records are not"),
)
def what_another_handle_removes_is_gone(backend: Backend, stage: Stage) -> None:
    """What one handle clears, deletes, replaces or lets expire is gone for another that has read it, and its lists."""
    other = stage.open()
    task, issue, statistic, history = a_task("t"), an_issue(), a_statistic(), a_history()
    backend.save_profile(a_profile())
    backend.save_query("p", a_query())
    backend.save_task(task)
    backend.set_app_state("k", "v")
    backend.save_issues("p", "q", [issue])
    backend.save_statistics("p", "q", [statistic])
    backend.save_histories("p", "q", [history])
    expect_same(other.get_task("t"), task)
    expect_same(other.list_tasks(), [task])
    expect_same(other.get_app_state("k"), "v")
    expect_same(other.list_app_state(), {"k": "v"})
    expect_same(other.get_issues("p", "q"), [issue])
    expect_same(other.get_statistics("p", "q"), [statistic])
    expect_same(other.list_history_keys("p", "q"), [history.issue_key])
    backend.clear_task("t")
    backend.delete_app_state("k")
    backend.replace_issues("p", "q", [])
    backend.replace_statistics("p", "q", [])
    backend.delete_expired(LONG_AFTER)
    expect_same(other.get_task("t"), None)
    expect_same(other.list_tasks(), [])
    expect_same(other.get_app_state("k"), None)
    expect_same(other.list_app_state(), {})
    expect_same(other.get_issues("p", "q"), [])
    expect_same(other.get_statistics("p", "q"), [])
    expect_same(other.list_history_keys("p", "q"), [])
    backend.save_issues("p", "q", [issue])
    expect_same(other.get_issues("p", "q"), [issue])
    backend.delete_expired(LONG_AFTER)
    expect_same(other.get_issues("p", "q"), [])


@clause(
    "closed-comes-before-what-is-invalid",
    sentences="6.4",
    depends_on=("closed-means-closed", "refusals-in-order"),
    likely_causes=(
        "arguments are converted before the handle is asked whether it is open",
        "what the handle remembers is asked first whether the profile is there",
    ),
)
def closed_comes_before_what_is_invalid(backend: Backend) -> None:
    """On a closed handle every operation raises `ClosedError`, whatever its arguments are and whatever is there."""
    backend.close()
    for operation, *arguments in EVERY_CALL:
        with expect_error(ClosedError):
            getattr(backend, operation)(*("" for _ in arguments))
        # Valid, and nothing is there.
        with expect_error(ClosedError):
            getattr(backend, operation)(*arguments)
    filters: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("get_issues", ("key", "status", "assignee", "issue_type", "project_key", "valid_at", "limit")),
        ("get_histories", ("issue_key", "valid_at")),
        ("get_changes", ("issue_key", "field", "start", "end", "valid_at", "limit")),
        ("get_statistics", ("start", "end", "limit")),
        ("get_metrics", ("name", "category", "start", "end", "limit")),
    )
    for operation, filtered in filters:
        for name in filtered:
            with expect_error(ClosedError):
                getattr(backend, operation)("p", "q", **{name: b"?"})


@clause(
    "an-interrupted-block-closes",
    sentences="11.5",
    depends_on=("a-with-block-closes",),
    likely_causes=("`__exit__` looks at the kind of the error", "it answers true to what it takes for the end"),
)
def an_interrupted_block_closes(backend: Backend, stage: Stage) -> None:
    """`KeyboardInterrupt`, `SystemExit` and `GeneratorExit` pass through the block, and leave the handle closed."""
    backend.save_profile(a_profile())
    for interruption in (KeyboardInterrupt(), SystemExit(), GeneratorExit()):
        left = stage.open()
        with expect_error(type(interruption)):
            stage.do(leave_with, left, interruption)
        with expect_error(ClosedError):
            left.list_profiles()


@clause(
    "threads-read-at-once",
    sentences="11.2",
    depends_on=("threads-share-a-handle",),
    likely_causes=(
        "rows are collected in a buffer, or fetched by a cursor, that belongs to the handle",
        "an answer is put together from several reads that another thread's come between",
    ),
)
def threads_read_at_once(backend: Backend, stage: Stage) -> None:
    """Several threads that read through one handle at once each get the answer to their own question."""
    backend.save_profile(a_profile())
    places, changes = ("one", "two"), [a_change(field=str(number)) for number in range(5)]
    issues = {place: [an_issue(f"{place} {number}") for number in range(10, 30)] for place in places}
    histories = {place: [a_history(f"{place} {number}", changes=changes) for number in range(3)] for place in places}
    answers: dict[str, dict[str, Any]] = {
        "get_query": {place: a_query(place) for place in places},
        "get_issues": issues,
        "get_cache_info": {place: a_cache_info(jql=place) for place in places},
        "get_histories": histories,
        "get_changes": {
            place: [ChangeEntry(issue_key=each.issue_key, change=change) for each in found for change in changes]
            for place, found in histories.items()
        },
        "list_history_keys": {place: [each.issue_key for each in found] for place, found in histories.items()},
        "get_statistics": {place: [a_statistic(extra={"place": place})] for place in places},
        "get_scope": {place: a_scope(values={"place": place}) for place in places},
        "get_metrics": {place: [a_metric(unit=place)] for place in places},
    }
    for place in places:
        backend.save_query("p", a_query(place))
        backend.save_issues("p", place, issues[place])
        backend.save_cache_info("p", place, a_cache_info(jql=place))
        backend.save_histories("p", place, histories[place])
        backend.save_statistics("p", place, [a_statistic(extra={"place": place})])
        backend.save_scope("p", place, a_scope(values={"place": place}))
        backend.save_metrics("p", place, [a_metric(unit=place)])
        backend.save_task(a_task(place))
        backend.set_app_state(place, place)
    for operation, by_place in answers.items():
        asked = [(getattr(backend, operation), "p", place) for place in places]
        # Whether two threads come between one another is chance, and better the more often they may.
        for _ in range(3):
            expect_same(stage.do(together, *asked * 4), [*by_place.values()] * 4)
    for operation, expected in (("get_task", [a_task("one"), a_task("two")]), ("get_app_state", ["one", "two"])):
        named = [(getattr(backend, operation), place) for place in places]
        expect_same(stage.do(together, *named * 4), expected * 4)


@clause(
    "forty-threads-share-a-handle",
    sentences="11.2",
    depends_on=("threads-share-a-handle", "threads-read-at-once"),
    likely_causes=("each thread takes a connection from a pool of so many, and gives it back when it ends",),
)
def forty_threads_share_a_handle(backend: Backend, stage: Stage) -> None:
    """Forty threads that are alive at once may all use one handle."""
    backend.save_profile(a_profile())
    expect_same(stage.do(in_many_threads, 40, backend.get_profile, "p"), [a_profile()] * 40)
    backend.save_profile(a_profile(name="Team Green"))
    expect_same(stage.do(in_many_threads, 40, backend.get_profile, "p"), [a_profile(name="Team Green")] * 40)
