"""A disk without space: reads and health go on, writes are refused in words, and it recovers without repair."""

import re
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Person
from app.config import Config
from app.depositions.models import Deposition
from app.kernel.api.rate_limits import Limiter
from app.kernel.db import recounts
from app.kernel.db.engine import Database
from tests import apps
from tests.accounts.browser import post, sign_in, token
from tests.cast import Cast
from tests.cast import fill as cast_rows
from tests.databases import WorkerDatabases
from tests.disks import SmallDisk, small_disk
from tests.faults import bugs
from tests.faults.load import Load
from tests.faults.results import LONG, long_only, note, rounds
from tests.inspections.conftest import SESSIONS, printed
from tests.outgoing import Outbox
from tests.prescreens.factories import prescreen
from tests.servers import Server

pytestmark = pytest.mark.timeout(3600 if LONG else 120)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk") as made:
        yield made


@pytest.fixture
def site(disk: SmallDisk, worker_databases: WorkerDatabases) -> Iterator[Database]:
    """The cast's database on the small disk, with the file of the rate limits beside it."""
    made = worker_databases.sqlite(fills=[cast_rows]).removeprefix("sqlite:///")
    path = disk.path / "desk.sqlite3"
    with sqlite3.connect(made) as source, sqlite3.connect(path) as target:
        source.backup(target)
    database = Database(Config.for_tests(database_url=f"sqlite:///{path}"))
    yield database
    database.dispose()


@pytest.fixture
def served(site: Database) -> Flask:
    app = apps.reused(site)
    app.extensions["limiter"] = Limiter(replace(site.config, testing=False))
    return app


def test_reads_go_on_and_writes_are_refused_in_words(served: Flask, site: Database, disk: SmallDisk) -> None:
    cast, client, visitor = Cast(site), served.test_client(), served.test_client()
    headers = cast.headers("inspections")
    sign_in(client, "lena@example.com")
    form = {"csrf_token": token(client, "/settings"), "name": "Lena Full", "time_zone": "UTC", "version": "1"}
    disk.fill()

    for path in ("/prescreens", "/settings", "/", "/health/live", "/health/ready"):
        assert client.get(path).status_code == 200, path
    assert client.get(SESSIONS, headers=headers).status_code == 200
    refused = [
        client.post("/settings/sign-ins/end", data=form),
        client.post("/sign-out", data=form),
        client.post(SESSIONS, json=printed("create"), headers=headers),
        sign_in(visitor, "otto@example.com"),
        post(visitor, "/password/forgotten", {"email": "otto@example.com"}, page="/sign-in"),
        client.get("/prescreens/csv"),
    ]
    assert {answer.status_code for answer in refused[1:]} == {503}
    for answer in refused[1:]:
        assert int(answer.headers["Retry-After"]) > 0
        text = answer.json["detail"] if answer.is_json else answer.text
        assert "Nothing was" in text
    assert served.test_client().get("/sign-in").status_code == 200
    assert client.get("/health/ready").json == {"status": "ready", "writes": "refused: full"}
    metrics = client.get("/metrics").text
    assert re.search(r"^desk_rate_limits_uncounted_total [1-9]", metrics, re.M)
    assert "\ndesk_writes_refused 1.0" in metrics

    disk.free()
    assert client.post(SESSIONS, json=printed("create"), headers=headers).status_code == 201
    assert sign_in(visitor, "otto@example.com").status_code == 303
    assert client.get("/health/ready").json == {"status": "ready"}
    assert Outbox(site).rows("email") == []
    with site.read() as db:
        assert db.scalars(select(Person.name).where(Person.id == cast.lena.id)).one() == cast.lena.name
        assert recounts.differences(db) == []


def fill_under_load(
    site: Database, disk: SmallDisk, folder: Path, times: int, bug: str | None = None
) -> tuple[Load, list[str]]:
    """Fills and empties the disk of a real server under load. Returns what reads answered that is no success."""
    cast = Cast(site)
    headers = [cast.headers("depositions", slug) for slug in ("marston", "harbor", "quill", "fern")]
    server = Server(site.config, folder, 1, bugs.environment(bug))
    pages = ("/health/ready", "/sign-in", "/api/v1/session_requests")
    load = Load(server.port, headers, pages)
    try:
        with load.running(writers=2, readers=1):
            for _ in range(times):
                load.wait_for(2)
                disk.fill()
                refused, ends = load.statuses[503], time.monotonic() + 30
                while load.statuses[503] < refused + 3 and time.monotonic() < ends:
                    time.sleep(0.01)
                disk.free()
            load.wait_for(2)
    finally:
        disk.free()
        server.stop()
    # Too many calls of a key are the load's own doing.
    return load, [str(status) for status in load.read_statuses if status not in (200, 429)]


@long_only
def test_a_disk_that_fills_up_again_and_again(site: Database, disk: SmallDisk, tmp_path: Path) -> None:
    load, wrong_reads = fill_under_load(site, disk, tmp_path, min(rounds(2), 50))
    with site.read() as db:
        stored = list(db.scalars(select(Deposition.title)))
        assert recounts.differences(db) == []
    assert (load.wrong, wrong_reads) == ([], [])
    assert sorted(stored) == sorted(load.sent)
    assert load.statuses[503] > 0
    reads = load.read_statuses[200]
    note(
        "disk full under load",
        "sqlite",
        min(rounds(2), 50),
        f"{len(stored):,} keys, 0 lost; {load.statuses[503]} writes refused, {reads:,} reads answered, 0 failed",
    )


@long_only
def test_the_measure_notices_a_limiter_that_fails(site: Database, disk: SmallDisk, tmp_path: Path) -> None:
    _, wrong_reads = fill_under_load(site, disk, tmp_path, 3, "limiter_fails_closed")
    assert wrong_reads == ["503"]
    note("planted: limiter_fails_closed", "sqlite", 3, "noticed, reads failed")


@long_only
def test_the_measure_notices_commits_that_are_crashes(site: Database, disk: SmallDisk, tmp_path: Path) -> None:
    load, _ = fill_under_load(site, disk, tmp_path, 3, "commits_are_beyond_handlers")
    assert any("POST 500" in line for line in load.wrong)
    note("planted: commits_are_beyond_handlers", "sqlite", 3, f"noticed, {len(load.wrong)} answers 500")


@long_only
@pytest.mark.parametrize("bug", [None, "notes_are_needed"])
def test_pages_of_one_thing_can_be_read(site: Database, disk: SmallDisk, tmp_path: Path, bug: str | None) -> None:
    cast = Cast(site)
    id = prescreen(site, cast.marston.id, given={"email": "p@example.com"})
    server = Server(site.config, tmp_path, 1, bugs.environment(bug))
    name, value = cast.cookie(apps.reused(site), "lena")
    asked = urllib.request.Request(f"http://127.0.0.1:{server.port}/prescreens/{id}")
    asked.add_header("Cookie", f"{name}={value}")
    disk.fill()
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=20) as answer:
            status = answer.status
    except urllib.error.HTTPError as refused:
        status = refused.code
    finally:
        disk.free()
        server.stop()
    assert status == (503 if bug else 200)
    if bug:
        note(f"planted: {bug}", "sqlite", 1, "noticed, the page failed")
