"""The files of a report: `verdict.json`, `report.md` and the scripts in `repro/`."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from burndown_spec.report.document import Document
from burndown_spec.report.markdown import markdown

__all__ = ["prepare_folder", "write_report", "write_repro_scripts"]

VERDICT, MARKDOWN = "verdict.json", "report.md"


def prepare_folder(folder: Path) -> None:
    """Make sure that a report can be written into `folder`, which is created, before anything is judged.

    An earlier report is removed: after a run that was ended from outside, none must pass for its own. Raises `OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass
    for name in (VERDICT, MARKDOWN):
        (folder / name).unlink(missing_ok=True)


def write_repro_scripts(document: Document, scripts: Mapping[tuple[str, str], str], folder: Path) -> None:
    """Write the script of each failure below `folder`; `scripts` has their texts by clause and backend."""
    for backend in document.backends:
        for clause in backend.clauses:
            if clause.repro:
                path = folder / clause.repro
                path.parent.mkdir(parents=True, exist_ok=True)
                _write(path, scripts[clause.clause, backend.name])


def write_report(document: Document, folder: Path) -> None:
    """Write `verdict.json` and `report.md` into `folder`."""
    _write(folder / MARKDOWN, markdown(document))
    _write(folder / VERDICT, json.dumps(msgspec.to_builtins(document), indent=2) + "\n")


def _write(path: Path, text: str) -> None:
    # What a backend answered may hold half a surrogate pair, which no file in UTF-8 does.
    path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
