"""What is claimed is kept, as far as one look can tell, and what is not claimed is refused (contract, 19.2, 19.8)."""

from __future__ import annotations

from burndown_spec.expectations import expect_error, expect_same
from burndown_spec.furnished import furnish
from burndown_spec.registry import clause
from burndown_spec.stage import Stage
from burndown_spec.values.records import a_profile
from burndown_spec.vocabulary import contents_of, copy_store, move_store
from burndown_store.contract import Backend, Capability, ClosedError, UnsupportedError


@clause(
    "transactions-not-claimed-are-refused",
    sentences="19.2 6.4",
    unless=(Capability.TRANSACTIONS,),
    likely_causes=("`transaction()` gives a block that does nothing", "it raises `NotImplementedError`"),
)
def transactions_not_claimed_are_refused(backend: Backend) -> None:
    """Where `transactions` is not claimed, `transaction()` raises `UnsupportedError`; once closed, `ClosedError`."""
    backend.set_app_state("key", "value")
    with expect_error(UnsupportedError), backend.transaction():
        pass
    expect_same(backend.get_app_state("key"), "value")
    backend.close()
    with expect_error(ClosedError), backend.transaction():
        pass


@clause(
    "savepoints-not-claimed-are-refused",
    sentences="19.2 6.3",
    needs=(Capability.TRANSACTIONS,),
    unless=(Capability.SAVEPOINTS,),
    likely_causes=("a nested `transaction()` gives a block that does nothing", "the refusal undoes the outer one"),
)
def savepoints_not_claimed_are_refused(backend: Backend) -> None:
    """Where `savepoints` is not claimed, a nested `transaction()` is an `UnsupportedError`, and harms no outer one."""
    with backend.transaction():
        backend.set_app_state("before", "kept")
        with expect_error(UnsupportedError), backend.transaction():
            pass
        backend.set_app_state("afterwards", "kept")
    expect_same(backend.list_app_state(), {"afterwards": "kept", "before": "kept"})


@clause(
    "snapshots-not-claimed-are-refused",
    sentences="19.2 6.4",
    unless=(Capability.SNAPSHOTS,),
    likely_causes=("`snapshot()` gives a block that pins nothing", "it raises `NotImplementedError`"),
)
def snapshots_not_claimed_are_refused(backend: Backend) -> None:
    """Where `snapshots` is not claimed, `snapshot()` raises `UnsupportedError`; once closed, `ClosedError`."""
    backend.set_app_state("key", "value")
    with expect_error(UnsupportedError), backend.snapshot():
        pass
    expect_same(backend.get_app_state("key"), "value")
    backend.close()
    with expect_error(ClosedError), backend.snapshot():
        pass


@clause(
    "a-durable-store-is-there-again",
    sentences="19.8",
    needs=(Capability.DURABLE,),
    depends_on=("two-handles-see-each-other",),
    likely_causes=("what is written lives as long as the process, or as long as a handle is open",),
)
def a_durable_store_is_there_again(backend: Backend, stage: Stage) -> None:
    """Where `durable` is claimed, everything is there again when all handles were closed and the location is opened."""
    furnish(backend)
    before = stage.do(contents_of, backend)
    backend.close()
    expect_same(stage.do(contents_of, stage.open()), before)


@clause(
    "a-durable-store-outlives-a-killed-process",
    sentences="19.8",
    needs=(Capability.DURABLE,),
    depends_on=("a-durable-store-is-there-again",),
    likely_causes=("writes are kept in memory until the handle is closed", "they are flushed by a thread, or at exit"),
)
def a_durable_store_outlives_a_killed_process(backend: Backend, stage: Stage) -> None:
    """Where `durable` is claimed, what a process was told that it wrote is there after it was killed."""
    backend.set_app_state("before", "kept")
    backend.close()
    calls = [("set_app_state", "first", "kept"), ("set_app_state", "second", "kept"), ("delete_app_state", "before")]
    expect_same(stage.elsewhere(calls, killed=True), [None, None, None])
    expect_same(stage.open().list_app_state(), {"first": "kept", "second": "kept"})


@clause(
    "a-shared-store-is-shared",
    sentences="19.8",
    needs=(Capability.SHARED,),
    depends_on=("two-handles-see-each-other",),
    likely_causes=(
        "the store is locked for as long as a handle is open",
        "each process has a store of its own",
        "what was read before is kept, and another process's writes are not noticed",
    ),
)
def a_shared_store_is_shared(backend: Backend, stage: Stage) -> None:
    """Where `shared` is claimed, another process opens the location meanwhile, and each reads what the other wrote."""
    backend.set_app_state("ours", "1")
    calls = [("get_app_state", "ours"), ("set_app_state", "theirs", "1"), ("set_app_state", "ours", "2")]
    expect_same(stage.elsewhere(calls), ["1", None, None])
    expect_same(backend.list_app_state(), {"ours": "2", "theirs": "1"})
    backend.delete_app_state("theirs")
    expect_same(stage.elsewhere([("list_app_state",)]), [{"ours": "2"}])


@clause(
    "a-store-in-a-file-can-be-copied-and-moved",
    sentences="19.8",
    needs=(Capability.FILE,),
    depends_on=("a-durable-store-is-there-again",),
    likely_causes=(
        "absolute paths are kept inside the store",
        "a part lies outside of the location, or in a file that is missed when it is opened again",
    ),
)
def a_store_in_a_file_can_be_copied_and_moved(backend: Backend, stage: Stage) -> None:
    """Where `file` is claimed, a copy of the closed directory, and the directory moved, each hold all of it."""
    furnish(backend)
    before = stage.do(contents_of, backend)
    backend.close()
    stage.do(copy_store, stage.location, "copied")
    copied = stage.open_beside("copied")
    expect_same(stage.do(contents_of, copied), before)
    copied.save_profile(a_profile("only in the copy"))
    copied.close()
    stage.do(move_store, stage.location, "moved")
    moved = stage.open_beside("moved")
    expect_same(stage.do(contents_of, moved), before)
    moved.close()
    expect_same(stage.open_beside("copied").get_profile("only in the copy"), a_profile("only in the copy"))
