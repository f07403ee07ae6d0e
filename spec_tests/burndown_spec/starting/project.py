"""The files of a started backend, written all or not at all."""

from __future__ import annotations

import os
import shutil
from importlib.resources import files
from pathlib import Path
from string import Template
from uuid import uuid4

from burndown_spec.starting.operations import imports_of, operations

__all__ = ["FILES", "NotWrittenError", "write_project"]

BACKEND = "src/{name}/__init__.py"
# Where each file goes, by the template that it is made of.
FILES = {
    "pyproject.toml.template": "pyproject.toml",
    "backend.py.template": BACKEND,
    "test_contract.py.template": "tests/test_contract.py",
    "contract.yml.template": ".github/workflows/contract.yml",
}


class NotWrittenError(Exception):
    """Nothing was written; the message is one sentence for the person who asked for it."""


def write_project(name: str, into: Path) -> list[Path]:
    """Write the folder `name` into the folder `into`, and return the paths of its files. Raises `NotWrittenError`.

    `name` is one that `checked_name` has passed.
    """
    target = into / name
    if not into.is_dir():
        raise NotWrittenError(f"{into}: there is no such folder to write {name} into")
    if os.path.lexists(target):
        raise NotWrittenError(f"{target} is already there, and nothing is written over")
    texts = _texts(name)
    beside = into / f".{name}-{uuid4().hex[:8]}"
    try:
        for place, text in texts.items():
            path = beside / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        beside.rename(target)
    except OSError as error:
        raise NotWrittenError(f"{target} cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return [target / place.format(name=name) for place in FILES.values()]


def _texts(name: str) -> dict[str, str]:
    """The text of each file by its path."""
    folder = files(__package__) / "files"
    templates = {
        place.format(name=name): Template((folder / template).read_text(encoding="utf-8"))
        for template, place in FILES.items()
    }
    class_name = "".join(word[:1].upper() + word[1:] for word in name.removesuffix("_backend").split("_")) + "Backend"
    words = {"name": name, "class_name": class_name, "operations": operations(), "imports": ""}
    words["imports"] = imports_of(templates[BACKEND.format(name=name)].substitute(words))
    return {place: template.substitute(words) for place, template in templates.items()}
