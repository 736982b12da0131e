"""What was shown is what leaves: against a real mail server and a real receiver, whatever the facts are."""

import base64
import re
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from ipaddress import ip_network
from typing import Any

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.depositions import actions
from app.kernel.changes import confirmation
from app.kernel.changes.fingerprint import content_of_file, content_of_message, fingerprint, without_fresh_values
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.outbox.outbox import Message
from tests.depositions import factories
from tests.depositions.pages import send
from tests.pages import csrf, digest, text

SHOWN = re.compile(r"\?k=[\w.~-]+")


@pytest.fixture
def ines(app: Any, cast: Any) -> Any:
    return cast.sign_in(app.test_client(), "ines")


def fields(client: Any, made: Any, cast: Any, **typed: Any) -> dict[str, Any]:
    person = cast.managers["ines"]
    token = csrf(client, f"/depositions/{made.id}")
    default = {"manager": str(person.id), "room_url": factories.ROOM, "version": 1, "csrf_token": token}
    return {**default, **typed}


def test_showing_writes_nothing(ines, database, cast, outbox):
    made = factories.request(database, cast)
    shown = ines.post(f"/depositions/{made.id}/schedule", data=fields(ines, made, cast, step="preview"))
    assert shown.status_code == 200
    page = text(shown)
    for word in ("orsolya@example.com", "quartz@example.com", "hooks.example.com", "invite.ics", "BEGIN:VCALENDAR"):
        assert word in page
    assert "?k=[their own proof]" in page
    assert not SHOWN.search(page.replace("?k=[", ""))
    with database.read() as db:
        assert db.execute(factories.one(made.id)).one() == made
    assert not outbox.rows()


def test_without_having_seen_it_nothing_is_done(ines, database, cast, outbox):
    made = factories.request(database, cast)
    answer = ines.post(f"/depositions/{made.id}/schedule", data=fields(ines, made, cast))
    assert answer.status_code == 409
    assert "Look at it first." in text(answer)
    assert not outbox.rows()
    again = fields(ines, made, cast, preview=digest(answer))
    assert ines.post(f"/depositions/{made.id}/schedule", data=again).status_code == 303
    assert len(outbox.rows()) == 5


@pytest.mark.parametrize("verb", ["schedule", "cancel"])
def test_a_made_up_digest_is_worth_nothing(ines, database, cast, outbox, verb):
    made = factories.request(database, cast)
    data = fields(ines, made, cast, preview="0" * 64, notify="y")
    answer = ines.post(f"/depositions/{made.id}/{verb}", data=data)
    assert answer.status_code == 409
    assert "It has changed since you saw it" in text(answer)
    assert not outbox.rows()


def test_what_was_typed_after_looking_is_looked_at_again(ines, database, cast, outbox):
    made = factories.request(database, cast)
    data = fields(ines, made, cast)
    seen = digest(ines.post(f"/depositions/{made.id}/schedule", data={**data, "step": "preview"}))
    data |= {"preview": seen, "room_url": "https://rooms.example.com/another"}
    assert ines.post(f"/depositions/{made.id}/schedule", data=data).status_code == 409
    assert not outbox.rows()


def test_a_new_name_of_the_organization_is_shown_afresh(ines, database, cast, outbox, monkeypatch):
    made = factories.request(database, cast)
    data = fields(ines, made, cast)
    data["preview"] = digest(ines.post(f"/depositions/{made.id}/schedule", data={**data, "step": "preview"}))
    module = import_module("app.depositions.actions.schedule")
    monkeypatch.setattr(module, "organization_name", lambda db, id: "Marston, Vale & Sons")
    answer = ines.post(f"/depositions/{made.id}/schedule", data=data)
    assert answer.status_code == 409
    assert "Marston, Vale &amp; Sons" in text(answer)
    assert not outbox.rows()
    data["preview"] = digest(answer)
    assert ines.post(f"/depositions/{made.id}/schedule", data=data).status_code == 303


def test_what_others_did_is_said_and_the_newest_version_shown(ines, database, cast, outbox):
    made = factories.request(database, cast)
    data = fields(ines, made, cast)
    data["preview"] = digest(ines.post(f"/depositions/{made.id}/schedule", data={**data, "step": "preview"}))
    with database.write() as db:
        actions.write_notice(db, made.id, "Who pays?", by=cast.actor("hugo"), now=now())
    late = ines.post(f"/depositions/{made.id}/schedule", data=data)
    assert late.status_code == 409
    assert "Hugo Brandt wrote a notice" in text(late)
    assert 'name="version" value="2"' in text(late)
    assert not outbox.rows()


def test_who_loses_for_good_hears_the_rule_and_who_was_first(ines, database, cast, outbox):
    made = factories.request(database, cast)
    data = fields(ines, made, cast)
    data["preview"] = digest(ines.post(f"/depositions/{made.id}/schedule", data={**data, "step": "preview"}))
    with database.write() as db:
        actions.cancel(db, made.id, by=cast.actor("hugo"), now=now(), notify=False)
    late = ines.post(f"/depositions/{made.id}/schedule", data=data)
    assert late.status_code == 409
    assert "A canceled request stays canceled" in text(late)
    assert "Hugo Brandt canceled it" in text(late)
    assert factories.ROOM in text(late)


def test_waiting_does_not_change_what_is_shown(ines, database, cast, clock):
    made = factories.request(database, cast)
    data = fields(ines, made, cast)
    data["preview"] = digest(ines.post(f"/depositions/{made.id}/schedule", data={**data, "step": "preview"}))
    clock.move(minutes=7)
    assert ines.post(f"/depositions/{made.id}/schedule", data=data).status_code == 303


def test_to_tell_or_not_to_tell_is_what_was_seen(ines, database, cast, outbox):
    made = factories.in_state(database, cast, "scheduled")
    before = len(outbox.rows())
    data = fields(ines, made, cast, version=2)
    quiet = ines.post(f"/depositions/{made.id}/cancel", data={**data, "step": "preview"})
    assert "Sends no e-mail, calendar file or webhook." in text(quiet)
    loud = {**data, "notify": "y", "preview": digest(quiet)}
    assert ines.post(f"/depositions/{made.id}/cancel", data=loud).status_code == 409
    assert len(outbox.rows()) == before
    assert send(ines, made.id, "cancel", version=2, notify="y").status_code == 303
    assert len(outbox.rows()) == before + 4


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=40)
NAMES = WORDS.map(str.strip).filter(bool)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=NAMES, title=NAMES, case=NAMES, hosts=st.lists(st.booleans(), max_size=3), with_webhook=st.booleans())
def test_what_was_shown_is_what_arrives(database, cast, smtp, receiver, outbox, name, title, case, hosts, with_webhook):
    cast.key("depositions")
    config = replace(database.config, smtp_url=smtp.url, webhook_allowed_networks=(ip_network("127.0.0.0/8"),))
    opened = Database(config)
    try:
        invites = tuple(
            factories.new_request.Invite(f"guest{n}@example.com", *(["host"] if host else []))
            for n, host in enumerate(hosts)
        )
        url = receiver.url if with_webhook else None
        far = now() + timedelta(days=30)
        made = factories.request(
            opened,
            cast,
            deponent_name=name,
            title=title,
            case_name=case,
            invites=invites,
            postback_url=url,
            starts_at=far,
        )
        shown = rehearsed(opened, cast, made)
        smtp.mails.clear()
        receiver.got.clear()
        factories.schedule(opened, cast, made.id, reason="On purpose.")
        type(outbox)(opened).deliver_all()
        emails_sent = {mail["To"].addresses[0].addr_spec: mail for mail in smtp.mails}
        mails = [message for message in shown if message.channel == "email"]
        assert set(emails_sent) == {message.payload["to"] for message in mails}
        for message in mails:
            arrived, wanted = emails_sent[message.payload["to"]], content_of_message(message)
            assert arrived["Subject"] == wanted["subject"]
            plain = arrived.get_body(("plain",)).get_content()
            assert unproven(plain) == without_fresh_values(message, message.payload["text"])
            html = unproven(arrived.get_body(("html",)).get_content())
            assert html.rstrip("\n") == previewed_html(opened, message).rstrip("\n")
            (file,) = [part for part in arrived.iter_attachments() if part.get_filename()]
            assert file.get_filename() == wanted["files"][0][0]
            assert unproven(calendar(file)) == wanted["files"][0][2]
        hooks = [message for message in shown if message.channel == "webhook"]
        assert len(receiver.got) == len(hooks)
        for got, message in zip(receiver.got, hooks, strict=True):
            claims = jwt.decode(got.json["jwt_payload"], options={"verify_signature": False})
            assert claims == content_of_message(message)["claims"]
    finally:
        opened.dispose()


def rehearsed(database: Database, cast: Any, made: Any) -> list[Message]:
    """What scheduling would send, in a transaction that is taken back."""
    db = database.open_writer()
    try:
        with confirmation.collecting_messages(db) as found:
            booking = factories.booking(cast, reason="On purpose.")
            actions.schedule(db, made.id, booking, by=cast.actor("ines"), now=now())
        return found
    finally:
        db.close()


def previewed_html(database: Database, message: Message) -> str:
    """The HTML of an e-mail as the confirmation shows it."""
    with database.read() as db:
        return next(one.html for one in confirmation.previewed_messages(db, [message]) if one.kind == "email")


def unproven(arrived: str) -> str:
    return SHOWN.sub("?k=[their own proof]", arrived.replace("\r\n", "\n"))


def calendar(file: Any) -> str:
    raw = file.get_payload(decode=True)
    return content_of_file({"type": file.get_content_type(), "content": base64.b64encode(raw).decode()})


def test_what_is_asked_later_is_sent_nothing_now(database: Database) -> None:
    asked = Message("inspection-anchor", {"anchor": "7"}, destination="stamps.example", summary="Time stamp")
    with database.read() as db:
        assert confirmation.preview_of(db, [asked]).recipients == []


def test_the_digest_sees_everything_but_what_is_made_anew() -> None:
    one = Message("sms", {"to": "+14155550100", "body": "Your code is 123456."}, fresh=[("123456", "made later")])
    other = replace(one, payload={**one.payload, "body": "Your code is 654321."}, fresh=[("654321", "made later")])
    assert fingerprint([one], "x") == fingerprint([other], "x")
    assert without_fresh_values(one, one.payload["body"]) == "Your code is [made later]."
    assert fingerprint([one], "x") != fingerprint([one], "y")
    assert fingerprint([one], "x") != fingerprint([one, other], "x")
    elsewhere = replace(one, payload={**one.payload, "to": "+14155550101"})
    assert fingerprint([one], "x") != fingerprint([elsewhere], "x")
