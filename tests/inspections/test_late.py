"""What still waits on a phone when the inspection ends: taken for a day when the phone signed it, refused in words
else; and what staff are told to expect."""

import uuid
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from app.inspections import actions, numbers, queries, records
from app.inspections.evidence import receiving
from app.inspections.evidence.models import FieldPhone, Kind
from app.inspections.evidence.rules import Unfit
from app.inspections.locales import TRANSLATIONS
from app.inspections.verification import Result
from app.kernel.changes.events import WORKER
from app.kernel.clock import now
from app.kernel.text.i18n import LANGUAGES
from tests.inspections import pages
from tests.inspections.test_capture import PLACED, Phone, items, stored
from tests.inspections.test_chain import run, unpack
from tests.inspections.test_checkpoints import authority, stamped  # noqa: F401
from tests.inspections.test_parts import PARTS, SUMS, WHOLE, enroll, have, join, part, signed
from tests.inspections.test_parts import phone as phone
from tests.inspections.test_parts import session as session
from tests.pages import presser, text

LATE = timedelta(hours=24)


def send(phone: Phone, session, **otherwise):
    """All of the file, as the page's script sends it."""
    for each in PARTS:
        part(phone, each)
    return join(phone, **signed(session, otherwise))


def say(phone: Phone, waiting):
    return phone.post(f"{phone.place}/waiting", waiting=str(waiting))


def poll(phone: Phone):
    """What the page asks every two seconds."""
    return phone.get(f"{phone.place}/room", headers={"If-None-Match": "before"})


def staff_page(app, cast, session) -> str:
    return text(cast.sign_in(app.test_client(), "otto").get(f"/inspections/{session['id']}"))


def test_what_waited_on_the_phone_arrives_after_the_end_and_is_stamped(
    phone,
    session,
    integrator,
    database,
    otto,
    outbox,
    clock,
    tmp_path,
    stamped,  # noqa: F811
) -> None:
    enroll(phone)
    part(phone, PARTS[0])
    integrator.end(session)
    outbox.deliver_all()
    assert have(phone) == {"have": [SUMS[0]], "known": False}
    assert send(phone, session)["added"] == 1
    (found,) = items(database, session)
    assert stored(database, session, found.sha256) == PLACED
    assert have(phone)["known"] is True
    clock.move(minutes=11)
    outbox.deliver_all()
    with database.read() as db:
        record = records.read(db, uuid.UUID(session["id"]))
    assert [link.kind for link in record.links[-2:]] == ["session.ended", "evidence.captured"]
    verdict = record.verdict(database.config.tsa_roots)
    assert (verdict.result, "came after the last time stamp" in verdict.chain.sentence) == (Result.PROVEN, False)
    assert "1 piece of evidence arrived after the end." in verdict.chain.sentence
    ran = run(unpack(otto.get(f"/inspections/{session['id']}/chain.zip").data, tmp_path))
    assert (ran.returncode, "1 originals have their hashes" in ran.stdout) == (2, True), ran


def checked(app, session, lang="en") -> str:
    number = numbers.number_of(uuid.UUID(session["id"]))
    return text(app.test_client().get(f"/verify/{number}?lang={lang}"))


def test_the_public_page_says_that_a_piece_came_late(app, phone, session, integrator) -> None:
    """In each language, with how many."""
    enroll(phone)
    integrator.end(session)
    assert "arrived after the end" not in checked(app, session)
    send(phone, session)
    for lang in LANGUAGES:
        line = TRANSLATIONS.translator(lang)("finding_arrived_late", count=1)
        assert line in checked(app, session, lang)
    assert "from the phone on which they waited: 1." in checked(app, session)


@pytest.mark.parametrize("how", ["unsigned", "by_another_key", "about_another_file"])
def test_what_the_phone_did_not_sign_is_refused_in_words(phone, session, integrator, database, how) -> None:
    enroll(phone)
    for each in PARTS:
        part(phone, each)
    integrator.end(session)
    before = pages.state(database, session)
    sent = {
        "unsigned": {},
        "by_another_key": signed(session, {}, ec.generate_private_key(ec.SECP256R1())),
        "about_another_file": signed(session, {"sha256": "0" * 64}),
    }[how]
    (refused,) = join(phone, **sent)["results"]
    assert (refused["reason"], refused["text"]) == ("ended", "This inspection has ended. This was not added any more.")
    assert have(phone)["have"] == sorted(SUMS), "the phone keeps its file, and the store its parts"
    assert pages.state(database, session) == before


def test_until_a_day_after_the_end_and_not_longer(phone, session, integrator, database, clock) -> None:
    enroll(phone)
    integrator.end(session)
    clock.move(seconds=LATE.total_seconds() - 60)
    assert part(phone, PARTS[0]).json == {"kept": SUMS[0]}
    clock.move(minutes=2)
    for late in (part(phone, PARTS[1]), phone.get(f"{phone.place}/evidence/parts/{WHOLE}"), say(phone, 1)):
        assert (late.status_code, late.json["over"]) == (410, "session_ended")
        assert "more than 24 hours ago" in late.json["text"]
    received = receiving.Received(Kind.NOTE, b"x", "text/plain")
    with database.write() as db:
        (invite,) = queries.invites(db, uuid.UUID(session["id"]))
        with pytest.raises(Unfit) as refused:
            actions.capture(db, invite, received, by=WORKER, now=now(), late=True)
    assert refused.value.reason == "too_late"


def test_nothing_else_is_open_after_the_end_nor_to_one_who_was_revoked(
    phone, session, integrator, database, otto
) -> None:
    enroll(phone)
    with database.read() as db:
        (invite,) = queries.invites(db, uuid.UUID(session["id"]))
    integrator.end(session)
    before = pages.state(database, session)
    assert phone.post(f"{phone.place}/evidence", note="late").status_code == 410
    assert enroll(phone, b"x")["over"] == "session_ended"
    assert phone.get(f"{phone.place}/room").status_code == 410
    assert pages.state(database, session) == before
    with database.write() as db:
        db.get(type(invite), invite.id).revoked_at = now()
    assert have(phone)["over"] == "session_ended"
    assert part(phone, PARTS[0]).status_code == 410


def test_another_phone_of_the_session_sends_nothing_in_its_name(app, phone, session, integrator, database) -> None:
    enroll(phone)
    other = Phone(app, integrator, session, address="203.0.113.8")
    other.allow()
    other.headers["Accept"] = "application/json"
    integrator.end(session)
    assert part(other, PARTS[0]).status_code == 410, "it has no key in the chain"
    assert send(phone, session)["added"] == 1


def test_the_page_after_the_end_says_until_when_and_then_no_more(phone, session, integrator, clock) -> None:
    enroll(phone)
    integrator.end(session)
    page = phone.get(f"{phone.place}/room").text
    assert "this is still taken until" in page
    assert "capture.js" in page
    clock.move(hours=25)
    page = phone.get(f"{phone.place}/room").text
    assert ("this is still taken until" in page, "more than 24 hours ago" in page) == (False, True)


def test_staff_see_what_is_expected_until_it_is_there(app, cast, phone, session, integrator, database, clock) -> None:
    enroll(phone)
    assert "waits on the phone" not in staff_page(app, cast, session)
    assert say(phone, 2).status_code == 200
    assert "2 pieces of evidence wait on the phone of" in staff_page(app, cast, session)
    otto = cast.sign_in(app.test_client(), "otto")
    asked = presser(otto, f"/inspections/{session['id']}/end")()
    assert "2 pieces of evidence wait on phones, not sent yet" in text(asked)
    integrator.end(session)
    assert "Taken until" in staff_page(app, cast, session)
    assert send(phone, session)["added"] == 1
    assert join(phone, **signed(session, {}))["results"][0]["reason"] == "known", "asked again: it arrived once"
    page = staff_page(app, cast, session)
    assert "1 piece of evidence waits on the phone of" in page
    assert "captured before the end" in page
    clock.move(hours=25)
    page = staff_page(app, cast, session)
    assert "1 piece of evidence never arrived from the phone of" in page


@pytest.mark.parametrize("typed", ["", "-1", "1e3", "99999", "٣", "x" * 9000])
def test_a_number_that_is_none_changes_nothing(phone, session, database, typed) -> None:
    say(phone, 3)
    assert say(phone, typed).status_code == 200
    with database.read() as db:
        assert db.query(FieldPhone).one().waiting == 3


def test_a_phone_that_fell_silent_may_still_hold_something(
    app, cast, phone, session, integrator, database, clock
) -> None:
    enroll(phone)
    poll(phone)
    assert "is not heard from" not in staff_page(app, cast, session)
    with database.read() as db:
        (first,) = queries.phones(db, uuid.UUID(session["id"]))
    clock.move(seconds=30)
    poll(phone)
    with database.read() as db:
        (again,) = queries.phones(db, uuid.UUID(session["id"]))
    assert again.heard_at == first.heard_at, "noted once a minute, not with each look"
    clock.move(minutes=4)
    assert "is not heard from" in staff_page(app, cast, session)
    integrator.end(session)
    assert "What it captured since may still arrive until" in staff_page(app, cast, session)
    clock.move(hours=25)
    assert "is not heard from" not in staff_page(app, cast, session)


def test_a_phone_without_scripts_is_not_waited_for(app, cast, phone, session, integrator, database, clock) -> None:
    phone.get(f"{phone.place}/room")
    with database.read() as db:
        assert db.query(FieldPhone).count() == 0, "it was opened, and no script asked for news"
    poll(phone)
    clock.move(minutes=9)
    integrator.end(session)
    assert "is not heard from" not in staff_page(app, cast, session), "without a key of it nothing is taken anyway"
