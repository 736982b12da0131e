"""`--quick` leaves tests out by their kind; shown with a small suite of one test a kind."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests import quick
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


def collected(folder: Path, *options: str) -> list[str]:
    command = ["-m", "pytest", "--collect-only", "-n0", "-q", "-p", "tests.quick", "-p", "no:randomly", *options]
    done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return [line.rpartition("::")[2] for line in done.stdout.splitlines() if "::" in line]


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  browser: x\n  slow: x\n")
    (tmp_path / "test_kinds.py").write_text(SUITE)
    (tmp_path / "test_plans.py").write_text("def test_planned(): pass\n")
    (tmp_path / "tests" / "tools").mkdir(parents=True)
    (tmp_path / "tests" / "tools" / "test_started.py").write_text("def test_started(): pass\n")
    return tmp_path


def test_it_leaves_out_what_is_slow_by_kind(suite: Path) -> None:
    assert collected(suite, "--quick") == ["test_rule", "test_on[sqlite]"]


def test_without_it_nothing_is_left_out(suite: Path) -> None:
    assert len(collected(suite)) == 11


def test_the_fixtures_and_folders_that_it_names_exist() -> None:
    functions = {
        node.name
        for path in (ROOT / "tests").rglob("conftest.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    assert functions >= quick.SLOW_FIXTURES
    assert all((ROOT / folder).is_dir() for folder in quick.SLOW_FOLDERS)
    assert {path.name for path in (ROOT / "tests").rglob("test_*.py")} >= set(quick.SLOW_FILES)
