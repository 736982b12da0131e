"""Sending a message of a session again: only as long as what it says still holds."""

import pytest

from app.depositions import actions
from app.depositions.rules.new_request import parse_start
from app.kernel.clock import now
from tests.depositions import factories
from tests.pages import csrf, text

OLD = "What it says no longer holds: what it is about has changed since."


@pytest.fixture
def made(database, cast, outbox):
    found = factories.in_state(database, cast, "scheduled")
    factories.delivered(database)
    return found


def message_of(outbox, subject, to=""):
    """The message whose subject, or whose channel, begins so."""
    rows = [row for row in outbox.rows() if str(row.payload.get("subject", row.channel)).startswith(subject)]
    return next(row for row in reversed(rows) if row.payload.get("to", "").startswith(to))


def press(client, row):
    page = f"/messages/{row.id}"
    shown = text(client.get(page))
    answer = client.post(f"{page}/send_again", data={"csrf_token": csrf(client, page)})
    assert (OLD in shown) == (answer.status_code == 409)
    return answer.status_code


def test_what_was_said_before_a_move_is_not_said_again(ines, database, cast, outbox, made):
    before = [
        message_of(outbox, "Scheduled", "quartz"),
        message_of(outbox, "webhook"),
        message_of(outbox, "You manage"),
    ]
    with database.write() as db:
        to = actions.Move(parse_start("2031-03-12", "02:30 PM", "Eastern Time (US & Canada)"), 2)
        actions.move(db, made.id, to, by=cast.actor("ines"), now=now())
    factories.delivered(database)
    assert [press(ines, row) for row in before] == [409, 409, 409]
    after = [message_of(outbox, "Moved", "quartz"), message_of(outbox, "webhook"), message_of(outbox, "Moved", "ines")]
    assert [press(ines, row) for row in after] == [303, 303, 303]


def test_a_canceled_session_is_not_announced_again(ines, database, cast, outbox, made):
    with database.write() as db:
        actions.cancel(db, made.id, by=cast.actor("ines"), now=now())
    factories.delivered(database)
    assert press(ines, message_of(outbox, "Scheduled", "quartz")) == 409
    assert press(ines, message_of(outbox, "webhook")) == 409
    assert press(ines, message_of(outbox, "Canceled", "quartz")) == 303


def test_of_a_session_that_was_given_away_and_back_the_last_word_can_be_said_again(ines, database, cast, outbox, made):
    def give(name):
        booking = actions.Booking(manager_name=name.title(), manager_email=f"{name}@example.com")
        with database.write() as db:
            actions.change_manager(db, made.id, booking, by=cast.actor("ines"), now=now())
        factories.delivered(database)

    invitation = message_of(outbox, "You manage", "ines")
    give("kwame")
    release = message_of(outbox, "No longer yours", "ines")
    assert (press(ines, invitation), press(ines, release)) == (409, 303)
    factories.delivered(database)
    give("ines")
    assert press(ines, release) == 409
    assert press(ines, message_of(outbox, "No longer yours", "kwame")) == 303
    assert press(ines, message_of(outbox, "You manage", "ines")) == 303
