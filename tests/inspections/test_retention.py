"""Evidence that an organization keeps no longer: erased by the worker, unless a legal hold is on it."""

import uuid
from html import unescape

import pytest

from app.accounts.actions import organizations
from app.accounts.models import Organization
from app.inspections import actions, queries, receipts, records, retention
from app.inspections.evidence import receiving
from app.kernel import clock as time
from app.kernel.changes.events import WORKER, timeline
from app.kernel.store import store_at
from tests.accounts.browser import post
from tests.accounts.test_organizations import settings
from tests.cli.running import Desk
from tests.inspections.pages import kinds
from tests.inspections.test_capture import PLACED, Phone, chained, file, items
from tests.inspections.test_chain import run, unpack
from tests.inspections.test_erase_evidence import hold
from tests.pages import text


@pytest.fixture
def session(app, integrator, outbox) -> dict:
    """One that has ended, with a photo and a note."""
    session = integrator.create()
    phone = Phone(app, integrator, session)
    phone.allow()
    phone.send(photo=file(PLACED), note="dry")
    outbox.deliver_all()
    integrator.end(session)
    return session


@pytest.fixture
def adam(app, cast):
    return cast.sign_in(app.test_client(), "adam")


@pytest.fixture
def desk(database, monkeypatch) -> Desk:
    return Desk(database, monkeypatch)


def keep_for(database, days, slug="marston") -> None:
    with database.write() as db:
        found = db.query(Organization).filter_by(slug=slug).one()
        organizations.change(db, found, {"evidence_days": days}, by=WORKER, now=time.now())


def erase_due(database) -> int:
    """A round of the worker; how many portions it took."""
    place, portions = retention.erase_portion(database, None, time.now()), 1
    while place is not None:
        place, portions = retention.erase_portion(database, place, time.now()), portions + 1
    return portions


def erased(database, session) -> list[bool]:
    return [each.erased_at is not None for each in items(database, session)]


def receipt_page(app, database, session) -> str:
    with database.read() as db:
        (invite,) = queries.invites(db, uuid.UUID(session["id"]))
    path = receipts.url(database.config, invite).removeprefix(database.config.public_base_url)
    return text(app.test_client().get(path))


def test_what_is_kept_no_longer_goes_and_the_record_still_holds(
    app, cast, session, database, outbox, clock, tmp_path
) -> None:
    clock.move(days=40)
    erase_due(database)
    assert erased(database, session) == [False, False], "never, unless it is set"
    keep_for(database, 60)
    erase_due(database)
    assert erased(database, session) == [False, False], "not yet"
    otto = cast.sign_in(app.test_client(), "otto")
    assert "What is not erased yet is deleted" in text(otto.get(f"/inspections/{session['id']}"))
    assert "Marston & Vale keeps it until" in unescape(receipt_page(app, database, session))
    clock.move(days=21)
    erase_due(database)
    assert erased(database, session) == [True, True]
    outbox.deliver_all()
    kept = store_at(database.config.evidence_url)
    folders = (receiving.originals, receiving.copies)
    assert [kept.names(folder(uuid.UUID(session["id"]))) for folder in folders] == [{}, {}]
    assert [each["by"] for each in chained(database, session, "evidence.erased")] == [
        {"kind": "worker", "name": "Session Desk", "account": None}
    ] * 2
    before = kinds(database, session)
    erase_due(database)
    assert kinds(database, session) == before, "nothing is erased twice"
    with database.read() as db:
        assert records.read(db, uuid.UUID(session["id"])).verdict(()).fault == ""
        reasons = {row.data["reason"] for row in timeline(db, "inspection", session["id"]) if "reason" in row.data}
    assert reasons == {"Kept for 60 days after the end."}
    assert receipt_page(app, database, session).count("Erased on") == 2
    otto = cast.sign_in(app.test_client(), "otto")
    ran = run(unpack(otto.get(f"/inspections/{session['id']}/chain.zip").data, tmp_path))
    assert (ran.returncode, "2 erased" in ran.stdout) == (2, True), ran


def test_neither_under_a_hold_nor_while_it_goes_on_nor_of_others(
    app, integrator, stranger, adam, session, database, clock
) -> None:
    going_on, other = integrator.create(), stranger.create()
    for program, each, address in ((integrator, going_on, "203.0.113.8"), (stranger, other, "203.0.113.9")):
        phone = Phone(app, program, each, address=address)
        phone.allow()
        phone.send(note=f"of {each['id']}")
    stranger.end(other)
    assert hold(adam, session).status_code == 303
    keep_for(database, 30)
    clock.move(days=31)
    erase_due(database)
    assert [erased(database, each) for each in (session, going_on, other)] == [[False, False], [False], [False]]
    with database.write() as db:
        actions.release_hold(db, uuid.UUID(session["id"]), reason="Settled.", by=WORKER, now=time.now())
    erase_due(database)
    assert erased(database, session) == [True, True]


def test_a_round_goes_on_after_each_portion(app, integrator, session, database, clock, monkeypatch) -> None:
    later = integrator.create()
    phone = Phone(app, integrator, later, address="203.0.113.8")
    phone.allow()
    phone.send(note="later")
    clock.move(minutes=1)
    integrator.end(later)
    keep_for(database, 30)
    keep_for(database, 30, "harbor")
    clock.move(days=31)
    monkeypatch.setattr(retention, "PORTION", 1)
    assert erase_due(database) == 3
    assert erased(database, session) + erased(database, later) == [True] * 3


def test_the_setting_on_the_page_and_by_command(app, adam, cast, database, desk) -> None:
    url = f"/organizations/{cast.marston.id}"
    assert post(adam, url, settings(evidence_days="29")).status_code == 422
    assert post(adam, url, settings(evidence_days="730")).status_code == 303
    assert desk.json("organization", "show", "marston")["evidence_days"] == 730
    assert desk.json("organization", "set", "marston", "--evidence-days", "forever")["evidence_days"] is None
    assert desk("organization", "set", "marston", "--evidence-days", "soon").exit_code == 1
    with database.read() as db:
        changes = [row.data for row in timeline(db, "organization", cast.marston.id)][:2]
    assert [(each["before"]["evidence_days"], each["after"]["evidence_days"]) for each in changes] == [
        (730, None),
        (None, 730),
    ]


def test_the_command_erases_holds_and_releases(session, database, desk) -> None:
    photo, note = items(database, session)
    why = ("--reason", "By order of the court.")
    assert desk.json("evidence", "hold", session["id"], *why)["hold"] is True
    assert desk("evidence", "erase", session["id"], str(photo.id), *why).exit_code == 1
    assert desk("evidence", "hold", session["id"], *why).exit_code == 1
    assert desk.json("evidence", "release", session["id"], *why)["hold"] is False
    assert desk("evidence", "erase", session["id"], str(photo.id), "--reason", " ").exit_code == 1
    assert desk.json("evidence", "erase", session["id"], str(photo.id), *why)["erased"] is True
    assert erased(database, session) == [True, False]
    assert desk("evidence", "erase", session["id"], str(note.inspection_id), *why).exit_code == 1
