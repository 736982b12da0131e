"""`--quick`: the tests that one minute on two cores allows. Rules, requests and pages on SQLite, in this process.

A test is left out for its kind, never by name: it runs on PostgreSQL, in a browser or against processes, looks at every
page of the demo site, asks the planner over thousands of rows, tries cases that are generated, or is marked `slow`.
Without the option nothing is left out.
"""

import pytest

WAITING_FIXTURES = {"serve", "server"}
WAITING_FOLDERS = ("tests/deploy/", "tests/faults/", "tests/serving/", "tests/tools/")
"""Of tests that start processes, and wait for them more than they work."""
SLOW_FIXTURES = {"chromium", "page", "demo_site", *WAITING_FIXTURES}
SLOW_FOLDERS = ("tests/bench/", "tests/upgrade/", *WAITING_FOLDERS)
SLOW_FILES = ("test_plans.py",)
SLOW_MARKERS = ("browser", "hypothesis", "slow")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="at most a minute: SQLite alone, no browser, no processes")


# Last: by then hypothesis has marked its tests.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("quick"):
        config.hook.pytest_deselected(items=[item for item in items if is_slow(item)])
        items[:] = [item for item in items if not is_slow(item)]


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
