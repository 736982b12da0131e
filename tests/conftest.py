"""What every test can ask for. A test that asks for `database`, or for what stands on it, runs on both databases.

`db` is an open writing session that is rolled back; `database.write()` commits. `app` and `client` are the Flask app
and its test client. `cast` are the test people and organizations, known by name (tests/cast.py). `clock` moves time.
`outbox` shows and delivers what leaves the house. `server` is the real server on a free port; `page` a real browser.
`smtp` and `receiver` are real servers that collect mail and webhooks.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from app.config import Config
from app.kernel.api.rate_limits import Limiter
from app.kernel.clock import now
from app.kernel.db.engine import Database, Db
from tests import browsers, databases, outgoing, servers
from tests.cast import Cast
from tests.clocks import Clock

CI = os.environ.get("CI", "").lower() not in ("", "0", "false")


def pytest_configure(config: pytest.Config) -> None:
    """Names the run, so that its workers find each other's databases."""
    os.environ.setdefault("SESSION_DESK_TEST_RUN", secrets.token_hex(6))


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        databases.clear(os.environ["SESSION_DESK_TEST_RUN"])


def missing(sentence: str) -> None:
    """Skips a test for want of something on this machine; in CI nothing is skipped, so there it fails."""
    if CI:
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def grounds(worker_id: str) -> Iterator[databases.Grounds]:
    """Where this worker's databases are made."""
    opened = databases.open_grounds(os.environ["SESSION_DESK_TEST_RUN"], worker_id)
    yield opened
    opened.close()


OPENED: dict[Config, Database] = {}
"""One Database a worker and configuration, given new rows for each test: its engines remember compiled statements."""


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, grounds: databases.Grounds) -> Iterator[Database]:
    """An empty database with every table."""
    url = grounds.sqlite("own") if request.param == "sqlite" else grounds.postgresql()
    settings = request.node.get_closest_marker("config")
    config = Config.for_tests(database_url=url, **(settings.kwargs if settings else {}))
    if config not in OPENED:
        OPENED[config] = Database(config)
    opened = OPENED[config]
    opened.config = config
    yield opened
    opened.dispose()
    grounds.remove(url)


@pytest.fixture
def db(database: Database) -> Iterator[Db]:
    """An open writing session. Nothing of it stays: use `database.write()` for what others must see."""
    with database.queue():
        opened = database.open_writer()
        yield opened
        opened.rollback()
        opened.close()


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Time goes on as usual until it is moved."""
    with time_machine.travel(now(), tick=True) as traveller:
        yield Clock(traveller)


APPS: dict[Config, Flask] = {}
"""One app a worker and configuration: making one takes longer than most tests, so it is given the next database."""


@pytest.fixture
def app(database: Database) -> Iterator[Flask]:
    """The app on the test's database, with no request counted yet."""
    from app import create_app

    kind = replace(database.config, database_url="sqlite://")
    if kind not in APPS:
        APPS[kind] = create_app(database.config, database)
    limiter = Limiter(database.config)
    found = APPS[kind]
    found.extensions.update(database=database, config=database.config, limiter=limiter)
    settings = dict(found.config)
    yield found
    found.config.update(settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody's browser, not signed in, that does not follow redirects."""
    return app.test_client()


@pytest.fixture
def cast(database: Database) -> Cast:
    """The test people and organizations."""
    return Cast(database)


@pytest.fixture
def outbox(database: Database) -> outgoing.Outbox:
    """What leaves the house."""
    return outgoing.Outbox(database)


@pytest.fixture
def serve(database: Database, tmp_path: Any) -> Iterator[Callable[..., servers.Server]]:
    """Starts the real server on a free port: `serve(workers=2)`; environment names as keywords."""
    running: list[servers.Server] = []

    def start(workers: int = 1, **environment: str) -> servers.Server:
        running.append(servers.Server(database.config, tmp_path, workers, environment))
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def server(serve: Callable[..., servers.Server]) -> servers.Server:
    """The real server on a free port, one worker process."""
    return serve()


@pytest.fixture
def smtp() -> Iterator[outgoing.MailServer]:
    """A real SMTP server that keeps what it is given; `smtp.url` is its SMTP_URL."""
    with outgoing.MailServer() as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[outgoing.Receiver]:
    """A real webhook receiver that answers as it is told to."""
    with outgoing.Receiver() as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One headless Chromium a worker."""
    path = browsers.executable()
    if path is None:
        missing("Chromium is missing: install the Debian package chromium.")
    with browsers.launched(str(path)) as browser:
        yield browser


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """A browser page of its own, 1280 pixels wide. The test fails when the page's scripts or policy complained."""
    with browsers.fresh_page(chromium) as opened:
        yield opened


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """`gw0`, `gw1`, … under xdist, else `main`."""
    return getattr(request.config, "workerinput", {}).get("workerid", "main")
