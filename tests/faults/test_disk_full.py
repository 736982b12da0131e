"""A disk without space: reads and health go on, writes are refused in words, and it recovers without repair."""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.models import Person
from app.config import Config
from app.kernel.api.rate_limits import Limiter
from app.kernel.db import recounts
from app.kernel.db.engine import Database
from tests import apps
from tests.accounts.browser import post, sign_in, token
from tests.cast import Cast
from tests.cast import fill as cast_rows
from tests.databases import WorkerDatabases
from tests.disks import SmallDisk, small_disk
from tests.inspections.conftest import SESSIONS, printed
from tests.outgoing import Outbox


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
