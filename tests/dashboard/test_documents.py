"""Documents that the worker makes: once, with progress and failures in words, for those who may have them."""

import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.accounts.roles import DEPOSITIONS
from app.dashboard.documents import actions, jobs, presentation, queries
from app.dashboard.documents.kinds import CannotMake, File, Kind, Making
from app.dashboard.documents.models import Document
from app.kernel import store
from app.kernel.changes.events import Event
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests.cast import Cast
from tests.clocks import Clock
from tests.dashboard.making import DOWNLOADED, REQUESTED, kind, work
from tests.outgoing import Outbox
from tests.pages import csrf
from tests.processes import Loaded
from tests.servers import environment

ITEM = UUID("11111111-2222-4333-8444-555555555555")


def zipped(making: Making) -> File:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("inside.txt"), f"for {making.document.requested_name}")
    return File("sheet.zip", "application/zip", buffer.getvalue())


def request(database: Database, cast: Cast, made: Kind, **options: object) -> UUID:
    with database.write() as db:
        by = cast.actor("mira")
        return actions.request(db, made, ITEM, cast.marston.id, options, by=by, now=now())


def one(database: Database, id: UUID) -> Document:
    with database.read() as db:
        found = queries.get(db, id)
    assert found is not None
    return found


def count(database: Database, kind: str) -> int:
    with database.read() as db:
        return db.execute(select(func.count()).where(Event.kind == kind)).scalar_one()


def kept(database: Database, id: UUID) -> list[str]:
    return list(store.store_at(database.config.evidence_url).names(jobs.folder(id)))


def test_requested_twice_is_made_once(database: Database, cast: Cast, outbox: Outbox) -> None:
    made = kind(zipped)
    id = request(database, cast, made)
    assert request(database, cast, made) == id
    work(database, made)
    document = one(database, id)
    assert (document.state, document.name, document.progress) == ("ready", "sheet.zip", "")
    assert kept(database, id) == [f"documents/{id}/{document.sha256}"]
    assert request(database, cast, made) == id, "it is there"
    assert len(outbox.rows(actions.MAKE)) == count(database, REQUESTED.kind) == 1
    assert request(database, cast, made, notes=True) != id, "with other options it is another"
    assert request(database, cast, kind(zipped, basis="2")) != id, "as it is when the item has changed"


def test_a_failure_is_kept_in_words_and_tried_again(database: Database, cast: Cast) -> None:
    def broken(making: Making) -> File:
        raise CannotMake("There is nothing to print.")

    id = request(database, cast, kind(broken))
    work(database, kind(broken))
    assert (one(database, id).state, one(database, id).failure) == ("failed", "There is nothing to print.")
    assert request(database, cast, kind(zipped)) == id, "pressed again, it is tried again"
    assert (one(database, id).state, one(database, id).failure) == ("queued", "")
    work(database, kind(zipped))
    assert one(database, id).state == "ready"


def test_what_is_unforeseen_is_kept_in_words_without_its_text(
    database: Database, cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(making: Making) -> File:
        raise KeyError("Jane Smith")

    id = request(database, cast, kind(broken))
    work(database, kind(broken))
    assert one(database, id).failure == jobs.BROKEN
    assert "Jane Smith" not in capsys.readouterr().out


def test_a_store_that_is_away_is_asked_again(database: Database, cast: Cast, clock: Clock) -> None:
    def away(making: Making) -> File:
        raise store.Away("Gone")

    id = request(database, cast, kind(away))
    work(database, kind(away))
    assert (one(database, id).state, one(database, id).progress) == ("making", jobs.AWAY)
    clock.move(minutes=1)
    work(database, kind(zipped))
    assert one(database, id).state == "ready"


def test_progress_moves_the_live_page(database: Database, cast: Cast, outbox: Outbox) -> None:
    seen = []

    def in_steps(making: Making) -> File:
        making.progress("Reading 1 of 2")
        seen.append((one(database, making.document.id).progress, outbox.rows(actions.MAKE)[0].changed_at_us))
        return zipped(making)

    request(database, cast, kind(in_steps))
    work(database, kind(in_steps))
    assert seen[0][0] == "Reading 1 of 2"
    assert seen[0][1], "no live page would notice"


def test_it_expires_with_its_file(database: Database, cast: Cast, clock: Clock) -> None:
    made = kind(zipped)
    id = request(database, cast, made)
    work(database, made)
    clock.move(days=30)
    with database.write() as db:
        jobs.tidy(db, now())
    with database.read() as db:
        assert queries.get(db, id) is None
        assert presentation.latest(db, made, ITEM) is None
    work(database, made)
    with database.read() as db:
        assert db.scalars(select(Document.id)).all() == []
    assert kept(database, id) == []
    assert request(database, cast, made) != id


def test_one_that_expired_while_it_was_made_leaves_nothing(database: Database, cast: Cast) -> None:
    def late(making: Making) -> File:
        with database.write() as db:
            actions.expire_about(db, "prescreen", [ITEM], now())
        return zipped(making)

    id = request(database, cast, kind(late))
    work(database, kind(late))
    assert kept(database, id) == []
    with database.read() as db:
        assert db.scalars(select(Document.id)).all() == []


@pytest.fixture
def desk(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[Kind], None]:
    """Gives a desk of the app a kind of documents."""

    def give(made: Kind) -> None:
        first, *others = app.extensions["desks"]
        monkeypatch.setitem(app.extensions, "desks", (replace(first, documents=(made,)), *others))

    return give


def test_the_file_is_for_those_who_may_and_each_download_is_an_event(
    database: Database, cast: Cast, client: FlaskClient, desk: Callable[[Kind], None]
) -> None:
    made = kind(zipped)
    id = request(database, cast, made)
    address = f"/documents/{id}/sheet.zip"
    desk(made)
    assert client.get(address).status_code == 303, "signed out"
    cast.sign_in(client, "mira")
    assert client.get(address).status_code == 404, "not made yet"
    work(database, made)
    answer = client.get(address)
    assert store.digest(answer.data) == one(database, id).sha256
    assert answer.headers["Content-Disposition"] == 'attachment; filename="sheet.zip"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.get(f"/documents/{id}/inside.txt").text == "for Mira Haddad"
    assert client.head(address).status_code == 200
    assert count(database, DOWNLOADED.kind) == 2
    assert client.get(f"/documents/{id}/other.txt").status_code == 404
    assert client.get(f"/documents/{uuid4()}/sheet.zip").status_code == 404
    desk(kind(zipped, needs=DEPOSITIONS))
    assert client.get(address).status_code == 404
    assert count(database, DOWNLOADED.kind) == 2


def test_a_file_that_is_not_the_one_that_was_made_is_not_served(
    database: Database, cast: Cast, client: FlaskClient, desk: Callable[[Kind], None]
) -> None:
    made = kind(zipped)
    desk(made)
    id = request(database, cast, made)
    work(database, made)
    (Path(database.config.evidence_url) / kept(database, id)[0]).write_bytes(b"another")
    cast.sign_in(client, "mira")
    assert client.get(f"/documents/{id}/sheet.zip").status_code == 404
    assert count(database, DOWNLOADED.kind) == 0


def test_who_may_only_have_it_does_not_have_it_made_again(
    database: Database, cast: Cast, client: FlaskClient, desk: Callable[[Kind], None]
) -> None:
    def broken(making: Making) -> File:
        raise CannotMake("No.")

    id = request(database, cast, kind(broken))
    work(database, kind(broken))
    desk(kind(broken))
    cast.sign_in(client, "aude")
    assert client.post(f"/documents/{id}/again", data={"csrf_token": csrf(client)}).status_code == 403
    assert one(database, id).state == "failed"
    cast.sign_in(client, "mira")
    form = {"csrf_token": csrf(client)}
    assert client.post(f"/documents/{id}/again", data=form).status_code == 303
    assert one(database, id).state == "queued"


Start = Callable[[], Loaded]


@pytest.fixture
def start(database: Database) -> Iterator[Start]:
    """Starts a real worker that makes documents."""
    running: list[Loaded] = []

    def begin() -> Loaded:
        running.append(Loaded("tests.dashboard.making", ["1"], environment(database.config)))
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.wait()


@pytest.mark.timeout(120)
def test_a_worker_that_is_killed_in_the_middle_costs_nothing(
    database: Database, cast: Cast, outbox: Outbox, start: Start
) -> None:
    id = request(database, cast, kind())
    killed = start()
    wait_until(lambda: one(database, id).progress == "Writing the PDF")
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert one(database, id).state == "making"
    start()
    wait_until(lambda: one(database, id).state == "ready")
    document = one(database, id)
    assert kept(database, id) == [f"documents/{id}/{document.sha256}"]
    (job,) = outbox.rows(actions.MAKE)
    assert job.attempts == 2
    assert count(database, REQUESTED.kind) == 1


def wait_until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not true():
        assert time.monotonic() < ends, "It never came true."
        time.sleep(0.02)
