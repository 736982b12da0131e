"""Erasing a prospect who is no contact, with the rules and the audit of contacts."""

from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.kernel.changes.events import Event
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict, NotFound
from app.prescreens import actions
from app.prescreens.models import Contact, Prescreen
from app.prescreens.queries.personal import prescreens_of, prescreens_of_nobody
from app.prescreens.queries.stages import Reach
from tests.cast import Cast
from tests.clocks import Clock
from tests.outgoing import Outbox
from tests.pages import csrf, presser, text
from tests.prescreens.decisions import decide
from tests.prescreens.erasing import EMAIL, NAME, PHONE, TYPED, where_traces_are
from tests.prescreens.factories import PROSPECT, prescreen, stored

REASON = "Asked for it on Monday"
NOBODY: dict[str, str | None] = {"fullName": NAME, "email": None, "phone": None, "more": TYPED}


def unfinished(database: Database, organization_id: int, **given: str) -> UUID:
    """A prescreen that was begun and never sent."""
    id = prescreen(database, organization_id, "active", given={"fullName": NAME})
    with database.write() as db:
        for key, typed in given.items():
            actions.answer(db, id, key, [typed], by=PROSPECT, now=now())
    return id


def erase(database: Database, cast: Cast, id: UUID, **more: object) -> int:
    with database.write() as db:
        given = {"reach": Reach((cast.marston.id,)), "reason": REASON, "by": cast.actor("adam"), "now": now(), **more}
        return actions.erase_prospect(db, id, **given)  # type: ignore[arg-type]


def test_nothing_is_left_of_one_who_never_sent(database: Database, cast: Cast, outbox: Outbox) -> None:
    home = cast.marston.id
    first = unfinished(database, home, email=EMAIL, phone=PHONE, more=TYPED)
    second = unfinished(database, home, email=EMAIL.upper())
    other = unfinished(database, home, email="omar@example.com")
    theirs = unfinished(database, cast.harbor.id, email="someone@example.com")
    with database.write() as db:
        db.execute(update(Prescreen).where(Prescreen.id.in_([other, theirs])).values(name="Omar", submission={}))
    assert where_traces_are(database)
    assert erase(database, cast, first) == 2
    outbox.deliver_all()
    left = {place for place in where_traces_are(database) if not place.startswith("search_entries")}
    assert not left, left
    rows = {id: stored(database, id) for id in (first, second)}
    assert {row.name for row in rows.values()} == {"Erased"}
    assert all(row.expires_at <= now() for row in rows.values())
    assert stored(database, other).erased_at is stored(database, theirs).erased_at is None


def test_what_gives_the_number_alone_goes_with_who_is_filed_by_it(database: Database, cast: Cast) -> None:
    """As it would be filed when it is sent: by the number where it gives no address, under the oldest contact."""
    home = cast.marston.id
    first = prescreen(database, home, given={"email": EMAIL, "phone": PHONE})
    later = prescreen(database, home, given={"email": "omar@example.com", "phone": None})
    alone = unfinished(database, home, phone="+1 (202) 5550147")
    other = unfinished(database, home, email="mira@example.com", phone=PHONE)
    with database.write() as db:
        shares = update(Contact).where(Contact.id == stored(database, later).contact_id)
        db.execute(shares.values(phone=PHONE, phone_key=stored(database, first).phone_key))
        filed, younger = (db.get_one(Contact, stored(database, id).contact_id) for id in (first, later))
        assert filed.phone_key is not None, "it has both"
        assert prescreens_of(db, filed) == [first, alone]
        assert prescreens_of(db, younger) == [later]
        assert set(prescreens_of_nobody(db, db.get_one(Prescreen, other))) == {other, alone}
    with database.write() as db:
        reach = Reach((home,))
        assert actions.erase_contact(db, filed.id, reach=reach, reason=REASON, by=cast.actor("adam"), now=now()) == 2
    assert stored(database, alone).phone is None
    assert stored(database, other).phone == PHONE, "who gives another address may be somebody else"


def test_one_who_sent_no_address_keeps_the_decision_alone(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, "denied", given=NOBODY)
    assert stored(database, id).contact_id is None
    assert erase(database, cast, id) == 1
    row = stored(database, id)
    assert (row.name, row.submission, row.review_status) == ("Erased", {}, "denied")
    assert not where_traces_are(database)
    with database.read() as db:
        event = db.scalars(select(Event).where(Event.kind == "prescreen.erased")).one()
    assert (event.data, event.subject_id, event.actor_id) == ({"reason": REASON}, str(id), str(cast.adam.id))


def test_stored_answers_of_the_api_that_name_the_prescreen_alone_go_too(
    client: FlaskClient, database: Database, cast: Cast
) -> None:
    id = prescreen(database, cast.marston.id, given=NOBODY)
    headers = {**cast.headers("prescreens"), "Idempotency-Key": "zf-2"}
    body = {"reviewStatus": "approved", "reviewNotes": f"{NAME} is fine"}
    url = f"/api/v1/sessions/{id}/review"
    first = client.patch(url, json=body, headers=headers)
    assert (first.status_code, client.patch(url, json=body, headers=headers).json) == (200, first.json)
    assert "idempotency_keys.body" in where_traces_are(database)
    erase(database, cast, id)
    assert not where_traces_are(database)
    assert client.patch(url, json=body, headers=headers).status_code == 409, "what was answered is not kept"


def test_what_cannot_be_erased(database: Database, cast: Cast, clock: Clock) -> None:
    id = prescreen(database, cast.marston.id, given=NOBODY)
    filed = prescreen(database, cast.marston.id)
    with pytest.raises(NotFound):
        erase(database, cast, id, reach=Reach((cast.harbor.id,)))
    with pytest.raises(Conflict, match="filed under a contact"):
        erase(database, cast, filed)
    decide(database, cast, id)
    clock.move(seconds=31)
    with pytest.raises(Conflict, match="is being written"):
        erase(database, cast, id)
    assert stored(database, id).name == NAME
    other = prescreen(database, cast.marston.id, given=NOBODY)
    assert erase(database, cast, other) == 1
    with pytest.raises(Conflict, match="erased before"):
        erase(database, cast, other)


def test_an_administrator_erases_after_reading_what_that_means(
    client: FlaskClient, database: Database, cast: Cast
) -> None:
    adam = cast.sign_in(client, "adam")
    id = prescreen(database, cast.marston.id, given=NOBODY)
    filed = prescreen(database, cast.marston.id)
    page = f"/prescreens/{id}"
    form = {"csrf_token": csrf(adam), "reason": REASON}
    assert 'id="why-erase"' in text(adam.get(page))
    assert 'id="why-erase"' not in text(adam.get(f"/prescreens/{filed}")), "that is done with the contact"
    assert adam.post(f"/prescreens/{filed}/erase", data={**form, "step": "preview"}).status_code == 409
    assert adam.post(f"{page}/erase", data={**form, "reason": " ", "step": "preview"}).status_code == 422
    shown = text(adam.post(f"{page}/erase", data={**form, "step": "preview"}))
    assert "gone for good" in shown
    assert NAME in shown
    assert stored(database, id).name == NAME, "nothing is erased by looking"
    assert presser(adam, f"{page}/erase", preview=True, reason=REASON)().status_code == 303
    after = text(adam.get(page))
    assert NAME not in after
    assert "What was personal here was erased." in after
    assert REASON in after
    assert 'id="why-erase"' not in after


def test_who_may_not(client: FlaskClient, database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, given=NOBODY)
    who = {"lena": 403, "leda": 403, "aude": 403, "abel": 404, "lars": 404, "otto": 403}
    for name, status in who.items():
        other = cast.sign_in(client.application.test_client(), name)
        form = {"csrf_token": csrf(other), "reason": REASON, "step": "preview"}
        assert other.post(f"/prescreens/{id}/erase", data=form).status_code == status, name
        if status == 403 and name != "otto":
            assert 'id="why-erase"' not in text(other.get(f"/prescreens/{id}")), name
    assert stored(database, id).erased_at is None
