"""`desk serve` is stopped with requests in flight: they are answered and kept, new ones refused, and it ends."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import select, text

from app.depositions.models import Deposition
from app.kernel.db.engine import Database
from app.serving import SHUTDOWN_SECONDS
from tests.cast import Cast
from tests.depositions.test_bad_input import GOOD
from tests.faults import bugs
from tests.faults.load import Load
from tests.faults.results import LONG, long_only, note, rounds
from tests.servers import Server
from tests.serving.sockets import answer, connect, head

pytestmark = pytest.mark.timeout(3600 if LONG else 180)

Serve = Callable[..., Server]
ORGANIZATIONS = ("marston", "harbor", "quill", "fern")


class Request:
    """A request to create a deposition of which the server has begun to read the body: it has asked for it."""

    def __init__(self, port: int, headers: dict[str, str], title: str) -> None:
        body = {"session_request": {**GOOD, "remote_session": {**GOOD["remote_session"], "title": title}}}
        self.title, self.body = title, json.dumps(body).encode()
        lines = [f"{name}: {value}" for name, value in headers.items()]
        lines += ["Content-Type: application/json", f"Content-Length: {len(self.body)}", "Expect: 100-continue"]
        self.socket = connect(port, head("POST", "/api/v1/session_requests", *lines))
        assert self.socket.recv(4096).startswith(b"HTTP/1.1 100 ")

    def send(self, first: int = 0, last: int | None = None) -> None:
        self.socket.sendall(self.body[first:last])

    def status(self) -> int:
        """The status of the answer, after which the server closes the connection: it stops."""
        return int((answer(self.socket) or b"- 0").split()[1])


@contextmanager
def in_flight(serve: Serve, cast: Cast, n: int, bug: str | None = None) -> Iterator[tuple[Server, list[Request]]]:
    """A server, and requests that it is reading."""
    server = serve(workers=2, **bugs.environment(bug))
    headers = [cast.headers("depositions", slug) for slug in ORGANIZATIONS]
    with ExitStack() as stack:
        requests = [Request(server.port, headers[i % len(headers)], f"in flight {i}") for i in range(n)]
        for request in requests:
            stack.enter_context(request.socket)
        yield server, requests


def wait_until_refused(server: Server) -> None:
    """Until no process accepts a connection any more."""
    while True:
        try:
            with socket.create_connection(("127.0.0.1", server.port), 5):
                pass
        except OSError:
            return
        time.sleep(0.01)


def titles(database: Database) -> list[str]:
    with database.read() as db:
        return sorted(db.scalars(select(Deposition.title)))


@pytest.mark.slow
def test_bodies_that_are_on_their_way_are_read_and_answered(serve: Serve, cast: Cast, database: Database) -> None:
    with in_flight(serve, cast, 6) as (server, requests):
        for request in requests:
            request.send(0, 50)
        server.process.terminate()
        wait_until_refused(server)
        assert server.process.poll() is None, "it waits for them"
        for request in requests:
            request.send(50)
        assert {request.status() for request in requests} == {201}
        assert server.process.wait(SHUTDOWN_SECONDS * 2) == 0
        assert titles(database) == sorted(request.title for request in requests)


@pytest.mark.slow
def test_requests_that_wait_for_the_database_are_answered(serve: Serve, cast: Cast, database: Database) -> None:
    with in_flight(serve, cast, 4) as (server, requests):
        with database.writer.begin() as blocker:  # on SQLite that is the write lock
            if not database.sqlite:
                blocker.execute(text("LOCK TABLE depositions IN EXCLUSIVE MODE"))
            for request in requests:
                request.send()
            server.process.terminate()
            if not database.sqlite:
                wait_until_refused(server)
        assert {request.status() for request in requests} == {201}
        assert server.process.wait(SHUTDOWN_SECONDS * 2) == 0
        assert titles(database) == sorted(request.title for request in requests)


@long_only
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_idle_and_hanging_clients_do_not_keep_it(serve: Serve, cast: Cast, database: Database) -> None:
    """An idle connection is closed at once; a body that never ends is cut at the limit that all bodies have."""
    with in_flight(serve, cast, 1) as (server, (hanging,)):
        with connect(server.port, head("GET", "/health/live")) as idle:
            assert idle.recv(4096).startswith(b"HTTP/1.1 200 ")
            server.process.terminate()
            assert idle.recv(4096) == b""
        hanging.socket.settimeout(SHUTDOWN_SECONDS * 2)
        assert hanging.status() == 408
        assert server.process.wait(SHUTDOWN_SECONDS * 2) == 0
        assert titles(database) == []


def stop_under_load(serve: Serve, cast: Cast, times: int, bug: str | None = None) -> tuple[Load, set[int]]:
    """A load that goes on while the server is stopped and started again, and how its processes ended."""
    server = serve(workers=2, **bugs.environment(bug))
    headers = [cast.headers("depositions", slug) for slug in ORGANIZATIONS]
    load = Load(server.port, headers, ("/api/v1/session_requests",))
    ends = set()
    with load.running():
        for _ in range(times):
            load.wait_for(5)
            server.process.terminate()
            ends.add(server.process.wait(SHUTDOWN_SECONDS * 2))
            server = serve(workers=2, port=server.port, **bugs.environment(bug))
    return load, ends


@long_only
def test_it_is_stopped_under_load(serve: Serve, cast: Cast, database: Database) -> None:
    times = min(rounds(2), 20)
    load, ends = stop_under_load(serve, cast, times)
    assert ends == {0}
    assert load.wrong == []
    assert set(load.read_statuses) <= {200, 429}
    assert titles(database) == sorted(load.sent)
    outcome = f"{len(load.sent):,} keys, 0 lost, 0 twice, exit code 0 each time"
    note("SIGTERM with requests in flight", database.writer.dialect.name, times, outcome)


@long_only
def test_the_measure_notices(serve: Serve, cast: Cast, database: Database) -> None:
    with in_flight(serve, cast, 6, "stops_at_once") as (server, requests):
        for request in requests:
            request.send(0, 50)
        server.process.terminate()
        wait_until_refused(server)
        try:
            for request in requests:
                request.send(50)
            answered = [request.status() for request in requests]
        except OSError:
            answered = []
        assert answered != [201] * len(requests)
    note("planted: stops_at_once", database.writer.dialect.name, 1, "noticed, requests were cut")
