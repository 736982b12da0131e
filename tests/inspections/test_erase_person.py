"""Erasing what is personal about a participant: who may, when, what stays, and that the chain stays whole."""

import json
import uuid
from dataclasses import replace

import pytest
from sqlalchemy import text

from app.inspections import bundle, queries, records
from app.inspections.verification import Result
from tests.cli.running import Desk
from tests.inspections import pages
from tests.inspections.conftest import PHONE
from tests.inspections.test_chain import run, unpack
from tests.pages import csrf
from tests.pages import text as words

ALEX = {"recipient_first_name": "Alexandrine", "recipient_last_name": "Doe", "recipient_email": "alex@example.com"}


@pytest.fixture
def adam(app, cast):
    """The browser of an administrator of Marston & Vale."""
    return cast.sign_in(app.test_client(), "adam")


@pytest.fixture
def over(integrator, field):
    """A session that Alexandrine joined and that has ended."""
    session = integrator.create()
    invite = integrator.invite(session, **ALEX)
    assert field.join(invite, invite["otp_code"]).status_code == 200
    integrator.end(session)
    return {**session, "invite": invite["id"]}


def erase(client, session, reason="asked for it", **more):
    return pages.send(client, session, f"invites/{session['invite']}/erase_person", reason=reason, **more)


def record_of(database, session) -> records.Record:
    with database.read() as db:
        return records.read(db, uuid.UUID(session["id"]))


def test_an_administrator_erases_and_the_chain_stays_whole(over, adam, database, tmp_path) -> None:
    typed = {"reason": "x", "step": "preview", "csrf_token": csrf(adam)}
    preview = adam.post(f"/inspections/{over['id']}/invites/{over['invite']}/erase_person", data=typed)
    assert "gone for good" in words(preview)
    assert erase(adam, over).status_code == 303
    record = record_of(database, over)
    assert record.verdict(()).result == Result.NOT_PROVEN
    assert set(record.people.values()) == {None}
    assert [link.kind for link in record.links[-3:]] == ["session.ended", "record.erased", "record.erased"]
    assert {json.loads(link.payload)["erased"] for link in record.links[-2:]} == set(record.people)
    page = adam.get(f"/inspections/{over['id']}").text
    assert "somebody whose personal record was erased" in page
    assert "asked for it" in page
    assert "alex@example.com" not in page
    assert pages.kinds(database, over)[0] == "inspection.person_erased"
    with database.read() as db:
        invite = queries.invite(db, uuid.UUID(over["invite"]), uuid.UUID(over["id"]))
        stored = "".join(map(str, vars(invite).values()))
        found = db.scalars(text("SELECT count(*) FROM personal_records WHERE content IS NOT NULL")).one()
    assert not any(word in stored for word in ("Alexandrine", "alex@", "203.0.113", PHONE))
    assert found == 0
    assert over["id"] not in adam.get("/inspections?view=all&q=alexandrine").text
    zipped = adam.get(f"/inspections/{over['id']}/chain.zip").data
    folder = unpack(zipped, tmp_path / "b")
    done = run(folder)
    assert (done.returncode, done.stderr) == (2, ""), done
    assert "Personal records agree: 0 of the 2 that the chain names are here, 2 were erased." in done.stdout
    assert {each["record"] for each in json.loads((folder / "erased.json").read_text())} == set(record.people)
    assert bundle.read(zipped).people == {}


def test_who_may_not(over, otto, app, cast, database) -> None:
    before = pages.state(database, over)
    for who, status in (("otto", 403), ("aude", 403), ("oona", 404)):
        answer = erase(cast.sign_in(app.test_client(), who), over)
        assert (who, answer.status_code) == (who, status)
    assert "Erase what is personal" not in otto.get(f"/inspections/{over['id']}").text
    assert pages.state(database, over) == before


def test_a_reason_is_needed_and_nothing_is_erased_twice_or_while_it_goes_on(
    over, adam, database, integrator, field
) -> None:
    assert erase(adam, over, reason="").status_code == 422
    assert erase(adam, over).status_code == 303
    twice = erase(adam, over)
    assert (twice.status_code, "Nothing personal is left" in words(twice)) == (409, True)
    live = integrator.create()
    invite = integrator.invite(live, **ALEX)
    field.join(invite, invite["otp_code"])
    early = erase(adam, {**live, "invite": invite["id"]})
    assert (early.status_code, "still goes on" in words(early)) == (409, True)
    assert set(record_of(database, live).people.values()) != {None}


def test_an_expired_one_too(integrator, app, cast, database, clock) -> None:
    session = integrator.create()
    invite = integrator.invite(session, **ALEX)
    clock.move(hours=25)
    session["invite"] = invite["id"]
    assert erase(cast.sign_in(app.test_client(), "adam"), session).status_code == 303
    assert record_of(database, session).verdict(()).result == Result.NOT_PROVEN


def test_the_command_does_the_same(over, database, monkeypatch) -> None:
    desk = Desk(database, monkeypatch)
    done = desk("erase-person", over["id"], over["invite"], "--reason", "by law", "--json")
    assert done.exit_code == 0, (done.output, done.exception)
    assert (done.exit_code, json.loads(done.stdout)["erased"]) == (0, 2)
    again = desk("erase-person", over["id"], over["invite"], "--reason", "by law")
    assert (again.exit_code, "Nothing personal is left" in again.stderr) == (1, True)
    assert desk("erase-person", over["id"], over["invite"], "--reason", " ").exit_code == 1


def test_what_was_added_after_the_end_is_stamped_again(over, adam, database, outbox, monkeypatch) -> None:
    database.config = replace(database.config, tsa_urls=("http://127.0.0.1:9/",))
    erase(adam, over)
    with database.read() as db:
        (asked,) = queries.anchors(db, uuid.UUID(over["id"]))
    assert (asked.kind, json.loads(asked.statement)["events"]) == ("addition", len(record_of(database, over).links))
    assert pages.stored(database, over).anchoring == "no_authority", "the end alone decides"
