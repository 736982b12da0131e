"""PostgreSQL is killed and stopped under load: 503 meanwhile, back by itself, nothing acknowledged is lost."""

import signal
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.depositions.models import Deposition
from app.kernel.db import recounts
from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.faults import bugs
from tests.faults.clusters import Cluster
from tests.faults.load import Load
from tests.faults.results import long_only, note, rounds
from tests.servers import Server

pytestmark = pytest.mark.timeout(3600)
BACK = 5.0
"""Seconds after which the site answers again when the database does."""


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
