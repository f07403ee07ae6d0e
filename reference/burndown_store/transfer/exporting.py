"""A workspace, or one profile, as a folder that the old application reads."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace as with_fields
from functools import partial
from pathlib import Path

from burndown_store import json_files
from burndown_store.contract import Backend, Capability, check_identifier
from burndown_store.files import exists, make_folder, put_in_place, remove, remove_tree
from burndown_store.legacy import QueryContents
from burndown_store.transfer.bundles import Bundle, BundledProfile, BundledQuery, bundle_of, put
from burndown_store.transfer.errors import ExportRefusedError, medium
from burndown_store.transfer.results import Exported
from burndown_store.transfer.secrets import Redaction

__all__ = ["export_workspace"]


def export_workspace(
    backend: Backend, out: Path, *, profile_id: str | None = None, with_secrets: bool = False
) -> Exported:
    """Write the whole store, or one profile of it, to the folder `out`, in the layout of the old application.

    What is written is one moment of the store where the backend claims snapshots or transactions. What that layout
    has no place for stands in a member of its own, so that `import_workspace` makes the same store of it again; a
    single profile comes without the application's state and tasks. Secrets are left out unless asked for (`secrets`).
    The folder is written beside `out` and put in place by one rename, so that `out` is whole or not there.

    Raises `ExportRefusedError` where `out` is there and not an empty folder, `ProfileNotFoundError`, `StorageError`.
    """
    if profile_id is not None:
        check_identifier(profile_id, "profile_id")
    out = Path(out).absolute()
    with medium(out):
        _expect_free(out)
        make_folder(out.parent)
        part = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
        try:
            with _one_moment(backend), json_files.open_backend(part) as target:
                bundle = bundle_of(backend, profile_id)
                taken = put(bundle if with_secrets else _without_secrets(bundle, backend), target)
            for lock in part.joinpath("profiles").glob("*.lock"):
                remove(lock)
            files = sum(path.is_file() for path in part.rglob("*"))
            if exists(out):
                out.rmdir()
            put_in_place(part, out)
        except BaseException:
            with suppress(OSError):
                remove_tree(part)
            raise
    return Exported(
        path=out,
        profiles=tuple(profile.record.id for profile in bundle.profiles),
        counts=dict(taken.counts),
        files=files,
        with_secrets=with_secrets,
    )


def _expect_free(out: Path) -> None:
    if exists(out) and (not out.is_dir() or any(out.iterdir())):
        raise ExportRefusedError(f"{out}: something is there already; name a new or an empty folder")


def _one_moment(backend: Backend) -> AbstractContextManager[object]:
    if Capability.SNAPSHOTS in backend.capabilities:
        return backend.snapshot()
    if Capability.TRANSACTIONS in backend.capabilities:
        return backend.transaction()
    return nullcontext()


def _without_secrets(bundle: Bundle, backend: Backend) -> Bundle:
    redaction = Redaction(_settings(backend))
    profiles = [
        BundledProfile(
            redaction.record(profile.record),
            tuple(
                BundledQuery(redaction.record(query.record), partial(_contents_without_secrets, query, redaction))
                for query in profile.queries
            ),
        )
        for profile in bundle.profiles
    ]
    return with_fields(
        bundle,
        profiles=tuple(profiles),
        app_state=redaction.app_state(bundle.app_state),
        tasks=tuple(map(redaction.record, bundle.tasks)),
    )


def _settings(backend: Backend) -> Iterator[object]:
    """Where secrets are looked for: the settings of all profiles, because one may have another's in its texts."""
    yield backend.list_app_state()
    yield from backend.list_tasks()
    for profile in backend.list_profiles():
        yield profile
        yield from backend.list_queries(profile.id)


def _contents_without_secrets(query: BundledQuery, redaction: Redaction) -> QueryContents:
    contents = query.read()
    return with_fields(
        contents,
        issues=tuple(map(redaction.record, contents.issues)),
        cache_info=None if contents.cache_info is None else redaction.record(contents.cache_info),
        histories=tuple(map(redaction.record, contents.histories)),
        statistics=tuple(map(redaction.record, contents.statistics)),
        scope=None if contents.scope is None else redaction.record(contents.scope),
        metrics=tuple(map(redaction.record, contents.metrics)),
    )
