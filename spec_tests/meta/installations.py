"""Installed packages without an installer and without a network: folders that a Python finds by `PYTHONPATH`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distribution
from pathlib import Path

__all__ = ["ROOT", "by_path", "editable", "is_editable", "offer_backends", "unpacked_wheel"]

ROOT = Path(__file__).parents[2]
SOURCES = ("reference", "spec_tests", "fixtures")


def by_path(*folders: Path) -> dict[str, str]:
    """The environment in which Python finds what lies in these folders before anything else."""
    return {"PYTHONPATH": os.pathsep.join(map(str, folders))}


def is_editable() -> bool:
    """Whether the distribution under test is installed from where its sources lie."""
    told = json.loads(distribution("burndown-store").read_text("direct_url.json") or "{}")
    return bool(told.get("dir_info", {}).get("editable"))


def editable() -> list[Path]:
    """What an editable install adds to the path: the source roots."""
    return [ROOT / source for source in SOURCES]


def unpacked_wheel(into: Path) -> Path:
    """Build the wheel and lay it out in a folder of `into`, as an installer does."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(into)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = into.glob("*.whl")
    site = into / "site"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(site)
    return site


def offer_backends(project: Path, into: Path) -> None:
    """Give the entry points in a project's `pyproject.toml` to whoever has `into` in the path, as an installer does."""
    told = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    folder = into / f"{told['name']}-{told['version']}.dist-info"
    folder.mkdir(parents=True)
    metadata = f"Metadata-Version: 2.1\nName: {told['name']}\nVersion: {told['version']}\n"
    (folder / "METADATA").write_text(metadata, encoding="utf-8")
    lines = [
        line
        for group, entries in told["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in entries.items()))
    ]
    (folder / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
