"""Metrics: labels that no client makes up, and one true sum of all web processes, dead ones included."""

import http.client
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.servers import Server


def requests_in(text: str) -> dict[str, float]:
    """The labels of `desk_requests_total`, each with its count."""
    found = re.findall(r"^desk_requests_total{(.*)} (.*)$", text, re.M)
    return {labels: float(count) for labels, count in found}


@pytest.mark.parametrize("path", ["/sign-in", "/nothing-here", "/api/v1/sessions", "/static/mark.svg"])
def test_a_made_up_method_is_no_label(client: FlaskClient, path: str) -> None:
    size = len(client.get("/metrics").data)
    for n in range(200):
        client.open(path, method=f"MADEUP{n}")
        client.get(f"/made-up-{n}")
        client.get("/sign-in", headers={"Host": f"host-{n}.example"})
    text = client.get("/metrics").text
    assert "MADEUP" not in text
    assert "made-up" not in text
    assert "host-" not in text
    assert sum(count for labels, count in requests_in(text).items() if 'method="other"' in labels) >= 200
    assert len(text) - size < 20_000


def one_request(port: int, path: str) -> str:
    """Asks on a connection of its own, which any of the processes may take."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_processes_count_together(serve: Callable[..., Server]) -> None:
    """Each scrape says the same sum, whichever process answers it, also after one of them has died."""
    server = serve(workers=2)

    def count() -> float:
        found = requests_in(one_request(server.port, "/metrics"))
        return sum(n for labels, n in found.items() if 'route="/sign-in"' in labels)

    for n in range(60):
        one_request(server.port, "/sign-in")
        assert count() == n + 1
    # Of what the database says there is one value, and not beside it what each process said when it was asked last.
    text = one_request(server.port, "/metrics")
    kinds = re.findall(r"^# TYPE (\S+)", text, re.M)
    assert len(kinds) == len(set(kinds))
    assert re.findall(r"^desk_outbox_queued\S* .*$", text, re.M) == ["desk_outbox_queued 0.0"]
    victim = max(children(server.process.pid))
    os.kill(victim, signal.SIGKILL)
    ends, counted = time.monotonic() + 30, 0
    while counted < 10:
        try:
            assert count() == 60
            counted += 1
        except ConnectionError:  # it had taken the connection
            assert time.monotonic() < ends


def children(pid: int) -> list[int]:
    """The living child processes of a process."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(each) for each in listed if "Z" not in Path(f"/proc/{each}/stat").read_text().rpartition(")")[2][:3]]
