"""Mailing the link to go on later: on request, to the address given so far, three times at most."""

import pytest

from app.kernel.clock import now
from app.kernel.db.engine import Database
from app.kernel.errors import Conflict, Invalid
from app.prescreens import actions, links
from tests.cast import Cast
from tests.outgoing import Outbox
from tests.prescreens.factories import PROSPECT, prescreen


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
