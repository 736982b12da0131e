"""`--quick`: the tests that one minute on two cores allows. Rules, requests and pages on SQLite, in this process.

A test is left out for its kind: it runs on PostgreSQL, in a browser or against processes, looks at every page of the
demo site, asks the planner over thousands of rows, tries cases that are generated, is marked `slow`, or was measured to
cost more than most (tests/costs.py). Without the option nothing is left out.
"""

import re
from pathlib import Path

import pytest

from tests import costs

WAITING_FIXTURES = {"serve", "server"}
WAITING_FOLDERS = ("tests/deploy/", "tests/faults/", "tests/serving/", "tests/tools/")
"""Of tests that start processes, and wait for them more than they work."""
SLOW_FIXTURES = {"chromium", "page", "demo_site", *WAITING_FIXTURES}
SLOW_FOLDERS = ("tests/bench/", "tests/upgrade/", *WAITING_FOLDERS)
SLOW_FILES = ("test_plans.py",)
SLOW_MARKERS = ("browser", "hypothesis", "slow")

ALL_MARKED = re.compile(r"^pytestmark = .*\bmark\.(browser|slow)\b", re.MULTILINE)
"""In the source of a file whose every test is marked. It need not be imported."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="at most a minute: SQLite alone, no browser, no processes")
    parser.addoption("--measure", action="store_true", help="with --quick: records in tests/costs.txt what costs much")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("measure"):
        config.pluginmanager.register(costs.Measure(config))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Does not import what is left out as a whole."""
    if not config.getoption("quick"):
        return None
    place = (
        collection_path.relative_to(config.rootpath).as_posix() if config.rootpath in collection_path.parents else ""
    )
    if f"{place}/".startswith(SLOW_FOLDERS) or collection_path.name in SLOW_FILES:
        return True
    marked = collection_path.suffix == ".py" and ALL_MARKED.search(collection_path.read_text(encoding="utf-8"))
    return True if marked else None


# Last: by then hypothesis has marked its tests.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("quick"):
        costly = {} if config.getoption("measure") else costs.read(config.rootpath)
        left_out = {item for item in items if is_slow(item) or costs.name_of(item.nodeid) in costly}
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = [item for item in items if item not in left_out]


def is_slow(item: pytest.Item) -> bool:
    """Whether a test is of a kind that takes long."""
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return (
        "postgresql" in parameters
        or any(item.get_closest_marker(name) for name in SLOW_MARKERS)
        or not SLOW_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
        or item.nodeid.startswith(SLOW_FOLDERS)
        or item.path.name in SLOW_FILES
    )
