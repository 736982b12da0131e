"""`--quick` leaves tests out by their kind and cost; shown with a small suite of one test a kind."""

import ast
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests import costs, quick
from tools import ROOT

SUITE = """
import pytest
from hypothesis import given, strategies as st

@pytest.fixture(params=["sqlite", "postgresql"])
def database(request): return request.param

@pytest.fixture
def chromium(): return None

@pytest.fixture
def opened(chromium): return None

@pytest.fixture
def server(database): return None

def test_rule(): pass
def test_on(database): pass
def test_opened(opened): pass
def test_served(server): pass
@pytest.mark.browser
def test_marked_browser(): pass
@pytest.mark.slow
def test_marked_slow(): pass
@given(st.integers())
def test_generated(number): pass
"""

MARKED = """
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("given", [1])]

def test_marked_with_its_file(given): pass
"""

COSTLY = """
import time, pytest

@pytest.mark.parametrize("given", ["a", "b"])
def test_that_works(given):
    ends = time.process_time() + 0.1
    while time.process_time() < ends: pass

def test_that_waits(): time.sleep(0.4)
"""


def run(folder: Path, *options: str) -> str:
    # Without schemathesis, as the suite itself runs: to load it takes longer than all the rest.
    without = ["-p", "no:randomly", "-p", "no:schemathesis"]
    command = ["-m", "pytest", "-q", "-p", "tests.quick", *without, *options]
    done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def collected(folder: Path, *options: str) -> list[str]:
    shown = run(folder, "--collect-only", "-n0", *options)
    return [line.rpartition("::")[2] for line in shown.splitlines() if "::" in line]


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  browser: x\n  slow: x\n")
    (tmp_path / "test_kinds.py").write_text(SUITE)
    (tmp_path / "test_marked.py").write_text(MARKED)
    (tmp_path / "test_plans.py").write_text("def test_planned(): pass\n")
    (tmp_path / "tests" / "tools").mkdir(parents=True)
    (tmp_path / "tests" / "tools" / "test_started.py").write_text("def test_started(): pass\n")
    return tmp_path


def test_it_leaves_out_what_is_slow_by_kind(suite: Path) -> None:
    assert collected(suite, "--quick") == ["test_rule", "test_on[sqlite]"]


def test_without_it_nothing_is_left_out(suite: Path) -> None:
    assert len(collected(suite)) == 12


def test_a_file_that_is_left_out_as_a_whole_is_not_imported(suite: Path) -> None:
    for path in (suite / "test_marked.py", suite / "test_plans.py", suite / "tests" / "tools" / "test_started.py"):
        path.write_text(f"{path.read_text()}\nraise AssertionError\n")
    assert collected(suite, "--quick") == ["test_rule", "test_on[sqlite]"]


@pytest.mark.parametrize("processes", ["-n0", "-n2"])
def test_what_was_measured_to_cost_much_is_left_out(suite: Path, processes: str) -> None:
    (suite / "tests" / "test_costly.py").write_text(COSTLY)
    everything = collected(suite, "--quick")
    assert {"test_that_works[a]", "test_that_works[b]", "test_that_waits"} < set(everything)
    run(suite, "--quick", "--measure", processes, "--dist=worksteal")
    # A machine that stands still lets others cost much, too.
    assert set(costs.read(suite)) >= {
        f"tests/test_costly.py::{name}" for name in ("test_that_works", "test_that_waits")
    }
    assert set(collected(suite, "--quick")) <= {"test_rule", "test_on[sqlite]"}
    assert sorted(collected(suite, "--quick", "--measure")) == sorted([*everything, *everything])


@pytest.mark.parametrize("many", range(2, 8))
def test_a_test_that_is_measured_twice_does_not_follow_itself(many: int) -> None:
    planned = costs.twice(range(many))
    assert sorted(planned) == sorted([*range(many), *range(many)])
    assert all(one != next for one, next in pairwise(planned))


def test_a_test_costs_what_its_cases_cost_on_average() -> None:
    measured = {"a.py::one[1]": [0.9, 0.2], "a.py::one[2]": [0.1, 0.3], "a.py::two": [0.04, 0.06]}
    assert costs.renewed({}, measured) == {"a.py::one": 150}


def test_what_is_recorded_of_files_that_did_not_run_stays() -> None:
    recorded = {"a.py::was_renamed": 100, "a.py::became_cheaper": 100, "b.py::did_not_run": 100}
    assert costs.renewed(recorded, {"a.py::became_cheaper": [0.01]}) == {"b.py::did_not_run": 100}


def test_the_record_names_tests() -> None:
    """A few may have been renamed since: they run again until they are measured."""
    recorded = costs.read(ROOT)
    sources = {name: (ROOT / name) for name in {name.partition("::")[0] for name in recorded}}
    texts = {name: path.read_text() if path.exists() else "" for name, path in sources.items()}
    gone = [name for name in recorded if f"def {name.rpartition('::')[2]}(" not in texts[name.partition("::")[0]]]
    assert len(gone) <= len(recorded) / 10, f"./dev test --quick --measure records them again: {gone}"


def test_the_fixtures_and_folders_that_it_names_exist() -> None:
    functions = {
        node.name
        for path in [ROOT / "tests" / "fixtures.py", *(ROOT / "tests").rglob("conftest.py")]
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    assert functions >= quick.SLOW_FIXTURES
    assert all((ROOT / folder).is_dir() for folder in quick.SLOW_FOLDERS)
    assert {path.name for path in (ROOT / "tests").rglob("test_*.py")} >= set(quick.SLOW_FILES)
