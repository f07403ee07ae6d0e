"""What is unsafe, or not what it says, is refused before anything is written, in one clear sentence."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from burndown_fixtures.legacy import write_tree
from burndown_spec.values import records as r
from burndown_store.contract import Backend, PersistenceError, SchemaVersionError, StorageError
from burndown_store.sqlite import open_backend_normal
from burndown_store.transfer import ImportRefusedError, archives, export_workspace, folders, import_workspace
from transfer_samples import contents, everything, fill

REGISTRY = "profiles/profiles.json"
PROFILE = {"profiles/p/profile.json": b'{"name": "Team Blue"}'}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(32))

Entry = tuple[str | zipfile.ZipInfo, bytes]


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Backend]:
    """An open store with one profile."""
    with open_backend_normal(tmp_path / "target") as backend:
        backend.save_profile(r.full_profile("mine"))
        backend.set_app_state("active_profile_id", "mine")
        yield backend


def packed(*entries: Entry) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in entries:
            opened.writestr(name, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def named(name: str) -> bytes:
    """An archive with one good entry and one of this very name."""
    # Python's writer makes some names harmless, so the name is put in afterwards.
    place = "x" * len(name.encode("utf-8"))
    return packed(*PROFILE.items(), (place, b"{}")).replace(place.encode("ascii"), name.encode("utf-8"))


def moded(mode: int) -> bytes:
    entry = zipfile.ZipInfo("profiles/p/link.json")
    entry.external_attr = mode << 16
    return packed(*PROFILE.items(), (entry, b"/etc/passwd"))


def encrypted() -> bytes:
    data = bytearray(packed(("profile.json", b"{}")))
    # The first bit of the flags, in the entry itself and in the directory at the end.
    data[data.index(b"PK\x03\x04") + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def otherwise_packed() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_BZIP2) as opened:
        opened.writestr("profile.json", b"{}")
    return buffer.getvalue()


def refused(backend: Backend, source: Path, kind: type[PersistenceError] = ImportRefusedError) -> str:
    """What the error says; neither the store nor the source has changed."""
    before, root = everything(backend), source.parent
    files = {name: data for name, data in contents(root).items() if not name.startswith("target")}
    with pytest.raises(kind) as refusal:
        import_workspace(backend, source)
    assert everything(backend) == before
    assert {name: data for name, data in contents(root).items() if not name.startswith("target")} == files
    told = str(refusal.value)
    assert told.startswith(str(source))
    assert "\n" not in told
    return told


@pytest.mark.parametrize(
    "name",
    ["../evil.json", "profiles/../../evil.json", "/etc/evil.json", "C:/evil.json", "c:evil.json", "\\\\server\\evil",
     "..\\evil.json", "//server/share/evil.json", "evil\x00.json", "profiles/./evil.json", "profiles//evil.json",
     "profile.json:stream", "con", "profiles/NUL.json", "profiles /evil.json", "profiles./evil.json", "ev\til.json"],
)  # fmt: skip
def test_a_name_that_leads_out_of_an_archive(target: Backend, tmp_path: Path, name: str) -> None:
    source = tmp_path / "package.zip"
    source.write_bytes(named(name))
    told = refused(target, source)
    assert "entry 2 of the archive: its name leads out of the archive or is none; do not import it" in told
    assert "evil" not in told
    assert not list(tmp_path.parent.rglob("evil*"))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (moded(stat.S_IFLNK | 0o777), "entry 2 of the archive: a link or a device instead of a file"),
        (moded(stat.S_IFIFO | 0o600), "entry 2 of the archive: a link or a device instead of a file"),
        (encrypted(), "entry 1 of the archive: it is encrypted; decrypt the archive before"),
        (otherwise_packed(), "entry 1 of the archive: it is packed in a way that is not read here"),
        (packed(("profile.json", b" " * (4 << 20))), "it unpacks to more than 250 times its size"),
        (packed(("profile.json", b"{}"), ("PROFILE.json", b"{}")), "entry 2 of the archive: its name is there twice"),
        (packed(("queries", b"{}"), ("queries/q.json", b"{}")), "entry 2 of the archive: its name is there twice"),
        (packed(("queries/q.json", b"{}"), ("queries", b"{}")), "entry 2 of the archive: its name is there twice"),
        (packed(*PROFILE.items())[:-30], "the archive is damaged; download or copy it again"),
        (packed(), "neither an export nor files of the old application"),
        (packed(("readme.txt", b"hello")), "neither an export nor files of the old application"),
        (
            packed(("a.zip", packed(("b.zip", packed(("c.zip", packed(*PROFILE.items()))))))),
            "an archive in an archive in an archive; unpack it",
        ),
    ],
)  # fmt: skip
def test_an_archive_that_is_not_safe_or_not_ours(target: Backend, tmp_path: Path, data: bytes, what: str) -> None:
    source = tmp_path / "package.zip"
    source.write_bytes(data)
    assert what in refused(target, source)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_in_an_archive(target: Backend, tmp_path: Path) -> None:
    source = tmp_path / "package.zip"
    source.write_bytes(packed(("profile.json", b"{}"), ("profile.json", b"[]")))
    assert "entry 2 of the archive: its name is there twice" in refused(target, source)


def test_an_entry_that_is_damaged(target: Backend, tmp_path: Path) -> None:
    data = bytearray(packed(("profiles/p/profile.json", json.dumps({"name": "Team Blue " * 9}).encode("ascii"))))
    data[data.index(b"profile.json") + 20] ^= 0xFF
    source = tmp_path / "package.zip"
    source.write_bytes(bytes(data))
    assert "the archive is damaged" in refused(target, source)


def test_an_archive_of_too_many_files_or_bytes(
    target: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "package.zip"
    inner = packed(*PROFILE.items(), ("profiles/q/profile.json", b"{}"))
    source.write_bytes(packed(("a.zip", inner), ("b.zip", inner)))
    monkeypatch.setattr(archives, "MAX_FILES", 5)
    assert "more than 5 files; import parts of it" in refused(target, source)
    monkeypatch.setattr(archives, "MAX_FILES", 6)
    monkeypatch.setattr(archives, "MAX_BYTES", 2 * len(inner))
    assert f"it unpacks to more than {2 * len(inner)} bytes; import parts of it" in refused(target, source)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "the file is empty (0 bytes); download or copy it again"),
        (b"hello\n", "neither an export package nor an archive"),
        (b"[]", "neither an export package nor an archive"),
        (b"{}", "neither an export package nor an archive"),
        (b'{"manifest": {}}', "neither an export package nor an archive"),
        (b'{"manifest": {}, "profile_data": []}', "neither an export package nor an archive"),
        (b'{"manifest": {"version": "3.0"}, "profile_data": {}}', "of a version that is not known here"),
        (b'{"manifest": {}, "profile_data": {"id": "p"', "line 1, column 44: the file ends in the middle"),
        (b'{"manifest": {}, "x": ' + b"[" * 100_000, "nested too deeply"),
        (b"\x00" * 64, "nothing but 64 NUL bytes"),
        (PNG, "the file holds NUL bytes"),
        (b"\xff\xfe{\x00}\x00", "the file is UTF-16"),
    ],
)
@pytest.mark.parametrize("name", ["package.json", "package.zip"])
def test_a_file_that_is_no_package(target: Backend, tmp_path: Path, name: str, data: bytes, what: str) -> None:
    source = tmp_path / name
    source.write_bytes(data)
    assert what in refused(target, source)


@pytest.mark.parametrize(
    "hostile", ["..", "../evil", "/evil", "C:\\evil", "\\\\server\\evil", "a\x00b", "con", "", "x."]
)
@pytest.mark.parametrize("where", ["profile", "query"])
def test_an_id_in_a_package_that_is_no_name_of_a_folder(
    target: Backend, tmp_path: Path, hostile: str, where: str
) -> None:
    profile = {"id": hostile if where == "profile" else "p"}
    queries: Any = {hostile if where == "query" else "q": {"query_metadata": {}}}
    source = tmp_path / "package.json"
    package = {"manifest": {}, "profile_data": profile, "query_data": queries}
    source.write_text(json.dumps(package), encoding="utf-8")
    told = refused(target, source)
    if hostile == "" and where == "profile":
        assert "does not say which profile it holds" in told
    else:
        assert "an id of a profile or query in it is no name of a folder" in told
    assert "evil" not in told


def test_queries_that_one_folder_would_hold(target: Backend, tmp_path: Path) -> None:
    source = tmp_path / "package.json"
    package = {"manifest": {}, "profile_data": {"id": "p"}, "query_data": {"main": {}, "Main": {}}}
    source.write_text(json.dumps(package), encoding="utf-8")
    assert "differ by case alone" in refused(target, source)


def test_two_files_of_an_archive_that_are_one(target: Backend, tmp_path: Path) -> None:
    source = tmp_path / "package.zip"
    files = ("profile.json", b'{"id": "p"}'), ("queries/q.json", b"{}"), ("queries/q/query.json", b"{}")
    source.write_bytes(packed(*files))
    assert "two files in it are the same file of a query" in refused(target, source)


def test_a_source_that_is_not_there(target: Backend, tmp_path: Path) -> None:
    assert "there is no such file or folder" in refused(target, tmp_path / "missing")


@pytest.mark.parametrize("files", [{}, {"readme.txt": b"hello"}, {"profiles/readme.txt": b"hello"}])
def test_a_folder_with_nothing_of_ours(target: Backend, tmp_path: Path, files: dict[str, bytes]) -> None:
    source = tmp_path / "folder"
    for name, data in {**files, "sub/x.txt": b""}.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(data)
    assert "neither an export nor files of the old application; name the folder that holds profiles/" in refused(
        target, source
    )


@pytest.mark.parametrize(
    "link",
    ["profiles", REGISTRY, "profiles/p_0a1b2c3d4e5f/linked.json", "profiles/p_0a1b2c3d4e5f/queries/linked",
     "task_progress.json"],
)  # fmt: skip
def test_a_link_in_a_folder(target: Backend, tmp_path: Path, link: str) -> None:
    source = write_tree(tmp_path / "folder", "g3")
    place = source / link
    outside = tmp_path / "outside"
    outside.mkdir()
    if place.is_dir():
        place.rename(tmp_path / "moved")
    elif place.exists():
        place.unlink()
    try:
        place.symlink_to(outside)
    except OSError:
        pytest.skip("links cannot be made here")
    assert f"{link} is a link; put in its place what it leads to" in refused(target, source)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_in_a_folder(target: Backend, tmp_path: Path) -> None:
    source = write_tree(tmp_path / "folder", "g3")
    os.mkfifo(source / "profiles" / "pipe.json")
    with pytest.raises(ImportRefusedError, match=r"profiles/pipe\.json is neither a file nor a folder"):
        import_workspace(target, source)


def test_a_folder_of_too_many_or_too_large_files(
    target: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_tree(tmp_path / "folder", "g3")
    largest = max((path for path in source.rglob("profiles/**/*.json")), key=lambda path: path.stat().st_size)
    monkeypatch.setattr(folders, "MAX_BYTES", largest.stat().st_size - 1)
    assert f"{largest.name} has more than" in refused(target, source)
    monkeypatch.undo()
    monkeypatch.setattr(folders, "MAX_FILES", 3)
    assert "more than 3 files; import parts of it" in refused(target, source)


def exported(tmp_path: Path) -> Path:
    with open_backend_normal(tmp_path / "old") as store:
        fill(store)
        export_workspace(store, tmp_path / "out")
    return tmp_path / "out"


def changed(path: Path, change: Callable[[Any], Any]) -> None:
    path.write_text(json.dumps(change(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")


def test_every_damage_of_an_export_is_told_at_once(target: Backend, tmp_path: Path) -> None:
    out = exported(tmp_path)
    damaged = ["profiles/p/profile.json", "profiles/p/queries/q/jira_cache.json", "task_progress.json"]
    for name in damaged:
        (out / name).write_bytes((out / name).read_bytes()[:-5])
    before, files = everything(target), contents(out)
    with pytest.raises(ImportRefusedError, match="an export that is damaged or was changed since") as refusal:
        import_workspace(target, out)
    assert all(str(out.joinpath(*name.split("/"))) in str(refusal.value) for name in damaged)
    assert everything(target) == before
    assert contents(out) == files


def test_an_export_of_a_newer_software(target: Backend, tmp_path: Path) -> None:
    out = exported(tmp_path)

    def newer(registry: Any) -> Any:
        registry["burndown_store"]["version"] = 2
        return registry

    changed(out / REGISTRY, newer)
    before = everything(target)
    with pytest.raises(SchemaVersionError, match="use a newer one"):
        import_workspace(target, out)
    assert everything(target) == before


def test_a_file_that_cannot_be_read_is_said_by_name(
    target: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "package.zip"
    source.write_bytes(packed(*PROFILE.items()))

    def refuse(_path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(source))

    monkeypatch.setattr("burndown_store.transfer.sources.is_archive", refuse)
    assert "Permission denied; see to the medium" in refused(target, source, StorageError)
