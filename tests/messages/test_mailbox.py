"""/mail: what a development machine would have sent."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from app.config import Config
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.outbox import claims, dev_mailbox, email, sms
from app.kernel.outbox.outbox import Message
from tests.messages.sending import promise, send

LINK = "http://localhost:8000/invitation/a-token?x=1"


def mail(**more: Any) -> Message:
    parts = {
        "to": "nora@example.com",
        "name": "Nora <b>",
        "locale": "en",
        "subject": "Come <in>",
        "text": f"Open {LINK}, please.\n<script>alert(1)</script>\n",
        "html": f'<p><a href="{LINK}">Open</a> <a href="javascript:alert(2)">x</a></p>',
        "attachments": [
            {"name": "invite.ics", "type": "text/calendar; method=REQUEST", "content": "QkVHSU46VkNBTEVOREFS"},
            {"name": "a.pdf", "type": "application/pdf", "content": "JVBERg=="},
        ],
        **more,
    }
    return Message("email", parts, "example.com", secret=True)


def test_an_email_is_kept_and_readable(database: Database, client: FlaskClient) -> None:
    row = send(database, mail())
    assert (row.state, row.payload) == ("sent", "")
    inbox = client.get("/mail")
    assert inbox.status_code == 200
    assert "Come &lt;in&gt;" in inbox.text
    shown = client.get("/mail/1").text
    assert f'<a href="{LINK}">{LINK}</a>, please.' in shown
    assert "BEGIN:VCALENDAR" in shown
    assert "<script>alert(1)" not in shown
    assert 'href="javascript' not in shown


def test_a_text_message_is_kept_too(database: Database, client: FlaskClient) -> None:
    with database.read() as db:
        message = sms.text_message(db, "+14155550100", "Your code is 123456", secret=True)
    assert message.summary == "Text message to …0100"
    assert send(database, message).state == "sent"
    assert "Your code is 123456" in client.get("/mail/1").text


def test_it_is_encrypted_at_rest(database: Database) -> None:
    send(database, mail())
    with database.read() as db:
        stored = str(db.execute(text("SELECT * FROM development_mail")).all())
    assert "a-token" not in stored
    assert "nora" not in stored


def test_tried_twice_it_is_there_once(database: Database, client: FlaskClient) -> None:
    promise(database, mail())
    with database.write() as db:
        (row,) = claims.claim(db, now(), limit=1)
    for _ in range(2):
        assert claims.attempt(database, row, now(), {"email": email.deliver}, {}).state == "sent"
    with database.read() as db:
        assert len(dev_mailbox.newest(db)) == 1


def test_the_newest_comes_first_and_pages_follow(database: Database, client: FlaskClient) -> None:
    assert "No mail yet" in client.get("/mail").text
    for n in range(52):
        send(database, mail(subject=f"Letter {n}."))
    first = client.get("/mail").text
    assert first.index("Letter 51.") < first.index("Letter 50.")
    assert "Letter 1." not in first
    assert "Letter 1." in client.get("/mail?before=3").text


@pytest.mark.parametrize("path", ["/mail/99", "/mail/99999999999999999999", "/mail/x"])
def test_what_is_not_there(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.config(public_base_url="https://desk.example.com")
def test_not_in_production(client: FlaskClient) -> None:
    assert client.get("/mail").status_code == 404
    assert client.get("/mail/1").status_code == 404


@pytest.mark.config(smtp_url="smtp://127.0.0.1:9", sms_url="http://127.0.0.1:9")
def test_not_when_everything_really_leaves(client: FlaskClient) -> None:
    assert client.get("/mail").status_code == 404


def test_the_gateway_of_text_messages(worker_databases: Any, receiver: Any) -> None:
    url = receiver.url.replace("http://", "http://desk:s3cret@")
    database = Database(Config.for_tests(database_url=worker_databases.sqlite(), sms_url=url))
    with database.read() as db:
        message = sms.text_message(db, "+14155550100", "Hello")
    row = send(database, message)
    assert row.state == "sent"
    (got,) = receiver.got
    assert got.json == {"id": str(row.id), "to": "+14155550100", "body": "Hello"}
    assert got.headers["authorization"] == "Basic ZGVzazpzM2NyZXQ="
    database.dispose()
