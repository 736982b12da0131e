"""How tests are shared out between the workers of a run, and how many workers there are."""

import os
import re

import pytest

from tests.quick import WAITING_FIXTURES, WAITING_FOLDERS

EXPENSIVE = ("demo_site", "chromium")
"""Fixtures that a worker makes once and that take seconds, the slowest first."""
GATHERED = ("upgraded", "generated")
"""Fixtures that a worker makes once and that few tests use: these follow one another, on one worker or two."""

DATABASE = re.compile(r"sqlite|postgresql")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One worker more than there are cores: at any time one or another waits for a browser or a process. Of what
    `--quick` runs, nothing waits."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if config.getoption("quick") else cores + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts tests that share something expensive at the front, and those that wait at the head of the last segment.

    xdist's `worksteal` hands each worker one segment of the list, in order: so the first worker alone crawls the demo
    site and starts a browser, the last one begins with what waits for processes and leaves the cores to the others, and
    nothing that takes long is left for the end. Whoever is done takes tests from the end of the list that is longest,
    and so nobody is idle at the end. Runs after pytest-randomly, whose order stays otherwise.
    """
    workers = getattr(config, "workerinput", {"workercount": 1})["workercount"]
    last_segment = len(items) * (workers - 1) // workers
    shared = [item for item in items if _expense(item) < len(EXPENSIVE)]
    waiting = [item for item in items if _expense(item) == len(EXPENSIVE) and _waits(item)]
    others = [item for item in items if _expense(item) == len(EXPENSIVE) and not _waits(item)]
    others = gathered(others)
    before = max(0, last_segment - len(shared))
    items[:] = [*sorted(shared, key=_expense), *others[:before], *waiting, *others[before:]]


def _expense(item: pytest.Item) -> int:
    fixtures = getattr(item, "fixturenames", ())
    return next((place for place, name in enumerate(EXPENSIVE) if name in fixtures), len(EXPENSIVE))


def gathered(items: list[pytest.Item]) -> list[pytest.Item]:
    """Tests with a fixture of GATHERED follow the first of them; those alike but for their database are neighbours."""
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        fixture = next((name for name in GATHERED if name in getattr(item, "fixturenames", ())), item.nodeid)
        groups.setdefault(fixture, []).append(item)
    for name in groups.keys() & GATHERED:
        groups[name].sort(key=lambda item: DATABASE.sub("", item.nodeid))
    return [item for group in groups.values() for item in group]


def _waits(item: pytest.Item) -> bool:
    return item.nodeid.startswith(WAITING_FOLDERS) or not WAITING_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
