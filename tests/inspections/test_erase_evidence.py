"""Erasing evidence and legal holds: an administrator's, with a reason; the hash and its event stay."""

import uuid

import pytest
from sqlalchemy import select

from app.files import keeping
from app.inspections import records
from app.kernel.changes.events import Event
from app.kernel.store import Missing, store_at
from tests.inspections.pages import kinds
from tests.inspections.test_capture import PLACED, Phone, chained, file, items, stored
from tests.inspections.test_chain import run, unpack
from tests.pages import presser, text

REASON = "Asked for by the person shown."


@pytest.fixture
def session(app, integrator, outbox) -> dict:
    session = integrator.create()
    phone = Phone(app, integrator, session)
    phone.allow()
    phone.send(photo=file(PLACED), note="dry")
    outbox.deliver_all()
    return session


@pytest.fixture
def adam(app, cast):
    """The browser of an administrator of Marston & Vale."""
    return cast.sign_in(app.test_client(), "adam")


def erase(browser, session, item, **typed):
    path = f"/inspections/{session['id']}/evidence/{item.id}/erase"
    return presser(browser, path, preview=True, **{"reason": REASON, **typed})()


def hold(browser, session, **typed):
    path = f"/inspections/{session['id']}/hold"
    return presser(browser, path, preview=True, **{"reason": REASON, **typed})()


def hold_item(browser, session, item, **typed):
    path = f"/inspections/{session['id']}/evidence/{item.id}/hold"
    return presser(browser, path, preview=True, **{"reason": REASON, **typed})()


def test_erased_for_good_and_the_record_says_so(adam, otto, session, database, outbox, tmp_path) -> None:
    photo, note = items(database, session)
    for each in (photo, note):
        assert erase(adam, session, each).status_code == 303
    for part in ("original", "copy", "thumbnail"):
        assert adam.get(f"/inspections/{session['id']}/evidence/{photo.id}/{part}").status_code == 404, "at once"
    outbox.deliver_all()
    kept = store_at(database.config.evidence_url)
    folders = (keeping.originals, keeping.copies)
    assert [kept.names(folder(uuid.UUID(session["id"]))) for folder in folders] == [{}, {}]
    with pytest.raises(Missing):
        stored(database, session, photo.sha256)
    gone = items(database, session)
    assert [(each.content, each.note, each.sha256) for each in gone] == [
        (None, None, photo.sha256),
        (None, None, note.sha256),
    ]
    assert [each["sha256"] for each in chained(database, session, "evidence.erased")] == [photo.sha256, note.sha256]
    page = text(adam.get(f"/inspections/{session['id']}"))
    assert "Photo, erased" in page
    assert REASON in page
    assert otto.get(f"/inspections/{session['id']}/evidence/{photo.id}/original").status_code == 404
    folder = unpack(otto.get(f"/inspections/{session['id']}/chain.zip").data, tmp_path)
    ran = run(folder)
    assert (ran.returncode, "0 originals have their hashes, 2 erased" in ran.stdout) == (2, True), ran


def test_who_may_not_and_what_is_needed(app, cast, adam, session, database) -> None:
    photo, _ = items(database, session)
    before = kinds(database, session)
    for who, status in (("otto", 403), ("aude", 403), ("oona", 404)):
        browser = cast.sign_in(app.test_client(), who)
        assert erase(browser, session, photo).status_code == status
        assert hold(browser, session).status_code == status
        assert hold_item(browser, session, photo).status_code == status
    assert erase(adam, session, photo, reason=" ").status_code == 422
    assert kinds(database, session) == before


def test_twice_and_what_is_sent_again(app, adam, integrator, session, database) -> None:
    photo, _ = items(database, session)
    erase(adam, session, photo)
    again = erase(adam, session, photo)
    assert (again.status_code, "erased already" in text(again)) == (409, True)
    phone = Phone(app, integrator, session, address="203.0.113.9")
    phone.allow()
    assert "refused=erased" in phone.send(photo=file(PLACED)).location


def test_a_hold_keeps_everything_until_it_is_released(adam, otto, session, database) -> None:
    photo, _ = items(database, session)
    assert hold(adam, session).status_code == 303
    assert "Legal hold: nothing of this is erased." in text(otto.get(f"/inspections/{session['id']}"))
    refused = erase(adam, session, photo)
    assert (refused.status_code, "under a legal hold" in text(refused)) == (409, True)
    assert hold(adam, session, reason="Settled.").status_code == 303
    assert erase(adam, session, photo).status_code == 303
    assert kinds(database, session)[:3] == [
        "inspection.evidence_erased",
        "inspection.hold_released",
        "inspection.hold_placed",
    ]


def test_a_hold_on_one_piece_keeps_that_alone(adam, otto, integrator, session, database) -> None:
    photo, note = items(database, session)
    assert hold_item(adam, session, photo).status_code == 303
    page = text(otto.get(f"/inspections/{session['id']}"))
    assert (page.count("Legal hold"), REASON in page) != (0, False)
    refused = erase(adam, session, photo)
    assert (refused.status_code, "This piece is under a legal hold" in text(refused)) == (409, True)
    assert erase(adam, session, note).status_code == 303
    assert hold_item(adam, session, note).status_code == 409, "it is gone"
    integrator.end(session)
    person = f"/inspections/{session['id']}/invites/{photo.invite_id}/erase_person"
    refused = presser(adam, person, preview=True, reason=REASON)()
    assert (refused.status_code, "names and places belong to it" in text(refused)) == (409, True)
    assert "IMG_1.jpg" in items(database, session)[0].content
    assert hold_item(adam, session, photo, reason="Settled.").status_code == 303
    assert erase(adam, session, photo).status_code == 303
    assert [kind for kind in kinds(database, session) if "hold" in kind or "erased" in kind] == [
        "inspection.evidence_erased",
        "inspection.item_hold_released",
        "inspection.evidence_erased",
        "inspection.item_hold_placed",
    ]


def test_a_copy_that_comes_after_the_erasure_is_not_kept(app, adam, integrator, database, outbox) -> None:
    session = integrator.create()
    phone = Phone(app, integrator, session)
    phone.allow()
    phone.send(photo=file(PLACED))
    (photo,) = items(database, session)
    erase(adam, session, photo)
    outbox.deliver_all()
    assert not store_at(database.config.evidence_url).names(keeping.copies(uuid.UUID(session["id"])))


def test_what_is_erased_after_the_end_is_added_to_the_record(
    adam, otto, integrator, session, database, tmp_path
) -> None:
    integrator.end(session)
    photo, _ = items(database, session)
    assert erase(adam, session, photo).status_code == 303
    with database.read() as db:
        record = records.read(db, uuid.UUID(session["id"]))
    assert record.verdict(()).fault == ""
    assert record.links[-1].kind == "evidence.erased"
    ran = run(unpack(otto.get(f"/inspections/{session['id']}/chain.zip").data, tmp_path))
    assert (ran.returncode, "1 originals have their hashes, 1 erased" in ran.stdout) == (2, True), ran


def test_who_sent_it_can_be_erased_and_what_was_sent_stays(adam, otto, integrator, session, database, tmp_path) -> None:
    integrator.end(session)
    photo, note = items(database, session)
    assert "IMG_1.jpg" in photo.content
    path = f"/inspections/{session['id']}/invites/{photo.invite_id}/erase_person"
    assert presser(adam, path, preview=True, reason=REASON)().status_code == 303
    after = items(database, session)
    assert [(each.content, each.sha256, each.erased_at) for each in after] == [
        (None, photo.sha256, None),
        (None, note.sha256, None),
    ]
    assert {photo.record, note.record} <= {each["erased"] for each in chained(database, session, "record.erased")}
    page = otto.get(f"/inspections/{session['id']}").text
    assert "IMG_1.jpg" not in page
    assert otto.get(f"/inspections/{session['id']}/evidence/{photo.id}/original").status_code == 200
    ran = run(unpack(otto.get(f"/inspections/{session['id']}/chain.zip").data, tmp_path))
    assert (ran.returncode, "2 originals have their hashes" in ran.stdout) == (2, True), ran


def test_under_a_hold_nobody_is_erased_either(adam, integrator, session, database) -> None:
    integrator.end(session)
    assert hold(adam, session).status_code == 303
    before = items(database, session)
    path = f"/inspections/{session['id']}/invites/{before[0].invite_id}/erase_person"
    refused = presser(adam, path, preview=True, reason=REASON)()
    assert (refused.status_code, "legal hold" in refused.text) == (409, True)
    assert items(database, session) == before
    assert not chained(database, session, "record.erased")
    assert hold(adam, session).status_code == 303, "released"
    assert presser(adam, path, preview=True, reason=REASON)().status_code == 303


def test_erasures_and_holds_say_what_was_before_and_after(adam, integrator, session, database) -> None:
    photo, note = items(database, session)
    hold(adam, session)
    hold(adam, session, reason="Settled.")
    hold_item(adam, session, photo)
    hold_item(adam, session, photo, reason="Settled.")
    erase(adam, session, photo)
    integrator.end(session)
    assert (
        presser(
            adam, f"/inspections/{session['id']}/invites/{note.invite_id}/erase_person", preview=True, reason=REASON
        )().status_code
        == 303
    )
    with database.read() as db:
        rows = db.execute(
            select(Event.kind, Event.data).where(Event.subject_id == session["id"]).order_by(Event.id)
        ).all()
    changes = [(kind, data["before"], data["after"]) for kind, data in rows if "hold" in kind or "erased" in kind]
    on, off = {"legal_hold": REASON}, {"legal_hold": None}
    assert [change for change in changes if "hold" in change[0]] == [
        ("inspection.hold_placed", off, on),
        ("inspection.hold_released", on, off),
        ("inspection.item_hold_placed", off, on),
        ("inspection.item_hold_released", on, off),
    ]
    erased = {kind: (before, after) for kind, before, after in changes if "erased" in kind}
    known = {"original": f"{photo.mime}, {photo.bytes} bytes", "copies": 2 if photo.copy_sha256 else 0}
    assert erased["inspection.evidence_erased"] == (known, {"original": "erased", "copies": 0})
    before, after = erased["inspection.person_erased"]
    assert (before["personal_records"] > 0, after) == (True, {"personal_records": 0})
