"""From what was typed to clauses, levels and capabilities, with the nearest names where there is no such thing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from burndown_spec.levels import Level
from burndown_spec.registry import Catalogue
from burndown_spec.verdict import Required
from burndown_store.contract import Capability

__all__ = ["NoSuchNameError", "chosen_clauses", "requirements"]


class NoSuchNameError(Exception):
    """A name leads to nothing; the message is one sentence for the person who typed it."""


def chosen_clauses(catalogue: Catalogue, ids: Sequence[str]) -> tuple[str, ...]:
    """The ids of the catalogue that `--clause` names, in the catalogue's order; all of them where it names none."""
    everything = [clause.id for clause in catalogue]
    for name in ids:
        if name not in catalogue:
            raise NoSuchNameError(_sentence("--clause", "clause", name, everything, "burndown-spec clauses lists them"))
    return tuple(name for name in everything if not ids or name in ids)


def requirements(names: Sequence[str]) -> Required:
    """The levels and capabilities that `--require` names.

    A name of both is the level, which needs the capability.
    """
    levels: set[Level] = set()
    capabilities: set[Capability] = set()
    all_levels = {level.value: level for level in Level}
    all_capabilities = {capability.value: capability for capability in Capability}
    for name in names:
        if level := all_levels.get(name.lower()):
            levels.add(level)
        elif capability := all_capabilities.get(name.lower()):
            capabilities.add(capability)
        else:
            known = list({**all_levels, **all_capabilities})
            kind, otherwise = "level or capability", f"known: {', '.join(known)}"
            raise NoSuchNameError(_sentence("--require", kind, name, known, otherwise))
    return Required(levels=frozenset(levels), capabilities=frozenset(capabilities))


def _sentence(option: str, kind: str, name: str, known: Iterable[str], otherwise: str) -> str:
    close = get_close_matches(name.lower(), list(known), n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else otherwise
    return f"{option} {name}: there is no such {kind}; {hint}"
