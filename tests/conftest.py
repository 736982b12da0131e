"""How a run begins and ends. The fixtures of every test are in tests/fixtures.py.

Tests that need the demo site or a browser run first and on as few workers as possible, because both are expensive to
start. Those that mostly wait for processes run meanwhile on another worker (tests/distribution.py).
"""

import gc
import os
import secrets
import shutil
import tempfile
from multiprocessing.util import Finalize
from pathlib import Path

import pytest

from tests import folders

pytest_plugins = ["tests.quick", "tests.distribution"]
CI = os.environ.get("CI", "").lower() not in ("", "0", "false")


def pytest_configure(config: pytest.Config) -> None:
    """Names the run, so that its workers share one folder and one PostgreSQL server, and gives it a temporary folder of
    its own: whatever its tests and their processes leave there goes with the run."""
    if runs_tests(config):
        config.pluginmanager.import_plugin("tests.fixtures")
    if hasattr(config, "workerinput"):
        return
    os.environ.setdefault("SESSION_DESK_TEST_RUN", secrets.token_hex(6))
    folder = tempfile.mkdtemp(prefix="session-desk-run-")
    Path(folder).chmod(0o755)  # servers of other users have their files there
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    # At the very end, after multiprocessing (-100) has taken what it left there.
    Finalize(None, shutil.rmtree, (folder, True), exitpriority=-200)


def runs_tests(config: pytest.Config) -> bool:
    """Whether this process collects and runs tests. With workers, the one that hands them out needs no fixtures, and
    the workers begin two seconds earlier when it does not import the product for them."""
    return hasattr(config, "workerinput") or config.getoption("dist", "no") == "no"


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(folders.of_run(os.environ["SESSION_DESK_TEST_RUN"]), ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Lets the garbage collector rest while everything is imported and collected, since all of it stays."""
    if runs_tests(session.config):
        gc.disable()


def pytest_collection_finish() -> None:
    """Takes what was imported and collected out of the garbage collector's sight, and lets it look less often: going
    through these half a million objects again and again took a tenth of the suite's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 20)
    gc.enable()


def missing(sentence: str) -> None:
    """Skips a test because this machine lacks something; fails in CI, where nothing may be skipped."""
    if CI:
        pytest.fail(sentence)
    pytest.skip(sentence)
