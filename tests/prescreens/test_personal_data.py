"""Erasing and exporting one contact by page and command, and how long an organization keeps what is personal."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.accounts.models import Organization
from app.kernel.changes.events import Event
from app.kernel.clock import now
from app.kernel.crypto import sha256
from app.kernel.db.engine import Database
from app.prescreens.actions.retain import PORTION, Retention, retain
from app.prescreens.models import Contact, Prescreen
from tests.cast import Cast
from tests.outgoing import Outbox
from tests.pages import csrf, presser, text
from tests.prescreens.erasing import NAME, TYPED, WHO, everywhere, where_traces_are
from tests.prescreens.factories import prescreen, stored

REASON = "Asked for it on Monday"


@pytest.fixture
def adam(client: FlaskClient, cast: Cast) -> FlaskClient:
    return cast.sign_in(client, "adam")


def test_an_administrator_erases_after_reading_what_that_means(
    adam: FlaskClient, database: Database, cast: Cast
) -> None:
    id = prescreen(database, cast.marston.id, given=WHO)
    url = f"/prescreens/contacts/{stored(database, id).contact_id}"
    form = {"csrf_token": csrf(adam), "reason": REASON}
    assert adam.post(f"{url}/erase", data={**form, "reason": " ", "step": "preview"}).status_code == 422
    shown = text(adam.post(f"{url}/erase", data={**form, "step": "preview"}))
    assert "gone for good" in shown
    assert "1 prescreen" in shown
    assert stored(database, id).name == NAME, "nothing is erased by looking"
    assert presser(adam, f"{url}/erase", preview=True, reason=REASON)().status_code == 303
    page = text(adam.get(url))
    assert NAME not in page
    assert "An erased contact" in page
    assert REASON in page
    assert "Review and erase" not in page
    form_of_file = {"csrf_token": csrf(adam)}
    assert adam.post(f"/prescreens/{id}/case_file", data=form_of_file).status_code == 409
    page = text(adam.get(f"/prescreens/{id}"))
    assert "What was personal here was erased." in page
    assert f'href="{url}"' in page
    again = adam.post(f"{url}/erase", data={**form, "step": "preview"})
    assert again.status_code == 409
    assert "erased before" in text(again)


def test_who_may_not(client: FlaskClient, database: Database, cast: Cast) -> None:
    url = f"/prescreens/contacts/{stored(database, prescreen(database, cast.marston.id)).contact_id}"
    for who, status in (("lena", 403), ("leda", 403), ("aude", 403), ("abel", 404), ("lars", 404), ("otto", 403)):
        other = cast.sign_in(client.application.test_client(), who)
        for verb in ("erase", "export"):
            form = {"csrf_token": csrf(other), "reason": REASON, "step": "preview"}
            assert other.post(f"{url}/{verb}", data=form).status_code == status, (who, verb)
    with database.read() as db:
        assert not db.scalars(select(Event.kind).where(Event.kind.like("contact.%"))).all()


def test_the_export_has_everything_that_is_kept(
    client: FlaskClient, database: Database, cast: Cast, outbox: Outbox
) -> None:
    ids = everywhere(client, database, cast, outbox)
    adam = cast.sign_in(client.application.test_client(), "adam")
    url = f"/prescreens/contacts/{stored(database, ids['denied']).contact_id}/export"
    answer = adam.post(url, data={"csrf_token": csrf(adam), "reason": REASON})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "attachment" in answer.headers["Content-Disposition"]
    found: dict[str, Any] = json.loads(answer.data)
    assert found["contact"]["name"] == NAME
    assert {each["id"] for each in found["prescreens"]} == {str(id) for id in ids.values()}
    pending = next(each for each in found["prescreens"] if each["id"] == str(ids["pending"]))
    assert pending["submission"]["more"] == TYPED
    assert pending["notes"][0]["text"] == f"{NAME} called"
    assert pending["asked_again"][0]["text"] == f"Dear {NAME}"
    assert pending["questions"]["more"] == "Anything else?"
    assert pending["tags"] == ["numbats"]
    denied = next(each for each in found["prescreens"] if each["id"] == str(ids["denied"]))
    assert denied["decision"][0]["why"] == f"{NAME} is known to us"
    assert any(NAME in message.get("text", "") for message in denied["messages"])
    sent = json.dumps([each["messages"] for each in found["prescreens"]])
    shown = re.findall(r"/p/marston/[^/]+/[a-z]+/(.{8})", sent)
    assert shown, "the link of a decision"
    assert set(shown) == {"[their o"}, "no signed link"
    asked = next(each for each in pending["messages"] if each["summary"].startswith("Prescreen asked"))
    assert f"Dear {NAME}" in asked["text"], "an e-mail with a link is there too"
    with database.read() as db:
        event = db.scalars(select(Event).where(Event.kind == "contact.exported")).one()
    assert event.data == {"reason": REASON, "sha256": sha256(answer.get_data(as_text=True))}


def keep(database: Database, cast: Cast, days: int | None) -> None:
    with database.write() as db:
        mine = update(Organization).where(Organization.id == cast.marston.id)
        db.execute(mine.values(prescreen_days=days))


def test_what_is_kept_too_long_is_erased_and_the_rest_stays(database: Database, cast: Cast) -> None:
    home, at = cast.marston.id, now()
    old = prescreen(database, home, "denied", given=WHO, at=at - timedelta(days=91))
    unsent = prescreen(database, home, "active", given={"fullName": NAME}, at=at - timedelta(days=92))
    young = prescreen(database, home, given=WHO, at=at - timedelta(days=89))
    foreign = prescreen(database, cast.harbor.id, given=WHO, at=at - timedelta(days=200))
    sweep = Retention()
    while sweep(database, at):
        pass
    assert stored(database, old).name == NAME, "for ever, unless the organization says otherwise"
    keep(database, cast, 60)
    sweep = Retention()
    while sweep(database, at):
        pass
    assert [stored(database, id).name for id in (old, unsent)] == ["Erased", "Erased"]
    assert [stored(database, id).name for id in (young, foreign)] == [NAME, NAME]
    contact = stored(database, old).contact_id
    assert stored(database, young).contact_id == contact
    with database.read() as db:
        assert db.scalars(select(Contact.name).where(Contact.id == contact)).one() == NAME, "one is kept"
    later = at + timedelta(days=2)
    while Retention()(database, later):
        pass
    with database.read() as db:
        assert db.scalars(select(Contact.erased_at).where(Contact.id == contact)).one() == later
        kinds = db.scalars(select(Event.kind).where(Event.subject_type == "contact")).all()
    assert kinds == ["contact.erased"]
    with database.write() as db:
        db.execute(update(Prescreen).where(Prescreen.id == foreign).values(name="", submission={}, email=None))
    left = where_traces_are(database)
    assert not {place for place in left if place.startswith(("prescreen_", "holds", "tags", "idempotency"))}


def test_it_goes_on_where_it_was(database: Database, cast: Cast) -> None:
    home, at = cast.marston.id, now()
    first = prescreen(database, home, given=WHO, at=at - timedelta(days=100))
    row = {name: value for name, value in stored(database, first)._asdict().items() if name != "id"}
    from uuid import UUID

    with database.write() as db:
        ids = [UUID(int=n + 1) for n in range(PORTION + 3)]
        db.execute(Prescreen.__table__.insert(), [{**row, "id": id, "contact_id": None} for id in ids])
    seen = []
    for _ in range(4):
        with database.write() as db:
            seen.append(retain(db, home, 60, at))
    assert seen == [PORTION, 4, 0, 0]
    with database.read() as db:
        assert set(db.scalars(select(Prescreen.name).where(Prescreen.organization_id == home))) == {"Erased"}


def test_the_organizations_page_says_how_long(adam: FlaskClient, database: Database, cast: Cast) -> None:
    url = f"/organizations/{cast.marston.id}"
    page = text(adam.get(url))
    assert 'name="prescreen_days"' in page
    form = {"csrf_token": csrf(adam), "name": cast.marston.name, "contact_email": cast.marston.contact_email}
    form |= {"locale": "en", "time_zone": cast.marston.time_zone, "country": "US", "decision_emails": "y"}
    for typed, status in (("7", 422), ("90", 303), ("", 303)):
        version = str(_home(database, cast).version)
        answer = adam.post(url, data={**form, "version": version, "prescreen_days": typed})
        assert answer.status_code == status, text(answer)
        wanted = 90 if typed == "90" else None
        assert _home(database, cast).prescreen_days == wanted
    with database.read() as db:
        data = db.scalars(select(Event.data).where(Event.kind == "organization.changed").order_by(Event.id)).all()
    assert [each["after"]["prescreen_days"] for each in data[-2:]] == [90, None]
    assert data[-1]["before"]["prescreen_days"] == 90


def _home(database: Database, cast: Cast) -> Organization:
    with database.read() as db:
        found = db.get_one(Organization, cast.marston.id)
        db.expunge(found)
        return found
