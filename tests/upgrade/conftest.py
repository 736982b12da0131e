"""The old database, upgraded, at the moment it was taken. The fixtures of tests/fixtures.py stand on this one."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine

from tests.clocks import Clock
from tests.databases import WorkerDatabases
from tests.upgrade import product
from tests.upgrade.browser import Browsers
from tests.upgrade.copies import UPGRADED, Copies
from tests.upgrade.snapshot import facts, snapshot


@pytest.fixture(scope="session")
def upgraded(worker_databases: WorkerDatabases) -> Iterator[Copies]:
    """Where copies of old and of upgraded databases come from."""
    made = Copies(worker_databases)
    yield made
    made.close()


OPENED: dict[str, Any] = {}
"""One Database a worker and kind: its engines remember compiled statements."""


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, upgraded: Copies) -> Iterator[Any]:
    """A copy of the old database, upgraded to the newest migration."""
    url = upgraded.sqlite(UPGRADED) if request.param == "sqlite" else upgraded.postgresql(UPGRADED)
    if url not in OPENED:
        OPENED[url] = product.open_database(url)
    opened = OPENED[url]
    config = opened.config
    yield opened
    opened.config = config
    opened.dispose()
    upgraded.remove(url)


@pytest.fixture(autouse=True)
def clock() -> Iterator[Clock]:
    """Time stands still at the moment the snapshot was taken, until it is moved."""
    with time_machine.travel(datetime.fromisoformat(snapshot().moment), tick=False) as traveller:
        yield Clock(traveller)


@pytest.fixture
def browsers(app: Any) -> Browsers:
    """The browsers of the people who were signed in when the old version was stopped."""
    return Browsers(app, facts()["cookies"])
