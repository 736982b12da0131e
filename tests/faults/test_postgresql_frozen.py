"""A PostgreSQL server that hangs: its connections stay open and nothing answers. 503 meanwhile, and back by itself."""

import time
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.kernel.db.engine import Database
from app.kernel.db.faults import AWAY, fault_of
from tests.cast import Cast
from tests.faults.clusters import Cluster
from tests.faults.results import LONG, long_only, note
from tests.servers import Server
from tests.serving.sockets import ask, connect, head

pytestmark = pytest.mark.timeout(3600 if LONG else 180)


@pytest.mark.slow
def test_a_statement_that_is_not_answered_is_given_up(site: Database, cluster: Cluster) -> None:
    impatient = Database(site.config, answer_within=0.3)
    with impatient.read() as db, cluster.frozen():
        with pytest.raises(OperationalError) as refused:
            db.execute(text("SELECT 1"))
        assert fault_of(refused.value) is AWAY
    with impatient.write() as db:
        db.execute(text("SELECT 2"))
        with cluster.frozen(), pytest.raises(OperationalError):
            db.execute(text("SELECT 1"))
        db.rollback()
        assert db.scalar(text("SELECT 3")) == 3, "a late answer is not taken for another one's"
    impatient.dispose()


@pytest.mark.slow
def test_a_slow_answer_within_the_time_is_waited_for(site: Database) -> None:
    impatient = Database(site.config, answer_within=5)
    with impatient.read() as db:
        assert db.scalar(text("SELECT 1 FROM pg_sleep(0.5)")) == 1
    impatient.dispose()


@long_only
def test_pages_say_so_and_go_on_afterwards(site: Database, cluster: Cluster, tmp_path: Path) -> None:
    headers = Cast(site).headers("depositions", "marston")
    call = head("GET", "/api/v1/session_requests", *(f"{name}: {value}" for name, value in headers.items()))
    server = Server(site.config, tmp_path, 2, {})
    try:
        assert ask(server.port, call)[0] == 200
        started = time.monotonic()
        with cluster.frozen():
            waiting = [connect(server.port, call) for _ in range(6)]
            answers = []
            for client in waiting:
                client.settimeout(120)
                answers.append(client.recv(65536).partition(b"\r\n\r\n")[0].lower())
                client.close()
            longest = time.monotonic() - started
            assert ask(server.port, head("GET", "/health/live"))[0] == 200
        assert all(b" 503 " in answer and b"retry-after" in answer for answer in answers)
        assert ask(server.port, call)[0] == 200
    finally:
        server.stop()
    note("PostgreSQL frozen", "postgresql", len(answers), f"{len(answers)} answers 503, the last after {longest:.0f} s")
