"""PostgreSQL is killed and stopped under load: 503 meanwhile, back by itself, nothing acknowledged is lost."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import make_url, select

from app.config import Config
from app.depositions.models import Deposition
from app.kernel.db import recounts, schema
from app.kernel.db.engine import Database
from tests import postgres
from tests.cast import Cast
from tests.cast import fill as cast_rows
from tests.databases import new_folder
from tests.faults import bugs
from tests.faults.load import Load
from tests.faults.results import long_only, note, rounds
from tests.servers import Server

pytestmark = pytest.mark.timeout(3600)
BACK = 5.0
"""Seconds after which the site answers again when the database does."""


class Cluster:
    """A PostgreSQL server of this test's own, that keeps what it has acknowledged."""

    def __init__(self, folder: Path) -> None:
        self.server = postgres.start(folder, {"max_connections": "100"})
        self.data = Path(self.server.pgdata)
        self.url = make_url(self.server.get_uri()).set(drivername="postgresql+psycopg")

    @property
    def pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def end(self, how: signal.Signals) -> None:
        """SIGKILL is a crash, SIGINT a fast stop."""
        main = psutil.Process(self.pid)
        family = [main, *main.children()]
        main.send_signal(how)
        ends = time.monotonic() + 30
        while any(is_alive(process) for process in family):
            assert time.monotonic() < ends
            time.sleep(0.02)
        # A crash leaves them, and nobody may have waited for the process whose number stands in them.
        for lock in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (self.data / lock).unlink(missing_ok=True)

    def start(self) -> None:
        self.server.ensure_postgres_running()


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    folder = new_folder()
    os.chmod(folder, 0o755)
    running = Cluster(folder)
    yield running
    running.server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def site(cluster: Cluster) -> Iterator[Database]:
    database = Database(Config.for_tests(database_url=cluster.url.render_as_string(hide_password=False)))
    schema.upgrade(database)
    cast_rows(database)
    yield database
    database.dispose()


def stop_under_load(site: Database, cluster: Cluster, folder: Path, times: int, bug: str | None = None) -> Any:
    """The load, and the longest time until an answer after the database was back."""
    cast, longest = Cast(site), 0.0
    headers = [cast.headers("depositions", slug) for slug in ("marston", "harbor", "quill", "fern")]
    site.dispose()
    server = Server(site.config, folder, 2, bugs.environment(bug))
    load = Load(server.port, headers, ("/health/ready", "/api/v1/session_requests"))
    try:
        with load.running():
            for number in range(times):
                load.wait_for(3)
                cluster.end(signal.SIGKILL if number % 2 else signal.SIGINT)
                refused, ends = load.statuses[503], time.monotonic() + 20
                while load.statuses[503] < refused + 5 and time.monotonic() < ends:
                    time.sleep(0.01)
                cluster.start()
                back = time.monotonic()
                load.wait_for(1)
                longest = max(longest, time.monotonic() - back)
    finally:
        server.stop()
    return load, longest


@long_only
def test_it_comes_back_by_itself(site: Database, cluster: Cluster, tmp_path: Path) -> None:
    times = min(rounds(2), 20)
    load, longest = stop_under_load(site, cluster, tmp_path, times)
    with site.read() as db:
        stored = list(db.scalars(select(Deposition.title)))
        assert recounts.differences(db) == []
    assert load.wrong == []
    assert load.statuses[503] > 0
    assert set(load.read_statuses) <= {200, 429, 503}
    assert sorted(stored) == sorted(load.sent)
    assert longest < (BACK)
    note(
        "PostgreSQL killed and stopped under load",
        "postgresql",
        times,
        f"{len(stored):,} keys, 0 lost, 0 twice; {load.statuses[503]} answers 503; back after {longest:.1f} s",
    )


@long_only
def test_the_measure_notices(site: Database, cluster: Cluster, tmp_path: Path) -> None:
    load, _ = stop_under_load(site, cluster, tmp_path, 2, "faults_are_crashes")
    assert any("500" in line for line in load.wrong)
    note("planted: faults_are_crashes", "postgresql", 2, f"noticed, {len(load.wrong)} answers 500")
