"""Hundreds of clients that never finish their bodies: the others are answered as before, on both databases."""

import contextlib
import time
from collections.abc import Callable

import pytest

from app.kernel.db.engine import Database
from tests.faults import bugs
from tests.faults.results import long_only, note
from tests.servers import Server
from tests.serving.sockets import connect, get, head

pytestmark = pytest.mark.timeout(3600)
CLIENTS = 200
REQUESTS = 200
Serve = Callable[..., Server]


def slowest(serve: Serve, clients: int, bug: str | None = None) -> tuple[float, float]:
    """The 99th percentile of the seconds that others wait, without slow clients and beside them."""
    server = serve(workers=1, **bugs.environment(bug))
    half = head("POST", "/sign-in", "Content-Length: 100000") + b"abc"

    def measure() -> float:
        waits = []
        for _ in range(REQUESTS):
            started = time.monotonic()
            assert get(server.port, "/sign-in")[0] == 200
            waits.append(time.monotonic() - started)
        return sorted(waits)[int(REQUESTS * 0.99)]

    alone = measure()
    with contextlib.ExitStack() as waiting:
        for _ in range(clients):
            waiting.enter_context(connect(server.port, half))
        return alone, measure()


@long_only
def test_others_are_answered(serve: Serve, database: Database) -> None:
    alone, beside = slowest(serve, CLIENTS)
    assert beside < 1, "nobody waits for them"
    found = f"p99 of others {beside * 1000:.0f} ms, alone {alone * 1000:.0f} ms"
    note("clients send their bodies for ever", database.writer.dialect.name, CLIENTS, found)


@long_only
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_measure_notices(serve: Serve) -> None:
    with pytest.raises((AssertionError, OSError, IndexError)):
        assert slowest(serve, 20, "bodies_block_the_process")[1] < 1
    note("planted: bodies_block_the_process", "sqlite", 20, "noticed, others waited")
