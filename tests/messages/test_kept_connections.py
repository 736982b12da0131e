"""A thread of the worker sends one e-mail after another over one connection, and loses none by that."""

import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.config import Config
from app.kernel.db.engine import Database
from app.kernel.outbox import smtp
from app.kernel.outbox.email import email_message
from app.kernel.outbox.outbox import Message
from tests.messages.receivers import Postbox, postbox
from tests.messages.sending import promise, row_of, worker

Posted = Callable[..., Any]


class Strict(Postbox):
    """Takes one message a connection and refuses the next one."""

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if session.peer in self.callers:
            return "421 4.7.0 Too many messages on this connection"
        envelope.mail_from = address
        return "250 OK"


class Silent(Postbox):
    """Ends the connection after each message, without a word."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        await server.push(answer)
        server.transport.close()
        return answer


class Forgetful(Postbox):
    """Takes the second message of a connection and ends it instead of saying so."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        known = session.peer in self.callers
        answer = await super().handle_DATA(server, session, envelope)
        if known:
            server.transport.abort()
        return answer


@pytest.fixture
def posted(worker_databases: Any) -> Posted:
    """A mail server of a kind, and a database whose e-mails go there. The database itself does not matter here."""

    @contextmanager
    def start(kind: type[Postbox] = Postbox, **tls: Any) -> Iterator[tuple[Postbox, Database]]:
        with postbox(kind, **tls) as (box, url):
            database = Database(Config.for_tests(database_url=worker_databases.sqlite(), smtp_url=url))
            yield box, database
            database.dispose()

    return start


def emails(database: Database, *to: str) -> list[Message]:
    with database.read() as db:
        return [
            email_message(db, "password-changed", to=address, name="A", at="now", link="https://x/") for address in to
        ]


def deliver(database: Database, *to: str) -> list[Any]:
    """Promises e-mails and tries each once, one after the other. Returns the rows."""
    ids = promise(database, *emails(database, *to))
    worker(database).run_once()
    return [row_of(database, id) for id in ids]


THREE = [f"{name}@example.com" for name in "abc"]


def test_one_connection_serves_all_and_is_ended(posted: Posted) -> None:
    with posted() as (box, database):
        assert {row.state for row in deliver(database, *THREE)} == {"sent"}
        assert len(box.messages) == 3
        assert len(set(box.callers)) == 1
        assert box.ended == 1


@pytest.fixture
def certified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A mail server's side of encryption, with a certificate for 127.0.0.1 that this machine trusts meanwhile."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    made = ["-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate)]
    named = ["-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(["openssl", "req", "-x509", "-days", "2", *named, *made], capture_output=True, check=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


@pytest.mark.parametrize("starttls", [False, True], ids=["smtps", "starttls"])
def test_an_encrypted_connection_is_kept_too(posted: Posted, certified: ssl.SSLContext, starttls: bool) -> None:
    with posted(certified=certified, starttls=starttls) as (box, database):
        assert [(row.state, row.last_error) for row in deliver(database, *THREE)] == [("sent", None)] * 3
        assert len(set(box.callers)) == 1
        assert box.ended == 1


def test_a_certificate_that_nobody_vouches_for_gets_no_message(
    posted: Posted, certified: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    for starttls in (False, True):
        with posted(certified=certified, starttls=starttls) as (box, database):
            assert {row.state for row in deliver(database, *THREE)} == {"queued"}
            assert box.messages == []


def test_what_one_recipient_is_refused_stops_no_other(posted: Posted) -> None:
    with posted() as (box, database):
        rows = deliver(database, "a@example.com", "gone@example.com", "busy@example.com", "b@example.com")
        assert [row.state for row in rows] == ["sent", "dead", "queued", "sent"]
        assert [row.attempts for row in rows] == [1, 1, 1, 1]
        assert box.recipients == ["a@example.com", "b@example.com"]


@pytest.mark.parametrize("kind", [Strict, Silent])
def test_a_server_that_takes_one_message_a_connection_gets_all_at_the_first_attempt(
    posted: Posted, kind: type[Postbox]
) -> None:
    with posted(kind) as (box, database):
        rows = deliver(database, *THREE)
        assert [(row.state, row.attempts) for row in rows] == [("sent", 1)] * 3
        assert sorted(box.recipients) == THREE
        assert len(set(box.callers)) == 3


def test_a_message_that_may_have_arrived_is_not_sent_again_at_once(posted: Posted) -> None:
    with posted(Forgetful) as (box, database):
        rows = deliver(database, *THREE)
        assert sorted(box.recipients) == THREE, "one of them twice"
        assert sorted(row.state for row in rows) == ["queued", "sent", "sent"]


@pytest.mark.parametrize("bound", [("KEPT_SECONDS", -1.0), ("MOST_MESSAGES", 1)])
def test_a_connection_is_not_kept_for_ever(
    posted: Posted, monkeypatch: pytest.MonkeyPatch, bound: tuple[str, float]
) -> None:
    monkeypatch.setattr(smtp, *bound)
    with posted() as (box, database):
        assert {row.state for row in deliver(database, *THREE)} == {"sent"}
        assert len(set(box.callers)) == 3
        assert box.ended == 3


def test_what_a_server_says_is_bounded_by_the_message(posted: Posted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by the connection."""
    monkeypatch.setattr(smtp, "LONGEST_TALK", 400)
    with posted() as (box, database):
        assert {row.state for row in deliver(database, *(f"{n}@example.com" for n in range(16)))} == {"sent"}
        assert len(set(box.callers)) == 1


def test_the_running_worker_ends_its_connections_when_nothing_is_due(posted: Posted) -> None:
    with posted() as (box, database):
        promise(database, *emails(database, *(f"{n}@example.com" for n in range(40))))
        stop = threading.Event()
        running = threading.Thread(target=worker(database).run, args=(stop,))
        running.start()
        ends = time.monotonic() + 60
        while time.monotonic() < ends and (len(box.messages) < 40 or box.ended < len(set(box.callers))):
            time.sleep(0.02)
        stop.set()
        running.join(30)
        assert len(box.messages) == 40
        assert box.ended == len(set(box.callers)) < 40
