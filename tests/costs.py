"""What tests cost. `./dev test --quick --measure` records in tests/costs.txt those that cost more than `LIMIT`.

Every test runs twice and its cheaper run counts, since a worker's first page also compiles templates; of a test with
several cases their mean. Measured is processor time, which other work on the machine changes little, or, of a test
that waits far more than it works (for a process, a server or a moment), the time it takes.
"""

import resource
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import TypeVar

import pytest

LIMIT = 40
"""Milliseconds. On two cores, those that cost less run within a minute."""

RECORD = "tests/costs.txt"
T = TypeVar("T")
STARTED = pytest.StashKey[tuple[float, float]]()


def read(root: Path) -> dict[str, int]:
    """Recorded milliseconds by test, without its cases."""
    record = root / RECORD
    lines = (line.split(maxsplit=1) for line in record.read_text().splitlines()) if record.exists() else ()
    return {name: int(cost) for cost, name in lines}


def write(root: Path, costs: Mapping[str, int]) -> None:
    """Records these costs."""
    (root / RECORD).write_text("".join(f"{cost:4} {name}\n" for name, cost in sorted(costs.items())))


def renewed(recorded: Mapping[str, int], measured: Mapping[str, Iterable[float]]) -> dict[str, int]:
    """The record after a run, of which the seconds of every case are known. What is recorded of other files stays."""
    seconds = defaultdict(list)
    for case, runs in measured.items():
        seconds[name_of(case)].append(min(runs))
    costs = {name: round(1000 * mean(cases)) for name, cases in seconds.items()}
    files = {name.partition("::")[0] for name in costs}
    kept = {name: cost for name, cost in recorded.items() if name.partition("::")[0] not in files}
    return kept | {name: cost for name, cost in costs.items() if cost > LIMIT}


def name_of(case: str) -> str:
    """The name of a test without its case: `tests/test_a.py::test_b` of `tests/test_a.py::test_b[sqlite]`."""
    return case.partition("[")[0]


def twice(items: Sequence[T]) -> list[T]:
    """Each twice: soon after another, since it is to run on the same worker, and with another in between, since pytest
    would keep fixtures for a test that follows itself."""
    starts = range(0, max(len(items) - 1, 1), 2)
    groups = [items[start : start + 2] for start in starts]
    if len(items) % 2 and len(items) > 1:
        groups[-1] = items[-3:]
    return [item for group in groups for item in (*group, *group)]


class Measure:
    """Measures each test twice. With several workers, they hand what they measured to the process that records it."""

    def __init__(self, config: pytest.Config) -> None:
        self.root = None if hasattr(config, "workerinput") else config.rootpath
        self.measured: defaultdict[str, list[float]] = defaultdict(list)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = twice(items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        item.stash[STARTED] = _spent()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[pytest.TestReport]:
        report = yield
        if call.when == "teardown":
            worked, took = (now - then for now, then in zip(_spent(), item.stash[STARTED], strict=True))
            cost = took if took > 0.2 + 4 * worked else worked
            report.user_properties.append(("cost", cost))
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if report.when == "teardown" and name == "cost":
                self.measured[report.nodeid].append(float(value))

    def pytest_sessionfinish(self) -> None:
        if self.root:
            write(self.root, renewed(read(self.root), self.measured))


def _spent() -> tuple[float, float]:
    """Processor time of this process and of those it waited for, and the time."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime, time.perf_counter()
