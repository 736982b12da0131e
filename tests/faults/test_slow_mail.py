"""A mail server that drips, beside a real worker: the others are delivered, and the thread comes back in time."""

import subprocess
import sys
import time
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from app.config import Config
from app.kernel.db.engine import Database
from app.kernel.outbox import smtp, webhooks
from app.kernel.outbox.email import email_message
from tests.cast import Cast
from tests.cast import fill as cast_rows
from tests.databases import WorkerDatabases
from tests.faults import bugs
from tests.faults.results import long_only, note
from tests.messages.receivers import HttpReceiver
from tests.messages.sending import promise, row_of
from tests.messages.test_deadlines import drip, talking
from tests.servers import ROOT, environment

pytestmark = pytest.mark.timeout(3600)


@pytest.fixture
def sink() -> Iterator[HttpReceiver]:
    running = HttpReceiver()
    yield running
    running.stop()


def deliver_beside_a_drip(
    worker_databases: WorkerDatabases, sink: HttpReceiver, bug: str | None = None
) -> tuple[float, float, Any]:
    """Seconds until twenty webhooks arrived, and until the dripping e-mail was given up for now; and its row."""
    with talking(drip(b"220 mail.example.com is about to be ready", 3)) as port:
        config = Config.for_tests(
            database_url=worker_databases.sqlite(fills=[cast_rows]),
            smtp_url=f"smtp://127.0.0.1:{port}",
            webhook_allowed_networks=(ip_network("127.0.0.0/8"),),
        )
        database = Database(config)
        cast = Cast(database)
        cast.key("depositions", "marston")
        with database.read() as db:
            mail = email_message(db, "password-changed", to="a@example.com", name="A", at="now", link="https://x/")
        (slow,) = promise(database, mail)
        hooks = [webhooks.notification(sink.url("/200"), {"n": n}, cast.marston.id) for n in range(20)]
        promise(database, *hooks)
        names = {**environment(config), **bugs.environment(bug)}
        worker = subprocess.Popen([sys.executable, "-m", "app.cli", "worker"], env=names, cwd=ROOT)
        try:
            started = time.monotonic()
            while len(sink.ids()) < 20:
                assert time.monotonic() < started + 60
                time.sleep(0.05)
            others = time.monotonic() - started
            while row_of(database, slow).last_error is None and time.monotonic() < started + smtp.SECONDS + 25:
                time.sleep(0.1)
            return others, time.monotonic() - started, row_of(database, slow)
        finally:
            worker.kill()
            worker.wait()
            database.dispose()


@long_only
def test_the_exchange_ends(worker_databases: WorkerDatabases, sink: HttpReceiver) -> None:
    others, given_up, row = deliver_beside_a_drip(worker_databases, sink)
    assert row.last_error == "The mail server did not answer within 15 seconds."
    note(
        "mail server drips a byte every 3 s",
        "sqlite",
        1,
        f"given up after {given_up:.0f} s, others took {others:.0f} s",
    )


@long_only
def test_the_measure_notices(worker_databases: WorkerDatabases, sink: HttpReceiver) -> None:
    _, _, row = deliver_beside_a_drip(worker_databases, sink, "deadline_cuts_nothing")
    assert row.last_error is None
    note("planted: deadline_cuts_nothing", "sqlite", 1, "noticed, the exchange went on")
