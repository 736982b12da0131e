"""A log that is full or not read, under load: every request is answered as before."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.faults import bugs
from tests.faults.load import Load
from tests.faults.results import long_only, note, rounds
from tests.servers import Server

pytestmark = pytest.mark.timeout(3600)
Serve = Callable[..., Server]


def with_log(serve: Serve, cast: Cast, log: Path, times: int, bug: str | None = None) -> Load:
    server = serve(log=log, **bugs.environment(bug))
    headers = [cast.headers("depositions", slug) for slug in ("marston", "harbor", "quill", "fern")]
    load = Load(server.port, headers, ("/health/ready", "/sign-in", "/api/v1/session_requests"))
    with load.running(writers=2):
        load.wait_for(10 * times)
    return load


@long_only
@pytest.mark.parametrize("kind", ["full", "not read"])
def test_nothing_fails_by_the_log(serve: Serve, cast: Cast, database: Database, tmp_path: Path, kind: str) -> None:
    log = Path("/dev/full")
    if kind == "not read":
        log = tmp_path / "pipe"
        os.mkfifo(log)
        reader = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
    times = min(rounds(1), 50)
    load = with_log(serve, cast, log, times)
    assert load.wrong == []
    assert set(load.statuses) <= {200, 201, 429}
    assert set(load.read_statuses) <= {200, 429}
    if kind == "not read":
        os.close(reader)
    answered = sum(load.statuses.values()) + sum(load.read_statuses.values())
    note(f"log {kind} under load", database.writer.dialect.name, times, f"{answered:,} requests answered, 0 failed")


@long_only
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_measure_notices(serve: Serve, cast: Cast) -> None:
    with pytest.raises(AssertionError, match=r"did not answer|ended by itself|Nothing is answered"):
        with_log(serve, cast, Path("/dev/full"), 1, "log_fails")
    note("planted: log_fails", "sqlite", 1, "noticed, nothing was answered")
