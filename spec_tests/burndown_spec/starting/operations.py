"""The operations of the contract as source: each with its full signature and one line that refuses.

They are read off `Backend`, so an operation that the contract gains is in the next backend that is started.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

from burndown_store.contract import Backend
from burndown_store.contract import backend as definition

__all__ = ["imports_of", "operations"]

# What formatters take for the length of a line where nothing is configured.
LINE = 88
CONTRACT = "burndown_store.contract"


def operations() -> str:
    """The source of every property and method of `Backend`, in its order, but for `capabilities`."""
    return "\n\n".join(
        _property(name, member) if isinstance(member, property) else _method(name, member)
        for name, member in vars(Backend).items()
        if not name.startswith("_") and name != "capabilities" and (callable(member) or isinstance(member, property))
    )


def imports_of(source: str) -> str:
    """The imports for what `source` uses of the contract, of the modules that `Backend` uses, and of `pathlib`."""
    used = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    homes = {"pathlib": {"Path"}}
    for name in {name for name in used & vars(definition).keys() if not name.startswith("_")}:
        home = str(vars(definition)[name].__module__)
        homes.setdefault(CONTRACT if home.startswith(CONTRACT) else home, set()).add(name)
    contract = _import(CONTRACT, homes.pop(CONTRACT))
    return "\n".join([*(_import(home, names) for home, names in sorted(homes.items())), "", contract])


def _import(home: str, names: set[str]) -> str:
    line = f"from {home} import {', '.join(sorted(names))}"
    return (
        line if len(line) <= LINE else f"from {home} import (\n" + "".join(f"    {n},\n" for n in sorted(names)) + ")"
    )


def _property(name: str, member: property) -> str:
    assert member.fget is not None
    return f"    @property\n{_method(name, member.fget)}"


def _method(name: str, member: object) -> str:
    assert callable(member)
    signature = inspect.signature(member)
    parameters = list(_parameters(signature))
    returns = f" -> {_annotation(signature.return_annotation)}:"
    head = f"    def {name}({', '.join(parameters)}){returns}"
    if len(head) > LINE:
        head = f"    def {name}(\n" + "".join(f"        {each},\n" for each in parameters) + f"    ){returns}"
    return f'{head}\n        raise missing("{name}")'


def _parameters(signature: inspect.Signature) -> Iterator[str]:
    starred = False
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            starred = True
            yield "*"
        if parameter.annotation is parameter.empty:
            yield parameter.name
            continue
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        yield f"{parameter.name}: {_annotation(parameter.annotation)}{default}"


def _annotation(annotation: object) -> str:
    # The contract's module postpones its annotations, so they are the text that its author wrote.
    assert isinstance(annotation, str)
    return annotation
