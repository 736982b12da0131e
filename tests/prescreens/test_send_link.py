"""Mailing the link to go on later: on request, to the address given so far, three times at most.

And what keeps a stranger's mailbox from what visitors of the chat type and set off.
"""

import re

import pytest
from flask.testing import FlaskClient

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict, Invalid
from app.prescreens import actions, links
from tests.cast import Cast
from tests.clocks import Clock
from tests.outgoing import Outbox
from tests.prescreens.factories import JANE, PROSPECT, prescreen


def test_it_goes_to_the_address_given(database: Database, cast: Cast, outbox: Outbox) -> None:
    id = prescreen(database, cast.marston.id, "active")
    with database.write() as db:
        actions.answer(db, id, "email", ["jane@example.com"], by=PROSPECT, now=now())
        actions.send_link(db, id, by=PROSPECT, now=now())
    (email,) = outbox.emails("jane@example.com")
    token = email["text"].partition("/chat/")[2].split()[0]
    assert links.read(database.config, links.CHAT, token) == id
    assert outbox.rows()[0].secret


def test_without_an_address_nothing_goes(database: Database, cast: Cast, outbox: Outbox) -> None:
    id = prescreen(database, cast.marston.id, "active")
    with pytest.raises(Invalid), database.write() as db:
        actions.send_link(db, id, by=PROSPECT, now=now())
    assert outbox.rows() == []


def test_a_fourth_time_is_refused(database: Database, cast: Cast, outbox: Outbox) -> None:
    id = prescreen(database, cast.marston.id, "active")
    with database.write() as db:
        actions.answer(db, id, "email", ["jane@example.com"], by=PROSPECT, now=now())
    for _ in range(3):
        with database.write() as db:
            actions.send_link(db, id, by=PROSPECT, now=now())
    with pytest.raises(Invalid) as refused, database.write() as db:
        actions.send_link(db, id, by=PROSPECT, now=now())
    assert refused.value.code == "link.sent_often"
    assert len(outbox.rows()) == 3


def test_not_after_sending(database: Database, cast: Cast) -> None:
    id = prescreen(database, cast.marston.id)
    with pytest.raises(Conflict), database.write() as db:
        actions.send_link(db, id, by=PROSPECT, now=now())


TYPED = "Cheap loans: http://loans.example.net"


def walk(database: Database, organization_id: int, email: str, *, links: int = 1, complete: bool = True) -> None:
    """A chat of a visitor who types somebody else's address."""
    id = prescreen(database, organization_id, "active", given={"fullName": TYPED})
    with database.write() as db:
        for key, value in {**JANE, "fullName": TYPED, "email": email, "more": TYPED}.items():
            actions.answer(db, id, key, [value], by=PROSPECT, now=now())
    for _ in range(links):
        with database.write() as db:
            actions.send_link(db, id, by=PROSPECT, now=now())
    if complete:
        with database.write() as db:
            actions.complete(db, id, by=PROSPECT, now=now())


def test_nothing_that_a_visitor_typed_reaches_an_address_that_is_not_proven(
    database: Database, cast: Cast, outbox: Outbox
) -> None:
    walk(database, cast.marston.id, "stranger@example.net")
    mails = outbox.emails("stranger@example.net")
    assert len(mails) == 2
    for mail in mails:
        assert "loans" not in str(mail)
        assert mail["name"] == ""
        assert JANE["phone"] not in str(mail)


def test_visitors_set_off_six_e_mails_a_day_to_one_mailbox(
    database: Database, cast: Cast, outbox: Outbox, clock: Clock
) -> None:
    """Over all prescreens, organizations and spellings; and the visitor sees no difference."""
    spellings = ["victim@example.net", "Victim@Example.NET", "victim+1@example.net", "victim+loans@example.net"]
    for n, organization in enumerate((cast.marston, cast.harbor, cast.marston, cast.harbor)):
        walk(database, organization.id, spellings[n], links=3)
    assert len(outbox.rows("email")) == 6
    walk(database, cast.marston.id, "another@example.net")
    assert len(outbox.emails("another@example.net")) == 2
    clock.move(hours=25)
    walk(database, cast.marston.id, "victim@example.net")
    assert len(outbox.rows("email")) == 10


def test_decisions_are_not_counted_and_not_swallowed(database: Database, cast: Cast, outbox: Outbox) -> None:
    for _ in range(3):
        walk(database, cast.marston.id, "jane@example.com", links=3)
    assert len(outbox.emails("jane@example.com")) == 6
    prescreen(database, cast.marston.id, "approved")
    assert [mail for mail in outbox.emails("jane@example.com") if "approved" in str(mail)]
    assert len(outbox.emails("jane@example.com")) == 7


def test_the_page_says_the_same_when_a_mailbox_is_full(
    client: FlaskClient, database: Database, cast: Cast, outbox: Outbox
) -> None:
    pages = []
    for n in range(8):
        id = prescreen(database, cast.marston.id, "active")
        with database.write() as db:
            actions.answer(db, id, "email", ["victim@example.net"], by=PROSPECT, now=now())
        url = links.chat_url(database.config, "marston", "two-bedroom", id).removeprefix(
            database.config.public_base_url
        )
        form = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(url).text)
        assert form is not None
        answer = client.post(f"{url}/send_link", data={"csrf_token": form[1]})
        page = client.get(answer.location).text
        pages.append((answer.status_code, answer.location.partition("?")[2], "victim@example.net" in page))
        assert len(outbox.emails("victim@example.net")) == min(n + 1, 6)
    assert len(set(pages)) == 1
