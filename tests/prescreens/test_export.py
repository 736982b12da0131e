"""Handing out what is kept of a prospect who is no contact, and of a contact with case files of what was decided."""

import json
from datetime import timedelta
from typing import Any

from cryptography.fernet import Fernet
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app.dashboard.documents import queries as documents
from app.dashboard.documents.models import Document
from app.kernel import store
from app.kernel.changes.events import Event
from app.kernel.clock import now
from app.kernel.crypto import sha256
from app.kernel.db.engine import Database
from app.kernel.db.idempotency import IdempotencyKey
from app.kernel.outbox.outbox import OutboxRow
from app.prescreens import actions
from app.prescreens.models import Contact, Prescreen
from app.prescreens.queries.stages import Reach
from tests.cast import Cast
from tests.outgoing import Outbox
from tests.pages import csrf, text
from tests.prescreens.erasing import EMAIL, NAME, TYPED, WHO
from tests.prescreens.factories import prescreen, stored
from tests.prescreens.test_case_file import opened, words
from tests.prescreens.test_erase_prospect import NOBODY, unfinished

REASON = "Asked for it on Monday"


def exported(client: FlaskClient, url: str, **typed: str) -> Any:
    return client.post(url, data={"csrf_token": csrf(client), "reason": REASON, **typed})


def test_a_prospect_who_is_no_contact_is_handed_out(client: FlaskClient, database: Database, cast: Cast) -> None:
    first = unfinished(database, cast.marston.id, email=EMAIL, more=TYPED)
    second = unfinished(database, cast.marston.id, email=EMAIL.upper())
    unfinished(database, cast.harbor.id, email=EMAIL)
    adam = cast.sign_in(client, "adam")
    page = text(adam.get(f"/prescreens/{first}"))
    assert f'action="/prescreens/{first}/export"' in page
    assert exported(adam, f"/prescreens/{first}/export", reason=" ").status_code == 422
    answer = exported(adam, f"/prescreens/{first}/export")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert f'attachment; filename="prospect-{first.hex[:8]}.json"' == answer.headers["Content-Disposition"]
    found: dict[str, Any] = json.loads(answer.data)
    assert found["contact"] is None
    assert {each["id"] for each in found["prescreens"]} == {str(first), str(second)}
    assert found["prescreens"][0]["submission"]["more"] == TYPED
    with database.read() as db:
        event = db.scalars(select(Event).where(Event.kind == "prescreen.exported")).one()
    assert event.data == {"reason": REASON, "sha256": sha256(answer.get_data(as_text=True))}
    assert event.subject_id == str(first)
    after = text(adam.get(f"/prescreens/{first}"))
    assert "Exported by Adam" in after
    assert REASON in after


def test_what_is_filed_or_erased_is_not_handed_out_as_a_prospect(
    client: FlaskClient, database: Database, cast: Cast
) -> None:
    filed = prescreen(database, cast.marston.id)
    erased = prescreen(database, cast.marston.id, given=NOBODY)
    with database.write() as db:
        reach = Reach((cast.marston.id,))
        actions.erase_prospect(db, erased, reach=reach, reason=REASON, by=cast.actor("adam"), now=now())
    adam = cast.sign_in(client, "adam")
    answer = exported(adam, f"/prescreens/{filed}/export")
    assert (answer.status_code, "Export the contact" in text(answer)) == (409, True)
    answer = exported(adam, f"/prescreens/{erased}/export")
    assert (answer.status_code, "nothing to export" in text(answer)) == (409, True)
    for id in (filed, erased):
        assert f'action="/prescreens/{id}/export"' not in text(adam.get(f"/prescreens/{id}"))


def test_who_may_not_have_a_prospect_handed_out(client: FlaskClient, database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id, given=NOBODY)
    for who, status in (("lena", 403), ("leda", 403), ("aude", 403), ("abel", 404), ("lars", 404), ("otto", 403)):
        other = cast.sign_in(client.application.test_client(), who)
        assert exported(other, f"/prescreens/{id}/export").status_code == status, who
        if status == 403 and who != "otto":
            assert f"/prescreens/{id}/export" not in text(other.get(f"/prescreens/{id}")), who
    with database.read() as db:
        assert not db.scalars(select(Event.kind).where(Event.kind == "prescreen.exported")).all()


def latest(database: Database, contact: object) -> Document | None:
    with database.read() as db:
        return documents.latest(db, "contact.export", "contact", contact)


def test_a_contact_is_handed_out_with_case_files_of_what_was_decided(
    client: FlaskClient, database: Database, cast: Cast, outbox: Outbox
) -> None:
    denied = prescreen(database, cast.marston.id, "denied", given=WHO, notes="CANARY")
    approved = prescreen(database, cast.marston.id, "approved", given=WHO)
    waiting = prescreen(database, cast.marston.id, given=WHO)
    contact = stored(database, denied).contact_id
    assert stored(database, waiting).contact_id == contact
    adam = cast.sign_in(client, "adam")
    url = f"/prescreens/contacts/{contact}"
    answer = exported(adam, f"{url}/export", case_files="y", language="fr")
    assert answer.status_code == 303
    assert "made as soon as it is its turn" in text(adam.get(url))
    outbox.deliver_all()
    document = latest(database, contact)
    assert document is not None
    assert document.state == "ready", document.failure
    assert document.expires_at - (document.made_at or now()) == timedelta(days=7)
    page = text(adam.get(url))
    assert str(document.sha256) in page
    content = adam.get(f"/documents/{document.id}/{document.name}").data
    assert store.digest(content) == document.sha256
    files = opened(content)
    assert set(files) == {"kept.json", "SHA256SUMS", f"case-files/{denied}.zip", f"case-files/{approved}.zip"}
    sums = dict(reversed(line.split("  ")) for line in files.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: store.digest(each) for name, each in files.items()}
    kept = json.loads(files["kept.json"])
    assert {each["id"] for each in kept["prescreens"]} == {str(denied), str(approved), str(waiting)}
    case = opened(files[f"case-files/{denied}.zip"])
    printed = words(case["case-file.pdf"])
    assert "Dossier" in printed
    assert "Refusée" in printed
    assert "CANARY" not in printed
    assert not any(b"CANARY" in each for each in case.values())
    with database.read() as db:
        rows = db.scalars(select(Event).where(Event.kind.like("contact.files_%")).order_by(Event.id)).all()
    assert [row.kind for row in rows] == ["contact.files_requested", "contact.files_downloaded"]
    assert rows[0].data == {"document": str(document.id), "reason": REASON, "language": "fr"}
    assert rows[1].data["sha256"] == document.sha256
    assert all(row.subject_id == str(contact) for row in rows)
    for who in ("lena", "leda", "aude", "abel", "aida"):
        other = cast.sign_in(client.application.test_client(), who)
        assert other.get(f"/documents/{document.id}/{document.name}").status_code == 404, who
    for who, status in (("lena", 403), ("leda", 403), ("aude", 403), ("abel", 404)):
        other = cast.sign_in(client.application.test_client(), who)
        assert exported(other, f"{url}/export", case_files="y").status_code == status, who


def made(client: FlaskClient, database: Database, outbox: Outbox, contact: object) -> Document:
    assert exported(client, f"/prescreens/contacts/{contact}/export", case_files="y").status_code == 303
    outbox.deliver_all()
    document = latest(database, contact)
    assert document is not None
    assert document.state == "ready", document.failure
    return document


def test_an_export_goes_when_something_in_it_is_erased(
    client: FlaskClient, database: Database, cast: Cast, outbox: Outbox
) -> None:
    id = prescreen(database, cast.marston.id, given=WHO)
    beside = unfinished(database, cast.marston.id, email=EMAIL)
    elsewhere = prescreen(database, cast.harbor.id, given=WHO)
    contact, theirs = stored(database, id).contact_id, stored(database, elsewhere).contact_id
    adam = cast.sign_in(client, "adam")
    abel = cast.sign_in(client.application.test_client(), "abel")
    kept = made(abel, database, outbox, theirs)
    document = made(adam, database, outbox, contact)
    with database.write() as db:
        actions.erase_prescreens(db, [beside], by=cast.actor("adam"), now=now())
    outbox.deliver_all()
    assert adam.get(f"/documents/{document.id}/{document.name}").status_code == 404
    document = made(adam, database, outbox, contact)
    with database.write() as db:
        reach = Reach((cast.marston.id,))
        assert contact is not None
        actions.erase_contact(db, contact, reach=reach, reason=REASON, by=cast.actor("adam"), now=now())
    outbox.deliver_all()
    assert adam.get(f"/documents/{document.id}/{document.name}").status_code == 404
    assert latest(database, contact) is None
    assert abel.get(f"/documents/{kept.id}/{kept.name}").status_code == 200, "another organization's stays"
    assert exported(adam, f"/prescreens/contacts/{contact}/export", case_files="y").status_code == 409


def test_the_page_follows_the_export_while_it_is_made(
    client: FlaskClient, database: Database, cast: Cast, outbox: Outbox
) -> None:
    contact = stored(database, prescreen(database, cast.marston.id, "denied", given=WHO)).contact_id
    adam, url = cast.sign_in(client, "adam"), f"/prescreens/contacts/{contact}"

    def poll(tag: str) -> TestResponse:
        return adam.get(url, headers={"X-Desk-Poll": "1", "If-None-Match": tag})

    first = adam.get(url)
    assert "data-live-every" in first.text
    assert poll(first.headers["ETag"]).status_code == 304
    assert exported(adam, f"{url}/export", case_files="y").status_code == 303
    waits = poll(first.headers["ETag"])
    assert "made as soon as it is its turn" in text(waits)
    assert poll(waits.headers["ETag"]).status_code == 304
    outbox.deliver_all()
    made = poll(waits.headers["ETag"])
    document = latest(database, contact)
    assert document is not None
    assert str(document.sha256) in text(made)
    abel = cast.sign_in(client.application.test_client(), "abel")
    headers = {"X-Desk-Poll": "1", "If-None-Match": made.headers["ETag"]}
    assert abel.get(url, headers=headers).status_code == 404, "a revision of one organization is none of another"


def test_a_contact_without_prescreens_loses_its_export_too(
    client: FlaskClient, database: Database, cast: Cast, outbox: Outbox
) -> None:
    id = prescreen(database, cast.marston.id, given=WHO)
    contact = stored(database, id).contact_id
    assert contact is not None
    with database.write() as db:
        db.execute(update(Prescreen).where(Prescreen.id == id).values(contact_id=None, email=None, phone_key=None))
        assert db.scalars(select(Contact.name).where(Contact.id == contact)).one() == NAME
    adam = cast.sign_in(client, "adam")
    document = made(adam, database, outbox, contact)
    with database.write() as db:
        reach = Reach((cast.marston.id,))
        assert actions.erase_contact(db, contact, reach=reach, reason=REASON, by=cast.actor("adam"), now=now()) == 0
    assert adam.get(f"/documents/{document.id}/{document.name}").status_code == 404


def test_what_nobody_can_read_any_more_stops_neither_export_nor_erasure(database: Database, cast: Cast) -> None:
    """A backup that was restored without the ENCRYPTION_KEYS of its time."""
    id = prescreen(database, cast.marston.id)
    lost = Fernet(Fernet.generate_key()).encrypt(b'{"text": "Hello"}').decode()
    given: dict[str, Any] = {
        "reach": Reach((cast.marston.id,)),
        "reason": REASON,
        "by": cast.actor("adam"),
        "now": now(),
    }
    with database.write() as db:
        db.execute(update(OutboxRow).values(payload=lost))
        db.add(IdempotencyKey(id="k", fingerprint="f", status=200, body=lost, created_at=now()))
    contact_id = stored(database, id).contact_id
    assert contact_id
    with database.write() as db:
        found = json.loads(actions.export_contact(db, contact_id, **given).content)
        assert [sorted(each) for each in found["prescreens"][0]["messages"]] == [
            ["channel", "created_at", "state", "summary"]
        ]
        assert actions.erase_contact(db, contact_id, **given) == 1
        assert db.scalars(select(IdempotencyKey.id)).all() == []
