"""Letters over a real SMTP server."""

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, default
from email.utils import getaddresses
from itertools import product
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from jinja2 import ChoiceLoader, DictLoader

from app.config import Config
from app.kernel.changes.fingerprint import fingerprint
from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.hosts import Host
from app.kernel.outbox import email, smtp
from app.kernel.outbox.outbox import Delivery, Message
from app.kernel.text import colours
from tests.messages.receivers import postbox, silence
from tests.messages.sending import promise, row_of, send, worker

TEMPLATES = {
    "email/test-letter/subject.txt": "For {{ who }}",
    "email/test-letter/body.txt": "Dear {{ who }}, R&D",
    "email/test-letter/body.html": '<p>Dear {{ who }}, R&amp;D <a class="button" href="{{ base_url }}/x">Open</a></p>',
    "email/test-letter/subject.de.txt": "Für {{ who }}",
}


@pytest.fixture(autouse=True)
def templates(monkeypatch: pytest.MonkeyPatch) -> None:
    loader = ChoiceLoader([DictLoader(TEMPLATES), email.TEMPLATES.loader])  # type: ignore[list-item]  # has one
    monkeypatch.setattr(email.TEMPLATES, "loader", loader)


@pytest.fixture
def posted(worker_databases: Any) -> Iterator[tuple[Any, Database]]:
    """A postbox, and a database whose mail goes there. The database itself does not matter here."""
    with postbox() as (box, url):
        database = Database(Config.for_tests(database_url=worker_databases.sqlite(), smtp_url=url))
        yield box, database
        database.dispose()


def write(database: Database, **more: Any) -> Message:
    with database.read() as db:
        return email.email_message(db, "test-letter", **{"to": "ines@example.com", "who": "<Ines>", **more})


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def test_an_email_arrives_as_text_and_html(posted: tuple[Any, Database]) -> None:
    box, database = posted
    row = send(database, write(database, name="Ines Okafor"))
    assert row.state == "sent"
    mail = parsed(box.messages[0])
    assert mail["To"] == "Ines Okafor <ines@example.com>"
    assert mail["From"] == "Session Desk <desk@example.com>"
    assert mail["Subject"] == "For <Ines>"
    assert mail["Message-ID"] == f"<{row.id}@localhost>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_body(("plain",)).get_content().strip() == "Dear <Ines>, R&D"  # type: ignore[union-attr]
    html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "Dear &lt;Ines&gt;, R&amp;D" in html
    assert html.startswith("<!doctype html>")
    assert '<html lang="en" dir="ltr">' in html
    assert "<h1>For &lt;Ines&gt;</h1>" in html, "where the content has no title, the subject is it"


def test_a_locale_finds_its_own_words_and_direction(posted: tuple[Any, Database]) -> None:
    _box, database = posted
    assert write(database, locale="de-AT").payload["subject"] == "Für <Ines>"
    assert 'lang="ar" dir="rtl"' in write(database, locale="ar").payload["html"]


HOST = Host(
    name="Alder & Row",
    locale="fr",
    slug="alder",
    colour="#7a3a1d",
    email="bonjour@alder.example",
    phone="+33 1 99 00 55 01",
    phone_key="+33199005501",
    hours="Lun–ven 9–17",
    hours_locale="fr",
)


def test_an_organization_sends_via_the_product_and_is_answered(posted: tuple[Any, Database]) -> None:
    box, database = posted
    assert send(database, write(database, locale="fr", host=HOST)).state == "sent"
    mail = parsed(box.messages[0])
    (sender,) = mail["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("Alder & Row via Session Desk", "desk@example.com")
    assert mail["Reply-To"].addresses[0].addr_spec == "bonjour@alder.example"
    plain = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert plain.splitlines()[-3:] == [
        "-- ",
        "Des questions\u202f? +33 1 99 00 55 01 · bonjour@alder.example · Lun–ven 9–17",
        "Envoyé par Session Desk pour Alder & Row.",
    ]
    html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "Alder &amp; Row" in html
    assert 'href="tel:+33199005501"' in html
    assert 'href="mailto:bonjour%40alder.example"' in html
    assert 'bgcolor="#7a3a1d"' in html
    assert colours.dark_tone("#7a3a1d") in html


def test_a_telephone_number_is_read_from_its_start_in_words_that_are_not(posted: tuple[Any, Database]) -> None:
    _box, database = posted
    text = write(database, locale="ar", host=HOST).payload["text"]
    assert "\u2068+33 1 99 00 55 01\u2069 · \u2068bonjour@alder.example\u2069" in text
    hours = "الأحد إلى الخميس"
    text = write(database, locale="en", host=replace(HOST, hours=hours)).payload["text"]
    assert f"+33 1 99 00 55 01 · bonjour@alder.example · \u2068{hours}\u2069" in text


def test_without_public_contacts_nothing_is_promised(posted: tuple[Any, Database]) -> None:
    box, database = posted
    silent = replace(HOST, email="", phone="", phone_key="", hours="", colour="")
    assert send(database, write(database, locale="ja", host=silent)).state == "sent"
    mail = parsed(box.messages[0])
    assert mail["Reply-To"] is None
    plain = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert plain.splitlines()[-2:] == ["-- ", "Sent for Alder & Row by Session Desk."]


def test_the_product_itself_has_no_foot(posted: tuple[Any, Database]) -> None:
    _box, database = posted
    payload = write(database).payload
    assert "-- " not in payload["text"]
    assert "Session Desk" in payload["html"]
    assert "tel:" not in payload["html"]


def test_a_fingerprint_is_over_the_content_alone(posted: tuple[Any, Database]) -> None:
    """Another colour, or other hours, return no decision that is pending."""
    _box, database = posted
    plain, framed = write(database), write(database, host=HOST)
    assert plain.payload["html"] != framed.payload["html"]
    assert fingerprint([plain]) == fingerprint([framed])
    assert fingerprint([plain]) != fingerprint([write(database, who="Ana", host=HOST)])


@pytest.mark.parametrize(
    "name", ["Okafor, Ines", 'Ines "Q" <x@evil.example>', "Ines\r\nBcc: spy@evil.example", "Înès, ß", "a@b.c, d@e.f"]
)
def test_a_name_never_becomes_a_recipient_or_a_header(posted: tuple[Any, Database], name: str) -> None:
    box, database = posted
    assert send(database, write(database, name=name)).state == "sent"
    assert box.recipients == ["ines@example.com"]
    mail = parsed(box.messages[0])
    assert [address.addr_spec for address in mail["To"].addresses] == ["ines@example.com"]
    assert mail["Bcc"] is None


def test_a_subject_never_becomes_a_header(posted: tuple[Any, Database]) -> None:
    box, database = posted
    send(database, write(database, subject_line="Hello\r\nBcc: spy@evil.example\n\nbody"))
    mail = parsed(box.messages[0])
    assert mail["Subject"] == "Hello Bcc: spy@evil.example body"
    assert (mail["Bcc"], box.recipients) == (None, ["ines@example.com"])


def test_spaces_that_do_not_break_stay_in_headers(posted: tuple[Any, Database]) -> None:
    """As French has them before its signs, and sentences between a number and its unit."""
    box, database = posted
    subject = "Êtes-vous libre\u202f? 9\u00a0h \t à  10\u00a0h"
    send(database, write(database, subject_line=subject))
    assert parsed(box.messages[0])["Subject"] == "Êtes-vous libre\u202f? 9\u00a0h à 10\u00a0h"


def test_no_space_is_lost_or_added_where_a_header_is_folded(posted: tuple[Any, Database]) -> None:
    box, database = posted
    for length in range(0, 40, 3):
        name = "0" * length + "¡¡¡¡¡¹ ß 쾩 À ¡¡¡¡¡¹ ß 쾩 À"
        send(database, write(database, name=name, subject_line=f"Deposition of {name}, Monday"))
        mail = parsed(box.messages[-1])
        assert mail["Subject"] == f"Deposition of {name}, Monday"
        # The newer parser of CPython 3.11 adds a space between two encoded words of a name.
        (shown, _address), *_ = getaddresses([message_from_bytes(box.messages[-1])["To"]])
        assert str(make_header(decode_header(shown))) == name
        assert max(map(len, box.messages[-1].partition(b"\r\n\r\n")[0].splitlines())) <= 78


class Forgetful(email._Folding):
    """Makes every header anew."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self._folded(name, value)

    clone = EmailPolicy.clone  # type: ignore[assignment]  # of the library itself


HOSTS = [
    "",
    "Marston",
    "marston",
    'A, "B" <c@d>',
    "=?utf-8?q?Marston?=",
    "Müller & Søhne · " * 5,
    "Quill (Reporting)",
    "أ ب",
]


def test_what_is_remembered_is_what_the_library_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of e-mails in turn, so that one would have what the other left."""
    config = Config.for_tests()
    attachments = [
        {"name": name, "type": kind, "content": b64encode(b"x").decode(), **inline}
        for name, kind, inline in (
            ("a.ics", "text/calendar; method=REQUEST", {}),
            ("ä b.pdf", "application/pdf", {}),
            ("c.png", "image/png", {"inline": "yes"}),
        )
    ]
    payloads = [
        {
            "to": to,
            "name": host,
            "from": host,
            "reply_to": reply_to,
            "locale": locale,
            "subject": "Für Ines" if locale == "de" else "For Ines",
            "text": f"Dear {host}",
            "html": f"<p>Dear {host}</p>",
            "attachments": attachments[: n % 4],
        }
        for n, (host, to, reply_to, locale) in enumerate(
            product(HOSTS, ["ines@example.com", "ä@example.com"], ["", "desk@exämple.com"], ["en", "de"])
        )
    ]

    def raw(payload: dict[str, Any], id: UUID) -> list[bytes]:
        delivery = cast(Delivery, SimpleNamespace(id=id, created_at=now(), config=config, payload=payload))
        mail = email.mime_message(delivery)
        return [mail.as_bytes(policy=cast(EmailPolicy, mail.policy).clone(utf8=utf8)) for utf8 in (False, True)]

    clock_stands = now()
    monkeypatch.setattr(f"{__name__}.now", lambda: clock_stands)
    ids = [uuid4() for _ in payloads]
    remembered = [[raw(*each) for each in zip(payloads, ids, strict=True)] for _ in range(2)]
    monkeypatch.setattr(email, "WIRE", Forgetful(linesep=SMTP.linesep, header_factory=HeaderRegistry()))
    made_anew = [raw(*each) for each in zip(payloads, ids, strict=True)]
    assert remembered == [made_anew, made_anew]


@pytest.mark.parametrize("name", ["علی\u200cرضا محمدی", "නිලන්ක් \u200dරී", "👩\u200d👩\u200d👧 Ines"])
def test_joiners_stay_in_headers_and_text(posted: tuple[Any, Database], name: str) -> None:
    """Without them the letters, or the picture, are others."""
    box, database = posted
    send(database, write(database, name=name, who=name, subject_line=f"Deposition of {name}"))
    mail = parsed(box.messages[0])
    assert mail["Subject"] == f"Deposition of {name}"
    (shown, _address), *_ = getaddresses([message_from_bytes(box.messages[0])["To"]])
    assert str(make_header(decode_header(shown))) == name
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        assert name in body.get_content()


@pytest.mark.parametrize(
    ("domain", "known_as"),
    [
        ("straße.example.com", "xn--strae-oqa.example.com"),
        ("βόλος.example.com", "xn--nxasmm1c.example.com"),
        ("münchen.example.com", "xn--mnchen-3ya.example.com"),
        ("ＥＸＡＭＰＬＥ.com", "example.com"),
    ],
)
def test_a_domain_is_not_taken_for_another_that_looks_alike(
    posted: tuple[Any, Database], domain: str, known_as: str
) -> None:
    """By the standard of 2003 the first is strasse.example.com, which is somebody else's."""
    box, database = posted
    assert send(database, write(database, to=f"anna@{domain}")).state == "sent"
    assert box.recipients == [f"anna@{known_as}"]


@pytest.mark.parametrize(
    "to", ["nobody", "a@b@c@", "@example.com", "ines@", "a b@example.com", "ines@exa mple.com", ""]
)
def test_an_address_that_is_none_is_dead_at_once(posted: tuple[Any, Database], to: str) -> None:
    box, database = posted
    row = send(database, write(database, to=to))
    assert (row.state, row.last_error) == ("dead", "This is not an address that mail can be sent to.")
    assert box.messages == []


def test_a_calendar_file_keeps_its_method(posted: tuple[Any, Database]) -> None:
    box, database = posted
    event = email.Attachment(
        "invite.ics", "text/calendar; method=REQUEST; charset=utf-8", b"BEGIN:VCALENDAR\r\n\xc3\xa9\r\n"
    )
    send(database, write(database, attachments=[event, ("a b.pdf", "application/pdf", b"%PDF")]))
    mail = parsed(box.messages[0])
    calendar, pdf = mail.iter_attachments()
    assert calendar["Content-Type"].params == {"method": "REQUEST", "charset": "utf-8"}
    assert calendar.get_filename() == "invite.ics"
    assert calendar.get_payload(decode=True) == event.content
    assert (pdf.get_content_type(), pdf.get_filename(), pdf.get_payload(decode=True)) == (
        "application/pdf",
        "a b.pdf",
        b"%PDF",
    )
    alternatives = [part["Content-Type"] for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert [kind.params["method"] for kind in alternatives] == ["REQUEST", "REQUEST"]


def test_a_picture_stands_in_the_html_and_is_no_file_beside_it(posted: tuple[Any, Database]) -> None:
    box, database = posted
    picture = email.Attachment("door.jpg", "image/jpeg", b"\xff\xd8", inline=True)
    send(database, write(database, attachments=[picture, ("a.pdf", "application/pdf", b"%PDF")]))
    mail = parsed(box.messages[0])
    assert [part.get_filename() for part in mail.iter_attachments()] == ["a.pdf"]
    (shown,) = (part for part in mail.walk() if part["Content-ID"] == "<door.jpg>")
    assert (shown.get_content_type(), shown.get_content_disposition()) == ("image/jpeg", "inline")
    assert "Dear" in mail.get_body(("html",)).get_content()  # type: ignore[union-attr]  # it has one


def test_refused_for_good_is_dead_and_refused_for_now_is_not(posted: tuple[Any, Database]) -> None:
    _box, database = posted
    gone, busy = (
        send(database, write(database, to="gone@example.com")),
        send(database, write(database, to="busy@example.com")),
    )
    assert (gone.state, gone.last_error) == ("dead", "The mail server refused it: 550 5.1.1 No such user here")
    assert (busy.state, busy.last_error) == ("queued", "The mail server refused it: 450 4.2.1 Try again later")


def test_a_retried_email_is_the_same_email(posted: tuple[Any, Database], monkeypatch: pytest.MonkeyPatch) -> None:
    box, database = posted
    (id,) = promise(database, write(database))
    from app.kernel.outbox import delivery_status

    worker(database).run_once()
    with database.write() as db:
        delivery_status.send_again(db, id, now())
    worker(database).run_once()
    first, second = (re.sub(rb"=====+\d+==", b"", message) for message in box.messages)
    assert first == second
    assert row_of(database, id).attempts == 2


def test_a_server_that_says_nothing_or_is_not_there(worker_databases: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "SECONDS", 0.3)
    with silence() as port:
        database = Database(
            Config.for_tests(database_url=worker_databases.sqlite(), smtp_url=f"smtp://127.0.0.1:{port}")
        )
        row = send(database, write(database))
    assert (row.state, row.last_error) == ("queued", "The mail server did not answer within 0.3 seconds.")
    row = send(database, write(database, to="b@example.com"))
    assert (row.state, row.last_error) == (
        "queued",
        "The connection to the mail server failed (ConnectionRefusedError).",
    )
    database.dispose()


def test_encryption_that_is_asked_for_is_not_left_out(posted: tuple[Any, Database]) -> None:
    box, database = posted
    asking = Database(
        Config.for_tests(database_url=database.config.database_url, smtp_url=database.config.smtp_url + "?starttls")
    )
    row = send(asking, write(database))
    assert row.state == "queued"
    assert "does not offer the encryption" in row.last_error
    assert box.messages == []
    asking.dispose()


def test_a_secret_email_is_listed_by_its_kind(posted: tuple[Any, Database]) -> None:
    _box, database = posted
    assert write(database, secret=True).summary == "Test letter · ines@example.com"
    assert write(database).summary == "For <Ines> · ines@example.com"


def test_production_without_a_mail_server_waits(worker_databases: Any) -> None:
    database = Database(
        Config.for_tests(database_url=worker_databases.sqlite(), public_base_url="https://desk.example.com")
    )
    row = send(database, write(database))
    assert (row.state, row.last_error) == ("queued", "No mail server is configured (SMTP_URL).")
    database.dispose()
