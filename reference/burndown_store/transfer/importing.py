"""An export, a folder of the old application, or one of its packages, into a store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace as with_fields
from datetime import UTC, tzinfo
from pathlib import Path

from burndown_store.contract import Backend, Capability, PersistenceError, check_identifier, replace
from burndown_store.legacy import Note
from burndown_store.transfer.bundles import Bundle, BundledProfile, put
from burndown_store.transfer.errors import ConflictError, ImportRefusedError, medium
from burndown_store.transfer.results import Imported
from burndown_store.transfer.sources import bundle_from

__all__ = ["import_workspace"]


def import_workspace(backend: Backend, source: Path, *, as_id: str | None = None, zone: tzinfo = UTC) -> Imported:
    """Take profiles, with all that lies below them, into the store; `source` is changed in no byte. It is one of

    - a folder that `export_workspace` wrote: what comes of it is the same, record by record;
    - any folder of the old application, as `burndown_store.legacy` reads it;
    - a package that the old application offered for download: JSON of version 2, an archive of one profile, or one
      of such archives; or any of these folders as an archive.

    What kind it is, its contents tell and not its name. Times without an offset are read in `zone`. The one profile of
    `source` is called `as_id`, if that is given. The application's state and tasks are taken only into a store without
    profiles, where they replace what has their keys, and never with `as_id`: they tell of the workspace that they come
    from.

    All is written in one transaction where the backend claims them; otherwise what fails in the middle is taken back
    as far as profiles go. Raises `ConflictError` where a profile is there already, `ImportRefusedError` for what is
    unsafe or not what it says, `SchemaVersionError` for an export of a newer software, `BusyError`, `StorageError`.
    """
    if as_id is not None:
        check_identifier(as_id, "as_id")
    source = Path(source).absolute()
    with medium(source), bundle_from(source, zone, as_id) as found:
        bundle = _renamed(found, as_id, source)
        ids = [profile.record.id for profile in bundle.profiles]
        if len(set(ids)) < len(ids):
            raise ImportRefusedError(f"{source}: it holds a profile twice; import its parts one by one")
        with _whole(backend, ids):
            there = backend.list_profiles()
            _expect_none_of(ids, {profile.id for profile in there})
            if there or as_id is not None:
                bundle = _without_state(bundle)
            taken = put(bundle, backend)
        return Imported(
            profiles=tuple(ids),
            counts=dict(taken.counts),
            rejects=(*bundle.rejects, *taken.rejects),
            notes=(*bundle.notes, *taken.notes),
            ignored=bundle.ignored,
            naive_times=bundle.naive_times + taken.naive_times,
        )


def _renamed(bundle: Bundle, as_id: str | None, source: Path) -> Bundle:
    if as_id is None:
        return bundle
    if len(bundle.profiles) != 1:
        raise ImportRefusedError(
            f"{source}: it holds {len(bundle.profiles)} profiles, and only one can get a new id; import it without one"
        )
    (profile,) = bundle.profiles
    return with_fields(bundle, profiles=(BundledProfile(replace(profile.record, id=as_id), profile.queries),))


def _expect_none_of(ids: list[str], there: set[str]) -> None:
    taken = [each for each in ids if each in there]
    if taken:
        advice = "import it under another id, --as NEW_ID" if len(ids) == 1 else "delete them or import one by one"
        named = ", ".join(map(repr, taken[:10])) + (" …" if len(taken) > 10 else "")
        raise ConflictError(f"{len(taken)} of {len(ids)} profiles are in the store already: {named}; {advice}")


def _without_state(bundle: Bundle) -> Bundle:
    notes = []
    for what, left in (("keys of the application's state", bundle.app_state), ("tasks", bundle.tasks)):
        if left:
            notes.append(Note(file="", what=f"{len(left)} {what} not taken over: they tell of another workspace"))
    return with_fields(bundle, app_state={}, tasks=(), notes=(*bundle.notes, *notes))


@contextmanager
def _whole(backend: Backend, ids: list[str]) -> Iterator[None]:
    """Around all that is written: it is there at the end, or none of it."""
    if Capability.TRANSACTIONS in backend.capabilities:
        with backend.transaction():
            yield
        return
    there = {profile.id for profile in backend.list_profiles()}
    try:
        yield
    except BaseException:
        for profile_id in ids:
            if profile_id not in there:
                with suppress(PersistenceError):
                    backend.delete_profile(profile_id)
        raise
