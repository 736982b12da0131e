"""The mailbox of calendar replies, on a server that is slow, endless, false or cut off: one deadline, nothing lost."""

import ssl
import subprocess
import threading
from dataclasses import replace
from pathlib import Path
from socket import socket
from typing import Any

import pytest

from app.depositions import calendar
from app.depositions.actions import mailbox
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests import mail_server
from tests.depositions.test_calendar_replies import imap, inbox, mail, read, session
from tests.messages.test_deadlines import HANDSHAKE, Talk, drip, endless, talking

__all__ = ["imap", "inbox", "session"]  # fixtures


def numbered(*texts: bytes, then: Talk) -> Talk:
    """Says one thing after each line of the caller, in answer to the number that the caller gave it."""

    def talk(caller: socket, over: threading.Event) -> None:
        lines = caller.makefile("rb")
        for at, each in enumerate(texts):
            number = lines.readline().split(b" ")[0] if at else b""
            caller.sendall(each.replace(b"NUMBER", number))
        then(caller, over)

    return talk


GREETING = b"* OK [CAPABILITY IMAP4rev1] here\r\n"
CAPABLE = b"* CAPABILITY IMAP4rev1\r\nNUMBER OK done\r\n"
LET_IN = b"NUMBER OK signed in\r\n"


HOLDING = {
    "drip": ("imap", drip(b"* OK mail.example.com ready")),
    "endless": ("imap", endless(b"", b"* OK more to come\r\n")),
    "one line": ("imap", endless(b"* OK ", b"x" * 100)),
    "slow lines": ("imap", numbered(GREETING, then=drip(b"* CAPABILITY IMAP4rev1"))),
    "endless later": (
        "imap",
        numbered(GREETING, CAPABLE, then=endless(b"", b"* OK more to come\r\n")),
    ),
    "endless text": (
        "imap",
        numbered(GREETING, CAPABLE, LET_IN, then=endless(b"* FLAGS {99999999999}\r\n", b"x" * 100)),
    ),
    "slow at the end": ("imap", numbered(GREETING, CAPABLE, LET_IN, then=drip(b"* FLAGS ()", 0.01))),
    "handshake": ("imaps", drip(HANDSHAKE)),
}


@pytest.mark.parametrize(("scheme", "talk"), HOLDING.values(), ids=list(HOLDING))
def test_a_mail_server_cannot_hold_the_look(
    database: Database, scheme: str, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next look waits for it, and would for ever."""
    monkeypatch.setattr(mailbox, "LOOK_SECONDS", 0.6)
    monkeypatch.setattr(mailbox, "LONGEST_TALK", 100_000)
    with talking(talk) as port:
        database.config = replace(database.config, imap_url=f"{scheme}://desk:secret@127.0.0.1:{port}/INBOX")
        sweep = mailbox.CalendarReplies()
        sweep(database, now())
        assert sweep._looks is not None
        sweep._looks.join(30)
        assert not sweep._looks.is_alive()


@pytest.fixture
def false_server(tmp_path: Path) -> ssl.SSLContext:
    """TLS with a certificate that nobody vouches for."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = ["-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", "-x509", "-days", "2", *subject, *made], capture_output=True, check=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


@pytest.mark.parametrize("address", ["imaps://desk:secret@localhost:{}/", "imap://desk:secret@localhost:{}/?starttls"])
def test_no_password_is_given_to_a_server_whose_certificate_nobody_vouches_for(
    database: Database, false_server: ssl.SSLContext, address: str
) -> None:
    received: list[bytes] = []

    def talk(caller: socket, _over: threading.Event) -> None:
        if "starttls" in address:
            lines = caller.makefile("rb")
            caller.sendall(GREETING.replace(b"IMAP4rev1", b"IMAP4rev1 STARTTLS"))
            while b"STARTTLS" not in (line := lines.readline()):
                answer = CAPABLE.replace(b"IMAP4rev1", b"IMAP4rev1 STARTTLS")
                caller.sendall(answer.replace(b"NUMBER", line.split(b" ")[0]))
            caller.sendall(line.split(b" ")[0] + b" OK go on\r\n")
        with false_server.wrap_socket(caller, server_side=True) as secure:
            lines = secure.makefile("rb")
            secure.sendall(GREETING if "starttls" not in address else b"")
            while line := lines.readline():
                received.append(line)
                secure.sendall(CAPABLE.replace(b"NUMBER", line.split(b" ")[0]))

    with talking(talk) as port:
        database.config = replace(database.config, imap_url=address.format(port))
        with pytest.raises(ssl.SSLCertVerificationError):
            read(database)
    assert received == []


def test_a_look_that_is_cut_off_goes_on_where_it_was(
    inbox: mail_server.MailServer, database: Database, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a mailbox that takes longer than one look is read from its beginning again and again."""
    uid = calendar.uid(session, database.config)
    inbox.deliver(*(mail(uid, number=number) for number in range(1, 4)))
    kept, calls = mailbox.keep_reply, []

    def breaks(*given: Any, **named: Any) -> str:
        calls.append(given)
        if len(calls) == 2:
            raise ConnectionResetError
        return kept(*given, **named)

    monkeypatch.setattr(mailbox, "keep_reply", breaks)
    with pytest.raises(ConnectionResetError):
        read(database)
    assert sum(read(database).values()) == 2


def test_what_is_older_than_the_first_look_reads_is_never_read(
    inbox: mail_server.MailServer, database: Database, session: Any, clock: Any
) -> None:
    inbox.deliver(mail(calendar.uid(session, database.config)))
    clock.move(days=30)
    assert read(database) == {}
    assert read(database) == {}
