"""Fixtures of every test. They import the product, which the process that only hands tests to workers need not do.

A test that uses `database`, directly or through another fixture, runs on both databases. `db` is an open writing
session that is rolled back; `database.write()` commits. `app` and `client` are the Flask app and its test client.
`cast` are the test people and organizations, known by name (tests/cast.py). `clock` moves time. `outbox` shows and
delivers outgoing messages. `server` is the real server on a free port; `page` is a page in a real browser. `smtp` and
`receiver` are real servers that collect mail and webhooks.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from app.accounts import passwords
from app.config import Config
from app.kernel import pdf
from app.kernel.clock import now
from app.kernel.db.engine import Database, Db
from tests import apps, browsers, databases, outgoing, processes, refusals, servers
from tests.cast import Cast
from tests.cast import fill as cast_rows
from tests.clocks import Clock
from tests.conftest import missing


@pytest.fixture(scope="session")
def worker_databases(worker_id: str) -> Iterator[databases.WorkerDatabases]:
    """The databases of this worker."""
    opened = databases.open_worker_databases(os.environ["SESSION_DESK_TEST_RUN"], worker_id)
    yield opened
    opened.close()


OPENED: dict[Config, Database] = {}
"""One Database per worker and configuration, with new rows for each test: its engines remember compiled statements."""


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, worker_databases: databases.WorkerDatabases) -> Iterator[Database]:
    """A database with every table, and with the rows of `cast` and of the marker `filled` if the test has them."""
    marker = request.node.get_closest_marker("filled")
    fills = [*([cast_rows] if "cast" in request.fixturenames else []), *(marker.kwargs["by"] if marker else ())]
    if request.param == "sqlite":
        url = worker_databases.own_sqlite(fills)
    else:
        url = worker_databases.postgresql(fills)
    settings = request.node.get_closest_marker("config")
    config = Config.for_tests(database_url=url, **(settings.kwargs if settings else {}))
    if config not in OPENED:
        OPENED[config] = worker_databases.watch(Database(config))
    opened = OPENED[config]
    opened.config = config
    yield opened
    for engine in (opened.reader, opened.writer):
        assert not engine.dispatch.before_cursor_execute, "Somebody listens still: see tests/statements.py."
    worker_databases.settle(opened, keep=settings is None)
    worker_databases.remove(url)


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Hashes new passwords at the lowest cost. What people wait for when they sign in, tests need not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session", autouse=True)
def loaded_pdf_writers() -> Iterator[None]:
    """Lets PDF documents be written by processes that need not load the library first, which takes most of their time.
    tests/kernel/test_pdf.py starts them as the product does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdf, "subprocess", SimpleNamespace(**{**vars(subprocess), "Popen": processes.PdfWriter}))
        yield


@pytest.fixture
def db(database: Database) -> Iterator[Db]:
    """An open writing session that is rolled back in the end. `database.write()` commits."""
    with database.queue():
        opened = database.open_writer()
        yield opened
        opened.rollback()
        opened.close()


@pytest.fixture
def clock() -> Iterator[Clock]:
    """A clock that goes on as usual until the test moves it."""
    with time_machine.travel(now(), tick=True) as traveller:
        yield Clock(traveller)


@pytest.fixture(autouse=True)
def refusals_change_nothing() -> Iterator[None]:
    """Fails a test of which a request was refused and committed nevertheless (tests/refusals.py)."""
    yield
    committed, refusals.found[:] = list(refusals.found), []
    assert not committed, "A refused change must leave the database as it was:\n" + "\n".join(committed)


@pytest.fixture
def app(database: Database) -> Iterator[Flask]:
    """The app on the test's database, with no request counted yet."""
    with apps.as_before(apps.reused(database)) as found:
        yield found


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A test client that is not signed in and does not follow redirects."""
    return app.test_client()


@pytest.fixture
def cast(database: Database) -> Cast:
    """The test people and organizations."""
    return Cast(database)


@pytest.fixture
def outbox(database: Database) -> outgoing.Outbox:
    """The outgoing messages of the test's database."""
    return outgoing.Outbox(database)


@pytest.fixture
def serve(database: Database, tmp_path: Any) -> Iterator[Callable[..., servers.Server]]:
    """Starts the real server on a free port: `serve(workers=2)`; environment names as keywords."""
    running: list[servers.Server] = []

    def start(workers: int = 1, log: Path | None = None, port: int | None = None, **environment: str) -> servers.Server:
        running.append(servers.Server(database.config, tmp_path, workers, environment, log=log, port=port))
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
    """A real SMTP server that keeps the messages it accepts; `smtp.url` is its SMTP_URL."""
    with outgoing.MailServer() as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[outgoing.Receiver]:
    """A real webhook receiver whose answers the test sets."""
    with outgoing.Receiver() as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium, one per worker."""
    path = browsers.executable()
    if path is None:
        missing("Chromium is missing: install the Debian package chromium.")
    with browsers.launched(str(path)) as browser:
        yield browser


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """A new browser page, 1280 pixels wide. The test fails on script errors and violations of the content policy."""
    with browsers.fresh_page(chromium) as opened:
        yield opened


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """`gw0`, `gw1`, … under xdist, else `main`."""
    return getattr(request.config, "workerinput", {}).get("workerid", "main")
