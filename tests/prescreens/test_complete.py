"""Sending the answers: completed once, the contact matched or made, one email with the status link."""

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.kernel.changes import events
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Gone, Invalid
from app.prescreens import actions, links
from app.prescreens.models import Contact
from tests.cast import Cast
from tests.outgoing import Outbox
from tests.prescreens.factories import PROSPECT, prescreen, stored


def contact(database: Database, id: UUID | None) -> Any:
    with database.read() as db:
        return db.get(Contact, id)


def test_it_makes_a_contact_and_tells_the_prospect(database: Database, cast: Cast, outbox: Outbox) -> None:
    id = prescreen(database, cast.marston.id)
    row = stored(database, id)
    assert row.status == "completed"
    assert row.completed_at is not None
    made = contact(database, row.contact_id)
    assert (made.name, made.email, made.phone) == ("Jane Smith", "jane@example.com", "+1 555 010 4477")
    (email,) = outbox.emails("jane@example.com")
    assert email["subject"] == "Marston & Vale has your answers"
    token = email["text"].partition("/status/")[2].split()[0]
    assert links.read(database.config, links.STATUS, token) == id
    with database.read() as db:
        (latest, _) = events.timeline(db, "prescreen", id)
    assert (latest.kind, latest.actor_name) == ("prescreen.completed", PROSPECT.name)
    assert "/status/" not in str(latest.data)


def test_without_an_address_nobody_is_written_to(database: Database, cast: Cast, outbox: Outbox) -> None:
    id = prescreen(database, cast.marston.id, given={"email": None})
    assert outbox.rows() == []
    assert contact(database, stored(database, id).contact_id).email is None


def test_without_address_and_number_there_is_no_contact(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, given={"email": None, "phone": None})
    assert stored(database, id).contact_id is None


def test_a_known_address_is_the_same_contact_and_stays_as_it_is(database: Database, cast: Cast) -> None:
    first = stored(database, prescreen(database, cast.marston.id))
    again = {"fullName": "J. Smith-Jones", "email": "JANE@example.com", "phone": "+1 555 999 0000"}
    second = stored(database, prescreen(database, cast.marston.id, given=again))
    assert second.contact_id == first.contact_id
    assert second.other_contact_id is None
    assert second.email == "JANE@example.com", "the address given in this session is kept"
    known = contact(database, first.contact_id)
    assert (known.name, known.email, known.phone) == ("Jane Smith", "jane@example.com", "+1 555 010 4477")


def test_then_the_number_matches(database: Database, cast: Cast) -> None:
    first = stored(database, prescreen(database, cast.marston.id))
    again = {"email": "another@example.com", "phone": "001 555 0104477"}
    assert stored(database, prescreen(database, cast.marston.id, given=again)).contact_id == first.contact_id


def test_the_address_wins_and_the_other_match_is_kept(database: Database, cast: Cast) -> None:
    jane = stored(database, prescreen(database, cast.marston.id, given={"phone": None}))
    omar = stored(database, prescreen(database, cast.marston.id, given={"fullName": "Omar", "email": None}))
    assert jane.contact_id != omar.contact_id
    both = stored(database, prescreen(database, cast.marston.id))
    assert (both.contact_id, both.other_contact_id) == (jane.contact_id, omar.contact_id)


def test_contacts_belong_to_one_organization(database: Database, cast: Cast) -> None:
    here = stored(database, prescreen(database, cast.marston.id))
    there = stored(database, prescreen(database, cast.harbor.id))
    assert here.contact_id != there.contact_id


def test_an_open_question_keeps_it_here(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "active")
    with pytest.raises(Invalid) as refused, database.write() as db:
        actions.complete(db, id, by=PROSPECT, now=now())
    assert refused.value.code == "session.incomplete"
    assert stored(database, id).status == "active"


def test_after_thirty_days_it_is_over(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "active", at=now() - timedelta(days=31))
    with pytest.raises(Gone), database.write() as db:
        actions.complete(db, id, by=PROSPECT, now=now())


def test_twice_is_once(database: Database, cast: Cast, outbox: Outbox) -> None:
    id = prescreen(database, cast.marston.id)
    before = stored(database, id)
    with database.write() as db:
        actions.complete(db, id, by=PROSPECT, now=now())
    assert stored(database, id) == before
    assert len(outbox.rows()) == 1


def test_many_at_once_make_one_contact_each_and_one_email(database: Database, cast: Cast, outbox: Outbox) -> None:
    ids = [prescreen(database, cast.marston.id, "draft") for _ in range(3)]
    with database.write() as db:
        for id in ids:
            for key, value in {
                "fullName": "Jane",
                "moveInDate": "2027-01-01",
                "budget": "1",
                "hasPets": "no",
                "email": "jane@example.com",
            }.items():
                actions.answer(db, id, key, [value], by=PROSPECT, now=now())
    ready = threading.Barrier(9)

    def complete(id: UUID) -> None:
        ready.wait()
        with database.write() as db:
            actions.complete(db, id, by=PROSPECT, now=now())

    presses = [threading.Thread(target=complete, args=(id,)) for id in ids * 3]
    for press in presses:
        press.start()
    for press in presses:
        press.join()
    assert len({stored(database, id).contact_id for id in ids}) == 1
    assert len(outbox.rows()) == 3
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(Contact)) == 1
