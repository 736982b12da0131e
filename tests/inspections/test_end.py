"""End a session: closes, seals, has the head stamped once; again changes nothing; races."""

import uuid

import pytest

from app.inspections import actions, chain, queries
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.errors import Conflict
from tests.inspections import pages
from tests.inspections.conftest import SESSIONS, at_once, printed

TWO = {"tsa_urls": ("http://one.example/tsr", "http://two.example/tsr")}


def kinds(database, session) -> list[str]:
    with database.read() as db:
        return [row.kind for row in timeline(db, "inspection", session["id"])][::-1]


def test_what_was_not_answered_is_not_asked_any_more(joined, otto, integrator) -> None:
    place = f"/inspections/{joined['id']}"
    assert "Not answered yet: camera, place, recording" in otto.get(place).text
    integrator.end(joined)
    assert "Not answered yet" not in otto.get(place).text
    assert "Not answered before the end: camera, place, recording" in otto.get(place).text


@pytest.mark.config(**TWO)
def test_ending_closes_seals_and_asks_every_authority_once(integrator, database, outbox) -> None:
    session = integrator.create()
    ended = integrator.end(session)
    assert ended.status_code == 200
    assert list(ended.json) == list(printed("session"))
    assert (ended.json["status"], ended.json["ended_at"] is not None) == ("closed", True)
    again = integrator.end(session)
    assert (again.status_code, again.json) == (200, ended.json)
    assert kinds(database, session) == ["inspection.created", "inspection.ended"]
    assert sorted(row.destination for row in outbox.rows("job:inspections.anchor")) == ["one.example", "two.example"]
    with database.read() as db:
        found = queries.links(db, uuid.UUID(session["id"]))
        inspection = queries.get(db, uuid.UUID(session["id"]))
        anchors = queries.anchors(db, inspection.id)
    assert [link.kind for link in found] == ["session.created", "session.ended"]
    chain.verify(found, length=inspection.chain_length, head=inspection.chain_head)
    statement = chain.statement(session["id"], inspection.chain_head, 2).decode()
    assert [(a.state, a.statement) for a in anchors] == [("pending", statement)] * 2
    assert inspection.anchoring == "pending"


def test_without_an_authority_it_says_so(integrator, database) -> None:
    session = integrator.create()
    integrator.end(session)
    with database.read() as db:
        inspection = queries.get(db, uuid.UUID(session["id"]))
        assert (inspection.anchoring, list(queries.anchors(db, inspection.id))) == ("no_authority", [])


def test_an_open_session_can_be_ended_and_lets_nobody_in_afterwards(integrator, field) -> None:
    session = integrator.create()
    invite = integrator.invite(session)
    assert field.join(invite).status_code == 200
    assert integrator.end(session).json["status"] == "closed"
    answer = field.join(invite)
    assert (answer.status_code, answer.json["detail"]) == (410, "session_ended")
    assert integrator.post(f"{SESSIONS}/{session['id']}/participants", {}).status_code == 409


def test_a_recording_is_marked_as_stopped(integrator, field, database, cast) -> None:
    session = integrator.create()
    field.join(integrator.invite(session))
    pages.consent(database, session)
    with database.write() as db:
        actions.start_recording(db, uuid.UUID(session["id"]), by=cast.actor("otto"), now=now())
    assert integrator.session(session)["status"] == "recording"
    assert integrator.end(session).json["status"] == "closed"
    with database.read() as db:
        found = queries.links(db, uuid.UUID(session["id"]))
    assert [link.kind for link in found][-3:] == ["recording.started", "recording.stopped", "session.ended"]
    assert chain.verify(found)[0] == 10


@pytest.mark.config(**TWO)
def test_end_by_many_at_once_is_one_end(integrator, database, cast, outbox) -> None:
    session = integrator.create()
    id = uuid.UUID(session["id"])

    def end(_: int) -> str:
        with database.write() as db:
            return actions.end(db, id, by=cast.actor("otto"), now=now()).status

    assert at_once(20, end) == {"closed": 20}
    assert kinds(database, session) == ["inspection.created", "inspection.ended"]
    assert len(outbox.rows("job:inspections.anchor")) == 2
    with database.read() as db:
        assert chain.verify(queries.links(db, id))[0] == 2


def test_remarks_from_many_at_once_make_one_chain_that_verifies(integrator, database, cast) -> None:
    session = integrator.create()
    id = uuid.UUID(session["id"])

    def act(number: int) -> str:
        try:
            with database.write() as db:
                if number == 30:
                    actions.end(db, id, by=cast.actor("otto"), now=now())
                else:
                    actions.add_remark(db, id, text=str(number), by=cast.actor("otto"), now=now())
        except Conflict as refused:
            return refused.code
        return "done"

    results = at_once(40, act)
    with database.read() as db:
        found = queries.links(db, id)
        inspection = queries.get(db, id)
    assert chain.verify(found, length=inspection.chain_length, head=inspection.chain_head)[0] == results["done"] + 1
    assert found[-1].kind == "session.ended"
    assert set(results) <= {"done", "session.already_ended"}


def test_who_may_not(integrator, cast, app) -> None:
    session = integrator.create()
    for scopes, status in ((("sessions:read",), 403), (("sessions:write",), 200)):
        key = cast.key("inspections", "marston", *scopes)
        headers = {"Authorization": f"Bearer {key}"}
        assert app.test_client().post(f"{SESSIONS}/{session['id']}/end", headers=headers).status_code == status


def test_links_that_were_not_sent_yet_are_not_sent_any_more(integrator, outbox):
    session = integrator.create()
    integrator.invite(session, **printed("mint"))
    integrator.end(session)
    unsent = {(row.state, row.last_error) for row in outbox.deliver_all() if row.dedupe and row.secret}
    assert unsent == {("dropped", "The inspection has ended.")}
