"""Answers of calendar programs, read from a real IMAP server: what counts, and what is left alone."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from app.config import Config, ConfigError
from app.depositions import calendar, calendar_replies
from app.depositions.actions import mailbox
from app.depositions.actions.propose import keep_answers
from app.depositions.models import Mailbox
from app.depositions.queries import proposals
from app.depositions.rules.proposals import Answer, Via, read_slot
from app.kernel.clock import now
from app.kernel.db.engine import Database
from tests import mail_server
from tests.cast import Cast
from tests.cli.running import Desk
from tests.conftest import missing
from tests.depositions import factories
from tests.depositions.pages import stored
from tests.depositions.test_propose import HOURS, links, propose
from tests.outgoing import Outbox

PERSON = "quartz@example.com"

BEGIN = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REPLY\r\n"
EVENT = (
    "BEGIN:VEVENT\r\nUID:1@localhost\r\nDTSTART:20261215T190000Z\r\n"
    f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{PERSON}\r\nEND:VEVENT\r\n"
)


@pytest.fixture(scope="module")
def imap() -> Iterator[mail_server.MailServer]:
    if not mail_server.PROGRAM:
        missing("Dovecot is missing: install the Debian package dovecot-imapd.")
    with mail_server.running() as server:
        yield server


@pytest.fixture
def inbox(imap: mail_server.MailServer, database: Database) -> mail_server.MailServer:
    """The server with an empty mailbox, which the database's settings name."""
    with imap.open() as box:
        box.delete(box.uids())
    database.config = replace(database.config, imap_url=imap.url)
    return imap


@pytest.fixture
def session(database: Database, cast: Cast, clock: Any) -> Any:
    clock.set(factories.at("2026-12-01 10:00"))
    return factories.in_state(database, cast, "scheduled", starts_at=factories.at("2026-12-15 19:00"))


def mail(
    uid: str,
    *,
    sender: str = PERSON,
    attendee: str = PERSON,
    method: str = "REPLY",
    status: str = "ACCEPTED",
    starts: str = "20261215T190000Z",
    number: int = 1,
    body: str = "",
) -> bytes:
    """A mail as calendar programs send it."""
    event = (
        f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20261201T100000Z\r\nSEQUENCE:1\r\nDTSTART:{starts}\r\n"
        f"ORGANIZER:mailto:desk@example.com\r\nATTENDEE;PARTSTAT={status}:mailto:{attendee}\r\nEND:VEVENT\r\n"
    )
    file = body or f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:{method}\r\n{event}END:VCALENDAR\r\n"
    return (
        f"From: Quartz <{sender}>\r\nTo: desk@example.com\r\nMessage-ID: <{number}@example.com>\r\nSubject: Re\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/plain\r\n\r\nI come.\r\n--b\r\nContent-Type: text/calendar; method={method}\r\n\r\n"
        f"{file}\r\n--b--\r\n"
    ).encode()


def read(database: Database) -> dict[str, int]:
    return dict(mailbox.read_replies(database, now()))


def answers(database: Database, made: Any) -> list[tuple[str, str, str, str]]:
    with database.read() as db:
        return [(one.address, f"{one.starts_at:%d %H}", one.answer, one.via) for one in proposals.answers(db, made.id)]


def test_an_answer_counts_once_and_moves_nothing(
    inbox: mail_server.MailServer, database: Database, session: Any
) -> None:
    uid = calendar.uid(session, database.config)
    before = stored(database, session.id)
    inbox.deliver(mail(uid), b"From: a@example.com\r\nSubject: lunch\r\n\r\nLunch?\r\n", mail(uid, number=1))
    assert read(database) == {"kept": 1, "other mail": 1, "read before": 1}
    assert read(database) == {}
    inbox.deliver(mail(uid, status="TENTATIVE", number=2))
    assert read(database) == {"kept": 1}
    assert answers(database, session) == [(PERSON, "15 19", "maybe", "calendar")]
    after = stored(database, session.id)
    assert (after.starts_at, after.state, after.sequence) == (before.starts_at, before.state, before.sequence)
    assert inbox.flags() == [()] * 4
    with database.write() as db:  # as though the mailbox had been made anew
        db.execute(update(Mailbox).values(validity=Mailbox.validity + 1, last=Mailbox.last + 1000))
    assert read(database) == {"read before": 3, "other mail": 1}


def test_answers_about_offered_hours_and_suggestions_stand_in_the_matrix(
    client: Any, inbox: mail_server.MailServer, database: Database, cast: Cast, session: Any, outbox: Outbox
) -> None:
    propose(database, cast, session, HOURS)
    assert PERSON in links(outbox)
    uid = calendar.uid(session, database.config)
    inbox.deliver(
        mail(uid, starts="20261217T180000Z", status="DECLINED"),
        mail(uid, method="COUNTER", starts="20261222T170000Z", number=2),
        mail(uid, method="COUNTER", starts="20261223T170000Z", number=3),
        mail(uid, method="COUNTER", starts="20261201T070000Z", number=4),
        mail(uid, starts="20261223T190000Z", number=5),
    )
    assert read(database) == {"kept": 3, "about an hour that is over or was never planned": 2}
    assert answers(database, session) == [
        (PERSON, "17 18", "no", "calendar"),
        (PERSON, "23 17", "yes", "calendar"),
    ]
    with database.write() as db:
        page_answer = {read_slot("2026-12-28T18:00:00Z"): Answer.YES}
        keep_answers(db, session, PERSON, page_answer, Via.PAGE, now())
    inbox.deliver(mail(uid, method="COUNTER", starts="20261224T170000Z", number=6))
    assert read(database) == {"kept": 1}
    assert answers(database, session)[1:] == [(PERSON, "24 17", "yes", "calendar"), (PERSON, "28 18", "yes", "page")]
    cast.sign_in(client, "ines")
    page = client.get(f"/depositions/{session.id}").text
    assert "by calendar" in page
    assert "Suggested by calendar" in page
    assert stored(database, session.id).starts_at == session.starts_at


def test_an_answer_about_an_offered_hour_that_comes_too_late_does_not_count(
    inbox: mail_server.MailServer, database: Database, cast: Cast, session: Any, clock: Any
) -> None:
    propose(database, cast, session, HOURS, answers_until=factories.at("2026-12-10 10:00"))
    uid = calendar.uid(session, database.config)
    clock.set(factories.at("2026-12-10 10:01"))
    inbox.deliver(
        mail(uid, starts="20261217T180000Z"),
        mail(uid, method="COUNTER", starts="20261217T180000Z", number=2),
        mail(uid, number=3),
    )
    assert read(database) == {"too late": 2, "kept": 1}
    assert answers(database, session) == [(PERSON, "15 19", "yes", "calendar")]


def hostile(uid: str) -> dict[str, bytes]:
    """Mails that must not count, with what becomes of each."""
    huge = mail(uid, body="BEGIN:VCALENDAR\r\n" + "X-A:" + "a" * 10_000_000)
    return {
        "about no session of ours": mail("83b21fa4-c039-45ab-9d4a-3578bd921165@localhost"),
        "from somebody who is not invited": mail(uid, sender="mallory@example.com", attendee="mallory@example.com"),
        "too large": huge,
    }


@pytest.mark.parametrize(
    "forged",
    [
        {"sender": "mallory@example.com"},
        {"attendee": "mallory@example.com"},
        {"sender": f"mallory@example.com>, <{PERSON}"},
        {"sender": f"{PERSON}>, <mallory@example.com"},
        {"method": "CANCEL"},
        {"status": "DELEGATED"},
        {"body": "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\n"},
        {"body": "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VEVENT\r\nEND:VCALENDAR"},
        {"body": "\x00\ufffd not a calendar"},
        {"starts": "tomorrow"},
        {"starts": "20261215T190000"},
        {"starts": "19991215T190000Z"},
        {"body": BEGIN + EVENT.replace("mailto:", "") + "END:VCALENDAR"},
        {"body": BEGIN + EVENT + "X-A:" + "a" * calendar_replies.LARGEST + "\r\nEND:VCALENDAR"},
        {"body": BEGIN + EVENT + EVENT + "END:VCALENDAR"},
        {"body": BEGIN + EVENT.replace("END:", "ATTENDEE:mailto:obsidian@example.com\r\nEND:") + "END:VCALENDAR"},
    ],
)
def test_what_is_forged_or_malformed_does_not_count(forged: dict[str, str]) -> None:
    from email import message_from_bytes

    assert calendar_replies.read(message_from_bytes(mail("1@localhost"))) is not None
    assert calendar_replies.read(message_from_bytes(mail("1@localhost", **forged))) is None  # type: ignore[arg-type]


def test_hostile_mail_is_left_where_it_is(inbox: mail_server.MailServer, database: Database, session: Any) -> None:
    uid = calendar.uid(session, database.config)
    mails = hostile(uid)
    nameless = re.sub(rb"Message-ID: .*\r\n", b"", mail(uid, number=9))
    forged = mail(uid, sender="mallory@example.com", number=7)
    inbox.deliver(*mails.values(), forged, nameless, mail(uid, number=8))
    assert read(database) == {**dict.fromkeys(mails, 1), "other mail": 2, "kept": 1}
    assert len(answers(database, session)) == 1
    assert inbox.flags() == [()] * 6


def test_a_mailbox_that_cannot_be_read_changes_nothing(database: Database, session: Any) -> None:
    database.config = replace(database.config, imap_url="imap://desk:secret@127.0.0.1:9/INBOX")
    sweep = mailbox.CalendarReplies()
    assert sweep(database, now()) is False
    assert sweep._looks is not None
    sweep._looks.join(20)
    assert answers(database, session) == []


def test_calendar_files_ask_for_an_answer_only_where_it_is_read(
    inbox: mail_server.MailServer, database: Database, cast: Cast, session: Any, outbox: Outbox
) -> None:
    file = calendar.invitation(
        session, database.config, to=PERSON, name="", url="https://x", now=now(), t=_english()
    ).content.decode()
    assert "RSVP=TRUE" in file.replace("\r\n ", "")
    quiet = calendar.invitation(
        session, Config.for_tests(), to=PERSON, name="", url="https://x", now=now(), t=_english()
    ).content.decode()
    assert "RSVP=FALSE" in quiet.replace("\r\n ", "")


def _english() -> Any:
    from app.depositions.locales import TRANSLATIONS

    return TRANSLATIONS.translator("en")


def test_the_command_reads_the_mailbox(
    inbox: mail_server.MailServer, database: Database, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.deliver(mail(calendar.uid(session, database.config)))
    desk = Desk(database, monkeypatch)
    assert desk.json("depositions", "read-replies", IMAP_URL=inbox.url) == {"read": {"kept": 1}}
    assert desk("depositions", "read-replies").exit_code == 1


@pytest.mark.parametrize("url", ["imap.example.com", "imap://mail.example.com", "https://u:p@mail.example.com"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="IMAP_URL"):
        Config.from_env({"IMAP_URL": url})
