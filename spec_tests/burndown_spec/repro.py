"""A failure as a plain script: the recorded calls, the expectation, and nothing of this suite.

The script imports only the contract and the factory. It prints Expected and Actual as the failure does, and exits 1
while the promise is broken, 0 once it is kept. `python SCRIPT module:factory` tries the same on another backend.
"""

from __future__ import annotations

import ast
import datetime
import inspect
import re
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from textwrap import indent

import burndown_store.contract as contract
from burndown_spec import vocabulary
from burndown_spec.expectations import Broken, Ends, Expectation, Refused, Returns, Same
from burndown_spec.recording import Step, Trace
from burndown_spec.registry import Clause
from burndown_spec.target import Target
from burndown_spec.vocabulary import Raised

__all__ = ["script"]

_FRAME = '''\
"""{title}

{requirement}
(contract version {version}, sentences {sentences})

Run it with Python: it exits 1 while the promise is broken, 0 once it is kept, 2 when the calls cannot be made.
Give another module:factory as argument to try the same calls on another backend.
"""

from __future__ import annotations

{imports}

{path}


def reproduce(open_backend: Any, location: Path) -> tuple[str, str, bool]:
    """Make the calls; what was expected, what came back, and whether the promise is broken."""
{body}


{vocabulary}


def main() -> int:
    module, _, attribute = (sys.argv[1] if len(sys.argv) > 1 else {factory!r}).partition(":")
    open_backend: Any = importlib.import_module(module)
    for part in attribute.split("."):
        open_backend = getattr(open_backend, part)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        location = Path(folder) / "store"
        location.mkdir()
        try:
            expected, actual, broken = reproduce(open_backend, location)
        except BaseException:
            traceback.print_exc()
            return 2
    print(f"Expected: {{expected}}")
    print(f"Actual:   {{actual}}")
    print("The promise is broken." if broken else "The promise is kept.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
'''


def script(clause: Clause, target: Target, trace: Trace, broken: Broken) -> str:
    """The text of the script for an expectation of `clause` that the last of the calls in `trace` broke."""
    body = _body(trace, broken)
    pasted = _pasted(body)
    return _FRAME.format(
        title=f"burndown-spec: {clause.id} on {target.name}",
        requirement=clause.requirement,
        version=contract.CONTRACT_VERSION,
        sentences=", ".join(clause.sentences),
        imports=_imports(f"{pasted}\n\n{body}\n"),
        path=f"sys.path.insert(0, {str(Path.cwd())!r})",
        vocabulary=pasted,
        body=indent(body, "    "),
        factory=f"{target.module}:{target.attribute}",
    )


def _body(trace: Trace, broken: Broken) -> str:
    expectation, steps = broken.expectation, trace.steps
    if isinstance(expectation, Returns):
        # An error that nobody expected leaves the blocks around its call; where it is not raised, it leaves none.
        steps = steps[: 1 + _first_with(broken.answer, steps)]
    judged = steps[-1] if isinstance(broken.answer, Raised) else trace.step_of(broken.answer)
    expected, decision = expectation.prepared(trace.write), expectation.decision(trace.write)
    later = "\n".join([*(step.source for step in steps), expected, decision])
    lines: list[str] = []
    for step in steps:
        lines += [*step.preparing, _line(step, step is judged, later, expectation)]
    lines.append(f"actual = {judged.variable if judged else trace.write(broken.answer)}")
    if expectation.view:
        lines.append(f"actual = attempt({expectation.view.__name__}, actual)")
    lines.append(f"expected = {expected}")
    said = "shown(expected)" if isinstance(expectation, Same) else "expected"
    lines.append(f"return {said}, shown(actual, location), {decision}")
    return "\n".join(lines)


def _first_with(answer: object, steps: Sequence[Step]) -> int:
    """Where the error was raised first that ended the clause; the last step, where it was none."""
    for place, step in enumerate(steps):
        if isinstance(answer, Raised) and isinstance(step.outcome, Raised) and step.outcome.error is answer.error:
            return place
    return len(steps) - 1


def _line(step: Step, judged: bool, later: str, expectation: Expectation) -> str:
    if judged and isinstance(expectation, Ends):
        return f"{step.variable} = attempt(within, {expectation.seconds}, {step.as_arguments})"
    # Where a refusal is expected, that of the block may be the one, and is told at its end.
    opens_a_block = "begin" in (step.function, *(argument.text for argument in step.arguments[:1]))
    if judged or isinstance(step.outcome, Raised) or (opens_a_block and isinstance(expectation, Refused)):
        return f"{step.variable} = attempt({step.as_arguments})"
    if not step.variable.startswith("result_") or re.search(rf"\b{step.variable}\b", later):
        return f"{step.variable} = {step.source}"
    return step.source


@cache
def _definitions() -> tuple[dict[str, str], dict[str, frozenset[str]], list[ast.Import | ast.ImportFrom]]:
    """The vocabulary's source by name, the names that each definition uses, and its modules' imports."""
    sources, uses, imports = {}, {}, []
    for module in vocabulary.MODULES:
        text = inspect.getsource(import_module(f"{vocabulary.__name__}.{module}"))
        for node in ast.parse(text).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                sources[node.name] = "\n".join(text.splitlines()[first - 1 : node.end_lineno])
                uses[node.name] = frozenset(each.id for each in ast.walk(node) if isinstance(each, ast.Name))
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                imports.append(node)
    return sources, uses, imports


def _pasted(body: str) -> str:
    """The definitions of the vocabulary that `body` uses, and those that they use, in the order written."""
    sources, uses, _ = _definitions()
    wanted: set[str] = set()
    waiting = set(re.findall(r"\w+", body)) | {"shown"}
    while waiting:
        name = waiting.pop()
        if name in sources and name not in wanted:
            wanted.add(name)
            waiting |= uses[name]
    return "\n\n\n".join(source for name, source in sources.items() if name in wanted)


def _imports(text: str) -> str:
    """Imports for the names in `text`: of the standard library as the vocabulary has them, and of the contract."""
    # The body returns, so it is read as a function's.
    tree = ast.parse(f"def body():\n{indent(text, '    ')}")
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    plain = {"importlib", "sys", "tempfile", "traceback"}
    # Literals name more of datetime than the vocabulary does.
    parts = {"pathlib": {"Path"}, "typing": {"Any"}, "datetime": names & set(datetime.__all__)}
    for node in _definitions()[2]:
        found = {alias.name for alias in node.names if alias.name in names}
        if isinstance(node, ast.Import):
            plain |= found
        elif node.module and not node.module.startswith(("__future__", "burndown_", "datetime")):
            parts.setdefault(node.module, set()).update(found)
    lines = [f"import {name}" for name in sorted(plain)]
    lines += [f"from {module} import {', '.join(sorted(used))}" for module, used in sorted(parts.items()) if used]
    contracts = sorted(name for name in contract.__all__ if name in names)
    return "\n".join([*lines, "", f"from burndown_store.contract import {', '.join(contracts)}"])
