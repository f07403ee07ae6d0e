"""Away from home: installed in either way, in other people's folders, in any order, and where nobody asks for it."""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from installations import ROOT, by_path, editable, is_editable, offer_backends, unpacked_wheel
from running import META, QUICK, Ran, User

FOREIGN_CONFIGURATION = """\
[pytest]
python_files = *.py
python_functions = *
addopts = --strict-markers --strict-config --no-such-option
filterwarnings = error
"""


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path)


@pytest.fixture(scope="module")
def installations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The environments in which Python finds the distribution as a wheel brought it, and where its sources lie."""
    wheel: list[Path] = []
    if is_editable():
        if find_spec("hatchling") is None:
            pytest.skip("the wheel is not what is installed, and cannot be built without hatchling")
        wheel = [unpacked_wheel(tmp_path_factory.mktemp("wheel"))]
    return {"wheel": by_path(*wheel, META), "editable": by_path(*editable(), META)}


def steady(ran: Ran) -> str:
    """What was printed, without the time that it took."""
    return re.sub(r" in \d+\.\d+s", "", ran.out)


def verdict_in(folder: Path) -> dict[str, Any]:
    verdict: dict[str, Any] = json.loads((folder / "report" / "verdict.json").read_text(encoding="utf-8"))
    return verdict


def states_in(folder: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """State and reason of every clause that was judged, by backend and clause."""
    return {
        (backend["name"], clause["clause"]): (clause["state"], clause["reason"])
        for backend in verdict_in(folder)["backends"]
        for clause in backend["clauses"]
        if clause["state"] not in ("not judged", "not claimed")
    }


# Wheel and editable install


def test_each_installation_is_found_where_it_lies(installations: dict[str, dict[str, str]], user: User) -> None:
    code = "import burndown_fixtures, burndown_spec, burndown_store; print(burndown_spec.__file__)"
    wheel, sources = (user.python("-c", code, environment=installations[way]) for way in ("wheel", "editable"))
    assert (wheel.status, sources.status) == (0, 0), wheel.err + sources.err
    assert Path(sources.out.strip()) == META.parent / "burndown_spec" / "__init__.py"
    assert not Path(wheel.out.strip()).is_relative_to(META.parent)


def test_a_wheel_has_every_data_file_of_the_sources(installations: dict[str, dict[str, str]], user: User) -> None:
    code = (
        "from importlib.resources import files, as_file\n"
        "for name in ('burndown_store', 'burndown_spec', 'burndown_fixtures'):\n"
        "    with as_file(files(name)) as folder:\n"
        "        for path in folder.rglob('*'):\n"
        "            if path.is_file() and path.suffix not in ('.py', '.pyc'):\n"
        "                print(name, path.relative_to(folder).as_posix())\n"
    )
    wheel, sources = (
        set(user.python("-c", code, environment=installations[way]).out.splitlines()) for way in ("wheel", "editable")
    )
    assert wheel == sources
    assert "burndown_spec starting/files/backend.py.template" in wheel
    assert "burndown_store sqlite/schema/0001_initial.sql" in wheel


def test_a_wheel_and_an_editable_install_tell_the_same_in_an_empty_folder(
    installations: dict[str, dict[str, str]], user: User
) -> None:
    told = []
    for way in ("wheel", "editable"):
        ran = user.runs(
            *("run", "misbehaving:Forgets", "sqlite", "--report", "report"),
            *(word for name in QUICK for word in ("--clause", name)),
            *("--", "-p", "no:cacheprovider"),
            environment=installations[way],
        )
        assert ran.status == 1, ran.err
        assert user.left_in(user.cwd) == {"report"}
        failures = [clause["failure"] for backend in verdict_in(user.cwd)["backends"] for clause in backend["clauses"]]
        (script,) = (user.cwd / "report" / "repro").iterdir()
        told.append((steady(ran), states_in(user.cwd), failures, script.read_text(encoding="utf-8")))
    assert "app-state-comes-back on misbehaving:Forgets fails" in told[0][0]
    assert told[0] == told[1]


def test_a_wheel_and_an_editable_install_start_the_same_backend(
    installations: dict[str, dict[str, str]], user: User
) -> None:
    written = []
    for way in ("wheel", "editable"):
        (user.cwd / way).mkdir()
        ran = user.runs("new", "acme_store", "--into", way, environment=installations[way])
        assert ran.status == 0, ran.err
        project = user.cwd / way / "acme_store"
        files = [path for path in sorted(project.rglob("*")) if path.is_file()]
        written.append({path.relative_to(project): path.read_text(encoding="utf-8") for path in files})
    assert len(written[0]) == 4
    assert written[0] == written[1]


# Other people's folders


def test_a_foreign_configuration_changes_no_word_of_a_verdict(user: User) -> None:
    backend = (
        "import warnings\n"
        "from misbehaving import Forgets\n\n\n"
        "def open_backend(location, *, timeout):\n"
        "    warnings.warn('old', DeprecationWarning)\n"
        "    return Forgets(location, timeout=timeout)\n"
    )
    (user.cwd / "own.py").write_text(backend, encoding="utf-8")
    alone = user.judges("own:open_backend", "--report", "report")
    assert alone.status == 1
    (user.cwd / "pytest.ini").write_text(FOREIGN_CONFIGURATION, encoding="utf-8")
    (user.cwd / "conftest.py").write_text("raise RuntimeError('conftest.py was read')\n", encoding="utf-8")
    (user.cwd / "test_own.py").write_text("def test_own():\n    assert False\n", encoding="utf-8")
    among = user.judges("own:open_backend", "--report", "report")
    assert (among.status, among.err) == (1, "")
    assert steady(among) == steady(alone)


ORDERS = {
    "shuffled": ["-p", "shuffling"],
    "shuffled on two workers": ["-n", "2", "-p", "shuffling"],
}
# The last one rests on another one.
JUDGED = ["app-state-comes-back", "a-sound-store-checks-clean", "task-comes-back", "percent-is-within-100"]


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_of_judging_comes_to_the_same(order: str, user: User) -> None:
    backends = ("misbehaving:Nonsense", "misbehaving:Forgets", "memory")
    ran = user.runs(
        *("run", *backends, "--report", "report"),
        *(word for name in JUDGED for word in ("--clause", name)),
        *("--", *ORDERS[order], "-vv"),
        environment={"SHUFFLING_SEED": "7"},
    )
    assert ran.status == 1, ran.err
    states = states_in(user.cwd)
    assert len(states) == len(backends) * len(JUDGED)
    if order == "shuffled":
        in_order = [clause for backend, clause in states if backend == "memory"]
        judged = re.findall(r"::([a-z0-9-]+)\[memory\]", ran.out)
        assert sorted(judged) == sorted(in_order)
        assert judged != in_order
    blocked = {pair: state for pair, state in states.items() if state[0] != "holds" and state[0] != "fails"}
    assert blocked == {("misbehaving:Nonsense", "percent-is-within-100"): ("blocked", "blocked by task-comes-back")}
    assert {pair for pair, state in states.items() if state[0] == "fails"} == {
        ("misbehaving:Nonsense", "a-sound-store-checks-clean"),
        ("misbehaving:Nonsense", "app-state-comes-back"),
        ("misbehaving:Nonsense", "task-comes-back"),
        ("misbehaving:Forgets", "app-state-comes-back"),
    }


def test_pytest_randomly_shuffles_only_where_it_is_asked_for(user: User) -> None:
    # What goes by its name here turns the order round.
    site = user.temporary / "site"
    metadata = site / "pytest_randomly-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: pytest-randomly\nVersion: 1.0\n", "utf-8")
    (metadata / "entry_points.txt").write_text("[pytest11]\nrandomly = turning\n", "utf-8")
    turning = "def pytest_collection_modifyitems(items):\n    items.reverse()\n"
    (site / "turning.py").write_text(turning, encoding="utf-8")

    def judged(*options: str) -> list[str]:
        chosen = [word for name in JUDGED for word in ("--clause", name)]
        ran = user.runs("run", "memory", *chosen, "--", "-vv", *options, environment=by_path(site, META))
        return re.findall(r"::([a-z0-9-]+)\[memory\]", ran.out)

    in_order = judged()
    assert sorted(in_order) == sorted(JUDGED)
    assert judged("-p", "randomly") == in_order[::-1]
    assert judged("-p", "no:randomly") == in_order


def test_a_package_of_its_own_judges_its_backend_among_its_own_tests(user: User) -> None:
    assert user.runs("new", "acme_store").status == 0
    project, site = user.cwd / "acme_store", user.temporary / "site"
    offer_backends(project, site)
    (project / "src" / "acme_store" / "__init__.py").write_text(
        "from burndown_spec.oracle import open_backend\n\n__all__ = ['open_backend']\n", encoding="utf-8"
    )
    # Its own layout, and a way of running tests that tolerates nothing.
    (project / "tests").rename(project / "checks")
    (project / "checks" / "test_contract.py").rename(project / "checks" / "check_contract.py")
    (project / "checks" / "check_own.py").write_text("def test_own():\n    assert 1 + 1 == 2\n", encoding="utf-8")
    (project / "pytest.ini").write_text(
        "[pytest]\npython_files = check_*.py\naddopts = --strict-markers --strict-config -n 2\n"
        "filterwarnings =\n    error\n    ignore:Benchmarks are automatically disabled\n",
        encoding="utf-8",
    )
    user.cwd = project
    ran = user.python("-m", "pytest", environment=by_path(site, project / "src"))
    assert ran.status == 0, ran.out
    assert "2 passed" in ran.last_line


# Where nobody asks for it


@pytest.fixture
def bystander(user: User) -> User:
    """Someone whose tests have nothing to do with the suite, which is merely installed."""
    (user.cwd / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n", "utf-8")
    (user.cwd / "test_own.py").write_text(
        "import sys\n\n"
        "# Seen before any test runs, because one of them imports it.\n"
        "LOADED = [name for name in sys.modules if name.startswith('burndown')]\n\n\n"
        "def test_own():\n"
        "    assert not LOADED\n\n\n"
        "def test_what_is_imported_is_not_rewritten():\n"
        "    import burndown_spec.expectations\n"
        "    import burndown_spec.judging\n"
        "    import burndown_store.sqlite\n"
        "    for name, module in sys.modules.items():\n"
        "        if name.startswith('burndown'):\n"
        "            assert type(module.__spec__.loader).__name__ == 'SourceFileLoader', name\n",
        encoding="utf-8",
    )
    return user


def test_a_bystanders_tests_run_as_if_it_were_not_there(bystander: User) -> None:
    ran = bystander.python("-m", "pytest", "-p", "no:benchmark")
    assert ran.status == 0, ran.out
    assert "2 passed" in ran.last_line
    assert bystander.left_in(bystander.cwd) == {"pytest.ini", "test_own.py"}


def test_a_bystanders_pytest_knows_no_option_and_no_plugin_of_the_suite(bystander: User) -> None:
    helped = bystander.python("-m", "pytest", "--help")
    traced = bystander.python("-m", "pytest", "--trace-config", "--collect-only", "-q", "-p", "no:benchmark")
    assert (helped.status, traced.status) == (0, 0)
    assert "usage: " in helped.out
    assert "PLUGIN registered" in traced.out
    told = helped.out + traced.out
    # Where this checkout and its environment lie, anything may be called anything.
    for place in (bystander.cwd, ROOT, Path(sys.prefix)):
        told = told.replace(str(place), "")
    assert "--spec" not in told
    assert "burndown" not in told
    assert "2 tests collected" in traced.out


def test_nothing_is_offered_to_pytest() -> None:
    assert {entry.group for entry in distribution("burndown-store").entry_points} == {
        "burndown.backends",
        "console_scripts",
    }


@pytest.mark.parametrize("module", ["burndown_store", "burndown_store.sqlite", "burndown_store.jira"])
def test_the_library_alone_imports_no_part_of_a_test(module: str, user: User) -> None:
    code = (
        f"import sys, {module}\n"
        "parts = ('burndown_spec', 'burndown_fixtures', '_pytest', 'hypothesis', 'pytest', 'rich', 'xdist')\n"
        "print([part for part in parts if part in sys.modules])"
    )
    ran = user.python("-W", "error", "-c", code)
    assert (ran.status, ran.out.strip(), ran.err) == (0, "[]", "")
