"""Originals are read again each night: a missing or changed one breaks the record, on every page, until it is back."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.files import keeping
from app.inspections import numbers, reading
from app.inspections.evidence.models import ReadingRun
from app.kernel import store
from app.kernel.clock import now
from app.kernel.store import store_at
from tests.inspections import pages
from tests.inspections.test_capture import PLACED, Phone, file, items


@pytest.fixture
def session(app, integrator, outbox) -> dict:
    session = integrator.create()
    phone = Phone(app, integrator, session)
    phone.allow()
    phone.send(photo=file(PLACED), note="dry")
    outbox.deliver_all()
    return session


def read_tonight(database, at=None) -> None:
    while reading.read_portion(database, at or now()):
        pass


def run(database) -> tuple[int, int, bool]:
    with database.read() as db:
        last = db.scalars(select(ReadingRun).order_by(ReadingRun.night.desc()).limit(1)).one()
        return last.n, last.faulty, last.finished_at is not None


def test_a_lost_original_breaks_the_record_until_it_is_back(app, otto, client, session, database) -> None:
    read_tonight(database)
    assert run(database) == (2, 0, True)
    photo = items(database, session)[0]
    kept, place = store_at(database.config.evidence_url), keeping.originals(uuid.UUID(session["id"]))
    content = kept.get(place, photo.sha256)
    kept.delete(place, photo.sha256)
    read_tonight(database, now() + timedelta(days=1))
    assert run(database) == (2, 1, True)
    assert pages.kinds(database, session)[0] == "inspection.found_broken"
    assert "is missing" in otto.get(f"/inspections/{session['id']}").text
    assert session["id"] in otto.get("/inspections?view=broken").text
    number = numbers.number_of(uuid.UUID(session["id"]))
    assert "A photo, note or document is missing" in app.test_client().get(f"/verify/{number}").text
    assert "desk_originals_faulty 1.0" in client.get("/metrics").text
    kept.put(place, content)
    read_tonight(database, now() + timedelta(days=2))
    assert pages.kinds(database, session)[0] == "inspection.found_whole"
    assert "The record holds" not in otto.get("/inspections?view=broken").text


def test_a_run_goes_on_where_it_was_cut_off_and_waits_for_a_store_that_is_away(session, database, monkeypatch) -> None:
    monkeypatch.setattr("app.files.reading.PORTION", 1)
    night = now().replace(hour=12)
    with database.write() as db:
        assert reading._take(db, night) is not None
        assert reading._take(db, night) is None, "another worker has it"
    assert reading.read_portion(database, night) is False
    later = night + reading.LEASE
    assert reading.read_portion(database, later) is True
    assert run(database) == (1, 0, False)

    def away(*_: object) -> str:
        raise store.Away

    with monkeypatch.context() as patched:
        patched.setattr(keeping, "hash_of", away)
        assert reading.read_portion(database, later) is False
    assert run(database) == (1, 0, False)
    next_night = later + timedelta(days=1)
    read_tonight(database, next_night)
    with database.read() as db:
        assert len(db.scalars(select(ReadingRun)).all()) == 1, "the first run goes on, and no second one begins"
    assert run(database) == (2, 0, True)
