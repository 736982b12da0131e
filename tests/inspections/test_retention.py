"""Evidence that an organization keeps no longer: erased by the worker, unless a legal hold is on it."""

import uuid
from datetime import timedelta
from html import unescape

import pytest

from app.accounts.actions import organizations
from app.accounts.models import Organization
from app.files import keeping
from app.inspections import actions, queries, receipts, records, retention
from app.inspections.evidence.models import EvidenceMark
from app.kernel import clock as time
from app.kernel.changes.events import WORKER, timeline
from app.kernel.store import store_at
from tests.accounts.browser import post
from tests.accounts.test_organizations import settings
from tests.cli.running import Desk
from tests.inspections.pages import kinds
from tests.inspections.test_capture import PLACED, Phone, chained, file, items
from tests.inspections.test_chain import run, unpack
from tests.inspections.test_erase_evidence import hold, hold_item
from tests.inspections.test_plans import crowd, plan, walks  # noqa: F401
from tests.pages import text
from tests.statements import heard


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
    portions = 1
    while retention.erase_portion(database, time.now()):
        portions += 1
    return portions


def overdue(database) -> float:
    """What monitoring reads."""
    with database.read() as db:
        ((name, _, value),) = retention.measures(db, time.now())
    assert name == "desk_evidence_overdue_seconds"
    return value


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
    assert "What is not erased yet will be erased" in text(otto.get(f"/inspections/{session['id']}"))
    assert "Marston & Vale keeps it until" in unescape(receipt_page(app, database, session))
    clock.move(days=21)
    erase_due(database)
    assert erased(database, session) == [True, True]
    outbox.deliver_all()
    kept = store_at(database.config.evidence_url)
    folders = (keeping.originals, keeping.copies)
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


def test_what_is_under_a_hold_of_its_own_outlasts_the_days(app, cast, adam, session, database, clock) -> None:
    photo, _ = items(database, session)
    assert hold_item(adam, session, photo).status_code == 303
    keep_for(database, 30)
    clock.move(days=31)
    erase_due(database)
    assert erased(database, session) == [False, True]
    adam = cast.sign_in(app.test_client(), "adam")
    assert "unless it is under a legal hold" in text(adam.get(f"/inspections/{session['id']}"))
    assert hold_item(adam, session, photo, reason="Settled.").status_code == 303
    assert overdue(database) > 0
    erase_due(database)
    assert erased(database, session) == [True, True]
    assert overdue(database) == 0


def test_a_hold_that_is_released_during_a_round_is_not_passed_over(session, database, clock, monkeypatch) -> None:
    keep_for(database, 30)
    id = uuid.UUID(session["id"])
    with database.write() as db:
        actions.place_hold(db, id, reason="Court.", by=WORKER, now=time.now())
    clock.move(days=31)
    expire = actions.expire_evidence

    def released_meanwhile(db, inspection_id, now):
        n = expire(db, inspection_id, now)
        actions.release_hold(db, inspection_id, reason="Settled.", by=WORKER, now=now)
        return n

    monkeypatch.setattr(actions, "expire_evidence", released_meanwhile)
    assert retention.erase_portion(database, time.now())
    monkeypatch.undo()
    assert erased(database, session) == [False, False], "the hold was still there"
    erase_due(database)
    assert erased(database, session) == [True, True]


def test_a_round_reads_what_became_due_and_not_what_ended_long_ago(database, cast, crowd, clock) -> None:  # noqa: F811
    """Of thousands that ended before, none is read again once it was looked at; the index carries both reads."""
    keep_for(database, 30)
    clock.move(days=60)
    assert overdue(database) > 0
    portions = erase_due(database)
    assert portions > 5
    assert (overdue(database), erase_due(database)) == (0, 1), "the mark is behind the last one that is due"
    until = time.now() - timedelta(days=30)
    with database.read() as db:
        mark = db.query(EvidenceMark).one()
        for since in (None, retention.Mark(mark.ended_at, mark.after)):
            walks(plan(db, retention.due(cast.marston.id, until, since).limit(retention.PORTION)))
    with heard(database.reader) as statements:
        erase_due(database)
    assert len(statements) <= 2
    assert not any("evidence_states" in each for each in statements)


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
    one = ("--item", str(note.id), *why)
    facts = {"session": session["id"], "item": str(note.id)}
    assert desk.json("evidence", "hold", session["id"], *one).items() >= {**facts, "hold": True}.items()
    assert [each["hold"] for each in desk.json("evidence", "list", session["id"])["evidence"]] == [None, why[1]]
    assert desk("evidence", "erase", session["id"], str(note.id), *why).exit_code == 1
    assert desk("evidence", "hold", session["id"], *one).exit_code == 1
    assert desk("evidence", "hold", session["id"], "--item", str(photo.id), *why).exit_code == 1, "it is erased"
    assert desk.json("evidence", "release", session["id"], *one)["hold"] is False
    assert desk("evidence", "release", session["id"], *one).exit_code == 1
