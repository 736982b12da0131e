"""`desk webhook test`: queues a test webhook, waits for what comes of it, and refuses what is never called."""

from ipaddress import ip_network

import pytest

from app.kernel.clock import now
from app.wiring import wire
from app.worker import Worker
from tests.cast import Cast
from tests.cli.running import Desk


def test_without_a_worker_it_says_so(desk: Desk, cast: Cast, outbox) -> None:
    cast.key("depositions", "marston")
    done = desk("webhook", "test", "marston", "https://hooks.example.com/x", "--wait", "0")
    assert done.exit_code == 1
    assert "No worker has sent it" in done.output
    assert len(outbox.rows("webhook")) == 1


@pytest.mark.config(webhook_allowed_networks=(ip_network("127.0.0.0/8"),))
def test_what_came_of_it(desk: Desk, cast: Cast, receiver, database, monkeypatch) -> None:
    cast.key("depositions", "marston")
    worker = Worker(wire(database.config, database))
    # The worker takes it while the command looks.
    monkeypatch.setattr("time.sleep", lambda _: worker.run_once(now()))
    facts = desk.json("webhook", "test", "marston", receiver.url, WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8")
    assert (facts["status"], facts["attempts"]) == ("sent", 1)


def test_what_is_never_called_is_refused(desk: Desk, cast: Cast, outbox) -> None:
    cast.key("depositions", "marston")
    for url in ("https://10.0.0.1/", "nowhere"):
        assert desk("webhook", "test", "marston", url).exit_code == 1
    assert desk("webhook", "test", "harbor", "https://hooks.example.com/x").exit_code == 1
    assert outbox.rows() == []
