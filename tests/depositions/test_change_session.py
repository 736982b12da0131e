"""Change: an organization with Self-Service changes title, moment and invites of its session through the API."""

import json
import re
import shlex
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.depositions import actions
from app.depositions.models import Deposition, DepositionPerson
from app.depositions.rules.new_request import SessionChange, parse_start
from app.depositions.rules.reconfirmation import Answer
from app.kernel.changes.events import timeline
from app.kernel.clock import now
from app.kernel.text.time_zones import clock12
from tests.depositions import factories
from tests.depositions.factories import one
from tests.depositions.races import lost, race, won

URL = "/api/v1/sessions"


def moment(days=20):
    day = now() + timedelta(days=days)
    return {"start_date": f"{day:%Y-%m-%d}", "start_time": "10:00 AM", "time_zone": "Mountain Time (US & Canada)"}


@pytest.fixture
def made(database, cast, outbox):
    """A session of an organization with Self-Service, whose invitations were delivered."""
    found = factories.in_state(database, cast, "ready")
    outbox.deliver_all()
    return found


@pytest.fixture
def change(client, cast, made):
    def send(body, organization="quill", **headers):
        return client.patch(
            f"{URL}/{made.remote_session_id}",
            json={"session_request": body},
            headers={**cast.headers("depositions", organization), **headers},
        )

    return send


def row(database, made):
    with database.read() as db:
        return db.execute(one(made.id)).one()


def fresh(outbox, before):
    """What was queued since: who gets which e-mail, and the webhooks."""
    rows = outbox.rows()[before:]
    return (
        {r.payload["to"]: r.payload["subject"].partition(":")[0] for r in rows if r.channel == "email"},
        [r.payload["claims"]["requests"][0]["remote_session"] for r in rows if r.channel == "webhook"],
    )


def test_another_moment_is_a_move(change, made, database, outbox):
    before = len(outbox.rows())
    answer = change({"remote_session": {**moment(), "estimated_duration": 2}})
    assert answer.status_code == 200, answer.json
    (shown,) = answer.json["requests"]
    assert shown["remote_session"] | moment() == shown["remote_session"]
    assert (shown["session_state"], shown["remote_session"]["estimated_duration"]) == ("ready", 2)
    after = row(database, made)
    assert (after.sequence, after.slug, after.remote_session_id) == (
        made.sequence + 1,
        made.slug,
        made.remote_session_id,
    )
    emails, (webhook,) = fresh(outbox, before)
    assert set(emails) == {"orsolya@example.com", "quartz@example.com", "obsidian@example.com"}
    assert set(emails.values()) == {"Moved"}
    assert webhook["start_time"] == "10:00 AM"
    with database.read() as db:
        assert timeline(db, "deposition", made.id)[0].kind == "deposition.moved"


def test_who_comes_is_invited_and_who_goes_hears_so(change, made, database, outbox):
    before = len(outbox.rows())
    answer = change({"invites": ["obsidian@example.com", {"email": "new@example.com", "access_level": "host"}]})
    assert [invite["email"] for invite in answer.json["requests"][0]["session_request"]["invites"]] == [
        "obsidian@example.com",
        "new@example.com",
        "orsolya@example.com",
    ]
    emails, webhooks = fresh(outbox, before)
    assert (emails.keys(), webhooks) == ({"new@example.com", "quartz@example.com"}, [])
    assert emails["quartz@example.com"] == "No longer invited"
    assert row(database, made).sequence == made.sequence
    with database.read() as db:
        assert not row(database, made).not_up_to_date
        people = {p.address: p for p in db.execute(select(*DepositionPerson.__table__.c)).all()}
    assert not people["quartz@example.com"].concerned
    outbox.deliver_all()
    assert not row(database, made).not_up_to_date


def test_both_at_once_send_one_mail_to_each(change, made, outbox):
    before = len(outbox.rows())
    change({"remote_session": moment(), "invites": ["new@example.com"]})
    emails, webhooks = fresh(outbox, before)
    assert emails["orsolya@example.com"] == "Moved"
    assert emails["quartz@example.com"] == emails["obsidian@example.com"] == "No longer invited"
    assert emails["new@example.com"] not in ("Moved", "No longer invited")
    assert (len(emails), len(webhooks)) == (4, 1)
    assert len(outbox.rows()) == before + 5
    assert {r.state for r in outbox.rows()[before:]} == {"queued"}


def test_links_still_know_those_who_stay(change, client, made, outbox):
    link = next(r.payload["text"] for r in outbox.rows("email") if r.payload["to"] == "obsidian@example.com")
    address = link.partition("/sessions/")[2].split()[0]
    change({"invites": ["obsidian@example.com"]})
    assert "obsidian@example.com" in client.get(f"/sessions/{address}").get_data(as_text=True)


def test_a_title_alone_sends_nothing_and_is_found(change, made, database, outbox, client, cast):
    before = len(outbox.rows())
    assert change({"remote_session": {"title": "Second volume"}}).status_code == 200
    assert (row(database, made).title, len(outbox.rows())) == ("Second volume", before)
    page = cast.sign_in(client, "ines").get(f"/depositions/{made.id}").get_data(as_text=True)
    assert "title: Second volume, before: Deposition of a witness" in page


def test_what_is_so_already_changes_nothing(change, made, database, outbox):
    body = {"remote_session": {"title": made.title, "estimated_duration": 1.25}, "invites": made.invites}
    first = change(body)
    assert (first.status_code, row(database, made).version) == (200, made.version)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "session_request"),
        ({"remote_session": {}}, "session_request"),
        ({"remote_session": {"start_date": "2030-01-28"}}, "remote_session.start_time"),
        ({"remote_session": {"time_zone": "UTC", "start_time": "10:00 AM"}}, "remote_session.start_date"),
        ({"remote_session": {**moment(), "start_date": "2020-01-28"}}, "remote_session.start_date"),
        ({"remote_session": {**moment(), "time_zone": "Mars"}}, "remote_session.time_zone"),
        ({"remote_session": {**moment(), "start_time": "25:00"}}, "remote_session.start_time"),
        ({"remote_session": {"title": ""}}, "remote_session.title"),
        ({"remote_session": {"title": "x" * 501}}, "remote_session.title"),
        ({"remote_session": {"title": "a\x00b"}}, "remote_session.title"),
        ({"remote_session": {"title": 5}}, "remote_session.title"),
        ({"remote_session": {"estimated_duration": 0}}, "remote_session.estimated_duration"),
        ({"remote_session": {"estimated_duration": "1"}}, "remote_session.estimated_duration"),
        ({"remote_session": ["x"]}, "remote_session"),
        ({"invites": ["nobody"]}, "invites.0.email"),
        ({"invites": ["a@b.co"] * 101}, "invites"),
        ({"invites": "a@b.co"}, "invites"),
        ([], "session_request"),
    ],
)
def test_bad_input_changes_nothing(change, made, database, body, field):
    answer = change(body)
    assert answer.status_code == 422, answer.json
    assert field in [error["field"] for error in answer.json["errors"]]
    assert row(database, made).version == made.version


def test_who_may_not(change, client, cast, made, database):
    assert change({"remote_session": {"title": "x"}}, "marston").status_code == 403
    url = f"{URL}/{made.remote_session_id}"
    assert client.patch(url, json={}).status_code == 401
    assert client.patch(url, json={}, headers=cast.headers("prescreens")).status_code == 401
    foreign = factories.request(database, cast)
    for wanted in (foreign.remote_session_id, "4711", "x"):
        answer = client.patch(f"{URL}/{wanted}", json={}, headers=cast.headers("depositions", "quill"))
        assert answer.status_code == 404
    assert row(database, made).version == made.version


@pytest.mark.parametrize("verb", ["start", "cancel"])
def test_what_has_begun_or_was_canceled_stays(change, made, database, cast, verb):
    with database.write() as db:
        if verb == "start":
            db.execute(Deposition.__table__.update().values(room_url=factories.ROOM, state="active"))
        else:
            actions.cancel(db, made.id, by=cast.actor("ines"), now=now(), notify=False)
    answer = change({"remote_session": moment()})
    assert (answer.status_code, answer.json["code"]) == (409, "session_request.wrong_state")


def test_a_key_makes_it_once(change, made, outbox):
    before = len(outbox.rows())
    answers = [change({"remote_session": moment()}, **{"Idempotency-Key": "move-1"}) for _ in range(2)]
    assert answers[0].data == answers[1].data
    assert len(outbox.rows()) == before + 4


def test_signed_parameters_win(client, cast, made, database):
    import jwt

    claims = {"session_request": {"remote_session": {"title": "Signed"}}}
    payload = jwt.encode(claims, cast.key("depositions", "quill"), algorithm="HS256")
    body = {"session_request": {"remote_session": {"title": "Plain"}}, "jwt_payload": payload}
    answer = client.patch(f"{URL}/{made.id}", data=json.dumps(body), headers={
        **cast.headers("depositions", "quill"), "Content-Type": "application/json",
    })  # fmt: skip
    assert answer.json["requests"][0]["remote_session"]["title"] == "Signed"


def test_what_somebody_answered_who_takes_part_no_longer_does_not_count(change, made, database, cast):
    def answered(key, answer):
        with database.write() as db:
            actions.reconfirm(db, made.id, key, answer, by=cast.actor("ines"), now=now())
        return row(database, made).reconfirmation

    assert answered("participant:obsidian@example.com", Answer.NO) == "no"
    change({"invites": ["obsidian@example.com"]})
    assert row(database, made).reconfirmation is None, "they are no host any more"
    change({"invites": [{"email": "obsidian@example.com", "access_level": "host"}]})
    assert row(database, made).reconfirmation == "no"
    assert answered("organization:", Answer.YES) == "no", "the gravest counts"
    change({"invites": ["quartz@example.com"]})
    assert row(database, made).reconfirmation == "yes"


def test_against_a_move_by_staff_each_message_says_one_truth(database, cast, made, outbox):
    """Both are moves: one after the other, in whichever order; the last one is what is stored and sent."""
    before = len(outbox.rows())

    def by_api(db):
        start = parse_start(*moment(30).values())
        return actions.change_session(
            db, made.id, SessionChange(start=start), by=cast.actor("ines"), now=now(), organization_id=cast.quill.id
        )

    def by_staff(db):
        wall = now() + timedelta(days=40)
        start = parse_start(f"{wall:%Y-%m-%d}", clock12(wall), "UTC")
        to = actions.Move(start, 1.25)
        return actions.move(db, made.id, to, by=cast.actor("ines"), now=now(), version=made.version)

    got = race(database, [by_api, by_staff, by_api, by_api])
    assert won(got)
    after = row(database, made)
    queued = [r for r in outbox.rows("webhook")[1:] if r.state == "queued"]
    assert len(queued) == 1
    assert queued[0].payload["claims"]["requests"][0]["remote_session"]["start_date"] == after.start_date
    sent = [r for r in outbox.rows()[before:] if r.channel == "email" and r.state == "queued"]
    assert len(sent) == 3
    assert after.sequence - made.sequence <= 2
    assert all(refusal.status in (409, 422) for refusal in lost(got))


def test_the_printed_curl_works(client, cast, made):
    """As docs/depositions.md prints it, but for host, id and credential."""
    guide = (Path(__file__).resolve().parents[2] / "docs" / "depositions.md").read_text("utf-8")
    words = shlex.split(re.search(r"```sh\n(curl -X PATCH.*?)```", guide, re.S)[1].replace("\\\n", " "))
    body = words[words.index("-d") + 1]
    answer = client.patch(
        f"{URL}/{made.remote_session_id}",
        data=body,
        headers={**cast.headers("depositions", "quill"), "Content-Type": "application/json"},
    )
    assert answer.status_code in (200, 422), answer.json
    if now().isoformat() < "2027-01-28":
        assert answer.json["requests"][0]["remote_session"]["start_time"] == "01:30 PM"
